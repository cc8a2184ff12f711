//! Reports as told: what they say, who said it, and what is different from the version before.

use super::quality::WarningView;
use super::{App, Caller, Error};
use crate::domain::access;
use crate::domain::calendar::rfc3339;
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::measure::CONSULTATIONS;
use crate::domain::quantity::{Quantity, Sum};
use crate::domain::slot::{Line, Slot, SlotBook};
use crate::domain::tally::{Review, Version};
use crate::domain::unit::UnitId;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

/// One measure of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ItemView {
    /// Code of the measure.
    pub measure: String,
    /// Title of the print, if one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Arc<str>>,
    /// The number as written.
    pub count: u32,
    /// exact, over, under or about.
    pub bound: &'static str,
}

/// One consultation record of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ConsultationView {
    /// What was asked about.
    pub topic: &'static str,
    /// How.
    pub mode: &'static str,
    /// How many, as written.
    pub person_times: u32,
    /// exact, over, under or about.
    pub bound: &'static str,
}

/// The total of one measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MeasureTotal {
    /// Code of the measure.
    pub measure: String,
    /// Sum of the numbers as written.
    pub count: i64,
    /// The least it can be.
    pub low: i64,
    /// The most it can be.
    pub high: i64,
    /// Whether every part was counted.
    pub exact: bool,
}

impl MeasureTotal {
    /// A sum under the code of its measure.
    #[must_use]
    pub fn new(measure: impl Into<String>, sum: Sum) -> Self {
        Self {
            measure: measure.into(),
            count: sum.count,
            low: sum.low,
            high: sum.high,
            exact: sum.is_exact(),
        }
    }
}

/// A unit's part in an event that another unit counts (联合开展).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct JointView {
    /// Code of the unit whose report the event is counted in.
    pub lead: String,
    /// The figures of the event, which are in no total of this report.
    pub items: Vec<ItemView>,
}

/// A figure as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LineFigure {
    /// The number.
    pub count: u32,
    /// exact, over, under or about.
    pub bound: &'static str,
}

/// Which line a change is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LineView {
    /// Code of the measure.
    pub measure: String,
    /// Title of the print.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Arc<str>>,
    /// Topic of a consultation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<&'static str>,
    /// Mode of a consultation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<&'static str>,
    /// Code of the unit that leads, in a joint event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead: Option<String>,
}

/// What is different in a line against the version before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LineChange {
    /// Which line.
    pub line: LineView,
    /// What it said before; null when it was not there.
    pub before: Option<LineFigure>,
    /// What it says now; null when it is gone.
    pub after: Option<LineFigure>,
}

/// A version of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TallyView {
    /// Identifier of the campaign.
    pub campaign: String,
    /// Code of the unit.
    pub unit: String,
    /// The day reported on.
    pub date: String,
    /// 1, 2, 3 …; also the ETag.
    pub version: u32,
    /// submitted, accepted or returned.
    pub state: &'static str,
    /// The first version came after the deadline.
    pub late: bool,
    /// Number of the receipt.
    pub receipt: String,
    /// Measures with their counts.
    pub items: Vec<ItemView>,
    /// Consultation records.
    pub consultations: Vec<ConsultationView>,
    /// A zero report.
    pub zero: bool,
    /// The remark.
    pub note: String,
    /// What the report adds up to, by measure.
    pub totals: Vec<MeasureTotal>,
    /// When this version was received, RFC 3339.
    pub received_at: String,
    /// Entered by somebody of another unit (代报).
    pub on_behalf: bool,
    /// The door it came through.
    pub channel: &'static str,
    /// Name of the account that sent this version, or decided.
    pub by: String,
    /// phone, wechat, paper, file or other: how the figures came to whoever entered them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<&'static str>,
    /// Why: of a correction, of unusual figures, or of the decision when the state is accepted or returned.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Came although the day was locked, by an exception.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub exception: bool,
    /// Whoever decided had sent the figures too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub self_reviewed: bool,
    /// Parts in events that other units count; in no total of this report.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub joint: Vec<JointView>,
    /// In a history: what is different from the version before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Vec<LineChange>>,
    /// What looks unusual, for reviewers and where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warnings: Option<Vec<WarningView>>,
}

/// The versions of a report, oldest first.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct VersionsView {
    /// Every version.
    pub items: Vec<TallyView>,
    /// Always null: a history is short.
    pub next: Option<String>,
}

/// Current reports of a campaign.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TalliesView {
    /// Reports in the order of days and units.
    pub items: Vec<TallyView>,
    /// What to give as `cursor` for the next page.
    pub next: Option<String>,
}

impl TallyView {
    /// Whether a word was given for what looks unusual.
    #[must_use]
    pub fn is_explained(&self) -> bool {
        !self.note.is_empty() || (self.state == Review::Submitted.code() && !self.reason.is_empty())
    }
}

/// What views are made with.
pub(super) struct Maker<'a> {
    catalogue: &'a Catalogue,
    slots: Arc<SlotBook>,
    names: HashMap<i32, String>,
}

impl App {
    /// Versions of one campaign as told, in their order.
    pub(super) async fn views(
        &self,
        catalogue: &Catalogue,
        caller: &Caller,
        versions: &[Version],
    ) -> Result<Vec<TallyView>, Error> {
        let names = self.names(caller, versions.iter().map(|version| version.actor)).await?;
        let maker = Maker { catalogue, slots: self.store.slots(), names };
        versions.iter().map(|version| maker.view(version).ok_or_else(unknown)).collect()
    }

    /// One version as told.
    pub(super) async fn view(
        &self,
        catalogue: &Catalogue,
        caller: &Caller,
        version: &Version,
    ) -> Result<TallyView, Error> {
        let names = self.names(caller, std::iter::once(version.actor)).await?;
        let maker = Maker { catalogue, slots: self.store.slots(), names };
        maker.view(version).ok_or_else(unknown)
    }

    /// The versions of one report as told, oldest first, each with what changed.
    pub(super) async fn history(
        &self,
        catalogue: &Catalogue,
        caller: &Caller,
        versions: &[Version],
    ) -> Result<Vec<TallyView>, Error> {
        let mut views = self.views(catalogue, caller, versions).await?;
        let maker = Maker::new(catalogue, self.store.slots());
        let before = std::iter::once(None).chain(versions.iter().map(Some));
        for ((view, after), before) in views.iter_mut().zip(versions).zip(before) {
            view.changes = Some(before.map(|before| maker.changes(before, after)).unwrap_or_default());
        }
        Ok(views)
    }

    /// Names of accounts. The caller's own is known without asking, so that a report costs no further look.
    pub(super) async fn names(
        &self,
        caller: &Caller,
        ids: impl Iterator<Item = i32>,
    ) -> Result<HashMap<i32, String>, Error> {
        let mut names = HashMap::from([(caller.actor.id, caller.actor.username.clone())]);
        let mut unknown = Vec::new();
        {
            let known = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            for id in ids {
                if let Some(link) = access::link_of(id) {
                    let word = caller.lang.words("page-link", &[("number", &link.to_string())]);
                    names.insert(id, word);
                    continue;
                }
                match known.get(&id) {
                    Some(name) => drop(names.insert(id, name.clone())),
                    None if !names.contains_key(&id) && !unknown.contains(&id) => unknown.push(id),
                    None => {}
                }
            }
        }
        if !unknown.is_empty() {
            let found = self.store.usernames(&unknown).await?;
            let mut known = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            // As many as sessions are remembered; beyond that all are looked up again.
            if known.len() + found.len() > self.limits.session_cache {
                known.clear();
            }
            known.extend(found.clone());
            names.extend(found);
        }
        Ok(names)
    }
}

fn unknown() -> Error {
    Error::Internal("a report of an unknown unit, campaign or line".into())
}

impl<'a> Maker<'a> {
    /// For views that need not say who sent them.
    pub(super) fn new(catalogue: &'a Catalogue, slots: Arc<SlotBook>) -> Self {
        Self { catalogue, slots, names: HashMap::new() }
    }
}

impl Maker<'_> {
    fn code(&self, unit: UnitId) -> String {
        self.catalogue.tree.get(unit).map_or_else(String::new, |unit| unit.code().to_string())
    }

    fn items(&self, figures: &[(Slot, Quantity)]) -> Option<Vec<ItemView>> {
        let mut items = Vec::with_capacity(figures.len());
        for (slot, quantity) in figures {
            if let Line::Item { measure, title } = self.slots.line(*slot)? {
                let (count, bound) = (quantity.value(), quantity.bound().code());
                items.push(ItemView { measure: measure.to_string(), title: title.clone(), count, bound });
            }
        }
        Some(items)
    }

    /// A version as told; none of an unknown unit, campaign or line.
    pub(super) fn view(&self, version: &Version) -> Option<TallyView> {
        let campaign: &Campaign = self.catalogue.campaign_by_key(version.campaign)?;
        let unit = self.catalogue.tree.get(version.unit)?;
        let items = self.items(&version.figures)?;
        let mut consultations = Vec::new();
        let mut totals: Vec<(&str, Sum)> = Vec::new();
        for (slot, quantity) in &version.figures {
            let line = self.slots.line(*slot)?;
            if let Line::Consultation { topic, mode } = line {
                consultations.push(ConsultationView {
                    topic: topic.code(),
                    mode: mode.code(),
                    person_times: quantity.value(),
                    bound: quantity.bound().code(),
                });
            }
            match totals.iter_mut().find(|(measure, _)| *measure == line.measure()) {
                Some((_, total)) => *total += quantity.sum(),
                None => totals.push((line.measure(), quantity.sum())),
            }
        }
        debug_assert_eq!(consultations.is_empty(), !totals.iter().any(|(code, _)| *code == CONSULTATIONS));
        let mut joint = Vec::with_capacity(version.facts.joint.len());
        for part in &version.facts.joint {
            joint.push(JointView { lead: self.code(part.lead), items: self.items(&part.figures)? });
        }
        Some(TallyView {
            campaign: campaign.id.to_string(),
            unit: unit.code().to_string(),
            date: version.day.to_string(),
            version: version.version,
            state: version.review.code(),
            late: version.late,
            receipt: format!("{}-{}-{}-{}", campaign.id, unit.code(), version.day.number(), version.version),
            zero: version.zero && items.is_empty() && consultations.is_empty(),
            items,
            consultations,
            note: version.note.clone(),
            totals: totals.into_iter().map(|(measure, sum)| MeasureTotal::new(measure, sum)).collect(),
            received_at: rfc3339(version.received_at),
            on_behalf: version.on_behalf,
            channel: version.channel.code(),
            by: self.names.get(&version.actor).cloned().unwrap_or_default(),
            via: version.facts.via.map(crate::domain::review::Via::code),
            reason: version.facts.reason.clone(),
            exception: version.facts.exception,
            self_reviewed: version.facts.own_review,
            joint,
            changes: None,
            warnings: None,
        })
    }

    /// Every line of a version; joint ones with their lead. A line that comes twice is summed as a reader would.
    fn lines(version: &Version) -> Vec<((Option<UnitId>, Slot), Quantity)> {
        let own = version.figures.iter().map(|(slot, quantity)| ((None, *slot), *quantity));
        let joint = version.facts.joint.iter().flat_map(|joint| {
            joint.figures.iter().map(|(slot, quantity)| ((Some(joint.lead), *slot), *quantity))
        });
        own.chain(joint).collect()
    }

    fn changes(&self, before: &Version, after: &Version) -> Vec<LineChange> {
        let (mut before, after) = (Self::lines(before), Self::lines(after));
        let figure =
            |quantity: Quantity| LineFigure { count: quantity.value(), bound: quantity.bound().code() };
        let mut changes = Vec::new();
        let mut left = Vec::new();
        for (key, quantity) in after {
            match before.iter().position(|(other, same)| *other == key && *same == quantity) {
                Some(at) => drop(before.remove(at)),
                None => left.push((key, quantity)),
            }
        }
        for (key, quantity) in left {
            let old = before.iter().position(|(other, _)| *other == key).map(|at| before.remove(at).1);
            changes.extend(self.change(key, old.map(figure), Some(figure(quantity))));
        }
        changes.extend(before.into_iter().filter_map(|(key, old)| self.change(key, Some(figure(old)), None)));
        changes
    }

    fn change(
        &self,
        (lead, slot): (Option<UnitId>, Slot),
        before: Option<LineFigure>,
        after: Option<LineFigure>,
    ) -> Option<LineChange> {
        let lead = lead.map(|lead| self.code(lead));
        let line = match self.slots.line(slot)? {
            Line::Item { measure, title } => {
                LineView { measure: measure.to_string(), title: title.clone(), topic: None, mode: None, lead }
            }
            Line::Consultation { topic, mode } => LineView {
                measure: CONSULTATIONS.to_owned(),
                title: None,
                topic: Some(topic.code()),
                mode: Some(mode.code()),
                lead,
            },
        };
        Some(LineChange { line, before, after })
    }
}
