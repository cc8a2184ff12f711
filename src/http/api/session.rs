//! Signing in and out.

use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::http::session::{COOKIE, Token};
use crate::service;
use crate::service::session::MeView;
use schemars::JsonSchema;
use serde::Deserialize;
use warp::http::{HeaderValue, StatusCode, header};

/// Name and password.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// Name of the account.
    pub username: String,
    /// Password.
    pub password: String,
    /// One-time code; accounts have none yet.
    #[serde(default)]
    pub totp: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

/// The cookie that holds a session, or ends it.
#[must_use]
pub fn cookie(token: &str, seconds: u64) -> String {
    format!("{COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax")
}

/// Signs in: a bearer token, and a cookie for browsers.
///
/// # Errors
/// 401 for a wrong name or password; 503 when too many wait.
pub async fn create(mut request: Request) -> Result<Response, Error> {
    let (credentials, _): (Credentials, _) = request.json().await?;
    let session = request.app.sign_in(&credentials.username, &credentials.password, request.address).await?;
    let mut response = reply::json(StatusCode::CREATED, &session);
    let seconds = request.app.limits().session.as_secs();
    let response_headers = response.headers_mut();
    if let Ok(cookie) = HeaderValue::from_str(&cookie(&session.token, seconds)) {
        response_headers.insert(header::SET_COOKIE, cookie);
    }
    response_headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Signs out.
///
/// # Errors
/// 401 when nobody is signed in.
pub async fn delete(request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    let token = Token::of(&request.headers).ok_or(service::Error::Unauthenticated)?;
    request.app.sign_out(caller, token.as_str()).await?;
    Ok(reply::with(reply::empty(StatusCode::NO_CONTENT), header::SET_COOKIE, &cookie("", 0)))
}

/// Who is signed in.
///
/// # Errors
/// 401 when nobody is.
pub async fn me(request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    let me = MeView {
        username: caller.actor.username.clone(),
        grants: service::session::grants_view(&caller.actor, &request.app.catalogue().tree),
    };
    Ok(reply::json(StatusCode::OK, &me))
}
