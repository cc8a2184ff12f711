//! The print ledger of a unit.

use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::service::ledger::LedgerBody;
use hyper::body::Bytes;
use warp::http::StatusCode;

/// Parameters: whose ledger.
pub const QUERY: &[&str] = &["unit"];

/// A unit's ledger.
///
/// # Errors
/// 404 out of scope.
pub async fn get(request: Request) -> Result<Response, Error> {
    let query = request.query(QUERY)?;
    let ledger = request.app.ledger(request.caller()?, request.param(0), query.get("unit")).await?;
    Ok(reply::json(StatusCode::OK, &ledger))
}

/// Enters something, or takes an entry back.
///
/// # Errors
/// Faults of the body; 403 without the permission; 404 out of scope; 409 when it was taken back before.
pub async fn add(mut request: Request) -> Result<Response, Error> {
    let (body, _): (LedgerBody, Bytes) = request.json().await?;
    let query = request.query(QUERY)?;
    let caller = request.caller()?;
    let entry = request.app.add_to_ledger(caller, request.param(0), query.get("unit"), &body).await?;
    Ok(reply::json(StatusCode::CREATED, &entry))
}
