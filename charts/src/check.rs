//! Bounds on what a picture takes, so that no request can make one that is huge or uneven.

use crate::Error;
use crate::model::{Options, Spec};

/// Pixels of a PNG, each a byte while it is painted: an A4 page at scale 4, and no more.
const PIXELS: u64 = 60_000_000;
const UNITS: usize = 400;
const SERIES: usize = 24;
const DAYS: usize = 120;
const PARTS: usize = 200;
const CARDS: usize = 8;

/// The size in pixels at scale 1.
pub(crate) fn size(spec: &Spec, options: &Options) -> Result<(u32, u32), Error> {
    if !(1..=4).contains(&options.scale) {
        return Err(Error::Scale(options.scale));
    }
    let (w, h) = options.size.unwrap_or(spec.size());
    if !(320..=4096).contains(&w) || !(240..=4096).contains(&h) {
        return Err(Error::Size(w, h));
    }
    if u64::from(w) * u64::from(h) * u64::from(options.scale).pow(2) > PIXELS {
        return Err(Error::Size(w, h));
    }
    Ok((w, h))
}

fn most(what: &'static str, count: usize, limit: usize) -> Result<(), Error> {
    if count > limit { Err(Error::TooMany { what, count, limit }) } else { Ok(()) }
}

fn even(label: &str, got: usize, want: usize) -> Result<(), Error> {
    if got == want { Ok(()) } else { Err(Error::Shape { label: label.to_owned(), got, want }) }
}

/// Whether a description is within bounds and even.
pub(crate) fn spec(spec: &Spec) -> Result<(), Error> {
    match spec {
        Spec::Totals(s) => most("units", s.bars.len(), UNITS),
        Spec::Trend(s) => {
            most("days", s.days.len(), DAYS)?;
            most("lines", s.lines.len(), SERIES)?;
            s.lines.iter().try_for_each(|l| even(&l.label, l.values.len(), s.days.len()))
        }
        Spec::Composition(s) => most("parts", s.parts.len(), PARTS),
        Spec::Topics(s) => {
            most("modes", s.modes.len(), SERIES)?;
            most("topics", s.topics.len(), PARTS)?;
            s.topics.iter().try_for_each(|t| even(&t.label, t.values.len(), s.modes.len()))
        }
        Spec::Completeness(s) => {
            most("days", s.days.len(), DAYS)?;
            most("units", s.units.len(), UNITS)?;
            s.units.iter().try_for_each(|u| even(&u.label, u.cells.len(), s.days.len()))
        }
        Spec::YearOverYear(s) => {
            most("series", s.series.len(), SERIES)?;
            most("groups", s.groups.len(), UNITS)?;
            s.groups.iter().try_for_each(|g| {
                even(&g.label, g.values.len(), s.series.len())?;
                if g.changes.is_empty() { Ok(()) } else { even(&g.label, g.changes.len(), s.series.len()) }
            })
        }
        Spec::Summary(s) => {
            most("cards", s.cards.len(), CARDS)?;
            most("charts", s.charts.len(), 2)?;
            most("units", s.table.rows.len(), UNITS)?;
            most("columns", s.table.columns.len(), SERIES)?;
            for row in &s.table.rows {
                even(&row.label, row.cells.len(), s.table.columns.len())?;
            }
            s.charts.iter().try_for_each(|chart| match chart {
                Spec::Summary(_) => Err(Error::Nested),
                chart => self::spec(chart),
            })
        }
    }
}
