//! Bits that say of bytes whether they equal others: the next that differs is found with a few instructions however far
//! it is.

use fearless_simd::prelude::*;
use fearless_simd::u8x64;

use crate::deflate::WINDOW;

/// A bit for each byte of a row, lowest first, and a word or two that end every count.
pub(crate) struct Masks(pub(crate) Box<[u64; WINDOW / 64 + 2]>);

impl Default for Masks {
    fn default() -> Self {
        Self(Box::new([0; WINDOW / 64 + 2]))
    }
}

/// Bits that are counted.
pub(crate) trait Mask {
    /// How many bits are as those of `like`, which are all the same, from one on.
    fn count(&self, at: usize, like: u64) -> usize;

    /// How many bits are not set from one on.
    #[inline(always)]
    fn zeros(&self, at: usize) -> usize {
        self.count(at, 0)
    }

    /// How many bits are set from one on.
    #[inline(always)]
    fn ones(&self, at: usize) -> usize {
        self.count(at, u64::MAX)
    }
}

/// A bit for each of 64 bytes.
impl Mask for u64 {
    #[inline(always)]
    fn count(&self, at: usize, like: u64) -> usize {
        (!(self ^ like)).checked_shr(at as u32).unwrap_or(0).trailing_ones() as usize
    }
}

impl Mask for Masks {
    #[inline(always)]
    fn count(&self, at: usize, like: u64) -> usize {
        // The next 64, wherever words end, are mostly enough.
        let (first, skip) = (at / 64, at % 64);
        let others = ((self.0[first] >> skip) | (self.0[first + 1] << 1 << (63 - skip))) ^ like;
        if others != 0 {
            return others.trailing_zeros() as usize;
        }
        let mut count = 64 - skip;
        for word in &self.0[first + 1..] {
            if *word != like {
                return count + (word ^ like).trailing_zeros() as usize;
            }
            count += 64;
        }
        count
    }
}

/// Of 64 bytes, `stride` after the first of some, which equal the one above and which the one before. Those beyond `room`
/// are as good as equal to the row above, for which a repeat may go on.
#[inline(always)]
pub(crate) fn masks<S: Simd>(simd: S, bytes: &[u8], stride: usize, room: usize) -> (u64, u64) {
    let here = load(simd, bytes, stride);
    let even = here.simd_eq(load(simd, bytes, 0)).to_bitmask();
    let run = here.simd_eq(load(simd, bytes, stride - 1)).to_bitmask();
    let beyond = u64::MAX.checked_shl(room as u32).unwrap_or(0);
    (even | beyond, run & !beyond)
}

/// Where bytes equal the one above, or the one before, for long enough to be said as a repeat: of 64, with the 64 after
/// them.
#[inline(always)]
pub(crate) const fn worth(evens: (u64, u64), runs: (u64, u64)) -> u64 {
    let above = evens.0 & ahead(evens, 1) & ahead(evens, 2) & ahead(evens, 3);
    above | runs.0 & ahead(runs, 1) & ahead(runs, 2)
}

/// The bits of a word and the one after it from some bit on.
#[inline(always)]
const fn ahead((here, next): (u64, u64), by: u32) -> u64 {
    here >> by | next << (64 - by)
}

#[inline(always)]
pub(crate) fn load<S: Simd>(simd: S, bytes: &[u8], at: usize) -> u8x64<S> {
    u8x64::from_slice(simd, &bytes[at..at + 64])
}
