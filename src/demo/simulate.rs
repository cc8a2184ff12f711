//! Filling a database with a country, at full speed and through the writer like every real report.

use super::country::{self, NATION};
use super::dice::Dice;
use crate::domain::calendar::{ReportDay, Window};
use crate::domain::campaign::{self, Campaign, CampaignId, Expected, Kind};
use crate::domain::catalogue::Catalogue;
use crate::domain::review::Report;
use crate::domain::tally::Channel;
use crate::domain::unit::UnitId;
use crate::store::{
    Act, NewCampaign, Outcome, Precondition, Progress, Store, StoreError, Submission, Transaction,
};
use futures_util::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::civil::Time;
use std::io::Write;
use std::sync::Arc;

/// How large the country is, and how long it has reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Units that report; those above them come on top.
    pub units: u32,
    /// Drives, one a year; the last one runs today.
    pub drives: u16,
    /// Days of each drive.
    pub days: u16,
    /// Where chance begins.
    pub seed: u64,
}

impl Scale {
    /// How many units and days there are to report for: those of today are left to whoever measures.
    #[must_use]
    pub fn reports(&self) -> u64 {
        (u64::from(self.drives) * u64::from(self.days)).saturating_sub(1) * u64::from(self.units)
    }
}

/// Reports of one transaction: enough that its cost is theirs.
const TOGETHER: usize = 4_096;
/// Transactions made ready ahead of the writer.
const AHEAD: usize = 2;
/// Reports of a hundred that never come, and that come after the deadline.
const MISSING: u64 = 2;
const LATE: u64 = 3;

fn damaged(what: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(format!("simulation: {what}"))
}

/// Fills an empty database; `units` and `reports` say how far it is. Gives the number of reports.
///
/// # Errors
/// `Exists` when there are units already; otherwise what the database said.
pub async fn simulate(
    store: &Store,
    scale: &Scale,
    now: Timestamp,
    units: &Progress,
    reports: &Progress,
) -> Result<u64, StoreError> {
    enter_units(store, scale, units).await?;
    let today = ReportDay::of(now);
    let mut stored = 0;
    for back in (0..i16::try_from(scale.drives).unwrap_or(i16::MAX)).rev() {
        let key = enter_campaign(store, scale, today, back).await?;
        let catalogue = store.catalogue();
        let campaign = catalogue.campaign_by_key(key).ok_or_else(|| damaged(key))?.clone();
        let hall = Hall { scale, catalogue, campaign, today };
        stored += hall.report(store, reports).await?;
    }
    Ok(stored)
}

/// Writes the units of a country as the statistical offices publish them, a row each: a code of twelve digits that tells the
/// unit above, and a name. Gives the number of rows.
///
/// # Errors
/// What the file said.
pub fn table(scale: &Scale, mut to: impl Write) -> std::io::Result<usize> {
    let mut rows = 0;
    writeln!(to, "code,name")?;
    for (unit, _) in country::units(scale.units.into(), &mut Dice::new(scale.seed, 0)) {
        // The nation itself has no such code.
        if unit.code.as_str() != NATION {
            writeln!(to, "{:0<12},{}", unit.code.as_str(), unit.name)?;
            rows += 1;
        }
    }
    to.flush()?;
    Ok(rows)
}

async fn enter_units(store: &Store, scale: &Scale, progress: &Progress) -> Result<(), StoreError> {
    let units = country::units(scale.units.into(), &mut Dice::new(scale.seed, 0));
    let progress = progress.clone();
    store
        .transact(move |transaction: &mut Transaction| {
            Box::pin(async move {
                if transaction.catalogue().tree.size() > 0 {
                    return Err(StoreError::Exists("units"));
                }
                transaction.enter_units(units, Vec::new(), &progress).await
            })
        })
        .await
}

/// Enters the drive of so many years ago: it had the same days of the year as the one whose last day is today.
async fn enter_campaign(
    store: &Store,
    scale: &Scale,
    today: ReportDay,
    back: i16,
) -> Result<i32, StoreError> {
    let year = today.year() - back;
    let (month, day) = today.month_day();
    // A drive that ends on the 29th of February ends on the 28th in other years.
    let last = ReportDay::new(year, month, day).or_else(|_| ReportDay::new(year, month, day - 1));
    let last = last.map_err(damaged)?;
    let catalogue = store.catalogue();
    let campaign = Campaign {
        key: 0,
        id: CampaignId::new(&format!("constitution-{year}")).map_err(damaged)?,
        kind: Kind::Constitution,
        year,
        name: format!("{}（模拟）", campaign::usual_name(Kind::Constitution, year)),
        ordinal: None,
        theme: String::new(),
        window: Window::new(last.plus(1 - i32::from(scale.days)), last).map_err(damaged)?,
        deadline: campaign::USUAL_DEADLINE,
        unit: catalogue.tree.by_code(NATION).ok_or_else(|| damaged(NATION))?.id,
        expected: Expected::Leaves,
        measures: campaign::template_measures(Kind::Constitution),
        locked: false,
        demo: true,
        locks: campaign::Locks::default(),
    };
    store
        .transact(move |transaction: &mut Transaction| {
            Box::pin(async move { transaction.insert_campaign(NewCampaign(campaign)).await })
        })
        .await
}

/// What is needed to make the reports of a drive.
struct Hall<'a> {
    scale: &'a Scale,
    catalogue: Arc<Catalogue>,
    campaign: Arc<Campaign>,
    today: ReportDay,
}

impl Hall<'_> {
    /// Enters every day's reports but today's.
    async fn report(&self, store: &Store, progress: &Progress) -> Result<u64, StoreError> {
        let tree = &self.catalogue.tree;
        let mut stored = 0;
        for day in self.campaign.window.days().filter(|day| *day < self.today) {
            let mut leaves: Vec<UnitId> =
                tree.all().filter(|unit| tree.is_leaf(unit.id, day)).map(|unit| unit.id).collect();
            // In the order of the key, reports fill page after page.
            leaves.sort_unstable();
            let pieces = leaves.chunks(TOGETHER).map(|units| async move {
                let submissions = units.iter().filter_map(|unit| self.submission(*unit, day).transpose());
                let submissions: Vec<Submission> = submissions.collect::<Result<_, _>>()?;
                let outcomes = store.submit_all(submissions).await?;
                let refused = outcomes.iter().find(|outcome| !matches!(outcome, Outcome::Stored { .. }));
                if let Some(refused) = refused {
                    return Err(damaged(format!("not stored: {refused:?}")));
                }
                progress.add(units.len());
                Ok(outcomes.len() as u64)
            });
            let pieces = futures_util::stream::iter(pieces).buffered(AHEAD);
            stored += pieces.try_fold(0, |sum, count| async move { Ok(sum + count) }).await?;
        }
        Ok(stored)
    }

    fn submission(&self, unit: UnitId, day: ReportDay) -> Result<Option<Submission>, StoreError> {
        let stream = u64::from(unit.0.unsigned_abs()) << 32 | u64::from(day.number().unsigned_abs());
        let mut dice = Dice::new(self.scale.seed, stream);
        if dice.in_hundred(MISSING) {
            return Ok(None);
        }
        let hour = if dice.in_hundred(LATE) { 20 } else { 17 };
        let minute = i8::try_from(dice.from(0, 59)).unwrap_or(0);
        let report = Report::check(&country::draft(&mut dice), &self.campaign, &self.catalogue.tree, unit);
        Ok(Some(Submission {
            epoch: self.catalogue.epoch,
            campaign: self.campaign.key,
            unit,
            day,
            act: Act::Report {
                report: report.map_err(|faults| damaged(format!("{faults:?}")))?,
                on_behalf: false,
                channel: Channel::Import,
                deadline: self.campaign.deadline_of(day),
                exception: false,
            },
            precondition: Precondition::Absent,
            idempotency: None,
            actor: 0,
            received_at: day.at(Time::new(hour, minute, 0, 0).unwrap_or(Time::MIN)),
            address: None,
        }))
    }
}
