use super::*;
use crate::domain::calendar::Window;
use crate::domain::campaign::{self, CampaignId, Expected, Kind};

fn campaign() -> Campaign {
    let day = |text: &str| text.parse::<ReportDay>().unwrap();
    Campaign {
        key: 1,
        id: CampaignId::new("constitution-2025").unwrap(),
        kind: Kind::Constitution,
        year: 2025,
        name: String::new(),
        ordinal: Some(12),
        theme: String::new(),
        window: Window::new(day("2025-12-01"), day("2025-12-07")).unwrap(),
        deadline: campaign::USUAL_DEADLINE,
        unit: UnitId(1),
        expected: Expected::Leaves,
        measures: campaign::template_measures(Kind::Constitution),
        locked: false,
        demo: false,
        locks: campaign::Locks::default(),
    }
}

fn item(measure: &str, count: Count) -> DraftItem {
    DraftItem { measure: measure.into(), title: None, count, bound: None }
}

fn faults(draft: &Draft) -> Vec<(String, &'static str)> {
    Figures::check(draft, &campaign()).unwrap_err().into_iter().map(|f| (f.pointer, f.code)).collect()
}

#[test]
fn every_fault_is_told_with_its_place() {
    let draft = Draft {
        items: vec![
            item("materials", Count::Negative),
            item("leaflets", Count::Whole(1)),
            item("consultations", Count::Whole(1)),
            item("banners", Count::Whole(1_000_000_001)),
            item("boards", Count::Fraction),
            item("sessions", Count::Missing),
            DraftItem { bound: Some("over".into()), ..item("audience", Count::Whole(0)) },
            DraftItem { bound: Some("sure".into()), ..item("posts", Count::Whole(1)) },
            DraftItem { title: Some("电话13800138000".into()), ..item("materials", Count::Whole(1)) },
        ],
        consultations: vec![DraftConsultation {
            topic: Some("gossip".into()),
            mode: Some("shouted".into()),
            person_times: Count::NotANumber,
            bound: None,
        }],
        zero: true,
        note: "x".repeat(MAX_NOTE + 1),
        ..Draft::default()
    };
    let expected = [
        ("/items/0/count", "count_negative"),
        ("/items/1/measure", "measure_unknown"),
        ("/items/2/measure", "consultations_as_item"),
        ("/items/3/count", "count_too_large"),
        ("/items/4/count", "count_fractional"),
        ("/items/5/count", "count_missing"),
        ("/items/6/count", "bound_on_zero"),
        ("/items/7/bound", "bound_unknown"),
        ("/items/8/title", "personal_data"),
        ("/consultations/0/topic", "topic_unknown"),
        ("/consultations/0/mode", "mode_unknown"),
        ("/consultations/0/person_times", "count_not_a_number"),
        ("/zero", "zero_with_items"),
        ("/note", "note_too_long"),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(pointer, code)| (pointer.to_owned(), code)).collect();
    assert_eq!(faults(&draft), expected);
}

#[test]
fn nothing_at_all_is_no_report_and_zero_is_one() {
    assert_eq!(faults(&Draft::default()), [(String::new(), "nothing_reported")]);
    let zero = Figures::check(&Draft { zero: true, ..Draft::default() }, &campaign()).unwrap();
    assert!(zero.is_zero());
}

#[test]
fn an_item_may_come_once_a_title() {
    let titled = |title: &str| DraftItem { title: Some(title.into()), ..item("materials", Count::Whole(2)) };
    let twice = Draft { items: vec![titled("《宪法》"), titled(" 《宪法》 ")], ..Draft::default() };
    assert_eq!(faults(&twice), [("/items/1".to_owned(), "item_duplicate")]);
    let two = Draft { items: vec![titled("《宪法》"), titled("《民法典》")], ..Draft::default() };
    assert_eq!(Figures::check(&two, &campaign()).unwrap().entries().len(), 2);
}

#[test]
fn too_many_lines_are_refused_at_once() {
    let draft = Draft { items: vec![item("materials", Count::Whole(1)); MAX_LINES + 1], ..Draft::default() };
    assert_eq!(faults(&draft), [("/items".to_owned(), "too_many_lines")]);
}
