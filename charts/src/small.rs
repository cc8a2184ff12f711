//! Small shapes that recur: the markers of lines, discs, rings. Their corners lie on quarter pixels, so that there are
//! sixteen of each at most, whose masks are kept as those of glyphs are.

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
    /// A closed line of a width, which goes round its joins.
    Ring(i32),
    Disc(i32),
}

impl Hash for Small {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (kind, length) = match self.kind {
            Kind::Fill => (0, 0),
            Kind::Ring(width) => (1, width),
            Kind::Disc(radius) => (2, radius),
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
                if points.len() < 3 || points.first() != points.last() {
                    return None;
                }
                (Kind::Ring(*width * scale), points)
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
            Kind::Ring(width) => width,
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
            (Kind::Ring(width), _) => {
                stroke(shape, points, pixels(width), round_ends(width), &(0..frame.height));
            }
            (Kind::Disc(radius), [centre, ..]) => disc(shape, *centre, pixels(radius)),
            (Kind::Disc(_), []) => {}
        }
        frame
    }
}
