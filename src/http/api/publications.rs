//! Published figures.

use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::service::publications::PublicationBody;
use hyper::body::Bytes;
use warp::http::{StatusCode, header};

/// What was published of a campaign, newest first.
///
/// # Errors
/// 404 when the campaign does not concern the caller.
pub async fn list(request: Request) -> Result<Response, Error> {
    request.query(&[])?;
    Ok(reply::json(StatusCode::OK, &request.app.publications(request.caller()?, request.param(0)).await?))
}

/// One publication, and what must be said of it since.
///
/// # Errors
/// 404 when there is none.
pub async fn get(request: Request) -> Result<Response, Error> {
    request.query(&[])?;
    let (campaign, number) = (request.param(0), request.param(1));
    Ok(reply::json(StatusCode::OK, &request.app.publication(request.caller()?, campaign, number).await?))
}

/// Freezes the totals of a unit.
///
/// # Errors
/// Faults of the body; 403 without the permission; 404 out of scope.
pub async fn create(mut request: Request) -> Result<Response, Error> {
    let (body, _): (PublicationBody, Bytes) = request.json().await?;
    request.query(&[])?;
    let published = request.app.publish(request.caller()?, request.param(0), &body).await?;
    let place = format!("/api/v1/campaigns/{}/publications/{}", request.param(0), published.number);
    Ok(reply::with(reply::json(StatusCode::CREATED, &published), header::LOCATION, &place))
}
