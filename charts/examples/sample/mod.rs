//! Sample data for the gallery, the tests and the benches: made up, but of the shape of a real drive.
#![allow(dead_code, reason = "each user takes what it needs")]

use pufa_charts::*;

pub(crate) const UNITS: [&str; 12] = [
    "丹阳街道",
    "岳程街道",
    "佃户屯街道",
    "吕陵镇",
    "马岭岗镇",
    "区司法局",
    "区教育局",
    "区市场监督管理局",
    "区综合行政执法局",
    "高新区第一中学",
    "市立医院高新区分院",
    "经济技术开发投资集团",
];

/// A number from 0 to 999 that depends on two indices only.
pub(crate) fn pick(a: usize, b: usize) -> u64 {
    let mut n = (a as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ (b as u64 + 7).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    n ^= n >> 31;
    n = n.wrapping_mul(0x94D0_49BB_1331_11EB);
    (n ^ n >> 29) % 1000
}

pub(crate) fn frame(lang: Lang, theme: Theme, zh: [&str; 2], en: [&str; 2]) -> Frame {
    let pair = if lang == Lang::ZhCn { zh } else { en };
    let (source, as_of, basis) = match lang {
        Lang::ZhCn => (
            "数据来源：各镇（街道）、单位每日填报",
            "数据截至 2021-12-05 18:00",
            "口径：全部单位；应报 12 个，已报 12 个",
        ),
        Lang::En => (
            "Source: daily reports of towns and units",
            "As of 2021-12-05 18:00",
            "Basis: all units; 12 of 12 reported",
        ),
    };
    Frame {
        title: pair[0].into(),
        subtitle: pair[1].into(),
        source: source.into(),
        as_of: as_of.into(),
        footer: vec![basis.into()],
        lang,
        theme,
        campaign: "constitution-2021".into(),
        revision: "1024".into(),
    }
}

pub(crate) fn copies(lang: Lang) -> (String, String) {
    match lang {
        Lang::ZhCn => ("宣传资料".into(), "份".into()),
        Lang::En => ("Printed matter".into(), "copies".into()),
    }
}

pub(crate) fn unit_name(i: usize, lang: Lang) -> String {
    match lang {
        Lang::ZhCn if i < UNITS.len() => UNITS[i].into(),
        Lang::ZhCn => format!("{}（第{}组）", UNITS[i % 12], i / 12 + 1),
        Lang::En => {
            ["Danyang", "Yuecheng", "Dianhutun", "Lüling", "Malinggang", "Justice Bureau", "Education Bureau"]
                [i % 7]
                .into()
        }
    }
}

pub(crate) fn totals(units: usize, lang: Lang, theme: Theme) -> Spec {
    let (measure, unit) = copies(lang);
    let bars = (0..units)
        .map(|i| Bar {
            label: unit_name(i, lang),
            value: match i {
                4 => Some(Value::between(3000, 3000, 3999)),
                7 => Some(Value::exact(0)),
                9 => None,
                _ => Some(Value::exact(400 + pick(i, 3) * 5)),
            },
            note: String::new(),
        })
        .collect();
    let zh = ["2021年宪法宣传周各单位发放宣传资料", "发放份数，11月29日至12月5日累计；单位按行政序列排列"];
    let en = [
        "Printed matter by unit, 2021 drive",
        "Copies handed out, 29 November to 5 December; units in administrative order",
    ];
    Spec::Totals(Totals { frame: frame(lang, theme, zh, en), measure, unit, bars })
}

fn year(y: usize, lang: Lang) -> String {
    if lang == Lang::ZhCn { format!("{y}年") } else { y.to_string() }
}

fn change(now: u64, then: u64) -> String {
    if then == 0 {
        return "上年同期为0，不计算增幅".into();
    }
    let tenths = (now as i64 - then as i64) * 1000 / then as i64;
    format!("{}{}.{}%", if tenths < 0 { "−" } else { "+" }, tenths.abs() / 10, tenths.abs() % 10)
}

pub(crate) fn by_unit(units: usize, years: usize, lang: Lang, theme: Theme) -> Spec {
    let (measure, unit) = copies(lang);
    let groups = (0..units)
        .map(|i| {
            let counts: Vec<u64> =
                (0..years).map(|y| 600 + pick(i, 2) * 2 + pick(i, y + 40) * (y as u64 + 2) / 3).collect();
            let mut values: Vec<_> = counts.iter().map(|n| Some(Value::exact(*n))).collect();
            if i == 3 && years > 1 {
                values[0] = None;
            }
            if i == 5 {
                values[years - 1] = Some(Value::between(
                    counts[years - 1] / 100 * 100,
                    counts[years - 1] / 100 * 100,
                    counts[years - 1] / 100 * 100 + 99,
                ));
            }
            if i == 7 && years > 2 {
                values[1] = Some(Value::between(counts[1], counts[1] * 9 / 10, counts[1] * 5 / 4));
            }
            let change = if years > 1 { change(counts[years - 1], counts[years - 2]) } else { String::new() };
            Group { label: unit_name(i, lang), values, changes: vec![], change }
        })
        .collect();
    let zh = ["各单位宣传资料发放量同比", "发放份数，历年宪法宣传周；并标 2021 年比 2020 年的变化"];
    let en = [
        "Printed matter by unit, year over year",
        "Copies handed out in each year's drive; with the change from 2020 to 2021",
    ];
    Spec::YearOverYear(YearOverYear {
        frame: frame(lang, theme, zh, en),
        measure,
        unit,
        series: (0..years).map(|y| year(2022 - years + y, lang)).collect(),
        groups,
        highlight: None,
    })
}

pub(crate) fn by_year(years: usize, lang: Lang, theme: Theme) -> Spec {
    let (measure, unit) = copies(lang);
    let counts: Vec<u64> = (0..years).map(|y| 21_000 + y as u64 * 4100 + pick(y, 8) * 3).collect();
    let groups = (0..years)
        .map(|y| Group {
            label: year(2022 - years + y, lang),
            values: vec![Some(if y + 1 == years {
                Value::between(40_000, 40_000, 49_999)
            } else {
                Value::exact(counts[y])
            })],
            changes: vec![match y {
                0 => String::new(),
                y if lang == Lang::ZhCn => format!("同比增长{}", &change(counts[y], counts[y - 1])[1..]),
                y => change(counts[y], counts[y - 1]),
            }],
            change: String::new(),
        })
        .collect();
    let zh = ["历年宪法宣传周宣传资料发放总量", "全区发放份数；柱上为数量和同比变化"];
    let en = [
        "Printed matter, year by year",
        "Copies handed out in the district; on each bar the count and the change",
    ];
    Spec::YearOverYear(YearOverYear {
        frame: frame(lang, theme, zh, en),
        measure: measure.clone(),
        unit,
        series: vec![measure],
        groups,
        highlight: Some(years - 1),
    })
}

pub(crate) fn trend(years: usize, days: usize, open: bool, lang: Lang, theme: Theme) -> Spec {
    let (measure, unit) = copies(lang);
    let lines = (0..years)
        .map(|y| {
            let last = y + 1 == years;
            Line {
                label: year(2022 - years + y, lang),
                values: (0..days)
                    .map(|d| {
                        let peak = 40_u64.saturating_sub((d as i64 - 3 - (y % 3) as i64).unsigned_abs() * 8);
                        let n = 800 + peak * (60 + y as u64 * 14) + pick(y, d) * 2;
                        let still_open = last && open && d + 2 >= days;
                        let lost = y == 1 && d == 2;
                        (!still_open && !lost).then_some(Value::exact(n))
                    })
                    .collect(),
                mark: Some(3 + y % 3),
                open_from: (last && open).then_some(days.saturating_sub(3)),
            }
        })
        .collect();
    let zh = ["宪法宣传周每日发放宣传资料", "发放份数，按宣传周第几天对齐，各年为线"];
    let en = ["Printed matter day by day", "Copies handed out, aligned by day of the drive, a line a year"];
    Spec::Trend(Trend {
        frame: frame(lang, theme, zh, en),
        measure,
        unit,
        days: (0..days)
            .map(|d| if lang == Lang::ZhCn { format!("第{}天", d + 1) } else { format!("Day {}", d + 1) })
            .collect(),
        lines,
        mark_label: if lang == Lang::ZhCn {
            "12·4 国家宪法日".into()
        } else {
            "12·4 Constitution Day".into()
        },
    })
}

pub(crate) fn composition(parts: usize, lang: Lang, theme: Theme) -> Spec {
    let (measure, unit) = copies(lang);
    let zh_names = [
        "《宪法》",
        "《民法典》",
        "《未成年人保护法》",
        "《反有组织犯罪法》",
        "《治安管理处罚法》",
        "《信访工作条例》",
        "防范电信网络诈骗明白纸",
        "其他",
    ];
    let en_names = [
        "Constitution",
        "Civil Code",
        "Protection of Minors",
        "Organised Crime",
        "Public Security",
        "Petitions",
        "Fraud leaflet",
        "Other",
    ];
    let parts = (0..parts)
        .map(|i| Bar {
            label: if lang == Lang::ZhCn { zh_names[i % 8].into() } else { en_names[i % 8].into() },
            value: (i != 6).then(|| Value::exact(14_000 / (i as u64 + 1) + pick(i, 1))),
            note: String::new(),
        })
        .collect();
    let zh = ["宣传资料构成", "按名称统计的发放份数及占比，2021年宪法宣传周"];
    let en = ["Printed matter by title", "Copies handed out and their shares, 2021 drive"];
    Spec::Composition(Composition { frame: frame(lang, theme, zh, en), measure, unit, parts })
}

pub(crate) fn topics(count: usize, lang: Lang, theme: Theme) -> Spec {
    let zh_names =
        ["劳动争议", "婚姻家庭", "房产物业", "民间借贷", "交通事故", "消费维权", "土地承包", "未分类"];
    let en_names = ["Labour", "Family", "Housing", "Lending", "Traffic", "Consumers", "Land", "Unspecified"];
    let modes = if lang == Lang::ZhCn {
        ["现场", "电话", "线上", "来访"]
    } else {
        ["on site", "phone", "online", "visit"]
    };
    let topics = (0..count)
        .map(|i| Topic {
            label: if lang == Lang::ZhCn { zh_names[i % 8].into() } else { en_names[i % 8].into() },
            values: (0..4).map(|m| Some(Value::exact(pick(i, m) / (m as u64 * 2 + 1)))).collect(),
        })
        .collect();
    let zh = ["法律咨询主题与方式", "解答咨询人次，2021年宪法宣传周"];
    let en = ["Consultations by topic and mode", "Person-times, 2021 drive"];
    let (measure, unit) =
        if lang == Lang::ZhCn { ("法律咨询", "人次") } else { ("Consultations", "person-times") };
    Spec::Topics(Topics {
        frame: frame(lang, theme, zh, en),
        measure: measure.into(),
        unit: unit.into(),
        modes: modes.iter().map(|m| (*m).into()).collect(),
        topics,
    })
}

pub(crate) fn completeness(units: usize, days: usize, lang: Lang, theme: Theme) -> Spec {
    let units = (0..units)
        .map(|i| {
            let cells: Vec<_> = (0..days)
                .map(|d| match pick(i, d + 90) {
                    _ if d + 1 == days => Cell::Future,
                    _ if i == 8 && d < 2 => Cell::NotExpected,
                    0..=60 => Cell::Missing,
                    61..=110 => Cell::Returned,
                    111..=190 => Cell::Zero,
                    191..=270 => Cell::Late,
                    _ => Cell::OnTime,
                })
                .collect();
            let expected = cells.iter().filter(|c| !matches!(c, Cell::NotExpected | Cell::Future)).count();
            let reported =
                cells.iter().filter(|c| matches!(c, Cell::OnTime | Cell::Late | Cell::Zero)).count();
            UnitRow { label: unit_name(i, lang), cells, note: format!("{reported}/{expected}") }
        })
        .collect();
    let zh = ["每日填报情况", "各单位各日填报状态；右侧为已报天数/应报天数"];
    let en = [
        "Reports day by day",
        "State of each unit's daily report; at the right days reported of days expected",
    ];
    Spec::Completeness(Completeness {
        frame: frame(lang, theme, zh, en),
        days: (0..days)
            .map(|d| if d < 2 { format!("11.{}", 29 + d) } else { format!("12.{}", d - 1) })
            .collect(),
        units,
    })
}

fn card(label: &str, unit: &str, now: Option<Value>, then: Value, lang: Lang) -> Card {
    let word = if lang == Lang::ZhCn { "上年同期" } else { "last year" };
    let (count, before) = (now.map_or(0, |v| v.count), then);
    let then = then.count;
    Card {
        label: label.into(),
        unit: unit.into(),
        value: now,
        previous: Some(before),
        previous_label: word.into(),
        change: match (count.cmp(&then), lang) {
            (std::cmp::Ordering::Equal, Lang::ZhCn) => "持平".into(),
            (std::cmp::Ordering::Equal, Lang::En) => "no change".into(),
            (_, Lang::ZhCn) => format!("同比{}", change(count, then)),
            (_, Lang::En) => change(count, then),
        },
        direction: match count.cmp(&then) {
            std::cmp::Ordering::Less => Direction::Down,
            std::cmp::Ordering::Equal => Direction::Flat,
            std::cmp::Ordering::Greater => Direction::Up,
        },
    }
}

pub(crate) fn summary(preset: Preset, units: usize, lang: Lang, theme: Theme) -> Spec {
    let zh = [
        "2021年国家宪法日集中宣传情况同比",
        "全区各镇（街道）、单位 11 月 29 日至 12 月 5 日累计，与上年同期比较",
    ];
    let en = [
        "Constitution Day 2021, year over year",
        "All units of the district, 29 November to 5 December, against last year",
    ];
    let frame = Frame {
        footer: match lang {
            Lang::ZhCn => vec![
                "口径：全部单位；已报 12/12 个单位".into(),
                "活动 constitution-2021 · 数据版本 1024".into(),
            ],
            Lang::En => vec![
                "Basis: all units; 12/12 units reported".into(),
                "Campaign constitution-2021 · revision 1024".into(),
            ],
        },
        ..frame(lang, theme, zh, en)
    };
    let names = match lang {
        Lang::ZhCn => [("宣传资料", "份"), ("法律咨询", "人次"), ("横幅标语", "条"), ("宣讲活动", "场")],
        Lang::En => [
            ("Printed matter", "copies"),
            ("Consultations", "person-times"),
            ("Banners", "pieces"),
            ("Sessions", "held"),
        ],
    };
    // The same figures in card, chart and table.
    let by_units = by_unit(units, 5, lang, theme);
    let groups = if let Spec::YearOverYear(chart) = &by_units { chart.groups.as_slice() } else { &[] };
    let sum = |year: usize| {
        let values = || groups.iter().filter_map(|group| group.values[year]);
        let of = |part: fn(Value) -> u64| values().map(part).sum();
        Value::between(of(|v| v.count), of(|v| v.low), of(|v| v.high))
    };
    let now = [sum(4), Value::exact(3127), Value::exact(216), Value::exact(48)];
    let then = [sum(3), Value::exact(3127), Value::exact(240), Value::exact(31)];
    let cards = (0..4).map(|i| card(names[i].0, names[i].1, Some(now[i]), then[i], lang)).collect();
    let mut rows: Vec<_> = (0..units)
        .map(|i| TableRow {
            label: unit_name(i, lang),
            cells: vec![
                Datum::Value(groups[i].values[4]),
                Datum::Value(groups[i].values[3]),
                Datum::Text(groups[i].change.clone()),
                Datum::Value(Some(Value::exact(pick(i, 9) / 3))),
            ],
            total: false,
        })
        .collect();
    let (sum, columns, head) = match lang {
        Lang::ZhCn => ("合计", ["2021年资料（份）", "2020年资料（份）", "同比", "咨询（人次）"], "单位"),
        Lang::En => ("Total", ["Copies 2021", "Copies 2020", "Change", "Consultations"], "Unit"),
    };
    rows.push(TableRow {
        label: sum.into(),
        cells: vec![
            Datum::Value(Some(now[0])),
            Datum::Value(Some(then[0])),
            Datum::Text(change(now[0].count, then[0].count)),
            Datum::Value(Some(Value::exact(3127))),
        ],
        total: true,
    });
    let (ordinal, slogan) = match lang {
        Lang::ZhCn => (
            "第八个国家宪法日 · 第四个宪法宣传周",
            "主题：以习近平法治思想为指引 坚定不移走中国特色社会主义法治道路",
        ),
        Lang::En => {
            ("8th Constitution Day · 4th publicity week", "Theme: on the path of socialist rule of law")
        }
    };
    Spec::Summary(Summary {
        frame,
        preset,
        ordinal: ordinal.into(),
        slogan: slogan.into(),
        cards,
        charts: vec![by_unit(12, 5, lang, theme), trend(5, 7, false, lang, theme)],
        table: UnitTable { head: head.into(), columns: columns.iter().map(|c| (*c).into()).collect(), rows },
    })
}
