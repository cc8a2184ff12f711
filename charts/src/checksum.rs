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

/// Bytes whose differences are summed at once, and their places among them.
const LANES: usize = 32;
const PLACES: [i16; LANES] = {
    let mut places = [0; LANES];
    let mut i = 0;
    while i < LANES {
        places[i] = i as i16;
        i += 1;
    }
    places
};

impl Adler {
    const BASE: u64 = 65_521;

    /// Takes bytes of a row in place of those above them; the first is `left` bytes from the end of the row.
    pub(crate) fn exchange(&mut self, row: &[u8], above: &[u8], mut left: usize) {
        let ((blocks, rest), (above, above_rest)) = (row.as_chunks::<LANES>(), above.as_chunks::<LANES>());
        for (block, above) in blocks.iter().zip(above) {
            // In 16 bits, which processors multiply and add eight at a time.
            let (mut plain, mut inner) = (0_i16, 0_i32);
            for i in 0..LANES {
                let more = i16::from(block[i]) - i16::from(above[i]);
                plain += more;
                inner += i32::from(more) * i32::from(PLACES[i]);
            }
            self.add(i32::from(plain), inner, left);
            left -= LANES;
        }
        for (new, old) in rest.iter().zip(above_rest) {
            self.add(i32::from(*new) - i32::from(*old), 0, left);
            left -= 1;
        }
    }

    fn add(&mut self, plain: i32, inner: i32, left: usize) {
        self.plain = self.plain.wrapping_add_signed(i64::from(plain));
        self.weighted = self.weighted.wrapping_add_signed(i64::from(plain) * left as i64 - i64::from(inner));
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
