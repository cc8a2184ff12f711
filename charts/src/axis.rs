//! Coordinates for plotters: counts upwards or along, and cells of whole pixels beside them.

use std::ops::Range;

use plotters::coord::cartesian::{Cartesian2d, MeshLine};
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged};
use plotters::drawing::DrawingArea;
use plotters_backend::DrawingBackend as _;

use crate::canvas::{Q, Recorder};
use crate::number;
use crate::pen::{Pen, Place};
use plotters::style::{Color as _, RGBColor};

/// Counts from 0 to a top, with round ticks. Positions are whole pixels, so that bars and grid lines are sharp.
#[derive(Clone, Debug)]
pub(crate) struct Counts {
    most: u64,
    top: f64,
    step: u64,
    /// About how many steps there may be.
    steps: u64,
    /// Whether positions keep their quarter pixels, as points of a line should.
    fine: bool,
}

impl Counts {
    /// For counts up to `most`, on `length` pixels of which `headroom` stay free for labels, with ticks not closer
    /// than `pitch`.
    pub(crate) fn new(most: u64, length: i32, headroom: i32, pitch: i32) -> Self {
        let most = most.max(1);
        let usable = (length - headroom).max(length / 4).max(1);
        let steps = (length / pitch.max(1)).clamp(2, 6) as u64;
        let top = most as f64 * f64::from(length.max(1)) / f64::from(usable);
        Self { most, top, step: number::step(top as u64, steps), steps, fine: false }
    }

    /// The same, ending at a tick that no count is above: a bar beyond the last line cannot be read. Where that would
    /// leave much of the height empty, ticks stand closer.
    pub(crate) fn closed(self) -> Self {
        let end = |step: u64| self.most.div_ceil(step).saturating_mul(step);
        let finer = number::step(self.top as u64, self.steps * 2);
        let closer = end(finer) as f64 * 1.1 < end(self.step) as f64 && end(finer) / finer <= self.steps * 2;
        let step = if closer { finer } else { self.step };
        Self { top: self.top.max(end(step) as f64), step, ..self }
    }

    /// The same, with positions to a quarter of a pixel.
    pub(crate) const fn fine(self) -> Self {
        Self { fine: true, ..self }
    }

    /// The ticks.
    pub(crate) fn ticks(&self) -> Vec<u64> {
        (0..=20).map_while(|i| self.step.checked_mul(i)).take_while(|n| *n as f64 <= self.top).collect()
    }

    /// The highest tick, which decides how ticks are written.
    pub(crate) fn last_tick(&self) -> u64 {
        self.ticks().last().copied().unwrap_or(0)
    }
}

impl Ranged for Counts {
    type ValueType = f64;
    type FormatOption = NoDefaultFormatting;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let length = f64::from(limit.1 - limit.0);
        let along = (value / self.top).clamp(0.0, 1.0) * length;
        if self.fine {
            return limit.0 + along.round() as i32;
        }
        let mut pixels = (along / f64::from(Q)).round() as i32;
        // A count that is not zero is not drawn as zero.
        if *value > 0.0 && pixels == 0 {
            pixels = length.signum() as i32;
        }
        limit.0 + pixels * Q
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks().into_iter().map(|n| n as f64).collect()
    }

    fn range(&self) -> Range<f64> {
        0.0..self.top
    }
}

/// Whole pixels along an axis: cells of equal width must not differ by a pixel.
#[derive(Clone, Debug)]
pub(crate) struct Cells(pub(crate) i32);

impl Ranged for Cells {
    type ValueType = i32;
    type FormatOption = NoDefaultFormatting;

    fn map(&self, value: &i32, limit: (i32, i32)) -> i32 {
        limit.0 + value * Q * (limit.1 - limit.0).signum()
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<i32> {
        Vec::new()
    }

    fn range(&self) -> Range<i32> {
        0..self.0
    }
}

/// Cells along, counts up.
pub(crate) type Upright = DrawingArea<Recorder, Cartesian2d<Cells, Counts>>;
/// Counts along, cells up.
pub(crate) type Lying = DrawingArea<Recorder, Cartesian2d<Counts, Cells>>;

/// An area with counts upwards, its grid and its tick labels; the labels stand left of the place.
pub(crate) fn upright(pen: &Pen, place: Place, counts: &Counts) -> Upright {
    let plot = pen.plot(place, |x, y| Cartesian2d::new(Cells(place.w), counts.clone(), (x, y)));
    let grid = RGBColor::from(pen.colors.grid);
    let last = counts.last_tick();
    let set = pen.muted(15).end();
    let mut labels = Vec::new();
    pen.keep(plot.draw_mesh(
        |canvas, line| {
            if let MeshLine::YMesh((x0, y), (x1, _), value) = line {
                labels.push((*value as u64, y / Q));
                canvas.draw_rect((x0, y - Q), (x1, y), &grid.filled(), true)?;
            }
            Ok(())
        },
        8,
        8,
    ));
    for (n, y) in labels {
        pen.text(&number::tick(n, last, pen.lang), (place.x - pen.px(10), y + set.drop() - 1), set);
    }
    plot
}

/// Width of the widest tick label, with its gap to the axis.
pub(crate) fn gutter(pen: &Pen, counts: &Counts) -> i32 {
    let last = counts.last_tick();
    let set = pen.muted(15);
    let widest = counts.ticks().into_iter().map(|n| set.width(&number::tick(n, last, pen.lang))).max();
    widest.unwrap_or(0) + pen.px(10)
}

/// An area with counts along, without a grid: rows carry their values in letters.
pub(crate) fn lying(pen: &Pen, place: Place, counts: &Counts) -> Lying {
    pen.plot(place, |x, y| Cartesian2d::new(counts.clone(), Cells(place.h), (x, y)))
}
