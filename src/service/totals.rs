//! Totals of a unit: its own reports and everything under it, from rollups.

use super::tallies::MeasureTotal;
use super::{App, Caller, Error, scope};
use crate::domain::calendar::ReportDay;
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::consultation::{Mode, Topic};
use crate::domain::fault::Fault;
use crate::domain::measure::CONSULTATIONS;
use crate::domain::quantity::Sum;
use crate::domain::rollup::{Rollup, Rollups, Sums};
use crate::domain::slot::{Line, SlotBook};
use crate::domain::tally::Version;
use crate::domain::unit::{Placed, UnitId, UnitTree};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashSet;
use std::sync::Arc;

/// By what totals are parted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    /// One total a measure.
    #[default]
    Measure,
    /// A measure a day.
    Day,
    /// A measure a unit directly below, and the unit's own report.
    Unit,
    /// A measure a title.
    Title,
    /// Consultations a topic.
    Topic,
    /// Consultations a mode.
    Mode,
}

impl By {
    /// Reads the parameter `by`.
    ///
    /// # Errors
    /// `by_unknown`.
    pub fn parse(text: Option<&str>) -> Result<Self, Error> {
        match text {
            None | Some("measure") => Ok(Self::Measure),
            Some("day") => Ok(Self::Day),
            Some("unit") => Ok(Self::Unit),
            Some("title") => Ok(Self::Title),
            Some("topic") => Ok(Self::Topic),
            Some("mode") => Ok(Self::Mode),
            Some(_) => Err(Error::invalid(Fault::new("/by", "by_unknown"))),
        }
    }
}

/// A total, with what it is parted by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TotalItem {
    /// The sum.
    #[serde(flatten)]
    pub total: MeasureTotal,
    /// The day, by day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// Code of the unit, by unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Name of the unit or Chinese name of the topic or mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Title of the print, by title; empty for what came without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Arc<str>>,
    /// Code of the topic, by topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<&'static str>,
    /// Code of the mode, by mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<&'static str>,
}

impl TotalItem {
    pub(super) const fn new(total: MeasureTotal) -> Self {
        Self { total, day: None, unit: None, name: None, title: None, topic: None, mode: None }
    }
}

/// The totals of a unit in a campaign.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TotalsView {
    /// Identifier of the campaign.
    pub campaign: String,
    /// Code of the unit.
    pub unit: String,
    /// Grows by one with every version under the unit: equal revisions are equal totals.
    pub revision: i64,
    /// The totals.
    pub items: Vec<TotalItem>,
}

/// Everything known of some units in some campaigns, by day: own reports and what is under them.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    days: Rollups,
    /// The own reports of the units, as part of them.
    pub(super) own: Vec<Version>,
}

/// What a report adds to the totals of its unit.
fn own_sum(tree: &UnitTree, campaigns: &[Arc<Campaign>], own: &Version) -> Rollup {
    let campaign = campaigns.iter().find(|campaign| campaign.key == own.campaign);
    Rollup::of(own, campaign.is_some_and(|campaign| campaign.expects(tree, own.unit, own.day)))
}

/// Units that are asked for with all that are directly below them, which are the second of each pair.
fn families(tree: &UnitTree, units: &[UnitId]) -> Vec<(UnitId, Vec<UnitId>)> {
    let asked: HashSet<UnitId> = units.iter().copied().collect();
    let family = |unit: &UnitId| {
        let children: Vec<UnitId> = tree.children(*unit).map(|child| child.id).collect();
        (!children.is_empty() && children.iter().all(|child| asked.contains(child)))
            .then_some((*unit, children))
    };
    units.iter().filter_map(family).collect()
}

/// Units that have no report of their own on a day of a campaign, as their rollups show: each report counts a change at
/// least in every unit above it, so where the children's add up to their parent's, no child has reported itself.
fn silent(
    families: &[(UnitId, Vec<UnitId>)],
    rollups: &Rollups,
    (campaign, day): (i32, ReportDay),
) -> HashSet<UnitId> {
    let changes = |unit: &UnitId| rollups.get(&(campaign, *unit, day)).map_or(0, |rollup| rollup.changes);
    let add_up =
        |family: &&(UnitId, Vec<UnitId>)| changes(&family.0) == family.1.iter().map(changes).sum::<i64>();
    families.iter().filter(add_up).flat_map(|(_, children)| children).copied().collect()
}

impl From<Rollups> for Reading {
    fn from(days: Rollups) -> Self {
        Self { days, own: Vec::new() }
    }
}

impl Reading {
    /// A unit's sums on every day of a campaign.
    pub(super) fn of(&self, campaign: &Campaign, unit: UnitId) -> impl Iterator<Item = (ReportDay, &Rollup)> {
        let (first, last) = (campaign.window.first(), campaign.window.last());
        self.days
            .range((campaign.key, unit, first)..=(campaign.key, unit, last))
            .map(|((_, _, day), rollup)| (*day, rollup))
    }

    /// A unit's sum on a day of a campaign, when there is any.
    pub(super) fn on(&self, campaign: &Campaign, unit: UnitId, day: ReportDay) -> Option<&Rollup> {
        self.days.get(&(campaign.key, unit, day))
    }

    /// A unit's sum over the days of a campaign that `wanted` picks.
    pub(super) fn sum(
        &self,
        campaign: &Campaign,
        unit: UnitId,
        wanted: impl Fn(ReportDay) -> bool,
    ) -> Rollup {
        let mut sum = Rollup::default();
        self.of(campaign, unit).filter(|(day, _)| wanted(*day)).for_each(|(_, rollup)| sum += rollup);
        sum
    }

    /// A unit's sum over a whole campaign.
    pub(super) fn whole(&self, campaign: &Campaign, unit: UnitId) -> Rollup {
        self.sum(campaign, unit, |_| true)
    }
}

/// A measure's sum out of all slots.
pub(super) fn measure_sum(slots: &SlotBook, sums: &Sums, measure: &str) -> Sum {
    sums.iter()
        .filter(|(slot, _)| slots.line(**slot).is_some_and(|line| line.measure() == measure))
        .map(|(_, s)| *s)
        .sum()
}

impl App {
    /// Reads own reports and rollups of units in campaigns. With `below` false, own reports only.
    pub(super) async fn read_sums(
        &self,
        catalogue: &Catalogue,
        campaigns: &[Arc<Campaign>],
        units: &[UnitId],
        below: bool,
    ) -> Result<Reading, Error> {
        let keys: Vec<i32> = campaigns.iter().map(|campaign| campaign.key).collect();
        let mut days = if below { self.store.rollups(&keys, units).await? } else { Rollups::new() };
        let families = if below { families(&catalogue.tree, units) } else { Vec::new() };
        let mut reports = Vec::new();
        for campaign in campaigns {
            for day in campaign.window.days() {
                let silent = silent(&families, &days, (campaign.key, day));
                let asked = units.iter().filter(|unit| !silent.contains(unit));
                reports.extend(asked.map(|unit| (campaign.key, day, *unit)));
            }
        }
        // One statement, however many the years.
        let own = self.store.current_of(&reports).await?;
        for own in &own {
            let key = (own.campaign, own.unit, own.day);
            *days.entry(key).or_default() += &own_sum(&catalogue.tree, campaigns, own);
        }
        Ok(Reading { days, own })
    }

    /// Totals of a unit in a campaign.
    ///
    /// # Errors
    /// Out of scope is not found.
    pub async fn totals(
        &self,
        caller: &Caller,
        campaign: &str,
        unit: Option<&str>,
        by: By,
        measure: Option<&str>,
    ) -> Result<TotalsView, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let unit = scope::asked(&catalogue, caller, Some(&campaign), unit)?;
        if let Some(measure) = measure {
            known_measure(&campaign, measure)?;
        }
        let below = scope::reads_below(&catalogue, caller, unit.id);
        let children: Vec<Placed<'_>> =
            if by == By::Unit && below { catalogue.tree.children(unit.id).collect() } else { Vec::new() };
        let units: Vec<UnitId> =
            std::iter::once(unit.id).chain(children.iter().map(|child| child.id)).collect();
        let reading = self.read_sums(&catalogue, std::slice::from_ref(&campaign), &units, below).await?;
        let slots = self.store.slots();
        let whole = reading.whole(&campaign, unit.id);
        let parts = Parts { campaign: &campaign, slots: &slots, measure };
        let items = match by {
            By::Measure => parts.measures(&whole, |_| {}, true),
            By::Day => {
                let day = |(day, rollup): (ReportDay, &Rollup)| {
                    parts.measures(rollup, |item| item.day = Some(day.to_string()), false)
                };
                reading.of(&campaign, unit.id).flat_map(day).collect()
            }
            By::Unit => {
                let mut own = Rollup::default();
                let reports = reading.own.iter().filter(|own| own.unit == unit.id);
                reports.for_each(|report| {
                    own += &own_sum(&catalogue.tree, std::slice::from_ref(&campaign), report);
                });
                let own = (unit, own);
                let below = children.iter().map(|child| (*child, reading.whole(&campaign, child.id)));
                std::iter::once(own).chain(below).flat_map(|(unit, sum)| parts.of_unit(unit, &sum)).collect()
            }
            By::Title => parts.titles(&whole),
            By::Topic => parts.topics(&whole),
            By::Mode => parts.modes(&whole),
        };
        Ok(TotalsView {
            campaign: campaign.id.to_string(),
            unit: unit.code().to_string(),
            revision: whole.changes,
            items,
        })
    }
}

/// The measure with this code in a campaign.
///
/// # Errors
/// `measure_unknown`.
pub(super) fn known_measure<'c>(
    campaign: &'c Campaign,
    measure: &str,
) -> Result<&'c crate::domain::measure::Measure, Error> {
    campaign.measure(measure).ok_or_else(|| {
        Error::invalid(Fault::new("/measure", "measure_unknown").with("measure", measure.escape_debug()))
    })
}

struct Parts<'a> {
    campaign: &'a Campaign,
    slots: &'a SlotBook,
    measure: Option<&'a str>,
}

impl Parts<'_> {
    fn wanted(&self) -> impl Iterator<Item = &str> {
        let codes = self.campaign.measures.iter().map(|measure| measure.code.as_str());
        codes.filter(|code| self.measure.is_none_or(|measure| measure == *code))
    }

    fn measures(&self, rollup: &Rollup, mark: impl Fn(&mut TotalItem), with_nothing: bool) -> Vec<TotalItem> {
        let mut items = Vec::new();
        for code in self.wanted() {
            let sum = measure_sum(self.slots, &rollup.sums, code);
            if with_nothing || sum != Sum::ZERO {
                let mut item = TotalItem::new(MeasureTotal::new(code, sum));
                mark(&mut item);
                items.push(item);
            }
        }
        items
    }

    fn of_unit(&self, unit: Placed<'_>, rollup: &Rollup) -> Vec<TotalItem> {
        let mark = |item: &mut TotalItem| {
            item.unit = Some(unit.code().to_string());
            item.name = Some(unit.name().clone());
        };
        self.measures(rollup, mark, false)
    }

    fn titles(&self, rollup: &Rollup) -> Vec<TotalItem> {
        let mut items = Vec::new();
        for code in self.wanted() {
            for (slot, sum) in rollup.sums.iter() {
                if let Some(Line::Item { measure, title }) = self.slots.line(*slot)
                    && measure.as_str() == code
                {
                    let mut item = TotalItem::new(MeasureTotal::new(code, *sum));
                    item.title = Some(title.clone().unwrap_or_else(|| "".into()));
                    items.push(item);
                }
            }
        }
        items
    }

    fn consultations<K: Copy + PartialEq>(
        &self,
        rollup: &Rollup,
        all: &[K],
        key: impl Fn(Topic, Mode) -> K,
    ) -> Vec<(K, TotalItem)> {
        let sum = |one: K| -> Sum {
            let same =
                |line: &Line| matches!(line, Line::Consultation { topic, mode } if key(*topic, *mode) == one);
            rollup
                .sums
                .iter()
                .filter(|(slot, _)| self.slots.line(**slot).is_some_and(same))
                .map(|(_, s)| *s)
                .sum()
        };
        all.iter()
            .map(|&one| (one, sum(one)))
            .filter(|(_, sum)| *sum != Sum::ZERO)
            .map(|(one, sum)| (one, TotalItem::new(MeasureTotal::new(CONSULTATIONS, sum))))
            .collect()
    }

    fn topics(&self, rollup: &Rollup) -> Vec<TotalItem> {
        let found = self.consultations(rollup, Topic::ALL, |topic, _| topic);
        found
            .into_iter()
            .map(|(topic, item)| TotalItem {
                topic: Some(topic.code()),
                name: Some(topic.name().into()),
                ..item
            })
            .collect()
    }

    fn modes(&self, rollup: &Rollup) -> Vec<TotalItem> {
        let found = self.consultations(rollup, Mode::ALL, |_, mode| mode);
        found
            .into_iter()
            .map(|(mode, item)| TotalItem { mode: Some(mode.code()), name: Some(mode.name().into()), ..item })
            .collect()
    }
}
