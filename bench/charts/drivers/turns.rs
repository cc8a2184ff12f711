//! The data file and the loop of a driver: reads `CHART SCALE COUNT [FILE]` lines, draws that often, and prints a line
//! of JSON for every drawing; with FILE it also keeps the last picture.

use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use serde::Deserialize;

/// `data.json`.
#[derive(Deserialize)]
#[allow(dead_code, reason = "not every driver needs to be told")]
pub struct Data {
    pub width: u32,
    pub height: u32,
    pub theme: Theme,
    pub bars: Chart,
    pub trend: Chart,
}

/// The colours that peers are given; our own crate has the same in its light theme.
#[derive(Deserialize)]
#[allow(dead_code, reason = "not every driver needs to be told")]
pub struct Theme {
    pub ground: String,
    pub ink: String,
    pub muted: String,
    pub grid: String,
    pub axis: String,
    pub accent_ink: String,
    pub years: Vec<String>,
}

/// One chart: bars have a row of values a name, a trend has a row a series.
#[derive(Deserialize)]
#[allow(dead_code, reason = "not every driver needs to be told")]
pub struct Chart {
    pub title: String,
    pub subtitle: String,
    pub caption: String,
    pub axis: Axis,
    pub series: Vec<String>,
    pub names: Vec<String>,
    /// Names broken into lines, for those who do not break them by themselves.
    #[serde(default)]
    pub lines: Vec<Vec<String>>,
    pub values: Vec<Vec<u64>>,
}

/// The axis that peers are given.
#[derive(Deserialize)]
#[allow(dead_code, reason = "not every driver needs to be told")]
pub struct Axis {
    pub max: u64,
    pub step: u64,
}

/// Serves the standard input until it ends; `draw` makes the PNG of a chart at a scale, in memory.
pub fn serve(
    draw: impl Fn(&Data, bool, u32) -> Result<Vec<u8>, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("the data file, please")?;
    let data: Data = serde_json::from_slice(&std::fs::read(file)?)?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let [chart, scale, count, keep @ ..] = words.as_slice() else {
            return Err("CHART SCALE COUNT [FILE]".into());
        };
        let scale = scale.parse()?;
        let mut png = Vec::new();
        for _ in 0..count.parse::<u32>()? {
            let start = Instant::now();
            png = draw(&data, *chart == "trend", scale)?;
            let ms = start.elapsed().as_secs_f64() * 1e3;
            let bytes = png.len();
            writeln!(out, r#"{{"chart":"{chart}","scale":{scale},"ms":{ms:.4},"bytes":{bytes}}}"#)?;
        }
        out.flush()?;
        if let Some(file) = keep.first() {
            std::fs::write(file, &png)?;
        }
    }
    Ok(())
}
