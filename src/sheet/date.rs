//! A day as a person types it into a cell. Which of two numbers is the month is never guessed.

use super::grid::{Cell, Grid};
use super::number::narrow;
use crate::domain::calendar::{ReportDay, Window};

/// Serial numbers of 1 January 2000 in the two calendars of spreadsheets.
const YEAR_2000: (i32, i32) = (36_526, 35_064);

/// Reads a cell of a date. `window` gives the year to `12月4日`.
///
/// # Errors
/// A stable code: `date_ambiguous` for `04/12/2026` and `12-4`, `date_without_year` where no window tells it,
/// `date_invalid` for what is no day of the years 2000 to 2199.
pub fn read(cell: &Cell, epoch_1904: bool, window: Option<Window>) -> Result<ReportDay, &'static str> {
    match cell {
        Cell::Number(number) | Cell::Serial(number) => numeric(*number, epoch_1904),
        Cell::Text(text) => read_text(text, window),
        Cell::Error(_) => Err("cell_has_error"),
        Cell::Flag(_) => Err("date_invalid"),
    }
}

/// The days that a sheet writes in full, or shows as dates: for finding the campaign they belong to.
#[must_use]
pub fn written(grid: &Grid) -> Vec<ReportDay> {
    let cells = grid.rows().iter().flat_map(|(_, cells)| cells);
    let whole = |cell: &Cell| match cell {
        Cell::Serial(_) => read(cell, grid.epoch_1904, None).ok(),
        Cell::Text(text) if text.contains(['年', '-', '/']) => read_text(text, None).ok(),
        _ => None,
    };
    let mut days: Vec<ReportDay> = cells.filter_map(|(_, cell)| whole(cell)).collect();
    days.sort_unstable();
    days.dedup();
    days
}

/// A number: the serial number of a day with or without a time, or the digits 20261204.
fn numeric(number: f64, epoch_1904: bool) -> Result<ReportDay, &'static str> {
    let number = number.floor();
    if !(0.0..1e8).contains(&number) {
        return Err("date_invalid");
    }
    let number: i32 = format!("{number}").parse().map_err(|_| "date_invalid")?;
    if number >= 20_000_101 {
        return ReportDay::from_number(number).map_err(|_| "date_invalid");
    }
    let first = if epoch_1904 { YEAR_2000.1 } else { YEAR_2000.0 };
    let days = number - first;
    // 2199-12-31 is day 73 048.
    let start = ReportDay::new(2000, 1, 1).ok().filter(|_| (0..=73_048).contains(&days));
    start.map(|start| start.plus(days)).ok_or("date_invalid")
}

fn read_text(text: &str, window: Option<Window>) -> Result<ReportDay, &'static str> {
    let text = without_time(text);
    let text = narrow(text);
    // 2026年12月4日(星期五)
    let text = text.split(['(', '星', '周']).next().unwrap_or_default();
    if text.len() >= 5 && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map_err(|_| "date_invalid").and_then(|number| numeric(number, false));
    }
    let chinese = text.contains(['年', '月', '日', '号']);
    let parts: Vec<&str> =
        text.split(['年', '月', '日', '号', '-', '/', '.']).filter(|part| !part.is_empty()).collect();
    let numbers: Option<Vec<i16>> = parts
        .iter()
        .map(|part| part.parse().ok().filter(|_| part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit())))
        .collect();
    let small = |n: i16| i8::try_from(n).map_err(|_| "date_invalid");
    match numbers.as_deref() {
        Some(&[year, month, day]) if parts[0].len() == 4 && in_order(text, chinese) => {
            ReportDay::new(year, small(month)?, small(day)?).map_err(|_| "date_invalid")
        }
        Some(&[month, day]) if chinese && text.contains('月') && !text.contains('年') => {
            year_of(small(month)?, small(day)?, window)
        }
        Some([_, _] | [_, _, _]) => Err("date_ambiguous"),
        _ => Err("date_invalid"),
    }
}

/// Whether the signs of a date stand in their order: 年 before 月 before 日, or none of them.
fn in_order(text: &str, chinese: bool) -> bool {
    let signs: String = text.chars().filter(|c| "年月日号".contains(*c)).collect();
    !chinese || matches!(signs.as_str(), "年月日" | "年月号" | "年月")
}

/// A date without the time that a spreadsheet writes behind it.
fn without_time(text: &str) -> &str {
    let text = text.trim();
    match text.rsplit_once([' ', 'T', '\u{3000}']) {
        Some((date, time)) if time.contains(':') && !date.is_empty() => date,
        _ => text,
    }
}

/// The year in which a month and day lie in a window.
fn year_of(month: i8, day: i8, window: Option<Window>) -> Result<ReportDay, &'static str> {
    let window = window.ok_or("date_without_year")?;
    let (first, last) = (window.first().year(), window.last().year());
    let days: Vec<ReportDay> =
        (first..=last).filter_map(|year| ReportDay::new(year, month, day).ok()).collect();
    let mut inside = days.iter().filter(|day| window.contains(**day));
    match (inside.next(), inside.next()) {
        (Some(day), None) => Ok(*day),
        (Some(_), Some(_)) => Err("date_ambiguous"),
        // Outside the window, which the judge of the report tells better.
        (None, _) => days.first().copied().ok_or("date_invalid"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn window(first: &str, last: &str) -> Window {
        Window::new(first.parse().unwrap(), last.parse().unwrap()).unwrap()
    }

    fn text(text: &str) -> Result<String, &'static str> {
        read(&Cell::Text(text.into()), false, Some(window("2026-11-30", "2026-12-06")))
            .map(|day| day.to_string())
    }

    #[test]
    fn every_way_to_write_a_day_that_is_one_way_only() {
        for written in [
            "2026-12-4",
            "2026-12-04",
            "2026/12/4",
            "2026.12.4",
            "2026年12月4日",
            "2026 年 12 月 4 日",
            "２０２６年１２月４日",
            "2026年12月4号",
            "12月4日",
            "12月4",
            "2026年12月4日（星期五）",
            "2026-12-04 00:00:00",
            "2026-12-04T08:30:00",
            "2026/12/4 8:30",
            "20261204",
            "46360",
        ] {
            assert_eq!(text(written), Ok("2026-12-04".into()), "{written}");
        }
        assert_eq!(text("11月30日"), Ok("2026-11-30".into()));
        assert_eq!(text("3月1日"), Ok("2026-03-01".into()), "outside: told by the judge of the day");
    }

    #[test]
    fn month_and_day_are_never_guessed() {
        for written in ["04/12/2026", "12/4", "12-4", "12.4", "26-12-4", "4/12/26"] {
            assert_eq!(text(written), Err("date_ambiguous"), "{written}");
        }
        for written in
            ["2026-13-01", "2026-02-30", "昨天", "12月", "2026", "4日", "1999-12-04", "2026年4日", "12月4日5"]
        {
            assert!(matches!(text(written), Err("date_invalid" | "date_ambiguous")), "{written}");
        }
        assert_eq!(read(&Cell::Text("12月4日".into()), false, None), Err("date_without_year"));
    }

    #[test]
    fn the_year_comes_from_the_window() {
        let winter = Some(window("2025-12-20", "2026-02-10"));
        let day = |text: &str| read(&Cell::Text(text.into()), false, winter).map(|day| day.to_string());
        assert_eq!(day("12月24日"), Ok("2025-12-24".into()));
        assert_eq!(day("1月24日"), Ok("2026-01-24".into()));
        let whole = Some(window("2025-12-04", "2026-12-04"));
        assert_eq!(read(&Cell::Text("12月4日".into()), false, whole), Err("date_ambiguous"));
    }

    proptest! {
        #[test]
        fn serial_numbers_of_both_calendars(days in 0i32..73_000, time in 0.0f64..0.999) {
            let wanted = ReportDay::new(2000, 1, 1).unwrap().plus(days);
            let read = |number: i32, early| read(&Cell::Serial(f64::from(number) + time), early, None);
            prop_assert_eq!(read(36_526 + days, false), Ok(wanted));
            prop_assert_eq!(read(35_064 + days, true), Ok(wanted));
        }

        #[test]
        fn any_text_is_read_without_a_panic(any in "\\PC{0,16}|[0-9年月日/.-]{0,12}") {
            let _ = text(&any);
        }
    }
}
