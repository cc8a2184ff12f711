//! `composition`: parts of a whole as one strip, and below it a row a part with its count and share.

use crate::axis::{Counts, lying};
use crate::canvas::Q;
use crate::chart::rows::{Rows, name, name_width};
use crate::frame::{nothing, stacked, unit_caption};
use crate::model::{Bar, Composition};
use crate::number;
use crate::pen::{Pen, Place};
use crate::set::Set;

pub(crate) fn draw(pen: &Pen, spec: &Composition, body: Place) {
    if spec.parts.is_empty() {
        return nothing(pen, body);
    }
    let count = |bar: &Bar| bar.value.map_or(0, |v| v.count);
    let whole: u64 = spec.parts.iter().map(count).fold(0, u64::saturating_add);
    let shares = Shares { whole, rough: spec.parts.iter().any(|p| p.value.is_some_and(|v| !v.is_exact())) };
    unit_caption(pen, &spec.unit, false, Place { y: body.y + pen.size(14), ..body });
    let strip = Place::new(body.x, body.y + pen.px(28), body.w, pen.px(52));
    if whole > 0 {
        draw_strip(pen, spec, strip, &shares);
    } else {
        pen.rect(strip, pen.colors.surface);
    }
    let list = body.below(pen.px(100));
    let rows = Rows::new(spec.parts.len(), list, (pen.px(22), pen.px(72)), pen.px(48));
    let set = Set::new(rows.text(pen, 16), pen.colors.ink);
    let width = rows.panels().first().map_or(body.w, |(p, _)| p.w);
    let side = (rows.height - 8).clamp(8, pen.px(16).max(8));
    let left = name_width(set, spec.parts.iter().map(|p| p.label.as_str()), width, 42);
    let words = |bar: &Bar| match bar.value {
        Some(value) => {
            format!("{}　{}", number::written(value, pen.lang), shares.of(pen, value.count))
        }
        None => number::no_data(pen.lang).to_owned(),
    };
    let right = spec.parts.iter().map(|p| set.width(&words(p))).max().unwrap_or(0) + pen.px(12);
    let most = spec.parts.iter().map(count).max().unwrap_or(0);
    for (panel, range) in rows.panels() {
        let start = side + pen.px(10) + left + pen.px(12);
        let place = Place::new(panel.x + start, panel.y, (panel.w - start).max(10), panel.h);
        let counts = Counts::new(most, place.w, right.min(place.w * 4 / 5), pen.px(76));
        let plot = lying(pen, place, &counts);
        for index in range.clone() {
            let part = &spec.parts[index];
            let row = rows.row(*panel, index - range.start);
            let middle = row.y + row.h / 2;
            let fill = pen.colors.kind(index);
            pen.fill(Place::new(row.x, middle - side / 2, side, side), fill);
            let inset = side + pen.px(10);
            let lettered = rows.lettered(index - range.start, set.size);
            if lettered {
                name(pen, &part.label, Place::new(row.x + inset, row.y, row.w - inset, row.h), left, set);
            }
            let thick = (row.h * 6 / 10).min(pen.px(34)).max(2);
            let at = place.bottom() - middle;
            let end = plot.map_coordinate(&(count(part) as f64, at)).0 / Q;
            pen.fill(Place::new(place.x, middle - thick / 2, end - place.x, thick), fill);
            if lettered {
                pen.text(
                    &set.fit(&words(part), panel.right() - end - pen.px(8)),
                    (end + pen.px(8), middle + set.drop()),
                    set,
                );
            }
            let told = || number::told(part.value, &spec.unit, pen.lang);
            pen.region(row, &spec.measure, &part.label, told, &part.note);
        }
    }
}

/// What part of the whole a count is, in words.
struct Shares {
    whole: u64,
    /// Whether any part is inexact, and so the whole and every share of it.
    rough: bool,
}

impl Shares {
    fn of(&self, pen: &Pen, count: u64) -> String {
        let share = number::percent(count, self.whole);
        if self.rough && self.whole > 0 { number::about_words(&share, pen.lang) } else { share }
    }
}

/// All parts end to end; the share is written where it fits.
fn draw_strip(pen: &Pen, spec: &Composition, strip: Place, shares: &Shares) {
    let mut sum = 0_u128;
    let mut x = strip.x;
    for (index, part) in spec.parts.iter().enumerate() {
        let count = part.value.map_or(0, |v| v.count);
        sum += u128::from(count);
        let end = strip.x + (sum * strip.w as u128 / u128::from(shares.whole)).min(strip.w as u128) as i32;
        let place = Place::new(x, strip.y, end - x, strip.h);
        let share = shares.of(pen, count);
        let named = format!("{} {share}", part.label);
        stacked(pen, place, pen.colors.kind(index), 15, &[&named, &share]);
        x = end;
    }
}
