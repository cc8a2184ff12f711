//! Colours as one byte: the palette that a picture grows while it is drawn.
//!
//! One byte a pixel is cheap to clear, to blend and to compress. The price is 256 colours, so edges are quantised: 15
//! steps from the ground to each colour that letters and lines are drawn in, a few steps over anything else, and the
//! nearest colour when the palette is full.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, i32x16};

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

const UNKNOWN: u16 = u16::MAX;
/// What is known of a colour below before anything was asked: without coverage it stays.
const NOTHING: [[u16; STEPS]; MOST] = {
    let mut rows = [[UNKNOWN; STEPS]; MOST];
    let mut under = 0;
    while under < MOST {
        rows[under][0] = under as u16;
        under += 1;
    }
    rows
};

/// A colour that is drawn with, and what it makes of each colour it is drawn over.
struct Ink {
    color: Rgb,
    /// Index after blending: by the index below and the coverage; [`UNKNOWN`] until it is asked for.
    mixes: Box<[[u16; STEPS]; MOST]>,
    /// A bit for each row of `mixes` in which something is known.
    known: [u64; MOST / 64],
    /// Index of coverage 1 over the ground, if the ramp is contiguous.
    ramp: Option<u8>,
    /// Whether it is the ground's own colour, which over bare ground changes nothing.
    is_ground: bool,
}

impl Ink {
    /// Begins a picture, for which nothing that was known holds.
    fn forget(&mut self) {
        for (word, known) in self.known.iter_mut().enumerate() {
            while *known != 0 {
                let under = word * 64 + known.trailing_zeros() as usize;
                *known &= *known - 1;
                self.mixes[under] = NOTHING[under];
            }
        }
    }

    fn learn(&mut self, under: u8, coverage: u8, index: u8) {
        let under = usize::from(under);
        self.known[under / 64] |= 1 << (under % 64);
        self.mixes[under][usize::from(coverage)] = u16::from(index);
    }
}

/// Slots of the index by colour: several times the palette, for colours that were full up and took a neighbour.
const SLOTS: usize = 4096;
const FREE: u32 = u32::MAX;

/// The colours of one picture.
#[derive(Default)]
pub(crate) struct Palette {
    colors: Vec<Rgb>,
    /// Colour and index, by a hash of the colour.
    slots: Vec<(u32, u8)>,
    in_slots: usize,
    flat: Vec<bool>,
    inks: Vec<Ink>,
    in_use: usize,
    /// The colours once there can be no more.
    full: Option<Box<Channels>>,
}

/// All colours of a full palette, each channel by itself.
struct Channels([[i32; MOST]; 3]);

impl Channels {
    fn of(colors: &[Rgb]) -> Self {
        let mut all = [[0; MOST]; 3];
        for (i, Rgb(r, g, b)) in colors.iter().enumerate().take(MOST) {
            for (channel, value) in all.iter_mut().zip([r, g, b]) {
                channel[i] = i32::from(*value);
            }
        }
        Self(all)
    }

    /// The first of the nearest by [`Rgb::distance`].
    #[inline(always)]
    fn nearest<S: Simd>(&self, simd: S, Rgb(r, g, b): Rgb) -> u8 {
        let [reds, greens, blues] = &self.0;
        let at = |channel: &[i32; MOST], i: usize, value: u8| {
            i32x16::from_slice(simd, &channel[i..i + 16]) - i32::from(value)
        };
        let mut index = i32x16::from_slice(simd, &std::array::from_fn::<i32, 16, _>(|i| i as i32));
        // A distance and, below it, the index: at most 715,275 * 256.
        let mut best = i32x16::splat(simd, i32::MAX);
        for i in (0..MOST).step_by(16) {
            let (r, g, b) = (at(reds, i, r), at(greens, i, g), at(blues, i, b));
            let distance = r * r * 3 + g * g * 6 + b * b * 2;
            best = best.min(distance * 256 + index);
            index += 16;
        }
        best.as_slice().iter().fold(i32::MAX, |least, one| least.min(*one)) as u8
    }
}

impl Palette {
    /// Starts over with a ground.
    pub(crate) fn reset(&mut self, ground: Rgb) {
        self.colors.clear();
        self.flat.clear();
        self.in_use = 0;
        self.full = None;
        self.in_slots = 0;
        self.slots.clear();
        self.slots.resize(SLOTS, (FREE, 0));
        self.index(ground);
        self.flat[usize::from(GROUND)] = true;
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
        let key = u32::from_le_bytes([color.0, color.1, color.2, 0]);
        let mut slot = key.wrapping_mul(0x9E37_79B1) as usize >> 20;
        while self.slots[slot].0 != FREE {
            if self.slots[slot].0 == key {
                return self.slots[slot].1;
            }
            slot = (slot + 1) % SLOTS;
        }
        let index = if self.colors.len() < MOST {
            self.colors.push(color);
            self.flat.push(false);
            (self.colors.len() - 1) as u8
        } else {
            self.nearest(color)
        };
        // Half full is where searches begin to get long; past it, a colour is looked for anew each time.
        if self.in_slots < SLOTS / 2 {
            self.slots[slot] = (key, index);
            self.in_slots += 1;
        }
        index
    }

    /// Files a colour that was added without being looked for.
    fn remember(&mut self, color: Rgb, index: u8) {
        let key = u32::from_le_bytes([color.0, color.1, color.2, 0]);
        let mut slot = key.wrapping_mul(0x9E37_79B1) as usize >> 20;
        while self.slots[slot].0 != FREE && self.slots[slot].0 != key {
            slot = (slot + 1) % SLOTS;
        }
        self.in_slots += usize::from(self.slots[slot].0 == FREE);
        self.slots[slot] = (key, index);
    }

    fn nearest(&mut self, color: Rgb) -> u8 {
        let channels = self.full.get_or_insert_with(|| Box::new(Channels::of(&self.colors)));
        dispatch!(Level::new(), simd => channels.nearest(simd, color))
    }

    /// The handle of a colour to blend with; its ramp over the ground is reserved at the first call.
    pub(crate) fn ink(&mut self, color: Rgb) -> usize {
        if let Some(found) = self.inks[..self.in_use].iter().position(|ink| ink.color == color) {
            return found;
        }
        if self.in_use == self.inks.len() {
            self.inks.push(Ink {
                color,
                mixes: Box::new(NOTHING),
                known: [0; MOST / 64],
                ramp: None,
                is_ground: false,
            });
        }
        let ground = self.colors[usize::from(GROUND)];
        let ink = &mut self.inks[self.in_use];
        ink.color = color;
        ink.forget();
        ink.ramp = None;
        ink.is_ground = color == ground;
        if self.colors.len() + STEPS <= RESERVE && color != ground {
            let base = self.colors.len() as u8;
            ink.ramp = Some(base);
            for step in 1..=FULL {
                ink.learn(GROUND, step, base + step - 1);
                self.colors.push(color.mix(ground, u32::from(step) * 255 / u32::from(FULL)));
                self.flat.push(step == FULL);
            }
            let full = base + FULL - 1;
            self.remember(color, full);
        }
        self.in_use += 1;
        self.in_use - 1
    }

    /// The index after blending an ink over an index.
    fn mix(&mut self, ink: usize, under: u8, coverage: u8) -> u8 {
        match self.inks[ink].mixes[usize::from(under)][usize::from(coverage)] {
            UNKNOWN => self.make(ink, under, coverage),
            known => known as u8,
        }
    }

    fn make(&mut self, ink: usize, under: u8, coverage: u8) -> u8 {
        // Over its own edge an ink stays on its ramp: where a line meets its marker, no new colour is needed.
        if let Some(base) = self.inks[ink].ramp
            && let Some(step) = under.checked_sub(base).filter(|step| *step < FULL)
        {
            let left = FULL - 1 - step;
            let index = base + step + (left * coverage + FULL / 2) / FULL;
            self.inks[ink].learn(under, coverage, index);
            return index;
        }
        let flat = self.flat[usize::from(under)];
        let steps = if flat { OVER_FLAT } else { OVER_EDGE };
        let full = u32::from(FULL);
        let step = (u32::from(coverage) * steps * 2 + full) / (full * 2);
        let index = if step == 0 {
            under
        } else {
            let color = self.inks[ink].color.mix(self.colors[usize::from(under)], step * 255 / steps);
            // Over an edge nobody sees four levels of 255; so many mixtures become the same colour.
            self.index(if flat { color } else { color.coarse() })
        };
        self.inks[ink].learn(under, coverage, index);
        index
    }

    /// Blends a row of coverages over a row of indices.
    pub(crate) fn blend(&mut self, ink: usize, pixels: &mut [u8], coverage: &[u8]) {
        let Ink { ramp, is_ground, .. } = self.inks[ink];
        self.blend_row(ink, (ramp, is_ground), pixels, coverage);
    }

    /// Blends rows of coverages, one after the other and each so long, over rows of indices, of which each begins so many
    /// after the one before; of both the first `width` of a row.
    pub(crate) fn stamp(
        &mut self,
        ink: usize,
        (pixels, stride): (&mut [u8], usize),
        (coverage, length): (&[u8], usize),
        width: usize,
    ) {
        let Ink { ramp, is_ground, .. } = self.inks[ink];
        for (pixels, coverage) in pixels.chunks_mut(stride).zip(coverage.chunks(length)) {
            self.blend_row(ink, (ramp, is_ground), &mut pixels[..width], &coverage[..width]);
        }
    }

    #[inline(always)]
    fn blend_row(
        &mut self,
        ink: usize,
        (ramp, is_ground): (Option<u8>, bool),
        pixels: &mut [u8],
        coverage: &[u8],
    ) {
        let (eights, rest) = pixels.as_chunks_mut::<8>();
        let (covers, covers_rest) = coverage.as_chunks::<8>();
        for (eight, cover) in eights.iter_mut().zip(covers) {
            let word = u64::from_le_bytes(*cover);
            // Bare ground is what there mostly is; whether anything is covered, nobody can guess.
            match (u64::from_le_bytes(*eight), ramp) {
                (0, _) if is_ground => {}
                (0, Some(base)) => {
                    // Eight at once: 1 in each byte that is covered, times the ramp's start.
                    let covered = ((word + 0x0F0F_0F0F_0F0F_0F0F) & 0x1010_1010_1010_1010) >> 4;
                    *eight = (word + covered * u64::from(base - 1)).to_le_bytes();
                }
                _ if word == 0 => {}
                _ => self.blend_eight(ink, eight, cover),
            }
        }
        self.blend_each(ink, rest, covers_rest);
    }

    fn blend_eight(&mut self, ink: usize, pixels: &mut [u8; 8], coverage: &[u8; 8]) {
        let mixes = &self.inks[ink].mixes;
        let mut mixed = [0; 8];
        // One question for all eight: mostly everything is known.
        let mut all = 0;
        for ((mixed, under), cover) in mixed.iter_mut().zip(*pixels).zip(coverage) {
            let index = mixes[usize::from(under)][usize::from(cover & FULL)];
            *mixed = index as u8;
            all |= index;
        }
        if all < MOST as u16 {
            *pixels = mixed;
        } else {
            self.blend_each(ink, pixels, coverage);
        }
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
        let mut rest = pixels;
        while let Some(under) = rest.first().copied() {
            // Most runs lie on one colour.
            let even = rest.iter().position(|p| *p != under).unwrap_or(rest.len());
            let (run, after) = rest.split_at_mut(even);
            run.fill(self.mix(ink, under, coverage));
            rest = after;
        }
    }
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
        for i in 0..500_u32 {
            let color = Rgb((i * 7) as u8, (i % 9) as u8, (i % 4) as u8);
            let distances = palette.colors().iter().map(|c| c.distance(color));
            let least = distances.enumerate().map(|(i, d)| (d, i)).min().map(|(_, i)| i as u8);
            assert_eq!(Some(palette.nearest(color)), least);
        }
    }
}
