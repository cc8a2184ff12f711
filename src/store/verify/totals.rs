//! Every total beside the sum of its tallies, a campaign and day at a time.

use super::Findings;
use crate::domain::calendar::ReportDay;
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::rollup::Rollup;
use crate::domain::tally::Version;
use crate::domain::unit::{UnitId, UnitTree};
use crate::store::{Listing, Store, StoreError, catalogue, rollup, tally};
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement};
use std::collections::{BTreeMap, BTreeSet};

/// Reports read at once.
const PAGE: u32 = 10_000;

impl Store {
    /// Compares every rollup with the tallies under its unit.
    pub(super) async fn verify_totals(&self) -> Result<Findings, StoreError> {
        let snapshot = self.snapshot().await?;
        let mut findings = Findings::default();
        let catalogue = catalogue::load(&snapshot).await?;
        for campaign in &catalogue.campaigns {
            let mut days = days(&snapshot, campaign.key).await?;
            let mut sums = Sums::default();
            let mut after = None;
            loop {
                let listing =
                    Listing { campaign: campaign.key, after, limit: Some(PAGE), ..Listing::default() };
                let page = tally::list(&snapshot, &listing).await?;
                let Some(last) = page.last() else { break };
                after = Some((last.day, last.unit));
                for version in &page {
                    if sums.day != Some(version.day) {
                        let full = std::mem::replace(&mut sums, Sums::of(version.day));
                        full.compare(&snapshot, &catalogue, campaign, &mut findings).await?;
                        days.remove(&version.day);
                    }
                    sums.add(campaign, &catalogue.tree, version);
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
            *self.by_parent.entry(parent).or_default() += &Rollup::of(version, expected);
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
            for unit in std::iter::once(*parent).chain(catalogue.tree.ancestors(*parent)) {
                *right.entry(unit).or_default() += sum;
            }
        }
        right.retain(|_, rollup| !rollup.is_empty());
        let stored = rollup::of_day(snapshot, campaign.key, day).await?;
        let none = Rollup::default();
        for (unit, right) in &right {
            if stored.get(unit).unwrap_or(&none) != right {
                let code = catalogue.tree.get(*unit).map_or("?", |unit| unit.code.as_str());
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
