//! Units.

use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::service::tallies::parse_day;
use crate::service::unit_tree::MergeBody;
use crate::service::units::{Filter, UnitBody};
use warp::http::{StatusCode, header};

/// Parameters of the list.
pub const QUERY: &[&str] = &["under", "q", "on", "cursor", "limit"];

/// Units in administrative order.
///
/// # Errors
/// 422 for a faulty parameter; 404 out of scope.
pub async fn list(request: Request) -> Result<Response, Error> {
    let query = request.query(QUERY)?;
    let filter = Filter {
        under: query.owned("under"),
        query: query.owned("q"),
        on: query.get("on").map(|text| parse_day(text, "/on")).transpose()?,
        cursor: query.owned("cursor"),
        limit: query.positive("limit")?,
        ..Filter::default()
    };
    Ok(reply::json(StatusCode::OK, &request.app.units(request.caller()?, &filter)?))
}

/// One unit.
///
/// # Errors
/// 404 out of scope.
pub async fn get(request: Request) -> Result<Response, Error> {
    request.query(&[])?;
    Ok(reply::json(StatusCode::OK, &request.app.unit(request.caller()?, request.param(0))?))
}

/// Enters a unit.
///
/// # Errors
/// Faults of the body; 403 without the permission; 409 when the code is taken.
pub async fn create(mut request: Request) -> Result<Response, Error> {
    let (body, _): (UnitBody, _) = request.json().await?;
    let unit = request.app.create_unit(request.caller()?, &body).await?;
    let place = format!("/api/v1/units/{}", unit.code);
    Ok(reply::with(reply::json(StatusCode::CREATED, &unit), header::LOCATION, &place))
}

/// Changes a unit.
///
/// # Errors
/// Faults of the body; 403 without the permission.
pub async fn update(mut request: Request) -> Result<Response, Error> {
    let (body, _): (UnitBody, _) = request.json().await?;
    let unit = request.app.update_unit(request.caller()?, request.param(0), &body).await?;
    Ok(reply::json(StatusCode::OK, &unit))
}

/// Ends a unit in favour of another.
///
/// # Errors
/// Faults of the body; 403 without the permission.
pub async fn merge(mut request: Request) -> Result<Response, Error> {
    let (body, _): (MergeBody, _) = request.json().await?;
    let unit = request.app.merge_unit(request.caller()?, request.param(0), &body).await?;
    Ok(reply::json(StatusCode::OK, &unit))
}
