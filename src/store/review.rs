//! Facts of versions as they are kept in their column, names of those who act, and the law of decisions.

use super::tally::small;
use super::{Finding, Store, StoreError, figures};
use crate::domain::review::{Facts, Joint, Via};
use crate::domain::tally::Review;
use crate::domain::unit::UnitId;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Statement};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Facts as JSON: what is absent is not written, so most versions have none.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Kept {
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    exception: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    own_review: bool,
    /// Number of the unit that leads, and figures as in the column beside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    joint: Vec<(i32, String)>,
}

/// Writes facts; empty when there are none.
pub(super) fn write_facts(facts: &Facts) -> String {
    if *facts == Facts::default() {
        return String::new();
    }
    let joint = |joint: &Joint| (joint.lead.0, figures::write_quantities(&joint.figures));
    let kept = Kept {
        reason: facts.reason.clone(),
        via: facts.via.map(|via| via.code().to_owned()),
        exception: facts.exception,
        own_review: facts.own_review,
        joint: facts.joint.iter().map(joint).collect(),
    };
    serde_json::to_string(&kept).unwrap_or_default()
}

/// Reads facts.
pub(super) fn read_facts(text: &str) -> Result<Facts, StoreError> {
    let damaged = || StoreError::Damaged(format!("facts {text:?}"));
    let kept: Kept = serde_json::from_str(text).map_err(|_| damaged())?;
    let joint = |(lead, text): (i32, String)| -> Result<Joint, StoreError> {
        Ok(Joint { lead: UnitId(lead), figures: figures::read_quantities(&text)? })
    };
    Ok(Facts {
        reason: kept.reason,
        via: kept.via.map(|via| Via::from_code(&via).ok_or_else(damaged)).transpose()?,
        exception: kept.exception,
        own_review: kept.own_review,
        joint: kept.joint.into_iter().map(joint).collect::<Result<_, _>>()?,
    })
}

impl Store {
    /// The names of accounts by their numbers.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn usernames(&self, ids: &[i32]) -> Result<HashMap<i32, String>, StoreError> {
        use super::entity::user;
        let rows =
            user::Entity::find().filter(user::Column::Id.is_in(ids.iter().copied())).all(&self.read).await?;
        Ok(rows.into_iter().map(|row| (row.id, row.username)).collect())
    }

    /// Looks whether every decision is about a report that could be decided about, and changed nothing of it.
    pub(super) async fn verify_reviews(&self) -> Result<Vec<Finding>, StoreError> {
        let sql = "SELECT t.campaign_id, t.unit_id, t.day, t.version FROM tally_versions t LEFT JOIN tally_versions b \
                   ON b.campaign_id = t.campaign_id AND b.day = t.day AND b.unit_id = t.unit_id \
                   AND b.version = t.version - 1 WHERE t.review <> $1 AND (b.version IS NULL OR b.review = $2 \
                   OR b.figures <> t.figures OR b.zero <> t.zero OR b.late <> t.late OR b.on_behalf <> t.on_behalf) \
                   ORDER BY t.campaign_id, t.day, t.unit_id, t.version";
        let state = |review| sea_orm::Value::from(small(Review::ALL, review));
        let values = [state(Review::Submitted), state(Review::Returned)];
        let rows =
            self.read.query_all_raw(Statement::from_sql_and_values(self.backend(), sql, values)).await?;
        let told = |row: sea_orm::QueryResult| -> Result<Finding, StoreError> {
            let number = |at: usize| row.try_get_by_index::<i32>(at);
            let (campaign, unit, day, version) = (number(0)?, number(1)?, number(2)?, number(3)?);
            let report = format!("campaign {campaign} unit {unit} {day} version {version}");
            Ok(Finding(format!("review {report} is no decision about the version before it")))
        };
        rows.into_iter().map(told).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quantity::{Bound, Quantity};
    use crate::domain::slot::Slot;

    #[test]
    fn facts_are_read_as_they_were_written() {
        assert_eq!(write_facts(&Facts::default()), "");
        let over = Quantity::new(300, Bound::Over).unwrap();
        let facts = Facts {
            reason: "漏报“一处”".into(),
            via: Some(Via::Wechat),
            exception: true,
            own_review: true,
            joint: vec![Joint { lead: UnitId(7), figures: vec![(Slot(4), over)] }],
        };
        let text = write_facts(&facts);
        assert_eq!(
            text,
            r#"{"reason":"漏报“一处”","via":"wechat","exception":true,"own_review":true,"joint":[[7,"4:300+"]]}"#
        );
        assert_eq!(read_facts(&text).unwrap(), facts);
        let one = Facts { exception: true, ..Facts::default() };
        assert_eq!(write_facts(&one), r#"{"exception":true}"#);
        for text in ["", r#"{"via":"pigeon"}"#, r#"{"joint":[[1,"x"]]}"#, r#"{"other":1}"#] {
            assert!(read_facts(text).is_err(), "{text}");
        }
    }
}
