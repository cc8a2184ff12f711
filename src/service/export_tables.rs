//! The tables that files are made of.

use super::Caller;
use super::tallies::{ConsultationView, ItemView, TallyView};
use super::totals::{TotalItem, TotalsView};
use crate::domain::access::{self, Permission};
use crate::domain::calendar::ReportDay;
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::consultation::{Mode, Topic};
use crate::domain::expected::Waited;
use crate::domain::measure::{CONSULTATIONS, Measure};
use crate::domain::quantity::{Bound, Quantity};
use crate::domain::tally::Review;
use crate::domain::unit::Placed;
use crate::i18n::Lang;
use crate::sheet::book::{Column, Rule, Table, Value};
use crate::sheet::number;
use crate::sheet::separated::Csv;
use crate::sheet::words::{self, Vocabulary};
use serde::Serialize;
use std::collections::BTreeMap;

/// A figure, with everything that a program may want to group by. Column names of the CSV are those of the JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Flat {
    campaign: String,
    year: i16,
    date: String,
    unit_code: String,
    unit_name: String,
    parent: String,
    measure: String,
    title: String,
    topic: &'static str,
    mode: &'static str,
    count: Option<i64>,
    low: Option<i64>,
    high: Option<i64>,
    exact: bool,
    bound: &'static str,
    zero: bool,
    state: &'static str,
}

impl Flat {
    /// The rows as CSV.
    pub(super) fn csv(rows: &[Self]) -> Vec<u8> {
        const HEAD: [&str; 17] = [
            "campaign",
            "year",
            "date",
            "unit_code",
            "unit_name",
            "parent",
            "measure",
            "title",
            "topic",
            "mode",
            "count",
            "low",
            "high",
            "exact",
            "bound",
            "zero",
            "state",
        ];
        let mut csv = Csv::default();
        HEAD.iter().for_each(|name| csv.text(name));
        csv.end();
        for row in rows {
            csv.text(&row.campaign);
            csv.number(row.year.into());
            let texts = [&row.date, &row.unit_code, &row.unit_name, &row.parent, &row.measure, &row.title];
            texts.into_iter().for_each(|text| csv.text(text));
            [row.topic, row.mode].into_iter().for_each(|text| csv.text(text));
            for number in [row.count, row.low, row.high] {
                match number {
                    Some(number) => csv.number(number),
                    None => csv.blank(),
                }
            }
            csv.text(if row.exact { "true" } else { "false" });
            csv.text(row.bound);
            csv.text(if row.zero { "true" } else { "false" });
            csv.text(row.state);
            csv.end();
        }
        csv.finish()
    }
}

/// A column of the wide table: a measure with its title, or consultations of a topic by a mode.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    Item(String, String),
    Consultation(Topic, Mode),
}

/// Makes tables of a campaign for a caller.
pub(super) struct Tables<'a> {
    catalogue: &'a Catalogue,
    caller: &'a Caller,
    campaign: &'a Campaign,
    today: ReportDay,
    tallies: &'a [TallyView],
    lang: Lang,
}

impl<'a> Tables<'a> {
    pub(super) const fn new(
        catalogue: &'a Catalogue,
        caller: &'a Caller,
        campaign: &'a Campaign,
        today: ReportDay,
        tallies: &'a [TallyView],
    ) -> Self {
        Self { catalogue, caller, campaign, today, tallies, lang: caller.lang }
    }

    fn word(&self, key: &str) -> String {
        self.lang.text(&format!("export-{key}"))
    }

    fn unit(&self, code: &str) -> Option<Placed<'a>> {
        self.catalogue.tree.by_code(code)
    }

    fn name(&self, measure: &Measure) -> String {
        self.lang.pick(&measure.name, &measure.name_en).to_owned()
    }

    /// A row a figure.
    pub(super) fn flat(&self) -> Vec<Flat> {
        let mut rows = Vec::new();
        for tally in self.tallies {
            let unit = self.unit(&tally.unit);
            let parent = unit.and_then(|unit| self.catalogue.tree.get(unit.parent()?));
            let row = |count: Option<(u32, &'static str)>| {
                let quantity = count
                    .and_then(|(count, bound)| Quantity::new(count.into(), Bound::from_code(bound)?).ok());
                let sum = quantity.map(Quantity::sum);
                Flat {
                    campaign: tally.campaign.clone(),
                    year: self.campaign.year,
                    date: tally.date.clone(),
                    unit_code: tally.unit.clone(),
                    unit_name: unit.map(|unit| unit.name().clone()).unwrap_or_default(),
                    parent: parent.map(|parent| parent.code().to_string()).unwrap_or_default(),
                    measure: String::new(),
                    title: String::new(),
                    topic: "",
                    mode: "",
                    count: sum.map(|sum| sum.count),
                    low: sum.map(|sum| sum.low),
                    high: sum.map(|sum| sum.high),
                    exact: sum.is_none_or(|sum| sum.is_exact()),
                    bound: count.map_or("", |(_, bound)| bound),
                    zero: count.is_none(),
                    state: tally.state,
                }
            };
            for ItemView { measure, title, count, bound } in &tally.items {
                let title = title.as_deref().unwrap_or_default().to_owned();
                rows.push(Flat { measure: measure.clone(), title, ..row(Some((*count, bound))) });
            }
            for ConsultationView { topic, mode, person_times, bound } in &tally.consultations {
                let measure = CONSULTATIONS.to_owned();
                rows.push(Flat { measure, topic, mode, ..row(Some((*person_times, bound))) });
            }
            if tally.items.is_empty() && tally.consultations.is_empty() {
                rows.push(row(None));
            }
        }
        rows
    }

    /// What the reports count, in the order of the campaign.
    fn lines(&self) -> Vec<Line> {
        let place = |line: &Line| {
            let code = match line {
                Line::Item(measure, _) => measure,
                Line::Consultation(..) => CONSULTATIONS,
            };
            self.campaign.measures.iter().position(|measure| measure.code.as_str() == code)
        };
        let mut lines: Vec<Line> = self.tallies.iter().flat_map(figures).map(|(line, _)| line).collect();
        lines.sort_by(|a, b| (place(a), a).cmp(&(place(b), b)));
        lines.dedup();
        lines
    }

    /// The headings of a line: of the measure, and of what is below it. Read again they mean the same line.
    fn headings(&self, line: &Line, alone: bool) -> (String, String) {
        let code = match line {
            Line::Item(measure, _) => measure,
            Line::Consultation(..) => CONSULTATIONS,
        };
        let top = self.campaign.measure(code).map_or_else(|| code.to_owned(), |measure| self.name(measure));
        let below = match line {
            _ if alone => String::new(),
            Line::Item(_, title) if title.is_empty() => self.word("count"),
            Line::Item(_, title) => title.clone(),
            Line::Consultation(topic, mode) => {
                let pick = |zh, en| self.lang.pick(zh, en).to_owned();
                format!("{}·{}", pick(topic.name(), topic.name_en()), pick(mode.name(), mode.name_en()))
            }
        };
        (top, below)
    }

    /// Lines that stand under their measure without anything below.
    fn is_alone(lines: &[Line], line: &Line) -> bool {
        match line {
            Line::Item(measure, title) => {
                let same = |other: &&Line| matches!(other, Line::Item(code, _) if code == measure);
                title.is_empty() && lines.iter().filter(same).count() == 1
            }
            Line::Consultation(topic, mode) => {
                let same = |other: &&Line| matches!(other, Line::Consultation(..));
                *topic == Topic::Unspecified
                    && *mode == Mode::Unspecified
                    && lines.iter().filter(same).count() == 1
            }
        }
    }

    /// Columns that come before the figures, and those after.
    fn frame(&self) -> ([Column; 3], [Column; 3]) {
        let column = |key: &str, width| Column::new(self.word(key), width);
        let first = [column("unit_code", 14), column("unit", 24), column("date", 12)];
        (first, [column("zero", 8), column("note", 30), column("state", 10)])
    }

    /// A row a report.
    pub(super) fn wide(&self) -> Table {
        let lines = self.lines();
        let (first, last) = self.frame();
        let vocabulary = Vocabulary::Reports(self.campaign);
        let figures_of = lines.iter().map(|line| {
            let (top, below) = self.headings(line, Self::is_alone(&lines, line));
            // A title that is itself a known word (小计) is written with its measure before it.
            let fits = meaning(vocabulary.look_both(&top, &below).as_ref()).as_ref() == Some(line);
            let below = if fits { below } else { format!("{top}:{below}") };
            Column { below, ..Column::new(top, 12) }
        });
        Table {
            name: self.word("reports"),
            title: self.campaign.name.clone(),
            columns: first.into_iter().chain(figures_of).chain(last).collect(),
            rows: self.tallies.iter().map(|tally| self.wide_row(tally, &lines)).collect(),
            frozen: 3,
            spare: 0,
        }
    }

    fn wide_row(&self, tally: &TallyView, lines: &[Line]) -> Vec<Value> {
        let unit = self.unit(&tally.unit).map(|unit| unit.name().clone()).unwrap_or_default();
        let day = tally.date.parse().map_or(Value::Blank, Value::Day);
        let mut cells = vec![Value::text(&tally.unit), Value::text(unit), day];
        let mut sums: BTreeMap<Line, (u32, Bound)> = BTreeMap::new();
        for (line, (count, bound)) in figures(tally) {
            let sum = sums.entry(line).or_insert((0, bound));
            *sum = (sum.0.saturating_add(count), if sum.1 == Bound::Exact { bound } else { sum.1 });
        }
        cells.extend(lines.iter().map(|line| match sums.get(line) {
            None => Value::Blank,
            Some((count, Bound::Exact)) => Value::Number((*count).into()),
            Some((count, bound)) => Value::Text(number::write(*count, *bound)),
        }));
        let nothing = tally.items.is_empty() && tally.consultations.is_empty();
        cells.push(Value::text(if nothing { self.word("yes") } else { String::new() }));
        cells.push(Value::text(&tally.note));
        let state = Review::from_code(tally.state);
        cells.push(Value::text(
            state.map_or(tally.state, |state| self.lang.pick(state.name(), state.name_en())),
        ));
        cells
    }

    /// The wide table as CSV, under one row of headings.
    pub(super) fn wide_csv(&self) -> Vec<u8> {
        let lines = self.lines();
        let (first, last) = self.frame();
        let vocabulary = Vocabulary::Reports(self.campaign);
        let heading = |line: &Line| {
            let (top, below) = self.headings(line, Self::is_alone(&lines, line));
            let plain = matches!(line, Line::Item(_, title) if title.is_empty());
            let joined = match () {
                () if below.is_empty() || plain => top.clone(),
                () if below.starts_with('《') => format!("{top}{below}"),
                () => format!("{top}:{below}"),
            };
            let fits = meaning(vocabulary.look(&joined).as_ref()).as_ref() == Some(line);
            if fits { joined } else { format!("{top}:{below}") }
        };
        let heads = first.iter().map(|column| column.top.clone()).chain(lines.iter().map(heading));
        let heads = heads.chain(last.iter().map(|column| column.top.clone())).collect::<Vec<_>>();
        let rows: Vec<Vec<Value>> = self.tallies.iter().map(|tally| self.wide_row(tally, &lines)).collect();
        csv(&heads, &rows)
    }

    /// Measures of the campaign beside each other, with what each row has of them.
    fn measured(&self, items: &[&TotalItem]) -> impl Iterator<Item = Value> {
        self.campaign.measures.iter().map(|measure| {
            let item = items.iter().find(|item| item.total.measure == measure.code.as_str());
            item.map_or(Value::Blank, |item| Value::Number(item.total.count))
        })
    }

    fn measure_columns(&self) -> impl Iterator<Item = Column> {
        self.campaign.measures.iter().map(|measure| {
            let word = self.lang.pick(&measure.word, &measure.word_en);
            Column { below: word.to_owned(), ..Column::new(self.name(measure), 13) }
        })
    }

    /// Totals of the units directly below, and of all.
    pub(super) fn totals(&self, by_unit: &TotalsView, whole: &TotalsView) -> Table {
        let columns =
            [Column::new(self.word("unit"), 24)].into_iter().chain(self.measure_columns()).collect();
        Table {
            name: self.word("totals"),
            title: self.campaign.name.clone(),
            columns,
            rows: self.totals_rows(by_unit, whole),
            frozen: 1,
            spare: 0,
        }
    }

    fn totals_rows(&self, by_unit: &TotalsView, whole: &TotalsView) -> Vec<Vec<Value>> {
        let mut units: Vec<&str> = by_unit.items.iter().filter_map(|item| item.unit.as_deref()).collect();
        units.dedup();
        let row =
            |name: Value, items: &[&TotalItem]| std::iter::once(name).chain(self.measured(items)).collect();
        let mut rows: Vec<Vec<Value>> = Vec::with_capacity(units.len() + 1);
        for code in units {
            let items: Vec<&TotalItem> =
                by_unit.items.iter().filter(|item| item.unit.as_deref() == Some(code)).collect();
            let name = items.first().and_then(|item| item.name.clone()).unwrap_or_default();
            rows.push(row(Value::text(name), &items));
        }
        rows.push(row(Value::text(self.word("sum")), &whole.items.iter().collect::<Vec<_>>()));
        rows
    }

    /// As [`totals`](Self::totals), as CSV.
    pub(super) fn totals_csv(&self, by_unit: &TotalsView, whole: &TotalsView) -> Vec<u8> {
        let heads: Vec<String> = [self.word("unit")]
            .into_iter()
            .chain(self.campaign.measures.iter().map(|measure| self.name(measure)))
            .collect();
        csv(&heads, &self.totals_rows(by_unit, whole))
    }

    /// Totals of every day.
    pub(super) fn by_day(&self, totals: &TotalsView) -> Table {
        let columns =
            [Column::new(self.word("date"), 12)].into_iter().chain(self.measure_columns()).collect();
        let row = |day: ReportDay| {
            let of = |item: &&TotalItem| item.day.as_deref() == Some(day.to_string().as_str());
            let items: Vec<&TotalItem> = totals.items.iter().filter(of).collect();
            std::iter::once(Value::Day(day)).chain(self.measured(&items)).collect()
        };
        Table {
            name: self.word("days"),
            title: self.campaign.name.clone(),
            columns,
            rows: self.campaign.window.days().map(row).collect(),
            frozen: 1,
            spare: 0,
        }
    }

    /// A sheet to fill in: a row for every unit that the campaign waits for below a unit.
    pub(super) fn template(&self, top: Placed<'_>, consultations: bool) -> Table {
        let ([code, unit, date], [zero, note, _]) = self.frame();
        let window = self.campaign.window;
        let day = if window.contains(self.today) { self.today } else { window.first() };
        let tree = &self.catalogue.tree;
        let may = |unit: &Placed<'_>| access::may(&self.caller.actor, tree, Permission::Read, unit.id);
        let waited = Waited::under(tree, self.campaign, top, &[day]);
        let units = waited.units(true).map(|(unit, _)| unit).filter(may);
        let date_rule = Rule::Days(window.first(), window.last());
        let today = if window.contains(self.today) { Value::Day(self.today) } else { Value::Blank };
        let mut columns =
            vec![Column { hidden: true, ..code }, unit, Column { rule: Some(date_rule), ..date }];
        let names = |zh: Vec<&str>, en: Vec<&str>| {
            (if self.lang == Lang::En { en } else { zh }).into_iter().map(ToOwned::to_owned).collect()
        };
        let pick = |key: &str, words: Vec<String>| Column {
            rule: Some(Rule::OneOf(words)),
            ..Column::new(self.word(key), 18)
        };
        let counted =
            |top: String, below: String| Column { below, rule: Some(Rule::Count), ..Column::new(top, 12) };
        if consultations {
            let topics = names(
                Topic::ALL.iter().map(|t| t.name()).collect(),
                Topic::ALL.iter().map(|t| t.name_en()).collect(),
            );
            let modes = names(
                Mode::ALL.iter().map(|m| m.name()).collect(),
                Mode::ALL.iter().map(|m| m.name_en()).collect(),
            );
            columns.extend([
                pick("topic", topics),
                pick("mode", modes),
                counted(self.word("person_times"), String::new()),
            ]);
        } else {
            for measure in &self.campaign.measures {
                let titles: &[&str] =
                    if measure.code.as_str() == "materials" { self.campaign.kind.titles() } else { &[] };
                columns.extend(titles.iter().map(|title| counted(self.name(measure), (*title).to_owned())));
                let below = if titles.is_empty() { String::new() } else { self.word("count") };
                columns.push(counted(self.name(measure), below));
            }
            columns.extend([pick_yes(zero, self.word("yes")), note]);
        }
        let blank = columns.len() - 3;
        let row = |unit: Placed<'_>| {
            let named = [Value::text(unit.code().as_str()), Value::text(unit.name()), today.clone()];
            named.into_iter().chain(std::iter::repeat_n(Value::Blank, blank)).collect()
        };
        Table {
            name: self.word("reports"),
            title: self.campaign.name.clone(),
            columns,
            rows: units.map(row).collect(),
            frozen: 3,
            spare: 200,
        }
    }
}

fn pick_yes(column: Column, yes: String) -> Column {
    Column { rule: Some(Rule::OneOf(vec![yes])), ..column }
}

/// The figures of a report by their lines.
fn figures(tally: &TallyView) -> impl Iterator<Item = (Line, (u32, Bound))> {
    let bound = |code: &str| Bound::from_code(code).unwrap_or_default();
    let items = tally.items.iter().map(move |item| {
        let title = item.title.as_deref().unwrap_or_default().to_owned();
        (Line::Item(item.measure.clone(), title), (item.count, bound(item.bound)))
    });
    let records = tally.consultations.iter().map(move |record| {
        let topic = Topic::from_code(record.topic).unwrap_or_default();
        let mode = Mode::from_code(record.mode).unwrap_or_default();
        (Line::Consultation(topic, mode), (record.person_times, bound(record.bound)))
    });
    items.chain(records)
}

/// The line that a heading means when it is read.
fn meaning(column: Option<&words::Column>) -> Option<Line> {
    match column? {
        words::Column::Item { measure, title } => {
            Some(Line::Item(measure.clone(), title.clone().unwrap_or_default()))
        }
        words::Column::Consultation { topic, mode } => {
            Some(Line::Consultation(topic.unwrap_or_default(), mode.unwrap_or_default()))
        }
        _ => None,
    }
}

fn csv(heads: &[String], rows: &[Vec<Value>]) -> Vec<u8> {
    let mut csv = Csv::default();
    heads.iter().for_each(|head| csv.text(head));
    csv.end();
    for row in rows {
        for cell in row {
            match cell {
                Value::Blank => csv.blank(),
                Value::Text(text) => csv.text(text),
                Value::Number(number) => csv.number(*number),
                Value::Day(day) => csv.text(&day.to_string()),
            }
        }
        csv.end();
    }
    csv.finish()
}
