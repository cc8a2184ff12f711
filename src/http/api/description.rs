//! The description of the API.

use crate::http::error::Error;
use crate::http::openapi;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use warp::http::StatusCode;

/// OpenAPI 3.1.
///
/// # Errors
/// None.
pub async fn openapi(_: Request) -> Result<Response, Error> {
    Ok(reply::json(StatusCode::OK, &*openapi::DOCUMENT))
}
