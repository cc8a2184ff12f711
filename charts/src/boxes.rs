//! Rectangles of a picture, to be asked whether another meets one of them.

use std::ops::Range;

use crate::canvas::Bounds;

/// No rectangle.
const NONE: u32 = u32::MAX;

/// Rectangles by the strips of height that they cross, in whatever unit they have.
#[derive(Debug, Default)]
pub(crate) struct Boxes {
    width: i32,
    /// Height of a strip.
    strip: i32,
    /// For each strip a bit for each of 64 columns in which there are any, and the last of them, or [`NONE`].
    strips: Vec<(u64, u32)>,
    /// Each once for each strip that it crosses, with the one before it in its strip: a list of its own for each strip
    /// would grow for itself.
    all: Vec<(Bounds, u32)>,
}

impl Boxes {
    /// Begins a picture of a size, with none.
    pub(crate) fn begin(&mut self, (width, height): (i32, i32), strip: i32) {
        (self.width, self.strip) = (width, strip);
        self.strips.clear();
        self.strips.resize((height / strip + 1) as usize, (0, NONE));
        self.all.clear();
    }

    /// Whether a rectangle meets one of them, as far as both lie in the picture.
    pub(crate) fn meet(&self, bounds: &Bounds) -> bool {
        let (strips, columns) = self.across(bounds);
        self.strips[strips].iter().any(|(taken, last)| {
            let mut at = if taken & columns == 0 { NONE } else { *last };
            while let Some((there, before)) = self.all.get(at as usize) {
                if there.meets(bounds) {
                    return true;
                }
                at = *before;
            }
            false
        })
    }

    /// Adds one.
    pub(crate) fn add(&mut self, bounds: Bounds) {
        let (strips, columns) = self.across(&bounds);
        for (taken, last) in &mut self.strips[strips] {
            *taken |= columns;
            let at = self.all.len() as u32;
            self.all.push((bounds, std::mem::replace(last, at)));
        }
    }

    /// The strips and the columns that a rectangle crosses.
    fn across(&self, bounds: &Bounds) -> (Range<usize>, u64) {
        let most = self.strips.len() as i32;
        let top = (bounds.y0 / self.strip).clamp(0, most) as usize;
        let bottom = (bounds.y1 / self.strip + 1).clamp(0, most) as usize;
        let column = |x: i32| (x.clamp(0, self.width - 1) as usize * 64 / self.width as usize) as u32;
        let (left, right) = (column(bounds.x0), column(bounds.x1));
        (top..bottom.max(top), (u64::MAX << left) & (u64::MAX >> (63 - right)))
    }
}
