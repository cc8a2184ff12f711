//! The checksum of zlib, quick on what pictures are made of.

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

/// Bytes whose differences are summed side by side, and steps after which the sums still fit into 16 bits.
const LANES: usize = 8;
const STEPS: usize = 8;

impl Adler {
    const BASE: u64 = 65_521;

    /// Takes bytes of a row in place of those above them; the first is `left` bytes from the end of the row.
    pub(crate) fn exchange(&mut self, row: &[u8], above: &[u8], mut left: usize) {
        let ((blocks, rest), (above, above_rest)) =
            (row.as_chunks::<{ LANES * STEPS }>(), above.as_chunks::<{ LANES * STEPS }>());
        for (block, above) in blocks.iter().zip(above) {
            // For each lane the sum of its differences, and of those sums after each step, which counts a difference
            // once for each step that is left.
            let (mut plain, mut steps) = ([0_i16; LANES], [0_i16; LANES]);
            for (new, old) in block.chunks_exact(LANES).zip(above.chunks_exact(LANES)) {
                for i in 0..LANES {
                    plain[i] += i16::from(new[i]) - i16::from(old[i]);
                    steps[i] += plain[i];
                }
            }
            let (mut sum, mut whole, mut within) = (0_i32, 0_i32, 0_i32);
            for i in 0..LANES {
                sum += i32::from(plain[i]);
                whole += i32::from(steps[i]);
                within += i32::from(plain[i]) * i as i32;
            }
            left -= LANES * STEPS;
            self.add(sum, whole * LANES as i32 - within, left);
        }
        let ((blocks, rest), (above, above_rest)) = (rest.as_chunks::<16>(), above_rest.as_chunks::<16>());
        for (block, above) in blocks.iter().zip(above) {
            self.exchange_sixteen(block, above, left);
            left -= 16;
        }
        for (new, old) in rest.iter().zip(above_rest) {
            self.add(i32::from(*new) - i32::from(*old), 0, left);
            left -= 1;
        }
    }

    /// The same for sixteen bytes, in four words of 16 bits each.
    fn exchange_sixteen(&mut self, row: &[u8; 16], above: &[u8; 16], left: usize) {
        const ODD: u64 = 0x00FF_00FF_00FF_00FF;
        const ALL: u64 = 0x0001_0001_0001_0001;
        let (row, above) = (u128::from_le_bytes(*row), u128::from_le_bytes(*above));
        // Each difference has 256 more than it is, so that it is not negative.
        let apart = |by: u32| ((row >> by) as u64 & ODD) + 256 * ALL - ((above >> by) as u64 & ODD);
        let [even, odd, even_on, odd_on] = [0, 8, 64, 72].map(apart);
        // Multiplication leaves in the highest 16 bits the sum of all four, each times the factor opposite to it.
        let sum = |four: u64, factors: u64| (four.wrapping_mul(factors) >> 48) as i32;
        let all = even + odd + even_on + odd_on;
        let places =
            sum(all, 0x0000_0002_0004_0006) + sum(odd + odd_on, ALL) + 8 * sum(even_on + odd_on, ALL);
        // 120 is the sum of all sixteen places.
        self.add(sum(all, ALL) - 16 * 256, 120 * 256 - places, left);
    }

    /// Adds differences with their sum, and their sum weighted by places, of which `left` more follow.
    const fn add(&mut self, plain: i32, weighted: i32, left: usize) {
        self.plain = self.plain.wrapping_add_signed(plain as i64);
        self.weighted = self.weighted.wrapping_add_signed(plain as i64 * left as i64 + weighted as i64);
    }

    /// Adds the row of so many bytes.
    pub(crate) fn row(&mut self, stride: usize) {
        self.b = (self.b + self.a * stride as u64 + self.weighted) % Self::BASE;
        self.a = (self.a + self.plain) % Self::BASE;
    }

    /// The checksum of the rows so far.
    pub(crate) const fn value(&self) -> u32 {
        (self.b << 16 | self.a) as u32
    }
}

#[cfg(test)]
mod tests {
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
                sum.exchange(row, &above, stride);
                sum.row(stride);
                above = row.to_vec();
            }
            assert_eq!(sum.value(), b << 16 | a, "stride {stride}");
        }
    }
}
