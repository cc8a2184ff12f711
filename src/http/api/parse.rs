//! Report text to figures.

use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use schemars::JsonSchema;
use serde::Deserialize;
use warp::http::StatusCode;

/// A text to be read. It is answered and forgotten.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParseBody {
    /// The text as pasted.
    pub text: String,
    /// Code of a unit: the text is split among the units below it.
    #[serde(default)]
    pub unit: Option<String>,
}

impl std::fmt::Debug for ParseBody {
    /// A text may hold names and telephone numbers; they stay out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ParseBody")
    }
}

/// Reads a text. Nothing of it is stored.
///
/// # Errors
/// 413 or 422 for a text that is too long; 404 for a unit out of scope.
pub async fn parse(mut request: Request) -> Result<Response, Error> {
    let (body, _): (ParseBody, _) = request.json().await?;
    let view = request.app.parse(request.caller()?, &body.text, body.unit.as_deref())?;
    Ok(reply::json(StatusCode::OK, &view))
}
