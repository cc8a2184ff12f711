//! The long part of a stroke, whose coverage follows row by row from where its two sides are.

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, f32x16};

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
        let each = 1.0 / along;
        let limit = width as f32;
        let lanes = f32x16::from_slice(simd, &std::array::from_fn::<f32, AT_ONCE, _>(|i| i as f32));
        for y in self.rows.start.max(within.start)..self.rows.end.min(within.end) {
            let middle = self.left + ((y - self.rows.start) as f32 + 0.5) * self.slope;
            let left = middle - along * 0.5;
            let right = left + self.across + along;
            // A cast takes what lies left of the picture as 0.
            let (mut x, end) = (left as usize, right.min(limit).ceil() as usize);
            while x < end {
                // From each side to the right end of each pixel.
                let from_left = lanes + (x as f32 + 1.0 - left);
                let from_right = from_left - self.across;
                let cover =
                    filled(simd, from_left) - filled(simd, from_left - along) - filled(simd, from_right)
                        + filled(simd, from_right - along);
                let cover = (cover * each).max(0.0).min(1.0);
                let levels = cover * f32::from(FULL) + ROUND;
                let mut out = [0; AT_ONCE];
                for (out, level) in out.iter_mut().zip(levels.as_slice()) {
                    *out = level.to_bits() as u8;
                }
                sink.pixels(x, y, &out[..AT_ONCE.min(end - x)]);
                x += AT_ONCE;
            }
        }
    }
}

/// How much of a pixel lies behind places so far before its end, summed up over all places before them.
#[inline(always)]
fn filled<S: Simd>(simd: S, places: f32x16<S>) -> f32x16<S> {
    let within = places.max(0.0).min(1.0);
    within * within * 0.5 + (places - f32x16::splat(simd, 1.0)).max(0.0)
}
