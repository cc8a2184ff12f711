//! Report text to figures: what a unit writes into a group chat, read as measures with their numbers.
//!
//! A text is normalised character by character (`chars`), cut into words, numbers and punctuation (`tokens`), and
//! every number is bound to what it counts by the words around it (`grammar`): the noun before it, the noun after it, the
//! verb, the clause before, the figure before, in this order. What no rule binds is listed as unread; what a careful person
//! would ask about is marked doubtful. Nothing here is stored: a person confirms.
//!
//! The work grows with the length of the text alone: every look back or ahead has a fixed reach.

mod chars;
mod class;
mod context;
mod grammar;
mod lexicon;
mod numeral;
mod people;
mod phrase;
mod sense;
pub mod split;
pub mod style;
mod table;
mod tokens;
mod units;
mod wary;

use super::quantity::{Bound, Quantity};

/// Why a figure should be looked at before it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// 数百, 上千, 百场: no definite number.
    Vague,
    /// 近500余: the words contradict each other.
    Contradiction,
    /// 3—5: two numbers.
    Range,
    /// One number for things of several measures.
    Mixed,
    /// The measure follows from little.
    Guessed,
    /// It may be two numbers, or one of a list.
    Grouping,
    /// Printed or bought; another figure says how much was handed out.
    Printed,
}

impl Doubt {
    /// The stable name in the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Vague => "vague",
            Self::Contradiction => "contradiction",
            Self::Range => "range",
            Self::Mixed => "mixed",
            Self::Guessed => "guessed",
            Self::Grouping => "grouping",
            Self::Printed => "printed",
        }
    }
}

/// A figure found in a text. Places are in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// Code of the measure.
    pub measure: &'static str,
    /// The one title it is about, with its 《》; empty for none or several.
    pub title: String,
    /// The number as written, in full.
    pub value: u64,
    /// How the number stands to the true one.
    pub bound: Bound,
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
    /// Why it should be looked at.
    pub doubt: Option<Doubt>,
}

/// A piece of a text. Places are in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// As written.
    pub text: String,
    /// Where it begins.
    pub start: usize,
    /// Where it ends, exclusive.
    pub end: usize,
}

/// What was read in a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// The figures, in the order of the text.
    pub figures: Vec<Figure>,
    /// Every number that is no figure, in the order of the text.
    pub unread: Vec<Span>,
}

/// Reads a report.
#[must_use]
pub fn read(text: &str) -> Reading {
    read_counted(text).0
}

/// Reads a report and counts the steps it took.
fn read_counted(text: &str) -> (Reading, usize) {
    let tokens = tokens::read(text);
    let (found, steps) = grammar::bind(&tokens);
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let slice = |start: usize, end: usize| {
        let range = places.get(start).zip(places.get(end));
        range.and_then(|(&start, &end)| text.get(start..end)).unwrap_or_default().to_owned()
    };
    let mut reading = Reading::default();
    let mut taken = Vec::with_capacity(found.len());
    for bound in found {
        taken.push((bound.start, bound.end));
        if let Some(figure) = figure(&tokens.numbers[bound.number], &bound, &slice) {
            reading.figures.push(figure);
        } else {
            taken.pop();
        }
    }
    reading.unread = unread(&tokens, &taken)
        .into_iter()
        .map(|(start, end)| Span { text: slice(start, end), start, end })
        .collect();
    (reading, steps + tokens.steps)
}

fn figure(
    number: &tokens::Number,
    bound: &grammar::Found,
    slice: &impl Fn(usize, usize) -> String,
) -> Option<Figure> {
    let value = number.numeral.value()?;
    let (kind, low, high, doubt) = extent(number, bound, value)?;
    Some(Figure {
        measure: bound.measure.code(),
        title: bound.title.map(|(start, end)| slice(start, end)).unwrap_or_default(),
        value,
        bound: kind,
        low,
        high,
        word: number.unit.word.clone(),
        text: slice(bound.start, bound.end),
        start: bound.start,
        end: bound.end,
        doubt: doubt.or(bound.doubt),
    })
}

/// The bound of a number, the interval that its words allow, and what is doubtful in them.
fn extent(
    number: &tokens::Number,
    found: &grammar::Found,
    value: u64,
) -> Option<(Bound, u64, u64, Option<Doubt>)> {
    let (numeral, unit) = (&number.numeral, &number.unit);
    let over = numeral.over || unit.over || found.over;
    let about = numeral.about || unit.about || found.about;
    let under = unit.under || found.under;
    let bounds = |bound: Bound| -> Option<(u64, u64)> {
        let sum = Quantity::new(value, bound).ok()?.sum();
        Some((u64::try_from(sum.low).ok()?, u64::try_from(sum.high).ok()?))
    };
    if let Some(high) = numeral.high.filter(|_| numeral.vague || numeral.range) {
        let doubt = if numeral.vague { Doubt::Vague } else { Doubt::Range };
        Quantity::new(high, Bound::Exact).ok()?;
        return Some((Bound::About, value, high.max(value), Some(doubt)));
    }
    let kind = match (over, under, about) {
        (false, false, false) => Bound::Exact,
        (false, true, _) => Bound::Under,
        (false, false, true) => Bound::About,
        (true, true, _) => {
            let (low, high) = (bounds(Bound::Under)?.0, bounds(Bound::Over)?.1);
            return Some((Bound::About, low, high, Some(Doubt::Contradiction)));
        }
        (true, ..) => Bound::Over,
    };
    let doubt = if numeral.vague || unit.vague || number.loosely || (numeral.bare && kind == Bound::Exact) {
        Some(Doubt::Vague)
    } else if about && (over || under) {
        Some(Doubt::Contradiction)
    } else if numeral.loose {
        Some(Doubt::Grouping)
    } else {
        None
    };
    let (low, high) = bounds(kind)?;
    Some((kind, low, high, doubt))
}

/// The places of numbers that are no figures; neighbours become one.
fn unread(tokens: &tokens::Tokens, taken: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    let mut add = |start: usize, end: usize| match spans.last_mut().filter(|last| last.1 >= start) {
        Some(last) => last.1 = last.1.max(end),
        None => spans.push((start, end)),
    };
    let mut taken = taken.iter().copied().peekable();
    for token in &tokens.tokens {
        while taken.next_if(|(_, end)| *end <= token.start).is_some() {}
        if taken.peek().is_some_and(|(start, end)| *start <= token.start && token.end <= *end) {
            continue;
        }
        if let tokens::Kind::Number(_) = token.kind {
            add(token.start, token.end);
            continue;
        }
        let mut at = token.start;
        while at < token.end {
            let digits = tokens.text[at..token.end].iter().take_while(|c| c.is_ascii_digit()).count();
            if digits > 0 {
                add(at, at + digits);
            }
            at += digits.max(1);
        }
    }
    spans
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
