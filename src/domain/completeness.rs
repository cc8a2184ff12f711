//! Who was expected, who reported, who is missing.
//!
//! Zero, not reported and not expected are three different states everywhere.

use super::tally::{Review, Version};

/// How one unit stands on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Reported before the deadline.
    OnTime,
    /// Reported after it.
    Late,
    /// Reported that nothing was done.
    Zero,
    /// Its report was sent back and has not come again.
    Returned,
    /// Expected and not reported.
    Missing,
    /// Expected, and its day has not come.
    Pending,
    /// Closed, not part of the drive, or only adding up others.
    NotExpected,
}

super::coded::coded!(Status {
    OnTime = "on_time", "按时", "On time";
    Late = "late", "迟报", "Late";
    Zero = "zero", "零报告", "Zero report";
    Returned = "returned", "已退回", "Returned";
    Missing = "missing", "未报", "Missing";
    Pending = "pending", "未到", "Not due";
    NotExpected = "not_expected", "不需上报", "Not expected";
});

impl Status {
    /// How a unit stands, from what is known of it. A late zero report is a zero report.
    #[must_use]
    pub fn of(expected: bool, due: bool, report: Option<&Version>) -> Self {
        match report {
            Some(report) if report.review == Review::Returned => Self::Returned,
            Some(report) if report.zero => Self::Zero,
            Some(report) if report.late => Self::Late,
            Some(_) => Self::OnTime,
            None if !expected => Self::NotExpected,
            None if due => Self::Missing,
            None => Self::Pending,
        }
    }
}

/// Counts of units on a day under some unit. `reported` never exceeds `expected`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Completeness {
    /// Units that the drive waits for.
    pub expected: u64,
    /// Of these, units whose report counts.
    pub reported: u64,
    /// Of the reported, zero reports.
    pub zero: u64,
    /// Of the reported, late ones.
    pub late: u64,
    /// Of the expected, units whose report was sent back.
    pub returned: u64,
}

impl Completeness {
    /// Expected units without any report.
    #[must_use]
    pub const fn missing(&self) -> u64 {
        self.expected.saturating_sub(self.reported + self.returned)
    }

    /// Reported before the deadline.
    #[must_use]
    pub const fn on_time(&self) -> u64 {
        self.reported.saturating_sub(self.late)
    }

    /// Reported ÷ expected in thousandths, rounded down so that 1000 means all; `None` when nobody is expected.
    #[must_use]
    pub const fn permille(&self) -> Option<u64> {
        (self.reported * 1000).checked_div(self.expected)
    }
}

impl std::ops::AddAssign for Completeness {
    fn add_assign(&mut self, other: Self) {
        self.expected += other.expected;
        self.reported += other.reported;
        self.zero += other.zero;
        self.late += other.late;
        self.returned += other.returned;
    }
}
