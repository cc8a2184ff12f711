//! What the office does with reports: deciding about them, and locking days.

use super::tallies::{idempotency, precondition};
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::service;
use crate::service::review::{QueueOrder, Request as Wanted};
use crate::service::tallies::Precondition;
use hyper::body::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use warp::http::StatusCode;

/// A decision about a report.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionBody {
    /// accept or return.
    pub decision: String,
    /// Why; needed to return.
    #[serde(default)]
    pub reason: String,
}

/// A decision about many reports.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionsBody {
    /// accept or return.
    pub decision: String,
    /// Why; needed to return.
    #[serde(default)]
    pub reason: String,
    /// The reports.
    pub items: Vec<DecidedBody>,
}

/// A report that is decided about.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecidedBody {
    /// Code of the unit.
    pub unit: String,
    /// The day.
    pub date: String,
    /// The version that was looked at; any when absent.
    #[serde(default)]
    pub version: Option<u32>,
}

/// What became of one of many decisions.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DecidedView {
    /// Code of the unit.
    pub unit: String,
    /// The day.
    pub date: String,
    /// What a request of its own would have been answered with.
    pub status: u16,
    /// The state it is in now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'static str>,
    /// The version that is current now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Stable code of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The refusal in the reader's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// What became of many decisions, in their order.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DecidedListView {
    /// One for each.
    pub items: Vec<DecidedView>,
}

/// Accepts a report or sends it back.
///
/// # Errors
/// 403 without the permission; 409 when its state does not allow it; 412 when it has changed; 422 for faults.
pub async fn decide(mut request: Request) -> Result<Response, Error> {
    let (body, bytes): (DecisionBody, Bytes) = request.json().await?;
    request.query(&[])?;
    let wanted = Wanted {
        campaign: request.param(0).to_owned(),
        unit: request.param(1).to_owned(),
        date: request.param(2).to_owned(),
        decision: body.decision,
        reason: body.reason,
        precondition: precondition(&request)?,
        idempotency: idempotency(&request, &bytes)?,
    };
    match request.app.review(request.caller()?, &wanted).await {
        Ok(tally) => Ok(reply::tagged(reply::json(StatusCode::OK, &tally), &tally.version.to_string())),
        Err(error @ service::Error::Stale(Some(_))) => Err(Error::Conflict(error, bytes)),
        Err(error) => Err(error.into()),
    }
}

/// Decides about many reports, each by itself.
///
/// # Errors
/// 422 for none or too many; what one of them is refused for is its own result.
pub async fn decide_many(mut request: Request) -> Result<Response, Error> {
    let (body, _): (DecisionsBody, Bytes) = request.json().await?;
    request.query(&[])?;
    let wanted = |item: &DecidedBody| Wanted {
        campaign: request.param(0).to_owned(),
        unit: item.unit.clone(),
        date: item.date.clone(),
        decision: body.decision.clone(),
        reason: body.reason.clone(),
        precondition: item.version.map_or(Precondition::None, Precondition::Version),
        idempotency: None,
    };
    let wanted: Vec<Wanted> = body.items.iter().map(wanted).collect();
    let (app, caller, lang) = (request.app.clone(), request.caller()?.clone(), request.lang);
    drop(request);
    let decided = app.review_many(&caller, &wanted).await?;
    let view = |(wanted, decided): (Wanted, Result<_, service::Error>)| {
        let (unit, date) = (wanted.unit, wanted.date);
        match decided {
            Ok(tally) => {
                let tally: service::tallies::TallyView = tally;
                let (state, version) = (Some(tally.state), Some(tally.version));
                DecidedView { unit, date, status: 200, state, version, code: None, title: None }
            }
            Err(error) => {
                let error = Error::Service(error);
                error.log();
                DecidedView {
                    unit,
                    date,
                    status: error.status().as_u16(),
                    state: None,
                    version: None,
                    code: Some(error.code()),
                    title: Some(error.title(lang)),
                }
            }
        }
    };
    let items = wanted.into_iter().zip(decided).map(view).collect();
    Ok(reply::json(StatusCode::OK, &DecidedListView { items }))
}

/// Parameters of the queue.
pub const QUEUE: &[&str] = &["under", "cursor"];

/// Reports that wait for a decision, those with something unexplained first.
///
/// # Errors
/// 403 for who may not review; 404 out of scope; 422 for a faulty cursor.
pub async fn queue(request: Request) -> Result<Response, Error> {
    let query = request.query(QUEUE)?;
    let caller = request.caller()?;
    let (under, cursor) = (query.get("under"), query.get("cursor"));
    let queue = request.app.queue(caller, request.param(0), under, cursor, QueueOrder::default()).await?;
    Ok(reply::json(StatusCode::OK, &queue))
}

/// A day to be locked.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockBody {
    /// The day.
    pub date: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// Leave for a unit to report on a locked day.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptionBody {
    /// Code of the unit.
    pub unit: String,
    /// The day.
    pub date: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// The last instant of it, RFC 3339; without end when absent.
    #[serde(default)]
    pub until: Option<String>,
}

/// What is locked, and who may report still.
///
/// # Errors
/// 403 for who may not lock.
pub async fn locks(request: Request) -> Result<Response, Error> {
    request.query(&[])?;
    Ok(reply::json(StatusCode::OK, &request.app.locks(request.caller()?, request.param(0)).await?))
}

/// Locks a day.
///
/// # Errors
/// Faults of the body; 403 without the permission.
pub async fn lock(mut request: Request) -> Result<Response, Error> {
    let (body, _): (LockBody, Bytes) = request.json().await?;
    request.query(&[])?;
    let caller = request.caller()?;
    let locks = request.app.lock_day(caller, request.param(0), &body.date, &body.reason).await?;
    Ok(reply::json(StatusCode::CREATED, &locks))
}

/// Opens a locked day again.
///
/// # Errors
/// 403 without the permission; 404 when it is not locked.
pub async fn unlock(request: Request) -> Result<Response, Error> {
    request.query(&[])?;
    request.app.unlock_day(request.caller()?, request.param(0), request.param(1)).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// Lets a unit report on a locked day.
///
/// # Errors
/// Faults of the body; 403 without the permission.
pub async fn except(mut request: Request) -> Result<Response, Error> {
    let (body, _): (ExceptionBody, Bytes) = request.json().await?;
    request.query(&[])?;
    let (caller, campaign) = (request.caller()?, request.param(0));
    let (unit, date, until) = (&body.unit, &body.date, body.until.as_deref());
    let locks = request.app.open_exception(caller, campaign, unit, date, &body.reason, until).await?;
    Ok(reply::json(StatusCode::CREATED, &locks))
}
