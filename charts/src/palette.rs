//! Colours as one byte: the palette that a picture grows while it is drawn.
//!
//! One byte a pixel is cheap to clear, to blend and to compress. The price is 256 colours, so edges are quantised: 15
//! steps from the ground to each colour that letters and lines are drawn in, a few steps over anything else, and the
//! nearest colour when the palette is full.

use crate::raster::FULL;
use crate::theme::Rgb;

/// Index of the ground, which every picture is cleared to.
pub(crate) const GROUND: u8 = 0;
const MOST: usize = 256;
const STEPS: usize = FULL as usize + 1;
/// Steps over a flat colour other than the ground, and over an edge.
const OVER_FLAT: u32 = 7;
const OVER_EDGE: u32 = 4;
/// Room left for mixtures when ramps are reserved.
const RESERVE: usize = 190;

/// A colour that is drawn with, and what it makes of each colour it is drawn over.
struct Ink {
    color: Rgb,
    /// Index after blending: by the index below and the coverage.
    mixes: Vec<[u8; STEPS]>,
    ready: [bool; MOST],
    /// Index of coverage 1 over the ground, if the ramp is contiguous.
    ramp: Option<u8>,
}

/// The colours of one picture.
#[derive(Default)]
pub(crate) struct Palette {
    colors: Vec<Rgb>,
    flat: Vec<bool>,
    inks: Vec<Ink>,
    in_use: usize,
}

impl Palette {
    /// Starts over with a ground.
    pub(crate) fn reset(&mut self, ground: Rgb) {
        self.colors.clear();
        self.flat.clear();
        self.in_use = 0;
        self.colors.push(ground);
        self.flat.push(true);
    }

    /// The colours by index, at most 256.
    pub(crate) fn colors(&self) -> &[Rgb] {
        &self.colors
    }

    /// The index of a flat colour.
    pub(crate) fn solid(&mut self, color: Rgb) -> u8 {
        let index = self.index(color);
        self.flat[usize::from(index)] = true;
        index
    }

    fn index(&mut self, color: Rgb) -> u8 {
        if let Some(found) = self.colors.iter().position(|c| *c == color) {
            return found as u8;
        }
        if self.colors.len() < MOST {
            self.colors.push(color);
            self.flat.push(false);
            return (self.colors.len() - 1) as u8;
        }
        let mut best = (u32::MAX, 0);
        for (i, c) in self.colors.iter().enumerate() {
            best = best.min((c.distance(color), i));
        }
        best.1 as u8
    }

    /// The handle of a colour to blend with; its ramp over the ground is reserved at the first call.
    pub(crate) fn ink(&mut self, color: Rgb) -> usize {
        if let Some(found) = self.inks[..self.in_use].iter().position(|ink| ink.color == color) {
            return found;
        }
        if self.in_use == self.inks.len() {
            self.inks.push(Ink { color, mixes: vec![[0; STEPS]; MOST], ready: [false; MOST], ramp: None });
        }
        let ground = self.colors[usize::from(GROUND)];
        let ink = &mut self.inks[self.in_use];
        ink.color = color;
        ink.ready = [false; MOST];
        ink.ramp = None;
        if self.colors.len() + STEPS <= RESERVE && color != ground {
            let base = self.colors.len() as u8;
            ink.ramp = Some(base);
            for step in 1..=u32::from(FULL) {
                self.colors.push(color.mix(ground, step * 255 / u32::from(FULL)));
                self.flat.push(step == u32::from(FULL));
                ink.mixes[usize::from(GROUND)][step as usize] = base + step as u8 - 1;
            }
            ink.mixes[usize::from(GROUND)][0] = GROUND;
            ink.ready[usize::from(GROUND)] = true;
        }
        self.in_use += 1;
        self.in_use - 1
    }

    /// The index after blending an ink over an index.
    fn mix(&mut self, ink: usize, under: u8, coverage: u8) -> u8 {
        if !self.inks[ink].ready[usize::from(under)] {
            self.prepare(ink, under);
        }
        self.inks[ink].mixes[usize::from(under)][usize::from(coverage)]
    }

    fn prepare(&mut self, ink: usize, under: u8) {
        let below = self.colors[usize::from(under)];
        let color = self.inks[ink].color;
        let steps = if self.flat[usize::from(under)] { OVER_FLAT } else { OVER_EDGE };
        let full = u32::from(FULL);
        let mut row = [under; STEPS];
        let mut last = (0, under);
        for (coverage, slot) in row.iter_mut().enumerate() {
            let step = (coverage as u32 * steps * 2 + full) / (full * 2);
            if step != last.0 {
                last = (step, self.index(color.mix(below, step * 255 / steps)));
            }
            *slot = last.1;
        }
        self.inks[ink].mixes[usize::from(under)] = row;
        self.inks[ink].ready[usize::from(under)] = true;
    }

    /// Blends a row of coverages over a row of indices.
    pub(crate) fn blend(&mut self, ink: usize, pixels: &mut [u8], coverage: &[u8]) {
        let ramp = self.inks[ink].ramp;
        let mut rows = pixels.chunks_exact_mut(8);
        let mut covers = coverage.chunks_exact(8);
        for (eight, cover) in (&mut rows).zip(&mut covers) {
            let word = word(cover);
            if word == 0 {
                continue;
            }
            if let (Some(base), 0) = (ramp, self::word(eight)) {
                // Eight at once over bare ground: 1 in each byte that is covered, times the ramp's start.
                let covered = ((word + 0x0F0F_0F0F_0F0F_0F0F) & 0x1010_1010_1010_1010) >> 4;
                eight.copy_from_slice(&(word + covered * u64::from(base - 1)).to_le_bytes());
            } else {
                self.blend_each(ink, eight, cover);
            }
        }
        let done = pixels.len().min(coverage.len()) / 8 * 8;
        self.blend_each(ink, &mut pixels[done..], &coverage[done..]);
    }

    fn blend_each(&mut self, ink: usize, pixels: &mut [u8], coverage: &[u8]) {
        for (pixel, cover) in pixels.iter_mut().zip(coverage) {
            if *cover > 0 {
                *pixel = self.mix(ink, *pixel, *cover);
            }
        }
    }

    /// Blends a run of equal coverage.
    pub(crate) fn blend_run(&mut self, ink: usize, pixels: &mut [u8], coverage: u8) {
        for pixel in pixels {
            *pixel = self.mix(ink, *pixel, coverage);
        }
    }
}

fn word(bytes: &[u8]) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(bytes);
    u64::from_le_bytes(eight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_at_once_is_one_by_one() {
        let mut palette = Palette::default();
        palette.reset(Rgb(255, 255, 255));
        let _ = palette.ink(Rgb(200, 0, 0));
        let ink = palette.ink(Rgb(10, 20, 30));
        let coverage: Vec<u8> = (0..40).map(|i| i % 16).collect();
        let mut fast = vec![GROUND; 40];
        palette.blend(ink, &mut fast, &coverage);
        let mut slow = vec![GROUND; 40];
        palette.blend_each(ink, &mut slow, &coverage);
        assert_eq!(fast, slow);
    }

    #[test]
    fn a_full_palette_takes_the_nearest() {
        let mut palette = Palette::default();
        palette.reset(Rgb(0, 0, 0));
        for i in 0..=255 {
            palette.solid(Rgb(i, 0, 0));
        }
        assert_eq!(palette.colors().len(), 256);
        assert_eq!(palette.solid(Rgb(100, 1, 0)), 100);
    }
}
