//! Draws the data file with plotters as it comes: `BitMapBackend`, text by `ab_glyph`, and the PNG encoder of `image`
//! with its defaults. plotters has no legend outside the plot, no subtitle and no words at the end of a line, so those
//! are drawn by hand as its examples do.

#[path = "../../drivers/turns.rs"]
mod turns;

use std::error::Error;

use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontTransform, register_font};
use turns::{Chart, Data};

type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;
type Done<T = ()> = Result<T, Box<dyn Error>>;

/// What both charts have around them.
struct Page<'a> {
    area: Area<'a>,
    data: &'a Data,
    scale: i32,
}

fn color(hex: &str) -> RGBColor {
    let part = |at| hex.get(at..at + 2).and_then(|h| u8::from_str_radix(h, 16).ok()).unwrap_or(0);
    RGBColor(part(1), part(3), part(5))
}

impl Page<'_> {
    fn px(&self, n: i32) -> i32 {
        n * self.scale
    }

    /// A style. `size` is an em in pixels at scale 1; plotters counts from ascent to descent, 1.448 em in this font.
    fn style(&self, size: i32, bold: bool, hex: &str, (h, v): (HPos, VPos)) -> TextStyle<'static> {
        let weight = if bold { FontStyle::Bold } else { FontStyle::Normal };
        let font = FontDesc::new(FontFamily::SansSerif, f64::from(self.px(size)) * 1.448, weight);
        font.color(&color(hex)).pos(Pos::new(h, v))
    }

    fn text(&self, words: &str, style: &TextStyle<'_>, (x, y): (i32, i32)) -> Done {
        self.area.draw_text(words, style, (x, y))?;
        Ok(())
    }

    fn head(&self, chart: &Chart, line: bool) -> Done {
        let theme = &self.data.theme;
        self.area.fill(&color(&theme.ground))?;
        let left = |size, bold, hex: &str| self.style(size, bold, hex, (HPos::Left, VPos::Center));
        self.text(&chart.title, &left(32, true, &theme.ink), (self.px(40), self.px(63)))?;
        self.text(&chart.subtitle, &left(18, false, &theme.muted), (self.px(40), self.px(97)))?;
        self.text(&chart.caption, &left(14, false, &theme.muted), (self.px(40), self.px(161)))?;
        for (i, (name, hex)) in chart.series.iter().zip(&theme.years).enumerate() {
            let x = self.px(40 + 97 * i as i32 + if line { 20 * i as i32 } else { 0 });
            let y = self.px(129);
            if line {
                let path = vec![(x, y), (x + self.px(34), y)];
                self.area.draw(&PathElement::new(path, color(hex).stroke_width(2 * self.scale as u32)))?;
                self.area.draw(&Circle::new((x + self.px(17), y), self.px(5), color(hex).filled()))?;
            } else {
                let corners = [(x, y - self.px(8)), (x + self.px(16), y + self.px(8))];
                self.area.draw(&Rectangle::new(corners, color(hex).filled()))?;
            }
            let words = x + self.px(if line { 42 } else { 24 });
            self.text(name, &left(15, false, &theme.ink), (words, y))?;
        }
        Ok(())
    }

    /// Axis, grid, labels; returns where 0 is, and pixels a value.
    fn body(&self, chart: &Chart, right: i32) -> Done<(i32, f64)> {
        let theme = &self.data.theme;
        let (top, bottom) = (self.px(186), self.px(800));
        let unit = f64::from(bottom - top) / chart.axis.max as f64;
        let style = self.style(15, false, &theme.muted, (HPos::Right, VPos::Center));
        for n in (0..=chart.axis.max).step_by(chart.axis.step as usize) {
            let y = bottom - (n as f64 * unit) as i32;
            let hex = if n == 0 { &theme.axis } else { &theme.grid };
            let path = vec![(self.px(100), y), (self.px(right), y)];
            self.area.draw(&PathElement::new(path, color(hex).stroke_width(self.scale as u32)))?;
            self.text(&n.to_string(), &style, (self.px(90), y))?;
        }
        Ok((bottom, unit))
    }

    fn bars(&self, chart: &Chart) -> Done {
        let theme = &self.data.theme;
        self.head(chart, false)?;
        let (bottom, unit) = self.body(chart, 1560)?;
        let pitch = self.px(1460) as f64 / chart.names.len() as f64;
        let bar = (pitch * 0.82 / chart.series.len() as f64) as i32;
        let name = self.style(16, false, &theme.ink, (HPos::Center, VPos::Center));
        for (i, row) in chart.values.iter().enumerate() {
            let middle = self.px(100) + (pitch * (i as f64 + 0.5)) as i32;
            let first = middle - bar * row.len() as i32 / 2;
            for (j, value) in row.iter().enumerate() {
                let x = first + bar * j as i32;
                let y = bottom - (*value as f64 * unit) as i32;
                let corners = [(x, y), (x + bar - self.px(2), bottom - 1)];
                self.area.draw(&Rectangle::new(corners, color(&theme.years[j]).filled()))?;
                let last = j + 1 == row.len();
                let hex = if last { &theme.accent_ink } else { &theme.muted };
                let style =
                    self.style(14, last, hex, (HPos::Left, VPos::Center)).transform(FontTransform::Rotate270);
                self.text(&value.to_string(), &style, (x + bar / 2, y - self.px(6)))?;
            }
            for (n, line) in chart.lines[i].iter().enumerate() {
                self.text(line, &name, (middle, bottom + self.px(17 + 22 * n as i32)))?;
            }
        }
        Ok(())
    }

    fn trend(&self, chart: &Chart) -> Done {
        let theme = &self.data.theme;
        self.head(chart, true)?;
        let (bottom, unit) = self.body(chart, 1480)?;
        let pitch = 1300.0 / (chart.names.len() - 1) as f64;
        let at = |day: usize| self.px(140) + (pitch * day as f64) as i32 * self.scale;
        let name = self.style(15, false, &theme.muted, (HPos::Center, VPos::Center));
        for (day, words) in chart.names.iter().enumerate() {
            self.text(words, &name, (at(day), bottom + self.px(17)))?;
        }
        for (j, row) in chart.values.iter().enumerate() {
            let last = j + 1 == chart.values.len();
            let ink = color(&theme.years[j]);
            let width = self.px(if last { 3 } else { 2 }) as u32;
            let points: Vec<_> = row
                .iter()
                .enumerate()
                .map(|(day, value)| (at(day), bottom - (*value as f64 * unit) as i32))
                .collect();
            self.area.draw(&PathElement::new(points.clone(), ink.stroke_width(width)))?;
            for point in &points {
                self.area.draw(&Circle::new(*point, self.px(5), ink.filled()))?;
            }
            let hex = if last { &theme.accent_ink } else { &theme.ink };
            let end = points.last().copied().unwrap_or_default();
            let style = self.style(15, last, hex, (HPos::Left, VPos::Center));
            self.text(&chart.series[j], &style, (self.px(1496), end.1))?;
            if last {
                let style = self.style(15, true, &theme.accent_ink, (HPos::Center, VPos::Bottom));
                for (point, value) in points.iter().zip(row) {
                    self.text(&value.to_string(), &style, (point.0, point.1 - self.px(10)))?;
                }
            }
        }
        Ok(())
    }
}

fn draw(data: &Data, is_trend: bool, scale: u32) -> Done<Vec<u8>> {
    let (width, height) = (data.width * scale, data.height * scale);
    let mut pixels = vec![0; (width * height * 3) as usize];
    let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
    let page = Page { area, data, scale: scale as i32 };
    if is_trend {
        page.trend(&data.trend)?;
    } else {
        page.bars(&data.bars)?;
    }
    page.area.present()?;
    drop(page);
    let mut png = Vec::new();
    PngEncoder::new(&mut png).write_image(&pixels, width, height, ExtendedColorType::Rgb8)?;
    Ok(png)
}

fn main() -> Done {
    let fonts = std::env::var("BENCH_FONTS")?;
    for (weight, name) in [(FontStyle::Normal, "Regular"), (FontStyle::Bold, "Bold")] {
        let bytes = std::fs::read(format!("{fonts}/NotoSansCJKsc-{name}.otf"))?;
        register_font("sans-serif", weight, bytes.leak()).map_err(|_| "not a font")?;
    }
    turns::serve(draw)
}
