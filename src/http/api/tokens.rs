//! Tokens for programs.

use super::account::OF_USER;
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::service::tokens::{TokenBody, TokenView};
use schemars::JsonSchema;
use serde::Serialize;
use warp::http::StatusCode;

/// Tokens.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Tokens {
    /// Newest first; those that ended among them.
    pub items: Vec<TokenView>,
    /// Always null: they are few.
    pub next: Option<String>,
}

/// Lists tokens.
///
/// # Errors
/// 404 for somebody else whom the caller does not manage.
pub async fn list(request: Request) -> Result<Response, Error> {
    let query = request.query(OF_USER)?;
    let items = request.app.tokens(request.caller()?, query.get("user")).await?;
    Ok(reply::json(StatusCode::OK, &Tokens { items, next: None }))
}

/// Makes a token.
///
/// # Errors
/// 403 for more than the caller has.
pub async fn create(mut request: Request) -> Result<Response, Error> {
    let (body, _): (TokenBody, _) = request.json().await?;
    let token = request.app.create_token(request.caller()?, &body).await?;
    Ok(reply::json(StatusCode::CREATED, &token))
}

/// Revokes a token.
///
/// # Errors
/// 404 when there is none that the caller may revoke.
pub async fn revoke(request: Request) -> Result<Response, Error> {
    let id = request.number(0, "token_unknown")?;
    request.app.revoke_token(request.caller()?, id).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}
