//! How units stand on every day, by a sign and a word each.

use super::figures::{self, Standing};
use crate::i18n::Lang;
use crate::service::completeness::{CompletenessView, DayView};

/// A day above its column.
#[derive(Debug, Clone)]
pub(super) struct Day {
    pub(super) date: String,
    pub(super) short: String,
    pub(super) today: bool,
}

/// How one unit stands on one day.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) date: String,
    /// Class, sign and word; of a unit that only adds up others, by what is worst below it.
    pub(super) standing: Standing,
    /// Units that reported and were expected below; none for a unit's own report.
    pub(super) counts: Option<String>,
    /// There is nothing to look at yet.
    pub(super) blank: bool,
}

/// A unit and its days.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) code: String,
    pub(super) name: String,
    /// It lies under the unit that is looked at.
    pub(super) below: bool,
    pub(super) cells: Vec<Cell>,
}

/// Units by days.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    pub(super) days: Vec<Day>,
    pub(super) rows: Vec<Row>,
    pub(super) sums: Vec<String>,
}

impl Grid {
    pub(super) fn new(lang: Lang, view: &CompletenessView, today: Option<&str>) -> Self {
        let day = |day: &DayView| Day {
            short: figures::short_day(&day.date),
            today: today == Some(day.date.as_str()),
            date: day.date.clone(),
        };
        let sum = |day: &DayView| format!("{}/{}", day.counts.reported, day.counts.expected);
        let rows = view.units.iter().filter(|unit| unit.days.iter().any(concerns)).map(|unit| Row {
            below: unit.unit != view.unit,
            code: unit.unit.clone(),
            name: unit.name.clone(),
            cells: unit.days.iter().map(|day| cell(lang, day, today)).collect(),
        });
        Self {
            days: view.days.iter().map(day).collect(),
            rows: rows.collect(),
            sums: view.days.iter().map(sum).collect(),
        }
    }
}

/// Whether anything is, or was, to be reported there that day.
fn concerns(day: &DayView) -> bool {
    day.counts.expected > 0 || day.counts.reported > 0
}

fn cell(lang: Lang, day: &DayView, today: Option<&str>) -> Cell {
    let counts = day.counts;
    let future = today.is_some_and(|today| day.date.as_str() > today);
    let worst = match day.status {
        Some(status) => status,
        None if counts.expected == 0 => "not_expected",
        None if future => "pending",
        None if counts.returned > 0 => "returned",
        None if counts.missing > 0 => "missing",
        None if counts.late > 0 => "late",
        None => "on_time",
    };
    let unknown = Standing { code: "pending", sign: "–", word: "" };
    Cell {
        date: day.date.clone(),
        standing: figures::standing(lang, worst).unwrap_or(unknown),
        counts: (day.status.is_none() && counts.expected > 0)
            .then(|| format!("{}/{}", counts.reported, counts.expected)),
        blank: matches!(worst, "pending" | "not_expected") && counts.reported == 0,
    }
}
