//! Tables as people keep them: reading and writing CSV and XLSX.
//!
//! Pure: bytes in, a [`Grid`] or records with their places out, and the other way. What the records mean for the
//! database is the affair of the service.

pub mod book;
pub mod date;
mod encoding;
pub mod grid;
pub mod head;
pub mod number;
mod package;
pub mod reports;
pub mod separated;
pub mod units;
pub mod words;
mod xlsx;

pub use grid::{Cell, Grid, Place, Remark};

use crate::domain::fault::Fault;

/// Limits on a file and on what it unpacks to. They hold before anything is allocated for what a file claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub file_bytes: usize,
    /// Bytes that a workbook may unpack to, over all its parts.
    pub inflated_bytes: u64,
    /// How many times its packed size a part may unpack to. Sheets of an office reach 40.
    pub ratio: u64,
    /// Parts of a workbook.
    pub entries: usize,
    /// The last row that may hold anything.
    pub rows: u32,
    /// The last column that may hold anything.
    pub columns: u32,
    /// Cells that hold anything.
    pub cells: usize,
    /// Texts that cells share, and formats.
    pub strings: usize,
    /// Merged areas.
    pub merges: usize,
}

impl Limits {
    /// For what comes over the network.
    pub const REMOTE: Self = Self {
        file_bytes: 8 * 1024 * 1024,
        inflated_bytes: 96 * 1024 * 1024,
        ratio: 200,
        entries: 1_000,
        rows: 100_000,
        columns: 400,
        cells: 1_000_000,
        strings: 300_000,
        merges: 50_000,
    };

    /// A nation's table of units, some 700 000 rows.
    pub const NATION: Self = Self {
        file_bytes: 48 * 1024 * 1024,
        inflated_bytes: 320 * 1024 * 1024,
        rows: 1_048_576,
        cells: 6_000_000,
        strings: 2_000_000,
        ..Self::REMOTE
    };

    /// For what an administrator reads from a file: the units of the whole country fit.
    pub const LOCAL: Self = Self {
        file_bytes: 256 * 1024 * 1024,
        inflated_bytes: 1024 * 1024 * 1024,
        rows: 1_048_576,
        cells: 8_000_000,
        strings: 4_000_000,
        ..Self::REMOTE
    };
}

/// The longest text in a cell: what Excel takes.
const MAX_TEXT: usize = 32_767;

/// A file cannot be read as a table: a stable code and the values of its sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct Unreadable {
    /// Stable code such as `sheet_too_many_rows`.
    pub code: &'static str,
    /// Named values for the sentence.
    pub args: Vec<(&'static str, String)>,
}

impl Unreadable {
    const fn new(code: &'static str) -> Self {
        Self { code, args: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.args.push((name, value.to_string()));
        self
    }
}

impl From<Unreadable> for Fault {
    fn from(unreadable: Unreadable) -> Self {
        Self { pointer: String::new(), code: unreadable.code, args: unreadable.args }
    }
}

/// What a file is, by its first bytes: the name and the announced type of a file are often wrong.
fn is_package(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK")
}

/// Reads a CSV file or the first visible sheet of an XLSX workbook.
///
/// # Errors
/// When the file is no table, is of another kind (such as the old `.xls`), is damaged, or goes beyond a limit.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Grid, Unreadable> {
    if bytes.len() > limits.file_bytes {
        return Err(Unreadable::new("sheet_too_large").with("limit", limits.file_bytes));
    }
    let grid = if is_package(bytes) {
        xlsx::read(bytes, limits)?
    } else if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return Err(Unreadable::new(package::compound_kind(bytes)));
    } else {
        separated::read(&encoding::decode(bytes)?, limits)?
    };
    if grid.is_empty() { Err(Unreadable::new("sheet_empty")) } else { Ok(grid) }
}

#[cfg(test)]
mod forge_tests;

#[cfg(test)]
#[path = "sheet_tests.rs"]
mod tests;
