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
    /// Sum by slot.
    pub sums: Sums,
}

/// Sums in the order of their slots; a slot that sums to nothing is absent.
///
/// A sorted list, for reports have a dozen lines: adding one to another is one walk along both.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sums(Vec<(Slot, Sum)>);

impl Sums {
    /// None, with room for so many.
    #[must_use]
    pub fn with_capacity(slots: usize) -> Self {
        Self(Vec::with_capacity(slots))
    }

    /// The sum under a slot.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Sum {
        self.0.binary_search_by_key(&slot, |(slot, _)| *slot).map_or(Sum::ZERO, |at| self.0[at].1)
    }

    /// Every slot with its sum.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Slot, &Sum)> {
        self.0.iter().map(|(slot, sum)| (slot, sum))
    }

    /// How many slots have a sum.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none has.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds under a slot.
    pub fn add(&mut self, slot: Slot, sum: Sum) {
        // Slots mostly come in their order.
        let at = match self.0.last() {
            Some((last, _)) if *last >= slot => self.0.partition_point(|(other, _)| *other < slot),
            _ => self.0.len(),
        };
        self.add_at(at, slot, sum);
    }

    /// Adds under a slot that is not before place `from`; gives its place.
    fn add_from(&mut self, from: usize, slot: Slot, sum: Sum) -> usize {
        // Two reports, or two totals, mostly have the same slots: the next one is near.
        let at = self.0[from..].iter().position(|(other, _)| *other >= slot);
        let at = at.map_or(self.0.len(), |steps| from + steps);
        self.add_at(at, slot, sum);
        at
    }

    /// Adds under a slot whose place this is.
    fn add_at(&mut self, at: usize, slot: Slot, sum: Sum) {
        match self.0.get_mut(at).filter(|(other, _)| *other == slot) {
            Some((_, total)) => {
                *total += sum;
                if *total == Sum::ZERO {
                    self.0.remove(at);
                }
            }
            None if sum != Sum::ZERO => self.0.insert(at, (slot, sum)),
            None => {}
        }
    }
}

impl AddAssign<&Self> for Sums {
    fn add_assign(&mut self, other: &Self) {
        if self.0.is_empty() {
            self.0.clone_from(&other.0);
            return;
        }
        let mut at = 0;
        other.0.iter().for_each(|&(slot, sum)| at = self.add_from(at, slot, sum));
    }
}

impl SubAssign<&Self> for Sums {
    fn sub_assign(&mut self, other: &Self) {
        let mut at = 0;
        other.0.iter().for_each(|&(slot, sum)| at = self.add_from(at, slot, -sum));
    }
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
            sums: Sums::with_capacity(version.figures.len()),
        };
        if version.counts() {
            version.sums().for_each(|(slot, sum)| rollup.sums.add(slot, sum));
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
        self.sums.get(slot)
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
        self.sums += &other.sums;
    }
}

impl SubAssign<&Self> for Rollup {
    /// Takes sums and counts away; the latest time stays, for a replaced version was received before its successor.
    fn sub_assign(&mut self, other: &Self) {
        self.add_counts(other, -1);
        self.sums -= &other.sums;
    }
}

/// Rollups, or changes of them, by campaign, unit and day, in the fixed order in which rows are touched.
pub type Rollups = BTreeMap<(i32, UnitId, ReportDay), Rollup>;

/// The rows that a report of a unit changes: those of every unit above.
pub fn above(
    tree: &UnitTree,
    campaign: i32,
    unit: UnitId,
    day: ReportDay,
) -> impl Iterator<Item = (i32, UnitId, ReportDay)> {
    tree.ancestors(unit).map(move |above| (campaign, above.id, day))
}

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
    for row in above(tree, after.campaign, after.unit, after.day) {
        *rollups.entry(row).or_default() += &change;
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
