//! From the route table to warp filters. They reject on path and method only; from there on everything is a value.

use super::error::Error;
use super::front::Front;
use super::metrics::Metrics;
use super::page::{Place, problem};
use super::reply::Response;
use super::request::{BodyStream, Peer, Request};
use super::routes::{Access, Route, Shape};
use super::session::{self, Sender, Token};
use super::standby;
use crate::service::refusals::Refusal;
use crate::service::{App, Caller};
use futures_util::StreamExt;
use hyper::body::Bytes;
use std::sync::Arc;
use std::time::Instant;
use warp::filters::BoxedFilter;
use warp::filters::path::FullPath;
use warp::http::{HeaderMap, Method, header};
use warp::{Buf, Filter};

type Parts = (Vec<String>,);

/// All routes as one filter, in the order of the table, and after them what says that there is none.
#[must_use]
pub fn routes(app: &Arc<App>, metrics: &Arc<Metrics>, table: &'static [Route]) -> BoxedFilter<(Response,)> {
    let lost = metrics.clone();
    let none = warp::method().and(warp::path::full()).and(warp::header::headers_cloned()).map(
        move |method: Method, path: FullPath, headers: HeaderMap| {
            let lang = session::language(&headers, "");
            let error = unmatched(table, &method, path.as_str());
            lost.lost(error.status());
            if wants_page(&headers, path.as_str()) {
                return problem(&error, &Place::nowhere(&headers, lang, path.as_str(), ""));
            }
            error.into_response(lang)
        },
    );
    // Built from the end, so that the first route lies outermost: a request passes as many boxes as its route has
    // routes before it, each time it is polled.
    table
        .iter()
        .rev()
        .fold(none.boxed(), |rest, route| one(app.clone(), metrics.clone(), route).or(rest).unify().boxed())
}

fn one(app: Arc<App>, metrics: Arc<Metrics>, route: &'static Route) -> BoxedFilter<(Response,)> {
    let request = method(route.method)
        .and(path(route.path))
        .and(warp::path::full())
        .and(warp::query::raw().or(warp::any().map(String::new)).unify())
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Peer>())
        .and(body(route));
    request
        .then(
            move |params, path: FullPath, raw_query: String, headers: HeaderMap, peer: Option<Peer>, body| {
                let (app, metrics) = (app.clone(), metrics.clone());
                async move {
                    let lang = session::language(&headers, &raw_query);
                    let front = Front::of(&app.limits().site, peer.map(|peer| peer.0), &headers);
                    let request = Request {
                        app,
                        metrics,
                        params,
                        path: path.as_str().to_owned(),
                        raw_query,
                        headers,
                        lang,
                        address: front.address,
                        secure: front.secure,
                        caller: None,
                        as_of: None,
                        body,
                    };
                    answer(route, request).await
                }
            },
        )
        .boxed()
}

/// Runs a route: who asks, whether they may, the handler, and what went wrong told in their language.
async fn answer(route: &'static Route, request: Request) -> Response {
    let lang = request.lang;
    let limit = request.app.limits().request_timeout;
    let metrics = request.metrics.clone();
    let (_in_flight, began) = (metrics.begin(), Instant::now());
    let (app, address) = (request.app.clone(), request.address);
    let place = (route.shape == Shape::Page).then(|| Place::of(&request));
    let shown = Token::of(&request.headers).is_some();
    let mut caller = None;
    let done = tokio::time::timeout(limit, handle(route, request, &mut caller)).await;
    let response = match done.unwrap_or(Err(Error::Timeout)) {
        Ok(response) => response,
        Err(error) => {
            // Whoever opens a page without being signed in is led to where one signs in; that refuses nobody anything.
            if error.is_refusal() && (shown || caller.is_some() || route.shape == Shape::Api) {
                app.refused(Refusal {
                    action: "access.refuse",
                    subject: format!("{} {}", route.method.name(), route.path),
                    code: error.code(),
                    actor: caller.as_ref().map(|caller| caller.actor.id),
                    address,
                });
            }
            match place {
                None => error.into_response(lang),
                Some(place) => problem(&error, &place.seen_by(caller)),
            }
        }
    };
    metrics.done(route, response.status(), began.elapsed());
    response
}

/// Runs a route, and on the way tells who asks: for the audit, and for the menu of a page that says what went wrong.
async fn handle(
    route: &'static Route,
    mut request: Request,
    seen: &mut Option<Caller>,
) -> Result<Response, Error> {
    session::refuse_cross_site(&route.method(), &request.headers)?;
    match route.access {
        Access::Public => {}
        Access::Optional => request.caller = session::visitor(Sender::of(&request)).await,
        Access::Needs(permission) => {
            let caller = session::caller(Sender::of(&request), route).await?;
            *seen = Some(caller.clone());
            session::admit(&caller, permission)?;
            request.caller = Some(caller);
        }
    }
    seen.clone_from(&request.caller);
    standby::answer(route, request).await
}

fn method(method: super::routes::Verb) -> BoxedFilter<()> {
    use super::routes::Verb;
    match method {
        Verb::Get => warp::get().or(warp::head()).unify().boxed(),
        Verb::Post => warp::post().boxed(),
        Verb::Put => warp::put().boxed(),
        Verb::Patch => warp::patch().boxed(),
        Verb::Delete => warp::delete().boxed(),
    }
}

/// A path by its pattern, and what its parameters are. One filter for the whole path: a filter a segment costs an
/// allocation each for every request.
fn path(pattern: &'static str) -> BoxedFilter<Parts> {
    let fits = move |path: FullPath| {
        std::future::ready(params(pattern, path.as_str()).ok_or_else(warp::reject::not_found))
    };
    warp::path::full().and_then(fits).boxed()
}

/// The parameters of a path that fits a pattern. A slash at its end makes no other path of it.
fn params(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut params = Vec::new();
    let mut rest = path.strip_prefix('/').unwrap_or(path);
    for wanted in pattern.split('/').filter(|segment| !segment.is_empty()) {
        let (given, after) = rest.split_once('/').unwrap_or((rest, ""));
        match wanted.starts_with('{') {
            true if given.is_empty() => return None,
            true => params.push(given.to_owned()),
            false if given != wanted => return None,
            false => {}
        }
        rest = after;
    }
    rest.is_empty().then_some(params)
}

fn body(route: &Route) -> BoxedFilter<(Option<BodyStream>,)> {
    if matches!(route.method, super::routes::Verb::Get | super::routes::Verb::Delete) {
        return warp::any().map(|| None).boxed();
    }
    warp::body::stream()
        .map(|stream| {
            let stream: BodyStream = Box::pin(StreamExt::map(stream, bytes));
            Some(stream)
        })
        .boxed()
}

fn bytes(piece: Result<impl Buf, warp::Error>) -> Result<Bytes, warp::Error> {
    piece.map(|mut piece| piece.copy_to_bytes(piece.remaining()))
}

/// Whether a person looks at the answer: a browser outside the API.
fn wants_page(headers: &HeaderMap, path: &str) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    !path.starts_with("/api/") && accept.is_some_and(|accept| accept.contains("text/html"))
}

/// What is told where no route fits.
fn unmatched(table: &[Route], method: &Method, path: &str) -> Error {
    let fits = |route: &&Route| {
        let mut given = path.trim_matches('/').split('/');
        let mut wanted = route.path.trim_matches('/').split('/');
        loop {
            match (given.next(), wanted.next()) {
                (None, None) => return true,
                (Some(given), Some(wanted)) if wanted.starts_with('{') || given == wanted => {}
                _ => return false,
            }
        }
    };
    let mut allowed: Vec<&str> = table.iter().filter(fits).map(|route| route.method.name()).collect();
    if allowed.is_empty() || allowed.contains(&method.as_str()) {
        return Error::RouteUnknown;
    }
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    allowed.dedup();
    Error::MethodNotAllowed(allowed.join(", "))
}

#[cfg(test)]
mod tests {
    use super::params;

    #[test]
    fn paths_fit_whole_and_segment_by_segment() {
        let fits = |pattern: &str, path: &str| params(pattern, path).map(|params| params.join(","));
        assert_eq!(fits("/units/{code}", "/units/37").as_deref(), Some("37"));
        assert_eq!(fits("/units/{code}", "/units/37/").as_deref(), Some("37"));
        assert_eq!(fits("/a/{b}/c/{d}", "/a/1/c/%32").as_deref(), Some("1,%32"), "as written");
        assert_eq!(fits("/", "/").as_deref(), Some(""));
        assert_eq!(fits("/units", "/units").as_deref(), Some(""));
        for other in
            ["/units", "/units/", "/units//", "/units/37//", "/units/37/x", "/unit/37", "//units/37", "", "/"]
        {
            assert_eq!(fits("/units/{code}", other), None, "{other}");
        }
        assert_eq!(fits("/", "/units"), None);
    }
}
