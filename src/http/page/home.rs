//! Where everybody begins.

use super::{Frame, render};
use crate::domain::access::Permission;
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::http::session;
use crate::service::board::Landing;
use askama::Template;
use warp::http::StatusCode;

#[derive(Template)]
#[template(path = "empty.html")]
struct EmptyPage {
    f: Frame,
    may_enter: bool,
    units: bool,
}

/// Sends a person to where the work is; a board chosen by the selectors is an address of its own.
///
/// # Errors
/// 401 when nobody is signed in.
pub async fn home(request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    session::admit(caller, Permission::Read)?;
    let query = request.query(&["campaign", "unit", "measure"])?;
    if let Some(campaign) = query.get("campaign") {
        let campaign = request.app.campaign(caller, campaign)?;
        // Drives count different things; what the other one does not count falls back to its first.
        let measure = query.get("measure");
        let measure = measure.filter(|code| campaign.measures.iter().any(|other| other.code == *code));
        let mut chosen = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("unit", query.get("unit")), ("measure", measure)] {
            if let Some(value) = value {
                chosen.append_pair(name, value);
            }
        }
        let to = format!("/campaigns/{}?{}", campaign.id, chosen.finish());
        return Ok(reply::see_other(to.trim_end_matches('?')));
    }
    match request.app.landing(caller) {
        Landing::Report { campaign, unit } => {
            Ok(reply::see_other(&format!("/campaigns/{campaign}/report/{unit}")))
        }
        Landing::Board { campaign } => Ok(reply::see_other(&format!("/campaigns/{campaign}"))),
        Landing::Nothing { may_enter, units } => {
            let page = EmptyPage { f: Frame::of(&request), may_enter, units };
            render(StatusCode::OK, request.lang, &page)
        }
    }
}
