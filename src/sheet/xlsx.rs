//! Reading a workbook as a stream: the first visible sheet that holds anything.

use super::grid::{Cell, Grid, Merge, Place};
use super::package::{Node, Package, attribute};
use super::separated::trim;
use super::{Limits, MAX_TEXT, Unreadable};
use std::collections::HashMap;
use std::sync::Arc;

/// Most sheets that are looked into.
const MAX_SHEETS: usize = 64;

fn damaged(what: &str) -> Unreadable {
    Unreadable::new("sheet_damaged").with("detail", what)
}

/// Reads the first visible sheet that holds anything; the names of others that do are noted.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Grid, Unreadable> {
    let mut package = Package::open(bytes, limits)?;
    let main = main_part(&mut package)?;
    let book = book(&mut package, &main)?;
    let strings = strings(&mut package, &book, limits)?;
    let dates = date_formats(&mut package, &book, limits)?;
    let mut found: Option<Grid> = None;
    let mut unread = Vec::new();
    for (name, part) in &book.sheets {
        match &mut found {
            None => {
                let mut sheet = Sheet::new(limits, &strings, &dates);
                package.read(part, |node| sheet.take(node))?.ok_or_else(|| damaged("a sheet is missing"))?;
                found = Some(sheet.grid).filter(|grid| !grid.is_empty());
            }
            Some(_) => {
                let mut values = false;
                package.read(part, |node| {
                    values |= matches!(node, Node::Start("v" | "is", _));
                    Ok(())
                })?;
                if values {
                    unread.push(name.clone());
                }
            }
        }
    }
    let mut grid = found.unwrap_or_default();
    grid.epoch_1904 = book.epoch_1904;
    grid.unread = unread;
    Ok(grid)
}

/// Targets of a part's relations: by identifier, and by the last word of their kind.
#[derive(Debug, Default)]
struct Relations {
    by_id: HashMap<String, String>,
    by_kind: HashMap<String, String>,
}

fn relations(package: &mut Package<'_>, part: &str) -> Result<Relations, Unreadable> {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    let place =
        if folder.is_empty() { format!("_rels/{name}.rels") } else { format!("{folder}/_rels/{name}.rels") };
    let mut found = Relations::default();
    package.read(&place, |node| {
        if let Node::Start("Relationship", tag) = node {
            let of = |name| attribute(tag, name).unwrap_or_default();
            let target = of("Target");
            let target = match target.strip_prefix('/') {
                Some(whole) => whole.to_owned(),
                None if folder.is_empty() => target,
                None => format!("{folder}/{target}"),
            };
            let kind = of("Type");
            found.by_kind.insert(kind.rsplit('/').next().unwrap_or_default().to_owned(), target.clone());
            found.by_id.insert(of("Id"), target);
        }
        Ok(())
    })?;
    Ok(found)
}

fn main_part(package: &mut Package<'_>) -> Result<String, Unreadable> {
    let mut root = relations(package, "")?;
    root.by_kind.remove("officeDocument").ok_or_else(|| Unreadable::new("sheet_not_a_workbook"))
}

#[derive(Debug, Default)]
struct Book {
    /// Visible sheets: name and part.
    sheets: Vec<(String, String)>,
    epoch_1904: bool,
    strings: Option<String>,
    styles: Option<String>,
}

fn book(package: &mut Package<'_>, main: &str) -> Result<Book, Unreadable> {
    let mut relations = relations(package, main)?;
    let mut book = Book {
        strings: relations.by_kind.remove("sharedStrings"),
        styles: relations.by_kind.remove("styles"),
        ..Book::default()
    };
    let mut listed = 0;
    let read = package.read(main, |node| {
        match node {
            Node::Start("workbookPr", tag) => {
                book.epoch_1904 =
                    attribute(tag, "date1904").is_some_and(|flag| flag == "1" || flag == "true");
            }
            Node::Start("sheet", tag) => {
                listed += 1;
                if listed > MAX_SHEETS {
                    return Err(Unreadable::new("sheet_too_many_sheets").with("limit", MAX_SHEETS));
                }
                let part = attribute(tag, "id").and_then(|id| relations.by_id.get(&id).cloned());
                let part = part.ok_or_else(|| damaged("a sheet is missing"))?;
                if attribute(tag, "state").is_none_or(|state| state == "visible") {
                    book.sheets.push((attribute(tag, "name").unwrap_or_default(), part));
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    read.ok_or_else(|| Unreadable::new("sheet_not_a_workbook"))?;
    if listed == 0 { Err(Unreadable::new("sheet_not_a_workbook")) } else { Ok(book) }
}

fn text_of(text: &str) -> Result<Arc<str>, Unreadable> {
    let text = trim(text);
    if text.len() > MAX_TEXT && text.chars().count() > MAX_TEXT {
        return Err(Unreadable::new("sheet_text_too_long").with("limit", MAX_TEXT));
    }
    // Excel writes control characters as _x000D_.
    Ok(if text.contains("_x000D_") { text.replace("_x000D_", "").into() } else { text.into() })
}

fn strings(package: &mut Package<'_>, book: &Book, limits: &Limits) -> Result<Vec<Arc<str>>, Unreadable> {
    let mut strings: Vec<Arc<str>> = Vec::new();
    let Some(part) = &book.strings else { return Ok(strings) };
    let mut text = String::new();
    let (mut inside, mut phonetic) = (false, 0);
    package.read(part, |node| {
        match node {
            Node::Start("si", _) => text.clear(),
            Node::Start("rPh", _) => phonetic += 1,
            Node::End("rPh") => phonetic -= 1,
            Node::Start("t", _) => inside = phonetic == 0,
            Node::End("t") => inside = false,
            Node::Text(piece) if inside => text.push_str(piece),
            Node::End("si") => {
                if strings.len() >= limits.strings {
                    return Err(Unreadable::new("sheet_too_many_texts").with("limit", limits.strings));
                }
                strings.push(text_of(&text)?);
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(strings)
}

/// Which cell formats show a date or time.
fn date_formats(package: &mut Package<'_>, book: &Book, limits: &Limits) -> Result<Vec<bool>, Unreadable> {
    let mut own: HashMap<u32, bool> = HashMap::new();
    let mut formats = Vec::new();
    let Some(part) = &book.styles else { return Ok(formats) };
    let mut inside = false;
    package.read(part, |node| {
        match node {
            Node::Start("numFmt", tag) => {
                let id = attribute(tag, "numFmtId").and_then(|id| id.parse().ok());
                if let (Some(id), Some(code)) = (id, attribute(tag, "formatCode")) {
                    own.insert(id, shows_date(&code));
                }
            }
            Node::Start("cellXfs", _) => inside = true,
            Node::End("cellXfs") => inside = false,
            Node::Start("xf", tag) if inside => {
                if formats.len() >= limits.strings {
                    return Err(Unreadable::new("sheet_too_many_texts").with("limit", limits.strings));
                }
                let id = attribute(tag, "numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
                // Numbers of built-in formats that are dates or times; 27 to 36 and 50 to 58 in East Asia.
                let built_in = matches!(id, 14..=22 | 27..=36 | 45..=47 | 50..=58);
                formats.push(own.get(&id).copied().unwrap_or(built_in));
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(formats)
}

/// Whether a format shows a date: it has y, m, d, h or s outside quotes, brackets and escapes.
fn shows_date(code: &str) -> bool {
    let (mut quoted, mut bracketed, mut escaped) = (false, false, false);
    for c in code.chars() {
        match c {
            _ if escaped => escaped = false,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '\\' | '_' | '*' => escaped = true,
            '[' => bracketed = true,
            ']' => bracketed = false,
            'y' | 'm' | 'd' | 'h' | 's' | 'Y' | 'M' | 'D' | 'H' | 'S' if !bracketed => return true,
            _ => {}
        }
    }
    false
}

/// A sheet while it is read.
struct Sheet<'b> {
    limits: &'b Limits,
    strings: &'b [Arc<str>],
    dates: &'b [bool],
    grid: Grid,
    row: u32,
    column: u32,
    cells: Vec<(u32, Cell)>,
    count: usize,
    merges: usize,
    kind: Option<String>,
    style: usize,
    text: String,
    inside: bool,
    phonetic: bool,
}

impl<'b> Sheet<'b> {
    fn new(limits: &'b Limits, strings: &'b [Arc<str>], dates: &'b [bool]) -> Self {
        Self {
            limits,
            strings,
            dates,
            grid: Grid::default(),
            row: 0,
            column: 0,
            cells: Vec::new(),
            count: 0,
            merges: 0,
            kind: None,
            style: 0,
            text: String::new(),
            inside: false,
            phonetic: false,
        }
    }

    fn take(&mut self, node: &Node<'_>) -> Result<(), Unreadable> {
        match node {
            Node::Start("row", tag) => {
                let row = match attribute(tag, "r") {
                    Some(text) => text.parse().map_err(|_| damaged("a row has no number"))?,
                    None => self.row + 1,
                };
                if row <= self.row {
                    return Err(damaged("rows are out of order"));
                }
                (self.row, self.column) = (row, 0);
            }
            Node::End("row") => {
                let cells = std::mem::take(&mut self.cells);
                self.grid.push(self.row, cells);
            }
            Node::Start("c", tag) => {
                let column = match attribute(tag, "r") {
                    Some(text) => place(&text).ok_or_else(|| damaged("a cell has no place"))?.column,
                    None => self.column + 1,
                };
                if column <= self.column {
                    return Err(damaged("cells are out of order"));
                }
                self.column = column;
                self.kind = attribute(tag, "t");
                self.style = attribute(tag, "s").and_then(|style| style.parse().ok()).unwrap_or(0);
                self.text.clear();
            }
            Node::Start("rPh", _) => self.phonetic = true,
            Node::End("rPh") => self.phonetic = false,
            Node::Start("v" | "t", _) => self.inside = !self.phonetic,
            Node::End("v" | "t") => self.inside = false,
            Node::Text(piece) if self.inside => self.text.push_str(piece),
            Node::End("c") => self.cell()?,
            Node::Start("mergeCell", tag) => {
                let area = attribute(tag, "ref").unwrap_or_default();
                let (first, last) = area.split_once(':').unwrap_or((&area, &area));
                if let (Some(first), Some(last)) = (place(first), place(last)) {
                    self.merges += 1;
                    if self.merges > self.limits.merges {
                        return Err(
                            Unreadable::new("sheet_too_many_merges").with("limit", self.limits.merges)
                        );
                    }
                    self.grid.merge(Merge { first, last });
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn cell(&mut self) -> Result<(), Unreadable> {
        let Some(cell) = self.value()? else { return Ok(()) };
        let limits = self.limits;
        let (code, limit) = if self.row > limits.rows {
            ("sheet_too_many_rows", u64::from(limits.rows))
        } else if self.column > limits.columns {
            ("sheet_too_many_columns", u64::from(limits.columns))
        } else if self.count >= limits.cells {
            ("sheet_too_many_cells", limits.cells as u64)
        } else {
            self.count += 1;
            self.cells.push((self.column, cell));
            return Ok(());
        };
        Err(Unreadable::new(code).with("limit", limit))
    }

    fn value(&self) -> Result<Option<Cell>, Unreadable> {
        let text = self.text.as_str();
        let words = |text: Arc<str>| (!text.is_empty()).then_some(Cell::Text(text));
        Ok(match self.kind.as_deref() {
            Some("s") if trim(text).is_empty() => None,
            Some("s") => {
                let shared = trim(text).parse::<usize>().ok().and_then(|at| self.strings.get(at));
                words(shared.cloned().ok_or_else(|| damaged("a cell's text is missing"))?)
            }
            Some("str" | "inlineStr" | "d") => words(text_of(text)?),
            Some("b") => Some(Cell::Flag(trim(text) == "1")),
            Some("e") => Some(Cell::Error(text_of(text)?)),
            _ if trim(text).is_empty() => None,
            _ => {
                let number: f64 = trim(text).parse().map_err(|_| damaged("a number is none"))?;
                let date = self.dates.get(self.style).copied().unwrap_or(false);
                Some(if date { Cell::Serial(number) } else { Cell::Number(number) })
            }
        })
    }
}

/// A place in A1 style.
fn place(text: &str) -> Option<Place> {
    let text = text.as_bytes();
    let letters = text.iter().position(|b| !b.is_ascii_alphabetic()).filter(|n| (1..=3).contains(n))?;
    let column = text[..letters].iter().fold(0, |n, b| n * 26 + u32::from(b.to_ascii_uppercase() - b'A') + 1);
    let row = std::str::from_utf8(&text[letters..]).ok()?.parse().ok()?;
    Some(Place { row, column })
}
