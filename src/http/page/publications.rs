//! Published figures: the list, a form to freeze what stands, and what must be said since.

use super::figures::{self, Figure};
use super::list::{self, Order, Pages, Sort, down, up};
use super::{Frame, render};
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::{Query, Request};
use crate::i18n::Lang;
use crate::service::campaigns::CampaignView;
use crate::service::publications::{PublicationBody, PublishedView};
use crate::service::tallies::MeasureTotal;
use crate::service::{self};
use askama::Template;
use serde_json::Value;
use warp::http::StatusCode;

#[derive(Template)]
#[template(path = "publications.html")]
struct ListPage {
    f: Frame,
    campaign: CampaignView,
    items: Vec<PublishedView>,
    pages: Pages,
    fault: Option<String>,
    title: String,
}

struct Total {
    name: String,
    word: String,
    figure: Figure,
}

#[derive(Template)]
#[template(path = "publication.html")]
struct OnePage {
    f: Frame,
    campaign: CampaignView,
    number: i32,
    title: String,
    unit: String,
    time: String,
    by: String,
    revision: String,
    coverage: (String, String),
    totals: Vec<Total>,
    correction: Option<String>,
}

/// Parameters of the list, and its orders.
const QUERY: &[&str] = &["q", "from", "to", "sort", "cursor"];
const SORTS: &[Sort] = &[down(Order::Made), up(Order::Made), up(Order::Title), up(Order::Name)];

fn listed(
    lang: Lang,
    query: &Query,
    mut items: Vec<PublishedView>,
) -> Result<(Vec<PublishedView>, Pages), Error> {
    let days = list::days(query)?;
    items.retain(|one| {
        days.hold(&one.at) && list::matches(query, &[&one.title, &one.name, &one.by, &one.number.to_string()])
    });
    let compare = |by, a: &PublishedView, b: &PublishedView| match by {
        Order::Title => (&a.title, a.number).cmp(&(&b.title, b.number)),
        Order::Name => (&a.name, a.number).cmp(&(&b.name, b.number)),
        _ => a.number.cmp(&b.number),
    };
    list::page(lang, query, SORTS, items, compare, |one| one.number.to_string())
}

/// What was published of a campaign.
///
/// # Errors
/// Out of scope is not found; a faulty parameter is told.
pub async fn list(request: Request) -> Result<Response, Error> {
    let query = request.query(QUERY)?;
    let caller = request.caller()?;
    let campaign = request.app.campaign(caller, request.param(0))?;
    let items = request.app.publications(caller, request.param(0)).await?.items;
    let (items, pages) = listed(request.lang, &query, items)?;
    let f = Frame::of(&request);
    let page = ListPage { f, campaign, items, pages, fault: None, title: String::new() };
    render(StatusCode::OK, request.lang, &page)
}

/// Freezes the totals as they stand.
///
/// # Errors
/// Out of scope is not found; who may not publish is told so.
pub async fn create(mut request: Request) -> Result<Response, Error> {
    let fields = request.form().await?;
    request.query(&[])?;
    let (app, caller, frame) = (request.app.clone(), request.caller()?.clone(), Frame::of(&request));
    let (id, lang) = (request.param(0).to_owned(), request.lang);
    drop(request);
    let title = fields.owned("title").unwrap_or_default();
    let body = PublicationBody { unit: fields.owned("unit"), title: title.clone() };
    let error = match app.publish(&caller, &id, &body).await {
        Ok(made) => return Ok(reply::see_other(&format!("/campaigns/{id}/publications/{}", made.number))),
        Err(error @ service::Error::Invalid(_)) => Error::from(error),
        Err(error) => return Err(error.into()),
    };
    error.log();
    let campaign = app.campaign(&caller, &id)?;
    let items = app.publications(&caller, &id).await?.items;
    let (items, pages) = listed(lang, &Query::default(), items)?;
    let page = ListPage { f: frame, campaign, items, pages, fault: Some(error.title(lang)), title };
    render(error.status(), lang, &page)
}

/// One publication.
///
/// # Errors
/// Out of scope is not found.
pub async fn show(request: Request) -> Result<Response, Error> {
    request.query(&[])?;
    let caller = request.caller()?;
    let campaign = request.app.campaign(caller, request.param(0))?;
    let one = request.app.publication(caller, request.param(0), request.param(1)).await?;
    let lang = request.lang;
    let text = |name: &str| one.frozen[name].as_str().unwrap_or_default().to_owned();
    let number = |name: &str| one.frozen[name].as_i64().unwrap_or_default().to_string();
    let total = |item: &Value| {
        let text = |name: &str| item[name].as_str().unwrap_or_default();
        let number = |name: &str| item[name].as_i64().unwrap_or_default();
        let sum =
            crate::domain::quantity::Sum { count: number("count"), low: number("low"), high: number("high") };
        Total {
            name: lang.pick(text("name"), text("name_en")).to_owned(),
            word: lang.pick(text("word"), text("word_en")).to_owned(),
            figure: figures::figure(lang, &MeasureTotal::new(text("measure"), sum)),
        }
    };
    let page = OnePage {
        f: Frame::of(&request),
        number: one.number,
        title: text("title"),
        unit: text("name"),
        time: figures::minute(&text("at")),
        by: text("by"),
        revision: number("revision"),
        coverage: (number("reported"), number("expected")),
        totals: one.frozen["items"].as_array().into_iter().flatten().map(total).collect(),
        correction: one.correction.map(|c| lang.pick(&c.text, &c.text_en).to_owned()),
        campaign,
    };
    render(StatusCode::OK, lang, &page)
}
