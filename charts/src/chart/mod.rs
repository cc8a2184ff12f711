//! One file a chart, and what they share.

pub(crate) mod completeness;
mod composition;
mod rows;
mod summary;
mod topics;
mod totals;
mod trend;
mod unit_table;
mod upright;
mod year_over_year;

use crate::canvas::Recorder;
use crate::frame::{foot, heading, legend};
use crate::model::{Options, Spec};
use crate::pen::{Pen, Place};
use crate::theme::Colors;
use crate::{Error, check};

/// Draws a picture; with `hits`, its regions that stand for figures are kept too.
pub(crate) fn draw(spec: &Spec, options: &Options, hits: bool) -> Result<Recorder, Error> {
    check::spec(spec)?;
    let size = check::size(spec, options)?;
    let frame = spec.frame();
    let (w, h) = (size.0 as i32, size.1 as i32);
    let pen = |percent| Pen::new(size, Colors::of(frame.theme), frame.lang, percent, hits);
    if let Spec::Summary(summary) = spec {
        // The page's sizes are those of its preset; another size scales them.
        let preset = summary.preset.size();
        let percent = (w * 100 / preset.0 as i32).min(h * 100 / preset.1 as i32).clamp(40, 250);
        let pen = pen(percent);
        summary::draw(&pen, summary, Place::new(0, 0, w, h));
        return pen.finish();
    }
    // Letters follow the picture's size, between what can be read and what would shout.
    let pen = pen((w * 100 / 1600).min(h * 100 / 900).clamp(55, 200));
    let inside = Place::new(0, 0, w, h).shrink(pen.px(40));
    let inside = foot(&pen, frame, inside);
    let inside = heading(&pen, frame, inside, 32, 18);
    body(&pen, spec, inside);
    pen.finish()
}

/// The chart itself with its legend, without heading and foot.
pub(crate) fn body(pen: &Pen, spec: &Spec, place: Place) {
    let below = |place: Place| place.below(pen.px(10));
    match spec {
        Spec::Totals(s) => totals::draw(pen, s, below(place)),
        Spec::Trend(s) => trend::draw(pen, s, below(legend(pen, &trend::entries(s), place))),
        Spec::Composition(s) => composition::draw(pen, s, below(place)),
        Spec::Topics(s) => topics::draw(pen, s, below(legend(pen, &topics::entries(pen, s), place))),
        Spec::Completeness(s) => {
            let signs = completeness::signs(pen, s, place);
            let legend = legend(pen, &completeness::entries(pen, s, signs), place);
            completeness::draw(pen, s, below(legend), signs);
        }
        Spec::YearOverYear(s) => {
            year_over_year::draw(pen, s, place);
        }
        Spec::Summary(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canvas::Op;
    use crate::model::{Lang, Preset, Theme};
    use crate::{number, sample};

    #[test]
    fn no_text_is_left_out_of_ordinary_pictures() {
        for lang in [Lang::ZhCn, Lang::En] {
            let theme = Theme::Light;
            let mut specs: Vec<Spec> = [Preset::A4, Preset::Phone, Preset::Screen]
                .into_iter()
                .map(|preset| sample::summary(preset, 12, lang, theme))
                .collect();
            for units in [1, 2, 7, 12, 16, 30, 60] {
                specs.push(sample::totals(units, lang, theme));
                specs.push(sample::completeness(units, 10, lang, theme));
                specs.extend([1, 2, 5, 10].map(|years| sample::by_unit(units, years, lang, theme)));
            }
            for count in [1, 2, 5, 10] {
                specs.push(sample::by_year(count, lang, theme));
                specs.push(sample::trend(count, 9, true, lang, theme));
                specs.push(sample::composition(count, lang, theme));
                specs.push(sample::topics(count, lang, theme));
            }
            for spec in specs {
                let drawing = draw(&spec, &Options::default(), false).expect("a drawing");
                assert_eq!(drawing.dropped, 0, "{} {lang:?} {}", spec.name(), table_of(&spec));
            }
        }
    }

    #[test]
    fn a_value_stands_nearest_to_its_own_day() {
        for (days, size) in [(7, (1600, 900)), (15, (1200, 675)), (30, (1200, 675)), (40, (1080, 720))] {
            let spec = sample::trend(3, days, true, Lang::En, Theme::Light);
            let Spec::Trend(trend) = &spec else { continue };
            let line = trend.lines.last().expect("a line");
            let drawing =
                draw(&spec, &Options { size: Some(size), ..Options::default() }, true).expect("a drawing");
            let points: Vec<_> = drawing.hits.iter().filter(|hit| hit.series == line.label).collect();
            let written: Vec<_> =
                line.values.iter().flatten().map(|v| number::written(*v, Lang::En)).collect();
            assert_eq!(points.len(), written.len());
            let mut found = 0;
            for op in &drawing.ops {
                let Op::Text(text) = op else { continue };
                let words = &drawing.letters[text.letters.clone()];
                if text.halo.is_none() || !written.iter().any(|w| w == words) {
                    continue;
                }
                let b = text.bounds();
                let (x, y) = ((b.x0 + b.x1) as f32 / 8.0, (b.y0 + b.y1) as f32 / 8.0);
                let away = |i: &usize| {
                    let hit = points[*i];
                    (hit.x + hit.w / 2.0 - x).hypot(hit.y + hit.h / 2.0 - y)
                };
                let nearest = (0..points.len()).min_by(|a, b| away(a).total_cmp(&away(b))).expect("a point");
                assert_eq!(written[nearest], words, "{days} days");
                found += 1;
            }
            assert!(found >= days / 2, "{found} of {days} values are written");
        }
    }

    fn table_of(spec: &Spec) -> String {
        let table = crate::table(spec);
        format!("{} x {}", table.rows.len(), table.headers.len())
    }
}
