//! What a picture shows: plain numbers and ready-made words, and nothing about how it is drawn.
//!
//! Every string that names a thing (title, unit, day, change) comes from the caller in the right language. The crate
//! itself writes only numbers, the units of an axis (万, 亿), and the few words of a legend (`按时`, `no data`).

use serde::{Deserialize, Serialize};

/// The language of the words the crate writes itself, and of its numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lang {
    /// Simplified Chinese: 万 and 亿, no thousands separator.
    #[default]
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// English: thousands separators, K, M and B on an axis.
    #[serde(rename = "en")]
    En,
}

/// The set of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// White ground, for pages and slides.
    #[default]
    Light,
    /// Dark ground, for a wall screen.
    Dark,
    /// White ground, greys and hatching that survive a black-and-white printer.
    Print,
}

/// A count as reports give it: what was counted, and the bounds within which the truth lies.
///
/// Reports are approximate by nature (`3000余份`), so a sum of them is an interval. Exact if and only if
/// `low == high`; then `count` is that number too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    /// The sum of the figures as written. Bars and points are drawn at this height.
    pub count: u64,
    /// The least it can be.
    pub low: u64,
    /// The most it can be.
    pub high: u64,
}

impl Value {
    /// A count that is known exactly.
    pub const fn exact(count: u64) -> Self {
        Self { count, low: count, high: count }
    }

    /// A count of which only the bounds are certain.
    pub const fn between(count: u64, low: u64, high: u64) -> Self {
        Self { count, low, high }
    }

    /// Whether the count is known exactly.
    pub const fn is_exact(&self) -> bool {
        self.low == self.high
    }
}

/// What surrounds every picture: words at the head and the foot, language, theme, and metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Frame {
    /// The heading. Also the PNG's `Title` and the SVG's `title`.
    pub title: String,
    /// What is counted, in which unit of measure, over which days.
    pub subtitle: String,
    /// Where the figures come from. Empty leaves it out, as with each line here.
    pub source: String,
    /// The moment the data stand at, such as `数据截至 2021-12-05 18:00`.
    pub as_of: String,
    /// More lines for the foot: basis, units reported m/n, what was left out and why.
    pub footer: Vec<String>,
    /// The language of what the crate writes itself.
    pub lang: Lang,
    /// The colours.
    pub theme: Theme,
    /// The campaign's id, for the metadata only.
    pub campaign: String,
    /// The rollup revision, for the metadata only.
    pub revision: String,
}

/// A labelled count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bar {
    /// The name: of a unit, a title, a year.
    pub label: String,
    /// The count; `None` is no data, which is drawn otherwise than zero.
    pub value: Option<Value>,
    /// A short text that belongs to the count, such as `同比增长12.3%` or `占 23.4%`. May be empty.
    pub note: String,
}

/// Bars by unit, in the order given, which is the administrative one: units are never ranked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Totals {
    /// The words around it.
    pub frame: Frame,
    /// The measure, such as `宣传资料`; the series' name in hits and table.
    pub measure: String,
    /// The measure word, such as `份`; written at the value axis.
    pub unit: String,
    /// One bar a unit.
    pub bars: Vec<Bar>,
}

/// One line of a [`Trend`]: a year.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Line {
    /// The year, as it is written at the line's end.
    pub label: String,
    /// A value a day, as many as there are days; `None` breaks the line.
    pub values: Vec<Option<Value>>,
    /// The index of 12·4 (国家宪法日) in this year: with days aligned by campaign day it differs from year to year.
    pub mark: Option<usize>,
    /// The index of the first day that is not over: from it on, points are hollow and the line is dashed, because
    /// reports are still coming in. `None` when the drive has ended.
    pub open_from: Option<usize>,
}

/// Days of the drive along the axis, years as lines. The last line is the year in question and stands out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Trend {
    /// The words around it.
    pub frame: Frame,
    /// The measure.
    pub measure: String,
    /// The measure word.
    pub unit: String,
    /// The days' labels, such as `第1天` or `12·4`.
    pub days: Vec<String>,
    /// The lines, oldest year first.
    pub lines: Vec<Line>,
    /// The words at a marked day, such as `12·4 国家宪法日`.
    pub mark_label: String,
}

/// Parts of a whole: printed matter by title.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Composition {
    /// The words around it.
    pub frame: Frame,
    /// The measure.
    pub measure: String,
    /// The measure word.
    pub unit: String,
    /// The parts, in the order given. The crate computes the shares.
    pub parts: Vec<Bar>,
}

/// One topic of a [`Topics`] chart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Topic {
    /// The topic, such as `劳动争议`.
    pub label: String,
    /// A value a mode, as many as there are modes.
    pub values: Vec<Option<Value>>,
}

/// Consultations by topic and mode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Topics {
    /// The words around it.
    pub frame: Frame,
    /// The measure.
    pub measure: String,
    /// The measure word.
    pub unit: String,
    /// The modes, such as `现场`, `电话`, `线上`.
    pub modes: Vec<String>,
    /// The topics.
    pub topics: Vec<Topic>,
}

/// What a unit did about a day's report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cell {
    /// Received before the day's deadline.
    OnTime,
    /// Received after it.
    Late,
    /// 零报告: nothing was done, and that was reported on purpose.
    Zero,
    /// 退回: sent back, not counted until it is submitted again.
    Returned,
    /// Expected and not there.
    Missing,
    /// Not expected: the unit was not open, or the campaign does not ask it.
    NotExpected,
    /// The day has not come, or is not over and nothing is there yet.
    Future,
}

/// One row of a [`Completeness`] grid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UnitRow {
    /// The unit's name.
    pub label: String,
    /// A cell a day, as many as there are days.
    pub cells: Vec<Cell>,
    /// A text at the end of the row, such as `6/7`. May be empty.
    pub note: String,
}

/// Unit x day grid of reporting states, told apart without colour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Completeness {
    /// The words around it.
    pub frame: Frame,
    /// The days' labels, short: `11.29`.
    pub days: Vec<String>,
    /// A row a unit, in administrative order.
    pub units: Vec<UnitRow>,
}

/// One group of bars of a [`YearOverYear`] chart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Group {
    /// The group's name: a unit, or a year.
    pub label: String,
    /// A value a series, as many as there are series.
    pub values: Vec<Option<Value>>,
    /// A change text a series, written on the bar where it fits and kept in hits and table. Empty, or as many as
    /// there are series; any may be empty.
    pub changes: Vec<String>,
    /// The change of the group as a whole, such as `同比增长12.3%`, written under its name. May be empty.
    pub change: String,
}

/// Grouped bars: by unit with years as series, or by year with one series.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct YearOverYear {
    /// The words around it.
    pub frame: Frame,
    /// The measure.
    pub measure: String,
    /// The measure word.
    pub unit: String,
    /// The series' names, oldest year first: the last one is the year in question and stands out.
    pub series: Vec<String>,
    /// The groups, in the order given.
    pub groups: Vec<Group>,
    /// The group that stands out, for a chart by year with one series.
    pub highlight: Option<usize>,
}

/// The way a figure went, drawn as an arrow's shape. Neither way is good or bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// More than before.
    Up,
    /// Less than before.
    Down,
    /// The same, or nearly.
    Flat,
    /// Not comparable.
    #[default]
    None,
}

/// A headline figure of a [`Summary`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Card {
    /// The measure.
    pub label: String,
    /// The measure word.
    pub unit: String,
    /// This year's count.
    pub value: Option<Value>,
    /// The count it is compared with.
    pub previous: Option<Value>,
    /// The words before that count, such as `上年同期`.
    pub previous_label: String,
    /// The change in words.
    pub change: String,
    /// The arrow.
    pub direction: Direction,
}

/// One field of a [`UnitTable`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Datum {
    /// A count, written by the crate; `None` is a dash.
    Value(Option<Value>),
    /// Ready-made words, such as a change.
    Text(String),
}

/// One row of a [`UnitTable`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TableRow {
    /// The unit's name.
    pub label: String,
    /// The fields, one a column.
    pub cells: Vec<Datum>,
    /// Whether the row is a sum (合计) and is set apart.
    pub total: bool,
}

/// The table of units on a [`Summary`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UnitTable {
    /// The heading of the column of names.
    pub head: String,
    /// The headings of the other columns.
    pub columns: Vec<String>,
    /// The rows, in administrative order.
    pub rows: Vec<TableRow>,
}

/// The paper or screen that a [`Summary`] is made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// A page in the proportions of A4: 1600 x 2260.
    #[default]
    A4,
    /// A phone, upright: 1080 x 1440.
    Phone,
    /// A screen: 1920 x 1080.
    Screen,
}

impl Preset {
    /// Width and height in pixels at scale 1.
    pub const fn size(self) -> (u32, u32) {
        match self {
            Self::A4 => (1600, 2260),
            Self::Phone => (1080, 1440),
            Self::Screen => (1920, 1080),
        }
    }
}

/// The year-over-year summary that the office exports: one page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Summary {
    /// The words around it.
    pub frame: Frame,
    /// The page it is made for.
    pub preset: Preset,
    /// The ordinal of the day, such as `第八个国家宪法日 · 第四个宪法宣传周`.
    pub ordinal: String,
    /// The theme of the day.
    pub slogan: String,
    /// The headline figures, up to eight.
    pub cards: Vec<Card>,
    /// Two charts; each is drawn with its own title and subtitle but without its foot.
    pub charts: Vec<Spec>,
    /// The table of units.
    pub table: UnitTable,
}

/// Any of the pictures.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Spec {
    /// Bars by unit.
    Totals(Totals),
    /// Days of the drive, years as lines.
    Trend(Trend),
    /// Parts of a whole.
    Composition(Composition),
    /// Topic x mode.
    Topics(Topics),
    /// Unit x day grid.
    Completeness(Completeness),
    /// Grouped bars of several years.
    YearOverYear(YearOverYear),
    /// The page of everything.
    Summary(Summary),
}

impl Spec {
    /// The words around the picture.
    pub const fn frame(&self) -> &Frame {
        match self {
            Self::Totals(s) => &s.frame,
            Self::Trend(s) => &s.frame,
            Self::Composition(s) => &s.frame,
            Self::Topics(s) => &s.frame,
            Self::Completeness(s) => &s.frame,
            Self::YearOverYear(s) => &s.frame,
            Self::Summary(s) => &s.frame,
        }
    }

    /// The name in a path: `totals`, `trend`, `composition`, `topics`, `completeness`, `year-over-year`, `summary`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Totals(_) => "totals",
            Self::Trend(_) => "trend",
            Self::Composition(_) => "composition",
            Self::Topics(_) => "topics",
            Self::Completeness(_) => "completeness",
            Self::YearOverYear(_) => "year-over-year",
            Self::Summary(_) => "summary",
        }
    }

    /// The size in pixels at scale 1 when the caller asks for none: 1600 x 900, or the summary's page.
    pub const fn size(&self) -> (u32, u32) {
        match self {
            Self::Summary(s) => s.preset.size(),
            _ => (1600, 900),
        }
    }
}

/// How a picture is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// Pixels of the PNG for one of the picture, 1 to 4. The SVG does not depend on it.
    pub scale: u32,
    /// Width and height in pixels at scale 1, 320 x 240 to 4096 x 4096 and at most 60 million pixels at the scale;
    /// `None` is [`Spec::size`].
    pub size: Option<(u32, u32)>,
    /// Whether a character without a glyph is an error; otherwise it is a visible box and a logged warning.
    pub strict: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { scale: 1, size: None, strict: false }
    }
}

/// A region of the picture that stands for a figure, in pixels at scale 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hit {
    /// The series: a year, a measure, a mode.
    pub series: String,
    /// The category: a unit, a day, a topic.
    pub label: String,
    /// The value as written, in full, with its measure word; or the state of a report.
    pub value: String,
    /// The change in words, or empty.
    pub change: String,
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width.
    pub w: f32,
    /// Height.
    pub h: f32,
}

/// The figures of a picture as a table, for readers who do not see it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DataTable {
    /// Title and subtitle.
    pub caption: String,
    /// The heading of each column.
    pub headers: Vec<String>,
    /// The rows, each as long as `headers`; the first field names the row.
    pub rows: Vec<Vec<String>>,
}
