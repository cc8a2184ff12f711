//! Rows in panels: what every chart with more units than fit side by side is made of.

use std::ops::Range;

use crate::pen::{Pen, Place};
use crate::set::Set;

/// Rows of equal height in one to four panels side by side, filled downwards.
pub(crate) struct Rows {
    pub(crate) height: i32,
    panels: Vec<(Place, Range<usize>)>,
}

impl Rows {
    /// Lays `count` rows of at least `least` pixels, and at most `most`, into a place.
    pub(crate) fn new(count: usize, place: Place, heights: (i32, i32), gap: i32) -> Self {
        // A panel narrower than this holds no name beside its bars.
        Self::with_panels(count, place, heights, gap, (place.w / (gap * 6).max(1)).clamp(1, 4))
    }

    /// The same with at most so many panels.
    pub(crate) fn with_panels(
        count: usize,
        place: Place,
        (least, most): (i32, i32),
        gap: i32,
        panels: i32,
    ) -> Self {
        let fit = (place.h / least.max(1)).max(1) as usize;
        let columns = count.div_ceil(fit).clamp(1, panels.max(1) as usize);
        let each = count.div_ceil(columns).max(1);
        let height = (place.h / each as i32).clamp(1, most);
        let width = (place.w - gap * (columns as i32 - 1)) / columns as i32;
        let panels = (0..columns)
            .map(|i| {
                let rows = (i * each).min(count)..((i + 1) * each).min(count);
                (Place::new(place.x + (width + gap) * i as i32, place.y, width, place.h), rows)
            })
            .collect();
        Self { height, panels }
    }

    /// The panels, each with the rows that stand in it.
    pub(crate) fn panels(&self) -> &[(Place, Range<usize>)] {
        &self.panels
    }

    /// The place of the `nth` row of a panel.
    pub(crate) const fn row(&self, panel: Place, nth: usize) -> Place {
        Place::new(panel.x, panel.y + self.height * nth as i32, panel.w, self.height)
    }

    /// Whether a row carries letters: all do, unless rows are lower than letters; then every second, third …
    pub(crate) const fn lettered(&self, nth: usize, size: i32) -> bool {
        let every = size / self.height + 1;
        every <= 1 || (nth as i32) % every == 0
    }

    /// A size of text for the rows: `base` where they are high enough.
    pub(crate) fn text(&self, pen: &Pen, base: i32) -> i32 {
        pen.size(base).min(self.height - 4).max(9)
    }
}

/// The width that names take: the widest, but not more than a part of the row in percent.
pub(crate) fn name_width<'a>(set: Set, names: impl Iterator<Item = &'a str>, row: i32, percent: i32) -> i32 {
    names.map(|n| set.width(n)).max().unwrap_or(0).min(row * percent / 100)
}

/// A name at the left of its row, in two lines if it is long and the row high enough.
pub(crate) fn name(pen: &Pen, words: &str, row: Place, width: i32, set: Set) {
    let middle = row.y + row.h / 2;
    if set.width(words) > width && row.h >= set.size * 23 / 10 {
        let lines = set.wrap(words, width, 2);
        let pitch = set.size * 115 / 100;
        let first = middle + set.drop() - pitch * (lines.len() as i32 - 1) / 2;
        for (i, line) in lines.iter().enumerate() {
            pen.text(line, (row.x, first + pitch * i as i32), set);
        }
        return;
    }
    pen.text(&set.fit(words, width), (row.x, middle + set.drop()), set);
}
