//! Statistical pictures with Chinese text, drawn once through plotters and ended as SVG, as PNG or as hit regions.
//!
//! ```
//! use pufa_charts::{Bar, Options, Spec, Totals, Value};
//! let bars = vec![Bar { label: "丹阳街道".into(), value: Some(Value::exact(1200)), note: String::new() }];
//! let spec = Spec::Totals(Totals { measure: "宣传资料".into(), unit: "份".into(), bars, ..Totals::default() });
//! let picture = pufa_charts::png(&spec, &Options::default())?;
//! assert!(picture.starts_with(b"\x89PNG"));
//! # Ok::<(), pufa_charts::Error>(())
//! ```

// The samples of the examples name the crate from outside.
#[cfg(test)]
extern crate self as pufa_charts;

mod axis;
mod backdrop;
mod beam;
mod bits;
mod boxes;
mod canvas;
mod chart;
mod check;
mod checksum;
mod deflate;
mod font;
mod frame;
mod glyphs;
mod hash;
mod huffman;
mod model;
mod number;
mod palette;
mod pen;
mod pixels;
mod png;
mod raster;
#[cfg(test)]
#[path = "../examples/sample/mod.rs"]
mod sample;
mod set;
mod small;
#[doc(hidden)]
pub mod stages;
mod stroke;
mod svg;
mod table;
mod theme;

pub use hash::spec_hash;
pub use model::*;

/// Changes whenever the same description would give another picture: part of every cache key.
pub const STYLE_VERSION: u32 = 5;

/// Why a picture cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The scale is not 1 to 4.
    #[error("scale {0} is not 1 to 4")]
    Scale(u32),
    /// The size is beyond what is drawn.
    #[error("size {0} x {1} is not between 320 x 240 and 4096 x 4096, or too large for its scale")]
    Size(u32, u32),
    /// More of something than a picture can show.
    #[error("{count} {what}, and at most {limit} fit a picture")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many may be.
        limit: usize,
    },
    /// Rows of unequal length.
    #[error("`{label}` has {got} values where {want} are wanted")]
    Shape {
        /// The row.
        label: String,
        /// Its values.
        got: usize,
        /// The values it should have.
        want: usize,
    },
    /// Characters that the embedded face does not have, with [`Options::strict`].
    #[error("no glyph for {0:?}")]
    MissingGlyphs(Vec<char>),
    /// A summary inside a summary.
    #[error("a summary cannot hold a summary")]
    Nested,
    /// The drawing failed, which is a fault of this crate.
    #[error("drawing failed: {0}")]
    Draw(String),
}

/// The picture as SVG, in presentation attributes only, so that it needs no `style-src` in a content security policy.
///
/// # Errors
/// When the description is out of bounds or uneven; see [`Error`].
pub fn svg(spec: &Spec, options: &Options) -> Result<String, Error> {
    Ok(svg::write(&record(spec, options, false)?, spec))
}

/// The picture as PNG, at `options.scale`.
///
/// # Errors
/// When the description is out of bounds or uneven; see [`Error`].
pub fn png(spec: &Spec, options: &Options) -> Result<Vec<u8>, Error> {
    let drawing = record(spec, options, false)?;
    let hash = spec_hash(spec, options);
    Ok(pixels::with_worker(|worker| {
        png::write(&worker.encode(&drawing, options.scale), spec, options.scale, hash)
    }))
}

/// The regions of the picture that stand for figures, in the order they are drawn.
///
/// # Errors
/// When the description is out of bounds or uneven; see [`Error`].
pub fn hits(spec: &Spec, options: &Options) -> Result<Vec<Hit>, Error> {
    Ok(record(spec, options, true)?.hits)
}

/// The same figures as a table, for readers who do not see the picture.
pub fn table(spec: &Spec) -> DataTable {
    table::of(spec)
}

fn record(spec: &Spec, options: &Options, hits: bool) -> Result<canvas::Recorder, Error> {
    let drawing = chart::draw(spec, options, hits)?;
    let mut missing = Vec::new();
    font::missing(&drawing.letters, &mut missing);
    if !missing.is_empty() {
        if options.strict {
            return Err(Error::MissingGlyphs(missing));
        }
        log::warn!("no glyph for {missing:?}; drawn as boxes");
    }
    Ok(drawing)
}
