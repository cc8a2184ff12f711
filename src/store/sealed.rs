//! Which versions a batch sealed: written once a batch, read by whoever goes through the history from a batch on.
//!
//! A row of `batches` names those of one day and version number by their units, `512+3+40`: each number is told by how much it is
//! above the one before. So a version costs two to five bytes here, and no index over versions has to say where a batch is.

use super::place::{Found, Place, Read};
use super::rows::{self, Columns, Type};
use super::tally::Key;
use super::{StoreError, figures};
use crate::domain::calendar::ReportDay;
use crate::domain::tally::Version;
use crate::domain::unit::UnitId;
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use std::collections::HashMap;
use std::sync::Arc;

const COLUMNS: Columns = &[
    ("shard", Type::Small),
    ("batch", Type::Big),
    ("campaign_id", Type::Int),
    ("day", Type::Int),
    ("version", Type::Int),
    ("units", Type::Text),
];

/// The last batch of every lane that has any report. Each step looks one lane on, so the key is not read whole.
const HEADS: &str = "WITH RECURSIVE lanes(shard) AS (SELECT (SELECT MIN(shard) FROM batches) \
    UNION ALL SELECT (SELECT MIN(b.shard) FROM batches b WHERE b.shard > lanes.shard) FROM lanes \
    WHERE lanes.shard IS NOT NULL) SELECT shard, (SELECT MAX(b.batch) FROM batches b \
    WHERE b.shard = lanes.shard) FROM lanes WHERE shard IS NOT NULL";

/// A lane's last batch each.
pub(super) type Heads = HashMap<i16, i64>;

pub(super) async fn heads(connection: &impl ConnectionTrait) -> Result<Heads, StoreError> {
    let statement = Statement::from_string(connection.get_database_backend(), HEADS);
    let rows = connection.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
}

/// Says which versions the entry numbered `batch` of a lane's audit seals.
pub(super) async fn insert(
    place: &impl Place,
    versions: &[Arc<Version>],
    shard: i16,
    batch: i64,
) -> Result<(), StoreError> {
    let of_group = |version: &Version| (version.campaign, version.day, version.version);
    let mut versions: Vec<&Version> = versions.iter().map(|version| &**version).collect();
    versions.sort_unstable_by_key(|version| (of_group(version), version.unit));
    let groups = versions.chunk_by(|one, next| of_group(one) == of_group(next));
    let row = |group: &[&Version]| {
        let (campaign, day, version) = of_group(group[0]);
        [
            shard.into(),
            batch.into(),
            campaign.into(),
            day.number().into(),
            i32::try_from(version).unwrap_or(i32::MAX).into(),
            write(group.iter().map(|version| version.unit)).into(),
        ]
    };
    let names = rows::names(COLUMNS);
    let insert = |rows: &str| format!("INSERT INTO batches ({names}) SELECT {names} FROM {rows}");
    place.enter(COLUMNS, groups.map(row), insert).await
}

fn write(units: impl Iterator<Item = UnitId>) -> String {
    let mut text = String::with_capacity(units.size_hint().0 * 6);
    let mut before = 0;
    for UnitId(unit) in units {
        if !text.is_empty() {
            text.push('+');
        }
        figures::number(&mut text, unit - before);
        before = unit;
    }
    text
}

/// Versions of one day and number that a batch sealed, as they are kept.
pub(super) struct Group {
    pub(super) batch: i64,
    campaign: i32,
    day: i32,
    version: i32,
    units: String,
}

impl Read for Group {
    fn read(row: &impl Found) -> Result<Self, StoreError> {
        let [campaign, day, version] = [row.get(1)?, row.get(2)?, row.get(3)?];
        Ok(Self { batch: row.get(0)?, campaign, day, version, units: row.get(4)? })
    }
}

impl Group {
    /// The versions, by their reports and numbers.
    pub(super) fn members(&self) -> Result<Vec<(Key, u32)>, StoreError> {
        let damaged = || StoreError::Damaged(format!("batches {} {:?}", self.batch, self.units));
        let day = ReportDay::from_number(self.day).map_err(|_| damaged())?;
        let version = u32::try_from(self.version).map_err(|_| damaged())?;
        let mut unit = 0_i32;
        let member = |step: &str| {
            let next = step.parse().ok().and_then(|step| unit.checked_add(step));
            unit = next.ok_or_else(damaged)?;
            Ok(((self.campaign, day, UnitId(unit)), version))
        };
        self.units.split('+').map(member).collect()
    }
}

/// What the batches of a lane after one and up to another sealed, of all campaigns or of one: batch after batch, each in the order
/// of campaigns, days and version numbers.
pub(super) async fn groups(
    connection: &impl ConnectionTrait,
    shard: i16,
    (after, upto): (i64, i64),
    campaign: Option<i32>,
) -> Result<Vec<Group>, StoreError> {
    let backend = connection.get_database_backend();
    let mut values: Vec<Value> = vec![shard.into(), after.into(), upto.into()];
    let (by, of_campaign) = match campaign {
        None => ("", ""),
        Some(campaign) => {
            values.push(campaign.into());
            // SQLite takes the key, and passes by all that other campaigns have.
            let by =
                if backend == DbBackend::Sqlite { " INDEXED BY \"idx-batches-campaign_id\"" } else { "" };
            (by, " AND campaign_id = $4")
        }
    };
    let sql = format!(
        "SELECT batch, campaign_id, day, version, units FROM batches{by} \
         WHERE shard = $1 AND batch > $2 AND batch <= $3{of_campaign} ORDER BY batch, campaign_id, day, version"
    );
    let statement = Statement::from_sql_and_values(backend, sql, values);
    connection.query_all_raw(statement).await?.iter().map(Group::read).collect()
}

/// The versions that the batches of a lane after one and up to another sealed, as [`groups`] gives them.
pub(super) async fn members(
    connection: &impl ConnectionTrait,
    shard: i16,
    batches: (i64, i64),
    campaign: Option<i32>,
) -> Result<Vec<(Key, u32)>, StoreError> {
    let mut members = Vec::new();
    for group in groups(connection, shard, batches, campaign).await? {
        members.extend(group.members()?);
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn group(units: &str) -> Group {
        Group { batch: 7, campaign: 2, day: 20_261_204, version: 3, units: units.into() }
    }

    #[test]
    fn units_are_told_by_how_much_they_are_above_the_one_before() {
        let text = write([512, 515, 555].map(UnitId).into_iter());
        assert_eq!(text, "512+3+40");
        let day = ReportDay::new(2026, 12, 4).unwrap();
        let named = [512, 515, 555].map(|unit| ((2, day, UnitId(unit)), 3));
        assert_eq!(group(&text).members().unwrap(), named);
    }

    #[test]
    fn damaged_text_is_told() {
        for text in ["", "1+", "x", "1++2", "2147483647+1"] {
            assert!(group(text).members().is_err(), "{text}");
        }
        let another_day = Group { day: 20_261_304, ..group("1") };
        assert!(another_day.members().is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(units: BTreeSet<i32>) {
            let units: Vec<UnitId> = units.into_iter().filter(|unit| *unit > 0).map(UnitId).collect();
            prop_assume!(!units.is_empty());
            let members = group(&write(units.iter().copied())).members().unwrap();
            prop_assert_eq!(members.into_iter().map(|((_, _, unit), _)| unit).collect::<Vec<_>>(), units);
        }
    }
}
