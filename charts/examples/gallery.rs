//! Writes every picture in every theme and language into a folder:
//! `cargo run -p pufa-charts --example gallery [DIR]`; and with `small` after the folder, the few of the README.
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

mod sample;

use pufa_charts::{Lang, Options, Preset, Spec, Theme};

fn all(lang: Lang, theme: Theme) -> Vec<(&'static str, Spec)> {
    vec![
        ("totals", sample::totals(12, lang, theme)),
        ("totals-60", sample::totals(60, lang, theme)),
        ("trend", sample::trend(5, 7, true, lang, theme)),
        ("composition", sample::composition(8, lang, theme)),
        ("topics", sample::topics(8, lang, theme)),
        ("completeness", sample::completeness(12, 7, lang, theme)),
        ("completeness-60", sample::completeness(60, 8, lang, theme)),
        ("year-over-year", sample::by_unit(12, 5, lang, theme)),
        ("year-over-year-60", sample::by_unit(60, 5, lang, theme)),
        ("summary-a4", sample::summary(Preset::A4, 12, lang, theme)),
        ("summary-phone", sample::summary(Preset::Phone, 12, lang, theme)),
        ("summary-screen", sample::summary(Preset::Screen, 12, lang, theme)),
        ("by-year", sample::by_year(6, lang, theme)),
    ]
}

/// The pictures of the README, at a size that a page shows.
fn small(folder: &str) -> Result<(), Box<dyn std::error::Error>> {
    let (zh, light) = (Lang::ZhCn, Theme::Light);
    let pictures = [
        ("year-over-year", sample::by_unit(12, 5, zh, light)),
        ("year-over-year-60", sample::by_unit(60, 5, zh, light)),
        ("trend", sample::trend(5, 7, true, zh, light)),
        ("totals", sample::totals(12, zh, Theme::Dark)),
        ("composition", sample::composition(8, zh, light)),
        ("topics", sample::topics(8, zh, Theme::Print)),
        ("completeness", sample::completeness(12, 7, zh, light)),
        ("summary", sample::summary(Preset::A4, 12, zh, light)),
    ];
    for (name, spec) in pictures {
        let size = if name == "summary" { (1200, 1695) } else { (1200, 675) };
        let options = Options { size: Some(size), strict: true, ..Options::default() };
        std::fs::write(format!("{folder}/{name}.png"), pufa_charts::png(&spec, &options)?)?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "target/gallery".to_owned());
    std::fs::create_dir_all(&folder)?;
    if std::env::args().nth(2).as_deref() == Some("small") {
        return small(&folder);
    }
    for (theme, theme_name) in [(Theme::Light, "light"), (Theme::Dark, "dark"), (Theme::Print, "print")] {
        for (lang, lang_name) in [(Lang::ZhCn, "zh"), (Lang::En, "en")] {
            for (name, spec) in all(lang, theme) {
                let options = Options { strict: true, ..Options::default() };
                let stem = format!("{folder}/{name}.{lang_name}.{theme_name}");
                std::fs::write(format!("{stem}.svg"), pufa_charts::svg(&spec, &options)?)?;
                let picture = pufa_charts::png(&spec, &options)?;
                println!("{stem}.png {} bytes", picture.len());
                std::fs::write(format!("{stem}.png"), picture)?;
                if theme == Theme::Light && lang == Lang::ZhCn {
                    let options = Options { scale: 2, ..options };
                    std::fs::write(format!("{stem}@2x.png"), pufa_charts::png(&spec, &options)?)?;
                }
            }
        }
    }
    Ok(())
}
