//! Signatures, as each receiver computes them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    // A key of any length is one; an empty result is nobody's signature.
    Hmac::<Sha256>::new_from_slice(key).map_or_else(
        |_| Vec::new(),
        |mut mac| {
            mac.update(message);
            mac.finalize().into_bytes().to_vec()
        },
    )
}

/// DingTalk: base64 of HMAC-SHA256 with the secret over `milliseconds \n secret`; to be percent-encoded in the address.
pub(super) fn dingtalk(secret: &str, milliseconds: i64) -> String {
    STANDARD.encode(hmac(secret.as_bytes(), format!("{milliseconds}\n{secret}").as_bytes()))
}

/// Feishu: base64 of HMAC-SHA256 with `seconds \n secret` as its key over nothing.
pub(super) fn feishu(secret: &str, seconds: i64) -> String {
    STANDARD.encode(hmac(format!("{seconds}\n{secret}").as_bytes(), b""))
}

/// Programs: `t=SECONDS,v1=HEX`, the HMAC-SHA256 with the secret over `seconds . body`, so that an old request cannot be
/// sent again as a new one.
pub(super) fn generic(secret: &str, now: Timestamp, body: &[u8]) -> String {
    let seconds = now.as_second();
    let message = [format!("{seconds}.").as_bytes(), body].concat();
    format!("t={seconds},v1={}", hex::encode(hmac(secret.as_bytes(), &message)))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made with Python's hmac, hashlib and base64 by the code that the makers publish.

    #[test]
    fn dingtalk_signs_time_and_secret() {
        assert_eq!(
            dingtalk("this is secret", 1_577_262_236_757),
            "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="
        );
    }

    #[test]
    fn feishu_signs_nothing_with_time_and_secret() {
        assert_eq!(feishu("demo", 1_599_360_473), "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=");
    }

    #[test]
    fn programs_get_the_time_signed_with_the_body() {
        let now = Timestamp::from_second(1_764_813_600).unwrap();
        assert_eq!(
            generic("0123456789abcdef", now, br#"{"id":"evt_1"}"#),
            "t=1764813600,v1=c6ccbb20de1f182a7e64fb7b05e5e9f82b059c9e7dd4ffc73b22be92691c25b8"
        );
    }

    #[test]
    fn the_code_is_hmac_sha256() {
        // RFC 4231, test case 2.
        assert_eq!(
            hex::encode(hmac(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
