//! The painter for SVG: presentation attributes only, so that no content security policy has to allow styles, and
//! texts as text, so that they can be read aloud, searched and copied.
//!
//! Readers' machines have another face than the embedded one; `textLength` holds each text to the width it was laid
//! out with.

use std::fmt::Write as _;

use crate::Spec;
use crate::canvas::{Op, Q, Recorder, Text, round_ends};
use crate::font::Weight;
use crate::model::Lang;
use crate::theme::Rgb;

/// The embedded face first, then what Windows, macOS, Android and Linux have.
const FAMILY: &str = "Pufa Sans,Noto Sans CJK SC,Source Han Sans SC,PingFang SC,Microsoft YaHei,sans-serif";

/// Writes the display list as SVG.
pub(crate) fn write(drawing: &Recorder, spec: &Spec) -> String {
    let (width, height) = drawing.size;
    let frame = spec.frame();
    let lang = match frame.lang {
        Lang::ZhCn => "zh-CN",
        Lang::En => "en",
    };
    let mut out = String::with_capacity(32 * 1024);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" lang=\"{lang}\" font-family=\"{FAMILY}\">\n<title>"
    );
    escape(&mut out, &frame.title);
    out.push_str("</title>\n<desc>");
    let about = [&frame.subtitle, &frame.source, &frame.as_of, &frame.campaign, &frame.revision];
    for (i, text) in about.into_iter().filter(|t| !t.is_empty()).enumerate() {
        out.push_str(if i > 0 { " · " } else { "" });
        escape(&mut out, text);
    }
    out.push_str("</desc>\n<rect width=\"100%\" height=\"100%\"");
    color(&mut out, "fill", drawing.ground);
    out.push_str("/>\n");
    for op in &drawing.ops {
        match op {
            Op::Rect(b, fill) => {
                for (name, n) in
                    [("<rect x", b.x0), (" y", b.y0), (" width", b.x1 - b.x0), (" height", b.y1 - b.y0)]
                {
                    length(&mut out, name, n);
                }
                color(&mut out, "fill", *fill);
            }
            Op::Fill(range, fill) => {
                path(&mut out, &drawing.points[range.clone()], true);
                color(&mut out, "fill", *fill);
            }
            Op::Stroke(range, line, stroke) => {
                path(&mut out, &drawing.points[range.clone()], false);
                out.push_str(" fill=\"none\"");
                color(&mut out, "stroke", *stroke);
                length(&mut out, " stroke-width", *line);
                out.push_str(" stroke-linejoin=\"round\"");
                if round_ends(*line) {
                    out.push_str(" stroke-linecap=\"round\"");
                }
            }
            Op::Disc((x, y), radius, fill) => {
                length(&mut out, "<circle cx", *x);
                length(&mut out, " cy", *y);
                length(&mut out, " r", *radius);
                color(&mut out, "fill", *fill);
            }
            Op::Text(text) => {
                letters(&mut out, text, &drawing.letters[text.letters.clone()]);
                continue;
            }
        }
        out.push_str("/>\n");
    }
    out.push_str("</svg>\n");
    out
}

fn letters(out: &mut String, text: &Text, words: &str) {
    let (x, y) = text.origin;
    if text.turned {
        out.push_str("<text transform=\"translate(");
        number(out, x);
        out.push(' ');
        number(out, y);
        out.push_str(") rotate(-90)\"");
    } else {
        length(out, "<text x", x);
        length(out, " y", y);
    }
    length(out, " font-size", text.size);
    if text.weight == Weight::Bold {
        out.push_str(" font-weight=\"700\"");
    }
    if words.chars().nth(1).is_some() {
        length(out, " textLength", text.width);
    }
    color(out, "fill", text.color);
    if let Some(halo) = text.halo {
        color(out, "stroke", halo);
        out.push_str(" stroke-width=\"3\" stroke-linejoin=\"round\" paint-order=\"stroke\"");
    }
    out.push('>');
    escape(out, words);
    out.push_str("</text>\n");
}

fn path(out: &mut String, points: &[(i32, i32)], close: bool) {
    out.push_str("<path d=\"");
    for (i, (x, y)) in points.iter().enumerate() {
        out.push(if i == 0 { 'M' } else { 'L' });
        number(out, *x);
        out.push(' ');
        number(out, *y);
    }
    out.push_str(if close { "Z\"" } else { "\"" });
}

fn length(out: &mut String, name: &str, quarters: i32) {
    out.push_str(name);
    out.push_str("=\"");
    number(out, quarters);
    out.push('"');
}

/// Quarter pixels as pixels.
fn number(out: &mut String, quarters: i32) {
    if quarters < 0 {
        out.push('-');
    }
    let n = quarters.unsigned_abs();
    let mut digits = [0_u8; 10];
    let mut left = n / Q as u32;
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 || at == 0 {
            break;
        }
    }
    out.extend(digits[at..].iter().map(|d| char::from(*d)));
    out.push_str(["", ".25", ".5", ".75"][(n % Q as u32) as usize]);
}

fn color(out: &mut String, name: &str, Rgb(r, g, b): Rgb) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"#");
    for n in [r, g, b] {
        out.push(char::from(HEX[usize::from(n >> 4)]));
        out.push(char::from(HEX[usize::from(n & 15)]));
    }
    out.push('"');
}

fn escape(out: &mut String, text: &str) {
    let mut plain = 0;
    for (at, c) in text.char_indices() {
        let instead = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            // XML 1.0 has no place for other control characters, not even escaped.
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => "\u{FFFD}",
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        out.push_str(instead);
        plain = at + c.len_utf8();
    }
    out.push_str(&text[plain..]);
}
