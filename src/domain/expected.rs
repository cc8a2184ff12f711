//! How many units a drive waits for under a unit, and under each below it, without asking one by one: a nation has
//! 700,000, and a grid of its provinces over a week would ask ten million times.

use super::calendar::ReportDay;
use super::campaign::{Campaign, Expected};
use super::unit::UnitId;
use super::unit_tree::{NONE, UnitTree};

/// How many units of a subtree, and of each within it, a drive waits for on some days.
#[derive(Debug)]
pub struct Waited<'t> {
    tree: &'t UnitTree,
    first: usize,
    /// For each day which of `sums` holds: days between which no unit comes or goes have one.
    days: Vec<(ReportDay, usize)>,
    /// For each place of the subtree, and its end, how many before it are waited for.
    sums: Vec<Vec<u32>>,
}

impl<'t> Waited<'t> {
    /// Counts once over the units under `top`, for all days between which none of them comes or goes.
    #[must_use]
    pub fn under(tree: &'t UnitTree, campaign: &Campaign, top: UnitId, days: &[ReportDay]) -> Self {
        let first = tree.place(top).unwrap_or(0);
        let mut waited = Self { tree, first, days: Vec::with_capacity(days.len()), sums: Vec::new() };
        let Some(end) = tree.place(top).map(|place| tree.ends[place] as usize) else { return waited };
        let from = tree.dated.partition_point(|place| (*place as usize) < first);
        let to = tree.dated.partition_point(|place| (*place as usize) < end);
        let there = |day: ReportDay| -> Vec<bool> {
            let own = tree.dated[from..to].iter().map(|place| tree.all()[*place as usize].exists_on(day));
            own.chain(
                tree.ancestors(top).map(|above| tree.get(above).is_some_and(|above| above.exists_on(day))),
            )
            .collect()
        };
        let mut states: Vec<Vec<bool>> = Vec::new();
        for &day in days.iter().filter(|day| campaign.window.contains(**day)) {
            let state = there(day);
            let at = states.iter().position(|other| *other == state).unwrap_or_else(|| {
                waited.sums.push(sums(tree, campaign, first..end, (&tree.dated[from..to], &state)));
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
        let (Some(sums), Some(place)) = (sums, self.tree.place(unit)) else { return 0 };
        let at = |place: usize| place.checked_sub(self.first).and_then(|at| sums.get(at)).copied();
        match (at(place), at(self.tree.ends[place] as usize)) {
            (Some(before), Some(upto)) => u64::from(upto - before),
            _ => 0,
        }
    }
}

/// For each place of a run, and its end, how many before it are waited for. Of `dated` the second says whether each is
/// there, and then whether each unit above the run is.
fn sums(
    tree: &UnitTree,
    campaign: &Campaign,
    run: std::ops::Range<usize>,
    (dated, there): (&[u32], &[bool]),
) -> Vec<u32> {
    let (own, above) = there.split_at(dated.len());
    let mut is_there = vec![true; run.len()];
    for (place, there) in dated.iter().zip(own) {
        is_there[*place as usize - run.start] = *there;
    }
    let mut open = vec![above.iter().all(|there| *there); run.len()];
    let mut has_children = vec![false; run.len()];
    for at in 0..run.len() {
        let parent = tree.parents[run.start + at];
        let parent = if parent == NONE { None } else { (parent as usize).checked_sub(run.start) };
        if let Some(parent) = parent {
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
    let drive = tree.place(campaign.unit).map_or(0..0, |place| place..tree.ends[place] as usize);
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
        UnitTree::new(drawn.iter().enumerate().map(unit).collect()).unwrap()
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
            let waited = Waited::under(&tree, &campaign, top, &days);
            for each in tree.subtree(top) {
                for &day in &days {
                    let all = tree.subtree(each.id).iter();
                    let one_by_one = all.filter(|unit| campaign.expects(&tree, unit.id, day)).count();
                    prop_assert_eq!(waited.count(each.id, day), one_by_one as u64, "{} on {}", each.code, day);
                }
            }
        }
    }
}
