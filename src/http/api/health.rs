//! Whether the service lives and can work.

use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use serde_json::json;
use warp::http::StatusCode;

/// The process runs.
///
/// # Errors
/// None.
pub async fn alive(_: Request) -> Result<Response, Error> {
    Ok(reply::json(StatusCode::OK, &json!({ "status": "ok" })))
}

/// The database answers.
///
/// # Errors
/// 503 when it does not.
pub async fn ready(request: Request) -> Result<Response, Error> {
    request.app.ready().await?;
    Ok(reply::json(StatusCode::OK, &json!({ "status": "ready" })))
}
