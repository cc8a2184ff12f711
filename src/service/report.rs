//! What a unit needs to report a day: whether it may, what was reported before, how its days stand.

use super::campaigns::CampaignView;
use super::tallies::{TallyView, parse_day};
use super::units::UnitView;
use super::{App, Caller, Error, scope};
use crate::domain::access::{self, Permission};
use crate::domain::calendar::ReportDay;
use crate::domain::campaign::{Campaign, State};
use crate::domain::catalogue::Catalogue;
use crate::domain::completeness::Status;
use crate::domain::fault::Fault;
use crate::domain::tally::{self, Review};
use crate::domain::unit::Placed;

/// A day of the campaign as a unit sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportDayView {
    /// The day.
    pub date: String,
    /// How the unit stands; none where it only adds up others.
    pub status: Option<&'static str>,
}

impl ReportDayView {
    /// Whether there is a report, even one that was returned.
    #[must_use]
    pub fn is_reported(&self) -> bool {
        use Status::{Late, OnTime, Returned, Zero};
        matches!(self.status.and_then(Status::from_code), Some(OnTime | Late | Zero | Returned))
    }
}

/// A unit's day.
#[derive(Debug, Clone)]
pub struct ReportView {
    /// The campaign.
    pub campaign: CampaignView,
    /// The unit.
    pub unit: UnitView,
    /// The day.
    pub date: String,
    /// Whether the caller's role lets it report for the unit.
    pub may_submit: bool,
    /// Why nobody can report that day.
    pub closed: Option<Fault>,
    /// A first report would be late by now.
    pub overdue: bool,
    /// New figures must say why: a report stands and its deadline has passed.
    pub needs_reason: bool,
    /// The caller reports for another unit than its own (代报).
    pub on_behalf: bool,
    /// Units that joint events may be led by: code and name of those beside this one and above.
    pub leads: Vec<(String, String)>,
    /// Every day of the campaign up to today.
    pub days: Vec<ReportDayView>,
    /// Every version of the day's report, oldest first.
    pub versions: Vec<TallyView>,
    /// What stands of the days before, the nearest first.
    pub before: Vec<TallyView>,
    /// The day before.
    pub eve: String,
}

/// How many days back are looked at for what was reported last.
const BACK: usize = 31;

impl ReportView {
    /// The version that stands.
    #[must_use]
    pub fn current(&self) -> Option<&TallyView> {
        self.versions.last()
    }

    /// The report of the day before.
    #[must_use]
    pub fn yesterday(&self) -> Option<&TallyView> {
        self.before.first().filter(|tally| tally.date == self.eve)
    }
}

impl App {
    /// A unit's day: today, or the last day of a closed campaign, where none is named.
    ///
    /// # Errors
    /// Out of scope is not found; `date_invalid`.
    pub async fn report(
        &self,
        caller: &Caller,
        campaign: &str,
        unit: &str,
        date: Option<&str>,
    ) -> Result<ReportView, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let unit = scope::unit(&catalogue, caller, Permission::Read, unit)?;
        let today = self.clock.today();
        let day = match (date, campaign.state(today)) {
            (Some(date), _) => parse_day(date, "/date")?,
            (None, State::Planned) => campaign.window.first(),
            (None, State::Open) => today,
            (None, State::Closed) => campaign.window.last(),
        };
        let after = self.clock.now() > campaign.deadline_of(day);
        let (id, code, date) = (campaign.id.as_str(), unit.code(), day.to_string());
        let code = code.as_str();
        let versions = self.versions(caller, id, code, &date).await?.items;
        let back = std::iter::successors(Some(day.plus(-1)), |day| Some(day.plus(-1)));
        let back: Vec<ReportDay> =
            back.take(BACK).take_while(|day| *day >= campaign.window.first()).collect();
        let mut before = self.store.current(campaign.key, &back, &[unit.id]).await?;
        before.sort_unstable_by_key(|version| std::cmp::Reverse(version.day));
        let whole = self.completeness(caller, id, Some(code), None).await?;
        let own = whole.units.into_iter().find(|row| row.unit == code);
        let due = |date: &str| date.parse::<ReportDay>().is_ok_and(|day| day <= today);
        let days = own.into_iter().flat_map(|row| row.days).filter(|day| due(&day.date));
        let days: Vec<ReportDayView> =
            days.map(|day| ReportDayView { date: day.date, status: day.status }).collect();
        Ok(ReportView {
            days,
            closed: tally::check_day(&campaign, &catalogue.tree, unit.id, day, self.clock.now()).err(),
            may_submit: access::may(&caller.actor, &catalogue.tree, Permission::Submit, unit.id),
            campaign: CampaignView::new(&campaign, &catalogue, today),
            unit: UnitView::new(&unit.unit(), &catalogue.tree),
            needs_reason: after && versions.last().is_some_and(|v| v.state != Review::Returned.code()),
            on_behalf: super::tallies::is_on_behalf(caller, unit.id),
            leads: leads(&catalogue, &campaign, unit),
            overdue: versions.is_empty() && after,
            before: self.views(&catalogue, caller, &before).await?,
            eve: day.plus(-1).to_string(),
            date,
            versions,
        })
    }
}

/// How many units are offered as leads.
const LEADS: usize = 200;

/// The units beside one, and those above it, as far as they take part.
fn leads(catalogue: &Catalogue, campaign: &Campaign, unit: Placed<'_>) -> Vec<(String, String)> {
    let tree = &catalogue.tree;
    let above = tree.ancestors(unit.id);
    let beside = unit.parent().into_iter().flat_map(|parent| tree.children(parent));
    let takes_part = |other: &Placed<'_>| other.id != unit.id && tree.is_under(other.id, campaign.unit);
    let all = above.chain(beside).filter(takes_part).take(LEADS);
    all.map(|unit| (unit.code().to_string(), unit.name())).collect()
}
