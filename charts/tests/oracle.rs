//! Another rasteriser draws our SVG, and our PNG must look the same: so neither the painters disagree, nor does our own
//! rasteriser draw what only it would. Letters are left out, for the PNG sets them hinted and tiny-skia has no fonts.
//! A failure leaves `tiny-skia | ours | difference` side by side.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops on the first fault")]

mod pictures;
#[path = "../examples/sample/mod.rs"]
mod sample;

use pictures::{Picture, decode, panels};
use pufa_charts::*;
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform,
};

/// The attributes of one element of our SVG, which writes each element on a line of its own.
struct Element<'a>(&'a str);

impl<'a> Element<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        let start = self.0.find(&format!(" {name}=\""))? + name.len() + 3;
        self.0[start..].split('"').next()
    }

    fn number(&self, name: &str) -> f32 {
        self.get(name).unwrap().parse().unwrap()
    }

    fn paint(&self, name: &str) -> Option<Paint<'static>> {
        let hex = self.get(name)?.strip_prefix('#')?;
        let part = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
        let mut paint = Paint::default();
        paint.set_color_rgba8(part(0), part(2), part(4), 255);
        Some(paint)
    }

    fn path(&self) -> Path {
        let mut path = PathBuilder::new();
        let d = self.get("d").unwrap();
        for step in d.trim_end_matches('Z').split_inclusive(['M', 'L']).collect::<Vec<_>>().windows(2) {
            let (x, y) = step[1].trim_end_matches(['M', 'L']).split_once(' ').unwrap();
            let (x, y) = (x.parse().unwrap(), y.parse().unwrap());
            if step[0].ends_with('M') { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        if d.ends_with('Z') {
            path.close();
        }
        path.finish().unwrap()
    }
}

/// The SVG's shapes as tiny-skia draws them, and for each pixel whether a text may be there.
fn redraw(svg: &str, scale: f32) -> (Picture, Vec<bool>) {
    let root = Element(svg.lines().next().unwrap());
    let (w, h) = ((root.number("width") * scale) as u32, (root.number("height") * scale) as u32);
    let mut pixmap = Pixmap::new(w, h).unwrap();
    pixmap.fill(Color::WHITE);
    let mut lettered = vec![false; (w * h) as usize];
    let view = Transform::from_scale(scale, scale);
    for line in svg.lines() {
        let e = Element(line);
        if line.starts_with("<rect width=\"100%\"") {
            let all = Rect::from_xywh(0.0, 0.0, w as f32, h as f32).unwrap();
            pixmap.fill_rect(all, &e.paint("fill").unwrap(), Transform::identity(), None);
        } else if line.starts_with("<rect") {
            let size = (e.number("width"), e.number("height"));
            let rect = Rect::from_xywh(e.number("x"), e.number("y"), size.0, size.1).unwrap();
            pixmap.fill_rect(rect, &e.paint("fill").unwrap(), view, None);
        } else if line.starts_with("<circle") {
            let path = PathBuilder::from_circle(e.number("cx"), e.number("cy"), e.number("r")).unwrap();
            pixmap.fill_path(&path, &e.paint("fill").unwrap(), FillRule::Winding, view, None);
        } else if line.starts_with("<path") {
            if let Some(paint) = e.paint("fill") {
                pixmap.fill_path(&e.path(), &paint, FillRule::Winding, view, None);
            }
            if let Some(paint) = e.paint("stroke") {
                let cap = if e.get("stroke-linecap").is_some() { LineCap::Round } else { LineCap::Butt };
                let stroke = Stroke {
                    width: e.number("stroke-width"),
                    line_cap: cap,
                    line_join: LineJoin::Round,
                    ..Stroke::default()
                };
                pixmap.stroke_path(&e.path(), &paint, &stroke, view, None);
            }
        } else if line.starts_with("<text") {
            cover(&e, scale, w as usize, &mut lettered);
        }
    }
    let rgb = pixmap.pixels().iter().flat_map(|p| [p.red(), p.green(), p.blue()]).collect();
    ((w as usize, h as usize, rgb), lettered)
}

/// Marks the pixels on which a text may have ink, with a margin.
fn cover(text: &Element<'_>, scale: f32, width: usize, lettered: &mut [bool]) {
    let size = text.number("font-size");
    let long = text.get("textLength").map_or(size, |n| n.parse().unwrap());
    let (left, top, right, bottom) = match text.get("transform") {
        Some(turned) => {
            let at = turned.trim_start_matches("translate(").split(')').next().unwrap();
            let (x, y) = at.split_once(' ').unwrap();
            let (x, y): (f32, f32) = (x.parse().unwrap(), y.parse().unwrap());
            (x - size, y - long, x + size * 0.3, y)
        }
        None => {
            let (x, y) = (text.number("x"), text.number("y"));
            (x, y - size, x + long, y + size * 0.3)
        }
    };
    let height = lettered.len() / width;
    let range = |from: f32, to: f32, most: usize| {
        (((from - 3.0) * scale).max(0.0) as usize).min(most)..(((to + 3.0) * scale) as usize).min(most)
    };
    for y in range(top, bottom, height) {
        lettered[y * width..(y + 1) * width][range(left, right, width)].fill(true);
    }
}

fn compare(name: &str, spec: &Spec, scale: u32) {
    let options = Options { scale, ..Options::default() };
    let (mut expected, lettered) = redraw(&svg(spec, &options).unwrap(), scale as f32);
    let mut got = decode(&png(spec, &options).unwrap());
    assert_eq!((expected.0, expected.1), (got.0, got.1));
    for (i, _) in lettered.iter().enumerate().filter(|(_, lettered)| **lettered) {
        expected.2[i * 3..i * 3 + 3].fill(255);
        got.2[i * 3..i * 3 + 3].fill(255);
    }
    let apart = |(a, b): (&u8, &u8)| u64::from(a.abs_diff(*b));
    let squares: u64 = expected.2.iter().zip(&got.2).map(|pair| apart(pair).pow(2)).sum();
    let noise = 10.0 * (255.0_f64.powi(2) * got.2.len() as f64 / squares.max(1) as f64).log10();
    // A pixel at an edge may differ by some steps of coverage; one that is wrong differs by half of all.
    let wrong = expected.2.iter().zip(&got.2).filter(|(a, b)| a.abs_diff(**b) > 100).count();
    if noise < 45.0 || wrong > 30 {
        let path = panels(&format!("oracle-{name}@{scale}"), &expected, &got);
        panic!("{name}@{scale}: {noise:.1} dB, {wrong} channels far off; see {}", path.display());
    }
}

#[test]
fn another_rasteriser_draws_the_same_shapes() {
    let zh = Lang::ZhCn;
    // Below two pixels' width tiny-skia draws slanted lines by another rule; hence scale 2 where there are many.
    for (name, spec, scale) in [
        ("year-over-year", sample::by_unit(12, 5, zh, Theme::Light), 1),
        ("trend", sample::trend(5, 7, true, zh, Theme::Light), 1),
        ("trend", sample::trend(10, 9, false, zh, Theme::Dark), 2),
        ("year-over-year-60", sample::by_unit(60, 5, zh, Theme::Print), 1),
        ("composition", sample::composition(8, zh, Theme::Print), 2),
        ("completeness", sample::completeness(12, 7, zh, Theme::Light), 2),
        ("summary", sample::summary(Preset::A4, 12, zh, Theme::Light), 1),
    ] {
        compare(name, &spec, scale);
    }
}
