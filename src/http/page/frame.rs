//! What surrounds every page: its language and size, the menu, who is signed in, and where it is.

use super::nav::Nav;
use super::{assets, figures};
use crate::domain::access::{Door, link_of};
use crate::http::request::Request;
use crate::http::session::{self, SIZE_COOKIE};
use crate::i18n::Lang;
use crate::service::standby::AsOf;
use crate::service::{App, Caller};
use std::sync::Arc;
use warp::http::HeaderMap;

/// Where a page is and who looks at it.
#[derive(Clone)]
pub struct Place {
    app: Option<Arc<App>>,
    caller: Option<Caller>,
    lang: Lang,
    large: bool,
    path: String,
    query: String,
    as_of: Option<AsOf>,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place").field("lang", &self.lang).finish_non_exhaustive()
    }
}

impl Place {
    /// The place of a request.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        Self {
            app: Some(request.app.clone()),
            caller: request.caller.clone(),
            as_of: request.as_of,
            ..Self::nowhere(&request.headers, request.lang, &request.path, &request.raw_query)
        }
    }

    /// A place that no route leads to.
    #[must_use]
    pub fn nowhere(headers: &HeaderMap, lang: Lang, path: &str, query: &str) -> Self {
        let large = session::cookie(headers, SIZE_COOKIE).is_some_and(|size| size == "large");
        let (path, query) = (path.to_owned(), query.to_owned());
        Self { app: None, caller: None, lang, large, path, query, as_of: None }
    }

    /// The same place, as this person sees it.
    #[must_use]
    pub fn seen_by(self, caller: Option<Caller>) -> Self {
        Self { caller, ..self }
    }

    pub(super) const fn lang(&self) -> Lang {
        self.lang
    }

    /// A wall screen, where nobody can sign in.
    pub(super) fn is_screen(&self) -> bool {
        self.path.starts_with("/screen/")
    }

    /// The address, to come back to. A language in it would override the one a person chooses there.
    pub(super) fn here(&self) -> String {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        pairs.extend_pairs(form_urlencoded::parse(self.query.as_bytes()).filter(|(name, _)| name != "lang"));
        match pairs.finish() {
            query if query.is_empty() => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }

    /// The drive and the unit that the address names.
    fn named(&self) -> (Option<&str>, Option<String>) {
        let mut parts = self.path.split('/').skip(1);
        let (campaign, page, unit) = match parts.next() {
            Some("campaigns") => (parts.next(), parts.next(), parts.next()),
            _ => (None, None, None),
        };
        let unit = unit.filter(|_| matches!(page, Some("report" | "ledger"))).map(ToOwned::to_owned);
        let asked = || {
            let mut pairs = form_urlencoded::parse(self.query.as_bytes());
            let found = pairs.find(|(name, value)| matches!(&**name, "unit" | "under") && !value.is_empty());
            found.map(|(_, value)| value.into_owned())
        };
        (campaign, unit.or_else(asked))
    }

    fn nav(&self) -> Nav {
        let (Some(app), Some(caller)) = (&self.app, &self.caller) else { return Nav::default() };
        // The holder of a report link has one page.
        if matches!(caller.actor.door, Door::Link(_) | Door::Screen(_)) {
            return Nav::default();
        }
        let (campaign, unit) = self.named();
        Nav::new(self.lang, &app.outlook(caller, campaign, unit.as_deref()), &self.path)
    }
}

/// What the templates know of the place.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) lang: Lang,
    /// Letters and targets are large (关怀版).
    pub(super) large: bool,
    pub(super) user: Option<String>,
    /// Whose reports are sent from here: the name of the account, or `#` and the number of the report link.
    pub(super) who: Option<String>,
    /// The number of the report link, for its holder.
    pub(super) link: Option<i32>,
    pub(super) here: String,
    pub(super) nav: Nav,
    /// As of when the figures are, and how old they may be, where that is said.
    pub(super) as_of: Option<String>,
    pub(super) css: &'static str,
}

impl Frame {
    pub(super) fn of(request: &Request) -> Self {
        Self::at(&Place::of(request))
    }

    pub(super) fn at(place: &Place) -> Self {
        let who = |caller: &Caller| {
            link_of(caller.actor.id)
                .map_or_else(|| caller.actor.username.clone(), |number| format!("#{number}"))
        };
        Self {
            who: place.caller.as_ref().map(who),
            lang: place.lang,
            large: place.large,
            user: place.caller.as_ref().map(|caller| caller.actor.username.clone()),
            link: place.caller.as_ref().and_then(|caller| link_of(caller.actor.id)),
            here: place.here(),
            nav: place.nav(),
            as_of: place.as_of.map(|as_of| figures::as_of(place.lang, as_of)),
            css: assets::css(),
        }
    }

    /// The words under a key.
    pub(super) fn t(&self, key: &str) -> String {
        self.lang.text(key)
    }

    /// The words under a key with one value.
    pub(super) fn with(&self, key: &str, name: &str, value: impl ToString) -> String {
        self.lang.words(key, &[(name, &value.to_string())])
    }

    /// The other language, offered in the head of every page.
    pub(super) const fn other(&self) -> Lang {
        match self.lang {
            Lang::ZhCn => Lang::En,
            Lang::En => Lang::ZhCn,
        }
    }

    /// The words of the queue of reports on a page that is not a clerk's, as JSON.
    pub(super) fn outbox_words(&self) -> String {
        super::report::outbox_words(self.lang)
    }

    /// The address of a file that pages load, such as a script.
    pub(super) fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    /// The `integrity` of an element that loads it.
    pub(super) fn integrity(&self, name: &str) -> &'static str {
        assets::integrity_of(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str, query: &str) -> Place {
        Place::nowhere(&HeaderMap::new(), Lang::ZhCn, path, query)
    }

    #[test]
    fn the_way_back_keeps_the_query_and_leaves_out_the_language() {
        let here = |path, query| place(path, query).here();
        assert_eq!(here("/campaigns/a", "unit=1&lang=en&measure=b"), "/campaigns/a?unit=1&measure=b");
        assert_eq!(here("/", "lang=en"), "/");
        let crafted = here("/", "a=%E5%AE%AA%E5%AE%AA\\");
        assert_eq!(super::super::own(Some(&crafted)), "/?a=%E5%AE%AA%E5%AE%AA%5C");
    }

    #[test]
    fn the_address_names_drive_and_unit() {
        let named = |path, query| {
            let place = place(path, query);
            let (campaign, unit) = place.named();
            (campaign.map(ToOwned::to_owned), unit)
        };
        let both = (Some("a".to_owned()), Some("1".to_owned()));
        assert_eq!(named("/campaigns/a/report/1", "date=2026-12-04"), both);
        assert_eq!(named("/campaigns/a/ledger/1", "unit=2"), both);
        assert_eq!(named("/campaigns/a/review", "under=1"), both);
        assert_eq!(named("/campaigns/a/publications/1", ""), (Some("a".to_owned()), None));
        assert_eq!(named("/people/1", ""), (None, None));
    }

    #[test]
    fn large_letters_are_kept_in_a_cookie() {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", "x=1; pufa_size=large".parse().unwrap());
        assert!(Frame::at(&Place::nowhere(&headers, Lang::En, "/", "")).large);
        assert!(!Frame::at(&place("/", "")).large);
    }
}
