//! Lines of a width as shapes.

use std::ops::Range;

use crate::beam::Beam;
use crate::raster::{Point, Rasterizer};

/// How far an edge may be from where it should, in pixels: not seen in 15 steps of coverage.
const STRAY: f32 = 0.05;

/// A straight piece of a line.
#[derive(Clone, Copy)]
struct Piece {
    a: Point,
    b: Point,
    /// Half the line's width, square to the piece.
    n: Point,
    /// Where its corners are from its ends, to one side; on the other they are opposite.
    from: Point,
    to: Point,
    /// Whether it goes on in the piece before and the piece after without an edge between them.
    joined: (bool, bool),
}

/// Adds a line of a given width through points, round at joins and, if `capped`, at its ends, to the shape: what may lie
/// in some rows of it.
///
/// Coverages of parts that overlap add up, which would darken edges; so pieces meet along lines, and what slight bends
/// leave open is filled by drawing the corners out, what others do and ends by the slices that are missing, not discs.
pub(crate) fn stroke(
    shape: &mut Rasterizer,
    points: &[Point],
    width: f32,
    capped: bool,
    within: &Range<usize>,
) {
    let half = width * 0.5;
    let mut pieces: Vec<Piece> = Vec::with_capacity(points.len());
    for pair in points.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let length = (dx * dx + dy * dy).sqrt();
        if length > 0.0 {
            let n = (-dy / length * half, dx / length * half);
            pieces.push(Piece { a, b, n, from: n, to: n, joined: (false, false) });
        }
    }
    let closed = pieces.len() > 1 && points.first() == points.last();
    let (top, bottom) = (within.start as f32 - width, within.end as f32 + width);
    let reaches = |low: f32, high: f32| low < bottom && high > top;
    // The slices first, each in the part of the piece that begins where it is.
    let bends = if closed { 0..pieces.len() } else { 1..pieces.len() };
    let mut slices = Vec::new();
    for i in bends {
        let before = if i == 0 { pieces.len() - 1 } else { i - 1 };
        let (last, next) = (pieces[before].n, pieces[i].n);
        let at = pieces[i].a;
        if let Some(corner) = corner(last, next, half) {
            (pieces[before].to, pieces[before].joined.1) = (corner, true);
            (pieces[i].from, pieces[i].joined.0) = (corner, true);
        } else if reaches(at.1, at.1) {
            slices.push((i, at, last, next));
        }
    }
    let (Some(first), Some(last)) = (pieces.first().copied(), pieces.last().copied()) else { return };
    if capped && !closed {
        slice(shape, first.a, [first.n, (-first.n.1, first.n.0), minus(first.n)]);
    }
    let mut slices = slices.into_iter().peekable();
    for (i, piece) in pieces.iter().enumerate() {
        if let Some((_, at, last, next)) = slices.next_if(|(at, ..)| *at == i) {
            join(shape, at, last, next);
        }
        if reaches(piece.a.1.min(piece.b.1), piece.a.1.max(piece.b.1)) {
            piece.add(shape, !closed);
        }
    }
    if capped && !closed {
        slice(shape, last.b, [minus(last.n), (last.n.1, -last.n.0), last.n]);
    }
}

/// Where the corner of two pieces is that bend so slightly that it needs no rounding.
fn corner(before: Point, after: Point, half: f32) -> Option<Point> {
    // The cosine of the bend, and of its half.
    let cos = (before.0 * after.0 + before.1 * after.1) / (half * half);
    let half_cos = (0.5 + 0.5 * cos).max(0.0).sqrt();
    let slight = cos > 0.0 && half * (1.0 - half_cos) <= STRAY * half_cos;
    let scale = 1.0 / (1.0 + cos);
    slight.then_some(((before.0 + after.0) * scale, (before.1 + after.1) * scale))
}

impl Piece {
    /// Adds the piece. Its ends may be `apart`, in parts of their own, of which the second is not ended.
    fn add(&self, shape: &mut Rasterizer, apart: bool) {
        let Self { a, b, from, to, joined, .. } = *self;
        let one = [plus(a, from), plus(b, to)];
        let other = [plus(a, minus(from)), plus(b, minus(to))];
        if !joined.0 {
            shape.edge(one[0], other[0]);
        }
        // Between the lowest corner above and the highest below there are only the two long sides.
        let (start, end) = if a.1 < b.1 {
            (one[0].1.max(other[0].1).ceil(), one[1].1.min(other[1].1).floor())
        } else {
            (one[0].1.min(other[0].1).floor(), one[1].1.max(other[1].1).ceil())
        };
        let (first, last) = if a.1 < b.1 { (start, end) } else { (end, start) };
        if last > first {
            let slope = (b.0 - a.0) / (b.1 - a.1);
            let at = |[from, _]: [Point; 2], y: f32| (from.0 + (y - from.1) * slope, y);
            shape.edge(other[0], at(other, start));
            shape.edge(at(one, start), one[0]);
            if apart {
                shape.part();
            }
            shape.edge(at(other, end), other[1]);
            shape.edge(one[1], at(one, end));
            // A cast takes what lies above the picture as 0.
            let rows = first as usize..last as usize;
            let [x, y] = [one, other].map(|side| at(side, rows.start as f32).0);
            shape.beam(Beam { rows, left: x.min(y), across: (x - y).abs(), slope });
        } else {
            shape.edge(other[0], other[1]);
            shape.edge(one[1], one[0]);
        }
        if !joined.1 {
            shape.edge(other[1], one[1]);
        }
    }
}

const fn plus(a: Point, b: Point) -> Point {
    (a.0 + b.0, a.1 + b.1)
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
    let square = a.0 * a.0 + a.1 * a.1;
    let radius = square.sqrt();
    // The cosine of half the angle between two places one straight line apart says how far that line strays.
    let half = |cos: f32| (0.5 + 0.5 * cos).max(0.0).sqrt();
    let strays = |cos: f32| radius * (1.0 - cos) > STRAY;
    let one = half((a.0 * b.0 + a.1 * b.1) / square);
    let on_rim = |(x, y): Point| (at.0 + x, at.1 + y);
    if !strays(one) {
        return shape.polygon(&[at, on_rim(a), on_rim(b), on_rim(c)]);
    }
    let (ab, bc) = (halfway(a, b), halfway(b, c));
    if !strays(half(one)) {
        return shape.polygon(&[at, on_rim(a), on_rim(ab), on_rim(b), on_rim(bc), on_rim(c)]);
    }
    let rim = [a, halfway(a, ab), ab, halfway(ab, b), b, halfway(b, bc), bc, halfway(bc, c), c];
    let mut points = [at; 10];
    for (point, place) in points[1..].iter_mut().zip(rim) {
        *point = on_rim(place);
    }
    shape.polygon(&points);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster::{FULL, Sink};

    const SIZE: usize = 96;

    struct Plane(Vec<u8>);

    impl Sink for Plane {
        fn span(&mut self, x: usize, y: usize, len: usize, coverage: u8) {
            for i in 0..len {
                self.pixels(x + i, y, &[coverage]);
            }
        }
        fn pixels(&mut self, x: usize, y: usize, coverage: &[u8]) {
            assert!(x + coverage.len() <= SIZE && y < SIZE, "{} from {x} {y}", coverage.len());
            for (at, cover) in self.0[y * SIZE + x..][..coverage.len()].iter_mut().zip(coverage) {
                // Where two parts touch, each covers some of a pixel.
                *at = (*at + cover).min(FULL);
            }
        }
    }

    /// How much of a pixel is not farther from the line than half its width, by many samples.
    fn sampled(points: &[Point], half: f32, x: usize, y: usize) -> f32 {
        const SAMPLES: usize = 12;
        let away = |px: f32, py: f32| {
            let away = points.windows(2).map(|pair| {
                let ((ax, ay), (bx, by)) = (pair[0], pair[1]);
                let (dx, dy) = (bx - ax, by - ay);
                let along = (((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
                (px - ax - along * dx).hypot(py - ay - along * dy)
            });
            away.fold(f32::MAX, f32::min)
        };
        let (x, y) = (x as f32, y as f32);
        let middle = away(x + 0.5, y + 0.5) - half;
        if middle.abs() > 0.75 {
            return f32::from(u8::from(middle < 0.0));
        }
        let at = |i: usize| (i as f32 + 0.5) / SAMPLES as f32;
        let all = (0..SAMPLES * SAMPLES).filter(|i| away(x + at(i % SAMPLES), y + at(i / SAMPLES)) <= half);
        all.count() as f32 / (SAMPLES * SAMPLES) as f32
    }

    #[test]
    fn covers_what_is_near_the_line_at_any_slope_bend_and_width() {
        let mut state = 7_u32;
        let mut next = |below: f32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 * below
        };
        for round in 0..120 {
            // From left to right, so that lines bend but do not lie on themselves; some far out of the picture.
            let height = [6.0, 60.0, 400.0][round % 3];
            let points: Vec<Point> = (0..5)
                .map(|i| (i as f32 * 18.0 + 12.0 + next(10.0) - 5.0, 48.0 + next(height) - height / 2.0))
                .collect();
            let width = 1.0 + next(4.0);
            let mut shape = Rasterizer::default();
            let mut plane = Plane(vec![0; SIZE * SIZE]);
            // As pictures are swept: a band of rows at a time.
            for band in [0..31, 31..32, 32..SIZE] {
                shape.clear();
                stroke(&mut shape, &points, width, true, &band);
                shape.sweep(SIZE, band, &mut plane);
            }
            let mut far = 0;
            for (i, cover) in plane.0.iter().enumerate() {
                let want = sampled(&points, width / 2.0, i % SIZE, i / SIZE);
                let off = (f32::from(*cover) / f32::from(FULL) - want).abs();
                far += usize::from(off > 0.12);
                assert!(
                    off < 0.5,
                    "round {round}: {off} at {} {}, {points:?}, width {width}",
                    i % SIZE,
                    i / SIZE
                );
            }
            // The inner side of a sharp bend is covered twice.
            assert!(far <= 12, "round {round}: {far} pixels are off; {points:?}, width {width}");
        }
    }
    #[test]
    fn stays_in_the_picture_wherever_the_line_goes() {
        for (x, y) in
            [(-200.0, 40.0), (200.0, 40.0), (40.0, -500.0), (40.0, 500.0), (-30.0, -30.0), (1e6, -1e6)]
        {
            for to in [(48.0, 48.0), (48.2, 47.0), (x + 30.0, y + 90.0), (x, y)] {
                let mut shape = Rasterizer::default();
                stroke(&mut shape, &[(x, y), to, (to.0 + 3.0, to.1 - 0.5), (x, y)], 3.0, true, &(0..SIZE));
                shape.sweep(SIZE, 0..SIZE, &mut Plane(vec![0; SIZE * SIZE]));
            }
        }
    }
}
