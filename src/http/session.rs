//! Who sends a request: a bearer token, or a session cookie.

use super::error::Error;
use crate::i18n::Lang;
use crate::service::{App, Caller};
use std::net::IpAddr;
use warp::http::{HeaderMap, Method, header};

/// The name of the session cookie.
pub const COOKIE: &str = "pufa_session";
/// The name of the language cookie.
pub const LANG_COOKIE: &str = "pufa_lang";

/// Where a token was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// `Authorization: Bearer`.
    Bearer(String),
    /// The cookie.
    Cookie(String),
}

impl Token {
    /// The token of a request, if it has one. A header goes before a cookie.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if let Some(bearer) = authorization.and_then(|value| value.strip_prefix("Bearer ")) {
            return Some(Self::Bearer(bearer.trim().to_owned()));
        }
        cookie(headers, COOKIE).map(Self::Cookie)
    }

    /// The token itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Bearer(token) | Self::Cookie(token) => token,
        }
    }
}

/// The value of a cookie.
#[must_use]
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(other, _)| *other == name)
        .map(|(_, value)| value.to_owned())
}

/// The language of the answer: `lang=` in the query, the cookie, the browser's wish, Chinese.
#[must_use]
pub fn language(headers: &HeaderMap, query: &str) -> Lang {
    let asked = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "lang");
    let asked = asked.and_then(|(_, tag)| Lang::from_tag(&tag));
    let chosen = || cookie(headers, LANG_COOKIE).and_then(|tag| Lang::from_tag(&tag));
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

/// Who sends a request.
///
/// # Errors
/// When the token is nobody's.
pub async fn caller(app: &App, token: &Token, lang: Lang, address: Option<IpAddr>) -> Result<Caller, Error> {
    Ok(Caller { actor: app.authenticate(token.as_str()).await?, lang, address })
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
        assert_eq!(Token::of(&both), Some(Token::Bearer("b".into())));
        assert_eq!(
            Token::of(&headers(&[("cookie", "x=1; pufa_session=c")])),
            Some(Token::Cookie("c".into()))
        );
        assert_eq!(Token::of(&headers(&[("cookie", "xpufa_session=c")])), None);
    }
}
