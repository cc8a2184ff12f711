//! Opening a report link: its token leaves the address for a cookie that is sent to its report
//! or its screen alone.

use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::http::session;
use warp::http::header;

/// Gives the cookie and goes on to the report.
///
/// # Errors
/// Not found when the link is none, has ended or was revoked.
pub async fn open(request: Request) -> Result<Response, Error> {
    let token = request.param(0);
    let opened = request.app.open_link(token).await?;
    if opened.screen {
        let page = format!("/screen/{}", opened.campaign);
        let to = format!("{page}?unit={}", opened.unit);
        let mut response = reply::with(reply::see_other(&to), header::REFERRER_POLICY, "no-referrer");
        session::give_link(&mut response, request.secure, token, &page, opened.seconds);
        return Ok(response);
    }
    let page = format!("/campaigns/{}/report/{}", opened.campaign, opened.unit);
    let api = format!("/api/v1/campaigns/{}/tallies/{}", opened.campaign, opened.unit);
    let mut response = reply::with(reply::see_other(&page), header::REFERRER_POLICY, "no-referrer");
    for path in [&page, &api] {
        session::give_link(&mut response, request.secure, token, path, opened.seconds);
    }
    Ok(response)
}
