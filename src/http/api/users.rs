//! Accounts, for those who manage them.

use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::service::accounts::{NewUserBody, UserBody, UsersFilter};
use warp::http::StatusCode;

/// Parameters of the list: a part of the name, and where the page before ended.
pub const QUERY: &[&str] = &["q", "cursor"];

/// A name in a path, which may be in any script.
pub fn name(request: &Request) -> String {
    let pair = format!("name={}", request.param(0).replace('+', "%2B"));
    form_urlencoded::parse(pair.as_bytes()).next().map(|(_, name)| name.into_owned()).unwrap_or_default()
}

/// Lists accounts.
///
/// # Errors
/// 403 for whoever manages none.
pub async fn list(request: Request) -> Result<Response, Error> {
    let query = request.query(QUERY)?;
    let users = request
        .app
        .users(
            request.caller()?,
            &UsersFilter { part: query.get("q"), cursor: query.get("cursor"), ..UsersFilter::default() },
        )
        .await?;
    Ok(reply::json(StatusCode::OK, &users))
}

/// One account.
///
/// # Errors
/// 404 when there is none that the caller manages.
pub async fn get(request: Request) -> Result<Response, Error> {
    let name = name(&request);
    let user = request.app.user(request.caller()?, &name).await?;
    Ok(reply::json(StatusCode::OK, &user))
}

/// Enters an account.
///
/// # Errors
/// 403 for what the caller may not give; 409 for a name that is taken.
pub async fn create(mut request: Request) -> Result<Response, Error> {
    let (body, _): (NewUserBody, _) = request.json().await?;
    let user = request.app.create_user(request.caller()?, &body).await?;
    Ok(reply::json(StatusCode::CREATED, &user))
}

/// Changes an account.
///
/// # Errors
/// 404 when there is none that the caller manages; 409 for the last administrator.
pub async fn update(mut request: Request) -> Result<Response, Error> {
    let (body, _): (UserBody, _) = request.json().await?;
    let name = name(&request);
    let user = request.app.update_user(request.caller()?, &name, &body).await?;
    Ok(reply::json(StatusCode::OK, &user))
}
