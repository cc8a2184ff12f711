//! The bulletin (简报) of a drive, laid out for A4 as official papers are.

use super::figures::{self, Figure};
use super::{Frame, render};
use crate::http::error::Error;
use crate::http::reply::Response;
use crate::http::request::Request;
use crate::i18n::Lang;
use crate::service::board::{BoardView, Headline};
use crate::service::press::PressView;
use askama::Template;
use warp::http::StatusCode;

/// How many measures the table of units holds, so that it fits the paper.
const COLUMNS: usize = 5;

struct Line {
    name: String,
    word: String,
    figure: Figure,
    change: String,
}

struct Row {
    name: String,
    cells: Vec<Option<Figure>>,
}

#[derive(Template)]
#[template(path = "bulletin.html")]
struct BulletinPage {
    f: Frame,
    campaign: String,
    name: String,
    unit: String,
    /// The number of the issue, as it was given in the address.
    number: String,
    date: String,
    through: String,
    paragraphs: Vec<String>,
    lines: Vec<Line>,
    basis: Option<String>,
    columns: Vec<(String, String)>,
    rows: Vec<Row>,
    picture: String,
    picture_alt: String,
    demo: bool,
}

/// The bulletin of a unit.
///
/// # Errors
/// Out of scope is not found.
pub async fn show(request: Request) -> Result<Response, Error> {
    let query = request.query(&["unit", "number"])?;
    let (app, caller, f) = (request.app.clone(), request.caller()?.clone(), Frame::of(&request));
    let (lang, id) = (request.lang, request.param(0).to_owned());
    drop(request);
    let board = app.board(&caller, &id, query.get("unit"), None).await?;
    let press = app.press(&caller, &id, Some(&board.unit.code)).await?;
    let number: String =
        query.get("number").unwrap_or_default().chars().filter(char::is_ascii_digit).take(4).collect();
    render(StatusCode::OK, lang, &page(f, &board, &press, number, &app.today().to_string()))
}

/// 2026-12-04 as 2026年12月4日.
fn long_day(lang: Lang, date: &str) -> String {
    let parts: Vec<&str> = date.split('-').map(|part| part.trim_start_matches('0')).collect();
    match parts.as_slice() {
        [year, month, day] => lang.words("date-long", &[("year", year), ("month", month), ("day", day)]),
        _ => date.to_owned(),
    }
}

fn page(f: Frame, board: &BoardView, press: &PressView, number: String, today: &str) -> BulletinPage {
    let lang = f.lang;
    let campaign = &board.campaign;
    let used: Vec<&Headline> = board.headline.iter().filter(|head| head.total.high > 0).collect();
    let counts = &board.grid.counts;
    let values = [
        ("expected", counts.expected.to_string()),
        ("reported", counts.reported.to_string()),
        ("late", counts.late.to_string()),
        ("zero", counts.zero.to_string()),
    ];
    let reported =
        lang.words("bulletin-reported", &values.each_ref().map(|(name, value)| (*name, value.as_str())));
    let long = press.long.lines().map(str::trim).filter(|line| !line.is_empty()).map(ToOwned::to_owned);
    let line = |head: &&Headline| Line {
        name: figures::name(lang, &head.measure).to_owned(),
        word: figures::word(lang, Some(&head.measure)).to_owned(),
        figure: figures::figure(lang, &head.total),
        change: head.change.as_ref().map_or_else(|| "–".to_owned(), |change| change.text.clone()),
    };
    let shown: Vec<&&Headline> = used.iter().take(COLUMNS).collect();
    let rows = board.rows.iter().map(|row| Row {
        name: row.name.clone(),
        cells: shown
            .iter()
            .map(|head| {
                let total = row.totals.iter().find(|total| total.measure == head.measure.code);
                total.map(|total| figures::figure(lang, total))
            })
            .collect(),
    });
    let measure =
        figures::measure(campaign, &board.measure).map_or("", |measure| figures::name(lang, measure));
    let query = super::pick::query(&[
        ("unit", board.unit.code.as_str()),
        ("measure", board.measure.as_str()),
        ("lang", lang.tag()),
        ("theme", "print"),
    ]);
    BulletinPage {
        paragraphs: long.chain([reported]).collect(),
        lines: used.iter().map(line).collect(),
        basis: board.compared_through.map(|n| lang.words("board-compared-day", &[("n", &n.to_string())])),
        columns: shown
            .iter()
            .map(|head| {
                let word = figures::word(lang, Some(&head.measure));
                (figures::name(lang, &head.measure).to_owned(), word.to_owned())
            })
            .collect(),
        rows: rows.collect(),
        picture: format!("/api/v1/campaigns/{}/charts/year-over-year.svg?{query}", campaign.id),
        picture_alt: lang.words(
            "chart-title-year-over-year",
            &[("campaign", campaign.name.as_str()), ("measure", measure)],
        ),
        campaign: campaign.id.clone(),
        name: campaign.name.clone(),
        unit: board.unit.name.clone(),
        date: long_day(lang, today),
        through: long_day(lang, &board.day),
        demo: campaign.demo,
        number,
        f,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_out_in_official_papers() {
        assert_eq!(long_day(Lang::ZhCn, "2026-12-04"), "2026年12月4日");
        assert_eq!(long_day(Lang::ZhCn, "x"), "x");
    }
}
