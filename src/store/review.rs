//! Facts of versions as they are kept in their column, and the names of those who act.

use super::{Store, StoreError, figures};
use crate::domain::review::{Facts, Joint, Via};
use crate::domain::unit::UnitId;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
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
    /// Number of the unit that leads, and figures as the audit seals those of the column beside, for it seals this whole text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    joint: Vec<(i32, String)>,
}

/// Writes facts; empty when there are none.
pub(super) fn write_facts(facts: &Facts) -> String {
    if *facts == Facts::default() {
        return String::new();
    }
    let joint = |joint: &Joint| {
        let mut figures = String::new();
        figures::seal_quantities(&mut figures, &joint.figures);
        (joint.lead.0, figures)
    };
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
