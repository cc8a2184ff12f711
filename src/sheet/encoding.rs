//! From bytes to text: UTF-8 with and without a mark, UTF-16 with one, and GB18030, which Excel and WPS write in China.

use super::Unreadable;
use encoding_rs::{Encoding, GB18030, UTF_8};

/// The text of a file.
///
/// A mark at the beginning decides. Without one a file is UTF-8 when it is valid UTF-8: Chinese in GB18030 practically never
/// is, since its bytes would have to fall into pairs and triples by chance all over the file.
///
/// # Errors
/// `sheet_not_text` when it is none of these.
pub(super) fn decode(bytes: &[u8]) -> Result<String, Unreadable> {
    let wrong = || Unreadable::new("sheet_not_text");
    let (encoding, mark) = Encoding::for_bom(bytes)
        .unwrap_or_else(|| (if std::str::from_utf8(bytes).is_ok() { UTF_8 } else { GB18030 }, 0));
    let text =
        encoding.decode_without_bom_handling_and_without_replacement(&bytes[mark..]).ok_or_else(wrong)?;
    // Text has no NUL; UTF-16 without a mark and programs do.
    if text.contains('\0') { Err(wrong()) } else { Ok(text.into_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "单位,宣传资料\n万福街道,1200\n";

    #[test]
    fn every_encoding_of_the_office_gives_the_same_text() {
        let gb = GB18030.encode(TEXT).0.into_owned();
        assert_ne!(gb, TEXT.as_bytes());
        let little: Vec<u8> =
            std::iter::once(0xFEFF).chain(TEXT.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> =
            std::iter::once(0xFEFF).chain(TEXT.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        for bytes in [TEXT.as_bytes().to_vec(), format!("\u{FEFF}{TEXT}").into_bytes(), gb, little, big] {
            assert_eq!(decode(&bytes).as_deref(), Ok(TEXT));
        }
        // Four-byte characters of GB18030: a rare surname.
        let rare = "\u{20BB7}".to_owned() + "村";
        assert_eq!(decode(&GB18030.encode(&rare).0), Ok(rare));
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for bytes in [&b"\x89PNG\r\n\x1a\n\0\0"[..], b"\xFF\xFF\xFF", b"a\0b\0", b"\xD3\xD0\xFF\xFF"] {
            assert_eq!(decode(bytes), Err(Unreadable::new("sheet_not_text")), "{bytes:?}");
        }
    }
}
