//! SHA-256 over several texts, each with its length before it, so that no text can be moved from one into the next.

use sha2::{Digest as _, Sha256};

/// A digest that grows text by text.
#[derive(Debug, Clone)]
pub struct Digest(Sha256);

impl Digest {
    /// Of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Sha256::new())
    }

    /// Adds a text.
    pub fn text(&mut self, text: impl AsRef<[u8]>) {
        let text = text.as_ref();
        self.0.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(text);
    }

    /// The digest.
    #[must_use]
    pub fn bytes(self) -> [u8; 32] {
        self.0.finalize().into()
    }

    /// The digest in hex.
    #[must_use]
    pub fn finish(self) -> String {
        hex::encode(self.bytes())
    }
}

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: AsRef<[u8]>> FromIterator<T> for Digest {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        let mut digest = Self::new();
        texts.into_iter().for_each(|text| digest.text(text));
        digest
    }
}

/// The digest of texts, in hex.
pub fn digest<T: AsRef<[u8]>>(texts: impl IntoIterator<Item = T>) -> String {
    Digest::from_iter(texts).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_do_not_run_into_each_other() {
        assert_ne!(digest(["ab", "c"]), digest(["a", "bc"]));
        assert_ne!(digest(["ab", ""]), digest(["ab"]));
        assert_eq!(digest(["ab", "c"]), digest([&b"ab"[..], b"c"]));
        // What databases hold already must stay what it is.
        assert_eq!(
            digest(["abc"]),
            hex::encode(Sha256::digest(b"\0\0\0\0\0\0\0\x03abc")),
            "a length is eight bytes, the largest first"
        );
    }
}
