use super::*;
use crate::domain::calendar::{ReportDay, Window};
use crate::domain::campaign::{self, CampaignId, Expected, Kind};
use crate::domain::completeness::Completeness;
use crate::domain::quantity::{Bound, Quantity};
use crate::domain::review::{Decision, Verdict, decide};
use crate::domain::tally::{Channel, Review};
use crate::domain::unit::{Unit, UnitCode, UnitKind};
use jiff::Timestamp;
use proptest::prelude::*;
use std::collections::HashMap;

const DAYS: i32 = 3;

fn first_day() -> ReportDay {
    "2025-12-01".parse().unwrap()
}

/// A random forest: each unit's parent is one of the units before it, or none.
fn tree(parents: &[Option<usize>]) -> UnitTree {
    let units = parents.iter().enumerate().map(|(at, parent)| Unit {
        id: UnitId(at as i32 + 1),
        code: UnitCode::new(&format!("u{at}")).unwrap(),
        name: format!("u{at}"),
        kind: UnitKind::Other,
        parent: parent.filter(|_| at > 0).map(|parent| UnitId((parent % at) as i32 + 1)),
        opened_on: None,
        closed_on: None,
        order: 0,
    });
    UnitTree::new(units).unwrap()
}

fn campaign() -> Campaign {
    Campaign {
        key: 7,
        id: CampaignId::new("constitution-2025").unwrap(),
        kind: Kind::Constitution,
        year: 2025,
        name: String::new(),
        ordinal: None,
        theme: String::new(),
        window: Window::new(first_day(), first_day().plus(DAYS - 1)).unwrap(),
        deadline: campaign::USUAL_DEADLINE,
        unit: UnitId(1),
        expected: Expected::Leaves,
        measures: campaign::template_measures(Kind::Constitution),
        locked: false,
        demo: false,
        locks: campaign::Locks::default(),
    }
}

#[derive(Debug, Clone)]
struct Step {
    unit: usize,
    day: i32,
    figures: Vec<(u32, u32, usize)>,
    late: bool,
    returned: bool,
    /// The office decides about what is there, instead.
    decision: Option<Decision>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let figures = prop::collection::vec((1u32..5, 0u32..100_000, 0usize..4), 0..5);
    let decision = prop::option::of(prop::sample::select(vec![Decision::Accept, Decision::Return]));
    let step = (0usize..1000, 0..DAYS, figures, any::<bool>(), prop::bool::weighted(0.1), decision).prop_map(
        |(unit, day, figures, late, returned, decision)| Step {
            unit,
            day,
            figures,
            late,
            returned,
            decision,
        },
    );
    prop::collection::vec(step, 0..40)
}

fn parents() -> impl Strategy<Value = Vec<Option<usize>>> {
    prop::collection::vec(prop::option::weighted(0.9, 0usize..1000), 1..20)
}

type Current = HashMap<(UnitId, ReportDay), Version>;

fn version(step: &Step, tree: &UnitTree, before: Option<&Version>) -> Version {
    let figures: Vec<_> = step
        .figures
        .iter()
        .filter_map(|&(slot, n, bound)| Some((Slot(slot), Quantity::new(n.into(), Bound::ALL[bound]).ok()?)))
        .collect();
    Version {
        campaign: 7,
        day: first_day().plus(step.day),
        unit: tree.all().nth(step.unit % tree.size()).unwrap().id,
        version: before.map_or(1, |before| before.version + 1),
        review: if step.returned { Review::Returned } else { Review::Submitted },
        zero: figures.is_empty(),
        figures,
        late: step.late,
        on_behalf: false,
        channel: Channel::Api,
        note: String::new(),
        actor: 1,
        received_at: Timestamp::from_second(before.map_or(0, |before| before.received_at.as_second()) + 1)
            .unwrap(),
        facts: crate::domain::review::Facts::default(),
    }
}

fn run(tree: &UnitTree, steps: &[Step]) -> (Rollups, Current) {
    let (mut rollups, mut current) = (Rollups::new(), Current::new());
    for step in steps {
        let key = (tree.all().nth(step.unit % tree.size()).unwrap().id, first_day().plus(step.day));
        let after = match (step.decision, current.get(&key)) {
            (Some(decision), Some(before)) => match decide(before, decision, "why") {
                Verdict::New => before.decided(decision, "why", 2, before.received_at),
                Verdict::Same | Verdict::Refused(_) => continue,
            },
            (_, before) => version(step, tree, before),
        };
        replace(&mut rollups, &campaign(), tree, current.get(&key), &after);
        current.insert(key, after);
    }
    rollups.retain(|_, rollup| !rollup.is_empty());
    (rollups, current)
}

proptest! {
    #[test]
    fn a_rollup_is_the_sum_of_its_tallies(parents in parents(), steps in steps()) {
        let tree = tree(&parents);
        let (rollups, current) = run(&tree, &steps);
        prop_assert_eq!(&rollups, &recompute(&campaign(), &tree, current.values()));
    }

    #[test]
    fn the_order_of_submissions_of_different_reports_does_not_matter(parents in parents(), steps in steps(), seed in any::<u64>()) {
        let tree = tree(&parents);
        let units = tree.size();
        // Reorder across reports, keeping the corrections of each report in their order.
        let mut keyed: Vec<(u64, usize, Step)> = steps.iter().cloned().enumerate()
            .map(|(at, step)| (((step.unit % units) as u64 * 7 + step.day as u64).wrapping_mul(seed | 1), at, step))
            .collect();
        keyed.sort_by_key(|(key, at, _)| (*key, *at));
        let reordered: Vec<Step> = keyed.into_iter().map(|(_, _, step)| step).collect();
        prop_assert_eq!(run(&tree, &steps).0, run(&tree, &reordered).0);
    }

    #[test]
    fn undoing_a_change_restores_the_sums(parents in parents(), steps in steps(), last in steps()) {
        let tree = tree(&parents);
        let (before, current) = run(&tree, &steps);
        let Some(change) = last.first() else { return Ok(()) };
        let key = (tree.all().nth(change.unit % tree.size()).unwrap().id, first_day().plus(change.day));
        let Some(old) = current.get(&key) else { return Ok(()) };
        let new = version(change, &tree, Some(old));
        let undone = Version { version: new.version + 1, ..old.clone() };
        let mut after = before.clone();
        replace(&mut after, &campaign(), &tree, Some(old), &new);
        replace(&mut after, &campaign(), &tree, Some(&new), &undone);
        for (key, rollup) in after {
            let mut expected = before.get(&key).cloned().unwrap_or_default();
            expected.changes = rollup.changes;
            expected.latest = rollup.latest;
            prop_assert_eq!(rollup, expected, "only the count of changes and the time move on");
        }
    }

    #[test]
    fn a_parent_is_the_sum_of_its_children(parents in parents(), steps in steps()) {
        let tree = tree(&parents);
        let (rollups, current) = run(&tree, &steps);
        for unit in tree.all() {
            for day in campaign().window.days() {
                let mut sum = Rollup::default();
                for child in tree.children(unit.id) {
                    if let Some(below) = rollups.get(&(7, child.id, day)) { sum += below; }
                    if let Some(own) = current.get(&(child.id, day)) {
                        sum += &Rollup::of(own, campaign().expects(&tree, child.id, day));
                    }
                }
                prop_assert_eq!(rollups.get(&(7, unit.id, day)).cloned().unwrap_or_default(), sum);
            }
        }
    }

    #[test]
    fn completeness_never_exceeds_one(parents in parents(), steps in steps()) {
        let tree = tree(&parents);
        let (rollups, _) = run(&tree, &steps);
        for unit in tree.all() {
            for day in campaign().window.days() {
                let expected = tree.subtree(unit.id).skip(1)
                    .filter(|below| campaign().expects(&tree, below.id, day)).count() as u64;
                let rollup = rollups.get(&(7, unit.id, day)).cloned().unwrap_or_default();
                let counts = Completeness {
                    expected,
                    reported: rollup.reported.unsigned_abs(),
                    zero: rollup.zero.unsigned_abs(),
                    late: rollup.late.unsigned_abs(),
                    returned: rollup.returned.unsigned_abs(),
                };
                prop_assert!(rollup.reported >= 0 && rollup.zero >= 0 && rollup.late >= 0 && rollup.returned >= 0);
                prop_assert!(counts.reported + counts.returned <= counts.expected);
                prop_assert!(counts.permille().is_none_or(|permille| permille <= 1000));
                prop_assert_eq!(counts.reported + counts.returned + counts.missing(), counts.expected);
            }
        }
    }
}
