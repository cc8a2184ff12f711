//! What looks unusual about reports: gathering what they are looked at with, and telling it.

use super::tallies::{Request, is_lock, parse_day};
use super::{App, Caller, Error, scope, tallies};
use crate::domain::access::Permission;
use crate::domain::calendar::ReportDay;
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::fault::Fault;
use crate::domain::quality::{self, Drawn, Evidence, Past};
use crate::domain::quantity::Quantity;
use crate::domain::review::{self, Report};
use crate::domain::slot::{Line, Slot, SlotBook};
use crate::domain::tally::{self, Entry, Version};
use crate::domain::unit::UnitId;
use crate::i18n::Lang;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Something that looks unusual.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WarningView {
    /// JSON pointer into the report; empty for the whole.
    pub pointer: String,
    /// Stable code.
    pub code: String,
    /// With the numbers, in the reader's language.
    pub message: String,
    /// Whether it asks whoever reports for a word; the others are for whoever reviews.
    pub asks: bool,
}

/// What would become of a report: nothing of it is stored.
#[derive(Debug, Clone)]
pub struct Checked {
    /// Why it would be refused.
    pub faults: Vec<Fault>,
    /// What looks unusual.
    pub warnings: Vec<WarningView>,
}

/// How many earlier campaigns of a kind are a unit's past.
const EARLIER: usize = 3;

/// A report that is looked at.
struct Subject {
    unit: UnitId,
    day: ReportDay,
    entries: Vec<Entry>,
    leads: Vec<UnitId>,
}

fn entries(version: &Version, slots: &SlotBook) -> Vec<Entry> {
    of_figures(&version.figures, slots)
}

fn of_figures(figures: &[(Slot, Quantity)], slots: &SlotBook) -> Vec<Entry> {
    let entry = |(slot, quantity): &(Slot, Quantity)| {
        slots.line(*slot).map(|line| Entry { line: line.clone(), quantity: *quantity })
    };
    figures.iter().filter_map(entry).collect()
}

/// Whether a report says what a version says, in figures.
fn same_figures(current: &Version, report: &Report, slots: &SlotBook) -> bool {
    let joint = current.facts.joint.iter().map(|joint| (joint.lead, of_figures(&joint.figures, slots)));
    let parts = report.joint.iter().map(|part| (part.lead, part.entries.clone()));
    entries(current, slots) == report.figures.entries() && joint.eq(parts)
}

/// A warning in words; a measure is told by its name.
fn told(lang: Lang, campaign: &Campaign, fault: Fault) -> WarningView {
    let named = |code: &str| {
        let measure = campaign.measure(code);
        measure.map_or_else(|| code.to_owned(), |m| lang.pick(&m.name, &m.name_en).to_owned())
    };
    let values = fault
        .args
        .iter()
        .map(|(name, value)| (*name, if *name == "measure" { named(value) } else { value.clone() }));
    let values: Vec<(&str, String)> = values.collect();
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    WarningView {
        message: lang.words(&format!("warning-{}", fault.code), &values),
        asks: quality::asks(fault.code),
        code: fault.code.to_owned(),
        pointer: fault.pointer,
    }
}

impl App {
    /// What looks unusual about versions of a campaign, in their order.
    pub(super) async fn warnings(
        &self,
        catalogue: &Catalogue,
        caller: &Caller,
        campaign: &Arc<Campaign>,
        versions: &[Version],
    ) -> Result<Vec<Vec<WarningView>>, Error> {
        let slots = self.store.slots();
        let subject = |version: &Version| Subject {
            unit: version.unit,
            day: version.day,
            entries: entries(version, &slots),
            leads: version.facts.joint.iter().map(|joint| joint.lead).collect(),
        };
        let subjects: Vec<Subject> = versions.iter().map(subject).collect();
        self.look(catalogue, caller, campaign, &subjects).await
    }

    async fn look(
        &self,
        catalogue: &Catalogue,
        caller: &Caller,
        campaign: &Arc<Campaign>,
        subjects: &[Subject],
    ) -> Result<Vec<Vec<WarningView>>, Error> {
        let units: Vec<UnitId> =
            subjects.iter().map(|subject| subject.unit).collect::<BTreeSet<_>>().into_iter().collect();
        let earlier = catalogue
            .campaigns
            .iter()
            .filter(|other| other.kind == campaign.kind && other.window.first() < campaign.window.first());
        let mut past: HashMap<UnitId, Vec<Past>> = HashMap::new();
        for of in std::iter::once(campaign).chain(earlier.take(EARLIER)) {
            let days: Vec<ReportDay> = of.window.days().collect();
            let found = self.store.current(of.key, &days, &units).await?;
            // Only now: what was read may name lines that were not known before.
            let slots = self.store.slots();
            for version in found.iter().filter(|version| version.counts()) {
                let one = Past { day: version.day, entries: entries(version, &slots) };
                past.entry(version.unit).or_default().push(one);
            }
        }
        let mut drawn: HashMap<UnitId, BTreeMap<Arc<str>, i64>> = HashMap::new();
        for (_, entry) in self.store.ledger(campaign.key, &units).await? {
            if let Some(count) = entry.drawn() {
                *drawn.entry(entry.unit).or_default().entry(entry.title).or_default() += count;
            }
        }
        let reported = self.reported_leads(campaign, subjects).await?;
        let none = Vec::new();
        let mut all = Vec::with_capacity(subjects.len());
        for subject in subjects {
            let past = past.get(&subject.unit).unwrap_or(&none);
            let ledger = drawn.get(&subject.unit).into_iter().flatten();
            let ledger: Vec<Drawn> = ledger
                .map(|(title, drawn)| Drawn {
                    title: title.clone(),
                    drawn: *drawn,
                    handed_out: handed_out(past, campaign, subject.day, title),
                })
                .collect();
            let earlier: Vec<Past> = past.iter().filter(|past| past.day < subject.day).cloned().collect();
            let lead = |lead: &UnitId| {
                let name = catalogue.tree.get(*lead).map_or_else(String::new, |unit| unit.name());
                (name, reported.contains(&(subject.day, *lead)))
            };
            let leads: Vec<(String, bool)> = subject.leads.iter().map(lead).collect();
            let evidence = Evidence {
                kind: catalogue.tree.get(subject.unit).map(|unit| unit.kind()).unwrap_or_default(),
                day: subject.day,
                entries: &subject.entries,
                past: &earlier,
                ledger: &ledger,
                leads: &leads,
            };
            let warnings = quality::check(&evidence).into_iter();
            all.push(warnings.map(|fault| told(caller.lang, campaign, fault)).collect());
        }
        Ok(all)
    }

    /// Which leads of joint events have reported which days.
    async fn reported_leads(
        &self,
        campaign: &Campaign,
        subjects: &[Subject],
    ) -> Result<HashSet<(ReportDay, UnitId)>, Error> {
        let leads: BTreeSet<UnitId> = subjects.iter().flat_map(|subject| subject.leads.clone()).collect();
        if leads.is_empty() {
            return Ok(HashSet::new());
        }
        let days: BTreeSet<ReportDay> = subjects.iter().map(|subject| subject.day).collect();
        let (days, leads) = (Vec::from_iter(days), Vec::from_iter(leads));
        let found = self.store.current(campaign.key, &days, &leads).await?;
        Ok(found.iter().filter(|v| v.counts()).map(|version| (version.day, version.unit)).collect())
    }

    /// What would become of a report, without storing anything.
    ///
    /// # Errors
    /// Out of scope is not found; faults of the report itself are part of the answer.
    pub async fn check(&self, caller: &Caller, request: &Request) -> Result<Checked, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, &request.campaign)?;
        let unit = scope::unit(&catalogue, caller, Permission::Submit, &request.unit)?;
        let day = parse_day(&request.date, "/date")?;
        let now = self.clock.now();
        let mut faults = Vec::new();
        match tally::check_day(&campaign, &catalogue.tree, unit.id, day, now) {
            Err(fault) if is_lock(fault.code) => return Err(Error::Refused(fault.code)),
            day => faults.extend(day.err()),
        }
        let report = match Report::check(&request.draft, &campaign, &catalogue.tree, unit.id) {
            Ok(report) => report,
            Err(found) => {
                faults.extend(found);
                return Ok(Checked { faults, warnings: Vec::new() });
            }
        };
        let current = self.store.current(campaign.key, &[day], &[unit.id]).await?.pop();
        let slots = self.store.slots();
        let reason = review::own_reason(current.as_ref(), &report.reason);
        if let Some(current) = current.filter(|_| reason.is_empty())
            && review::needs_reason(
                &current,
                !same_figures(&current, &report, &slots),
                now > campaign.deadline_of(day),
            )
            && let Error::Invalid(found) = tallies::reason_required()
        {
            faults.extend(found);
        }
        let subject = Subject {
            unit: unit.id,
            day,
            leads: report.joint.iter().map(|part| part.lead).collect(),
            entries: report.figures.entries().to_vec(),
        };
        let mut warnings = self.look(&catalogue, caller, &campaign, &[subject]).await?;
        Ok(Checked { faults, warnings: warnings.pop().unwrap_or_default() })
    }

    /// What looks unusual about the current version of a report.
    ///
    /// # Errors
    /// Out of scope is not found.
    pub async fn warnings_of(&self, caller: &Caller, request: &Request) -> Result<Vec<WarningView>, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, &request.campaign)?;
        let unit = scope::unit(&catalogue, caller, Permission::Read, &request.unit)?;
        let day = parse_day(&request.date, "/date")?;
        let current = self.store.current(campaign.key, &[day], &[unit.id]).await?;
        Ok(self.warnings(&catalogue, caller, &campaign, &current).await?.pop().unwrap_or_default())
    }
}

/// Copies of a title that a unit handed out in this campaign on other days.
fn handed_out(past: &[Past], campaign: &Campaign, day: ReportDay, title: &str) -> i64 {
    let others = past.iter().filter(|past| past.day != day && campaign.window.contains(past.day));
    let of_title = |entry: &&Entry| match &entry.line {
        Line::Item { measure, title: other } => {
            measure.as_str() == "materials" && other.as_deref().unwrap_or_default() == title
        }
        Line::Consultation { .. } => false,
    };
    others.flat_map(|past| past.entries.iter().filter(of_title)).map(|e| i64::from(e.quantity.value())).sum()
}
