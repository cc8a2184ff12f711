//! Milliseconds a picture, and where they go: `cargo bench -p pufa-charts`.
//!
//! `cargo bench -p pufa-charts -- summary` draws only what has that in its name. Medians of interleaved rounds, warm, one thread; then charts a second on all threads, and the time to the first
//! picture of a fresh process. The figures are of this machine at this moment: compare only what one run prints.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and stops on the first fault")]

#[path = "../examples/sample/mod.rs"]
mod sample;

use std::time::{Duration, Instant};

use pufa_charts::{Lang, Options, Preset, Spec, Theme, stages};

const ROUNDS: usize = 200;

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times[times.len() / if std::env::var_os("FASTEST").is_some() { 20 } else { 2 }].as_secs_f64() * 1e3
}

fn timed<R>(into: &mut Vec<Duration>, run: impl FnOnce() -> R) -> R {
    let start = Instant::now();
    let result = run();
    into.push(start.elapsed());
    result
}

fn cases() -> Vec<(&'static str, Spec, u32)> {
    let (zh, light) = (Lang::ZhCn, Theme::Light);
    vec![
        ("bars 12x5", sample::by_unit(12, 5, zh, light), 1),
        ("bars 12x5 @2x", sample::by_unit(12, 5, zh, light), 2),
        ("trend 5x7", sample::trend(5, 7, false, zh, light), 1),
        ("totals 12", sample::totals(12, zh, light), 1),
        ("totals 60", sample::totals(60, zh, light), 1),
        ("composition 8", sample::composition(8, zh, light), 1),
        ("topics 8", sample::topics(8, zh, light), 1),
        ("completeness 60x8", sample::completeness(60, 8, zh, light), 1),
        ("summary A4", sample::summary(Preset::A4, 12, zh, light), 1),
        ("summary A4 @2x", sample::summary(Preset::A4, 12, zh, light), 2),
    ]
}

fn main() {
    // `cargo test --benches` only wants to see that it runs.
    let rounds = if std::env::args().any(|a| a == "--bench") { ROUNDS } else { 2 };
    let first = Instant::now();
    pufa_charts::png(&sample::by_unit(12, 5, Lang::ZhCn, Theme::Light), &Options::default()).unwrap();
    let first = first.elapsed();

    let only = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    let mut cases = cases();
    cases.retain(|(name, ..)| only.as_ref().is_none_or(|only| name.contains(only.as_str())));
    let mut times: Vec<[Vec<Duration>; 5]> = cases.iter().map(|_| Default::default()).collect();
    let mut sizes = vec![0; cases.len()];
    for _ in 0..rounds {
        for (i, (_, spec, scale)) in cases.iter().enumerate() {
            let options = Options { scale: *scale, ..Options::default() };
            let [whole, record, paint, encode, svg] = &mut times[i];
            sizes[i] = timed(whole, || pufa_charts::png(spec, &options)).unwrap().len();
            timed(svg, || pufa_charts::svg(spec, &options)).unwrap();
            let drawing = timed(record, || stages::record(spec, &options)).unwrap();
            stages::with_painter(|painter| {
                timed(paint, || painter.paint(&drawing));
                timed(encode, || painter.encode(&drawing));
            });
        }
    }
    println!(
        "{:<20} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "ms, median", "png", "record", "paint", "+encode", "svg", "kB"
    );
    for (i, (name, ..)) in cases.iter().enumerate() {
        let [whole, record, paint, encode, svg] = &mut times[i];
        println!(
            "{name:<20} {:>8.3} {:>8.3} {:>8.3} {:>8.3} {:>8.3} {:>8.1}",
            median(whole),
            median(record),
            median(paint),
            median(encode),
            median(svg),
            sizes[i] as f64 / 1e3
        );
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let each = rounds * 10;
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let spec = sample::by_unit(12, 5, Lang::ZhCn, Theme::Light);
                for _ in 0..each {
                    pufa_charts::png(&spec, &Options::default()).unwrap();
                }
            });
        }
    });
    let rate = (threads * each) as f64 / start.elapsed().as_secs_f64();
    println!(
        "{rate:.0} bars 12x5 a second on {threads} threads; first picture of the process {:.2} ms",
        first.as_secs_f64() * 1e3
    );
}
