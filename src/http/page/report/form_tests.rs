use super::*;

fn form(pairs: &[(&str, &str)]) -> Form {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let pairs = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    Form::read(&Query::of(pairs))
}

#[test]
fn a_count_is_read_as_people_type_it() {
    for (text, expected) in [
        ("12", Count::Whole(12)),
        (" 12 ", Count::Whole(12)),
        ("１２", Count::Whole(12)),
        ("1,200", Count::Whole(1_200)),
        ("１，２００，０００", Count::Whole(1_200_000)),
        ("3.0", Count::Whole(3)),
        ("007", Count::Whole(7)),
        ("-0", Count::Whole(0)),
        ("99999999999999999999999", Count::Whole(u64::MAX)),
        ("-5", Count::Negative),
        ("－５", Count::Negative),
        ("-1.5", Count::Negative),
        ("-0.5", Count::Negative),
        ("1.5", Count::Fraction),
        ("", Count::Missing),
        ("  ", Count::Missing),
        ("1.5万", Count::NotANumber),
        ("abc", Count::NotANumber),
        ("1,2", Count::NotANumber),
        (",200", Count::NotANumber),
        ("1e3", Count::NotANumber),
        ("1.", Count::NotANumber),
        ("+5", Count::NotANumber),
    ] {
        assert_eq!(count(text), expected, "{text:?}");
    }
}

#[test]
fn empty_rows_are_left_out_and_faults_find_their_way_back() {
    let form = form(&[
        ("items.0.measure", "materials"),
        ("items.0.title", "《宪法》"),
        ("items.0.given", "1"),
        ("items.0.count", ""),
        ("items.4.measure", "materials"),
        ("items.4.title", "《民法典》"),
        ("items.4.given", "1"),
        ("items.4.count", "１２"),
        ("items.4.bound", "over"),
        ("items.5.measure", "materials"),
        ("items.5.title", " "),
        ("items.5.count", " "),
        ("items.7.measure", "banners"),
        ("items.7.count", "-5"),
        ("consultations.0.topic", "labour"),
        ("consultations.0.mode", "on_site"),
        ("consultations.0.person_times", ""),
        ("consultations.2.topic", "labour"),
        ("consultations.2.mode", "phone"),
        ("consultations.2.person_times", "7"),
        ("note", "晴"),
        ("version", "3"),
        ("key", "k"),
    ]);
    let (draft, places) = form.draft();
    assert_eq!(
        draft.items,
        [
            DraftItem {
                measure: "materials".into(),
                title: Some("《民法典》".into()),
                count: Count::Whole(12),
                bound: Some("over".into())
            },
            DraftItem { measure: "banners".into(), title: None, count: Count::Negative, bound: None },
        ]
    );
    assert_eq!(draft.consultations.len(), 1);
    assert_eq!(draft.consultations[0].mode.as_deref(), Some("phone"));
    assert_eq!((draft.note.as_str(), draft.zero), ("晴", false));
    assert_eq!((form.version.as_str(), form.key.as_str()), ("3", "k"));
    for (pointer, field) in [
        ("/items/1/count", "items.7.count"),
        ("/items/0/title", "items.4.title"),
        ("/items/0/bound", "items.4.bound"),
        ("/items/1/measure", "items.7.count"),
        ("/items/1", "items.7.count"),
        ("/items/9/count", ""),
        ("/items", ""),
        ("/consultations/0/person_times", "consultations.2.person_times"),
        ("/consultations/0/topic", "consultations.2.topic"),
        ("/consultations", ""),
        ("/zero", "zero"),
        ("/note", "note"),
        ("/date", ""),
        ("", ""),
    ] {
        assert_eq!(places.field(pointer), field, "{pointer}");
    }
}

#[test]
fn a_title_that_was_typed_asks_for_its_count() {
    let form =
        form(&[("items.3.measure", "materials"), ("items.3.title", "《国旗法》"), ("items.3.count", "")]);
    assert_eq!(form.draft().0.items[0].count, Count::Missing);
}

#[test]
fn a_zero_report_and_a_zero_are_different() {
    assert!(form(&[("zero", "1")]).draft().0.zero);
    let (draft, _) = form(&[("items.0.measure", "banners"), ("items.0.count", "0")]).draft();
    assert_eq!((draft.zero, draft.items[0].count), (false, Count::Whole(0)));
}

#[test]
fn rows_out_of_reach_and_unknown_fields_are_not_read() {
    let form =
        form(&[("items.1000.count", "1"), ("items.-1.count", "1"), ("items.x.count", "1"), ("more", "1")]);
    assert_eq!(form, Form::default());
}

#[test]
fn more_rows_come_after_those_there_are() {
    let mut form = form(&[("items.7.measure", "banners"), ("items.7.count", "5")]);
    form.grow();
    assert_eq!(form.items.iter().map(|item| item.at).collect::<Vec<_>>(), [7, 8, 9, 10, 11]);
    assert_eq!(form.draft().0.items.len(), 1);
}
