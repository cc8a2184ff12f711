//! The one place that asks what time it is.

use crate::domain::calendar::ReportDay;
use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Where the time comes from: the system, the system set to another time of day, or a fixed instant that a test moves.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    ahead: SignedDuration,
    fixed: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self { ahead: SignedDuration::ZERO, fixed: None }
    }

    /// A clock that says the system's date and this time of day in Asia/Shanghai, and goes on from there.
    #[must_use]
    pub fn starting_at(time: Time) -> Self {
        let system = Self::system().now();
        let start = ReportDay::of(system).at(time);
        Self { ahead: start.duration_since(system), fixed: None }
    }

    /// A clock that stands at an instant.
    #[must_use]
    pub fn fixed(at: Timestamp) -> Self {
        Self { ahead: SignedDuration::ZERO, fixed: Some(Arc::new(AtomicI64::new(at.as_millisecond()))) }
    }

    /// Moves a fixed clock; the system's stays as it is.
    pub fn set(&self, at: Timestamp) {
        if let Some(fixed) = &self.fixed {
            fixed.store(at.as_millisecond(), Ordering::SeqCst);
        }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.fixed {
            Some(fixed) => {
                Timestamp::from_millisecond(fixed.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
            }
            #[expect(clippy::disallowed_methods, reason = "this is the one place")]
            None => Timestamp::now().saturating_add(self.ahead).unwrap_or(Timestamp::MAX),
        }
    }

    /// Today in Asia/Shanghai.
    #[must_use]
    pub fn today(&self) -> ReportDay {
        ReportDay::of(self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_set_to_a_time_of_day_keeps_the_date_and_goes_on() {
        let clock = Clock::starting_at(Time::constant(14, 0, 0, 0));
        let (first, system) = (clock.now(), Clock::system().now());
        let start = clock.today().at(Time::constant(14, 0, 0, 0));
        assert!(first >= start && first.duration_since(start) < SignedDuration::from_mins(1));
        assert!(first.duration_since(system).abs() < SignedDuration::from_hours(24));
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert!(clock.now() > first);
    }
}
