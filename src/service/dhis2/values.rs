//! Data values: one figure of a report each.

use super::super::tallies::{Filter, TallyView};
use super::super::{App, Caller, Error};
use super::DEFAULT;
use crate::domain::calendar::ReportDay;
use crate::domain::fault::Fault;
use crate::domain::measure::CONSULTATIONS;
use crate::domain::quantity::Bound;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataValue {
    /// Code of the measure.
    #[serde(default)]
    pub data_element: String,
    /// yyyyMMdd; that of the set when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// Code of the unit; that of the set when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org_unit: Option<String>,
    /// A title, or `topic.mode` of a consultation; `default` for neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_option_combo: Option<String>,
    /// Always `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute_option_combo: Option<String>,
    /// A whole number, as text or as a number.
    #[serde(default)]
    pub value: Value,
    /// exact, over, under or about; any other words go into the note of the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// When it was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<String>,
    /// The report was sent back, so the figure does not count.
    #[serde(default)]
    pub followup: bool,
    /// To be taken out of the report.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

/// Figures of one or several reports.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataValueSet {
    /// Identifier of the campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_set: Option<String>,
    /// For all values that do not say theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// For all values that do not say theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org_unit: Option<String>,
    /// The figures.
    #[serde(default)]
    pub data_values: Vec<DataValue>,
}

/// Which figures are asked for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Identifiers of campaigns; empty is every one.
    pub data_sets: Vec<String>,
    /// Days, yyyyMMdd; empty is the whole of each campaign.
    pub periods: Vec<String>,
    /// First day.
    pub from: Option<ReportDay>,
    /// Last day.
    pub to: Option<ReportDay>,
    /// Codes of units; empty is all in scope.
    pub units: Vec<String>,
    /// With everything under them.
    pub children: bool,
}

/// Reads a daily period.
///
/// # Errors
/// `period_invalid` when it is no yyyyMMdd of the calendar.
pub(super) fn day(period: &str) -> Result<ReportDay, Error> {
    let number = Some(period).filter(|text| text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()));
    number
        .and_then(|text| ReportDay::from_number(text.parse().ok()?).ok())
        .ok_or_else(|| Error::invalid(Fault::new("/period", "period_invalid")))
}

fn values(tally: &TallyView, into: &mut Vec<DataValue>) {
    let period = tally.date.replace('-', "");
    let mut push = |element: &str, combo: String, count: u32, bound: &str| {
        into.push(DataValue {
            data_element: element.to_owned(),
            period: Some(period.clone()),
            org_unit: Some(tally.unit.clone()),
            category_option_combo: Some(combo),
            attribute_option_combo: Some(DEFAULT.to_owned()),
            value: Value::String(count.to_string()),
            comment: (bound != Bound::Exact.code()).then(|| bound.to_owned()),
            last_updated: Some(tally.received_at.clone()),
            followup: tally.state == "returned",
            deleted: false,
        });
    };
    for item in &tally.items {
        let combo = item.title.as_deref().unwrap_or(DEFAULT).to_owned();
        push(&item.measure, combo, item.count, item.bound);
    }
    // Records of one topic and mode are one value there.
    let mut seen: Vec<(String, u32, &str)> = Vec::new();
    for record in &tally.consultations {
        let combo = combo_of(record.topic, record.mode);
        match seen.iter_mut().find(|(known, ..)| *known == combo) {
            Some((_, count, bound)) => {
                *count = count.saturating_add(record.person_times);
                if *bound != record.bound {
                    *bound = if *bound == Bound::Exact.code() { record.bound } else { Bound::About.code() };
                }
            }
            None => seen.push((combo, record.person_times, record.bound)),
        }
    }
    for (combo, count, bound) in seen {
        push(CONSULTATIONS, combo, count, bound);
    }
}

fn combo_of(topic: &str, mode: &str) -> String {
    if (topic, mode) == ("unspecified", "unspecified") {
        DEFAULT.to_owned()
    } else {
        format!("{topic}.{mode}")
    }
}

impl App {
    /// Figures of current reports in the caller's scope.
    ///
    /// # Errors
    /// Out of scope is not found; a period of another form is invalid.
    pub async fn dhis2_values(&self, caller: &Caller, asked: &Asked) -> Result<DataValueSet, Error> {
        let days = asked.periods.iter().map(|period| day(period)).collect::<Result<Vec<_>, _>>()?;
        let sets = if asked.data_sets.is_empty() {
            self.campaigns(caller).items.into_iter().map(|campaign| campaign.id).collect()
        } else {
            asked.data_sets.clone()
        };
        let units: Vec<Option<String>> = match &asked.units[..] {
            [] => vec![None],
            units => units.iter().cloned().map(Some).collect(),
        };
        let mut found = Vec::new();
        for set in &sets {
            for unit in &units {
                let mut filter = Filter {
                    under: unit.clone(),
                    from: asked.from.or_else(|| days.iter().min().copied()),
                    to: asked.to.or_else(|| days.iter().max().copied()),
                    ..Filter::default()
                };
                loop {
                    let page = self.tallies(caller, set, &filter).await?;
                    let wanted = |tally: &&TallyView| {
                        let here = unit.as_ref().is_none_or(|unit| asked.children || *unit == tally.unit);
                        here && (days.is_empty() || days.iter().any(|day| day.to_string() == tally.date))
                    };
                    page.items.iter().filter(wanted).for_each(|tally| values(tally, &mut found));
                    filter.cursor = page.next;
                    if filter.cursor.is_none() {
                        break;
                    }
                }
            }
        }
        let data_set = Some(sets).filter(|sets| sets.len() == 1).and_then(|mut sets| sets.pop());
        Ok(DataValueSet { data_set, data_values: found, ..DataValueSet::default() })
    }
}
