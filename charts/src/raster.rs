//! Exact-area coverage of polygons, a band of rows at a time.
//!
//! Each edge leaves in each row it crosses the change that it makes to the coverage to its right; a running sum over
//! the row then is the coverage. Only blocks of pixels that an edge touched are looked at, so a thin line across a
//! large picture costs what it covers. Single multiplications and additions in `f32`, so the same on every machine.

use std::ops::Range;

use crate::beam::Beam;

/// Steps of coverage: 0 is none, 15 is full.
pub(crate) const FULL: u8 = 15;
const BLOCK: usize = 16;
/// Rows in a band: bounds the memory whatever the picture's height.
const BAND: usize = 64;

/// A point in device pixels.
pub(crate) type Point = (f32, f32);

/// Where coverage goes.
pub(crate) trait Sink {
    /// A run of pixels of equal coverage.
    fn span(&mut self, x: usize, y: usize, len: usize, coverage: u8);
    /// Pixels of their own coverage, from `x` on.
    fn pixels(&mut self, x: usize, y: usize, coverage: &[u8]);
}

#[derive(Default)]
pub(crate) struct Rasterizer {
    edges: Vec<(Point, Point)>,
    /// Up to which edge each part goes but the last.
    parts: Vec<usize>,
    beams: Vec<Beam>,
    sums: Vec<f32>,
    touched: Vec<u64>,
}

/// The buffers' place in the picture: so small shapes stay close together in the processor's cache.
#[derive(Clone, Copy)]
struct Tile {
    /// The first column, and the last that an edge may lie in.
    left: usize,
    right: usize,
    /// How many columns there are, with room for what an edge leaves to its right.
    stride: usize,
    /// Words of a row of marks.
    words: usize,
    /// The picture's width.
    width: usize,
}

impl Rasterizer {
    /// Forgets the shape so far.
    pub(crate) fn clear(&mut self) {
        self.edges.clear();
        self.parts.clear();
        self.beams.clear();
    }

    /// Adds an edge of the shape; contours must close.
    pub(crate) fn edge(&mut self, a: Point, b: Point) {
        if a.1 != b.1 {
            self.edges.push((a, b));
        }
    }

    /// Adds a closed polygon.
    pub(crate) fn polygon(&mut self, points: &[Point]) {
        for (i, a) in points.iter().enumerate() {
            self.edge(*a, points[(i + 1) % points.len()]);
        }
    }

    /// Ends a part of the shape, which must be closed; parts are best far from each other.
    pub(crate) fn part(&mut self) {
        self.parts.push(self.edges.len());
    }

    /// Adds a part of a stroke, which must not overlap the rest of the shape.
    pub(crate) fn beam(&mut self, beam: Beam) {
        self.beams.push(beam);
    }

    /// Sends the coverage of the shape within `width` pixels of some rows to the sink: non-zero winding where contours
    /// run the same way round.
    pub(crate) fn sweep(&mut self, width: usize, within: Range<usize>, sink: &mut impl Sink) {
        for beam in &self.beams {
            beam.sweep(width, &within, sink);
        }
        let mut from = 0;
        for i in 0..=self.parts.len() {
            let to = self.parts.get(i).copied().unwrap_or(self.edges.len());
            self.sweep_part(from..to, width, &within, sink);
            from = to;
        }
    }

    fn sweep_part(&mut self, edges: Range<usize>, width: usize, within: &Range<usize>, sink: &mut impl Sink) {
        let (mut top, mut bottom) = (f32::MAX, f32::MIN);
        let (mut left, mut right) = (f32::MAX, f32::MIN);
        for (a, b) in &self.edges[edges.clone()] {
            (top, bottom) = (top.min(a.1.min(b.1)), bottom.max(a.1.max(b.1)));
            (left, right) = (left.min(a.0.min(b.0)), right.max(a.0.max(b.0)));
        }
        let first = (top.max(0.0) as usize).max(within.start);
        let last = (bottom.max(0.0).ceil() as usize).min(within.end);
        if edges.is_empty() || first >= last {
            return;
        }
        // A column more on each side, for where an edge crosses a row may be rounded to beyond its end.
        let left = ((left - 1.0).max(0.0) as usize).min(width);
        let right = ((right + 1.0).max(0.0) as usize).min(width);
        let stride = (right - left) / BLOCK * BLOCK + 2 * BLOCK;
        let tile = Tile { left, right, stride, words: (stride / BLOCK).div_ceil(64), width };
        let rows = BAND.min(last - first);
        if self.sums.len() < stride * rows {
            self.sums.resize(stride * rows, 0.0);
        }
        if self.touched.len() < tile.words * rows {
            self.touched.resize(tile.words * rows, 0);
        }
        let mut band = first;
        while band < last {
            let end = (band + rows).min(last);
            for at in edges.clone() {
                let (a, b) = self.edges[at];
                self.mark(a, b, (band, end), &tile);
            }
            for y in band..end {
                self.emit(y, y - band, &tile, sink);
            }
            band = end;
        }
    }

    /// Leaves an edge's part within the band.
    fn mark(
        &mut self,
        a: Point,
        b: Point,
        (from, to): (usize, usize),
        &Tile { left: origin, right: limit, stride, words, .. }: &Tile,
    ) {
        let (sign, a, b) = if a.1 < b.1 { (1.0, a, b) } else { (-1.0, b, a) };
        let top = a.1.max(from as f32);
        let bottom = b.1.min(to as f32);
        if top >= bottom {
            return;
        }
        let slope = (b.0 - a.0) / (b.1 - a.1);
        let (least, most) = (origin as f32, limit as f32);
        let mut y = top as usize;
        let mut upper = top;
        while upper < bottom && y < to {
            let lower = bottom.min((y + 1) as f32);
            let x0 = within(a.0 + (upper - a.1) * slope, least, most);
            let x1 = within(a.0 + (lower - a.1) * slope, least, most);
            let cover = sign * (lower - upper);
            let (left, right) = if x0 < x1 { (x0, x1) } else { (x1, x0) };
            let row = y - from;
            let sums = &mut self.sums[row * stride..(row + 1) * stride];
            let (cell, over) = (left as i32, right as i32);
            let (in_first, in_last) = (left - cell as f32, right - over as f32);
            let (cell, over) = (cell as usize - origin, over as usize - origin);
            if cell == over {
                // The mean distance from the cell's left side is what the edge leaves uncovered.
                let inside = (in_first + in_last) * 0.5;
                sums[cell] += cover * (1.0 - inside);
                sums[cell + 1] += cover * inside;
            } else {
                spread(&mut sums[cell..=over + 1], cover, in_first, right - left, in_last);
            }
            let marks = &mut self.touched[row * words..(row + 1) * words];
            // Mostly they are one block or two neighbours.
            let (first, last) = (cell / BLOCK, (over + 1) / BLOCK);
            marks[first / 64] |= 1 << (first % 64);
            marks[last / 64] |= 1 << (last % 64);
            for block in first + 1..last {
                marks[block / 64] |= 1 << (block % 64);
            }
            upper = lower;
            y += 1;
        }
    }

    /// Sums a row up, hands it on, and leaves it clear.
    fn emit(
        &mut self,
        y: usize,
        row: usize,
        &Tile { left, stride, words, width, .. }: &Tile,
        sink: &mut impl Sink,
    ) {
        let sums = &mut self.sums[row * stride..(row + 1) * stride];
        let marks = &mut self.touched[row * words..(row + 1) * words];
        let mut sum = 0.0_f32;
        let mut reached = left;
        for (word, bits) in marks.iter_mut().enumerate() {
            while *bits != 0 {
                let block = word * 64 + bits.trailing_zeros() as usize;
                *bits &= *bits - 1;
                let start = left + block * BLOCK;
                if start > reached {
                    let coverage = level(sum);
                    let end = start.min(width);
                    if coverage > 0 && end > reached {
                        sink.span(reached, y, end - reached, coverage);
                    }
                }
                // First the sums, one after the other, then the levels, which processors take several at a time.
                let mut covers = [0.0_f32; BLOCK];
                for (cover, delta) in covers.iter_mut().zip(&mut sums[start - left..start - left + BLOCK]) {
                    sum += *delta;
                    *delta = 0.0;
                    *cover = sum;
                }
                let out = covers.map(level);
                if start < width {
                    sink.pixels(start, y, &out[..BLOCK.min(width - start)]);
                }
                reached = start + BLOCK;
            }
        }
    }
}

/// Leaves a flat edge that crosses several cells of a row, the last but one of `sums`: it begins `from` into the first,
/// is `length` long and ends `to` into the last.
fn spread(sums: &mut [f32], cover: f32, from: f32, length: f32, to: f32) {
    // What is covered left of a place along the edge grows with the square of the way: by so much more each cell.
    let each = cover / length;
    let last = sums.len() - 2;
    let first = 0.5 * each * (1.0 - from) * (1.0 - from);
    let end = 0.5 * each * to * to;
    sums[0] += first;
    if last == 1 {
        sums[1] += cover - first - end;
    } else {
        let second = each * (1.5 - from);
        sums[1] += second - first;
        for sum in &mut sums[2..last] {
            *sum += each;
        }
        sums[last] += cover - second - (last as f32 - 2.0) * each - end;
    }
    sums[last + 1] += end;
}

fn within(x: f32, least: f32, most: f32) -> f32 {
    let x = if x > least { x } else { least };
    if x < most { x } else { most }
}

/// Added to a small number, it leaves that number, rounded, in the lowest bits: much quicker than a conversion.
pub(crate) const ROUND: f32 = 8_388_608.0;

fn level(sum: f32) -> u8 {
    let cover = sum.abs();
    let cover = if cover < 1.0 { cover } else { 1.0 };
    (cover * f32::from(FULL) + ROUND).to_bits() as u8
}

/// Sines and cosines of the first quarter turn in steps of 1/32 of a turn: written out, because libraries of
/// different systems round them differently.
const TURN: [Point; 8] = [
    (1.0, 0.0),
    (0.980_785_25, 0.195_090_32),
    (0.923_879_5, 0.382_683_43),
    (0.831_469_6, 0.555_570_25),
    (0.707_106_77, 0.707_106_77),
    (0.555_570_25, 0.831_469_6),
    (0.382_683_43, 0.923_879_5),
    (0.195_090_32, 0.980_785_25),
];

/// Adds a circle to the shape.
pub(crate) fn disc(shape: &mut Rasterizer, (x, y): Point, radius: f32) {
    // A small circle needs fewer corners to look round.
    let step = if radius < 1.5 {
        4
    } else if radius < 4.0 {
        2
    } else {
        1
    };
    let quarter = 8 / step;
    let mut ring = [(0.0, 0.0); 32];
    for i in 0..quarter {
        let (cos, sin) = TURN[i * step];
        ring[i] = (x + cos * radius, y + sin * radius);
        ring[i + quarter] = (x - sin * radius, y + cos * radius);
        ring[i + 2 * quarter] = (x - cos * radius, y - sin * radius);
        ring[i + 3 * quarter] = (x + sin * radius, y - cos * radius);
    }
    shape.polygon(&ring[..4 * quarter]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stroke::stroke;

    struct Plane(Vec<u8>, usize);

    impl Sink for Plane {
        fn span(&mut self, x: usize, y: usize, len: usize, coverage: u8) {
            self.0[y * self.1 + x..][..len].fill(coverage);
        }
        fn pixels(&mut self, x: usize, y: usize, coverage: &[u8]) {
            self.0[y * self.1 + x..][..coverage.len()].copy_from_slice(coverage);
        }
    }

    fn area(points: &[Point], width: usize, height: usize) -> f32 {
        let mut shape = Rasterizer::default();
        shape.polygon(points);
        let mut plane = Plane(vec![0; width * height], width);
        shape.sweep(width, 0..height, &mut plane);
        plane.0.iter().map(|c| f32::from(*c) / f32::from(FULL)).sum()
    }

    #[test]
    fn covers_the_area_of_a_shape() {
        assert!(
            (area(&[(2.0, 2.0), (90.0, 2.0), (90.0, 80.0), (2.0, 80.0)], 100, 100) - 88.0 * 78.0).abs() < 0.1
        );
        assert!((area(&[(2.0, 2.0), (90.0, 2.0), (2.0, 80.0)], 100, 100) - 88.0 * 78.0 / 2.0).abs() < 8.0);
    }

    #[test]
    fn cuts_a_shape_at_the_picture() {
        assert!(
            (area(&[(-50.0, -50.0), (150.0, -50.0), (150.0, 150.0), (-50.0, 150.0)], 40, 30) - 1200.0).abs()
                < 0.1
        );
    }

    #[test]
    fn a_stroke_covers_its_width_and_leaves_the_next_shape_clear() {
        let mut shape = Rasterizer::default();
        stroke(&mut shape, &[(10.0, 10.0), (210.0, 90.0)], 1.0, false, &(0..100));
        let mut plane = Plane(vec![0; 300 * 100], 300);
        shape.sweep(300, 0..100, &mut plane);
        let covered: f32 = plane.0.iter().map(|c| f32::from(*c) / f32::from(FULL)).sum();
        assert!((covered - 215.4).abs() < 4.0, "{covered}");
        assert!(shape.sums.iter().all(|s| *s == 0.0) && shape.touched.iter().all(|t| *t == 0));
    }
}
