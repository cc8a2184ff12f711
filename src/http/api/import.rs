//! Files with reports and units.

use crate::config::Limits;
use crate::domain::fault::Fault;
use crate::http::error::Error;
use crate::http::limit;
use crate::http::reply::{self, Response};
use crate::http::request::{Query, Request};
use crate::service;
use crate::service::import::Import;
use crate::service::tallies::parse_day;
use hyper::body::Bytes;
use warp::http::{StatusCode, header};

/// Parameters of the import of reports.
pub const REPORTS: &[&str] = &["dry_run", "date", "reason"];
/// Parameters of the import of units.
pub const UNITS: &[&str] = &["dry_run"];

/// Media types of files that are read.
const TYPES: &str = "text/csv, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Stores the reports of a CSV or XLSX file, all or none; with `dry_run=1` only says what it would store.
///
/// # Errors
/// 422 with the place of every fault in the file; 404 out of scope; 409 when the campaign is locked.
pub async fn reports(mut request: Request) -> Result<Response, Error> {
    let query = request.query(REPORTS)?;
    let import = Import {
        campaign: Some(request.param(0).to_owned()),
        day: query.get("date").map(|text| parse_day(text, "/date")).transpose()?,
        dry_run: dry_run(&query)?,
        reason: query.owned("reason").unwrap_or_default(),
        only_consultations: false,
    };
    let limits = request.app.limits().sheet;
    let bytes = file(&mut request, limits.file_bytes).await?;
    let view = request.app.import_reports(request.caller()?, &import, bytes.to_vec(), limits).await?;
    Ok(reply::json(StatusCode::OK, &view))
}

/// Stores the units of a CSV or XLSX file, all or none; with `dry_run=1` only says what it would store.
///
/// # Errors
/// 422 with the place of every fault in the file.
pub async fn units(mut request: Request) -> Result<Response, Error> {
    let query = request.query(UNITS)?;
    let dry_run = dry_run(&query)?;
    let limits = request.app.limits().units_sheet;
    let bytes = file(&mut request, limits.file_bytes).await?;
    let progress = service::import_units::Progress::default();
    let view = request.app.import_units(request.caller()?, bytes.to_vec(), dry_run, limits, progress).await?;
    Ok(reply::json(StatusCode::OK, &view))
}

fn dry_run(query: &Query) -> Result<bool, Error> {
    match query.get("dry_run") {
        None | Some("0" | "false") => Ok(false),
        Some("1" | "true") => Ok(true),
        Some(_) => Err(service::Error::invalid(Fault::new("/dry_run", "flag_invalid")).into()),
    }
}

/// The body as a file, within the cap on files rather than that on other bodies. What it is, is seen from its bytes.
async fn file(request: &mut Request, most: usize) -> Result<Bytes, Error> {
    let given = request.header(header::CONTENT_TYPE).unwrap_or_default();
    let given = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let known = TYPES.split(", ").any(|kind| kind == given)
        || matches!(
            given.as_str(),
            "text/plain"
                | "text/tab-separated-values"
                | "application/csv"
                | "application/vnd.ms-excel"
                | "application/octet-stream"
        );
    if !known {
        return Err(Error::MediaType(TYPES));
    }
    let Some(body) = request.body.take() else { return Ok(Bytes::new()) };
    let usual = request.app.limits();
    let limits = Limits { body_bytes: most, ..usual.clone() };
    limit::collect(body, &request.headers, &limits).await
}
