//! Who has reported, who is missing.

use super::tallies::parse_day;
use super::totals::Reading;
use super::{App, Caller, Error, scope};
use crate::domain::calendar::ReportDay;
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::completeness::{Completeness, Status};
use crate::domain::expected::{Counts, Waited};
use crate::domain::rollup::Rollup;
use crate::domain::tally::Version;
use crate::domain::unit::{Placed, UnitId};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts of units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CountsView {
    /// Units that the drive waits for; over several days, unit-days.
    pub expected: u64,
    /// Of these, reported; never more than expected.
    pub reported: u64,
    /// Of the reported, before the deadline.
    pub on_time: u64,
    /// Of the reported, after it.
    pub late: u64,
    /// Of the reported, zero reports.
    pub zero: u64,
    /// Of the expected, sent back and not come again.
    pub returned: u64,
    /// Of the expected, not reported.
    pub missing: u64,
    /// Reported ÷ expected in thousandths, rounded down; null when nobody is expected.
    pub rate_permille: Option<u64>,
}

impl From<Completeness> for CountsView {
    fn from(counts: Completeness) -> Self {
        Self {
            expected: counts.expected,
            reported: counts.reported,
            on_time: counts.on_time(),
            late: counts.late,
            zero: counts.zero,
            returned: counts.returned,
            missing: counts.missing(),
            rate_permille: counts.permille(),
        }
    }
}

/// A day of a unit.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DayView {
    /// The day.
    pub date: String,
    /// How the unit itself stands; null for one that only adds up others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    /// Counts of the unit and everything under it.
    #[serde(flatten)]
    pub counts: CountsView,
}

/// A unit over the asked days.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct UnitView {
    /// Code.
    pub unit: String,
    /// Name.
    pub name: String,
    /// Day by day.
    pub days: Vec<DayView>,
}

/// Completeness under a unit.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CompletenessView {
    /// Identifier of the campaign.
    pub campaign: String,
    /// Code of the unit.
    pub unit: String,
    /// The one day asked for; null for the drive so far.
    pub date: Option<String>,
    /// Grows by one with every version under the unit.
    pub revision: i64,
    /// Counts over the asked days up to today.
    #[serde(flatten)]
    pub counts: CountsView,
    /// Every asked day.
    pub days: Vec<DayView>,
    /// The unit itself where it is expected, and the units directly below, in administrative order.
    pub units: Vec<UnitView>,
}

impl CompletenessView {
    /// The same on one of its days alone.
    pub(super) fn on(&self, date: &str) -> Self {
        let only = |days: &[DayView]| days.iter().filter(|day| day.date == date).cloned().collect();
        let days: Vec<DayView> = only(&self.days);
        Self {
            date: Some(date.to_owned()),
            counts: days.first().map_or_else(|| Completeness::default().into(), |day| day.counts),
            units: self
                .units
                .iter()
                .map(|unit| UnitView { days: only(&unit.days), ..unit.clone() })
                .collect(),
            days,
            ..self.clone()
        }
    }
}

/// How units stand on days: the grid behind pages and pictures.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    pub(super) days: Vec<ReportDay>,
    pub(super) rows: Vec<Row>,
    pub(super) sums: Vec<Completeness>,
    pub(super) revision: i64,
    pub(super) latest: i64,
}

#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) unit: UnitId,
    pub(super) statuses: Vec<Option<Status>>,
    pub(super) counts: Vec<Completeness>,
}

impl App {
    /// Completeness of a unit on a day, or over the drive so far.
    ///
    /// # Errors
    /// Out of scope is not found; a day outside the drive is invalid.
    pub async fn completeness(
        &self,
        caller: &Caller,
        campaign: &str,
        unit: Option<&str>,
        date: Option<&str>,
    ) -> Result<CompletenessView, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let unit = scope::asked(&catalogue, caller, Some(&campaign), unit)?;
        let days = match date {
            Some(date) => vec![day_of(&campaign, date)?],
            None => campaign.window.days().collect(),
        };
        let grid = self.grid(&catalogue, caller, &campaign, unit, days).await?;
        let today = self.clock.today();
        let name = |row: &Row| {
            let unit = catalogue.tree.get(row.unit);
            unit.map_or_else(Default::default, |unit| (unit.code().to_string(), unit.name()))
        };
        let mut whole = Completeness::default();
        let due = grid.days.iter().zip(&grid.sums).filter(|(day, _)| **day <= today || date.is_some());
        due.for_each(|(_, counts)| whole += *counts);
        let day = |(at, day): (usize, &ReportDay), status: Option<Status>, counts: &[Completeness]| DayView {
            date: day.to_string(),
            status: status.map(Status::code),
            counts: counts[at].into(),
        };
        Ok(CompletenessView {
            campaign: campaign.id.to_string(),
            unit: unit.code().to_string(),
            date: date.map(ToOwned::to_owned),
            revision: grid.revision,
            counts: whole.into(),
            days: grid.days.iter().enumerate().map(|at| day(at, None, &grid.sums)).collect(),
            units: grid
                .rows
                .iter()
                .map(|row| UnitView {
                    unit: name(row).0.to_owned(),
                    name: name(row).1.to_owned(),
                    days: grid
                        .days
                        .iter()
                        .enumerate()
                        .map(|at| day(at, row.statuses[at.0], &row.counts))
                        .collect(),
                })
                .collect(),
        })
    }

    pub(super) async fn grid(
        &self,
        catalogue: &Catalogue,
        caller: &Caller,
        campaign: &Arc<Campaign>,
        top: Placed<'_>,
        days: Vec<ReportDay>,
    ) -> Result<Grid, Error> {
        let below = scope::reads_below(catalogue, caller, top.id);
        let children: Vec<Placed<'_>> =
            if below { catalogue.tree.children(top.id).collect() } else { Vec::new() };
        let ids: Vec<UnitId> = std::iter::once(top.id).chain(children.iter().map(|child| child.id)).collect();
        let reading = self.read_sums(catalogue, std::slice::from_ref(campaign), &ids, below).await?;
        let own = reading.own.iter().map(|version| ((version.unit, version.day), version)).collect();
        let waited = if below { self.waited_for(catalogue, campaign, top, &ids) } else { Arc::default() };
        let view =
            View { catalogue, campaign, reading: &reading, own: &own, waited, today: self.clock.today() };
        let top_is_row =
            children.is_empty() || days.iter().any(|&day| campaign.expects(&catalogue.tree, top.id, day));
        let listed = std::iter::once(top).filter(|_| top_is_row).chain(children);
        let rows = listed.map(|unit| view.row(unit, &days, below && unit.id != top.id)).collect();
        let whole = reading.whole(campaign, top.id);
        let sums = days.iter().map(|&day| view.counts(top.id, day, below)).collect();
        Ok(Grid { sums, rows, revision: whole.changes, latest: whole.latest, days })
    }
}

/// Units kept at most, and counts of one: some 10 kB a province, and at most 20 MB in all.
const KEPT: usize = 256;
const COUNTS: usize = 2_048;

/// How many units drives wait for under a unit and right below it, by drive and unit: to count them is a walk over all of them, which
/// are 700,000 in a nation. What was counted holds until units or drives change, which the catalogue's epoch tells.
#[derive(Debug, Default)]
pub(super) struct Counted(Mutex<HashMap<(i32, UnitId), AtEpoch>>);

/// Counts, and the epoch of units and drives that they are of.
type AtEpoch = (i64, Arc<Counts>);

impl App {
    /// How many units a drive waits for on each of its days: under `top`, and under each of those right below it.
    fn waited_for(
        &self,
        catalogue: &Catalogue,
        campaign: &Campaign,
        top: Placed<'_>,
        units: &[UnitId],
    ) -> Arc<Counts> {
        let (key, epoch) = ((campaign.key, top.id), catalogue.epoch);
        let kept = || self.counted.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept().get(&key).filter(|(of, _)| *of == epoch).map(|(_, counts)| counts.clone());
        found.unwrap_or_else(|| {
            let days: Vec<ReportDay> = campaign.window.days().collect();
            let waited = Waited::under(&catalogue.tree, campaign, top, &days);
            let counts = Arc::new(waited.counts(units.iter().copied()));
            if counts.len() > COUNTS {
                return counts;
            }
            let mut kept = kept();
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(key, (epoch, counts.clone()));
            counts
        })
    }
}

pub(super) fn day_of(campaign: &Campaign, date: &str) -> Result<ReportDay, Error> {
    let day = parse_day(date, "/date")?;
    if campaign.window.contains(day) {
        return Ok(day);
    }
    let (first, last) = (campaign.window.first(), campaign.window.last());
    let fault = crate::domain::fault::Fault::new("/date", "day_outside_window")
        .with("first", first)
        .with("last", last);
    Err(Error::invalid(fault))
}

struct View<'a> {
    catalogue: &'a Catalogue,
    campaign: &'a Campaign,
    reading: &'a Reading,
    own: &'a HashMap<(UnitId, ReportDay), &'a Version>,
    waited: Arc<Counts>,
    today: ReportDay,
}

impl View<'_> {
    fn row(&self, unit: Placed<'_>, days: &[ReportDay], below: bool) -> Row {
        let status = |day: ReportDay| {
            let expected = self.campaign.expects(&self.catalogue.tree, unit.id, day);
            let own = self.own.get(&(unit.id, day)).copied();
            let adds_up = !expected && own.is_none() && !self.catalogue.tree.is_leaf(unit.id, day);
            // From its own date on an absent report is missing: before the deadline it is still to be chased.
            (!adds_up).then(|| Status::of(expected, day <= self.today, own))
        };
        Row {
            unit: unit.id,
            statuses: days.iter().map(|&day| status(day)).collect(),
            counts: days.iter().map(|&day| self.counts(unit.id, day, below)).collect(),
        }
    }

    fn counts(&self, unit: UnitId, day: ReportDay, below: bool) -> Completeness {
        let alone = || u64::from(self.campaign.expects(&self.catalogue.tree, unit, day));
        let expected =
            if below { self.waited.get(&(unit, day)).copied().unwrap_or_default() } else { alone() };
        let counted = |rollup: &Rollup| Completeness {
            expected,
            reported: rollup.reported.unsigned_abs(),
            zero: rollup.zero.unsigned_abs(),
            late: rollup.late.unsigned_abs(),
            returned: rollup.returned.unsigned_abs(),
        };
        let rollup = if below {
            self.reading.on(self.campaign, unit, day).map(counted)
        } else {
            let own = self.own.get(&(unit, day)).copied();
            let expected = || self.campaign.expects(&self.catalogue.tree, unit, day);
            own.map(|own| counted(&Rollup::of(own, expected())))
        };
        rollup.unwrap_or_else(|| counted(&Rollup::default()))
    }
}
