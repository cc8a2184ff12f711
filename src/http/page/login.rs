//! Signing in and out.

use super::{Frame, own, render};
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::http::session::{self, Token};
use crate::service;
use crate::service::session::Attempt;
use askama::Template;
use warp::http::StatusCode;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    f: Frame,
    next: String,
    username: String,
    fault: Option<String>,
    /// Whether a one-time code is asked for.
    totp: bool,
}

/// The form.
///
/// # Errors
/// `query_unknown`.
pub async fn form(request: Request) -> Result<Response, Error> {
    let query = request.query(&["next"])?;
    let next = own(query.get("next")).to_owned();
    if request.caller.is_some() {
        return Ok(reply::see_other(&next));
    }
    let totp = request.app.limits().site.require_totp;
    let page = LoginPage { f: frame(&request, &next), next, username: String::new(), fault: None, totp };
    render(StatusCode::OK, request.lang, &page)
}

/// Signs in and goes on to where the person was going.
///
/// # Errors
/// When the service cannot check; a wrong name or password shows the form again.
pub async fn sign_in(mut request: Request) -> Result<Response, Error> {
    let fields = request.form().await?;
    let next = own(fields.get("next")).to_owned();
    let username = fields.owned("username").unwrap_or_default();
    let attempt = Attempt {
        username: username.trim(),
        password: fields.get("password").unwrap_or_default(),
        totp: fields.get("totp"),
        address: request.address,
    };
    use service::Error as S;
    match request.app.sign_in(attempt).await {
        Ok(begun) => {
            let next = if begun.held.is_some() { "/account" } else { &next };
            let seconds = request.app.limits().session.as_secs();
            Ok(session::give(reply::see_other(next), request.secure, &begun.token, seconds))
        }
        Err(error @ (S::WrongPassword | S::SignInLocked(_) | S::TotpRequired | S::TotpWrong | S::Busy)) => {
            let totp = request.app.limits().site.require_totp
                || matches!(error, S::TotpRequired | S::TotpWrong)
                || fields.get("totp").is_some();
            let error = Error::from(error);
            let fault = Some(error.title(request.lang));
            let page = LoginPage { f: frame(&request, &next), next, username, fault, totp };
            let mut response = render(error.status(), request.lang, &page)?;
            error.advise(&mut response);
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

/// The form is also the answer to a POST, which is no address to come back to.
fn frame(request: &Request, next: &str) -> Frame {
    let mut address = form_urlencoded::Serializer::new("/login?".to_owned());
    Frame { here: address.append_pair("next", next).finish(), ..Frame::of(request) }
}

/// Signs out.
///
/// # Errors
/// When the database refuses.
pub async fn sign_out(request: Request) -> Result<Response, Error> {
    if let (Some(caller), Some(token)) = (&request.caller, Token::of(&request.headers)) {
        request.app.sign_out(caller, token.as_str()).await?;
    }
    Ok(session::take(reply::see_other("/login"), request.secure))
}
