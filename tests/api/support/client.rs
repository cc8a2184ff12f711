//! A client of the API.

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;

/// Somebody who sends requests.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A client of a service at an address.
pub(crate) fn client(address: SocketAddr, token: Option<&str>) -> Client {
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap();
    Client { http, base: format!("http://{address}"), token: token.map(ToOwned::to_owned) }
}

const JSON: (&str, &str) = ("content-type", "application/json");

impl Client {
    /// The same connections for somebody else.
    pub(super) fn with(&self, token: Option<String>) -> Self {
        Self { token, ..self.clone() }
    }

    /// The token, of somebody who has one.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Sends a request to a whole path.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        Answer::read(request).await.unwrap()
    }

    /// Reports to a service that may be gone; `None` when no whole answer came.
    pub(crate) async fn try_put(&self, path: &str, body: &Value, headers: &[(&str, &str)]) -> Option<Answer> {
        let mut request = self.http.put(format!("{}/api/v1{path}", self.base)).json(body);
        request = request.bearer_auth(self.token.as_deref().unwrap_or_default());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::read(request).await.ok()
    }

    /// An answer whose body has not been read.
    pub(crate) async fn open(&self, path: &str) -> reqwest::Response {
        let mut request = self.http.get(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        request.send().await.unwrap()
    }

    async fn api(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let mut headers = headers.to_vec();
        if body.is_some() {
            headers.push(JSON);
        }
        let body = body.map(|body| body.to_string().into_bytes());
        self.send(method, &format!("/api/v1{path}"), &headers, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.api(Method::GET, path, &[], None).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.api(Method::GET, path, headers, None).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.api(Method::PUT, path, &[], Some(body)).await
    }

    pub(crate) async fn put_with(&self, path: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
        self.api(Method::PUT, path, headers, Some(body)).await
    }

    /// Corrects: names the version it edits.
    pub(crate) async fn put_over(&self, path: &str, body: &Value, version: u64) -> Answer {
        self.put_with(path, body, &[("if-match", &format!("\"{version}\""))]).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.api(Method::POST, path, &[], Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.api(Method::PATCH, path, &[], Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.api(Method::DELETE, path, &[], None).await
    }

    /// The totals of a unit, by measure unless `more` says otherwise: `&by=day`.
    pub(crate) async fn totals(&self, unit: &str, more: &str) -> Value {
        let path = format!("/campaigns/constitution-2025/totals?unit={unit}{more}");
        self.get(&path).await.expect(200)
    }
}

impl Answer {
    async fn read(request: reqwest::RequestBuilder) -> Result<Self, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { status, headers, body: response.bytes().await?.to_vec() })
    }

    /// The JSON of an answer that must have this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The problem of an answer that must have this status and code.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let problem = self.expect(status);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["type"], format!("urn:pufa:problem:{code}"));
        problem
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header, or nothing as empty text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A measure's total in an answer as (count, low, high); zeros when it is not there.
#[track_caller]
pub(crate) fn total(totals: &Value, wanted: impl Fn(&Value) -> bool) -> (i64, i64, i64) {
    let mut found = totals["items"].as_array().unwrap().iter().filter(|item| wanted(item));
    let Some(item) = found.next() else { return (0, 0, 0) };
    assert!(found.next().is_none(), "two totals fit: {totals}");
    let n = |name: &str| item[name].as_i64().unwrap();
    assert_eq!(item["exact"], n("low") == n("count") && n("high") == n("count"), "{item}");
    (n("count"), n("low"), n("high"))
}
