//! The backend that plotters draws onto: it draws nothing itself but keeps a display list, which painters then turn
//! into pixels or SVG. So all ends show one drawing.
//!
//! Plotters' coordinates are whole numbers; the canvas therefore reports four times its size, and everything below is
//! in quarter pixels. What plotters has no word for (a turned text with a known width, a halo, a region that stands
//! for a figure) comes in as elements of our own, which plotters hands to this backend like any other.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Drawable, PointCollection};
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
    FontTransform,
};

use crate::boxes::Boxes;
use crate::font::{self, ASCENT, DESCENT, Weight};
use crate::model::Hit;
use crate::theme::Rgb;

/// Quarter pixels in a pixel.
pub(crate) const Q: i32 = 4;

/// Height of a strip of [`Recorder::taken`], in quarter pixels.
const STRIP: i32 = 16 * Q;

/// A canvas shared with the areas that plotters splits off.
pub(crate) type Area = DrawingArea<Recorder, Shift>;
type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// A rectangle in quarter pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) x0: i32,
    pub(crate) y0: i32,
    pub(crate) x1: i32,
    pub(crate) y1: i32,
}

impl Bounds {
    pub(crate) const fn meets(&self, other: &Self) -> bool {
        self.x0 < other.x1 && other.x0 < self.x1 && self.y0 < other.y1 && other.y0 < self.y1
    }

    /// The rectangle with so much more on each side.
    pub(crate) const fn grown(&self, by: i32) -> Self {
        Self { x0: self.x0 - by, y0: self.y0 - by, x1: self.x1 + by, y1: self.y1 + by }
    }

    pub(crate) const fn holds(&self, x: i32, y: i32) -> bool {
        self.x0 <= x && x < self.x1 && self.y0 <= y && y < self.y1
    }

    /// Whether a straight line between two points meets the rectangle.
    pub(crate) fn crosses(&self, a: BackendCoord, b: BackendCoord) -> bool {
        let around = Self { x0: a.0.min(b.0), y0: a.1.min(b.1), x1: a.0.max(b.0) + 1, y1: a.1.max(b.1) + 1 };
        if !self.meets(&around) {
            return false;
        }
        // Then its corners are not all on one side of the line.
        let side = |x: i32, y: i32| {
            let (dx, dy) = (i64::from(b.0 - a.0), i64::from(b.1 - a.1));
            (dx * i64::from(y - a.1) - dy * i64::from(x - a.0)).signum()
        };
        let corners = [(self.x0, self.y0), (self.x1, self.y0), (self.x0, self.y1), (self.x1, self.y1)];
        let sides = corners.map(|(x, y)| side(x, y));
        !(sides.iter().all(|s| *s > 0) || sides.iter().all(|s| *s < 0))
    }
}

/// One step of the drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// A filled rectangle.
    Rect(Bounds, Rgb),
    /// A filled polygon over a range of [`Recorder::points`].
    Fill(std::ops::Range<usize>, Rgb),
    /// A line through a range of points, with its width; round at joins and ends.
    Stroke(std::ops::Range<usize>, i32, Rgb),
    /// A filled circle: centre and radius.
    Disc(BackendCoord, i32, Rgb),
    /// A text.
    Text(Text),
}

/// Whether a line of this width is thick enough to show that its ends are round.
pub(crate) const fn round_ends(width: i32) -> bool {
    width > Q * 3 / 2
}

/// A text with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    /// The range in [`Recorder::letters`].
    pub(crate) letters: std::ops::Range<usize>,
    /// Where the first character's origin is.
    pub(crate) origin: BackendCoord,
    /// The width along the line.
    pub(crate) width: i32,
    /// The size of an em.
    pub(crate) size: i32,
    pub(crate) weight: Weight,
    /// Whether it is turned to read upwards.
    pub(crate) turned: bool,
    /// The colour around the letters that keeps them readable over lines.
    pub(crate) halo: Option<Rgb>,
    pub(crate) color: Rgb,
}

impl Text {
    /// The box that holds the text.
    pub(crate) const fn bounds(&self) -> Bounds {
        let (x, y) = self.origin;
        let (up, down) = (self.size * ASCENT / 1000, self.size * DESCENT / 1000);
        if self.turned {
            Bounds { x0: x - up, y0: y - self.width, x1: x + down, y1: y }
        } else {
            Bounds { x0: x, y0: y - up, x1: x + self.width, y1: y + down }
        }
    }
}

/// The display list.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    /// Width and height in pixels.
    pub(crate) size: (u32, u32),
    pub(crate) ground: Rgb,
    pub(crate) ops: Vec<Op>,
    pub(crate) points: Vec<BackendCoord>,
    pub(crate) letters: String,
    pub(crate) hits: Vec<Hit>,
    /// The boxes of all texts, so that a label can look for a free place.
    taken: Boxes,
    /// Texts that were left out because they would have lain on another or left the picture.
    pub(crate) dropped: usize,
}

impl Recorder {
    pub(crate) fn new(size: (u32, u32), ground: Rgb) -> Self {
        let mut taken = Boxes::default();
        taken.begin((size.0 as i32 * Q, size.1 as i32 * Q), STRIP);
        Self {
            size,
            ground,
            ops: Vec::with_capacity(256),
            letters: String::with_capacity(1024),
            taken,
            ..Self::default()
        }
    }

    fn flat(&self, color: BackendColor) -> Rgb {
        let (r, g, b) = color.rgb;
        Rgb(r, g, b).over(self.ground, color.alpha)
    }

    fn keep(&mut self, path: impl IntoIterator<Item = BackendCoord>) -> std::ops::Range<usize> {
        let start = self.points.len();
        self.points.extend(path);
        start..self.points.len()
    }

    /// Whether a text may stand there: within the picture and on no other.
    pub(crate) fn is_free(&self, b: &Bounds) -> bool {
        let (w, h) = (self.size.0 as i32 * Q, self.size.1 as i32 * Q);
        let inside = b.x0 >= 0 && b.y0 >= 0 && b.x1 <= w && b.y1 <= h;
        inside && !self.taken.meet(b)
    }

    /// Takes a text. A layout for a size nobody thought of may not have room for it: then it is left out, for the
    /// region and the table have it, and letters on letters say nothing.
    pub(crate) fn text(&mut self, words: &str, mut text: Text) {
        let bounds = text.bounds();
        if !self.is_free(&bounds) {
            self.dropped += 1;
            return;
        }
        self.taken.add(bounds);
        let start = self.letters.len();
        self.letters.push_str(words);
        text.letters = start..self.letters.len();
        self.ops.push(Op::Text(text));
    }
}

impl DrawingBackend for Recorder {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.size.0 * Q as u32, self.size.1 * Q as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        let color = self.flat(color);
        self.ops.push(Op::Rect(Bounds { x0: x, y0: y, x1: x + 1, y1: y + 1 }, color));
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        a: BackendCoord,
        b: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let (x0, x1, y0, y1) = (a.0.min(b.0), a.0.max(b.0), a.1.min(b.1), a.1.max(b.1));
        if fill {
            let color = self.flat(style.color());
            self.ops.push(Op::Rect(Bounds { x0, y0, x1, y1 }, color));
            return Ok(());
        }
        self.draw_path([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let color = self.flat(style.color());
        let points = self.keep(path);
        self.ops.push(Op::Stroke(points, (style.stroke_width() as i32).max(1), color));
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        centre: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let color = self.flat(style.color());
        self.ops.push(Op::Disc(centre, radius as i32, color));
        if !fill {
            let inner = radius.saturating_sub(style.stroke_width()) as i32;
            self.ops.push(Op::Disc(centre, inner, self.ground));
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let color = self.flat(style.color());
        let points = self.keep(path);
        self.ops.push(Op::Fill(points, color));
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(&mut self, words: &str, style: &T, (x, y): BackendCoord) -> Drawn {
        let size = style.size() as i32;
        let weight = if matches!(style.style(), FontStyle::Bold) { Weight::Bold } else { Weight::Regular };
        let turned = matches!(style.transform(), FontTransform::Rotate270 | FontTransform::Rotate90);
        let width = font::width(words, size, weight);
        let (up, down) = (size * ASCENT / 1000, size * DESCENT / 1000);
        let along = match style.anchor().h_pos {
            HPos::Left => 0,
            HPos::Center => -width / 2,
            HPos::Right => -width,
        };
        let across = match style.anchor().v_pos {
            VPos::Top => up,
            VPos::Center => (up - down) / 2,
            VPos::Bottom => -down,
        };
        let origin = if turned { (x + across, y - along) } else { (x + along, y + across) };
        let color = self.flat(style.color());
        self.text(words, Text { letters: 0..0, origin, width, size, weight, turned, halo: None, color });
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        words: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let size = style.size() as i32;
        let weight = if matches!(style.style(), FontStyle::Bold) { Weight::Bold } else { Weight::Regular };
        Ok((font::width(words, size, weight) as u32, (size * (ASCENT + DESCENT) / 1000) as u32))
    }
}

/// A text as an element of plotters: anchored at its origin, set in a known width, perhaps with a halo.
pub(crate) struct Label<'a> {
    pub(crate) words: &'a str,
    pub(crate) text: Text,
}

impl<'a> PointCollection<'a, BackendCoord> for &'a Label<'_> {
    type Point = BackendCoord;
    type IntoIter = std::iter::Once<BackendCoord>;
    fn point_iter(self) -> Self::IntoIter {
        std::iter::once(self.text.origin)
    }
}

impl Drawable<Recorder> for Label<'_> {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut at: I,
        backend: &mut Recorder,
        _: (u32, u32),
    ) -> Drawn {
        if let Some(origin) = at.next() {
            backend.text(self.words, Text { origin, ..self.text.clone() });
        }
        Ok(())
    }
}

/// A region that stands for a figure, as an element of plotters: invisible, but part of the drawing.
pub(crate) struct Region<'a> {
    pub(crate) bounds: Bounds,
    pub(crate) series: &'a str,
    pub(crate) label: &'a str,
    pub(crate) value: String,
    pub(crate) change: &'a str,
}

impl<'a> PointCollection<'a, BackendCoord> for &'a Region<'_> {
    type Point = BackendCoord;
    type IntoIter = [BackendCoord; 2];
    fn point_iter(self) -> Self::IntoIter {
        let Bounds { x0, y0, x1, y1 } = self.bounds;
        [(x0, y0), (x1, y1)]
    }
}

impl Drawable<Recorder> for Region<'_> {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut at: I,
        backend: &mut Recorder,
        _: (u32, u32),
    ) -> Drawn {
        if let (Some(a), Some(b)) = (at.next(), at.next()) {
            let pixels = |n: i32| n as f32 / Q as f32;
            backend.hits.push(Hit {
                series: self.series.to_owned(),
                label: self.label.to_owned(),
                value: self.value.clone(),
                change: self.change.to_owned(),
                x: pixels(a.0.min(b.0)),
                y: pixels(a.1.min(b.1)),
                w: pixels((b.0 - a.0).abs()),
                h: pixels((b.1 - a.1).abs()),
            });
        }
        Ok(())
    }
}

/// A canvas, shared: plotters' areas hold one half, and whoever paints it the other.
pub(crate) type Shared = Rc<RefCell<Recorder>>;
