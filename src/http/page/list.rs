//! Lists as the address asks for them: filtered, in an order, a page at a time.

use super::pick::Pick;
use crate::domain::fault::Fault;
use crate::http::error::Error;
use crate::http::request::Query;
use crate::i18n::Lang;
use crate::service::{self, tallies::parse_day};
use std::cmp::Ordering;

/// How many entries a page shows.
const PAGE: usize = 50;

/// What a list can be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As the administration orders units.
    Place,
    Code,
    Name,
    Title,
    Day,
    /// The first day of a drive.
    Start,
    /// When it was made or entered.
    Made,
    /// When it ends.
    Ends,
    /// When it happened.
    At,
    /// What looks unusual first.
    Unusual,
}

impl Order {
    const fn code(self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::Code => "code",
            Self::Name => "name",
            Self::Title => "title",
            Self::Day => "day",
            Self::Start => "start",
            Self::Made => "made",
            Self::Ends => "ends",
            Self::At => "at",
            Self::Unusual => "unusual",
        }
    }
}

/// An order and its direction: `day`, or `-day` for the last first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sort {
    pub(super) by: Order,
    pub(super) down: bool,
}

/// The first first.
pub(super) const fn up(by: Order) -> Sort {
    Sort { by, down: false }
}

/// The last first.
pub(super) const fn down(by: Order) -> Sort {
    Sort { by, down: true }
}

impl Sort {
    fn code(self) -> String {
        format!("{}{}", if self.down { "-" } else { "" }, self.by.code())
    }

    /// The order asked for; the first of those that the list has where none is.
    ///
    /// # Errors
    /// `choice_unknown` for any other.
    pub(super) fn read(query: &Query, sorts: &[Self]) -> Result<Self, Error> {
        let Some(asked) = query.get("sort") else {
            return Ok(sorts.first().copied().unwrap_or(up(Order::Name)));
        };
        let found = sorts.iter().find(|sort| sort.code() == asked).copied();
        found.ok_or_else(|| unknown("sort", sorts.iter().map(|sort| sort.code())))
    }

    /// What there is to choose from.
    pub(super) fn picks(self, lang: Lang, sorts: &[Self]) -> Vec<Pick> {
        let pick = |sort: &Self| {
            let column = lang.text(&format!("sort-{}", sort.by.code()));
            let word = match (sort.by, sort.down) {
                (Order::Place | Order::Unusual, _) => column,
                (_, down) => lang.words(if down { "sort-down" } else { "sort-up" }, &[("column", &column)]),
            };
            Pick::new(sort.code(), word, &self.code())
        };
        sorts.iter().map(pick).collect()
    }

    /// Two entries in this direction.
    pub(super) const fn turn(self, order: Ordering) -> Ordering {
        if self.down { order.reverse() } else { order }
    }
}

fn unknown(name: &'static str, known: impl Iterator<Item = String>) -> Error {
    let known: Vec<String> = known.collect();
    let fault = Fault::new(format!("/{name}"), "choice_unknown").with("name", name);
    service::Error::invalid(fault.with("known", known.join(", "))).into()
}

/// One of a closed list of filters, `(code, key of its word)`; `None` where all are wanted.
///
/// # Errors
/// `choice_unknown` for any other.
pub(super) fn chosen<'c>(
    query: &Query,
    name: &'static str,
    codes: impl Iterator<Item = &'c str> + Clone,
) -> Result<Option<&'c str>, Error> {
    let Some(asked) = query.get(name) else { return Ok(None) };
    let found = codes.clone().find(|code| *code == asked);
    found.map(Some).ok_or_else(|| unknown(name, codes.map(ToOwned::to_owned)))
}

/// Whether one of the texts contains what is searched for, whatever the case; all do where nothing is.
pub(super) fn matches(query: &Query, texts: &[&str]) -> bool {
    let Some(part) = query.get("q").map(|part| part.trim().to_lowercase()) else { return true };
    texts.iter().any(|text| text.to_lowercase().contains(&part))
}

/// The days that a list is cut to: `from` and `to`, both among them.
#[derive(Debug, Clone, Default)]
pub(super) struct Days {
    from: Option<String>,
    to: Option<String>,
}

impl Days {
    /// Whether a day, or an instant in RFC 3339, lies among them.
    pub(super) fn hold(&self, at: &str) -> bool {
        let day = at.get(..10).unwrap_or(at);
        self.from.as_deref().is_none_or(|from| from <= day) && self.to.as_deref().is_none_or(|to| day <= to)
    }
}

/// The days that the address names.
///
/// # Errors
/// `date_invalid`.
pub(super) fn days(query: &Query) -> Result<Days, Error> {
    let read = |name: &str| {
        let day = query.get(name).map(|text| parse_day(text, &format!("/{name}"))).transpose();
        day.map(|day| day.map(|day| day.to_string()))
    };
    Ok(Days { from: read("from")?, to: read("to")? })
}

/// What a page tells of its list beside the entries.
#[derive(Debug, Clone)]
pub(super) struct Pages {
    /// What is searched for.
    pub(super) q: String,
    /// The first and last day asked for.
    pub(super) from: String,
    pub(super) to: String,
    /// Orders to choose from.
    pub(super) sorts: Vec<Pick>,
    /// Something is filtered by or searched for.
    pub(super) filtered: bool,
    /// The address of the first page, when this is another.
    pub(super) first: Option<String>,
    /// The address of the next page.
    pub(super) next: Option<String>,
}

impl Pages {
    /// Of a list whose next page begins at a cursor.
    pub(super) fn new(lang: Lang, query: &Query, sorts: &[Sort], next: Option<&str>) -> Result<Self, Error> {
        Ok(Self {
            q: query.owned("q").unwrap_or_default(),
            from: query.owned("from").unwrap_or_default(),
            to: query.owned("to").unwrap_or_default(),
            sorts: Sort::read(query, sorts)?.picks(lang, sorts),
            filtered: query.pairs().any(|(name, value)| !value.is_empty() && !PLAIN.contains(&name)),
            first: query.get("cursor").map(|_| address(query, "")),
            next: next.map(|next| address(query, next)),
        })
    }
}

/// Parameters that filter nothing.
const PLAIN: [&str; 9] = ["sort", "cursor", "lang", "done", "under", "unit", "date", "by", "noted"];

/// The same list from another place on.
fn address(query: &Query, cursor: &str) -> String {
    let kept = query
        .pairs()
        .filter(|(name, value)| !value.is_empty() && !matches!(*name, "cursor" | "done" | "noted"));
    let mut pairs: Vec<(&str, &str)> = kept.collect();
    pairs.push(("cursor", cursor));
    format!("?{}", super::pick::query(&pairs))
}

/// A page of a list that is whole in memory. `key` names an entry, to go on after it.
///
/// # Errors
/// `choice_unknown` for an order that there is none; `cursor_invalid` when the entry to go on after is gone.
pub(super) fn page<T>(
    lang: Lang,
    query: &Query,
    sorts: &[Sort],
    mut items: Vec<T>,
    compare: impl Fn(Order, &T, &T) -> Ordering,
    key: impl Fn(&T) -> String,
) -> Result<(Vec<T>, Pages), Error> {
    let sort = Sort::read(query, sorts)?;
    items.sort_by(|a, b| sort.turn(compare(sort.by, a, b)));
    if let Some(cursor) = query.get("cursor") {
        let Some(at) = items.iter().position(|item| key(item) == cursor) else {
            return Err(service::Error::invalid(Fault::new("/cursor", "cursor_invalid")).into());
        };
        items.drain(..=at);
    }
    let more = items.len() > PAGE;
    items.truncate(PAGE);
    let next = items.last().filter(|_| more).map(key);
    let pages = Pages::new(lang, query, sorts, next.as_deref())?;
    Ok((items, pages))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SORTS: &[Sort] = &[down(Order::Made), up(Order::Name)];

    fn query(text: &str) -> Query {
        Query::of(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    fn shown(text: &str) -> Result<(Vec<u32>, Pages), Error> {
        let compare = |by, a: &u32, b: &u32| match by {
            Order::Name => a.to_string().cmp(&b.to_string()),
            _ => a.cmp(b),
        };
        page(Lang::En, &query(text), SORTS, (1..=120).collect(), compare, ToString::to_string)
    }

    #[test]
    fn every_page_follows_the_one_before() {
        let (first, pages) = shown("q=a&done=1").unwrap();
        assert_eq!((first[0], first.len(), pages.first), (120, 50, None));
        let next = pages.next.unwrap();
        assert_eq!(next, "?q=a&cursor=71");
        let (second, pages) = shown(&next[1..]).unwrap();
        assert_eq!((second[0], pages.first.as_deref()), (70, Some("?q=a")));
        let (last, pages) = shown("cursor=21").unwrap();
        assert_eq!((last.len(), pages.next, pages.filtered), (20, None, false));
        assert_eq!(shown("sort=name").unwrap().0[..3], [1, 10, 100]);
    }

    #[test]
    fn what_is_not_on_offer_is_refused() {
        for wrong in ["sort=size", "sort=made", "sort=-name", "cursor=121"] {
            assert!(shown(wrong).is_err(), "{wrong}");
        }
        let of = |text: &str| chosen(&query(text), "state", ["open", "ended"].into_iter()).map_err(|_| ());
        assert_eq!((of(""), of("state=open"), of("state=other")), (Ok(None), Ok(Some("open")), Err(())));
    }

    #[test]
    fn every_order_has_its_word() {
        let all = [
            Order::Place,
            Order::Code,
            Order::Name,
            Order::Title,
            Order::Day,
            Order::Start,
            Order::Made,
            Order::Ends,
            Order::At,
            Order::Unusual,
        ];
        for one in all {
            let key = format!("sort-{}", one.code());
            assert!(Lang::ZhCn.has(&key) && Lang::En.has(&key), "{key}");
        }
    }
}
