//! Units laid out as a tree, compactly: a nation has 700 000 of them, and every request looks into it.
//!
//! They lie in administrative order, so a subtree is a run of places. What is known of them lies in columns that have one
//! entry for many ([`runs`]), their names in an alphabet of their own ([`names`]); a [`Placed`] reads of both what is asked.

mod bytes;
mod gather;
mod names;
mod runs;
mod search;
#[cfg(test)]
mod tests;

pub use gather::Gathered;
pub use search::Rank;

use super::calendar::ReportDay;
use super::unit::{Unit, UnitCode, UnitId, UnitKind};
use names::Names;
use runs::{NONE, Runs};
use std::fmt;
use std::ops::Range;

/// Why units make no tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// Two units share a code.
    #[error("code {0} is used twice")]
    CodeTwice(UnitCode),
    /// A unit's parent is not among the units.
    #[error("unit {0} has an unknown parent")]
    UnknownParent(UnitCode),
    /// A unit is its own ancestor.
    #[error("unit {0} is under itself")]
    Circle(UnitCode),
}

/// All units, laid out so that a subtree is one contiguous run in administrative order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitTree {
    runs: Runs,
    names: Names,
    /// The units that have not been and will not be there for ever, by place: few, if any.
    dated: Vec<Dates>,
}

/// The first and last day of the unit at a place as numbers, 0 where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Dates {
    place: u32,
    opened: i32,
    closed: i32,
}

/// A unit of a tree: a look at what the tree holds of it.
#[derive(Clone, Copy)]
pub struct Placed<'t> {
    /// Its number.
    pub id: UnitId,
    tree: &'t UnitTree,
    run: u32,
    place: u32,
}

impl fmt::Debug for Placed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.unit().fmt(f)
    }
}

impl<'t> Placed<'t> {
    /// Its code.
    #[must_use]
    pub fn code(&self) -> UnitCode {
        self.tree.runs.code(self.run, self.place)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        self.tree.names.get(self.place as usize)
    }

    /// What sort it is.
    #[must_use]
    pub fn kind(&self) -> UnitKind {
        self.tree.runs.kinds[self.run as usize]
    }

    /// Its place among its siblings.
    #[must_use]
    pub fn order(&self) -> i32 {
        self.tree.runs.order(self.run, self.place)
    }

    /// Its place among all units in administrative order.
    #[must_use]
    pub const fn place(&self) -> usize {
        self.place as usize
    }

    /// The places of its subtree, its own first.
    #[must_use]
    pub fn places(&self) -> Range<usize> {
        self.place()..self.tree.runs.end(self.run, self.place) as usize
    }

    /// It alone, or with everything under it.
    #[must_use]
    pub fn reach(&self, below: bool) -> Places<'t> {
        let places = self.places();
        self.tree.places(places.start..if below { places.end } else { places.start + 1 })
    }

    /// The unit above it.
    #[must_use]
    pub fn above(&self) -> Option<Self> {
        let run = self.tree.runs.parents[self.run as usize];
        (run != NONE).then(|| {
            // A unit that others lie under is a run of its own.
            let place = self.tree.runs.starts[run as usize];
            Self { id: self.tree.runs.id(run, place), tree: self.tree, run, place }
        })
    }

    /// The number of the unit above it.
    #[must_use]
    pub fn parent(&self) -> Option<UnitId> {
        self.above().map(|above| above.id)
    }

    fn dates(&self) -> Option<&'t Dates> {
        let dated = &self.tree.dated;
        dated.get(dated.binary_search_by_key(&self.place, |dates| dates.place).ok()?)
    }

    /// The first day it exists; open since ever when absent.
    #[must_use]
    pub fn opened_on(&self) -> Option<ReportDay> {
        ReportDay::from_number(self.dates()?.opened).ok()
    }

    /// The last day it exists; open for ever when absent.
    #[must_use]
    pub fn closed_on(&self) -> Option<ReportDay> {
        ReportDay::from_number(self.dates()?.closed).ok()
    }

    /// Whether it exists on a day, by its own dates.
    #[must_use]
    pub fn exists_on(&self, day: ReportDay) -> bool {
        self.dates().is_none_or(|dates| dates.include(day))
    }

    /// All that is known of it.
    #[must_use]
    pub fn unit(&self) -> Unit {
        Unit {
            id: self.id,
            code: self.code(),
            name: self.name(),
            kind: self.kind(),
            parent: self.parent(),
            opened_on: self.opened_on(),
            closed_on: self.closed_on(),
            order: self.order(),
        }
    }
}

impl Dates {
    fn include(self, day: ReportDay) -> bool {
        let day = day.number();
        self.opened <= day && (self.closed == 0 || day <= self.closed)
    }
}

/// Units that lie one after the other, in administrative order.
#[derive(Debug, Clone)]
pub struct Places<'t> {
    tree: &'t UnitTree,
    run: u32,
    /// Where the run ends.
    upto: u32,
    next: u32,
    end: u32,
}

impl Places<'_> {
    /// The places that are left.
    #[must_use]
    pub const fn places(&self) -> Range<usize> {
        self.next as usize..self.end as usize
    }
}

impl<'t> Iterator for Places<'t> {
    type Item = Placed<'t>;

    fn next(&mut self) -> Option<Placed<'t>> {
        if self.next >= self.end {
            return None;
        }
        let place = self.next;
        if place >= self.upto {
            self.run += 1;
            self.upto = place + self.tree.runs.length(self.run as usize);
        }
        self.next += 1;
        Some(Placed { id: self.tree.runs.id(self.run, place), tree: self.tree, run: self.run, place })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.end - self.next) as usize;
        (left, Some(left))
    }

    fn nth(&mut self, n: usize) -> Option<Placed<'t>> {
        let Range { start, end } = self.places();
        *self = self.tree.places(start.saturating_add(n).min(end)..end);
        self.next()
    }
}

impl ExactSizeIterator for Places<'_> {}

impl UnitTree {
    /// Lays out units as a tree; siblings are ordered by `order`, then code.
    ///
    /// # Errors
    /// When codes repeat, a parent is missing, or units are under themselves.
    pub fn new(units: impl IntoIterator<Item = Unit>) -> Result<Self, TreeError> {
        let mut gathered = Gathered::default();
        units.into_iter().for_each(|unit| gathered.add(&unit));
        gathered.tree()
    }

    /// How many units there are.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.runs.units as usize
    }

    fn at(&self, (run, place): (u32, u32)) -> Placed<'_> {
        Placed { id: self.runs.id(run, place), tree: self, run, place }
    }

    /// The place of a unit in administrative order.
    #[must_use]
    pub fn place(&self, unit: UnitId) -> Option<usize> {
        self.runs.by_id(unit).map(|(_, place)| place as usize)
    }

    /// The unit with this number.
    #[must_use]
    pub fn get(&self, unit: UnitId) -> Option<Placed<'_>> {
        self.runs.by_id(unit).map(|at| self.at(at))
    }

    /// The unit with this code.
    #[must_use]
    pub fn by_code(&self, code: &str) -> Option<Placed<'_>> {
        self.runs.by_code(code).map(|at| self.at(at))
    }

    /// The units at these places, of which those beyond the last are left out.
    #[must_use]
    pub fn places(&self, places: Range<usize>) -> Places<'_> {
        let bound = |place: usize| u32::try_from(place).unwrap_or(NONE).min(self.runs.units);
        let (next, end) = (bound(places.start), bound(places.end));
        let (run, upto) = if next < end {
            let run = self.runs.run_at(next);
            (run, self.runs.starts[run as usize] + self.runs.length(run as usize))
        } else {
            (0, end)
        };
        Places { tree: self, run, upto, next, end: end.max(next) }
    }

    /// All units, parents before children, siblings in administrative order.
    #[must_use]
    pub fn all(&self) -> Places<'_> {
        self.places(0..self.size())
    }

    /// A unit and everything under it, in administrative order. Empty for an unknown unit.
    #[must_use]
    pub fn subtree(&self, unit: UnitId) -> Places<'_> {
        self.places(self.get(unit).map_or(0..0, |unit| unit.places()))
    }

    /// The units directly under one, in administrative order.
    pub fn children(&self, unit: UnitId) -> impl Iterator<Item = Placed<'_>> {
        let inside = self.get(unit).map_or(0..0, |unit| unit.place() + 1..unit.places().end);
        self.beside(inside)
    }

    /// The units that have none above them.
    pub fn roots(&self) -> impl Iterator<Item = Placed<'_>> {
        self.beside(0..self.size())
    }

    /// The first unit of a run of whole subtrees, and those beside it.
    fn beside(&self, run: Range<usize>) -> impl Iterator<Item = Placed<'_>> {
        let mut left = self.places(run);
        std::iter::from_fn(move || {
            let unit = left.next()?;
            let under = unit.places().len() - 1;
            if let Some(last) = under.checked_sub(1) {
                left.nth(last);
            }
            Some(unit)
        })
    }

    /// Every unit above one, nearest first.
    pub fn ancestors(&self, unit: UnitId) -> impl Iterator<Item = Placed<'_>> {
        std::iter::successors(self.get(unit).and_then(|unit| unit.above()), Placed::above)
    }

    /// Whether `unit` is `above` or somewhere under it.
    #[must_use]
    pub fn is_under(&self, unit: UnitId, above: UnitId) -> bool {
        let (Some(unit), Some(above)) = (self.place(unit), self.get(above)) else { return false };
        above.places().contains(&unit)
    }

    /// Whether a unit and every unit above it exist on a day.
    #[must_use]
    pub fn is_open(&self, unit: UnitId, day: ReportDay) -> bool {
        let above = || self.ancestors(unit).all(|above| above.exists_on(day));
        self.get(unit).is_some_and(|unit| self.dated.is_empty() || (unit.exists_on(day) && above()))
    }

    /// Whether a unit has no unit under it that exists on a day.
    #[must_use]
    pub fn is_leaf(&self, unit: UnitId, day: ReportDay) -> bool {
        !self.children(unit).any(|child| child.exists_on(day))
    }

    /// Of a run of places, which of its units have not been and will not be there for ever, and whether each is there on a
    /// day.
    pub(super) fn there(&self, places: Range<usize>, day: ReportDay) -> impl Iterator<Item = (usize, bool)> {
        let bound = |bound: usize| self.dated.partition_point(|dates| (dates.place as usize) < bound);
        let dated = &self.dated[bound(places.start)..bound(places.end)];
        dated.iter().map(move |dates| (dates.place as usize, dates.include(day)))
    }
}
