//! The steps of making a PNG, one by one, for benches that tell where the time goes.

use crate::canvas::Recorder;
use crate::pixels::{self, Worker};
use crate::{Error, Options, Spec, png, spec_hash};

/// A display list with what it was made from.
#[derive(Debug)]
pub struct Drawing<'a> {
    list: Recorder,
    spec: &'a Spec,
    options: &'a Options,
}

/// A worker of the pool.
#[derive(Debug)]
pub struct Painter<'a>(&'a mut Worker);

/// Draws through plotters into a display list.
///
/// # Errors
/// As [`crate::png`].
pub fn record<'a>(spec: &'a Spec, options: &'a Options) -> Result<Drawing<'a>, Error> {
    Ok(Drawing { list: crate::record(spec, options, false)?, spec, options })
}

/// Runs with a painter.
pub fn with_painter<R>(run: impl FnOnce(&mut Painter<'_>) -> R) -> R {
    pixels::with_worker(|worker| run(&mut Painter(worker)))
}

impl Painter<'_> {
    /// Paints into pixels, and drops them.
    pub fn paint(&mut self, drawing: &Drawing<'_>) {
        self.0.paint(&drawing.list, drawing.options.scale);
    }

    /// Paints, and makes a PNG: both go band by band.
    pub fn encode(&mut self, drawing: &Drawing<'_>) -> Vec<u8> {
        let hash = spec_hash(drawing.spec, drawing.options);
        let scale = drawing.options.scale;
        png::write(&self.0.encode(&drawing.list, scale), drawing.spec, scale, hash)
    }
}
