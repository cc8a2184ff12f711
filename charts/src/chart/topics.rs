//! `topics`: a row a topic, its modes end to end, the sum behind them.

use crate::axis::{Counts, lying};
use crate::canvas::Q;
use crate::chart::rows::{Rows, name, name_width};
use crate::frame::{Entry, Sign, nothing, stacked, unit_caption};
use crate::model::{Topic, Topics, Value};
use crate::number;
use crate::pen::{Pen, Place};
use crate::set::Set;

pub(crate) fn entries<'a>(pen: &Pen, spec: &'a Topics) -> Vec<Entry<'a>> {
    let modes = spec.modes.iter().enumerate();
    modes.map(|(i, words)| Entry { sign: Sign::Fill(pen.colors.kind(i)), words }).collect()
}

/// The sum of a topic's modes; a sum of intervals is an interval.
pub(crate) fn sum(topic: &Topic) -> Option<Value> {
    topic.values.iter().flatten().copied().reduce(|a, b| {
        Value::between(
            a.count.saturating_add(b.count),
            a.low.saturating_add(b.low),
            a.high.saturating_add(b.high),
        )
    })
}

pub(crate) fn draw(pen: &Pen, spec: &Topics, body: Place) {
    if spec.topics.is_empty() || spec.modes.is_empty() {
        return nothing(pen, body);
    }
    unit_caption(pen, &spec.unit, false, Place { y: body.y + pen.size(14), ..body });
    let body = body.below(pen.px(28));
    let rows = Rows::new(spec.topics.len(), body, (pen.px(22), pen.px(76)), pen.px(48));
    let set = Set::new(rows.text(pen, 16), pen.colors.ink);
    let width = rows.panels().first().map_or(body.w, |(p, _)| p.w);
    let left = name_width(set, spec.topics.iter().map(|t| t.label.as_str()), width, 40);
    let words =
        |t: &Topic| sum(t).map_or(number::no_data(pen.lang).to_owned(), |v| number::written(v, pen.lang));
    let right = spec.topics.iter().map(|t| set.width(&words(t))).max().unwrap_or(0) + pen.px(12);
    let most = spec.topics.iter().filter_map(sum).map(|v| v.count).max().unwrap_or(0);
    for (panel, range) in rows.panels() {
        let start = left + pen.px(12);
        let place = Place::new(panel.x + start, panel.y, (panel.w - start).max(10), panel.h);
        let counts = Counts::new(most, place.w, right.min(place.w * 4 / 5), pen.px(76));
        let plot = lying(pen, place, &counts);
        for index in range.clone() {
            let topic = &spec.topics[index];
            let row = rows.row(*panel, index - range.start);
            let middle = row.y + row.h / 2;
            let lettered = rows.lettered(index - range.start, set.size);
            if lettered {
                name(pen, &topic.label, row, left, set);
            }
            let thick = (row.h * 7 / 10).min(pen.px(42)).max(2);
            let mut so_far = 0_u64;
            let mut x = place.x;
            for (mode, value) in topic.values.iter().enumerate() {
                let Some(value) = value else { continue };
                so_far = so_far.saturating_add(value.count);
                let end = plot.map_coordinate(&(so_far as f64, place.bottom() - middle)).0 / Q;
                let part = Place::new(x, middle - thick / 2, end - x, thick);
                segment(pen, spec, topic, part, (mode, *value));
                x = end;
            }
            if lettered {
                pen.text(
                    &set.fit(&words(topic), panel.right() - x - pen.px(8)),
                    (x + pen.px(8), middle + set.drop()),
                    set,
                );
            }
        }
        let last = rows.row(*panel, range.len());
        pen.rect(Place::new(place.x - 1, panel.y, 1, last.y - panel.y), pen.colors.axis);
    }
}

fn segment(pen: &Pen, spec: &Topics, topic: &Topic, part: Place, (mode, value): (usize, Value)) {
    stacked(pen, part, pen.colors.kind(mode), 14, &[&number::written(value, pen.lang)]);
    let told = || number::told(Some(value), &spec.unit, pen.lang);
    pen.region(Place { w: part.w.max(1), ..part }, &spec.modes[mode], &topic.label, told, "");
}
