//! Choosing the language.

use super::own;
use crate::domain::fault::Fault;
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::http::session::LANG_COOKIE;
use crate::i18n::Lang;
use crate::service;
use warp::http::header;

/// Keeps the language in a cookie and goes back to the page.
///
/// # Errors
/// `lang_unknown`.
pub async fn choose(mut request: Request) -> Result<Response, Error> {
    let form = request.form().await?;
    let lang = form.get("lang").and_then(Lang::from_tag);
    let lang = lang.ok_or_else(|| service::Error::invalid(Fault::new("/lang", "lang_unknown")))?;
    let cookie = format!("{LANG_COOKIE}={}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax", lang.tag());
    Ok(reply::with(reply::see_other(own(form.get("next"))), header::SET_COOKIE, &cookie))
}
