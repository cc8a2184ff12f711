//! Files of figures, and templates.

use crate::domain::fault::Fault;
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::service::export::{Form, What};
use crate::service::{self};
use warp::http::{HeaderValue, StatusCode, header};

/// Parameters of a file of figures.
pub const QUERY: &[&str] = &["unit"];
/// Parameters of a template.
pub const TEMPLATE: &[&str] = &["unit", "of"];

/// Every report of a campaign: `export.csv`, `export.xlsx`, `export.json`.
///
/// # Errors
/// 404 out of scope; 422 when there are too many reports for one file; 503 when too many files are being made.
pub async fn reports(request: Request) -> Result<Response, Error> {
    send(request, What::Tallies, QUERY).await
}

/// A row a figure: `flat.csv`, `flat.json`.
///
/// # Errors
/// As [`reports`].
pub async fn flat(request: Request) -> Result<Response, Error> {
    send(request, What::Flat, QUERY).await
}

/// A workbook to fill in; `of=consultations` by topic and mode.
///
/// # Errors
/// As [`reports`]; 422 for something else to fill in.
pub async fn template(request: Request) -> Result<Response, Error> {
    let what = match request.query(TEMPLATE)?.get("of") {
        None | Some("tallies") => What::Template,
        Some("consultations") => What::ConsultationTemplate,
        Some(_) => return Err(service::Error::invalid(Fault::new("/of", "template_unknown")).into()),
    };
    send(request, what, TEMPLATE).await
}

async fn send(request: Request, what: What, query: &[&'static str]) -> Result<Response, Error> {
    let query = request.query(query)?;
    let name = request.path.rsplit('/').next().unwrap_or_default();
    let form = Form::of(name).ok_or(Error::RouteUnknown)?;
    let bytes =
        request.app.export(request.caller()?, request.param(0), query.get("unit"), what, form).await?;
    let response = reply::bytes_as(StatusCode::OK, bytes, form.media_type());
    // Tools that read a table take it as it is; a person's browser is told to keep it as a file.
    let attachment = format!("attachment; filename=\"{}-{name}\"", request.param(0));
    let mut response = if form == Form::Json {
        response
    } else {
        reply::with(response, header::CONTENT_DISPOSITION, &attachment)
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}
