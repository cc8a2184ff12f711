//! A figure as people write it, and sums of such figures.
//!
//! Reports are approximate by nature: `40000余份` says "at least 40 000, below 50 000". A [`Quantity`] keeps the
//! number as written with its bound; a [`Sum`] adds many of them as intervals, so a total never claims more than
//! its parts do.

use std::iter;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// How a written number stands to the true one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Bound {
    /// Counted: `214人次`.
    #[default]
    Exact,
    /// 余, 多, 逾: at least the number, below the next unit of its last digit.
    Over,
    /// 近: below the number, within a unit of its last digit.
    Under,
    /// 约: rounded to the number.
    About,
}

impl Bound {
    /// Every bound, in the order of the contract.
    pub const ALL: [Self; 4] = [Self::Exact, Self::Over, Self::Under, Self::About];

    /// The name in the API and in files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Over => "over",
            Self::Under => "under",
            Self::About => "about",
        }
    }

    /// The bound named `code`.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bound| bound.code() == code)
    }
}

/// A non-negative count as written, with its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quantity {
    value: u32,
    bound: Bound,
}

/// Why a number is not a [`Quantity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Above [`Quantity::MAX`].
    #[error("the count is above {}", Quantity::MAX)]
    TooLarge,
    /// `0余` or `近0` says nothing.
    #[error("zero cannot be inexact")]
    InexactZero,
}

impl Quantity {
    /// The largest count one line of a report may hold: 10^9. The whole country has 1.4 × 10^9 people, so a larger
    /// figure in one line is a slip of the hand.
    pub const MAX: u32 = 1_000_000_000;

    /// A count with its bound.
    ///
    /// # Errors
    /// Above [`Self::MAX`], or an inexact zero.
    pub fn new(value: u64, bound: Bound) -> Result<Self, QuantityError> {
        let value = u32::try_from(value).ok().filter(|v| *v <= Self::MAX).ok_or(QuantityError::TooLarge)?;
        if value == 0 && bound != Bound::Exact {
            return Err(QuantityError::InexactZero);
        }
        Ok(Self { value, bound })
    }

    /// The number as written.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.value
    }

    /// How the number stands to the true one.
    #[must_use]
    pub const fn bound(self) -> Bound {
        self.bound
    }

    /// The interval that the words allow.
    ///
    /// With `u` the unit of the last non-zero digit of `n`: 余 gives `n ..= n+u-1`, 近 gives `n-u ..= n-1`, 约 gives
    /// what rounds to `n` at that unit. Below a power of ten the unit is a tenth (近1000 is 900–999, not 0–999).
    #[must_use]
    pub fn sum(self) -> Sum {
        let n = i64::from(self.value);
        let unit = unit_of_last_digit(n);
        let below = if unit == n && n >= 10 { unit / 10 } else { unit };
        let (low, high) = match self.bound {
            Bound::Exact => (n, n),
            Bound::Over => (n, n + unit - 1),
            Bound::Under => (n - below, n - 1),
            Bound::About => (n - below / 2, if unit > 1 { n + unit / 2 - 1 } else { n }),
        };
        Sum { count: n, low, high }
    }
}

fn unit_of_last_digit(n: i64) -> i64 {
    iter::successors(Some(1), |unit| Some(unit * 10)).find(|unit| n == 0 || n % (unit * 10) != 0).unwrap_or(1)
}

/// A sum of quantities, or a difference of such sums: the numbers as written, and the interval of the true value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Sum {
    /// Sum of the numbers as written.
    pub count: i64,
    /// Sum of the least true values.
    pub low: i64,
    /// Sum of the greatest true values.
    pub high: i64,
}

impl Sum {
    /// Nothing.
    pub const ZERO: Self = Self { count: 0, low: 0, high: 0 };

    /// An exact number.
    #[must_use]
    pub const fn exact(n: i64) -> Self {
        Self { count: n, low: n, high: n }
    }

    /// Whether every part was counted.
    #[must_use]
    pub const fn is_exact(self) -> bool {
        self.low == self.count && self.high == self.count
    }
}

impl Add for Sum {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { count: self.count + other.count, low: self.low + other.low, high: self.high + other.high }
    }
}

impl AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Neg for Sum {
    type Output = Self;
    /// The change that takes this sum away again: parts are negated in place, so `a + (-a)` is nothing.
    fn neg(self) -> Self {
        Self { count: -self.count, low: -self.low, high: -self.high }
    }
}

impl Sub for Sum {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl SubAssign for Sum {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl iter::Sum for Sum {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(value: u64, bound: Bound) -> (i64, i64) {
        let sum = Quantity::new(value, bound).unwrap().sum();
        (sum.low, sum.high)
    }

    #[test]
    fn words_give_the_intervals_of_the_field() {
        assert_eq!(sum(40_000, Bound::Over), (40_000, 49_999));
        assert_eq!(sum(3_000, Bound::Over), (3_000, 3_999));
        assert_eq!(sum(15_000, Bound::Over), (15_000, 15_999));
        assert_eq!(sum(50_000, Bound::Under), (40_000, 49_999));
        assert_eq!(sum(1_000, Bound::Under), (900, 999));
        assert_eq!(sum(300, Bound::About), (250, 349));
        assert_eq!(sum(214, Bound::Exact), (214, 214));
        assert_eq!(sum(0, Bound::Exact), (0, 0));
    }

    #[test]
    fn refuses_what_says_nothing_or_too_much() {
        assert_eq!(Quantity::new(0, Bound::Over), Err(QuantityError::InexactZero));
        assert_eq!(Quantity::new(1_000_000_001, Bound::Exact), Err(QuantityError::TooLarge));
        assert!(Quantity::new(1_000_000_000, Bound::Exact).is_ok());
    }

    /// What a person who knows the true count may honestly write, by the definition of the words.
    fn written(truth: u64, digits: u32, bound: Bound) -> Option<Quantity> {
        let unit = 10u64.pow(digits);
        let value = match bound {
            Bound::Exact => truth,
            Bound::Over => truth / unit * unit,
            Bound::Under => truth / unit * unit + unit,
            Bound::About => (truth + unit / 2) / unit * unit,
        };
        Quantity::new(value, bound).ok()
    }

    proptest! {
        #[test]
        fn intervals_add_soundly(parts in prop::collection::vec((1u64..1_000_000, 0u32..3, 0usize..4), 1..40)) {
            let mut truth = 0;
            let mut sum = Sum::ZERO;
            for (n, digits, bound) in parts {
                let bound = Bound::ALL[bound];
                let Some(quantity) = written(n, digits, bound) else { continue };
                // 近 of a number below a power of ten is only written from nine tenths on.
                if bound == Bound::Under && n < quantity.sum().low.unsigned_abs() { continue }
                if bound == Bound::About && !(quantity.sum().low..=quantity.sum().high).contains(&(n as i64)) { continue }
                truth += n as i64;
                sum += quantity.sum();
            }
            prop_assert!(sum.low <= truth && truth <= sum.high, "{truth} outside {sum:?}");
        }

        #[test]
        fn taking_away_what_was_added_leaves_nothing(a in 0u64..1_000_000_000, b in 0usize..4) {
            if let Ok(quantity) = Quantity::new(a, Bound::ALL[b]) {
                prop_assert_eq!(quantity.sum() - quantity.sum(), Sum::ZERO);
                prop_assert!(quantity.sum().low <= quantity.sum().high);
                prop_assert!(quantity.sum().low >= 0);
            }
        }
    }
}
