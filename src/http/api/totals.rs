//! Totals and completeness.

use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::service::totals::By;
use warp::http::StatusCode;

/// Parameters of totals.
pub const TOTALS: &[&str] = &["unit", "by", "measure"];
/// Parameters of completeness.
pub const COMPLETENESS: &[&str] = &["unit", "date"];

/// Totals of a unit.
///
/// # Errors
/// 422 for a faulty parameter; 404 out of scope.
pub async fn totals(request: Request) -> Result<Response, Error> {
    let query = request.query(TOTALS)?;
    let by = By::parse(query.get("by"))?;
    let totals = request
        .app
        .totals(request.caller()?, request.param(0), query.get("unit"), by, query.get("measure"))
        .await?;
    Ok(reply::json(StatusCode::OK, &totals))
}

/// Who has reported.
///
/// # Errors
/// 422 for a faulty parameter; 404 out of scope.
pub async fn completeness(request: Request) -> Result<Response, Error> {
    let query = request.query(COMPLETENESS)?;
    let view = request
        .app
        .completeness(request.caller()?, request.param(0), query.get("unit"), query.get("date"))
        .await?;
    Ok(reply::json(StatusCode::OK, &view))
}
