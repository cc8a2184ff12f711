//! One report on its way into the database: what is asked, what became of it, and the judgement between.

use super::{StoreError, slots};
use crate::domain::calendar::ReportDay;
use crate::domain::quantity::Quantity;
use crate::domain::review::{self, Decision, Facts, Joint, Report, Verdict};
use crate::domain::slot::{Line, Slot, SlotBook};
use crate::domain::tally::{Channel, Entry, Review, Version};
use crate::domain::unit::UnitId;
use jiff::Timestamp;
use std::net::IpAddr;
use std::sync::Arc;

/// What the caller believes the current version to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing was said.
    None,
    /// `If-None-Match: *`: there is none yet.
    Absent,
    /// `If-Match: "n"`.
    Version(u32),
    /// `If-Match: *`: any, but there is one.
    Any,
}

/// A caller's key for a request that may be sent twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key.
    pub key: String,
    /// Digest of the request: the same key with another request is an error.
    pub request_hash: String,
}

/// What is done to a report.
#[derive(Debug, Clone)]
pub enum Act {
    /// The unit, or somebody for it, says what was done.
    Report {
        /// What it says.
        report: Report,
        /// Whether the sender belongs to another unit.
        on_behalf: bool,
        /// The door it came through.
        channel: Channel,
        /// The last instant at which it is on time.
        deadline: Timestamp,
        /// Whether it comes by an exception to a lock.
        exception: bool,
    },
    /// The office says what it thinks of it.
    Review {
        /// What.
        decision: Decision,
        /// Why.
        reason: String,
    },
}

impl Act {
    fn entries(&self) -> impl Iterator<Item = &Entry> {
        let report = if let Self::Report { report, .. } = self { Some(report) } else { None };
        report.into_iter().flat_map(Report::entries)
    }
}

/// A valid report, or a decision about one, on its way into the database.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The catalogue it was judged by.
    pub epoch: i64,
    /// The campaign's number.
    pub campaign: i32,
    /// The unit reported for.
    pub unit: UnitId,
    /// The day reported on.
    pub day: ReportDay,
    /// What it says.
    pub act: Act,
    /// What the caller believes the current version to be.
    pub precondition: Precondition,
    /// The caller's key.
    pub idempotency: Option<IdempotencyKey>,
    /// Who sends it.
    pub actor: i32,
    /// From where; none from the command line.
    pub address: Option<IpAddr>,
    /// When it was received.
    pub received_at: Timestamp,
}

/// What became of a submission.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It is durable, now or by an earlier request with the same key.
    Stored {
        /// The version that holds it.
        version: Arc<Version>,
        /// Whether it is the first of its report.
        created: bool,
    },
    /// It says what the current version says; nothing was written.
    Unchanged(Arc<Version>),
    /// A version exists and the caller named none.
    PreconditionRequired(Arc<Version>),
    /// The caller named another version than the current one.
    Stale(Option<Arc<Version>>),
    /// The key was used for another request.
    KeyReused,
    /// As the report stands, this cannot be: why, as a stable code.
    Refused(&'static str),
    /// Units or campaigns have changed since it was judged: judge again.
    Outdated,
}

impl Outcome {
    /// The version it tells of.
    pub(super) const fn version(&self) -> Option<&Arc<Version>> {
        match self {
            Self::Stored { version, .. }
            | Self::Unchanged(version)
            | Self::PreconditionRequired(version)
            | Self::Stale(Some(version)) => Some(version),
            Self::Stale(None) | Self::KeyReused | Self::Refused(_) | Self::Outdated => None,
        }
    }
}

/// A request whose key came earlier in the same batch.
pub(super) fn repeated(
    submission: &Submission,
    first: &Submission,
    outcome: &Outcome,
    created: bool,
) -> Outcome {
    match outcome {
        Outcome::Stored { version, .. } if submission.idempotency == first.idempotency => {
            Outcome::Stored { version: version.clone(), created }
        }
        _ => Outcome::KeyReused,
    }
}

/// Decides about one submission, given the current version of its report.
pub(super) fn judge(submission: &Submission, current: Option<&Arc<Version>>, book: &mut Lines) -> Outcome {
    let reviewing = matches!(submission.act, Act::Review { .. });
    match (submission.precondition, current) {
        (Precondition::Version(_) | Precondition::Any, None) => return Outcome::Stale(None),
        (Precondition::Version(n), Some(current)) if n != current.version => {
            return Outcome::Stale(Some(current.clone()));
        }
        (Precondition::Absent, Some(current)) => return Outcome::Stale(Some(current.clone())),
        (Precondition::None, None) if reviewing => return Outcome::Stale(None),
        (Precondition::None, Some(current)) if !reviewing => {
            return Outcome::PreconditionRequired(current.clone());
        }
        _ => {}
    }
    match (&submission.act, current) {
        (Act::Review { .. }, None) => Outcome::Stale(None),
        (Act::Review { decision, reason }, Some(current)) => {
            match review::decide(current, *decision, reason) {
                Verdict::Same => Outcome::Unchanged(current.clone()),
                Verdict::Refused(code) => Outcome::Refused(code),
                Verdict::New => Outcome::Stored {
                    version: Arc::new(current.decided(
                        *decision,
                        reason,
                        submission.actor,
                        submission.received_at,
                    )),
                    created: false,
                },
            }
        }
        (Act::Report { report, on_behalf, channel, deadline, exception }, current) => {
            let door =
                Door { on_behalf: *on_behalf, channel: *channel, deadline: *deadline, exception: *exception };
            judge_report(submission, report, &door, current, book)
        }
    }
}

/// How a report came in.
struct Door {
    on_behalf: bool,
    channel: Channel,
    deadline: Timestamp,
    exception: bool,
}

fn judge_report(
    submission: &Submission,
    report: &Report,
    door: &Door,
    current: Option<&Arc<Version>>,
    book: &mut Lines,
) -> Outcome {
    let figures = book.slots(report.figures.entries());
    let joint: Vec<Joint> = report
        .joint
        .iter()
        .map(|part| Joint { lead: part.lead, figures: book.slots(&part.entries) })
        .collect();
    let after = submission.received_at > door.deadline;
    let reason = review::own_reason(current.map(|current| &**current), &report.reason);
    if let Some(current) = current.filter(|current| current.counts()) {
        let same_figures = current.figures == figures && current.facts.joint == joint;
        let same_via = report.via.is_none() || report.via == current.facts.via;
        if same_figures && same_via && current.note == report.figures.note() {
            return Outcome::Unchanged(current.clone());
        }
        if reason.is_empty() && review::needs_reason(current, !same_figures, after) {
            return Outcome::Refused("reason_required");
        }
    }
    let version = Version {
        campaign: submission.campaign,
        day: submission.day,
        unit: submission.unit,
        version: current.map_or(1, |current| current.version + 1),
        review: Review::Submitted,
        figures,
        zero: report.is_zero(),
        late: current.map_or(after, |current| current.late),
        on_behalf: door.on_behalf,
        channel: door.channel,
        note: report.figures.note().to_owned(),
        actor: submission.actor,
        // A clock that was set back must not make a version older than the one it replaces.
        received_at: current
            .map_or(submission.received_at, |current| current.received_at.max(submission.received_at)),
        facts: Facts {
            reason: reason.to_owned(),
            via: report.via,
            exception: door.exception,
            own_review: false,
            joint,
        },
    };
    Outcome::Stored { version: Arc::new(version), created: current.is_none() }
}

/// The lines known, and those that this transaction adds.
pub(super) struct Lines {
    book: Arc<SlotBook>,
    grown: bool,
    pub(super) new: Vec<(Slot, Line)>,
}

impl Lines {
    pub(super) const fn new(book: Arc<SlotBook>) -> Self {
        Self { book, grown: false, new: Vec::new() }
    }

    /// Whether any of these names a line that is not known.
    pub(super) fn lack(&self, submissions: &[&Submission]) -> bool {
        let mut entries = submissions.iter().flat_map(|one| one.act.entries());
        entries.any(|entry| self.book.slot(&entry.line).is_none())
    }

    fn slots(&mut self, entries: &[Entry]) -> Vec<(Slot, Quantity)> {
        entries.iter().map(|entry| (self.slot(&entry.line), entry.quantity)).collect()
    }

    pub(super) async fn extend(
        &mut self,
        connection: &sea_orm::DatabaseTransaction,
    ) -> Result<(), StoreError> {
        slots::extend(Arc::make_mut(&mut self.book), connection).await?;
        self.grown = true;
        Ok(())
    }

    fn slot(&mut self, line: &Line) -> Slot {
        if let Some(slot) = self.book.slot(line) {
            return slot;
        }
        let slot = self.book.next();
        Arc::make_mut(&mut self.book).insert(slot, line.clone());
        self.new.push((slot, line.clone()));
        slot
    }

    pub(super) fn changed(self) -> Option<Arc<SlotBook>> {
        (self.grown || !self.new.is_empty()).then_some(self.book)
    }
}
