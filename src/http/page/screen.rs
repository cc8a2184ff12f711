//! The wall screen (大屏) of a drive: what it shows, what tells it of changes, and the devices that may show it.

use super::figures::{self, Figure};
use super::list::Pages;
use super::pick::Pick;
use super::{Frame, links, render, told};
use crate::http::api::events;
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::i18n::Lang;
use crate::service::board::{BoardView, Choice};
use crate::service::charts::Request as Wanted;
use crate::service::links::{LinkBody, LinkView};
use crate::service::{App, Caller};
use askama::Template;
use warp::http::StatusCode;

/// How many figures a screen holds in a row.
const CARDS: usize = 8;

struct Card {
    name: String,
    word: String,
    figure: Figure,
    change: Option<String>,
}

struct Latest {
    name: String,
    time: String,
}

struct Drawing {
    name: &'static str,
    alt: String,
    /// The drawing itself: it comes with the page, so that the whole screen changes at once.
    svg: String,
}

#[derive(Template)]
#[template(path = "screen.html")]
struct ScreenPage {
    f: Frame,
    campaign: String,
    name: String,
    theme: String,
    unit: String,
    code: String,
    day: String,
    state: String,
    css: String,
    revision: i64,
    cards: Vec<Card>,
    basis: Option<String>,
    reported: u64,
    expected: u64,
    rate: Option<String>,
    counts: Vec<(&'static str, String, u64)>,
    latest: Vec<Latest>,
    drawings: Vec<Drawing>,
    demo: bool,
}

/// The screen.
///
/// # Errors
/// Out of scope is not found.
pub async fn show(request: Request) -> Result<Response, Error> {
    let query = request.query(&["unit"])?;
    let (app, caller, f) = (request.app.clone(), request.caller()?.clone(), Frame::of(&request));
    let (lang, id) = (request.lang, request.param(0).to_owned());
    drop(request);
    let board = app.board(&caller, &id, query.get("unit"), None).await?;
    let mut drawings = Vec::new();
    for name in ["year-over-year", "trend", "completeness"] {
        drawings.push(drawing(&app, &caller, &board, name).await?);
    }
    render(StatusCode::OK, lang, &page(f, &board, drawings))
}

async fn drawing(
    app: &App,
    caller: &Caller,
    board: &BoardView,
    name: &'static str,
) -> Result<Drawing, Error> {
    let wanted = Wanted {
        campaign: board.campaign.id.clone(),
        file: format!("{name}.svg"),
        unit: Some(board.unit.code.clone()),
        measure: Some(board.measure.clone()),
        theme: Some("dark".into()),
        ..Wanted::default()
    };
    let picture = app.chart(caller, &wanted, None).await?;
    let svg = picture.bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lang = caller.lang;
    let measure = figures::measure(&board.campaign, &board.measure);
    let values = [
        ("campaign", board.campaign.name.as_str()),
        ("measure", measure.map_or("", |measure| figures::name(lang, measure))),
    ];
    Ok(Drawing { alt: lang.words(&format!("chart-title-{name}"), &values), name, svg: inline(svg) })
}

/// A drawing as a part of a page: without the declaration that only a file of its own has.
fn inline(svg: String) -> String {
    match svg.find("<svg") {
        Some(at) => svg[at..].to_owned(),
        None => String::new(),
    }
}

fn page(f: Frame, board: &BoardView, drawings: Vec<Drawing>) -> ScreenPage {
    let lang = f.lang;
    let campaign = &board.campaign;
    let counts = board.completeness.counts;
    let cards = board.headline.iter().filter(|head| head.total.high > 0).take(CARDS).map(|head| Card {
        name: figures::name(lang, &head.measure).to_owned(),
        word: figures::word(lang, Some(&head.measure)).to_owned(),
        figure: figures::figure(lang, &head.total),
        change: head
            .change
            .as_ref()
            .filter(|change| change.code != "no_base")
            .map(|change| change.text.clone()),
    });
    let latest = board.latest.iter().flatten().map(|tally| {
        let listed = board.rows.iter().find(|row| row.unit == tally.unit);
        Latest {
            name: listed.map_or_else(|| tally.unit.clone(), |row| row.name.clone()),
            time: figures::minute(&tally.received_at).get(11..).unwrap_or_default().to_owned(),
        }
    });
    let count = |key: &'static str, count: u64| (key, lang.text(&format!("completeness-{key}")), count);
    ScreenPage {
        campaign: campaign.id.clone(),
        name: campaign.name.clone(),
        theme: campaign.theme.clone(),
        unit: board.unit.name.clone(),
        code: board.unit.code.clone(),
        day: board.day.clone(),
        state: day_words(lang, board),
        css: f.asset("screen.css"),
        revision: board.grid.revision,
        cards: cards.collect(),
        basis: board.compared_through.map(|n| lang.words("board-compared-day", &[("n", &n.to_string())])),
        reported: counts.reported,
        expected: counts.expected,
        rate: counts.rate_permille.map(|n| format!("{}.{}", n / 10, n % 10)),
        counts: vec![
            count("on_time", counts.on_time),
            count("late", counts.late),
            count("zero", counts.zero),
            count("missing", counts.missing),
        ],
        latest: latest.collect(),
        demo: campaign.demo,
        drawings,
        f,
    }
}

/// Which day of the drive it is.
fn day_words(lang: Lang, board: &BoardView) -> String {
    let at = board.grid.days.iter().position(|day| board.campaign.today.as_ref() == Some(&day.date));
    match at {
        Some(at) => lang.words("screen-day", &[("n", &(at + 1).to_string())]),
        None => lang.text(&format!("state-{}", board.campaign.state)),
    }
}

/// Tells a screen when its figures have changed.
///
/// # Errors
/// As the API's events.
pub async fn changes(request: Request) -> Result<Response, Error> {
    let unit = request.query(&["unit"])?.owned("unit");
    let campaign = request.param(0).to_owned();
    events::listen(&request, Some(&campaign), unit.as_deref())
}

#[derive(Template)]
#[template(path = "screens.html")]
struct ScreensPage {
    f: Frame,
    campaign: String,
    name: String,
    unit: String,
    /// Units to choose from by name.
    known: Vec<Choice>,
    screens: Vec<LinkView>,
    pages: Pages,
    states: Vec<Pick>,
    /// The one made just now, with its address.
    made: Option<(LinkView, String)>,
    faults: Vec<String>,
}

/// The devices that show the drive.
///
/// # Errors
/// Not allowed for whoever manages no accounts.
pub async fn devices(request: Request) -> Result<Response, Error> {
    let shown = devices_page(&request, StatusCode::OK, None, Vec::new())?;
    drop(request);
    shown.await
}

/// The page of a request. Everything of the request is taken before the first wait.
fn devices_page(
    request: &Request,
    status: StatusCode,
    made: Option<(LinkView, String)>,
    faults: Vec<String>,
) -> Result<impl Future<Output = Result<Response, Error>> + Send + use<>, Error> {
    let (app, caller) = (request.app.clone(), request.caller()?.clone());
    let (f, campaign) = (Frame::of(request), request.param(0).to_owned());
    let query = request.query(links::QUERY)?;
    Ok(async move {
        let (today, all) = (app.today().to_string(), app.links(&caller, &campaign).await?);
        let (screens, states, pages) = links::listed(caller.lang, &query, "screen", &today, all)?;
        let name = app.campaign(&caller, &campaign)?.name;
        let choices = app.choices(&caller, &campaign, None)?;
        let (unit, known) = (choices.unit.code, choices.units);
        let page = ScreensPage { f, campaign, name, unit, known, screens, pages, states, made, faults };
        render(status, caller.lang, &page)
    })
}

/// Makes a device link and shows it, or revokes one.
///
/// # Errors
/// Not found out of scope; what can be mended is told on the page.
pub async fn change(mut request: Request) -> Result<Response, Error> {
    let fields = request.form().await?;
    let (base, campaign) = (request.base(), request.param(0).to_owned());
    if let Some(id) = fields.get("revoke") {
        let id = id.parse().map_err(|_| crate::service::Error::NotFound("link_unknown"))?;
        request.app.revoke_link(request.caller()?, id).await?;
        return Ok(reply::see_other(&request.path));
    }
    let unit = fields.owned("unit").unwrap_or_default();
    let body = LinkBody { unit, expires: fields.owned("expires"), kind: Some("screen".into()) };
    let shown = match request.app.create_link(request.caller()?, &campaign, &body, &base).await {
        Ok(link) => {
            let address = format!("{base}{}", link.path.as_deref().unwrap_or_default());
            devices_page(&request, StatusCode::OK, Some((link, address)), Vec::new())?
        }
        Err(error) => {
            let error = Error::from(error);
            let faults = told(&error, request.lang);
            devices_page(&request, error.status(), None, faults)?
        }
    };
    drop(request);
    shown.await
}
