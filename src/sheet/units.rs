//! From the rows of a sheet to units.

use super::date;
use super::grid::{Cell, Grid, Place, Remark};
use super::head;
use super::separated::trim;
use super::words::{Column, Vocabulary};
use crate::domain::calendar::ReportDay;
use crate::domain::privacy;
use crate::domain::unit::{UnitCode, UnitKind};
use std::collections::HashMap;

/// The longest name, in characters.
const MAX_NAME: usize = 100;

/// A unit as a sheet gives it. What the sheet has no column for is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitRow {
    /// Where its code stands.
    pub place: Place,
    /// Code.
    pub code: UnitCode,
    /// Name.
    pub name: String,
    /// Code of the unit above; an empty cell leaves it to the unit's code.
    pub parent: Option<UnitCode>,
    /// What sort it is.
    pub kind: Option<UnitKind>,
    /// First day; a blank cell is since ever.
    pub opened_on: Option<Option<ReportDay>>,
    /// Last day; a blank cell is for ever.
    pub closed_on: Option<Option<ReportDay>>,
    /// Place among its siblings.
    pub order: Option<i32>,
}

/// What a sheet says of units.
#[derive(Debug, Clone, Default)]
pub struct Units {
    /// In the order of the sheet.
    pub units: Vec<UnitRow>,
    /// What must be put right.
    pub errors: Vec<Remark>,
    /// Headings of columns that are not taken.
    pub left: Vec<String>,
}

/// Reads the units of a sheet.
#[must_use]
pub fn read(grid: &Grid) -> Units {
    let mut found = Units::default();
    let head = match head::find(grid, &Vocabulary::Units) {
        Ok(head) => head,
        Err(errors) => return Units { errors, ..found },
    };
    found.left = head.left().map(ToOwned::to_owned).collect();
    let row = Place { row: head.last_row, column: 0 };
    let (Some(code), Some(name)) = (head.column(&Column::Code), head.column(&Column::Name)) else {
        return Units { errors: vec![Remark::new(row, "column_missing_unit")], ..found };
    };
    let at = |column: Column| head.column(&column);
    let columns = Columns {
        code,
        name,
        parent: at(Column::Parent),
        kind: at(Column::Kind),
        opened_on: at(Column::OpenedOn),
        closed_on: at(Column::ClosedOn),
        order: at(Column::Order),
    };
    let mut seen: HashMap<UnitCode, u32> = HashMap::new();
    for (row, cells) in grid.rows().iter().filter(|(row, _)| *row > head.last_row) {
        let Some(unit) = columns.unit(grid, *row, cells, &mut found.errors) else { continue };
        match seen.insert(unit.code.clone(), *row) {
            Some(first) => found.errors.push(Remark::new(unit.place, "unit_twice").with("row", first)),
            None => found.units.push(unit),
        }
    }
    if found.units.is_empty() && found.errors.is_empty() {
        found.errors.push(Remark::new(row, "sheet_without_rows"));
    }
    found
}

struct Columns {
    code: u32,
    name: u32,
    parent: Option<u32>,
    kind: Option<u32>,
    opened_on: Option<u32>,
    closed_on: Option<u32>,
    order: Option<u32>,
}

impl Columns {
    fn unit(
        &self,
        grid: &Grid,
        row: u32,
        cells: &[(u32, Cell)],
        errors: &mut Vec<Remark>,
    ) -> Option<UnitRow> {
        let before = errors.len();
        let place = |column: u32| Place { row, column };
        let text =
            |column: u32| super::grid::in_row(cells, column).map(|cell| trim(&cell.to_string()).to_owned());
        let optional = |column: Option<u32>| column.and_then(|column| Some((place(column), text(column)?)));
        let mut fault = |place: Place, code: &'static str| errors.push(Remark::new(place, code));
        let code = match text(self.code) {
            Some(code) => UnitCode::new(&code).map_err(|_| fault(place(self.code), "code_invalid")).ok(),
            None => {
                fault(place(self.code), "field_missing");
                None
            }
        };
        let name = text(self.name).unwrap_or_default();
        if let Err(code) = privacy::line(&name, 1..=MAX_NAME, "name_invalid") {
            fault(place(self.name), code);
        }
        let parent = optional(self.parent)
            .and_then(|(at, parent)| UnitCode::new(&parent).map_err(|_| fault(at, "parent_unknown")).ok());
        let kind = optional(self.kind).and_then(|(at, kind)| {
            let named = |known: &&UnitKind| {
                known.code().eq_ignore_ascii_case(&kind)
                    || known.name() == kind
                    || known.name_en().eq_ignore_ascii_case(&kind)
            };
            let found = UnitKind::ALL.iter().find(named).copied();
            if found.is_none() {
                fault(at, "kind_unknown");
            }
            found
        });
        let mut day = |column: Option<u32>| {
            column.map(|column| {
                let cell = super::grid::in_row(cells, column)?;
                date::read(cell, grid.epoch_1904, None).map_err(|code| fault(place(column), code)).ok()
            })
        };
        let (opened_on, closed_on) = (day(self.opened_on), day(self.closed_on));
        if let (Some(Some(opened)), Some(Some(closed))) = (opened_on, closed_on)
            && closed < opened
        {
            fault(place(self.closed_on.unwrap_or(0)), "closed_before_opened");
        }
        let order = optional(self.order)
            .and_then(|(at, order)| order.parse().map_err(|_| fault(at, "limit_invalid")).ok());
        let code = code.filter(|_| errors.len() == before)?;
        Some(UnitRow { place: place(self.code), code, name, parent, kind, opened_on, closed_on, order })
    }
}

/// The kind that an administrative code tells: region, then by the township's number (GB/T 10114: 001–099 街道, 100–199 镇,
/// 200–399 乡, 400–599 treated as township), then village.
#[must_use]
pub fn kind_of(code: &UnitCode) -> Option<UnitKind> {
    let code = code.as_str();
    if !matches!(code.len(), 2 | 4 | 6 | 9 | 12) || !code.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let zero = |from: usize| code.get(from..).is_none_or(|rest| rest.bytes().all(|b| b == b'0'));
    if zero(6) {
        return Some(UnitKind::Region);
    }
    if !zero(9) {
        return Some(UnitKind::Village);
    }
    match code.get(6..9)?.parse().ok()? {
        1..=99 => Some(UnitKind::Subdistrict),
        100..=199 => Some(UnitKind::Town),
        200..=599 => Some(UnitKind::Township),
        _ => None,
    }
}

#[cfg(test)]
#[path = "units_tests.rs"]
mod tests;
