//! The form of a report: from what stands to fields, from fields to a draft, and from a fault back to its field.
//!
//! Fields are named as the body of the API: `items.N.measure|title|count|bound`,
//! `consultations.N.topic|mode|person_times|bound`, `joint.N.lead|measure|title|count|bound`, `zero`, `note`, `reason`,
//! `via`; besides `version` and `key`, and `text` for a pasted report. Everything stays text as it was typed, so that a
//! form with faults shows what the person wrote.

use crate::domain::campaign::Kind;
use crate::domain::measure::CONSULTATIONS;
use crate::domain::tally::{Count, Draft, DraftConsultation, DraftItem, DraftJoint};
use crate::http::request::Query;
use crate::service::report::ReportView;
use std::collections::BTreeMap;

/// The measure that has titles.
pub(super) const TITLED: &str = "materials";
/// Rows beyond this are not read; a report holds fewer lines.
const ROWS: u16 = 999;
/// Empty rows offered for more titles.
const FREE_TITLES: usize = 2;
/// Rows offered for consultations, at least, and beyond those that are filled.
const RECORDS: (usize, usize) = (3, 2);
/// Empty rows added when a person asks for more.
const MORE: usize = 4;

/// A row of the form under a measure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) at: usize,
    pub(super) measure: String,
    pub(super) title: String,
    /// The title was offered and not typed, so that without a count the row says nothing.
    pub(super) given: bool,
    pub(super) count: String,
    pub(super) bound: String,
}

/// A row of the form for consultations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) at: usize,
    pub(super) topic: String,
    pub(super) mode: String,
    pub(super) count: String,
    pub(super) bound: String,
}

/// A row of the form for a figure of another unit's event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct JointRow {
    pub(super) at: usize,
    pub(super) lead: String,
    pub(super) measure: String,
    pub(super) title: String,
    pub(super) count: String,
    pub(super) bound: String,
}

/// The form as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) items: Vec<Item>,
    pub(super) consultations: Vec<Record>,
    pub(super) joint: Vec<JointRow>,
    pub(super) zero: bool,
    pub(super) note: String,
    /// Why; what stood there before is not offered again.
    pub(super) reason: String,
    pub(super) via: String,
    /// The version it was filled from; empty when there was none.
    pub(super) version: String,
    /// Makes a form that is sent twice count once.
    pub(super) key: String,
    /// A report text to be read.
    pub(super) text: String,
}

/// Which rows of the form the lines of a draft came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Places {
    items: Vec<usize>,
    consultations: Vec<usize>,
    /// For each lead, the rows of its figures.
    joint: Vec<Vec<usize>>,
}

impl Form {
    /// The form for a day, filled with what was reported before.
    pub(super) fn of(view: &ReportView, key: String) -> Self {
        let current = view.current();
        let mut form = Self {
            key,
            version: current.map(|tally| tally.version.to_string()).unwrap_or_default(),
            zero: current.is_some_and(|tally| tally.zero),
            note: current.map(|tally| tally.note.clone()).unwrap_or_default(),
            via: current.and_then(|tally| tally.via).unwrap_or_default().to_owned(),
            ..Self::default()
        };
        let mut reported = current.map(|tally| tally.items.clone()).unwrap_or_default();
        let offered = Kind::from_code(view.campaign.kind).map_or(&[][..], Kind::titles);
        for measure in view.campaign.measures.iter().filter(|measure| measure.code != CONSULTATIONS) {
            let titled = measure.code == TITLED;
            let offered = if titled { offered } else { &[""] };
            for title in offered {
                let of_row = |item: &mut crate::service::tallies::ItemView| {
                    item.measure == measure.code && item.title.as_deref().unwrap_or_default() == *title
                };
                let item = reported.extract_if(.., of_row).next();
                let (count, bound) =
                    item.map_or_else(Default::default, |item| (item.count.to_string(), item.bound));
                form.add(&measure.code, title, true, count, bound);
            }
            for item in reported.extract_if(.., |item| item.measure == measure.code) {
                let title = item.title.as_deref().unwrap_or_default();
                form.add(&measure.code, title, !title.is_empty(), item.count.to_string(), item.bound);
            }
            for _ in 0..if titled { FREE_TITLES } else { 0 } {
                form.add(&measure.code, "", false, String::new(), "");
            }
        }
        for record in current.map(|tally| tally.consultations.as_slice()).unwrap_or_default() {
            form.record(record.topic, record.mode, record.person_times.to_string(), record.bound);
        }
        for part in current.map(|tally| tally.joint.as_slice()).unwrap_or_default() {
            for item in &part.items {
                let title = item.title.as_deref().unwrap_or_default();
                form.part(&part.lead, &item.measure, title, item.count.to_string(), item.bound);
            }
        }
        form.part("", TITLED, "", String::new(), "");
        let (least, further) = RECORDS;
        while form.consultations.len()
            < least.max(view.current().map_or(0, |t| t.consultations.len() + further))
        {
            form.record("unspecified", "on_site", String::new(), "");
        }
        form
    }

    /// Adds empty rows for titles and consultations.
    pub(super) fn grow(&mut self) {
        for _ in 0..MORE {
            self.add(TITLED, "", false, String::new(), "");
            self.record("unspecified", "on_site", String::new(), "");
            self.part("", TITLED, "", String::new(), "");
        }
    }

    fn part(&mut self, lead: &str, measure: &str, title: &str, count: String, bound: &str) {
        let at = self.joint.last().map_or(0, |row| row.at + 1);
        let (lead, measure, title) = (lead.to_owned(), measure.to_owned(), title.to_owned());
        self.joint.push(JointRow { at, lead, measure, title, count, bound: bound.to_owned() });
    }

    pub(super) fn add(&mut self, measure: &str, title: &str, given: bool, count: String, bound: &str) {
        let at = self.items.last().map_or(0, |item| item.at + 1);
        let (measure, title, bound) = (measure.to_owned(), title.to_owned(), bound.to_owned());
        self.items.push(Item { at, measure, title, given, count, bound });
    }

    pub(super) fn record(&mut self, topic: &str, mode: &str, count: String, bound: &str) {
        let at = self.consultations.last().map_or(0, |record| record.at + 1);
        let (topic, mode, bound) = (topic.to_owned(), mode.to_owned(), bound.to_owned());
        self.consultations.push(Record { at, topic, mode, count, bound });
    }

    /// What was sent.
    pub(super) fn read(fields: &Query) -> Self {
        let mut items: BTreeMap<u16, Item> = BTreeMap::new();
        let mut consultations: BTreeMap<u16, Record> = BTreeMap::new();
        let mut joint: BTreeMap<u16, JointRow> = BTreeMap::new();
        let mut form = Self::default();
        for (name, value) in fields.pairs() {
            let value = value.to_owned();
            let mut parts = name.splitn(3, '.');
            let (list, at, field) = (parts.next(), parts.next(), parts.next());
            let at = at.and_then(|at| at.parse::<u16>().ok()).filter(|at| *at <= ROWS);
            match (list, at, field) {
                (Some("items"), Some(at), Some(field)) => {
                    let item = items.entry(at).or_insert_with(|| Item { at: at.into(), ..Item::default() });
                    match field {
                        "measure" => item.measure = value,
                        "title" => item.title = value,
                        "given" => item.given = true,
                        "count" => item.count = value,
                        "bound" => item.bound = value,
                        _ => {}
                    }
                }
                (Some("consultations"), Some(at), Some(field)) => {
                    let new = || Record { at: at.into(), ..Record::default() };
                    let record = consultations.entry(at).or_insert_with(new);
                    match field {
                        "topic" => record.topic = value,
                        "mode" => record.mode = value,
                        "person_times" => record.count = value,
                        "bound" => record.bound = value,
                        _ => {}
                    }
                }
                (Some("joint"), Some(at), Some(field)) => {
                    let new = || JointRow { at: at.into(), ..JointRow::default() };
                    let row = joint.entry(at).or_insert_with(new);
                    match field {
                        "lead" => row.lead = value,
                        "measure" => row.measure = value,
                        "title" => row.title = value,
                        "count" => row.count = value,
                        "bound" => row.bound = value,
                        _ => {}
                    }
                }
                (Some("reason"), None, None) => form.reason = value,
                (Some("via"), None, None) => form.via = value,
                (Some("zero"), None, None) => form.zero = !value.is_empty(),
                (Some("note"), None, None) => form.note = value,
                (Some("version"), None, None) => form.version = value,
                (Some("key"), None, None) => form.key = value,
                (Some("text"), None, None) => form.text = value,
                _ => {}
            }
        }
        form.items = items.into_values().collect();
        form.consultations = consultations.into_values().collect();
        form.joint = joint.into_values().collect();
        form
    }

    /// What the form says, without its empty rows, and where each line came from.
    pub(super) fn draft(&self) -> (Draft, Places) {
        let text = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
        let mut draft = Draft {
            zero: self.zero,
            note: self.note.clone(),
            reason: self.reason.clone(),
            via: text(&self.via),
            ..Draft::default()
        };
        let mut places = Places::default();
        for item in &self.items {
            let silent = item.given || item.title.trim().is_empty();
            if item.count.trim().is_empty() && silent {
                continue;
            }
            places.items.push(item.at);
            draft.items.push(DraftItem {
                measure: item.measure.clone(),
                title: text(&item.title),
                count: count(&item.count),
                bound: text(&item.bound),
            });
        }
        for record in self.consultations.iter().filter(|record| !record.count.trim().is_empty()) {
            places.consultations.push(record.at);
            draft.consultations.push(DraftConsultation {
                topic: text(&record.topic),
                mode: text(&record.mode),
                person_times: count(&record.count),
                bound: text(&record.bound),
            });
        }
        for row in &self.joint {
            let lead = row.lead.trim();
            if lead.is_empty() && row.count.trim().is_empty() && row.title.trim().is_empty() {
                continue;
            }
            let known = draft.joint.iter().position(|part| part.lead == lead);
            let part = known.unwrap_or_else(|| {
                draft.joint.push(DraftJoint { lead: lead.to_owned(), items: Vec::new() });
                places.joint.push(Vec::new());
                draft.joint.len() - 1
            });
            places.joint[part].push(row.at);
            draft.joint[part].items.push(DraftItem {
                measure: row.measure.clone(),
                title: text(&row.title),
                count: count(&row.count),
                bound: text(&row.bound),
            });
        }
        (draft, places)
    }
}

impl Places {
    /// The field that a pointer into the draft is about; empty for the whole form.
    pub(super) fn field(&self, pointer: &str) -> String {
        let mut parts = pointer.split('/').skip(1);
        let (list, at, field) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let at = at.and_then(|at| at.parse::<usize>().ok());
        match (list, at, field) {
            ("joint", Some(part), field) => self.joint.get(part).and_then(|rows| {
                let item = parts.next().and_then(|at| at.parse::<usize>().ok());
                let row = rows.get(item.unwrap_or_default())?;
                let within = if field == Some("items") { parts.next() } else { field };
                let known = |field: &&str| matches!(*field, "lead" | "measure" | "title" | "bound");
                Some(format!("joint.{row}.{}", within.filter(known).unwrap_or("count")))
            }),
            ("items", Some(at), field) => self.items.get(at).map(|row| {
                let field = field.filter(|field| matches!(*field, "title" | "bound")).unwrap_or("count");
                format!("items.{row}.{field}")
            }),
            ("consultations", Some(at), field) => self.consultations.get(at).map(|row| {
                let known = |field: &&str| matches!(*field, "topic" | "mode" | "bound");
                format!("consultations.{row}.{}", field.filter(known).unwrap_or("person_times"))
            }),
            ("zero" | "note" | "reason" | "via", None, None) => Some(list.to_owned()),
            _ => None,
        }
        .unwrap_or_default()
    }
}

/// A count as people type it: digits of either width, perhaps in groups of thousands.
pub(in crate::http::page) fn count(text: &str) -> Count {
    let plain: String = text.trim().chars().map(narrow).collect();
    if plain.is_empty() {
        return Count::Missing;
    }
    let (negative, plain) = match plain.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, plain.as_str()),
    };
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let whole = match whole.split(',').collect::<Vec<_>>().as_slice() {
        [one] => (*one).to_owned(),
        [first, rest @ ..] if (1..=3).contains(&first.len()) && rest.iter().all(|group| group.len() == 3) => {
            whole.replace(',', "")
        }
        _ => return Count::NotANumber,
    };
    if !digits(&whole) || !digits(fraction) {
        return Count::NotANumber;
    }
    match (negative, fraction.bytes().all(|b| b == b'0'), whole.parse::<u64>()) {
        (true, _, Ok(0)) if fraction.bytes().all(|b| b == b'0') => Count::Whole(0),
        (true, _, _) => Count::Negative,
        (false, false, _) => Count::Fraction,
        (false, true, Ok(whole)) => Count::Whole(whole),
        // Digits alone that do not fit are too many, not no number.
        (false, true, Err(_)) => Count::Whole(u64::MAX),
    }
}

/// The ASCII form of a full-width digit or mark.
fn narrow(c: char) -> char {
    match c {
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')).unwrap_or(c),
        '，' => ',',
        '．' => '.',
        '－' | '−' | '–' => '-',
        c => c,
    }
}

#[cfg(test)]
#[path = "form_tests.rs"]
mod tests;
