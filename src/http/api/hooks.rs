//! Hooks: where messages and events are sent.

use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::service::outbox::HookBody;
use warp::http::{StatusCode, header};

/// Parameters of the list of deliveries.
pub const DELIVERIES: &[&str] = &["state", "cursor"];

/// The hooks of a campaign.
///
/// # Errors
/// 404 when the campaign does not concern the caller; 403 without the permission.
pub async fn list(request: Request) -> Result<Response, Error> {
    request.query(&[])?;
    Ok(reply::json(StatusCode::OK, &request.app.hooks(request.caller()?, request.param(0)).await?))
}

/// Enters a hook.
///
/// # Errors
/// Faults of the body; 404 out of scope; 403 without the permission.
pub async fn create(mut request: Request) -> Result<Response, Error> {
    let (body, _): (HookBody, _) = request.json().await?;
    let hook = request.app.create_hook(request.caller()?, request.param(0), &body).await?;
    let place = format!("/api/v1/hooks/{}", hook.id);
    Ok(reply::with(reply::json(StatusCode::CREATED, &hook), header::LOCATION, &place))
}

/// Changes a hook.
///
/// # Errors
/// Faults of the body; 404 out of scope; 403 without the permission.
pub async fn update(mut request: Request) -> Result<Response, Error> {
    let (body, _): (HookBody, _) = request.json().await?;
    let hook = request.app.update_hook(request.caller()?, request.param(0), &body).await?;
    Ok(reply::json(StatusCode::OK, &hook))
}

/// Forgets a hook.
///
/// # Errors
/// 404 out of scope; 403 without the permission.
pub async fn delete(request: Request) -> Result<Response, Error> {
    request.app.delete_hook(request.caller()?, request.param(0)).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// Sends a few words to a hook and tells whether it took them.
///
/// # Errors
/// 404 out of scope; 403 without the permission.
pub async fn test(request: Request) -> Result<Response, Error> {
    Ok(reply::json(StatusCode::OK, &request.app.test_hook(request.caller()?, request.param(0)).await?))
}

/// What was sent to a hook or is to be.
///
/// # Errors
/// 422 for a faulty parameter; 404 out of scope; 403 without the permission.
pub async fn deliveries(request: Request) -> Result<Response, Error> {
    let query = request.query(DELIVERIES)?;
    let view = request
        .app
        .deliveries(request.caller()?, request.param(0), query.get("state"), query.get("cursor"))
        .await?;
    Ok(reply::json(StatusCode::OK, &view))
}

/// Sends a delivery once more.
///
/// # Errors
/// 404 when there is none that was done or given up; 403 without the permission.
pub async fn redeliver(request: Request) -> Result<Response, Error> {
    request.app.redeliver(request.caller()?, request.param(0), request.param(1)).await?;
    Ok(reply::empty(StatusCode::ACCEPTED))
}
