//! The figures of a picture as a table of words.

use crate::chart::completeness;
use crate::model::{Bar, DataTable, Datum, Frame, Lang, Spec, Value};
use crate::number;

/// The table of a picture; a summary's is its table of units.
pub(crate) fn of(spec: &Spec) -> DataTable {
    let lang = spec.frame().lang;
    let head = |zh: &str, en: &str| if lang == Lang::ZhCn { zh.to_owned() } else { en.to_owned() };
    let cell = |value: &Option<Value>, unit: &str| number::told(*value, unit, lang);
    let (headers, rows) = match spec {
        Spec::Totals(s) => bars(&s.bars, head("单位", "Unit"), &s.measure, &s.unit, lang),
        Spec::Composition(s) => bars(&s.parts, head("名称", "Name"), &s.measure, &s.unit, lang),
        Spec::Trend(s) => {
            let headers = std::iter::once(head("日期", "Day")).chain(s.lines.iter().map(|l| l.label.clone()));
            let rows = s.days.iter().enumerate().map(|(i, day)| {
                let values = s.lines.iter().map(|l| cell(&l.values.get(i).copied().flatten(), &s.unit));
                std::iter::once(day.clone()).chain(values).collect()
            });
            (headers.collect(), rows.collect())
        }
        Spec::Topics(s) => {
            let headers = std::iter::once(head("主题", "Topic")).chain(s.modes.iter().cloned());
            let rows = s.topics.iter().map(|t| {
                std::iter::once(t.label.clone()).chain(t.values.iter().map(|v| cell(v, &s.unit))).collect()
            });
            (headers.collect(), rows.collect())
        }
        Spec::Completeness(s) => {
            let noted = s.units.iter().any(|u| !u.note.is_empty());
            let headers = std::iter::once(head("单位", "Unit")).chain(s.days.iter().cloned());
            let headers = headers.chain(noted.then(|| head("已报", "Reported")));
            let rows = s.units.iter().map(|u| {
                let states = u.cells.iter().map(|c| completeness::words(*c, lang).to_owned());
                let note = noted.then(|| u.note.clone());
                std::iter::once(u.label.clone()).chain(states).chain(note).collect()
            });
            (headers.collect(), rows.collect())
        }
        Spec::YearOverYear(s) => {
            let changed = s.groups.iter().any(|g| !g.change.is_empty());
            let headers = std::iter::once(head("名称", "Name")).chain(s.series.iter().cloned());
            let headers = headers.chain(changed.then(|| head("同比", "Change")));
            let rows = s.groups.iter().map(|g| {
                let values = g.values.iter().enumerate().map(|(i, v)| {
                    let change = g.changes.get(i).map_or("", String::as_str);
                    [cell(v, &s.unit).as_str(), change].join(" ").trim_end().to_owned()
                });
                let change = changed.then(|| g.change.clone());
                std::iter::once(g.label.clone()).chain(values).chain(change).collect()
            });
            (headers.collect(), rows.collect())
        }
        Spec::Summary(s) => {
            let headers = std::iter::once(s.table.head.clone()).chain(s.table.columns.iter().cloned());
            let rows = s.table.rows.iter().map(|row| {
                let cells = row.cells.iter().map(|datum| match datum {
                    Datum::Value(value) => cell(value, ""),
                    Datum::Text(words) => words.clone(),
                });
                std::iter::once(row.label.clone()).chain(cells).collect()
            });
            (headers.collect(), rows.collect())
        }
    };
    DataTable { caption: caption(spec.frame()), headers, rows }
}

fn caption(frame: &Frame) -> String {
    let parts = [frame.title.as_str(), &frame.subtitle];
    let parts: Vec<_> = parts.into_iter().filter(|p| !p.is_empty()).collect();
    parts.join(if frame.lang == Lang::ZhCn { "　" } else { " – " })
}

fn bars(
    bars: &[Bar],
    name: String,
    measure: &str,
    unit: &str,
    lang: Lang,
) -> (Vec<String>, Vec<Vec<String>>) {
    let noted = bars.iter().any(|b| !b.note.is_empty());
    let note = if lang == Lang::ZhCn { "备注" } else { "Note" };
    let headers = [name, measure.to_owned()].into_iter().chain(noted.then(|| note.to_owned()));
    let rows = bars.iter().map(|b| {
        let row = [b.label.clone(), number::told(b.value, unit, lang)];
        row.into_iter().chain(noted.then(|| b.note.clone())).collect()
    });
    (headers.collect(), rows.collect())
}
