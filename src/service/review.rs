//! The office looks at what came in: accepts it, or sends it back with a reason.

use super::tallies::{IdempotencyKey, Precondition, TallyView, parse_day};
use super::{App, Caller, Error, scope};
use crate::domain::access::{self, Permission};
use crate::domain::calendar::ReportDay;
use crate::domain::catalogue::Catalogue;
use crate::domain::fault::Fault;
use crate::domain::review::{Decision, check_reason};
use crate::domain::tally::{Review, Version};
use crate::domain::unit::UnitId;
use crate::store::{Act, Listing, Submission};
use futures_util::future::join_all;
use schemars::JsonSchema;
use serde::Serialize;
use std::cmp::Ordering;

/// A decision on its way in.
#[derive(Debug, Clone)]
pub struct Request {
    /// Identifier of the campaign.
    pub campaign: String,
    /// Code of the unit.
    pub unit: String,
    /// The day, as written.
    pub date: String,
    /// `accept` or `return`.
    pub decision: String,
    /// Why; needed to return.
    pub reason: String,
    /// The version decided about; any when nothing was said.
    pub precondition: Precondition,
    /// The caller's key.
    pub idempotency: Option<IdempotencyKey>,
}

/// A report that waits for a decision.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WaitingView {
    /// The report, with what looks unusual.
    #[serde(flatten)]
    pub tally: TallyView,
    /// Name of the unit.
    pub name: String,
    /// Whether something unusual was not explained by a note or a reason.
    pub unexplained: bool,
}

/// Reports that wait for a decision.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct QueueView {
    /// Those with something unexplained first; then in the order of days and units.
    pub items: Vec<WaitingView>,
    /// How many wait in all, as far as was looked.
    pub waiting: usize,
    /// What to give as `cursor` for the next page.
    pub next: Option<String>,
}

impl App {
    /// Accepts a report or sends it back.
    ///
    /// # Errors
    /// Faults of the decision; `tally_unknown`; a stale version; `Refused` when the report is returned already, or when
    /// it would go back to a unit that a lock keeps from answering; `Forbidden` without the permission.
    pub async fn review(&self, caller: &Caller, request: &Request) -> Result<TallyView, Error> {
        match self.send(caller, |catalogue| self.judge_review(catalogue, caller, request)).await {
            Ok((view, _)) => Ok(view),
            Err(Error::Stale(None)) if request.precondition == Precondition::None => {
                Err(Error::NotFound("tally_unknown"))
            }
            Err(error) => Err(error),
        }
    }

    /// Decides about many reports, each by itself: what one is refused for does not keep another.
    ///
    /// # Errors
    /// None or too many at once; the errors of each are its result.
    pub async fn review_many(
        &self,
        caller: &Caller,
        requests: &[Request],
    ) -> Result<Vec<Result<TallyView, Error>>, Error> {
        let limit = self.limits.page as usize;
        if requests.is_empty() || requests.len() > limit {
            return Err(Error::invalid(Fault::new("/items", "items_count").with("limit", limit)));
        }
        // All at once, so that the writer commits them in one group.
        Ok(join_all(requests.iter().map(|request| self.review(caller, request))).await)
    }

    fn judge_review(
        &self,
        catalogue: &Catalogue,
        caller: &Caller,
        request: &Request,
    ) -> Result<Submission, Error> {
        let campaign = scope::campaign(catalogue, caller, &request.campaign)?;
        let unit = scope::unit(catalogue, caller, Permission::Review, &request.unit)?;
        let day = parse_day(&request.date, "/date")?;
        let mut faults = Vec::new();
        let decision = Decision::from_code(&request.decision);
        if decision.is_none() {
            faults.push(Fault::new("/decision", "decision_unknown"));
        }
        let reason = check_reason(&request.reason, "/reason", &mut faults);
        if decision == Some(Decision::Return) && reason.is_empty() {
            faults.push(Fault::new("/reason", "reason_required"));
        }
        let Some(decision) = decision.filter(|_| faults.is_empty()) else {
            return Err(Error::Invalid(faults));
        };
        let now = self.clock.now();
        if decision == Decision::Return
            && let Some(code) = campaign.locks.over(day, campaign.locked)
            && !campaign.locks.excepts(unit.id, day, now)
        {
            return Err(Error::Refused(code));
        }
        Ok(Submission {
            epoch: catalogue.epoch,
            campaign: campaign.key,
            unit: unit.id,
            day,
            act: Act::Review { decision, reason },
            precondition: request.precondition,
            idempotency: request.idempotency.clone(),
            actor: caller.actor.id,
            address: caller.address,
            received_at: now,
        })
    }

    /// Reports that wait for the caller's decision, those with something unexplained first.
    ///
    /// # Errors
    /// Out of scope is not found; `Forbidden` for who may not review there; a cursor of another form is invalid.
    pub async fn queue(
        &self,
        caller: &Caller,
        campaign: &str,
        under: Option<&str>,
        cursor: Option<&str>,
        order: QueueOrder,
    ) -> Result<QueueView, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let top = scope::asked(&catalogue, caller, Some(&campaign), under)?;
        let may = |unit: UnitId| access::may(&caller.actor, &catalogue.tree, Permission::Review, unit);
        if !may(top.id) {
            return Err(Error::Forbidden);
        }
        let after = cursor.map(read_place).transpose()?;
        let wanted = |version: &Version| {
            version.review == Review::Submitted
                && (version.unit == top.id || catalogue.tree.is_under(version.unit, top.id))
                && may(version.unit)
        };
        let mut waiting: Vec<Version> = Vec::new();
        let mut place = None;
        while waiting.len() < self.limits.review_queue {
            let listing =
                Listing { campaign: campaign.key, after: place, limit: Some(1_000), ..Listing::default() };
            let page = self.store.list(&listing).await?;
            place = page.last().map(|version| (version.day, version.unit)).or(place);
            let ended = page.len() < 1_000;
            waiting.extend(page.into_iter().filter(wanted));
            if ended {
                break;
            }
        }
        waiting.truncate(self.limits.review_queue);
        let views = self.views(&catalogue, caller, &waiting).await?;
        let warnings = self.warnings(&catalogue, caller, &campaign, &waiting).await?;
        let mut rows = Vec::with_capacity(waiting.len());
        for ((version, mut tally), warnings) in waiting.iter().zip(views).zip(warnings) {
            let unexplained = warnings.iter().any(|warning| warning.asks) && !tally.is_explained();
            tally.warnings = Some(warnings);
            let name = catalogue.tree.get(version.unit).map_or_else(String::new, |unit| unit.name().clone());
            rows.push(((!unexplained, version.day, version.unit), WaitingView { tally, name, unexplained }));
        }
        rows.sort_by(|(one, _), (other, _)| order.compare(*one, *other));
        let waiting = rows.len();
        let passed = |place: Place| after.is_some_and(|after| order.compare(place, after).is_le());
        let rows = rows.into_iter().filter(|(place, _)| !passed(*place));
        let limit = self.limits.page as usize;
        let mut page: Vec<(Place, WaitingView)> = rows.take(limit + 1).collect();
        let more = page.len() > limit;
        page.truncate(limit);
        let next = page.last().filter(|_| more).map(|((explained, day, unit), _)| {
            format!("{}.{}.{}", u8::from(*explained), day.number(), unit.0)
        });
        Ok(QueueView { items: page.into_iter().map(|(_, row)| row).collect(), waiting, next })
    }
}

/// In which order reports wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QueueOrder {
    /// Those with something unexplained first; then in the order of days and units.
    #[default]
    Unusual,
    /// In the order of days and units.
    Day,
    /// The last day first.
    LastDay,
}

impl QueueOrder {
    fn compare(self, one: Place, other: Place) -> Ordering {
        let by_day = (one.1, one.2).cmp(&(other.1, other.2));
        match self {
            Self::Unusual => one.cmp(&other),
            Self::Day => by_day,
            Self::LastDay => by_day.reverse(),
        }
    }
}

/// A place in the queue: whether all is explained, day, unit.
type Place = (bool, ReportDay, UnitId);

fn read_place(cursor: &str) -> Result<Place, Error> {
    let read = || {
        let (explained, rest) = cursor.split_once('.')?;
        let explained = match explained {
            "0" => false,
            "1" => true,
            _ => return None,
        };
        let (day, unit) = super::tallies::read_cursor(rest).ok()?;
        Some((explained, day, unit))
    };
    read().ok_or_else(|| Error::invalid(Fault::new("/cursor", "cursor_invalid")))
}
