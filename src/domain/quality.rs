//! Does a report look right? Errors are judged elsewhere and refuse; what is found here is a warning and asks for a word.
//!
//! Figures of a drive are counts that grow by factors, not by steps, so a jump is measured on logarithms against the median
//! of the unit's own past, in units of the median absolute deviation: the z-score, with its mean and standard deviation, is
//! moved by the very outlier it should find.

use super::calendar::ReportDay;
use super::fault::Fault;
use super::measure::CONSULTATIONS;
use super::slot::Line;
use super::tally::Entry;
use super::unit::UnitKind;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many past values a jump is measured against, at least: the median of fewer says little.
pub const LEAST_HISTORY: usize = 4;

/// How many deviations from the median are a jump: the usual cut for the modified z-score (Iglewicz and Hoaglin, 1993).
const JUMP: f64 = 3.5;

/// The median absolute deviation of a normal distribution is its standard deviation divided by this.
const MAD_TO_DEVIATION: f64 = 1.4826;

/// The least deviation that is assumed, in logarithms. A unit that reported 100 every day has none, and 101 is no jump:
/// with this floor nothing between a quarter of the median and four times it is ever called one (e^(3.5 × 0.4) = 4.06).
/// The stalls of 4 December, two to three ordinary days, then need no excuse, and a zero too many is found.
const LEAST_DEVIATION: f64 = 0.4;

/// So many days in a row with nothing but hundreds look estimated, not counted.
const ROUND_DAYS: usize = 3;

/// Consultations per hundred copies seen in print: 0.1 % to 40 %, in thousandths.
const PER_COPY: (i64, i64) = (1, 400);

/// What a unit reported on a day that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// The day.
    pub day: ReportDay,
    /// Its figures.
    pub entries: Vec<Entry>,
}

/// A title's way through the print ledger of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// The title; empty for print without one.
    pub title: Arc<str>,
    /// Copies drawn (领用) so far.
    pub drawn: i64,
    /// Copies handed out (发放) on the other days.
    pub handed_out: i64,
}

/// What a report is looked at with.
#[derive(Debug, Clone)]
pub struct Evidence<'a> {
    /// What sort of unit reports.
    pub kind: UnitKind,
    /// The day reported on.
    pub day: ReportDay,
    /// The figures, items before consultations, each in the order of the report.
    pub entries: &'a [Entry],
    /// What the unit reported before, of this drive and of earlier ones, in any order.
    pub past: &'a [Past],
    /// Titles that the print ledger of the unit knows.
    pub ledger: &'a [Drawn],
    /// For each joint event the name of its lead, and whether that has reported the day.
    pub leads: &'a [(String, bool)],
}

/// Whether a warning asks whoever reports for a word; the others are for whoever reviews, and ask nothing: a quiet day
/// needs no excuse, and another unit's report is not this one's to explain.
#[must_use]
pub fn asks(code: &str) -> bool {
    !matches!(code, "below_band" | "lead_not_reported")
}

/// Everything that looks unusual, each with a pointer into the report and the numbers that a sentence needs.
#[must_use]
pub fn check(evidence: &Evidence<'_>) -> Vec<Fault> {
    let totals = totals(evidence.entries);
    let mut found = Vec::new();
    jumps(evidence, &totals, &mut found);
    bands(evidence, &totals, &mut found);
    same_as_yesterday(evidence, &mut found);
    round(evidence, &totals, &mut found);
    drawn(evidence, &mut found);
    per_copy(&totals, &mut found);
    let total = |code: &str| totals.get(code).map_or(0, |total| total.sum);
    let (hazards, fixed) = (total("hazards_found"), total("hazards_fixed"));
    if fixed > hazards {
        let at = totals.get("hazards_fixed").map_or_else(String::new, |total| total.pointer.clone());
        found.push(Fault::new(at, "fixed_more_than_found").with("found", hazards).with("fixed", fixed));
    }
    for (at, (name, _)) in evidence.leads.iter().enumerate().filter(|(_, (_, reported))| !reported) {
        found.push(Fault::new(format!("/joint/{at}/lead"), "lead_not_reported").with("unit", name));
    }
    found
}

/// A measure's sum and where its first line is.
struct Total {
    sum: i64,
    pointer: String,
}

fn totals(entries: &[Entry]) -> BTreeMap<String, Total> {
    let mut totals: BTreeMap<String, Total> = BTreeMap::new();
    let mut items = 0;
    for entry in entries {
        let pointer = if matches!(entry.line, Line::Item { .. }) {
            items += 1;
            format!("/items/{}/count", items - 1)
        } else {
            "/consultations".to_owned()
        };
        let new = || Total { sum: 0, pointer };
        totals.entry(entry.line.measure().to_owned()).or_insert_with(new).sum +=
            i64::from(entry.quantity.value());
    }
    totals
}

#[expect(clippy::cast_precision_loss, reason = "counts of a report are far below 2^52")]
fn jumps(evidence: &Evidence<'_>, today: &BTreeMap<String, Total>, found: &mut Vec<Fault>) {
    let past: Vec<BTreeMap<String, Total>> = evidence.past.iter().map(|past| totals(&past.entries)).collect();
    for (measure, total) in today.iter().filter(|(_, total)| total.sum > 0) {
        let sums = past.iter().filter_map(|past| past.get(measure)).map(|past| past.sum);
        let mut logs: Vec<f64> = sums.filter(|sum| *sum > 0).map(|sum| (sum as f64).ln()).collect();
        if logs.len() < LEAST_HISTORY {
            continue;
        }
        let middle = median(&mut logs);
        let mut distances: Vec<f64> = logs.iter().map(|log| (log - middle).abs()).collect();
        let deviation = (median(&mut distances) * MAD_TO_DEVIATION).max(LEAST_DEVIATION);
        if (((total.sum as f64).ln() - middle) / deviation).abs() > JUMP {
            let usual = middle.exp().round();
            found.push(
                Fault::new(&total.pointer, "jump")
                    .with("measure", measure)
                    .with("count", total.sum)
                    .with("usual", usual)
                    .with("days", logs.len()),
            );
        }
    }
}

/// The middle of some numbers, of which there is at least one.
fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let half = numbers.len() / 2;
    match numbers.len() {
        0 => 0.0,
        n if n % 2 == 1 => numbers[half],
        _ => f64::midpoint(numbers[half - 1], numbers[half]),
    }
}

/// What is seen in print, copies and person-times: a town or street, a county or district.
const fn band(kind: UnitKind, materials: bool) -> Option<(i64, i64)> {
    match (kind, materials) {
        (UnitKind::Town | UnitKind::Township | UnitKind::Subdistrict, true) => Some((100, 2_400)),
        (UnitKind::Town | UnitKind::Township | UnitKind::Subdistrict, false) => Some((5, 200)),
        (UnitKind::Region, true) => Some((3_000, 78_000)),
        (UnitKind::Region, false) => Some((60, 1_200)),
        _ => None,
    }
}

fn bands(evidence: &Evidence<'_>, today: &BTreeMap<String, Total>, found: &mut Vec<Fault>) {
    for (measure, materials) in [("materials", true), (CONSULTATIONS, false)] {
        let (Some(total), Some((low, high))) = (today.get(measure), band(evidence.kind, materials)) else {
            continue;
        };
        let code = match total.sum {
            0 => continue,
            n if n < low => "below_band",
            n if n > high => "above_band",
            _ => continue,
        };
        found.push(
            Fault::new(&total.pointer, code)
                .with("measure", measure)
                .with("count", total.sum)
                .with("low", low)
                .with("high", high),
        );
    }
}

fn on(past: &[Past], day: ReportDay) -> Option<&Past> {
    past.iter().find(|past| past.day == day)
}

fn same_as_yesterday(evidence: &Evidence<'_>, found: &mut Vec<Fault>) {
    let sorted = |entries: &[Entry]| {
        let mut lines: Vec<_> =
            entries.iter().map(|e| (e.line.clone(), e.quantity.value(), e.quantity.bound().code())).collect();
        lines.sort();
        lines
    };
    let worked = evidence.entries.iter().any(|entry| entry.quantity.value() > 0);
    if let Some(before) = on(evidence.past, evidence.day.plus(-1))
        && worked
        && sorted(&before.entries) == sorted(evidence.entries)
    {
        found.push(Fault::new("", "same_as_yesterday").with("day", before.day));
    }
}

fn round(evidence: &Evidence<'_>, today: &BTreeMap<String, Total>, found: &mut Vec<Fault>) {
    let hundreds = |n: i64| n > 0 && n % 100 == 0;
    let days = i32::try_from(ROUND_DAYS).unwrap_or(i32::MAX);
    for (measure, total) in today.iter().filter(|(_, total)| hundreds(total.sum)) {
        let was_round = |back: i32| {
            on(evidence.past, evidence.day.plus(-back))
                .and_then(|past| totals(&past.entries).get(measure).map(|total| total.sum))
                .is_some_and(hundreds)
        };
        if (1..days).all(was_round) {
            found.push(
                Fault::new(&total.pointer, "round_numbers")
                    .with("measure", measure)
                    .with("count", total.sum)
                    .with("days", ROUND_DAYS),
            );
        }
    }
}

fn drawn(evidence: &Evidence<'_>, found: &mut Vec<Fault>) {
    for (at, entry) in evidence.entries.iter().filter(|e| matches!(e.line, Line::Item { .. })).enumerate() {
        let Line::Item { measure, title } = &entry.line else { continue };
        let title = title.as_deref().unwrap_or_default();
        let known = evidence.ledger.iter().find(|drawn| &*drawn.title == title);
        let Some(known) = known.filter(|_| measure.as_str() == "materials") else { continue };
        let out = known.handed_out + i64::from(entry.quantity.value());
        if out > known.drawn {
            found.push(
                Fault::new(format!("/items/{at}/count"), "more_than_drawn")
                    .with("title", title)
                    .with("out", out)
                    .with("drawn", known.drawn),
            );
        }
    }
}

fn per_copy(today: &BTreeMap<String, Total>, found: &mut Vec<Fault>) {
    let (Some(copies), Some(asked)) = (today.get("materials"), today.get(CONSULTATIONS)) else { return };
    if copies.sum == 0 || asked.sum == 0 {
        return;
    }
    let (low, high) = PER_COPY;
    if asked.sum * 1000 < copies.sum * low || asked.sum * 1000 > copies.sum * high {
        let tenths = asked.sum * 1000 / copies.sum;
        found.push(
            Fault::new(&asked.pointer, "consultations_per_copy")
                .with("consultations", asked.sum)
                .with("materials", copies.sum)
                .with("rate", format!("{}.{}", tenths / 10, tenths % 10)),
        );
    }
}

#[cfg(test)]
#[path = "quality_tests.rs"]
mod tests;
