use super::super::{Limits, read};
use super::*;

fn units(csv: &str) -> Result<Head, Vec<Remark>> {
    find(&read(csv.as_bytes(), &Limits::REMOTE).unwrap(), &Vocabulary::Units)
}

#[test]
fn headings_of_units_in_both_languages() {
    let head = units("code,name,parent,kind,opened_on,closed_on,order\n1,2,,,,,\n").unwrap();
    let columns: Vec<&Column> = head.columns.iter().map(|(_, column, _)| column).collect();
    let wanted = [
        &Column::Code,
        &Column::Name,
        &Column::Parent,
        &Column::Kind,
        &Column::OpenedOn,
        &Column::ClosedOn,
        &Column::Order,
    ];
    assert_eq!(columns, wanted);
    let head = units("全国统计用区划代码\n序号,统计用区划代码,名称\n1,371772001000,万福\n").unwrap();
    assert_eq!(
        (head.last_row, head.column(&Column::Code), head.column(&Column::Name)),
        (2, Some(2), Some(3))
    );
    assert_eq!(head.left().collect::<Vec<_>>(), ["序号"]);
}

#[test]
fn an_unknown_heading_names_the_nearest() {
    let faults = units("单位代码,单位名,上级代码\n1,2,3\n").unwrap_err();
    assert_eq!((faults[0].place, faults[0].code), (Place { row: 1, column: 2 }, "column_unknown"));
    assert!(
        faults[0].args.iter().any(|(name, near)| *name == "near" && near.contains("单位名称")),
        "{faults:?}"
    );
}
