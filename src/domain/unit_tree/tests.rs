use super::*;
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeMap;

pub(super) fn unit(id: i32, code: &str, parent: Option<i32>, order: i32) -> Unit {
    Unit {
        id: UnitId(id),
        code: UnitCode::new(code).unwrap(),
        name: code.into(),
        kind: UnitKind::Other,
        parent: parent.map(UnitId),
        opened_on: None,
        closed_on: None,
        order,
    }
}

#[test]
fn subtrees_are_runs_in_administrative_order() {
    let tree = UnitTree::new(vec![
        unit(5, "e", Some(2), 0),
        unit(1, "a", None, 0),
        unit(3, "c", Some(1), 1),
        unit(2, "b", Some(1), 2),
        unit(4, "d", Some(3), 0),
        unit(6, "f", None, 1),
    ])
    .unwrap();
    let codes = |units: Places<'_>| units.map(|unit| unit.code().to_string()).collect::<String>();
    assert_eq!(codes(tree.all()), "acdbef");
    assert_eq!(codes(tree.subtree(UnitId(3))), "cd");
    assert_eq!(tree.children(UnitId(1)).map(|u| u.id.0).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(tree.ancestors(UnitId(4)).map(|u| u.id.0).collect::<Vec<_>>(), [3, 1]);
    assert!(tree.is_under(UnitId(4), UnitId(1)) && tree.is_under(UnitId(1), UnitId(1)));
    assert!(!tree.is_under(UnitId(4), UnitId(2)) && !tree.is_under(UnitId(1), UnitId(9)));
    assert_eq!(tree.children(UnitId(9)).count(), 0);
}

#[test]
fn numbers_with_gaps_are_found() {
    let tree = UnitTree::new(vec![unit(5, "a", None, 0), unit(2_000_000_000, "b", Some(5), 0)]).unwrap();
    assert_eq!(tree.get(UnitId(2_000_000_000)).unwrap().code().as_str(), "b");
    assert_eq!(tree.by_code("a").unwrap().id, UnitId(5));
    for none in [-1, 0, 4, 6, i32::MAX, i32::MIN] {
        assert!(tree.get(UnitId(none)).is_none());
    }
    assert!(tree.by_code("c").is_none() && UnitTree::default().by_code("a").is_none());
}

#[test]
fn what_is_no_tree_is_refused() {
    let circle = vec![unit(1, "a", Some(2), 0), unit(2, "b", Some(1), 0), unit(3, "c", None, 0)];
    assert!(matches!(UnitTree::new(circle), Err(TreeError::Circle(_))));
    assert!(matches!(UnitTree::new(vec![unit(1, "a", Some(7), 0)]), Err(TreeError::UnknownParent(_))));
    let twice = vec![unit(1, "a", None, 0), unit(2, "a", None, 0)];
    assert!(matches!(UnitTree::new(twice), Err(TreeError::CodeTwice(_))));
    let twice = vec![unit(1, "371", None, 0), unit(2, "372", None, 1), unit(9, "371", None, 7)];
    assert!(matches!(UnitTree::new(twice), Err(TreeError::CodeTwice(code)) if code.as_str() == "371"));
}

#[test]
fn a_unit_is_open_between_its_days_and_under_open_units() {
    let day = |text: &str| text.parse::<ReportDay>().unwrap();
    let mut above = unit(1, "a", None, 0);
    above.closed_on = Some(day("2025-12-03"));
    let mut below = unit(2, "b", Some(1), 0);
    below.opened_on = Some(day("2025-12-02"));
    let tree = UnitTree::new(vec![above, below]).unwrap();
    let open: Vec<_> = (1..=4).map(|d| tree.is_open(UnitId(2), day(&format!("2025-12-0{d}")))).collect();
    assert_eq!(open, [false, true, true, false]);
    assert!(tree.is_leaf(UnitId(1), day("2025-12-01")));
    assert!(!tree.is_leaf(UnitId(1), day("2025-12-02")));
}

/// What a unit is drawn by: its parent among those before, whether number, code, order and kind go on from the one before, and
/// its days.
type Drawn = (Option<Index>, [bool; 4], Option<i8>, Option<i8>);

fn drawn() -> impl Strategy<Value = Drawn> {
    let goes_on = prop::array::uniform4(prop::bool::weighted(0.8));
    let day = || prop::option::weighted(0.1, 1_i8..9);
    (prop::option::weighted(0.95, any::<Index>()), goes_on, day(), day())
}

fn units(drawn: &[Drawn]) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let (mut id, mut code, mut order, mut last) = (1, 371_772_000_u64, 0, None);
    for (at, (parent, [same_id, same_code, same_order, same_kind], opened, closed)) in
        drawn.iter().enumerate()
    {
        // Villages mostly follow each other under one town.
        let parent =
            parent.as_ref().filter(|_| at > 0).map(|parent| UnitId(units[parent.index(at).min(at / 8)].id.0));
        id += if *same_id { 1 } else { 3 };
        code += if *same_code { 1 } else { 5 };
        order += if *same_order { 1 } else { -2 };
        let text = if at % 11 == 3 { format!("{code}-X") } else { code.to_string() };
        let day = |day: &Option<i8>| day.map(|day| ReportDay::new(2026, 12, day).unwrap());
        units.push(Unit {
            id: UnitId(if at % 17 == 5 { -id } else { id }),
            code: UnitCode::new(&text).unwrap(),
            name: format!("{}村", ["万福", "吕陵"][at % 2].repeat(at % 3)),
            kind: if *same_kind { UnitKind::Village } else { UnitKind::Town },
            parent: parent.or(last.filter(|_| at % 5 == 4)),
            opened_on: day(opened),
            closed_on: day(closed),
            order,
        });
        last = units.last().map(|unit| unit.id);
    }
    units
}

/// The same tree laid out as plainly as it can be said.
fn plainly(units: &[Unit]) -> Vec<&Unit> {
    let mut below: BTreeMap<Option<UnitId>, Vec<&Unit>> = BTreeMap::new();
    units.iter().for_each(|unit| below.entry(unit.parent).or_default().push(unit));
    below.values_mut().for_each(|units| units.sort_by_key(|unit| (unit.order, unit.code.clone())));
    fn walk<'u>(below: &BTreeMap<Option<UnitId>, Vec<&'u Unit>>, at: Option<UnitId>, to: &mut Vec<&'u Unit>) {
        for unit in below.get(&at).into_iter().flatten() {
            to.push(unit);
            walk(below, Some(unit.id), to);
        }
    }
    let mut order = Vec::new();
    walk(&below, None, &mut order);
    order
}

proptest! {
    #[test]
    fn a_tree_holds_what_was_put_in(drawn in prop::collection::vec(drawn(), 0..200), seed in any::<u64>()) {
        let units = units(&drawn);
        let mut mixed = units.clone();
        mixed.sort_by_key(|unit| (i64::from(unit.id.0) as u64).wrapping_mul(seed | 1));
        let tree = UnitTree::new(mixed).unwrap();
        let order = plainly(&units);
        prop_assert_eq!(tree.size(), units.len());
        prop_assert_eq!(tree.all().map(|unit| unit.unit()).collect::<Vec<_>>(), order.iter().map(|unit| (*unit).clone()).collect::<Vec<_>>());
        for (place, unit) in order.iter().enumerate() {
            let found = tree.by_code(unit.code.as_str()).unwrap();
            prop_assert_eq!((found.id, found.place()), (unit.id, place));
            prop_assert_eq!(tree.place(unit.id), Some(place));
            prop_assert_eq!(tree.places(place..place + 1).len(), 1);
            prop_assert_eq!(tree.all().nth(place).map(|unit| unit.id), Some(unit.id));
            let children: Vec<UnitId> = tree.children(unit.id).map(|unit| unit.id).collect();
            let right: Vec<UnitId> = order.iter().filter(|below| below.parent == Some(unit.id)).map(|unit| unit.id).collect();
            prop_assert_eq!(children, right);
            let above = std::iter::successors(unit.parent, |id| units.iter().find(|unit| unit.id == *id)?.parent);
            prop_assert_eq!(tree.ancestors(unit.id).map(|unit| unit.id).collect::<Vec<_>>(), above.collect::<Vec<_>>());
            let inside = order[place..].iter().take_while(|below| below.id == unit.id || tree.is_under(below.id, unit.id)).count();
            prop_assert_eq!(tree.subtree(unit.id).len(), inside);
            for day in (1..9).map(|day| ReportDay::new(2026, 12, day).unwrap()) {
                let open = std::iter::successors(Some(*unit), |unit| units.iter().find(|above| Some(above.id) == unit.parent)).all(|unit| unit.exists_on(day));
                prop_assert_eq!(tree.is_open(unit.id, day), open);
            }
        }
        for id in -700..700 {
            prop_assert_eq!(tree.get(UnitId(id)).is_some(), units.iter().any(|unit| unit.id.0 == id));
        }
        for code in ["371772", "371772005-X", "37177200", "X", "371773000"] {
            prop_assert_eq!(tree.by_code(code).is_some(), units.iter().any(|unit| unit.code.as_str() == code));
        }
        let bytes = tree.to_bytes();
        let read = UnitTree::from_bytes(&bytes);
        prop_assert_eq!(read.as_ref(), Some(&tree));
        prop_assert_eq!(UnitTree::from_bytes(&bytes[..bytes.len() - 1]), None);
        prop_assert_eq!(UnitTree::from_bytes(&[&bytes[..], &[0]].concat()), None);
    }

    #[test]
    fn bytes_that_were_changed_never_break_the_reader(
        drawn in prop::collection::vec(drawn(), 1..60),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        let units = units(&drawn);
        let mut bytes = UnitTree::new(units.clone()).unwrap().to_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        // What is changed is told by a digest elsewhere; here nothing may be looked for where nothing is.
        let Some(tree) = UnitTree::from_bytes(&bytes) else { return Ok(()) };
        for unit in tree.all() {
            let _ = (unit.unit(), tree.by_code(unit.code().as_str()), tree.children(unit.id).count());
            let _ = tree.ancestors(unit.id).count();
        }
        let _ = tree.search(tree.all(), "wf").count();
    }
}

#[test]
fn villages_that_follow_each_other_take_little() {
    let town = |n: i32| unit(n + 1, &format!("{}", 371_000_000 + n), Some(1), n);
    let village = |n: i32| {
        let mut village = unit(
            10_000 + n,
            &format!("{:09}{:03}", 371_000_001 + n / 20, 200 + n % 20),
            Some(2 + n / 20),
            n % 20,
        );
        village.name = format!("{}村村民委员会", ["王", "李", "张"][n as usize % 3]);
        village
    };
    let top = std::iter::once(unit(1, "CN", None, 0));
    let tree = UnitTree::new(top.chain((1..=1_000).map(town)).chain((0..20_000).map(village))).unwrap();
    let bytes = tree.to_bytes().len();
    assert!(bytes < 12 * tree.size(), "{bytes} bytes for {} units", tree.size());
}
