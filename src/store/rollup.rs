//! Rollup rows: merging a batch's changes into them, and reading totals from them.

use super::audit::Head;
use super::place::{Found, Place, Read};
use super::rows::{self, Columns, Rows, Type};
use super::{Store, StoreError, Transaction, figures, tally};
use crate::domain::calendar::ReportDay;
use crate::domain::campaign::Campaign;
use crate::domain::rollup::{self, Rollup, Rollups};
use crate::domain::unit::{UnitId, UnitTree};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

const COLUMNS: Columns = &[
    ("campaign_id", Type::Int),
    ("unit_id", Type::Int),
    ("day", Type::Int),
    ("shard", Type::Small),
    ("reported", Type::Int),
    ("zero", Type::Int),
    ("late", Type::Int),
    ("returned", Type::Int),
    ("changes", Type::Big),
    ("latest", Type::Big),
    ("figures", Type::Text),
];

const KEY: Columns = &[("campaign_id", Type::Int), ("unit_id", Type::Int), ("day", Type::Int)];

const UNIT: Columns = &[("unit_id", Type::Int)];

const PAIR: Columns = &[("campaign_id", Type::Int), ("unit_id", Type::Int)];

const SELECT: &str =
    "t.campaign_id, t.unit_id, t.day, t.reported, t.zero, t.late, t.returned, t.changes, t.latest, t.figures";

/// Campaign, unit and day of a row.
pub(super) type Key = (i32, UnitId, ReportDay);

/// The sum over everything under a unit on one day.
pub type Reading = ((i32, UnitId, ReportDay), Rollup);

impl Read for Reading {
    fn read(row: &impl Found) -> Result<Self, StoreError> {
        read(row)
    }
}

fn read(row: &impl Found) -> Result<Reading, StoreError> {
    let day = ReportDay::from_number(row.get(2)?).map_err(|e| StoreError::Damaged(e.to_string()))?;
    let key = (row.get(0)?, UnitId(row.get(1)?), day);
    let rollup = Rollup {
        reported: row.get::<i32>(3)?.into(),
        zero: row.get::<i32>(4)?.into(),
        late: row.get::<i32>(5)?.into(),
        returned: row.get::<i32>(6)?.into(),
        changes: row.get(7)?,
        latest: row.get(8)?,
        sums: figures::read_sums(&row.get::<String>(9)?)?,
    };
    Ok((key, rollup))
}

/// The rows of a lane that were written last, so that the rows of nation, provinces and counties are not read and parsed
/// again for every batch.
///
/// A row here is the row in the database as long as nobody else has written rows of the lane. Whoever does so adds an
/// entry to the lane's audit in the same transaction, or makes rollups anew after a change of units or campaigns, which
/// raises the epoch: so what is kept is known by both, and forgotten when either is another one.
#[derive(Debug, Default)]
pub(super) struct Hot {
    head: Head,
    epoch: i64,
    rows: HashMap<Key, Rollup>,
}

/// Rows kept at most, some 400 bytes each: enough for all units of a nation that have others under them, on the day that is being
/// reported.
const HOT_ROWS: usize = 49_152;

impl Hot {
    /// Forgets everything unless it is what the lane's last entry and this epoch left behind.
    pub(super) fn check(&mut self, head: &Head, epoch: i64) {
        if self.head != *head || self.epoch != epoch {
            self.rows.clear();
            (self.head, self.epoch) = (head.clone(), epoch);
        }
    }

    /// Those of some rows that are not kept here.
    pub(super) fn lacking(&self, rows: impl Iterator<Item = Key>) -> BTreeSet<Key> {
        rows.filter(|key| !self.rows.contains_key(key)).collect()
    }

    /// Takes up rows as they are after the lane's last entry.
    pub(super) fn learn(&mut self, rows: Rollups) {
        if self.rows.len() + rows.len() > HOT_ROWS {
            self.rows.clear();
        }
        self.rows.extend(rows);
    }

    /// Takes up what a transaction has committed: its rows, and the entry that it added.
    pub(super) fn keep(&mut self, written: Rollups, head: Head, epoch: i64) {
        self.learn(written);
        (self.head, self.epoch) = (head, epoch);
    }
}

/// Rows of a lane as the database has them; one that is not there is empty.
pub(super) async fn look(place: &impl Place, shard: i16, keys: BTreeSet<Key>) -> Result<Rollups, StoreError> {
    let mut rows = Rows::new(KEY);
    keys.iter().for_each(|key| rows.push([key.0.into(), key.1.0.into(), key.2.number().into()]));
    let on = format!(
        "t.campaign_id = r.campaign_id AND t.unit_id = r.unit_id AND t.day = r.day AND t.shard = {shard}"
    );
    let stored = place.find::<Reading>(rows, SELECT, "rollups", &on).await?;
    let mut found: Rollups = keys.into_iter().map(|key| (key, Rollup::default())).collect();
    found.extend(stored);
    Ok(found)
}

/// Merges changes into the rows of a lane, and gives the rows as they now are. A lane's rows are written under its lock
/// alone, so no row is locked by itself.
pub(super) async fn merge(
    place: &impl Place,
    shard: i16,
    mut changes: Rollups,
    hot: &Hot,
) -> Result<Rollups, StoreError> {
    changes.retain(|_, change| !change.is_empty());
    let mut cold = BTreeSet::new();
    for (key, change) in &mut changes {
        match hot.rows.get(key) {
            Some(stored) => *change += stored,
            None => drop(cold.insert(*key)),
        }
    }
    for (key, stored) in look(place, shard, cold).await? {
        if let Some(change) = changes.get_mut(&key) {
            *change += &stored;
        }
    }
    put(place, shard, &changes).await?;
    Ok(changes)
}

async fn put(place: &impl Place, shard: i16, rollups: &Rollups) -> Result<(), StoreError> {
    let fits = |count: i64| i32::try_from(count).is_ok();
    let all_fit = |one: &Rollup| [one.reported, one.zero, one.late, one.returned].into_iter().all(fits);
    if !rollups.values().all(all_fit) {
        return Err(StoreError::Damaged("rollups: a count beyond 32 bits".into()));
    }
    let row = |((campaign, unit, day), rollup): (&(i32, UnitId, ReportDay), &Rollup)| {
        let count = |count: i64| Value::from(i32::try_from(count).unwrap_or(i32::MAX));
        [
            (*campaign).into(),
            unit.0.into(),
            day.number().into(),
            shard.into(),
            count(rollup.reported),
            count(rollup.zero),
            count(rollup.late),
            count(rollup.returned),
            rollup.changes.into(),
            rollup.latest.into(),
            figures::write_sums(&rollup.sums).into(),
        ]
    };
    let names = rows::names(COLUMNS);
    // Every column is written, and nothing refers to a row: to replace one is the same as to update it, and on SQLite one
    // look into the tree instead of three.
    let (verb, conflict) = if place.is_sqlite() {
        ("REPLACE", "")
    } else {
        (
            "INSERT",
            "ON CONFLICT (campaign_id, unit_id, day, shard) DO UPDATE SET reported = excluded.reported, \
             zero = excluded.zero, late = excluded.late, returned = excluded.returned, \
             changes = excluded.changes, latest = excluded.latest, figures = excluded.figures",
        )
    };
    let put = |rows: &str| {
        format!("{verb} INTO rollups ({names}) SELECT {names} FROM {rows} WHERE true {conflict}")
    };
    place.enter(COLUMNS, rollups.iter().map(row), put).await
}

/// All rollups of a campaign on a day, lanes summed.
pub(super) async fn of_day(
    connection: &impl ConnectionTrait,
    campaign: i32,
    day: ReportDay,
) -> Result<BTreeMap<UnitId, Rollup>, StoreError> {
    let sql = format!("SELECT {SELECT} FROM rollups t WHERE t.campaign_id = $1 AND t.day = $2");
    let values: [sea_orm::Value; 2] = [campaign.into(), day.number().into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rollups = sum(connection.query_all_raw(statement).await?.iter().map(read))?;
    Ok(rollups.into_iter().map(|((_, unit, _), rollup)| (unit, rollup)).collect())
}

/// The rollups of a campaign from its current versions alone.
pub(super) async fn recomputed(
    connection: &impl ConnectionTrait,
    campaign: &Campaign,
    tree: &UnitTree,
) -> Result<Rollups, StoreError> {
    let mut rollups = Rollups::new();
    tally::each(connection, campaign.key, |version| {
        rollup::replace(&mut rollups, campaign, tree, None, version);
    })
    .await?;
    rollups.retain(|_, rollup| !rollup.is_empty());
    Ok(rollups)
}

/// The days of campaigns that have rollups, as a table `d` of SQLite: the next is found from the one before by the key, in which
/// the day comes before the unit.
fn days(campaigns: &[i32]) -> String {
    let campaigns: Vec<String> = campaigns.iter().map(|campaign| format!("({campaign})")).collect();
    let first = "SELECT MIN(m.day) FROM rollups m WHERE m.campaign_id";
    format!(
        "WITH RECURSIVE d(campaign_id, day) AS (\
         SELECT c.column1, ({first} = c.column1) FROM (VALUES {}) c UNION ALL \
         SELECT d.campaign_id, ({first} = d.campaign_id AND m.day > d.day) FROM d WHERE d.day IS NOT NULL)",
        campaigns.join(", ")
    )
}

/// What a line tells of a row `t`, as [`read_line`] reads it.
fn line() -> String {
    format!("concat_ws(' ', {SELECT}) AS line")
}

fn read_line(line: &str) -> Option<Reading> {
    let mut words = line.splitn(10, ' ');
    let mut number = || figures::signed(words.next()?.as_bytes());
    let mut small = || i32::try_from(number()?).ok();
    let key = (small()?, UnitId(small()?), ReportDay::from_number(small()?).ok()?);
    let mut rollup = Rollup {
        reported: number()?,
        zero: number()?,
        late: number()?,
        returned: number()?,
        changes: number()?,
        latest: number()?,
        ..Rollup::default()
    };
    rollup.sums = figures::read_sums(words.next()?).ok()?;
    Some((key, rollup))
}

/// Rollups from rows, lanes summed.
fn sum(rows: impl Iterator<Item = Result<Reading, StoreError>>) -> Result<Rollups, StoreError> {
    let mut rollups = Rollups::new();
    for row in rows {
        let (key, rollup) = row?;
        match rollups.entry(key) {
            Entry::Vacant(none) => drop(none.insert(rollup)),
            Entry::Occupied(mut other_lane) => *other_lane.get_mut() += &rollup,
        }
    }
    Ok(rollups)
}

impl Store {
    /// The rollups of some units in some campaigns, all their days, lanes summed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn rollups(&self, campaigns: &[i32], units: &[UnitId]) -> Result<Rollups, StoreError> {
        let texts = match self.backend() {
            DbBackend::Postgres => {
                let mut rows = Rows::new(PAIR);
                for campaign in campaigns {
                    units.iter().for_each(|unit| rows.push([(*campaign).into(), unit.0.into()]));
                }
                let on = "t.campaign_id = r.campaign_id AND t.unit_id = r.unit_id";
                rows.find_joined(&self.read, &line(), "rollups", on).await?
            }
            _ if campaigns.is_empty() => Vec::new(),
            _ => {
                let mut rows = Rows::new(UNIT);
                units.iter().for_each(|unit| rows.push([unit.0.into()]));
                let (days, line) = (days(campaigns), line());
                let by_day = |rows: &str| {
                    format!(
                        "{days} SELECT {line} FROM d CROSS JOIN {rows} CROSS JOIN rollups t \
                         WHERE t.campaign_id = d.campaign_id AND t.day = d.day AND t.unit_id = r.unit_id"
                    )
                };
                rows.query_joined(&self.read, by_day).await?
            }
        };
        let lines = texts.iter().flat_map(|text| rows::lines(Some(text)));
        let damaged = |line: &str| StoreError::Damaged(format!("rollups {line:?}"));
        let rollups = sum(lines.map(|line| read_line(line).ok_or_else(|| damaged(line))))?;
        let last =
            rollups.values().filter_map(|rollup| rollup.sums.iter().next_back().map(|(slot, _)| *slot)).max();
        self.know(last).await?;
        Ok(rollups)
    }
}

impl Transaction {
    /// Makes a campaign's rollups anew from its tallies: after a change of units or of whom the campaign expects.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn rebuild_rollups(&mut self, campaign: i32) -> Result<(), StoreError> {
        let catalogue = self.catalogue().clone();
        let Some(campaign) = catalogue.campaign_by_key(campaign) else { return Ok(()) };
        let rollups = recomputed(self.connection(), campaign, &catalogue.tree).await?;
        let backend = self.connection().get_database_backend();
        let sql = "DELETE FROM rollups WHERE campaign_id = $1";
        let statement = Statement::from_sql_and_values(backend, sql, [campaign.key.into()]);
        self.connection().execute_raw(statement).await?;
        put(self.connection(), self.shard(), &rollups).await
    }
}
