//! How many units a drive waits for under a unit, and under each below it, without asking one by one: a nation has
//! 700,000, and a grid of its provinces over a week would ask ten million times.

use super::calendar::ReportDay;
use super::campaign::{Campaign, Expected};
use super::unit::{Placed, UnitId, UnitTree};
use std::collections::HashMap;
use std::ops::Range;

/// How many units a drive waits for, by unit and day.
pub type Counts = HashMap<(UnitId, ReportDay), u64>;

/// How many units of a subtree, and of each within it, a drive waits for on some days.
#[derive(Debug)]
pub struct Waited<'t> {
    tree: &'t UnitTree,
    places: Range<usize>,
    /// For each day which of `sums` holds: days between which no unit comes or goes have one.
    days: Vec<(ReportDay, usize)>,
    /// For each place of the subtree, and its end, how many before it are waited for.
    sums: Vec<Vec<u32>>,
}

impl<'t> Waited<'t> {
    /// Counts once over the units under `top`, for all days between which none of them comes or goes. Days outside of the
    /// drive are passed over.
    #[must_use]
    pub fn under(tree: &'t UnitTree, campaign: &Campaign, top: Placed<'_>, days: &[ReportDay]) -> Self {
        let places = top.places();
        let mut waited = Self { tree, places, days: Vec::with_capacity(days.len()), sums: Vec::new() };
        let mut states: Vec<(Vec<bool>, bool)> = Vec::new();
        for &day in days.iter().filter(|day| campaign.window.contains(**day)) {
            let above = tree.ancestors(top.id).all(|above| above.exists_on(day));
            let state = (tree.there(waited.places.clone(), day).map(|(_, there)| there).collect(), above);
            let at = states.iter().position(|other| *other == state).unwrap_or_else(|| {
                waited.sums.push(sums(tree, campaign, waited.places.clone(), day, above));
                states.push(state);
                states.len() - 1
            });
            waited.days.push((day, at));
        }
        waited
    }

    /// How many units the drive waits for on a day, of one under `top` and all under that.
    #[must_use]
    pub fn count(&self, unit: UnitId, day: ReportDay) -> u64 {
        let sums = self.days.iter().find(|(other, _)| *other == day).map(|(_, at)| &self.sums[*at]);
        let (Some(sums), Some(unit)) = (sums, self.tree.get(unit)) else { return 0 };
        let at = |place: usize| place.checked_sub(self.places.start).and_then(|at| sums.get(at)).copied();
        match (at(unit.places().start), at(unit.places().end)) {
            (Some(before), Some(upto)) => u64::from(upto - before),
            _ => 0,
        }
    }

    /// The counts of some units on all these days.
    #[must_use]
    pub fn counts(&self, units: impl Iterator<Item = UnitId>) -> Counts {
        let days =
            |unit: UnitId| self.days.iter().map(move |(day, _)| ((unit, *day), self.count(unit, *day)));
        units.flat_map(days).collect()
    }

    /// Of `top` alone, or with everything under it, the units that the drive waits for on any of the days, in administrative
    /// order, each with on how many.
    pub fn units(&self, below: bool) -> impl Iterator<Item = (Placed<'t>, u64)> {
        let times = |state: usize| self.days.iter().filter(|(_, at)| *at == state).count() as u64;
        let states: Vec<(&[u32], u64)> =
            self.sums.iter().zip((0..).map(times)).map(|(sums, times)| (sums.as_slice(), times)).collect();
        let looked_at = if below { self.places.len() } else { 1 };
        self.tree.places(self.places.clone()).take(looked_at).enumerate().filter_map(move |(at, unit)| {
            let days =
                states.iter().filter(|(sums, _)| sums[at] < sums[at + 1]).map(|(_, times)| times).sum();
            (days > 0).then_some((unit, days))
        })
    }
}

/// For each place of a run, and its end, how many before it are waited for on a day. `above` says whether each unit above the
/// run is there.
fn sums(tree: &UnitTree, campaign: &Campaign, run: Range<usize>, day: ReportDay, above: bool) -> Vec<u32> {
    let mut is_there = vec![true; run.len()];
    for (place, there) in tree.there(run.clone(), day) {
        is_there[place - run.start] = there;
    }
    let mut open = vec![above; run.len()];
    let mut has_children = vec![false; run.len()];
    for (at, unit) in tree.places(run.clone()).enumerate() {
        if let Some(parent) = unit.above().and_then(|above| above.place().checked_sub(run.start)) {
            open[at] = open[parent];
            has_children[parent] |= is_there[at];
        }
        open[at] &= is_there[at];
    }
    let wanted: Vec<bool> = match &campaign.expected {
        Expected::Leaves => has_children.iter().map(|has| !has).collect(),
        Expected::Listed(units) => {
            let mut wanted = vec![false; run.len()];
            for place in units.iter().filter_map(|unit| tree.place(*unit)).filter(|place| run.contains(place))
            {
                wanted[place - run.start] = true;
            }
            wanted
        }
    };
    let drive = tree.get(campaign.unit).map_or(0..0, |unit| unit.places());
    let mut sum = 0;
    let mut sums = Vec::with_capacity(run.len() + 1);
    sums.push(0);
    for (at, place) in run.enumerate() {
        sum += u32::from(open[at] && wanted[at] && drive.contains(&place));
        sums.push(sum);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::Window;
    use crate::domain::campaign::{CampaignId, Kind, Locks};
    use crate::domain::unit::{Unit, UnitCode, UnitKind};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn day(n: i8) -> ReportDay {
        ReportDay::new(2026, 12, n).unwrap()
    }

    /// Parents among the units before, and from the 1st to the 9th the first and last day of each, where there is one.
    type Drawn = Vec<(prop::sample::Index, Option<i8>, Option<i8>)>;

    fn tree(drawn: &Drawn) -> UnitTree {
        let unit =
            |(at, (parent, opened, closed)): (usize, &(prop::sample::Index, Option<i8>, Option<i8>))| Unit {
                id: UnitId(at as i32 + 1),
                code: UnitCode::new(&format!("u{at}")).unwrap(),
                name: format!("单位{at}"),
                kind: UnitKind::Other,
                parent: (at > 0).then(|| UnitId(parent.index(at) as i32 + 1)),
                opened_on: opened.map(day),
                closed_on: closed.map(day),
                order: at as i32,
            };
        UnitTree::new(drawn.iter().enumerate().map(unit)).unwrap()
    }

    fn campaign(unit: UnitId, expected: Expected) -> Campaign {
        Campaign {
            key: 1,
            id: CampaignId::new("constitution-2026").unwrap(),
            kind: Kind::Constitution,
            year: 2026,
            name: String::new(),
            ordinal: None,
            theme: String::new(),
            window: Window::new(day(2), day(8)).unwrap(),
            deadline: jiff::civil::time(18, 0, 0, 0),
            unit,
            expected,
            measures: Vec::new(),
            locked: false,
            demo: false,
            locks: Locks::default(),
        }
    }

    proptest! {
        #[test]
        fn counts_whom_the_drive_expects_asked_one_by_one(
            drawn in prop::collection::vec(
                (any::<prop::sample::Index>(), prop::option::weighted(0.2, 1_i8..9), prop::option::weighted(0.2, 1_i8..9)),
                1..40,
            ),
            (top, whole) in any::<(prop::sample::Index, prop::sample::Index)>(),
            listed in prop::option::of(prop::collection::vec(any::<prop::sample::Index>(), 0..12)),
        ) {
            let tree = tree(&drawn);
            let unit = |at: &prop::sample::Index| UnitId(at.index(drawn.len()) as i32 + 1);
            let expected = listed.map_or(Expected::Leaves, |units| {
                Expected::Listed(units.iter().map(unit).collect::<BTreeSet<_>>())
            });
            let campaign = campaign(unit(&whole), expected);
            let days: Vec<ReportDay> = (1..=9).map(day).collect();
            let top = unit(&top);
            let waited = Waited::under(&tree, &campaign, tree.get(top).unwrap(), &days);
            for each in tree.subtree(top) {
                for &day in &days {
                    let all = tree.subtree(each.id);
                    let one_by_one = all.filter(|unit| campaign.expects(&tree, unit.id, day)).count();
                    prop_assert_eq!(waited.count(each.id, day), one_by_one as u64, "{} on {}", each.code(), day);
                }
            }
            let on = |unit: &Placed<'_>| days.iter().filter(|day| campaign.expects(&tree, unit.id, **day)).count() as u64;
            let one_by_one = tree.subtree(top).map(|unit| (unit.id, on(&unit))).filter(|(_, days)| *days > 0);
            let at_once: Vec<(UnitId, u64)> = waited.units(true).map(|(unit, days)| (unit.id, days)).collect();
            let one_by_one: Vec<(UnitId, u64)> = one_by_one.collect();
            let own: Vec<(UnitId, u64)> = waited.units(false).map(|(unit, days)| (unit.id, days)).collect();
            let right: Vec<_> = one_by_one.iter().copied().filter(|(unit, _)| *unit == top).collect();
            prop_assert_eq!(own, right);
            prop_assert_eq!(at_once, one_by_one);
        }
    }
}
