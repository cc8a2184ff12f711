//! Writing workbooks: tables under merged headings, templates to fill in, a chart and a picture. The same content gives the
//! same bytes: no clock and no name of a person goes into the file.

use crate::domain::calendar::ReportDay;
use rust_xlsxwriter::{
    Chart, ChartType, DataValidation, DataValidationRule, DocProperties, ExcelDateTime, Format, FormatAlign,
    FormatBorder, Image, Workbook, Worksheet, XlsxError,
};

/// A workbook could not be written: a fault of the program.
#[derive(Debug, thiserror::Error)]
#[error("workbook: {0}")]
pub struct BookError(#[from] XlsxError);

/// What a cell is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Blank,
    /// Text; never a formula.
    Text(String),
    /// A number.
    Number(i64),
    /// A day, kept as a date.
    Day(ReportDay),
}

impl Value {
    /// Text, or nothing when it is empty.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Blank } else { Self::Text(text) }
    }
}

/// What a column takes when a person fills it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// Whole numbers from zero up, or the words of an inexact figure.
    Count,
    /// One of these.
    OneOf(Vec<String>),
    /// A day from the first to the last.
    Days(ReportDay, ReportDay),
}

/// A column: its heading of one or two cells, how wide, and what it takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Column {
    /// Upper heading; columns beside each other that share one stand under one merged cell.
    pub top: String,
    /// Lower heading, or empty.
    pub below: String,
    /// Width in characters of a Latin face; a Chinese one takes two.
    pub width: u16,
    /// Not shown.
    pub hidden: bool,
    /// What may be typed.
    pub rule: Option<Rule>,
}

impl Column {
    /// A column under one heading.
    pub fn new(top: impl Into<String>, width: u16) -> Self {
        Self { top: top.into(), width, ..Self::default() }
    }
}

/// A sheet of rows under headings.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Name of the sheet.
    pub name: String,
    /// Words above, over all columns; none when empty.
    pub title: String,
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows of as many cells.
    pub rows: Vec<Vec<Value>>,
    /// Columns that stay in sight, from the left.
    pub frozen: u16,
    /// Rows below the last that rules hold for too.
    pub spare: u32,
}

/// A chart over a table: lines over its first column.
#[derive(Debug, Clone)]
pub struct LineChart {
    /// Name of its sheet.
    pub name: String,
    /// Words above.
    pub title: String,
    /// Place of the table in the book.
    pub table: usize,
    /// Columns of the table that are drawn, from 0.
    pub series: Vec<u16>,
}

/// A workbook.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// Sheets of rows, in order.
    pub tables: Vec<Table>,
    /// A sheet that is a chart.
    pub chart: Option<LineChart>,
    /// A sheet with a picture: name and PNG.
    pub picture: Option<(String, Vec<u8>)>,
}

struct Formats {
    title: Format,
    head: Format,
    text: Format,
    number: Format,
    day: Format,
}

impl Formats {
    fn new() -> Self {
        let cell = || Format::new().set_border(FormatBorder::Thin).set_align(FormatAlign::VerticalCenter);
        Self {
            title: Format::new().set_bold().set_font_size(14).set_align(FormatAlign::Center),
            head: cell()
                .set_bold()
                .set_align(FormatAlign::Center)
                .set_text_wrap()
                .set_background_color("D9E2F3"),
            text: cell(),
            number: cell().set_num_format("#,##0"),
            day: cell().set_num_format("yyyy-mm-dd"),
        }
    }
}

impl Book {
    /// The file.
    ///
    /// # Errors
    /// When a name is none that a workbook takes.
    pub fn write(&self) -> Result<Vec<u8>, BookError> {
        let mut workbook = Workbook::new();
        let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
        let formats = Formats::new();
        for table in &self.tables {
            table.write(workbook.add_worksheet(), &formats)?;
        }
        if let Some(chart) = &self.chart
            && let Some(table) = self.tables.get(chart.table)
        {
            workbook.add_chartsheet().set_name(&chart.name)?.insert_chart(0, 0, &chart.draw(table))?;
        }
        if let Some((name, png)) = &self.picture {
            let sheet = workbook.add_worksheet().set_name(name)?;
            sheet.insert_image(1, 1, &Image::new_from_buffer(png)?.set_alt_text(name))?;
        }
        Ok(workbook.save_to_buffer()?)
    }
}

/// A place counted from 0 as the writer wants it.
fn number<T: TryFrom<usize>>(n: usize, most: T) -> T {
    T::try_from(n).unwrap_or(most)
}

impl Table {
    /// The row of the upper headings, from 0.
    fn head_row(&self) -> u32 {
        u32::from(!self.title.is_empty())
    }

    fn two_rows(&self) -> bool {
        self.columns.iter().any(|column| !column.below.is_empty())
    }

    /// The first row of figures, from 0.
    fn first_row(&self) -> u32 {
        self.head_row() + 1 + u32::from(self.two_rows())
    }

    fn write(&self, sheet: &mut Worksheet, formats: &Formats) -> Result<(), XlsxError> {
        sheet.set_name(&self.name)?;
        let last = number(self.columns.len().saturating_sub(1), u16::MAX);
        let (head, first) = (self.head_row(), self.first_row());
        if !self.title.is_empty() {
            merge(sheet, (0, 0), (0, last), &self.title, &formats.title)?;
            sheet.set_row_height(0, 26)?;
        }
        self.write_head(sheet, formats, head)?;
        for (at, column) in (0u16..).zip(&self.columns) {
            sheet.set_column_width(at, column.width)?;
            if column.hidden {
                sheet.set_column_hidden(at)?;
            }
            let rows = number(self.rows.len(), u32::MAX).saturating_add(self.spare);
            if let (Some(rule), Some(last)) = (&column.rule, rows.checked_sub(1)) {
                sheet.add_data_validation(first, at, first + last, at, &validation(rule)?)?;
            }
        }
        for (row, cells) in (first..).zip(&self.rows) {
            for (at, cell) in (0u16..).zip(cells) {
                match cell {
                    Value::Blank => sheet.write_blank(row, at, &formats.text)?,
                    Value::Text(text) => sheet.write_string_with_format(row, at, text, &formats.text)?,
                    // Doubles hold every whole number below 2^53; counts are far below.
                    #[allow(clippy::cast_precision_loss, reason = "counts are below 2^53")]
                    Value::Number(n) => {
                        sheet.write_number_with_format(row, at, *n as f64, &formats.number)?
                    }
                    Value::Day(day) => {
                        sheet.write_datetime_with_format(row, at, &excel_day(*day)?, &formats.day)?
                    }
                };
            }
        }
        sheet.set_freeze_panes(first, self.frozen)?;
        sheet.set_landscape().set_print_fit_to_pages(1, 0).set_repeat_rows(head, first.saturating_sub(1))?;
        Ok(())
    }

    fn write_head(&self, sheet: &mut Worksheet, formats: &Formats, row: u32) -> Result<(), XlsxError> {
        let two = self.two_rows();
        let mut at = 0;
        while let Some(column) = self.columns.get(at) {
            let same = |other: &&Column| !other.below.is_empty() && other.top == column.top;
            let width =
                if column.below.is_empty() { 1 } else { self.columns[at..].iter().take_while(same).count() };
            let (first, last) = (number(at, u16::MAX), number(at + width - 1, u16::MAX));
            if column.below.is_empty() {
                merge(sheet, (row, first), (row + u32::from(two), first), &column.top, &formats.head)?;
            } else {
                merge(sheet, (row, first), (row, last), &column.top, &formats.head)?;
                for (place, column) in (first..).zip(&self.columns[at..at + width]) {
                    sheet.write_string_with_format(row + 1, place, &column.below, &formats.head)?;
                }
            }
            at += width;
        }
        Ok(())
    }
}

/// Text over an area; one cell alone cannot be merged.
fn merge(
    sheet: &mut Worksheet,
    first: (u32, u16),
    last: (u32, u16),
    text: &str,
    format: &Format,
) -> Result<(), XlsxError> {
    if first == last {
        sheet.write_string_with_format(first.0, first.1, text, format)?;
    } else {
        sheet.merge_range(first.0, first.1, last.0, last.1, text, format)?;
    }
    Ok(())
}

fn excel_day(day: ReportDay) -> Result<ExcelDateTime, XlsxError> {
    let (month, date) = day.month_day();
    ExcelDateTime::from_ymd(day.year().unsigned_abs(), month.unsigned_abs(), date.unsigned_abs())
}

fn validation(rule: &Rule) -> Result<DataValidation, XlsxError> {
    let validation = DataValidation::new();
    Ok(match rule {
        // A figure may be inexact (4万余), so what is no whole number is asked about, not forbidden.
        Rule::Count => validation
            .allow_whole_number(DataValidationRule::Between(0, 1_000_000_000))
            .set_error_style(rust_xlsxwriter::DataValidationErrorStyle::Warning),
        Rule::OneOf(words) => validation.allow_list_strings(words)?,
        Rule::Days(first, last) => {
            validation.allow_date(DataValidationRule::Between(excel_day(*first)?, excel_day(*last)?))
        }
    })
}

impl LineChart {
    fn draw(&self, table: &Table) -> Chart {
        let mut chart = Chart::new(ChartType::Line);
        chart.title().set_name(&self.title);
        let first = table.first_row();
        let last = first + number(table.rows.len(), u32::MAX).saturating_sub(1);
        let head = table.head_row();
        for &column in &self.series {
            chart
                .add_series()
                .set_name((table.name.as_str(), head, column))
                .set_categories((table.name.as_str(), first, 0, last, 0))
                .set_values((table.name.as_str(), first, column, last, column));
        }
        chart
    }
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
