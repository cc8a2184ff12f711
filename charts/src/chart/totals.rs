//! `totals`: bars by unit in administrative order; upright when units are few, lying in panels when they are many.

use plotters::element::Rectangle;
use plotters::style::{Color, RGBColor};

use crate::axis::{Counts, lying};
use crate::canvas::Q;
use crate::chart::rows::{Rows, name, name_width};
use crate::chart::upright::{self, Cluster, Column};
use crate::frame::{nothing, unit_caption};
use crate::model::{Bar, Totals};
use crate::number;
use crate::pen::{Pen, Place};
use crate::set::Set;

pub(crate) fn draw(pen: &Pen, spec: &Totals, body: Place) {
    if spec.bars.is_empty() {
        return nothing(pen, body);
    }
    let clusters: Vec<_> = spec
        .bars
        .iter()
        .map(|bar| Cluster {
            label: &bar.label,
            change: "",
            columns: vec![Column {
                series: &spec.measure,
                value: bar.value,
                change: &bar.note,
                fill: pen.colors.single(),
                strong: false,
            }],
        })
        .collect();
    match upright::fitting(pen, &clusters, body) {
        Some(plan) => upright::draw(pen, &clusters, &plan, &spec.unit, body),
        None => lying_bars(pen, spec, body),
    }
}

fn lying_bars(pen: &Pen, spec: &Totals, body: Place) {
    unit_caption(pen, &spec.unit, false, Place { y: body.y + pen.size(14), ..body });
    let body = body.below(pen.px(26));
    let rows = Rows::new(spec.bars.len(), body, (pen.px(18), pen.px(40)), pen.px(40));
    let most = spec.bars.iter().filter_map(|b| b.value).map(|v| v.count).max().unwrap_or(0);
    let size = rows.text(pen, 15);
    let names = Set::new(size, pen.colors.ink);
    let values = Set::new(size.min(pen.size(14)), pen.colors.ink);
    let width = rows.panels().first().map_or(body.w, |(p, _)| p.w);
    let left = name_width(names, spec.bars.iter().map(|b| b.label.as_str()), width, 45);
    let label =
        |bar: &Bar| bar.value.map_or(number::no_data(pen.lang).to_owned(), |v| number::written(v, pen.lang));
    let right = spec.bars.iter().map(|b| values.width(&label(b))).max().unwrap_or(0) + pen.px(10);
    for (panel, range) in rows.panels() {
        let start = left + pen.px(10);
        let place = Place::new(panel.x + start, panel.y, (panel.w - start).max(10), panel.h);
        let counts = Counts::new(most, place.w, right.min(place.w * 3 / 4), pen.px(76));
        let plot = lying(pen, place, &counts);
        for (nth, bar) in spec.bars[range.clone()].iter().enumerate() {
            let row = rows.row(*panel, nth);
            let lettered = rows.lettered(nth, size);
            if lettered {
                name(pen, &bar.label, row, left, names);
            }
            let pad = (row.h / 6).max(1);
            let (upper, lower) = (place.bottom() - row.y - pad, place.bottom() - row.bottom() + pad);
            let count = bar.value.map_or(0, |v| v.count) as f64;
            let end = plot.map_coordinate(&(count, upper)).0 / Q;
            if count > 0.0 {
                let style = RGBColor::from(pen.colors.plain).filled();
                pen.draw(&plot, &Rectangle::new([(0.0, upper), (count, lower)], style));
            }
            let set = if bar.value.is_some() { values } else { Set { color: pen.colors.muted, ..values } };
            if lettered {
                pen.text(
                    &set.fit(&label(bar), panel.right() - end - pen.px(6)),
                    (end + pen.px(6), row.y + row.h / 2 + set.drop()),
                    set,
                );
            }
            let value = || number::told(bar.value, &spec.unit, pen.lang);
            pen.region(Place::new(row.x, row.y, row.w, row.h), &spec.measure, &bar.label, value, &bar.note);
        }
        let last = rows.row(*panel, range.len());
        pen.rect(Place::new(place.x - 1, panel.y, 1, last.y - panel.y), pen.colors.axis);
    }
}
