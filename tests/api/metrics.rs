//! What monitoring is told, and who may ask.

use crate::flow::WANFU;
use crate::process::{Served, pufa};
use crate::support::{Engine, TestApp, client};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn requests_and_reports_are_counted_by_route_and_nobody_is_named() {
    let app = TestApp::start(Engine::Sqlite).await;
    let wanfu = app.by("wanfu");
    let tell = async || app.nobody().send(Method::GET, "/metrics", &[], None).await;
    let body = json!({ "items": [{ "measure": "banners", "count": 6 }] });
    wanfu.put(WANFU, &body).await.expect(201);
    wanfu.put(WANFU, &json!({ "items": [{ "measure": "banners", "count": -1 }] })).await.expect(422);
    app.nobody().send(Method::GET, "/nowhere/371772001", &[], None).await.expect(404);
    let answer = tell().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = answer.text();
    let put = "method=\"PUT\",route=\"/api/v1/campaigns/{campaign}/tallies/{unit}/{date}\"";
    for line in [
        &format!("pufa_http_requests_total{{{put},status=\"201\"}} 1"),
        &format!("pufa_http_requests_total{{{put},status=\"422\"}} 1"),
        &format!("pufa_http_request_duration_seconds_count{{{put}}} 2"),
        "pufa_http_requests_total{method=\"\",route=\"\",status=\"404\"} 1",
        "pufa_http_requests_in_flight 1",
        "pufa_reports_stored_total 1",
        "pufa_write_batches_total 1",
        "pufa_writes_waiting 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"), "{text}");
    for told in ["371772001", "wanfu", "constitution-2025", "127.0.0.1"] {
        assert!(!text.contains(told), "{told} is in\n{text}");
    }
    wanfu.put_over(WANFU, &json!({ "zero": true }), 1).await.expect(200);
    assert!(tell().await.text().contains("\npufa_reports_stored_total 2\n"));
}

#[tokio::test]
async fn other_machines_do_not_find_it() {
    let app = TestApp::start(Engine::Sqlite).await;
    let through_a_proxy = [("x-forwarded-for", "203.0.113.9")];
    let answer = app.nobody().send(Method::GET, "/metrics", &through_a_proxy, None).await;
    answer.problem(404, "route_unknown");
}

#[tokio::test]
async fn a_listener_of_its_own_tells_it_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}?mode=rwc", dir.path().join("pufa.db").display());
    let served = Served::start(pufa(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--metrics-listen",
        "127.0.0.1:0",
        "--database",
        &database,
    ]));
    let told = served.lines.iter().find_map(|line| line.strip_prefix("metrics on http://"));
    let apart = told.and_then(|told| told.strip_suffix("/metrics")).unwrap().parse().unwrap();
    let get = async |address, path: &str| client(address, None).send(Method::GET, path, &[], None).await;
    get(served.address, "/metrics").await.problem(404, "route_unknown");
    get(served.address, "/healthz").await.expect(200);
    let text = get(apart, "/metrics").await.text();
    assert!(text.contains("route=\"/metrics\",status=\"404\"} 1"), "{text}");
    get(apart, "/readyz").await.expect(200);
    get(apart, "/api/v1/openapi.json").await.problem(404, "route_unknown");
    assert_eq!(served.terminate(), 0);
}
