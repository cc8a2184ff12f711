//! What stands around every chart: heading, legend, foot; and the words the crate writes itself.

use crate::canvas::Q;
use crate::chart::completeness::Signs;
use crate::model::{Cell, Frame, Lang, Value};
use crate::pen::{Pen, Place};
use crate::set::Set;
use crate::theme::{Fill, Rgb};

/// What a legend shows before its words.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sign {
    Fill(Fill),
    /// A line with the markers of the `index`-th of `count` years.
    Year(usize, usize),
    /// The ring that marks 12·4.
    Ring,
    Cell(Cell, Signs),
}

/// An entry of a legend.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) sign: Sign,
    pub(crate) words: &'a str,
}

/// Title and subtitle; what is left below them.
pub(crate) fn heading(pen: &Pen, frame: &Frame, place: Place, title: i32, subtitle: i32) -> Place {
    let mut y = place.y;
    let set = pen.ink(title).bold();
    for line in set.wrap(&frame.title, place.w, 2) {
        y += set.line();
        pen.text(&line, (place.x, y - set.size * 3 / 10), set);
    }
    let set = pen.muted(subtitle);
    for line in set.wrap(&frame.subtitle, place.w, 2) {
        y += set.line();
        pen.text(&line, (place.x, y - set.size * 3 / 10), set);
    }
    place.below(y - place.y)
}

/// Source, moment, and further lines; what is left above them.
pub(crate) fn foot(pen: &Pen, frame: &Frame, place: Place) -> Place {
    let set = pen.muted(14);
    let first: Vec<&str> =
        [frame.source.as_str(), &frame.as_of].into_iter().filter(|s| !s.is_empty()).collect();
    let first = first.join(if pen.lang == Lang::ZhCn { "　" } else { "   " });
    // A foot longer than a third of the picture would leave no room for what it explains.
    let most = (place.h / 3 / set.line().max(1)).max(1) as usize;
    let mut lines: Vec<_> = set.wrap(&first, place.w, 2);
    for words in &frame.footer {
        lines.extend(set.wrap(words, place.w, 3));
    }
    lines.truncate(most);
    let height = lines.len() as i32 * set.line();
    let mut y = place.bottom() - height;
    for line in &lines {
        y += set.line();
        pen.text(line, (place.x, y - set.size * 3 / 10), set);
    }
    let gap = if lines.is_empty() { 0 } else { pen.px(12) };
    Place { h: place.h - height - gap, ..place }
}

/// A legend in as many rows as it takes; what is left below it.
pub(crate) fn legend(pen: &Pen, entries: &[Entry<'_>], place: Place) -> Place {
    let set = pen.ink(15);
    lay_legend(pen, entries, place, |entry, at, words| {
        let middle = at.y + at.h / 2;
        match entry.sign {
            Sign::Fill(fill) => pen.fill(at, fill),
            Sign::Year(index, count) => {
                let color = pen.colors.year_line(index, count);
                pen.line(&[(at.x, middle), (at.right(), middle)], stroke(pen, index, count), color);
                marker(pen, ((at.x + at.w / 2) * Q, middle * Q), index, count, false);
            }
            Sign::Ring => ring(pen, ((at.x + at.w / 2) * Q, middle * Q)),
            Sign::Cell(cell, signs) => crate::chart::completeness::cell(pen, at, cell, signs),
        }
        pen.text(words, (at.right() + pen.px(8), middle + set.drop()), set);
    })
}

/// What [`legend`] would leave below it.
pub(crate) fn below_legend(pen: &Pen, entries: &[Entry<'_>], place: Place) -> Place {
    lay_legend(pen, entries, place, |_, _, _| ())
}

/// Calls with each entry, the place of its sign and its words.
fn lay_legend(
    pen: &Pen,
    entries: &[Entry<'_>],
    place: Place,
    draw: impl Fn(&Entry<'_>, Place, &str),
) -> Place {
    if entries.is_empty() {
        return place;
    }
    let set = pen.ink(15);
    let (side, gap) = (pen.px(16).max(10), pen.px(24));
    let row = set.line() + pen.px(4);
    let (mut x, mut y) = (place.x, place.y + pen.px(8));
    for entry in entries {
        let sign = if matches!(entry.sign, Sign::Year(..)) { side * 2 } else { side };
        let words = set.fit(entry.words, place.w - sign - pen.px(8));
        let width = sign + pen.px(8) + set.width(&words);
        if x > place.x && x + width > place.right() {
            (x, y) = (place.x, y + row);
        }
        draw(entry, Place::new(x, y + row / 2 - side / 2, sign, side), &words);
        x += width + gap;
    }
    place.below(y + row - place.y)
}

/// The width of a year's line, in quarter pixels.
pub(crate) fn stroke(pen: &Pen, index: usize, count: usize) -> i32 {
    pen.px(if index + 1 == count { 14 } else { 9 }).max(4)
}

/// The marker of a year's points: shapes differ as well as greys. Hollow for a day that is not over.
pub(crate) fn marker(pen: &Pen, (x, y): (i32, i32), index: usize, count: usize, hollow: bool) {
    let last = index + 1 == count;
    let r = pen.px(if last { 22 } else { 16 }).max(8);
    let color = pen.colors.year_line(index, count);
    let shape = |r: i32| match if last { 0 } else { index % 4 + 1 } {
        1 => vec![(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)],
        2 => vec![(x, y - r * 5 / 4), (x + r * 5 / 4, y + r), (x - r * 5 / 4, y + r)],
        3 => vec![(x, y - r * 3 / 2), (x + r * 3 / 2, y), (x, y + r * 3 / 2), (x - r * 3 / 2, y)],
        4 => vec![(x, y + r * 5 / 4), (x - r * 5 / 4, y - r), (x + r * 5 / 4, y - r)],
        _ => Vec::new(),
    };
    let draw = |r: i32, color| {
        if shape(r).is_empty() {
            pen.disc((x, y), r, color);
        } else {
            pen.polygon(shape(r), color);
        }
    };
    draw(r, color);
    if hollow {
        draw(r - pen.px(8).max(4), pen.colors.ground);
    }
}

/// The ring around a point that falls on 12·4.
pub(crate) fn ring(pen: &Pen, (x, y): (i32, i32)) {
    let r = pen.px(38);
    let points: Vec<_> = (0..=16).map(|i| around((x, y), r, i)).collect();
    pen.fine_line(points, pen.px(6).max(4), pen.colors.ink);
}

/// The `i`-th of sixteen points around a centre; written out, for sines differ between systems.
fn around((x, y): (i32, i32), r: i32, i: usize) -> (i32, i32) {
    const FAR: [i32; 5] = [1000, 924, 707, 383, 0];
    let (cos, sin) = match i % 16 {
        n @ 0..=4 => (FAR[n], FAR[4 - n]),
        n @ 5..=8 => (-FAR[8 - n], FAR[n - 4]),
        n @ 9..=12 => (-FAR[n - 8], -FAR[12 - n]),
        n => (FAR[16 - n], -FAR[n - 12]),
    };
    (x + cos * r / 1000, y + sin * r / 1000)
}

/// Says in the middle of a place that there is nothing to show.
pub(crate) fn nothing(pen: &Pen, place: Place) {
    let set = pen.muted(20).middle();
    pen.text(crate::number::no_data(pen.lang), (place.x + place.w / 2, place.y + place.h / 2), set);
}

/// `单位：份`, and what whiskers mean if there are any; the place's upper edge is the baseline.
pub(crate) fn unit_caption(pen: &Pen, unit: &str, whiskers: bool, place: Place) {
    let zh = pen.lang == Lang::ZhCn;
    let words = if zh { format!("单位：{unit}") } else { format!("Unit: {unit}") };
    let whisker = if zh { "细线：约数的上下限" } else { "Thin lines: range of an inexact count" };
    let set = pen.muted(14);
    let words = match (unit.is_empty(), whiskers) {
        (true, false) => return,
        (true, true) => whisker.to_owned(),
        (false, false) => words,
        (false, true) => format!("{words}　{whisker}"),
    };
    pen.text(&set.fit(&words, place.w), (place.x, place.y), set);
}

/// The range of an inexact count, upright: from the least to the most it can be, or without an end if there is no most.
pub(crate) fn whisker(pen: &Pen, x: i32, (low, high): (i32, Option<i32>), color: Rgb) {
    let top = high.unwrap_or(low - pen.px(36)).min(low);
    let height = (low - top).max(1);
    pen.rect(Place::new(x - 1, top, 3, height), pen.colors.ground);
    for y in high.map(|_| top).into_iter().chain([top + height - 1]) {
        pen.rect(Place::new(x - 2, y, 5, 1), color);
    }
    pen.rect(Place::new(x, top, 1, height), color);
}

/// Where the range of a count ends, for [`whisker`].
pub(crate) fn ends(value: Value, at: impl Fn(u64) -> i32) -> (i32, Option<i32>) {
    (at(value.low), (value.high < u64::MAX).then(|| at(value.high)))
}

/// One of several parts end to end, with the first of the words that fits into it.
pub(crate) fn stacked(pen: &Pen, place: Place, fill: Fill, size: i32, words: &[&str]) {
    // A ground line between neighbours, for those who see no difference of hue.
    let gap = i32::from(place.w > 3) * 2;
    pen.fill(Place { w: place.w - gap, ..place }, fill);
    let set = Set { color: pen.colors.on(fill.color), ..pen.ink(size) }.middle();
    let plate = |words: &str| set.width(words) + pen.px(8);
    let fits = |words: &&&str| plate(words) + pen.px(4) <= place.w && set.size + 4 <= place.h;
    let Some(words) = words.iter().find(fits) else { return };
    let (cx, cy) = (place.x + (place.w - gap) / 2, place.y + place.h / 2);
    if pen.colors.hatched {
        // Within the frame of the part, however low it is.
        let (w, h) = (plate(words), (set.size * 14 / 10).min(place.h - 2));
        pen.rect(Place::new(cx - w / 2, place.y + (place.h - h) / 2, w, h), fill.color);
    }
    pen.text(words, (cx, cy + set.drop()), set);
}

/// Lines of text under each other, centred; how many pixels they took.
pub(crate) fn column(pen: &Pen, lines: &[impl AsRef<str>], (x, y): (i32, i32), set: Set) -> i32 {
    for (i, line) in lines.iter().enumerate() {
        pen.text(line.as_ref(), (x, y + set.line() * i as i32 + set.size), set.middle());
    }
    set.line() * lines.len() as i32
}
