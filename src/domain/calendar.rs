//! Days, windows and ordinals of a drive.
//!
//! The day of a place ends at midnight Asia/Shanghai whatever clock the server keeps. China has kept UTC+8 without
//! daylight saving since 1991, and no drive is older, so the zone is a constant and no zone file is needed.

use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use std::fmt;
use std::str::FromStr;

/// UTC+8, the zone in which days begin and end.
pub const SHANGHAI: Offset = Offset::constant(8);

/// An instant as RFC 3339 text with its offset, to the second: `2026-12-04T17:30:00+08:00`.
#[must_use]
pub fn rfc3339(instant: Timestamp) -> String {
    format!("{:.0}", instant.display_with_offset(SHANGHAI))
}

/// A calendar day in Asia/Shanghai.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReportDay(Date);

/// A text or number is no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a day is written YYYY-MM-DD, in the years 2000 to 2199")]
pub struct DayError;

impl ReportDay {
    /// The day that an instant falls on.
    #[must_use]
    pub fn of(instant: Timestamp) -> Self {
        Self(SHANGHAI.to_datetime(instant).date())
    }

    /// A day by its parts.
    ///
    /// # Errors
    /// When there is no such day, or its year is outside 2000 to 2199.
    pub fn new(year: i16, month: i8, day: i8) -> Result<Self, DayError> {
        if !(2000..=2199).contains(&year) {
            return Err(DayError);
        }
        Date::new(year, month, day).map(Self).map_err(|_| DayError)
    }

    /// The day as the number kept in the database: 20261204.
    #[must_use]
    pub fn number(self) -> i32 {
        i32::from(self.0.year()) * 10_000 + i32::from(self.0.month()) * 100 + i32::from(self.0.day())
    }

    /// The day behind such a number.
    ///
    /// # Errors
    /// When it names no day.
    pub fn from_number(number: i32) -> Result<Self, DayError> {
        let part = |n: i32| i8::try_from(n % 100).map_err(|_| DayError);
        let year = i16::try_from(number / 10_000).map_err(|_| DayError)?;
        Self::new(year, part(number / 100)?, part(number)?)
    }

    /// The year.
    #[must_use]
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// Month 1 to 12 and day 1 to 31.
    #[must_use]
    pub fn month_day(self) -> (i8, i8) {
        (self.0.month(), self.0.day())
    }

    /// The day `days` later, or earlier when negative. Saturates at the ends of the calendar.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(i64::from(days).days()))
    }

    /// How many days this one is after `other`.
    #[must_use]
    pub fn since(self, other: Self) -> i32 {
        self.0.since(other.0).map_or(0, |span| span.get_days())
    }

    /// The instant at which the local clock shows `time` on this day.
    #[must_use]
    pub fn at(self, time: Time) -> Timestamp {
        SHANGHAI.to_timestamp(self.0.to_datetime(time)).unwrap_or(Timestamp::MAX)
    }
}

impl fmt::Display for ReportDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for ReportDay {
    type Err = DayError;
    /// Reads `YYYY-MM-DD` and nothing else: a day is never guessed.
    fn from_str(text: &str) -> Result<Self, DayError> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return Err(DayError);
        }
        let number = |range: std::ops::Range<usize>| {
            let digits = text.get(range).filter(|d| d.bytes().all(|b| b.is_ascii_digit())).ok_or(DayError)?;
            digits.parse::<i16>().map_err(|_| DayError)
        };
        let part = |n: i16| i8::try_from(n).map_err(|_| DayError);
        Self::new(number(0..4)?, part(number(5..7)?)?, part(number(8..10)?)?)
    }
}

/// The days of a drive, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    first: ReportDay,
    last: ReportDay,
}

/// Two days are no window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a window ends on or after the day it starts, and lasts at most {} days", Window::MAX_DAYS)]
pub struct WindowError;

impl Window {
    /// The longest drive: a completeness grid of more days cannot be read.
    pub const MAX_DAYS: i32 = 366;

    /// A window from its first to its last day.
    ///
    /// # Errors
    /// When it ends before it starts, or is longer than [`Self::MAX_DAYS`].
    pub fn new(first: ReportDay, last: ReportDay) -> Result<Self, WindowError> {
        if last < first || last.since(first) >= Self::MAX_DAYS {
            Err(WindowError)
        } else {
            Ok(Self { first, last })
        }
    }

    /// The first day.
    #[must_use]
    pub const fn first(self) -> ReportDay {
        self.first
    }

    /// The last day.
    #[must_use]
    pub const fn last(self) -> ReportDay {
        self.last
    }

    /// Whether a day lies in it.
    #[must_use]
    pub fn contains(self, day: ReportDay) -> bool {
        (self.first..=self.last).contains(&day)
    }

    /// Every day, in order.
    pub fn days(self) -> impl Iterator<Item = ReportDay> + Clone {
        (0..=self.last.since(self.first)).map(move |n| self.first.plus(n))
    }
}

/// How days of different years are laid side by side.
///
/// 12·4 is day 3, 4, 5, 6, 1, 4, 4, 4 of the weeks of 2018 to 2025, so comparing calendar dates across years is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Align {
    /// First day with first day.
    #[default]
    CampaignDay,
    /// By days before and after 12·4 (for a drive without it: its first day).
    Distance,
    /// Whole drives, whatever their length.
    Whole,
}

impl Align {
    /// Every one, in the order of the contract.
    pub const ALL: [Self; 3] = [Self::CampaignDay, Self::Distance, Self::Whole];

    /// The name in the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::CampaignDay => "campaign_day",
            Self::Distance => "distance",
            Self::Whole => "whole",
        }
    }

    /// The one named `code`.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|align| align.code() == code)
    }

    /// Where a day stands: 1, 2, 3 … by campaign day; … -1, 0, 1 … by distance to 12·4; always 0 for whole drives.
    #[must_use]
    pub fn position(self, window: Window, day: ReportDay) -> i32 {
        match self {
            Self::CampaignDay => day.since(window.first()) + 1,
            Self::Distance => day.since(constitution_day_in(window).unwrap_or(window.first())),
            Self::Whole => 0,
        }
    }
}

/// The 4th of December in a window, if it has one.
#[must_use]
pub fn constitution_day_in(window: Window) -> Option<ReportDay> {
    window.days().find(|day| day.month_day() == (12, 4))
}

/// Which National Constitution Day (国家宪法日) a year's is: year − 2013, the first being 2014.
#[must_use]
pub fn constitution_day_ordinal(year: i16) -> Option<u32> {
    u32::try_from(i32::from(year) - 2013).ok().filter(|n| *n > 0)
}

/// Which Constitution Week (宪法宣传周) a year's is: year − 2017, the first being 2018.
#[must_use]
pub fn constitution_week_ordinal(year: i16) -> Option<u32> {
    u32::try_from(i32::from(year) - 2017).ok().filter(|n| *n > 0)
}

/// A number below 100 in Chinese, for ordinals: 8 → 八, 12 → 十二, 20 → 二十.
#[must_use]
pub fn chinese_number(n: u32) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    match (n / 10, n % 10) {
        (0, ones) => DIGITS[ones as usize].into(),
        (1, ones) => format!("十{}", DIGITS[ones as usize]),
        (tens @ 2..=9, ones) => format!("{}十{}", DIGITS[tens as usize], DIGITS[ones as usize]),
        _ => n.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> ReportDay {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_ends_at_midnight_in_shanghai() {
        let before: Timestamp = "2026-12-04T15:59:59Z".parse().unwrap();
        let after: Timestamp = "2026-12-04T16:00:00Z".parse().unwrap();
        assert_eq!(ReportDay::of(before), day("2026-12-04"));
        assert_eq!(ReportDay::of(after), day("2026-12-05"));
        assert_eq!(rfc3339(before), "2026-12-04T23:59:59+08:00");
    }

    #[test]
    fn numbers_and_text_lead_back() {
        assert_eq!(day("2026-12-04").number(), 20_261_204);
        assert_eq!(ReportDay::from_number(20_261_204), Ok(day("2026-12-04")));
        assert_eq!(day("2026-12-04").to_string(), "2026-12-04");
        for bad in [
            "2026-12-4",
            "2026-13-01",
            "2026-02-30",
            "26-12-04",
            "2026/12/04",
            "+026-12-04",
            "1999-12-04",
            "２０２６-12",
        ] {
            assert!(bad.parse::<ReportDay>().is_err(), "{bad}");
        }
        assert!(ReportDay::from_number(20_261_232).is_err());
        assert!(ReportDay::from_number(-5).is_err());
    }

    #[test]
    fn ordinals_count_from_the_first_of_their_kind() {
        assert_eq!((constitution_day_ordinal(2021), constitution_week_ordinal(2021)), (Some(8), Some(4)));
        assert_eq!((constitution_day_ordinal(2025), constitution_week_ordinal(2025)), (Some(12), Some(8)));
        assert_eq!((constitution_day_ordinal(2013), constitution_week_ordinal(2017)), (None, None));
        assert_eq!([8, 10, 12, 20, 21].map(chinese_number).join(" "), "八 十 十二 二十 二十一");
    }

    #[test]
    fn years_align_by_day_or_by_distance() {
        let of = |first, last| Window::new(day(first), day(last)).unwrap();
        let (y2021, y2022) = (of("2021-11-29", "2021-12-05"), of("2022-12-04", "2022-12-10"));
        assert_eq!(Align::CampaignDay.position(y2021, day("2021-12-04")), 6);
        assert_eq!(Align::CampaignDay.position(y2022, day("2022-12-04")), 1);
        assert_eq!(Align::Distance.position(y2021, day("2021-11-29")), -5);
        assert_eq!(Align::Distance.position(y2022, day("2022-12-10")), 6);
        assert_eq!(y2021.days().count(), 7);
        assert!(Window::new(day("2022-12-04"), day("2022-12-03")).is_err());
    }
}
