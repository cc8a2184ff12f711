//! What lies behind all else: rectangles on whole pixels that are drawn on nothing but each other.
//!
//! Bars, grids and cells of a table make most of a picture's surface, and from row to row they change only where one
//! begins or ends. So they are kept as one row, which is copied; letters and lines are painted over it.

use std::ops::Range;

use crate::boxes::Boxes;
use crate::canvas::Bounds;
use crate::palette::GROUND;

/// A rectangle in device pixels, of one colour.
#[derive(Clone, Debug)]
struct Slab {
    x: Range<usize>,
    y: Range<usize>,
    index: u8,
}

/// The rectangles behind a picture, and the row of them that has been reached.
#[derive(Default)]
pub(crate) struct Backdrop {
    /// In the order of drawing.
    slabs: Vec<Slab>,
    /// The slabs by their first rows, and how many of them have begun.
    starts: Vec<usize>,
    begun: usize,
    /// Those that the row crosses, in the order of drawing, and the first row that one of them does not.
    open: Vec<usize>,
    next_end: usize,
    /// The columns of those that have just ended.
    closed: Vec<Range<usize>>,
    row: Vec<u8>,
    /// What is drawn in front.
    front: Boxes,
    width: usize,
}

/// Height of a strip of [`Backdrop::front`], in pixels.
const STRIP: i32 = 16;

impl Backdrop {
    /// Begins a picture.
    pub(crate) fn begin(&mut self, width: usize, height: usize) {
        self.width = width;
        self.slabs.clear();
        self.front.begin((width as i32, height as i32), STRIP);
    }

    /// Takes a rectangle, unless it lies on something in front.
    pub(crate) fn take(&mut self, bounds: Bounds, index: u8) -> bool {
        if self.front.meet(&bounds) {
            return false;
        }
        let [x0, y0, x1, y1] = [bounds.x0, bounds.y0, bounds.x1, bounds.y1].map(|n| n.max(0) as usize);
        let x = x0.min(self.width)..x1.min(self.width);
        if !x.is_empty() && y0 < y1 {
            self.slabs.push(Slab { x, y: y0..y1, index });
        }
        true
    }

    /// Notes what is drawn in front.
    pub(crate) fn cover(&mut self, bounds: Bounds) {
        self.front.add(bounds);
    }

    /// Goes before the first row, when all is taken.
    pub(crate) fn rewind(&mut self) {
        self.starts.clear();
        self.starts.extend(0..self.slabs.len());
        self.starts.sort_by_key(|i| self.slabs[*i].y.start);
        self.begun = 0;
        self.next_end = usize::MAX;
        self.open.clear();
        self.row.clear();
        self.row.resize(self.width + 1, GROUND);
    }

    /// Goes on to row `y`, which must be the next one. Tells of each stretch of pixels that may differ from the row
    /// above, and returns the row, before whose pixels there is one byte more.
    pub(crate) fn next(&mut self, y: usize, mut changed: impl FnMut(&Range<usize>)) -> &[u8] {
        let Self { slabs, open, row, closed, .. } = self;
        if y >= self.next_end {
            closed.clear();
            self.next_end = usize::MAX;
            open.retain(|i| {
                let Slab { x, y: rows, .. } = &slabs[*i];
                let stays = rows.end > y;
                if stays {
                    self.next_end = self.next_end.min(rows.end);
                } else {
                    closed.push(x.clone());
                }
                stays
            });
            for x in &*closed {
                changed(x);
                row[1 + x.start..1 + x.end].fill(GROUND);
            }
            // What lay below those that ended shows again, each as far as it does.
            for slab in open.iter().map(|i| &slabs[*i]) {
                for x in &*closed {
                    let (from, to) = (slab.x.start.max(x.start), slab.x.end.min(x.end));
                    if from < to {
                        row[1 + from..1 + to].fill(slab.index);
                    }
                }
            }
        }
        let paint = |row: &mut [u8], slab: &Slab| row[1 + slab.x.start..1 + slab.x.end].fill(slab.index);
        while let Some(new) = self.starts.get(self.begun).copied().filter(|i| slabs[*i].y.start == y) {
            self.begun += 1;
            self.next_end = self.next_end.min(slabs[new].y.end);
            changed(&slabs[new].x);
            paint(row, &slabs[new]);
            let at = open.partition_point(|i| *i < new);
            open.insert(at, new);
            // Those drawn later lie on it, and others on them.
            let mut touched = slabs[new].x.clone();
            for later in &open[at + 1..] {
                let Slab { x, .. } = &slabs[*later];
                if x.start < touched.end && touched.start < x.end {
                    paint(row, &slabs[*later]);
                    touched = touched.start.min(x.start)..touched.end.max(x.end);
                }
            }
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small numbers that follow no pattern.
    fn scatter(seed: u32) -> impl FnMut(i32) -> i32 {
        let mut state = seed;
        move |below| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as i32 % below
        }
    }

    #[test]
    fn rows_are_those_of_rectangles_drawn_one_by_one() {
        let (width, height) = (90, 60);
        let mut backdrop = Backdrop::default();
        for seed in 0..50 {
            let mut next = scatter(seed);
            let mut plane = vec![GROUND; width * height];
            backdrop.begin(width, height);
            for index in 1..20 {
                let (x0, y0) = (next(95) - 5, next(65) - 5);
                let bounds = Bounds { x0, y0, x1: x0 + next(60), y1: y0 + next(40) };
                assert!(backdrop.take(bounds, index));
                for y in bounds.y0.max(0)..bounds.y1.min(height as i32) {
                    for x in bounds.x0.max(0)..bounds.x1.min(width as i32) {
                        plane[y as usize * width + x as usize] = index;
                    }
                }
            }
            backdrop.rewind();
            let mut above = vec![GROUND; width];
            for y in 0..height {
                let mut may = vec![false; width];
                let row = backdrop.next(y, |x| may[x.clone()].fill(true))[1..].to_vec();
                assert_eq!(row, plane[y * width..(y + 1) * width], "seed {seed}, row {y}");
                for x in 0..width {
                    assert!(may[x] || row[x] == above[x], "seed {seed}, row {y}: {x} changed untold");
                }
                above = row;
            }
        }
    }

    #[test]
    fn leaves_what_lies_on_something_in_front() {
        let mut backdrop = Backdrop::default();
        backdrop.begin(1600, 900);
        let at = |x: i32, y: i32| Bounds { x0: x, y0: y, x1: x + 20, y1: y + 30 };
        backdrop.cover(at(100, 100));
        assert!(!backdrop.take(at(110, 110), 1));
        assert!(backdrop.take(at(120, 100), 1));
        assert!(backdrop.take(at(100, 130), 1));
        backdrop.cover(Bounds { x0: -50, y0: 880, x1: 5000, y1: 5000 });
        assert!(!backdrop.take(at(1590, 890), 1));
    }
}
