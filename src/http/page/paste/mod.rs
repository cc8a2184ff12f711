//! Messages of several units pasted from a chat: read, looked at by a person, and stored as reports on behalf.

mod form;

use super::{Frame, figures, render, told};
use crate::domain::review::Via;
use crate::domain::tally::Channel;
use crate::http::error::Error;
use crate::http::reply::Response;
use crate::http::request::{Query, Request};
use crate::i18n::Lang;
use crate::service::campaigns::CampaignView;
use crate::service::comparison::NamedUnit;
use crate::service::tallies::{Precondition, TallyView};
use crate::service::{self, App, Caller, tallies};
use askama::Template;
use form::Part;
use std::sync::Arc;
use warp::http::StatusCode;

struct Pick {
    code: String,
    name: String,
    chosen: bool,
}

struct Row {
    name: String,
    item: form::Item,
    doubt: Option<String>,
    measures: Vec<Pick>,
    bounds: Vec<Pick>,
}

struct Shown {
    part: Part,
    /// Its unit is certain, or one of few.
    units: Vec<Pick>,
    rows: Vec<Row>,
}

struct Stored {
    unit: String,
    name: String,
    receipt: String,
}

#[derive(Template)]
#[template(path = "paste.html")]
struct PastePage {
    f: Frame,
    campaign: CampaignView,
    unit: String,
    date: String,
    text: String,
    ways: Vec<Pick>,
    faults: Vec<String>,
    parts: Vec<Shown>,
    known: Vec<NamedUnit>,
    stored: Vec<Stored>,
    read: bool,
}

/// What a request to the page is about.
struct Visit {
    app: Arc<App>,
    caller: Caller,
    frame: Frame,
    campaign: CampaignView,
    unit: Option<String>,
    date: String,
    via: String,
    text: String,
}

impl Visit {
    fn of(request: &Request, fields: &Query) -> Result<Self, Error> {
        let query = request.query(&["unit", "date"])?;
        let caller = request.caller()?.clone();
        let campaign = request.app.campaign(&caller, request.param(0))?;
        request.app.may_enter(&caller)?;
        let given = |name: &str| fields.owned(name).or_else(|| query.owned(name));
        let date =
            given("date").or_else(|| campaign.today.clone()).unwrap_or_else(|| campaign.ends_on.clone());
        Ok(Self {
            app: request.app.clone(),
            frame: Frame::of(request),
            unit: given("unit"),
            date,
            via: fields.owned("via").unwrap_or_else(|| Via::Wechat.code().to_owned()),
            // A browser sends two characters for the end of a line.
            text: fields.owned("text").unwrap_or_default().replace("\r\n", "\n"),
            caller,
            campaign,
        })
    }

    fn page(self) -> PastePage {
        let lang = self.frame.lang;
        let way = |via: &Via| Pick {
            code: via.code().to_owned(),
            name: lang.pick(via.name(), via.name_en()).to_owned(),
            chosen: via.code() == self.via,
        };
        PastePage {
            ways: Via::ALL.iter().map(way).collect(),
            f: self.frame,
            campaign: self.campaign,
            unit: self.unit.unwrap_or_default(),
            date: self.date,
            text: self.text,
            faults: Vec::new(),
            parts: Vec::new(),
            known: Vec::new(),
            stored: Vec::new(),
            read: false,
        }
    }
}

fn shown(lang: Lang, campaign: &CampaignView, part: Part) -> Shown {
    let mut units: Vec<Pick> = part
        .candidates
        .iter()
        .map(|(code, name)| Pick { chosen: *code == part.unit, code: code.clone(), name: name.clone() })
        .collect();
    if units.len() > 1 {
        let ask = lang.text("chat-which");
        units.insert(0, Pick { code: String::new(), name: ask, chosen: part.unit.is_empty() });
    }
    let row = |item: &form::Item| {
        let pick = |measure: &crate::service::campaigns::MeasureView| Pick {
            code: measure.code.clone(),
            name: figures::name(lang, measure).to_owned(),
            chosen: measure.code == item.measure,
        };
        let bound = |code: &str| Pick {
            code: code.to_owned(),
            name: lang.text(&format!("bound-{code}")),
            chosen: code == item.bound,
        };
        Row {
            name: format!("parts.{}.items.{}", part.at, item.at),
            doubt: (!item.doubt.is_empty()).then(|| lang.text(&format!("paste-doubt-{}", item.doubt))),
            measures: campaign.measures.iter().map(pick).collect(),
            bounds: ["exact", "over", "under", "about"].map(bound).into(),
            item: item.clone(),
        }
    };
    Shown { units, rows: part.items.iter().map(row).collect(), part }
}

/// The field to paste into.
///
/// # Errors
/// Out of scope is not found.
pub async fn show(request: Request) -> Result<Response, Error> {
    let visit = Visit::of(&request, &Query::default())?;
    render(StatusCode::OK, request.lang, &visit.page())
}

/// Shows what was read, or stores what a person confirmed.
///
/// # Errors
/// Out of scope is not found.
pub async fn take(mut request: Request) -> Result<Response, Error> {
    let fields = request.form().await?;
    let visit = Visit::of(&request, &fields)?;
    drop(request);
    if fields.get("do") == Some("store") { store(visit, &fields).await } else { read(visit).await }
}

async fn read(visit: Visit) -> Result<Response, Error> {
    let lang = visit.frame.lang;
    let (id, unit) = (visit.campaign.id.clone(), visit.unit.clone());
    let read = visit.app.paste(&visit.caller, &id, unit.as_deref(), &visit.date, &visit.text).await;
    let mut page = visit.page();
    let status = match read {
        Ok(view) => {
            let counts = |measure: &str| figures::measure(&page.campaign, measure).is_some();
            let parts = view.parts.into_iter().filter(|part| !part.text.trim().is_empty());
            let parts: Vec<Part> = parts.zip(0..).map(|(part, at)| Part::read(at, part, counts)).collect();
            page.parts = parts.into_iter().map(|part| shown(lang, &page.campaign, part)).collect();
            page.known = view.units;
            page.read = true;
            StatusCode::OK
        }
        Err(error @ service::Error::Invalid(_)) => {
            let error = Error::from(error);
            page.faults = told(&error, lang);
            error.status()
        }
        Err(error) => return Err(error.into()),
    };
    render(status, lang, &page)
}

async fn store(visit: Visit, fields: &Query) -> Result<Response, Error> {
    let lang = visit.frame.lang;
    let (mut left, mut stored) = (Vec::new(), Vec::new());
    for mut part in Part::sent(fields) {
        if !part.take {
            continue;
        }
        match one(&visit, &part).await {
            Ok(tally) => stored.push((part, tally)),
            Err(error) => {
                // What is there now is named, so that replacing it is a decision.
                if let service::Error::PreconditionRequired(current) | service::Error::Stale(Some(current)) =
                    &error
                {
                    part.version = current.version.to_string();
                    part.take = false;
                }
                part.faults = told(&Error::from(error), lang);
                left.push(part);
            }
        }
    }
    // Only for its list of units.
    let (id, unit) = (visit.campaign.id.clone(), visit.unit.clone());
    let view = visit.app.paste(&visit.caller, &id, unit.as_deref(), &visit.date, "").await;
    let mut page = visit.page();
    page.known = view.map(|view| view.units).unwrap_or_default();
    page.read = !left.is_empty();
    let status = if left.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page.parts = left.into_iter().map(|part| shown(lang, &page.campaign, part)).collect();
    page.stored = stored
        .into_iter()
        .map(|(part, tally)| {
            let name = page.known.iter().find(|unit| unit.unit == part.unit).map(|unit| unit.name.clone());
            Stored {
                name: name.unwrap_or_else(|| part.unit.clone()),
                unit: part.unit,
                receipt: tally.receipt,
            }
        })
        .collect();
    if page.stored.is_empty() && page.parts.is_empty() {
        page.faults = vec![lang.text("chat-none_taken")];
    }
    render(status, lang, &page)
}

/// Sends one unit's report in, as any report.
async fn one(visit: &Visit, part: &Part) -> Result<TallyView, service::Error> {
    let (campaign, unit, date) = (visit.campaign.id.clone(), part.unit.clone(), visit.date.clone());
    let version: Option<u32> = part.version.parse().ok();
    let stored = match version {
        Some(_) => Some(visit.app.tally(&visit.caller, &campaign, &unit, &date).await?),
        None => None,
    };
    let request = tallies::Request {
        draft: part.draft(&visit.via, stored.as_ref()),
        precondition: version.map_or(Precondition::Absent, Precondition::Version),
        idempotency: None,
        channel: Channel::Form,
        campaign,
        unit,
        date,
    };
    Ok(visit.app.submit(&visit.caller, &request).await?.0)
}
