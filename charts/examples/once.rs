//! Draws one sample again and again, for a profiler: `once NAME [ROUNDS [SCALE]]`; or once, to a file, for a measure of a
//! cold process: `once NAME 1 1 FILE`.
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

mod sample;

use pufa_charts::{Lang, Options, Preset, Theme};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let name = words.first().map_or("bars", String::as_str);
    let rounds: usize = words.get(1).map_or(Ok(1), |n| n.parse())?;
    let scale: u32 = words.get(2).map_or(Ok(1), |n| n.parse())?;
    let (lang, theme) = (Lang::ZhCn, Theme::Light);
    let spec = match name {
        "trend" => sample::trend(5, 7, false, lang, theme),
        "totals" => sample::totals(12, lang, theme),
        "totals-60" => sample::totals(60, lang, theme),
        "composition" => sample::composition(8, lang, theme),
        "topics" => sample::topics(8, lang, theme),
        "completeness" => sample::completeness(60, 8, lang, theme),
        "summary" => sample::summary(Preset::A4, 12, lang, theme),
        _ => sample::by_unit(12, 5, lang, theme),
    };
    let options = Options { scale, ..Options::default() };
    let mut bytes = Vec::new();
    for _ in 0..rounds {
        bytes = pufa_charts::png(&spec, &options)?;
    }
    if let Some(file) = words.get(3) {
        std::fs::write(file, &bytes)?;
    }
    println!("{name} {} bytes", bytes.len());
    Ok(())
}
