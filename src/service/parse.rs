//! Report text to figures, for a person to confirm. Nothing of a text is stored or logged.

use super::comparison::NamedUnit;
use super::{App, Caller, Error, scope};
use crate::domain::access::Permission;
use crate::domain::catalogue::Catalogue;
use crate::domain::fault::Fault;
use crate::domain::report_text::split::{self, Name, Owner};
use crate::domain::report_text::{self, Figure, Reading, Span};
use crate::domain::unit::{Placed, UnitId};
use schemars::JsonSchema;
use serde::Serialize;

/// A figure read in a text. Places are in characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FigureView {
    /// Code of the measure.
    pub measure: &'static str,
    /// The one title it is about; empty for none or several.
    pub title: String,
    /// The number as written, in full.
    pub value: u64,
    /// exact, over, under or about.
    pub bound: &'static str,
    /// The least that the words allow.
    pub low: u64,
    /// The most that the words allow.
    pub high: u64,
    /// The word of counting as written; empty for none.
    pub word: String,
    /// The figure as written.
    pub text: String,
    /// Where it begins.
    pub start: usize,
    /// Where it ends, exclusive.
    pub end: usize,
    /// Whether a person should look at it before it is taken.
    pub doubtful: bool,
    /// Why: vague, contradiction, range, mixed, guessed, grouping or printed; null when it is not doubtful.
    pub reason: Option<&'static str>,
}

/// A piece of a text. Places are in characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SpanView {
    /// As written.
    pub text: String,
    /// Where it begins.
    pub start: usize,
    /// Where it ends, exclusive.
    pub end: usize,
}

/// The part of a text that is one unit's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PartView {
    /// Code of the unit; null where it is not certain.
    pub unit: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Units that it may be, for a person to choose from; empty where the unit is certain or unknown.
    pub candidates: Vec<NamedUnit>,
    /// Where the part begins.
    pub start: usize,
    /// Where it ends, exclusive.
    pub end: usize,
    /// Its figures.
    pub figures: Vec<FigureView>,
    /// Its numbers that are no figures.
    pub unread: Vec<SpanView>,
}

/// What was read in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ParseView {
    /// Every figure, in the order of the text.
    pub figures: Vec<FigureView>,
    /// Every number that is no figure.
    pub unread: Vec<SpanView>,
    /// Where a unit was named: the text split among the units below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<Vec<PartView>>,
}

/// Above so many units below, a text is split among those directly below only: no office's chat holds more.
const MOST_UNITS: usize = 20_000;

impl FigureView {
    pub(super) fn new(figure: Figure, from: usize) -> Self {
        Self {
            measure: figure.measure,
            title: figure.title,
            value: figure.value,
            bound: figure.bound.code(),
            low: figure.low,
            high: figure.high,
            word: figure.word,
            text: figure.text,
            start: figure.start + from,
            end: figure.end + from,
            doubtful: figure.doubt.is_some(),
            reason: figure.doubt.map(report_text::Doubt::code),
        }
    }
}

impl SpanView {
    pub(super) fn new(span: Span, from: usize) -> Self {
        Self { text: span.text, start: span.start + from, end: span.end + from }
    }
}

fn views(reading: Reading, from: usize) -> (Vec<FigureView>, Vec<SpanView>) {
    let figures = reading.figures.into_iter().map(|figure| FigureView::new(figure, from)).collect();
    let unread = reading.unread.into_iter().map(|span| SpanView::new(span, from)).collect();
    (figures, unread)
}

/// Reads a text.
#[must_use]
pub fn parse(text: &str) -> ParseView {
    let (figures, unread) = views(report_text::read(text), 0);
    ParseView { figures, unread, parts: None }
}

/// Reads a text split among units.
fn parse_parts(text: &str, units: &[Placed<'_>]) -> ParseView {
    let above = |unit: &Placed<'_>| unit.above().map_or_else(String::new, |above| above.name());
    let named: Vec<(String, String)> = units.iter().map(|unit| (unit.name(), above(unit))).collect();
    let names: Vec<Name<'_>> = named.iter().map(|(name, above)| Name { name, above }).collect();
    let named = |at: usize| NamedUnit { unit: units[at].code().to_string(), name: units[at].name() };
    let mut rest = text;
    let mut parts = Vec::new();
    for part in split::split(text, &names) {
        let length = rest.char_indices().nth(part.end - part.start).map_or(rest.len(), |(at, _)| at);
        let (own, after) = rest.split_at(length);
        rest = after;
        let (figures, unread) = views(report_text::read(own), part.start);
        let (unit, candidates) = match part.owner {
            Owner::Unit(at) => (Some(named(at)), Vec::new()),
            Owner::Ask(several) => (None, several.into_iter().map(named).collect()),
            Owner::Unknown => (None, Vec::new()),
        };
        let (unit, name) = unit.map_or((None, None), |unit| (Some(unit.unit), Some(unit.name)));
        parts.push(PartView { unit, name, candidates, start: part.start, end: part.end, figures, unread });
    }
    ParseView {
        figures: parts.iter().flat_map(|part| part.figures.clone()).collect(),
        unread: parts.iter().flat_map(|part| part.unread.clone()).collect(),
        parts: Some(parts),
    }
}

impl App {
    /// Reads a report text; with a unit, splits it among the units below that one.
    ///
    /// # Errors
    /// `text_too_long`; a unit out of scope is not found.
    pub fn parse(&self, caller: &Caller, text: &str, unit: Option<&str>) -> Result<ParseView, Error> {
        self.check_text(text)?;
        let Some(code) = unit else { return Ok(parse(text)) };
        let catalogue = self.catalogue();
        let unit = scope::unit(&catalogue, caller, Permission::Read, code)?;
        let below = scope::reads_below(&catalogue, caller, unit.id);
        Ok(parse_parts(text, &self.units_below(&catalogue, unit.id, below)))
    }

    /// The units that a pasted text may name: open today, below a unit that the caller reads.
    fn units_below<'c>(&self, catalogue: &'c Catalogue, unit: UnitId, reads: bool) -> Vec<Placed<'c>> {
        let today = self.clock.today();
        let tree = &catalogue.tree;
        let all = tree.subtree(unit).skip(1);
        let is_open = |unit: &Placed<'_>| reads && unit.exists_on(today);
        if all.len() > MOST_UNITS {
            tree.children(unit).filter(is_open).take(MOST_UNITS).collect()
        } else {
            all.filter(is_open).collect()
        }
    }

    /// Refuses a text that is longer than any report.
    ///
    /// # Errors
    /// `text_too_long`.
    pub(super) fn check_text(&self, text: &str) -> Result<(), Error> {
        let limit = self.limits.text;
        if text.chars().nth(limit).is_none() {
            return Ok(());
        }
        Err(Error::invalid(Fault::new("/text", "text_too_long").with("limit", limit)))
    }
}
