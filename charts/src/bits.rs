//! Bits of a deflate stream, one after the other.

use fearless_simd::Simd;

/// A repeat holds, lowest bits first: 8 bits for the length; 5 bits for the code of a distance; then its extra bits.
pub(crate) const FAR: u32 = 8;
/// See [`FAR`].
pub(crate) const EXTRA: u32 = 13;

/// What is written for each symbol, with how many bits that is.
pub(crate) struct Words {
    /// A code and, from bit 16 on, its length.
    pub(crate) bytes: [u32; 256],
    /// A code with its extra bits, at most 19 together, and how many they are from bit 24 on.
    pub(crate) lengths: [u32; 256],
    /// A code, from bit 16 on its length, and from bit 24 on its length with the extra bits, which are the repeat's.
    pub(crate) distances: [u32; 32],
}

/// Bits into bytes, lowest first.
#[derive(Default)]
pub(crate) struct Bits {
    bytes: Vec<u8>,
    /// Whole bytes written; `bytes` is longer, so that eight can be stored at once.
    len: usize,
    held: u64,
    count: u32,
}

impl Bits {
    pub(crate) fn clear(&mut self) {
        (self.len, self.held, self.count) = (0, 0, 0);
        self.reserve(1024);
    }

    /// Makes room for so many bytes.
    pub(crate) fn reserve(&mut self, more: usize) {
        let need = self.len + more + 16;
        if self.bytes.len() < need {
            self.bytes.resize(need, 0);
        }
    }

    /// Adds at most 56 bits.
    #[inline(always)]
    pub(crate) fn put(&mut self, bits: u64, count: u32) {
        self.held |= bits << (self.count & 7);
        self.count += count;
        self.bytes[self.len..self.len + 8].copy_from_slice(&self.held.to_le_bytes());
        // At most 63 bits are held, so no shift is by as many as the word has.
        self.len += (self.count / 8) as usize;
        self.held >>= self.count & 0x38;
        self.count &= 7;
    }

    /// Adds `count` bytes, between them repeats that each say how many bytes come before them.
    #[inline(always)]
    pub(crate) fn symbols<S: Simd>(
        &mut self,
        _: S,
        bytes: &[u8],
        count: usize,
        repeats: &[(u32, u32, u32)],
        words: &Words,
    ) {
        // A value of its own, so that it is kept in registers.
        let mut out = std::mem::take(self);
        let mut at = 0;
        for (upto, repeat, times) in repeats {
            out.bytes(bytes, at, *upto as usize, words);
            at = *upto as usize;
            let near = words.lengths[(repeat & 0xFF) as usize];
            let far = words.distances[(repeat >> FAR & 0x1F) as usize];
            let distance = u64::from(far & 0xFFFF) | u64::from(repeat >> EXTRA) << (far >> 16 & 0xF);
            // At most 14 + 5 + 15 + 13 bits.
            let bits = near >> 24;
            let word = u64::from(near & 0x00FF_FFFF) | distance << (bits & 31);
            let bits = bits + (far >> 24);
            let mut left = *times;
            // Four short ones fit into a word.
            if left >= 4 && bits <= 14 {
                let two = word | word << bits;
                let four = two | two << (2 * bits);
                while left >= 4 {
                    out.put(four, 4 * bits);
                    left -= 4;
                }
            }
            for _ in 0..left {
                out.put(word, bits);
            }
        }
        out.bytes(bytes, at, count, words);
        *self = out;
    }

    /// Adds some of the bytes, which are read by the four.
    #[inline(always)]
    fn bytes(&mut self, bytes: &[u8], mut at: usize, upto: usize, words: &Words) {
        /// What to keep of four words for so many bytes.
        const KEEP: [[u32; 4]; 5] = [[0; 4], [!0, 0, 0, 0], [!0, !0, 0, 0], [!0, !0, !0, 0], [!0; 4]];
        // Mostly there are four at most, often none, which no processor guesses: so none are written like some.
        loop {
            let keep = &KEEP[(upto - at).min(4)];
            let Some(four) = bytes.get(at..at + 4) else { return };
            let [a, b, c, d] = [0, 1, 2, 3].map(|i| words.bytes[usize::from(four[i])] & keep[i]);
            let (ab, cd) = ((a >> 16) + (b >> 16), (c >> 16) + (d >> 16));
            let low = u64::from(a & 0xFFFF) | u64::from(b & 0xFFFF) << (a >> 16);
            let high = u64::from(c & 0xFFFF) | u64::from(d & 0xFFFF) << (c >> 16);
            self.put(low | high << ab, ab + cd);
            at += 4;
            if at >= upto {
                return;
            }
        }
    }

    /// Fills the last byte and adds the checksum.
    pub(crate) fn finish(&mut self, checksum: u32) -> &[u8] {
        if self.count > 0 {
            self.put(0, 8 - self.count);
        }
        self.bytes[self.len..self.len + 4].copy_from_slice(&checksum.to_be_bytes());
        self.len += 4;
        &self.bytes[..self.len]
    }
}
