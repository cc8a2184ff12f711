//! Draws the data file with pufa-charts. The description is made anew for every drawing, as a server would.

#[path = "../../drivers/turns.rs"]
mod turns;

use std::error::Error;

use pufa_charts::{Frame, Group, Line, Options, Spec, Trend, Value, YearOverYear};
use turns::{Chart, Data};

fn frame(chart: &Chart) -> Frame {
    Frame { title: chart.title.clone(), subtitle: chart.subtitle.clone(), ..Frame::default() }
}

fn counts(row: &[u64]) -> Vec<Option<Value>> {
    row.iter().map(|n| Some(Value::exact(*n))).collect()
}

fn bars(chart: &Chart) -> Spec {
    let groups = chart.names.iter().zip(&chart.values);
    Spec::YearOverYear(YearOverYear {
        frame: frame(chart),
        measure: "宣传资料".into(),
        unit: "份".into(),
        series: chart.series.clone(),
        groups: groups
            .map(|(name, row)| Group { label: name.clone(), values: counts(row), ..Group::default() })
            .collect(),
        highlight: None,
    })
}

fn trend(chart: &Chart) -> Spec {
    let lines = chart.series.iter().zip(&chart.values);
    Spec::Trend(Trend {
        frame: frame(chart),
        measure: "宣传资料".into(),
        unit: "份".into(),
        days: chart.names.clone(),
        lines: lines
            .map(|(name, row)| Line { label: name.clone(), values: counts(row), ..Line::default() })
            .collect(),
        mark_label: String::new(),
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    turns::serve(|data: &Data, is_trend, scale| {
        let spec = if is_trend { trend(&data.trend) } else { bars(&data.bars) };
        let options = Options { scale, size: Some((data.width, data.height)), strict: true };
        Ok(pufa_charts::png(&spec, &options)?)
    })
}
