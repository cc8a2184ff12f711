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
    slight.then(|| ((before.0 + after.0) * scale, (before.1 + after.1) * scale))
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
