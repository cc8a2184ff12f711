//! The audit, for those who may read it.

use super::{Frame, render};
use crate::http::api::audit::{QUERY, asked};
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
    next: Option<String>,
    csv: String,
    json: String,
}

/// What is filtered by, as the query of an address; without the cursor.
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

/// What was done and refused, newest first, with the heads of the chains to be printed.
///
/// # Errors
/// 403 for whoever may read none of it.
pub async fn show(request: Request) -> Result<Response, Error> {
    let asked = asked(&request.query(QUERY)?)?;
    let caller = request.caller()?;
    let view = request.app.audit(caller, &asked).await?;
    let heads = request.app.audit_heads(caller, None).await?.items;
    let filters = filters(&asked);
    let with = |path: &str, more: String| {
        let query: Vec<String> =
            [filters.clone(), more].into_iter().filter(|part| !part.is_empty()).collect();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
    };
    let line = |item: AuditItem| Line { before: text(&item.before), after: text(&item.after), item };
    let page = AuditPage {
        f: Frame::of(&request),
        next: view.next.map(|cursor| with("/audit", format!("cursor={cursor}"))),
        csv: with("/api/v1/audit/export.csv", String::new()),
        json: with("/api/v1/audit/export.json", String::new()),
        lines: view.items.into_iter().map(line).collect(),
        heads,
        asked,
    };
    render(StatusCode::OK, request.lang, &page)
}
