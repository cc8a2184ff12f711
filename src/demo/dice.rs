//! Chance that comes out the same every time, and the exact sharing of a total.

/// A splitmix64 generator (Steele, Lea, Flood 2014): enough for made-up figures, and the same on every machine and in
/// every later version, which a crate's generator does not promise.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// Dice of their own for each `stream`, so that one drive's figures do not move when another changes.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut mixed = Self(seed);
        let start = mixed.next();
        Self(start ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included. The bias of the remainder is far below anything a reader sees.
    pub(super) fn from(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high.saturating_sub(low) + 1)
    }

    /// Whether something happens that happens in so many of a hundred cases.
    pub(super) fn in_hundred(&mut self, percent: u64) -> bool {
        self.from(0, 99) < percent
    }
}

/// Shares a total by weights so that the shares add up to it exactly (largest remainder; ties go to the first).
///
/// Nothing is shared when every weight is zero. Totals and weights stay far below 2^32 each, so no product overflows.
pub(super) fn share(total: u64, weights: &[u64]) -> Vec<u64> {
    let all: u64 = weights.iter().sum();
    if all == 0 {
        return vec![0; weights.len()];
    }
    let mut shares: Vec<u64> = weights.iter().map(|weight| total * weight / all).collect();
    let left = total - shares.iter().sum::<u64>();
    let mut places: Vec<usize> = (0..weights.len()).collect();
    places.sort_by_key(|&at| std::cmp::Reverse(total * weights[at] % all));
    for (_, at) in (0..left).zip(places) {
        shares[at] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn shares_add_up_and_follow_the_weights(
            total in 0u64..100_000,
            weights in prop::collection::vec(0u64..1_000_000, 1..100),
        ) {
            let shares = share(total, &weights);
            let all: u64 = weights.iter().sum();
            prop_assert_eq!(shares.iter().sum::<u64>(), if all == 0 { 0 } else { total });
            for (share, weight) in shares.iter().zip(&weights) {
                prop_assert!(all == 0 || share.abs_diff(total * weight / all) <= 1);
                prop_assert!(*weight > 0 || *share == 0);
            }
        }
    }

    #[test]
    fn the_generator_is_splitmix64() {
        // The first numbers of seed 0 in the authors' reference program.
        let mut dice = Dice(0);
        assert_eq!([dice.next(), dice.next()], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
    }
}
