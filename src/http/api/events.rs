//! Server-sent events: which figures have changed.

use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::http::session::Token;
use crate::service;
use crate::service::App;
use crate::service::events::{Event, Listener};
use futures_util::stream;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use warp::http::header::HeaderName;
use warp::{Reply, sse};

/// Parameters of the stream.
pub const QUERY: &[&str] = &["campaign", "unit"];

/// How often a stream looks whether its session still lives.
const LIVES: Duration = Duration::from_secs(1);
/// How many of these looks pass before a quiet stream says that it is there, so that nothing between cuts it off.
const QUIET: u32 = 15;

struct Stream {
    app: Arc<App>,
    token: Token,
    listener: Listener,
    told: VecDeque<Event>,
    quiet: u32,
}

impl Stream {
    /// The next thing to send; `None` ends the stream.
    async fn next(&mut self) -> Option<sse::Event> {
        loop {
            if let Some(event) = self.told.pop_front() {
                self.quiet = 0;
                return sse::Event::default().event("revision").json_data(event).ok();
            }
            match tokio::time::timeout(LIVES, self.listener.next()).await {
                Ok(events) => self.told = events?.into(),
                Err(_) => {
                    self.app.authenticate(self.token.credential()).await.ok()?;
                    self.quiet += 1;
                    if self.quiet >= QUIET {
                        self.quiet = 0;
                        return Some(sse::Event::default().comment(""));
                    }
                }
            }
        }
    }
}

/// Sends an event whenever figures of the unit have changed; the first says where they stand.
///
/// # Errors
/// 404 out of scope; 503 when too many listen.
pub async fn events(request: Request) -> Result<Response, Error> {
    let query = request.query(QUERY)?;
    listen(&request, query.get("campaign"), query.get("unit"))
}

/// The stream about a unit in a campaign, or in all.
///
/// # Errors
/// As [`events`].
pub fn listen(request: &Request, campaign: Option<&str>, unit: Option<&str>) -> Result<Response, Error> {
    let caller = request.caller()?;
    let listener = request.app.listen(caller, campaign, unit)?;
    let token = Token::behind(&request.headers, caller).ok_or(service::Error::Unauthenticated)?.owned();
    let mut state = Stream { app: request.app.clone(), token, listener, told: VecDeque::new(), quiet: 0 };
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            let event = tokio::select! {
                event = state.next() => event,
                () = sender.closed() => None,
            };
            let Some(event) = event else { break };
            if sender.send(event).await.is_err() {
                break;
            }
        }
    });
    let events = stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|event| (Ok::<_, Infallible>(event), receiver))
    });
    let response = sse::reply(events).into_response();
    Ok(reply::with(response, HeaderName::from_static("x-accel-buffering"), "no"))
}
