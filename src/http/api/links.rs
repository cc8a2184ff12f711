//! Report links.

use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::service::links::{LinkBody, LinkView};
use schemars::JsonSchema;
use serde::Serialize;
use warp::http::StatusCode;

/// Report links of a campaign.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Links {
    /// Newest first; those that ended among them.
    pub items: Vec<LinkView>,
    /// Always null: a campaign's come at once.
    pub next: Option<String>,
}

/// Lists links.
///
/// # Errors
/// 403 for whoever manages no accounts.
pub async fn list(request: Request) -> Result<Response, Error> {
    request.query(&[])?;
    let items = request.app.links(request.caller()?, request.param(0)).await?;
    Ok(reply::json(StatusCode::OK, &Links { items, next: None }))
}

/// Makes a link.
///
/// # Errors
/// 404 out of scope; 422 for a unit outside the campaign.
pub async fn create(mut request: Request) -> Result<Response, Error> {
    let (body, _): (LinkBody, _) = request.json().await?;
    let base = request.base();
    let link = request.app.create_link(request.caller()?, request.param(0), &body, &base).await?;
    Ok(reply::json(StatusCode::CREATED, &link))
}

/// Revokes a link.
///
/// # Errors
/// 404 when there is none that the caller manages.
pub async fn revoke(request: Request) -> Result<Response, Error> {
    let id = request.number(0, "link_unknown")?;
    request.app.revoke_link(request.caller()?, id).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}
