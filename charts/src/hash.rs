//! A hash of the description that is the same on every machine, for cache keys and ETags.

use std::hash::{Hash, Hasher};

use crate::{Options, STYLE_VERSION, Spec};

/// FNV-1a, 128 bits. The standard hasher may change with the toolchain; an ETag must not.
struct Fnv(u128);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013B);
        }
    }
    // The defaults write native bytes, which differ by word size and endianness.
    fn write_u32(&mut self, n: u32) {
        self.write(&n.to_le_bytes());
    }
    fn write_u64(&mut self, n: u64) {
        self.write(&n.to_le_bytes());
    }
    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }
    fn write_isize(&mut self, n: isize) {
        self.write_u64(n as u64);
    }
    fn finish(&self) -> u64 {
        (self.0 >> 64) as u64 ^ self.0 as u64
    }
}

/// 128 bits over the description, the options and [`STYLE_VERSION`]: equal hashes mean equal bytes of the picture.
pub fn spec_hash(spec: &Spec, options: &Options) -> u128 {
    let mut hasher = Fnv(0x6C62_272E_07BB_0142_62B8_2175_6295_C58D);
    STYLE_VERSION.hash(&mut hasher);
    spec.hash(&mut hasher);
    options.hash(&mut hasher);
    hasher.0
}
