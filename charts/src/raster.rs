//! Exact-area coverage of polygons, a band of rows at a time.
//!
//! Each edge leaves in each row it crosses the change that it makes to the coverage to its right; a running sum over
//! the row then is the coverage. Only blocks of pixels that an edge touched are looked at, so a thin line across a
//! large picture costs what it covers. Single multiplications and additions in `f32`, so the same on every machine.

use std::ops::Range;

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
    sums: Vec<f32>,
    touched: Vec<u64>,
}

impl Rasterizer {
    /// Forgets the shape so far.
    pub(crate) fn clear(&mut self) {
        self.edges.clear();
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

    /// Sends the coverage of the shape within `width` pixels of some rows to the sink: non-zero winding where contours
    /// run the same way round.
    pub(crate) fn sweep(&mut self, width: usize, within: Range<usize>, sink: &mut impl Sink) {
        let (mut top, mut bottom) = (f32::MAX, f32::MIN);
        for (a, b) in &self.edges {
            top = top.min(a.1.min(b.1));
            bottom = bottom.max(a.1.max(b.1));
        }
        let first = (top.max(0.0) as usize).max(within.start);
        let last = (bottom.max(0.0).ceil() as usize).min(within.end);
        if self.edges.is_empty() || first >= last {
            return;
        }
        let stride = width.div_ceil(BLOCK) * BLOCK + BLOCK;
        let words = (stride / BLOCK).div_ceil(64);
        let rows = BAND.min(last - first);
        if self.sums.len() < stride * rows {
            self.sums.resize(stride * rows, 0.0);
        }
        if self.touched.len() < words * rows {
            self.touched.resize(words * rows, 0);
        }
        let mut band = first;
        while band < last {
            let end = (band + rows).min(last);
            for at in 0..self.edges.len() {
                let (a, b) = self.edges[at];
                self.mark(a, b, (band, end), (stride, words), width);
            }
            for y in band..end {
                self.emit(y, y - band, (stride, words), width, sink);
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
        (stride, words): (usize, usize),
        width: usize,
    ) {
        let (sign, a, b) = if a.1 < b.1 { (1.0, a, b) } else { (-1.0, b, a) };
        let top = a.1.max(from as f32);
        let bottom = b.1.min(to as f32);
        if top >= bottom {
            return;
        }
        let slope = (b.0 - a.0) / (b.1 - a.1);
        let limit = width as f32;
        let mut y = top as usize;
        let mut upper = top;
        while upper < bottom && y < to {
            let lower = bottom.min((y + 1) as f32);
            let x0 = within(a.0 + (upper - a.1) * slope, limit);
            let x1 = within(a.0 + (lower - a.1) * slope, limit);
            let cover = sign * (lower - upper);
            let (left, right) = if x0 < x1 { (x0, x1) } else { (x1, x0) };
            let row = y - from;
            let sums = &mut self.sums[row * stride..(row + 1) * stride];
            let cell = left as i32 as usize;
            let over = right as i32 as usize;
            if cell == over {
                // The mean distance from the cell's left side is what the edge leaves uncovered.
                let inside = (left + right) * 0.5 - cell as f32;
                sums[cell] += cover * (1.0 - inside);
                sums[cell + 1] += cover * inside;
            } else {
                spread(
                    &mut sums[cell..=over + 1],
                    cover,
                    left - cell as f32,
                    right - left,
                    right - over as f32,
                );
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
        (stride, words): (usize, usize),
        width: usize,
        sink: &mut impl Sink,
    ) {
        let sums = &mut self.sums[row * stride..(row + 1) * stride];
        let marks = &mut self.touched[row * words..(row + 1) * words];
        let mut sum = 0.0_f32;
        let mut reached = 0;
        for (word, bits) in marks.iter_mut().enumerate() {
            while *bits != 0 {
                let block = word * 64 + bits.trailing_zeros() as usize;
                *bits &= *bits - 1;
                let start = block * BLOCK;
                if start > reached {
                    let coverage = level(sum);
                    let end = start.min(width);
                    if coverage > 0 && end > reached {
                        sink.span(reached, y, end - reached, coverage);
                    }
                }
                // First the sums, one after the other, then the levels, which processors take several at a time.
                let mut covers = [0.0_f32; BLOCK];
                for (cover, delta) in covers.iter_mut().zip(&mut sums[start..start + BLOCK]) {
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

fn within(x: f32, limit: f32) -> f32 {
    let x = if x > 0.0 { x } else { 0.0 };
    if x < limit { x } else { limit }
}

fn level(sum: f32) -> u8 {
    /// Added to a small number, it leaves that number, rounded, in the lowest bits: much quicker than a conversion.
    const ROUND: f32 = 8_388_608.0;
    let cover = sum.abs();
    let cover = if cover < 1.0 { cover } else { 1.0 };
    (cover * f32::from(FULL) + ROUND).to_bits() as u8
}

/// Adds a line of a given width through points, round at joins and, if `capped`, at its ends, to the shape.
///
/// Coverages of parts that overlap add up, which would darken edges; so parts meet along lines, and joins and ends are
/// the slices that are missing, not discs.
pub(crate) fn stroke(shape: &mut Rasterizer, points: &[Point], width: f32, capped: bool) {
    let half = width * 0.5;
    // Where the line goes at the end of a piece: half its width, square to it.
    let mut before: Option<Point> = None;
    let mut first: Option<Point> = None;
    for pair in points.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let length = (dx * dx + dy * dy).sqrt();
        if length == 0.0 {
            continue;
        }
        let n = (-dy / length * half, dx / length * half);
        shape.polygon(&[
            (a.0 + n.0, a.1 + n.1),
            (a.0 - n.0, a.1 - n.1),
            (b.0 - n.0, b.1 - n.1),
            (b.0 + n.0, b.1 + n.1),
        ]);
        if let Some(before) = before {
            join(shape, a, before, n);
        }
        before = Some(n);
        first.get_or_insert(n);
    }
    let (Some(first), Some(last), [start, .., end]) = (first, before, points) else { return };
    if start == end {
        join(shape, *start, last, first);
    } else if capped {
        let (back, on) = ((-first.1, first.0), (last.1, -last.0));
        slice(shape, *start, [first, back, minus(first)]);
        slice(shape, *end, [minus(last), on, last]);
    }
}

const fn minus(p: Point) -> Point {
    (-p.0, -p.1)
}

/// Fills what two pieces of a line leave open on the outer side of the bend between them.
fn join(shape: &mut Rasterizer, at: Point, before: Point, after: Point) {
    let bend = before.0 * after.1 - before.1 * after.0;
    let (from, to) = if bend > 0.0 { (minus(before), minus(after)) } else { (after, before) };
    let middle = halfway(from, to);
    if bend != 0.0 && middle != (0.0, 0.0) {
        slice(shape, at, [from, middle, to]);
    }
}

/// The direction between two of the same length, with that length.
fn halfway(a: Point, b: Point) -> Point {
    let (x, y) = (a.0 + b.0, a.1 + b.1);
    let length = (x * x + y * y).sqrt();
    if length == 0.0 {
        return (0.0, 0.0);
    }
    let radius = (a.0 * a.0 + a.1 * a.1).sqrt();
    (x / length * radius, y / length * radius)
}

/// Adds a slice of a disc: its centre, and three places on its rim, less than half a turn from one to the next.
fn slice(shape: &mut Rasterizer, at: Point, [a, b, c]: [Point; 3]) {
    let (ab, bc) = (halfway(a, b), halfway(b, c));
    let rim = [a, halfway(a, ab), ab, halfway(ab, b), b, halfway(b, bc), bc, halfway(bc, c), c];
    let mut points = [at; 10];
    for (point, (x, y)) in points[1..].iter_mut().zip(rim) {
        *point = (at.0 + x, at.1 + y);
    }
    shape.polygon(&points);
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
        stroke(&mut shape, &[(10.0, 10.0), (210.0, 90.0)], 1.0, false);
        let mut plane = Plane(vec![0; 300 * 100], 300);
        shape.sweep(300, 0..100, &mut plane);
        let covered: f32 = plane.0.iter().map(|c| f32::from(*c) / f32::from(FULL)).sum();
        assert!((covered - 215.4).abs() < 4.0, "{covered}");
        assert!(shape.sums.iter().all(|s| *s == 0.0) && shape.touched.iter().all(|t| *t == 0));
    }
}
