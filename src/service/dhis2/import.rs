//! Taking data values in: each report they belong to is read, changed and sent as any other.

use super::super::tallies::{Precondition, Request, TallyView};
use super::super::{App, Caller, Error, scope};
use super::values::{DataValue, DataValueSet, day};
use super::{DEFAULT, mine};
use crate::domain::access::Permission;
use crate::domain::calendar::ReportDay;
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::fault::Fault;
use crate::domain::measure::CONSULTATIONS;
use crate::domain::quantity::Bound;
use crate::domain::tally::{self, Channel, Draft, DraftConsultation, DraftItem, Figures};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is to be done with values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// Enter new ones and change old ones.
    #[default]
    CreateAndUpdate,
    /// Only enter new ones.
    Create,
    /// Only change old ones.
    Update,
    /// Take them out.
    Delete,
}

impl Strategy {
    /// Reads the parameter `importStrategy`.
    ///
    /// # Errors
    /// `import_strategy_unknown`.
    pub fn parse(text: Option<&str>) -> Result<Self, Error> {
        match text {
            None | Some("CREATE_AND_UPDATE" | "NEW_AND_UPDATES") => Ok(Self::CreateAndUpdate),
            Some("CREATE" | "NEW") => Ok(Self::Create),
            Some("UPDATE" | "UPDATES") => Ok(Self::Update),
            Some("DELETE" | "DELETES") => Ok(Self::Delete),
            Some(_) => Err(Error::invalid(Fault::new("/importStrategy", "import_strategy_unknown"))),
        }
    }
}

/// How values are taken in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Only say what would be done.
    pub dry_run: bool,
    /// What is to be done.
    pub strategy: Strategy,
}

/// How many values were taken in, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Count {
    /// New.
    pub imported: usize,
    /// There before; changed or said again.
    pub updated: usize,
    /// Refused, or not wanted by the strategy.
    pub ignored: usize,
    /// Taken out.
    pub deleted: usize,
}

/// Why a value was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// The unit, period or data element that it is about.
    pub object: String,
    /// In the reader's language.
    pub value: String,
    /// Stable code, as in problems.
    pub error_code: String,
    /// Places of the values in the set, from 0.
    pub indexes: Vec<usize>,
}

/// What became of a set.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Numbers.
    pub count: Count,
    /// What was refused: what it is about, why, and which values.
    pub refused: Vec<(String, Error, Vec<usize>)>,
}

/// A value with its place in the set.
type Placed<'v> = (usize, &'v DataValue);

/// The line of a report that a value stands for, written as a report of that line alone.
fn line(value: &DataValue) -> Draft {
    let combo = value.category_option_combo.as_deref().filter(|combo| !combo.is_empty() && *combo != DEFAULT);
    let count = count(&value.value);
    let bound = value.comment.as_deref().filter(|comment| Bound::from_code(comment).is_some());
    let bound = bound.map(ToOwned::to_owned);
    let mut draft = Draft::default();
    if value.data_element == CONSULTATIONS {
        let (topic, mode) = match combo {
            None => (None, None),
            Some(combo) => match combo.split_once('.') {
                Some((topic, mode)) => (Some(topic.to_owned()), Some(mode.to_owned())),
                None => (Some(combo.to_owned()), None),
            },
        };
        draft.consultations.push(DraftConsultation { topic, mode, person_times: count, bound });
    } else {
        draft.items.push(DraftItem {
            measure: value.data_element.clone(),
            title: combo.map(ToOwned::to_owned),
            count,
            bound,
        });
    }
    draft
}

fn count(value: &Value) -> tally::Count {
    let text = match value {
        Value::Null => return tally::Count::Missing,
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return tally::Count::NotANumber,
    };
    if text.is_empty() {
        return tally::Count::Missing;
    }
    match (text.parse::<u64>(), text.parse::<f64>()) {
        (Ok(whole), _) => tally::Count::Whole(whole),
        (Err(_), Ok(number)) if number < 0.0 => tally::Count::Negative,
        (Err(_), Ok(number)) if number.is_finite() && number.fract() == 0.0 => tally::Count::Whole(u64::MAX),
        (Err(_), Ok(number)) if number.is_finite() => tally::Count::Fraction,
        _ => tally::Count::NotANumber,
    }
}

fn same_record(a: &DraftConsultation, b: &DraftConsultation) -> bool {
    let code = |code: &Option<String>| code.clone().unwrap_or_else(|| "unspecified".to_owned());
    code(&a.topic) == code(&b.topic) && code(&a.mode) == code(&b.mode)
}

/// Puts the line of a value into a report, or takes it out. Whether there was such a line.
fn put(draft: &mut Draft, line: Draft, remove: bool) -> bool {
    let mut there = false;
    for new in line.items {
        let place = draft.items.iter().position(|old| old.measure == new.measure && old.title == new.title);
        there |= place.is_some();
        match place {
            Some(place) if remove => drop(draft.items.remove(place)),
            Some(place) => draft.items[place] = new,
            None if remove => {}
            None => draft.items.push(new),
        }
    }
    for new in line.consultations {
        let records = draft.consultations.len();
        draft.consultations.retain(|old| !same_record(old, &new));
        there |= draft.consultations.len() < records;
        if !remove {
            draft.consultations.push(new);
        }
    }
    there
}

/// Words of the values that are no bound become the note.
fn note(values: &[Placed<'_>], before: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for (_, value) in values {
        let comment = value.comment.as_deref().map(str::trim).unwrap_or_default();
        if !comment.is_empty() && Bound::from_code(comment).is_none() && !words.contains(&comment) {
            words.push(comment);
        }
    }
    if words.is_empty() { before.to_owned() } else { words.join("；") }
}

impl App {
    /// Takes in data values: reports are changed one by one, and a value that cannot be taken leaves the others be.
    ///
    /// # Errors
    /// `Busy`, `Unavailable` or `Unknown`, when the rest was not tried; refused values are told in the summary.
    pub async fn dhis2_import(
        &self,
        caller: &Caller,
        set: &DataValueSet,
        options: Options,
    ) -> Result<Summary, Error> {
        let mut summary = Summary::default();
        let mut reports: BTreeMap<(&str, &str), Vec<Placed<'_>>> = BTreeMap::new();
        for (at, value) in set.data_values.iter().enumerate() {
            let unit = value.org_unit.as_deref().or(set.org_unit.as_deref()).unwrap_or_default();
            let period = value.period.as_deref().or(set.period.as_deref()).unwrap_or_default();
            reports.entry((unit, period)).or_default().push((at, value));
        }
        for ((unit, period), values) in reports {
            let places = || values.iter().map(|(at, _)| *at).collect::<Vec<_>>();
            match self.dhis2_report(caller, set.data_set.as_deref(), (unit, period), &values, options).await {
                Ok(done) => {
                    summary.count.imported += done.count.imported;
                    summary.count.updated += done.count.updated;
                    summary.count.ignored += done.count.ignored;
                    summary.count.deleted += done.count.deleted;
                    summary.refused.extend(done.refused);
                }
                Err(
                    error @ (Error::Busy | Error::Unavailable(_) | Error::Unknown(_) | Error::Internal(_)),
                ) => return Err(error),
                Err(error) => {
                    summary.count.ignored += values.len();
                    let object =
                        if matches!(error, Error::NotFound("unit_out_of_scope")) { unit } else { period };
                    summary.refused.push((object.to_owned(), error, places()));
                }
            }
        }
        Ok(summary)
    }

    async fn dhis2_report(
        &self,
        caller: &Caller,
        data_set: Option<&str>,
        (unit, period): (&str, &str),
        values: &[Placed<'_>],
        options: Options,
    ) -> Result<Summary, Error> {
        let day = day(period)?;
        // Somebody else may send a version between reading and writing.
        for _ in 0..5 {
            let catalogue = self.catalogue();
            scope::unit(&catalogue, caller, Permission::Submit, unit)?;
            let campaign = campaign_of(&catalogue, caller, data_set, unit, day)?;
            let id = campaign.id.as_str();
            let before = match self.tally(caller, id, unit, &day.to_string()).await {
                Ok(tally) => Some(tally),
                Err(Error::NotFound("tally_unknown")) => None,
                Err(error) => return Err(error),
            };
            let (draft, summary) = merge(&campaign, before.as_ref(), values, options.strategy);
            if summary.count.imported + summary.count.updated + summary.count.deleted == 0 {
                return Ok(summary);
            }
            let request = Request {
                campaign: id.to_owned(),
                unit: unit.to_owned(),
                date: day.to_string(),
                draft,
                precondition: before
                    .as_ref()
                    .map_or(Precondition::Absent, |tally| Precondition::Version(tally.version)),
                idempotency: None,
                channel: Channel::Api,
            };
            if options.dry_run {
                self.would_accept(caller, &request)?;
                return Ok(summary);
            }
            match self.submit(caller, &request).await {
                Ok(_) => return Ok(summary),
                Err(Error::Stale(_) | Error::PreconditionRequired(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Busy)
    }
}

/// The report as it will be, and what becomes of each value.
fn merge(
    campaign: &Campaign,
    before: Option<&TallyView>,
    values: &[Placed<'_>],
    strategy: Strategy,
) -> (Draft, Summary) {
    let mut summary = Summary::default();
    // What such clients do not know of stays as it was; their comments say why.
    let mut draft = before.map(TallyView::draft).unwrap_or_default();
    (draft.note, draft.reason) = (note(values, &draft.note), note(values, ""));
    for (at, value) in values {
        let remove = value.deleted || strategy == Strategy::Delete;
        let mut line = line(value);
        if remove {
            // What a value says that is taken out does not matter.
            for item in &mut line.items {
                (item.count, item.bound) = (tally::Count::Whole(0), None);
            }
            for record in &mut line.consultations {
                (record.person_times, record.bound) = (tally::Count::Whole(0), None);
            }
        }
        if let Err(faults) = Figures::check(&line, campaign) {
            summary.count.ignored += 1;
            summary.refused.push((value.data_element.clone(), Error::Invalid(faults), vec![*at]));
            continue;
        }
        let mut tried = draft.clone();
        let there = put(&mut tried, line, remove);
        let count = &mut summary.count;
        let done = match (strategy, remove, there) {
            (_, true, true) => &mut count.deleted,
            (Strategy::CreateAndUpdate | Strategy::Create, false, false) => &mut count.imported,
            (Strategy::CreateAndUpdate | Strategy::Update, false, true) => &mut count.updated,
            _ => {
                count.ignored += 1;
                continue;
            }
        };
        *done += 1;
        draft = tried;
    }
    // A report from which everything was taken says that nothing was done.
    draft.zero = draft.items.is_empty() && draft.consultations.is_empty() && draft.joint.is_empty();
    (draft, summary)
}

/// The campaign named, or else the only one that waits for the unit on that day.
fn campaign_of(
    catalogue: &Catalogue,
    caller: &Caller,
    data_set: Option<&str>,
    unit: &str,
    day: ReportDay,
) -> Result<Arc<Campaign>, Error> {
    if let Some(id) = data_set {
        return scope::campaign(catalogue, caller, id);
    }
    let id = catalogue.tree.by_code(unit).map(|unit| unit.id).ok_or(Error::NotFound("unit_out_of_scope"))?;
    let waits = |campaign: &Arc<Campaign>| campaign.expects(&catalogue.tree, id, day);
    let mut waiting = mine(catalogue, caller).into_iter().filter(waits);
    match (waiting.next(), waiting.next()) {
        (Some(campaign), None) => Ok(campaign),
        _ => Err(Error::invalid(Fault::new("/dataSet", "data_set_missing"))),
    }
}
