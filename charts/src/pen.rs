//! What charts draw with: plotters' areas and elements, in whole pixels, with text that is measured, cut and wrapped.

use std::cell::RefCell;
use std::rc::Rc;

use plotters::coord::CoordTranslate;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::element::{Circle, CoordMapper, Drawable, PathElement, PointCollection, Polygon, Rectangle};
use plotters::style::{Color, RGBColor};

use crate::Error;
use crate::canvas::{Area, Bounds, Label, Q, Recorder, Region, Shared, Text};
use crate::font;
use crate::model::Lang;
use crate::set::{Anchor, Set};
use crate::theme::{Colors, Fill, Hatch, Rgb};

/// A rectangle in whole pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) w: i32,
    pub(crate) h: i32,
}

impl Place {
    pub(crate) const fn new(x: i32, y: i32, w: i32, h: i32) -> Self {
        Self { x, y, w, h }
    }
    pub(crate) const fn right(&self) -> i32 {
        self.x + self.w
    }
    pub(crate) const fn bottom(&self) -> i32 {
        self.y + self.h
    }
    pub(crate) const fn shrink(&self, by: i32) -> Self {
        Self { x: self.x + by, y: self.y + by, w: self.w - 2 * by, h: self.h - 2 * by }
    }
    /// Without so much at the top.
    pub(crate) const fn below(&self, by: i32) -> Self {
        Self { y: self.y + by, h: self.h - by, ..*self }
    }
    const fn quarters(&self) -> Bounds {
        Bounds { x0: self.x * Q, y0: self.y * Q, x1: (self.x + self.w) * Q, y1: (self.y + self.h) * Q }
    }
}

/// The drawing tools of one picture.
pub(crate) struct Pen {
    area: Area,
    canvas: Shared,
    pub(crate) colors: &'static Colors,
    pub(crate) lang: Lang,
    /// The size of text and strokes in percent of those of a 1600 x 900 picture.
    percent: i32,
    /// Whether regions that stand for figures are wanted: their words take a third of the time of a layout.
    hits: bool,
    /// The first fault, told at the end: charts need not ask after each stroke.
    fault: Rc<RefCell<Option<Error>>>,
}

impl Pen {
    pub(crate) fn new(
        size: (u32, u32),
        colors: &'static Colors,
        lang: Lang,
        percent: i32,
        hits: bool,
    ) -> Self {
        let canvas = Rc::new(RefCell::new(Recorder::new(size, colors.ground)));
        let area = Area::from(&canvas);
        Self { area, canvas, colors, lang, percent, hits, fault: Rc::default() }
    }

    /// The same canvas with letters of another size, for a part of the picture.
    pub(crate) fn resized(&self, percent: i32) -> Self {
        Self {
            area: self.area.clone(),
            canvas: Rc::clone(&self.canvas),
            colors: self.colors,
            lang: self.lang,
            percent,
            hits: self.hits,
            fault: Rc::clone(&self.fault),
        }
    }

    /// The same canvas with letters so many percent of these.
    pub(crate) fn scaled(&self, percent: i32) -> Self {
        self.resized(self.percent * percent / 100)
    }

    /// What was drawn.
    pub(crate) fn finish(self) -> Result<Recorder, Error> {
        drop(self.area);
        if let Some(fault) = self.fault.borrow_mut().take() {
            return Err(fault);
        }
        match Rc::try_unwrap(self.canvas) {
            Ok(canvas) => Ok(canvas.into_inner()),
            Err(_) => Err(Error::Draw("an area outlived its picture".to_owned())),
        }
    }

    /// Pixels for what takes `base` pixels in a 1600 x 900 picture; text never gets smaller than can be read.
    pub(crate) fn px(&self, base: i32) -> i32 {
        (base * self.percent + 50) / 100
    }

    /// The size of a text that has `base` pixels in a 1600 x 900 picture.
    pub(crate) fn size(&self, base: i32) -> i32 {
        self.px(base).max(11)
    }

    pub(crate) fn ink(&self, base: i32) -> Set {
        Set::new(self.size(base), self.colors.ink)
    }

    pub(crate) fn muted(&self, base: i32) -> Set {
        Set::new(self.size(base), self.colors.muted)
    }

    /// An area of plotters over a place, with coordinates of the chart's own.
    pub(crate) fn plot<C: CoordTranslate>(
        &self,
        place: Place,
        coordinates: impl FnOnce(std::ops::Range<i32>, std::ops::Range<i32>) -> C,
    ) -> DrawingArea<Recorder, C> {
        let b = place.quarters();
        // Upwards: the lower edge is where a vertical axis begins.
        self.area.clone().apply_coord_spec(coordinates(b.x0..b.x1, b.y1..b.y0))
    }

    /// Draws an element of plotters in an area, and keeps the fault if there is one.
    pub(crate) fn draw<'e, C, E, B>(&self, area: &DrawingArea<Recorder, C>, element: &'e E)
    where
        C: CoordTranslate,
        B: CoordMapper,
        &'e E: PointCollection<'e, C::From, B>,
        E: Drawable<Recorder, B>,
    {
        self.keep(area.draw(element));
    }

    pub(crate) fn keep<E: std::error::Error + Send + Sync>(
        &self,
        result: Result<(), DrawingAreaErrorKind<E>>,
    ) {
        if let Err(error) = result {
            self.fault.borrow_mut().get_or_insert_with(|| Error::Draw(error.to_string()));
        }
    }

    pub(crate) fn rect(&self, place: Place, color: Rgb) {
        if place.w > 0 && place.h > 0 {
            let b = place.quarters();
            self.draw(
                &self.area,
                &Rectangle::new([(b.x0, b.y0), (b.x1, b.y1)], RGBColor::from(color).filled()),
            );
        }
    }

    /// The outline of a place, drawn inside it.
    pub(crate) fn outline(&self, place: Place, width: i32, color: Rgb) {
        let Place { x, y, w, h } = place;
        self.rect(Place::new(x, y, w, width), color);
        self.rect(Place::new(x, y + h - width, w, width), color);
        self.rect(Place::new(x, y + width, width, h - 2 * width), color);
        self.rect(Place::new(x + w - width, y + width, width, h - 2 * width), color);
    }

    /// A place filled with colour and hatching.
    pub(crate) fn fill(&self, place: Place, fill: Fill) {
        self.rect(place, fill.color);
        if fill.hatch == Hatch::None && (fill.line == fill.color || !self.colors.hatched) {
            return;
        }
        if matches!(fill.hatch, Hatch::Rising | Hatch::Crossed) {
            self.slant(place, fill.line, true);
        }
        if matches!(fill.hatch, Hatch::Falling | Hatch::Crossed) {
            self.slant(place, fill.line, false);
        }
        if fill.hatch == Hatch::Level {
            let mut y = place.bottom() - 4;
            while y > place.y {
                self.rect(Place::new(place.x, y, place.w, 1), fill.line);
                y -= 4;
            }
        }
        if self.colors.hatched {
            self.outline(place, 1, fill.line);
        }
    }

    /// Slanting lines cut to a place.
    fn slant(&self, place: Place, color: Rgb, rising: bool) {
        const PITCH: i32 = 7;
        let Place { x, y, w, h } = place;
        let mut offset = PITCH;
        while offset < w + h {
            // The line where (distance from the left) + (distance from the bottom or top) is `offset`.
            let (near, far) = ((offset - h).max(0), offset.min(w));
            let rise = |along: i32| {
                let up = offset - along;
                if rising { y + up } else { y + h - up }
            };
            if near < far {
                self.line(&[(x + near, rise(near)), (x + far, rise(far))], Q, color);
            }
            offset += PITCH;
        }
    }

    /// A line through points in whole pixels; the width is in quarter pixels.
    pub(crate) fn line(&self, points: &[(i32, i32)], width: i32, color: Rgb) {
        let points: Vec<_> = points.iter().map(|(x, y)| (x * Q, y * Q)).collect();
        self.fine_line(points, width, color);
    }

    /// A line through points in quarter pixels.
    pub(crate) fn fine_line(&self, points: Vec<(i32, i32)>, width: i32, color: Rgb) {
        let style = RGBColor::from(color).stroke_width(width.max(1) as u32);
        self.draw(&self.area, &PathElement::new(points, style));
    }

    /// A filled polygon through points in quarter pixels.
    pub(crate) fn polygon(&self, points: Vec<(i32, i32)>, color: Rgb) {
        self.draw(&self.area, &Polygon::new(points, RGBColor::from(color).filled()));
    }

    /// A filled circle; all in quarter pixels.
    pub(crate) fn disc(&self, centre: (i32, i32), radius: i32, color: Rgb) {
        self.draw(&self.area, &Circle::new(centre, radius, RGBColor::from(color).filled()));
    }

    /// Where a text would be.
    fn lay(&self, words: &str, (x, y): (i32, i32), set: Set) -> Text {
        let width = font::width(words, set.size * Q, set.weight);
        let shift = match set.anchor {
            Anchor::Start => 0,
            // Whole pixels, so that the same characters fall on the same phases.
            Anchor::Middle => width / 2 / Q * Q,
            Anchor::End => (width + Q - 1) / Q * Q,
        };
        let origin = if set.turned { (x * Q, y * Q + shift) } else { (x * Q - shift, y * Q) };
        Text {
            letters: 0..0,
            origin,
            width,
            size: set.size * Q,
            weight: set.weight,
            turned: set.turned,
            halo: set.halo.then_some(self.colors.ground),
            color: set.color,
        }
    }

    /// A text with its baseline at `y`; turned, it reads upwards and `x` is its baseline.
    pub(crate) fn text(&self, words: &str, at: (i32, i32), set: Set) {
        if words.is_empty() {
            return;
        }
        self.put(words, self.lay(words, at, set));
    }

    fn put(&self, words: &str, text: Text) {
        if words.chars().any(char::is_control) {
            let words: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            self.draw(&self.area, &Label { words: &words, text });
        } else {
            self.draw(&self.area, &Label { words, text });
        }
    }

    /// The box of a text, if it may stand there: within `limits` and on no other text.
    pub(crate) fn room(&self, words: &str, at: (i32, i32), set: Set, limits: Place) -> Option<Bounds> {
        let (limits, b) = (limits.quarters(), self.lay(words, at, set).bounds());
        let inside = b.x0 >= limits.x0 && b.x1 <= limits.x1 && b.y0 >= limits.y0 && b.y1 <= limits.y1;
        (inside && self.canvas.borrow().is_free(&b)).then_some(b)
    }

    /// A text at the first of several places where there is room for it.
    pub(crate) fn place(&self, words: &str, places: &[(i32, i32)], set: Set, limits: Place) {
        if let Some(at) = places.iter().find(|at| self.room(words, **at, set, limits).is_some()) {
            self.text(words, *at, set);
        }
    }

    /// A text on a plate of the ground's colour, so that no grid line strikes it through.
    pub(crate) fn plated(&self, words: &str, at: (i32, i32), set: Set) {
        if words.is_empty() {
            return;
        }
        let text = self.lay(words, at, set);
        let b = text.bounds();
        let (x, y) = (b.x0.div_euclid(Q), b.y0.div_euclid(Q));
        let (w, h) = ((b.x1 + Q - 1).div_euclid(Q) - x, (b.y1 + Q - 1).div_euclid(Q) - y);
        // Half of the descent stays free: figures have none, and a plate must not cut into its bar.
        let plate = if set.turned {
            Place::new(x, y - 1, w - set.size / 10, h + 1)
        } else {
            Place::new(x - 1, y, w + 2, h - set.size / 10)
        };
        self.rect(plate, self.colors.ground);
        self.put(words, text);
    }

    /// A region that stands for a figure, if such are wanted.
    pub(crate) fn region(
        &self,
        place: Place,
        series: &str,
        label: &str,
        value: impl FnOnce() -> String,
        change: &str,
    ) {
        if self.hits {
            let bounds = place.quarters();
            self.draw(&self.area, &Region { bounds, series, label, value: value(), change });
        }
    }
}
