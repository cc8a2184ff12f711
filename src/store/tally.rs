//! Versions of tallies: writing them in batches, reading them back.

use super::entity::tally_version::Model;
use super::place::{Found, Place, Read};
use super::rows::{self, Columns, Rows, Type};
use super::{Store, StoreError, audit, figures, review, sealed};
use crate::domain::calendar::ReportDay;
use crate::domain::tally::{Channel, Review, Version};
use crate::domain::unit::UnitId;
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, Value};
use std::collections::HashMap;
use std::sync::Arc;

const COLUMNS: Columns = &[
    ("campaign_id", Type::Int),
    ("day", Type::Int),
    ("unit_id", Type::Int),
    ("version", Type::Int),
    ("review", Type::Small),
    ("channel", Type::Small),
    ("zero", Type::Bool),
    ("late", Type::Bool),
    ("on_behalf", Type::Bool),
    ("actor_id", Type::Int),
    ("received_at", Type::Big),
    ("figures", Type::Text),
    ("note", Type::Text),
    ("facts", Type::Text),
];

const KEY: Columns = &[("campaign_id", Type::Int), ("day", Type::Int), ("unit_id", Type::Int)];

const SELECT: &str = "t.campaign_id, t.day, t.unit_id, t.version, t.review, t.channel, t.zero, t.late, t.on_behalf, \
                      t.actor_id, t.received_at, t.figures, t.note, t.facts";

/// What a version is found by: campaign, day, unit.
pub(super) type Key = (i32, ReportDay, UnitId);

pub(super) fn small<T: Copy + PartialEq>(all: &[T], one: T) -> i16 {
    all.iter().zip(0..).find(|(other, _)| **other == one).map_or(0, |(_, n)| n)
}

pub(super) fn from_small<T: Copy>(all: &[T], n: i16) -> Result<T, StoreError> {
    usize::try_from(n)
        .ok()
        .and_then(|n| all.get(n))
        .copied()
        .ok_or_else(|| StoreError::Damaged(format!("code {n}")))
}

fn version_number(version: u32) -> i32 {
    i32::try_from(version).unwrap_or(i32::MAX)
}

impl Read for Version {
    fn read(row: &impl Found) -> Result<Self, StoreError> {
        read(row)
    }
}

pub(super) fn read(row: &impl Found) -> Result<Version, StoreError> {
    from_model(Model {
        campaign_id: row.get(0)?,
        day: row.get(1)?,
        unit_id: row.get(2)?,
        version: row.get(3)?,
        review: row.get(4)?,
        channel: row.get(5)?,
        zero: row.get(6)?,
        late: row.get(7)?,
        on_behalf: row.get(8)?,
        actor_id: row.get(9)?,
        received_at: row.get(10)?,
        figures: row.get(11)?,
        note: row.get(12)?,
        facts: row.get(13)?,
    })
}

pub(super) fn from_model(row: Model) -> Result<Version, StoreError> {
    let damaged = |what: &str| StoreError::Damaged(format!("tally_versions.{what}"));
    Ok(Version {
        campaign: row.campaign_id,
        day: ReportDay::from_number(row.day).map_err(|_| damaged("day"))?,
        unit: UnitId(row.unit_id),
        version: u32::try_from(row.version).map_err(|_| damaged("version"))?,
        review: from_small(Review::ALL, row.review)?,
        channel: from_small(Channel::ALL, row.channel)?,
        zero: row.zero,
        late: row.late,
        on_behalf: row.on_behalf,
        actor: row.actor_id,
        received_at: Timestamp::from_millisecond(row.received_at).map_err(|_| damaged("received_at"))?,
        figures: figures::read_quantities(&row.figures)?,
        note: row.note.unwrap_or_default(),
        facts: row.facts.as_deref().map(review::read_facts).transpose()?.unwrap_or_default(),
    })
}

/// The current versions of these reports.
pub(super) async fn current(place: &impl Place, keys: &[Key]) -> Result<Vec<Version>, StoreError> {
    let mut rows = Rows::new(KEY);
    keys.iter().for_each(|(campaign, day, unit)| {
        rows.push([(*campaign).into(), day.number().into(), unit.0.into()]);
    });
    let on = "t.campaign_id = r.campaign_id AND t.day = r.day AND t.unit_id = r.unit_id AND t.version = \
              (SELECT MAX(m.version) FROM tally_versions m \
              WHERE m.campaign_id = r.campaign_id AND m.day = r.day AND m.unit_id = r.unit_id)";
    place.find(rows, SELECT, "tally_versions", on).await
}

/// Versions as rows by which [`BY_NAME`] finds them: report and number.
pub(super) fn names(versions: impl Iterator<Item = (Key, u32)>) -> Rows {
    const COLUMNS: Columns =
        &[("campaign_id", Type::Int), ("day", Type::Int), ("unit_id", Type::Int), ("version", Type::Int)];
    let mut rows = Rows::new(COLUMNS);
    for ((campaign, day, unit), version) in versions {
        rows.push([campaign.into(), day.number().into(), unit.0.into(), version_number(version).into()]);
    }
    rows
}

/// Ties a version `t` to a row `r` of [`names`].
pub(super) const BY_NAME: &str =
    "t.campaign_id = r.campaign_id AND t.day = r.day AND t.unit_id = r.unit_id AND t.version = r.version";

/// Some versions of reports.
pub(super) async fn these(place: &impl Place, versions: &[(Key, u32)]) -> Result<Vec<Version>, StoreError> {
    place.find(names(versions.iter().copied()), SELECT, "tally_versions", BY_NAME).await
}

/// One version of a report.
pub(super) async fn one(
    connection: &impl ConnectionTrait,
    (campaign, day, unit, version): (i32, ReportDay, UnitId, u32),
) -> Result<Option<Version>, StoreError> {
    let sql = format!(
        "SELECT {SELECT} FROM tally_versions t \
         WHERE t.campaign_id = $1 AND t.day = $2 AND t.unit_id = $3 AND t.version = $4"
    );
    let values: [Value; 4] =
        [campaign.into(), day.number().into(), unit.0.into(), version_number(version).into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.query_one_raw(statement).await?.as_ref().map(read).transpose()
}

/// Adds versions, in the order of their keys whatever order they come in: two replicas that add the same ones wait for each
/// other, and in two orders that would be for ever.
pub(super) async fn insert(place: &impl Place, versions: &[Arc<Version>]) -> Result<(), StoreError> {
    let mut versions: Vec<&Version> = versions.iter().map(|version| &**version).collect();
    versions.sort_unstable_by_key(|version| version.key());
    let row = |version: &Version| {
        [
            version.campaign.into(),
            version.day.number().into(),
            version.unit.0.into(),
            version_number(version.version).into(),
            small(Review::ALL, version.review).into(),
            small(Channel::ALL, version.channel).into(),
            version.zero.into(),
            version.late.into(),
            version.on_behalf.into(),
            version.actor.into(),
            version.received_at.as_millisecond().into(),
            figures::write_quantities(&version.figures).into(),
            version.note.as_str().into(),
            review::write_facts(&version.facts).into(),
        ]
    };
    let names = rows::names(COLUMNS);
    let picks = names.replace("note", "NULLIF(note, '')").replace("facts", "NULLIF(facts, '')");
    let insert = |rows: &str| format!("INSERT INTO tally_versions ({names}) SELECT {picks} FROM {rows}");
    place.enter(COLUMNS, versions.into_iter().map(row), insert).await
}

/// What the audit seals of versions: every field, in the order of their keys.
pub(super) fn digest(versions: &mut [&Version]) -> String {
    versions.sort_by_key(|version| version.key());
    let mut digest = audit::Digest::new();
    let mut text = String::new();
    for v in versions.iter() {
        text.clear();
        let numbers = [v.campaign.into(), v.day.number().into(), v.unit.0.into(), i64::from(v.version)];
        numbers.into_iter().for_each(|number| figures::number(&mut text, number).push(' '));
        let flag = |flag: bool| if flag { "true " } else { "false " };
        let words =
            [v.review.code(), " ", v.channel.code(), " ", flag(v.zero), flag(v.late), flag(v.on_behalf)];
        text.extend(words);
        figures::number(&mut text, v.actor).push(' ');
        figures::number(&mut text, v.received_at.as_millisecond()).push(' ');
        figures::seal_quantities(&mut text, &v.figures);
        text.extend([" ", &v.note]);
        // A control character that no note has parts them; versions without facts are sealed as they always were.
        let facts = review::write_facts(&v.facts);
        if !facts.is_empty() {
            text.extend(["\u{1f}", &facts]);
        }
        digest.text(&text);
    }
    digest.finish()
}

/// Which current versions are asked for.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// The campaign's number.
    pub campaign: i32,
    /// First day.
    pub from: Option<ReportDay>,
    /// Last day.
    pub to: Option<ReportDay>,
    /// Only after this day and unit, in key order: where the page before ended.
    pub after: Option<(ReportDay, UnitId)>,
    /// At most so many; all when absent.
    pub limit: Option<u32>,
    /// Against the order of the key.
    pub descending: bool,
}

/// Current versions in the order of day and unit number.
pub type Page = Vec<Version>;

/// The days on which campaign `$1` has reports, as a table `d` with a null at its end: from day to day by the key, without a look
/// at the reports between.
pub(super) const DAYS: &str = "WITH RECURSIVE d(day) AS (SELECT MIN(day) FROM tally_versions WHERE campaign_id = $1 UNION ALL \
     SELECT (SELECT MIN(n.day) FROM tally_versions n WHERE n.campaign_id = $1 AND n.day > d.day) \
     FROM d WHERE d.day IS NOT NULL)";

/// How many units or reports are asked for in one statement.
pub(super) const UNITS_A_STATEMENT: usize = 5_000;

impl Store {
    /// Every version of a report, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn versions(
        &self,
        campaign: i32,
        day: ReportDay,
        unit: UnitId,
    ) -> Result<Vec<Version>, StoreError> {
        let sql = format!(
            "SELECT {SELECT} FROM tally_versions t WHERE t.campaign_id = $1 AND t.day = $2 AND t.unit_id = $3 ORDER BY t.version"
        );
        let values = [campaign.into(), day.number().into(), unit.0.into()];
        self.read_versions(&sql, values).await
    }

    /// The current versions of some units on some days.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn current(
        &self,
        campaign: i32,
        days: &[ReportDay],
        units: &[UnitId],
    ) -> Result<Vec<Version>, StoreError> {
        let keys = days.iter().flat_map(|&day| units.iter().map(move |&unit| (campaign, day, unit)));
        self.current_of(&keys.collect::<Vec<_>>()).await
    }

    /// Which of some units have a report of a day, and whether it counts. Of many units it may tell others as well.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn standing(
        &self,
        campaign: i32,
        day: ReportDay,
        units: &[UnitId],
    ) -> Result<HashMap<UnitId, bool>, StoreError> {
        if units.len() <= UNITS_A_STATEMENT {
            let found = self.current(campaign, &[day], units).await?;
            return Ok(found.iter().map(|version| (version.unit, version.counts())).collect());
        }
        // A nation's reports are walked through by their key, and only what is asked is read of each.
        const PAGE: usize = 10_000;
        const SQL: &str = "SELECT t.unit_id, t.review FROM tally_versions t WHERE t.campaign_id = $1 AND t.day = $2 \
                           AND t.unit_id > $3 AND NOT EXISTS (SELECT 1 FROM tally_versions n \
                           WHERE n.campaign_id = t.campaign_id AND n.day = t.day AND n.unit_id = t.unit_id \
                           AND n.version = t.version + 1) ORDER BY t.unit_id LIMIT 10000";
        let mut standing = HashMap::with_capacity(units.len());
        let mut after = 0;
        loop {
            let values: [Value; 3] = [campaign.into(), day.number().into(), after.into()];
            let statement = Statement::from_sql_and_values(self.backend(), SQL, values);
            let page = self.read.query_all_raw(statement).await?;
            for row in &page {
                after = row.try_get_by_index(0)?;
                let review: Review = from_small(Review::ALL, row.try_get_by_index(1)?)?;
                standing.insert(UnitId(after), review != Review::Returned);
            }
            if page.len() < PAGE {
                return Ok(standing);
            }
        }
    }

    /// The current versions of these reports: campaigns, days and units.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn current_of(&self, reports: &[(i32, ReportDay, UnitId)]) -> Result<Vec<Version>, StoreError> {
        let mut found = Vec::new();
        for reports in reports.chunks(UNITS_A_STATEMENT) {
            found.extend(current(&self.read, reports).await?);
        }
        self.know_all(&found).await?;
        Ok(found)
    }

    /// The days on which a campaign has reports.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn days(&self, campaign: i32) -> Result<Vec<ReportDay>, StoreError> {
        let sql = format!("{DAYS} SELECT day FROM d WHERE day IS NOT NULL");
        let statement = Statement::from_sql_and_values(self.backend(), sql, [campaign.into()]);
        let rows = self.read.query_all_raw(statement).await?;
        let day = |row: &QueryResult| {
            let day = ReportDay::from_number(row.try_get_by_index(0)?);
            day.map_err(|_| StoreError::Damaged("tally_versions.day".into()))
        };
        rows.iter().map(day).collect()
    }

    /// Current versions of a whole campaign or some of its days, in key order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list(&self, listing: &Listing) -> Result<Page, StoreError> {
        let page = list(&self.read, listing).await?;
        self.know_all(&page).await?;
        Ok(page)
    }

    /// Every version of a campaign's reports, in the order of their receipt.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn history(&self, campaign: i32) -> Result<Vec<Version>, StoreError> {
        let sql = format!("SELECT {SELECT} FROM tally_versions t WHERE t.campaign_id = $1");
        let mut versions = self.read_versions(&sql, [campaign.into()]).await?;
        // What came in at one instant was stored by one batch after the other.
        let mut places: HashMap<(ReportDay, UnitId, u32), (i16, i64)> =
            HashMap::with_capacity(versions.len());
        for lane in sealed::heads(&self.read).await?.into_keys() {
            for group in sealed::groups(&self.read, lane, (i64::MIN, i64::MAX), Some(campaign)).await? {
                let place = (lane, group.batch);
                places.extend(
                    group
                        .members()?
                        .into_iter()
                        .map(|((_, day, unit), version)| ((day, unit, version), place)),
                );
            }
        }
        versions.sort_by_cached_key(|v| {
            let name = (v.day, v.unit, v.version);
            (v.received_at, places.get(&name).copied().unwrap_or_default(), name)
        });
        Ok(versions)
    }

    /// The versions that a batch sealed, in the order of their keys.
    pub(super) async fn versions_of_batch(&self, lane: i16, batch: i64) -> Result<Vec<Version>, StoreError> {
        let members = sealed::members(&self.read, lane, (batch - 1, batch), None).await?;
        let mut versions = these(&self.read, &members).await?;
        versions.sort_by_key(Version::key);
        self.know_all(&versions).await?;
        Ok(versions)
    }

    async fn read_versions<const N: usize>(&self, sql: &str, values: [Value; N]) -> Result<Page, StoreError> {
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        let rows = self.read.query_all_raw(statement).await?;
        let versions: Page = rows.iter().map(read).collect::<Result<_, _>>()?;
        self.know_all(&versions).await?;
        Ok(versions)
    }

    pub(super) fn backend(&self) -> DbBackend {
        self.read.get_database_backend()
    }
}

pub(super) async fn list(connection: &impl ConnectionTrait, listing: &Listing) -> Result<Page, StoreError> {
    // Units are numbered from 1, so the beginning and the end of a day are places in the key as well.
    let mut from = (listing.from.map_or(0, ReportDay::number), 0);
    let mut to = (listing.to.map_or(i32::MAX, ReportDay::number), i32::MAX);
    if let Some((day, unit)) = listing.after {
        let after = (day.number(), unit.0);
        if listing.descending { to = to.min(after) } else { from = from.max(after) }
    }
    let order = if listing.descending { "DESC" } else { "ASC" };
    // Walking the key in order, a version is current when the next row is of another report. Both databases begin a
    // comparison of pairs at its place in the key.
    let sql = format!(
        "SELECT {SELECT} FROM tally_versions t WHERE t.campaign_id = $1 AND (t.day, t.unit_id) > ($2, $3) \
         AND (t.day, t.unit_id) < ($4, $5) AND NOT EXISTS (SELECT 1 FROM tally_versions n WHERE \
         n.campaign_id = t.campaign_id AND n.day = t.day AND n.unit_id = t.unit_id AND n.version = t.version + 1) \
         ORDER BY t.day {order}, t.unit_id {order} LIMIT $6"
    );
    let limit = listing.limit.map_or(i64::MAX, i64::from);
    let values: [Value; 6] =
        [listing.campaign.into(), from.0.into(), from.1.into(), to.0.into(), to.1.into(), limit.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.query_all_raw(statement).await?.iter().map(read).collect()
}

/// Looks at every current version of a campaign in key order, a page at a time: a nation's reports are more than memory
/// should hold.
pub(super) async fn each(
    connection: &impl ConnectionTrait,
    campaign: i32,
    mut look: impl FnMut(&Version) + Send,
) -> Result<(), StoreError> {
    const PAGE: usize = 5_000;
    let mut listing = Listing { campaign, limit: u32::try_from(PAGE).ok(), ..Listing::default() };
    loop {
        let page = list(connection, &listing).await?;
        page.iter().for_each(&mut look);
        match page.last() {
            Some(last) if page.len() == PAGE => listing.after = Some((last.day, last.unit)),
            _ => return Ok(()),
        }
    }
}
