//! Drives: the list of them, a new one, and what one counts, waits for and means to reach.

use super::list::{self, Order, Pages, Sort, down, up};
use super::pick::Pick;
use super::{Frame, figures, render, told};
use crate::domain::access::Permission;
use crate::domain::campaign::{Kind, State};
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::{Query, Request};
use crate::i18n::Lang;
use crate::service::campaigns::{CampaignBody, CampaignView, MeasureBody, MeasureView, measures};
use crate::service::locks::LocksView;
use crate::service::{App, Caller};
use askama::Template;
use std::collections::BTreeMap;
use std::sync::Arc;
use warp::http::StatusCode;

struct Listed {
    campaign: CampaignView,
    state: String,
}

#[derive(Template)]
#[template(path = "campaigns.html")]
struct CampaignsPage {
    f: Frame,
    campaigns: Vec<Listed>,
    pages: Pages,
    of_kind: Vec<Pick>,
    states: Vec<Pick>,
    kinds: Vec<Pick>,
    /// There is a unit that a drive can be for.
    units: bool,
    /// Whoever looks may enter drives and change them.
    manages: bool,
    typed: Typed,
    faults: Vec<String>,
}

/// The form of a new drive as it was typed.
#[derive(Debug, Clone, Default)]
struct Typed {
    kind: String,
    starts_on: String,
    ends_on: String,
    year: String,
}

/// Parameters of the list, and its orders.
const QUERY: &[&str] = &["q", "kind", "state", "sort", "cursor"];
const SORTS: &[Sort] = &[down(Order::Start), up(Order::Start), up(Order::Name)];

/// Drives: filtered, in an order, a page at a time.
///
/// # Errors
/// 401 when nobody is signed in; a faulty parameter is told.
pub async fn list(request: Request) -> Result<Response, Error> {
    let query = request.query(QUERY)?;
    let (f, lang) = (Frame::of(&request), request.lang);
    let page = listing(&request.app, request.caller()?, f, &query, Typed::default(), Vec::new())?;
    render(StatusCode::OK, lang, &page)
}

fn listing(
    app: &App,
    caller: &Caller,
    f: Frame,
    query: &Query,
    typed: Typed,
    faults: Vec<String>,
) -> Result<CampaignsPage, Error> {
    let lang = f.lang;
    let kind = list::chosen(query, "kind", Kind::ALL.iter().map(|kind| kind.code()))?;
    let states = [State::Open, State::Planned, State::Closed].map(State::code);
    let of_state = list::chosen(query, "state", states.into_iter())?;
    let wanted = |one: &CampaignView| {
        kind.is_none_or(|kind| kind == one.kind)
            && of_state.is_none_or(|state| state == one.state)
            && list::matches(query, &[&one.name, &one.theme, &one.id])
    };
    let found = app.campaigns(caller).items.into_iter().filter(wanted).collect();
    let compare = |by, a: &CampaignView, b: &CampaignView| match by {
        Order::Name => a.name.cmp(&b.name),
        _ => (&a.starts_on, &a.id).cmp(&(&b.starts_on, &b.id)),
    };
    let (found, pages) = list::page(lang, query, SORTS, found, compare, |one| one.id.clone())?;
    let listed = |campaign: CampaignView| Listed { state: state(lang, &campaign), campaign };
    let all = Pick::new("", lang.text("pick-all"), kind.unwrap_or_default());
    let kind_of =
        |one: &Kind| Pick::new(one.code(), lang.pick(one.name(), one.name_en()), kind.unwrap_or_default());
    let state_of = |code: &'static str| {
        Pick::new(code, lang.text(&format!("state-{code}")), of_state.unwrap_or_default())
    };
    let any = Pick::new("", lang.text("pick-all"), of_state.unwrap_or_default());
    Ok(CampaignsPage {
        campaigns: found.into_iter().map(listed).collect(),
        pages,
        of_kind: std::iter::once(all).chain(Kind::ALL.iter().map(kind_of)).collect(),
        states: std::iter::once(any).chain(states.into_iter().map(state_of)).collect(),
        kinds: Kind::ALL
            .iter()
            .map(|kind| Pick::new(kind.code(), lang.pick(kind.name(), kind.name_en()), &typed.kind))
            .collect(),
        units: app.has_units(),
        manages: app.outlook(caller, None, None).may(Permission::ManageCampaigns),
        typed,
        faults,
        f,
    })
}

fn state(lang: Lang, campaign: &CampaignView) -> String {
    lang.text(&format!("state-{}", campaign.state))
}

/// Enters a drive, and goes on to what it counts.
///
/// # Errors
/// What can be mended is told on the page.
pub async fn create(mut request: Request) -> Result<Response, Error> {
    let fields = request.form().await?;
    let text = |name: &str| fields.owned(name).unwrap_or_default();
    let typed = Typed {
        kind: text("kind"),
        starts_on: text("starts_on"),
        ends_on: text("ends_on"),
        year: text("year"),
    };
    let body = CampaignBody {
        kind: fields.owned("kind"),
        starts_on: fields.owned("starts_on"),
        ends_on: fields.owned("ends_on"),
        year: fields.get("year").and_then(|year| year.trim().parse().ok()),
        name: fields.owned("name"),
        ..CampaignBody::default()
    };
    let (app, caller, f) = (request.app.clone(), request.caller()?.clone(), Frame::of(&request));
    let lang = request.lang;
    drop(request);
    match app.create_campaign(&caller, &body).await {
        Ok(campaign) => Ok(reply::see_other(&format!("/campaigns/{}/settings?new=1", campaign.id))),
        Err(error) => {
            let error = Error::from(error);
            let page = listing(&app, &caller, f, &Query::default(), typed, told(&error, lang))?;
            render(error.status(), lang, &page)
        }
    }
}

/// A measure to choose, with what the drive means to reach of it.
struct Choice {
    measure: MeasureView,
    name: String,
    word: String,
    chosen: bool,
    target: String,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    f: Frame,
    campaign: CampaignView,
    kind: &'static str,
    state: String,
    choices: Vec<Choice>,
    own: OwnMeasure,
    expected: String,
    listed: bool,
    locks: LocksView,
    /// An exception as it was typed.
    except: Except,
    new: bool,
    done: bool,
    faults: Vec<String>,
}

/// The form of an exception.
#[derive(Debug, Clone, Default)]
struct Except {
    unit: String,
    date: String,
    reason: String,
    until: String,
}

/// The line for a measure of the drive's own.
#[derive(Debug, Clone, Default)]
struct OwnMeasure {
    code: String,
    name: String,
    word: String,
}

/// What a drive counts, waits for and means to reach.
///
/// # Errors
/// Not found out of scope; not allowed for whoever does not manage it.
pub async fn show(request: Request) -> Result<Response, Error> {
    let query = request.query(&["new", "done"])?;
    let (app, caller, f) = (request.app.clone(), request.caller()?.clone(), Frame::of(&request));
    let (lang, id) = (request.lang, request.param(0).to_owned());
    drop(request);
    let mut page = settings(&app, &caller, f, &id, &Query::default(), Vec::new()).await?;
    page.new = query.get("new").is_some();
    page.done = query.get("done").is_some();
    render(StatusCode::OK, lang, &page)
}

async fn settings(
    app: &App,
    caller: &Caller,
    f: Frame,
    id: &str,
    typed: &Query,
    faults: Vec<String>,
) -> Result<SettingsPage, Error> {
    let lang = f.lang;
    let locks = app.locks(caller, id).await?;
    let mut campaign = app.campaign(caller, id)?;
    let text = |name: &str| typed.owned(name).unwrap_or_default();
    // Only what was typed into the form of the settings itself is shown there again.
    let again = !faults.is_empty() && matches!(text("do").as_str(), "save" | "");
    let except = match text("do").as_str() {
        "except" => {
            Except { unit: text("unit"), date: text("date"), reason: text("reason"), until: text("until") }
        }
        _ => Except::default(),
    };
    let others =
        measures().items.into_iter().filter(|other| figures::measure(&campaign, &other.code).is_none());
    let all: Vec<(MeasureView, bool)> =
        campaign.measures.iter().cloned().map(|m| (m, true)).chain(others.map(|m| (m, false))).collect();
    let choice = |(measure, counted): (MeasureView, bool)| {
        let typed_target = typed.owned(&format!("target.{}", measure.code)).unwrap_or_default();
        let kept = || measure.target.map(|target| target.to_string()).unwrap_or_default();
        Choice {
            name: figures::name(lang, &measure).to_owned(),
            word: figures::word(lang, Some(&measure)).to_owned(),
            chosen: if again { ticked(typed, &measure.code) } else { counted },
            target: if again { typed_target } else { kept() },
            measure,
        }
    };
    let name = |code: &String| {
        let name = app.unit(caller, code).map_or_else(|_| String::new(), |unit| unit.name);
        format!("{code} {name}").trim_end().to_owned()
    };
    let expected = campaign.expected_units.iter().flatten().map(name).collect::<Vec<_>>().join("\n");
    if again {
        for (name, field) in [
            ("name", &mut campaign.name),
            ("starts_on", &mut campaign.starts_on),
            ("ends_on", &mut campaign.ends_on),
            ("deadline", &mut campaign.deadline),
            ("theme", &mut campaign.theme),
        ] {
            *field = text(name);
        }
    }
    Ok(SettingsPage {
        kind: Kind::from_code(campaign.kind).map_or("", |kind| lang.pick(kind.name(), kind.name_en())),
        state: state(lang, &campaign),
        choices: all.into_iter().map(choice).collect(),
        own: OwnMeasure { code: text("own.code"), name: text("own.name"), word: text("own.word") },
        listed: if again { text("expected") == "listed" } else { campaign.expected_units.is_some() },
        expected: if again { text("units") } else { expected },
        locks,
        except,
        new: false,
        done: false,
        faults,
        campaign,
        f,
    })
}

fn ticked(fields: &Query, code: &str) -> bool {
    fields.pairs().any(|(name, value)| name == "measure" && value == code)
}

/// Changes a drive, locks or opens it or a day of it.
///
/// # Errors
/// Not found out of scope; what can be mended is told on the page.
pub async fn change(mut request: Request) -> Result<Response, Error> {
    let fields = request.form().await?;
    let (app, caller, f) = (request.app.clone(), request.caller()?.clone(), Frame::of(&request));
    let (lang, id) = (request.lang, request.param(0).to_owned());
    drop(request);
    match act(&app, &caller, &id, &fields).await {
        Ok(()) => Ok(reply::see_other(&format!("/campaigns/{id}/settings?done=1"))),
        Err(error) if error.status().is_client_error() && error.status() != StatusCode::NOT_FOUND => {
            let faults = told(&error, lang);
            let page = settings(&app, &caller, f, &id, &fields, faults).await?;
            render(error.status(), lang, &page)
        }
        Err(error) => Err(error),
    }
}

async fn act(app: &Arc<App>, caller: &Caller, id: &str, fields: &Query) -> Result<(), Error> {
    let text = |name: &str| fields.get(name).unwrap_or_default();
    let locking = |locked: bool| CampaignBody { locked: Some(locked), ..CampaignBody::default() };
    match text("do") {
        "lock" => app.update_campaign(caller, id, &locking(true)).await.map(drop)?,
        "unlock" => app.update_campaign(caller, id, &locking(false)).await.map(drop)?,
        "lock_day" => app.lock_day(caller, id, text("date"), text("reason")).await.map(drop)?,
        "except" => {
            // A field of a form says the time as the place's clocks show it.
            let until = fields.get("until").map(|time| format!("{time}:00+08:00"));
            // A name may follow the code.
            let unit = text("unit").split_whitespace().next().unwrap_or_default();
            let (date, reason) = (text("date"), text("reason"));
            app.open_exception(caller, id, unit, date, reason, until.as_deref()).await.map(drop)?;
        }
        "unlock_day" => app.unlock_day(caller, id, text("date")).await.map(drop)?,
        "save" | "" => {
            app.update_campaign(caller, id, &body(&app.campaign(caller, id)?, fields)?).await.map(drop)?;
        }
        _ => return Err(Error::RouteUnknown),
    }
    Ok(())
}

/// What the form says of a drive.
fn body(before: &CampaignView, fields: &Query) -> Result<CampaignBody, Error> {
    // A field that was emptied is there and empty, which the others' getters take for absent.
    let text =
        |name: &str| fields.pairs().find(|(other, _)| *other == name).map(|(_, value)| value.to_owned());
    let mut chosen: Vec<MeasureBody> = Vec::new();
    let mut targets = BTreeMap::new();
    let known = before.measures.iter().map(|measure| measure.code.as_str());
    let others = measures().items;
    let others = others.iter().map(|other| other.code.as_str());
    let mut codes: Vec<&str> = known.collect();
    others.for_each(|code| {
        if !codes.contains(&code) {
            codes.push(code);
        }
    });
    let built_in = |code: &str| measures().items.iter().any(|measure| measure.code == code);
    for code in codes.into_iter().filter(|code| ticked(fields, code)) {
        chosen.push(match before.measures.iter().find(|measure| measure.code == code) {
            Some(own) if !built_in(code) => MeasureBody::Own {
                code: own.code.clone(),
                name: own.name.clone(),
                name_en: Some(own.name_en.clone()),
                word: own.word.clone(),
                word_en: Some(own.word_en.clone()),
            },
            _ => MeasureBody::Code(code.to_owned()),
        });
        let Some(target) = fields.get(&format!("target.{code}")) else { continue };
        let target = target.trim().replace([',', '，'], "").parse().map_err(|_| target_invalid())?;
        targets.insert(code.to_owned(), target);
    }
    if let Some(code) = fields.owned("own.code") {
        let field = |name: &str| fields.owned(name).unwrap_or_default();
        let (name, word) = (field("own.name"), field("own.word"));
        chosen.push(MeasureBody::Own { code, name, name_en: None, word, word_en: None });
    }
    let listed = text("expected").as_deref() == Some("listed");
    let units = text("units").unwrap_or_default();
    let codes = units.lines().filter_map(|line| line.split_whitespace().next()).filter(|_| listed);
    Ok(CampaignBody {
        name: text("name"),
        theme: text("theme"),
        starts_on: text("starts_on"),
        ends_on: text("ends_on"),
        deadline: text("deadline").map(|time| time.chars().take(5).collect()),
        expected_units: Some(codes.map(ToOwned::to_owned).collect()),
        measures: Some(chosen),
        targets: Some(targets),
        ..CampaignBody::default()
    })
}

fn target_invalid() -> Error {
    let fault = crate::domain::fault::Fault::new("/targets", "target_invalid");
    crate::service::Error::invalid(fault).into()
}
