//! Drives: the list of them, a new one, and what one counts, waits for and means to reach.

use super::pick::Pick;
use super::{Frame, figures, render, told};
use crate::domain::access::Permission;
use crate::domain::campaign::Kind;
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

/// All drives, newest first.
///
/// # Errors
/// 401 when nobody is signed in.
pub async fn list(request: Request) -> Result<Response, Error> {
    request.query(&[])?;
    let (f, lang) = (Frame::of(&request), request.lang);
    let page = listing(&request.app, request.caller()?, f, Typed::default(), Vec::new());
    render(StatusCode::OK, lang, &page)
}

fn listing(app: &App, caller: &Caller, f: Frame, typed: Typed, faults: Vec<String>) -> CampaignsPage {
    let lang = f.lang;
    let listed = |campaign: CampaignView| Listed { state: state(lang, &campaign), campaign };
    CampaignsPage {
        campaigns: app.campaigns(caller).items.into_iter().map(listed).collect(),
        kinds: Kind::ALL
            .iter()
            .map(|kind| Pick::new(kind.code(), lang.pick(kind.name(), kind.name_en()), &typed.kind))
            .collect(),
        units: app.has_units(),
        manages: app.outlook(caller, None, None).may(Permission::ManageCampaigns),
        typed,
        faults,
        f,
    }
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
            let page = listing(&app, &caller, f, typed, told(&error, lang));
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
    new: bool,
    done: bool,
    faults: Vec<String>,
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
    let again = !faults.is_empty();
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
    let text = |name: &str| typed.owned(name).unwrap_or_default();
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
        "unlock_day" => app.unlock_day(caller, id, text("date")).await.map(drop)?,
        _ => app.update_campaign(caller, id, &body(&app.campaign(caller, id)?, fields)?).await.map(drop)?,
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
