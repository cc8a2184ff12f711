//! Small shapes that recur: the markers of lines, discs, rings, the ticks of cells. Their corners lie on quarter pixels,
//! so that there are sixteen of each at most, whose masks are kept as those of glyphs are.

use std::hash::{Hash, Hasher};

use crate::canvas::{Op, Q, round_ends};
use crate::raster::{Point, Rasterizer, disc};
use crate::stroke::stroke;

/// The most corners of one.
const CORNERS: usize = 20;
/// Its largest extent, in quarters of a device pixel: so each place in it is a byte.
const EXTENT: i32 = 200;

/// A small shape, wherever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Small {
    kind: Kind,
    count: usize,
    /// Corners, or the centre of a disc, right and down of a whole device pixel; in quarters of one.
    corners: [[u8; 2]; CORNERS],
}

/// All lengths are in quarters of a device pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Fill,
    /// A line of a width, and whether its ends are round.
    Line(i32, bool),
    Disc(i32),
}

impl Hash for Small {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (kind, length) = match self.kind {
            Kind::Fill => (0, 0),
            Kind::Line(width, capped) => (1 + u64::from(capped), width),
            Kind::Disc(radius) => (3, radius),
        };
        state.write_u64(kind | (self.count as u64) << 8 | (length as u64) << 32);
        for four in self.corners[..self.count].chunks(4) {
            state.write_u64(four.iter().flatten().fold(0, |all, byte| all << 8 | u64::from(*byte)));
        }
    }
}

/// Where the mask of a shape lies relative to its place, and its size; all in device pixels.
pub(crate) struct Frame {
    pub(crate) left: i32,
    pub(crate) top: i32,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Small {
    /// A step of a drawing as a small shape at a place in device pixels, if it is one.
    pub(crate) fn of(op: &Op, points: &[(i32, i32)], scale: i32) -> Option<(Self, (i32, i32))> {
        let (kind, corners) = match op {
            Op::Fill(range, _) => (Kind::Fill, &points[range.clone()]),
            Op::Stroke(range, width, _) => {
                let points = &points[range.clone()];
                // Of others there are too many: the dashes of a line have each a place of their own.
                let whole = || points.iter().all(|(x, y)| x % Q == 0 && y % Q == 0);
                if points.len() > CORNERS || points.first() != points.last() && !whole() {
                    return None;
                }
                (Kind::Line(*width * scale, round_ends(*width)), points)
            }
            Op::Disc(centre, radius, _) => (Kind::Disc(*radius * scale), std::slice::from_ref(centre)),
            Op::Rect(..) | Op::Text(_) => return None,
        };
        if corners.len() > CORNERS {
            return None;
        }
        let low =
            |axis: fn(&(i32, i32)) -> i32| Some((corners.iter().map(axis).min()? * scale).div_euclid(Q));
        let place = (low(|p| p.0)?, low(|p| p.1)?);
        let mut small = Self { kind, count: corners.len(), corners: [[0; 2]; CORNERS] };
        let reach = small.reach();
        for (corner, (x, y)) in small.corners.iter_mut().zip(corners) {
            let (x, y) = (x * scale - place.0 * Q, y * scale - place.1 * Q);
            if x.max(y).max(reach) > EXTENT {
                return None;
            }
            *corner = [x as u8, y as u8];
        }
        Some((small, place))
    }

    /// How far it goes beyond its corners.
    const fn reach(&self) -> i32 {
        match self.kind {
            Kind::Fill => 0,
            Kind::Line(width, _) => width,
            Kind::Disc(radius) => radius,
        }
    }

    /// Adds it to a shape that is empty, where the mask's first pixel is the origin.
    pub(crate) fn draw(&self, shape: &mut Rasterizer) -> Frame {
        let corners = &self.corners[..self.count];
        let margin = (self.reach() + Q) / Q;
        let most = corners.iter().flatten().copied().max().map_or(0, i32::from);
        let size = (most / Q + 2 * margin + 2) as usize;
        let frame = Frame { left: -margin, top: -margin, width: size.div_ceil(8) * 8, height: size };
        let pixels = |quarters: i32| quarters as f32 / Q as f32;
        let mut points = [(0.0, 0.0); CORNERS];
        for (point, [x, y]) in points.iter_mut().zip(corners) {
            *point = (pixels(i32::from(*x) + margin * Q), pixels(i32::from(*y) + margin * Q));
        }
        let points: &[Point] = &points[..self.count];
        match (self.kind, points) {
            (Kind::Fill, _) => shape.polygon(points),
            (Kind::Line(width, capped), _) => {
                stroke(shape, points, pixels(width), capped, &(0..frame.height));
            }
            (Kind::Disc(radius), [centre, ..]) => disc(shape, *centre, pixels(radius)),
            (Kind::Disc(_), []) => {}
        }
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glyphs::Glyphs;
    use crate::raster::{FULL, Sink};
    use crate::theme::Rgb;

    const SIZE: usize = 128;

    struct Plane(Vec<u8>);

    impl Sink for Plane {
        fn span(&mut self, x: usize, y: usize, len: usize, coverage: u8) {
            self.pixels(x, y, &vec![coverage; len]);
        }
        fn pixels(&mut self, x: usize, y: usize, coverage: &[u8]) {
            for (at, cover) in self.0[y * SIZE + x..].iter_mut().zip(coverage) {
                *at = (*at + cover).min(FULL);
            }
        }
    }

    #[test]
    fn a_mask_is_the_shape_wherever_it_stands() {
        let ring: Vec<(i32, i32)> =
            [(38, 0), (27, 27), (0, 38), (-27, 27), (-38, 0), (-27, -27), (0, -38), (27, -27), (38, 0)]
                .map(|(x, y)| (100 + x, 100 + y))
                .into();
        let tick = vec![(80, 100), (92, 112), (120, 88)];
        let diamond = vec![(101, 80), (122, 101), (101, 122), (80, 101)];
        let color = Rgb(0, 0, 0);
        let mut glyphs = Glyphs::new();
        for scale in 1..=2 {
            for (right, down) in [(0, 0), (1, 3), (7, 2)] {
                let moved = |points: &[(i32, i32)], whole: bool| -> Vec<(i32, i32)> {
                    let (right, down) = if whole { (right / Q * Q, down / Q * Q) } else { (right, down) };
                    points.iter().map(|(x, y)| (x + right, y + down)).collect()
                };
                let centre = (100 + right, 100 + down);
                for (op, points) in [
                    (Op::Stroke(0..9, 6, color), moved(&ring, false)),
                    (Op::Stroke(0..3, 8, color), moved(&tick, true)),
                    (Op::Stroke(0..3, 4, color), moved(&tick, true)),
                    (Op::Fill(0..4, color), moved(&diamond, false)),
                    (Op::Disc(centre, 22, color), Vec::new()),
                ] {
                    let device =
                        |(x, y): (i32, i32)| ((x * scale) as f32 / Q as f32, (y * scale) as f32 / Q as f32);
                    let at: Vec<Point> = points.iter().map(|p| device(*p)).collect();
                    let mut shape = Rasterizer::default();
                    match &op {
                        Op::Fill(..) => shape.polygon(&at),
                        Op::Stroke(_, width, _) => {
                            let line = (width * scale) as f32 / Q as f32;
                            stroke(&mut shape, &at, line, round_ends(*width), &(0..SIZE));
                        }
                        _ => disc(&mut shape, device(centre), (22 * scale) as f32 / Q as f32),
                    }
                    let mut direct = Plane(vec![0; SIZE * SIZE]);
                    shape.sweep(SIZE, 0..SIZE, &mut direct);
                    let (small, place) = Small::of(&op, &points, scale).expect("a small shape");
                    let mask = glyphs.small(&small);
                    let mut kept = Plane(vec![0; SIZE * SIZE]);
                    for y in 0..mask.height {
                        let row = (place.1 + mask.top) as usize + y;
                        kept.pixels((place.0 + mask.left) as usize, row, glyphs.rows(&mask, y..y + 1));
                    }
                    for (i, (a, b)) in direct.0.iter().zip(&kept.0).enumerate() {
                        assert!(
                            a.abs_diff(*b) <= 1,
                            "{op:?} at {scale}: {a} and {b} at {} {}",
                            i % SIZE,
                            i / SIZE
                        );
                    }
                }
            }
        }
    }
}
