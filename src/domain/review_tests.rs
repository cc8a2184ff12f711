use super::*;
use crate::domain::calendar::{ReportDay, Window};
use crate::domain::campaign::{self, CampaignId, Expected, Kind, Locks};
use crate::domain::tally::{Channel, Count, DraftItem, DraftJoint};
use crate::domain::unit::{Unit, UnitCode, UnitKind};
use jiff::Timestamp;

fn day() -> ReportDay {
    "2025-12-04".parse().unwrap()
}

fn campaign() -> Campaign {
    Campaign {
        key: 1,
        id: CampaignId::new("c").unwrap(),
        kind: Kind::Constitution,
        year: 2025,
        name: String::new(),
        ordinal: None,
        theme: String::new(),
        window: Window::new(day(), day()).unwrap(),
        deadline: campaign::USUAL_DEADLINE,
        unit: UnitId(1),
        expected: Expected::Leaves,
        measures: campaign::template_measures(Kind::Constitution),
        locked: false,
        demo: false,
        locks: Locks::default(),
    }
}

fn tree() -> UnitTree {
    let unit = |id: i32, parent: Option<i32>| Unit {
        id: UnitId(id),
        code: UnitCode::new(&format!("u{id}")).unwrap(),
        name: String::new(),
        kind: UnitKind::Other,
        parent: parent.map(UnitId),
        opened_on: None,
        closed_on: None,
        order: id,
    };
    UnitTree::new(vec![unit(1, None), unit(2, Some(1)), unit(3, Some(1)), unit(9, None)]).unwrap()
}

fn version(review: Review, reason: &str) -> Version {
    Version {
        campaign: 1,
        day: day(),
        unit: UnitId(2),
        version: 3,
        review,
        figures: Vec::new(),
        zero: true,
        late: true,
        on_behalf: true,
        channel: Channel::Form,
        note: "n".into(),
        actor: 5,
        received_at: Timestamp::from_second(100).unwrap(),
        facts: Facts { reason: reason.into(), via: Some(Via::Phone), ..Facts::default() },
    }
}

#[test]
fn decisions_follow_the_states() {
    use Decision::{Accept, Return};
    use Review::{Accepted, Returned, Submitted};
    for (state, decision, verdict) in [
        (Submitted, Accept, Verdict::New),
        (Submitted, Return, Verdict::New),
        (Accepted, Accept, Verdict::Same),
        (Accepted, Return, Verdict::New),
        (Returned, Accept, Verdict::Refused("tally_returned")),
        (Returned, Return, Verdict::Refused("tally_returned")),
    ] {
        assert_eq!(decide(&version(state, ""), decision, "x"), verdict, "{state:?} {decision:?}");
    }
    assert_eq!(decide(&version(Returned, "x"), Return, "x"), Verdict::Same, "sent twice");
    assert_eq!(Decision::from_code("accepted"), Some(Accept));
    assert_eq!(Decision::from_code("return"), Some(Return));
    assert_eq!(Decision::from_code("submitted"), None);
}

#[test]
fn a_decision_keeps_the_report_and_says_who_decided() {
    let before = version(Review::Submitted, "old");
    let after = before.decided(Decision::Return, "why", 7, Timestamp::from_second(50).unwrap());
    assert_eq!((after.version, after.review, after.actor), (4, Review::Returned, 7));
    assert_eq!((after.late, after.on_behalf, after.zero), (true, true, true));
    assert_eq!(after.facts.reason, "why");
    assert_eq!(after.facts.via, Some(Via::Phone));
    assert_eq!(after.received_at, before.received_at, "a clock set back does not turn the order round");
    assert!(!after.counts() && !after.facts.own_review);
    let own = before.decided(Decision::Accept, "", 5, before.received_at);
    assert!(own.facts.own_review, "whoever sent the figures decided about them");
    assert!(!own.decided(Decision::Return, "", 7, own.received_at).facts.own_review);
}

fn joint(lead: &str, items: Vec<DraftItem>) -> Draft {
    Draft { joint: vec![DraftJoint { lead: lead.into(), items }], ..Draft::default() }
}

fn banners(count: Count) -> DraftItem {
    DraftItem { measure: "banners".into(), title: None, count, bound: None }
}

fn faults(draft: &Draft) -> Vec<(String, &'static str)> {
    let found = Report::check(draft, &campaign(), &tree(), UnitId(2)).unwrap_err();
    found.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

#[test]
fn a_part_in_anothers_event_is_a_report_and_never_a_zero_one() {
    let report =
        Report::check(&joint("u3", vec![banners(Count::Whole(4))]), &campaign(), &tree(), UnitId(2)).unwrap();
    assert!(report.figures.entries().is_empty() && !report.is_zero());
    assert_eq!((report.joint[0].lead, report.entries().count()), (UnitId(3), 1));
    let zero = Draft { zero: true, ..joint("u3", vec![banners(Count::Whole(4))]) };
    assert_eq!(faults(&zero), [("/zero".to_owned(), "zero_with_items")]);
    for (lead, items, pointer, code) in [
        ("u2", vec![banners(Count::Whole(1))], "/joint/0/lead", "joint_own_unit"),
        ("u9", vec![banners(Count::Whole(1))], "/joint/0/lead", "unit_outside_campaign"),
        ("", vec![banners(Count::Whole(1))], "/joint/0/lead", "unit_outside_campaign"),
        ("u3", vec![], "/joint/0/items", "nothing_reported"),
        ("u3", vec![banners(Count::Negative)], "/joint/0/items/0/count", "count_negative"),
    ] {
        assert_eq!(faults(&joint(lead, items)), [(pointer.to_owned(), code)]);
    }
}

#[test]
fn reasons_and_channels_are_checked() {
    let zero = Draft { zero: true, ..Draft::default() };
    let with = |reason: &str| Draft { reason: reason.into(), ..zero.clone() };
    assert_eq!(faults(&with(&"长".repeat(MAX_REASON + 1))), [("/reason".to_owned(), "reason_too_long")]);
    assert_eq!(faults(&with("a\u{0}b")), [("/reason".to_owned(), "reason_invalid")]);
    assert_eq!(faults(&with("电话13800138000")), [("/reason".to_owned(), "personal_data")]);
    let pigeon = Draft { via: Some("pigeon".into()), ..zero };
    assert_eq!(faults(&pigeon), [("/via".to_owned(), "via_unknown")]);
}

#[test]
fn a_lock_has_exceptions_that_end() {
    let locks = Locks {
        days: [day()].into(),
        exceptions: [
            ((UnitId(2), day()), None),
            ((UnitId(3), day()), Some(Timestamp::from_second(10).unwrap())),
        ]
        .into(),
    };
    let at = |second| Timestamp::from_second(second).unwrap();
    assert_eq!(locks.over(day(), false), Some("day_locked"));
    assert_eq!(locks.over(day(), true), Some("campaign_locked"));
    assert_eq!(locks.over(day().plus(1), false), None);
    assert!(locks.excepts(UnitId(2), day(), at(99)) && !locks.excepts(UnitId(2), day().plus(1), at(0)));
    assert!(locks.excepts(UnitId(3), day(), at(10)) && !locks.excepts(UnitId(3), day(), at(11)));
}
