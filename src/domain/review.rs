//! What comes with the figures of a report: why, through which channel, whose event; and the office's word on it.

use super::campaign::Campaign;
use super::fault::Fault;
use super::privacy;
use super::quantity::Quantity;
use super::slot::Slot;
use super::tally::{self, Draft, Entry, Figures, MAX_LINES, Review, Version};
use super::unit::{UnitId, UnitTree};

/// The longest reason, in characters.
pub const MAX_REASON: usize = 500;
/// The most joint events one report may name.
pub const MAX_JOINT: usize = 20;

/// Through which channel figures reached whoever typed them for another unit (代报).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Via {
    /// 电话.
    Phone,
    /// 微信.
    Wechat,
    /// 纸质材料.
    Paper,
    /// 电子文件.
    File,
    /// Any other way.
    Other,
}

super::coded::coded!(Via {
    Phone = "phone", "电话", "Phone";
    Wechat = "wechat", "微信", "WeChat";
    Paper = "paper", "纸质材料", "Paper";
    File = "file", "电子文件", "File";
    Other = "other", "其他方式", "Another way";
});

/// A unit's part in an event that another unit leads and counts (联合开展). It is kept and never summed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joint {
    /// The unit whose report the event is counted in.
    pub lead: UnitId,
    /// The figures of the event, as this unit knows them.
    pub figures: Vec<(Slot, Quantity)>,
}

/// What is kept with a version besides its figures; for most versions nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Why: of a correction, of unusual figures, of a decision.
    pub reason: String,
    /// How the figures came to whoever entered them.
    pub via: Option<Via>,
    /// It came although the day was locked, by an exception.
    pub exception: bool,
    /// Whoever decided had sent the figures too.
    pub own_review: bool,
    /// Parts in events that others count.
    pub joint: Vec<Joint>,
}

/// A part in another unit's event, checked, before its lines have numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JointPart {
    /// The unit whose report the event is counted in.
    pub lead: UnitId,
    /// Its figures.
    pub entries: Vec<Entry>,
}

/// Everything that a valid report says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What counts.
    pub figures: Figures,
    /// What others count.
    pub joint: Vec<JointPart>,
    /// How the figures came to whoever enters them.
    pub via: Option<Via>,
    /// Why it is corrected, or unusual.
    pub reason: String,
}

impl Report {
    /// Judges a draft of a unit, and gives every fault it has.
    ///
    /// # Errors
    /// The faults, with pointers into the body of the contract.
    pub fn check(
        draft: &Draft,
        campaign: &Campaign,
        tree: &UnitTree,
        unit: UnitId,
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let figures = Figures::check(draft, campaign).map_err(|found| faults.extend(found));
        let joint = check_joint(draft, campaign, tree, unit, &mut faults);
        let via = draft.via.as_deref().filter(|via| !via.is_empty());
        let known = via.and_then(Via::from_code);
        if via.is_some() && known.is_none() {
            faults.push(Fault::new("/via", "via_unknown"));
        }
        let reason = check_reason(&draft.reason, "/reason", &mut faults);
        match figures {
            Ok(figures) if faults.is_empty() => Ok(Self { figures, joint, via: known, reason }),
            _ => Err(faults),
        }
    }

    /// Whether nothing was done: neither alone nor together with others.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.figures.is_zero() && self.joint.is_empty()
    }

    /// Every figure, those of others' events too.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.figures.entries().iter().chain(self.joint.iter().flat_map(|part| &part.entries))
    }
}

/// A reason without the space around it.
pub fn check_reason(reason: &str, pointer: &str, faults: &mut Vec<Fault>) -> String {
    privacy::words(reason, pointer, MAX_REASON, ["reason_too_long", "reason_invalid"], faults)
}

fn check_joint(
    draft: &Draft,
    campaign: &Campaign,
    tree: &UnitTree,
    unit: UnitId,
    faults: &mut Vec<Fault>,
) -> Vec<JointPart> {
    let lines: usize = draft.joint.iter().map(|part| part.items.len()).sum();
    if draft.joint.len() > MAX_JOINT || lines > MAX_LINES {
        faults.push(Fault::new("/joint", "too_many_lines").with("limit", MAX_LINES));
        return Vec::new();
    }
    let mut parts: Vec<JointPart> = Vec::with_capacity(draft.joint.len());
    for (at, part) in draft.joint.iter().enumerate() {
        let pointer = format!("/joint/{at}");
        if part.items.is_empty() {
            faults.push(Fault::new(format!("{pointer}/items"), "nothing_reported"));
        }
        let entries = tally::check_items(&part.items, campaign, &format!("{pointer}/items"), faults);
        let lead = tree.by_code(&part.lead).filter(|lead| tree.is_under(lead.id, campaign.unit));
        match lead {
            None => faults.push(Fault::new(format!("{pointer}/lead"), "unit_outside_campaign")),
            Some(lead) if lead.id == unit => {
                faults.push(Fault::new(format!("{pointer}/lead"), "joint_own_unit"));
            }
            Some(lead) => parts.push(JointPart { lead: lead.id, entries }),
        }
    }
    parts
}

/// What the office may say of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// It was checked and stands.
    Accept,
    /// It goes back with a reason and counts nothing until it is submitted again.
    Return,
}

impl Decision {
    /// Reads `accept` or `return`, or the state that they lead to.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "accept" | "accepted" => Some(Self::Accept),
            "return" | "returned" => Some(Self::Return),
            _ => None,
        }
    }

    /// The state it leads to.
    #[must_use]
    pub const fn state(self) -> Review {
        match self {
            Self::Accept => Review::Accepted,
            Self::Return => Review::Returned,
        }
    }
}

/// What a decision makes of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A new version in the decision's state.
    New,
    /// It stands so already.
    Same,
    /// It cannot be decided, with the code that says why.
    Refused(&'static str),
}

/// Judges a decision: a submitted report may be accepted or returned, an accepted one returned still; a returned one
/// waits for its unit, and is not accepted behind its back.
#[must_use]
pub fn decide(current: &Version, decision: Decision, reason: &str) -> Verdict {
    match (current.review, decision) {
        (Review::Submitted, _) | (Review::Accepted, Decision::Return) => Verdict::New,
        (Review::Accepted, Decision::Accept) => Verdict::Same,
        (Review::Returned, Decision::Return) if current.facts.reason == reason => Verdict::Same,
        (Review::Returned, _) => Verdict::Refused("tally_returned"),
    }
}

/// The unit's own reason. An answer may be sent back as it was read, with the words of whoever decided in it; these are
/// not the unit's.
#[must_use]
pub fn own_reason<'r>(current: Option<&Version>, reason: &'r str) -> &'r str {
    let echoed = current.is_some_and(|c| c.review != Review::Submitted && c.facts.reason == reason);
    if echoed { "" } else { reason }
}

/// Whether a report must say why: it changes figures that count, after the deadline of their day. What was sent back was
/// asked for, and a first report is late and nothing else.
#[must_use]
pub fn needs_reason(current: &Version, changes_figures: bool, after_deadline: bool) -> bool {
    current.counts() && changes_figures && after_deadline
}

impl Version {
    /// The version that a decision makes of this one: the same report, with the word of who decided.
    #[must_use]
    pub fn decided(
        &self,
        decision: Decision,
        reason: &str,
        actor: i32,
        received_at: jiff::Timestamp,
    ) -> Self {
        Self {
            version: self.version + 1,
            review: decision.state(),
            actor,
            received_at: self.received_at.max(received_at),
            facts: Facts {
                reason: reason.to_owned(),
                own_review: self.review == Review::Submitted && self.actor == actor,
                ..self.facts.clone()
            },
            ..self.clone()
        }
    }
}

#[cfg(test)]
#[path = "review_tests.rs"]
mod tests;
