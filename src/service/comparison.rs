//! Year over year: the drives of a kind side by side.

use super::tallies::MeasureTotal;
use super::totals::{Reading, known_measure, measure_sum};
use super::{App, Caller, Error, scope};
use crate::domain::calendar::{Align, ReportDay};
use crate::domain::campaign::{Campaign, Kind};
use crate::domain::catalogue::Catalogue;
use crate::domain::comparison::{self, Basis, Change};
use crate::domain::fault::Fault;
use crate::domain::quantity::Sum;
use crate::domain::rollup::{Rollup, Rollups};
use crate::domain::unit::{Placed, UnitId};
use crate::i18n::Lang;
use crate::store::Listing;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// By what a comparison is parted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    /// One figure a year.
    #[default]
    Year,
    /// A figure a year and position in the drive.
    Day,
    /// A figure a year and unit directly below.
    Unit,
}

/// What is to be compared, as the address says it.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Code of the kind of drive; Constitution Week when absent.
    pub kind: Option<String>,
    /// Code of the unit.
    pub unit: Option<String>,
    /// Code of the measure; printed matter when absent.
    pub measure: Option<String>,
    /// `2021-2025` or `2024`; all when absent.
    pub years: Option<String>,
    /// year, day or unit.
    pub by: Option<String>,
    /// campaign_day, distance or whole.
    pub align: Option<String>,
    /// all or comparable.
    pub basis: Option<String>,
}

/// How a figure stands to that of the year before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ChangeView {
    /// no_base, zero_base, equal, nearly_equal, rise or fall.
    pub code: &'static str,
    /// Tenths of a per cent with sign; null where no rate is defined.
    pub permille: Option<i64>,
    /// Whether rise or fall is certain although figures are inexact.
    pub certain: bool,
    /// In words.
    pub text: String,
}

/// A year's figure.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct YearView {
    /// The year.
    pub year: i16,
    /// Identifier of its campaign.
    pub campaign: String,
    /// The figure.
    #[serde(flatten)]
    pub total: MeasureTotal,
    /// Against the year before.
    pub change: ChangeView,
}

/// A year's figure for a day or a unit.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PointView {
    /// The year.
    pub year: i16,
    /// Identifier of its campaign.
    pub campaign: String,
    /// By day: where the day stands; see `align`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<i32>,
    /// By day: the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// By unit: code of the unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// By unit: its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The figure.
    #[serde(flatten)]
    pub total: MeasureTotal,
    /// Against the same day or unit of the year before.
    pub change: ChangeView,
}

/// A unit by code and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NamedUnit {
    /// Code.
    pub unit: String,
    /// Name.
    pub name: String,
}

/// A comparison.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ComparisonView {
    /// Code of the kind of drive.
    pub kind: &'static str,
    /// Code of the unit.
    pub unit: String,
    /// Code of the measure.
    pub measure: String,
    /// year, day or unit.
    pub by: &'static str,
    /// campaign_day, distance or whole.
    pub align: &'static str,
    /// all or comparable.
    pub basis: &'static str,
    /// The last position summed, where the newest drive still runs; null takes whole drives.
    pub through: Option<i32>,
    /// Comparable basis: the units left out because they did not report in every year.
    pub left_out: Vec<NamedUnit>,
    /// Every year, oldest first.
    pub years: Vec<YearView>,
    /// By day or unit: every figure, oldest year first.
    pub items: Vec<PointView>,
}

/// The drives compared and their sums: what pages and pictures draw from.
#[derive(Debug, Clone)]
pub(super) struct Compared {
    pub(super) campaigns: Vec<Arc<Campaign>>,
    pub(super) align: Align,
    pub(super) through: Option<i32>,
    pub(super) left_out: Vec<UnitId>,
    reading: Reading,
}

impl Compared {
    /// A unit's sum in one drive over the positions compared.
    pub(super) fn rollup(&self, campaign: &Campaign, unit: UnitId) -> Rollup {
        self.reading.sum(campaign, unit, |day| self.is_compared(campaign, day))
    }

    pub(super) fn is_compared(&self, campaign: &Campaign, day: ReportDay) -> bool {
        self.through.is_none_or(|last| self.align.position(campaign.window, day) <= last)
    }

    /// The drive of the year before. One of two years before is no base: 同比 is against last year.
    pub(super) fn year_before(&self, at: usize) -> Option<&Arc<Campaign>> {
        let before = self.campaigns.get(at.checked_sub(1)?)?;
        self.campaigns.get(at).filter(|this| before.year + 1 == this.year).map(|_| before)
    }

    /// A unit's sums day by day over the positions compared.
    pub(super) fn days(
        &self,
        campaign: &Campaign,
        unit: UnitId,
    ) -> impl Iterator<Item = (ReportDay, &Rollup)> {
        self.reading.of(campaign, unit).filter(|(day, _)| self.is_compared(campaign, *day))
    }
}

/// What is compared, once its words are understood.
#[derive(Debug, Clone)]
pub(super) struct Terms<'c> {
    pub(super) unit: Placed<'c>,
    pub(super) campaigns: Vec<Arc<Campaign>>,
    pub(super) align: Align,
    pub(super) basis: Basis,
}

fn unknown(pointer: &str, code: &'static str) -> Error {
    Error::invalid(Fault::new(pointer, code))
}

/// Reads `2021-2025` or `2024`.
pub(super) fn parse_years(text: &str) -> Result<std::ops::RangeInclusive<i16>, Error> {
    let year = |text: &str| text.parse::<i16>().ok().filter(|year| (2000..=2199).contains(year));
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (year(first), year(last)) {
        (Some(first), Some(last)) if first <= last && last - first < 50 => Ok(first..=last),
        _ => Err(unknown("/years", "years_invalid")),
    }
}

/// The drives of a kind that a unit takes part in, oldest first; of several in a year, the nearest above the unit.
pub(super) fn drives(catalogue: &Catalogue, kind: Kind, unit: UnitId) -> Vec<Arc<Campaign>> {
    let mut by_year: BTreeMap<i16, Arc<Campaign>> = BTreeMap::new();
    for campaign in catalogue.campaigns.iter().filter(|campaign| campaign.kind == kind) {
        let tree = &catalogue.tree;
        if !tree.is_under(unit, campaign.unit) && !tree.is_under(campaign.unit, unit) {
            continue;
        }
        let nearer = by_year.get(&campaign.year).is_none_or(|other| {
            tree.is_under(unit, campaign.unit)
                && tree.is_under(campaign.unit, other.unit)
                && other.unit != campaign.unit
        });
        if nearer {
            by_year.insert(campaign.year, campaign.clone());
        }
    }
    by_year.into_values().collect()
}

impl App {
    /// Compares drives.
    ///
    /// # Errors
    /// Faults of the question; out of scope is not found; `comparison_empty` when there is no drive to compare.
    pub async fn comparison(&self, caller: &Caller, question: &Question) -> Result<ComparisonView, Error> {
        let catalogue = self.catalogue();
        let by = match question.by.as_deref() {
            None | Some("year") => By::Year,
            Some("day") => By::Day,
            Some("unit") => By::Unit,
            Some(_) => return Err(unknown("/by", "by_unknown")),
        };
        let kind = question.kind.as_deref().map_or(Some(Kind::Constitution), Kind::from_code);
        let kind = kind.ok_or_else(|| unknown("/kind", "kind_unknown"))?;
        let align = question.align.as_deref().map_or(Some(Align::default()), Align::from_code);
        let align = align.ok_or_else(|| unknown("/align", "align_unknown"))?;
        let basis = question.basis.as_deref().map_or(Some(Basis::default()), Basis::from_code);
        let basis = basis.ok_or_else(|| unknown("/basis", "basis_unknown"))?;
        let unit = scope::asked(&catalogue, caller, None, question.unit.as_deref())?;
        let mut campaigns = drives(&catalogue, kind, unit.id);
        if let Some(years) = &question.years {
            let years = parse_years(years)?;
            campaigns.retain(|campaign| years.contains(&campaign.year));
        }
        let measure = question.measure.as_deref().unwrap_or("materials");
        let newest = campaigns.last().ok_or(Error::NotFound("comparison_empty"))?;
        known_measure(newest, measure)?;
        let terms = Terms { unit, campaigns, align, basis };
        let compared = self.compare(&catalogue, caller, terms, by == By::Unit).await?;
        let words = Words { app: self, lang: caller.lang, measure, compared: &compared };
        let name = |id: &UnitId| catalogue.tree.get(*id);
        Ok(ComparisonView {
            kind: kind.code(),
            unit: unit.code().to_string(),
            measure: measure.to_owned(),
            by: match by {
                By::Year => "year",
                By::Day => "day",
                By::Unit => "unit",
            },
            align: align.code(),
            basis: basis.code(),
            through: compared.through,
            left_out: compared
                .left_out
                .iter()
                .filter_map(name)
                .map(|unit| NamedUnit { unit: unit.code().to_string(), name: unit.name() })
                .collect(),
            years: words.years(unit),
            items: match by {
                By::Year => Vec::new(),
                By::Day => words.days(unit),
                By::Unit => words.units(catalogue.tree.children(unit.id)),
            },
        })
    }

    /// Reads what a comparison needs: a unit, and the units directly below it where asked.
    pub(super) async fn compare(
        &self,
        catalogue: &Catalogue,
        caller: &Caller,
        terms: Terms<'_>,
        with_children: bool,
    ) -> Result<Compared, Error> {
        let below = scope::reads_below(catalogue, caller, terms.unit.id);
        let children = catalogue.tree.children(terms.unit.id).filter(|_| with_children && below);
        let units: Vec<UnitId> =
            std::iter::once(terms.unit.id).chain(children.map(|child| child.id)).collect();
        let today = self.clock.today();
        let newest = terms.campaigns.last().map(|campaign| campaign.window);
        let through = newest.and_then(|window| comparison::through(terms.align, window, today));
        let mut compared = Compared {
            campaigns: terms.campaigns,
            align: terms.align,
            through,
            left_out: Vec::new(),
            reading: Reading::default(),
        };
        if terms.basis == Basis::Comparable && below {
            let (reading, left_out) = self.comparable(catalogue, &compared, terms.unit.id, &units).await?;
            (compared.reading, compared.left_out) = (reading, left_out);
        } else {
            compared.reading = self.read_sums(catalogue, &compared.campaigns, &units, below).await?;
        }
        Ok(compared)
    }

    /// Sums over the units that reported in every drive, and the units left out.
    async fn comparable(
        &self,
        catalogue: &Catalogue,
        compared: &Compared,
        top: UnitId,
        units: &[UnitId],
    ) -> Result<(Reading, Vec<UnitId>), Error> {
        let mut reports = Vec::new();
        let mut reported: Vec<BTreeSet<UnitId>> = Vec::new();
        for campaign in &compared.campaigns {
            let listing = Listing { campaign: campaign.key, ..Listing::default() };
            let mut of_drive = self.store.list(&listing).await?;
            of_drive.retain(|report| {
                report.counts()
                    && catalogue.tree.is_under(report.unit, top)
                    && compared.is_compared(campaign, report.day)
            });
            reported.push(of_drive.iter().map(|report| report.unit).collect());
            reports.extend(of_drive.into_iter().map(|report| (campaign, report)));
        }
        let any: BTreeSet<UnitId> = reported.iter().flatten().copied().collect();
        let is_comparable = |unit: &UnitId| reported.iter().all(|units| units.contains(unit));
        let left_out = catalogue.tree.subtree(top).map(|unit| unit.id);
        let left_out = left_out.filter(|unit| any.contains(unit) && !is_comparable(unit)).collect();
        let mut sums = Rollups::new();
        for (campaign, report) in reports.iter().filter(|(_, report)| is_comparable(&report.unit)) {
            let expected = campaign.expects(&catalogue.tree, report.unit, report.day);
            for unit in units.iter().filter(|unit| catalogue.tree.is_under(report.unit, **unit)) {
                *sums.entry((campaign.key, *unit, report.day)).or_default() += &Rollup::of(report, expected);
            }
        }
        Ok((Reading::from(sums), left_out))
    }
}

/// A change in words, with its facts.
pub(super) fn change_view(lang: Lang, last: Option<Sum>, this: Sum) -> ChangeView {
    let change = Change::between(last, this);
    let certain = last.is_none_or(|last| comparison::is_certain(last, this));
    ChangeView {
        code: change.code(),
        permille: change.permille(),
        certain,
        text: change_text(lang, change, certain),
    }
}

/// A change as the field says it: 同比增长12.3%.
#[must_use]
pub fn change_text(lang: Lang, change: Change, certain: bool) -> String {
    let rate = |tenths: u64| format!("{}.{}", tenths / 10, tenths % 10);
    let about = if certain { String::new() } else { lang.text("change-about") };
    match change {
        Change::Rise(tenths) => lang.words("change-rise", &[("rate", &rate(tenths)), ("about", &about)]),
        Change::Fall(tenths) => lang.words("change-fall", &[("rate", &rate(tenths)), ("about", &about)]),
        Change::NoBase => lang.text("change-no_base"),
        Change::ZeroBase => lang.text("change-zero_base"),
        Change::Equal => lang.text("change-equal"),
        Change::NearlyEqual => lang.text("change-nearly_equal"),
    }
}

struct Words<'a> {
    app: &'a App,
    lang: Lang,
    measure: &'a str,
    compared: &'a Compared,
}

impl Words<'_> {
    fn sum(&self, rollup: &Rollup) -> Sum {
        measure_sum(&self.app.store.slots(), &rollup.sums, self.measure)
    }

    fn years(&self, unit: Placed<'_>) -> Vec<YearView> {
        let sum = |campaign: &Campaign| self.sum(&self.compared.rollup(campaign, unit.id));
        let campaigns = self.compared.campaigns.iter().enumerate();
        campaigns
            .map(|(at, campaign)| {
                let this = sum(campaign);
                let last = self.compared.year_before(at).map(|last| sum(last));
                YearView {
                    year: campaign.year,
                    campaign: campaign.id.to_string(),
                    total: MeasureTotal::new(self.measure, this),
                    change: change_view(self.lang, last, this),
                }
            })
            .collect()
    }

    fn days(&self, unit: Placed<'_>) -> Vec<PointView> {
        let mut points = Vec::new();
        let mut last: BTreeMap<i32, Sum> = BTreeMap::new();
        for (at, campaign) in self.compared.campaigns.iter().enumerate() {
            let mut this: BTreeMap<i32, Sum> = BTreeMap::new();
            if self.compared.year_before(at).is_none() {
                last.clear();
            }
            for (day, rollup) in self.compared.days(campaign, unit.id) {
                let position = self.compared.align.position(campaign.window, day);
                let sum = self.sum(rollup);
                *this.entry(position).or_default() += sum;
                points.push(PointView {
                    position: Some(position),
                    day: Some(day.to_string()),
                    ..self.point(campaign, last.get(&position).copied(), sum)
                });
            }
            last = this;
        }
        points
    }

    fn units<'u>(&self, children: impl Iterator<Item = Placed<'u>>) -> Vec<PointView> {
        let mut points = Vec::new();
        for unit in children {
            let mut last = None;
            for (at, campaign) in self.compared.campaigns.iter().enumerate() {
                let rollup = self.compared.rollup(campaign, unit.id);
                if self.compared.year_before(at).is_none() {
                    last = None;
                }
                // A unit without any report that year has no figure, which is not zero.
                if rollup.changes == 0 {
                    last = None;
                    continue;
                }
                let sum = self.sum(&rollup);
                points.push(PointView {
                    unit: Some(unit.code().to_string()),
                    name: Some(unit.name().clone()),
                    ..self.point(campaign, last.replace(sum), sum)
                });
            }
        }
        points.sort_by_key(|point| point.year);
        points
    }

    fn point(&self, campaign: &Campaign, last: Option<Sum>, sum: Sum) -> PointView {
        PointView {
            year: campaign.year,
            campaign: campaign.id.to_string(),
            position: None,
            day: None,
            unit: None,
            name: None,
            total: MeasureTotal::new(self.measure, sum),
            change: change_view(self.lang, last, sum),
        }
    }
}
