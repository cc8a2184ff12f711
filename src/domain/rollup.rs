//! Totals kept beside the tallies, and the laws that keep them equal to a recomputation.
//!
//! The rollup of a unit on a day is the sum over everything *under* it; the unit's own report is not in it. So a
//! report touches the rows of its ancestors only, and the total of a unit is its own report plus its rollup.

use super::calendar::ReportDay;
use super::campaign::Campaign;
use super::quantity::Sum;
use super::slot::Slot;
use super::tally::Version;
use super::unit::{UnitId, UnitTree};
use std::collections::BTreeMap;
use std::ops::{AddAssign, SubAssign};

/// Sums and counts over a set of reports, or a change of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rollup {
    /// Expected units whose report counts; zero and late ones included.
    pub reported: i64,
    /// Of these, zero reports.
    pub zero: i64,
    /// Of these, late ones.
    pub late: i64,
    /// Of the expected units, those whose report was sent back.
    pub returned: i64,
    /// How many versions there ever were: the revision that a reader sees.
    pub changes: i64,
    /// When the latest of them was received, in milliseconds since 1970; 0 when there is none.
    pub latest: i64,
    /// Sum by slot; a slot that sums to nothing is absent.
    pub sums: BTreeMap<Slot, Sum>,
}

impl Rollup {
    /// What one version adds to every unit above its own.
    #[must_use]
    pub fn of(version: &Version, expected: bool) -> Self {
        let counted = i64::from(expected && version.counts());
        let mut rollup = Self {
            reported: counted,
            zero: counted * i64::from(version.zero),
            late: counted * i64::from(version.late),
            returned: i64::from(expected && !version.counts()),
            changes: i64::from(version.version),
            latest: version.received_at.as_millisecond(),
            sums: BTreeMap::new(),
        };
        if version.counts() {
            version.sums().for_each(|(slot, sum)| rollup.add_sum(slot, sum));
        }
        rollup
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The sum under a slot.
    #[must_use]
    pub fn sum(&self, slot: Slot) -> Sum {
        self.sums.get(&slot).copied().unwrap_or_default()
    }

    fn add_sum(&mut self, slot: Slot, sum: Sum) {
        let total = self.sums.entry(slot).or_default();
        *total += sum;
        if *total == Sum::ZERO {
            self.sums.remove(&slot);
        }
    }

    fn add_counts(&mut self, other: &Self, sign: i64) {
        self.reported += sign * other.reported;
        self.zero += sign * other.zero;
        self.late += sign * other.late;
        self.returned += sign * other.returned;
        self.changes += sign * other.changes;
    }
}

impl AddAssign<&Self> for Rollup {
    fn add_assign(&mut self, other: &Self) {
        self.add_counts(other, 1);
        self.latest = self.latest.max(other.latest);
        other.sums.iter().for_each(|(&slot, &sum)| self.add_sum(slot, sum));
    }
}

impl SubAssign<&Self> for Rollup {
    /// Takes sums and counts away; the latest time stays, for a replaced version was received before its successor.
    fn sub_assign(&mut self, other: &Self) {
        self.add_counts(other, -1);
        other.sums.iter().for_each(|(&slot, &sum)| self.add_sum(slot, -sum));
    }
}

/// Rollups, or changes of them, by campaign, unit and day, in the fixed order in which rows are touched.
pub type Rollups = BTreeMap<(i32, UnitId, ReportDay), Rollup>;

/// Enters the replacement of one version by the next into the rows of every unit above.
///
/// `before` is absent for a first version. Both versions are of the same campaign, unit and day.
pub fn replace(
    rollups: &mut Rollups,
    campaign: &Campaign,
    tree: &UnitTree,
    before: Option<&Version>,
    after: &Version,
) {
    let expected = campaign.expects(tree, after.unit, after.day);
    let mut change = Rollup::of(after, expected);
    if let Some(before) = before {
        change -= &Rollup::of(before, expected);
    }
    for above in tree.ancestors(after.unit) {
        *rollups.entry((after.campaign, above, after.day)).or_default() += &change;
    }
}

/// The rollups of a campaign from its current versions alone: what `pufa verify` compares with.
#[must_use]
pub fn recompute<'a>(
    campaign: &Campaign,
    tree: &UnitTree,
    current: impl IntoIterator<Item = &'a Version>,
) -> Rollups {
    let mut rollups = Rollups::new();
    for version in current {
        replace(&mut rollups, campaign, tree, None, version);
    }
    rollups.retain(|_, rollup| !rollup.is_empty());
    rollups
}

#[cfg(test)]
#[path = "rollup_tests.rs"]
mod tests;
