//! A table of units: what it would change, then storing it, with how far that is.

use super::{Frame, render, told};
use crate::domain::access::Permission;
use crate::http::error::Error;
use crate::http::multipart;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::i18n::Lang;
use crate::service;
use crate::service::import::{Change, RemarkView};
use crate::service::import_units::{Progress, UnitImportItem, UnitImportView};
use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::time::Duration;
use warp::http::{HeaderValue, StatusCode};

/// A larger file is chosen again rather than carried along in the page.
const CARRIED: usize = 1024 * 1024;
/// How long a page waits for an import before it tells how far it is.
const PATIENCE: Duration = Duration::from_secs(2);

struct Row {
    row: u32,
    code: String,
    name: String,
    parent: String,
    /// The name before, where it is another.
    before: Option<String>,
    changed: bool,
    word: String,
}

/// How far an import is.
struct Far {
    done: usize,
    of: Option<usize>,
    words: String,
}

#[derive(Template)]
#[template(path = "unit_import.html")]
struct UnitImportPage {
    f: Frame,
    faults: Vec<String>,
    view: Option<UnitImportView>,
    rows: Vec<Row>,
    /// The file, to be stored when it is confirmed; empty for a large one.
    data: String,
    /// The file is to be chosen again to be stored.
    again: bool,
    far: Option<Far>,
}

impl UnitImportPage {
    const fn new(f: Frame) -> Self {
        Self {
            f,
            faults: Vec::new(),
            view: None,
            rows: Vec::new(),
            data: String::new(),
            again: false,
            far: None,
        }
    }

    /// Takes in what became of a file, and says with which status.
    fn tell(
        &mut self,
        outcome: Result<UnitImportView, service::Error>,
        lang: Lang,
    ) -> Result<StatusCode, Error> {
        match outcome {
            Ok(view) => {
                self.rows = view.items.iter().map(|item| row(item, lang)).collect();
                let faulty = !view.errors.is_empty();
                self.view = Some(view);
                Ok(if faulty { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK })
            }
            Err(service::Error::Sheet(remarks)) => {
                let remark = |remark| {
                    let view = RemarkView::new(remark, lang);
                    if view.cell.is_empty() {
                        view.message
                    } else {
                        format!("{}  {}", view.cell, view.message)
                    }
                };
                self.faults = remarks.iter().map(remark).collect();
                Ok(StatusCode::UNPROCESSABLE_ENTITY)
            }
            Err(error @ (service::Error::Invalid(_) | service::Error::Busy)) => {
                let error = Error::from(error);
                self.faults = told(&error, lang);
                Ok(error.status())
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn row(item: &UnitImportItem, lang: Lang) -> Row {
    let before = item.before.as_ref().map(|before| before.name.clone());
    let changed = item.change == Change::Changed;
    Row {
        row: item.row,
        code: item.after.code.clone(),
        name: item.after.name.clone(),
        parent: item.after.parent.clone().unwrap_or_default(),
        before: before.filter(|before| *before != item.after.name),
        changed,
        word: lang.text(if changed { "import-change-changed" } else { "import-change-new" }),
    }
}

fn check(request: &Request) -> Result<(), Error> {
    let may = request.app.outlook(request.caller()?, None, None).may(Permission::ManageUnits);
    if may { Ok(()) } else { Err(service::Error::Forbidden.into()) }
}

/// An empty form, or how far an import is: looked at again every second, also without script.
///
/// # Errors
/// Whoever manages no units is refused.
pub async fn show(request: Request) -> Result<Response, Error> {
    check(&request)?;
    let query = request.query(&["job"])?;
    let lang = request.lang;
    let mut page = UnitImportPage::new(Frame::of(&request));
    let Some(number) = query.get("job") else { return render(StatusCode::OK, lang, &page) };
    let job = number.parse().ok().and_then(|number| request.app.unit_import(request.caller().ok()?, number));
    let Some(job) = job else {
        page.faults.push(lang.text("unit-import-gone"));
        return render(StatusCode::NOT_FOUND, lang, &page);
    };
    if let Some(outcome) = job.outcome {
        let status = page.tell(outcome, lang)?;
        return render(status, lang, &page);
    }
    let (done, of) = (job.done.to_string(), job.of.unwrap_or_default().to_string());
    let words = lang.words("unit-import-far", &[("n", &done), ("of", &of)]);
    page.far = Some(Far { done: job.done, of: job.of, words });
    let mut response = render(StatusCode::OK, lang, &page)?;
    response.headers_mut().insert("refresh", HeaderValue::from_static("1"));
    Ok(response)
}

/// Shows what a file would change, or stores it.
///
/// # Errors
/// Whoever manages no units is refused; what is wrong with the file is told on the page.
pub async fn take(mut request: Request) -> Result<Response, Error> {
    check(&request)?;
    let limits = request.app.limits().units_sheet;
    let upload = multipart::upload(&mut request, limits.file_bytes).await?;
    request.query(&[])?;
    let (app, caller, lang) = (request.app.clone(), request.caller()?.clone(), request.lang);
    let mut page = UnitImportPage::new(Frame::of(&request));
    drop(request);
    let bytes = if upload.file.is_empty() {
        let data = upload.fields.get("data").and_then(|data| STANDARD.decode(data).ok());
        data.unwrap_or_default()
    } else {
        upload.file
    };
    if upload.fields.get("do") == Some("store") {
        let (number, work) = app.begin_unit_import(&caller, bytes);
        let _ = tokio::time::timeout(PATIENCE, work).await;
        let outcome = app.unit_import(&caller, number).and_then(|job| job.outcome);
        let Some(outcome) = outcome else {
            return Ok(reply::see_other(&format!("/units/import/sheet?job={number}")));
        };
        let status = page.tell(outcome, lang)?;
        return render(status, lang, &page);
    }
    let carried = (bytes.len() <= CARRIED).then(|| STANDARD.encode(&bytes));
    let outcome = app.import_units(&caller, bytes, true, limits, Progress::default()).await;
    let status = page.tell(outcome, lang)?;
    if page.view.as_ref().is_some_and(|view| view.errors.is_empty() && view.new + view.changed > 0) {
        page.again = carried.is_none();
        page.data = carried.unwrap_or_default();
    }
    render(status, lang, &page)
}
