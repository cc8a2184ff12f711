//! Chasing: who is missing, who was asked when, and what is asked of a unit.

use crate::domain::chase::Grouping;
use crate::domain::fault::Fault;
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::service;
use crate::service::chase::{ChaseBody, LiaisonBody};
use warp::http::{StatusCode, header};

/// Parameters of the missing list.
pub const MISSING: &[&str] = &["unit", "date", "by"];
/// Parameters of the list of chases.
pub const CHASES: &[&str] = &["unit", "date", "cursor"];
/// Parameters of the burden.
pub const BURDEN: &[&str] = &["unit", "cursor"];
/// Parameters of the contact groups.
pub const LIAISONS: &[&str] = &["unit"];

/// Reads the parameter `by`.
///
/// # Errors
/// `by_unknown`.
pub fn grouping(by: Option<&str>) -> Result<Grouping, Error> {
    let read = |by| Grouping::from_code(by).ok_or_else(|| Fault::new("/by", "by_unknown"));
    let found = by.map_or(Ok(Grouping::None), read);
    found.map_err(|fault| service::Error::invalid(fault).into())
}

/// Who has not reported, as JSON or as text ready to paste.
///
/// # Errors
/// 422 for a faulty parameter; 404 out of scope.
pub async fn missing(request: Request) -> Result<Response, Error> {
    let query = request.query(MISSING)?;
    let by = grouping(query.get("by"))?;
    let view = request
        .app
        .missing(request.caller()?, request.param(0), query.get("unit"), query.get("date"), by)
        .await?;
    let text =
        request.header(header::ACCEPT).is_some_and(|accept| accept.trim_start().starts_with("text/plain"));
    Ok(if text {
        reply::bytes_as(StatusCode::OK, view.text, "text/plain; charset=utf-8")
    } else {
        reply::json(StatusCode::OK, &view)
    })
}

/// Who was asked when.
///
/// # Errors
/// 422 for a faulty parameter; 404 out of scope; 403 without the permission.
pub async fn list(request: Request) -> Result<Response, Error> {
    let query = request.query(CHASES)?;
    let view = request
        .app
        .chases(
            request.caller()?,
            request.param(0),
            query.get("unit"),
            query.get("date"),
            query.get("cursor"),
        )
        .await?;
    Ok(reply::json(StatusCode::OK, &view))
}

/// Notes that units were asked.
///
/// # Errors
/// Faults of the body; 404 out of scope; 403 without the permission.
pub async fn create(mut request: Request) -> Result<Response, Error> {
    let (body, _): (ChaseBody, _) = request.json().await?;
    let chase = request.app.chase(request.caller()?, request.param(0), &body).await?;
    Ok(reply::json(StatusCode::CREATED, &chase))
}

/// What a drive has asked of units.
///
/// # Errors
/// 422 for a faulty parameter; 404 out of scope.
pub async fn burden(request: Request) -> Result<Response, Error> {
    let query = request.query(BURDEN)?;
    let view = request
        .app
        .burden(request.caller()?, request.param(0), query.get("unit"), query.get("cursor"))
        .await?;
    Ok(reply::json(StatusCode::OK, &view))
}

/// The contact groups of units.
///
/// # Errors
/// 404 out of scope.
pub async fn liaisons(request: Request) -> Result<Response, Error> {
    let query = request.query(LIAISONS)?;
    let view = request.app.liaisons(request.caller()?, query.get("unit")).await?;
    Ok(reply::json(StatusCode::OK, &view))
}

/// Sets the contact group of a unit.
///
/// # Errors
/// Faults of the body; 404 out of scope; 403 without the permission.
pub async fn set_liaison(mut request: Request) -> Result<Response, Error> {
    let (body, _): (LiaisonBody, _) = request.json().await?;
    let view = request.app.set_liaison(request.caller()?, request.param(0), &body).await?;
    Ok(reply::json(StatusCode::OK, &view))
}
