use super::super::forge_tests::{Forge, row};
use super::super::{Limits, read as read_grid};
use super::*;
use crate::domain::calendar::Window;
use crate::domain::campaign::{Campaign, CampaignId, Expected, Kind, USUAL_DEADLINE, template_measures};
use proptest::prelude::*;

const UNITS: [(&str, &str); 3] =
    [("371772001", "万福街道"), ("371772100", "吕陵镇"), ("371772108", "马岭岗镇")];

fn campaign() -> Campaign {
    let day = |text: &str| text.parse().unwrap();
    Campaign {
        key: 1,
        id: CampaignId::new("constitution-2026").unwrap(),
        kind: Kind::Constitution,
        year: 2026,
        name: "宪法宣传周".into(),
        ordinal: None,
        theme: String::new(),
        window: Window::new(day("2026-12-01"), day("2026-12-07")).unwrap(),
        deadline: USUAL_DEADLINE,
        unit: UnitId(0),
        expected: Expected::Leaves,
        measures: template_measures(Kind::Constitution),
        locked: false,
        demo: false,
        locks: crate::domain::campaign::Locks::default(),
    }
}

fn find(code: Option<&str>, name: Option<&str>) -> Result<UnitId, Remark> {
    let at = UNITS.iter().position(|(c, n)| code.map_or(Some(*n) == name, |code| code == *c));
    at.map(|at| UnitId(i32::try_from(at).unwrap())).ok_or(Remark::new(Place::default(), "unit_unknown"))
}

fn reports(bytes: &[u8]) -> Reports {
    read(&read_grid(bytes, &Limits::REMOTE).unwrap(), &campaign(), None, &find)
}

/// Every figure as `unit day line count`, sorted.
fn figures(found: &Reports) -> Vec<String> {
    assert_eq!(found.errors, [], "{:?}", found.warnings);
    let count = |count: Count| if let Count::Whole(n) = count { n.to_string() } else { format!("{count:?}") };
    let mut all = Vec::new();
    for report in &found.reports {
        let of = format!("{} {}", UNITS[report.unit.0 as usize].1, &report.day.to_string()[5..]);
        for item in &report.draft.items {
            let bound = item.bound.as_deref().filter(|bound| *bound != "exact").unwrap_or_default();
            let title = item.title.as_deref().unwrap_or_default();
            all.push(format!("{of} {}{title} {}{bound}", item.measure, count(item.count)));
        }
        for record in &report.draft.consultations {
            let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
            all.push(format!(
                "{of} {}/{} {}",
                text(&record.topic),
                text(&record.mode),
                count(record.person_times)
            ));
        }
    }
    all.sort();
    all
}

fn problems(found: &Reports) -> Vec<String> {
    found.errors.iter().map(|remark| format!("{} {}", remark.place, remark.code)).collect()
}

#[test]
fn a_plain_wide_sheet() {
    let found = reports("单位,日期,宣传资料,咨询人次,横幅(条),备注\n万福街道,2026-12-4,\"1,200份\",14,6,雨\n吕陵镇,12月4日,4万余,,０,\n马岭岗镇,2026年12月4日,,,,\n".as_bytes());
    assert_eq!(
        figures(&found),
        [
            "万福街道 12-04 -/- 14",
            "万福街道 12-04 banners 6",
            "万福街道 12-04 materials 1200",
            "吕陵镇 12-04 banners 0",
            "吕陵镇 12-04 materials 40000over",
        ]
    );
    assert_eq!((found.blank, found.reports[0].draft.note.as_str()), (1, "雨"));
    assert!(found.has_items && found.has_consultations && found.has_notes);
    assert_eq!(found.reports[0].place("/items/0/count"), Place { row: 2, column: 3 });
    assert_eq!(found.reports[0].place("/consultations/0/person_times"), Place { row: 2, column: 4 });
}

#[test]
fn title_rows_merged_heads_and_a_sum() {
    let data = [
        row(1, &["2026年国家宪法日宣传情况统计表"]),
        row(2, &["填报单位：普法办", "", "", "", "", "", "", "单位：份"]),
        row(3, &["序号", "镇街", "日期", "宣传资料", "", "", "法律咨询", "", "横幅"]),
        row(4, &["", "", "", "《宪法》", "《民法典》", "小计", "劳动用工", "婚姻家庭", ""]),
        row(5, &["1", "万福街道", "46360", "1,200份", "300", "1500", "10", "4", "6"]),
        row(6, &["2", "吕陵镇", "46360", "近500", "", "500", "", "", "2"]),
        row(7, &["合 计", "", "", "1700", "301", "2000", "10", "4", "8"]),
        row(9, &["填报人：某某", "", "", "", "审核："]),
    ]
    .concat();
    let merges = ["A1:I1", "A3:A4", "B3:B4", "C3:C4", "D3:F3", "G3:H3", "I3:I4", "A7:C7"];
    let merges: String = merges.iter().map(|area| format!(r#"<mergeCell ref="{area}"/>"#)).collect();
    let found = reports(
        &Forge::sheet(&format!("<sheetData>{data}</sheetData><mergeCells>{merges}</mergeCells>")).bytes(),
    );
    assert_eq!(
        figures(&found),
        [
            "万福街道 12-04 banners 6",
            "万福街道 12-04 labour/- 10",
            "万福街道 12-04 marriage_family/- 4",
            "万福街道 12-04 materials《宪法》 1200",
            "万福街道 12-04 materials《民法典》 300",
            "吕陵镇 12-04 banners 2",
            "吕陵镇 12-04 materials《宪法》 500under",
        ]
    );
    let warned: Vec<String> =
        found.warnings.iter().map(|w| format!("{} {} {:?}", w.place, w.code, w.args)).collect();
    assert_eq!(warned, [r#"E7 sum_differs [("told", "301"), ("right", "300")]"#]);
    assert_eq!(found.left, ["序号"]);
}

#[test]
fn a_head_whose_units_stand_in_the_second_row() {
    let csv = "宣传情况\n,,宣传资料,,横幅\n单位,日期,《宪法》,《民法典》,条\n万福街道,12月4日,5,6,7\n";
    assert_eq!(
        figures(&reports(csv.as_bytes())),
        [
            "万福街道 12-04 banners 7",
            "万福街道 12-04 materials《宪法》 5",
            "万福街道 12-04 materials《民法典》 6",
        ]
    );
    let csv = "单位,日期,宣传资料,,活动,\n,,《宪法》,《民法典》,场次,受教育群众\n万福街道,12月4日,5,6,7,8\n";
    assert_eq!(
        figures(&reports(csv.as_bytes())),
        [
            "万福街道 12-04 audience 8",
            "万福街道 12-04 materials《宪法》 5",
            "万福街道 12-04 materials《民法典》 6",
            "万福街道 12-04 sessions 7",
        ]
    );
}

#[test]
fn a_long_sheet_and_names_that_span_rows() {
    let csv = "unit_code,date,measure,title,topic,mode,count,bound\n\
               371772001,2026-12-04,materials,《宪法》,,,1200,\n371772001,2026-12-04,横幅,,,,6,\n\
               371772001,2026-12-04,consultations,,labour,现场,14,over\n";
    assert_eq!(
        figures(&reports(csv.as_bytes())),
        [
            "万福街道 12-04 banners 6",
            "万福街道 12-04 labour/on_site 14",
            "万福街道 12-04 materials《宪法》 1200",
        ]
    );
    let data = [
        row(1, &["单位", "日期", "指标", "数量"]),
        row(2, &["万福街道", "46360", "宣传资料", "5"]),
        row(3, &["", "", "横幅", "6"]),
    ];
    let merges = r#"<mergeCells><mergeCell ref="A2:A3"/><mergeCell ref="B2:B3"/></mergeCells>"#;
    let found = reports(&Forge::sheet(&format!("<sheetData>{}</sheetData>{merges}", data.concat())).bytes());
    assert_eq!(figures(&found), ["万福街道 12-04 banners 6", "万福街道 12-04 materials 5"]);
}

#[test]
fn a_title_that_is_called_a_sum_is_a_title() {
    let csv = "单位,日期,指标,标题,数量\n万福街道,12月4日,宣传资料,小计,5\n合计,,,,5\n";
    assert_eq!(figures(&reports(csv.as_bytes())), ["万福街道 12-04 materials小计 5"]);
}

#[test]
fn consultations_by_topic_and_mode() {
    let found = reports("单位\t日期\t咨询类别\t咨询方式\t咨询人次\n万福街道\t2026/12/4\t劳动用工\t现场\t14\n万福街道\t2026/12/4\t\t电话\t3\n".as_bytes());
    assert_eq!(figures(&found), ["万福街道 12-04 -/phone 3", "万福街道 12-04 labour/on_site 14"]);
    assert!(!found.has_items && found.has_consultations && !found.reports[0].plain_consultations);
}

#[test]
fn two_prints_are_parted_and_one_print_twice_is_not() {
    let found = reports("单位,日期,宣传单,发放宣传册\n万福街道,12月4日,5,6\n".as_bytes());
    assert_eq!(figures(&found), ["万福街道 12-04 materials宣传册 6", "万福街道 12-04 materials宣传单 5"]);
    let found = reports("单位,日期,印发宣传资料,发放宣传资料\n万福街道,12月4日,5,6\n".as_bytes());
    assert_eq!(problems(&found), ["D1 column_twice"]);
}

#[test]
fn faults_are_told_with_their_places() {
    let csv = "单位,日期,宣传资料,展版数\n万福街道,12月4日,5,1\n";
    let found = reports(csv.as_bytes());
    assert_eq!(problems(&found), ["D1 column_unknown"]);
    assert!(
        found.errors[0].args.iter().any(|(name, words)| *name == "near" && words.contains("展板")),
        "{:?}",
        found.errors
    );
    let csv = "单位,日期,宣传资料,横幅\n万福街道,04/12/2026,5,\n无此单位,12月4日,5,\n吕陵镇,,5,\n,12月4日,5,\n马岭岗镇,12月4日,3-5,1.5\n马岭岗镇,12月4日,1,1\n";
    let found = reports(csv.as_bytes());
    assert_eq!(
        problems(&found),
        ["B2 date_ambiguous", "A3 unit_unknown", "B4 date_missing", "5 unit_missing", "A7 report_twice"]
    );
    assert_eq!(found.reports[0].draft.items[0].count, Count::NotANumber);
    for (csv, problem) in [
        ("甲,乙\n1,2\n", "1 head_missing"),
        ("单位,宣传资料\n万福街道,5\n", "1 column_missing_date"),
        ("单位,日期\n万福街道,12月4日\n", "1 column_missing_counts"),
        ("单位,日期,数量\n万福街道,12月4日,5\n", "C1 column_missing_measure"),
        ("单位,日期,宣传资料\n", "1 sheet_without_rows"),
        ("单位,日期,宣传资料,入户\n万福街道,12月4日,5,1\n", "D1 column_unknown"),
        ("单位,日期,咨询类别,人次\n万福街道,12月4日,吵架,5\n", "C2 topic_unknown"),
        ("单位,日期,指标,数量\n万福街道,12月4日,飞机,5\n", "C2 measure_unknown"),
    ] {
        assert_eq!(problems(&reports(csv.as_bytes())), [problem], "{csv}");
    }
}

#[test]
fn zero_and_nothing_are_two_things() {
    let found = reports(
        "单位,日期,宣传资料,零报告\n万福街道,12月4日,,是\n吕陵镇,12月4日,0,\n马岭岗镇,12月4日,,\n".as_bytes(),
    );
    assert!(found.reports[0].draft.zero && found.reports[0].draft.items.is_empty());
    assert!(!found.reports[1].draft.zero && found.reports[1].draft.items[0].count == Count::Whole(0));
    assert_eq!((found.reports.len(), found.blank), (2, 1));
}

const MEASURES: [(&str, &str); 5] = [
    ("宣传资料", "materials"),
    ("横幅", "banners"),
    ("展板（块）", "boards"),
    ("宣讲活动", "sessions"),
    ("志愿者人数", "volunteers"),
];
const TITLES: [&str; 3] = ["《宪法》", "《民法典》", "《反电信网络诈骗法》"];

proptest! {
    /// Any table, with title rows above, one or two rows of headings, gaps and a row of sums, gives its figures back.
    #[test]
    fn tables_give_their_figures_back(
        titles in 0u32..4,
        two_rows in any::<bool>(),
        as_csv in any::<bool>(),
        sum in any::<bool>(),
        table in prop::collection::vec((0usize..3, 1u32..8, prop::collection::vec(prop::option::of(0u32..2_000_000), 7)), 1..8),
    ) {
        let mut rows: Vec<Vec<String>> = (0..titles).map(|n| vec![format!("统计表（{n}）")]).collect();
        let mut merges = Vec::new();
        let head = u32::try_from(rows.len()).unwrap() + 1;
        let mut top = vec!["单位".to_owned(), "日期".to_owned()];
        let mut lines: Vec<String> = Vec::new();
        if two_rows {
            top.extend(["宣传资料", "", ""].map(ToOwned::to_owned));
            lines.extend(TITLES.map(|title| format!("materials{title}")));
            let mut below = vec![String::new(), String::new()];
            below.extend(TITLES.map(ToOwned::to_owned));
            for (name, code) in &MEASURES[1..] {
                top.push((*name).to_owned());
                below.push(String::new());
                lines.push((*code).to_owned());
            }
            merges.push(format!("C{head}:E{head}"));
            merges.extend(["A", "B", "F", "G", "H", "I"].map(|column| format!("{column}{head}:{column}{}", head + 1)));
            rows.extend([top, below]);
        } else {
            for (name, code) in MEASURES {
                top.push(name.to_owned());
                lines.push(code.to_owned());
            }
            rows.push(top);
        }
        let mut wanted = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let mut sums = vec![0u64; lines.len()];
        for (unit, day, counts) in &table {
            if !seen.insert((unit, day)) { continue }
            let mut cells = vec![UNITS[*unit].1.to_owned(), format!("2026年12月{day}日")];
            for ((line, count), sum) in lines.iter().zip(counts).zip(&mut sums) {
                cells.push(count.map(|n| n.to_string()).unwrap_or_default());
                if let Some(n) = count {
                    *sum += u64::from(*n);
                    wanted.push(format!("{} 12-{day:02} {line} {n}", UNITS[*unit].1));
                }
            }
            rows.push(cells);
        }
        if sum {
            rows.push([vec!["合计".to_owned(), String::new()], sums.iter().map(ToString::to_string).collect()].concat());
        }
        wanted.sort();
        let bytes = if as_csv {
            rows.iter().map(|cells| cells.join(",") + "\r\n").collect::<String>().into_bytes()
        } else {
            let data: String = (1..).zip(&rows).map(|(n, cells)| row(n, &cells.iter().map(String::as_str).collect::<Vec<_>>())).collect();
            let merges: String = merges.iter().map(|area| format!(r#"<mergeCell ref="{area}"/>"#)).collect();
            Forge::sheet(&format!("<sheetData>{data}</sheetData><mergeCells>{merges}</mergeCells>")).bytes()
        };
        let found = reports(&bytes);
        if wanted.is_empty() {
            prop_assert!(found.reports.is_empty());
        } else {
            prop_assert_eq!(figures(&found), wanted);
            prop_assert_eq!(&found.warnings, &[]);
        }
    }

    #[test]
    fn any_grid_ends_in_reports_or_errors(rows in prop::collection::vec(prop::collection::vec("单位|日期|合计|小计|《.》|宣传资料|咨询|指标|数量|[0-9]{0,3}|12月4日|万福街道|", 0..6), 0..8)) {
        let text: String = rows.iter().map(|cells| cells.join(",") + "\n").collect();
        if let Ok(grid) = read_grid(text.as_bytes(), &Limits::REMOTE) {
            let found = read(&grid, &campaign(), None, &find);
            prop_assert!(!found.errors.is_empty() || !found.reports.is_empty() || found.blank > 0);
        }
    }
}
