//! Everything of units but their names, in columns that have one entry for many units: the villages of a town lie one after
//! the other, and so do their numbers, their codes and their order. A run is as many units as that holds for.

use crate::domain::unit::{UnitCode, UnitId, UnitKind};
use std::ops::Range;

/// No run, no place.
pub(super) const NONE: u32 = u32::MAX;

/// Codes that are no numbers are their places among their like.
pub(super) const OTHER: u64 = 1 << 63;

/// Units by place, as runs: of the unit `k` places into a run, number, code and order are the run's own and `k`; kind and the
/// unit above are the same. A unit that others lie under is a run of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Runs {
    pub(super) units: u32,
    pub(super) starts: Vec<u32>,
    pub(super) ids: Vec<i32>,
    pub(super) codes: Vec<u64>,
    pub(super) orders: Vec<i32>,
    /// The run that the unit above is.
    pub(super) parents: Vec<u32>,
    /// Of a run of one, where its subtree ends.
    pub(super) ends: Vec<u32>,
    pub(super) kinds: Vec<UnitKind>,
    /// The codes that are no numbers, in order.
    pub(super) others: Vec<Box<str>>,
    /// The first number of each run, in order.
    pub(super) by_id: Vec<(i32, u32)>,
    /// Runs in the order of their codes.
    pub(super) by_code: Vec<u32>,
}

/// A unit on its way into a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Laid {
    pub(super) id: i32,
    pub(super) code: u64,
    pub(super) order: i32,
    pub(super) parent: u32,
    pub(super) end: u32,
    pub(super) kind: UnitKind,
}

impl Runs {
    /// Lays the next unit, and gives its run.
    pub(super) fn lay(&mut self, unit: Laid) -> u32 {
        let place = self.units;
        self.units += 1;
        let is_leaf = |end: u32, place: u32| end == place + 1;
        if let Some(last) = self.starts.len().checked_sub(1) {
            let start = self.starts[last];
            let by = place - start;
            // Of a longer run the end is that of its first unit, which has none under it.
            let goes_on = is_leaf(self.ends[last], start)
                && is_leaf(unit.end, place)
                && self.parents[last] == unit.parent
                && self.kinds[last] == unit.kind
                && self.ids[last].checked_add_unsigned(by) == Some(unit.id)
                && self.orders[last].checked_add_unsigned(by) == Some(unit.order)
                && self.codes[last] + u64::from(by) == unit.code;
            if goes_on {
                return u32::try_from(last).unwrap_or(NONE);
            }
        }
        self.starts.push(place);
        self.ids.push(unit.id);
        self.codes.push(unit.code);
        self.orders.push(unit.order);
        self.parents.push(unit.parent);
        self.ends.push(unit.end);
        self.kinds.push(unit.kind);
        u32::try_from(self.starts.len() - 1).unwrap_or(NONE)
    }

    /// Makes units findable once all are laid; gives a code that comes twice.
    pub(super) fn index(&mut self) -> Result<(), UnitCode> {
        self.by_id = self.ids.iter().copied().zip(0..).collect();
        self.by_id.sort_unstable();
        self.by_code = (0..).take(self.starts.len()).collect();
        let codes = &self.codes;
        self.by_code.sort_unstable_by_key(|run| codes[*run as usize]);
        for runs in self.by_code.windows(2) {
            let [first, second] = [runs[0], runs[1]].map(|run| run as usize);
            if self.codes[first] + u64::from(self.length(first)) > self.codes[second] {
                return Err(self.code_of(self.codes[second]));
            }
        }
        for column in [&mut self.starts, &mut self.parents, &mut self.ends] {
            column.shrink_to_fit();
        }
        self.ids.shrink_to_fit();
        self.codes.shrink_to_fit();
        self.orders.shrink_to_fit();
        self.kinds.shrink_to_fit();
        Ok(())
    }

    /// Whether the columns, which were kept, fit each other, so that nothing is looked for where nothing is.
    pub(super) fn fit(&self) -> bool {
        let runs = self.starts.len();
        let alike = [self.ids.len(), self.codes.len(), self.orders.len(), self.parents.len()];
        let alike = alike.iter().chain(&[self.ends.len(), self.kinds.len()]).all(|len| *len == runs);
        let ascend = self.starts.windows(2).all(|pair| pair[0] < pair[1])
            && self.starts.first().is_none_or(|first| *first == 0)
            && self.starts.last().map_or(self.units == 0, |last| *last < self.units);
        let above = (0..).zip(&self.parents).all(|(run, parent)| *parent == NONE || *parent < run);
        let end = |(start, end): (&u32, &u32)| start < end && *end <= self.units;
        let small = self.codes.iter().all(|code| *code < OTHER + u64::from(u32::MAX));
        alike && ascend && above && small && self.starts.iter().zip(&self.ends).all(end)
    }

    /// How many units a run has.
    pub(super) fn length(&self, run: usize) -> u32 {
        self.starts.get(run + 1).unwrap_or(&self.units) - self.starts[run]
    }

    /// The run that a place lies in. There must be such a place.
    pub(super) fn run_at(&self, place: u32) -> u32 {
        let run = self.starts.partition_point(|start| *start <= place).saturating_sub(1);
        u32::try_from(run).unwrap_or(NONE)
    }

    /// Where the subtree of a unit ends.
    pub(super) fn end(&self, run: u32, place: u32) -> u32 {
        let run = run as usize;
        if self.length(run) == 1 { self.ends[run] } else { place + 1 }
    }

    /// Run and place of the unit with a number.
    pub(super) fn by_id(&self, id: UnitId) -> Option<(u32, u32)> {
        let at = self.by_id.partition_point(|(first, _)| *first <= id.0).checked_sub(1)?;
        let (first, run) = self.by_id[at];
        self.inside(run, u32::try_from(i64::from(id.0) - i64::from(first)).ok()?)
    }

    /// Run and place of the unit with a code.
    pub(super) fn by_code(&self, code: &str) -> Option<(u32, u32)> {
        let code = match UnitCode::number(code) {
            Some(number) => number,
            None => OTHER + self.others.binary_search_by(|other| (**other).cmp(code)).ok()? as u64,
        };
        let at = self.by_code.partition_point(|run| self.codes[*run as usize] <= code).checked_sub(1)?;
        let run = self.by_code[at];
        self.inside(run, u32::try_from(code - self.codes[run as usize]).ok()?)
    }

    fn inside(&self, run: u32, by: u32) -> Option<(u32, u32)> {
        (by < self.length(run as usize)).then(|| (run, self.starts[run as usize] + by))
    }

    fn by(&self, run: u32, place: u32) -> u32 {
        place.saturating_sub(self.starts[run as usize])
    }

    /// The number of a unit.
    pub(super) fn id(&self, run: u32, place: u32) -> UnitId {
        UnitId(self.ids[run as usize].wrapping_add_unsigned(self.by(run, place)))
    }

    /// The order of a unit.
    pub(super) fn order(&self, run: u32, place: u32) -> i32 {
        self.orders[run as usize].wrapping_add_unsigned(self.by(run, place))
    }

    /// The code of a unit.
    pub(super) fn code(&self, run: u32, place: u32) -> UnitCode {
        self.code_of(self.number(run, place))
    }

    fn number(&self, run: u32, place: u32) -> u64 {
        self.codes[run as usize] + u64::from(self.by(run, place))
    }

    fn code_of(&self, number: u64) -> UnitCode {
        number
            .checked_sub(OTHER)
            .map_or_else(|| UnitCode::of_number(number), |at| UnitCode::of_text(self.other(at)))
    }

    fn other(&self, at: u64) -> &str {
        usize::try_from(at).ok().and_then(|at| self.others.get(at)).map_or("", |code| code)
    }

    /// Whether the code of any unit of the runs at these places begins with this.
    pub(super) fn any_begins(&self, places: Range<usize>, with: &UnitCode) -> bool {
        let number = UnitCode::number(with.as_str());
        let begins = |run: usize| {
            let (first, last) = (self.codes[run], self.codes[run] + u64::from(self.length(run)) - 1);
            match (first.checked_sub(OTHER), number) {
                (None, Some(with)) => UnitCode::any_begins(first..=last, with),
                (None, None) => false,
                (Some(first), _) => {
                    (first..=last - OTHER).any(|at| self.other(at).starts_with(with.as_str()))
                }
            }
        };
        let first = self.run_at(u32::try_from(places.start).unwrap_or(NONE)) as usize;
        let reaches = |run: &usize| (self.starts[*run] as usize) < places.end;
        (first..self.starts.len()).take_while(reaches).any(begins)
    }

    /// Whether a unit's code is (`true`) or only begins with this.
    pub(super) fn code_begins(&self, run: u32, place: u32, with: &UnitCode) -> Option<bool> {
        let number = self.number(run, place);
        match (number.checked_sub(OTHER), UnitCode::number(with.as_str())) {
            (None, Some(with)) => UnitCode::number_begins(number, with),
            (None, None) => None,
            (Some(at), _) => {
                let code = self.other(at);
                code.starts_with(with.as_str()).then_some(code == with.as_str())
            }
        }
    }
}
