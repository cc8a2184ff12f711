//! The audit: read, as a file, and the heads of its chains.

use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::{Query, Request};
use crate::service::audit::AuditQuery;
use crate::service::export::Form;
use warp::http::{StatusCode, header};

/// Parameters of the list.
pub const QUERY: &[&str] = &["who", "action", "subject", "from", "to", "cursor", "limit"];
/// Parameters of a file.
pub const FILE: &[&str] = &["who", "action", "subject", "from", "to"];
/// Parameters of the heads.
pub const HEADS: &[&str] = &["date"];

/// What of the audit a query asks for.
///
/// # Errors
/// `limit_invalid`.
pub fn asked(query: &Query) -> Result<AuditQuery, Error> {
    Ok(AuditQuery {
        who: query.owned("who"),
        action: query.owned("action"),
        subject: query.owned("subject"),
        from: query.owned("from"),
        to: query.owned("to"),
        cursor: query.owned("cursor"),
        limit: query.positive("limit")?,
        oldest_first: false,
    })
}

/// What was done and refused, newest first.
///
/// # Errors
/// 403 for whoever may read none of it; 422 for a faulty parameter.
pub async fn list(request: Request) -> Result<Response, Error> {
    let asked = asked(&request.query(QUERY)?)?;
    let view = request.app.audit(request.caller()?, &asked).await?;
    Ok(reply::json(StatusCode::OK, &view))
}

/// The same as a file: `export.csv`, `export.json`.
///
/// # Errors
/// As [`list`]; 422 when it is too much for one file.
pub async fn export(request: Request) -> Result<Response, Error> {
    let asked = asked(&request.query(FILE)?)?;
    let name = request.path.rsplit('/').next().unwrap_or_default();
    let form = Form::of(name).ok_or(Error::RouteUnknown)?;
    let bytes = request.app.export_audit(request.caller()?, &asked, form == Form::Csv).await?;
    let response = reply::bytes_as(StatusCode::OK, bytes, form.media_type());
    let attachment = format!("attachment; filename=\"audit-{name}\"");
    Ok(reply::with(response, header::CONTENT_DISPOSITION, &attachment))
}

/// The ends of the chains: to be printed or sent, and compared later.
///
/// # Errors
/// 403 for whoever may read none of the audit; 422 for a faulty day.
pub async fn heads(request: Request) -> Result<Response, Error> {
    let query = request.query(HEADS)?;
    let view = request.app.audit_heads(request.caller()?, query.get("date")).await?;
    Ok(reply::json(StatusCode::OK, &view))
}
