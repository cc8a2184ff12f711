//! Where the table of a sheet begins and what its columns hold: below title rows, under one or two rows of headings.

use super::grid::{Cell, Grid, Place, Remark, in_row};
use super::words::{Column, Vocabulary, base_noun, noun, plain};
use std::collections::HashMap;

/// Rows that are looked through for headings.
const MAX_TITLES: usize = 40;

/// The headings of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The last row of headings.
    pub last_row: u32,
    /// Columns that hold something known: number, meaning, heading.
    pub columns: Vec<(u32, Column, String)>,
}

impl Head {
    /// The number of the first column that holds this.
    #[must_use]
    pub fn column(&self, wanted: &Column) -> Option<u32> {
        self.columns.iter().find(|(_, column, _)| column == wanted).map(|(number, _, _)| *number)
    }

    /// Headings of columns that are known and not taken.
    pub fn left(&self) -> impl Iterator<Item = &str> {
        self.columns
            .iter()
            .filter(|(_, column, _)| *column == Column::Left)
            .map(|(_, _, heading)| heading.as_str())
    }
}

/// Finds the headings.
///
/// # Errors
/// `head_missing` when no row names a unit and anything else; otherwise every column that is not understood
/// (`column_unknown`, with the words most like it) or that two columns claim (`column_twice`).
pub fn find(grid: &Grid, vocabulary: &Vocabulary<'_>) -> Result<Head, Vec<Remark>> {
    let Some((top, bottom)) = rows(grid, vocabulary) else {
        let first = grid.rows().first().map_or(1, |(row, _)| *row);
        return Err(vec![Remark::new(Place { row: first, column: 0 }, "head_missing")]);
    };
    let mut faults = Vec::new();
    let mut columns: Vec<(u32, Column, String)> = Vec::new();
    for (number, above, below) in headings(grid, top, bottom) {
        let shown = if below.is_empty() || above == below {
            above.clone()
        } else {
            format!("{above} {below}").trim().to_owned()
        };
        match vocabulary.look_both(&above, &below) {
            Some(column) => columns.push((number, column, shown)),
            None => {
                let row = if below.is_empty() { top } else { bottom };
                let heading = if below.is_empty() { &above } else { &below };
                let near = vocabulary.nearest(heading).join(" / ");
                let fault = Remark::new(Place { row, column: number }, "column_unknown");
                faults.push(fault.with("heading", shown.escape_debug()).with("near", near));
            }
        }
    }
    part_by_title(&mut columns);
    let mut seen: HashMap<&Column, u32> = HashMap::new();
    for (number, column, heading) in &columns {
        if matches!(column, Column::Left | Column::Sum) {
            continue;
        }
        if let Some(first) = seen.insert(column, *number) {
            let fault = Remark::new(Place { row: bottom, column: *number }, "column_twice");
            let first = Place { row: 0, column: first };
            faults.push(fault.with("heading", heading.escape_debug()).with("first", first));
        }
    }
    if faults.is_empty() { Ok(Head { last_row: bottom, columns }) } else { Err(faults) }
}

fn words(cell: Option<&Cell>) -> String {
    match cell {
        Some(Cell::Text(text)) => text.split(['\n', '\r']).map(str::trim).collect(),
        Some(cell) => cell.to_string(),
        None => String::new(),
    }
}

fn is_unit(column: &Column) -> bool {
    matches!(column, Column::Code | Column::Name)
}

/// How many headings of a row are known, and whether one names the unit.
fn score(cells: &[(u32, Cell)], vocabulary: &Vocabulary<'_>) -> (usize, bool) {
    let known: Vec<Column> =
        cells.iter().filter_map(|(_, cell)| vocabulary.look(&words(Some(cell)))).collect();
    (known.len(), known.iter().any(is_unit))
}

/// The first and last row of the headings.
fn rows(grid: &Grid, vocabulary: &Vocabulary<'_>) -> Option<(u32, u32)> {
    let listed = grid.rows();
    for (at, (row, cells)) in listed.iter().enumerate().take(MAX_TITLES) {
        let (known, unit) = score(cells, vocabulary);
        if !unit {
            continue;
        }
        let below = listed.get(at + 1).filter(|(next, _)| *next == row + 1);
        let above = at.checked_sub(1).map(|at| &listed[at]).filter(|(before, _)| before + 1 == *row);
        let merged = |number: u32| grid.merged(Place { row: *row, column: number });
        let units = || {
            cells.iter().filter(|(_, cell)| {
                vocabulary.look(&words(Some(cell))).is_some_and(|column| is_unit(&column))
            })
        };
        // Measures above, the unit and titles in this row.
        if let Some((before, heads)) = above
            && heads
                .iter()
                .filter(|(_, cell)| {
                    matches!(
                        vocabulary.look(&words(Some(cell))),
                        Some(Column::Item { .. } | Column::Consultation { .. })
                    )
                })
                .count()
                > 0
            && units().all(|(number, _)| in_row(heads, *number).is_none())
            && heads.len() > 1
        {
            return Some((*before, *row));
        }
        // The unit and measures in this row, titles below.
        if let Some((next, titles)) = below
            && units().all(|(number, _)| in_row(titles, *number).is_none())
            && titles.iter().all(|(_, cell)| matches!(cell, Cell::Text(text) if !text.starts_with(|c: char| c.is_ascii_digit())))
            && (known + score(titles, vocabulary).0 >= 2 || units().any(|(number, _)| merged(*number).is_some_and(|area| area.last.row == *next)))
            && !titles.iter().any(|(_, cell)| super::words::is_sum(&words(Some(cell))) && titles.len() == 1)
        {
            return Some((*row, *next));
        }
        if known >= 2 {
            return Some((*row, *row));
        }
    }
    None
}

/// The headings of every column that has one: number, upper and lower. One row of headings has no lower ones.
fn headings(grid: &Grid, top: u32, bottom: u32) -> Vec<(u32, String, String)> {
    let shown = |row, column| words(grid.shown(Place { row, column }));
    let last = |row| {
        grid.rows()
            .iter()
            .find(|(number, _)| *number == row)
            .and_then(|(_, cells)| cells.last())
            .map_or(0, |(number, _)| *number)
    };
    let mut found = Vec::new();
    let mut group: Option<String> = None;
    for number in 1..=last(top).max(last(bottom)) {
        let above = shown(top, number);
        let below = if top == bottom { String::new() } else { shown(bottom, number) };
        if !above.is_empty() {
            group = Some(above.clone());
        }
        if above.is_empty() && below.is_empty() {
            continue;
        }
        // A heading over several columns that are not merged: the cells right of it are blank.
        let above = if above.is_empty() { group.clone().unwrap_or_default() } else { above };
        found.push((number, above, below));
    }
    found
}

/// Two columns of one measure are two prints when they are called by different names: 宣传单 and 宣传册. When only the verb
/// differs (印发资料, 发放资料) they count the same prints, and stay twice.
fn part_by_title(columns: &mut [(u32, Column, String)]) {
    for at in 0..columns.len() {
        let Column::Item { measure, title: None } = columns[at].1.clone() else { continue };
        let same: Vec<usize> = (0..columns.len())
            .filter(|other| columns[*other].1 == Column::Item { measure: measure.clone(), title: None })
            .collect();
        let mut names: Vec<String> = same.iter().map(|other| noun(&columns[*other].2)).collect();
        names.sort_unstable();
        names.dedup();
        if same.len() < 2 || names.len() < same.len() {
            continue;
        }
        for other in same {
            let heading = plain(&columns[other].2);
            let title = base_noun(&noun(&heading)).to_owned();
            columns[other].1 = Column::Item { measure: measure.clone(), title: Some(title) };
        }
    }
}

#[cfg(test)]
#[path = "head_tests.rs"]
mod tests;
