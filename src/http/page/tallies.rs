//! The reports behind a figure: filtered, sorted and paged by the address.

use super::figures::{self, Figure};
use super::list::{self, Order, Sort, down, up};
use super::pick::{self, Pick};
use super::{Frame, picture, render};
use crate::domain::tally::Review;
use crate::http::error::Error;
use crate::http::reply::Response;
use crate::http::request::{Query, Request};
use crate::i18n::Lang;
use crate::service::campaigns::CampaignView;
use crate::service::tallies::{Filter, MeasureTotal, TallyView, parse_day};
use crate::service::{App, Caller};
use askama::Template;
use warp::http::StatusCode;

/// Parameters of the page.
const QUERY: &[&str] = &["under", "measure", "from", "to", "state", "sort", "cursor"];

/// Its orders.
const SORTS: &[Sort] = &[up(Order::Day), down(Order::Day)];

/// How many reports a page shows.
const PAGE: u32 = 50;

struct Row {
    unit: String,
    name: String,
    date: String,
    time: String,
    by: String,
    version: u32,
    state: &'static str,
    returned: bool,
    late: bool,
    zero: bool,
    on_behalf: bool,
    /// The figure of the measure asked for, or everything that is told.
    figures: Vec<(String, Figure)>,
}

#[derive(Template)]
#[template(path = "tallies.html")]
struct TalliesPage {
    f: Frame,
    campaign: CampaignView,
    unit: String,
    units: Vec<Pick>,
    measures: Vec<Pick>,
    states: Vec<Pick>,
    from: String,
    to: String,
    sort: String,
    /// One measure is asked for: its name and word.
    measure: Option<(String, String)>,
    rows: Vec<Row>,
    /// The sum of what is shown and counts.
    sum: Option<Figure>,
    /// The same list by the other order.
    turned: String,
    first: Option<String>,
    next: Option<String>,
}

/// The list.
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

async fn page(app: &App, caller: &Caller, f: Frame, id: &str, query: &Query) -> Result<TalliesPage, Error> {
    let lang = f.lang;
    let campaign = app.campaign(caller, id)?;
    let choices = app.choices(caller, id, query.get("under"))?;
    let code = choices.unit.code;
    let text = |name: &str| query.get(name).unwrap_or_default();
    let measure = match query.get("measure") {
        Some(code) => Some(figures::measure(&campaign, code).ok_or_else(|| picture::measure_unknown(code))?),
        None => None,
    };
    let day = |name: &'static str| {
        let day = query.get(name).map(|day| parse_day(day, &format!("/{name}")));
        day.transpose()
    };
    let state = list::chosen(query, "state", Review::ALL.iter().map(|review| review.code()))?;
    let descending = Sort::read(query, SORTS)?.down;
    let filter = Filter {
        under: Some(code.clone()),
        from: day("from")?,
        to: day("to")?,
        state: state.map(ToOwned::to_owned),
        measure: query.owned("measure"),
        descending,
        cursor: query.owned("cursor"),
        limit: Some(PAGE),
    };
    let found = app.tallies(caller, id, &filter).await?;
    let address = |sort: &str, cursor: &str| {
        let pairs = [
            ("under", code.as_str()),
            ("measure", text("measure")),
            ("from", text("from")),
            ("to", text("to")),
            ("state", text("state")),
            ("sort", sort),
            ("cursor", cursor),
        ];
        format!("?{}", pick::query(&pairs))
    };
    let wanted = measure.map(|measure| measure.code.as_str());
    let rows = found.items.iter().map(|tally| row(app, caller, &campaign, tally, wanted));
    let all = lang.text("pick-all");
    let of_state =
        |review: &Review| Pick::new(review.code(), lang.pick(review.name(), review.name_en()), text("state"));
    let name = |m| figures::name(lang, m).to_owned();
    Ok(TalliesPage {
        rows: rows.collect(),
        sum: wanted.and_then(|code| sum(lang, code, &found.items)),
        units: choices.units.iter().map(|unit| Pick::unit(unit, &code)).collect(),
        measures: std::iter::once(Pick::new("", &all, text("measure")))
            .chain(campaign.measures.iter().map(|m| Pick::new(&m.code, name(m), text("measure"))))
            .collect(),
        states: std::iter::once(Pick::new("", &all, text("state")))
            .chain(Review::ALL.iter().map(of_state))
            .collect(),
        measure: measure.map(|m| (name(m), figures::word(lang, Some(m)).to_owned())),
        from: text("from").to_owned(),
        to: text("to").to_owned(),
        sort: text("sort").to_owned(),
        turned: address(if descending { "" } else { "-day" }, ""),
        first: query.get("cursor").map(|_| address(text("sort"), "")),
        next: found.next.as_deref().map(|next| address(text("sort"), next)),
        unit: choices.unit.name,
        campaign,
        f,
    })
}

fn row(app: &App, caller: &Caller, campaign: &CampaignView, tally: &TallyView, wanted: Option<&str>) -> Row {
    let lang = caller.lang;
    let review = Review::from_code(tally.state);
    let told = tally.totals.iter().filter(|total| wanted.is_none_or(|code| total.measure == code));
    let figure = |total: &MeasureTotal| {
        let measure = figures::measure(campaign, &total.measure);
        let name = measure.map_or(total.measure.as_str(), |measure| figures::name(lang, measure));
        (name.to_owned(), figures::figure(lang, total))
    };
    Row {
        name: app.unit(caller, &tally.unit).map_or_else(|_| tally.unit.clone(), |unit| unit.name),
        unit: tally.unit.clone(),
        date: tally.date.clone(),
        time: figures::minute(&tally.received_at),
        by: tally.by.clone(),
        version: tally.version,
        state: review.map_or("", |review| lang.pick(review.name(), review.name_en())),
        returned: review == Some(Review::Returned),
        late: tally.late,
        zero: tally.zero,
        on_behalf: tally.on_behalf,
        figures: told.map(figure).collect(),
    }
}

/// The sum of a measure over the reports of a page; what was returned counts nothing.
fn sum(lang: Lang, measure: &str, tallies: &[TallyView]) -> Option<Figure> {
    let counted = tallies.iter().filter(|tally| Review::from_code(tally.state) != Some(Review::Returned));
    let parts = counted.flat_map(|tally| &tally.totals).filter(|total| total.measure == measure);
    let whole = parts.fold(None, |sum: Option<MeasureTotal>, part| {
        Some(sum.map_or_else(
            || part.clone(),
            |sum| MeasureTotal {
                count: sum.count + part.count,
                low: sum.low + part.low,
                high: sum.high + part.high,
                exact: sum.exact && part.exact,
                measure: sum.measure,
            },
        ))
    });
    whole.map(|whole| figures::figure(lang, &whole))
}
