//! Published figures are frozen: a later correction never changes them, it makes a 更正说明.

use super::tallies::MeasureTotal;
use super::totals::measure_sum;
use super::{App, Caller, Error, scope};
use crate::domain::access::Permission;
use crate::domain::calendar::rfc3339;
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::fault::Fault;
use crate::domain::quantity::Sum;
use crate::domain::review::check_reason;
use crate::domain::slot::SlotBook;
use crate::domain::tally::Version;
use crate::domain::unit::{Placed, UnitId};
use crate::i18n::Lang;
use crate::store::{Marks, NewPublication, Publication, Transaction};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is to be published.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicationBody {
    /// Code of the unit whose totals they are; the highest of the campaign that the caller has when absent.
    pub unit: Option<String>,
    /// What they are published as: the headline, the number of the bulletin.
    #[serde(default)]
    pub title: String,
}

/// Figures as they were published. Nothing of this ever changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Frozen {
    /// Identifier of the campaign.
    pub campaign: String,
    /// Name of the campaign.
    pub campaign_name: String,
    /// Code of the unit.
    pub unit: String,
    /// Name of the unit.
    pub name: String,
    /// What they were published as.
    pub title: String,
    /// When, RFC 3339.
    pub at: String,
    /// Name of the account that published.
    pub by: String,
    /// The revision of the totals.
    pub revision: i64,
    /// Reports that had come in, of those that were expected by then.
    pub reported: u64,
    /// Reports that were expected by then.
    pub expected: u64,
    /// The totals.
    pub items: Vec<FrozenTotal>,
    /// How far each lane's audit had come, which tells what came in since.
    pub marks: BTreeMap<i16, i64>,
}

/// A total as it was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FrozenTotal {
    /// Code of the measure.
    pub measure: String,
    /// Name of the measure.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// Measure word.
    pub word: String,
    /// Measure word in English.
    pub word_en: String,
    /// Sum of the numbers as written.
    pub count: i64,
    /// The least it can be.
    pub low: i64,
    /// The most it can be.
    pub high: i64,
    /// Whether every part was counted.
    pub exact: bool,
}

/// A figure that is another one now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CorrectedView {
    /// Code of the measure.
    pub measure: String,
    /// As it was published.
    pub before: MeasureTotal,
    /// As it is now.
    pub after: MeasureTotal,
    /// Codes of the units whose reports made the difference, in administrative order.
    pub units: Vec<String>,
}

/// What must be said after a publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CorrectionView {
    /// The revision of the totals now.
    pub revision: i64,
    /// Each figure that changed.
    pub items: Vec<CorrectedView>,
    /// 更正说明.
    pub text: String,
    /// The same in English.
    pub text_en: String,
}

/// A publication.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PublicationView {
    /// 1, 2, 3 … in the campaign.
    pub number: i32,
    /// What was published.
    #[schemars(with = "Frozen")]
    pub frozen: Value,
    /// What has changed since; null when nothing has.
    pub correction: Option<CorrectionView>,
}

/// A publication in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PublishedView {
    /// 1, 2, 3 … in the campaign.
    pub number: i32,
    /// Code of the unit.
    pub unit: String,
    /// Name of the unit.
    pub name: String,
    /// What it was published as.
    pub title: String,
    /// Name of the account that published.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
}

/// What was published of a campaign, newest first.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PublicationsView {
    /// Every publication in the caller's scope.
    pub items: Vec<PublishedView>,
    /// Always null.
    pub next: Option<String>,
}

impl App {
    /// Freezes the totals of a unit as they stand.
    ///
    /// # Errors
    /// Faults of the input; out of scope is not found; `Forbidden` without the permission.
    pub async fn publish(
        &self,
        caller: &Caller,
        campaign: &str,
        body: &PublicationBody,
    ) -> Result<PublicationView, Error> {
        // Totals are read without holding anybody up; when one came in meanwhile, they are read again.
        for _ in 0..5 {
            let catalogue = self.catalogue();
            let campaign = scope::campaign(&catalogue, caller, campaign)?;
            let unit = scope::asked(&catalogue, caller, Some(&campaign), body.unit.as_deref())?;
            let unit = scope::unit(&catalogue, caller, Permission::Publish, unit.code().as_str())?;
            let frozen = self.freeze(caller, &catalogue, &campaign, unit, &body.title).await?;
            let (epoch, revision) = (catalogue.epoch, frozen.revision);
            let (origin, subject, at) = (caller.origin(), campaign.id.to_string(), self.clock.now());
            let (key, unit, actor) = (campaign.key, unit.id, caller.actor.id);
            let published = self
                .store
                .transact(move |tx: &mut Transaction| {
                    Box::pin(async move {
                        if tx.catalogue().epoch != epoch || tx.revision(key, unit).await? != revision {
                            return Ok(None);
                        }
                        let frozen = Frozen { marks: tx.marks().await?, ..frozen };
                        // Sorted keys: what is read back and written again is the same text.
                        let text = serde_json::to_value(&frozen).unwrap_or_default().to_string();
                        let title = frozen.title;
                        let new = NewPublication { campaign: key, unit, title, frozen: text, actor, at };
                        tx.publish(origin, &subject, new).await.map(Some)
                    })
                })
                .await?;
            if let Some(published) = published {
                return self.publication_view(&catalogue, &campaign, published).await;
            }
            self.store.refresh().await?;
        }
        Err(Error::Busy)
    }

    async fn freeze(
        &self,
        caller: &Caller,
        catalogue: &Catalogue,
        campaign: &Arc<Campaign>,
        unit: Placed<'_>,
        title: &str,
    ) -> Result<Frozen, Error> {
        let mut faults = Vec::new();
        let title = check_reason(title, "/title", &mut faults);
        if title.is_empty() {
            faults.push(Fault::new("/title", "field_missing"));
        }
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let reading = self.read_sums(catalogue, std::slice::from_ref(campaign), &[unit.id], true).await?;
        let whole = reading.whole(campaign, unit.id);
        let counts =
            self.completeness(caller, campaign.id.as_str(), Some(unit.code().as_str()), None).await?.counts;
        let slots = self.store.slots();
        let total = |measure: &crate::domain::measure::Measure| {
            let sum = measure_sum(&slots, &whole.sums, measure.code.as_str());
            FrozenTotal {
                measure: measure.code.to_string(),
                name: measure.name.clone(),
                name_en: measure.name_en.clone(),
                word: measure.word.clone(),
                word_en: measure.word_en.clone(),
                count: sum.count,
                low: sum.low,
                high: sum.high,
                exact: sum.is_exact(),
            }
        };
        Ok(Frozen {
            campaign: campaign.id.to_string(),
            campaign_name: campaign.name.clone(),
            unit: unit.code().to_string(),
            name: unit.name().clone(),
            title,
            at: rfc3339(self.clock.now()),
            by: caller.actor.username.clone(),
            revision: whole.changes,
            reported: counts.reported,
            expected: counts.expected,
            items: campaign.measures.iter().map(total).collect(),
            marks: Marks::new(),
        })
    }

    /// What was published of a campaign, newest first.
    ///
    /// # Errors
    /// `campaign_unknown`.
    pub async fn publications(&self, caller: &Caller, campaign: &str) -> Result<PublicationsView, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let all = self.store.publications(campaign.key).await?;
        let seen =
            |publication: &Publication| scope::reads_below(&catalogue, caller, publication.content.unit);
        let all: Vec<Publication> = all.into_iter().filter(seen).collect();
        let names = self.names(caller, all.iter().map(|one| one.content.actor)).await?;
        let view = |one: Publication| {
            let unit = catalogue.tree.get(one.content.unit);
            PublishedView {
                number: one.number,
                unit: unit.map_or_else(String::new, |unit| unit.code().to_string()),
                name: unit.map_or_else(String::new, |unit| unit.name()),
                by: names.get(&one.content.actor).cloned().unwrap_or_default(),
                at: rfc3339(one.content.at),
                title: one.content.title,
            }
        };
        Ok(PublicationsView { items: all.into_iter().map(view).collect(), next: None })
    }

    /// One publication: what was frozen, and what must be said of it since.
    ///
    /// # Errors
    /// `publication_unknown` when there is none, or it is out of scope.
    pub async fn publication(
        &self,
        caller: &Caller,
        campaign: &str,
        number: &str,
    ) -> Result<PublicationView, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let unknown = || Error::NotFound("publication_unknown");
        let number = number.parse().map_err(|_| unknown())?;
        let found = self.store.publication(campaign.key, number).await?.ok_or_else(unknown)?;
        if !scope::reads_below(&catalogue, caller, found.content.unit) {
            return Err(unknown());
        }
        self.publication_view(&catalogue, &campaign, found).await
    }

    async fn publication_view(
        &self,
        catalogue: &Catalogue,
        campaign: &Arc<Campaign>,
        publication: Publication,
    ) -> Result<PublicationView, Error> {
        let damaged = |error: serde_json::Error| Error::Internal(format!("a publication: {error}"));
        let value: Value = serde_json::from_str(&publication.content.frozen).map_err(damaged)?;
        let frozen: Frozen = serde_json::from_value(value.clone()).map_err(damaged)?;
        let unit = publication.content.unit;
        let correction = self.correction(catalogue, campaign, unit, &frozen).await?;
        Ok(PublicationView { number: publication.number, frozen: value, correction })
    }

    async fn correction(
        &self,
        catalogue: &Catalogue,
        campaign: &Arc<Campaign>,
        unit: UnitId,
        frozen: &Frozen,
    ) -> Result<Option<CorrectionView>, Error> {
        let reading = self.read_sums(catalogue, std::slice::from_ref(campaign), &[unit], true).await?;
        let whole = reading.whole(campaign, unit);
        let slots = self.store.slots();
        let now = |total: &FrozenTotal| measure_sum(&slots, &whole.sums, &total.measure);
        let differs = |total: &&FrozenTotal| now(total) != sum_of(total);
        let changed: Vec<&FrozenTotal> = frozen.items.iter().filter(differs).collect();
        if changed.is_empty() {
            return Ok(None);
        }
        let since = self.store.changed_since(campaign.key, &frozen.marks).await?;
        let slots = self.store.slots();
        let mut items = Vec::with_capacity(changed.len());
        let mut lines = Vec::with_capacity(changed.len());
        for total in changed {
            let mut of_unit: BTreeMap<UnitId, Sum> = BTreeMap::new();
            for (before, after) in &since {
                if after.unit == unit || catalogue.tree.is_under(after.unit, unit) {
                    let was = before.as_ref().map_or(Sum::ZERO, |v| counted(&slots, v, &total.measure));
                    *of_unit.entry(after.unit).or_default() += counted(&slots, after, &total.measure) - was;
                }
            }
            let listed = catalogue.tree.subtree(unit);
            let causes: Vec<Placed<'_>> =
                listed.filter(|unit| of_unit.get(&unit.id).is_some_and(|sum| *sum != Sum::ZERO)).collect();
            let after = now(total);
            items.push(CorrectedView {
                measure: total.measure.clone(),
                before: MeasureTotal::new(total.measure.clone(), sum_of(total)),
                after: MeasureTotal::new(total.measure.clone(), after),
                units: causes.iter().map(|unit| unit.code().to_string()).collect(),
            });
            lines.push((total, after, causes.iter().map(|unit| unit.name()).collect::<Vec<_>>()));
        }
        Ok(Some(CorrectionView {
            revision: whole.changes,
            items,
            text: text(Lang::ZhCn, frozen, &lines),
            text_en: text(Lang::En, frozen, &lines),
        }))
    }
}

const fn sum_of(total: &FrozenTotal) -> Sum {
    Sum { count: total.count, low: total.low, high: total.high }
}

/// What a version adds to a measure.
fn counted(slots: &SlotBook, version: &Version, measure: &str) -> Sum {
    if !version.counts() {
        return Sum::ZERO;
    }
    let of_measure = |(slot, _): &(_, _)| slots.line(*slot).is_some_and(|line| line.measure() == measure);
    version.sums().filter(of_measure).map(|(_, sum)| sum).sum()
}

/// 更正说明: what was published, and for each figure what it was, what it is, and whose reports made the difference.
fn text(lang: Lang, frozen: &Frozen, lines: &[(&FrozenTotal, Sum, Vec<String>)]) -> String {
    let figure = |sum: Sum, word: &str| {
        let key = if sum.is_exact() { "correction-exact" } else { "correction-about" };
        lang.words(key, &[("count", &sum.count.to_string()), ("word", word)])
    };
    let line = |(total, after, units): &(&FrozenTotal, Sum, Vec<String>)| {
        let word = lang.pick(&total.word, &total.word_en);
        let (was, now) = (figure(sum_of(total), word), figure(*after, word));
        let names = units.join(lang.pick("、", ", "));
        let key = if units.is_empty() { "correction-line" } else { "correction-line-units" };
        let measure = lang.pick(&total.name, &total.name_en);
        lang.words(key, &[("measure", measure), ("before", &was), ("after", &now), ("units", &names)])
    };
    let lines: Vec<String> = lines.iter().map(line).collect();
    let iso = frozen.at.get(..10).unwrap_or(&frozen.at);
    let mut parts = iso.split('-').map(|part| part.trim_start_matches('0'));
    let mut part = || parts.next().unwrap_or_default();
    let (year, month, date) = (part(), part(), part());
    let day = lang.words("correction-day", &[("year", year), ("month", month), ("date", date)]);
    lang.words(
        "correction-text",
        &[
            ("day", &day),
            ("title", &frozen.title),
            ("campaign", &frozen.campaign_name),
            ("unit", &frozen.name),
            ("lines", &lines.join(lang.pick("；", "; "))),
        ],
    )
}
