//! Year over year: laying drives side by side, and saying how a figure changed.

use super::calendar::{Align, ReportDay, Window};
use super::quantity::Sum;

/// What is compared with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Basis {
    /// Every unit of each year.
    #[default]
    All,
    /// 可比口径: only units that reported in every compared year.
    Comparable,
}

super::coded::coded!(Basis {
    All = "all", "全部单位", "All units";
    Comparable = "comparable", "可比口径", "Comparable basis";
});

/// How a figure stands to that of the year before. Rates of change are in tenths of a per cent, rounded half away
/// from zero: 同比 = (this − last) ÷ last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// There is no figure of the year before.
    NoBase,
    /// 上年同期为0，不计算增幅.
    ZeroBase,
    /// 持平.
    Equal,
    /// 基本持平: under 0.05 %.
    NearlyEqual,
    /// Risen by so many tenths of a per cent.
    Rise(u64),
    /// Fallen by so many tenths of a per cent. Never said in 倍.
    Fall(u64),
}

impl Change {
    /// The stable name in the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoBase => "no_base",
            Self::ZeroBase => "zero_base",
            Self::Equal => "equal",
            Self::NearlyEqual => "nearly_equal",
            Self::Rise(_) => "rise",
            Self::Fall(_) => "fall",
        }
    }

    /// The change from one total to the next, by the numbers as written.
    #[must_use]
    pub fn between(last: Option<Sum>, this: Sum) -> Self {
        let Some(last) = last else { return Self::NoBase };
        let (last, this) = (i128::from(last.count), i128::from(this.count));
        let difference = this - last;
        if difference == 0 {
            return Self::Equal;
        }
        if last <= 0 {
            return Self::ZeroBase;
        }
        // Half a tenth of a per cent is one part in two thousand.
        if difference.abs() * 2000 < last {
            return Self::NearlyEqual;
        }
        let tenths = (difference.unsigned_abs() * 2000 + last.unsigned_abs()) / (2 * last.unsigned_abs());
        let tenths = u64::try_from(tenths).unwrap_or(u64::MAX);
        if difference > 0 { Self::Rise(tenths) } else { Self::Fall(tenths) }
    }

    /// Tenths of a per cent with their sign, where a rate is defined.
    #[must_use]
    pub fn permille(self) -> Option<i64> {
        match self {
            Self::NoBase | Self::ZeroBase => None,
            Self::Equal | Self::NearlyEqual => Some(0),
            Self::Rise(tenths) => i64::try_from(tenths).ok(),
            Self::Fall(tenths) => i64::try_from(tenths).ok().map(|tenths| -tenths),
        }
    }
}

/// The change of a rate in tenths of a 百分点; rates never differ "by per cent". Both rates are in thousandths.
#[must_use]
pub fn points(last: u64, this: u64) -> i64 {
    i64::try_from(this).unwrap_or(i64::MAX).saturating_sub(i64::try_from(last).unwrap_or(i64::MAX))
}

/// Whether the intervals of two inexact totals are apart, so that rise or fall is certain.
#[must_use]
pub const fn is_certain(last: Sum, this: Sum) -> bool {
    last.high < this.low || this.high < last.low || (last.is_exact() && this.is_exact())
}

/// The last position that every compared year is summed to: where the running drive stands today, so that a drive of
/// which three days are over is compared with three days of the years before. `None` takes everything, as for whole
/// drives and when the last drive is over.
#[must_use]
pub fn through(align: Align, newest: Window, today: ReportDay) -> Option<i32> {
    (align != Align::Whole && newest.contains(today)).then(|| align.position(newest, today))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn change(last: i64, this: i64) -> Change {
        Change::between(Some(Sum::exact(last)), Sum::exact(this))
    }

    #[test]
    fn change_is_said_as_the_field_says_it() {
        assert_eq!(change(0, 5), Change::ZeroBase);
        assert_eq!(change(0, 0), Change::Equal);
        assert_eq!(change(500, 500), Change::Equal);
        assert_eq!(change(100_000, 100_049), Change::NearlyEqual);
        assert_eq!(change(100_000, 100_050), Change::Rise(1));
        assert_eq!(change(36_000, 40_000), Change::Rise(111));
        assert_eq!(change(40_000, 36_000), Change::Fall(100));
        assert_eq!(change(3, 0), Change::Fall(1000));
        assert_eq!(Change::between(None, Sum::exact(3)), Change::NoBase);
        assert_eq!(points(900, 875), -25);
    }

    #[test]
    fn a_running_drive_is_compared_to_the_day_it_has_reached() {
        let day = |text: &str| text.parse::<ReportDay>().unwrap();
        let week = Window::new(day("2025-12-01"), day("2025-12-07")).unwrap();
        assert_eq!(through(Align::CampaignDay, week, day("2025-12-03")), Some(3));
        assert_eq!(through(Align::Distance, week, day("2025-12-03")), Some(-1));
        assert_eq!(through(Align::Whole, week, day("2025-12-03")), None);
        assert_eq!(through(Align::CampaignDay, week, day("2025-12-20")), None);
    }

    proptest! {
        #[test]
        fn a_rate_leads_back_to_the_figure(last in 1i64..1_000_000_000, this in 0i64..1_000_000_000) {
            if let Some(permille) = change(last, this).permille() {
                let back = i128::from(last) * (1000 + i128::from(permille));
                let off = (back - i128::from(this) * 1000).abs();
                prop_assert!(off * 2 <= i128::from(last), "{last} {this} {permille}");
            }
        }
    }
}
