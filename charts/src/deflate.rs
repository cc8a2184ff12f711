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

/// Shortest repeats worth saying: from the byte before, from the row above, and from elsewhere; the farther, the more
/// bits it takes.
const SHORTEST: usize = 3;
const SHORTEST_ABOVE: usize = 4;
const SHORTEST_FAR: usize = 8;
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
    /// Which instructions this processor has.
    level: Level,
}

impl Default for Deflate {
    fn default() -> Self {
        Self {
            parser: Parser { out: Block::default(), seen: Box::new([0; 1 << HASH_BITS]) },
            sum: Adler::default(),
            done: 0,
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
        // How far the first byte of `bytes` is from the first of the picture.
        let base = self.done - from;
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
                let stretch = Stretch { bytes, from: a, room: b - a, stride, base };
                pending = self.parser.stretch(simd, &stretch, pending + a - at);
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

impl Stretch<'_> {
    /// Which of the 64 bytes from one on equal the one above and the one before. Those beyond the end are as good as equal
    /// to the row above, for which a repeat may go on.
    #[inline(always)]
    fn masks<S: Simd>(&self, simd: S, at: usize) -> Masks {
        if at >= self.room {
            return Masks { even: u64::MAX, run: 0 };
        }
        let bytes = &self.bytes[self.from + at - self.stride..];
        let here = load(simd, bytes, self.stride);
        let even = here.simd_eq(load(simd, bytes, 0)).to_bitmask();
        let run = here.simd_eq(load(simd, bytes, self.stride - 1)).to_bitmask();
        let beyond = u64::MAX.checked_shl((self.room - at) as u32).unwrap_or(0);
        Masks { even: even | beyond, run: run & !beyond }
    }

    /// For how many bytes from one on, whose masks are given, each equals the one before.
    #[inline(always)]
    fn goes_on<S: Simd>(&self, simd: S, mut at: usize, mut masks: Masks) -> usize {
        let mut count = 0;
        while masks.run == u64::MAX {
            count += 64;
            at += 64;
            masks = self.masks(simd, at);
        }
        count + ones(masks.run, 0)
    }
}

/// Of 64 bytes, lowest bit first.
#[derive(Clone, Copy)]
struct Masks {
    /// Which equal the one above.
    even: u64,
    /// Which equal the one before.
    run: u64,
}

/// Where repeats are found and said.
struct Parser {
    out: Block,
    /// Where the same bytes were seen last, by their hash, counted from the first byte of the picture.
    seen: Box<[u32; 1 << HASH_BITS]>,
}

impl Parser {
    /// Encodes a stretch, before which `pending` bytes equal to the row above are not said yet. Returns how many are not
    /// at the end.
    #[inline(always)]
    fn stretch<S: Simd>(&mut self, simd: S, stretch: &Stretch<'_>, mut pending: usize) -> usize {
        let Stretch { bytes, from, room, stride, base } = *stretch;
        let above = far(stride);
        // 64 bytes at a time, whose bits stay in registers.
        let (mut word, mut at) = (0, 0);
        let mut masks = stretch.masks(simd, 0);
        loop {
            let next = stretch.masks(simd, word + 64);
            let worth = worth((masks.even, next.even), (masks.run, next.run));
            let start = from + word;
            if pending > 0 {
                at = ones(masks.even, 0);
                pending += at.min(room - word);
                if at < 64 {
                    self.above(simd, bytes, start + at, stride, pending);
                    pending = 0;
                }
            }
            let end = (room - word).min(64);
            while at < end {
                let plain = ones(!worth, at);
                if plain > 0 {
                    let len = self.again(bytes, start + at, base, room - word - at);
                    if len > 0 {
                        at += len;
                        continue;
                    }
                    self.out.bytes(&bytes[start + at..], plain);
                    at += plain;
                }
                let up = ones(masks.even, at);
                if at + up >= 64 {
                    pending = end - at;
                    at = 64;
                    break;
                }
                // Of equals, the byte before takes fewer bits, if need be after a byte. Processors cannot guess which it is, so
                // there is no branch: the byte is always written, and mostly taken back.
                let run = ones(masks.run, at);
                let before = run >= up;
                let after = !before & (ones(masks.run >> 1, at) + 1 >= up) & (up > SHORTEST);
                self.out.byte_if(bytes[start + at], after);
                let mut len = if before { run } else { up - usize::from(after) };
                if at + len == 64 {
                    len += stretch.goes_on(simd, word + 64, next);
                }
                self.repeat(len, if before | after { far(1) } else { above });
                at += len + usize::from(after);
            }
            word += at / 64 * 64;
            if word + at % 64 >= room {
                return pending;
            }
            masks = if at < 128 { next } else { stretch.masks(simd, word) };
            at %= 64;
        }
    }

    /// Says the bytes from `at` on as a repeat from where they were seen last, if they were. Returns how many.
    #[inline(always)]
    fn again(&mut self, bytes: &[u8], at: usize, base: usize, room: usize) -> usize {
        let here = eight(bytes, at);
        let now = (base + at) as u32;
        let last = std::mem::replace(&mut self.seen[hash(here)], now);
        let back = now.wrapping_sub(last) as usize;
        // One branch for all questions: each alone is guessed wrong too often.
        let there = at - if back <= WINDOW { back } else { 0 };
        if (back <= WINDOW) & (eight(bytes, there) == here) & (SHORTEST_FAR <= room) {
            let again = same(bytes, there, at, room);
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

/// How many bits are set from one on.
#[inline(always)]
fn ones(bits: u64, at: usize) -> usize {
    bits.checked_shr(at as u32).unwrap_or(0).trailing_ones() as usize
}

/// Where bytes equal the one above, or the one before, for long enough to be said as a repeat: of 64, with the 64 after
/// them.
#[inline(always)]
const fn worth(evens: (u64, u64), runs: (u64, u64)) -> u64 {
    let above = evens.0 & ahead(evens, 1) & ahead(evens, 2) & ahead(evens, 3);
    above | runs.0 & ahead(runs, 1) & ahead(runs, 2)
}

/// The bits of a word and the one after it from some bit on.
#[inline(always)]
const fn ahead((here, next): (u64, u64), by: u32) -> u64 {
    here >> by | next << (64 - by)
}

#[inline(always)]
fn load<S: Simd>(simd: S, bytes: &[u8], at: usize) -> u8x64<S> {
    u8x64::from_slice(simd, &bytes[at..at + 64])
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

/// How many of `room` bytes from `there` equal those from `here` on, of which eight are known to.
#[inline(always)]
fn same(bytes: &[u8], there: usize, here: usize, room: usize) -> usize {
    let mut len = 8;
    while len < room {
        let difference = eight(bytes, there + len) ^ eight(bytes, here + len);
        if difference != 0 {
            return (len + difference.trailing_zeros() as usize / 8).min(room);
        }
        len += 8;
    }
    room
}

#[inline(always)]
fn hash(word: u64) -> usize {
    (word.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - HASH_BITS)) as usize
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
            for stride in [1, 2, 63, 64, 65, 101, 127, 128, 129, 192, 193, 1601, 16_385, 32_768] {
                let data = &data[..data.len() / stride * stride];
                for (band, exact) in [(usize::MAX, true), (7, true), (64, false)] {
                    let packed = pack(&mut deflate, data, stride, band, exact);
                    assert!(unpack(&packed) == data, "{} bytes, stride {stride}, band {band}", data.len());
                }
            }
        }
    }
}
