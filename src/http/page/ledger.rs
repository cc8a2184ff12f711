//! A unit's print ledger: where the copies of each title are, and a form for the next entry.

use super::list::{self, Order, Pages, Sort, down, up};
use super::pick::Pick;
use super::{Frame, render};
use crate::domain::ledger::LedgerKind;
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::{Query, Request};
use crate::service::campaigns::CampaignView;
use crate::service::ledger::{LedgerBody, LedgerEntryView, LedgerView};
use crate::service::{self, App, Caller};
use askama::Template;
use std::sync::Arc;
use warp::http::StatusCode;

struct Entry {
    id: String,
    date: String,
    title: String,
    kind: &'static str,
    count: i32,
    by: String,
    note: String,
    /// May be taken back: not taken back yet, and does not take one back.
    open: bool,
}

#[derive(Template)]
#[template(path = "ledger.html")]
struct LedgerPage {
    f: Frame,
    campaign: CampaignView,
    ledger: LedgerView,
    entries: Vec<Entry>,
    pages: Pages,
    of_kind: Vec<Pick>,
    kinds: Vec<(&'static str, &'static str, bool)>,
    typed: Typed,
    fault: Option<String>,
}

/// The form as it was typed.
#[derive(Debug, Clone, Default)]
struct Typed {
    title: String,
    date: String,
    kind: String,
    count: String,
    note: String,
}

impl Typed {
    fn read(fields: &Query) -> Self {
        let text = |name: &str| fields.owned(name).unwrap_or_default();
        Self {
            title: text("title"),
            date: text("date"),
            kind: text("kind"),
            count: text("count"),
            note: text("note"),
        }
    }
}

/// Parameters of the list of entries, and its orders.
const QUERY: &[&str] = &["q", "kind", "from", "to", "sort", "cursor"];
const SORTS: &[Sort] =
    &[down(Order::Made), up(Order::Made), down(Order::Day), up(Order::Day), up(Order::Title)];

/// The ledger of a unit.
///
/// # Errors
/// Out of scope is not found; a faulty parameter is told.
pub async fn show(request: Request) -> Result<Response, Error> {
    let query = request.query(QUERY)?;
    let (app, caller) = (request.app.clone(), request.caller()?.clone());
    let place = (request.param(0).to_owned(), request.param(1).to_owned());
    let frame = Frame::of(&request);
    drop(request);
    page(app, &caller, frame, place, &query, Typed::default(), None).await
}

/// Enters something, or takes an entry back.
///
/// # Errors
/// Out of scope is not found; who may not enter is told so.
pub async fn add(mut request: Request) -> Result<Response, Error> {
    let fields = request.form().await?;
    request.query(&[])?;
    let (app, caller) = (request.app.clone(), request.caller()?.clone());
    let place = (request.param(0).to_owned(), request.param(1).to_owned());
    let frame = Frame::of(&request);
    drop(request);
    let typed = Typed::read(&fields);
    let body = LedgerBody {
        title: fields.owned("title"),
        date: fields.owned("date"),
        kind: fields.owned("kind"),
        count: typed.count.trim().parse().ok(),
        reverses: fields.owned("reverses"),
        note: typed.note.clone(),
    };
    use service::Error as S;
    match app.add_to_ledger(&caller, &place.0, Some(&place.1), &body).await {
        Ok(_) => Ok(reply::see_other(&format!("/campaigns/{}/ledger/{}", place.0, place.1))),
        Err(error @ (S::Invalid(_) | S::Exists(_))) => {
            let error = Error::from(error);
            error.log();
            page(app, &caller, frame, place, &Query::default(), typed, Some(error)).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn page(
    app: Arc<App>,
    caller: &Caller,
    f: Frame,
    (campaign, unit): (String, String),
    query: &Query,
    typed: Typed,
    error: Option<Error>,
) -> Result<Response, Error> {
    let lang = f.lang;
    let ledger = app.ledger(caller, &campaign, Some(&unit)).await?;
    let taken_back = |id: &str| ledger.items.iter().any(|entry| entry.reverses.as_deref() == Some(id));
    let kind =
        |code: &str| LedgerKind::from_code(code).map_or("", |kind| lang.pick(kind.name(), kind.name_en()));
    let of_kind = list::chosen(query, "kind", LedgerKind::ALL.iter().map(|kind| kind.code()))?;
    let days = list::days(query)?;
    let wanted = |(_, entry): &(usize, &LedgerEntryView)| {
        of_kind.is_none_or(|kind| kind == entry.kind)
            && days.hold(&entry.date)
            && list::matches(query, &[&entry.title, &entry.note, &entry.by])
    };
    let found = ledger.items.iter().enumerate().filter(wanted).collect();
    // Entries come in the order in which they were made.
    let compare = |by, a: &(usize, &LedgerEntryView), b: &(usize, &LedgerEntryView)| match by {
        Order::Day => (&a.1.date, a.0).cmp(&(&b.1.date, b.0)),
        Order::Title => (&a.1.title, a.0).cmp(&(&b.1.title, b.0)),
        _ => a.0.cmp(&b.0),
    };
    let (found, pages) = list::page(lang, query, SORTS, found, compare, |(_, entry)| entry.id.clone())?;
    let entries = found.into_iter().map(|(_, entry)| Entry {
        open: entry.reverses.is_none() && !taken_back(&entry.id),
        id: entry.id.clone(),
        date: entry.date.clone(),
        title: entry.title.as_ref().to_owned(),
        kind: kind(entry.kind),
        count: entry.count,
        by: entry.by.clone(),
        note: entry.note.clone(),
    });
    let status = error.as_ref().map_or(StatusCode::OK, Error::status);
    let fault = error.map(|error| {
        let faults = error.faults(lang).into_iter().map(|fault| fault.message).collect::<Vec<_>>();
        if faults.is_empty() { error.title(lang) } else { faults.join(lang.pick("；", "; ")) }
    });
    let page = LedgerPage {
        entries: entries.collect(),
        pages,
        of_kind: std::iter::once(Pick::new("", lang.text("pick-all"), of_kind.unwrap_or_default()))
            .chain(
                LedgerKind::ALL
                    .iter()
                    .map(|one| Pick::new(one.code(), kind(one.code()), of_kind.unwrap_or_default())),
            )
            .collect(),
        kinds: LedgerKind::ALL.iter().map(|k| (k.code(), kind(k.code()), k.code() == typed.kind)).collect(),
        campaign: app.campaign(caller, &campaign)?,
        ledger,
        typed,
        fault,
        f,
    };
    render(status, lang, &page)
}
