use super::*;
use crate::sheet::{Cell, Limits, Place, read};

fn book() -> Book {
    let column = |top: &str, below: &str| Column { below: below.into(), ..Column::new(top, 12) };
    let day = |text: &str| text.parse().unwrap();
    let table = Table {
        name: "明细".into(),
        title: "2026年宪法宣传周".into(),
        columns: vec![
            Column { hidden: true, ..Column::new("单位代码", 14) },
            Column { rule: Some(Rule::Days(day("2026-12-01"), day("2026-12-07"))), ..column("日期", "") },
            Column { rule: Some(Rule::Count), ..column("宣传资料", "《宪法》") },
            column("宣传资料", "《民法典》"),
            Column {
                rule: Some(Rule::OneOf(vec!["现场".into(), "电话".into()])), ..column("备注", "")
            },
        ],
        rows: vec![
            vec![
                Value::text("371772001"),
                Value::Day(day("2026-12-04")),
                Value::Number(1200),
                Value::text("4万余"),
                Value::text("=1+1"),
            ],
            vec![Value::text("371772100"), Value::Blank, Value::Number(0), Value::Blank, Value::Blank],
        ],
        frozen: 2,
        spare: 10,
    };
    let chart = LineChart { name: "图".into(), title: "按日".into(), table: 0, series: vec![2] };
    Book { tables: vec![table], chart: Some(chart), picture: None }
}

#[test]
fn what_is_written_is_read() {
    let bytes = book().write().unwrap();
    let grid = read(&bytes, &Limits::REMOTE).unwrap();
    let at = |row, column| grid.shown(Place { row, column }).cloned();
    let text = |text: &str| Some(Cell::Text(text.into()));
    assert_eq!(at(1, 5), text("2026年宪法宣传周"));
    assert_eq!((at(2, 3), at(2, 4), at(3, 4)), (text("宣传资料"), text("宣传资料"), text("《民法典》")));
    assert_eq!((at(3, 2), at(3, 5)), (text("日期"), text("备注")), "a heading over two rows");
    assert_eq!(at(4, 1), text("371772001"), "a code stays text");
    assert_eq!(at(4, 2), Some(Cell::Serial(46360.0)));
    assert_eq!((at(4, 3), at(4, 4)), (Some(Cell::Number(1200.0)), text("4万余")));
    assert_eq!(at(4, 5), text("=1+1"), "text, and no formula");
    assert_eq!(at(5, 3), Some(Cell::Number(0.0)));
}

#[test]
fn the_same_content_gives_the_same_bytes() {
    assert_eq!(book().write().unwrap(), book().write().unwrap());
}

#[test]
fn panes_rules_and_hidden_columns_are_there() {
    let bytes = book().write().unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut part = |name: &str| std::io::read_to_string(archive.by_name(name).unwrap()).unwrap();
    let sheet = part("xl/worksheets/sheet1.xml");
    for wanted in [
        r#"<pane xSplit="2" ySplit="3""#,
        r#"hidden="1""#,
        r#"type="whole""#,
        r#"sqref="C4:C15""#,
        r#"type="list""#,
        "现场,电话",
        r#"type="date""#,
        r#"<mergeCell ref="C2:D2"/>"#,
        r#"<mergeCell ref="B2:B3"/>"#,
    ] {
        assert!(sheet.contains(wanted), "{wanted}: {sheet}");
    }
    assert!(part("xl/charts/chart1.xml").contains("lineChart"));
    assert!(!part("docProps/core.xml").contains("202"), "no clock");
}
