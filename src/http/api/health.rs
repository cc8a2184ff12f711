//! Whether the service lives and can work.

use crate::http::error::Error;
use crate::http::metrics::MEDIA_TYPE;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::service;
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

/// What is counted, for monitoring on this machine; elsewhere, and where a listener of its own was asked for, there is
/// no such address.
///
/// # Errors
/// Not found for everybody else.
pub async fn measured_here(request: Request) -> Result<Response, Error> {
    let own_listener = request.app.limits().site.metrics_apart;
    if own_listener || !request.address.is_some_and(|address| address.is_loopback()) {
        return Err(Error::RouteUnknown);
    }
    measured(request).await
}

/// What is counted, for whoever reaches the listener that is for monitoring alone.
///
/// # Errors
/// When it cannot be written.
pub async fn measured(request: Request) -> Result<Response, Error> {
    let text = request.metrics.text(&request.app);
    let text = text.map_err(|error| service::Error::Internal(error.to_string()))?;
    Ok(reply::bytes_as(StatusCode::OK, text, MEDIA_TYPE))
}
