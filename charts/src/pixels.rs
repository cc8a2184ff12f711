//! The painter for pixels: a display list into one byte a pixel, laid out as a PNG wants it.

use std::sync::{Mutex, PoisonError};

use crate::canvas::{Bounds, Op, Q, Recorder, Text};
use crate::font::{self, UNITS};
use crate::glyphs::{Glyphs, Key};
use crate::palette::{GROUND, Palette};
use crate::raster::{self, Point, Rasterizer, Sink};
use crate::theme::Rgb;

/// Pixels as palette indices. Each row begins with a PNG filter byte, which stays 0, so that the whole is what PNG
/// compresses, without a copy.
#[derive(Default)]
pub(crate) struct Plane {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) bytes: Vec<u8>,
}

impl Plane {
    pub(crate) const fn stride(&self) -> usize {
        self.width + 1
    }

    #[inline(never)]
    fn clear(&mut self, width: usize, height: usize) {
        (self.width, self.height) = (width, height);
        self.bytes.clear();
        self.bytes.resize((width + 1) * height, GROUND);
    }

    fn row(&mut self, x: usize, y: usize, len: usize) -> &mut [u8] {
        let start = y * self.stride() + 1 + x;
        &mut self.bytes[start..start + len]
    }
}

/// Everything that drawing needs and that is worth keeping for the next picture.
pub(crate) struct Worker {
    pub(crate) plane: Plane,
    pub(crate) palette: Palette,
    pub(crate) deflate: crate::deflate::Deflate,
    glyphs: Glyphs,
    shape: Rasterizer,
    scratch: Vec<Point>,
}

/// Workers that are idle. Bounded: the memory of the crate is this many times a worker's, and drawing from a pool of
/// hundreds of threads does not give each its own caches.
static IDLE: Mutex<Vec<Worker>> = Mutex::new(Vec::new());
const MOST_IDLE: usize = 4;
/// Bytes of a plane that are kept between pictures; a rare large picture gives back what it took beyond.
const KEEP: usize = 6 << 20;

/// Runs with a worker from the pool.
pub(crate) fn with_worker<R>(run: impl FnOnce(&mut Worker) -> R) -> R {
    let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut worker = idle.unwrap_or_else(Worker::new);
    let result = run(&mut worker);
    if worker.plane.bytes.capacity() > KEEP {
        worker.plane.bytes.clear();
        worker.plane.bytes.shrink_to(KEEP);
    }
    let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if idle.len() < MOST_IDLE {
        idle.push(worker);
    }
    result
}

/// Blends coverage into the plane.
struct Brush<'a> {
    plane: &'a mut Plane,
    palette: &'a mut Palette,
    ink: usize,
}

impl Sink for Brush<'_> {
    fn span(&mut self, x: usize, y: usize, len: usize, coverage: u8) {
        self.palette.blend_run(self.ink, self.plane.row(x, y, len), coverage);
    }
    fn pixels(&mut self, x: usize, y: usize, coverage: &[u8]) {
        self.palette.blend(self.ink, self.plane.row(x, y, coverage.len()), coverage);
    }
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Worker {{ {} x {} }}", self.plane.width, self.plane.height)
    }
}

impl Worker {
    fn new() -> Self {
        Self {
            plane: Plane::default(),
            palette: Palette::default(),
            deflate: crate::deflate::Deflate::default(),
            glyphs: Glyphs::new(),
            shape: Rasterizer::default(),
            scratch: Vec::new(),
        }
    }

    /// Paints a display list at a scale.
    #[inline(never)]
    pub(crate) fn paint(&mut self, drawing: &Recorder, scale: u32) {
        let (width, height) = drawing.size;
        self.plane.clear((width * scale) as usize, (height * scale) as usize);
        self.palette.reset(drawing.ground);
        // Letters first: what is read gets the finest steps.
        for op in &drawing.ops {
            if let Op::Text(text) = op {
                self.palette.ink(text.color);
            }
        }
        for op in &drawing.ops {
            match op {
                Op::Rect(bounds, color) => self.rect(*bounds, *color, scale),
                Op::Fill(range, color) => {
                    let points = &drawing.points[range.clone()];
                    self.shape.clear();
                    self.scratch.clear();
                    self.scratch.extend(points.iter().map(|p| device(*p, scale)));
                    self.shape.polygon(&self.scratch);
                    self.flush(*color);
                }
                Op::Stroke(range, line, color) => {
                    let points = &drawing.points[range.clone()];
                    self.shape.clear();
                    self.scratch.clear();
                    self.scratch.extend(points.iter().map(|p| device(*p, scale)));
                    raster::stroke(&mut self.shape, &self.scratch, *line as f32 * scale as f32 / Q as f32);
                    self.flush(*color);
                }
                Op::Disc(centre, radius, color) => {
                    self.shape.clear();
                    let radius = *radius as f32 * scale as f32 / Q as f32;
                    raster::disc(&mut self.shape, device(*centre, scale), radius);
                    self.flush(*color);
                }
                Op::Text(text) => self.text(text, &drawing.letters[text.letters.clone()], scale as i32),
            }
        }
    }

    fn flush(&mut self, color: Rgb) {
        let ink = self.palette.ink(color);
        let (width, height) = (self.plane.width, self.plane.height);
        let mut brush = Brush { plane: &mut self.plane, palette: &mut self.palette, ink };
        self.shape.sweep(width, height, &mut brush);
    }

    #[inline(never)]
    fn rect(&mut self, bounds: Bounds, color: Rgb, scale: u32) {
        let scale = scale as i32;
        let edges = [bounds.x0, bounds.y0, bounds.x1, bounds.y1].map(|n| n * scale);
        if edges.iter().any(|n| n % Q != 0) {
            let [x0, y0, x1, y1] = edges.map(|n| n as f32 / Q as f32);
            self.shape.clear();
            self.shape.polygon(&[(x0, y0), (x0, y1), (x1, y1), (x1, y0)]);
            self.flush(color);
            return;
        }
        let index = self.palette.solid(color);
        let [x0, y0, x1, y1] = edges.map(|n| (n / Q).max(0) as usize);
        let (x1, y1) = (x1.min(self.plane.width), y1.min(self.plane.height));
        for y in y0..y1 {
            if x0 < x1 {
                self.plane.row(x0, y, x1 - x0).fill(index);
            }
        }
    }

    fn text(&mut self, text: &Text, letters: &str, scale: i32) {
        if let Some(halo) = text.halo {
            let ink = self.palette.ink(halo);
            self.letters(text, letters, scale, ink, scale as u8);
        }
        let ink = self.palette.ink(text.color);
        self.letters(text, letters, scale, ink, 0);
    }

    fn letters(&mut self, text: &Text, letters: &str, scale: i32, ink: usize, fat: u8) {
        let (x, y) = (text.origin.0 * scale, text.origin.1 * scale);
        let size = (text.size * scale / Q) as u16;
        let mut units = 0_i64;
        for c in letters.chars() {
            let glyph = font::glyph(c, text.weight);
            let along = ((units * i64::from(text.size * scale) + UNITS / 2) / UNITS) as i32;
            units += i64::from(glyph.advance);
            // Along the line a glyph may stand at any quarter of a pixel; across it, only at whole ones, for which
            // its hints have made it sharp.
            let (at_x, at_y, phase) = if text.turned {
                let up = along - y;
                ((x + Q / 2).div_euclid(Q), -up.div_euclid(Q), up.rem_euclid(Q))
            } else {
                ((x + along).div_euclid(Q), (y + Q / 2).div_euclid(Q), (x + along).rem_euclid(Q))
            };
            let key = Key {
                glyph: glyph.id,
                size,
                weight: text.weight,
                turned: text.turned,
                phase: phase as u8,
                fat,
            };
            let mask = self.glyphs.mask(key);
            let (left, top) = (at_x + mask.left, at_y + mask.top);
            for row in 0..mask.height {
                let y = top + row as i32;
                if y < 0 || y >= self.plane.height as i32 {
                    continue;
                }
                let coverage = self.glyphs.row(&mask, row);
                let skip = (-left).max(0) as usize;
                let start = left.max(0) as usize;
                if skip < coverage.len() && start < self.plane.width {
                    let coverage = &coverage[skip..];
                    let len = coverage.len().min(self.plane.width - start);
                    let pixels = self.plane.row(start, y as usize, len);
                    self.palette.blend(ink, pixels, &coverage[..len]);
                }
            }
        }
    }
}

fn device((x, y): (i32, i32), scale: u32) -> Point {
    let factor = scale as f32 / Q as f32;
    (x as f32 * factor, y as f32 * factor)
}
