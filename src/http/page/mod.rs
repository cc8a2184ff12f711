//! Pages for people, rendered here; they work without script.

pub mod account;
pub mod assets;
pub mod board;
pub mod chase;
mod figures;
pub mod home;
pub mod import;
pub mod language;
pub mod ledger;
pub mod link;
pub mod links;
pub mod login;
pub mod paste;
pub mod people;
pub mod press;
pub mod publications;
pub mod report;
pub mod review;
pub mod setup;

use super::error::Error;
use super::reply::{self, Response};
use super::request::Request;
use crate::domain::access::link_of;
use crate::domain::fault::Fault;
use crate::i18n::Lang;
use crate::service;
use askama::Template;
use warp::http::{HeaderValue, StatusCode, header};

/// What surrounds every page: its language, who is signed in, and where it is.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    lang: Lang,
    user: Option<String>,
    /// The number of the report link, for its holder.
    link: Option<i32>,
    here: String,
    css: &'static str,
}

impl Frame {
    fn of(request: &Request) -> Self {
        Self {
            lang: request.lang,
            user: request.caller.as_ref().map(|caller| caller.actor.username.clone()),
            link: request.caller.as_ref().and_then(|caller| link_of(caller.actor.id)),
            here: here(&request.path, &request.raw_query),
            css: assets::css(),
        }
    }

    /// The words under a key.
    fn t(&self, key: &str) -> String {
        self.lang.text(key)
    }

    /// The words under a key with one value.
    fn with(&self, key: &str, name: &str, value: impl ToString) -> String {
        self.lang.words(key, &[(name, &value.to_string())])
    }

    /// The other language, offered in the head of every page.
    const fn other(&self) -> Lang {
        match self.lang {
            Lang::ZhCn => Lang::En,
            Lang::En => Lang::ZhCn,
        }
    }
}

/// The address of a page, to come back to. A language in it would override the one a person chooses there.
fn here(path: &str, query: &str) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pairs.extend_pairs(form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "lang"));
    match pairs.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

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
}

/// What a page says when something is wrong; who is not signed in is sent to sign in, and from there back.
#[must_use]
pub fn problem(error: &Error, lang: Lang, path: &str, query: &str) -> Response {
    error.log();
    let here = here(path, query);
    if matches!(error, Error::Service(service::Error::Unauthenticated)) {
        let next: String = form_urlencoded::byte_serialize(here.as_bytes()).collect();
        return reply::see_other(&format!("/login?next={next}"));
    }
    if matches!(error, Error::Service(service::Error::Held(_))) {
        return reply::see_other("/account");
    }
    let status = error.status();
    let advice = match status {
        StatusCode::NOT_FOUND => "problem-not_found",
        StatusCode::FORBIDDEN => "problem-forbidden",
        _ if status.is_server_error() => "problem-server",
        _ => "problem-other",
    };
    let page = ProblemPage {
        f: Frame { lang, user: None, link: None, here, css: assets::css() },
        status: status.as_u16(),
        title: error.title(lang),
        advice: lang.text(advice),
        faults: error.faults(lang).into_iter().map(|fault| fault.message).collect(),
    };
    render(status, lang, &page).unwrap_or_else(|_| reply::empty(StatusCode::INTERNAL_SERVER_ERROR))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn the_way_back_keeps_the_query_and_leaves_out_the_language() {
        assert_eq!(here("/campaigns/a", "unit=1&lang=en&measure=b"), "/campaigns/a?unit=1&measure=b");
        assert_eq!(here("/", "lang=en"), "/");
        assert_eq!(own(Some(&here("/", "a=%E5%AE%AA\u{5baa}\\"))), "/?a=%E5%AE%AA%E5%AE%AA%5C");
    }

    #[test]
    fn who_is_not_signed_in_comes_back_after_it() {
        let error = Error::Service(service::Error::Unauthenticated);
        let response = problem(&error, Lang::ZhCn, "/campaigns/a", "unit=1");
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(response.headers()["location"], "/login?next=%2Fcampaigns%2Fa%3Funit%3D1");
    }

    #[test]
    fn a_problem_is_a_page_in_the_language_of_the_reader() {
        for lang in [Lang::ZhCn, Lang::En] {
            let response = problem(&Error::RouteUnknown, lang, "/nowhere", "");
            assert_eq!(response.status(), StatusCode::NOT_FOUND);
            assert_eq!(response.headers()["content-language"], lang.tag());
        }
    }
}
