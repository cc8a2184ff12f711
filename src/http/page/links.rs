//! Report links of a drive, for those who manage them: a QR code for every unit that has no account.

use super::list::{self, Order, Pages, Sort, down, up};
use super::pick::Pick;
use super::{Frame, render};
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::{Query, Request};
use crate::i18n::Lang;
use crate::service::Error as Refusal;
use crate::service::board::Choice;
use crate::service::links::{LinkBody, LinkView};
use askama::Template;
use warp::http::StatusCode;

#[derive(Template)]
#[template(path = "links.html")]
struct LinksPage {
    f: Frame,
    campaign: String,
    name: String,
    links: Vec<LinkView>,
    pages: Pages,
    states: Vec<Pick>,
    /// The one made just now, with its address.
    made: Option<(LinkView, String)>,
    unit: String,
    /// Units to choose from by name.
    known: Vec<Choice>,
    faults: Vec<String>,
}

/// Parameters of a list of links, and its orders.
pub(super) const QUERY: &[&str] = &["q", "state", "sort", "cursor"];
/// Those of the page of report links: a unit may be named for the form.
const WITH_UNIT: &[&str] = &["unit", "q", "state", "sort", "cursor"];
const SORTS: &[Sort] = &[down(Order::Made), up(Order::Made), up(Order::Name), up(Order::Ends)];

/// Links of a kind as the address asks for them: those that are still good, unless those that ended are wanted.
pub(super) fn listed(
    lang: Lang,
    query: &Query,
    kind: &str,
    today: &str,
    links: Vec<LinkView>,
) -> Result<(Vec<LinkView>, Vec<Pick>, Pages), Error> {
    let states = ["current", "ended", "all"];
    let state = list::chosen(query, "state", states.into_iter())?.unwrap_or("current");
    // The last day of a link ends at midnight.
    let ended = |link: &LinkView| {
        link.revoked_at.is_some() || link.expires_at.get(..10).is_some_and(|day| day <= today)
    };
    let wanted = |link: &LinkView| {
        link.kind == kind
            && (state == "all" || ended(link) == (state == "ended"))
            && list::matches(query, &[&link.name, &link.unit, &link.id.to_string()])
    };
    let found = links.into_iter().filter(wanted).collect();
    let compare = |by, a: &LinkView, b: &LinkView| match by {
        Order::Name => (&a.name, a.id).cmp(&(&b.name, b.id)),
        Order::Ends => (&a.expires_at, a.id).cmp(&(&b.expires_at, b.id)),
        _ => a.id.cmp(&b.id),
    };
    let (found, pages) = list::page(lang, query, SORTS, found, compare, |link| link.id.to_string())?;
    let pick = |code| Pick::new(code, lang.text(&format!("links-state-{code}")), state);
    Ok((found, states.map(pick).into(), pages))
}

/// The page of a request. Everything of the request is taken before the first wait.
fn page(
    request: &Request,
    status: StatusCode,
    made: Option<(LinkView, String)>,
    unit: String,
    faults: Vec<String>,
) -> Result<impl Future<Output = Result<Response, Error>> + Send + use<>, Error> {
    let (app, caller) = (request.app.clone(), request.caller()?.clone());
    let (f, campaign) = (Frame::of(request), request.param(0).to_owned());
    let query = request.query(WITH_UNIT)?;
    Ok(async move {
        let (today, all) = (app.today().to_string(), app.links(&caller, &campaign).await?);
        let (links, states, pages) = listed(caller.lang, &query, "report", &today, all)?;
        let name = app.campaign(&caller, &campaign)?.name;
        let known = app.choices(&caller, &campaign, None)?.units;
        let page = LinksPage { f, campaign, name, links, pages, states, made, unit, known, faults };
        render(status, caller.lang, &page)
    })
}

/// The list, and the form for another one.
///
/// # Errors
/// Not allowed for whoever manages no accounts.
pub async fn list(request: Request) -> Result<Response, Error> {
    let unit = request.query(WITH_UNIT)?.owned("unit").unwrap_or_default();
    let page = page(&request, StatusCode::OK, None, unit, Vec::new())?;
    drop(request);
    page.await
}

/// Makes a link and shows it, or revokes one.
///
/// # Errors
/// Not found out of scope; what can be mended is told on the page.
pub async fn change(mut request: Request) -> Result<Response, Error> {
    let fields = request.form().await?;
    let (base, campaign) = (request.base(), request.param(0).to_owned());
    let here = request.path.clone();
    if let Some(id) = fields.get("revoke") {
        let id = id.parse().map_err(|_| Refusal::NotFound("link_unknown"))?;
        request.app.revoke_link(request.caller()?, id).await?;
        return Ok(reply::see_other(&here));
    }
    let unit = fields.get("unit").unwrap_or_default().trim().to_owned();
    let body = LinkBody { unit: unit.clone(), expires: fields.owned("expires"), kind: None };
    let shown = match request.app.create_link(request.caller()?, &campaign, &body, &base).await {
        Ok(link) => {
            let address = format!("{base}{}", link.path.as_deref().unwrap_or_default());
            page(&request, StatusCode::OK, Some((link, address)), String::new(), Vec::new())?
        }
        Err(error @ Refusal::Unauthenticated) => return Err(error.into()),
        Err(error) => {
            let error = Error::from(error);
            let faults = super::told(&error, request.lang);
            page(&request, error.status(), None, unit, faults)?
        }
    };
    drop(request);
    shown.await
}
