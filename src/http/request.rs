//! A request as a handler sees it.

use super::error::Error;
use super::limit;
use super::metrics::Metrics;
use crate::domain::fault::Fault;
use crate::i18n::Lang;
use crate::service::standby::AsOf;
use crate::service::{App, Caller};
use hyper::body::Bytes;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use warp::Stream;
use warp::http::HeaderMap;
use warp::http::header::{self, HeaderName};

/// The body as it arrives.
pub type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes, warp::Error>> + Send>>;

/// The address at the other end of a connection, as the accept loop notes it on every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// A request whose path and method fit a route.
pub struct Request {
    /// The service.
    pub app: Arc<App>,
    /// What is counted at the edge.
    pub metrics: Arc<Metrics>,
    /// The parameters of the path, in order.
    pub params: Vec<String>,
    /// The whole path.
    pub path: String,
    /// The query as it came.
    pub raw_query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The language of the answer.
    pub lang: Lang,
    /// The address it came from, told by a proxy that is believed or else the connection's.
    pub address: Option<IpAddr>,
    /// Whether a browser there keeps a cookie marked `Secure`.
    pub secure: bool,
    /// Who is signed in; on public routes perhaps nobody.
    pub caller: Option<Caller>,
    /// As of when figures are told, where that is said.
    pub as_of: Option<AsOf>,
    /// What has not been read of the body yet.
    pub body: Option<BodyStream>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Headers and body hold tokens and figures of people; they stay out of logs.
        f.debug_struct("Request").field("params", &self.params).finish_non_exhaustive()
    }
}

impl Request {
    /// The same request once more, for one that has no body.
    #[must_use]
    pub fn without_body(&self) -> Self {
        Self {
            app: self.app.clone(),
            metrics: self.metrics.clone(),
            params: self.params.clone(),
            path: self.path.clone(),
            raw_query: self.raw_query.clone(),
            headers: self.headers.clone(),
            lang: self.lang,
            address: self.address,
            secure: self.secure,
            caller: self.caller.clone(),
            as_of: self.as_of,
            body: None,
        }
    }

    /// The path's parameter at a place; the route table says how many there are.
    #[must_use]
    pub fn param(&self, at: usize) -> &str {
        self.params.get(at).map_or("", String::as_str)
    }

    /// A header as text.
    #[must_use]
    pub fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether the answer is wanted as text to paste rather than as JSON.
    #[must_use]
    pub fn wants_text(&self) -> bool {
        self.header(header::ACCEPT).is_some_and(|accept| accept.trim_start().starts_with("text/plain"))
    }

    /// Who asks.
    ///
    /// # Errors
    /// When nobody is signed in.
    pub fn caller(&self) -> Result<&Caller, Error> {
        self.caller.as_ref().ok_or(Error::Service(crate::service::Error::Unauthenticated))
    }

    /// How this service is reached, `https://a.example`: as configured, else as this request reached it.
    #[must_use]
    pub fn base(&self) -> String {
        if let Some(url) = &self.app.limits().site.public_url {
            return url.trim_end_matches('/').to_owned();
        }
        let forwarded = self.header(HeaderName::from_static("x-forwarded-proto"));
        let https = self.secure && forwarded.is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
        let scheme = if https { "https" } else { "http" };
        format!("{scheme}://{}", self.header(header::HOST).unwrap_or_default())
    }

    /// A number in the path.
    ///
    /// # Errors
    /// Not found under this code when it is none.
    pub fn number(&self, at: usize, unknown: &'static str) -> Result<i32, Error> {
        self.param(at).parse().map_err(|_| Error::Service(crate::service::Error::NotFound(unknown)))
    }

    /// The query's parameters; one that the route does not know is an error, for a misspelt filter must not show
    /// everything.
    ///
    /// # Errors
    /// `query_unknown`.
    pub fn query(&self, known: &[&'static str]) -> Result<Query, Error> {
        let pairs: Vec<(String, String)> =
            form_urlencoded::parse(self.raw_query.as_bytes()).into_owned().collect();
        match pairs.iter().find(|(name, _)| name != "lang" && !known.contains(&name.as_str())) {
            Some((name, _)) => {
                let fault = Fault::new("", "query_unknown").with("name", name.escape_debug());
                Err(Error::Service(crate::service::Error::invalid(fault)))
            }
            None => Ok(Query { pairs }),
        }
    }

    /// The whole body, within the limits.
    ///
    /// # Errors
    /// When it is too large or takes too long.
    pub async fn bytes(&mut self) -> Result<Bytes, Error> {
        let Some(body) = self.body.take() else { return Ok(Bytes::new()) };
        limit::collect(body, &self.headers, self.app.limits()).await
    }

    /// Refuses a body of another kind than the one named.
    ///
    /// # Errors
    /// 415 with the kind that is expected.
    pub fn expect_type(&self, kind: &'static str) -> Result<(), Error> {
        let given = self.header(header::CONTENT_TYPE).unwrap_or_default();
        let given = given.split(';').next().unwrap_or_default().trim();
        if given.eq_ignore_ascii_case(kind) { Ok(()) } else { Err(Error::MediaType(kind)) }
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// 415 for another kind; `body_invalid` with pointer, line and column when it cannot be read.
    pub async fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<(T, Bytes), Error> {
        self.expect_type("application/json")?;
        let bytes = self.bytes().await?;
        // serde would read an array as the fields in their order.
        if bytes.trim_ascii_start().starts_with(b"[") {
            let detail = "an object is expected, not an array".to_owned();
            return Err(Error::Body { pointer: String::new(), place: Some((1, 1)), detail });
        }
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok((value, bytes)),
            Err(error) => Err(Error::body::<T>(&bytes, &error)),
        }
    }

    /// The body as the fields of a form.
    ///
    /// # Errors
    /// 415 for another kind, or as [`bytes`](Self::bytes).
    pub async fn form(&mut self) -> Result<Query, Error> {
        self.expect_type("application/x-www-form-urlencoded")?;
        let bytes = self.bytes().await?;
        Ok(Query { pairs: form_urlencoded::parse(&bytes).into_owned().collect() })
    }
}

/// Names and values of a query or a form.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Names and values that were read already.
    #[must_use]
    pub const fn of(pairs: Vec<(String, String)>) -> Self {
        Self { pairs }
    }

    /// The first value under a name; an empty one counts as absent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
            .filter(|v| !v.is_empty())
    }

    /// As [`get`](Self::get), owned.
    #[must_use]
    pub fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(ToOwned::to_owned)
    }

    /// A positive whole number.
    ///
    /// # Errors
    /// `limit_invalid` with the name as its pointer.
    pub fn positive(&self, name: &str) -> Result<Option<u32>, Error> {
        let Some(text) = self.get(name) else { return Ok(None) };
        text.parse().ok().filter(|n| *n > 0).map(Some).ok_or_else(|| {
            Error::Service(crate::service::Error::invalid(Fault::new(format!("/{name}"), "limit_invalid")))
        })
    }

    /// Every name and value, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}
