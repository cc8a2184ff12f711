//! People, for those who manage them.

use super::list::{self, Order, Pages, Sort, down, up};
use super::pick::Pick;
use super::{Frame, render};
use crate::domain::access::Role;
use crate::http::api::users;
use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::{Query, Request};
use crate::service::Error as Refusal;
use crate::service::accounts::{GrantBody, NewUserBody, UserBody, UserView, UsersFilter, UsersView};
use askama::Template;
use warp::http::StatusCode;

/// A line of the form for grants.
#[derive(Debug, Clone, Default)]
struct Line {
    number: usize,
    role: String,
    unit: String,
    below: bool,
}

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    f: Frame,
    users: UsersView,
    pages: Pages,
    of_role: Vec<Pick>,
    username: String,
    lines: Vec<Line>,
    faults: Vec<String>,
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    f: Frame,
    user: UserView,
    address: String,
    own: bool,
    lines: Vec<Line>,
    done: bool,
    faults: Vec<String>,
}

/// Grants that a form holds at most.
const LINES: usize = 20;

impl Frame {
    /// A role as people call it.
    pub(super) fn moment(&self, rfc3339: &str) -> String {
        // To the minute, as the clocks of its reader show it.
        rfc3339.get(..16).unwrap_or(rfc3339).replace('T', " ")
    }

    pub(super) fn role(&self, code: &str) -> String {
        Role::from_code(code)
            .map_or_else(String::new, |role| self.lang.pick(role.name(), role.name_en()).to_owned())
    }

    fn roles(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let lang = self.lang;
        Role::ALL.iter().map(move |role| (role.code(), lang.pick(role.name(), role.name_en())))
    }
}

/// The lines of a form; one without a role is left empty.
fn lines(fields: &Query) -> Vec<Line> {
    let line = |number: usize| {
        let field = |name: &str| fields.owned(&format!("{name}{number}")).unwrap_or_default();
        let (role, unit) = (field("role"), field("unit").trim().to_owned());
        Line { number, role, unit, below: !field("below").is_empty() }
    };
    (0..LINES).map(line).filter(|line| !line.role.is_empty()).collect()
}

fn grants(lines: &[Line]) -> Vec<GrantBody> {
    let grant = |line: &Line| GrantBody {
        role: line.role.clone(),
        unit: Some(line.unit.clone()).filter(|unit| !unit.is_empty()),
        below: line.below,
    };
    lines.iter().map(grant).collect()
}

/// Lines with numbers in order, and an empty one to add to.
fn numbered(mut lines: Vec<Line>) -> Vec<Line> {
    lines.push(Line::default());
    lines.iter_mut().enumerate().for_each(|(number, line)| line.number = number);
    lines
}

fn encoded(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20")
}

/// The list, and the form for somebody new.
///
/// # Errors
/// Not allowed for whoever manages nobody.
pub async fn list(request: Request) -> Result<Response, Error> {
    let query = request.query(QUERY)?;
    let page = listing(&request, &query, String::new(), Vec::new(), Vec::new())?;
    let lang = request.lang;
    drop(request);
    render(StatusCode::OK, lang, &page.await?)
}

/// Parameters of the list, and its orders.
const QUERY: &[&str] = &["q", "role", "sort", "cursor"];
const SORTS: &[Sort] = &[up(Order::Name), down(Order::Name)];

/// The page of the list. Everything of the request is taken before the first wait.
fn listing(
    request: &Request,
    query: &Query,
    username: String,
    lines: Vec<Line>,
    faults: Vec<String>,
) -> Result<impl Future<Output = Result<PeoplePage, Error>> + Send + use<>, Error> {
    let (app, caller, f) = (request.app.clone(), request.caller()?.clone(), Frame::of(request));
    let query = query.clone();
    Ok(async move {
        let role = list::chosen(&query, "role", Role::ALL.iter().map(|role| role.code()))?;
        let filter = UsersFilter {
            part: query.get("q"),
            role: role.and_then(Role::from_code),
            down: Sort::read(&query, SORTS)?.down,
            cursor: query.get("cursor"),
        };
        let users = app.users(&caller, &filter).await?;
        let pages = Pages::new(f.lang, &query, SORTS, users.next.as_deref())?;
        let role = role.unwrap_or_default();
        let of_role = std::iter::once(Pick::new("", f.t("pick-all"), role))
            .chain(f.roles().map(|(code, name)| Pick::new(code, name, role)))
            .collect();
        Ok(PeoplePage { users, pages, of_role, username, lines: numbered(lines), faults, f })
    })
}

/// Enters somebody, and goes on to their page.
///
/// # Errors
/// Not allowed for whoever manages nobody; what can be mended is told on the page.
pub async fn create(mut request: Request) -> Result<Response, Error> {
    let fields = request.form().await?;
    let field = |name| fields.get(name).unwrap_or_default();
    let username = field("username").trim().to_owned();
    let lines = lines(&fields);
    let body = NewUserBody {
        username: username.clone(),
        password: field("password").to_owned(),
        grants: grants(&lines),
    };
    let error = match request.app.create_user(request.caller()?, &body).await {
        Ok(user) => {
            return Ok(reply::see_other(&format!("/people/{}?done=1", encoded(&user.username))));
        }
        Err(Refusal::Unauthenticated) => return Err(Refusal::Unauthenticated.into()),
        Err(error) => Error::from(error),
    };
    let faults = super::told(&error, request.lang);
    let page = listing(&request, &Query::default(), username, lines, faults)?;
    let lang = request.lang;
    drop(request);
    render(error.status(), lang, &page.await?)
}

/// Somebody's page.
///
/// # Errors
/// Not found when the caller does not manage them.
pub async fn show(request: Request) -> Result<Response, Error> {
    let done = request.query(&["done"])?.get("done").is_some();
    person(&request, StatusCode::OK, None, done, Vec::new())?.await
}

/// The page of the person whom a request names. Everything of the request is taken before the first wait.
fn person(
    request: &Request,
    status: StatusCode,
    lines: Option<Vec<Line>>,
    done: bool,
    faults: Vec<String>,
) -> Result<impl Future<Output = Result<Response, Error>> + Send + use<>, Error> {
    let (app, caller, name) = (request.app.clone(), request.caller()?.clone(), users::name(request));
    let f = Frame::of(request);
    Ok(async move {
        let user = app.user(&caller, &name).await?;
        let granted = || {
            let line = |grant: &crate::service::session::GrantView| Line {
                number: 0,
                role: grant.role.to_owned(),
                unit: grant.unit.clone().unwrap_or_default(),
                below: grant.below,
            };
            user.grants.iter().map(line).collect()
        };
        let lines = numbered(lines.unwrap_or_else(granted));
        let own = user.username == caller.actor.username;
        let address = format!("/people/{}", encoded(&name));
        render(status, caller.lang, &PersonPage { f, user, address, own, lines, done, faults })
    })
}

/// Does what a form of somebody's page asks.
///
/// # Errors
/// Not found when the caller does not manage them; what can be mended is told on the page.
pub async fn change(mut request: Request) -> Result<Response, Error> {
    let fields = request.form().await?;
    let name = users::name(&request);
    let wanted = lines(&fields);
    let none = UserBody::default();
    let body = match fields.get("do").unwrap_or_default() {
        "disable" => UserBody { disabled: Some(true), ..none },
        "enable" => UserBody { disabled: Some(false), ..none },
        "password" => UserBody { password: fields.owned("password").or_else(|| Some(String::new())), ..none },
        "totp" => UserBody { reset_totp: true, ..none },
        "grants" => UserBody { grants: Some(grants(&wanted)), ..none },
        _ => return Err(Error::RouteUnknown),
    };
    let changing = body.grants.is_some();
    let error = match request.app.update_user(request.caller()?, &name, &body).await {
        // Whoever gives somebody away no longer sees them.
        Ok(_) if request.app.user(request.caller()?, &name).await.is_err() => {
            return Ok(reply::see_other("/people"));
        }
        Ok(_) => return Ok(reply::see_other(&format!("/people/{}?done=1", encoded(&name)))),
        Err(error @ (Refusal::Unauthenticated | Refusal::NotFound("user_unknown"))) => {
            return Err(error.into());
        }
        Err(error) => Error::from(error),
    };
    let faults = super::told(&error, request.lang);
    let page = person(&request, error.status(), changing.then_some(wanted), false, faults)?;
    drop(request);
    page.await
}
