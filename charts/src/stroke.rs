//! Lines of a width as shapes.

use std::ops::Range;

use crate::beam::Beam;
use crate::raster::{Point, Rasterizer};

/// Adds a line of a given width through points, round at joins and, if `capped`, at its ends, to the shape: what may lie
/// in some rows of it.
///
/// Coverages of parts that overlap add up, which would darken edges; so parts meet along lines, and joins and ends are
/// the slices that are missing, not discs.
pub(crate) fn stroke(
    shape: &mut Rasterizer,
    points: &[Point],
    width: f32,
    capped: bool,
    within: &Range<usize>,
) {
    let half = width * 0.5;
    let (top, bottom) = (within.start as f32 - half, within.end as f32 + half);
    let closed = points.first() == points.last();
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
        if first.is_none() {
            first = Some(n);
            if capped && !closed {
                slice(shape, a, [n, (-n.1, n.0), minus(n)]);
            }
        }
        if let Some(before) = before
            && a.1 > top
            && a.1 < bottom
        {
            join(shape, a, before, n);
        }
        if a.1.min(b.1) < bottom && a.1.max(b.1) > top {
            piece(shape, a, b, n, !closed);
        }
        before = Some(n);
    }
    let (Some(first), Some(last), Some(end)) = (first, before, points.last()) else { return };
    if closed {
        join(shape, *end, last, first);
    } else if capped {
        slice(shape, *end, [minus(last), (last.1, -last.0), last]);
    }
}

/// Adds a straight piece from `a` to `b`, which reaches as far as `n` to one side and to the other. Its ends may be
/// `apart`, in parts of their own, of which the second is not closed.
fn piece(shape: &mut Rasterizer, a: Point, b: Point, n: Point, apart: bool) {
    let sides = [[plus(a, n), plus(b, n)], [plus(a, minus(n)), plus(b, minus(n))]];
    let [one, other] = sides;
    // Between the lowest corner above and the highest below there are only the two long sides.
    let (start, end) = if a.1 < b.1 {
        (one[0].1.max(other[0].1).ceil(), one[1].1.min(other[1].1).floor())
    } else {
        (one[0].1.min(other[0].1).floor(), one[1].1.max(other[1].1).ceil())
    };
    let (first, last) = if a.1 < b.1 { (start, end) } else { (end, start) };
    if last <= first {
        return shape.polygon(&[one[0], other[0], other[1], one[1]]);
    }
    let slope = (b.0 - a.0) / (b.1 - a.1);
    let at = |[from, _]: [Point; 2], y: f32| (from.0 + (y - from.1) * slope, y);
    shape.polygon(&[one[0], other[0], at(other, start), at(one, start)]);
    if apart {
        shape.part();
    }
    shape.polygon(&[at(one, end), at(other, end), other[1], one[1]]);
    // A cast takes what lies above the picture as 0.
    let rows = first as usize..last as usize;
    let [x, y] = sides.map(|side| at(side, rows.start as f32).0);
    shape.beam(Beam { rows, left: x.min(y), across: (x - y).abs(), slope });
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
    /// How far the rim may be from where it should, in pixels: not seen in 15 steps of coverage.
    const STRAY: f32 = 0.05;
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
