//! Pictures that tests read, and what they leave to look at when they fail.

use std::path::{Path, PathBuf};

/// Width, height and RGB.
pub(crate) type Picture = (usize, usize, Vec<u8>);

/// A PNG, decoded by another implementation.
pub(crate) fn decode(bytes: &[u8]) -> Picture {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb);
    (info.width as usize, info.height as usize, pixels)
}

/// Writes expected, got and difference side by side, and says where.
pub(crate) fn panels(name: &str, expected: &Picture, got: &Picture) -> PathBuf {
    let (w, h) = (expected.0.max(got.0), expected.1.max(got.1));
    let mut out = vec![255; w * 3 * h * 3];
    let at = |picture: &Picture, x: usize, y: usize| -> [u8; 3] {
        let i = (y * picture.0 + x) * 3;
        if x < picture.0 && y < picture.1 {
            [picture.2[i], picture.2[i + 1], picture.2[i + 2]]
        } else {
            [255, 0, 255]
        }
    };
    for y in 0..h {
        for x in 0..w {
            let (a, b) = (at(expected, x, y), at(got, x, y));
            let far = a.iter().zip(&b).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0);
            let difference = [255, 255 - far, 255 - far];
            for (panel, color) in [a, b, difference].into_iter().enumerate() {
                let i = (y * w * 3 + panel * w + x) * 3;
                out[i..i + 3].copy_from_slice(&color);
            }
        }
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("picture-diff");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}.png"));
    let mut encoder = png::Encoder::new(std::fs::File::create(&path).unwrap(), (w * 3) as u32, h as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(&out).unwrap();
    path
}
