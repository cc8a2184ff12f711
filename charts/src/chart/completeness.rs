//! `completeness`: a row a unit, a cell a day. Each state has a sign of its own, so the grid reads in black and white.

use crate::canvas::Q;
use crate::chart::rows::{Rows, name, name_width};
use crate::frame::{Entry, Sign, nothing};
use crate::model::{Cell, Completeness, Lang};
use crate::pen::{Pen, Place};
use crate::set::Set;

const STATES: [Cell; 7] =
    [Cell::OnTime, Cell::Late, Cell::Zero, Cell::Returned, Cell::Missing, Cell::NotExpected, Cell::Future];

/// The name of a state.
pub(crate) const fn words(cell: Cell, lang: Lang) -> &'static str {
    match (cell, lang) {
        (Cell::OnTime, Lang::ZhCn) => "按时",
        (Cell::Late, Lang::ZhCn) => "迟报",
        (Cell::Zero, Lang::ZhCn) => "零报告",
        (Cell::Returned, Lang::ZhCn) => "退回",
        (Cell::Missing, Lang::ZhCn) => "未报",
        (Cell::NotExpected, Lang::ZhCn) => "不需报",
        (Cell::Future, Lang::ZhCn) => "未到",
        (Cell::OnTime, Lang::En) => "on time",
        (Cell::Late, Lang::En) => "late",
        (Cell::Zero, Lang::En) => "zero report",
        (Cell::Returned, Lang::En) => "returned",
        (Cell::Missing, Lang::En) => "missing",
        (Cell::NotExpected, Lang::En) => "not expected",
        (Cell::Future, Lang::En) => "not yet due",
    }
}

/// How a state is signed: by a letter, or by a mark where cells are too low for letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signs {
    Letters,
    Marks,
}

/// The signs for a grid with its legend in a place: the same in both.
pub(crate) fn signs(pen: &Pen, spec: &Completeness, place: Place) -> Signs {
    let legend = pen.ink(15).line() + pen.px(22);
    let rows = lay(pen, spec, place.below(legend + head(pen)));
    if letter(pen, rows.height - 4, i32::MAX) >= 8 { Signs::Letters } else { Signs::Marks }
}

/// The size of a letter in a cell.
fn letter(pen: &Pen, height: i32, width: i32) -> i32 {
    (height * 62 / 100).min((width / 10).saturating_mul(8)).min(pen.size(16))
}

/// The legend: the states that occur.
pub(crate) fn entries<'a>(pen: &Pen, spec: &Completeness, signs: Signs) -> Vec<Entry<'a>> {
    let occurs = |state: &Cell| spec.units.iter().any(|u| u.cells.contains(state));
    STATES
        .into_iter()
        .filter(occurs)
        .map(|state| Entry { sign: Sign::Cell(state, signs), words: words(state, pen.lang) })
        .collect()
}

/// Draws a cell with the sign of its state.
pub(crate) fn cell(pen: &Pen, place: Place, state: Cell, signs: Signs) {
    let (cx, cy) = (place.x + place.w / 2, place.y + place.h / 2);
    let r = (place.h.min(place.w) / 4).min(pen.px(7)).max(2);
    let thick = pen.px(8).max(5);
    let sign = |words: &str, color| {
        if signs == Signs::Letters {
            let set = Set::new(letter(pen, place.h, place.w).max(8), color).bold().middle();
            pen.text(words, (cx, cy + set.drop()), set);
        }
    };
    // In quarter pixels, so that it stands in the middle whether the cell is even or odd.
    let centre = (place.x * Q + place.w * Q / 2, place.y * Q + place.h * Q / 2);
    let disc = |r: i32, color| {
        pen.disc(centre, r * Q, color);
    };
    let marked = signs == Signs::Marks;
    let colors = pen.colors;
    let zh = pen.lang == Lang::ZhCn;
    match state {
        Cell::OnTime => pen.rect(place, colors.on_time),
        Cell::Late => {
            pen.rect(place, colors.late);
            pen.outline(place, 1, colors.axis);
            sign(if zh { "迟" } else { "L" }, colors.on(colors.late));
            if marked {
                disc(r, colors.on(colors.late));
            }
        }
        Cell::Zero => {
            pen.rect(place, colors.zero);
            sign("0", colors.ink);
            if marked {
                disc(r + 1, colors.ink);
                disc(r, colors.zero);
            }
        }
        Cell::Returned => {
            pen.rect(place, colors.returned);
            sign(if zh { "退" } else { "R" }, colors.on(colors.returned));
            if marked {
                pen.line(&[(cx - r, cy + r), (cx + r, cy - r)], thick, colors.on(colors.returned));
            }
        }
        Cell::Missing => {
            pen.outline(place, 2, colors.accent);
            sign(if zh { "缺" } else { "×" }, colors.accent_ink);
        }
        Cell::NotExpected => {
            pen.rect(place, colors.surface);
            let w = (place.w / 3).clamp(4, pen.px(14).max(4));
            pen.rect(Place::new(cx - w / 2, cy - 1, w, 2), colors.axis);
        }
        Cell::Future => pen.outline(place, 1, colors.grid),
    }
    if state == Cell::OnTime {
        let tick = [(cx - r, cy), (cx - r / 3, cy + r * 2 / 3), (cx + r, cy - r * 2 / 3)];
        pen.line(&tick, thick, colors.on(colors.on_time));
    }
}

fn head(pen: &Pen) -> i32 {
    pen.muted(14).line() + pen.px(6).max(5)
}

fn lay(pen: &Pen, spec: &Completeness, list: Place) -> Rows {
    // Panels only while a cell stays wide enough to be one.
    let days = spec.days.len().max(1) as i32;
    let panels = (list.w / (days * pen.px(26) + pen.px(150)).max(1)).clamp(1, 4);
    Rows::with_panels(spec.units.len(), list, (pen.px(20), pen.px(52)), pen.px(44), panels)
}

pub(crate) fn draw(pen: &Pen, spec: &Completeness, body: Place, signs: Signs) {
    if spec.units.is_empty() || spec.days.is_empty() {
        return nothing(pen, body);
    }
    let days = spec.days.len() as i32;
    let rows = lay(pen, spec, body.below(head(pen)));
    let names = Set::new(rows.text(pen, 15), pen.colors.ink);
    let notes = Set::new(rows.text(pen, 14), pen.colors.muted);
    let width = rows.panels().first().map_or(body.w, |(p, _)| p.w);
    let left = name_width(names, spec.units.iter().map(|u| u.label.as_str()), width, 36);
    let right = spec.units.iter().map(|u| notes.width(&u.note)).max().unwrap_or(0).min(width / 5);
    let right = if right > 0 { right + pen.px(10) } else { 0 };
    for (panel, range) in rows.panels() {
        let start = panel.x + left + pen.px(12);
        let pitch = ((panel.right() - right - start) / days).clamp(1, pen.px(220));
        heads(pen, spec, (start, panel.y - pen.px(6).max(5)), pitch);
        for index in range.clone() {
            let unit = &spec.units[index];
            let row = rows.row(*panel, index - range.start);
            let lettered = rows.lettered(index - range.start, names.size);
            if lettered {
                name(pen, &unit.label, row, left, names);
            }
            let gap = if pitch > 8 && row.h > 8 { 3 } else { 1 };
            for (day, state) in unit.cells.iter().enumerate() {
                let x = start + pitch * day as i32;
                let place = Place::new(x, row.y + 1, (pitch - gap).max(1), (row.h - gap).max(1));
                cell(pen, place, *state, signs);
                pen.region(place, &spec.days[day], &unit.label, || words(*state, pen.lang).to_owned(), "");
            }
            let note = notes.fit(&unit.note, right);
            let at = (start + pitch * days + pen.px(8), row.y + row.h / 2 + notes.drop());
            if lettered {
                pen.text(&note, at, notes);
            }
        }
    }
}

/// The days above a panel, as many as fit.
fn heads(pen: &Pen, spec: &Completeness, (x, y): (i32, i32), pitch: i32) {
    let set = pen.muted(14).middle();
    let widest = spec.days.iter().map(|d| set.width(d)).max().unwrap_or(0) + pen.px(6);
    let every = (widest / pitch.max(1) + 1) as usize;
    let mut taken = i32::MIN;
    for (day, words) in spec.days.iter().enumerate().step_by(every) {
        let half = set.width(words) / 2;
        // Before a narrow first cell the label is pushed to stand over the panel.
        let end = x + pitch * spec.days.len() as i32 - half;
        let centre = (x + pitch * day as i32 + (pitch - 3) / 2).min(end).max(x + half - pen.px(8));
        if centre - half > taken {
            pen.text(words, (centre, y), set);
            taken = centre + half + 2;
        }
    }
}
