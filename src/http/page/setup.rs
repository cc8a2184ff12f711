//! Entering the first administrator, by the link that `pufa serve` prints on an empty database.

use super::{Frame, render};
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::service;
use askama::Template;
use warp::http::StatusCode;

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage {
    f: Frame,
    action: String,
    username: String,
    faults: Vec<String>,
}

/// The form.
///
/// # Errors
/// Not found for another token, and once there is an account.
pub async fn form(request: Request) -> Result<Response, Error> {
    request.app.check_setup(request.param(0)).await?;
    let (f, action) = (Frame::of(&request), request.path.clone());
    let page = SetupPage { f, action, username: String::new(), faults: Vec::new() };
    render(StatusCode::OK, request.lang, &page)
}

/// Enters the administrator and goes on to sign in.
///
/// # Errors
/// Not found for another token, and once there is an account.
pub async fn enter(mut request: Request) -> Result<Response, Error> {
    let fields = request.form().await?;
    let username = fields.get("username").unwrap_or_default().trim().to_owned();
    let password = fields.get("password").unwrap_or_default();
    let done = if fields.get("again").unwrap_or_default() == password {
        request.app.setup(request.param(0), &username, password, request.address).await
    } else {
        request.app.check_setup(request.param(0)).await?;
        Err(super::differs("/again"))
    };
    let error = match done {
        Ok(()) => return Ok(reply::see_other("/login")),
        Err(error @ (service::Error::Invalid(_) | service::Error::Busy)) => Error::from(error),
        Err(error) => return Err(error.into()),
    };
    let faults = super::told(&error, request.lang);
    let (f, action) = (Frame::of(&request), request.path.clone());
    render(error.status(), request.lang, &SetupPage { f, action, username, faults })
}
