//! A file of reports: what it would change, then storing it. And the page of files to take away.

use super::{Frame, figures, render, told};
use crate::http::error::Error;
use crate::http::multipart;
use crate::http::reply::Response;
use crate::http::request::Request;
use crate::i18n::Lang;
use crate::service;
use crate::service::campaigns::CampaignView;
use crate::service::import::{Change, FiguresView, Import, ImportItem, ImportView, RemarkView};
use crate::service::tallies::parse_day;
use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use warp::http::StatusCode;

struct Line {
    label: String,
    before: Option<String>,
    after: Option<String>,
}

struct Row {
    row: u32,
    unit: String,
    name: String,
    date: String,
    change: &'static str,
    word: String,
    lines: Vec<Line>,
    note: Option<String>,
}

struct Shown {
    view: ImportView,
    rows: Vec<Row>,
    /// How many reports are not shown.
    more: usize,
}

#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage {
    f: Frame,
    campaign: CampaignView,
    date: String,
    reason: String,
    faults: Vec<String>,
    shown: Option<Shown>,
    /// The file, to be stored when it is confirmed: this page keeps nothing.
    data: String,
}

#[derive(Template)]
#[template(path = "export.html")]
struct ExportPage {
    f: Frame,
    campaign: CampaignView,
    base: String,
    query: String,
}

/// The lines of a report that a file changes; all of them when there was none.
fn lines(lang: Lang, campaign: &CampaignView, item: &ImportItem) -> Vec<Line> {
    let said = |view: &FiguresView| -> Vec<(String, String)> {
        let measure = |code: &str| figures::measure(campaign, code);
        let items = view.items.iter().map(|item| {
            let (measure, title) = (measure(&item.measure), item.title.as_deref().unwrap_or_default());
            let label = figures::label(lang, measure, &item.measure, title);
            (label, figures::amount(lang, item.count, item.bound, figures::word(lang, measure)))
        });
        let word = figures::word(lang, measure(crate::domain::measure::CONSULTATIONS));
        let records = view.consultations.iter().map(|record| {
            let label = figures::consultation(lang, record.topic, record.mode);
            (label, figures::amount(lang, record.person_times, record.bound, word))
        });
        items.chain(records).collect()
    };
    let mut before: BTreeMap<String, String> =
        item.before.as_ref().map(said).unwrap_or_default().into_iter().collect();
    let mut lines: Vec<Line> = said(&item.after)
        .into_iter()
        .map(|(label, after)| Line { before: before.remove(&label), after: Some(after), label })
        .filter(|line| line.before != line.after)
        .collect();
    lines.extend(before.into_iter().map(|(label, before)| Line { label, before: Some(before), after: None }));
    lines
}

impl Shown {
    fn new(lang: Lang, campaign: &CampaignView, view: ImportView) -> Self {
        let row = |item: &ImportItem| {
            let change = code(&item.change);
            let note = item.before.as_ref().map_or("", |before| before.note.as_str());
            Row {
                row: item.row,
                unit: item.unit.clone(),
                name: item.name.clone(),
                date: item.date.clone(),
                change,
                word: lang.text(&format!("import-change-{change}")),
                lines: lines(lang, campaign, item),
                note: (item.after.note != note).then(|| item.after.note.clone()),
            }
        };
        let rows: Vec<Row> = view.items.iter().map(row).collect();
        let more = (view.new + view.changed + view.same).saturating_sub(rows.len());
        Self { rows, more, view }
    }
}

/// The file of a form: the one that was chosen, or else the one that the page has carried along.
fn file(upload: multipart::Upload) -> Vec<u8> {
    if upload.file.is_empty() {
        let carried = upload.fields.get("data").and_then(|data| STANDARD.decode(data).ok());
        carried.unwrap_or_default()
    } else {
        upload.file
    }
}

/// A file as a page carries it along.
fn carried(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// What the page says of a file that was refused, and its status.
fn refused(error: service::Error, lang: Lang, faults: &mut Vec<String>) -> Result<StatusCode, Error> {
    match error {
        service::Error::Sheet(remarks) => {
            let remark = |remark| {
                let view = RemarkView::new(remark, lang);
                if view.cell.is_empty() { view.message } else { format!("{}  {}", view.cell, view.message) }
            };
            *faults = remarks.iter().map(remark).collect();
            Ok(StatusCode::UNPROCESSABLE_ENTITY)
        }
        error @ (service::Error::Invalid(_) | service::Error::Refused(_) | service::Error::Busy) => {
            let error = Error::from(error);
            *faults = told(&error, lang);
            Ok(error.status())
        }
        error => Err(error.into()),
    }
}

/// The code of a change, which names its word.
const fn code(change: &Change) -> &'static str {
    match change {
        Change::New => "new",
        Change::Changed => "changed",
        Change::Same => "same",
    }
}

/// An empty form.
///
/// # Errors
/// Out of scope is not found.
pub async fn show(request: Request) -> Result<Response, Error> {
    request.query(&[])?;
    let campaign = request.app.campaign(request.caller()?, request.param(0))?;
    request.app.may_enter(request.caller()?)?;
    let page = ImportPage {
        f: Frame::of(&request),
        campaign,
        date: String::new(),
        reason: String::new(),
        faults: Vec::new(),
        shown: None,
        data: String::new(),
    };
    render(StatusCode::OK, request.lang, &page)
}

/// Shows what a file would change, or stores it.
///
/// # Errors
/// Out of scope is not found; what is wrong with the file is told on the page.
pub async fn take(mut request: Request) -> Result<Response, Error> {
    let most = request.app.limits().sheet.file_bytes;
    let upload = multipart::upload(&mut request, most).await?;
    request.query(&[])?;
    let (app, caller, frame) = (request.app.clone(), request.caller()?.clone(), Frame::of(&request));
    let (id, lang) = (request.param(0).to_owned(), request.lang);
    drop(request);
    let campaign = app.campaign(&caller, &id)?;
    app.may_enter(&caller)?;
    let fields = upload.fields.clone();
    let bytes = file(upload);
    let (date, reason) =
        (fields.owned("date").unwrap_or_default(), fields.owned("reason").unwrap_or_default());
    let day = fields.get("date").map(|text| parse_day(text, "/date")).transpose();
    let dry_run = fields.get("do") != Some("store");
    let done = match day {
        Ok(day) => {
            let (campaign, reason) = (Some(id), reason.clone());
            let import = Import { campaign, day, dry_run, reason, only_consultations: false };
            app.import_reports(&caller, &import, bytes.clone(), app.limits().sheet).await
        }
        Err(error) => Err(error),
    };
    let mut page =
        ImportPage { f: frame, date, reason, faults: Vec::new(), shown: None, data: String::new(), campaign };
    let status = match done {
        Ok(view) => {
            if dry_run && view.errors.is_empty() && view.new + view.changed > 0 {
                page.data = carried(&bytes);
            }
            let status =
                if view.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            page.shown = Some(Shown::new(lang, &page.campaign, view));
            status
        }
        Err(error) => refused(error, lang, &mut page.faults)?,
    };
    render(status, lang, &page)
}

/// Every file that a campaign gives.
///
/// # Errors
/// Out of scope is not found.
pub async fn export(request: Request) -> Result<Response, Error> {
    let query = request.query(&["unit"])?;
    let campaign = request.app.campaign(request.caller()?, request.param(0))?;
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    if let Some(unit) = query.get("unit") {
        pairs.append_pair("unit", unit);
    }
    let base = format!("/api/v1/campaigns/{}", campaign.id);
    let page = ExportPage { f: Frame::of(&request), campaign, base, query: pairs.finish() };
    render(StatusCode::OK, request.lang, &page)
}
