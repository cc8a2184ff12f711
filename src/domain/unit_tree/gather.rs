//! Laying out units as a tree.

use super::names::Names;
use super::runs::{Laid, NONE, OTHER, Runs};
use super::{Dates, TreeError, UnitTree};
use crate::domain::calendar::ReportDay;
use crate::domain::unit::{Unit, UnitCode, UnitId, UnitKind};
use std::cmp::Ordering;

/// Units on their way into a tree, in any order: a nation's are never there one by one.
#[derive(Debug, Clone, Default)]
pub struct Gathered {
    rows: Vec<Row>,
    names: String,
    others: Vec<Box<str>>,
    dated: Vec<(UnitId, i32, i32)>,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    code: u64,
    id: UnitId,
    parent: Option<UnitId>,
    order: i32,
    kind: UnitKind,
    name: (u32, u32),
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(NONE)
}

impl Gathered {
    /// Adds a unit.
    pub fn add(&mut self, unit: &Unit) {
        let code = UnitCode::number(unit.code.as_str()).unwrap_or_else(|| {
            self.others.push(unit.code.as_str().into());
            OTHER + self.others.len() as u64 - 1
        });
        let from = small(self.names.len());
        self.names.push_str(&unit.name);
        self.rows.push(Row {
            code,
            id: unit.id,
            parent: unit.parent,
            order: unit.order,
            kind: unit.kind,
            name: (from, small(self.names.len())),
        });
        if unit.opened_on.is_some() || unit.closed_on.is_some() {
            let number = |day: Option<ReportDay>| day.map_or(0, ReportDay::number);
            self.dated.push((unit.id, number(unit.opened_on), number(unit.closed_on)));
        }
    }

    /// Lays the units out; siblings are ordered by `order`, then code.
    ///
    /// # Errors
    /// When codes repeat, a parent is missing, or units are under themselves.
    pub fn tree(mut self) -> Result<UnitTree, TreeError> {
        self.order_others()?;
        self.rows.sort_by_key(|row| row.id);
        let above = self.above()?;
        let (order, parents) = self.walk(&above);
        if order.len() < self.rows.len() {
            let mut placed = vec![false; self.rows.len()];
            order.iter().for_each(|&at| placed[at as usize] = true);
            let lost = placed.iter().position(|placed| !placed).unwrap_or(0);
            return Err(TreeError::Circle(self.code(lost)));
        }
        let mut ends: Vec<u32> = (1..).take(order.len()).collect();
        for place in (0..order.len()).rev().filter(|place| parents[*place] != NONE) {
            let end = ends[place];
            let above = &mut ends[parents[place] as usize];
            *above = end.max(*above);
        }
        let mut runs = Runs { others: std::mem::take(&mut self.others), ..Runs::default() };
        let mut run_of: Vec<u32> = Vec::with_capacity(order.len());
        for (at, (parent, end)) in order.iter().zip(parents.iter().zip(&ends)) {
            let Row { code, id, order, kind, .. } = self.rows[*at as usize];
            let parent = if *parent == NONE { NONE } else { run_of[*parent as usize] };
            run_of.push(runs.lay(Laid { id: id.0, code, order, parent, end: *end, kind }));
        }
        drop((run_of, ends, parents));
        let names = order.iter().map(|at| {
            let (from, to) = self.rows[*at as usize].name;
            self.names.get(from as usize..to as usize).unwrap_or_default()
        });
        let names = Names::new(names);
        runs.index().map_err(TreeError::CodeTwice)?;
        let place = |id: UnitId| runs.by_id(id).map(|(_, place)| place);
        let dates = |(id, opened, closed): &(UnitId, i32, i32)| {
            Some(Dates { place: place(*id)?, opened: *opened, closed: *closed })
        };
        let mut dated: Vec<Dates> = self.dated.iter().filter_map(dates).collect();
        dated.sort_unstable_by_key(|dates| dates.place);
        Ok(UnitTree { runs, names, dated })
    }

    /// Brings the codes that are no numbers into order.
    fn order_others(&mut self) -> Result<(), TreeError> {
        let mut order: Vec<usize> = (0..self.others.len()).collect();
        order.sort_unstable_by(|a, b| self.others[*a].cmp(&self.others[*b]));
        let mut place_of = vec![0; order.len()];
        for (place, at) in (0..).zip(&order) {
            place_of[*at] = place;
        }
        for row in self.rows.iter_mut().filter(|row| row.code >= OTHER) {
            let at = usize::try_from(row.code - OTHER).unwrap_or(0);
            row.code = OTHER + place_of[at];
        }
        self.others.sort_unstable();
        match self.others.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(TreeError::CodeTwice(UnitCode::of_text(&pair[0]))),
            None => Ok(()),
        }
    }

    fn code(&self, at: usize) -> UnitCode {
        let code = self.rows[at].code;
        let other = |at: u64| UnitCode::of_text(usize::try_from(at).map_or("", |at| &self.others[at]));
        code.checked_sub(OTHER).map_or_else(|| UnitCode::of_number(code), other)
    }

    /// For each row the one above it, or [`NONE`].
    fn above(&self) -> Result<Vec<u32>, TreeError> {
        let mut last = (None, NONE);
        let above = self.rows.iter().enumerate().map(|(at, row)| {
            // Siblings mostly come together.
            if row.parent != last.0 {
                let found = row.parent.map(|parent| self.rows.binary_search_by_key(&parent, |row| row.id));
                let found = found.transpose().map_err(|_| TreeError::UnknownParent(self.code(at)))?;
                last = (row.parent, found.map_or(NONE, small));
            }
            Ok(last.1)
        });
        above.collect()
    }

    /// Rows in administrative order, and for each place that of its parent. A row that is under itself is left out.
    fn walk(&self, above: &[u32]) -> (Vec<u32>, Vec<u32>) {
        let group = |at: u32| above[at as usize].wrapping_add(1);
        let mut siblings: Vec<u32> = (0..small(self.rows.len())).collect();
        siblings.sort_by(|a, b| group(*a).cmp(&group(*b)).then_with(|| self.compare(*a, *b)));
        let mut firsts = vec![0_u32; self.rows.len() + 2];
        siblings.iter().for_each(|at| firsts[group(*at) as usize + 1] += 1);
        for at in 1..firsts.len() {
            firsts[at] += firsts[at - 1];
        }
        let children =
            |group: usize| siblings[firsts[group] as usize..firsts[group + 1] as usize].iter().rev();
        let mut order = Vec::with_capacity(siblings.len());
        let mut parents = Vec::with_capacity(siblings.len());
        // Depth first without recursion: a chain of a hundred thousand units must not exhaust the stack.
        let mut stack: Vec<(u32, u32)> = children(0).map(|at| (*at, NONE)).collect();
        while let Some((at, parent)) = stack.pop() {
            let place = small(order.len());
            order.push(at);
            parents.push(parent);
            stack.extend(children(at as usize + 1).map(|child| (*child, place)));
        }
        (order, parents)
    }

    fn compare(&self, a: u32, b: u32) -> Ordering {
        let (one, other) = (&self.rows[a as usize], &self.rows[b as usize]);
        let codes = || match (one.code < OTHER, other.code < OTHER) {
            (false, false) => one.code.cmp(&other.code),
            _ => self.code(a as usize).cmp(&self.code(b as usize)),
        };
        one.order.cmp(&other.order).then_with(codes)
    }
}
