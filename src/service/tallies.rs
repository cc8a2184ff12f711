//! A unit sends its day's tally; anybody in scope looks at it and at its history.

pub use super::tally_view::{
    ConsultationView, ItemView, JointView, LineChange, LineFigure, LineView, MeasureTotal, TalliesView,
    TallyView, VersionsView,
};
use super::{App, Caller, Error, scope};
use crate::domain::access::{self, Permission};
use crate::domain::calendar::ReportDay;
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::fault::Fault;
use crate::domain::measure::CONSULTATIONS;
use crate::domain::review::Report;
use crate::domain::slot::Line;
use crate::domain::tally::{self, Channel, Draft, Version};
use crate::domain::unit::UnitId;
use crate::store::{Act, Listing, Outcome, Submission};
pub use crate::store::{IdempotencyKey, Precondition};

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
    /// Only reports that have any of this measure.
    pub measure: Option<String>,
    /// The last day first.
    pub descending: bool,
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
        self.send(caller, |catalogue| self.judge(catalogue, caller, request)).await
    }

    /// Stores what `judge` makes of a request.
    pub(super) async fn send(
        &self,
        caller: &Caller,
        judge: impl Fn(&Catalogue) -> Result<Submission, Error>,
    ) -> Result<(TallyView, Stored), Error> {
        // Units or campaigns may change between judging and storing; judging again by the new state settles it.
        for _ in 0..5 {
            let catalogue = self.catalogue();
            let outcome = self.store.submit(judge(&catalogue)?).await?;
            let view = async |version: &Version| self.view(&catalogue, caller, version).await;
            return match outcome {
                Outcome::Stored { version, created } => {
                    let stored = if created { Stored::Created } else { Stored::Changed };
                    Ok((view(&version).await?, stored))
                }
                Outcome::Unchanged(version) => Ok((view(&version).await?, Stored::Changed)),
                Outcome::PreconditionRequired(version) => {
                    Err(Error::PreconditionRequired(Box::new(view(&version).await?)))
                }
                Outcome::Stale(Some(version)) => Err(Error::Stale(Some(Box::new(view(&version).await?)))),
                Outcome::Stale(None) => Err(Error::Stale(None)),
                Outcome::KeyReused => Err(Error::KeyReused),
                Outcome::Refused("reason_required") => Err(reason_required()),
                Outcome::Refused(code) => Err(Error::Refused(code)),
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
        let exception = match tally::check_day(&campaign, &catalogue.tree, unit.id, day, now) {
            Ok(exception) => exception,
            Err(fault) if is_lock(fault.code) => return Err(Error::Refused(fault.code)),
            Err(fault) => {
                faults.push(fault);
                false
            }
        };
        let report = Report::check(&request.draft, &campaign, &catalogue.tree, unit.id);
        let report = report.map_err(|found| faults.extend(found));
        let Ok(report) = report else { return Err(Error::Invalid(faults)) };
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        Ok(Submission {
            epoch: catalogue.epoch,
            campaign: campaign.key,
            unit: unit.id,
            day,
            act: Act::Report {
                report,
                on_behalf: is_on_behalf(caller, unit.id),
                channel: request.channel,
                deadline: campaign.deadline_of(day),
                exception,
            },
            precondition: request.precondition,
            idempotency: request.idempotency.clone(),
            actor: caller.actor.id,
            address: caller.address,
            received_at: now,
        })
    }

    /// The current version of a report; for who may review it, with what looks unusual.
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
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let unit = scope::unit(&catalogue, caller, Permission::Read, unit)?;
        let day = parse_day(date, "/date")?;
        let versions = self.store.current(campaign.key, &[day], &[unit.id]).await?;
        let mut views = self.views(&catalogue, caller, &versions).await?;
        let mut view = views.pop().ok_or(Error::NotFound("tally_unknown"))?;
        if access::may(&caller.actor, &catalogue.tree, Permission::Review, unit.id) {
            view.warnings = self.warnings(&catalogue, caller, &campaign, &versions).await?.pop();
        }
        Ok(view)
    }

    /// Every version of a report, each with what changed; empty when there is none.
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
        Ok(VersionsView { items: self.history(&catalogue, caller, &versions).await?, next: None })
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
            inside
                && filter.state.as_ref().is_none_or(|state| state == version.review.code())
                && filter.measure.as_ref().is_none_or(|measure| self.says(version, measure))
        };
        let limit = filter.limit.unwrap_or(self.limits.page).clamp(1, self.limits.page) as usize;
        let units = top.reach(below);
        let mut found = if units.len() <= catalogue.tree.size() / FEW {
            let units: Vec<UnitId> = units.map(|unit| unit.id).collect();
            self.tallies_of_few(&campaign, filter, units, limit, wanted).await?
        } else {
            self.tallies_of_many(&campaign, filter, limit, wanted).await?
        };
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|last| format!("{}.{}", last.day.number(), last.unit.0));
        Ok(TalliesView { items: self.views(&catalogue, caller, &found).await?, next })
    }

    /// Reads a campaign's reports in their order, until more than enough are wanted or there are no more.
    async fn tallies_of_many(
        &self,
        campaign: &Campaign,
        filter: &Filter,
        limit: usize,
        wanted: impl Fn(&Version) -> bool,
    ) -> Result<Vec<Version>, Error> {
        const PAGE: usize = 1_000;
        let mut listing = Listing {
            campaign: campaign.key,
            from: filter.from,
            to: filter.to,
            after: filter.cursor.as_deref().map(read_cursor).transpose()?,
            limit: u32::try_from(PAGE).ok(),
            descending: filter.descending,
        };
        let mut found: Vec<Version> = Vec::new();
        loop {
            let page = self.store.list(&listing).await?;
            let ended = page.len() < PAGE;
            listing.after = page.last().map(|version| (version.day, version.unit)).or(listing.after);
            found.extend(page.into_iter().filter(&wanted));
            if ended || found.len() > limit {
                return Ok(found);
            }
        }
    }

    /// The same for units whose reports are few among the campaign's: each is looked up by its key.
    async fn tallies_of_few(
        &self,
        campaign: &Campaign,
        filter: &Filter,
        mut units: Vec<UnitId>,
        limit: usize,
        wanted: impl Fn(&Version) -> bool,
    ) -> Result<Vec<Version>, Error> {
        const TOGETHER: usize = 500;
        let after = filter.cursor.as_deref().map(read_cursor).transpose()?;
        units.sort_unstable();
        let days = self.store.days(campaign.key).await?.into_iter();
        let days = days.filter(|day| filter.from.is_none_or(|from| from <= *day));
        let days = days.filter(|day| filter.to.is_none_or(|to| *day <= to));
        let keys = days.flat_map(|day| units.iter().map(move |unit| (day, *unit)));
        let mut keys: Vec<(ReportDay, UnitId)> = keys.collect();
        if filter.descending {
            keys.reverse();
        }
        let before = |after, key| if filter.descending { key < after } else { after < key };
        keys.retain(|key| after.is_none_or(|after| before(after, *key)));
        let mut found: Vec<Version> = Vec::new();
        for keys in keys.chunks(TOGETHER) {
            let keys: Vec<_> = keys.iter().map(|&(day, unit)| (campaign.key, day, unit)).collect();
            let mut page = self.store.current_of(&keys).await?;
            page.sort_unstable_by_key(|version| (version.day, version.unit));
            if filter.descending {
                page.reverse();
            }
            found.extend(page.into_iter().filter(&wanted));
            if found.len() > limit {
                break;
            }
        }
        Ok(found)
    }
}

impl App {
    /// Whether a report has any of a measure.
    fn says(&self, version: &Version, measure: &str) -> bool {
        let slots = self.store.slots();
        version.figures.iter().any(|(slot, _)| match slots.line(*slot) {
            Some(Line::Item { measure: other, .. }) => other.as_str() == measure,
            Some(Line::Consultation { .. }) => measure == CONSULTATIONS,
            None => false,
        })
    }
}
/// A part of the tree with fewer than one of so many units: its reports are looked up one by one instead of being picked
/// from all.
const FEW: usize = 50;

/// The fault of a correction after the deadline that does not say why.
pub(super) fn reason_required() -> Error {
    Error::invalid(Fault::new("/reason", "reason_required"))
}

/// Whether a fault of a day is told as a lock.
pub(super) fn is_lock(code: &str) -> bool {
    matches!(code, "campaign_locked" | "day_locked")
}

/// Whether the caller sends figures of a unit that is not its own.
pub(super) fn is_on_behalf(caller: &Caller, unit: UnitId) -> bool {
    !caller.actor.grants.iter().any(|grant| grant.unit == Some(unit))
}

pub(super) fn read_cursor(cursor: &str) -> Result<(ReportDay, UnitId), Error> {
    let read = || {
        let (day, unit) = cursor.split_once('.')?;
        Some((ReportDay::from_number(day.parse().ok()?).ok()?, UnitId(unit.parse().ok()?)))
    };
    read().ok_or_else(|| Error::invalid(Fault::new("/cursor", "cursor_invalid")))
}
