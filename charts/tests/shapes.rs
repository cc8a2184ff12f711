//! Odd shapes of data: whatever comes, no text leaves the picture or lies on other text, and all ends agree.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops on the first fault")]

#[path = "../examples/sample/mod.rs"]
mod sample;

use proptest::prelude::*;
use pufa_charts::*;

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[丹阳岳程佃户屯吕陵镇街道办事处区司法局教育市场监督管理综合行政执法]{2,24}",
        "[A-Za-z]{1,12}( [A-Za-z]{1,10}){0,3}",
        Just(String::new()),
        Just("经济技术开发投资集团（第12组）".to_owned()),
    ]
}

fn value() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        4 => (0_u64..6000).prop_map(|n| Some(Value::exact(n))),
        1 => Just(None),
        1 => Just(Some(Value::exact(0))),
        1 => (0_u64..1_000_000_000).prop_map(|n| Some(Value::exact(n))),
        1 => (1_u64..100_000, 0_u64..5000).prop_map(|(n, more)| Some(Value::between(n, n, n + more))),
        1 => Just(Some(Value::between(1000, 1000, u64::MAX))),
        1 => Just(Some(Value::exact(u64::MAX))),
    ]
}

fn lang() -> impl Strategy<Value = Lang> {
    prop_oneof![Just(Lang::ZhCn), Just(Lang::En)]
}

fn theme() -> impl Strategy<Value = Theme> {
    prop_oneof![Just(Theme::Light), Just(Theme::Dark), Just(Theme::Print)]
}

prop_compose! {
    fn frame()(title in "[宪法宣传周各单位发放资料 0-9]{0,60}", subtitle in "[口径全部单位 a-z0-9]{0,120}",
               footer in prop::collection::vec("[更正说明口径，。0-9]{0,80}", 0..5), lang in lang(), theme in theme()) -> Frame {
        Frame { title, subtitle, footer, lang, theme, source: "数据来源：每日填报".into(), as_of: "2021-12-05".into(), ..Frame::default() }
    }
}

fn change() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("同比增长12.3%".to_owned()),
        Just("上年同期为0，不计算增幅".to_owned()),
        Just("−3.2%".to_owned())
    ]
}

fn bars(most: usize) -> impl Strategy<Value = Vec<Bar>> {
    prop::collection::vec(
        (name(), value(), change()).prop_map(|(label, value, note)| Bar { label, value, note }),
        0..most,
    )
}

fn totals() -> impl Strategy<Value = Spec> {
    (frame(), bars(61), "[份条人次]{0,2}").prop_map(|(frame, bars, unit)| {
        Spec::Totals(Totals { frame, measure: "宣传资料".into(), unit, bars })
    })
}

fn composition() -> impl Strategy<Value = Spec> {
    (frame(), bars(40)).prop_map(|(frame, parts)| {
        Spec::Composition(Composition { frame, measure: "宣传资料".into(), unit: "份".into(), parts })
    })
}

fn year_over_year() -> impl Strategy<Value = Spec> {
    (frame(), 0..11_usize, 0..61_usize)
        .prop_flat_map(|(frame, years, groups)| {
            let group = (
                name(),
                prop::collection::vec(value(), years),
                prop::collection::vec(change(), years),
                change(),
                any::<bool>(),
            )
                .prop_map(|(label, values, changes, change, with)| Group {
                    label,
                    values,
                    changes: if with { changes } else { Vec::new() },
                    change,
                });
            (Just(frame), Just(years), prop::collection::vec(group, groups), prop::option::of(0..60_usize))
        })
        .prop_map(|(frame, years, groups, highlight)| {
            let series = (0..years).map(|y| format!("{}年", 2012 + y)).collect();
            Spec::YearOverYear(YearOverYear {
                frame,
                measure: "资料".into(),
                unit: "份".into(),
                series,
                groups,
                highlight,
            })
        })
}

fn trend() -> impl Strategy<Value = Spec> {
    (frame(), 0..11_usize, 0..40_usize, prop::option::of(0..40_usize))
        .prop_flat_map(|(frame, years, days, shared)| {
            let line = (
                name(),
                prop::collection::vec(value(), days),
                prop::option::of(0..45_usize),
                prop::option::of(0..45_usize),
            )
                .prop_map(move |(label, values, mark, open_from)| Line {
                    label,
                    values,
                    mark: shared.or(mark),
                    open_from,
                });
            (Just(frame), prop::collection::vec(line, years), prop::collection::vec(name(), days))
        })
        .prop_map(|(frame, lines, days)| {
            Spec::Trend(Trend {
                frame,
                measure: "资料".into(),
                unit: "份".into(),
                days,
                lines,
                mark_label: "12·4 国家宪法日".into(),
            })
        })
}

fn topics() -> impl Strategy<Value = Spec> {
    (frame(), prop::collection::vec(name(), 0..12))
        .prop_flat_map(|(frame, modes)| {
            let topic = (name(), prop::collection::vec(value(), modes.len()))
                .prop_map(|(label, values)| Topic { label, values });
            (Just(frame), Just(modes), prop::collection::vec(topic, 0..40))
        })
        .prop_map(|(frame, modes, topics)| {
            Spec::Topics(Topics { frame, measure: "咨询".into(), unit: "人次".into(), modes, topics })
        })
}

fn cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        Just(Cell::OnTime),
        Just(Cell::Late),
        Just(Cell::Zero),
        Just(Cell::Returned),
        Just(Cell::Missing),
        Just(Cell::NotExpected),
        Just(Cell::Future)
    ]
}

fn completeness() -> impl Strategy<Value = Spec> {
    (frame(), prop::collection::vec("[0-9]{1,2}\\.[0-9]{1,2}", 0..32))
        .prop_flat_map(|(frame, days)| {
            let row = (name(), prop::collection::vec(cell(), days.len()), "[0-9]{0,2}/[0-9]{0,2}")
                .prop_map(|(label, cells, note)| UnitRow { label, cells, note });
            (Just(frame), Just(days), prop::collection::vec(row, 0..61))
        })
        .prop_map(|(frame, days, units)| Spec::Completeness(Completeness { frame, days, units }))
}

fn card() -> impl Strategy<Value = Card> {
    (
        name(),
        value(),
        value(),
        change(),
        prop_oneof![Just(Direction::Up), Just(Direction::Down), Just(Direction::Flat), Just(Direction::None)],
    )
        .prop_map(|(label, value, previous, change, direction)| Card {
            label,
            unit: "人次".into(),
            value,
            previous,
            previous_label: "上年同期".into(),
            change,
            direction,
        })
}

fn summary() -> impl Strategy<Value = Spec> {
    let preset = prop_oneof![Just(Preset::A4), Just(Preset::Phone), Just(Preset::Screen)];
    let chart = prop_oneof![totals(), trend(), composition(), topics(), year_over_year(), completeness()];
    (
        frame(),
        preset,
        prop::collection::vec(card(), 0..9),
        prop::collection::vec(chart, 0..3),
        0..6_usize,
        name(),
    )
        .prop_flat_map(|(frame, preset, cards, charts, columns, slogan)| {
            let datum = prop_oneof![value().prop_map(Datum::Value), change().prop_map(Datum::Text)];
            let row = (name(), prop::collection::vec(datum, columns), any::<bool>())
                .prop_map(|(label, cells, total)| TableRow { label, cells, total });
            let table = (name(), prop::collection::vec(name(), columns), prop::collection::vec(row, 0..80))
                .prop_map(|(head, columns, rows)| UnitTable { head, columns, rows });
            (Just((frame, preset, cards, charts, slogan)), table)
        })
        .prop_map(|((frame, preset, cards, charts, slogan), table)| {
            let ordinal = "第八个国家宪法日 · 第四个宪法宣传周".into();
            Spec::Summary(Summary { frame, preset, ordinal, slogan, cards, charts, table })
        })
}

fn size() -> impl Strategy<Value = Option<(u32, u32)>> {
    prop_oneof![3 => Just(None), 1 => (320_u32..2200, 240_u32..2200).prop_map(Some)]
}

/// Texts of an SVG as boxes: x0, y0, x1, y1 and the words. Read from the SVG, so that the test does not ask the code
/// it tests where texts are.
fn texts(svg: &str) -> Vec<([f32; 4], String)> {
    let attribute = |tag: &str, name: &str| -> Option<f32> {
        let rest = tag.split_once(&format!(" {name}=\""))?.1;
        rest.split_once('"')?.0.parse().ok()
    };
    svg.lines()
        .filter(|line| line.starts_with("<text"))
        .map(|line| {
            let (tag, rest) = line.split_once('>').expect("a tag");
            let words = rest.trim_end_matches("</text>").to_owned();
            let size = attribute(tag, "font-size").expect("a size");
            let width =
                attribute(tag, "textLength").unwrap_or(if words.is_ascii() { size * 0.56 } else { size });
            // Ink: Chinese characters reach 0.86 above and 0.09 below the baseline.
            let (up, down) = (size * 0.86, size * 0.09);
            if let Some((_, rest)) = tag.split_once("translate(") {
                let (x, rest) = rest.split_once(' ').expect("two numbers");
                let y: f32 = rest.split_once(')').expect("an end").0.parse().expect("a number");
                let x: f32 = x.parse().expect("a number");
                ([x - up, y - width, x + down, y], words)
            } else {
                let (x, y) = (attribute(tag, "x").expect("x"), attribute(tag, "y").expect("y"));
                ([x, y - up, x + width, y + down], words)
            }
        })
        .collect()
}

fn check(spec: &Spec, size: Option<(u32, u32)>) -> Result<(), TestCaseError> {
    let options = Options { size, ..Options::default() };
    let (w, h) = size.unwrap_or(spec.size());
    let svg = svg(spec, &options).map_err(|e| TestCaseError::fail(e.to_string()))?;
    let texts = texts(&svg);
    for (i, (a, words)) in texts.iter().enumerate() {
        prop_assert!(
            a[0] >= 0.0 && a[1] >= 0.0 && a[2] <= w as f32 && a[3] <= h as f32,
            "{} leaves the {w} x {h} picture: {words} at {a:?}",
            spec.name()
        );
        for (b, other) in &texts[i + 1..] {
            let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
            prop_assert!(apart, "{} {w} x {h}: {words} {a:?} lies on {other} {b:?}", spec.name());
        }
    }
    for hit in hits(spec, &options).map_err(|e| TestCaseError::fail(e.to_string()))? {
        prop_assert!(hit.w >= 0.0 && hit.h >= 0.0 && hit.x.is_finite() && hit.y.is_finite());
    }
    let table = table(spec);
    for row in &table.rows {
        prop_assert_eq!(row.len(), table.headers.len());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn totals_hold(spec in totals(), size in size()) { check(&spec, size)?; }

    #[test]
    fn trend_holds(spec in trend(), size in size()) { check(&spec, size)?; }

    #[test]
    fn composition_holds(spec in composition(), size in size()) { check(&spec, size)?; }

    #[test]
    fn topics_hold(spec in topics(), size in size()) { check(&spec, size)?; }

    #[test]
    fn completeness_holds(spec in completeness(), size in size()) { check(&spec, size)?; }

    #[test]
    fn year_over_year_holds(spec in year_over_year(), size in size()) { check(&spec, size)?; }

    #[test]
    fn summary_holds(spec in summary(), size in size()) { check(&spec, size)?; }
}
