//! `trend`: days of the drive along, years as lines. The year in question is strong and carries its values; 12·4 is
//! marked; days that are not over are hollow, dashed and set apart.

use crate::axis::{Counts, Upright, gutter, upright};
use crate::canvas::{Bounds, Q};
use crate::frame::{Entry, Sign, ends, marker, nothing, ring, stroke, unit_caption, whisker};
use crate::model::{Lang, Line, Trend, Value};
use crate::number;
use crate::pen::{Pen, Place};
use crate::set::Set;
use crate::theme::Rgb;

/// The legend: years, and the ring if 12·4 falls on different days.
pub(crate) fn entries(spec: &Trend) -> Vec<Entry<'_>> {
    let count = spec.lines.len();
    let mut entries: Vec<_> = Vec::new();
    if count > 1 {
        let years = spec.lines.iter().enumerate();
        entries.extend(years.map(|(i, line)| Entry { sign: Sign::Year(i, count), words: &line.label }));
    }
    if common_mark(spec).is_none()
        && spec.lines.iter().any(|l| l.mark.is_some())
        && !spec.mark_label.is_empty()
    {
        entries.push(Entry { sign: Sign::Ring, words: &spec.mark_label });
    }
    entries
}

/// The day that is marked in every year that marks one.
fn common_mark(spec: &Trend) -> Option<usize> {
    let mut marks = spec.lines.iter().filter_map(|l| l.mark);
    let first = marks.next()?;
    (marks.all(|m| m == first) && first < spec.days.len()).then_some(first)
}

pub(crate) fn draw(pen: &Pen, spec: &Trend, body: Place) {
    if spec.days.is_empty() || spec.lines.is_empty() {
        return nothing(pen, body);
    }
    let values = spec.lines.iter().flat_map(|l| &l.values).flatten();
    let most = values.map(|v| v.count).max().unwrap_or(0);
    let top = pen.px(36) + if common_mark(spec).is_some() { pen.px(24) } else { 0 };
    let height = |lines: i32| (body.h - top - pen.muted(15).line() * lines - pen.px(8)).max(40);
    let counts = |lines: i32| Counts::new(most, height(lines), pen.px(34), pen.px(76)).closed().fine();
    // How wide the axis' labels are follows from its ticks, how many lines the days take from what width is left.
    let left = gutter(pen, &counts(1)).max(gutter(pen, &counts(2)));
    let names = pen.muted(15);
    let ends =
        spec.lines.iter().map(|l| pen.ink(15).bold().width(&l.label)).max().unwrap_or(0).min(body.w / 5);
    let pitch = (body.w - left) / spec.days.len() as i32;
    let lines = if spec.days.iter().any(|d| names.width(d) + pen.px(24) > pitch) { 2 } else { 1 };
    let right = ends + pen.px(30);
    let place =
        Place::new(body.x + left, body.y + top, (body.w - left - right).max(60), height(lines as i32));
    let counts = counts(lines as i32);
    let ranges = earlier_inexact(spec).next().is_some();
    unit_caption(pen, &spec.unit, ranges, Place { y: body.y + pen.size(14), ..body });

    let days = Days::new(spec.days.len(), place, pen.px(40));
    not_over(pen, spec, place, &days);
    let plot = upright(pen, place, &counts);
    pen.rect(Place::new(place.x, place.bottom() - 1, place.w, 1), pen.colors.axis);
    day_labels(pen, spec, place, &days, lines);
    if let Some(day) = common_mark(spec) {
        let x = place.x + days.at(day);
        pen.line(&[(x, place.y - pen.px(4)), (x, place.bottom() - 1)], pen.px(6).max(4), pen.colors.axis);
        let set = pen.ink(14).middle();
        let words = set.fit(&spec.mark_label, place.w / 2);
        let half = set.width(&words) / 2 + 1;
        let middle = x.clamp(place.x + half, (place.right() - half).max(place.x + half));
        pen.text(&words, (middle, place.y - pen.px(10)), set);
    }
    let count = spec.lines.len();
    let mut tips = Vec::new();
    for (i, line) in spec.lines.iter().enumerate() {
        if i + 1 == count {
            // Over the earlier lines and their markers, behind the last.
            for (index, day, value) in earlier_inexact(spec) {
                let color = pen.colors.ink.mix(pen.colors.year_line(index, count), 128);
                range(pen, &plot, days.at(day), value, color);
            }
        }
        if let Some(tip) = one(pen, spec, &plot, line, (i, count), &days) {
            tips.push((tip, i));
        }
    }
    label_values(pen, spec, &plot, &days, place);
    label_ends(pen, spec, tips, place, body);
}

/// Where days stand along the axis, in whole pixels.
struct Days {
    first: i32,
    span: i32,
    count: i32,
}

impl Days {
    fn new(count: usize, place: Place, pad: i32) -> Self {
        let pad = pad.min(place.w / 4);
        if count == 1 {
            return Self { first: place.w / 2, span: 0, count: 1 };
        }
        Self { first: pad, span: place.w - 2 * pad, count: count as i32 }
    }

    /// Pixels from the left of the plot.
    fn at(&self, day: usize) -> i32 {
        self.first + self.span * day as i32 / (self.count - 1).max(1)
    }

    fn pitch(&self) -> i32 {
        self.span / (self.count - 1).max(1)
    }
}

/// Sets the days apart that are not over in the last line.
fn not_over(pen: &Pen, spec: &Trend, place: Place, days: &Days) {
    let Some(open) = spec.lines.last().and_then(|l| l.open_from).filter(|d| *d < spec.days.len()) else {
        return;
    };
    let half = if days.count > 1 { days.pitch() / 2 } else { days.first };
    let x = place.x + (days.at(open) - half).max(0);
    let band = Place::new(x, place.y, place.right() - x, place.h);
    pen.rect(band, pen.colors.surface);
    let words = if pen.lang == Lang::ZhCn { "尚未结束" } else { "not over yet" };
    let set = pen.muted(14);
    let base = place.y + set.size + pen.px(4);
    pen.place(words, &[(band.x + pen.px(8), base)], set, band);
}

fn day_labels(pen: &Pen, spec: &Trend, place: Place, days: &Days, lines: usize) {
    let set = pen.muted(15).middle();
    let widest = spec.days.iter().map(|d| set.width(d)).max().unwrap_or(0);
    // Two lines where a label does not fit its day, then every second, third … day.
    let pitch = if days.count > 1 { days.pitch() } else { place.w };
    let wrapped = widest + pen.px(10) > pitch;
    let need = if wrapped { (widest / 2).max(set.size * 2) + pen.px(12) } else { widest };
    let every = (need / pitch.max(1) + 1).max(1) as usize;
    for (i, words) in spec.days.iter().enumerate().step_by(every) {
        let x = place.x + days.at(i);
        pen.rect(Place::new(x, place.bottom(), 1, pen.px(5)), pen.colors.axis);
        let room = pitch * every as i32 - pen.px(6);
        // The first and the last label must not leave the picture.
        let room = room.min(2 * (x - place.x + pen.px(30))).min(2 * (place.right() - x + pen.px(20)));
        for (n, line) in set.wrap(words, room, lines).iter().enumerate() {
            pen.text(line, (x, place.bottom() + pen.px(6) + set.size + set.line() * n as i32), set);
        }
    }
}

/// Draws a line with its markers, and says where it ends.
fn one(
    pen: &Pen,
    spec: &Trend,
    plot: &Upright,
    line: &Line,
    (index, count): (usize, usize),
    days: &Days,
) -> Option<(i32, i32)> {
    let color = pen.colors.year_line(index, count);
    let width = stroke(pen, index, count);
    let at = |day: usize| {
        let value = line.values[day]?;
        Some(plot.map_coordinate(&(days.at(day), value.count as f64)))
    };
    let open = line.open_from.unwrap_or(usize::MAX);
    let mut run: Vec<(i32, i32)> = Vec::new();
    let mut tip = None;
    for day in 0..line.values.len() {
        let point = at(day);
        if let (Some(to), true, Some(from)) = (point, day >= open, run.last().copied()) {
            dashed(pen, from, to, width, color);
            flush(pen, &mut run, width, color);
            run.push(to);
        } else if let Some(point) = point {
            run.push(point);
        } else {
            flush(pen, &mut run, width, color);
        }
        tip = point.or(tip);
    }
    flush(pen, &mut run, width, color);
    let shared = common_mark(spec).is_some();
    for (day, value) in line.values.iter().enumerate() {
        let Some(point) = at(day) else { continue };
        marker(pen, point, index, count, day >= open);
        if line.mark == Some(day) && !shared {
            ring(pen, point);
        }
        let r = pen.px(9).max(5);
        let told = || number::told(*value, &spec.unit, pen.lang);
        let box_ = Place::new(point.0 / Q - r, point.1 / Q - r, 2 * r, 2 * r);
        pen.region(box_, &line.label, &spec.days[day], told, "");
    }
    tip
}

fn flush(pen: &Pen, run: &mut Vec<(i32, i32)>, width: i32, color: Rgb) {
    let points = std::mem::take(run);
    if points.len() > 1 {
        pen.fine_line(points, width, color);
    }
}

fn dashed(pen: &Pen, a: (i32, i32), b: (i32, i32), width: i32, color: Rgb) {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let (fx, fy) = (f64::from(dx), f64::from(dy));
    let length = (fx * fx + fy * fy).sqrt();
    let steps = ((length / f64::from(pen.px(56).max(32))) as i32).max(1);
    for i in 0..steps {
        let along = |part: i32| (a.0 + dx * part / (steps * 2), a.1 + dy * part / (steps * 2));
        pen.fine_line(vec![along(2 * i), along(2 * i + 1)], width, color);
    }
}

/// The inexact values of all but the last line, by line and day: they are not written, so their range is drawn.
fn earlier_inexact(spec: &Trend) -> impl Iterator<Item = (usize, usize, Value)> {
    let earlier = spec.lines.split_last().map_or(&[][..], |(_, earlier)| earlier);
    earlier.iter().enumerate().flat_map(|(index, line)| {
        let values = line.values.iter().enumerate();
        values.filter_map(move |(day, value)| Some((index, day, (*value)?))).filter(|(.., v)| !v.is_exact())
    })
}

fn range(pen: &Pen, plot: &Upright, day: i32, value: Value, color: Rgb) {
    let at = |n: u64| plot.map_coordinate(&(day, n as f64));
    whisker(pen, at(value.low).0 / Q, ends(value, |n| at(n).1 / Q), color);
}

/// Writes the values of the last line where there is room: above a rise, below a dip, so that its own line does not
/// strike them through, and where a value hides the least of any line. Where there is no room, an inexact one gets its
/// range.
fn label_values(pen: &Pen, spec: &Trend, plot: &Upright, days: &Days, place: Place) {
    let Some(line) = spec.lines.last() else { return };
    let set = Set { color: pen.colors.accent_ink, ..pen.ink(15) }.bold().middle().halo();
    let points = |line: &Line| -> Vec<Option<(i32, i32)>> {
        let at = |(day, value): (usize, &Option<Value>)| {
            value.map(|v| plot.map_coordinate(&(days.at(day), v.count as f64)))
        };
        line.values.iter().enumerate().map(at).collect()
    };
    let mut lines: Vec<_> = spec.lines.iter().map(points).collect();
    let own = lines.last().cloned().unwrap_or_default();
    // A range is a line too.
    lines.extend(earlier_inexact(spec).map(|(_, day, value)| {
        let (low, high) = ends(value, |n| plot.map_coordinate(&(days.at(day), n as f64)).1);
        let x = place.x + days.at(day);
        vec![Some((x * Q, low)), Some((x * Q, high.unwrap_or(low - pen.px(36) * Q)))]
    }));
    let limits = Place::new(place.x, place.y - pen.px(2), place.w + pen.px(24), place.h);
    for (day, value) in line.values.iter().enumerate() {
        let (Some(value), Some((x, y))) = (value, own[day]) else { continue };
        let words = number::written(*value, pen.lang);
        // An end of the line has one neighbour, which alone decides.
        let beside = [day.checked_sub(1).and_then(|d| own[d]), own.get(day + 1).copied().flatten()];
        let dips = beside.iter().any(Option::is_some) && beside.iter().flatten().all(|to| to.1 < y);
        let here = (x, y);
        let (x, y) = (x / Q, y / Q);
        // Clear of the marker, and of the ring where there is one.
        let clear = pen.px(if line.mark == Some(day) { 16 } else { 12 });
        let (over, under) = (y - clear, y + clear + set.size * 9 / 10);
        let half = set.width(&words) / 2 + pen.px(12);
        // Each with how far it is from what it tells of.
        let mut places = vec![(0, (x, over)), (0, (x, under))];
        if dips {
            places.reverse();
        }
        for (far, level) in
            [(1, over), (1, under), (1, y - pen.px(6)), (3, over - set.size), (3, under + set.size)]
        {
            places.extend([(far, (x - half, level)), (far, (x + half, level))]);
        }
        places.extend([(2, (x, over - set.size)), (2, (x, under + set.size))]);
        // The first of those that hide least and are nearest.
        let mut best: Option<(usize, (i32, i32))> = None;
        for (far, at) in places {
            if best.is_some_and(|(cost, _)| far >= cost) {
                continue;
            }
            let Some(room) = pen.room(&words, at, set, limits) else { continue };
            // Nearer to another day it would be taken for that day's.
            let middle = ((room.x0 + room.x1) / 2, (room.y0 + room.y1) / 2);
            let away = |p: &(i32, i32)| i64::from(p.0 - middle.0).pow(2) + i64::from(p.1 - middle.1).pow(2);
            if own.iter().flatten().any(|p| away(p) < away(&here)) {
                continue;
            }
            let hidden: usize = lines.iter().map(|points| hides(&room, points, pen.px(36))).sum();
            let cost = far + 2 * hidden;
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, at));
            }
        }
        if let Some((_, at)) = best {
            pen.text(&words, at, set);
        } else if !value.is_exact() {
            range(pen, plot, days.at(day), *value, pen.colors.ink);
        }
    }
}

/// How much of a line a box would hide: markers, which count more, and pieces between them.
fn hides(room: &Bounds, points: &[Option<(i32, i32)>], marker: i32) -> usize {
    let wide = room.grown(marker);
    let markers = points.iter().flatten().filter(|(x, y)| wide.holds(*x, *y)).count();
    let crossed = |pair: &&[Option<(i32, i32)>]| matches!(pair, [Some(a), Some(b)] if room.crosses(*a, *b));
    markers * 4 + points.windows(2).filter(crossed).count()
}

/// Names the years at the ends of their lines, spread so that they do not touch.
fn label_ends(pen: &Pen, spec: &Trend, mut tips: Vec<((i32, i32), usize)>, place: Place, body: Place) {
    let count = spec.lines.len();
    tips.sort_by_key(|((_, y), i)| (*y, *i));
    let set = pen.ink(15);
    let pitch = set.size * 12 / 10;
    let (low, high) = (place.y + pitch / 2, place.bottom() - pitch / 2);
    let mut levels: Vec<i32> = tips.iter().map(|((_, y), _)| *y / Q).collect();
    let mut next = low;
    for level in &mut levels {
        *level = (*level).max(next);
        next = *level + pitch;
    }
    let mut next = high;
    for level in levels.iter_mut().rev() {
        *level = (*level).min(next);
        next = *level - pitch;
    }
    let x = place.right() + pen.px(16);
    for (((tip_x, tip_y), index), level) in tips.into_iter().zip(levels) {
        // More lines than there is height for: the legend has them all.
        if level < low {
            continue;
        }
        let last = index + 1 == count;
        let set = if last { Set { color: pen.colors.accent_ink, ..set }.bold() } else { set };
        let fill = pen.colors.year_line(index, count);
        if tip_x >= (place.right() - pen.px(60)) * Q || !last {
            let from = (tip_x.max((place.right() - pen.px(40)) * Q), tip_y);
            if tip_x >= (place.right() - pen.px(60)) * Q {
                pen.fine_line(vec![from, ((x - pen.px(6)) * Q, level * Q)], Q, fill);
            }
            let words = set.fit(&spec.lines[index].label, body.right() - x);
            pen.place(&words, &[(x, level + set.drop())], set, body);
        } else {
            let (px, py) = (tip_x / Q, tip_y / Q);
            let words = &spec.lines[index].label;
            let places = [
                (px + pen.px(14), py + set.drop()),
                (px + pen.px(14), py + set.drop() + pitch),
                (px + pen.px(14), py + set.drop() - pitch),
            ];
            pen.place(words, &places, set.halo(), body);
        }
    }
}
