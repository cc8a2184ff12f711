//! What may be a little old, and is read from a standby where there is one: how it is told, and to whom it is not given.
//!
//! In a browser figures do not go back: once it was answered from the primary, after it has sent something among others, it
//! carries a cookie that says when, and is given nothing older. Programs can say the same in a header.

use super::error::Error;
use super::metrics::ReadFrom;
use super::reply::{self, Response};
use super::request::Request;
use super::routes::Route;
use super::session;
use crate::domain::calendar::SHANGHAI;
use crate::service::standby::AsOf;
use jiff::Timestamp;
use std::time::Duration;
use warp::http::header::{self, HeaderName};
use warp::http::{HeaderMap, StatusCode};

/// Says as of when an answer is; in a request, that it must not be older.
pub const DATA_AS_OF: HeaderName = HeaderName::from_static("pufa-data-as-of");

/// Answers a request, from the standby where that may be and is of use.
///
/// # Errors
/// What the handler says. One that fails over the standby is run again over the primary.
pub async fn answer(route: &Route, mut request: Request) -> Result<Response, Error> {
    let Some(bound) = request.app.bound() else { return (route.handler)(request).await };
    if route.may_be_older() {
        if let Some(older_request) = over_standby(&request)
            && let Some(response) = older(route, older_request).await
        {
            request.metrics.read(ReadFrom::Standby);
            return Ok(response);
        }
        request.metrics.read(ReadFrom::Primary);
        request.as_of = Some(AsOf { at: request.app.clock().now(), bound: None });
    }
    let browser = request.caller.is_some() && request.headers.contains_key(header::COOKIE);
    let (app, secure, as_of) = (request.app.clone(), request.secure, request.as_of);
    let mut response = (route.handler)(request).await?;
    if let Some(as_of) = as_of {
        response = told(response, as_of);
    }
    if browser {
        session::give_seen(&mut response, secure, app.clock().now(), bound + Duration::from_secs(1));
    }
    Ok(response)
}

/// The same request to the service over the standby; `None` where that is not new enough.
fn over_standby(request: &Request) -> Option<Request> {
    let app = request.app.older(since(&request.headers)?)?;
    let as_of = app.as_of();
    Some(Request { app, as_of, ..request.without_body() })
}

/// The answer from the standby; `None` where it failed or does not hold.
async fn older(route: &Route, request: Request) -> Option<Response> {
    let (app, as_of) = (request.app.clone(), request.as_of?);
    let response = (route.handler)(request).await.ok()?;
    let done = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    (done && app.fits_catalogue()).then(|| told(response, as_of))
}

/// The oldest that an answer may be of, as cookie and header say it; `None` when a header cannot be read.
fn since(headers: &HeaderMap) -> Option<Option<Timestamp>> {
    let asked = match headers.get(DATA_AS_OF) {
        Some(value) => Some(value.to_str().ok()?.parse::<Timestamp>().ok()?),
        None => None,
    };
    Some(asked.max(session::seen(headers)))
}

fn told(response: Response, as_of: AsOf) -> Response {
    reply::with(response, DATA_AS_OF, &format!("{:.3}", as_of.at.display_with_offset(SHANGHAI)))
}
