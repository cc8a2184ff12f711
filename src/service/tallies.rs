//! A unit sends its day's tally; anybody in scope looks at it and at its history.

use super::{App, Caller, Error, scope};
use crate::domain::access::Permission;
use crate::domain::calendar::{ReportDay, rfc3339};
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::fault::Fault;
use crate::domain::measure::CONSULTATIONS;
use crate::domain::quantity::Sum;
use crate::domain::slot::{Line, SlotBook};
use crate::domain::tally::{self, Channel, Draft, Figures, Version};
use crate::domain::unit::{Unit, UnitId};
pub use crate::store::{IdempotencyKey, Precondition};
use crate::store::{Listing, Outcome, Submission};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

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

/// What became of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is the first version.
    Created,
    /// It is a further version, or says what the current one says.
    Changed,
}

/// A report on its way in.
#[derive(Debug, Clone)]
pub struct Request {
    /// Identifier of the campaign.
    pub campaign: String,
    /// Code of the unit.
    pub unit: String,
    /// The day, as written.
    pub date: String,
    /// What it says.
    pub draft: Draft,
    /// What the caller believes the current version to be.
    pub precondition: Precondition,
    /// The caller's key.
    pub idempotency: Option<IdempotencyKey>,
    /// The door it comes through.
    pub channel: Channel,
}

/// Which reports are asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Code of the unit at the top.
    pub under: Option<String>,
    /// First day.
    pub from: Option<ReportDay>,
    /// Last day.
    pub to: Option<ReportDay>,
    /// submitted, accepted or returned.
    pub state: Option<String>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// At most so many.
    pub limit: Option<u32>,
}

/// Reads a day of an address or a query.
///
/// # Errors
/// `date_invalid` when it is none.
pub fn parse_day(text: &str, pointer: &str) -> Result<ReportDay, Error> {
    text.parse().map_err(|_| Error::invalid(Fault::new(pointer, "date_invalid")))
}

impl App {
    /// Stores a report durably, or says why not.
    ///
    /// # Errors
    /// Faults of the input, a missing or stale precondition, a reused key, or that the store is busy or gone. Nothing
    /// of a refused submission is stored.
    pub async fn submit(&self, caller: &Caller, request: &Request) -> Result<(TallyView, Stored), Error> {
        // Units or campaigns may change between judging and storing; judging again by the new state settles it.
        for _ in 0..5 {
            let catalogue = self.catalogue();
            let submission = self.judge(&catalogue, caller, request)?;
            let (campaign, unit) = (submission.campaign, submission.unit);
            let view = |version: &Version| self.view(&catalogue, version, campaign, unit).map(Box::new);
            return match self.store.submit(submission).await? {
                Outcome::Stored { version, created } => {
                    let stored = if created { Stored::Created } else { Stored::Changed };
                    Ok((*view(&version)?, stored))
                }
                Outcome::Unchanged(version) => Ok((*view(&version)?, Stored::Changed)),
                Outcome::PreconditionRequired(version) => Err(Error::PreconditionRequired(view(&version)?)),
                Outcome::Stale(version) => Err(Error::Stale(version.as_ref().map(view).transpose()?)),
                Outcome::KeyReused => Err(Error::KeyReused),
                Outcome::Outdated => continue,
            };
        }
        Err(Error::Busy)
    }

    /// Judges a report by the rules without storing it.
    ///
    /// # Errors
    /// As [`submit`](Self::submit), but for what the current version says.
    pub fn would_accept(&self, caller: &Caller, request: &Request) -> Result<(), Error> {
        self.judge(&self.catalogue(), caller, request).map(drop)
    }

    fn judge(&self, catalogue: &Catalogue, caller: &Caller, request: &Request) -> Result<Submission, Error> {
        let campaign = scope::campaign(catalogue, caller, &request.campaign)?;
        let unit = scope::unit(catalogue, caller, Permission::Submit, &request.unit)?;
        let day = parse_day(&request.date, "/date")?;
        let now = self.clock.now();
        let mut faults = Vec::new();
        if let Err(fault) = tally::check_day(&campaign, &catalogue.tree, unit.id, day, ReportDay::of(now)) {
            if fault.code == "campaign_locked" {
                return Err(Error::Locked);
            }
            faults.push(fault);
        }
        let figures = Figures::check(&request.draft, &campaign).map_err(|found| faults.extend(found));
        let Ok(figures) = figures else { return Err(Error::Invalid(faults)) };
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        Ok(Submission {
            epoch: catalogue.epoch,
            campaign: campaign.key,
            unit: unit.id,
            day,
            figures,
            precondition: request.precondition,
            idempotency: request.idempotency.clone(),
            actor: caller.actor.id,
            on_behalf: is_on_behalf(caller, unit.id),
            channel: request.channel,
            received_at: now,
            deadline: campaign.deadline_of(day),
        })
    }

    /// The current version of a report.
    ///
    /// # Errors
    /// `tally_unknown` when there is none; out of scope is not found.
    pub async fn tally(
        &self,
        caller: &Caller,
        campaign: &str,
        unit: &str,
        date: &str,
    ) -> Result<TallyView, Error> {
        let mut versions = self.versions(caller, campaign, unit, date).await?;
        versions.items.pop().ok_or(Error::NotFound("tally_unknown"))
    }

    /// Every version of a report; empty when there is none.
    ///
    /// # Errors
    /// Out of scope is not found.
    pub async fn versions(
        &self,
        caller: &Caller,
        campaign: &str,
        unit: &str,
        date: &str,
    ) -> Result<VersionsView, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let unit = scope::unit(&catalogue, caller, Permission::Read, unit)?;
        let day = parse_day(date, "/date")?;
        let versions = self.store.versions(campaign.key, day, unit.id).await?;
        let items = versions.iter().map(|version| self.view(&catalogue, version, campaign.key, unit.id));
        Ok(VersionsView { items: items.collect::<Result<_, _>>()?, next: None })
    }

    /// Current reports of a campaign in a caller's scope, a page at a time.
    ///
    /// # Errors
    /// Out of scope is not found; a cursor of another form is invalid.
    pub async fn tallies(
        &self,
        caller: &Caller,
        campaign: &str,
        filter: &Filter,
    ) -> Result<TalliesView, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let top = scope::asked(&catalogue, caller, Some(&campaign), filter.under.as_deref())?;
        let below = scope::reads_below(&catalogue, caller, top.id);
        let wanted = |version: &Version| {
            let inside = version.unit == top.id || (below && catalogue.tree.is_under(version.unit, top.id));
            inside && filter.state.as_ref().is_none_or(|state| state == version.review.code())
        };
        let limit = filter.limit.unwrap_or(self.limits.page).clamp(1, self.limits.page) as usize;
        let mut after = filter.cursor.as_deref().map(read_cursor).transpose()?;
        let mut found: Vec<Version> = Vec::new();
        // Pages of the campaign are read until enough are in scope or there are no more.
        loop {
            let listing = Listing {
                campaign: campaign.key,
                from: filter.from,
                to: filter.to,
                after,
                limit: Some(1_000),
            };
            let page = self.store.list(&listing).await?;
            let ended = page.len() < 1_000;
            after = page.last().map(|version| (version.day, version.unit)).or(after);
            found.extend(page.into_iter().filter(wanted));
            if ended || found.len() > limit {
                break;
            }
        }
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|last| format!("{}.{}", last.day.number(), last.unit.0));
        let items = found.iter().map(|version| self.view(&catalogue, version, campaign.key, version.unit));
        Ok(TalliesView { items: items.collect::<Result<_, _>>()?, next })
    }

    pub(super) fn view(
        &self,
        catalogue: &Catalogue,
        version: &Version,
        campaign: i32,
        unit: UnitId,
    ) -> Result<TallyView, Error> {
        let gone = || Error::Internal("a report of an unknown unit or campaign".into());
        let campaign = catalogue.campaign_by_key(campaign).ok_or_else(gone)?;
        let unit = catalogue.tree.get(unit).ok_or_else(gone)?;
        tally_view(campaign, unit, version, &self.store.slots())
            .ok_or_else(|| Error::Internal("a figure without a line".into()))
    }
}

/// Whether the caller sends figures of a unit that is not its own.
pub(super) fn is_on_behalf(caller: &Caller, unit: UnitId) -> bool {
    !caller.actor.grants.iter().any(|grant| grant.unit == Some(unit))
}

fn read_cursor(cursor: &str) -> Result<(ReportDay, UnitId), Error> {
    let read = || {
        let (day, unit) = cursor.split_once('.')?;
        Some((ReportDay::from_number(day.parse().ok()?).ok()?, UnitId(unit.parse().ok()?)))
    };
    read().ok_or_else(|| Error::invalid(Fault::new("/cursor", "cursor_invalid")))
}

fn tally_view(campaign: &Campaign, unit: &Unit, version: &Version, slots: &SlotBook) -> Option<TallyView> {
    let mut items = Vec::new();
    let mut consultations = Vec::new();
    let mut totals: Vec<(&str, Sum)> = Vec::new();
    for (slot, quantity) in &version.figures {
        let line = slots.line(*slot)?;
        let (count, bound) = (quantity.value(), quantity.bound().code());
        match line {
            Line::Item { measure, title } => {
                items.push(ItemView { measure: measure.to_string(), title: title.clone(), count, bound });
            }
            Line::Consultation { topic, mode } => consultations.push(ConsultationView {
                topic: topic.code(),
                mode: mode.code(),
                person_times: count,
                bound,
            }),
        }
        match totals.iter_mut().find(|(measure, _)| *measure == line.measure()) {
            Some((_, total)) => *total += quantity.sum(),
            None => totals.push((line.measure(), quantity.sum())),
        }
    }
    debug_assert_eq!(consultations.is_empty(), !totals.iter().any(|(measure, _)| *measure == CONSULTATIONS));
    Some(TallyView {
        campaign: campaign.id.to_string(),
        unit: unit.code.to_string(),
        date: version.day.to_string(),
        version: version.version,
        state: version.review.code(),
        late: version.late,
        receipt: format!("{}-{}-{}-{}", campaign.id, unit.code, version.day.number(), version.version),
        zero: version.zero && items.is_empty() && consultations.is_empty(),
        items,
        consultations,
        note: version.note.clone(),
        totals: totals.into_iter().map(|(measure, sum)| MeasureTotal::new(measure, sum)).collect(),
        received_at: rfc3339(version.received_at),
        on_behalf: version.on_behalf,
        channel: version.channel.code(),
    })
}
