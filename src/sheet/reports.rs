//! From the rows of a sheet to reports of units: one draft a unit and day, and the place of every figure in the sheet.

use super::grid::{Cell, Grid, Place, Remark, in_row};
use super::head::{self, Head};
use super::number::{self, Reading};
use super::words::{self, Column, Vocabulary};
use super::{date, separated::trim};
use crate::domain::calendar::ReportDay;
use crate::domain::campaign::Campaign;
use crate::domain::consultation::{Mode, Topic};
use crate::domain::measure::CONSULTATIONS;
use crate::domain::quantity::{Bound, Quantity, Sum};
use crate::domain::tally::{Count, Draft, DraftConsultation, DraftItem};
use crate::domain::unit::UnitId;
use std::collections::HashMap;

/// Faults beyond so many are counted and not kept.
pub const MAX_REMARKS: usize = 500;

/// Finds a unit by its code and its name as a sheet gives them, or says why not.
pub type FindUnit<'f> = dyn Fn(Option<&str>, Option<&str>) -> Result<UnitId, Remark> + 'f;

/// A unit's report of a day as the sheet has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The unit.
    pub unit: UnitId,
    /// Where it is named.
    pub unit_place: Place,
    /// The day.
    pub day: ReportDay,
    /// Where the day is written.
    pub day_place: Place,
    /// What it says, before it is judged.
    pub draft: Draft,
    /// Where each item of the draft stands.
    pub items: Vec<Place>,
    /// Where each consultation record of the draft stands.
    pub consultations: Vec<Place>,
    /// Where the remark stands.
    pub note: Place,
    /// Its consultations are one number without topic and mode.
    pub plain_consultations: bool,
}

impl Report {
    /// The place that a fault's pointer into the draft leads to.
    #[must_use]
    pub fn place(&self, pointer: &str) -> Place {
        let mut steps = pointer.split('/').skip(1);
        let (list, at) = (steps.next(), steps.next().and_then(|at| at.parse::<usize>().ok()));
        let place = match (list, at) {
            (Some("items"), Some(at)) => self.items.get(at),
            (Some("consultations"), Some(at)) => self.consultations.get(at),
            (Some("note"), _) => Some(&self.note),
            (Some("date"), _) => Some(&self.day_place),
            _ => None,
        };
        place.copied().unwrap_or(self.unit_place)
    }
}

/// What a sheet says, and what it does not speak of.
#[derive(Debug, Clone, Default)]
pub struct Reports {
    /// In the order of the sheet.
    pub reports: Vec<Report>,
    /// It has columns for measures.
    pub has_items: bool,
    /// It has columns for consultations.
    pub has_consultations: bool,
    /// It has a column for remarks.
    pub has_notes: bool,
    /// What must be put right.
    pub errors: Vec<Remark>,
    /// What is worth a look.
    pub warnings: Vec<Remark>,
    /// Headings of columns that are not taken.
    pub left: Vec<String>,
    /// Rows of units that reported nothing.
    pub blank: u32,
}

/// Reads the reports of a sheet. `day` is taken where the sheet has no column of dates.
#[must_use]
pub fn read(grid: &Grid, campaign: &Campaign, day: Option<ReportDay>, find: &FindUnit<'_>) -> Reports {
    let mut found = Reports::default();
    let head = match head::find(grid, &Vocabulary::Reports(campaign)) {
        Ok(head) => head,
        Err(errors) => return Reports { errors, ..found },
    };
    found.left = head.left().map(ToOwned::to_owned).collect();
    let reader = match Reader::new(grid, &head, campaign, day) {
        Ok(reader) => reader,
        Err(error) => return Reports { errors: vec![error], ..found },
    };
    found.has_items = reader.has_items;
    found.has_consultations = reader.has_consultations;
    found.has_notes = reader.note.is_some();
    let mut sums = Sums::default();
    let mut known: HashMap<(UnitId, ReportDay), usize> = HashMap::new();
    for (row, cells) in grid.rows().iter().filter(|(row, _)| *row > head.last_row) {
        if reader.sums(*row, cells, &mut sums, &mut found.warnings) {
            continue;
        }
        reader.row(*row, cells, find, &mut known, &mut sums, &mut found);
    }
    if !grid.unread.is_empty() {
        let names = grid.unread.join(", ");
        found
            .warnings
            .push(Remark::new(Place::default(), "sheets_unread").with("sheets", names.escape_debug()));
    }
    if found.reports.is_empty() && found.errors.is_empty() && found.blank == 0 {
        found.errors.push(Remark::new(Place { row: head.last_row, column: 0 }, "sheet_without_rows"));
    }
    found
}

/// Sums of columns since the beginning and since the last 小计.
#[derive(Default)]
struct Sums {
    all: HashMap<u32, Sum>,
    since: HashMap<u32, Sum>,
}

struct Reader<'g> {
    grid: &'g Grid,
    campaign: &'g Campaign,
    day: Option<ReportDay>,
    code: Option<u32>,
    name: Option<u32>,
    date: Option<u32>,
    note: Option<u32>,
    zero: Option<u32>,
    measure: Option<u32>,
    title: Option<u32>,
    bound: Option<u32>,
    topic: Option<u32>,
    mode: Option<u32>,
    /// Columns of counts.
    counts: Vec<(u32, Column)>,
    /// Columns of sums, each with the columns that it sums up.
    rows_sums: Vec<(u32, Vec<u32>)>,
    /// The first column of counts: a sum row says so before it.
    first_count: u32,
    has_items: bool,
    has_consultations: bool,
}

impl<'g> Reader<'g> {
    fn new(
        grid: &'g Grid,
        head: &Head,
        campaign: &'g Campaign,
        day: Option<ReportDay>,
    ) -> Result<Self, Remark> {
        let at = |column: Column| head.column(&column);
        let (measure, topic, mode) = (at(Column::Measure), at(Column::Topic), at(Column::Mode));
        let is_count = |column: &Column| {
            matches!(column, Column::Item { .. } | Column::Consultation { .. } | Column::Count)
        };
        let counts: Vec<(u32, Column)> = head
            .columns
            .iter()
            .filter(|(_, column, _)| is_count(column))
            .map(|(number, column, _)| (*number, column.clone()))
            .collect();
        let row = Place { row: head.last_row, column: 0 };
        let Some(first_count) = counts.iter().map(|(number, _)| *number).min() else {
            return Err(Remark::new(row, "column_missing_counts"));
        };
        let date = at(Column::Date);
        if date.is_none() && day.is_none() {
            return Err(Remark::new(row, "column_missing_date"));
        }
        let generic = counts.iter().find(|(_, column)| *column == Column::Count);
        if let (Some((number, _)), None, None, None) = (generic, measure, topic, mode) {
            return Err(Remark::new(Place { column: *number, ..row }, "column_missing_measure"));
        }
        let only_topics = measure.is_none() && generic.is_some();
        let is_item = |column: &Column| matches!(column, Column::Item { .. });
        let is_consultation = |column: &Column| matches!(column, Column::Consultation { .. });
        Ok(Self {
            grid,
            campaign,
            day,
            code: at(Column::Code),
            name: at(Column::Name),
            date,
            note: at(Column::Note),
            zero: at(Column::Zero),
            measure,
            title: at(Column::Title),
            bound: at(Column::Bound),
            topic,
            mode,
            rows_sums: sums_of(head),
            first_count,
            has_items: counts.iter().any(|(_, column)| is_item(column)) || measure.is_some(),
            has_consultations: counts.iter().any(|(_, column)| is_consultation(column))
                || only_topics
                || measure.is_some(),
            counts,
        })
    }

    /// Whether rows of one unit and day belong together: a line each.
    const fn is_long(&self) -> bool {
        self.measure.is_some() || self.topic.is_some() || self.mode.is_some()
    }

    /// A cell of a column that names something, which a merged area may stand for.
    fn named(&self, row: u32, column: Option<u32>) -> Option<(Place, &'g Cell)> {
        let place = Place { row, column: column? };
        self.grid.shown(place).map(|cell| (place, cell))
    }

    fn text(&self, row: u32, column: Option<u32>) -> Option<(Place, String)> {
        let (place, cell) = self.named(row, column)?;
        let text = trim(&cell.to_string()).to_owned();
        (!text.is_empty()).then_some((place, text))
    }

    /// Takes a row of sums: checked, and no report. Whether it is one.
    fn sums(&self, row: u32, cells: &[(u32, Cell)], sums: &mut Sums, warnings: &mut Vec<Remark>) -> bool {
        // A title or a topic may be called so; a unit, a day or a running number is not.
        let named = [self.measure, self.title, self.topic, self.mode, self.note];
        let labels =
            cells.iter().filter(|(number, _)| *number < self.first_count && !named.contains(&Some(*number)));
        let mut labels =
            labels.filter_map(|(_, cell)| if let Cell::Text(text) = cell { Some(text) } else { None });
        let Some(label) = labels.find(|text| words::is_sum(text)) else { return false };
        let part = words::plain(label).starts_with("小计") || words::plain(label).starts_with("sub");
        for (number, _) in &self.counts {
            let Reading::Count(Count::Whole(told), _) = number::read(in_row(cells, *number)) else {
                continue;
            };
            let of = if part { &sums.since } else { &sums.all };
            let right = of.get(number).copied().unwrap_or_default();
            if i64::try_from(told) != Ok(right.count) {
                let remark = Remark::new(Place { row, column: *number }, "sum_differs");
                warnings.push(remark.with("told", told).with("right", right.count));
            }
        }
        if part {
            sums.since.clear();
        }
        true
    }

    fn row(
        &self,
        row: u32,
        cells: &[(u32, Cell)],
        find: &FindUnit<'_>,
        known: &mut HashMap<(UnitId, ReportDay), usize>,
        sums: &mut Sums,
        found: &mut Reports,
    ) {
        let counts: Vec<(Place, &Column, Reading)> = self
            .counts
            .iter()
            .map(|(number, column)| {
                (Place { row, column: *number }, column, number::read(in_row(cells, *number)))
            })
            .filter(|(_, _, reading)| *reading != Reading::Blank)
            .collect();
        let zero = self.text(row, self.zero).is_some_and(|(_, text)| words::is_yes(&text));
        let (code, name) = (self.text(row, self.code), self.text(row, self.name));
        let figure = |(_, _, reading): &(Place, &Column, Reading)| {
            *reading != Reading::Count(Count::NotANumber, Bound::Exact)
        };
        let nameless = code.is_none() && name.is_none();
        if !zero && (counts.is_empty() || (nameless && !counts.iter().any(figure))) {
            // A unit that has reported nothing, or a line of words below the table: nothing to store.
            found.blank += u32::from(code.is_some() || name.is_some());
            return;
        }
        let before = found.errors.len();
        let unit_place =
            code.as_ref().or(name.as_ref()).map_or(Place { row, column: 0 }, |(place, _)| *place);
        let unit = match (&code, &name) {
            (None, None) => Err(Remark::new(unit_place, "unit_missing")),
            _ => find(
                code.as_ref().map(|(_, text)| text.as_str()),
                name.as_ref().map(|(_, text)| text.as_str()),
            )
            .map_err(|remark| Remark { place: unit_place, ..remark }),
        };
        let unit = unit.map_err(|remark| found.errors.push(remark)).ok();
        let day_place = Place { row, column: self.date.unwrap_or(0) };
        let day = match self.named(row, self.date) {
            Some((_, cell)) => date::read(cell, self.grid.epoch_1904, Some(self.campaign.window)),
            None if self.date.is_some() => Err("date_missing"),
            None => self.day.ok_or("date_missing"),
        };
        let day = day.map_err(|code| found.errors.push(Remark::new(day_place, code))).ok();
        let lines = self.lines(row, &counts, sums, &mut found.errors);
        self.check_rows(row, cells, &mut found.warnings);
        let (Some(unit), Some(day), Some(lines), true) = (unit, day, lines, found.errors.len() == before)
        else {
            return;
        };
        let at = match known.get(&(unit, day)) {
            Some(at) if self.is_long() => *at,
            Some(at) => {
                let first = found.reports[*at].unit_place.row;
                found.errors.push(Remark::new(unit_place, "report_twice").with("row", first));
                return;
            }
            None => {
                known.insert((unit, day), found.reports.len());
                found.reports.push(Report {
                    unit,
                    unit_place,
                    day,
                    day_place,
                    draft: Draft::default(),
                    items: Vec::new(),
                    consultations: Vec::new(),
                    note: Place { row, column: self.note.unwrap_or(0) },
                    plain_consultations: !self.is_long(),
                });
                found.reports.len() - 1
            }
        };
        let report = &mut found.reports[at];
        for (place, line) in lines {
            match line {
                Line::Item(item) => {
                    report.draft.items.push(item);
                    report.items.push(place);
                }
                Line::Consultation(record) => {
                    report.plain_consultations &= record.topic.is_none() && record.mode.is_none();
                    report.draft.consultations.push(record);
                    report.consultations.push(place);
                }
            }
        }
        report.draft.zero |= zero;
        if let Some((_, note)) = self.text(row, self.note)
            && report.draft.note != note
        {
            let gap = if report.draft.note.is_empty() { "" } else { "\n" };
            report.draft.note = format!("{}{gap}{note}", report.draft.note);
        }
    }

    fn lines(
        &self,
        row: u32,
        counts: &[(Place, &Column, Reading)],
        sums: &mut Sums,
        errors: &mut Vec<Remark>,
    ) -> Option<Vec<(Place, Line)>> {
        let before = errors.len();
        let told = self.text(row, self.bound);
        let given = told.as_ref().map(|(place, text)| words::bound(text).ok_or(*place)).transpose();
        let given = given.map_err(|place| errors.push(Remark::new(place, "bound_unknown"))).ok().flatten();
        let mut lines = Vec::with_capacity(counts.len());
        for (place, column, reading) in counts {
            let (count, written) = match reading {
                Reading::Count(count, bound) => (*count, given.unwrap_or(*bound)),
                Reading::Wrong(code) => {
                    errors.push(Remark::new(*place, code));
                    continue;
                }
                Reading::Blank => continue,
            };
            let written = Some(written.code().to_owned());
            match self.line(row, column, count, written) {
                Ok(line) => {
                    if let Count::Whole(n) = count
                        && let Ok(quantity) = Quantity::new(n, Bound::Exact)
                    {
                        *sums.all.entry(place.column).or_default() += quantity.sum();
                        *sums.since.entry(place.column).or_default() += quantity.sum();
                    }
                    lines.push((*place, line));
                }
                Err(remark) => errors.push(remark),
            }
        }
        (errors.len() == before).then_some(lines)
    }

    fn line(&self, row: u32, column: &Column, count: Count, bound: Option<String>) -> Result<Line, Remark> {
        let named = match (column, self.text(row, self.measure)) {
            (Column::Count, Some((place, text))) => {
                let column = Vocabulary::Reports(self.campaign).look(&text);
                column.filter(is_measured).ok_or_else(|| {
                    Remark::new(place, "measure_unknown").with("measure", text.escape_debug())
                })?
            }
            (Column::Count, None) if self.measure.is_some() => {
                let place = Place { row, column: self.measure.unwrap_or(0) };
                return Err(Remark::new(place, "field_missing"));
            }
            (Column::Count, None) => Column::Consultation { topic: None, mode: None },
            (column, _) => column.clone(),
        };
        match named {
            Column::Item { measure, title } => {
                let title =
                    title.or_else(|| self.text(row, self.title).map(|(_, text)| words::narrow_title(&text)));
                Ok(Line::Item(DraftItem { measure, title, count, bound }))
            }
            Column::Consultation { topic, mode } => Ok(Line::Consultation(DraftConsultation {
                topic: self
                    .coded(row, self.topic, topic, words::topic, "topic_unknown")?
                    .map(|topic: Topic| topic.code().into()),
                mode: self
                    .coded(row, self.mode, mode, words::mode, "mode_unknown")?
                    .map(|mode: Mode| mode.code().into()),
                person_times: count,
                bound,
            })),
            _ => Err(Remark::new(Place { row, column: 0 }, "measure_unknown").with("measure", CONSULTATIONS)),
        }
    }

    fn coded<T>(
        &self,
        row: u32,
        column: Option<u32>,
        of_column: Option<T>,
        read: fn(&str) -> Option<T>,
        code: &'static str,
    ) -> Result<Option<T>, Remark> {
        if of_column.is_some() {
            return Ok(of_column);
        }
        self.text(row, column)
            .map(|(place, text)| read(&text).ok_or_else(|| Remark::new(place, code)))
            .transpose()
    }

    /// Compares the sums that a row says of itself.
    fn check_rows(&self, row: u32, cells: &[(u32, Cell)], warnings: &mut Vec<Remark>) {
        let count = |number: u32| match number::read(in_row(cells, number)) {
            Reading::Count(Count::Whole(n), _) => Some(n),
            _ => None,
        };
        for (number, parts) in &self.rows_sums {
            let right: u64 = parts.iter().filter_map(|part| count(*part)).fold(0, u64::saturating_add);
            if let Some(told) = count(*number).filter(|told| *told != right && !parts.is_empty()) {
                let remark = Remark::new(Place { row, column: *number }, "sum_differs");
                warnings.push(remark.with("told", told).with("right", right));
            }
        }
    }
}

enum Line {
    Item(DraftItem),
    Consultation(DraftConsultation),
}

const fn is_measured(column: &Column) -> bool {
    matches!(column, Column::Item { .. } | Column::Consultation { .. })
}

/// Columns of sums and what they sum up: the columns left of them that count the same measure.
fn sums_of(head: &Head) -> Vec<(u32, Vec<u32>)> {
    let measure = |column: &Column| match column {
        Column::Item { measure, .. } => Some(measure.clone()),
        Column::Consultation { .. } => Some(CONSULTATIONS.to_owned()),
        _ => None,
    };
    let mut found = Vec::new();
    for (at, (number, _, _)) in
        head.columns.iter().enumerate().filter(|(_, (_, column, _))| *column == Column::Sum)
    {
        let left = &head.columns[..at];
        let of = left.last().and_then(|(_, column, _)| measure(column));
        let same = left.iter().rev().take_while(|(_, column, _)| of.is_some() && measure(column) == of);
        found.push((*number, same.map(|(number, _, _)| *number).collect()));
    }
    found
}

#[cfg(test)]
#[path = "reports_tests.rs"]
mod tests;
