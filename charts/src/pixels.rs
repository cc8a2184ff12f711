//! The painter for pixels: a display list into one byte a pixel, laid out as a PNG wants it.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use crate::backdrop::Backdrop;
use crate::canvas::{Bounds, Op, Q, Recorder, Text, round_ends};
use crate::deflate::{BEYOND, Deflate, Rows, WINDOW};
use crate::font::{self, UNITS};
use crate::glyphs::{Glyphs, Key, Mask};
use crate::palette::Palette;
use crate::raster::{self, Point, Rasterizer, Sink};
use crate::small::Small;
use crate::stroke::stroke;
use crate::theme::Rgb;

/// A band of the picture's rows as palette indices, below the last rows of the band before. Each row begins with a PNG
/// filter byte, which stays 0, so that the whole is what PNG compresses, without a copy.
///
/// A picture is painted and encoded band by band: so much stays in the processor's cache, and however large the
/// picture, its pixels take the same memory.
#[derive(Default)]
pub(crate) struct Plane {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// The rows of the picture that can be painted now.
    band: Range<usize>,
    /// Rows before the band that the encoder still looks at.
    kept: usize,
    bytes: Vec<u8>,
    /// For each row of the band, and the one after it, a bit for each block of bytes that may differ from the row above.
    changed: Vec<u64>,
    /// A block has 2 to the power of this many bytes.
    block: u32,
}

/// Bytes of a band, roughly: half of a small second-level cache.
const BAND: usize = 256 << 10;

impl Plane {
    const fn stride(&self) -> usize {
        self.width + 1
    }

    fn start(&mut self, width: usize, height: usize) {
        (self.width, self.height) = (width, height);
        self.band = 0..0;
        self.kept = 0;
        self.block = 6;
        while width >> self.block > 63 {
            self.block += 1;
        }
    }

    /// Goes on to the next band, with nothing on it but the backdrop, or says that there is none.
    #[inline(never)]
    fn advance(&mut self, backdrop: &mut Backdrop) -> bool {
        let (stride, done) = (self.stride(), self.band.end);
        if done == self.height {
            return false;
        }
        let old = (self.kept + self.band.len()) * stride;
        self.kept = done.min(WINDOW.div_ceil(stride));
        self.bytes.truncate(old);
        self.bytes.drain(..old - self.kept * stride);
        self.band = done..(done + (BAND / stride).max(16)).min(self.height);
        self.changed.clear();
        self.changed.resize(self.band.len() + 1, 0);
        for y in self.band.clone() {
            let mut blocks = 0;
            let row = backdrop.next(y, |x| blocks |= self.blocks(x.start, x.len()));
            self.bytes.extend_from_slice(row);
            self.changed[y - self.band.start] = blocks;
        }
        self.bytes.resize(self.bytes.len() + BEYOND, 0);
        // What the band before left unpainted below its last row was not kept.
        self.changed[0] = u64::MAX;
        true
    }

    /// The band as the encoder wants it.
    fn rows(&self) -> Rows<'_> {
        Rows {
            bytes: &self.bytes,
            from: self.kept * self.stride(),
            stride: self.stride(),
            changed: &self.changed[..self.band.len()],
            block: self.block,
        }
    }

    /// The blocks that hold pixels of a row.
    const fn blocks(&self, x: usize, len: usize) -> u64 {
        let (first, last) = ((x + 1) >> self.block, (x + len) >> self.block);
        (u64::MAX << first) & (u64::MAX >> (63 - last))
    }

    /// Some pixels of a row of the band, which will change.
    fn row(&mut self, x: usize, y: usize, len: usize) -> &mut [u8] {
        &mut self.touch(x..x + len, y..y + 1)[..len]
    }

    /// The band from the first pixel of a rectangle on, all of whose pixels may change; it must lie in the band.
    fn touch(&mut self, x: Range<usize>, y: Range<usize>) -> &mut [u8] {
        let blocks = self.blocks(x.start, x.len());
        let row = y.start - self.band.start;
        self.changed[row..=y.end - self.band.start].iter_mut().for_each(|all| *all |= blocks);
        let start = (self.kept + row) * self.stride() + 1 + x.start;
        &mut self.bytes[start..]
    }

    /// Fills a rectangle as far as it lies in the band.
    #[inline(never)]
    fn fill(&mut self, x: Range<usize>, y: Range<usize>, index: u8) {
        let (top, bottom) = (y.start.max(self.band.start), y.end.min(self.band.end));
        if x.is_empty() || top >= bottom {
            return;
        }
        let blocks = self.blocks(x.start, x.len());
        self.changed[top - self.band.start] |= blocks;
        self.changed[bottom - self.band.start] |= blocks;
        let stride = self.stride();
        let start = (self.kept + top - self.band.start) * stride + 1 + x.start;
        for row in self.bytes[start..].chunks_mut(stride).take(bottom - top) {
            row[..x.len()].fill(index);
        }
    }
}

/// Everything that drawing needs and that is worth keeping for the next picture.
pub(crate) struct Worker {
    plane: Plane,
    palette: Palette,
    deflate: Deflate,
    glyphs: Glyphs,
    shape: Rasterizer,
    scratch: Vec<Point>,
    backdrop: Backdrop,
    /// The steps of the drawing that lie in front of it, with the rows that each may touch.
    front: Vec<(usize, Range<i32>)>,
}

/// A painted picture, encoded.
pub(crate) struct Pixels<'a> {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) palette: &'a [Rgb],
    /// The zlib stream.
    pub(crate) data: &'a [u8],
}

/// Workers that are idle. Bounded: the memory of the crate is this many times a worker's, and drawing from a pool of
/// hundreds of threads does not give each its own caches.
static IDLE: Mutex<Vec<Worker>> = Mutex::new(Vec::new());
const MOST_IDLE: usize = 4;

/// Runs with a worker from the pool.
pub(crate) fn with_worker<R>(run: impl FnOnce(&mut Worker) -> R) -> R {
    let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut worker = idle.unwrap_or_else(Worker::new);
    let result = run(&mut worker);
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
            deflate: Deflate::default(),
            glyphs: Glyphs::new(),
            shape: Rasterizer::default(),
            scratch: Vec::new(),
            backdrop: Backdrop::default(),
            front: Vec::new(),
        }
    }

    /// Paints a display list at a scale, and encodes it.
    pub(crate) fn encode(&mut self, drawing: &Recorder, scale: u32) -> Pixels<'_> {
        self.deflate.begin();
        self.bands(drawing, scale, |plane, deflate| deflate.rows(&plane.rows()));
        Pixels {
            width: self.plane.width as u32,
            height: self.plane.height as u32,
            palette: self.palette.colors(),
            data: self.deflate.finish(),
        }
    }

    /// Paints a display list, and does no more.
    pub(crate) fn paint(&mut self, drawing: &Recorder, scale: u32) {
        self.bands(drawing, scale, |_, _| ());
    }

    fn bands(&mut self, drawing: &Recorder, scale: u32, mut then: impl FnMut(&Plane, &mut Deflate)) {
        let (width, height) = drawing.size;
        self.plane.start((width * scale) as usize, (height * scale) as usize);
        self.reserve(drawing);
        self.part(drawing, scale as i32);
        while self.plane.advance(&mut self.backdrop) {
            let (top, bottom) = (self.plane.band.start as i32, self.plane.band.end as i32);
            for i in 0..self.front.len() {
                let (op, rows) = &self.front[i];
                if rows.start < bottom && rows.end > top {
                    self.step(&drawing.ops[*op], drawing, scale);
                }
            }
            then(&self.plane, &mut self.deflate);
        }
    }

    /// Parts the drawing into what is backdrop and what lies in front.
    fn part(&mut self, drawing: &Recorder, scale: i32) {
        self.backdrop.begin(self.plane.width, self.plane.height);
        self.front.clear();
        for (i, op) in drawing.ops.iter().enumerate() {
            if let Op::Rect(bounds, color) = op
                && let Some(bounds) = whole(*bounds, scale)
                && self.backdrop.take(bounds, self.palette.solid(*color))
            {
                continue;
            }
            let reach = reach(op, &drawing.points, scale);
            self.front.push((i, reach.y0..reach.y1));
            self.backdrop.cover(reach);
        }
        self.backdrop.rewind();
    }

    /// Gives every colour its place in the palette before any mixture: letters first, for what is read gets the finest
    /// steps.
    fn reserve(&mut self, drawing: &Recorder) {
        self.palette.reset(drawing.ground);
        for op in &drawing.ops {
            if let Op::Text(text) = op {
                self.palette.ink(text.color);
            }
        }
        for op in &drawing.ops {
            match op {
                Op::Rect(_, color) => {
                    self.palette.solid(*color);
                }
                Op::Fill(_, color) | Op::Stroke(.., color) | Op::Disc(.., color) => {
                    self.palette.ink(*color);
                }
                Op::Text(_) => {}
            }
        }
    }

    fn step(&mut self, op: &Op, drawing: &Recorder, scale: u32) {
        if let Op::Fill(_, color) | Op::Stroke(.., color) | Op::Disc(.., color) = op
            && let Some((small, place)) = Small::of(op, &drawing.points, scale as i32)
        {
            let ink = self.palette.ink(*color);
            let mask = self.glyphs.small(&small);
            return self.stamp(&mask, (place.0 + mask.left, place.1 + mask.top), ink);
        }
        match op {
            Op::Rect(bounds, color) => self.rect(*bounds, *color, scale),
            Op::Fill(range, color) => {
                self.outline(&drawing.points[range.clone()], scale);
                self.shape.polygon(&self.scratch);
                self.flush(*color);
            }
            Op::Stroke(range, line, color) => {
                self.outline(&drawing.points[range.clone()], scale);
                let width = *line as f32 * scale as f32 / Q as f32;
                stroke(&mut self.shape, &self.scratch, width, round_ends(*line), &self.plane.band);
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

    /// Begins a shape, and leaves its points in device pixels.
    fn outline(&mut self, points: &[(i32, i32)], scale: u32) {
        self.shape.clear();
        self.scratch.clear();
        self.scratch.extend(points.iter().map(|p| device(*p, scale)));
    }

    fn flush(&mut self, color: Rgb) {
        let ink = self.palette.ink(color);
        let (width, band) = (self.plane.width, self.plane.band.clone());
        let mut brush = Brush { plane: &mut self.plane, palette: &mut self.palette, ink };
        self.shape.sweep(width, band, &mut brush);
    }

    fn rect(&mut self, bounds: Bounds, color: Rgb, scale: u32) {
        let Some(edges) = whole(bounds, scale as i32) else {
            let [x0, y0, x1, y1] =
                [bounds.x0, bounds.y0, bounds.x1, bounds.y1].map(|n| (n * scale as i32) as f32 / Q as f32);
            self.shape.clear();
            self.shape.polygon(&[(x0, y0), (x0, y1), (x1, y1), (x1, y0)]);
            self.flush(color);
            return;
        };
        let index = self.palette.solid(color);
        let [x0, y0, x1, y1] = [edges.x0, edges.y0, edges.x1, edges.y1].map(|n| n.max(0) as usize);
        self.plane.fill(x0..x1.min(self.plane.width), y0..y1, index);
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
            self.stamp(&mask, (at_x + mask.left, at_y + mask.top), ink);
        }
    }

    /// Paints what lies in the band of a glyph or shape whose mask begins at a place.
    fn stamp(&mut self, mask: &Mask, (left, top): (i32, i32), ink: usize) {
        let Self { plane, glyphs, palette, .. } = self;
        let band = plane.band.start as i32..plane.band.end as i32;
        let (first, last) = (top.max(band.start), (top + mask.height as i32).min(band.end));
        let (skip, start) = ((-left).max(0) as usize, left.max(0) as usize);
        if first >= last || skip >= mask.width || start >= plane.width {
            return;
        }
        let len = (mask.width - skip).min(plane.width - start);
        let stride = plane.stride();
        let below = plane.touch(start..start + len, first as usize..last as usize);
        let coverage = glyphs.rows(mask, (first - top) as usize..(last - top) as usize);
        palette.stamp(ink, (below, stride), (&coverage[skip..], mask.width), len);
    }
}

/// A rectangle in device pixels, if it has its edges between them.
fn whole(bounds: Bounds, scale: i32) -> Option<Bounds> {
    let edges = [bounds.x0, bounds.y0, bounds.x1, bounds.y1].map(|n| n * scale);
    let [x0, y0, x1, y1] = edges.map(|n| n / Q);
    edges.iter().all(|n| n % Q == 0).then_some(Bounds { x0, y0, x1, y1 })
}

/// The device pixels that a step may touch, a few too many rather than one too few.
fn reach(op: &Op, points: &[(i32, i32)], scale: i32) -> Bounds {
    let around = |range: &Range<usize>, more: i32| {
        let mut all = Bounds { x0: i32::MAX, y0: i32::MAX, x1: i32::MIN, y1: i32::MIN };
        for (x, y) in &points[range.clone()] {
            all = Bounds { x0: all.x0.min(*x), y0: all.y0.min(*y), x1: all.x1.max(*x), y1: all.y1.max(*y) };
        }
        if range.is_empty() { Bounds { x0: 0, y0: 0, x1: 0, y1: 0 } } else { all.grown(more) }
    };
    let quarters = match op {
        Op::Rect(bounds, _) => *bounds,
        Op::Fill(range, _) => around(range, 0),
        Op::Stroke(range, line, _) => around(range, *line),
        Op::Disc((x, y), radius, _) => Bounds { x0: *x, y0: *y, x1: *x, y1: *y }.grown(*radius),
        // Ink may leave its box by little, capitals with a mark at their top a bit more (a test looks at each character); a
        // halo does by its width.
        Op::Text(text) => {
            let more = text.size / 16;
            let all = text.bounds().grown(more + if text.halo.is_some() { Q } else { 0 });
            if text.turned {
                Bounds { x0: all.x0 - more, ..all }
            } else {
                Bounds { y0: all.y0 - more, ..all }
            }
        }
    };
    let low = |n: i32| (n * scale).div_euclid(Q) - 1;
    let high = |n: i32| (n * scale).div_euclid(Q) + 2;
    Bounds { x0: low(quarters.x0), y0: low(quarters.y0), x1: high(quarters.x1), y1: high(quarters.y1) }
}

fn device((x, y): (i32, i32), scale: u32) -> Point {
    let factor = scale as f32 / Q as f32;
    (x as f32 * factor, y as f32 * factor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::font::Weight;

    /// What is drawn in front may lie on bars, which are kept behind: so a text must not reach further than it says.
    #[test]
    fn no_character_leaves_the_reach_of_its_text() {
        let mut glyphs = Glyphs::new();
        let marks = "“”‘’（）《》，。、；：？！…—·▲▼①%+-0123456789約余ÅÇjgpqyQ|_";
        let standard = include_str!("../fonts/standard-8105.txt").replace('\n', "");
        for (letters, weight, size, turned) in [
            (standard.as_str(), Weight::Regular, 16, false),
            (marks, Weight::Regular, 11, false),
            (marks, Weight::Bold, 14, true),
            (marks, Weight::Bold, 30, false),
        ] {
            for c in letters.chars() {
                let glyph = font::glyph(c, weight);
                for phase in [0, 3] {
                    let mask = glyphs.mask(Key { glyph: glyph.id, size, weight, turned, phase, fat: 0 });
                    let place = (50 * Q + i32::from(phase), 50 * Q);
                    let place = if turned { (50 * Q, 50 * Q - i32::from(phase)) } else { place };
                    let text = Text {
                        letters: 0..c.len_utf8(),
                        origin: place,
                        size: i32::from(size) * Q,
                        width: font::width(&c.to_string(), i32::from(size) * Q, weight),
                        weight,
                        turned,
                        color: Rgb(0, 0, 0),
                        halo: None,
                    };
                    let reach = reach(&Op::Text(text), &[], 1);
                    let (left, top) = (50 + mask.left, 50 + mask.top);
                    for y in 0..mask.height {
                        for (x, _) in glyphs.rows(&mask, y..y + 1).iter().enumerate().filter(|(_, c)| **c > 0)
                        {
                            let (x, y) = (left + x as i32, top + y as i32);
                            let inside =
                                (reach.x0..reach.x1).contains(&x) && (reach.y0..reach.y1).contains(&y);
                            assert!(inside, "{c} at {size} leaves {reach:?} at {x}, {y}");
                        }
                    }
                }
            }
        }
    }
}
