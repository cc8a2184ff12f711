//! What the office sees first: figures, completeness and the latest reports of a unit in a campaign.

use super::campaigns::{CampaignView, MeasureView};
use super::chase::MissingView;
use super::comparison::{ChangeView, Terms, change_view, drives};
use super::completeness::{CompletenessView, UnitView as RowView};
use super::tallies::{Filter, MeasureTotal, TallyView};
use super::together::Asker;
use super::totals::{By, TotalItem, known_measure, measure_sum};
use super::units::UnitView;
use super::{App, Caller, Error, scope};
use crate::domain::access::{self, Permission, Role};
use crate::domain::calendar::Align;
use crate::domain::campaign::{Campaign, State};
use crate::domain::catalogue::Catalogue;
use crate::domain::chase::Grouping;
use crate::domain::comparison::Basis;
use crate::domain::unit::Placed;
use futures_util::future::try_join3;
use std::sync::Arc;

/// Where a person begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Landing {
    /// Who only reports: at the form of the own unit.
    Report {
        /// Identifier of the campaign.
        campaign: String,
        /// Code of the unit.
        unit: String,
    },
    /// Everybody else: at the board.
    Board {
        /// Identifier of the campaign.
        campaign: String,
    },
    /// There is no campaign that concerns the person.
    Nothing {
        /// Whether the person may enter one.
        may_enter: bool,
        /// Whether there is any unit yet.
        units: bool,
    },
}

/// A unit to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// How far below the highest one it stands.
    pub depth: usize,
}

/// A unit that is looked at, and those to go to from there.
#[derive(Debug, Clone)]
pub struct Choices {
    /// The unit.
    pub unit: UnitView,
    /// The way down to it, its siblings and what is directly below.
    pub units: Vec<Choice>,
}

/// The total of a measure, and how it stands to last year.
#[derive(Debug, Clone)]
pub struct Headline {
    /// What is counted.
    pub measure: MeasureView,
    /// How much.
    pub total: MeasureTotal,
    /// Against last year's drive at the same day of the campaign; none before it begins.
    pub change: Option<ChangeView>,
}

/// A unit of the board's table.
#[derive(Debug, Clone)]
pub struct BoardRow {
    /// Code.
    pub unit: String,
    /// Name.
    pub name: String,
    /// How it stands on the board's day; none for one that only adds up others.
    pub status: Option<&'static str>,
    /// Units under it that reported and that were expected on that day.
    pub reported: (u64, u64),
    /// Totals of the measures it has any of.
    pub totals: Vec<MeasureTotal>,
}

/// Who is missing on the board's day.
#[derive(Debug, Clone)]
pub enum Absent {
    /// The campaign has not begun: nobody is.
    NotYet,
    /// All of them, and the words to remind them with.
    Named(Box<MissingView>),
    /// So many that a board does not name them.
    Counted(u64),
}

/// The board.
#[derive(Debug, Clone)]
pub struct BoardView {
    /// The campaign.
    pub campaign: CampaignView,
    /// The unit looked at.
    pub unit: UnitView,
    /// Units that can be looked at from here.
    pub units: Vec<Choice>,
    /// Code of the measure that the pictures show.
    pub measure: String,
    /// Totals by measure, in the order of the campaign.
    pub headline: Vec<Headline>,
    /// The day of the campaign up to which last year is compared; none compares whole drives.
    pub compared_through: Option<i32>,
    /// The day looked at: today, or the last one of a closed campaign.
    pub day: String,
    /// Completeness on that day.
    pub completeness: CompletenessView,
    /// Completeness on every day of the campaign.
    pub grid: CompletenessView,
    /// Who is missing on that day.
    pub missing: Absent,
    /// The unit's own report and the units directly below.
    pub rows: Vec<BoardRow>,
    /// The last reports of that day, latest first; none when there are more than one page holds.
    pub latest: Option<Vec<TallyView>>,
    /// Whether the caller may report for the unit.
    pub may_submit: bool,
}

/// A board that is asked for, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Question {
    asker: Asker,
    campaign: String,
    unit: Option<String>,
    measure: Option<String>,
}

/// How many of the latest reports are shown.
const LATEST: usize = 6;

impl App {
    /// Where a person begins.
    #[must_use]
    pub fn landing(&self, caller: &Caller) -> Landing {
        let catalogue = self.catalogue();
        let Some(campaign) = self.current_campaign(&catalogue, caller) else {
            let manages = access::scopes(&caller.actor, &catalogue.tree, Permission::ManageCampaigns);
            return Landing::Nothing {
                may_enter: !manages.is_empty(),
                units: catalogue.tree.roots().next().is_some(),
            };
        };
        let grants = access::scopes(&caller.actor, &catalogue.tree, Permission::Read);
        if grants.iter().all(|grant| grant.role == Role::Reporter) {
            let own = grants.iter().filter_map(|grant| grant.unit);
            let own = own
                .filter(|unit| catalogue.tree.is_under(*unit, campaign.unit))
                .find_map(|unit| catalogue.tree.get(unit));
            if let Some(unit) = own {
                return Landing::Report { campaign: campaign.id.to_string(), unit: unit.code().to_string() };
            }
        }
        Landing::Board { campaign: campaign.id.to_string() }
    }

    /// Units that can be looked at from one, for a page to choose from.
    ///
    /// # Errors
    /// Out of scope is not found.
    pub fn choices(&self, caller: &Caller, campaign: &str, unit: Option<&str>) -> Result<Choices, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let unit = scope::asked(&catalogue, caller, Some(&campaign), unit)?;
        Ok(Choices {
            units: choices(&catalogue, caller, &campaign, unit, self.limits.page as usize),
            unit: UnitView::new(&unit.unit(), &catalogue.tree),
        })
    }

    /// The board of a unit in a campaign. Many who ask for the same one at once are answered by one reading.
    ///
    /// # Errors
    /// Out of scope is not found; `measure_unknown`.
    pub async fn board(
        &self,
        caller: &Caller,
        campaign: &str,
        unit: Option<&str>,
        measure: Option<&str>,
    ) -> Result<Arc<BoardView>, Error> {
        let question = Question {
            asker: self.asker(caller),
            campaign: campaign.to_owned(),
            unit: unit.map(ToOwned::to_owned),
            measure: measure.map(ToOwned::to_owned),
        };
        let read = || async { self.read_board(caller, campaign, unit, measure).await.map(Arc::new) };
        self.boards.read(question, read).await
    }

    async fn read_board(
        &self,
        caller: &Caller,
        campaign: &str,
        unit: Option<&str>,
        measure: Option<&str>,
    ) -> Result<BoardView, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let unit = scope::asked(&catalogue, caller, Some(&campaign), unit)?;
        let measure = match measure {
            Some(code) => known_measure(&campaign, code)?.code.to_string(),
            None => campaign.measures.first().map(|measure| measure.code.to_string()).unwrap_or_default(),
        };
        let today = self.clock.today();
        let state = campaign.state(today);
        let day = match state {
            State::Planned => campaign.window.first(),
            State::Open => today,
            State::Closed => campaign.window.last(),
        };
        let (id, code, date) = (campaign.id.as_str(), unit.code(), day.to_string());
        let code = code.as_str();
        let (grid, totals, (headline, compared_through)) = try_join3(
            self.completeness(caller, id, Some(code), None),
            self.totals(caller, id, Some(code), By::Unit, None),
            self.headline(&catalogue, caller, &campaign, unit),
        )
        .await?;
        let completeness = grid.on(&date);
        // A board of a nation neither names those who are missing nor reads all that came in: each would be hundreds of thousands.
        let counts = completeness.counts;
        let few = |units: u64| units <= u64::from(self.limits.page);
        let missing = match state {
            State::Planned => Absent::NotYet,
            State::Open | State::Closed if few(counts.missing + counts.returned) => {
                let missing = self.missing(caller, id, Some(code), Some(&date), Grouping::None).await?;
                Absent::Named(Box::new(missing))
            }
            State::Open | State::Closed => Absent::Counted(counts.missing + counts.returned),
        };
        let latest = match few(counts.reported) {
            true => self.latest(caller, id, code, day).await?,
            false => None,
        };
        Ok(BoardView {
            headline,
            compared_through,
            rows: rows(totals.items, &completeness),
            latest,
            units: choices(&catalogue, caller, &campaign, unit, self.limits.page as usize),
            unit: UnitView::new(&unit.unit(), &catalogue.tree),
            campaign: CampaignView::new(&campaign, &catalogue, today),
            may_submit: access::may(&caller.actor, &catalogue.tree, Permission::Submit, unit.id),
            day: date,
            measure,
            completeness,
            grid,
            missing,
        })
    }

    async fn headline(
        &self,
        catalogue: &Catalogue,
        caller: &Caller,
        campaign: &Arc<Campaign>,
        unit: Placed<'_>,
    ) -> Result<(Vec<Headline>, Option<i32>), Error> {
        let state = campaign.state(self.clock.today());
        let align = if state == State::Open { Align::CampaignDay } else { Align::Whole };
        let drives = drives(catalogue, campaign.kind, unit.id);
        let last = drives.into_iter().find(|other| other.year + 1 == campaign.year);
        let campaigns = last.clone().into_iter().chain([campaign.clone()]).collect();
        let terms = Terms { unit, campaigns, align, basis: Basis::All };
        let compared = self.compare(catalogue, caller, terms, false).await?;
        let slots = self.store.slots();
        let this = compared.rollup(campaign, unit.id);
        let last = last.map(|last| (compared.rollup(&last, unit.id), last));
        let headline = campaign.measures.iter().map(|measure| {
            let code = measure.code.as_str();
            let sum = measure_sum(&slots, &this.sums, code);
            // Without any report, or without the measure, last year has no figure, which is not zero.
            let base = last
                .as_ref()
                .filter(|(rollup, last)| rollup.changes > 0 && last.measure(code).is_some())
                .map(|(rollup, _)| measure_sum(&slots, &rollup.sums, code));
            Headline {
                measure: measure.into(),
                total: MeasureTotal::new(code, sum),
                change: (state != State::Planned).then(|| change_view(caller.lang, base, sum)),
            }
        });
        Ok((headline.collect(), compared.through))
    }

    async fn latest(
        &self,
        caller: &Caller,
        campaign: &str,
        unit: &str,
        day: crate::domain::calendar::ReportDay,
    ) -> Result<Option<Vec<TallyView>>, Error> {
        let filter = Filter { under: Some(unit.into()), from: Some(day), to: Some(day), ..Filter::default() };
        let page = self.tallies(caller, campaign, &filter).await?;
        // One page of a longer list, in the order of units, does not hold the latest.
        if page.next.is_some() {
            return Ok(None);
        }
        let mut latest = page.items;
        latest.sort_by(|a, b| b.received_at.cmp(&a.received_at));
        latest.truncate(LATEST);
        Ok(Some(latest))
    }
}

/// The board's table: the units of its grid with what they have in all.
fn rows(mut totals: Vec<TotalItem>, completeness: &CompletenessView) -> Vec<BoardRow> {
    let row = |row: &RowView| {
        let day = row.days.first();
        let of_row = |item: &mut TotalItem| item.unit.as_deref() == Some(&row.unit);
        BoardRow {
            unit: row.unit.clone(),
            name: row.name.clone(),
            status: day.and_then(|day| day.status),
            reported: day.map_or((0, 0), |day| (day.counts.reported, day.counts.expected)),
            totals: totals.extract_if(.., of_row).map(|item| item.total).collect(),
        }
    };
    completeness.units.iter().map(row).collect()
}

/// The way down to a unit, its siblings and what is directly below it: a whole country does not fit a list.
fn choices(
    catalogue: &Catalogue,
    caller: &Caller,
    campaign: &Campaign,
    unit: Placed<'_>,
    limit: usize,
) -> Vec<Choice> {
    let tree = &catalogue.tree;
    let readable = |unit: &Placed<'_>| {
        tree.is_under(unit.id, campaign.unit) && access::may(&caller.actor, tree, Permission::Read, unit.id)
    };
    let mut way: Vec<Placed<'_>> = tree.ancestors(unit.id).filter(readable).collect();
    way.reverse();
    let choice =
        |unit: Placed<'_>, depth: usize| Choice { code: unit.code().to_string(), name: unit.name(), depth };
    let mut choices: Vec<Choice> = way.iter().enumerate().map(|(depth, unit)| choice(*unit, depth)).collect();
    let depth = way.len();
    let siblings: Vec<Placed<'_>> = match way.last() {
        Some(parent) => tree.children(parent.id).filter(readable).collect(),
        None => vec![unit],
    };
    for sibling in siblings {
        choices.push(choice(sibling, depth));
        if sibling.id == unit.id {
            choices.extend(tree.children(unit.id).filter(readable).map(|child| choice(child, depth + 1)));
        }
        if choices.len() > limit {
            break;
        }
    }
    if choices.iter().all(|choice| choice.code != unit.code().as_str()) {
        choices.push(choice(unit, depth));
    }
    choices
}
