//! A deflate encoder for pictures of flat colour: it looks for repeats only in the row above, in the byte before, and
//! where the same five bytes were seen last, and codes them with the block's own Huffman codes.
//!
//! A chart is mostly rows that equal the row above, and whoever painted it knows where they do not: only those blocks
//! of bytes are looked at. The `png` crate decodes its output in tests.

use crate::checksum::Adler;
use crate::huffman::{Block, LONGEST, far};

/// Shortest repeats worth saying: from the byte before, from the row above, and from elsewhere; the farther, the more
/// bits it takes.
const SHORTEST: usize = 3;
const SHORTEST_ABOVE: usize = 4;
const SHORTEST_FAR: usize = 6;
/// The farthest that deflate can say.
pub(crate) const WINDOW: usize = 32_768;
const HASH_BITS: u32 = 12;
/// A place that is too far back from any.
const NEVER: u32 = 1 << 31;
/// Bytes that [`Rows::bytes`] has beyond its end, so that eight can be read anywhere.
pub(crate) const BEYOND: usize = 8;

/// Rows to encode, with what was encoded before them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    /// The rows above, as far as [`WINDOW`] reaches, the new rows, and [`BEYOND`] bytes more.
    pub(crate) bytes: &'a [u8],
    /// Where the new rows begin.
    pub(crate) from: usize,
    /// Bytes of a row, at most [`WINDOW`].
    pub(crate) stride: usize,
    /// For each new row a bit for each block in which it may differ from the row above.
    pub(crate) changed: &'a [u64],
    /// A block has 2 to the power of this many bytes.
    pub(crate) block: u32,
}

/// An encoder, whose buffers are used again.
pub(crate) struct Deflate {
    out: Block,
    sum: Adler,
    /// Where five bytes were seen last, by their hash, counted from the first byte of the picture.
    seen: Box<[u32; 1 << HASH_BITS]>,
    /// Bytes encoded so far.
    done: usize,
}

impl Default for Deflate {
    fn default() -> Self {
        Self { out: Block::default(), sum: Adler::default(), seen: Box::new([0; 1 << HASH_BITS]), done: 0 }
    }
}

impl Deflate {
    /// Begins a zlib stream.
    pub(crate) fn begin(&mut self) {
        self.out.begin(0x0178);
        self.sum = Adler::default();
        self.seen.fill(NEVER);
        self.done = 0;
    }

    /// Ends the stream: all of it.
    pub(crate) fn finish(&mut self) -> &[u8] {
        self.out.finish(self.sum.value())
    }

    /// Adds rows to the stream.
    #[inline(never)]
    pub(crate) fn rows(&mut self, rows: &Rows<'_>) {
        let Rows { bytes, from, stride, changed, block } = *rows;
        let mut start = from;
        // Bytes up to here that equal the row above and are not said yet.
        let mut pending = 0;
        for mask in changed {
            if self.done == 0 && start == from {
                self.first_row(&bytes[..stride]);
                start += stride;
                continue;
            }
            let end = start + stride;
            let (mut at, mut left) = (start, *mask);
            while left != 0 {
                let first = left.trailing_zeros();
                let count = (left >> first).trailing_ones();
                left &= u64::MAX.checked_shl(first + count).unwrap_or(0);
                let a = (start + ((first as usize) << block)).min(end);
                let b = (start + (((first + count) as usize) << block)).min(end);
                self.sum.exchange(&bytes[a..b], &bytes[a - stride..b - stride], end - a);
                pending = self.scan(rows, a, b, pending + a - at);
                at = b;
            }
            self.sum.row(stride);
            pending += end - at;
            start = end;
        }
        self.above(bytes, start, stride, pending);
        self.done += start - from;
    }

    /// The first row of a picture, which has nothing above it.
    fn first_row(&mut self, row: &[u8]) {
        let mut at = 0;
        while at < row.len() {
            let run = if at > 0 { row[at..].iter().take_while(|b| **b == row[at - 1]).count() } else { 0 };
            if run >= SHORTEST {
                self.repeat(run, far(1));
                at += run;
            } else {
                self.out.byte(row[at]);
                at += 1;
            }
        }
        self.sum.exchange(row, &vec![0; row.len()], row.len());
        self.sum.row(row.len());
    }

    /// Encodes `at..end`, before which `pending` bytes equal to the row above are not said yet. Returns how many are
    /// not at the end.
    fn scan(&mut self, rows: &Rows<'_>, mut at: usize, end: usize, mut pending: usize) -> usize {
        let Rows { bytes, stride, .. } = *rows;
        if pending > 0 {
            let more = same(bytes, at - stride, at, 0, end - at);
            pending += more;
            at += more;
            if at == end {
                return pending;
            }
            self.above(bytes, at, stride, pending);
        }
        let (above, before) = (far(stride), far(1));
        // How far the first byte of `bytes` is from the first of the picture.
        let base = self.done - rows.from;
        while at < end {
            let room = end - at;
            let here = eight(bytes, at);
            let mut up = eight(bytes, at - stride) ^ here;
            let mut run = (here << 8 | u64::from(bytes[at - 1])) ^ here;
            if room < 8 {
                // What lies beyond is as good as equal to the row above, for which a repeat may go on.
                let within = (1 << (8 * room)) - 1;
                (up, run) = (up & within, run | !within);
            }
            let singles = singles(up, run).min(room);
            if singles > 0 {
                at += self.singles(bytes, at, base, (singles, room));
                continue;
            }
            let up = if up == 0 { same(bytes, at - stride, at, 8, room) } else { agree(up) };
            if up >= room {
                return room;
            }
            let run = if run == 0 { same(bytes, at - 1, at, 8, room) } else { agree(run) };
            // Of equals, the byte before takes fewer bits.
            if run >= up {
                self.repeat(run, before);
                at += run;
            } else {
                self.repeat(up, above);
                at += up;
            }
        }
        0
    }

    /// Says the `count` bytes before `at`, which equal the row above: where they equal each other as well, as that,
    /// which takes fewer bits.
    fn above(&mut self, bytes: &[u8], at: usize, stride: usize, count: usize) {
        let mut rest = &bytes[at - count - 1..at];
        while rest.len() > LONGEST + SHORTEST_ABOVE {
            let even = rest[..LONGEST] == rest[1..=LONGEST];
            self.out.repeat(LONGEST, if even { far(1) } else { far(stride) });
            rest = &rest[LONGEST..];
        }
        let count = rest.len() - 1;
        if count < SHORTEST_ABOVE {
            rest[1..].iter().for_each(|byte| self.out.byte(*byte));
        } else {
            let even = rest[..count] == rest[1..];
            self.repeat(count, if even { far(1) } else { far(stride) });
        }
    }

    /// Says `count` bytes one by one, or, where the bytes were seen before, a repeat of at most as many as there is
    /// `room` for. Returns how many bytes that said.
    fn singles(&mut self, bytes: &[u8], at: usize, base: usize, (count, room): (usize, usize)) -> usize {
        for i in 0..count {
            let here = eight(bytes, at + i);
            let now = (base + at + i) as u32;
            let last = std::mem::replace(&mut self.seen[hash(here)], now);
            let back = now.wrapping_sub(last) as usize;
            // One branch for both questions: each alone is guessed wrong too often.
            let there = at + i - if back <= WINDOW { back } else { 0 };
            let again = agree(eight(bytes, there) ^ here);
            if (back <= WINDOW) & (again >= SHORTEST_FAR) && i + SHORTEST_FAR <= room {
                let again =
                    if again == 8 { same(bytes, there, at + i, 8, room - i) } else { again.min(room - i) };
                self.repeat(again, far(back));
                return i + again;
            }
            self.out.byte(here as u8);
        }
        count
    }

    fn repeat(&mut self, len: usize, far: u32) {
        if len > LONGEST {
            return self.long(len, far);
        }
        self.out.repeat(len, far);
    }

    #[inline(never)]
    fn long(&mut self, mut len: usize, far: u32) {
        while len > LONGEST {
            // A tail too short to be a repeat would be lost, so the one before it gives some.
            let part = if len - LONGEST < 3 { LONGEST - 3 } else { LONGEST };
            self.out.repeat(part, far);
            len -= part;
        }
        self.out.repeat(len, far);
    }
}

fn eight(bytes: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(eight)
}

/// How many bytes agree, lowest first, of two words with this difference.
const fn agree(difference: u64) -> usize {
    (difference.trailing_zeros() / 8) as usize
}

/// How many bytes come before one at which a repeat from the row above or of the byte before is worth saying, from the
/// differences to these; at most as many as eight bytes can tell.
const fn singles(up: u64, run: u64) -> usize {
    let (up, run) = (zeros(up), zeros(run));
    let worth = (up & up >> 8 & up >> 16 & up >> 24) | (run & run >> 8 & run >> 16);
    let first = agree(worth);
    if first < 8 - SHORTEST { first } else { 8 - SHORTEST }
}

/// The highest bit of each byte that is zero.
const fn zeros(word: u64) -> u64 {
    const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
    !(((word & LOW) + LOW) | word | LOW)
}

/// How many of `room` bytes from `there` equal those from `here` on, of which `len` are known to.
fn same(bytes: &[u8], there: usize, here: usize, mut len: usize, room: usize) -> usize {
    while len < room {
        let difference = eight(bytes, there + len) ^ eight(bytes, here + len);
        if difference != 0 {
            return (len + agree(difference)).min(room);
        }
        len += 8;
    }
    room
}

fn hash(word: u64) -> usize {
    ((word << 24).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - HASH_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpack(zlib: &[u8]) -> Vec<u8> {
        miniz_oxide::inflate::decompress_to_vec_zlib(zlib).expect("a valid stream with its checksum")
    }

    fn noise(len: usize, spread: u32) -> Vec<u8> {
        let mut state = 12_345_u32;
        (0..len)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8 / spread.max(1) as u8
            })
            .collect()
    }

    /// Encodes whole rows, so many at a time, and tells of each what truly changed, or all.
    fn pack(deflate: &mut Deflate, data: &[u8], stride: usize, band: usize, exact: bool) -> Vec<u8> {
        let block = (0..).find(|s| (stride - 1) >> s < 64).unwrap_or(0);
        deflate.begin();
        for first in (0..data.len() / stride).step_by(band) {
            let last = (first + band).min(data.len() / stride);
            let kept = first.min(WINDOW.div_ceil(stride));
            let mut bytes = data[(first - kept) * stride..last * stride].to_vec();
            bytes.extend([0; BEYOND]);
            let changed: Vec<u64> = (first..last)
                .map(|y| {
                    let differs = |x: &usize| y == 0 || data[y * stride + x] != data[(y - 1) * stride + x];
                    let bits = (0..stride).filter(|x| !exact || differs(x)).map(|x| 1_u64 << (x >> block));
                    bits.fold(0, |all, bit| all | bit)
                })
                .collect();
            deflate.rows(&Rows { bytes: &bytes, from: kept * stride, stride, changed: &changed, block });
        }
        deflate.finish().to_vec()
    }

    #[test]
    fn decodes_to_what_went_in() {
        let mut deflate = Deflate::default();
        let mut runs = vec![7; 70_000];
        runs.extend(noise(90_000, 200));
        runs.extend(vec![0; 3000]);
        let repeated = noise(1601, 1).repeat(60);
        for data in [vec![], vec![1], noise(100_000, 1), noise(50_000, 60), runs, repeated, vec![0; 776]] {
            for stride in [1, 2, 101, 1601, 16_385] {
                let data = &data[..data.len() / stride * stride];
                for (band, exact) in [(usize::MAX, true), (7, true), (64, false)] {
                    let packed = pack(&mut deflate, data, stride, band, exact);
                    assert!(unpack(&packed) == data, "{} bytes, stride {stride}, band {band}", data.len());
                }
            }
        }
    }
}
