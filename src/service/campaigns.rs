//! Campaigns: looking them up, entering and changing them.

use super::tallies::parse_day;
use super::{App, Caller, Error, scope};
use crate::domain::access::{self, Permission};
use crate::domain::calendar::{ReportDay, Window};
use crate::domain::campaign::{self, Campaign, CampaignId, Expected, Kind, State};
use crate::domain::catalogue::Catalogue;
use crate::domain::fault::Fault;
use crate::domain::measure::{self, Measure, MeasureCode};
use crate::domain::privacy;
use crate::domain::unit::UnitId;
use crate::store::{AuditEntry, NewCampaign, Transaction};
use jiff::civil::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A measure as told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MeasureView {
    /// Stable code.
    pub code: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// Measure word in Chinese.
    pub word: String,
    /// Measure word in English.
    pub word_en: String,
    /// What the drive means to reach, where that was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<u32>,
}

impl From<&Measure> for MeasureView {
    fn from(measure: &Measure) -> Self {
        Self {
            code: measure.code.to_string(),
            name: measure.name.clone(),
            name_en: measure.name_en.clone(),
            word: measure.word.clone(),
            word_en: measure.word_en.clone(),
            target: measure.target,
        }
    }
}

/// A topic or mode as told.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CodeView {
    /// Stable code.
    pub code: &'static str,
    /// Name in Chinese.
    pub name: &'static str,
    /// Name in English.
    pub name_en: &'static str,
}

/// A list that is always whole.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ListView<T> {
    /// The members.
    pub items: Vec<T>,
    /// Always null.
    pub next: Option<String>,
}

impl<T> ListView<T> {
    /// A whole list.
    #[must_use]
    pub const fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// A campaign as told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CampaignView {
    /// Identifier in addresses.
    pub id: String,
    /// Template and family for comparison.
    pub kind: &'static str,
    /// The year it counts for.
    pub year: i16,
    /// Name.
    pub name: String,
    /// Which of its kind it is.
    pub ordinal: Option<u32>,
    /// Theme of the year.
    pub theme: String,
    /// First day.
    pub starts_on: String,
    /// Last day.
    pub ends_on: String,
    /// The time of day until which a report of that day is on time, such as 18:00.
    pub deadline: String,
    /// planned, open or closed.
    pub state: &'static str,
    /// Today's date while it is open.
    pub today: Option<String>,
    /// Code of the unit whose subtree takes part.
    pub unit: String,
    /// Codes of the units it waits for; null is every unit without units under it.
    pub expected_units: Option<Vec<String>>,
    /// Closed to changes.
    pub locked: bool,
    /// Days that are closed to changes by themselves.
    pub locked_days: Vec<String>,
    /// Its figures are made up.
    pub demo: bool,
    /// What it counts, in the order of the form.
    pub measures: Vec<MeasureView>,
}

/// A measure of a campaign's own, or the code of a built-in one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum MeasureBody {
    /// Code of a built-in measure.
    Code(String),
    /// A measure of the campaign's own.
    Own {
        /// Stable code.
        code: String,
        /// Name in Chinese.
        name: String,
        /// Name in English; the Chinese one when absent.
        name_en: Option<String>,
        /// Measure word.
        word: String,
        /// Measure word in English; the Chinese one when absent.
        word_en: Option<String>,
    },
}

/// A campaign to be entered, or what is to be changed of one.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CampaignBody {
    /// Identifier; `kind-year` when absent. Never changes.
    pub id: Option<String>,
    /// Template; needed for a new campaign. Never changes.
    pub kind: Option<String>,
    /// Year; that of the first day when absent.
    pub year: Option<i16>,
    /// Name; the usual one when absent.
    pub name: Option<String>,
    /// Which of its kind it is; counted for Constitution Day when absent.
    pub ordinal: Option<u32>,
    /// Theme; the announced one when absent.
    pub theme: Option<String>,
    /// First day; the announced one when absent.
    pub starts_on: Option<String>,
    /// Last day; the announced one when absent.
    pub ends_on: Option<String>,
    /// HH:MM; 18:00 when absent.
    pub deadline: Option<String>,
    /// Code of the unit whose subtree takes part; the caller's own when absent.
    pub unit: Option<String>,
    /// Codes of the units it waits for; empty is every unit without units under it.
    pub expected_units: Option<Vec<String>>,
    /// What it counts; the template's when absent.
    pub measures: Option<Vec<MeasureBody>>,
    /// Closes it to changes, or opens it again.
    pub locked: Option<bool>,
    /// What the whole drive means to reach, by code of the measure; what is not named has no target.
    pub targets: Option<BTreeMap<String, u32>>,
}

/// All built-in measures.
#[must_use]
pub fn measures() -> ListView<MeasureView> {
    ListView::whole(measure::built_in().iter().map(MeasureView::from).collect())
}

impl CampaignView {
    pub(super) fn new(campaign: &Campaign, catalogue: &Catalogue, today: ReportDay) -> Self {
        let code = |unit: UnitId| catalogue.tree.get(unit).map(|unit| unit.code().to_string());
        let state = campaign.state(today);
        Self {
            id: campaign.id.to_string(),
            kind: campaign.kind.code(),
            year: campaign.year,
            name: campaign.name.clone(),
            ordinal: campaign.ordinal,
            theme: campaign.theme.clone(),
            starts_on: campaign.window.first().to_string(),
            ends_on: campaign.window.last().to_string(),
            deadline: format!("{:02}:{:02}", campaign.deadline.hour(), campaign.deadline.minute()),
            state: state.code(),
            today: (state == State::Open).then(|| today.to_string()),
            unit: code(campaign.unit).unwrap_or_default(),
            expected_units: match &campaign.expected {
                Expected::Leaves => None,
                Expected::Listed(units) => Some(units.iter().filter_map(|unit| code(*unit)).collect()),
            },
            locked: campaign.locked,
            locked_days: campaign.locks.days.iter().map(ToString::to_string).collect(),
            demo: campaign.demo,
            measures: campaign.measures.iter().map(MeasureView::from).collect(),
        }
    }
}

impl App {
    /// Campaigns that concern the caller, newest first.
    #[must_use]
    pub fn campaigns(&self, caller: &Caller) -> ListView<CampaignView> {
        let (catalogue, today) = (self.catalogue(), self.clock.today());
        let mine =
            catalogue.campaigns.iter().filter(|campaign| scope::concerns(&catalogue, caller, campaign));
        ListView::whole(mine.map(|campaign| CampaignView::new(campaign, &catalogue, today)).collect())
    }

    /// One campaign.
    ///
    /// # Errors
    /// `campaign_unknown`.
    pub fn campaign(&self, caller: &Caller, id: &str) -> Result<CampaignView, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, id)?;
        Ok(CampaignView::new(&campaign, &catalogue, self.clock.today()))
    }

    /// Enters a campaign.
    ///
    /// # Errors
    /// Faults of the input; `Exists` when the identifier is taken; `Forbidden` over that unit.
    pub async fn create_campaign(&self, caller: &Caller, body: &CampaignBody) -> Result<CampaignView, Error> {
        let catalogue = self.catalogue();
        let unit = match &body.unit {
            Some(code) => scope::unit(&catalogue, caller, Permission::ManageCampaigns, code)?,
            None => scope::asked(&catalogue, caller, None, None)?,
        };
        if !access::may(&caller.actor, &catalogue.tree, Permission::ManageCampaigns, unit.id) {
            return Err(Error::Forbidden);
        }
        let campaign = new_campaign(body, unit.id, &catalogue).map_err(Error::Invalid)?;
        let (origin, id) = (caller.origin(), campaign.id.to_string());
        let subject = id.clone();
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    let detail = serde_json::json!({ "name": campaign.name }).to_string();
                    tx.insert_campaign(NewCampaign(campaign)).await?;
                    let entry = AuditEntry { origin, action: "campaign.create", subject, detail };
                    tx.audit(entry).await.map(drop)
                })
            })
            .await?;
        self.campaign(caller, &id)
    }

    /// Changes a campaign. Its totals are made anew in the same transaction when whom it expects changes.
    ///
    /// # Errors
    /// Faults of the input; `campaign_unknown`; `Forbidden`.
    pub async fn update_campaign(
        &self,
        caller: &Caller,
        id: &str,
        body: &CampaignBody,
    ) -> Result<CampaignView, Error> {
        let catalogue = self.catalogue();
        let before = scope::campaign(&catalogue, caller, id)?;
        if !access::may(&caller.actor, &catalogue.tree, Permission::ManageCampaigns, before.unit) {
            return Err(Error::Forbidden);
        }
        let mut faults = Vec::new();
        for (given, pointer) in
            [(body.id.is_some(), "/id"), (body.kind.is_some(), "/kind"), (body.unit.is_some(), "/unit")]
        {
            if given {
                faults.push(Fault::new(pointer, "field_fixed"));
            }
        }
        let mut after = Campaign::clone(&before);
        apply(&mut after, body, &catalogue, &mut faults);
        let reports =
            self.store.list(&crate::store::Listing { campaign: before.key, ..Default::default() }).await?;
        if reports.iter().any(|report| !after.window.contains(report.day)) {
            faults.push(Fault::new("/starts_on", "window_has_reports"));
        }
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let today = self.clock.today();
        let detail = serde_json::json!({
            "before": CampaignView::new(&before, &catalogue, today),
            "after": CampaignView::new(&after, &catalogue, today),
        })
        .to_string();
        let (origin, subject) = (caller.origin(), id.to_owned());
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    tx.update_campaign(&after).await?;
                    tx.rebuild_rollups(after.key).await?;
                    let entry = AuditEntry { origin, action: "campaign.update", subject, detail };
                    tx.audit(entry).await.map(drop)
                })
            })
            .await?;
        self.campaign(caller, id)
    }
}

fn new_campaign(body: &CampaignBody, unit: UnitId, catalogue: &Catalogue) -> Result<Campaign, Vec<Fault>> {
    let mut faults = Vec::new();
    let kind = match body.kind.as_deref() {
        Some(kind) => Kind::from_code(kind).ok_or_else(|| Fault::new("/kind", "kind_unknown")),
        None => Err(Fault::new("/kind", "field_missing")),
    };
    let kind = kind.map_err(|fault| vec![fault])?;
    let first = body.starts_on.as_deref().and_then(|day| day.parse::<ReportDay>().ok());
    let Some(year) = body.year.or_else(|| first.map(ReportDay::year)) else {
        return Err(vec![Fault::new("/starts_on", "field_missing")]);
    };
    let announced = if kind == Kind::Constitution { campaign::constitution_week(year) } else { None };
    let id = body.id.clone().unwrap_or_else(|| format!("{}-{year}", kind.code().replace('_', "-")));
    let id = CampaignId::new(&id).map_err(|_| vec![Fault::new("/id", "id_invalid")])?;
    let given = body.starts_on.is_some() && body.ends_on.is_some();
    let placeholder = first.and_then(|first| Window::new(first, first).ok());
    let window = announced.map(|(window, _)| window).or(placeholder.filter(|_| given));
    let Some(window) = window else {
        let pointer = if body.starts_on.is_none() { "/starts_on" } else { "/ends_on" };
        let code = if given { "date_invalid" } else { "field_missing" };
        let pointer = if given { "/starts_on" } else { pointer };
        return Err(vec![Fault::new(pointer, code)]);
    };
    let mut campaign = Campaign {
        key: 0,
        id,
        kind,
        year,
        name: campaign::usual_name(kind, year),
        ordinal: campaign::ordinal(kind, year),
        theme: announced.map_or("", |(_, theme)| theme).to_owned(),
        window,
        deadline: campaign::USUAL_DEADLINE,
        unit,
        expected: Expected::Leaves,
        measures: campaign::template_measures(kind),
        locked: false,
        demo: false,
        locks: campaign::Locks::default(),
    };
    apply(&mut campaign, body, catalogue, &mut faults);
    if faults.is_empty() { Ok(campaign) } else { Err(faults) }
}

/// Takes up what a body says of a campaign.
fn apply(campaign: &mut Campaign, body: &CampaignBody, catalogue: &Catalogue, faults: &mut Vec<Fault>) {
    if let Some(year) = body.year {
        if !(2000..=2199).contains(&year) {
            faults.push(Fault::new("/year", "year_invalid"));
        }
        campaign.year = year;
    }
    let text =
        |given: &Option<String>, field: &mut String, pointer: &str, least: usize, faults: &mut Vec<Fault>| {
            let Some(given) = given else { return };
            if let Err(code) = privacy::line(given, least..=200, "name_invalid") {
                faults.push(Fault::new(pointer, code));
            }
            given.trim().clone_into(field);
        };
    text(&body.name, &mut campaign.name, "/name", 1, faults);
    text(&body.theme, &mut campaign.theme, "/theme", 0, faults);
    if body.ordinal.is_some() {
        campaign.ordinal = body.ordinal;
    }
    let mut day = |given: &Option<String>, kept: ReportDay, pointer: &str| match given {
        None => kept,
        Some(text) => parse_day(text, pointer).unwrap_or_else(|_| {
            faults.push(Fault::new(pointer, "date_invalid"));
            kept
        }),
    };
    let first = day(&body.starts_on, campaign.window.first(), "/starts_on");
    let last = day(&body.ends_on, campaign.window.last(), "/ends_on");
    match Window::new(first, last) {
        Ok(window) => campaign.window = window,
        Err(_) => faults.push(Fault::new("/ends_on", "window_invalid").with("limit", Window::MAX_DAYS)),
    }
    if let Some(deadline) = &body.deadline {
        match parse_time(deadline) {
            Some(time) => campaign.deadline = time,
            None => faults.push(Fault::new("/deadline", "time_invalid")),
        }
    }
    if let Some(codes) = &body.expected_units {
        let mut units = BTreeSet::new();
        for (at, code) in codes.iter().enumerate() {
            match catalogue.tree.by_code(code).filter(|unit| catalogue.tree.is_under(unit.id, campaign.unit))
            {
                Some(unit) => drop(units.insert(unit.id)),
                None => faults.push(Fault::new(format!("/expected_units/{at}"), "unit_outside_campaign")),
            }
        }
        campaign.expected = if codes.is_empty() { Expected::Leaves } else { Expected::Listed(units) };
    }
    if let Some(bodies) = &body.measures {
        let before = std::mem::take(&mut campaign.measures);
        let target = |code: &MeasureCode| before.iter().find(|old| old.code == *code)?.target;
        let measures = bodies.iter().enumerate().filter_map(|(at, body)| own_measure(body, at, faults));
        campaign.measures =
            measures.map(|measure| Measure { target: target(&measure.code), ..measure }).collect();
        let codes: BTreeSet<_> = campaign.measures.iter().map(|measure| &measure.code).collect();
        if codes.len() < campaign.measures.len() || bodies.is_empty() || bodies.len() > 50 {
            faults.push(Fault::new("/measures", "measures_invalid"));
        }
    }
    if let Some(targets) = &body.targets {
        for code in targets.keys().filter(|code| campaign.measure(code).is_none()) {
            let fault = Fault::new("/targets", "measure_unknown").with("measure", code.escape_debug());
            faults.push(fault);
        }
        for measure in &mut campaign.measures {
            measure.target = targets.get(measure.code.as_str()).copied().filter(|target| *target > 0);
        }
    }
    if let Some(locked) = body.locked {
        campaign.locked = locked;
    }
}

/// Reads `HH:MM`.
fn parse_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':').filter(|_| text.len() == 5)?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

fn own_measure(body: &MeasureBody, at: usize, faults: &mut Vec<Fault>) -> Option<Measure> {
    let pointer = format!("/measures/{at}");
    match body {
        MeasureBody::Code(code) => {
            let found = measure::built_in_named(code);
            if found.is_none() {
                faults.push(Fault::new(pointer, "measure_unknown").with("measure", code.escape_debug()));
            }
            found
        }
        MeasureBody::Own { code, name, name_en, word, word_en } => {
            let texts = [Some(name), Some(word), name_en.as_ref(), word_en.as_ref()];
            let mut lines =
                texts.into_iter().flatten().map(|text| privacy::line(text, 1..=40, "measures_invalid"));
            let wrong = lines.find_map(Result::err);
            let code = MeasureCode::new(code).ok().filter(campaign::is_own_measure);
            let Some(code) = code.filter(|_| wrong.is_none()) else {
                faults.push(Fault::new(pointer, wrong.unwrap_or("measures_invalid")));
                return None;
            };
            Some(Measure {
                code,
                name: name.clone(),
                name_en: name_en.as_ref().unwrap_or(name).clone(),
                word: word.clone(),
                word_en: word_en.as_ref().unwrap_or(word).clone(),
                target: None,
            })
        }
    }
}
