//! `summary`: the page that the office exports: heading, headline figures, two charts, a table of units, foot.

use crate::canvas::Q;
use crate::chart::unit_table;
use crate::frame::{foot, heading};
use crate::model::{Card, Direction, Lang, Preset, Summary};
use crate::number;
use crate::pen::{Pen, Place};

/// What differs between the pages, in pixels of the preset.
struct Style {
    margin: i32,
    gap: i32,
    title: i32,
    slogan: i32,
    /// Size of letters in the cards, in percent.
    cards: i32,
    /// Size of letters in charts, table and foot, in percent.
    small: i32,
}

const fn style(preset: Preset) -> Style {
    match preset {
        Preset::A4 => Style { margin: 72, gap: 32, title: 46, slogan: 22, cards: 120, small: 112 },
        Preset::Phone => Style { margin: 36, gap: 18, title: 40, slogan: 23, cards: 100, small: 100 },
        Preset::Screen => Style { margin: 48, gap: 28, title: 42, slogan: 22, cards: 112, small: 104 },
    }
}

pub(crate) fn draw(pen: &Pen, spec: &Summary, page: Place) {
    let style = style(spec.preset);
    pen.rect(Place { h: pen.px(10), ..page }, pen.colors.accent);
    let small = pen.scaled(style.small);
    let inside = foot(&small, &spec.frame, page.shrink(pen.px(style.margin)));
    let inside = head(pen, spec, inside, &style).below(pen.px(style.gap));
    match spec.preset {
        Preset::Screen => across(pen, &small, spec, inside, &style),
        Preset::A4 | Preset::Phone => down(pen, &small, spec, inside, &style),
    }
}

/// An upright page: cards in rows of four, charts, table, under each other.
fn down(pen: &Pen, small: &Pen, spec: &Summary, place: Place, style: &Style) {
    let gap = pen.px(style.gap);
    let card_pen = pen.scaled(style.cards);
    let between = gap * 2 / 3;
    // On a page of a size of its own, as many rows of cards as there is height for.
    let fit = (place.h + between) / (card_height(&card_pen) + between).max(1);
    let lines = spec.cards.len().div_ceil(4).min(fit.max(0) as usize);
    let mut inside = place;
    if lines > 0 {
        let grid = Grid { columns: spec.cards.len().div_ceil(lines).min(4), lines, gap: between };
        let height = (card_height(&card_pen) + grid.gap) * lines as i32 - grid.gap;
        cards(&card_pen, spec, Place { h: height, ..place }, &grid);
        inside = place.below(height + gap);
    }
    // On a phone the charts are seen first, and a table of small letters can be enlarged.
    let part = if spec.preset == Preset::Phone { 36 } else { 44 };
    let most = inside.h * if spec.charts.is_empty() { 100 } else { part } / 100;
    let table = unit_table::Layout::new(small, &spec.table, inside.w, most);
    let height = table.height();
    let charts_height = inside.h - height - if height > 0 { gap } else { 0 };
    charts(small, spec, Place { h: charts_height, ..inside }, gap);
    table.draw(small, &spec.table, Place { y: inside.bottom() - height, h: height, ..inside });
}

/// A level page: cards, charts, table, beside each other.
fn across(pen: &Pen, small: &Pen, spec: &Summary, place: Place, style: &Style) {
    let gap = pen.px(style.gap);
    let mut inside = place;
    let card_pen = pen.scaled(style.cards);
    let fit = ((place.h + gap / 2) / (card_height(&card_pen) + gap / 2).max(1)).clamp(0, 4) as usize;
    if fit > 0 && !spec.cards.is_empty() {
        let columns = spec.cards.len().div_ceil(fit).min(2);
        let grid = Grid { columns, lines: spec.cards.len().div_ceil(columns).min(fit), gap: gap / 2 };
        let width = (pen.px(300 - 40 * (columns as i32 - 1)) * columns as i32).min(place.w / 2);
        cards(&card_pen, spec, Place { w: width, ..place }, &grid);
        inside = Place { x: place.x + width + gap, w: place.w - width - gap, ..place };
    }
    // The table takes as little width as holds all units; if none does, the most.
    let tries = [34, 42, 50, 58];
    let tries = tries.map(|part| inside.w * if spec.charts.is_empty() { 100 } else { part } / 100);
    let mut best = (tries[0], unit_table::Layout::new(small, &spec.table, tries[0], inside.h));
    for width in &tries[1..] {
        if best.1.is_complete(&spec.table) && !best.1.cut {
            break;
        }
        let layout = unit_table::Layout::new(small, &spec.table, *width, inside.h);
        if layout.shows_more_than(&best.1) || (best.1.cut && !layout.cut) {
            best = (*width, layout);
        }
    }
    let (width, table) = best;
    if table.height() == 0 {
        return charts(small, spec, inside, gap);
    }
    charts(small, spec, Place { w: inside.w - width - gap, ..inside }, gap);
    table.draw(small, &spec.table, Place { x: inside.right() - width, w: width, ..inside });
}

/// Ordinal, title, theme of the day, and what is counted.
fn head(pen: &Pen, spec: &Summary, place: Place, style: &Style) -> Place {
    let mut y = place.y;
    let line = |words: &str, set: crate::set::Set, y: &mut i32| {
        for line in set.wrap(words, place.w, 2) {
            *y += set.line();
            pen.text(&line, (place.x, *y - set.size * 3 / 10), set);
        }
    };
    let accent = crate::set::Set { color: pen.colors.accent_ink, ..pen.ink(style.slogan) }.bold();
    line(&spec.ordinal, accent, &mut y);
    line(&spec.frame.title, pen.ink(style.title).bold(), &mut y);
    line(&spec.slogan, pen.ink(style.slogan), &mut y);
    line(&spec.frame.subtitle, pen.muted(style.slogan * 9 / 10), &mut y);
    place.below(y - place.y)
}

/// How cards stand.
struct Grid {
    columns: usize,
    lines: usize,
    gap: i32,
}

fn cards(pen: &Pen, spec: &Summary, place: Place, grid: &Grid) {
    let (columns, lines) = (grid.columns.max(1) as i32, grid.lines.max(1) as i32);
    let width = (place.w - grid.gap * (columns - 1)) / columns;
    let height = ((place.h - grid.gap * (lines - 1)) / lines).min(card_height(pen) * 3 / 2);
    for (i, card) in spec.cards.iter().take(grid.columns * grid.lines).enumerate() {
        let (column, line) = (i as i32 % columns, i as i32 / columns);
        let (x, y) = (place.x + (width + grid.gap) * column, place.y + (height + grid.gap) * line);
        draw_card(pen, card, Place::new(x, y, width, height));
    }
}

fn card_height(pen: &Pen) -> i32 {
    pen.px(16) * 2 + pen.ink(17).line() + pen.ink(38).line() + pen.ink(16).line() + pen.ink(15).line()
}

fn draw_card(pen: &Pen, card: &Card, place: Place) {
    pen.rect(place, pen.colors.surface);
    pen.rect(Place { w: pen.px(5), ..place }, pen.colors.plain);
    let pad = pen.px(18);
    let (x, width) = (place.x + pad, place.w - 2 * pad);
    // In the middle of a card that is higher than its words.
    let mut y = place.y + pen.px(16) + (place.h - card_height(pen)).max(0) / 2;
    let label = pen.muted(17);
    y += label.line();
    pen.text(&label.fit(&card.label, width), (x, y - label.size * 3 / 10), label);

    let big = pen.ink(38).bold();
    let unit = pen.muted(17);
    let unit_width = unit.width(&card.unit) + pen.px(6);
    y += big.line();
    let words = match card.value {
        // In full where there is room: a headline figure is quoted.
        Some(v) if v.is_exact() && big.width(&number::full(v.count, pen.lang)) + unit_width <= width => {
            number::full(v.count, pen.lang)
        }
        Some(v) => number::written(v, pen.lang),
        None => number::no_data(pen.lang).to_owned(),
    };
    let base = y - big.size * 3 / 10;
    let big = big.within(&words, width - unit_width);
    let words = big.fit(&words, width);
    pen.text(&words, (x, base), big);
    let after = x + big.width(&words) + pen.px(6);
    if card.value.is_some() {
        pen.text(&unit.fit(&card.unit, place.right() - pad - after), (after, base), unit);
    }

    let change = pen.ink(16).bold();
    y += change.line();
    let base = y - change.size * 3 / 10;
    let indent = arrow(pen, card.direction, (x, base - change.drop()), change.size);
    let change = change.within(&card.change, width - indent);
    pen.text(&change.fit(&card.change, width - indent), (x + indent, base), change);

    let then = pen.muted(15);
    y += then.line();
    if !card.previous_label.is_empty() {
        let base = y - then.size * 3 / 10;
        let words = previous(pen, card, |words| then.within(words, width).width(words) <= width);
        let then = then.within(&words, width);
        pen.text(&then.fit(&words, width), (x, base), then);
    }
    let value = || number::told(card.value, &card.unit, pen.lang);
    pen.region(place, &card.previous_label, &card.label, value, &card.change);
}

/// The figure before, as fully as it fits: a range that is cut says nothing, and the region has it.
fn previous(pen: &Pen, card: &Card, fits: impl Fn(&str) -> bool) -> String {
    let label = &card.previous_label;
    let full = format!("{label} {}", number::told(card.previous, &card.unit, pen.lang));
    let Some(value) = card.previous.filter(|_| !fits(&full)) else { return full };
    let gap = if pen.lang == Lang::En { " " } else { "" };
    let figure = format!("{}{gap}{}", number::written(value, pen.lang), card.unit);
    let short = format!("{label} {figure}");
    if fits(&short) { short } else { figure }
}

/// Draws the way a figure went, as a shape and in one colour: neither way is good or bad. Returns the width taken.
fn arrow(pen: &Pen, direction: Direction, (x, y): (i32, i32), size: i32) -> i32 {
    let (x, y, r) = (x * Q, y * Q, size * Q * 4 / 10);
    let points = match direction {
        Direction::Up => vec![(x, y + r), (x + r, y - r), (x + 2 * r, y + r)],
        Direction::Down => vec![(x, y - r), (x + 2 * r, y - r), (x + r, y + r)],
        Direction::Flat => {
            vec![(x, y - r / 3), (x + 2 * r, y - r / 3), (x + 2 * r, y + r / 3), (x, y + r / 3)]
        }
        Direction::None => return 0,
    };
    pen.polygon(points, pen.colors.plain);
    size * 8 / 10 + pen.px(8)
}

/// The charts under each other; only as many as can still be read.
fn charts(pen: &Pen, spec: &Summary, place: Place, gap: i32) {
    let fit = ((place.h + gap) / (pen.px(230) + gap)).max(0) as usize;
    let count = spec.charts.len().min(fit) as i32;
    for (i, chart) in (0..count).zip(&spec.charts) {
        let h = (place.h - gap * (count - 1)) / count;
        let place = Place::new(place.x, place.y + (h + gap) * i, place.w, h);
        let inside = heading(pen, chart.frame(), place, 21, 15);
        super::body(pen, chart, inside);
    }
}
