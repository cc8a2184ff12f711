//! Signing in and out.

use super::{Frame, own, render};
use crate::http::api::session::cookie;
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::http::session::Token;
use crate::service;
use askama::Template;
use warp::http::{StatusCode, header};

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    f: Frame,
    next: String,
    username: String,
    fault: Option<String>,
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
    let page = LoginPage { f: frame(&request, &next), next, username: String::new(), fault: None };
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
    match request
        .app
        .sign_in(username.trim(), fields.get("password").unwrap_or_default(), request.address)
        .await
    {
        Ok(session) => {
            let seconds = request.app.limits().session.as_secs();
            Ok(reply::with(reply::see_other(&next), header::SET_COOKIE, &cookie(&session.token, seconds)))
        }
        Err(error @ (service::Error::WrongPassword | service::Error::Busy)) => {
            let error = Error::from(error);
            let fault = Some(error.title(request.lang));
            let page = LoginPage { f: frame(&request, &next), next, username, fault };
            render(error.status(), request.lang, &page)
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
    Ok(reply::with(reply::see_other("/login"), header::SET_COOKIE, &cookie("", 0)))
}
