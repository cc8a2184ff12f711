//! The long part of a stroke, whose coverage follows row by row from where its two sides are.

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, f32x16, u32x16};

use crate::raster::{FULL, ROUND, Sink};

/// The part of a stroke in whole rows that only its two long sides cross.
#[derive(Clone, Debug)]
pub(crate) struct Beam {
    pub(crate) rows: Range<usize>,
    /// Where its left side is at the top of the first row, in pixels.
    pub(crate) left: f32,
    /// From there to its right side, along the row.
    pub(crate) across: f32,
    /// How much farther right both sides are a row further down.
    pub(crate) slope: f32,
}

/// Pixels that are covered at once.
const AT_ONCE: usize = 16;
/// A side that goes less far along a row is taken to go so far: what is divided by it would lose its digits.
const LEAST: f32 = 1.0 / 64.0;

impl Beam {
    /// Sends the coverage within `width` pixels of some rows to the sink.
    pub(crate) fn sweep(&self, width: usize, within: &Range<usize>, sink: &mut impl Sink) {
        dispatch!(Level::new(), simd => self.rows(simd, width, within, sink));
    }

    #[inline(always)]
    fn rows<S: Simd>(&self, simd: S, width: usize, within: &Range<usize>, sink: &mut impl Sink) {
        let along = self.slope.abs().max(LEAST);
        // Steps of coverage for twice a pixel.
        let each = f32::from(FULL) / (2.0 * along);
        let limit = width as f32;
        let lanes = f32x16::from_slice(simd, &std::array::from_fn::<f32, AT_ONCE, _>(|i| i as f32));
        // First many coverages, then all are handed on: who takes them guesses often wrong what comes, and would have to wait
        // for each to be known.
        let mut made = [(0, 0, [0; AT_ONCE]); 64];
        let mut count = 0;
        for y in self.rows.start.max(within.start)..self.rows.end.min(within.end) {
            let middle = self.left + ((y - self.rows.start) as f32 + 0.5) * self.slope;
            let left = middle - along * 0.5;
            let right = left + self.across + along;
            let (mut x, end) =
                (left.max(0.0) as i32 as usize, right.clamp(0.0, limit).ceil() as i32 as usize);
            while x < end {
                // From each side to the right end of each pixel.
                let from_left = lanes + (x as f32 + 1.0 - left);
                let from_right = from_left - self.across;
                let (a, b) = (Filled::of(from_left), Filled::of(from_left - along));
                let (c, d) = (Filled::of(from_right), Filled::of(from_right - along));
                let whole = a.whole - b.whole - c.whole + d.whole;
                let cover = (a.part - b.part - c.part + d.part) + (whole + whole);
                // Not cut to 0 and the most: it is beyond them by less than rounding takes away.
                let levels: u32x16<S> = (cover * each + ROUND).bitcast();
                let levels = simd.narrow_u32x16(levels, levels);
                let levels = simd.narrow_u16x32(levels, levels);
                made[count] = (x, y, [0; AT_ONCE]);
                made[count].2.copy_from_slice(&levels.as_slice()[..AT_ONCE]);
                count += 1;
                if count == made.len() {
                    hand_on(&made, width, sink);
                    count = 0;
                }
                x += AT_ONCE;
            }
        }
        hand_on(&made[..count], width, sink);
    }
}

fn hand_on(made: &[(usize, usize, [u8; AT_ONCE])], width: usize, sink: &mut impl Sink) {
    for (x, y, levels) in made {
        sink.pixels(*x, *y, &levels[..AT_ONCE.min(width - x)]);
    }
}

/// Twice how much lies behind a place in the pixel that ends there and in those before it, in two parts to be added, of
/// which `whole` counts twice: for a place `u` before that end, `u` squared within the pixel, and from there on 2 for each
/// more.
struct Filled<S: Simd> {
    part: f32x16<S>,
    whole: f32x16<S>,
}

impl<S: Simd> Filled<S> {
    #[inline(always)]
    fn of(places: f32x16<S>) -> Self {
        let whole = places.max(0.0);
        let within = whole.min(1.0);
        // u² = u (u - 2) + 2u
        Self { part: within * (within - 2.0), whole }
    }
}
