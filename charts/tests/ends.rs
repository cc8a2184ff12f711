//! One drawing, several ends: the same bytes every time, SVGs and PNGs as they were approved, metadata, hits, tables.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test -p pufa-charts --test ends` approves what is drawn now: look at it first. A PNG that
//! differs leaves `expected | got | difference` side by side under `target/picture-diff`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops on the first fault")]

mod pictures;
#[path = "../examples/sample/mod.rs"]
mod sample;

use std::path::{Path, PathBuf};

use pictures::{decode, panels};
use pufa_charts::*;

fn all() -> Vec<(&'static str, Spec)> {
    let (zh, en) = (Lang::ZhCn, Lang::En);
    vec![
        ("totals", sample::totals(12, zh, Theme::Light)),
        ("totals-60.en", sample::totals(60, en, Theme::Dark)),
        ("trend", sample::trend(5, 7, true, zh, Theme::Light)),
        ("composition", sample::composition(8, zh, Theme::Light)),
        ("topics.print", sample::topics(8, zh, Theme::Print)),
        ("completeness", sample::completeness(12, 7, zh, Theme::Light)),
        ("year-over-year", sample::by_unit(12, 5, zh, Theme::Light)),
        ("by-year.print", sample::by_year(6, zh, Theme::Print)),
        ("summary-phone", sample::summary(Preset::Phone, 12, zh, Theme::Dark)),
    ]
}

fn snapshots() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots")
}

fn updating() -> bool {
    #[expect(clippy::disallowed_methods, reason = "asked for by hand, by whoever approves a picture")]
    std::env::var("UPDATE_SNAPSHOTS").is_ok()
}

#[test]
fn svgs_are_as_approved() {
    let mut changed = Vec::new();
    for (name, spec) in all() {
        let svg = svg(&spec, &Options { strict: true, ..Options::default() }).unwrap();
        let file = snapshots().join(format!("{name}.svg"));
        if updating() {
            std::fs::write(&file, &svg).unwrap();
        } else if std::fs::read_to_string(&file).unwrap_or_default() != svg {
            changed.push(name);
        }
    }
    assert!(
        changed.is_empty(),
        "drawn otherwise than approved: {changed:?}; approve with UPDATE_SNAPSHOTS=1"
    );
}

#[test]
fn pngs_are_as_approved() {
    for (name, spec) in all() {
        // Half the size keeps the repository small; letters stay their own size.
        let options = Options { size: Some((960, 640)), strict: true, ..Options::default() };
        let bytes = pufa_charts::png(&spec, &options).unwrap();
        let file = snapshots().join(format!("{name}.png"));
        if updating() {
            std::fs::write(&file, &bytes).unwrap();
            continue;
        }
        let expected = decode(&std::fs::read(&file).unwrap());
        let got = decode(&bytes);
        // A step of the palette may move; a line or a letter may not.
        let far = expected.2.iter().zip(&got.2).filter(|(a, b)| a.abs_diff(**b) > 24).count();
        if (expected.0, expected.1) != (got.0, got.1) || far > 60 {
            panic!("{name}: {far} channels differ; see {}", panels(name, &expected, &got).display());
        }
    }
}

#[test]
fn bytes_are_equal_over_runs_threads_and_neighbours() {
    let specs: Vec<Spec> = all().into_iter().map(|(_, spec)| spec).collect();
    let options = Options { size: Some((800, 500)), ..Options::default() };
    let twice = Options { scale: 2, ..options };
    let first: Vec<_> = specs
        .iter()
        .map(|s| (png(s, &options).unwrap(), png(s, &twice).unwrap(), svg(s, &options).unwrap()))
        .collect();
    std::thread::scope(|scope| {
        // Each in another order, so that what a worker drew before must not matter; each picture a hundred times in all.
        for thread in 0..4 {
            let (specs, first) = (&specs, &first);
            scope.spawn(move || {
                for run in 0..25 * specs.len() {
                    let (round, place) = (run / specs.len(), run % specs.len());
                    let i = if thread % 2 == 0 { place } else { specs.len() - 1 - place };
                    let i = (i + round * (thread + 1)) % specs.len();
                    let (spec, (once, double, text)) = (&specs[i], &first[i]);
                    assert!(png(spec, &options).unwrap() == *once, "{}", spec.name());
                    assert!(svg(spec, &options).unwrap() == *text, "{}", spec.name());
                    if round % 5 == 0 {
                        assert!(png(spec, &twice).unwrap() == *double, "{} at scale 2", spec.name());
                    }
                }
            });
        }
    });
}

#[test]
fn png_tells_what_it_is() {
    let spec = sample::by_unit(12, 5, Lang::ZhCn, Theme::Light);
    let options = Options { scale: 2, ..Options::default() };
    let bytes = pufa_charts::png(&spec, &options).unwrap();
    let reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
    let info = reader.info();
    assert_eq!((info.width, info.height), (3200, 1800));
    assert_eq!(info.color_type, png::ColorType::Indexed);
    assert!(info.srgb.is_some());
    assert_eq!(info.pixel_dims.map(|d| d.xppu), Some(7560));
    let text = |key: &str| {
        info.utf8_text.iter().find(|t| t.keyword == key).map(|t| t.get_text().unwrap()).unwrap_or_default()
    };
    assert_eq!(text("Title"), "各单位宣传资料发放量同比");
    assert_eq!(text("Campaign"), "constitution-2021");
    assert_eq!(text("Revision"), "1024");
    assert_eq!(text("As of"), "数据截至 2021-12-05 18:00");
    assert_eq!(text("SpecHash"), format!("{:032x}", spec_hash(&spec, &options)));
}

#[test]
fn decodes_at_every_scale() {
    for (name, spec) in all() {
        let (w, h) = spec.size();
        for scale in 1..=2 {
            let options = Options { scale, ..Options::default() };
            let (got_w, got_h, pixels) = decode(&pufa_charts::png(&spec, &options).unwrap());
            assert_eq!((got_w as u32, got_h as u32), (w * scale, h * scale), "{name}");
            assert!(pixels.chunks_exact(3).any(|p| p != &pixels[..3]), "{name} is empty");
        }
    }
}

#[test]
fn scales_show_the_same_picture() {
    // Averaged down, the picture of scale 2 is that of scale 1 but for hints and quantised edges.
    for (name, spec) in all() {
        let (w, _, one) = decode(&pufa_charts::png(&spec, &Options::default()).unwrap());
        let (_, _, two) =
            decode(&pufa_charts::png(&spec, &Options { scale: 2, ..Options::default() }).unwrap());
        let mut error = 0_u64;
        for (i, value) in one.iter().enumerate() {
            let (pixel, channel) = (i / 3, i % 3);
            let (x, y) = (pixel % w * 2, pixel / w * 2);
            let at = |dx: usize, dy: usize| u64::from(two[((y + dy) * w * 2 + x + dx) * 3 + channel]);
            let mean = (at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)) / 4;
            error += mean.abs_diff(u64::from(*value)).pow(2);
        }
        let mean = error as f64 / one.len() as f64;
        assert!(mean < 160.0, "{name}: mean square {mean}");
    }
}

#[test]
fn hits_tell_values_where_they_are_drawn() {
    let spec = sample::by_unit(12, 5, Lang::ZhCn, Theme::Light);
    let hits = hits(&spec, &Options::default()).unwrap();
    assert_eq!(hits.len(), 60);
    assert_eq!(
        (hits[4].series.as_str(), hits[4].label.as_str(), hits[4].value.as_str()),
        ("2021年", "丹阳街道", "3866份")
    );
    let missing = hits.iter().find(|h| h.value == "无数据").unwrap();
    assert_eq!((missing.series.as_str(), missing.label.as_str()), ("2017年", "吕陵镇"));
    let inexact = hits.iter().find(|h| h.value.contains('余')).unwrap();
    assert_eq!(inexact.value, "1400余份（1400—1499）");
    for hit in &hits {
        assert!(
            hit.w > 0.0 && hit.h > 0.0 && hit.x >= 0.0 && hit.x + hit.w <= 1600.0 && hit.y + hit.h <= 900.0
        );
    }
}

#[test]
fn inexact_figures_are_marked_wherever_they_are_shown() {
    let draw = |spec: Spec| pufa_charts::svg(&spec, &Options::default()).unwrap();
    let inexact = Value::between(1400, 1400, 1900);
    // The days of earlier years are not written, so lines show their range, and words say what the lines are.
    let Spec::Trend(mut trend) = sample::trend(3, 7, false, Lang::ZhCn, Theme::Light) else { panic!() };
    let exact = |value: &mut Option<Value>| *value = value.map(|v| Value::exact(v.count));
    trend.lines.iter_mut().flat_map(|line| &mut line.values).for_each(exact);
    let plain = draw(Spec::Trend(trend.clone()));
    assert!(!plain.contains("细线"));
    trend.lines[0].values[2] = Some(inexact);
    let ranges = draw(Spec::Trend(trend));
    assert!(ranges.contains("细线：约数的上下限"));
    assert!(ranges.matches("<rect").count() > plain.matches("<rect").count());
    // A share of an inexact whole is no more exact than that.
    let Spec::Composition(mut parts) = sample::composition(3, Lang::ZhCn, Theme::Light) else { panic!() };
    parts.parts.iter_mut().for_each(|part| exact(&mut part.value));
    // How many shares there are, and how many say that they are about so much.
    let shares = |svg: &str| {
        let before =
            svg.split('%').map(|text| text.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.'));
        (svg.matches('%').count() - svg.matches("100%").count(), before.filter(|b| b.ends_with('约')).count())
    };
    let (all, rough) = shares(&draw(Spec::Composition(parts.clone())));
    assert!(all >= 3 && rough == 0, "{rough} of {all}");
    parts.parts[1].value = Some(inexact);
    let (all, rough) = shares(&draw(Spec::Composition(parts)));
    assert!(all >= 3 && rough == all, "{rough} of {all}");
}

#[test]
fn states_of_reports_differ_in_black_and_white() {
    let states = [
        Cell::OnTime,
        Cell::Late,
        Cell::Zero,
        Cell::Returned,
        Cell::Missing,
        Cell::NotExpected,
        Cell::Future,
    ];
    for (units, size) in [(1, (1600, 900)), (12, (1600, 900)), (60, (1600, 900)), (60, (1200, 675))] {
        for theme in [Theme::Light, Theme::Dark, Theme::Print] {
            let row =
                |i: usize| UnitRow {
                    label: format!("单位{i}"), cells: states.to_vec(), note: String::new()
                };
            let spec = Spec::Completeness(Completeness {
                frame: Frame { theme, ..Frame::default() },
                days: (1..=states.len()).map(|d| format!("12.{d}")).collect(),
                units: (0..units).map(row).collect(),
            });
            let options = Options { size: Some(size), ..Options::default() };
            let (width, _, pixels) = decode(&pufa_charts::png(&spec, &options).unwrap());
            let hits = hits(&spec, &options).unwrap();
            // Of each cell which pixels are on the darker side of the middle between its lightest and its darkest.
            let shape = |hit: &Hit| -> Vec<bool> {
                let across = hit.x as usize..(hit.x + hit.w) as usize;
                let down = hit.y as usize..(hit.y + hit.h) as usize;
                let light = |x: usize, y: usize| {
                    let at = (y * width + x) * 3;
                    pixels[at..at + 3]
                        .iter()
                        .zip([30, 59, 11])
                        .map(|(c, part)| u32::from(*c) * part)
                        .sum::<u32>()
                };
                let all: Vec<u32> = down
                    .flat_map(|y| across.clone().map(move |x| (x, y)))
                    .map(|(x, y)| light(x, y))
                    .collect();
                let middle = (all.iter().min().unwrap() + all.iter().max().unwrap()) / 2;
                all.iter().map(|light| *light < middle).collect()
            };
            let shapes: Vec<_> = hits[..states.len()].iter().map(shape).collect();
            for (i, a) in shapes.iter().enumerate() {
                for (j, b) in shapes[..i].iter().enumerate() {
                    let differ = a.iter().zip(b).filter(|(a, b)| a != b).count();
                    assert!(
                        differ >= 6,
                        "{units} units, {theme:?}: {:?} looks like {:?}",
                        states[i],
                        states[j]
                    );
                }
            }
        }
    }
}

#[test]
fn tables_hold_every_figure() {
    for (name, spec) in all() {
        let table = table(&spec);
        assert!(!table.rows.is_empty() && !table.caption.is_empty(), "{name}");
        assert!(table.rows.iter().all(|row| row.len() == table.headers.len()), "{name}");
    }
    let table = table(&sample::by_unit(12, 2, Lang::ZhCn, Theme::Light));
    assert_eq!(table.headers, ["名称", "2020年", "2021年", "同比"]);
}

#[test]
fn refuses_what_cannot_be_drawn() {
    let spec = sample::totals(3, Lang::ZhCn, Theme::Light);
    let error = |options: Options| pufa_charts::png(&spec, &options).unwrap_err();
    assert_eq!(error(Options { scale: 0, ..Options::default() }), Error::Scale(0));
    assert_eq!(error(Options { scale: 5, ..Options::default() }), Error::Scale(5));
    assert_eq!(error(Options { size: Some((10, 900)), ..Options::default() }), Error::Size(10, 900));
    let huge = Options { size: Some((4000, 4000)), scale: 2, ..Options::default() };
    assert_eq!(error(huge), Error::Size(4000, 4000));
    let many = sample::totals(401, Lang::ZhCn, Theme::Light);
    assert!(matches!(
        pufa_charts::svg(&many, &Options::default()),
        Err(Error::TooMany { count: 401, limit: 400, .. })
    ));
    let Spec::YearOverYear(mut uneven) = sample::by_unit(2, 3, Lang::ZhCn, Theme::Light) else { panic!() };
    uneven.groups[1].values.pop();
    let result = pufa_charts::svg(&Spec::YearOverYear(uneven), &Options::default());
    assert!(matches!(result, Err(Error::Shape { got: 2, want: 3, .. })));
}

#[test]
fn a_character_without_a_glyph_is_a_box_or_an_error() {
    let Spec::Totals(mut totals) = sample::totals(2, Lang::ZhCn, Theme::Light) else { panic!() };
    totals.bars[0].label = "普法\u{1F600}".into();
    let spec = Spec::Totals(totals);
    let strict = Options { strict: true, ..Options::default() };
    assert_eq!(pufa_charts::png(&spec, &strict), Err(Error::MissingGlyphs(vec!['\u{1F600}'])));
    assert!(pufa_charts::png(&spec, &Options::default()).is_ok());
}

#[test]
fn hash_follows_everything_that_changes_the_picture() {
    let spec = sample::totals(3, Lang::ZhCn, Theme::Light);
    let base = spec_hash(&spec, &Options::default());
    assert_eq!(base, spec_hash(&spec.clone(), &Options::default()));
    assert_ne!(base, spec_hash(&spec, &Options { scale: 2, ..Options::default() }));
    assert_ne!(base, spec_hash(&sample::totals(3, Lang::ZhCn, Theme::Dark), &Options::default()));
    assert_ne!(base, spec_hash(&sample::totals(4, Lang::ZhCn, Theme::Light), &Options::default()));
}

#[test]
fn svg_needs_no_styles_and_stays_well_formed() {
    let Spec::Totals(mut totals) = sample::totals(2, Lang::ZhCn, Theme::Light) else { panic!() };
    totals.frame.title = "<script>alert(\"1\")</script> & 'x'\u{0}".into();
    let svg = svg(&Spec::Totals(totals), &Options::default()).unwrap();
    assert!(!svg.contains("style=") && !svg.contains("<style") && !svg.contains("<script"));
    assert!(!svg.contains('\u{0}') && svg.contains("&lt;script&gt;"));
}
