//! Choosing the size of letters: the usual, or large (关怀版).

use super::own;
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::http::session::SIZE_COOKIE;
use warp::http::header;

/// Keeps the size in a cookie and goes back to the page.
///
/// # Errors
/// When the form cannot be read.
pub async fn choose(mut request: Request) -> Result<Response, Error> {
    let form = request.form().await?;
    // Anything but the one word is the usual size.
    let (size, seconds) = if form.get("size") == Some("large") { ("large", 31_536_000) } else { ("", 0) };
    let cookie = format!("{SIZE_COOKIE}={size}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax");
    Ok(reply::with(reply::see_other(own(form.get("next"))), header::SET_COOKIE, &cookie))
}
