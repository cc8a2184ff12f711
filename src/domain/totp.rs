//! One-time codes by the clock (RFC 6238): six digits of HMAC-SHA-1 over a step of thirty seconds. What is here knows no
//! cryptography: the digest is handed in.

use jiff::Timestamp;

/// Seconds of a step.
const STEP: i64 = 30;
/// Bytes of a secret (RFC 4226 asks for 160 bits).
pub const SECRET_BYTES: usize = 20;
/// Recovery codes of an account.
pub const RECOVERY_CODES: usize = 10;

/// The steps whose codes are taken now: clocks differ, so one before and one after.
#[must_use]
pub fn steps(now: Timestamp) -> [i64; 3] {
    let step = now.as_second().div_euclid(STEP);
    [step - 1, step, step + 1]
}

/// Six digits out of a digest of 20 bytes (RFC 4226, 5.3).
#[must_use]
pub fn digits(digest: &[u8; 20]) -> String {
    let at = usize::from(digest[19] & 0x0f);
    let number = u32::from_be_bytes([digest[at] & 0x7f, digest[at + 1], digest[at + 2], digest[at + 3]]);
    format!("{:06}", number % 1_000_000)
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Bytes as a person types them (RFC 4648, 6), without padding.
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(BASE32[(held >> bits) as usize & 31]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(BASE32[(held << (5 - bits)) as usize & 31]));
    }
    text
}

/// What an authenticator reads from the picture. Names hold no spaces; what an address may not hold is left out.
#[must_use]
pub fn uri(username: &str, secret: &str) -> String {
    let name: String = username.bytes().fold(String::new(), |mut name, byte| {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            name.push(char::from(byte));
        } else {
            name.push('%');
            name.push_str(&format!("{byte:02X}"));
        }
        name
    });
    format!("otpauth://totp/pufa:{name}?secret={secret}&issuer=pufa&algorithm=SHA1&digits=6&period=30")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_cut_as_the_standard_says() {
        // RFC 4226, 5.4: the example digest.
        let digest = [
            0x1f, 0x86, 0x98, 0x69, 0x0e, 0x02, 0xca, 0x16, 0x61, 0x85, 0x50, 0xef, 0x7f, 0x19, 0xda, 0x8e,
            0x94, 0x5b, 0x55, 0x5a,
        ];
        assert_eq!(digits(&digest), "872921");
    }

    #[test]
    fn text_of_bytes_is_that_of_the_standard() {
        for (bytes, text) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
        assert_eq!(base32(&[0xff; SECRET_BYTES]), "7".repeat(32));
    }

    #[test]
    fn a_clock_may_be_off_by_one_step() {
        let now = Timestamp::from_second(59).unwrap();
        assert_eq!(steps(now), [0, 1, 2]);
        assert_eq!(uri("王-1", "ABC").split('?').next(), Some("otpauth://totp/pufa:%E7%8E%8B-1"));
    }
}
