//! Signing in and out.

use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::http::session::{self, Token};
use crate::service;
use crate::service::session::{Attempt, SessionView};
use schemars::JsonSchema;
use serde::Deserialize;
use warp::http::StatusCode;

/// Name and password.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// Name of the account.
    pub username: String,
    /// Password.
    pub password: String,
    /// One-time or recovery code, of an account that has them.
    #[serde(default)]
    pub totp: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

/// Signs in: a bearer token, and a cookie for browsers.
///
/// # Errors
/// 401 for a wrong name or password, and for a missing or wrong one-time code; 429 after too many failures; 503 when too
/// many wait.
pub async fn create(mut request: Request) -> Result<Response, Error> {
    let (credentials, _): (Credentials, _) = request.json().await?;
    let attempt = Attempt {
        username: &credentials.username,
        password: &credentials.password,
        totp: credentials.totp.as_deref(),
        address: request.address,
    };
    let session = request.app.sign_in(attempt).await?;
    Ok(begun(&request, StatusCode::CREATED, &session, &session))
}

/// An answer with the cookie of a session that has begun.
pub(super) fn begun(
    request: &Request,
    status: StatusCode,
    session: &SessionView,
    answer: &impl serde::Serialize,
) -> Response {
    let seconds = request.app.limits().session.as_secs();
    session::give(reply::json(status, answer), request.secure, &session.token, seconds)
}

/// Signs out.
///
/// # Errors
/// 401 when nobody is signed in.
pub async fn delete(request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    let token = Token::of(&request.headers).ok_or(service::Error::Unauthenticated)?;
    request.app.sign_out(caller, token.as_str()).await?;
    Ok(session::take(reply::empty(StatusCode::NO_CONTENT), request.secure))
}

/// Who is signed in.
///
/// # Errors
/// 401 when nobody is.
pub async fn me(request: Request) -> Result<Response, Error> {
    Ok(reply::json(StatusCode::OK, &request.app.me(request.caller()?)))
}
