//! The checksum of zlib, quick on what pictures are made of.

use fearless_simd::prelude::*;
use fearless_simd::{i16x16, i32x8, u8x32, u16x16};

/// The checksum of zlib (RFC 1950), a row at a time. A row adds what the row above added, but for the blocks of bytes
/// in which they differ, so of most of a picture only the difference is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Adler {
    a: u64,
    b: u64,
    /// Of the row, the sum of its bytes.
    plain: u64,
    /// The sum of each byte times the number of bytes from it to the end of the row.
    weighted: u64,
}

impl Default for Adler {
    /// Of no bytes, after which comes a row of zeros.
    fn default() -> Self {
        Self { a: 1, b: 0, plain: 0, weighted: 0 }
    }
}

/// Bytes whose differences are summed side by side, and so many times that the sums still fit into 16 bits.
const LANES: usize = 32;
const STEPS: usize = 8;

const ONES: [i16; LANES] = [1; LANES];
const PLACES: [i16; LANES] = {
    let mut places = [0; LANES];
    let mut i = 0;
    while i < LANES {
        places[i] = i as i16;
        i += 1;
    }
    places
};

/// Numbers, each times a factor, in eight sums.
#[inline(always)]
fn weigh<S: Simd>(simd: S, [a, b]: [u16x16<S>; 2], factors: [i16; LANES]) -> i32x8<S> {
    let (low, high) = factors.split_at(LANES / 2);
    simd.pairwise_dot_product_i16x16(a.bitcast(), i16x16::from_slice(simd, low))
        + simd.pairwise_dot_product_i16x16(b.bitcast(), i16x16::from_slice(simd, high))
}

#[inline(always)]
fn add_up<S: Simd>(sums: i32x8<S>) -> i32 {
    let mut sum = 0;
    for part in sums.as_slice() {
        sum += part;
    }
    sum
}

impl Adler {
    const BASE: u64 = 65_521;

    /// Takes bytes of a row in place of those above them; the first is `left` bytes from the end of the row.
    #[inline(always)]
    pub(crate) fn exchange<S: Simd>(&mut self, simd: S, row: &[u8], above: &[u8], mut left: usize) {
        let ((new, rest), (old, above)) = (row.as_chunks::<LANES>(), above.as_chunks::<LANES>());
        for (new, old) in new.chunks(STEPS).zip(old.chunks(STEPS)) {
            // For each lane the sum of its differences, and of those sums after each step, which counts a difference
            // once for each step that is left.
            let zero = u16x16::splat(simd, 0);
            let (mut plain, mut steps) = ([zero; 2], [zero; 2]);
            for (new, old) in new.iter().zip(old) {
                let (a, b) = simd.widen_u8x32(u8x32::from_slice(simd, new));
                let (x, y) = simd.widen_u8x32(u8x32::from_slice(simd, old));
                plain = [plain[0] + a - x, plain[1] + b - y];
                steps = [steps[0] + plain[0], steps[1] + plain[1]];
            }
            let sum = add_up(weigh(simd, plain, ONES));
            let places = add_up(weigh(simd, steps, [LANES as i16; LANES]) - weigh(simd, plain, PLACES));
            left -= LANES * new.len();
            self.add(sum, places, left);
        }
        for (new, old) in rest.iter().zip(above) {
            self.add(i32::from(*new) - i32::from(*old), 0, left);
            left -= 1;
        }
    }

    /// Adds differences with their sum, and their sum weighted by places, of which `left` more follow.
    #[inline(always)]
    const fn add(&mut self, plain: i32, weighted: i32, left: usize) {
        self.plain = self.plain.wrapping_add_signed(plain as i64);
        self.weighted = self.weighted.wrapping_add_signed(plain as i64 * left as i64 + weighted as i64);
    }

    /// Adds the row of so many bytes, at most 32768.
    #[inline(always)]
    pub(crate) const fn row(&mut self, stride: usize) {
        self.b += self.a * stride as u64 + self.weighted;
        self.a += self.plain;
        // Divisions take long. Some thousand rows fit before, and `a` cannot have grown beyond 2^40 by then.
        if self.b >= 1 << 60 {
            (self.a, self.b) = (self.a % Self::BASE, self.b % Self::BASE);
        }
    }

    /// The checksum of the rows so far.
    pub(crate) const fn value(&self) -> u32 {
        (((self.b % Self::BASE) << 16) | (self.a % Self::BASE)) as u32
    }
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;

    #[test]
    fn adds_up_whatever_the_rows() {
        let data: Vec<u8> = (0..50_000_u32).map(|i| (i / 700 * 37 + i % 13) as u8).collect();
        for stride in [1, 31, 32, 33, 700, 701, 50_000] {
            let data = &data[..data.len() / stride * stride];
            let (mut a, mut b) = (1_u32, 0_u32);
            for byte in data {
                a = (a + u32::from(*byte)) % 65_521;
                b = (b + a) % 65_521;
            }
            let mut sum = Adler::default();
            let mut above = vec![0; stride];
            for row in data.chunks(stride) {
                dispatch!(Level::new(), simd => sum.exchange(simd, row, &above, stride));
                sum.row(stride);
                above = row.to_vec();
            }
            assert_eq!(sum.value(), b << 16 | a, "stride {stride}");
        }
    }
}
