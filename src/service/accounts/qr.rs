//! Texts as QR codes, to be photographed from a screen or from paper.

use super::super::Error;
use qrcodegen::{QrCode, QrCodeEcc};
use std::fmt::Write;

/// Modules of white around a code, which readers need.
const QUIET: i32 = 4;

/// An SVG of a text: black on white whatever the page's colours are, for some readers know nothing else.
///
/// # Errors
/// When the text is too long for any code.
pub(in crate::service) fn svg(text: &str) -> Result<String, Error> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium)
        .map_err(|error| Error::Internal(format!("QR code: {error:?}")))?;
    let size = code.size() + 2 * QUIET;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let run = (x..code.size()).take_while(|at| code.get_module(*at, y)).count();
            if run > 0 {
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
            }
            x += i32::try_from(run).unwrap_or_default() + 1;
        }
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" width=\"{0}\" height=\"{0}\" \
         shape-rendering=\"crispEdges\" role=\"img\" aria-label=\"QR\"><path fill=\"#fff\" d=\"M0 0h{size}v{size}H0z\"/>\
         <path fill=\"#000\" d=\"{path}\"/></svg>",
        size * 5
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_square_with_room_around_it() {
        let svg = svg("http://127.0.0.1:8124/r/abc").unwrap();
        // Version 3 has 29 modules a side; a finder pattern of 7 is in three corners, and nothing in the margin.
        assert!(svg.contains("viewBox=\"0 0 37 37\""));
        assert!(
            svg.contains("M4 4h7v1h-7z") && svg.contains("M26 4h7v1h-7z") && svg.contains("M4 32h7v1h-7z")
        );
        assert!(!svg.contains("M3 "));
        assert!(super::svg(&"x".repeat(4_000)).is_err());
    }
}
