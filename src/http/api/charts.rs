//! Pictures.

use crate::domain::fault::Fault;
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::i18n::Lang;
use crate::service;
use crate::service::charts::Request as Wanted;
use crate::service::drawing::Format;
use warp::http::{HeaderValue, StatusCode, header};

/// Parameters. A page that shows new figures asks by their `revision` for a picture that no browser has yet; nothing else
/// depends on it.
pub const QUERY: &[&str] =
    &["unit", "measure", "scale", "theme", "lang", "preset", "align", "basis", "years", "revision"];

/// A picture, as PNG or SVG by the ending of its name, or as JSON what it shows and where. Drawn once: an equal ETag is answered 304 without drawing.
///
/// # Errors
/// 404 for an unknown picture or out of scope; 422 for a faulty parameter; 503 when too many wait.
pub async fn chart(request: Request) -> Result<Response, Error> {
    let query = request.query(QUERY)?;
    if query.get("lang").is_some_and(|tag| Lang::from_tag(tag).is_none()) {
        return Err(service::Error::invalid(Fault::new("/lang", "lang_unknown")).into());
    }
    let wanted = Wanted {
        campaign: request.param(0).to_owned(),
        file: request.param(1).to_owned(),
        unit: query.owned("unit"),
        measure: query.owned("measure"),
        scale: query.owned("scale"),
        theme: query.owned("theme"),
        preset: query.owned("preset"),
        align: query.owned("align"),
        basis: query.owned("basis"),
        years: query.owned("years"),
    };
    if wanted.file.ends_with(".json") {
        let figures = request.app.chart_figures(request.caller()?, &wanted).await?;
        return Ok(reply::json(StatusCode::OK, &figures));
    }
    let picture =
        request.app.chart(request.caller()?, &wanted, request.header(header::IF_NONE_MATCH)).await?;
    let mut response = match &picture.bytes {
        None => reply::empty(StatusCode::NOT_MODIFIED),
        Some(bytes) => reply::bytes_as(
            StatusCode::OK,
            &bytes[..],
            match picture.format {
                Format::Png => "image/png",
                Format::Svg => "image/svg+xml; charset=utf-8",
            },
        ),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(reply::tagged(response, &picture.etag))
}
