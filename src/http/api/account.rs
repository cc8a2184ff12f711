//! What a person does to their own account: password, one-time codes, sessions.

use super::session::begun;
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::service::session::LiveSession;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use warp::http::StatusCode;

/// Parameters of lists that may be somebody else's.
pub const OF_USER: &[&str] = &["user"];

/// A change of password.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    /// The present password.
    pub current: String,
    /// The new one.
    pub new: String,
}

/// The present password, which proves who asks.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProofBody {
    /// The present password.
    pub password: String,
}

/// A one-time code.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeBody {
    /// The code.
    pub totp: String,
}

/// The present password and a one-time or recovery code.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemovalBody {
    /// The present password.
    pub password: String,
    /// The code.
    pub totp: String,
}

macro_rules! secret {
    ($($body:ident)*) => { $(
        impl std::fmt::Debug for $body {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($body))
            }
        }
    )* };
}
secret!(PasswordBody ProofBody CodeBody RemovalBody);

/// Live sessions.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Sessions {
    /// Newest first.
    pub items: Vec<LiveSession>,
    /// Always null: they are few.
    pub next: Option<String>,
}

/// Changes the password.
///
/// # Errors
/// As signing in for the present password; 422 for the new one.
pub async fn password(mut request: Request) -> Result<Response, Error> {
    let (body, _): (PasswordBody, _) = request.json().await?;
    let session = request.app.change_password(request.caller()?, &body.current, &body.new).await?;
    Ok(begun(&request, StatusCode::OK, &session, &session))
}

/// Offers a secret for one-time codes.
///
/// # Errors
/// As signing in; 409 when there is one already.
pub async fn offer_totp(mut request: Request) -> Result<Response, Error> {
    let (body, _): (ProofBody, _) = request.json().await?;
    let offer = request.app.offer_totp(request.caller()?, &body.password).await?;
    Ok(reply::json(StatusCode::OK, &offer))
}

/// Confirms the secret.
///
/// # Errors
/// 401 for a wrong code; 404 when nothing was offered.
pub async fn confirm_totp(mut request: Request) -> Result<Response, Error> {
    let (body, _): (CodeBody, _) = request.json().await?;
    let confirmed = request.app.confirm_totp(request.caller()?, &body.totp).await?;
    Ok(begun(&request, StatusCode::OK, &confirmed.session, &confirmed))
}

/// Ends one-time codes.
///
/// # Errors
/// As signing in.
pub async fn remove_totp(mut request: Request) -> Result<Response, Error> {
    let (body, _): (RemovalBody, _) = request.json().await?;
    let session = request.app.remove_totp(request.caller()?, &body.password, &body.totp).await?;
    Ok(begun(&request, StatusCode::OK, &session, &session))
}

/// Lists sessions.
///
/// # Errors
/// 404 for somebody else whom the caller does not manage.
pub async fn sessions(request: Request) -> Result<Response, Error> {
    let query = request.query(OF_USER)?;
    let items = request.app.live_sessions(request.caller()?, query.get("user")).await?;
    Ok(reply::json(StatusCode::OK, &Sessions { items, next: None }))
}

/// Ends a session.
///
/// # Errors
/// 404 when there is none that the caller may end.
pub async fn end_session(request: Request) -> Result<Response, Error> {
    let id = request.number(0, "session_unknown")?;
    request.app.end_session(request.caller()?, id).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}
