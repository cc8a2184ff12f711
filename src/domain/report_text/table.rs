//! Numbers bound by their place in a row: tables pasted as text, a line of headings and below it lines with a number for
//! each; and lists of things with a list of their numbers: 资料、礼品分别为1200份、300份.

use super::class::{Class, M};
use super::tokens::{Kind, Tokens};
use std::collections::HashMap;
use std::ops::Range;

/// What the numbers of tables count, by their tokens; `None` for those of other columns and of rows of totals.
pub(super) type Columns = HashMap<usize, Option<M>>;

/// Finds the tables of a text, in one pass over its lines.
pub(super) fn columns(tokens: &Tokens) -> Columns {
    let mut columns = Columns::new();
    for (at, token) in tokens.tokens.iter().enumerate() {
        if tokens.slice(*token).starts_with(&['分', '别']) {
            shares(tokens, at, &mut columns);
        }
    }
    let mut heading: Option<Vec<Option<M>>> = None;
    for line in lines(tokens) {
        let cells = cells(tokens, line);
        let number = |cell: &Range<usize>| match tokens.tokens[cell.start].kind {
            Kind::Number(_) if cell.len() == 1 => Some(cell.start),
            _ => None,
        };
        let numbers = cells.iter().filter_map(number).count();
        if numbers == 0 {
            let named: Vec<_> = cells.iter().map(|cell| measure(tokens, cell)).collect();
            heading = Some(named).filter(|named| named.iter().flatten().count() > 1);
            continue;
        }
        let Some(named) = heading.as_ref().filter(|named| named.len() == cells.len()) else {
            heading = None;
            continue;
        };
        let totals = cells.iter().any(|cell| tokens.tokens[cell.start].kind == Kind::Word(Class::Total));
        for (cell, measure) in cells.iter().zip(named) {
            if let Some(token) = number(cell) {
                columns.insert(token, measure.filter(|_| !totals));
            }
        }
    }
    columns
}

/// Gives the numbers after 分别 to the things before it, one to each; where they are not as many, to none.
fn shares(tokens: &Tokens, at: usize, columns: &mut Columns) {
    const REACH: usize = 24;
    let ends = |kind: Kind| matches!(kind, Kind::Comma | Kind::Stop | Kind::Break);
    let before = tokens.tokens[at.saturating_sub(REACH)..at].iter().rev().map(|token| token.kind);
    let mut things: Vec<Option<M>> = vec![None];
    for kind in before.take_while(|kind| !ends(*kind) && !matches!(kind, Kind::Number(_))) {
        match kind {
            Kind::Pause | Kind::Word(Class::And) => things.push(None),
            Kind::Title => set(&mut things, M::Materials),
            Kind::Word(Class::Noun(measure)) => set(&mut things, measure),
            _ => {}
        }
    }
    things.reverse();
    let after = tokens.tokens.iter().enumerate().skip(at + 1).take(REACH);
    let numbers: Vec<usize> = after
        .take_while(|(_, token)| !ends(token.kind))
        .filter(|(_, token)| matches!(token.kind, Kind::Number(_)))
        .map(|(at, _)| at)
        .collect();
    // 甲村、乙村分别发放资料120份、90份: the things are told after.
    let named = |token: &super::tokens::Token| matches!(token.kind, Kind::Title | Kind::Word(Class::Noun(_)));
    let told_after = numbers.first().is_some_and(|first| tokens.tokens[at..*first].iter().any(named));
    if told_after || things.iter().all(Option::is_none) {
        return;
    }
    let whole = things.len() > 1 && things.len() == numbers.len() && things.iter().all(Option::is_some);
    for (number, thing) in numbers.into_iter().zip(things.into_iter().chain(std::iter::repeat(None))) {
        columns.insert(number, thing.filter(|_| whole));
    }
}

fn set(things: &mut [Option<M>], measure: M) {
    if let Some(last) = things.last_mut().filter(|last| last.is_none()) {
        *last = Some(measure);
    }
}

/// The lines of a text in tokens.
fn lines(tokens: &Tokens) -> impl Iterator<Item = Range<usize>> {
    let ends = |token: &super::tokens::Token| {
        matches!(token.kind, Kind::Break | Kind::Stop) && tokens.slice(*token).contains(&'\n')
    };
    let mut from = 0;
    let breaks = tokens.tokens.iter().enumerate().filter(move |(_, token)| ends(token)).map(|(at, _)| at);
    breaks.chain([tokens.tokens.len()]).map(move |end| std::mem::replace(&mut from, end + 1)..end)
}

/// The cells of a line: what stands between spaces.
fn cells(tokens: &Tokens, line: Range<usize>) -> Vec<Range<usize>> {
    let mut cells: Vec<Range<usize>> = Vec::new();
    for at in line {
        if matches!(tokens.tokens[at].kind, Kind::Space | Kind::Pause) {
            continue;
        }
        match cells.last_mut().filter(|cell| cell.end == at) {
            Some(cell) => cell.end = at + 1,
            None => cells.push(at..at + 1),
        }
    }
    cells
}

/// What a heading names: one measure and no word that a number would belong to rather.
fn measure(tokens: &Tokens, cell: &Range<usize>) -> Option<M> {
    let mut found = None;
    for token in &tokens.tokens[cell.clone()] {
        match token.kind {
            Kind::Word(Class::Noun(measure)) if found.is_none_or(|found| found == measure) => {
                found = Some(measure);
            }
            Kind::Word(
                Class::Noun(_) | Class::Weak(_) | Class::Other | Class::Place | Class::Staff | Class::Plan,
            ) => {
                return None;
            }
            Kind::Number(_) | Kind::Comma | Kind::Colon => return None,
            _ => {}
        }
    }
    found
}
