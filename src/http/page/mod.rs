//! Pages for people, rendered here; they work without script.

use super::error::Error;
use super::reply::{self, Response};
use super::request::Request;
use crate::i18n::Lang;

/// Where everybody begins.
///
/// # Errors
/// None yet.
pub async fn home(request: Request) -> Result<Response, Error> {
    Ok(reply::bytes_as(warp::http::StatusCode::OK, request.lang.tag(), "text/plain; charset=utf-8"))
}

/// What a page says when something is wrong; who is not signed in is sent to sign in.
#[must_use]
pub fn problem(error: &Error, lang: Lang, _path: &str) -> Response {
    reply::bytes_as(error.status(), error.title(lang), "text/plain; charset=utf-8")
}
