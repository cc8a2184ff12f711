//! Every limit is reached, and what happens then is told or done.

use crate::flow::WANFU;
use crate::support::{Engine, Options, PASSWORD, Raw, TestApp};
use pufa::config::Limits;
use serde_json::json;
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(300);

async fn limited(limits: Limits) -> TestApp {
    TestApp::start_with(Engine::Sqlite, Options { limits, ..Options::default() }).await
}

fn put(app: &TestApp, more: &str) -> String {
    let address = app.address;
    format!(
        "PUT /api/v1{WANFU} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer token-of-wanfu\r\n\
         content-type: application/json\r\n{more}\r\n"
    )
}

const ALIVE: &str = "GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n";

async fn assert_alive(connection: &mut Raw) {
    connection.send(ALIVE).await;
    let answer = connection.answer().await.expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn beyond_the_connections_callers_wait() {
    // Without accounts and units, which would come over a connection that stays open.
    let limits = Limits { connections: 2, ..Limits::default() };
    let app = TestApp::bare(Engine::Sqlite, Options { limits, ..Options::default() }).await;
    let (mut first, mut second) = (app.raw().await, app.raw().await);
    assert_alive(&mut first).await;
    assert_alive(&mut second).await;
    let mut third = app.raw().await;
    third.send(ALIVE).await;
    assert!(third.is_silent(SHORT).await, "the third has to wait");
    drop(first);
    assert_eq!(third.answer().await.unwrap().status, 200);
    assert_alive(&mut second).await;
}

#[tokio::test]
async fn a_header_must_come_in_time() {
    let app = limited(Limits { header_timeout: SHORT, ..Limits::default() }).await;
    let mut nothing = app.raw().await;
    nothing.assert_closed().await;
    let mut half = app.raw().await;
    half.send("GET /healthz HTTP/1.1\r\nhost: te").await;
    half.assert_closed().await;
    // Nor does a drop now and then buy time.
    let mut drops = app.raw().await;
    let begun = Instant::now();
    while drops.try_send("G").await && begun.elapsed() < Duration::from_secs(20) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "a header came for twenty seconds");
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let app = limited(Limits { header_timeout: SHORT, ..Limits::default() }).await;
    let mut idle = app.raw().await;
    assert_alive(&mut idle).await;
    assert_alive(&mut idle).await;
    idle.assert_closed().await;
}

#[tokio::test]
async fn a_body_must_come_in_time() {
    let app = limited(Limits { body_timeout: SHORT, ..Limits::default() }).await;
    let before = app.database.stored().await;
    for (length, piece) in
        [("content-length: 13\r\n", "{\"zero\""), ("transfer-encoding: chunked\r\n", "2\r\n{\"\r\n")]
    {
        let mut slow = app.raw().await;
        slow.send(put(&app, length)).await;
        slow.send(piece).await;
        let answer = slow.answer().await.expect("an answer");
        assert_eq!(answer.status, 408, "{}", answer.body);
        assert!(
            answer.body.contains("\"body_timeout\"") && answer.head.contains("connection: close"),
            "{}",
            answer.head
        );
        slow.assert_closed().await;
    }
    assert_eq!(app.database.stored().await, before);
}

#[tokio::test]
async fn a_header_has_its_largest_size() {
    let app = limited(Limits { header_bytes: 8 * 1024, ..Limits::default() }).await;
    let mut large = app.raw().await;
    large
        .try_send(format!("GET /healthz HTTP/1.1\r\nhost: test\r\nx: {}\r\n\r\n", "x".repeat(16 * 1024)))
        .await;
    if let Some(answer) = large.answer().await {
        assert_eq!(answer.status, 431);
    }
    let mut fitting = app.raw().await;
    fitting.send(format!("GET /healthz HTTP/1.1\r\nhost: test\r\nx: {}\r\n\r\n", "x".repeat(4 * 1024))).await;
    assert_eq!(fitting.answer().await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beyond_the_password_queue_callers_are_told() {
    let app = limited(Limits { password_checks: 1, password_queue: 1, ..Limits::default() }).await;
    let credentials = json!({ "username": "wanfu", "password": PASSWORD });
    let signing_in: Vec<_> = (0..12)
        .map(|_| {
            let (nobody, credentials) = (app.nobody(), credentials.clone());
            tokio::spawn(async move { nobody.post("/session", &credentials).await })
        })
        .collect();
    let (mut let_in, mut refused) = (0, 0);
    for answer in signing_in {
        let answer = answer.await.unwrap();
        if answer.status == 201 {
            let_in += 1;
        } else {
            answer.problem(503, "busy");
            assert_eq!(answer.header("retry-after"), "2");
            refused += 1;
        }
    }
    assert!(let_in > 0 && refused > 0, "{let_in} let in, {refused} refused");
    app.nobody().post("/session", &credentials).await.expect(201);
}

#[tokio::test]
async fn a_page_has_its_largest_size() {
    let app = limited(Limits { page: 3, ..Limits::default() }).await;
    for query in ["", "?limit=100"] {
        let page = app.by("admin").get(&format!("/units{query}")).await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 3);
        assert_eq!(page["next"], "371772100");
    }
}

#[tokio::test]
async fn a_full_session_cache_shuts_nobody_out() {
    let app = limited(Limits { session_cache: 1, ..Limits::default() }).await;
    for _ in 0..3 {
        for who in ["admin", "office", "viewer", "wanfu"] {
            assert_eq!(app.by(who).get("/me").await.expect(200)["username"], who);
        }
    }
}

#[tokio::test]
async fn a_request_under_way_is_finished_when_the_service_stops() {
    let mut app = limited(Limits::default()).await;
    let mut idle = app.raw().await;
    assert_alive(&mut idle).await;
    let mut under_way = app.raw().await;
    let body = "{\"zero\":true}";
    under_way.send(put(&app, &format!("content-length: {}\r\nexpect: 100-continue\r\n", body.len()))).await;
    let go_on = under_way.answer().await.unwrap();
    assert_eq!(go_on.status, 100, "the body is waited for, so the request is under way");
    app.ask_to_stop();
    idle.assert_closed().await;
    under_way.send(body).await;
    let answer = under_way.answer().await.expect("an answer");
    assert_eq!(answer.status, 201, "{}", answer.body);
    under_way.assert_closed().await;
    let database = app.stop().await;
    assert_eq!(database.stored().await.versions.len(), 1, "what was acknowledged is there");
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let mut app = limited(Limits { drain: SHORT, ..Limits::default() }).await;
    let mut never = app.raw().await;
    never.send(put(&app, "content-length: 13\r\nexpect: 100-continue\r\n")).await;
    assert_eq!(never.answer().await.unwrap().status, 100);
    app.ask_to_stop();
    let stopped = tokio::time::timeout(Duration::from_secs(15), app.stop()).await;
    assert!(stopped.is_ok(), "one slow caller holds the service");
}
