use super::*;
use crate::domain::consultation::{Mode, Topic};
use crate::domain::measure::MeasureCode;
use crate::domain::quantity::{Bound, Quantity};
use proptest::prelude::*;

fn day(n: i32) -> ReportDay {
    ReportDay::from_number(20_251_200 + n).unwrap()
}

fn item(measure: &str, title: Option<&str>, count: u64) -> Entry {
    let line = Line::Item { measure: MeasureCode::new(measure).unwrap(), title: title.map(Into::into) };
    Entry { line, quantity: Quantity::new(count, Bound::Exact).unwrap() }
}

fn asked(count: u64) -> Entry {
    let line = Line::Consultation { topic: Topic::default(), mode: Mode::default() };
    Entry { line, quantity: Quantity::new(count, Bound::Exact).unwrap() }
}

fn found(kind: UnitKind, entries: &[Entry], past: &[Past], ledger: &[Drawn]) -> Vec<(String, &'static str)> {
    let evidence = Evidence { kind, day: day(7), entries, past, ledger, leads: &[] };
    check(&evidence).into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

fn past(counts: &[u64]) -> Vec<Past> {
    let one = |(at, count): (i32, &u64)| Past {
        day: day(7).plus(-2 * at - 2),
        entries: vec![item("banners", None, *count)],
    };
    (0..).zip(counts).map(one).collect()
}

fn jumps_from(history: &[u64], count: u64) -> bool {
    let warnings = found(UnitKind::School, &[item("banners", None, count)], &past(history), &[]);
    warnings == [("/items/0/count".to_owned(), "jump")]
}

#[test]
fn a_jump_is_far_from_the_units_own_past() {
    assert!(!jumps_from(&[100, 110, 90], 100_000), "three values are no history");
    assert!(jumps_from(&[100, 110, 90, 105], 1_000));
    assert!(jumps_from(&[100, 110, 90, 105], 9), "down as well as up");
    assert!(!jumps_from(&[100, 100, 100, 100], 101), "a constant past makes no small change a jump");
    assert!(!jumps_from(&[100, 100, 100, 100], 405) && jumps_from(&[100, 100, 100, 100], 406));
    // One stall of ten days' work in the past does not make the next slip invisible, as a mean would.
    assert!(jumps_from(&[100, 120, 80, 100, 5_000], 3_000));
    // Who varies by factors may go on doing so.
    assert!(!jumps_from(&[10, 50, 200, 900, 30], 700));
}

#[test]
fn bands_are_those_of_the_kind() {
    let codes = |kind, copies| -> Vec<&'static str> {
        found(kind, &[item("materials", None, copies)], &[], &[]).into_iter().map(|f| f.1).collect()
    };
    assert!(codes(UnitKind::Town, 100).is_empty() && codes(UnitKind::Town, 2_400).is_empty());
    assert_eq!(codes(UnitKind::Subdistrict, 2_401), ["above_band"]);
    assert_eq!(codes(UnitKind::Township, 99), ["below_band"]);
    assert_eq!(codes(UnitKind::Region, 78_001), ["above_band"]);
    assert!(codes(UnitKind::Town, 0).is_empty() && codes(UnitKind::School, 99_999).is_empty());
    assert_eq!(
        found(UnitKind::Town, &[item("materials", None, 1_000), asked(201)], &[], &[]),
        [("/consultations".to_owned(), "above_band")]
    );
    assert!(asks("above_band") && !asks("below_band") && !asks("lead_not_reported"));
}

#[test]
fn yesterdays_figures_again_are_told() {
    let entries = [item("banners", None, 7), asked(31)];
    let yesterday = Past { day: day(6), entries: vec![asked(31), item("banners", None, 7)] };
    let earlier = Past { day: day(5), ..yesterday.clone() };
    let again = [(String::new(), "same_as_yesterday")];
    assert_eq!(found(UnitKind::School, &entries, std::slice::from_ref(&yesterday), &[]), again);
    assert!(found(UnitKind::School, &entries, &[earlier], &[]).is_empty());
    assert!(found(UnitKind::School, &entries[..1], &[yesterday], &[]).is_empty());
    let zero = Past { day: day(6), entries: Vec::new() };
    assert!(found(UnitKind::School, &[], &[zero], &[]).is_empty(), "two zero reports are no copy");
}

#[test]
fn hundreds_three_days_running_look_estimated() {
    let past = |counts: [u64; 2]| -> Vec<Past> {
        let one = |(back, count): (i32, u64)| Past {
            day: day(7).plus(-back),
            entries: vec![item("banners", None, count)],
        };
        (1..).zip(counts).map(one).collect()
    };
    let today = [item("banners", None, 400)];
    let round = [("/items/0/count".to_owned(), "round_numbers")];
    assert_eq!(found(UnitKind::School, &today, &past([300, 500]), &[]), round);
    assert!(found(UnitKind::School, &today, &past([300, 510]), &[]).is_empty());
    assert!(found(UnitKind::School, &today, &past([300, 500])[..1], &[]).is_empty());
}

#[test]
fn nobody_hands_out_more_than_was_drawn() {
    let ledger = [Drawn { title: "《宪法》".into(), drawn: 500, handed_out: 450 }];
    let out = |title, count| {
        found(
            UnitKind::School,
            &[item("banners", None, 1), item("materials", Some(title), count)],
            &[],
            &ledger,
        )
    };
    assert!(out("《宪法》", 50).is_empty());
    assert_eq!(out("《宪法》", 51), [("/items/1/count".to_owned(), "more_than_drawn")]);
    assert!(out("《民法典》", 9_999).is_empty(), "a title that the ledger does not know is not judged by it");
}

#[test]
fn consultations_are_weighed_against_copies_and_rectified_against_found() {
    let codes = |entries: &[Entry]| -> Vec<&'static str> {
        found(UnitKind::School, entries, &[], &[]).into_iter().map(|f| f.1).collect()
    };
    for (copies, people, odd) in
        [(1_000, 1, false), (1_001, 1, true), (1_000, 400, false), (1_000, 401, true), (0, 9, false)]
    {
        let odd = if odd { &["consultations_per_copy"][..] } else { &[] };
        assert_eq!(codes(&[item("materials", None, copies), asked(people)]), odd, "{copies} {people}");
    }
    let hazards =
        |found, fixed| codes(&[item("hazards_found", None, found), item("hazards_fixed", None, fixed)]);
    assert!(hazards(3, 3).is_empty());
    assert_eq!(hazards(3, 4), ["fixed_more_than_found"]);
    assert_eq!(codes(&[item("hazards_fixed", None, 1)]), ["fixed_more_than_found"]);
}

#[test]
fn a_lead_that_is_silent_is_told() {
    let leads = [("教体局".to_owned(), true), ("万福街道".to_owned(), false)];
    let evidence =
        Evidence { kind: UnitKind::School, day: day(7), entries: &[], past: &[], ledger: &[], leads: &leads };
    let told: Vec<_> = check(&evidence).into_iter().map(|f| (f.pointer, f.code)).collect();
    assert_eq!(told, [("/joint/1/lead".to_owned(), "lead_not_reported")]);
}

proptest! {
    #[test]
    fn a_jump_is_the_same_in_any_order_and_on_any_scale(
        mut history in prop::collection::vec(1u64..50_000, 4..12), count in 1u64..50_000, by in 1u64..1_000,
    ) {
        let first = jumps_from(&history, count);
        let scaled: Vec<u64> = history.iter().map(|n| n * by).collect();
        history.reverse();
        prop_assert_eq!(jumps_from(&history, count), first);
        // Hundreds may become round numbers, but no two of these days follow each other.
        prop_assert_eq!(jumps_from(&scaled, count * by), first);
    }

    #[test]
    fn nothing_within_a_factor_of_four_of_the_median_is_a_jump(count in 100u64..10_000, share in 25u64..=400) {
        let other = (count * share / 100).max(1);
        prop_assert!(!jumps_from(&[count; 5], other));
    }
}
