//! PNG files of palette pixels with what a reader of the file wants to know beside the picture.

use crate::Spec;
use crate::pixels::Pixels;

/// Pixels a metre at scale 1: 96 to the inch.
const DENSITY: u32 = 3780;

/// Writes pixels as a PNG.
pub(crate) fn write(pixels: &Pixels<'_>, spec: &Spec, scale: u32, hash: u128) -> Vec<u8> {
    let Pixels { width, height, palette, data } = *pixels;
    let mut out = Vec::with_capacity(data.len() + 2048);
    out.extend(b"\x89PNG\r\n\x1a\n");
    let mut head = Vec::with_capacity(13);
    head.extend(width.to_be_bytes());
    head.extend(height.to_be_bytes());
    head.extend([8, 3, 0, 0, 0]);
    chunk(&mut out, b"IHDR", &[&head]);
    chunk(&mut out, b"sRGB", &[&[0]]);
    let density = (DENSITY * scale).to_be_bytes();
    chunk(&mut out, b"pHYs", &[&density, &density, &[1]]);
    let colors: Vec<u8> = palette.iter().flat_map(|c| [c.0, c.1, c.2]).collect();
    chunk(&mut out, b"PLTE", &[&colors]);
    let frame = spec.frame();
    let hash = format!("{hash:032x}");
    let texts = [
        ("Title", frame.title.as_str()),
        ("Description", &frame.subtitle),
        ("Source", &frame.source),
        ("Campaign", &frame.campaign),
        ("Revision", &frame.revision),
        ("As of", &frame.as_of),
        ("Software", concat!("pufa-charts ", env!("CARGO_PKG_VERSION"))),
        ("SpecHash", &hash),
    ];
    for (key, text) in texts {
        if !text.is_empty() {
            // Neither compressed nor with a language.
            chunk(&mut out, b"iTXt", &[key.as_bytes(), &[0, 0, 0, 0, 0], text.as_bytes()]);
        }
    }
    chunk(&mut out, b"IDAT", &[data]);
    chunk(&mut out, b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], parts: &[&[u8]]) {
    let len: usize = parts.iter().map(|p| p.len()).sum();
    out.extend((len as u32).to_be_bytes());
    let start = out.len();
    out.extend(kind);
    for part in parts {
        out.extend(*part);
    }
    let sum = crc32fast::hash(&out[start..]);
    out.extend(sum.to_be_bytes());
}
