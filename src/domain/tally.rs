//! A unit's report of one day.

use super::calendar::ReportDay;
use super::campaign::Campaign;
use super::consultation::{Mode, Topic};
use super::fault::Fault;
use super::measure::CONSULTATIONS;
use super::privacy;
use super::quantity::{Bound, Quantity, QuantityError, Sum};
use super::review::Facts;
use super::slot::{Line, Slot};
use super::unit::{UnitId, UnitTree};
use jiff::Timestamp;

/// The most lines one report may have: every measure with a dozen titles each, and every topic by every mode.
pub const MAX_LINES: usize = 300;
/// The longest note, in characters.
pub const MAX_NOTE: usize = 1_000;
/// The longest title, in characters.
pub const MAX_TITLE: usize = 64;

/// A report as it came in, before it is judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// Measures with their counts.
    pub items: Vec<DraftItem>,
    /// Consultation records.
    pub consultations: Vec<DraftConsultation>,
    /// "We did nothing today", said on purpose.
    pub zero: bool,
    /// A remark.
    pub note: String,
    /// Parts in events that other units lead and count (联合开展).
    pub joint: Vec<DraftJoint>,
    /// Code of the channel through which the figures came.
    pub via: Option<String>,
    /// Why it is corrected, or unusual.
    pub reason: String,
}

/// A part in another unit's event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DraftJoint {
    /// Code of the unit that counts the event.
    pub lead: String,
    /// The event's measures with their counts.
    pub items: Vec<DraftItem>,
}

/// One measure of a [`Draft`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftItem {
    /// Code of the measure.
    pub measure: String,
    /// Title of the print.
    pub title: Option<String>,
    /// How many.
    pub count: Count,
    /// `exact` when absent.
    pub bound: Option<String>,
}

/// One consultation record of a [`Draft`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftConsultation {
    /// `unspecified` when absent.
    pub topic: Option<String>,
    /// `unspecified` when absent.
    pub mode: Option<String>,
    /// How many person-times.
    pub person_times: Count,
    /// `exact` when absent.
    pub bound: Option<String>,
}

/// A count as it came in: anything a person or a program may have put there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Count {
    /// A whole number from zero up.
    Whole(u64),
    /// Below zero.
    Negative,
    /// Not whole.
    Fraction,
    /// Some other thing than a number.
    NotANumber,
    /// Not given.
    #[default]
    Missing,
}

/// A figure under a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What is counted.
    pub line: Line,
    /// The figure as written.
    pub quantity: Quantity,
}

/// What a valid report says. Consultation records may repeat a topic and mode; items never repeat a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    entries: Vec<Entry>,
    note: String,
}

impl Figures {
    /// Judges a draft by the rules of the drive, and gives every fault it has, not only the first.
    ///
    /// # Errors
    /// The faults, with pointers into the body of the contract.
    pub fn check(draft: &Draft, campaign: &Campaign) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut entries = Vec::with_capacity(draft.items.len() + draft.consultations.len());
        if draft.items.len() + draft.consultations.len() > MAX_LINES {
            return Err(vec![Fault::new("/items", "too_many_lines").with("limit", MAX_LINES)]);
        }
        entries.extend(check_items(&draft.items, campaign, "/items", &mut faults));
        for (at, record) in draft.consultations.iter().enumerate() {
            let topic = coded(record.topic.as_deref(), Topic::from_code);
            let mode = coded(record.mode.as_deref(), Mode::from_code);
            if topic.is_none() {
                faults.push(Fault::new(format!("/consultations/{at}/topic"), "topic_unknown"));
            }
            if mode.is_none() {
                faults.push(Fault::new(format!("/consultations/{at}/mode"), "mode_unknown"));
            }
            let pointer = |field: &str| format!("/consultations/{at}/{field}");
            let bound = record.bound.as_deref();
            let quantity = quantity(record.person_times, bound, "person_times", pointer, &mut faults);
            if let (Some(topic), Some(mode), Some(quantity)) = (topic, mode, quantity) {
                entries.push(Entry { line: Line::Consultation { topic, mode }, quantity });
            }
        }
        if !draft.consultations.is_empty() && campaign.measure(CONSULTATIONS).is_none() {
            faults.push(Fault::new("/consultations", "consultations_not_counted"));
        }
        let empty = draft.items.is_empty() && draft.consultations.is_empty() && draft.joint.is_empty();
        if draft.zero && !empty {
            faults.push(Fault::new("/zero", "zero_with_items"));
        }
        if !draft.zero && empty {
            faults.push(Fault::new("", "nothing_reported"));
        }
        let note = check_note(&draft.note, &mut faults);
        if faults.is_empty() { Ok(Self { entries, note }) } else { Err(faults) }
    }

    /// The figures in the order they were given.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The remark.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }

    /// Whether nothing was done: a zero report, or figures that are all zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.entries.iter().all(|entry| entry.quantity.value() == 0)
    }
}

/// Judges a list of measures that lies at a pointer; each line may be there once.
pub(super) fn check_items(
    items: &[DraftItem],
    campaign: &Campaign,
    list: &str,
    faults: &mut Vec<Fault>,
) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let before = faults.len();
        // Most reports have no fault, so no pointer is written before one is found.
        let pointer = |field: &str| format!("{list}/{at}/{field}");
        let line = item_line(item, campaign, pointer, faults);
        let quantity = quantity(item.count, item.bound.as_deref(), "count", pointer, faults);
        if let (Some(line), Some(quantity), true) = (line, quantity, faults.len() == before) {
            // A report has a few lines, and never more than `MAX_LINES`.
            if entries.iter().any(|entry| entry.line == line) {
                let here = format!("{list}/{at}");
                faults.push(Fault::new(here, "item_duplicate").with("measure", &item.measure));
            } else {
                entries.push(Entry { line, quantity });
            }
        }
    }
    entries
}

fn item_line(
    item: &DraftItem,
    campaign: &Campaign,
    pointer: impl Fn(&str) -> String,
    faults: &mut Vec<Fault>,
) -> Option<Line> {
    let measure = match campaign.measure(&item.measure) {
        _ if item.measure == CONSULTATIONS => {
            faults.push(Fault::new(pointer("measure"), "consultations_as_item"));
            return None;
        }
        Some(measure) => measure.code.clone(),
        None => {
            let fault = Fault::new(pointer("measure"), "measure_unknown");
            faults.push(fault.with("measure", item.measure.escape_debug()));
            return None;
        }
    };
    let title = match item.title.as_deref().map(str::trim).filter(|title| !title.is_empty()) {
        None => None,
        Some(title) => match privacy::line(title, 1..=MAX_TITLE, "title_invalid") {
            Ok(title) => Some(title.into()),
            Err(code) => {
                faults.push(Fault::new(pointer("title"), code).with("limit", MAX_TITLE));
                return None;
            }
        },
    };
    Some(Line::Item { measure, title })
}

/// The default when nothing is given, `None` when the code is unknown.
fn coded<T: Default>(code: Option<&str>, read: fn(&str) -> Option<T>) -> Option<T> {
    code.map_or_else(|| Some(T::default()), read)
}

/// A figure whose count stands in `field`.
fn quantity(
    count: Count,
    bound: Option<&str>,
    field: &str,
    pointer: impl Fn(&str) -> String,
    faults: &mut Vec<Fault>,
) -> Option<Quantity> {
    let bound = coded(bound, Bound::from_code);
    if bound.is_none() {
        faults.push(Fault::new(pointer("bound"), "bound_unknown"));
    }
    let code = match count {
        Count::Whole(value) => match Quantity::new(value, bound?) {
            Ok(quantity) => return Some(quantity),
            Err(QuantityError::TooLarge) => "count_too_large",
            Err(QuantityError::InexactZero) => "bound_on_zero",
        },
        Count::Negative => "count_negative",
        Count::Fraction => "count_fractional",
        Count::NotANumber => "count_not_a_number",
        Count::Missing => "count_missing",
    };
    faults.push(Fault::new(pointer(field), code).with("limit", Quantity::MAX));
    None
}

fn check_note(note: &str, faults: &mut Vec<Fault>) -> String {
    privacy::words(note, "/note", MAX_NOTE, ["note_too_long", "note_invalid"], faults)
}

/// Whether a unit may report for a day at all, and whether it takes an exception to a lock to do so.
///
/// # Errors
/// Outside the window, in the future, on a day on which the unit is closed, outside the drive, or when the drive or the
/// day is locked and the unit has no exception that still runs.
pub fn check_day(
    campaign: &Campaign,
    tree: &UnitTree,
    unit: UnitId,
    day: ReportDay,
    now: Timestamp,
) -> Result<bool, Fault> {
    let today = ReportDay::of(now);
    if !tree.is_under(unit, campaign.unit) {
        Err(Fault::new("/unit", "unit_outside_campaign"))
    } else if !campaign.window.contains(day) {
        let (first, last) = (campaign.window.first(), campaign.window.last());
        Err(Fault::new("/date", "day_outside_window").with("first", first).with("last", last))
    } else if day > today {
        Err(Fault::new("/date", "day_in_future").with("today", today))
    } else if !tree.is_open(unit, day) {
        Err(Fault::new("/unit", "unit_closed"))
    } else {
        match campaign.locks.over(day, campaign.locked) {
            None => Ok(false),
            Some(_) if campaign.locks.excepts(unit, day, now) => Ok(true),
            Some("day_locked") => Err(Fault::new("/date", "day_locked")),
            Some(code) => Err(Fault::new("/campaign", code)),
        }
    }
}

/// Where a report stands in the review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Review {
    /// Received; counts.
    Submitted,
    /// Checked by the office; counts.
    Accepted,
    /// Sent back; counts zero until it is submitted again.
    Returned,
}

super::coded::coded!(Review {
    Submitted = "submitted", "已报", "Submitted";
    Accepted = "accepted", "已审", "Accepted";
    Returned = "returned", "已退回", "Returned";
});

/// Through which door a version came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// The API.
    Api,
    /// The form on a page.
    Form,
    /// A file.
    Import,
}

super::coded::coded!(Channel {
    Api = "api", "接口", "API";
    Form = "form", "网页", "Web form";
    Import = "import", "导入", "Import";
});

/// One version of the report of a unit for a day. Versions are only ever added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The drive's number.
    pub campaign: i32,
    /// The day reported on.
    pub day: ReportDay,
    /// The unit reported for.
    pub unit: UnitId,
    /// 1, 2, 3 …
    pub version: u32,
    /// Where it stands.
    pub review: Review,
    /// The figures, in the order they were given.
    pub figures: Vec<(Slot, Quantity)>,
    /// A zero report.
    pub zero: bool,
    /// The first version of this report came after the deadline. A correction of a timely report is not late.
    pub late: bool,
    /// Entered by somebody of another unit (代报).
    pub on_behalf: bool,
    /// The door it came through.
    pub channel: Channel,
    /// The remark.
    pub note: String,
    /// Who sent it.
    pub actor: i32,
    /// When it was received.
    pub received_at: Timestamp,
    /// What comes with the figures.
    pub facts: Facts,
}

impl Version {
    /// What it is found by: campaign, day, unit and number.
    #[must_use]
    pub const fn key(&self) -> (i32, ReportDay, UnitId, u32) {
        (self.campaign, self.day, self.unit, self.version)
    }

    /// Whether its figures count: a returned report is not summed until it is submitted again.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.review != Review::Returned
    }

    /// Sum by slot.
    pub fn sums(&self) -> impl Iterator<Item = (Slot, Sum)> {
        self.figures.iter().map(|(slot, quantity)| (*slot, quantity.sum()))
    }
}

#[cfg(test)]
#[path = "tally_tests.rs"]
mod tests;
