//! The office's board: figures, who is missing, and pictures.

use super::figures::{self, Figure, Standing};
use super::grid::Grid;
use super::picture::{Picture, Subject};
use super::{Frame, render};
use crate::http::error::Error;
use crate::http::reply::Response;
use crate::http::request::Request;
use crate::i18n::Lang;
use crate::service::board::{Absent, BoardRow, BoardView, Choice, Headline};
use crate::service::campaigns::{CampaignView, MeasureView};
use crate::service::comparison::ChangeView;
use crate::service::completeness::CountsView;
use crate::service::tallies::TallyView;
use askama::Template;
use warp::http::StatusCode;

struct CampaignPick {
    id: String,
    name: String,
    chosen: bool,
}

struct UnitPick {
    code: String,
    name: String,
    chosen: bool,
}

struct MeasurePick {
    code: String,
    name: String,
    chosen: bool,
}

struct Card {
    code: String,
    name: String,
    word: String,
    figure: Figure,
    change: Option<(&'static str, String)>,
    /// How far the drive has come towards its target; told of the whole drive only, for units are not compared by it.
    target: Option<String>,
    chosen: bool,
}

struct TableRow {
    code: String,
    name: String,
    standing: Option<Standing>,
    reported: String,
    cells: Vec<Option<Figure>>,
    below: bool,
}

struct Report {
    unit: String,
    name: String,
    date: String,
    time: String,
    standing: &'static str,
    late: bool,
    zero: bool,
}

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage {
    f: Frame,
    campaign: CampaignView,
    state: String,
    ordinal: Option<String>,
    unit: String,
    code: String,
    campaigns: Vec<CampaignPick>,
    units: Vec<UnitPick>,
    measures: Vec<MeasurePick>,
    cards: Vec<Card>,
    basis: Option<String>,
    day: String,
    planned: bool,
    counts: CountsView,
    rate: Option<String>,
    /// How many are missing; none before the campaign begins.
    missing: Option<u64>,
    /// Their codes and names, and the words to remind them with, where they are not too many.
    missing_named: Option<(Vec<(String, String)>, String)>,
    /// The units on all days; none where there is one day only, or nothing is expected of anybody.
    grid: Grid,
    pictures: Vec<Picture>,
    summary: String,
    revision: i64,
    columns: Vec<(String, String, String)>,
    whole: Vec<Figure>,
    rows: Vec<TableRow>,
    latest: Option<Vec<Report>>,
    may_submit: bool,
}

/// The board of a unit in a campaign.
///
/// # Errors
/// Out of scope is not found; a faulty parameter is told.
pub async fn show(request: Request) -> Result<Response, Error> {
    let query = request.query(&["unit", "measure"])?;
    let caller = request.caller()?.clone();
    let (app, f, lang) = (request.app.clone(), Frame::of(&request), request.lang);
    let id = request.param(0).to_owned();
    drop(request);
    let board = app.board(&caller, &id, query.get("unit"), query.get("measure")).await?;
    let campaigns = app.campaigns(&caller).items;
    let measure = figures::measure(&board.campaign, &board.measure);
    let subject = Subject {
        app: &app,
        caller: &caller,
        campaign: &id,
        name: &board.campaign.name,
        unit: &board.unit.code,
        unit_name: &board.unit.name,
        measure: &board.measure,
        measure_name: measure.map_or("", |measure| figures::name(lang, measure)),
        revision: board.grid.revision,
        more: &[],
    };
    let pictures = subject.pictures(&["year-over-year", "trend", "totals"]).await?;
    let summary = format!("{}.png?{}", subject.path("summary"), subject.query());
    render(StatusCode::OK, lang, &page(f, &board, &campaigns, pictures, summary))
}

fn page(
    f: Frame,
    board: &BoardView,
    campaigns: &[CampaignView],
    pictures: Vec<Picture>,
    summary: String,
) -> BoardPage {
    let lang = f.lang;
    let campaign = &board.campaign;
    // A measure that nobody has any of would be an empty column.
    let used: Vec<&MeasureView> =
        board.headline.iter().filter(|head| head.total.high > 0).map(|head| &head.measure).collect();
    let totals = used.iter().filter_map(|m| board.headline.iter().find(|head| head.measure.code == m.code));
    let (missing, missing_named) = match &board.missing {
        Absent::NotYet => (None, None),
        Absent::Counted(count) => (Some(*count), None),
        Absent::Named(missing) => {
            let names = missing.items.iter().map(|unit| (unit.unit.clone(), unit.name.clone()));
            (Some(missing.items.len() as u64), Some((names.collect(), missing.text.clone())))
        }
    };
    BoardPage {
        state: lang.text(&format!("state-{}", campaign.state)),
        ordinal: campaign.ordinal.map(|n| lang.words("campaign-ordinal", &[("n", &n.to_string())])),
        unit: board.unit.name.clone(),
        code: board.unit.code.clone(),
        campaigns: campaigns
            .iter()
            .map(|other| CampaignPick {
                id: other.id.clone(),
                name: other.name.clone(),
                chosen: other.id == campaign.id,
            })
            .collect(),
        units: board.units.iter().map(|unit| unit_pick(unit, &board.unit.code)).collect(),
        measures: campaign
            .measures
            .iter()
            .map(|measure| MeasurePick {
                code: measure.code.clone(),
                name: figures::name(lang, measure).to_owned(),
                chosen: measure.code == board.measure,
            })
            .collect(),
        cards: board
            .headline
            .iter()
            .map(|head| Card {
                code: head.measure.code.clone(),
                name: figures::name(lang, &head.measure).to_owned(),
                word: figures::word(lang, Some(&head.measure)).to_owned(),
                figure: figures::figure(lang, &head.total),
                change: head.change.as_ref().map(|change| (change.code, change.text.clone())),
                target: target(lang, board, head),
                chosen: head.measure.code == board.measure,
            })
            .collect(),
        basis: compared(lang, board),
        day: board.day.clone(),
        planned: campaign.state == "planned",
        counts: board.completeness.counts,
        rate: board.completeness.counts.rate_permille.map(|n| format!("{}.{}", n / 10, n % 10)),
        missing,
        missing_named,
        grid: Grid::new(lang, &board.grid, campaign.today.as_deref()),
        pictures,
        summary,
        revision: board.grid.revision,
        columns: used
            .iter()
            .map(|m| {
                let (name, word) = (figures::name(lang, m), figures::word(lang, Some(m)));
                (m.code.clone(), name.to_owned(), word.to_owned())
            })
            .collect(),
        whole: totals.map(|head| figures::figure(lang, &head.total)).collect(),
        rows: board.rows.iter().map(|row| table_row(lang, board, row, &used)).collect(),
        latest: board
            .latest
            .as_ref()
            .map(|latest| latest.iter().map(|tally| report(board, tally, lang)).collect()),
        // The form is offered where the unit reports itself and does not only add up others.
        may_submit: board.may_submit && board.rows.iter().any(|row| row.unit == board.unit.code),
        campaign: campaign.clone(),
        f,
    }
}

fn target(lang: Lang, board: &BoardView, head: &Headline) -> Option<String> {
    let target = i64::from(head.measure.target?);
    if board.unit.code != board.campaign.unit {
        return None;
    }
    // Rounded down: what is not reached is not said to be.
    let percent = (head.total.low * 100 / target).to_string();
    Some(lang.words("board-target", &[("target", &figures::grouped(target)), ("percent", &percent)]))
}

/// What the changes on last year compare.
fn compared(lang: Lang, board: &BoardView) -> Option<String> {
    let has_base = |change: &ChangeView| change.code != "no_base";
    let any = board.headline.iter().filter_map(|head| head.change.as_ref()).any(has_base);
    any.then(|| match board.compared_through {
        Some(n) => lang.words("board-compared-day", &[("n", &n.to_string())]),
        None => lang.text("board-compared-whole"),
    })
}

fn unit_pick(unit: &Choice, chosen: &str) -> UnitPick {
    // A list has no other way to show what stands below what.
    let indent = "\u{3000}".repeat(unit.depth);
    UnitPick { code: unit.code.clone(), name: format!("{indent}{}", unit.name), chosen: unit.code == chosen }
}

fn table_row(lang: Lang, board: &BoardView, row: &BoardRow, used: &[&MeasureView]) -> TableRow {
    let cell = |measure: &&MeasureView| {
        let total = row.totals.iter().find(|total| total.measure == measure.code);
        total.map(|total| figures::figure(lang, total))
    };
    TableRow {
        code: row.unit.clone(),
        name: row.name.clone(),
        standing: row.status.and_then(|code| figures::standing(lang, code)),
        reported: format!("{}/{}", row.reported.0, row.reported.1),
        cells: used.iter().map(cell).collect(),
        below: row.unit != board.unit.code,
    }
}

fn report(board: &BoardView, tally: &TallyView, lang: Lang) -> Report {
    let listed = board.rows.iter().find(|row| row.unit == tally.unit);
    let review = crate::domain::tally::Review::from_code(tally.state);
    Report {
        unit: tally.unit.clone(),
        name: listed.map_or_else(|| tally.unit.clone(), |row| row.name.clone()),
        date: tally.date.clone(),
        time: figures::minute(&tally.received_at),
        standing: review.map_or("", |review| lang.pick(review.name(), review.name_en())),
        late: tally.late,
        zero: tally.zero,
    }
}
