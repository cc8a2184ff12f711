use super::super::{Limits, read as read_grid};
use super::*;

fn units(csv: &str) -> Units {
    read(&read_grid(csv.as_bytes(), &Limits::REMOTE).unwrap())
}

fn problems(found: &Units) -> Vec<String> {
    found.errors.iter().map(|remark| format!("{} {}", remark.place, remark.code)).collect()
}

#[test]
fn code_and_name_are_enough() {
    let found = units("code,name\n371772001000,万福社区\n3717,菏泽市\n");
    assert_eq!(problems(&found), [""; 0]);
    assert_eq!(found.units[0].code.as_str(), "371772001000");
    assert_eq!(
        (found.units[0].parent.as_ref(), found.units[0].kind, found.units[0].opened_on),
        (None, None, None)
    );
}

#[test]
fn every_column_is_read() {
    let found = units(
        "code,name,parent,kind,opened_on,closed_on,order\ngx-edu,教体局,371772,部门,2020-01-01,,3\ngx-x,学校,gx-edu,school,,2026年1月1日,\n",
    );
    assert_eq!(problems(&found), [""; 0]);
    let day = |text: &str| text.parse().unwrap();
    assert_eq!(found.units[0].parent.as_ref().map(UnitCode::as_str), Some("371772"));
    assert_eq!((found.units[0].kind, found.units[0].order), (Some(UnitKind::Department), Some(3)));
    assert_eq!(
        (found.units[0].opened_on, found.units[0].closed_on),
        (Some(Some(day("2020-01-01"))), Some(None))
    );
    assert_eq!(
        (found.units[1].kind, found.units[1].closed_on),
        (Some(UnitKind::School), Some(Some(day("2026-01-01"))))
    );
}

#[test]
fn faults_are_told_with_their_places() {
    let csv = "code,name,kind,opened_on,closed_on,order\n代码,甲,,,,\nb,,,,,\nc,丙,星球,,,\nd,丁,,4/12/2026,,x\ne,戊,,2026-12-04,2026-12-03,\nf,己,,,,\nf,庚,,,,\n,辛,,,,\n";
    assert_eq!(
        problems(&units(csv)),
        [
            "A2 code_invalid",
            "B3 name_invalid",
            "C4 kind_unknown",
            "D5 date_ambiguous",
            "F5 limit_invalid",
            "E6 closed_before_opened",
            "A8 unit_twice",
            "A9 field_missing",
        ]
    );
    assert_eq!(problems(&units("名称,上级\n1,2\n")), ["1 column_missing_unit"]);
}

#[test]
fn codes_tell_the_kind() {
    let kind = |code: &str| kind_of(&UnitCode::new(code).unwrap());
    assert_eq!(kind("37"), Some(UnitKind::Region));
    assert_eq!(kind("371700000000"), Some(UnitKind::Region));
    assert_eq!(kind("371772001"), Some(UnitKind::Subdistrict));
    assert_eq!(kind("371772100000"), Some(UnitKind::Town));
    assert_eq!(kind("371772200"), Some(UnitKind::Township));
    assert_eq!(kind("371772400"), Some(UnitKind::Township));
    assert_eq!(kind("371772001001"), Some(UnitKind::Village));
    assert_eq!((kind("371772600"), kind("gx-edu")), (None, None));
}
