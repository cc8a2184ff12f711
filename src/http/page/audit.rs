//! The audit, for those who may read it.

use super::list::{Order, Pages, Sort, down, up};
use super::{Frame, render};
use crate::http::api::audit::asked;
use crate::http::error::Error;
use crate::http::reply::Response;
use crate::http::request::Request;
use crate::service::audit::{AuditItem, AuditQuery, HeadView};
use askama::Template;
use warp::http::StatusCode;

struct Line {
    item: AuditItem,
    before: String,
    after: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    f: Frame,
    asked: AuditQuery,
    lines: Vec<Line>,
    heads: Vec<HeadView>,
    pages: Pages,
    csv: String,
    json: String,
}

/// What is filtered by, as the query of a file's address.
fn filters(asked: &AuditQuery) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [
        ("who", &asked.who),
        ("action", &asked.action),
        ("subject", &asked.subject),
        ("from", &asked.from),
        ("to", &asked.to),
    ] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    query.finish()
}

fn text(value: &serde_json::Value) -> String {
    if value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty) {
        return String::new();
    }
    value.to_string()
}

/// Parameters of the page, and its orders.
const PAGE_QUERY: &[&str] = &["who", "action", "subject", "from", "to", "cursor", "limit", "sort"];
const SORTS: &[Sort] = &[down(Order::At), up(Order::At)];

/// What was done and refused, newest first unless asked otherwise, with the heads of the chains to be printed.
///
/// # Errors
/// 403 for whoever may read none of it.
pub async fn show(request: Request) -> Result<Response, Error> {
    let query = request.query(PAGE_QUERY)?;
    let mut asked = asked(&query)?;
    asked.oldest_first = !Sort::read(&query, SORTS)?.down;
    let caller = request.caller()?;
    let view = request.app.audit(caller, &asked).await?;
    let heads = request.app.audit_heads(caller, None).await?.items;
    let filters = filters(&asked);
    let with = |path: &str| if filters.is_empty() { path.to_owned() } else { format!("{path}?{filters}") };
    let line = |item: AuditItem| Line { before: text(&item.before), after: text(&item.after), item };
    let page = AuditPage {
        f: Frame::of(&request),
        pages: Pages::new(request.lang, &query, SORTS, view.next.as_deref())?,
        csv: with("/api/v1/audit/export.csv"),
        json: with("/api/v1/audit/export.json"),
        lines: view.items.into_iter().map(line).collect(),
        heads,
        asked,
    };
    render(StatusCode::OK, request.lang, &page)
}
