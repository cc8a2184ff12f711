//! The missing list to copy from, and the note that it was sent.

use super::figures;
use super::list::{self, Order, Pages, Sort, up};
use super::{Frame, render};
use crate::domain::chase::Channel;
use crate::http::api::chase::grouping;
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::service::campaigns::CampaignView;
use crate::service::chase::{ChaseBody, ChaseView, MissingUnit, MissingView};
use askama::Template;
use warp::http::StatusCode;

struct Pick {
    code: &'static str,
    name: String,
    chosen: bool,
}

struct GroupText {
    title: String,
    text: String,
    rows: usize,
}

struct Asked {
    code: String,
    name: String,
    standing: Option<figures::Standing>,
    asked: Option<String>,
}

struct Noted {
    time: String,
    channel: String,
    by: String,
    count: usize,
}

#[derive(Template)]
#[template(path = "missing.html")]
struct MissingPage {
    f: Frame,
    campaign: CampaignView,
    code: String,
    date: String,
    by: String,
    missing: MissingView,
    rows: usize,
    groupings: Vec<Pick>,
    groups: Vec<GroupText>,
    units: Vec<Asked>,
    /// How many are missing in all.
    count: usize,
    pages: Pages,
    channels: Vec<Pick>,
    noted: Vec<Noted>,
    may_note: bool,
    done: bool,
}

/// Lines of a text area that show a text without scrolling on a phone, within reason.
fn rows(text: &str) -> usize {
    (text.chars().count() / 20 + text.lines().count()).clamp(4, 20)
}

/// Parameters of the page, and the orders of its list: never one that ranks units.
const QUERY: &[&str] = &["unit", "date", "by", "noted", "q", "sort", "cursor"];
const SORTS: &[Sort] = &[up(Order::Place), up(Order::Name)];

/// The missing list of a unit and day.
///
/// # Errors
/// Out of scope is not found; a faulty parameter is told.
pub async fn show(request: Request) -> Result<Response, Error> {
    let query = request.query(QUERY)?;
    let (caller, lang) = (request.caller()?, request.lang);
    let by = query.get("by").unwrap_or("none").to_owned();
    let id = request.param(0);
    let campaign = request.app.campaign(caller, id)?;
    let (unit, date) = (query.get("unit"), query.get("date"));
    let missing = request.app.missing(caller, id, unit, date, grouping(Some(&by))?).await?;
    // Who may not note may not read the notes.
    let noted = request.app.chases(caller, id, Some(&missing.unit), Some(&missing.date), None).await.ok();
    let pick = |code: &'static str, key: &str, chosen: &str| Pick {
        code,
        name: lang.text(key),
        chosen: code == chosen,
    };
    let group = |group: &crate::service::chase::MissingGroup| GroupText {
        title: lang.words(
            "missing-group-title",
            &[
                ("group", &group.name.clone().unwrap_or_else(|| lang.text("missing-no_group"))),
                ("count", &group.units.len().to_string()),
            ],
        ),
        rows: rows(&group.text),
        text: group.text.clone(),
    };
    let asked = |unit: &MissingUnit| Asked {
        code: unit.unit.clone(),
        name: unit.name.clone(),
        standing: figures::standing(lang, unit.status),
        asked: unit.asked_at.as_deref().map(|at| {
            let values = [("times", unit.asked.to_string()), ("time", figures::minute(at))];
            lang.words("missing-asked", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
        }),
    };
    let line = |chase: &ChaseView| Noted {
        time: figures::minute(&chase.at),
        channel: Channel::from_code(chase.channel)
            .map_or(String::new(), |channel| lang.pick(channel.name(), channel.name_en()).to_owned()),
        by: chase.by.clone().unwrap_or_else(|| lang.text("chase-by-service")),
        count: chase.units.len(),
    };
    let found =
        missing.items.iter().filter(|unit| list::matches(&query, &[&unit.name, &unit.unit])).collect();
    let compare = |by, a: &&MissingUnit, b: &&MissingUnit| match by {
        Order::Name => (&a.name, &a.unit).cmp(&(&b.name, &b.unit)),
        _ => std::cmp::Ordering::Equal,
    };
    let (found, pages) = list::page(lang, &query, SORTS, found, compare, |unit| unit.unit.clone())?;
    let page = MissingPage {
        count: missing.items.len(),
        pages,
        code: missing.unit.clone(),
        date: missing.date.clone(),
        rows: rows(&missing.text),
        groupings: [
            ("none", "missing-by-none"),
            ("parent", "missing-by-parent"),
            ("liaison", "missing-by-liaison"),
        ]
        .map(|(code, key)| pick(code, key, &by))
        .into(),
        groups: missing.groups.iter().map(group).collect(),
        units: found.into_iter().map(asked).collect(),
        channels: Channel::ALL
            .iter()
            .map(|channel| Pick {
                code: channel.code(),
                name: lang.pick(channel.name(), channel.name_en()).to_owned(),
                chosen: *channel == Channel::Wechat,
            })
            .collect(),
        may_note: noted.is_some(),
        noted: noted.iter().flat_map(|noted| &noted.items).map(line).collect(),
        done: query.get("noted").is_some(),
        by,
        missing,
        campaign,
        f: Frame::of(&request),
    };
    render(StatusCode::OK, lang, &page)
}

/// Notes that the list was sent, and shows it again.
///
/// # Errors
/// As the API's.
pub async fn note(mut request: Request) -> Result<Response, Error> {
    let form = request.form().await?;
    let body = ChaseBody {
        unit: form.owned("unit"),
        date: form.owned("date"),
        channel: form.owned("channel"),
        units: None,
    };
    let chase = request.app.chase(request.caller()?, request.param(0), &body).await?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("unit", body.unit.as_deref().unwrap_or(&chase.unit));
    query.append_pair("date", &chase.date);
    query.append_pair("by", form.get("by").unwrap_or("none"));
    query.append_pair("noted", "1");
    let path = format!("/campaigns/{}/missing?{}", chase.campaign, query.finish());
    Ok(reply::see_other(&path))
}
