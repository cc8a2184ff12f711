//! The cells of a sheet, kept by what is there: nothing is made for what a sheet only claims to have.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Where a cell is, both from 1, as a spreadsheet shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Place {
    /// Row.
    pub row: u32,
    /// Column; 0 for a whole row.
    pub column: u32,
}

impl fmt::Display for Place {
    /// A1 style: `C7`; the row alone for a whole row.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&letters(self.column))?;
        if self.row > 0 { write!(f, "{}", self.row) } else { Ok(()) }
    }
}

/// The letters of a column: 1 is `A`, 28 is `AB`; empty for 0.
#[must_use]
pub fn letters(column: u32) -> String {
    let (mut rest, mut letters) = (column, Vec::new());
    while rest > 0 {
        letters.push(char::from(b'A' + u8::try_from((rest - 1) % 26).unwrap_or(0)));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Text, without white space at its ends. Texts that repeat are shared.
    Text(Arc<str>),
    /// A number.
    Number(f64),
    /// A number that the sheet shows as a date or time: days since the beginning of its calendar.
    Serial(f64),
    /// Yes or no.
    Flag(bool),
    /// What a formula failed with, such as `#REF!`.
    Error(Arc<str>),
}

impl fmt::Display for Cell {
    /// As text; a whole number without a point.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Error(text) => f.write_str(text),
            Self::Number(number) | Self::Serial(number) => write!(f, "{number}"),
            Self::Flag(flag) => f.write_str(if *flag { "TRUE" } else { "FALSE" }),
        }
    }
}

/// An area that is shown as one cell; both corners belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merge {
    /// Top left.
    pub first: Place,
    /// Bottom right.
    pub last: Place,
}

/// A sheet: rows that hold anything, each with its cells that do, in order.
#[derive(Debug, Clone, Default)]
pub struct Grid {
    rows: Vec<(u32, Vec<(u32, Cell)>)>,
    /// Merged areas of more than one cell, by their first row.
    merges: BTreeMap<u32, Vec<Merge>>,
    tallest_merge: u32,
    /// Days are counted from 1904.
    pub epoch_1904: bool,
    /// Names of other visible sheets that hold something and were not read.
    pub unread: Vec<String>,
}

impl Grid {
    /// Adds a row below those there are. Cells must be in the order of their columns.
    pub(super) fn push(&mut self, row: u32, cells: Vec<(u32, Cell)>) {
        if !cells.is_empty() {
            self.rows.push((row, cells));
        }
    }

    /// Notes a merged area.
    pub(super) fn merge(&mut self, merge: Merge) {
        if merge.first != merge.last {
            self.tallest_merge = self.tallest_merge.max(merge.last.row.saturating_sub(merge.first.row));
            self.merges.entry(merge.first.row).or_default().push(merge);
        }
    }

    /// Whether nothing is there.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows that hold anything: number and cells.
    #[must_use]
    pub fn rows(&self) -> &[(u32, Vec<(u32, Cell)>)] {
        &self.rows
    }

    /// The cell at a place.
    #[must_use]
    pub fn get(&self, place: Place) -> Option<&Cell> {
        let row = self.rows.binary_search_by_key(&place.row, |(row, _)| *row).ok()?;
        in_row(&self.rows[row].1, place.column)
    }

    /// The merged area that a place belongs to.
    #[must_use]
    pub fn merged(&self, place: Place) -> Option<Merge> {
        let first = place.row.saturating_sub(self.tallest_merge);
        let around = |merge: &&Merge| {
            (merge.first.row..=merge.last.row).contains(&place.row)
                && (merge.first.column..=merge.last.column).contains(&place.column)
        };
        self.merges.range(first..=place.row).flat_map(|(_, merges)| merges).find(around).copied()
    }

    /// The cell that is shown at a place: its own, or that of the merged area around it.
    #[must_use]
    pub fn shown(&self, place: Place) -> Option<&Cell> {
        self.get(place).or_else(|| self.get(self.merged(place)?.first))
    }
}

/// The cell of a column in a row.
#[must_use]
pub fn in_row(cells: &[(u32, Cell)], column: u32) -> Option<&Cell> {
    cells.binary_search_by_key(&column, |(column, _)| *column).ok().map(|at| &cells[at].1)
}

/// Something to be told about a place in a file: an error, or what is worth a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Where.
    pub place: Place,
    /// Stable code.
    pub code: &'static str,
    /// Named values for the sentence.
    pub args: Vec<(&'static str, String)>,
}

impl Remark {
    /// A remark without values.
    #[must_use]
    pub const fn new(place: Place, code: &'static str) -> Self {
        Self { place, code, args: Vec::new() }
    }

    /// Adds a value for the sentence.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.args.push((name, value.to_string()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_as_spreadsheets_do() {
        let at = |row, column| Place { row, column }.to_string();
        assert_eq!(
            [at(7, 3), at(1, 26), at(1, 27), at(9, 702), at(9, 703), at(1_048_576, 16_384)],
            ["C7", "Z1", "AA1", "ZZ9", "AAA9", "XFD1048576"]
        );
        assert_eq!((at(7, 0), at(0, 2)), ("7".into(), "B".into()));
    }

    #[test]
    fn a_merged_area_shows_its_first_cell() {
        let mut grid = Grid::default();
        let text = |text: &str| Cell::Text(text.into());
        grid.push(2, vec![(1, text("单位")), (2, text("宣传资料"))]);
        grid.push(3, vec![(2, text("《宪法》")), (3, text("《民法典》"))]);
        let place = |row, column| Place { row, column };
        grid.merge(Merge { first: place(2, 1), last: place(3, 1) });
        grid.merge(Merge { first: place(2, 2), last: place(2, 3) });
        assert_eq!(grid.shown(place(3, 1)), Some(&text("单位")));
        assert_eq!(grid.shown(place(2, 3)), Some(&text("宣传资料")));
        assert_eq!(grid.shown(place(3, 3)), Some(&text("《民法典》")));
        assert_eq!(grid.shown(place(4, 1)), None);
    }
}
