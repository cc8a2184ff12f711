//! A deflate encoder for pictures of flat colour: it looks for repeats only in the row above, in the byte before, and
//! where the same bytes were seen last, and codes them with the block's own Huffman codes.
//!
//! A chart is mostly rows that equal the row above, and whoever painted it knows where they do not: only those blocks
//! of bytes are looked at. There two bits a byte say whether it equals the one above and the one before, so that the
//! next repeat is found with a few instructions however far it is. The `png` crate decodes its output in tests.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u8x64};

use crate::checksum::Adler;
use crate::huffman::{Block, LONGEST, far};
use crate::mask::{Mask, Masks, load, masks, worth};

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
/// Bytes that [`Rows::bytes`] has beyond its end, so that as many can be read anywhere.
pub(crate) const BEYOND: usize = 64;

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
    parser: Parser,
    sum: Adler,
    /// Bytes encoded so far.
    done: usize,
    /// Of the bytes being encoded, which equal the one above, which the one before, and where that goes on for long
    /// enough to be said as a repeat.
    even: Masks,
    run: Masks,
    worth: Masks,
    /// Which instructions this processor has.
    level: Level,
}

impl Default for Deflate {
    fn default() -> Self {
        Self {
            parser: Parser { out: Block::default(), seen: Box::new([0; 1 << HASH_BITS]) },
            sum: Adler::default(),
            done: 0,
            even: Masks::default(),
            run: Masks::default(),
            worth: Masks::default(),
            level: Level::new(),
        }
    }
}

impl Deflate {
    /// Begins a zlib stream.
    pub(crate) fn begin(&mut self) {
        self.parser.out.begin(0x0178);
        self.parser.seen.fill(NEVER);
        self.sum = Adler::default();
        self.done = 0;
    }

    /// Ends the stream: all of it.
    pub(crate) fn finish(&mut self) -> &[u8] {
        self.parser.out.finish(self.sum.value())
    }

    /// Adds rows to the stream.
    #[inline(never)]
    pub(crate) fn rows(&mut self, rows: &Rows<'_>) {
        dispatch!(self.level, simd => self.rows_by(simd, rows));
    }

    // From here on down everything is inlined, so that all of it is compiled for each set of instructions.
    #[inline(always)]
    fn rows_by<S: Simd>(&mut self, simd: S, rows: &Rows<'_>) {
        let Rows { bytes, from, stride, changed, block } = *rows;
        let mut start = from;
        // Bytes up to here that equal the row above and are not said yet.
        let mut pending = 0;
        for mask in changed {
            if self.done == 0 && start == from {
                self.first_row(simd, &bytes[..stride]);
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
                self.sum.exchange(simd, &bytes[a..b], &bytes[a - stride..b - stride], end - a);
                pending = self.scan(simd, rows, a, b, pending + a - at);
                at = b;
            }
            self.sum.row(stride);
            pending += end - at;
            start = end;
        }
        self.parser.above(simd, bytes, start, stride, pending);
        self.done += start - from;
    }

    /// The first row of a picture, which has nothing above it.
    #[inline(always)]
    fn first_row<S: Simd>(&mut self, simd: S, row: &[u8]) {
        let mut at = 0;
        while at < row.len() {
            let run = if at > 0 { row[at..].iter().take_while(|b| **b == row[at - 1]).count() } else { 0 };
            if run >= SHORTEST {
                self.parser.repeat(run, far(1));
                at += run;
            } else {
                self.parser.out.byte(row[at]);
                at += 1;
            }
        }
        self.sum.exchange(simd, row, &vec![0; row.len()], row.len());
        self.sum.row(row.len());
    }

    /// Encodes `from..to`, before which `pending` bytes equal to the row above are not said yet. Returns how many are
    /// not at the end.
    #[inline(always)]
    fn scan<S: Simd>(&mut self, simd: S, rows: &Rows<'_>, from: usize, to: usize, pending: usize) -> usize {
        let Rows { bytes, stride, .. } = *rows;
        // How far the first byte of `bytes` is from the first of the picture.
        let base = self.done - rows.from;
        let stretch = Stretch { bytes, from, room: to - from, stride, base };
        if stretch.room <= 64 {
            let (even, run) = masks(simd, &bytes[from - stride..], stride, stretch.room);
            let worth = worth((even, u64::MAX), (run, 0));
            return self.parser.stretch(simd, &stretch, [&even, &run, &worth], pending);
        }
        self.compare(simd, bytes, from, stretch.room, stride);
        self.parser.stretch(simd, &stretch, [&self.even, &self.run, &self.worth], pending)
    }

    /// Finds which of some bytes equal the one above and the one before.
    #[inline(always)]
    fn compare<S: Simd>(&mut self, simd: S, bytes: &[u8], from: usize, room: usize, stride: usize) {
        let (mut even, mut run) = masks(simd, &bytes[from - stride..], stride, room);
        let mut at = 0;
        for ((evens, runs), worths) in
            self.even.0.iter_mut().zip(self.run.0.iter_mut()).zip(self.worth.0.iter_mut())
        {
            (*evens, *runs) = (even, run);
            if at >= room {
                *worths = u64::MAX;
                break;
            }
            at += 64;
            let next = if at < room {
                masks(simd, &bytes[from - stride + at..], stride, room - at)
            } else {
                (u64::MAX, 0)
            };
            *worths = worth((even, next.0), (run, next.1));
            (even, run) = next;
        }
        self.even.0[at / 64 + 1] = 0;
    }
}

/// Some bytes of a row, with those above them.
struct Stretch<'a> {
    /// As [`Rows::bytes`].
    bytes: &'a [u8],
    from: usize,
    /// How many.
    room: usize,
    stride: usize,
    /// How far the first of `bytes` is from the first byte of the picture.
    base: usize,
}

/// Where repeats are found and said.
struct Parser {
    out: Block,
    /// Where the same bytes were seen last, by their hash, counted from the first byte of the picture.
    seen: Box<[u32; 1 << HASH_BITS]>,
}

impl Parser {
    /// Encodes a stretch with its masks (even, run and worth), before which `pending` bytes equal to the row above are
    /// not said yet. Returns how many are not at the end.
    #[inline(always)]
    fn stretch<S: Simd, M: Mask>(
        &mut self,
        simd: S,
        &Stretch { bytes, from, room, stride, base }: &Stretch<'_>,
        [evens, runs, worths]: [&M; 3],
        mut pending: usize,
    ) -> usize {
        let mut at = 0;
        if pending > 0 {
            at = evens.ones(0);
            pending += at.min(room);
            if at >= room {
                return pending;
            }
            self.above(simd, bytes, from + at, stride, pending);
        }
        let above = far(stride);
        loop {
            let next = (at + worths.zeros(at)).min(room);
            if next > at {
                let here = from + at;
                let len = self.again(bytes, here, base, room - at);
                if len > 0 {
                    at += len;
                    if at >= room {
                        return 0;
                    }
                    continue;
                }
                self.out.bytes(&bytes[here..], next - at);
                at = next;
            }
            if at >= room {
                return 0;
            }
            let up = evens.ones(at);
            if at + up >= room {
                return room - at;
            }
            // Of equals, the byte before takes fewer bits, if need be after a byte. Processors cannot guess which it is, so
            // there is no branch: the byte is always written, and mostly taken back.
            let run = runs.ones(at);
            let before = run >= up;
            let after = !before & (runs.ones(at + 1) + 1 >= up) & (up > SHORTEST);
            self.out.byte_if(bytes[from + at], after);
            let len = if before { run } else { up - usize::from(after) };
            self.repeat(len, if before | after { far(1) } else { above });
            at += len + usize::from(after);
        }
    }

    /// Says the bytes from `at` on as a repeat from where they were seen last, if they were. Returns how many.
    #[inline(always)]
    fn again(&mut self, bytes: &[u8], at: usize, base: usize, room: usize) -> usize {
        let here = eight(bytes, at);
        let now = (base + at) as u32;
        let last = std::mem::replace(&mut self.seen[hash(here)], now);
        let back = now.wrapping_sub(last) as usize;
        // One branch for both questions: each alone is guessed wrong too often.
        let there = at - if back <= WINDOW { back } else { 0 };
        let again = agree(eight(bytes, there) ^ here);
        if (back <= WINDOW) & (again >= SHORTEST_FAR) && SHORTEST_FAR <= room {
            let again = if again == 8 { same(bytes, there, at, 8, room) } else { again.min(room) };
            self.repeat(again, far(back));
            return again;
        }
        0
    }

    /// Says the `count` bytes before `at`, which equal the row above: where they equal each other as well, as that,
    /// which takes fewer bits.
    #[inline(always)]
    fn above<S: Simd>(&mut self, simd: S, bytes: &[u8], at: usize, stride: usize, count: usize) {
        if count == 0 {
            return;
        }
        let mut rest = &bytes[at - count - 1..];
        let mut count = count;
        // Repeats of the greatest length and of one kind are said at once.
        let (mut kind, mut times) = (false, 0);
        while count >= LONGEST + SHORTEST_ABOVE {
            let even = flat(simd, rest, LONGEST + 1);
            if even != kind && times > 0 {
                self.out.repeat_often(LONGEST, if kind { far(1) } else { far(stride) }, times);
                times = 0;
            }
            (kind, times) = (even, times + 1);
            rest = &rest[LONGEST..];
            count -= LONGEST;
        }
        if times > 0 {
            self.out.repeat_often(LONGEST, if kind { far(1) } else { far(stride) }, times);
        }
        if count < SHORTEST_ABOVE {
            rest[1..=count].iter().for_each(|byte| self.out.byte(*byte));
            return;
        }
        let near = flat(simd, &rest[1..], count);
        let after = near & (rest[0] != rest[1]);
        self.out.byte_if(rest[1], after);
        self.repeat(count - usize::from(after), far(if near { 1 } else { stride }));
    }

    #[inline(always)]
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

#[inline(always)]
fn eight(bytes: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(eight)
}

/// How many bytes agree, lowest first, of two words with this difference.
#[inline(always)]
const fn agree(difference: u64) -> usize {
    (difference.trailing_zeros() / 8) as usize
}

/// Whether the first `count` of some bytes, of which there are 64 more, are the same.
#[inline(always)]
fn flat<S: Simd>(simd: S, bytes: &[u8], count: usize) -> bool {
    let first = u8x64::splat(simd, bytes[0]);
    let mut at = 0;
    while at + 64 < count {
        if load(simd, bytes, at).simd_eq(first).to_bitmask() != u64::MAX {
            return false;
        }
        at += 64;
    }
    let beyond = !(u64::MAX >> (64 - (count - at)));
    load(simd, bytes, at).simd_eq(first).to_bitmask() | beyond == u64::MAX
}

/// How many of `room` bytes from `there` equal those from `here` on, of which `len` are known to.
#[inline(always)]
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

#[inline(always)]
fn hash(word: u64) -> usize {
    ((word << 16).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - HASH_BITS)) as usize
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
