//! How often somebody may fail to sign in: five times within fifteen minutes, then not at all for fifteen.
//!
//! Counted for an account at an address, so that nobody shuts an account out from elsewhere, and an office of hundreds
//! behind one address is not shut out by one of its people.

use jiff::{SignedDuration, Timestamp};

/// Failures that lock.
pub const MOST: usize = 5;
/// Within how long, and for how long.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// The failures of an account at an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attempts {
    /// When it failed lately, oldest first.
    pub failures: Vec<Timestamp>,
    /// Until when nobody may try.
    pub locked_until: Option<Timestamp>,
}

impl Attempts {
    /// How long nobody may try yet.
    #[must_use]
    pub fn locked(&self, now: Timestamp) -> Option<SignedDuration> {
        self.locked_until.filter(|until| *until > now).map(|until| until.duration_since(now))
    }

    /// Notes a failure; whether it locks.
    pub fn fail(&mut self, now: Timestamp) -> bool {
        self.failures.retain(|at| now.duration_since(*at) < WINDOW);
        self.failures.push(now);
        let locks = self.failures.len() >= MOST;
        if locks {
            self.failures.clear();
            self.locked_until = now.checked_add(WINDOW).ok();
        }
        locks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
    }

    #[test]
    fn the_fifth_failure_within_a_quarter_of_an_hour_locks_for_one() {
        let mut attempts = Attempts::default();
        let locks: Vec<bool> = [0, 1, 2, 3, 14].into_iter().map(|minute| attempts.fail(at(minute))).collect();
        assert_eq!(locks, [false, false, false, false, true]);
        assert_eq!(attempts.locked(at(14)), Some(WINDOW));
        assert_eq!(attempts.locked(at(28)), Some(SignedDuration::from_mins(1)));
        assert_eq!(attempts.locked(at(29)), None);
        assert!(!attempts.fail(at(29)), "afterwards it is counted anew");
    }

    #[test]
    fn older_failures_are_forgotten_one_by_one() {
        let mut attempts = Attempts::default();
        for minute in [0, 5, 10, 14, 15, 20, 25, 30] {
            assert!(!attempts.fail(at(minute)), "never five within fifteen minutes: {minute}");
        }
        assert!(attempts.failures.len() <= MOST);
        assert!(!attempts.fail(at(31)) || attempts.locked(at(31)).is_some());
    }
}
