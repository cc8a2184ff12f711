//! CSV and its relatives: reading with commas, tabs or semicolons; writing as Excel and WPS open it.

use super::grid::{Cell, Grid};
use super::{Limits, MAX_TEXT, Unreadable};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

/// Reads text whose fields are parted by commas, tabs or semicolons.
///
/// # Errors
/// When it goes beyond a limit, or a quote is never closed.
pub(super) fn read(text: &str, limits: &Limits) -> Result<Grid, Unreadable> {
    // Excel's own hint on the first line.
    let hint =
        text.strip_prefix("sep=").and_then(|rest| rest.chars().next()).filter(|c| SEPARATORS.contains(c));
    let separator = hint.unwrap_or_else(|| separator(text));
    let (mut grid, mut cells) = (Grid::default(), 0);
    let mut records = Records { rest: text, separator };
    let mut row = 0;
    while let Some(record) = records.next(limits.columns) {
        row += 1;
        if hint.is_some() && row == 1 {
            continue;
        }
        let record = record?;
        if row > limits.rows {
            return Err(Unreadable::new("sheet_too_many_rows").with("limit", limits.rows));
        }
        cells += record.len();
        if cells > limits.cells {
            return Err(Unreadable::new("sheet_too_many_cells").with("limit", limits.cells));
        }
        grid.push(row, record.into_iter().map(|(column, text)| (column, Cell::Text(text.into()))).collect());
    }
    Ok(grid)
}

const SEPARATORS: [char; 3] = [',', '\t', ';'];

/// The separator that leaves no quote inside a bare field, and by which most of the first lines fall into equally many
/// fields; of two, the one that gives more fields.
fn separator(text: &str) -> char {
    let score = |separator: char| {
        let mut widths: HashMap<usize, usize> = HashMap::new();
        let mut records = Records { rest: text, separator };
        let mut clean = true;
        for _ in 0..50 {
            match records.width() {
                Some(Ok(0) | Err(_)) => clean = false,
                Some(Ok(1)) => {}
                Some(Ok(width)) => *widths.entry(width).or_default() += 1,
                None => break,
            }
        }
        let best = widths.into_iter().map(|(width, lines)| (lines, width)).max();
        best.map(|(lines, width)| (clean, lines, width))
    };
    // The first wins when all are equal: a comma.
    SEPARATORS.into_iter().rev().max_by_key(|separator| score(*separator)).unwrap_or(',')
}

/// White space of every width, and the mark that some programs leave inside a file.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{FEFF}' || c == '\u{200B}'
}

/// The text of a cell without white space at its ends.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(is_blank)
}

struct Records<'t> {
    rest: &'t str,
    separator: char,
}

impl Records<'_> {
    /// The fields of the next record that hold anything, with their columns from 1; none at the end.
    fn next(&mut self, columns: u32) -> Option<Result<Vec<(u32, String)>, Unreadable>> {
        let mut record = Vec::new();
        let mut column = 0;
        if self.rest.is_empty() {
            return None;
        }
        loop {
            column += 1;
            let (field, more, _) = match self.field() {
                Ok(field) => field,
                Err(error) => return Some(Err(error)),
            };
            let text = unguarded(trim(&field));
            if !text.is_empty() {
                if column > columns {
                    return Some(Err(Unreadable::new("sheet_too_many_columns").with("limit", columns)));
                }
                if text.len() > MAX_TEXT && text.chars().count() > MAX_TEXT {
                    return Some(Err(Unreadable::new("sheet_text_too_long").with("limit", MAX_TEXT)));
                }
                record.push((column, text.to_owned()));
            }
            if !more {
                return Some(Ok(record));
            }
        }
    }

    fn width(&mut self) -> Option<Result<usize, Unreadable>> {
        if self.rest.is_empty() {
            return None;
        }
        let (mut width, mut odd) = (0, false);
        loop {
            width += 1;
            match self.field() {
                Ok((_, more, is_odd)) => {
                    odd |= is_odd;
                    if !more {
                        return Some(Ok(if odd { 0 } else { width }));
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// The next field, whether another one of its record follows, and whether it was most likely parted in the wrong place: a bare
    /// one with a quote in it, or one that goes on behind its closing quote.
    fn field(&mut self) -> Result<(Cow<'_, str>, bool, bool), Unreadable> {
        let ends = |c: char| c == self.separator || c == '\n' || c == '\r';
        if !self.rest.starts_with('"') {
            let end = self.rest.find(ends).unwrap_or(self.rest.len());
            let field = &self.rest[..end];
            let more = self.part(end);
            return Ok((field.into(), more, field.contains('"')));
        }
        let mut field = String::new();
        let mut at = 1;
        loop {
            let quote = self.rest[at..].find('"').ok_or_else(|| Unreadable::new("sheet_quote_open"))? + at;
            field.push_str(&self.rest[at..quote]);
            at = quote + 1;
            if !self.rest[at..].starts_with('"') {
                break;
            }
            field.push('"');
            at += 1;
        }
        // What follows a closing quote belongs to the field, as every spreadsheet reads it.
        let end = self.rest[at..].find(ends).map_or(self.rest.len(), |end| at + end);
        let tail = &self.rest[at..end];
        field.push_str(tail);
        let is_odd = !trim(tail).is_empty();
        let more = self.part(end);
        Ok((field.into(), more, is_odd))
    }

    /// Goes past what ends a field at `end`; whether it was a separator.
    fn part(&mut self, end: usize) -> bool {
        let mut after = self.rest[end..].chars();
        let (more, width) = match after.next() {
            Some('\r') if after.next() == Some('\n') => (false, 2),
            Some('\r' | '\n') => (false, 1),
            Some(separator) => (true, separator.len_utf8()),
            None => (false, 0),
        };
        self.rest = &self.rest[end + width..];
        more
    }
}

/// What a spreadsheet would take for a formula when it begins a text.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// A text as it was before [`Csv::text`] guarded it.
fn unguarded(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_formula(rest.trim_start_matches('\''))).unwrap_or(text)
}

/// A CSV file for people: UTF-8 with the mark by which Excel and WPS know it, lines that end as they write them.
#[derive(Debug, Clone)]
pub struct Csv {
    text: String,
    begun: bool,
}

impl Default for Csv {
    fn default() -> Self {
        Self { text: "\u{FEFF}".into(), begun: false }
    }
}

impl Csv {
    fn part(&mut self) {
        if self.begun {
            self.text.push(',');
        }
        self.begun = true;
    }

    /// Adds a text. One that a spreadsheet would run as a formula gets an apostrophe before it; a number never does.
    pub fn text(&mut self, text: &str) {
        self.part();
        let guard = if is_formula(text.trim_start_matches('\'')) { "'" } else { "" };
        if text.contains(['"', ',', ';', '\n', '\r', '\t']) || text.starts_with(' ') || text.ends_with(' ') {
            let _ = write!(self.text, "\"{guard}{}\"", text.replace('"', "\"\""));
        } else {
            let _ = write!(self.text, "{guard}{text}");
        }
    }

    /// Adds a whole number.
    pub fn number(&mut self, number: i64) {
        self.part();
        let _ = write!(self.text, "{number}");
    }

    /// Adds nothing.
    pub fn blank(&mut self) {
        self.part();
    }

    /// Ends the line.
    pub fn end(&mut self) {
        self.text.push_str("\r\n");
        self.begun = false;
    }

    /// The file.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}

#[cfg(test)]
#[path = "separated_tests.rs"]
mod tests;
