//! What surrounds every request: an id, headers that protect, compression, and a net under panics.

use super::error::Error;
use super::filter;
use super::metrics::Metrics;
use super::reply::Response;
use super::routes::Route;
use crate::i18n::Lang;
use crate::service::App;
use hyper::body::Incoming;
use std::any::Any;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use tower::{ServiceBuilder, ServiceExt};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use warp::http::{HeaderMap, HeaderName, HeaderValue, Request, header};

/// An answer on its way.
pub type Answer = Pin<Box<dyn Future<Output = warp::http::Response<Body>> + Send>>;

/// The whole service, as the accept loop runs it.
pub type Service = Arc<dyn Fn(Request<Incoming>) -> Answer + Send + Sync>;

/// The body of an answer.
pub type Body =
    http_body_util::combinators::UnsyncBoxBody<hyper::body::Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// Nothing from outside, nothing inline: what a page may load is what this server serves.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What every answer says unless it says otherwise itself.
const ALWAYS: [(HeaderName, HeaderValue); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

fn protect(headers: &mut HeaderMap, https: bool) {
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(value);
    }
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    }
}

/// For a year, and for all that lies under the name: where people come by HTTPS they never come without.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// Builds the service that answers the routes of a table.
#[must_use]
pub fn service(app: &Arc<App>, metrics: &Arc<Metrics>, table: &'static [Route]) -> Service {
    let pictures_are_packed = SizeAbove::new(1_024)
        .and(NotForContentType::IMAGES)
        .and(NotForContentType::const_new("text/event-stream"));
    let https = app.limits().site.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    let service = ServiceBuilder::new()
        .layer(CompressionLayer::new().compress_when(pictures_are_packed))
        .layer(CatchPanicLayer::custom(panicked))
        .service(warp::service(filter::routes(app, metrics, table)));
    Arc::new(move |request| {
        let answer = service.clone().oneshot(spelt(request));
        Box::pin(async move {
            let mut answer = answer.await.unwrap_or_else(|never: Infallible| match never {}).map(boxed);
            protect(answer.headers_mut(), https);
            answer
        })
    })
}

/// Clients of DHIS2 write one address in several ways: `/api/41/dataSets.json` is `/api/dataSets`.
fn spelt(mut request: Request<Incoming>) -> Request<Incoming> {
    let path = request.uri().path();
    if let Some(plain) = dhis2_path(path) {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        if let Ok(uri) = format!("{plain}{query}").parse() {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// The plain address, when a path of DHIS2 is written in another way.
fn dhis2_path(path: &str) -> Option<String> {
    let rest = path.strip_prefix("/api/")?;
    let (first, after) = rest.split_once('/').unwrap_or((rest, ""));
    let versioned = !first.is_empty() && first.bytes().all(|b| b.is_ascii_digit());
    let rest = if versioned { after } else { rest };
    if rest.is_empty() || rest.starts_with("v1/") {
        return None;
    }
    let plain = rest.strip_suffix(".json").unwrap_or(rest);
    (versioned || plain != rest).then(|| format!("/api/{plain}"))
}

fn boxed<B>(body: B) -> Body
where
    B: hyper::body::Body<Data = hyper::body::Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    use http_body_util::BodyExt;
    body.map_err(Into::into).boxed_unsync()
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Error::Panic.into_response(Lang::default())
}

#[cfg(test)]
mod tests {
    use super::dhis2_path;

    #[test]
    fn addresses_of_dhis2_are_brought_to_one_form() {
        let plain = |path| dhis2_path(path);
        assert_eq!(plain("/api/41/dataSets.json").as_deref(), Some("/api/dataSets"));
        assert_eq!(plain("/api/system/info.json").as_deref(), Some("/api/system/info"));
        assert_eq!(plain("/api/29/dataValueSets").as_deref(), Some("/api/dataValueSets"));
        assert_eq!(plain("/api/41/dataValueSets.csv").as_deref(), Some("/api/dataValueSets.csv"));
        for left_alone in ["/api/me", "/api/v1/openapi.json", "/api/41/v1/me", "/assets/a.json", "/api/41"] {
            assert_eq!(plain(left_alone), None, "{left_alone}");
        }
    }
}
