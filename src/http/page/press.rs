//! Lines for the press, and a draft checked against the totals.

use super::{Frame, figures, render, told};
use crate::http::error::Error;
use crate::http::reply::Response;
use crate::http::request::Request;
use crate::i18n::Lang;
use crate::service;
use crate::service::campaigns::CampaignView;
use crate::service::press::{AuditView, BasisView, CheckedView, PressView, SnapshotView};
use askama::Template;
use std::collections::HashMap;
use warp::http::StatusCode;

/// A piece of a draft; a figure has its number in the list below it and its verdict.
struct Piece {
    text: String,
    figure: Option<(usize, &'static str)>,
}

/// A total behind a verdict, with where it is shown.
struct Basis {
    text: String,
    href: Option<String>,
}

struct Checked {
    number: usize,
    written: String,
    name: String,
    code: &'static str,
    verdict: String,
    doubt: Option<String>,
    basis: Vec<Basis>,
}

struct Draft {
    text: String,
    fault: Option<String>,
    pieces: Vec<Piece>,
    figures: Vec<Checked>,
    findings: Vec<String>,
    unread: Vec<String>,
    snapshot: Option<String>,
}

#[derive(Template)]
#[template(path = "press.html")]
struct PressPage {
    f: Frame,
    campaign: CampaignView,
    press: PressView,
    draft: Draft,
}

struct Total {
    name: String,
    word: String,
    figure: figures::Figure,
}

#[derive(Template)]
#[template(path = "snapshot.html")]
struct SnapshotPage {
    f: Frame,
    campaign: CampaignView,
    snapshot: SnapshotView,
    at: Option<String>,
    totals: Vec<Total>,
}

impl Draft {
    const fn empty() -> Self {
        Self {
            text: String::new(),
            fault: None,
            pieces: Vec::new(),
            figures: Vec::new(),
            findings: Vec::new(),
            unread: Vec::new(),
            snapshot: None,
        }
    }

    fn checked(lang: Lang, campaign: &CampaignView, text: String, view: AuditView) -> Self {
        let names: HashMap<&str, &str> =
            campaign.measures.iter().map(|m| (m.code.as_str(), lang.pick(&m.name, &m.name_en))).collect();
        let chars: Vec<char> = text.chars().collect();
        let slice = |from: usize, to: usize| chars.get(from..to).unwrap_or_default().iter().collect();
        let (mut pieces, mut at) = (Vec::new(), 0);
        for (figure, number) in view.figures.iter().zip(1..) {
            let (start, end) = (figure.figure.start, figure.figure.end);
            pieces.push(Piece { text: slice(at, start), figure: None });
            pieces.push(Piece { text: slice(start, end), figure: Some((number, figure.verdict)) });
            at = end;
        }
        pieces.push(Piece { text: slice(at, chars.len()), figure: None });
        let one = |(figure, number): (&CheckedView, usize)| Checked {
            number,
            written: figure.figure.text.clone(),
            name: names.get(figure.figure.measure).copied().unwrap_or(figure.figure.measure).to_owned(),
            code: figure.verdict,
            verdict: lang.text(&format!("press-verdict-{}", figure.verdict)),
            doubt: figure.figure.reason.map(|why| lang.text(&format!("paste-doubt-{why}"))),
            basis: figure.basis.iter().map(|basis| shown(lang, &view, basis)).collect(),
        };
        Self {
            figures: view.figures.iter().zip(1..).map(one).collect(),
            findings: view.findings.iter().map(|finding| finding.message.clone()).collect(),
            unread: view.unread.iter().map(|span| span.text.clone()).collect(),
            snapshot: Some(view.snapshot.clone()),
            fault: None,
            pieces,
            text,
        }
    }
}

/// A total in words, and the page that shows the tallies behind it.
fn shown(lang: Lang, view: &AuditView, basis: &BasisView) -> Basis {
    let total = crate::service::tallies::MeasureTotal {
        measure: String::new(),
        count: basis.count,
        low: basis.low,
        high: basis.high,
        exact: basis.exact,
    };
    let figure = figures::figure(lang, &total);
    let range = figure.range.map(|range| format!(" {range}")).unwrap_or_default();
    let unit = basis.unit.as_deref().unwrap_or(&view.unit);
    let at = basis.at.as_deref().map(figures::minute).unwrap_or_default();
    let of = basis.title.as_deref().or(basis.date.as_deref()).or(basis.unit.as_deref()).unwrap_or(&at);
    let values = [("of", of), ("figure", &format!("{}{range}", figure.text))];
    let href = (basis.kind != "earlier").then(|| format!("/campaigns/{}?unit={unit}", view.campaign));
    Basis { text: lang.words(&format!("press-basis-{}", basis.kind), &values), href }
}

/// The lines of a unit in a campaign, and an empty field for a draft.
///
/// # Errors
/// Out of scope is not found.
pub async fn show(request: Request) -> Result<Response, Error> {
    let query = request.query(&["unit"])?;
    let (caller, id) = (request.caller()?, request.param(0));
    let campaign = request.app.campaign(caller, id)?;
    let press = request.app.press(caller, id, query.get("unit")).await?;
    let page = PressPage { f: Frame::of(&request), campaign, press, draft: Draft::empty() };
    render(StatusCode::OK, request.lang, &page)
}

/// Checks a draft, which is shown and forgotten.
///
/// # Errors
/// Out of scope is not found.
pub async fn audit(mut request: Request) -> Result<Response, Error> {
    let fields = request.form().await?;
    request.query(&["unit"])?;
    let (app, caller, frame) = (request.app.clone(), request.caller()?.clone(), Frame::of(&request));
    let (id, lang) = (request.param(0).to_owned(), request.lang);
    drop(request);
    let (unit, text) = (fields.get("unit"), fields.owned("text").unwrap_or_default());
    let campaign = app.campaign(&caller, &id)?;
    let press = app.press(&caller, &id, unit).await?;
    // A browser sends two characters for the end of a line.
    let text = text.replace("\r\n", "\n");
    let (status, draft) = match app.audit_press(&caller, &text, &id, unit).await {
        Ok(view) => (StatusCode::OK, Draft::checked(lang, &campaign, text, view)),
        Err(error @ service::Error::Invalid(_)) => {
            let error = Error::from(error);
            let fault = Some(told(&error, lang).join("; "));
            (error.status(), Draft { text, fault, ..Draft::empty() })
        }
        Err(error) => return Err(error.into()),
    };
    render(status, lang, &PressPage { f: frame, campaign, press, draft })
}

/// The totals that a snapshot names.
///
/// # Errors
/// One that never was is not found.
pub async fn snapshot(request: Request) -> Result<Response, Error> {
    request.query(&[])?;
    let (caller, lang) = (request.caller()?, request.lang);
    let campaign = request.app.campaign(caller, request.param(0))?;
    let snapshot = request.app.snapshot(caller, request.param(0), request.param(1)).await?;
    let total = |total: &crate::service::tallies::MeasureTotal| {
        let measure = figures::measure(&campaign, &total.measure);
        Total {
            name: figures::label(lang, measure, &total.measure, ""),
            word: figures::word(lang, measure).to_owned(),
            figure: figures::figure(lang, total),
        }
    };
    let page = SnapshotPage {
        totals: snapshot.items.iter().map(total).collect(),
        at: snapshot.at.as_deref().map(figures::minute),
        f: Frame::of(&request),
        snapshot,
        campaign,
    };
    render(StatusCode::OK, lang, &page)
}
