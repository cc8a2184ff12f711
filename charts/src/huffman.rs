//! Blocks of deflate: bytes and repeats counted, given Huffman codes of their own, and written as bits (RFC 1951).

use fearless_simd::{Level, dispatch};

use crate::bits::{Bits, EXTRA, FAR, Words};

/// Longest repeat that deflate can say.
pub(crate) const LONGEST: usize = 258;
/// Repeats and bytes of a block: bounds the memory, and lets codes follow the picture.
const REPEATS: usize = 16_384;
const BYTES: usize = 32_768;
/// Bytes that are copied at once, whether or not as many are wanted.
const AHEAD: usize = 32;
const END: usize = 256;
/// Longest code of a byte: so four of them fit into a word beside the 7 bits that are held.
const LIMIT: u8 = 14;

/// The upper part of a repeat for a distance.
pub(crate) const fn far(distance: usize) -> u32 {
    let (code, extra, _) = distance_code(distance);
    (code as u32) << FAR | extra << EXTRA
}

/// Bytes and repeats on their way into a stream.
pub(crate) struct Block {
    /// The bytes, one after the other, and a few more, for they are written by [`AHEAD`] and read by the four.
    bytes: Box<[u8; BYTES + AHEAD]>,
    len: usize,
    /// How many bytes were added before each repeat, the repeat, and how often it comes.
    repeats: Box<[(u32, u32, u32); REPEATS]>,
    count: usize,
    out: Bits,
    level: Level,
}

impl Default for Block {
    fn default() -> Self {
        Self {
            bytes: Box::new([0; BYTES + AHEAD]),
            len: 0,
            repeats: Box::new([(0, 0, 0); REPEATS]),
            count: 0,
            out: Bits::default(),
            level: Level::new(),
        }
    }
}

impl Block {
    /// Begins a stream with two bytes.
    pub(crate) fn begin(&mut self, head: u16) {
        self.out.clear();
        self.out.put(u64::from(head), 16);
        (self.len, self.count) = (0, 0);
    }

    /// Ends the stream with a checksum.
    pub(crate) fn finish(&mut self, checksum: u32) -> &[u8] {
        self.write(true);
        self.out.finish(checksum)
    }

    /// Adds a byte.
    #[inline(always)]
    pub(crate) fn byte(&mut self, byte: u8) {
        if self.len >= BYTES {
            self.write(false);
        }
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    /// Adds a byte, or does not.
    #[inline(always)]
    pub(crate) fn byte_if(&mut self, byte: u8, add: bool) {
        if self.len >= BYTES {
            self.write(false);
        }
        self.bytes[self.len] = byte;
        self.len += usize::from(add);
    }

    /// Adds the first `count` of some bytes, of which there are [`AHEAD`] more to read.
    #[inline(always)]
    pub(crate) fn bytes(&mut self, mut bytes: &[u8], mut count: usize) {
        loop {
            if self.len > BYTES - AHEAD {
                self.write(false);
            }
            self.bytes[self.len..self.len + AHEAD].copy_from_slice(&bytes[..AHEAD]);
            if count <= AHEAD {
                self.len += count;
                return;
            }
            self.len += AHEAD;
            count -= AHEAD;
            bytes = &bytes[AHEAD..];
        }
    }

    /// Adds a repeat of 3 to [`LONGEST`] bytes, from a distance as [`far`] has it.
    #[inline(always)]
    pub(crate) fn repeat(&mut self, len: usize, far: u32) {
        self.repeat_often(len, far, 1);
    }

    /// Adds the same repeat several times.
    #[inline(always)]
    pub(crate) fn repeat_often(&mut self, len: usize, far: u32, times: u32) {
        if self.count >= REPEATS {
            self.write(false);
        }
        self.repeats[self.count % REPEATS] = (self.len as u32, (len - 3) as u32 & 0xFF | far, times);
        self.count += 1;
    }

    #[inline(never)]
    fn write(&mut self, last: bool) {
        let (bytes, repeats) = (&self.bytes[..self.len], &self.repeats[..self.count]);
        let mut letters = [0_u32; 286];
        letters[..END].copy_from_slice(&frequencies(bytes));
        letters[END] = 1;
        // Two of each: a count that follows itself would wait for it to be stored.
        let (mut lengths, mut distances) = ([[0_u32; 256]; 2], [[0_u32; 32]; 2]);
        let mut written = 0;
        for (i, (_, repeat, times)) in repeats.iter().enumerate() {
            lengths[i % 2][(repeat & 0xFF) as usize] += times;
            distances[i % 2][(repeat >> FAR & 0x1F) as usize] += times;
            written += *times as usize;
        }
        for (i, (code, ..)) in LENGTHS[3..].iter().enumerate() {
            letters[usize::from(*code)] += lengths[0][i] + lengths[1][i];
        }
        let mut counts = [0_u32; 30];
        for (code, count) in counts.iter_mut().enumerate() {
            *count = distances[0][code] + distances[1][code];
        }
        // A decoder may refuse a block without any distance code.
        counts[0] = counts[0].max(1);
        let letters = Code::<286>::new(&letters, LIMIT);
        let distances = Code::<30>::new(&counts, 15);

        self.out.reserve(bytes.len() * 2 + written * 6 + 1024);
        self.out.put(u64::from(last) | 2 << 1, 3);
        header(&mut self.out, &letters.lengths, &distances.lengths);
        let mut words = Words { bytes: [0; 256], lengths: [0; 256], distances: [0; 32] };
        for (word, (code, bits)) in words.bytes.iter_mut().zip(&letters.codes) {
            *word = code | bits << 16;
        }
        for (word, (code, extra, bits)) in words.lengths.iter_mut().zip(&LENGTHS[3..]) {
            let (prefix, length) = letters.codes[usize::from(*code)];
            *word = prefix | u32::from(*extra) << length | (length + u32::from(*bits)) << 24;
        }
        for (code, (word, (prefix, length))) in words.distances.iter_mut().zip(&distances.codes).enumerate() {
            let extra = if code < 4 { 0 } else { code as u32 / 2 - 1 };
            *word = prefix | length << 16 | (length + extra) << 24;
        }
        let (bytes, len) = (&self.bytes[..], self.len);
        dispatch!(self.level, simd => self.out.symbols(simd, bytes, len, repeats, &words));
        let (code, bits) = letters.codes[END];
        self.out.put(u64::from(code), bits);
        (self.len, self.count) = (0, 0);
    }
}

/// How often each byte occurs.
fn frequencies(bytes: &[u8]) -> [u32; 256] {
    // Several of each: a count that follows itself would wait for it to be stored.
    let mut counts = [[0_u32; 256]; 4];
    let (fours, rest) = bytes.as_chunks::<4>();
    for four in fours {
        for (counts, byte) in counts.iter_mut().zip(four) {
            counts[usize::from(*byte)] += 1;
        }
    }
    for byte in rest {
        counts[0][usize::from(*byte)] += 1;
    }
    let [mut sum, a, b, c] = counts;
    for (i, sum) in sum.iter_mut().enumerate() {
        *sum += a[i] + b[i] + c[i];
    }
    sum
}

/// [`length_code`] of every length.
static LENGTHS: [(u16, u8, u8); LONGEST + 1] = {
    let mut table = [(0, 0, 0); LONGEST + 1];
    let mut len = 3;
    while len <= LONGEST {
        let (code, extra, bits) = length_code(len);
        table[len] = (code as u16, extra as u8, bits as u8);
        len += 1;
    }
    table
};

/// Code, extra bits and their number for a length of 3 to 258 (RFC 1951, 3.2.5).
const fn length_code(len: usize) -> (usize, u32, u32) {
    if len == LONGEST {
        return (285, 0, 0);
    }
    let n = len - 3;
    if n < 8 {
        return (257 + n, 0, 0);
    }
    let bits = (usize::BITS - 1 - n.leading_zeros()) - 2;
    (257 + 4 * bits as usize + (n >> bits), (n & ((1 << bits) - 1)) as u32, bits)
}

/// Code, extra bits and their number for a distance of 1 to 32768 (RFC 1951, 3.2.5).
const fn distance_code(distance: usize) -> (usize, u32, u32) {
    let n = distance - 1;
    if n < 4 {
        return (n, 0, 0);
    }
    let bits = (usize::BITS - 1 - n.leading_zeros()) - 1;
    (2 * bits as usize + (n >> bits), (n & ((1 << bits) - 1)) as u32, bits)
}

/// A Huffman code: lengths, and the codes as they go into the stream, lowest bit first.
struct Code<const N: usize> {
    lengths: [u8; N],
    codes: [(u32, u32); N],
}

impl<const N: usize> Code<N> {
    fn new(counts: &[u32; N], limit: u8) -> Self {
        let lengths = lengths(counts, limit);
        let mut many = [0_u32; 16];
        for length in &lengths {
            many[usize::from(*length & 15)] += 1;
        }
        // The first code of each length (RFC 1951, 3.2.2).
        let mut next = [0_u32; 16];
        for length in 2..16 {
            next[length] = (next[length - 1] + many[length - 1]) << 1;
        }
        let mut codes = [(0, 0); N];
        for (slot, length) in codes.iter_mut().zip(&lengths).filter(|(_, length)| **length > 0) {
            let code = &mut next[usize::from(*length & 15)];
            *slot = (code.reverse_bits() >> (32 - u32::from(*length)), u32::from(*length));
            *code += 1;
        }
        Self { lengths, codes }
    }
}

/// Lengths of an optimal prefix code, then cut to the limit.
fn lengths<const N: usize>(counts: &[u32; N], limit: u8) -> [u8; N] {
    let mut leaves: Vec<(u32, usize)> =
        counts.iter().enumerate().filter(|(_, n)| **n > 0).map(|(i, n)| (*n, i)).collect();
    let mut result = [0; N];
    if leaves.len() < 2 {
        // One code alone still needs a bit.
        for (_, i) in &leaves {
            result[*i] = 1;
        }
        return result;
    }
    leaves.sort_unstable();
    // Two queues: leaves by count, and pairs, which come in order of count by themselves.
    let mut parents = vec![0_usize; 2 * leaves.len() - 1];
    let mut pairs: Vec<u32> = Vec::with_capacity(leaves.len());
    let (mut leaf, mut pair) = (0, 0);
    for made in 0..leaves.len() - 1 {
        let mut sum = 0;
        for _ in 0..2 {
            let take_leaf = pair >= made || (leaf < leaves.len() && leaves[leaf].0 <= pairs[pair]);
            let node = if take_leaf {
                sum += leaves[leaf].0;
                leaf += 1;
                leaf - 1
            } else {
                sum += pairs[pair];
                pair += 1;
                leaves.len() + pair - 1
            };
            parents[node] = leaves.len() + made;
        }
        pairs.push(sum);
    }
    let root = 2 * leaves.len() - 2;
    let mut depth = vec![0_u8; root + 1];
    for node in (0..root).rev() {
        depth[node] = depth[parents[node]].saturating_add(1);
    }
    // Too deep a leaf is cut to the limit; what that overdraws is paid by lengthening the longest that are shorter.
    let unit = |length: u8| 1_u32 << (limit - length);
    let mut spent: u32 = 0;
    for length in &mut depth[..leaves.len()] {
        *length = (*length).min(limit);
        spent += unit(*length);
    }
    while spent > 1 << limit {
        let Some(i) = (0..leaves.len()).rev().filter(|i| depth[*i] < limit).max_by_key(|i| depth[*i]) else {
            break;
        };
        spent -= unit(depth[i]) - unit(depth[i] + 1);
        depth[i] += 1;
    }
    // Decoders refuse a code that leaves words unused, so what was paid too much goes to the most frequent.
    while let Some(i) =
        (0..leaves.len()).rev().find(|i| depth[*i] > 1 && spent + unit(depth[*i]) <= 1 << limit)
    {
        spent += unit(depth[i]);
        depth[i] -= 1;
    }
    for (i, (_, symbol)) in leaves.iter().enumerate() {
        result[*symbol] = depth[i];
    }
    result
}

/// Writes the code lengths of a block (RFC 1951, 3.2.7).
fn header(out: &mut Bits, letters: &[u8; 286], distances: &[u8; 30]) {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let used = |lengths: &[u8], least: usize| {
        lengths.iter().rposition(|l| *l > 0).map_or(least, |last| (last + 1).max(least))
    };
    let (letters, distances) = (&letters[..used(letters, 257)], &distances[..used(distances, 1)]);
    let all: Vec<u8> = letters.iter().chain(distances).copied().collect();
    // (code, extra, extra bits)
    let mut runs: Vec<(usize, u32, u32)> = Vec::with_capacity(all.len());
    let mut at = 0;
    while at < all.len() {
        let value = all[at];
        let mut left = all[at..].iter().take_while(|l| **l == value).count();
        at += left;
        if value > 0 {
            runs.push((usize::from(value), 0, 0));
            left -= 1;
        }
        while left > 0 {
            let (code, part, least, bits) = match value {
                0 if left >= 11 => (18, left.min(138), 11, 7),
                0 if left >= 3 => (17, left.min(10), 3, 3),
                v if v > 0 && left >= 3 => (16, left.min(6), 3, 2),
                v => (usize::from(v), 1, 1, 0),
            };
            runs.push((code, (part - least) as u32, bits));
            left -= part;
        }
    }
    let mut counts = [0_u32; 19];
    for (code, ..) in &runs {
        counts[*code] += 1;
    }
    let codes = Code::<19>::new(&counts, 7);
    let many = ORDER.iter().rposition(|i| codes.lengths[*i] > 0).map_or(4, |last| (last + 1).max(4));
    out.put((letters.len() - 257) as u64, 5);
    out.put((distances.len() - 1) as u64, 5);
    out.put((many - 4) as u64, 4);
    for i in &ORDER[..many] {
        out.put(u64::from(codes.lengths[*i]), 3);
    }
    for (code, extra, bits) in runs {
        let (word, length) = codes.codes[code];
        out.put(u64::from(word | extra << length), length + bits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_codes_within_their_limit() {
        // Fibonacci counts make the deepest tree.
        let mut counts = [0_u32; 30];
        let (mut a, mut b) = (1, 1);
        for count in &mut counts {
            *count = a;
            (a, b) = (b, a + b);
        }
        for limit in [7, 15] {
            let lengths = lengths(&counts, limit);
            assert!(lengths.iter().all(|l| (1..=limit).contains(l)));
            let spent: u32 = lengths.iter().map(|l| 1 << (limit - l)).sum();
            assert_eq!(spent, 1 << limit, "{lengths:?}");
        }
    }

    #[test]
    fn says_every_length_and_distance() {
        for len in 3..=LONGEST {
            let (code, extra, bits) = length_code(len);
            assert!((257..=285).contains(&code) && extra < 1 << bits.max(1), "{len}");
        }
        assert_eq!((distance_code(1).0, distance_code(5).0, distance_code(32_768).0), (0, 4, 29));
    }
}
