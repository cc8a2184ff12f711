//! `year-over-year`: grouped bars, by unit with years as series or by year with one series. Where bars would get too
//! thin, a row a unit with a dot a year.

use crate::axis::{Counts, lying};
use crate::canvas::Q;
use crate::chart::rows::{Rows, name, name_width};
use crate::chart::upright::{self, Cluster, Column};
use crate::frame::{Entry, Sign, below_legend, legend, marker, nothing, unit_caption};
use crate::model::{Group, YearOverYear};
use crate::number;
use crate::pen::{Pen, Place};
use crate::set::Set;

fn change(group: &Group, series: usize) -> &str {
    group.changes.get(series).map_or("", String::as_str)
}

/// The legend: a year each, or nothing when there is one series, whose name the subtitle says.
fn entries(spec: &YearOverYear, sign: impl Fn(usize) -> Sign) -> Vec<Entry<'_>> {
    let years = spec.series.iter().enumerate().map(|(i, words)| Entry { sign: sign(i), words });
    if spec.series.len() < 2 { Vec::new() } else { years.collect() }
}

pub(crate) fn draw(pen: &Pen, spec: &YearOverYear, place: Place) {
    let below = |place: Place| place.below(pen.px(10));
    let count = spec.series.len();
    let fills = entries(spec, |i| Sign::Fill(pen.colors.year(i, count)));
    let body = below(below_legend(pen, &fills, place));
    if spec.groups.is_empty() || spec.series.is_empty() {
        legend(pen, &fills, place);
        return nothing(pen, body);
    }
    let clusters = clusters(pen, spec);
    if let Some(plan) = upright::fitting(pen, &clusters, body) {
        legend(pen, &fills, place);
        return upright::draw(pen, &clusters, &plan, &spec.unit, body);
    }
    // Dots tell years apart by shape.
    let shapes = entries(spec, |i| Sign::Year(i, count));
    dots(pen, spec, below(legend(pen, &shapes, place)));
}

fn clusters<'a>(pen: &Pen, spec: &'a YearOverYear) -> Vec<Cluster<'a>> {
    spec.groups.iter().enumerate().map(|(i, group)| cluster(pen, spec, i, group)).collect()
}

fn cluster<'a>(pen: &Pen, spec: &'a YearOverYear, index: usize, group: &'a Group) -> Cluster<'a> {
    let count = spec.series.len();
    let columns = group.values.iter().zip(&spec.series).enumerate().map(|(i, (value, series))| {
        let strong = if count > 1 { i + 1 == count } else { spec.highlight == Some(index) };
        let fill = match (count, spec.highlight) {
            (1, None) => pen.colors.single(),
            // Earlier years of a single series look alike: the axis tells them apart.
            (1, Some(_)) => pen.colors.year(usize::from(strong), 2),
            _ => pen.colors.year(i, count),
        };
        Column { series, value: *value, change: change(group, i), fill, strong }
    });
    Cluster { label: &group.label, change: &group.change, columns: columns.collect() }
}

/// Rows in as many panels as hold names, values and changes in full, unless rows would be too low for letters then.
fn panels(pen: &Pen, spec: &YearOverYear, body: Place, label: &impl Fn(&Group) -> String) -> Rows {
    let (gap, heights) = (pen.px(48), (pen.px(18), pen.px(40)));
    let count = spec.groups.len();
    let usual = Rows::new(count, body, heights, gap);
    let size = usual.text(pen, 15);
    let (names, small) = (Set::new(size, pen.colors.ink), Set::new(size.min(pen.size(13)), pen.colors.muted));
    let widest = |width: &dyn Fn(&Group) -> i32| spec.groups.iter().map(width).max().unwrap_or(0);
    let words = widest(&|g| names.width(&g.label)) + widest(&|g| names.bold().width(&label(g)));
    let need = words + widest(&|g| small.width(&g.change)) + pen.px(44) + pen.px(120);
    let hold = (body.w + gap) / (need + gap);
    if hold >= usual.panels().len() as i32 {
        return usual;
    }
    let fewer = Rows::with_panels(count, body, heights, gap, hold);
    if fewer.height > pen.size(13) { fewer } else { usual }
}

/// A row a unit, a dot a year, the year in question in letters.
fn dots(pen: &Pen, spec: &YearOverYear, body: Place) {
    let earlier =
        |g: &Group| g.values.split_last().is_some_and(|(_, all)| all.iter().flatten().any(|v| !v.is_exact()));
    let whiskers = spec.groups.iter().any(earlier);
    unit_caption(pen, &spec.unit, whiskers, Place { y: body.y + pen.size(14), ..body });
    let body = body.below(pen.px(26));
    let count = spec.series.len();
    let most = spec.groups.iter().flat_map(|g| &g.values).flatten().map(|v| v.count).max().unwrap_or(0);
    let last = |g: &Group| g.values.last().copied().flatten();
    let label =
        |g: &Group| last(g).map_or(number::no_data(pen.lang).to_owned(), |v| number::written(v, pen.lang));
    let rows = panels(pen, spec, body, &label);
    let size = rows.text(pen, 15);
    let names = Set::new(size, pen.colors.ink);
    let small = Set::new(size.min(pen.size(13)), pen.colors.muted);
    let values = Set::new(size.min(pen.size(14)), pen.colors.accent_ink).bold();
    let width = rows.panels().first().map_or(body.w, |(p, _)| p.w);
    let left = name_width(names, spec.groups.iter().map(|g| g.label.as_str()), width, 36);
    let value_width = spec.groups.iter().map(|g| values.width(&label(g))).max().unwrap_or(0).min(width / 4);
    let change_width = spec.groups.iter().map(|g| small.width(&g.change)).max().unwrap_or(0);
    // The dots come first: where the rest would leave them no room, the changes go, and are not cut: without its figure a
    // change says nothing, and the region has it.
    let rest = left + value_width + pen.px(44);
    let change_width = if rest + change_width + pen.px(60) > width { 0 } else { change_width };
    for (panel, range) in rows.panels() {
        let right = value_width + change_width + pen.px(24);
        let start = left + pen.px(20);
        let place = Place::new(panel.x + start, panel.y, (panel.w - start - right).max(20), panel.h);
        let counts = Counts::new(most, place.w, pen.px(8), pen.px(76)).fine();
        let plot = lying(pen, place, &counts);
        let radius = (row_radius(rows.height)).min(pen.px(6)).max(2);
        for (nth, group) in spec.groups[range.clone()].iter().enumerate() {
            let row = rows.row(*panel, nth);
            let middle = row.y + row.h / 2;
            let lettered = rows.lettered(nth, names.size);
            if lettered {
                name(pen, &group.label, row, left, names);
            }
            pen.rect(Place::new(place.x, middle, place.w, 1), pen.colors.grid);
            for value in group.values.iter().rev().skip(1).flatten().filter(|v| !v.is_exact()) {
                let [low, high] = [value.low, value.high]
                    .map(|n| plot.map_coordinate(&(n as f64, place.bottom() - middle)).0 / Q);
                pen.rect(Place::new(low, middle, (high - low).max(1), 1), pen.colors.ink);
            }
            for (i, value) in group.values.iter().enumerate() {
                let Some(value) = value else { continue };
                let at = plot.map_coordinate(&(value.count as f64, place.bottom() - middle));
                let centre = (at.0, at.1 + Q / 2);
                marker(&pen.resized(radius * 18), centre, i, count, false);
                let told = || number::told(Some(*value), &spec.unit, pen.lang);
                let x = at.0 / Q - radius;
                pen.region(
                    Place::new(x, middle - radius, 2 * radius, 2 * radius),
                    &spec.series[i],
                    &group.label,
                    told,
                    change(group, i),
                );
            }
            if !lettered {
                continue;
            }
            let end = place.right() + pen.px(12) + value_width;
            let base = middle + values.drop();
            let set = if last(group).is_some() { values } else { small };
            pen.text(&set.fit(&label(group), value_width), (end, base), set.end());
            pen.text(&small.fit(&group.change, change_width), (end + pen.px(10), base), small);
        }
    }
}

const fn row_radius(height: i32) -> i32 {
    height / 4
}
