//! Open pages are told of changes.

use crate::flow::WANFU;
use crate::support::{Client, Engine, Options, TestApp};
use pufa::config::Limits;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

on_both! {
    a_change_is_told_to_those_who_may_see_it
    many_who_listen_are_told_to_spread_what_they_fetch
    what_another_replica_wrote_is_told
    a_stream_ends_with_its_session_and_with_the_service
    beyond_the_limit_a_listener_is_refused
}

/// A stream of events, read until an event fits.
pub(crate) struct Listening {
    response: reqwest::Response,
    text: String,
}

impl Listening {
    pub(crate) async fn to(client: &Client, query: &str) -> Self {
        let response = client.open(&format!("/api/v1/events{query}")).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let data = event.lines().find_map(|line| line.strip_prefix("data:")).map(str::to_owned);
                self.text = rest.to_owned();
                if let Some(data) = data {
                    return Some(serde_json::from_str(&data).unwrap());
                }
                continue;
            }
            let chunk = tokio::time::timeout(Duration::from_secs(20), self.response.chunk()).await;
            let chunk = chunk.expect("an event or the end within seconds").ok()??;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

fn report() -> Value {
    json!({ "items": [{ "measure": "banners", "count": 6 }] })
}

async fn a_change_is_told_to_those_who_may_see_it(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut office = Listening::to(&app.by("office"), "?campaign=constitution-2025").await;
    let mut wanfu = Listening::to(&app.by("wanfu"), "").await;
    let at = |unit: &str, revision: i64| json!({ "campaign": "constitution-2025", "unit": unit, "revision": revision, "within": 0 });
    assert_eq!(office.next().await, Some(at("371772", 0)));
    assert_eq!(wanfu.next().await, Some(at("371772001", 0)));
    // What a neighbour reports is told to the office and not to Wanfu.
    let path = "/campaigns/constitution-2025/tallies/371772100/2025-12-04";
    app.by("office").put(path, &report()).await.expect(201);
    assert_eq!(office.next().await, Some(at("371772", 1)));
    app.by("wanfu").put(WANFU, &report()).await.expect(201);
    assert_eq!(office.next().await, Some(at("371772", 2)));
    assert_eq!(wanfu.next().await, Some(at("371772001", 1)));
    let revision = app.by("office").totals("371772", "").await["revision"].clone();
    assert_eq!(revision, 2, "the revision told is that of the totals");
    let other = app.by("wanfu").get("/events?unit=371772100").await;
    other.problem(404, "unit_out_of_scope");
    app.nobody().get("/events").await.problem(401, "unauthenticated");
}

async fn many_who_listen_are_told_to_spread_what_they_fetch(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut all = Vec::new();
    for _ in 0..100 {
        all.push(Listening::to(&app.by("office"), "?campaign=constitution-2025").await);
    }
    app.by("wanfu").put(WANFU, &report()).await.expect(201);
    for listening in &mut all {
        let told = loop {
            let told = listening.next().await.unwrap();
            if told["revision"] == 1 {
                break told;
            }
        };
        let within = told["within"].as_u64().unwrap();
        assert!((100..1_000).contains(&within), "a hundred boards in {within} ms");
    }
}

async fn what_another_replica_wrote_is_told(engine: Engine) {
    let app = TestApp::start(engine).await;
    // SQLite has one service; there the report comes through the same door.
    let other = match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some(TestApp::on(&app.database, Options { lane: 1, ..Options::default() }).await),
    };
    let mut office = Listening::to(&app.by("office"), "?campaign=constitution-2025").await;
    assert_eq!(office.next().await.unwrap()["revision"], 0);
    other.as_ref().unwrap_or(&app).by("wanfu").put(WANFU, &report()).await.expect(201);
    assert_eq!(office.next().await.unwrap()["revision"], 1);
}

async fn a_stream_ends_with_its_session_and_with_the_service(engine: Engine) {
    let app = TestApp::start(engine).await;
    let session = app
        .nobody()
        .post("/session", &json!({ "username": "wanfu", "password": crate::support::PASSWORD }))
        .await
        .expect(201);
    let wanfu = app.bearer(session["token"].as_str().unwrap());
    let mut stream = Listening::to(&wanfu, "").await;
    stream.next().await.unwrap();
    wanfu.send(Method::DELETE, "/api/v1/session", &[], None).await;
    assert_eq!(stream.next().await, None);

    let mut stream = Listening::to(&app.by("office"), "").await;
    stream.next().await.unwrap();
    let began = std::time::Instant::now();
    app.stop().await;
    assert_eq!(stream.next().await, None);
    assert!(began.elapsed() < Duration::from_secs(5), "an open stream does not hold up the end");
}

async fn beyond_the_limit_a_listener_is_refused(engine: Engine) {
    let limits = Limits { listeners: 1, ..Limits::default() };
    let app = TestApp::start_with(engine, Options { limits, ..Options::default() }).await;
    let mut first = Listening::to(&app.by("office"), "").await;
    first.next().await.unwrap();
    let refused = app.by("office").get("/events").await;
    refused.problem(503, "busy");
    assert_ne!(refused.header("retry-after"), "");
    drop(first);
    // The place is free again as soon as the service sees that nobody listens.
    for _ in 0..100 {
        let response = app.by("office").open("/api/v1/events").await;
        if response.status() == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the place was not freed");
}
