//! Figures for the press: rounded so that they claim no more than the totals do, and drafts checked against totals.

pub mod audit;

use super::quantity::{Bound, Sum};

/// A number as the press gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// The number in full.
    pub value: u64,
    /// Exact, over (余) or under (近).
    pub bound: Bound,
}

/// From here on numbers are rounded; smaller ones are counted out.
const ROUNDED: u64 = 1_000;

/// What may be said of a sum; nothing for nothing.
///
/// Rounded down with 余, up with 近 where nearly all is there, and never 余 on what is exact: 40 213 is 40000余, 40 000 is 40000,
/// 39 800 is 近40000. An inexact sum is told by the least it can be.
#[must_use]
pub fn say(sum: Sum) -> Option<Said> {
    let low = u64::try_from(sum.low).ok().filter(|low| *low > 0)?;
    let exact = |value| Some(Said { value, bound: Bound::Exact });
    if sum.is_exact() {
        let down = floor(low, 2);
        let near = floor(low, 1) + unit(low, 1);
        return match low {
            _ if low < ROUNDED || down == low => exact(low),
            // 199.5 of 200: short of the next round number by less than one part in two hundred.
            _ if (near - low) * 200 <= near => Some(Said { value: near, bound: Bound::Under }),
            _ => Some(Said { value: down, bound: Bound::Over }),
        };
    }
    let digits = if low < 100 { 1 } else { 2 };
    let value = floor(low, digits);
    // Below ten nothing round is left to say 余 of: the least is told as the number.
    if value < 10 { exact(value) } else { Some(Said { value, bound: Bound::Over }) }
}

/// The unit of a number's digit at a place from the front.
fn unit(n: u64, digits: u32) -> u64 {
    10u64.pow(n.max(1).ilog10().saturating_sub(digits - 1))
}

/// A number with its first digits alone.
fn floor(n: u64, digits: u32) -> u64 {
    let unit = unit(n, digits);
    n / unit * unit
}

impl Said {
    /// As Chinese writes it: 40000余, 近40000, 580万余, 214.
    #[must_use]
    pub fn chinese(self) -> String {
        let digits = match self.value {
            n if n >= 100_000_000 && n.is_multiple_of(10_000_000) => decimals(n, 100_000_000, "亿"),
            n if n >= 1_000_000 && n.is_multiple_of(10_000) => format!("{}万", n / 10_000),
            n => n.to_string(),
        };
        match self.bound {
            // A decimal with 余 says two things: 1.2亿余 is 12000万余.
            Bound::Over if digits.contains('.') => format!("{}万余", self.value / 10_000),
            Bound::Over => format!("{digits}余"),
            Bound::Under => format!("近{digits}"),
            Bound::About => format!("约{digits}"),
            Bound::Exact => digits,
        }
    }

    /// As English writes it: more than 40,000.
    #[must_use]
    pub fn english(self) -> String {
        let digits = self.value.to_string();
        let mut grouped = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        match self.bound {
            Bound::Over => format!("more than {grouped}"),
            Bound::Under => format!("nearly {grouped}"),
            Bound::About => format!("about {grouped}"),
            Bound::Exact => grouped,
        }
    }
}

fn decimals(n: u64, unit: u64, name: &str) -> String {
    let tenths = n / (unit / 10);
    if tenths.is_multiple_of(10) {
        format!("{}{name}", tenths / 10)
    } else {
        format!("{}.{}{name}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::super::report_text;
    use super::*;
    use proptest::prelude::*;

    fn told(count: i64, low: i64, high: i64) -> String {
        say(Sum { count, low, high }).map(Said::chinese).unwrap_or_default()
    }

    #[test]
    fn numbers_are_rounded_as_the_field_writes_them() {
        for (n, words) in [
            (0, ""),
            (7, "7"),
            (214, "214"),
            (999, "999"),
            (1_000, "1000"),
            (1_234, "1200余"),
            (40_213, "40000余"),
            (40_000, "40000"),
            (39_800, "近40000"),
            (39_799, "39000余"),
            (15_000, "15000"),
            (15_999, "15000余"),
            (99_990, "近100000"),
            (5_812_345, "580万余"),
            (5_800_000, "580万"),
            (123_456_789, "12000万余"),
            (120_000_000, "1.2亿"),
        ] {
            assert_eq!(told(n, n, n), words, "{n}");
        }
    }

    #[test]
    fn inexact_totals_are_told_by_the_least_they_can_be() {
        assert_eq!(told(40_000, 40_000, 49_999), "40000余");
        assert_eq!(told(50_000, 40_000, 49_999), "40000余");
        assert_eq!(told(45, 45, 64), "40余");
        assert_eq!(told(128, 128, 137), "120余");
        assert_eq!(told(8, 8, 9), "8");
        assert_eq!(told(10, 0, 9), "");
        let said = say(Sum { count: 40_213, low: 40_213, high: 40_213 }).unwrap();
        assert_eq!(said.english(), "more than 40,000");
        assert_eq!(say(Sum::exact(1_234_500)).unwrap().english(), "more than 1,200,000");
    }

    proptest! {
        /// Whatever is said is true, and is read back as it was meant.
        #[test]
        fn nothing_said_claims_more_than_the_total(low in 1i64..2_000_000_000, more in prop_oneof![Just(0i64), 1i64..1_000_000]) {
            let sum = Sum { count: low, low, high: low + more };
            let said = say(sum).unwrap();
            let value = i64::try_from(said.value).unwrap();
            match said.bound {
                Bound::Exact => prop_assert!(value == low || (more > 0 && value <= low)),
                Bound::Over => prop_assert!(value <= low && said.value.is_multiple_of(10)),
                Bound::Under => prop_assert!(more == 0 && low < value && (value - low) * 200 <= value),
                Bound::About => prop_assert!(false),
            }
            if said.value <= 1_000_000_000 {
                let text = format!("发放宣传资料{}份", said.chinese());
                let read = report_text::read(&text).figures;
                prop_assert_eq!(read.len(), 1, "{}", text);
                prop_assert_eq!((read[0].value, read[0].bound, read[0].doubt), (said.value, said.bound, None), "{}", &text);
                prop_assert_eq!(report_text::style::slips(&text), vec![], "{}", text);
            }
        }
    }
}
