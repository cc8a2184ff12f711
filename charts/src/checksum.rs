//! The checksums of zlib and PNG, quick on what pictures are made of.

/// The checksum of zlib (RFC 1950). A row adds what the row above added, but for the blocks of bytes in which they
/// differ, so of most of a picture only the difference is looked at.
#[inline(never)]
pub(crate) fn adler32(data: &[u8], stride: usize) -> u32 {
    const BASE: u64 = 65_521;
    let stride = stride.max(1);
    let mut sums = Sums::default();
    let zeros = vec![0; stride];
    let (mut a, mut b) = (1_u64, 0_u64);
    let mut last: &[u8] = &zeros;
    let rows = data.chunks_exact(stride);
    let rest = rows.remainder();
    for row in rows {
        sums.follow(row, last);
        last = row;
        b = (b + a * stride as u64 + sums.weighted) % BASE;
        a = (a + sums.plain) % BASE;
    }
    for byte in rest {
        a = (a + u64::from(*byte)) % BASE;
        b = (b + a) % BASE;
    }
    (b << 16 | a) as u32
}

/// Of a row, the sum of the bytes, and the sum of each byte times the number of bytes from it to the end.
#[derive(Default)]
struct Sums {
    plain: u64,
    weighted: u64,
}

impl Sums {
    /// From the sums of the row above to those of a row.
    fn follow(&mut self, row: &[u8], above: &[u8]) {
        let mut left = row.len() as u64;
        let ((blocks, rest), (above_blocks, above_rest)) = (row.as_chunks::<64>(), above.as_chunks::<64>());
        for (block, above) in blocks.iter().zip(above_blocks) {
            if differ(block, above) {
                self.exchange(block, above, left);
            }
            left -= 64;
        }
        self.exchange(rest, above_rest, left);
    }

    /// Takes a block in place of another, `left` bytes from the end of the row.
    fn exchange(&mut self, block: &[u8], above: &[u8], left: u64) {
        let (mut plain, mut inner) = (0_i32, 0_i32);
        for (i, (new, old)) in block.iter().zip(above).enumerate() {
            let more = i32::from(*new) - i32::from(*old);
            plain += more;
            inner += more * i as i32;
        }
        self.plain = self.plain.wrapping_add_signed(i64::from(plain));
        self.weighted = self.weighted.wrapping_add_signed(i64::from(plain) * left as i64 - i64::from(inner));
    }
}

/// Whether two blocks differ, eight bytes at a time: a call of the library's comparison would cost more than it saves.
fn differ(a: &[u8; 64], b: &[u8; 64]) -> bool {
    let (a, b) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    a.iter().zip(b).fold(0, |all, (x, y)| all | (u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y))) != 0
}

static TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut i = 0;
    while i < 256 {
        let mut n = i as u32;
        let mut bit = 0;
        while bit < 8 {
            n = if n & 1 == 1 { n >> 1 ^ 0xEDB8_8320 } else { n >> 1 };
            bit += 1;
        }
        tables[0][i] = n;
        i += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut i = 0;
        while i < 256 {
            let n = tables[table - 1][i];
            tables[table][i] = n >> 8 ^ tables[0][(n & 0xFF) as usize];
            i += 1;
        }
        table += 1;
    }
    tables
}

/// The checksum of a chunk (PNG, annex D), eight bytes at a time.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    let mut eights = bytes.chunks_exact(8);
    for eight in &mut eights {
        let low = crc ^ u32::from_le_bytes([eight[0], eight[1], eight[2], eight[3]]);
        let [a, b, c, d] = low.to_le_bytes().map(usize::from);
        crc = TABLES[7][a]
            ^ TABLES[6][b]
            ^ TABLES[5][c]
            ^ TABLES[4][d]
            ^ TABLES[3][usize::from(eight[4])]
            ^ TABLES[2][usize::from(eight[5])]
            ^ TABLES[1][usize::from(eight[6])]
            ^ TABLES[0][usize::from(eight[7])];
    }
    for byte in eights.remainder() {
        crc = crc >> 8 ^ TABLES[0][((crc ^ u32::from(*byte)) & 0xFF) as usize];
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_as_the_standard_says() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b"IEND"), 0xAE42_6082);
    }

    #[test]
    fn adds_up_whatever_the_rows() {
        let plain = |data: &[u8]| {
            let (mut a, mut b) = (1_u32, 0_u32);
            for byte in data {
                a = (a + u32::from(*byte)) % 65_521;
                b = (b + a) % 65_521;
            }
            b << 16 | a
        };
        let data: Vec<u8> = (0..50_000_u32).map(|i| (i / 700 * 37 + i % 13) as u8).collect();
        for stride in [1, 63, 64, 65, 700, 701, 60_000] {
            assert_eq!(adler32(&data, stride), plain(&data), "stride {stride}");
        }
    }
}
