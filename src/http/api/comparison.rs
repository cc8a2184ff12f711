//! Year over year.

use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::service::comparison::Question;
use warp::http::StatusCode;

/// Parameters.
pub const QUERY: &[&str] = &["kind", "unit", "measure", "years", "by", "align", "basis"];

/// Drives side by side.
///
/// # Errors
/// 422 for a faulty parameter; 404 out of scope.
pub async fn comparison(request: Request) -> Result<Response, Error> {
    let query = request.query(QUERY)?;
    let question = Question {
        kind: query.owned("kind"),
        unit: query.owned("unit"),
        measure: query.owned("measure"),
        years: query.owned("years"),
        by: query.owned("by"),
        align: query.owned("align"),
        basis: query.owned("basis"),
    };
    Ok(reply::json(StatusCode::OK, &request.app.comparison(request.caller()?, &question).await?))
}
