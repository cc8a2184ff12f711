//! The office's queue: what waits for a decision, what looks unusual first, and many decided at once.

use super::figures::{self, Line};
use super::list::{Order, Pages, Sort, down, up};
use super::pick::Pick;
use super::{Frame, render};
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::service::campaigns::CampaignView;
use crate::service::review::{QueueOrder, Request as Wanted, WaitingView};
use crate::service::tallies::Precondition;
use crate::service::{self};
use askama::Template;
use warp::http::StatusCode;

/// Parameters of the page: whose reports, from where on, and how many were decided just now.
const QUERY: &[&str] = &["under", "sort", "cursor", "done", "failed"];

/// The orders of the queue.
const SORTS: &[Sort] = &[up(Order::Unusual), up(Order::Day), down(Order::Day)];

struct Row {
    /// What the checkbox says: unit, day and version.
    value: String,
    unit: String,
    name: String,
    date: String,
    time: String,
    by: String,
    late: bool,
    zero: bool,
    on_behalf: bool,
    unexplained: bool,
    warnings: Vec<String>,
    lines: Vec<Line>,
    note: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "review.html")]
struct ReviewPage {
    f: Frame,
    campaign: CampaignView,
    units: Vec<Pick>,
    pages: Pages,
    waiting: usize,
    unexplained: usize,
    rows: Vec<Row>,
    done: Option<String>,
    faults: Vec<String>,
    reason: String,
}

/// The queue.
///
/// # Errors
/// Out of scope is not found; who may not review is told so.
pub async fn show(request: Request) -> Result<Response, Error> {
    request.query(QUERY)?;
    let lang = request.lang;
    let page = page(&request, Vec::new(), String::new()).await?;
    render(StatusCode::OK, lang, &page)
}

/// Decides about what was ticked, each by itself.
///
/// # Errors
/// As [`show`]; what one report is refused for is told above the queue.
pub async fn decide(mut request: Request) -> Result<Response, Error> {
    let fields = request.form().await?;
    // The body is read; what is left of the request is shared while waiting.
    request.body = None;
    let query = request.query(QUERY)?;
    let reason = fields.owned("reason").unwrap_or_default();
    let decision = fields.owned("do").unwrap_or_default();
    let ticked = fields.pairs().filter(|(name, _)| *name == "report").filter_map(|(_, value)| {
        let mut parts = value.split('|');
        let (unit, date, version) = (parts.next()?, parts.next()?, parts.next()?.parse().ok()?);
        Some(Wanted {
            campaign: request.param(0).to_owned(),
            unit: unit.to_owned(),
            date: date.to_owned(),
            decision: decision.clone(),
            reason: reason.clone(),
            precondition: Precondition::Version(version),
            idempotency: None,
        })
    });
    let wanted: Vec<Wanted> = ticked.collect();
    let lang = request.lang;
    let (app, caller) = (request.app.clone(), request.caller()?.clone());
    let mut faults = Vec::new();
    match app.review_many(&caller, &wanted).await {
        Err(service::Error::Invalid(_)) => faults.push(lang.text("review-none_ticked")),
        Err(error) => return Err(error.into()),
        Ok(decided) => {
            for (wanted, decided) in wanted.iter().zip(decided) {
                if let Err(error) = decided {
                    let error = Error::from(error);
                    error.log();
                    let what = error.title(lang);
                    let values = [
                        ("unit", wanted.unit.as_str()),
                        ("day", wanted.date.as_str()),
                        ("what", what.as_str()),
                    ];
                    faults.push(lang.words("review-fault", &values));
                }
            }
        }
    }
    if faults.is_empty() {
        let mut to = form_urlencoded::Serializer::new(String::new());
        for name in ["under", "sort"] {
            if let Some(value) = query.get(name) {
                to.append_pair(name, value);
            }
        }
        to.append_pair("done", &wanted.len().to_string());
        return Ok(reply::see_other(&format!("/campaigns/{}/review?{}", request.param(0), to.finish())));
    }
    // A reason that is missing is missing for all: told once.
    faults.dedup();
    let page = page(&request, faults, reason).await?;
    render(StatusCode::UNPROCESSABLE_ENTITY, lang, &page)
}

fn page(
    request: &Request,
    faults: Vec<String>,
    reason: String,
) -> impl Future<Output = Result<ReviewPage, Error>> + Send + use<> {
    let (app, caller, query) = (request.app.clone(), request.caller().cloned(), request.query(QUERY));
    let (id, f) = (request.param(0).to_owned(), Frame::of(request));
    async move {
        let (caller, query) = (caller?, query?);
        let lang = f.lang;
        let campaign = app.campaign(&caller, &id)?;
        let order = match Sort::read(&query, SORTS)? {
            Sort { by: Order::Day, down: false } => QueueOrder::Day,
            Sort { by: Order::Day, down: true } => QueueOrder::LastDay,
            _ => QueueOrder::Unusual,
        };
        let queue = app.queue(&caller, &id, query.get("under"), query.get("cursor"), order).await?;
        let choices = app.choices(&caller, &id, query.get("under"))?;
        let done = query.get("done").and_then(|n| n.parse::<u32>().ok());
        let row = |waiting: WaitingView| {
            let tally = waiting.tally;
            Row {
                value: format!("{}|{}|{}", tally.unit, tally.date, tally.version),
                unexplained: waiting.unexplained,
                name: waiting.name,
                time: figures::minute(&tally.received_at),
                by: tally.by.clone(),
                late: tally.late,
                zero: tally.zero,
                on_behalf: tally.on_behalf,
                warnings: tally.warnings.iter().flatten().map(|warning| warning.message.clone()).collect(),
                lines: figures::lines(lang, &campaign, &tally),
                note: tally.note.clone(),
                reason: tally.reason.clone(),
                unit: tally.unit,
                date: tally.date,
            }
        };
        let rows: Vec<Row> = queue.items.into_iter().map(row).collect();
        Ok(ReviewPage {
            units: choices.units.iter().map(|unit| Pick::unit(unit, &choices.unit.code)).collect(),
            pages: Pages::new(lang, &query, SORTS, queue.next.as_deref())?,
            waiting: queue.waiting,
            unexplained: rows.iter().filter(|row| row.unexplained).count(),
            rows,
            done: done.map(|n| lang.words("review-done", &[("n", &n.to_string())])),
            faults,
            reason,
            campaign,
            f,
        })
    }
}
