//! Pages for people, rendered here; they work without script.

pub mod account;
pub mod assets;
pub mod audit;
pub mod board;
pub mod bulletin;
pub mod campaigns;
pub mod chase;
pub mod comparison;
mod figures;
mod frame;
mod grid;
pub mod home;
pub mod import;
pub mod language;
pub mod ledger;
pub mod link;
pub mod links;
mod list;
pub mod login;
mod nav;
pub mod paste;
pub mod people;
mod pick;
mod picture;
pub mod press;
pub mod publications;
pub mod report;
pub mod review;
pub mod screen;
pub mod setup;
pub mod size;
pub mod tallies;
pub mod unit_import;
pub mod units;

use super::error::Error;
use super::reply::{self, Response};
use crate::domain::fault::Fault;
use crate::i18n::Lang;
use crate::service;
use askama::Template;
use warp::http::{HeaderValue, StatusCode, header};

use frame::Frame;
pub use frame::Place;

/// The address if it is one of this service, else the first page: nobody is sent elsewhere by a crafted link.
///
/// Browsers read `\` as `/` and leave out tabs and line ends, so `/\a.example` and `/<tab>/a.example` lead away too.
fn own(address: Option<&str>) -> &str {
    let fits = |address: &&str| {
        address.starts_with('/')
            && !address.starts_with("//")
            && address.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
    };
    address.filter(fits).unwrap_or("/")
}

fn render(status: StatusCode, lang: Lang, page: &impl Template) -> Result<Response, Error> {
    let text = page.render().map_err(|error| service::Error::Internal(error.to_string()))?;
    let mut response = reply::bytes_as(status, text, "text/html; charset=utf-8");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(lang.tag()));
    headers.insert(header::VARY, HeaderValue::from_static("Cookie, Accept-Language"));
    Ok(response)
}

/// What a form is told of an error: every fault, or its title.
fn told(error: &Error, lang: Lang) -> Vec<String> {
    error.log();
    let faults: Vec<String> = error.faults(lang).into_iter().map(|fault| fault.message).collect();
    if faults.is_empty() { vec![error.title(lang)] } else { faults }
}

/// A password was typed twice, and differently.
fn differs(pointer: &'static str) -> service::Error {
    service::Error::invalid(Fault::new(pointer, "password_differs"))
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    f: Frame,
    status: u16,
    title: String,
    advice: String,
    faults: Vec<String>,
    /// The same address may answer later.
    retry: bool,
}

/// What a page says when something is wrong; who is not signed in is sent to sign in, and from there back.
#[must_use]
pub fn problem(error: &Error, place: &Place) -> Response {
    error.log();
    let lang = place.lang();
    if matches!(error, Error::Service(service::Error::Unauthenticated)) && !place.is_screen() {
        let next: String = form_urlencoded::byte_serialize(place.here().as_bytes()).collect();
        return reply::see_other(&format!("/login?next={next}"));
    }
    if matches!(error, Error::Service(service::Error::Held(_))) {
        return reply::see_other("/account");
    }
    let status = error.status();
    let page = ProblemPage {
        f: Frame::at(place),
        retry: matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::REQUEST_TIMEOUT),
        status: status.as_u16(),
        title: error.title(lang),
        advice: lang.text(advice(status)),
        faults: error.faults(lang).into_iter().map(|fault| fault.message).collect(),
    };
    render(status, lang, &page).unwrap_or_else(|_| reply::empty(StatusCode::INTERNAL_SERVER_ERROR))
}

/// The key of what to do about a status.
fn advice(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "problem-not_found",
        // A page asks to sign in instead; only a wall screen cannot.
        StatusCode::UNAUTHORIZED => "problem-screen",
        StatusCode::FORBIDDEN => "problem-forbidden",
        StatusCode::METHOD_NOT_ALLOWED => "problem-method",
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED | StatusCode::PRECONDITION_REQUIRED => {
            "problem-changed"
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            "problem-busy"
        }
        StatusCode::PAYLOAD_TOO_LARGE => "problem-too_large",
        _ if status.is_server_error() => "problem-server",
        _ => "problem-other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use warp::http::HeaderMap;

    fn place(lang: Lang, path: &str, query: &str) -> Place {
        Place::nowhere(&HeaderMap::new(), lang, path, query)
    }

    #[test]
    fn only_own_addresses_are_gone_to() {
        for own_one in ["/", "/campaigns/a?unit=1&date=2026-12-04", "/a//b", "/?x=%2F%2Fb"] {
            assert_eq!(own(Some(own_one)), own_one);
        }
        for other in [
            "",
            "//a.example",
            "/\\a.example",
            "\\\\a.example",
            "https://a.example",
            "javascript:alert(1)",
            "a",
            "/\t/a.example",
            "/\r\nSet-Cookie: a=b",
            "/a\\b",
            "/é",
        ] {
            assert_eq!(own(Some(other)), "/", "{other:?}");
        }
        assert_eq!(own(None), "/");
    }

    #[test]
    fn who_is_not_signed_in_comes_back_after_it() {
        let error = Error::Service(service::Error::Unauthenticated);
        let response = problem(&error, &place(Lang::ZhCn, "/campaigns/a", "unit=1"));
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(response.headers()["location"], "/login?next=%2Fcampaigns%2Fa%3Funit%3D1");
    }

    #[test]
    fn a_problem_is_a_page_in_the_language_of_the_reader() {
        for lang in [Lang::ZhCn, Lang::En] {
            let response = problem(&Error::RouteUnknown, &place(lang, "/nowhere", ""));
            assert_eq!(response.status(), StatusCode::NOT_FOUND);
            assert_eq!(response.headers()["content-language"], lang.tag());
        }
    }
}
