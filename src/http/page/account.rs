//! One's own account: password, one-time codes, sessions, tokens.

use super::{Frame, render};
use crate::domain::access::Held;
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::{Query, Request};
use crate::http::session as cookies;
use crate::service::accounts::totp::TotpOffer;
use crate::service::session::{LiveSession, SessionView};
use crate::service::tokens::TokenView;
use crate::service::{App, Caller, Error as Refusal};
use askama::Template;
use std::sync::Arc;
use warp::http::StatusCode;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    f: Frame,
    /// What must be done first.
    held: Option<&'static str>,
    done: bool,
    faults: Vec<String>,
    totp: bool,
    offer: Option<TotpOffer>,
    codes: Vec<String>,
    sessions: Vec<LiveSession>,
    tokens: Vec<TokenView>,
}

/// What a request to the page is about. The request itself holds a body, which cannot be shared while waiting.
struct Visit {
    app: Arc<App>,
    caller: Caller,
    frame: Frame,
    secure: bool,
}

/// What came of a form.
#[derive(Default)]
struct Done {
    begun: Option<SessionView>,
    offer: Option<TotpOffer>,
    codes: Vec<String>,
}

impl Visit {
    fn of(request: &Request) -> Result<Self, Error> {
        let (app, caller) = (request.app.clone(), request.caller()?.clone());
        Ok(Self { app, caller, frame: Frame::of(request), secure: request.secure })
    }

    async fn show(
        self,
        status: StatusCode,
        offer: Option<TotpOffer>,
        codes: Vec<String>,
        done: bool,
        faults: Vec<String>,
    ) -> Result<Response, Error> {
        let held = match self.caller.actor.held.filter(|_| codes.is_empty()) {
            None => None,
            Some(Held::ChangePassword) => Some("account-held-password"),
            Some(Held::EnrolTotp) => Some("account-held-totp"),
        };
        let mut tokens = self.app.tokens(&self.caller, None).await?;
        tokens.retain(|token| token.revoked_at.is_none());
        let page = AccountPage {
            held,
            done,
            faults,
            totp: self.app.has_totp(&self.caller).await?,
            offer,
            codes,
            sessions: self.app.live_sessions(&self.caller, None).await?,
            tokens,
            f: self.frame,
        };
        render(status, self.caller.lang, &page)
    }

    async fn act(&self, fields: &Query) -> Result<Done, Refusal> {
        let field = |name| fields.get(name).unwrap_or_default();
        let number = |unknown| field("id").parse().map_err(|_| Refusal::NotFound(unknown));
        let (app, caller) = (&self.app, &self.caller);
        let nothing = Done::default();
        Ok(match field("do") {
            "password" if field("new") != field("again") => return Err(super::differs("/again")),
            "password" => Done {
                begun: Some(app.change_password(caller, field("current"), field("new")).await?),
                ..nothing
            },
            "totp" => Done { offer: Some(app.offer_totp(caller, field("current")).await?), ..nothing },
            "confirm" => {
                let confirmed = app.confirm_totp(caller, field("totp")).await?;
                Done { begun: Some(confirmed.session), codes: confirmed.recovery_codes, ..nothing }
            }
            "remove" => Done {
                begun: Some(app.remove_totp(caller, field("current"), field("totp")).await?),
                ..nothing
            },
            "session" => {
                app.end_session(caller, number("session_unknown")?).await?;
                nothing
            }
            "token" => {
                app.revoke_token(caller, number("token_unknown")?).await?;
                nothing
            }
            _ => return Err(Refusal::NotFound("route_unknown")),
        })
    }
}

/// The page.
///
/// # Errors
/// When the database cannot be read.
pub async fn show(request: Request) -> Result<Response, Error> {
    let done = request.query(&["done"])?.get("done").is_some();
    let visit = Visit::of(&request)?;
    drop(request);
    visit.show(StatusCode::OK, None, Vec::new(), done, Vec::new()).await
}

/// Does what a form of the page asks.
///
/// # Errors
/// When it is none of the page's forms; what a person can mend is told on the page.
pub async fn change(mut request: Request) -> Result<Response, Error> {
    let fields = request.form().await?;
    let visit = Visit::of(&request)?;
    let seconds = request.app.limits().session.as_secs();
    drop(request);
    let secure = visit.secure;
    let done = match visit.act(&fields).await {
        Ok(done) => done,
        Err(error @ (Refusal::NotFound(_) | Refusal::Unauthenticated | Refusal::Forbidden)) => {
            return Err(error.into());
        }
        Err(error) => {
            let wrong_code = matches!(error, Refusal::TotpWrong);
            let error = Error::from(error);
            let faults = super::told(&error, visit.caller.lang);
            let confirming = wrong_code && fields.get("do") == Some("confirm");
            let offer = if confirming { visit.app.offered_totp(&visit.caller).await.ok() } else { None };
            let mut response = visit.show(error.status(), offer, Vec::new(), false, faults).await?;
            error.advise(&mut response);
            return Ok(response);
        }
    };
    let shows = done.offer.is_some() || !done.codes.is_empty();
    let response = if shows {
        visit.show(StatusCode::OK, done.offer, done.codes, false, Vec::new()).await?
    } else {
        reply::see_other("/account?done=1")
    };
    Ok(match done.begun {
        Some(begun) => cookies::give(response, secure, &begun.token, seconds),
        None => response,
    })
}
