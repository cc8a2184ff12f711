//! Report links of a drive, for those who manage them: a QR code for every unit that has no account.

use super::{Frame, render};
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::service::Error as Refusal;
use crate::service::links::{LinkBody, LinkView};
use askama::Template;
use warp::http::StatusCode;

#[derive(Template)]
#[template(path = "links.html")]
struct LinksPage {
    f: Frame,
    campaign: String,
    name: String,
    links: Vec<LinkView>,
    /// The one made just now, with its address.
    made: Option<(LinkView, String)>,
    unit: String,
    faults: Vec<String>,
}

/// The page of a request. Everything of the request is taken before the first wait.
fn page(
    request: &Request,
    status: StatusCode,
    made: Option<(LinkView, String)>,
    unit: String,
    faults: Vec<String>,
) -> Result<impl Future<Output = Result<Response, Error>> + Send + use<>, Error> {
    let (app, caller) = (request.app.clone(), request.caller()?.clone());
    let (f, campaign) = (Frame::of(request), request.param(0).to_owned());
    Ok(async move {
        let mut links = app.links(&caller, &campaign).await?;
        links.retain(|link| link.revoked_at.is_none() && link.kind == "report");
        let name = app.campaign(&caller, &campaign)?.name;
        render(status, caller.lang, &LinksPage { f, campaign, name, links, made, unit, faults })
    })
}

/// The list, and the form for another one.
///
/// # Errors
/// Not allowed for whoever manages no accounts.
pub async fn list(request: Request) -> Result<Response, Error> {
    let unit = request.query(&["unit"])?.owned("unit").unwrap_or_default();
    let page = page(&request, StatusCode::OK, None, unit, Vec::new())?;
    drop(request);
    page.await
}

/// Makes a link and shows it, or revokes one.
///
/// # Errors
/// Not found out of scope; what can be mended is told on the page.
pub async fn change(mut request: Request) -> Result<Response, Error> {
    let fields = request.form().await?;
    let (base, campaign) = (request.base(), request.param(0).to_owned());
    let here = request.path.clone();
    if let Some(id) = fields.get("revoke") {
        let id = id.parse().map_err(|_| Refusal::NotFound("link_unknown"))?;
        request.app.revoke_link(request.caller()?, id).await?;
        return Ok(reply::see_other(&here));
    }
    let unit = fields.get("unit").unwrap_or_default().trim().to_owned();
    let body = LinkBody { unit: unit.clone(), expires: fields.owned("expires"), kind: None };
    let shown = match request.app.create_link(request.caller()?, &campaign, &body, &base).await {
        Ok(link) => {
            let address = format!("{base}{}", link.path.as_deref().unwrap_or_default());
            page(&request, StatusCode::OK, Some((link, address)), String::new(), Vec::new())?
        }
        Err(error @ Refusal::Unauthenticated) => return Err(error.into()),
        Err(error) => {
            let error = Error::from(error);
            let faults = super::told(&error, request.lang);
            page(&request, error.status(), None, unit, faults)?
        }
    };
    drop(request);
    shown.await
}
