//! A unit's form for a day, and its receipt.

mod form;
mod history;
mod paste;
mod receipt;
mod script;
mod view;

use super::{Frame, render};
use crate::domain::tally::Channel;
use crate::http::api::tallies::bound_key;
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::{Query, Request};
use crate::service::App;
use crate::service::links::qr_code;
use crate::service::report::ReportView;
use crate::service::session::random_token;
use crate::service::tallies::{IdempotencyKey, Precondition, TallyView};
use crate::service::{self, Caller, tallies};
pub(in crate::http::page) use form::count;
use form::{Form, Places};
use history::HistoryPage;
use receipt::ReceiptPage;
use script::Script;
pub(super) use script::outbox_words;
use std::sync::Arc;
use view::{ReportPage, Told};
use warp::http::StatusCode;

/// Parameters of the page: the day, after a report its version, and whether all days are wanted.
const QUERY: &[&str] = &["date", "done", "history"];

/// What a request to the page is about. The request itself holds a body, which cannot be shared while waiting.
struct Visit {
    app: Arc<App>,
    caller: Caller,
    frame: Frame,
    /// How this service is reached.
    base: String,
    campaign: String,
    unit: String,
    date: Option<String>,
    done: Option<u32>,
    history: bool,
}

impl Visit {
    fn of(request: &Request) -> Result<Self, Error> {
        let query = request.query(QUERY)?;
        Ok(Self {
            app: request.app.clone(),
            caller: request.caller()?.clone(),
            frame: Frame::of(request),
            base: request.base(),
            campaign: request.param(0).to_owned(),
            unit: request.param(1).to_owned(),
            date: query.owned("date"),
            done: query.get("done").and_then(|version| version.parse().ok()),
            history: query.get("history") == Some("1"),
        })
    }

    async fn load(&self) -> Result<ReportView, Error> {
        Ok(self.app.report(&self.caller, &self.campaign, &self.unit, self.date.as_deref()).await?)
    }

    fn page(
        self,
        status: StatusCode,
        report: &ReportView,
        form: &Form,
        told: Told,
    ) -> Result<Response, Error> {
        let lang = self.frame.lang;
        let script = Script::new(lang, report);
        render(status, lang, &ReportPage::new(self.frame, script, report, form, told))
    }
}

/// The form of a unit's day, or the receipt of a version.
///
/// # Errors
/// Out of scope is not found; `date_invalid`.
pub async fn show(request: Request) -> Result<Response, Error> {
    let visit = Visit::of(&request)?;
    drop(request);
    let report = visit.load().await?;
    let lang = visit.frame.lang;
    if visit.history {
        let mut days = Vec::new();
        for day in report.days.iter().rev() {
            let (caller, date) = (&visit.caller, &day.date);
            let versions = match day.is_reported() {
                true => visit.app.versions(caller, &visit.campaign, &visit.unit, date).await?.items,
                false => Vec::new(),
            };
            days.push((day, versions));
        }
        return render(StatusCode::OK, lang, &HistoryPage::new(visit.frame, &report, &days));
    }
    if let Some(tally) = report.versions.iter().find(|tally| Some(tally.version) == visit.done) {
        let script = Script::new(lang, &report);
        let qr = qr_code(&format!("{}{}&done={}", visit.base, address(&report), tally.version))?;
        return render(StatusCode::OK, lang, &ReceiptPage::new(visit.frame, script, &report, tally, qr));
    }
    let form = Form::of(&report, random_token()?);
    visit.page(StatusCode::OK, &report, &form, Told::default())
}

/// Takes a report, or shows the form again with what is wrong and everything that was typed.
///
/// # Errors
/// What the form cannot mend: not signed in, out of scope, not allowed.
pub async fn submit(mut request: Request) -> Result<Response, Error> {
    let fields = request.form().await?;
    let visit = Visit::of(&request)?;
    drop(request);
    let mut form = Form::read(&fields);
    let report = visit.load().await?;
    match fields.get("do") {
        Some("more") => {
            form.grow();
            return visit.page(StatusCode::OK, &report, &form, Told { again: true, ..Told::default() });
        }
        Some("read") => return read(visit, &report, form),
        Some("zero") => form.zero = true,
        _ => {}
    }
    let (draft, places) = form.draft();
    let wanted = tallies::Request {
        campaign: visit.campaign.clone(),
        unit: visit.unit.clone(),
        date: report.date.clone(),
        draft,
        precondition: precondition(&form.version)?,
        idempotency: key(&report, &form.key, &fields)?,
        channel: Channel::Form,
    };
    // What looks unusual asks for a word; a note or a reason is one.
    if wanted.draft.reason.trim().is_empty() && wanted.draft.note.trim().is_empty() {
        let warnings = match visit.app.check(&visit.caller, &wanted).await {
            Ok(checked) if checked.faults.is_empty() => checked.warnings,
            // The report itself tells what is wrong.
            _ => Vec::new(),
        };
        if warnings.iter().any(|warning| warning.asks) {
            let told = Told { warnings, ..Told::default() };
            return again(visit, &form, told, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    }
    let error = match visit.app.submit(&visit.caller, &wanted).await {
        Ok((tally, _)) => {
            let address = address(&report);
            return Ok(reply::see_other(&format!("{address}&done={}", tally.version)));
        }
        Err(error) => error,
    };
    use service::Error as S;
    match error {
        S::NotFound(_) | S::Unauthenticated | S::Forbidden => Err(error.into()),
        S::PreconditionRequired(current) | S::Stale(Some(current)) => conflict(visit, form, *current).await,
        S::KeyReused => match visit.load().await?.versions.pop() {
            Some(current) => conflict(visit, form, current).await,
            None => refused(visit, form, &places, S::KeyReused).await,
        },
        error @ S::Stale(None) => {
            // Sent again, it is a first report.
            form.version.clear();
            refused(visit, form, &places, error).await
        }
        error => refused(visit, form, &places, error).await,
    }
}

/// Shows the form with what was read in a pasted text.
fn read(visit: Visit, report: &ReportView, mut form: Form) -> Result<Response, Error> {
    let lang = visit.frame.lang;
    let text = form.text.clone();
    let (status, told) = match visit.app.parse(&visit.caller, &text, None) {
        Ok(found) => {
            let reading = paste::fill(lang, &report.campaign, &mut form, &text, &found);
            (StatusCode::OK, Told { reading: Some(reading), ..Told::default() })
        }
        Err(error @ service::Error::Invalid(_)) => {
            let error = Error::from(error);
            let faults =
                super::told(&error, lang).into_iter().map(|text| ("text".to_owned(), text)).collect();
            (error.status(), Told { faults, ..Told::default() })
        }
        Err(error) => return Err(error.into()),
    };
    visit.page(status, report, &form, Told { again: true, ..told })
}

/// The address of a day's form, which names the day: a form opened before midnight reports on its own day after it.
fn address(report: &ReportView) -> String {
    format!("/campaigns/{}/report/{}?date={}", report.campaign.id, report.unit.code, report.date)
}

/// A form that was filled when there was no report must not overwrite one that came in since.
fn precondition(version: &str) -> Result<Precondition, Error> {
    match version {
        "" => Ok(Precondition::Absent),
        version => version.parse().map(Precondition::Version).map_err(|_| Error::Precondition),
    }
}

fn key(report: &ReportView, key: &str, fields: &Query) -> Result<Option<IdempotencyKey>, Error> {
    if key.is_empty() {
        return Ok(None);
    }
    let address = address(report);
    let fields = fields.pairs().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
    let parts: Vec<&[u8]> = [address.as_bytes()].into_iter().chain(fields).collect();
    bound_key(key, &parts).map(Some)
}

/// The form with the faults at their fields.
async fn refused(
    visit: Visit,
    form: Form,
    places: &Places,
    error: service::Error,
) -> Result<Response, Error> {
    let lang = visit.frame.lang;
    let error = Error::from(error);
    error.log();
    let faults = error.faults(lang).into_iter().map(|fault| (places.field(&fault.pointer), fault.message));
    let mut faults: Vec<(String, String)> = faults.collect();
    if faults.is_empty() {
        faults.push((String::new(), error.title(lang)));
    }
    again(visit, &form, Told { faults, ..Told::default() }, error.status()).await
}

/// The form beside what came in since it was opened. Sent again, it replaces that.
async fn conflict(visit: Visit, mut form: Form, current: TallyView) -> Result<Response, Error> {
    form.version = current.version.to_string();
    form.key = random_token()?;
    let told = Told { current: Some(current), ..Told::default() };
    again(visit, &form, told, StatusCode::PRECONDITION_FAILED).await
}

async fn again(visit: Visit, form: &Form, told: Told, status: StatusCode) -> Result<Response, Error> {
    let report = visit.load().await?;
    visit.page(status, &report, form, Told { again: true, ..told })
}
