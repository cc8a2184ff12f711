//! Every total beside the sum of its tallies, a campaign and day at a time; and every decision beside the version before it.

use super::Findings;
use crate::domain::calendar::ReportDay;
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::review::Facts;
use crate::domain::rollup::Rollup;
use crate::domain::tally::{Channel, Review, Version};
use crate::domain::unit::{UnitId, UnitTree};
use crate::store::rows::{in_one, lines};
use crate::store::{Store, StoreError, catalogue, figures, rollup, tally, unit_tree};
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Reports read at once, as one text: fetching a row costs more than looking at it.
const PAGE: u32 = 10_000;

impl Store {
    /// Compares every rollup with the tallies under its unit, and every decision with what it is about.
    pub(super) async fn verify_totals(&self) -> Result<Findings, StoreError> {
        let snapshot = self.snapshot().await?;
        let mut findings = Findings::default();
        let mut catalogue = catalogue::load(&snapshot, &Catalogue::default()).await?;
        let units = unit_tree::read(&snapshot).await?;
        if *catalogue.tree != units {
            findings.add("the tree of units that is kept is not that of the units".into());
            catalogue.tree = Arc::new(units);
        }
        for campaign in &catalogue.campaigns {
            let mut days = days(&snapshot, campaign.key).await?;
            let mut sums = Sums::default();
            let mut after = Some((0, 0, 0));
            let mut latest: Option<Version> = None;
            while let Some(place) = after {
                let page = read_page(&snapshot, campaign.key, place).await?;
                after = page.last().map(|last| (last.day.number(), last.unit.0, last.version));
                let end = after.is_none().then_some(None);
                for next in page.into_iter().map(Some).chain(end) {
                    // A version is current when what follows is of another report.
                    let of_report = |version: &Version| (version.day, version.unit);
                    let before = latest.take();
                    if let Some(next) = &next
                        && !follows(before.as_ref().filter(|one| of_report(one) == of_report(next)), next)
                    {
                        findings.add(format!(
                            "review campaign {} unit {} {} version {} is no decision about the version before it",
                            campaign.key,
                            next.unit.0,
                            next.day.number(),
                            next.version
                        ));
                    }
                    if let Some(version) = before
                        && next.as_ref().map(of_report) != Some(of_report(&version))
                    {
                        if sums.day != Some(version.day) {
                            let full = std::mem::replace(&mut sums, Sums::of(version.day));
                            full.compare(&snapshot, &catalogue, campaign, &mut findings).await?;
                            days.remove(&version.day);
                        }
                        sums.add(campaign, &catalogue.tree, &version);
                    }
                    latest = next;
                }
            }
            sums.compare(&snapshot, &catalogue, campaign, &mut findings).await?;
            for day in days {
                Sums::of(day).compare(&snapshot, &catalogue, campaign, &mut findings).await?;
            }
        }
        snapshot.rollback().await?;
        Ok(findings)
    }
}

/// The next versions of a campaign in the order of their keys, with what a total needs of them. Those that are not current come too:
/// few are, and to leave them out costs a look at the key for each.
async fn read_page(
    snapshot: &DatabaseTransaction,
    campaign: i32,
    after: (i32, i32, u32),
) -> Result<Vec<Version>, StoreError> {
    let backend = snapshot.get_database_backend();
    let flag = |name: &str| format!("CASE WHEN t.{name} THEN ' 1' ELSE ' 0' END");
    let sql = format!(
        "SELECT CAST(t.day AS TEXT) || ' ' || CAST(t.unit_id AS TEXT) || ' ' || CAST(t.version AS TEXT) || ' ' || \
         CAST(t.review AS TEXT) || ' ' || CAST(t.received_at AS TEXT) || {} || {} || {} || ' ' || t.figures AS line FROM tally_versions t \
         WHERE t.campaign_id = $1 AND (t.day, t.unit_id, t.version) > ($2, $3, $4) ORDER BY t.day, t.unit_id, t.version \
         LIMIT {PAGE}",
        flag("zero"),
        flag("late"),
        flag("on_behalf"),
    );
    let version = i32::try_from(after.2).unwrap_or(i32::MAX);
    let values: [sea_orm::Value; 4] = [campaign.into(), after.0.into(), after.1.into(), version.into()];
    let statement = Statement::from_sql_and_values(backend, in_one(backend, &sql), values);
    let row = snapshot.query_one_raw(statement).await?;
    let text: Option<String> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
    let read = |line: &str| {
        let damaged = || StoreError::Damaged(format!("tally_versions {campaign} {line:?}"));
        read_version(campaign, line).ok_or_else(damaged)?
    };
    let mut page: Vec<Version> = lines(text.as_deref()).map(read).collect::<Result<_, _>>()?;
    page.sort_unstable_by_key(|version| (version.day, version.unit, version.version));
    Ok(page)
}

/// A version as a page has it; nothing for what cannot be one.
fn read_version(campaign: i32, line: &str) -> Option<Result<Version, StoreError>> {
    let mut words = line.splitn(9, ' ');
    let mut word = || words.next();
    let day = ReportDay::from_number(word()?.parse().ok()?).ok()?;
    let (unit, version) = (UnitId(word()?.parse().ok()?), word()?.parse().ok()?);
    let review = tally::from_small(Review::ALL, word()?.parse().ok()?).ok()?;
    let received_at = Timestamp::from_millisecond(word()?.parse().ok()?).ok()?;
    let (zero, late, on_behalf) = (word()? == "1", word()? == "1", word()? == "1");
    let figures = figures::read_quantities(word()?);
    Some(figures.map(|figures| Version {
        campaign,
        day,
        unit,
        version,
        review,
        figures,
        zero,
        late,
        received_at,
        on_behalf,
        // None of these is in a total.
        channel: Channel::Api,
        note: String::new(),
        actor: 0,
        facts: Facts::default(),
    }))
}

/// Whether a version may stand after the one before it: a decision is about a report that could be decided about, and changes
/// nothing of it.
fn follows(before: Option<&Version>, version: &Version) -> bool {
    let told = |version: &Version| (version.zero, version.late, version.on_behalf);
    version.review == Review::Submitted
        || before.is_some_and(|before| {
            before.version + 1 == version.version
                && before.review != Review::Returned
                && told(before) == told(version)
                && before.figures == version.figures
        })
}

/// The days of a campaign that have rollups.
async fn days(snapshot: &DatabaseTransaction, campaign: i32) -> Result<BTreeSet<ReportDay>, StoreError> {
    let sql = "SELECT DISTINCT day FROM rollups WHERE campaign_id = $1";
    let statement = Statement::from_sql_and_values(snapshot.get_database_backend(), sql, [campaign.into()]);
    let damaged = |_| StoreError::Damaged("rollups.day".into());
    let day = |row: sea_orm::QueryResult| ReportDay::from_number(row.try_get_by_index(0)?).map_err(damaged);
    snapshot.query_all_raw(statement).await?.into_iter().map(day).collect()
}

/// What was reported on a day, by the unit that is right above who reported it: going up the tree once for all of its
/// units costs less than once for each.
#[derive(Default)]
struct Sums {
    day: Option<ReportDay>,
    by_parent: BTreeMap<UnitId, Rollup>,
}

impl Sums {
    const fn of(day: ReportDay) -> Self {
        Self { day: Some(day), by_parent: BTreeMap::new() }
    }

    fn add(&mut self, campaign: &Campaign, tree: &UnitTree, version: &Version) {
        if let Some(parent) = tree.ancestors(version.unit).next() {
            let expected = campaign.expects(tree, version.unit, version.day);
            *self.by_parent.entry(parent.id).or_default() += &Rollup::of(version, expected);
        }
    }

    async fn compare(
        self,
        snapshot: &DatabaseTransaction,
        catalogue: &Catalogue,
        campaign: &Campaign,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        let Some(day) = self.day else { return Ok(()) };
        let mut right: BTreeMap<UnitId, Rollup> = BTreeMap::new();
        for (parent, sum) in &self.by_parent {
            let above = catalogue.tree.ancestors(*parent).map(|above| above.id);
            for unit in std::iter::once(*parent).chain(above) {
                *right.entry(unit).or_default() += sum;
            }
        }
        right.retain(|_, rollup| !rollup.is_empty());
        let stored = rollup::of_day(snapshot, campaign.key, day).await?;
        let none = Rollup::default();
        for (unit, right) in &right {
            if stored.get(unit).unwrap_or(&none) != right {
                let code =
                    catalogue.tree.get(*unit).map_or_else(|| "?".into(), |unit| unit.code().to_string());
                findings.add(format!("rollup {} {code} {day} is not the sum of its tallies", campaign.id));
            }
        }
        for (unit, stored) in &stored {
            if !right.contains_key(unit) && !stored.is_empty() {
                findings.add(format!("rollup {} unit {} {day} has no tallies", campaign.id, unit.0));
            }
        }
        Ok(())
    }
}
