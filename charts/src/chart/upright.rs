//! Upright bars in groups: what `totals` and `year-over-year` share when units are few.

use std::borrow::Cow;

use plotters::element::Rectangle;
use plotters::style::{Color, RGBColor};

use crate::axis::{Counts, Upright, gutter, upright};
use crate::canvas::Q;
use crate::font::Weight;
use crate::frame::{column, ends, unit_caption, whisker};
use crate::model::Value;
use crate::number;
use crate::pen::{Pen, Place};
use crate::set::Set;
use crate::theme::{Fill, Hatch};

/// One bar.
pub(crate) struct Column<'a> {
    pub(crate) series: &'a str,
    pub(crate) value: Option<Value>,
    pub(crate) change: &'a str,
    pub(crate) fill: Fill,
    /// Whether it stands out.
    pub(crate) strong: bool,
}

impl Column<'_> {
    fn is_inexact(&self) -> bool {
        self.value.is_some_and(|v| !v.is_exact())
    }
}

/// Bars that stand together over a name.
pub(crate) struct Cluster<'a> {
    pub(crate) label: &'a str,
    pub(crate) change: &'a str,
    pub(crate) columns: Vec<Column<'a>>,
}

/// How values are written at their bars.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Values {
    Level,
    Turned,
    /// Turned, and only those that stand out: there is no room for more.
    Strong,
}

/// The measures of the layout, all in pixels.
pub(crate) struct Plan<'a> {
    pitch: i32,
    bar: i32,
    values: Values,
    names: Vec<Vec<Cow<'a, str>>>,
    changes: Vec<Vec<Cow<'a, str>>>,
    /// Whether a name or a change had to be cut, or a word of a name torn.
    cut: bool,
    counts: Counts,
    place: Place,
}

const NAME_LINES: usize = 4;
const CHANGE_LINES: usize = 3;

fn value_set(pen: &Pen, column: &Column<'_>) -> Set {
    let set = if column.strong { pen.ink(14).bold() } else { pen.muted(14) };
    if column.strong { Set { color: pen.colors.accent_ink, ..set } } else { set }
}

fn words(pen: &Pen, column: &Column<'_>) -> String {
    match column.value {
        Some(value) => number::written(value, pen.lang),
        None => number::no_data(pen.lang).to_owned(),
    }
}

/// Lays the bars out: the axis' labels need a width that follows from its ticks, which follow from the height that
/// the names leave, which follows from the width.
fn plan<'a>(pen: &Pen, clusters: &'a [Cluster<'a>], body: Place) -> Plan<'a> {
    let columns = || clusters.iter().flat_map(|c| &c.columns);
    let widest = columns().map(|c| value_set(pen, c).width(&words(pen, c))).max().unwrap_or(0);
    let most = columns().filter_map(|c| c.value).map(|v| v.count).max().unwrap_or(0);
    // A guess at the height gives the right ticks mostly.
    let guess = Counts::new(most, body.h - pen.px(34) - 2 * pen.ink(16).line(), widest, pen.px(76)).closed();
    let need = |counts: &Counts| gutter(pen, counts).max(pen.px(50));
    let mut left = need(&guess);
    let mut plan = plan_beside(pen, clusters, body, (widest, most), left);
    for round in 0..4 {
        let need = need(&plan.counts);
        // Less is taken once, lest it goes to and fro.
        if need == left || need < left && round > 0 {
            break;
        }
        left = need;
        plan = plan_beside(pen, clusters, body, (widest, most), left);
    }
    plan
}

fn plan_beside<'a>(
    pen: &Pen,
    clusters: &'a [Cluster<'a>],
    body: Place,
    (widest, most): (i32, u64),
    left: i32,
) -> Plan<'a> {
    let count = clusters.len().max(1) as i32;
    let each = clusters.iter().map(|c| c.columns.len()).max().unwrap_or(1).max(1) as i32;
    let caption = pen.px(34);
    let width = body.w - left;
    let pitch = (width / count).max(1);
    let bar = (pitch * 82 / 100 / each).clamp(1, pen.px(96));
    let names_set = pen.ink(16);
    let change_set = pen.muted(14);
    // In a low picture names and changes leave the larger part to the bars.
    let name_lines = ((body.h / 3 / names_set.line()).max(1) as usize).min(NAME_LINES);
    let change_lines = if body.h < pen.px(340) { 1 } else { CHANGE_LINES };
    let names: Vec<_> =
        clusters.iter().map(|c| names_set.balance(c.label, pitch - pen.px(8), name_lines)).collect();
    let mut changes: Vec<_> =
        clusters.iter().map(|c| change_set.wrap(c.change, pitch - pen.px(8), change_lines)).collect();
    // A change that is cut says nothing without its figure.
    let torn = changes.iter().flatten().any(|line| line.ends_with('…'));
    if torn {
        changes.iter_mut().for_each(Vec::clear);
    }
    let cut =
        torn || names.iter().zip(clusters).any(|(lines, c)| {
            lines.iter().map(|l| l.chars().count()).sum::<usize>()
                < c.label.chars().filter(|c| *c != ' ').count()
        }) || names.iter().flatten().any(|l| l.ends_with('…'))
            || clusters.iter().any(|c| names_set.widest_word(c.label) > pitch - pen.px(8));
    let rows = |lists: &[Vec<Cow<'_, str>>]| lists.iter().map(Vec::len).max().unwrap_or(0) as i32;
    let below = rows(&names) * names_set.line() + rows(&changes) * change_set.line() + pen.px(10);

    let room = if each == 1 { pitch } else { bar };
    let size = pen.size(14);
    let (values, above) = if widest <= room - 4 {
        // A change above a value takes a line more.
        let changed = clusters.iter().flat_map(|c| &c.columns).any(|c| !c.change.is_empty());
        let lines = if changed && each == 1 { 3 } else { 1 };
        (Values::Level, size * 14 / 10 * lines + 6)
    } else if bar > size {
        (Values::Turned, widest + 12)
    } else {
        (Values::Strong, widest + 12)
    };
    let place = Place::new(body.x + left, body.y + caption, width, (body.h - caption - below).max(40));
    let counts = Counts::new(most, place.h, above, pen.px(76)).closed();
    Plan { pitch, bar, values, names, changes, cut, counts, place }
}

/// The plan, if bars can be drawn upright: wide enough, with names that need not be cut.
pub(crate) fn fitting<'a>(pen: &Pen, clusters: &'a [Cluster<'a>], body: Place) -> Option<Plan<'a>> {
    if clusters.len() > 24 {
        return None;
    }
    let plan = plan(pen, clusters, body);
    let squeezed = plan.bar < 6 || plan.pitch < pen.px(44);
    (!squeezed && (clusters.len() <= 6 || !plan.cut)).then_some(plan)
}

/// Draws the bars as planned for the same body.
pub(crate) fn draw(pen: &Pen, clusters: &[Cluster<'_>], plan: &Plan<'_>, unit: &str, body: Place) {
    let place = plan.place;
    let silent = |c: &Column<'_>| plan.values == Values::Strong && !c.strong && c.is_inexact();
    let whiskers = clusters.iter().flat_map(|c| &c.columns).any(silent);
    unit_caption(pen, unit, whiskers, Place { y: body.y + pen.size(14), ..body });
    let plot = upright(pen, place, &plan.counts);
    let start = (place.w - plan.pitch * clusters.len() as i32) / 2;
    // First all bars: drawn between labels, they could not be kept as rows to be copied (see `Backdrop`).
    let mut spots = Vec::with_capacity(clusters.iter().map(|c| c.columns.len()).sum());
    for (i, cluster) in clusters.iter().enumerate() {
        let left = start + plan.pitch * i as i32;
        let first = left + (plan.pitch - plan.bar * cluster.columns.len() as i32) / 2;
        for (j, column) in cluster.columns.iter().enumerate() {
            spots.push((cluster, column, bar(pen, plan, &plot, column, first + plan.bar * j as i32)));
        }
    }
    for (cluster, column, place) in spots {
        label(pen, plan, &plot, (cluster, column), place, unit);
    }
    let rows = plan.names.iter().map(Vec::len).max().unwrap_or(0) as i32;
    for i in 0..clusters.len() {
        let centre = place.x + start + plan.pitch * i as i32 + plan.pitch / 2;
        let y = place.bottom() + pen.px(6);
        column(pen, &plan.names[i], (centre, y), pen.ink(16));
        let y = y + rows * pen.ink(16).line();
        column(pen, &plan.changes[i], (centre, y), pen.muted(14));
    }
    pen.rect(Place::new(place.x, place.bottom() - 1, place.w, 1), pen.colors.axis);
}

/// Draws a bar from `x` of the plot on. Returns where it stands.
fn bar(pen: &Pen, plan: &Plan<'_>, plot: &Upright, column: &Column<'_>, x: i32) -> Place {
    let gap = if plan.bar > 8 { 2 } else { i32::from(plan.bar > 3) };
    let count = column.value.map_or(0, |v| v.count);
    let (left, top) = plot.map_coordinate(&(x, count as f64));
    let (left, top) = (left / Q, top / Q);
    let place = Place::new(left, top, plan.bar - gap, plan.place.bottom() - top);
    if count > 0 {
        let style = RGBColor::from(column.fill.color).filled();
        pen.draw(plot, &Rectangle::new([(x, 0.0), (x + place.w, count as f64)], style));
        if column.fill.hatch != Hatch::None || pen.colors.hatched {
            pen.fill(place, column.fill);
        }
    }
    place
}

/// Writes over a bar what it stands for, and keeps its region.
fn label(
    pen: &Pen,
    plan: &Plan<'_>,
    plot: &Upright,
    (cluster, column): (&Cluster<'_>, &Column<'_>),
    bar: Place,
    unit: &str,
) {
    let centre = bar.x + bar.w / 2;
    let written = write(pen, plan, (centre, bar.y), cluster, column);
    // Without its 约 or 余 over it, a line says that it is inexact.
    if let Some(value) = column.value.filter(|v| !written && !v.is_exact()) {
        let ends = ends(value, |n| plot.map_coordinate(&(0, n as f64)).1 / Q);
        whisker(pen, centre, ends, pen.colors.ink);
    }
    let tall = bar.h.max(8);
    let value = || number::told(column.value, unit, pen.lang);
    pen.region(
        Place::new(bar.x, bar.bottom() - tall, bar.w.max(1), tall),
        column.series,
        cluster.label,
        value,
        column.change,
    );
}

/// Writes a value over its bar, and what changed over that. What would leave the plot is not written: the region has
/// it in full. Says whether the value was written.
fn write(
    pen: &Pen,
    plan: &Plan<'_>,
    (centre, top): (i32, i32),
    cluster: &Cluster<'_>,
    column: &Column<'_>,
) -> bool {
    let set = value_set(pen, column);
    let set = if column.value.is_none() { Set { weight: Weight::Regular, ..pen.muted(13) } } else { set };
    let text = words(pen, column);
    let base = top - pen.px(6).max(4);
    let room = base - plan.place.y + pen.px(4);
    match plan.values {
        Values::Level if room >= set.size => {
            pen.plated(&text, (centre, base), set.middle());
            if cluster.columns.len() > 1 || column.change.is_empty() {
                return true;
            }
            let set = pen.muted(14).middle();
            let lines = set.wrap(column.change, plan.pitch - 6, 2);
            let whole = lines.last().is_some_and(|line| !line.ends_with('…'));
            for (i, line) in lines.iter().rev().enumerate().filter(|_| whole) {
                let up = set.line() * (i as i32 + 1);
                if up + set.size <= room {
                    pen.plated(line, (centre, base - up), set);
                }
            }
            true
        }
        Values::Turned => {
            pen.plated(&set.fit(&text, room), (centre + set.drop(), base), set.turned());
            true
        }
        // Beside thinner bars a plate would cut into the neighbour.
        Values::Strong if column.strong => {
            pen.text(&set.fit(&text, room), (centre + set.drop(), base), set.turned().halo());
            true
        }
        Values::Level | Values::Strong => false,
    }
}
