//! Who sends a request: a bearer token, a session cookie, or the cookie of a report link.

use super::error::Error;
use super::reply::Response;
use super::request::Request;
use super::routes::Route;
use crate::domain::access::{self, Door, Permission};
use crate::i18n::Lang;
use crate::service::session::{Attempt, Credential};
use crate::service::{self, App, Caller, tokens};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use std::net::IpAddr;
use std::time::Duration;
use warp::http::{HeaderMap, HeaderValue, Method, header};

/// The name of the session cookie over HTTPS and on the browser's own machine: no other host and no plain connection
/// can set it.
pub const COOKIE: &str = "__Host-pufa_session";
/// The name of the session cookie over plain HTTP, where a browser keeps no other.
pub const PLAIN_COOKIE: &str = "pufa_session";
/// The name of a report link's cookie over HTTPS; it is kept for the addresses of one report alone.
const LINK_COOKIE: &str = "__Secure-pufa_link";
/// The name of a report link's cookie over plain HTTP.
const PLAIN_LINK_COOKIE: &str = "pufa_link";
/// The name of the language cookie.
pub const LANG_COOKIE: &str = "pufa_lang";
/// The name of the cookie of large letters.
pub const SIZE_COOKIE: &str = "pufa_size";
/// The name of the cookie that says what a browser has seen.
pub const SEEN_COOKIE: &str = "pufa_seen";

/// Where a token was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<T = String> {
    /// `Authorization: Bearer`.
    Bearer(T),
    /// The cookie.
    Cookie(T),
    /// The cookie of a link.
    Link(T),
}

impl<'h> Token<&'h str> {
    /// The token of a request, if it has one. A header goes before a cookie.
    #[must_use]
    pub fn of(headers: &'h HeaderMap) -> Option<Self> {
        let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        // DHIS2 calls the scheme of its tokens ApiToken.
        let bearer = |value: &'h str| {
            let token = value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("ApiToken "));
            token.map(|token| Self::Bearer(token.trim()))
        };
        if let Some(token) = authorization.and_then(bearer) {
            return Some(token);
        }
        cookie(headers, COOKIE).or_else(|| cookie(headers, PLAIN_COOKIE)).map(Self::Cookie)
    }

    /// What a caller of this request was recognised by, to look again later.
    #[must_use]
    pub fn behind(headers: &'h HeaderMap, caller: &Caller) -> Option<Self> {
        match caller.actor.door {
            Door::Link(_) | Door::Screen(_) => link(headers).map(Self::Link),
            Door::Session(_) | Door::Token(_) => Self::of(headers),
        }
    }

    /// The token by itself, to be kept longer than the request.
    #[must_use]
    pub fn owned(self) -> Token {
        match self {
            Self::Bearer(token) => Token::Bearer(token.to_owned()),
            Self::Cookie(token) => Token::Cookie(token.to_owned()),
            Self::Link(token) => Token::Link(token.to_owned()),
        }
    }
}

impl<T: AsRef<str>> Token<T> {
    /// The token itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Bearer(token) | Self::Cookie(token) | Self::Link(token) => token.as_ref(),
        }
    }

    /// What it can be: a program's token in a header only, never in a cookie.
    #[must_use]
    pub fn credential(&self) -> Credential<'_> {
        let token = self.as_str();
        match self {
            Self::Bearer(_) if token.starts_with(tokens::PREFIX) => Credential::Token(token),
            Self::Link(_) => Credential::Link(token),
            Self::Bearer(_) | Self::Cookie(_) => Credential::Session(token),
        }
    }
}

/// Name and password, as programs of DHIS2 send them with every request.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    text.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
}

/// The value of a cookie.
#[must_use]
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(other, _)| *other == name)
        .map(|(_, value)| value)
}

/// The token of a report or device link.
fn link(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, LINK_COOKIE).or_else(|| cookie(headers, PLAIN_LINK_COOKIE))
}

/// The language of the answer: `lang=` in the query, the cookie, the browser's wish, Chinese.
#[must_use]
pub fn language(headers: &HeaderMap, query: &str) -> Lang {
    let asked = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "lang");
    let asked = asked.and_then(|(_, tag)| Lang::from_tag(&tag));
    let chosen = || cookie(headers, LANG_COOKIE).and_then(Lang::from_tag);
    let wished =
        || headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).map(Lang::preferred);
    asked.or_else(chosen).or_else(wished).unwrap_or_default()
}

/// Refuses an unsafe request that a browser sends on behalf of another site. A bearer token is never sent unasked, so
/// it needs no such check.
///
/// # Errors
/// `CrossSite`.
pub fn refuse_cross_site(method: &Method, headers: &HeaderMap) -> Result<(), Error> {
    if method.is_safe() || matches!(Token::of(headers), Some(Token::Bearer(_))) {
        return Ok(());
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin"), text("host")) {
        (Some("same-origin" | "none"), _, _) => Ok(()),
        (Some(_), _, _) => Err(Error::CrossSite),
        (None, Some(origin), Some(host)) => {
            let same = origin.split_once("://").is_some_and(|(_, authority)| authority == host);
            if same { Ok(()) } else { Err(Error::CrossSite) }
        }
        (None, Some(_), None) => Err(Error::CrossSite),
        (None, None, _) => Ok(()),
    }
}

/// Gives a browser the cookie of a session, for so many seconds.
#[must_use]
pub fn give(mut response: Response, secure: bool, token: &str, seconds: u64) -> Response {
    let name = if secure { COOKIE } else { PLAIN_COOKIE };
    keep(&mut response, secure, &format!("{name}={token}"), "/", seconds);
    response
}

/// Takes the cookie of a session away from a browser.
#[must_use]
pub fn take(response: Response, secure: bool) -> Response {
    give(response, secure, "", 0)
}

/// Gives a browser the cookie of a report link, for the addresses of its report alone.
pub fn give_link(response: &mut Response, secure: bool, token: &str, path: &str, seconds: u64) {
    let name = if secure { LINK_COOKIE } else { PLAIN_LINK_COOKIE };
    keep(response, secure, &format!("{name}={token}"), path, seconds);
}

/// Notes in a browser that it has seen figures of this instant, for as long as the standby could be behind them.
pub fn give_seen(response: &mut Response, secure: bool, at: Timestamp, kept: Duration) {
    keep(response, secure, &format!("{SEEN_COOKIE}={}", at.as_millisecond()), "/", kept.as_secs());
}

/// What a browser must not be shown older figures than. They are of the millisecond after, for what it has seen may have come to
/// be within the one that is noted.
#[must_use]
pub fn seen(headers: &HeaderMap) -> Option<Timestamp> {
    let at: i64 = cookie(headers, SEEN_COOKIE)?.parse().ok()?;
    Timestamp::from_millisecond(at.checked_add(1)?).ok()
}

/// Gives a browser a cookie, `NAME=VALUE`, that no script reads and no other site sends, for so many seconds.
fn keep(response: &mut Response, secure: bool, cookie: &str, path: &str, seconds: u64) {
    let mark = if secure { "; Secure" } else { "" };
    set(response, &format!("{cookie}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{mark}"));
}

fn set(response: &mut Response, cookie: &str) {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// What of a request says who sends it. The request itself holds a body, which cannot be shared while waiting.
#[derive(Clone, Copy)]
pub struct Sender<'r> {
    app: &'r App,
    headers: &'r HeaderMap,
    params: &'r [String],
    lang: Lang,
    address: Option<IpAddr>,
}

impl std::fmt::Debug for Sender<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sender")
    }
}

impl<'r> Sender<'r> {
    /// The sender of a request.
    #[must_use]
    pub fn of(request: &'r Request) -> Self {
        let (app, headers, params) = (&*request.app, &request.headers, &*request.params);
        Self { app, headers, params, lang: request.lang, address: request.address }
    }

    async fn known(self, credential: Credential<'_>) -> Result<Caller, Error> {
        let actor = self.app.authenticate(credential).await?;
        Ok(Caller { actor, lang: self.lang, address: self.address })
    }

    /// Who is behind a name and a password. A program's token may stand for the password, and must where a one-time
    /// code is asked of a person.
    async fn known_by_password(self, (username, password): (&str, &str)) -> Result<Caller, Error> {
        if password.starts_with(tokens::PREFIX) {
            return self.known(Credential::Token(password)).await;
        }
        let attempt = Attempt { username, password, totp: None, address: self.address };
        let token = self.app.session_for(attempt).await?;
        self.known(Credential::Session(&token)).await
    }

    fn reads_report(self, caller: &Caller) -> bool {
        let param = |at: usize| self.params.get(at).map_or("", String::as_str);
        self.app.reads_report(&caller.actor, param(0), param(1))
    }
}

/// Who sends a request, if anybody is signed in.
pub async fn visitor(sender: Sender<'_>) -> Option<Caller> {
    sender.known(Token::of(sender.headers)?.credential()).await.ok()
}

/// Who sends a request to a route that needs somebody. Whether they may come in is for [`admit`] to say.
///
/// The holder of a report link comes in where its report is, and finds nothing elsewhere. Whoever is signed in as well
/// acts by name, unless that reaches another unit only.
///
/// # Errors
/// 401 for nobody; 404 for a link elsewhere.
pub async fn caller(sender: Sender<'_>, route: &Route) -> Result<Caller, Error> {
    let link = link(sender.headers);
    let token = Token::of(sender.headers);
    let basic = basic(sender.headers).filter(|_| route.takes_passwords());
    let own = match (&token, &basic) {
        (_, Some((username, password))) => sender.known_by_password((username, password)).await,
        (Some(token), None) => sender.known(token.credential()).await,
        (None, None) => Err(service::Error::Unauthenticated.into()),
    };
    let by_name = |caller: &Caller| !route.opens_to_links() || sender.reads_report(caller);
    match (own, link) {
        (own, None) => own,
        (Ok(own), Some(_)) if by_name(&own) => Ok(own),
        (Ok(own), Some(link)) => Ok(sender.known(Credential::Link(link)).await.unwrap_or(own)),
        (Err(error), Some(_)) if matches!(token, Some(Token::Bearer(_))) => Err(error),
        (Err(_), Some(link)) => {
            let caller = sender.known(Credential::Link(link)).await?;
            let open = match caller.actor.door {
                Door::Screen(_) => route.opens_to_screens(),
                _ => route.opens_to_links(),
            };
            if open { Ok(caller) } else { Err(Error::RouteUnknown) }
        }
    }
}

/// Whether somebody may come in for this at all; what it covers is judged by the use case, which knows the unit.
///
/// # Errors
/// `Held`, `Forbidden`.
pub fn admit(caller: &Caller, permission: Permission) -> Result<(), Error> {
    match (permission, caller.actor.held) {
        (Permission::Own | Permission::Personal, _) if access::may_self(&caller.actor, permission) => Ok(()),
        (Permission::Own | Permission::Personal, _) => Err(service::Error::Forbidden.into()),
        (_, Some(held)) => Err(service::Error::Held(held).into()),
        (_, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use warp::http::HeaderValue;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| ((*name).parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn requests_of_other_sites_are_refused() {
        let allowed = |pairs: &[_]| refuse_cross_site(&Method::POST, &headers(pairs)).is_ok();
        assert!(allowed(&[("sec-fetch-site", "same-origin")]));
        assert!(!allowed(&[("sec-fetch-site", "cross-site")]));
        assert!(!allowed(&[("sec-fetch-site", "same-site")]));
        assert!(allowed(&[("origin", "http://a.example:1"), ("host", "a.example:1")]));
        assert!(!allowed(&[("origin", "http://b.example"), ("host", "a.example")]));
        assert!(!allowed(&[("origin", "null"), ("host", "a.example")]));
        assert!(allowed(&[("authorization", "Bearer x"), ("sec-fetch-site", "cross-site")]));
        assert!(refuse_cross_site(&Method::GET, &headers(&[("sec-fetch-site", "cross-site")])).is_ok());
    }

    #[test]
    fn a_header_goes_before_a_cookie() {
        let both = headers(&[("authorization", "Bearer b"), ("cookie", "x=1; pufa_session=c")]);
        assert_eq!(Token::of(&both), Some(Token::Bearer("b")));
        assert_eq!(Token::of(&headers(&[("cookie", "x=1; pufa_session=c")])), Some(Token::Cookie("c")));
        assert_eq!(Token::of(&headers(&[("cookie", "xpufa_session=c")])), None);
        let secure = headers(&[("cookie", "pufa_session=planted; __Host-pufa_session=c")]);
        assert_eq!(Token::of(&secure), Some(Token::Cookie("c")));
    }

    #[test]
    fn a_token_of_a_program_is_none_in_a_cookie() {
        let token = format!("{}x", tokens::PREFIX);
        assert!(matches!(Token::Bearer(token.clone()).credential(), Credential::Token(_)));
        assert!(matches!(Token::Cookie(token).credential(), Credential::Session(_)));
        assert!(matches!(Token::Bearer("x").credential(), Credential::Session(_)));
    }
}
