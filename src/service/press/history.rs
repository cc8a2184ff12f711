//! What a total was at other times: before corrections, and on other days.

use super::Scene;
use crate::domain::calendar::ReportDay;
use crate::domain::quantity::Sum;
use crate::domain::rollup::Rollup;
use crate::domain::slot::SlotBook;
use crate::domain::tally::Version;
use crate::domain::unit::UnitId;
use crate::service::totals::measure_sum;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// Totals of one measure that held from an instant on, oldest first.
pub(super) type States = Vec<(Timestamp, Sum)>;

/// Every total that a unit had, a measure at a time. Versions are those of a campaign in the order of their receipt.
pub(super) fn states(scene: &Scene<'_>, slots: &SlotBook, versions: &[Version]) -> HashMap<String, States> {
    let mut current: HashMap<(ReportDay, UnitId), BTreeMap<&str, Sum>> = HashMap::new();
    let mut totals: HashMap<&str, Sum> = HashMap::new();
    let mut states: HashMap<String, States> = HashMap::new();
    let campaign = &scene.campaign;
    let concerned = versions.iter().filter(|v| scene.covers(v.unit) && campaign.window.contains(v.day));
    for version in concerned {
        let rollup = Rollup::of(version, true);
        let codes = campaign.measures.iter().map(|measure| measure.code.as_str());
        let own: BTreeMap<&str, Sum> = codes
            .map(|code| (code, measure_sum(slots, &rollup.sums, code)))
            .filter(|(_, sum)| *sum != Sum::ZERO)
            .collect();
        let before = current.insert((version.day, version.unit), own.clone()).unwrap_or_default();
        let mut changed: BTreeMap<&str, Sum> = own;
        for (code, sum) in before {
            *changed.entry(code).or_default() -= sum;
        }
        for (code, change) in changed {
            if change == Sum::ZERO {
                continue;
            }
            let total = totals.entry(code).or_default();
            *total += change;
            let held = states.entry(code.to_owned()).or_default();
            // Reports of one batch are one state.
            match held.last_mut().filter(|(at, _)| *at == version.received_at) {
                Some(last) => last.1 = *total,
                None => held.push((version.received_at, *total)),
            }
        }
    }
    states
}

/// The totals that a unit had after so many versions.
#[derive(Debug, Default)]
pub(super) struct Then {
    /// When the last of them came in.
    pub(super) at: Option<Timestamp>,
    pub(super) totals: HashMap<String, Sum>,
}

/// The totals after the first versions. Versions are those of a campaign in the order of their receipt.
pub(super) fn at(scene: &Scene<'_>, slots: &SlotBook, versions: &[Version], count: i64) -> Then {
    let count = usize::try_from(count).unwrap_or_default();
    let campaign = &scene.campaign;
    let concerned = versions.iter().filter(|v| scene.covers(v.unit) && campaign.window.contains(v.day));
    let mut current: HashMap<(ReportDay, UnitId), &Version> = HashMap::new();
    let mut then = Then::default();
    for version in concerned.take(count) {
        current.insert((version.day, version.unit), version);
        then.at = Some(version.received_at);
    }
    for version in current.into_values() {
        let sums = Rollup::of(version, true).sums;
        for measure in &campaign.measures {
            let total = then.totals.entry(measure.code.to_string()).or_default();
            *total += measure_sum(slots, &sums, measure.code.as_str());
        }
    }
    then
}
