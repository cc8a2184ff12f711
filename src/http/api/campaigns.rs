//! Campaigns, and what can be counted.

use crate::domain::consultation::{Mode, Topic};
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::service::campaigns::{self, CampaignBody, CampaignView, CodeView, ListView, MeasureView};
use warp::http::{StatusCode, header};

/// A list of campaigns.
pub type Campaigns = ListView<CampaignView>;
/// A list of measures.
pub type Measures = ListView<MeasureView>;
/// A list of topics or modes.
pub type Codes = ListView<CodeView>;

/// Campaigns, newest first.
///
/// # Errors
/// 401 when nobody is signed in.
pub async fn list(request: Request) -> Result<Response, Error> {
    request.query(&[])?;
    Ok(reply::json(StatusCode::OK, &request.app.campaigns(request.caller()?)))
}

/// One campaign.
///
/// # Errors
/// 404 when it does not concern the caller.
pub async fn get(request: Request) -> Result<Response, Error> {
    request.query(&[])?;
    Ok(reply::json(StatusCode::OK, &request.app.campaign(request.caller()?, request.param(0))?))
}

/// Enters a campaign.
///
/// # Errors
/// Faults of the body; 403 without the permission; 409 when the identifier is taken.
pub async fn create(mut request: Request) -> Result<Response, Error> {
    let (body, _): (CampaignBody, _) = request.json().await?;
    let campaign = request.app.create_campaign(request.caller()?, &body).await?;
    let place = format!("/api/v1/campaigns/{}", campaign.id);
    Ok(reply::with(reply::json(StatusCode::CREATED, &campaign), header::LOCATION, &place))
}

/// Changes a campaign.
///
/// # Errors
/// Faults of the body; 403 without the permission.
pub async fn update(mut request: Request) -> Result<Response, Error> {
    let (body, _): (CampaignBody, _) = request.json().await?;
    let campaign = request.app.update_campaign(request.caller()?, request.param(0), &body).await?;
    Ok(reply::json(StatusCode::OK, &campaign))
}

/// Built-in measures.
///
/// # Errors
/// 401 when nobody is signed in.
pub async fn measures(_: Request) -> Result<Response, Error> {
    Ok(reply::json(StatusCode::OK, &campaigns::measures()))
}

/// Topics of consultation.
///
/// # Errors
/// 401 when nobody is signed in.
pub async fn topics(_: Request) -> Result<Response, Error> {
    let view = |topic: &Topic| CodeView { code: topic.code(), name: topic.name(), name_en: topic.name_en() };
    Ok(reply::json(StatusCode::OK, &ListView::whole(Topic::ALL.iter().map(view).collect())))
}

/// Modes of consultation.
///
/// # Errors
/// 401 when nobody is signed in.
pub async fn modes(_: Request) -> Result<Response, Error> {
    let view = |mode: &Mode| CodeView { code: mode.code(), name: mode.name(), name_en: mode.name_en() };
    Ok(reply::json(StatusCode::OK, &ListView::whole(Mode::ALL.iter().map(view).collect())))
}
