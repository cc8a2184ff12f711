//! Lines for the press, and drafts checked against the totals.

use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use schemars::JsonSchema;
use serde::Deserialize;
use warp::http::StatusCode;

/// Parameters of the lines.
pub const QUERY: &[&str] = &["unit"];

/// A draft to be checked. It is answered and forgotten.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditBody {
    /// The draft.
    pub text: String,
    /// Identifier of the campaign that it tells of.
    pub campaign: String,
    /// Code of the unit that it tells of; the highest that the caller and the campaign have when absent.
    #[serde(default)]
    pub unit: Option<String>,
}

impl std::fmt::Debug for AuditBody {
    /// A draft is not ours to show; it stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuditBody")
    }
}

/// Lines for the press, as JSON or as text ready to paste.
///
/// # Errors
/// 422 for a faulty parameter; 404 out of scope.
pub async fn press(request: Request) -> Result<Response, Error> {
    let query = request.query(QUERY)?;
    let view = request.app.press(request.caller()?, request.param(0), query.get("unit")).await?;
    Ok(if request.wants_text() {
        let mark = request.lang.words("press-snapshot", &[("id", &view.snapshot)]);
        let text = format!("{}\n\n{}\n\n{mark}\n", view.short, view.long);
        reply::bytes_as(StatusCode::OK, text, "text/plain; charset=utf-8")
    } else {
        reply::json(StatusCode::OK, &view)
    })
}

/// The totals that a snapshot names.
///
/// # Errors
/// 404 for one that never was, or out of scope.
pub async fn snapshot(request: Request) -> Result<Response, Error> {
    request.query(&[])?;
    let view = request.app.snapshot(request.caller()?, request.param(0), request.param(1)).await?;
    Ok(reply::json(StatusCode::OK, &view))
}

/// Checks a draft. Nothing of it is stored.
///
/// # Errors
/// 413 or 422 for a text that is too long; 404 out of scope.
pub async fn audit(mut request: Request) -> Result<Response, Error> {
    let (body, _): (AuditBody, _) = request.json().await?;
    let caller = request.caller()?;
    let view = request.app.audit_press(caller, &body.text, &body.campaign, body.unit.as_deref()).await?;
    Ok(reply::json(StatusCode::OK, &view))
}
