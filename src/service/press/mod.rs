//! Lines for the press out of accepted totals, and drafts checked against them.

mod audit;
mod history;
mod snapshot;

pub use audit::{AuditView, BasisView, CheckedView, FindingView};
pub use snapshot::SnapshotView;

use super::comparison::{Terms, change_view, drives};
use super::totals::{Reading, measure_sum};
use super::{App, Caller, Error, scope};
use crate::domain::calendar::{Align, ReportDay, chinese_number, constitution_week_ordinal};
use crate::domain::campaign::{Campaign, Kind, is_own_measure};
use crate::domain::catalogue::Catalogue;
use crate::domain::comparison::Basis;
use crate::domain::expected::Waited;
use crate::domain::measure::Measure;
use crate::domain::press::{Said, say};
use crate::domain::quantity::Sum;
use crate::domain::unit::{Placed, UnitId};
use crate::i18n::Lang;
use crate::store::Listing;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::slice;
use std::sync::Arc;

/// A figure as the press gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SaidView {
    /// Code of the measure.
    pub measure: String,
    /// Sum of the numbers as written.
    pub count: i64,
    /// The least it can be.
    pub low: i64,
    /// The most it can be.
    pub high: i64,
    /// Whether every part was counted.
    pub exact: bool,
    /// The number that is said.
    pub value: u64,
    /// exact, over or under.
    pub bound: &'static str,
    /// In words: 印发宣传资料40000余份.
    pub text: String,
}

/// Lines for the press.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PressView {
    /// Identifier of the campaign.
    pub campaign: String,
    /// Code of the unit.
    pub unit: String,
    /// Grows by one with every version under the unit: equal revisions are equal lines.
    pub revision: i64,
    /// The name of the totals that they were made from, for `snapshots/{id}`.
    pub snapshot: String,
    /// Units that have reported.
    pub reported: u64,
    /// Units that the drive waits for.
    pub expected: u64,
    /// One line; empty while there is nothing to say.
    pub short: String,
    /// The skeleton of a news item (通稿); empty while there is nothing to say.
    pub long: String,
    /// The figures in them.
    pub figures: Vec<SaidView>,
}

/// A drive, a unit in it, and what was read of them.
struct Scene<'c> {
    catalogue: &'c Catalogue,
    campaign: Arc<Campaign>,
    unit: Placed<'c>,
    below: bool,
}

impl<'c> Scene<'c> {
    fn find(
        catalogue: &'c Catalogue,
        caller: &Caller,
        campaign: &str,
        unit: Option<&str>,
    ) -> Result<Self, Error> {
        let campaign = scope::campaign(catalogue, caller, campaign)?;
        let unit = scope::asked(catalogue, caller, Some(&campaign), unit)?;
        let below = scope::reads_below(catalogue, caller, unit.id);
        Ok(Self { catalogue, campaign, unit, below })
    }

    /// Whether a report counts towards the unit, as the caller sees it.
    fn covers(&self, unit: UnitId) -> bool {
        unit == self.unit.id || (self.below && self.catalogue.tree.is_under(unit, self.unit.id))
    }
}

/// The words of a figure. A measure of the drive's own is said by its name.
fn phrase(lang: Lang, measure: &Measure, said: Said) -> String {
    let (number, name, word) = match lang {
        Lang::ZhCn => (said.chinese(), &measure.name, &measure.word),
        Lang::En => (said.english(), &measure.name_en, &measure.word_en),
    };
    if is_own_measure(&measure.code) {
        return lang.words("press-figure-own", &[("name", name), ("n", &number), ("word", word)]);
    }
    lang.words(&format!("press-figure-{}", measure.code), &[("n", &number)])
}

fn day(lang: Lang, day: ReportDay) -> String {
    let (month, of_month) = day.month_day();
    lang.words("press-day", &[("month", &month.to_string()), ("day", &of_month.to_string())])
}

/// Joins the items of a list with the mark of the language: Chinese first, English second.
fn join(lang: Lang, marks: (&str, &str), parts: &[String]) -> String {
    parts.join(if lang == Lang::ZhCn { marks.0 } else { marks.1 })
}

impl App {
    /// Lines for the press from the totals of a unit in a campaign.
    ///
    /// # Errors
    /// Out of scope is not found.
    pub async fn press(
        &self,
        caller: &Caller,
        campaign: &str,
        unit: Option<&str>,
    ) -> Result<PressView, Error> {
        let catalogue = self.catalogue();
        let scene = Scene::find(&catalogue, caller, campaign, unit)?;
        let reading = self
            .read_sums(&catalogue, slice::from_ref(&scene.campaign), &[scene.unit.id], scene.below)
            .await?;
        let (reported, expected) = self.reporters(&scene).await?;
        let lang = caller.lang;
        let figures = self.said(lang, &scene, &reading);
        let phrases: Vec<String> = figures.iter().map(|figure| figure.text.clone()).collect();
        let line = join(lang, ("，", ", "), &phrases);
        let (mut short, mut long) = (String::new(), String::new());
        if !figures.is_empty() {
            short = lang.words("press-short", &[("unit", &scene.unit.name()), ("figures", &line)]);
            let comparison = self.compared(caller, &scene).await?;
            long = self.skeleton(lang, &scene, (reported, expected), &line, &figures, &comparison);
        }
        let revision = reading.whole(&scene.campaign, scene.unit.id).changes;
        Ok(PressView {
            campaign: scene.campaign.id.to_string(),
            unit: scene.unit.code().to_string(),
            revision,
            snapshot: snapshot::id(scene.unit.code().as_str(), revision),
            reported,
            expected,
            short,
            long,
            figures,
        })
    }

    fn sum(&self, scene: &Scene<'_>, reading: &Reading, measure: &str) -> Sum {
        measure_sum(&self.store.slots(), &reading.whole(&scene.campaign, scene.unit.id).sums, measure)
    }

    /// What may be said of every measure that has a figure.
    fn said(&self, lang: Lang, scene: &Scene<'_>, reading: &Reading) -> Vec<SaidView> {
        let one = |measure: &Measure| {
            let sum = self.sum(scene, reading, measure.code.as_str());
            let said = say(sum)?;
            Some(SaidView {
                measure: measure.code.to_string(),
                count: sum.count,
                low: sum.low,
                high: sum.high,
                exact: sum.is_exact(),
                value: said.value,
                bound: said.bound.code(),
                text: phrase(lang, measure, said),
            })
        };
        scene.campaign.measures.iter().filter_map(one).collect()
    }

    /// How many units have reported on some day, and of how many that the drive has waited for until today.
    async fn reporters(&self, scene: &Scene<'_>) -> Result<(u64, u64), Error> {
        let campaign = &scene.campaign;
        let today = self.clock.today();
        let days: Vec<ReportDay> = campaign.window.days().filter(|day| *day <= today).collect();
        let waited = Waited::under(&scene.catalogue.tree, campaign, scene.unit, &days);
        let expected: BTreeSet<UnitId> = waited.units(scene.below).map(|(unit, _)| unit.id).collect();
        let reports = self.store.list(&Listing { campaign: campaign.key, ..Listing::default() }).await?;
        let reported: BTreeSet<UnitId> =
            reports.iter().filter(|report| report.counts()).map(|report| report.unit).collect();
        let both = reported.intersection(&expected).count();
        Ok((both as u64, expected.len() as u64))
    }

    /// A sentence for every measure: this year, the year before, and the change.
    async fn compared(&self, caller: &Caller, scene: &Scene<'_>) -> Result<Vec<String>, Error> {
        let lang = caller.lang;
        let mut campaigns = drives(scene.catalogue, scene.campaign.kind, scene.unit.id);
        campaigns.retain(|other| other.id == scene.campaign.id || other.year + 1 == scene.campaign.year);
        let this = campaigns.len().checked_sub(1).filter(|at| campaigns[*at].id == scene.campaign.id);
        let Some(this) = this.filter(|at| *at > 0) else { return Ok(Vec::new()) };
        let terms = Terms { unit: scene.unit, campaigns, align: Align::CampaignDay, basis: Basis::All };
        let compared = self.compare(scene.catalogue, caller, terms, false).await?;
        let slots = self.store.slots();
        let sum = |campaign: &Campaign, measure: &Measure| {
            measure_sum(&slots, &compared.rollup(campaign, scene.unit.id).sums, measure.code.as_str())
        };
        let last = &compared.campaigns[this - 1];
        let sentence = |measure: &Measure| {
            let (then, now) = (sum(last, measure), sum(&scene.campaign, measure));
            if now == Sum::ZERO || last.measure(measure.code.as_str()).is_none() {
                return None;
            }
            let (name, word) = match lang {
                Lang::ZhCn => (&measure.name, &measure.word),
                Lang::En => (&measure.name_en, &measure.word_en),
            };
            Some(lang.words(
                "press-compared",
                &[
                    ("name", name),
                    ("word", word),
                    ("this", &written(lang, now)),
                    ("last", &written(lang, then)),
                    ("change", &change_view(lang, Some(then), now).text),
                ],
            ))
        };
        Ok(scene.campaign.measures.iter().filter_map(sentence).collect())
    }

    /// Time, place, theme, units, forms, figures, comparison: what an editor needs, in the order of a news item.
    fn skeleton(
        &self,
        lang: Lang,
        scene: &Scene<'_>,
        (reported, expected): (u64, u64),
        line: &str,
        figures: &[SaidView],
        comparison: &[String],
    ) -> String {
        let campaign = &scene.campaign;
        let last = campaign.window.last().min(self.clock.today().max(campaign.window.first()));
        let (first, last) = (day(lang, campaign.window.first()), day(lang, last));
        let year = campaign.window.first().year().to_string();
        let unit = scene.unit.name();
        let mut text = Vec::new();
        let days = [
            ("year", year.as_str()),
            ("first", &first),
            ("last", &last),
            ("unit", unit.as_str()),
            ("name", &campaign.name),
        ];
        text.push(match ordinals(campaign) {
            Some((day, week)) => {
                let number = |n: u32| if lang == Lang::ZhCn { chinese_number(n) } else { n.to_string() };
                let more = [("day", number(day)), ("week", number(week))];
                let more: Vec<(&str, &str)> =
                    more.iter().map(|(name, value)| (*name, value.as_str())).collect();
                lang.words("press-opening-constitution", &[&days[..], &more].concat())
            }
            None => lang.words("press-opening", &days),
        });
        if !campaign.theme.is_empty() {
            text.push(lang.words("press-theme", &[("theme", &campaign.theme)]));
        }
        if expected > 0 {
            let (reported, expected) = (reported.to_string(), expected.to_string());
            text.push(lang.words("press-units", &[("reported", &reported), ("expected", &expected)]));
        }
        let form = |figure: &SaidView| {
            let key = format!("press-form-{}", figure.measure);
            lang.has(&key).then(|| lang.text(&key))
        };
        let forms: Vec<String> = figures.iter().filter_map(form).collect();
        if !forms.is_empty() {
            text.push(lang.words("press-forms", &[("forms", &join(lang, ("、", ", "), &forms))]));
        }
        text.push(lang.words("press-figures", &[("figures", line)]));
        if !comparison.is_empty() {
            text.push(
                lang.words("press-comparison", &[("comparison", &join(lang, ("；", "; "), comparison))]),
            );
        }
        text.join("\n")
    }
}

/// An absolute figure beside a comparison: as it is, and so marked where it is inexact.
fn written(lang: Lang, sum: Sum) -> String {
    if sum.is_exact() {
        return sum.count.to_string();
    }
    say(sum).map_or_else(
        || sum.count.to_string(),
        |said| if lang == Lang::ZhCn { said.chinese() } else { said.english() },
    )
}

/// Which Constitution Day and Week a drive's are.
fn ordinals(campaign: &Campaign) -> Option<(u32, u32)> {
    if campaign.kind != Kind::Constitution {
        return None;
    }
    Some((campaign.ordinal?, constitution_week_ordinal(campaign.year)?))
}
