//! The table of units on a summary, in panels side by side when units are many.

use std::borrow::Cow;

use crate::model::{Datum, Lang, TableRow, UnitTable};
use crate::number;
use crate::pen::{Pen, Place};
use crate::set::Set;

/// How a table is laid out.
pub(crate) struct Layout {
    panels: usize,
    /// Height of a row, in pixels.
    row: i32,
    /// Height of the head, which may have two lines.
    head: i32,
    /// Whether columns are narrower than their words.
    pub(crate) cut: bool,
    /// Rows in a panel, without its head.
    each: usize,
    /// Rows that are shown; fewer than there are only when no layout holds them all.
    shown: usize,
    size: i32,
    widths: Vec<i32>,
    gap: i32,
}

const ROWS: [i32; 7] = [34, 31, 28, 26, 24, 22, 20];

impl Layout {
    /// For a width and at most so much height, in pixels.
    pub(crate) fn new(pen: &Pen, table: &UnitTable, width: i32, most: i32) -> Self {
        let count = table.rows.len();
        let gap = pen.px(36);
        let mut best = Self {
            panels: 1,
            row: 0,
            head: 0,
            cut: true,
            each: 0,
            shown: 0,
            size: 0,
            widths: Vec::new(),
            gap,
        };
        if count == 0 {
            return best;
        }
        // The largest letters that hold everything; among them, as few panels as can be.
        for base in ROWS {
            let row = pen.px(base);
            let size = pen.size(16).min(row * 10 / 17).max(10);
            let widths = widths(pen, table, size);
            let need: i32 = widths.iter().sum();
            for panels in 1..=4_usize {
                let panel = (width - gap * (panels as i32 - 1)) / panels as i32;
                let each = count.div_ceil(panels);
                let cut = need > panel;
                if panels > 1 && cut {
                    break;
                }
                let head = row * 3 / 2;
                let fits = ((most - head) / row.max(1)).max(0) as usize;
                let shown = count.min(fits * panels);
                // Letters small enough to fit their columns, before rows high enough to please.
                if shown > best.shown || (shown == best.shown && best.cut && !cut) {
                    let each = each.min(fits);
                    best = Self { panels, row, head, cut, each, shown, size, widths: widths.clone(), gap };
                }
                if shown == count && !cut {
                    return best;
                }
            }
        }
        best
    }

    /// Whether every row is shown.
    pub(crate) fn is_complete(&self, table: &UnitTable) -> bool {
        self.shown >= table.rows.len()
    }

    /// Whether it shows more rows than another.
    pub(crate) const fn shows_more_than(&self, other: &Self) -> bool {
        self.shown > other.shown
    }

    /// Pixels that the table takes.
    pub(crate) const fn height(&self) -> i32 {
        if self.shown == 0 { 0 } else { self.head + self.row * self.each as i32 }
    }

    /// Draws the table.
    pub(crate) fn draw(&self, pen: &Pen, table: &UnitTable, place: Place) {
        if self.shown == 0 {
            return;
        }
        let width = (place.w - self.gap * (self.panels as i32 - 1)) / self.panels as i32;
        for (i, rows) in self.rows(pen, table).chunks(self.each.max(1)).enumerate() {
            let x = place.x + (width + self.gap) * i as i32;
            self.panel(pen, table, rows, Place::new(x, place.y, width, self.head));
        }
    }

    /// The rows that are shown. Where not all are, sums stay, and a row says how many units were left out.
    fn rows<'a>(&self, pen: &Pen, table: &'a UnitTable) -> Vec<Cow<'a, TableRow>> {
        if self.is_complete(table) {
            return table.rows.iter().map(Cow::Borrowed).collect();
        }
        let sums = table.rows.iter().filter(|r| r.total).count();
        let room = self.shown.saturating_sub(sums + 1);
        let mut rows: Vec<_> = table.rows.iter().filter(|r| !r.total).take(room).map(Cow::Borrowed).collect();
        let left = table.rows.len() - sums - rows.len();
        let label = match pen.lang {
            Lang::ZhCn => format!("另有{left}个单位未列"),
            Lang::En => format!("{left} more units"),
        };
        let cells = vec![Datum::Text(String::new()); table.columns.len()];
        rows.push(Cow::Owned(TableRow { label, cells, total: false }));
        rows.extend(table.rows.iter().filter(|r| r.total).map(Cow::Borrowed));
        rows
    }

    fn panel(&self, pen: &Pen, table: &UnitTable, rows: &[Cow<'_, TableRow>], head: Place) {
        let set = Set::new(self.size, pen.colors.muted);
        let columns = self.columns(head.w);
        self.heads(pen, table, &columns, head, set);
        pen.rect(Place::new(head.x, head.bottom() - 1, head.w, 1), pen.colors.axis);
        for (i, row) in rows.iter().enumerate() {
            let at = Place::new(head.x, head.bottom() + self.row * i as i32, head.w, self.row);
            if row.total {
                pen.rect(at, pen.colors.surface);
                pen.rect(Place { h: 1, ..at }, pen.colors.axis);
            } else {
                pen.rect(Place::new(at.x, at.bottom() - 1, at.w, 1), pen.colors.grid);
            }
            let set = Set::new(self.size, pen.colors.ink);
            let set = if row.total { set.bold() } else { set };
            self.line(pen, &columns, at, row, set);
        }
    }

    fn heads(&self, pen: &Pen, table: &UnitTable, edges: &[i32], head: Place, set: Set) {
        let pad = self.size / 2;
        let base =
            |line: usize, lines: usize| head.bottom() - pad - set.size * 12 / 10 * (lines - 1 - line) as i32;
        let Some(first) = edges.first() else { return };
        pen.text(&set.fit(&table.head, first - pad), (head.x + pad / 2, base(0, 1)), set);
        for (pair, words) in edges.windows(2).zip(&table.columns) {
            let lines = set.balance(words, pair[1] - pair[0] - pad, 2);
            for (i, line) in lines.iter().enumerate() {
                pen.text(line, (head.x + pair[1] - pad / 2, base(i, lines.len())), set.end());
            }
        }
    }

    /// The right edges of the columns, from the panel's left.
    fn columns(&self, width: i32) -> Vec<i32> {
        let need: i32 = self.widths.iter().sum::<i32>().max(1);
        let count = self.widths.len() as i32;
        let mut edge = 0;
        let mut edges = Vec::with_capacity(self.widths.len());
        for natural in &self.widths {
            // What is over is shared evenly; what lacks is taken in proportion.
            edge += if need <= width { natural + (width - need) / count } else { natural * width / need };
            edges.push(edge);
        }
        edges
    }

    fn line(&self, pen: &Pen, edges: &[i32], at: Place, row: &TableRow, set: Set) {
        let base = at.y + at.h / 2 + set.drop();
        let pad = self.size / 2;
        let Some(first) = edges.first() else { return };
        pen.text(&set.fit(&row.label, first - pad), (at.x + pad / 2, base), set);
        for (pair, cell) in edges.windows(2).zip(&row.cells) {
            let words = words(pen, cell);
            let words = set.fit(&words, pair[1] - pair[0] - pad);
            pen.text(&words, (at.x + pair[1] - pad / 2, base), set.end());
        }
    }
}

fn words(pen: &Pen, datum: &Datum) -> String {
    match datum {
        Datum::Value(Some(value)) => number::written(*value, pen.lang),
        Datum::Value(None) => "—".to_owned(),
        Datum::Text(words) => words.clone(),
    }
}

/// The widths that names and columns would like to have.
fn widths(pen: &Pen, table: &UnitTable, size: i32) -> Vec<i32> {
    let set = Set::new(size, pen.colors.ink).bold();
    let names = std::iter::once(&table.head).chain(table.rows.iter().map(|r| &r.label));
    let mut widths = vec![names.map(|n| set.width(n)).max().unwrap_or(0)];
    for (i, head) in table.columns.iter().enumerate() {
        let cells = table.rows.iter().map(|r| set.width(&words(pen, &r.cells[i])));
        // A head may take two lines, but no word of it is torn.
        let head = set.width(head).min(set.width(head) / 2 + size).max(set.widest_word(head));
        widths.push(cells.chain([head]).max().unwrap_or(0));
    }
    widths.iter().map(|w| w + size * 3 / 4).collect()
}
