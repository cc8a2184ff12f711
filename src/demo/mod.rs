//! The demo: five past Constitution Day drives of 菏泽高新区 and one that runs now, all figures made up.
//!
//! [`plan`] says what there is, from a seed and today's date alone; [`fill`] enters it through the same door as every
//! real report. The townships and the weeks are real. The totals of 2021 are such as the newspaper's words allow
//! (印发宣传资料40000余份，解答法律咨询3000余人次); who did how much on which day is made up, and so is every other
//! figure. Names say so: every drive ends with （演示） and every invented unit with （演示数据）, so that a picture
//! taken from the demo never passes for a publication.

mod country;
mod dice;
mod draft;
mod drive;
mod fill;
mod simulate;
mod units;

pub use country::NATION;
pub use fill::{ACCOUNTS, Account, Login, Secret, fill};
pub use simulate::{Scale, simulate, table};
pub use units::{REPORTER_UNIT, ROOT};

use crate::domain::calendar::{ReportDay, Window};
use crate::domain::campaign::{self, Campaign, CampaignId, Expected, Kind};
use crate::domain::tally::Draft;
use crate::domain::unit::{Unit, UnitId, UnitTree};
use jiff::Timestamp;

/// The seed of the demo that everybody sees.
pub const SEED: u64 = 20_141_204;

/// What a drive adds up to once all its days are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Printed matter, 份, as written.
    pub materials: u64,
    /// Consultations, 人次.
    pub consultations: u64,
}

/// The past drives: the year and what it adds up to.
///
/// The newspaper printed 40000余份 and 3000余人次 for 2021. 40 213 and 3 062 are numbers that are written so; the true
/// ones are not known. Every figure of these two measures is exact in 2021. The later years are made up: growth, with a
/// dip in 2022.
pub const PAST: [(i16, Totals); 5] = [
    (2021, Totals { materials: 40_213, consultations: 3_062 }),
    (2022, Totals { materials: 36_547, consultations: 2_718 }),
    (2023, Totals { materials: 45_936, consultations: 3_474 }),
    (2024, Totals { materials: 51_208, consultations: 3_891 }),
    (2025, Totals { materials: 57_865, consultations: 4_436 }),
];

/// What the running drive would add up to if every unit went on to its last day.
pub const RUNNING: Totals = Totals { materials: 63_420, consultations: 4_905 };

/// Days of the running drive before and after today.
const AROUND_TODAY: i32 = 3;

/// Everything that the demo shows. Numbers of units and campaigns are the plan's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Parents before children.
    pub units: Vec<Unit>,
    /// Oldest first; the last one is running.
    pub campaigns: Vec<Campaign>,
    /// By campaign, day, unit and version.
    pub reports: Vec<Report>,
}

/// One version of the report of a unit for a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Number of the campaign in the plan.
    pub campaign: i32,
    /// Number of the unit in the plan.
    pub unit: UnitId,
    /// The day reported on.
    pub day: ReportDay,
    /// 1, or 2 for a correction.
    pub version: u32,
    /// When it came in; whether it is late follows from it.
    pub received_at: Timestamp,
    /// Entered by the office for the unit (代报).
    pub on_behalf: bool,
    /// What it says.
    pub draft: Draft,
}

impl Plan {
    /// The units as a tree. Their table is a constant that makes one, as the tests hold, so there is no error to give.
    #[must_use]
    pub fn tree(&self) -> UnitTree {
        UnitTree::new(self.units.clone()).unwrap_or_default()
    }

    /// The drive that runs now.
    #[must_use]
    pub fn running(&self) -> Option<&Campaign> {
        self.campaigns.last()
    }
}

/// Plans the demo as it is on a day: the same day and seed always give the same plan.
///
/// Reports of days after `today` are left out, so a machine whose clock stands before the end of 2025 sees fewer.
#[must_use]
pub fn plan(today: ReportDay, seed: u64) -> Plan {
    let units = units::all();
    let tree = UnitTree::new(units.clone()).unwrap_or_default();
    let past = PAST.iter().zip(1..).filter_map(|(&(year, totals), key)| Some((past(key, year)?, totals)));
    let drives: Vec<(Campaign, Totals)> =
        past.chain(running(today).map(|campaign| (campaign, RUNNING))).collect();
    let reports = drives
        .iter()
        .flat_map(|(campaign, totals)| drive::reports(campaign, *totals, &tree, today, seed))
        .collect();
    Plan { units, campaigns: drives.into_iter().map(|(campaign, _)| campaign).collect(), reports }
}

fn past(key: i32, year: i16) -> Option<Campaign> {
    let (window, theme) = campaign::constitution_week(year)?;
    made_up(key, format!("constitution-{year}"), year, window, theme)
}

fn running(today: ReportDay) -> Option<Campaign> {
    let year = today.year();
    // Only while a past drive's own year is running is its name taken.
    let taken = PAST.iter().any(|(past, _)| *past == year);
    let id = if taken { format!("constitution-{year}-demo") } else { format!("constitution-{year}") };
    let window = Window::new(today.plus(-AROUND_TODAY), today.plus(AROUND_TODAY)).ok()?;
    let key = PAST.len() + 1;
    made_up(i32::try_from(key).ok()?, id, year, window, "演示活动：日期随当天而定，数据均为虚构，可随意填报")
}

fn made_up(key: i32, id: String, year: i16, window: Window, theme: &str) -> Option<Campaign> {
    Some(Campaign {
        key,
        id: CampaignId::new(&id).ok()?,
        kind: Kind::Constitution,
        year,
        name: format!("{}（演示）", campaign::usual_name(Kind::Constitution, year)),
        ordinal: campaign::ordinal(Kind::Constitution, year),
        theme: theme.into(),
        window,
        deadline: campaign::USUAL_DEADLINE,
        unit: UnitId(1),
        expected: Expected::Leaves,
        measures: campaign::template_measures(Kind::Constitution),
        locked: false,
        demo: true,
        locks: campaign::Locks::default(),
    })
}

#[cfg(test)]
mod tests;
