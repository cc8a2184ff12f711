//! How many reports a transaction of the writer takes.

use std::time::Duration;

/// How many reports one transaction takes.
///
/// While a batch is stored, requests are read and answers are sent; taking all that wait at once would let each of these
/// stand still while the other runs. So a batch is no larger than keeps its end cheap: where commits take long (a slow
/// disk, a database over the network) many share one, and where they are short the batches are small and follow closely.
#[derive(Debug)]
pub(super) struct Pace {
    most: usize,
    limit: usize,
}

/// Reports in a transaction at the least, when so many wait.
const FEWEST: usize = 96;

const fn least(limit: usize) -> usize {
    if limit < FEWEST { limit } else { FEWEST }
}

impl Pace {
    pub(super) const fn new(limit: usize) -> Self {
        Self { most: least(limit), limit }
    }

    /// Reports that the next transaction takes at most.
    pub(super) const fn most(&self) -> usize {
        self.most
    }

    /// Takes up how long a batch took in all, and its commit of that. A batch that was not full says nothing.
    pub(super) fn note(&mut self, reports: usize, all: Duration, commit: Duration) {
        if reports < self.most {
            return;
        }
        let step = (self.most / 8).max(1);
        if commit > all / 3 {
            self.most = (self.most + step).min(self.limit);
        } else if commit < all / 5 {
            self.most = self.most.saturating_sub(step).max(least(self.limit));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_slow_disk_makes_batches_larger_and_a_fast_one_smaller_within_their_bounds() {
        let mut pace = Pace::new(512);
        assert_eq!(pace.most(), FEWEST);
        for _ in 0..100 {
            pace.note(pace.most(), 10 * MS, 5 * MS);
        }
        assert_eq!(pace.most(), 512);
        pace.note(512, 20 * MS, 5 * MS);
        assert_eq!(pace.most(), 512, "a quarter is neither");
        for _ in 0..100 {
            pace.note(pace.most(), 10 * MS, MS);
        }
        assert_eq!(pace.most(), FEWEST);
    }

    #[test]
    fn a_batch_that_was_not_full_says_nothing() {
        let mut pace = Pace::new(512);
        pace.note(FEWEST - 1, 10 * MS, 9 * MS);
        assert_eq!(pace.most(), FEWEST);
    }

    #[test]
    fn a_small_limit_holds() {
        let mut pace = Pace::new(2);
        pace.note(2, 10 * MS, 9 * MS);
        assert_eq!(pace.most(), 2);
        pace.note(2, 10 * MS, MS);
        assert_eq!(pace.most(), 2);
    }
}
