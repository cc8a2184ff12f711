//! The tree of units: level by level or searched, and one unit to change, close, open again or merge.

use super::list::{self, Order, Pages, Sort, up};
use super::pick::Pick;
use super::{Frame, render, told};
use crate::domain::access::Permission;
use crate::domain::unit::UnitKind;
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::{Query, Request};
use crate::i18n::Lang;
use crate::service::tallies::parse_day;
use crate::service::unit_tree::{Level, MergeBody};
use crate::service::units::{Filter, UnitBody, UnitOrder, UnitView};
use crate::service::{App, Caller};
use askama::Template;
use warp::http::StatusCode;

/// How many units a page of a search shows.
const PAGE: u32 = 50;

struct Row {
    unit: UnitView,
    kind: &'static str,
    /// How many lie directly under it, where that was looked up.
    children: Option<usize>,
    open: bool,
}

#[derive(Template)]
#[template(path = "units.html")]
struct UnitsPage {
    f: Frame,
    path: Vec<UnitView>,
    on: String,
    searched: bool,
    rows: Vec<Row>,
    pages: Pages,
    states: Vec<Pick>,
    may_change: bool,
    may_root: bool,
    kinds: Vec<Pick>,
    typed: Typed,
    faults: Vec<String>,
}

#[derive(Template)]
#[template(path = "unit.html")]
struct UnitPage {
    f: Frame,
    path: Vec<UnitView>,
    unit: UnitView,
    kind: &'static str,
    open: bool,
    today: String,
    children: usize,
    kinds: Vec<Pick>,
    may_change: bool,
    done: bool,
    faults: Vec<String>,
}

/// The form of a new unit as it was typed.
#[derive(Debug, Clone, Default)]
struct Typed {
    code: String,
    name: String,
    kind: String,
}

fn kind(lang: Lang, code: &str) -> &'static str {
    UnitKind::from_code(code).map_or("", |kind| lang.pick(kind.name(), kind.name_en()))
}

fn kinds(lang: Lang, chosen: &str) -> Vec<Pick> {
    UnitKind::ALL
        .iter()
        .map(|kind| Pick::new(kind.code(), lang.pick(kind.name(), kind.name_en()), chosen))
        .collect()
}

/// Parameters of the list, and its orders.
const QUERY: &[&str] = &["under", "q", "on", "state", "sort", "cursor"];
const SORTS: &[Sort] = &[up(Order::Place), up(Order::Code), up(Order::Name)];

/// One level of the tree, or what a search finds.
///
/// # Errors
/// Out of scope is not found.
pub async fn list(request: Request) -> Result<Response, Error> {
    let query = request.query(QUERY)?;
    let f = Frame::of(&request);
    let page = listing(&request.app, request.caller()?, f, &query, Typed::default(), Vec::new())?;
    render(StatusCode::OK, request.lang, &page)
}

fn listing(
    app: &App,
    caller: &Caller,
    f: Frame,
    query: &Query,
    typed: Typed,
    faults: Vec<String>,
) -> Result<UnitsPage, Error> {
    let lang = f.lang;
    let (under, q, on) = (query.get("under"), query.get("q"), query.get("on"));
    let searched = q.is_some() || on.is_some();
    let state = list::chosen(query, "state", ["open", "closed"].into_iter())?.unwrap_or_default();
    let fits = |row: &Row| state.is_empty() || row.open == (state == "open");
    let Level { path, units } = app.level(caller, under)?;
    let (rows, pages) = if searched {
        let filter = Filter {
            order: match Sort::read(query, SORTS)?.by {
                Order::Code => UnitOrder::Code,
                Order::Name => UnitOrder::Name,
                _ => UnitOrder::Place,
            },
            under: under.map(ToOwned::to_owned),
            query: q.map(ToOwned::to_owned),
            on: on.map(|day| parse_day(day, "/on")).transpose()?,
            cursor: query.owned("cursor"),
            limit: Some(PAGE),
        };
        let found = app.units(caller, &filter)?;
        let row = |unit: UnitView| Row {
            kind: kind(lang, unit.kind),
            children: None,
            open: app.is_open_today(&unit.code),
            unit,
        };
        let pages = Pages::new(lang, query, SORTS, found.next.as_deref())?;
        (found.items.into_iter().map(row).filter(fits).collect(), pages)
    } else {
        let row = |level: crate::service::unit_tree::LevelUnit| Row {
            kind: kind(lang, level.unit.kind),
            children: Some(level.children),
            open: level.open,
            unit: level.unit,
        };
        let rows: Vec<Row> = units.into_iter().map(row).filter(fits).collect();
        // A level comes in administrative order, which a stable sort keeps.
        let compare = |by, a: &Row, b: &Row| match by {
            Order::Code => a.unit.code.cmp(&b.unit.code),
            Order::Name => (&a.unit.name, &a.unit.code).cmp(&(&b.unit.name, &b.unit.code)),
            _ => std::cmp::Ordering::Equal,
        };
        list::page(lang, query, SORTS, rows, compare, |row| row.unit.code.clone())?
    };
    let all = Pick::new("", lang.text("pick-all"), state);
    let of_state = |code| Pick::new(code, lang.text(&format!("units-{code}")), state);
    let outlook = app.outlook(caller, None, None);
    let may_change = outlook.may(Permission::ManageUnits);
    Ok(UnitsPage {
        on: on.unwrap_or_default().to_owned(),
        searched,
        rows,
        pages,
        states: vec![all, of_state("open"), of_state("closed")],
        may_root: may_change && crate::domain::access::may_everywhere(&caller.actor, Permission::ManageUnits),
        may_change,
        kinds: kinds(lang, if typed.kind.is_empty() { UnitKind::default().code() } else { &typed.kind }),
        path,
        typed,
        faults,
        f,
    })
}

/// Enters a unit under the one that is shown.
///
/// # Errors
/// What can be mended is told on the page.
pub async fn create(mut request: Request) -> Result<Response, Error> {
    let fields = request.form().await?;
    let text = |name: &str| fields.owned(name).unwrap_or_default();
    let typed = Typed { code: text("code"), name: text("name"), kind: text("kind") };
    let body = UnitBody {
        code: fields.owned("code").map(|code| code.trim().to_owned()),
        name: fields.owned("name"),
        kind: fields.owned("kind"),
        parent: fields.owned("under").map(Some),
        ..UnitBody::default()
    };
    let (app, caller, f) = (request.app.clone(), request.caller()?.clone(), Frame::of(&request));
    let lang = request.lang;
    drop(request);
    match app.create_unit(&caller, &body).await {
        Ok(unit) => {
            let under = unit.parent.map(|parent| format!("?under={parent}")).unwrap_or_default();
            Ok(reply::see_other(&format!("/units{under}")))
        }
        Err(error) => {
            let error = Error::from(error);
            let query = Query::of(
                fields.owned("under").map(|under| ("under".to_owned(), under)).into_iter().collect(),
            );
            let page = listing(&app, &caller, f, &query, typed, told(&error, lang))?;
            render(error.status(), lang, &page)
        }
    }
}

/// One unit.
///
/// # Errors
/// Out of scope is not found.
pub async fn show(request: Request) -> Result<Response, Error> {
    let done = request.query(&["done"])?.get("done").is_some();
    let f = Frame::of(&request);
    let mut page = unit_page(&request.app, request.caller()?, f, request.param(0), Vec::new())?;
    page.done = done;
    render(StatusCode::OK, request.lang, &page)
}

fn unit_page(
    app: &App,
    caller: &Caller,
    f: Frame,
    code: &str,
    faults: Vec<String>,
) -> Result<UnitPage, Error> {
    let lang = f.lang;
    let unit = app.unit(caller, code)?;
    let Level { mut path, units } = app.level(caller, Some(code))?;
    path.pop();
    Ok(UnitPage {
        kind: kind(lang, unit.kind),
        open: app.is_open_today(code),
        today: app.today().to_string(),
        children: units.len(),
        kinds: kinds(lang, unit.kind),
        may_change: app.outlook(caller, None, Some(code)).may(Permission::ManageUnits),
        done: false,
        path,
        unit,
        faults,
        f,
    })
}

/// Changes a unit, closes it, opens it again, or merges it into another.
///
/// # Errors
/// What can be mended is told on the page.
pub async fn change(mut request: Request) -> Result<Response, Error> {
    let fields = request.form().await?;
    let (app, caller, f) = (request.app.clone(), request.caller()?.clone(), Frame::of(&request));
    let (lang, code) = (request.lang, request.param(0).to_owned());
    drop(request);
    match act(&app, &caller, &code, &fields).await {
        Ok(unit) => Ok(reply::see_other(&format!("/units/{}?done=1", unit.code))),
        Err(error) => {
            let error = Error::from(error);
            if error.status() == StatusCode::NOT_FOUND || error.status().is_server_error() {
                return Err(error);
            }
            let page = unit_page(&app, &caller, f, &code, told(&error, lang))?;
            render(error.status(), lang, &page)
        }
    }
}

async fn act(
    app: &App,
    caller: &Caller,
    code: &str,
    fields: &Query,
) -> Result<UnitView, crate::service::Error> {
    let text = |name: &str| fields.get(name).map(|text| text.trim().to_owned());
    let closing = |day: Option<String>| UnitBody { closed_on: Some(day), ..UnitBody::default() };
    match fields.get("do") {
        Some("close") => app.update_unit(caller, code, &closing(text("closed_on"))).await,
        Some("open") => app.update_unit(caller, code, &closing(None)).await,
        Some("merge") => {
            let into = text("into").unwrap_or_default();
            let into = into.split_whitespace().next().unwrap_or_default().to_owned();
            let body = MergeBody { into, on: text("on").unwrap_or_default() };
            app.merge_unit(caller, code, &body).await
        }
        _ => {
            let body = UnitBody {
                code: text("code"),
                name: text("name"),
                kind: text("kind"),
                parent: text("parent").filter(|parent| !parent.is_empty()).map(Some),
                opened_on: Some(text("opened_on")),
                closed_on: None,
                order: text("order").and_then(|order| order.parse().ok()),
            };
            app.update_unit(caller, code, &body).await
        }
    }
}
