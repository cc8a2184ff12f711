//! Answers.

use serde::Serialize;
use warp::http::{HeaderValue, StatusCode, header};

/// Headers that an answer has, about.
const HEADERS: usize = 12;

/// An answer.
pub type Response = warp::reply::Response;

/// JSON with a status.
pub fn json(status: StatusCode, value: &impl Serialize) -> Response {
    json_as(status, value, "application/json")
}

/// JSON under another media type.
pub fn json_as(status: StatusCode, value: &impl Serialize, kind: &'static str) -> Response {
    // A report with its totals is a good kilobyte: without room it would be moved four times while it grows.
    let mut bytes = Vec::with_capacity(2_048);
    match serde_json::to_writer(&mut bytes, value) {
        Ok(()) => bytes_as(status, bytes, kind),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            bytes_as(StatusCode::INTERNAL_SERVER_ERROR, Vec::new(), kind)
        }
    }
}

/// Bytes of a media type.
pub fn bytes_as(status: StatusCode, bytes: impl Into<Vec<u8>>, kind: &'static str) -> Response {
    let mut response = Response::new(bytes.into().into());
    *response.status_mut() = status;
    // With those that every answer has they are more than a map has room for at first.
    response.headers_mut().reserve(HEADERS);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Nothing but a status.
#[must_use]
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new("".into());
    *response.status_mut() = status;
    response
}

/// Sends a browser on with GET.
#[must_use]
pub fn see_other(to: &str) -> Response {
    let mut response = empty(StatusCode::SEE_OTHER);
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, to);
    response
}

/// Adds a header made of text that is known to be one.
#[must_use]
pub fn with(mut response: Response, name: header::HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// Adds an ETag.
#[must_use]
pub fn tagged(response: Response, tag: &str) -> Response {
    with(response, header::ETAG, &format!("\"{tag}\""))
}
