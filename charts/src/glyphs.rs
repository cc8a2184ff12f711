//! Coverage masks of glyphs and small shapes, kept between pictures: rasterising is most of the cost of a character seen
//! for the first time, and nearly nothing of one seen before.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use skrifa::outline::OutlinePen;

use crate::font::{Outlines, Weight};
use crate::raster::{FULL, Point, Rasterizer, Sink};
use crate::small::{Frame, Small};

/// Bytes of masks to keep; beyond it all are dropped, which costs one slow picture.
const MOST_BYTES: usize = 3 << 20;

/// What a mask depends on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) glyph: u16,
    /// Pixels of an em.
    pub(crate) size: u16,
    pub(crate) weight: Weight,
    pub(crate) turned: bool,
    /// Quarter pixels that the origin lies right of a whole one, or above it when turned.
    pub(crate) phase: u8,
    /// Pixels by which the glyph is fattened, for the halo behind it.
    pub(crate) fat: u8,
}

impl Key {
    const fn pack(self) -> u64 {
        self.glyph as u64
            | (self.size as u64) << 16
            | (self.weight as u64) << 32
            | (self.turned as u64) << 33
            | (self.phase as u64) << 34
            | (self.fat as u64) << 36
    }
}

/// A rectangle of coverages, placed relative to the origin of the glyph or shape; rows are padded to a multiple of eight.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mask {
    start: usize,
    pub(crate) left: i32,
    pub(crate) top: i32,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

/// Spreads the packed key's bits; the standard hasher would cost more than the look-up.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }
    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0 ^ n).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 ^= self.0 >> 29;
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

/// The masks of one worker.
pub(crate) struct Glyphs {
    outlines: Outlines,
    masks: HashMap<u64, Mask, BuildHasherDefault<Spread>>,
    shapes: HashMap<Small, Mask, BuildHasherDefault<Spread>>,
    bytes: Vec<u8>,
    shape: Rasterizer,
}

impl Glyphs {
    pub(crate) fn new() -> Self {
        Self {
            outlines: Outlines::new(),
            masks: HashMap::default(),
            shapes: HashMap::default(),
            bytes: Vec::new(),
            shape: Rasterizer::default(),
        }
    }

    /// The mask of a glyph.
    pub(crate) fn mask(&mut self, key: Key) -> Mask {
        if let Some(mask) = self.masks.get(&key.pack()) {
            return *mask;
        }
        self.bound();
        let mask = self.make(key);
        self.masks.insert(key.pack(), mask);
        mask
    }

    /// The mask of a small shape.
    pub(crate) fn small(&mut self, small: &Small) -> Mask {
        if let Some(mask) = self.shapes.get(small) {
            return *mask;
        }
        self.bound();
        self.shape.clear();
        let Frame { left, top, width, height } = small.draw(&mut self.shape);
        let start = self.sweep(width, height);
        let mask = Mask { start, left, top, width, height };
        self.shapes.insert(*small, mask);
        mask
    }

    fn bound(&mut self) {
        if self.bytes.len() > MOST_BYTES {
            self.masks.clear();
            self.shapes.clear();
            self.bytes.clear();
        }
    }

    /// Adds the shape's coverages to the bytes. Returns where they begin.
    fn sweep(&mut self, width: usize, height: usize) -> usize {
        let start = self.bytes.len();
        self.bytes.resize(start + width * height, 0);
        self.shape.sweep(width, 0..height, &mut Tile { bytes: &mut self.bytes[start..], width });
        start
    }

    /// Some rows of a mask.
    pub(crate) fn rows(&self, mask: &Mask, rows: Range<usize>) -> &[u8] {
        &self.bytes[mask.start + rows.start * mask.width..mask.start + rows.end * mask.width]
    }

    fn make(&mut self, key: Key) -> Mask {
        let mut path = Path::default();
        if !self.outlines.draw(key.glyph, key.size, key.weight, &mut path) || path.edges.is_empty() {
            return Mask::default();
        }
        let phase = f32::from(key.phase) / 4.0;
        for (a, b) in &mut path.edges {
            for point in [a, b] {
                // The pen's y points up; turned, the line of text runs upwards.
                let (along, down) = (point.0 + phase, -point.1);
                *point = if key.turned { (down, -along) } else { (along, down) };
            }
        }
        let (mut low, mut high) = ((f32::MAX, f32::MAX), (f32::MIN, f32::MIN));
        for point in path.edges.iter().flat_map(|(a, b)| [a, b]) {
            low = (low.0.min(point.0), low.1.min(point.1));
            high = (high.0.max(point.0), high.1.max(point.1));
        }
        let fat = usize::from(key.fat);
        let (left, top) = (low.0.floor() - fat as f32, low.1.floor() - fat as f32);
        let width = ((high.0 - left).ceil() as usize + 1 + fat).div_ceil(8) * 8;
        let height = (high.1 - top).ceil() as usize + fat;
        self.shape.clear();
        for (a, b) in &path.edges {
            self.shape.edge((a.0 - left, a.1 - top), (b.0 - left, b.1 - top));
        }
        let start = self.sweep(width, height);
        for _ in 0..fat {
            fatten(&mut self.bytes[start..], width);
        }
        if fat > 0 {
            // All or nothing: a halo's own edge cannot be seen, and soft ones would cost the palette many colours.
            for level in &mut self.bytes[start..] {
                *level = if *level > FULL / 4 { FULL } else { 0 };
            }
        }
        Mask { start, left: left as i32, top: top as i32, width, height }
    }
}

/// Gives each pixel the most coverage of its neighbours: first along rows, then down columns.
fn fatten(bytes: &mut [u8], width: usize) {
    for row in bytes.chunks_exact_mut(width) {
        let mut before = 0;
        for x in 0..width {
            let here = row[x];
            let after = if x + 1 < width { row[x + 1] } else { 0 };
            row[x] = before.max(here).max(after);
            before = here;
        }
    }
    for x in 0..width {
        let mut before = 0;
        let mut at = x;
        while at < bytes.len() {
            let here = bytes[at];
            let after = if at + width < bytes.len() { bytes[at + width] } else { 0 };
            bytes[at] = before.max(here).max(after);
            before = here;
            at += width;
        }
    }
}

struct Tile<'a> {
    bytes: &'a mut [u8],
    width: usize,
}

impl Tile<'_> {
    /// Adds what another part covers of a pixel.
    fn add(&mut self, x: usize, y: usize, coverage: impl Iterator<Item = u8>) {
        for (pixel, cover) in self.bytes[y * self.width + x..(y + 1) * self.width].iter_mut().zip(coverage) {
            *pixel = (*pixel + cover).min(FULL);
        }
    }
}

impl Sink for Tile<'_> {
    fn span(&mut self, x: usize, y: usize, len: usize, coverage: u8) {
        self.add(x, y, std::iter::repeat_n(coverage, len));
    }
    fn pixels(&mut self, x: usize, y: usize, coverage: &[u8]) {
        self.add(x, y, coverage.iter().copied());
    }
}

/// An outline as straight edges.
#[derive(Default)]
struct Path {
    edges: Vec<(Point, Point)>,
    start: Point,
    at: Point,
}

impl Path {
    fn to(&mut self, point: Point) {
        self.edges.push((self.at, point));
        self.at = point;
    }

    fn curve(&mut self, bend: f32, at: impl Fn(f32) -> Point) {
        // The chord of a curve strays by an eighth of its second difference over the square of the steps; a
        // twentieth of a pixel cannot be seen in 15 steps of coverage.
        let steps = ((bend * 2.5).sqrt().ceil()).clamp(1.0, 32.0);
        for i in 1..=steps as u32 {
            self.to(at(i as f32 / steps));
        }
    }
}

fn second_difference(a: Point, b: Point, c: Point) -> f32 {
    (a.0 - 2.0 * b.0 + c.0).abs() + (a.1 - 2.0 * b.1 + c.1).abs()
}

impl OutlinePen for Path {
    fn move_to(&mut self, x: f32, y: f32) {
        self.start = (x, y);
        self.at = (x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.to((x, y));
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        let (a, b, c) = (self.at, (cx, cy), (x, y));
        self.curve(2.0 * second_difference(a, b, c), |t| {
            let s = 1.0 - t;
            let mix = |a: f32, b: f32, c: f32| s * s * a + 2.0 * s * t * b + t * t * c;
            (mix(a.0, b.0, c.0), mix(a.1, b.1, c.1))
        });
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        let (a, b, c, d) = (self.at, (cx0, cy0), (cx1, cy1), (x, y));
        let bend = 6.0 * second_difference(a, b, c).max(second_difference(b, c, d));
        self.curve(bend, |t| {
            let s = 1.0 - t;
            let mix = |a: f32, b: f32, c: f32, d: f32| {
                s * s * s * a + 3.0 * s * s * t * b + 3.0 * s * t * t * c + t * t * t * d
            };
            (mix(a.0, b.0, c.0, d.0), mix(a.1, b.1, c.1, d.1))
        });
    }

    fn close(&mut self) {
        if self.at != self.start {
            self.to(self.start);
        }
    }
}
