//! Years side by side: pictures, and a table that leads to the reports behind each figure.

use super::figures::{self, Figure};
use super::list;
use super::pick::{self, Pick};
use super::picture::{self, Picture, Subject};
use super::{Frame, render};
use crate::domain::calendar::Align;
use crate::domain::comparison::Basis;
use crate::http::error::Error;
use crate::http::reply::Response;
use crate::http::request::{Query, Request};
use crate::i18n::Lang;
use crate::service::campaigns::CampaignView;
use crate::service::comparison::{ChangeView, ComparisonView, Question};
use crate::service::tallies::MeasureTotal;
use crate::service::{App, Caller};
use askama::Template;
use warp::http::StatusCode;

/// Parameters of the page.
const QUERY: &[&str] = &["unit", "measure", "from", "to", "align", "basis"];

/// A figure of one year, and where its reports are.
struct Cell {
    figure: Figure,
    href: String,
}

struct Row {
    name: String,
    /// A unit below, to look at by itself.
    href: Option<String>,
    cells: Vec<Option<Cell>>,
    /// What the newest year is to the one before.
    change: Option<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "comparison.html")]
struct ComparisonPage {
    f: Frame,
    campaign: CampaignView,
    unit: String,
    units: Vec<Pick>,
    measures: Vec<Pick>,
    from: Vec<Pick>,
    to: Vec<Pick>,
    aligns: Vec<Pick>,
    bases: Vec<Pick>,
    word: String,
    measure: String,
    years: Vec<i16>,
    whole: Row,
    rows: Vec<Row>,
    /// What is compared, and who was left out.
    told: Vec<String>,
    pictures: Vec<Picture>,
    summary: String,
    here: String,
}

/// The page.
///
/// # Errors
/// Out of scope is not found; a faulty parameter is told.
pub async fn show(request: Request) -> Result<Response, Error> {
    let query = request.query(QUERY)?;
    let (app, caller, f) = (request.app.clone(), request.caller()?.clone(), Frame::of(&request));
    let (lang, id) = (request.lang, request.param(0).to_owned());
    drop(request);
    let page = page(&app, &caller, f, &id, &query).await?;
    render(StatusCode::OK, lang, &page)
}

async fn page(
    app: &App,
    caller: &Caller,
    f: Frame,
    id: &str,
    query: &Query,
) -> Result<ComparisonPage, Error> {
    let lang = f.lang;
    let campaign = app.campaign(caller, id)?;
    let choices = app.choices(caller, id, query.get("unit"))?;
    let unit = choices.unit.code.clone();
    let first = campaign.measures.first().map(|measure| measure.code.clone()).unwrap_or_default();
    let wanted = query.get("measure").unwrap_or(&first);
    let measure = figures::measure(&campaign, wanted).ok_or_else(|| picture::measure_unknown(wanted))?;
    let all_years: Vec<i16> = {
        let drives = app.campaigns(caller).items.into_iter();
        let mut years: Vec<i16> =
            drives.filter(|other| other.kind == campaign.kind).map(|other| other.year).collect();
        years.sort_unstable();
        years.dedup();
        years
    };
    let (from, to) = span(query, &all_years, campaign.year)?;
    let usual = if campaign.state == "open" { Align::CampaignDay } else { Align::Whole };
    let align = query.get("align").unwrap_or(usual.code());
    let basis = query.get("basis").unwrap_or(Basis::default().code());
    let years = format!("{from}-{to}");
    let question = Question {
        kind: Some(campaign.kind.to_owned()),
        unit: Some(unit.clone()),
        measure: Some(measure.code.clone()),
        years: Some(years.clone()),
        by: Some("unit".to_owned()),
        align: Some(align.to_owned()),
        basis: Some(basis.to_owned()),
    };
    let view = app.comparison(caller, &question).await?;
    let newest = view.years.last().map_or(id, |year| year.campaign.as_str()).to_owned();
    let newest_view = app.campaign(caller, &newest)?;
    let more = [("align", align), ("basis", basis), ("years", years.as_str())];
    let subject = Subject {
        app,
        caller,
        campaign: &newest,
        name: &newest_view.name,
        unit: &unit,
        unit_name: &choices.unit.name,
        measure: &measure.code,
        measure_name: figures::name(lang, measure),
        revision: 0,
        more: &more,
    };
    let pictures = subject.pictures(&["year-over-year", "trend"]).await?;
    let pairs = [
        ("unit", unit.as_str()),
        ("measure", measure.code.as_str()),
        ("from", &from.to_string()),
        ("to", &to.to_string()),
        ("align", align),
        ("basis", basis),
    ];
    let here = format!("/campaigns/{id}/comparison?{}", pick::query(&pairs));
    let year = |chosen: i16| {
        let year = |year: &i16| Pick::new(year.to_string(), year.to_string(), &chosen.to_string());
        all_years.iter().map(year).collect()
    };
    let align_pick = |one: &Align| Pick::new(one.code(), lang.text(&format!("align-{}", one.code())), align);
    let basis_pick = |one: &Basis| Pick::new(one.code(), lang.pick(one.name(), one.name_en()), basis);
    Ok(ComparisonPage {
        units: choices.units.iter().map(|one| Pick::unit(one, &unit)).collect(),
        measures: campaign
            .measures
            .iter()
            .map(|one| Pick::new(&one.code, figures::name(lang, one), &measure.code))
            .collect(),
        from: year(from),
        to: year(to),
        aligns: Align::ALL.iter().map(align_pick).collect(),
        bases: Basis::ALL.iter().map(basis_pick).collect(),
        word: figures::word(lang, Some(measure)).to_owned(),
        measure: figures::name(lang, measure).to_owned(),
        years: view.years.iter().map(|year| year.year).collect(),
        whole: whole(lang, &view, &choices.unit.name),
        rows: rows(lang, &view, id, &here),
        told: told(lang, &view),
        summary: format!(
            "{}.png?{}",
            subject.path("summary"),
            summary_query(&unit, lang, align, basis, &years)
        ),
        pictures,
        here,
        unit: choices.unit.name,
        campaign,
        f,
    })
}

/// The years asked for, else the campaign's and the four before.
fn span(query: &Query, all: &[i16], own: i16) -> Result<(i16, i16), Error> {
    let years: Vec<String> = all.iter().map(ToString::to_string).collect();
    let given = |name: &'static str| {
        let year = list::chosen(query, name, years.iter().map(String::as_str))?;
        Ok::<_, Error>(year.and_then(|year| year.parse::<i16>().ok()))
    };
    let to = given("to")?.unwrap_or(own);
    let earliest = all.iter().copied().filter(|year| *year <= to).rev().take(5).last().unwrap_or(to);
    let from = given("from")?.unwrap_or(earliest);
    Ok((from.min(to), from.max(to)))
}

/// A summary shows all measures, so it takes no measure.
fn summary_query(unit: &str, lang: Lang, align: &str, basis: &str, years: &str) -> String {
    let pairs = [("unit", unit), ("lang", lang.tag()), ("align", align), ("basis", basis), ("years", years)];
    pick::query(&pairs)
}

fn cell(lang: Lang, campaign: &str, unit: &str, total: &MeasureTotal) -> Cell {
    let query = pick::query(&[("under", unit), ("measure", &total.measure)]);
    Cell { figure: figures::figure(lang, total), href: format!("/campaigns/{campaign}/tallies?{query}") }
}

fn change(change: &ChangeView) -> Option<(&'static str, String)> {
    (change.code != "no_base").then(|| (change.code, change.text.clone()))
}

fn whole(lang: Lang, view: &ComparisonView, name: &str) -> Row {
    Row {
        name: name.to_owned(),
        href: None,
        cells: view
            .years
            .iter()
            .map(|year| Some(cell(lang, &year.campaign, &view.unit, &year.total)))
            .collect(),
        change: view.years.last().and_then(|year| change(&year.change)),
    }
}

/// A row a unit, in administrative order: a unit that some years lack stands after the one before it in the others.
fn rows(lang: Lang, view: &ComparisonView, id: &str, here: &str) -> Vec<Row> {
    let mut order: Vec<&str> = Vec::new();
    for year in &view.years {
        let mut at = 0;
        for code in
            view.items.iter().filter(|item| item.year == year.year).filter_map(|item| item.unit.as_deref())
        {
            match order.iter().position(|other| *other == code) {
                Some(found) => at = found + 1,
                None => {
                    order.insert(at, code);
                    at += 1;
                }
            }
        }
    }
    let row = |code: &str| {
        let of = |year: i16| {
            view.items.iter().find(|item| item.year == year && item.unit.as_deref() == Some(code))
        };
        let newest = view.years.last().and_then(|year| of(year.year));
        let any = view.items.iter().find(|item| item.unit.as_deref() == Some(code));
        let query = here.split_once('?').map_or("", |(_, query)| query);
        let others = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "unit");
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("unit", code).extend_pairs(others);
        Row {
            name: any.and_then(|item| item.name.clone()).unwrap_or_else(|| code.to_owned()),
            href: Some(format!("/campaigns/{id}/comparison?{}", query.finish())),
            cells: view
                .years
                .iter()
                .map(|year| of(year.year).map(|item| cell(lang, &item.campaign, code, &item.total)))
                .collect(),
            change: newest.and_then(|item| change(&item.change)),
        }
    };
    order.into_iter().map(row).collect()
}

/// What is compared, in sentences.
fn told(lang: Lang, view: &ComparisonView) -> Vec<String> {
    let mut told = vec![match (view.align, view.through) {
        ("distance", Some(n)) => lang.words("comparison-through-distance", &[("n", &n.to_string())]),
        (_, Some(n)) => lang.words("comparison-through-day", &[("n", &n.to_string())]),
        (_, None) => lang.text("comparison-whole"),
    }];
    if view.basis == "comparable" {
        let names: Vec<&str> = view.left_out.iter().map(|unit| unit.name.as_str()).collect();
        told.push(if names.is_empty() {
            lang.text("comparison-left_out-none")
        } else {
            let values =
                [("count", names.len().to_string()), ("names", names.join(&lang.text("list-comma")))];
            lang.words("comparison-left_out", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
        });
    }
    told
}
