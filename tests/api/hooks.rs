//! Hooks: who may enter them, what programs are told, and what happens when nobody listens.

mod bots;
mod mock;

use crate::support::{Engine, Options, TestApp};
use jiff::Timestamp;
use mock::{Mock, Reply, Seen, check_event, ok};
use pufa::config::Limits;
use pufa::store::Transaction;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

on_both! {
    a_hook_is_entered_changed_and_forgotten
    every_version_is_told_once_in_order_and_signed
    what_fails_is_tried_again_and_then_put_aside
    what_was_under_way_when_the_process_ended_is_sent_again
    what_happened_while_nobody_looked_is_told_later
    two_replicas_send_once
    a_disabled_hook_is_told_nothing
    what_does_not_fit_waits_in_the_history
}

const HOOKS: &str = "/campaigns/constitution-2025/hooks";
const SIGNED: &str = "0123456789abcdef";

/// A service that looks for work all the time and may send to this machine.
pub(crate) fn busy() -> Options {
    // The clock of these tests leaps, and nobody should be signed out by that.
    let session_idle = Duration::from_secs(90 * 24 * 3600);
    let outbox_tick = Duration::from_millis(20);
    let limits = Limits { outbox_tick, session_idle, private_hooks: true, ..Limits::default() };
    Options { limits, ..Options::default() }
}

fn seconds(n: i64) -> jiff::SignedDuration {
    jiff::SignedDuration::from_secs(n)
}

impl TestApp {
    fn wait(&self, n: i64) -> Timestamp {
        self.clock.set(self.clock.now() + seconds(n));
        self.clock.now()
    }
}

async fn hook(app: &TestApp, body: Value) -> i64 {
    app.by("office").post(HOOKS, &body).await.expect(201)["id"].as_i64().unwrap()
}

async fn generic(app: &TestApp, mock: &Mock) -> i64 {
    hook(app, json!({ "kind": "generic", "url": mock.url("/events?a=1"), "secret": SIGNED })).await
}

async fn put(app: &TestApp, unit: &str, count: u32, version: u64) {
    let path = format!("/campaigns/constitution-2025/tallies/{unit}/2025-12-04");
    let body = json!({ "items": [{ "measure": "materials", "count": count }], "note": "内部备注" });
    let office = app.by("office");
    match version {
        0 => drop(office.put(&path, &body).await.expect(201)),
        version => drop(office.put_over(&path, &body, version).await.expect(200)),
    }
}

async fn deliveries(app: &TestApp, hook: i64, query: &str) -> Vec<Value> {
    let view = app.by("office").get(&format!("/hooks/{hook}/deliveries{query}")).await.expect(200);
    view["items"].as_array().unwrap().clone()
}

/// Waits until a hook's newest delivery stands like this.
async fn settled(app: &TestApp, hook: i64, wanted: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let found = deliveries(app, hook, "").await;
        if let Some(one) = found.first().filter(|one| wanted(one)) {
            return one.clone();
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{found:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn refuses(status: u16) -> impl FnMut(&Seen) -> Reply + Send + 'static {
    move |_| Some((status, "", String::new()))
}

async fn a_hook_is_entered_changed_and_forgotten(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (office, viewer, mudan) = (app.by("office"), app.by("viewer"), app.by("mudan"));
    let url = "https://hooks.example.org/in/693a91f6-7aac-4bc4-97a0";
    let body =
        json!({ "kind": "generic", "url": url, "secret": "a-very-secret-key", "events": ["tally.created"] });
    viewer.post(HOOKS, &body).await.problem(403, "forbidden");
    viewer.get(HOOKS).await.problem(403, "forbidden");
    mudan.post(HOOKS, &body).await.problem(404, "campaign_unknown");
    let answer = office.post(HOOKS, &body).await;
    let made = answer.expect(201);
    let id = made["id"].as_i64().unwrap();
    let place = format!("/hooks/{id}");
    assert_eq!(answer.header("location"), format!("/api/v1{place}"));
    assert_eq!(made["address"], "https://hooks.example.org/…97a0");
    assert_eq!(
        (&made["signed"], &made["unit"], &made["events"]),
        (&json!(true), &json!("371772"), &json!(["tally.created"]))
    );
    let bot = json!({ "kind": "wecom", "url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1", "unit": "gx-edu" });
    let bot = office.post(HOOKS, &bot).await.expect(201);
    assert_eq!((&bot["events"], &bot["missing_at"]), (&json!(["missing", "summary"]), &json!([-60, 30])));

    for (change, pointer, code) in [
        (json!({ "kind": "post" }), "/kind", "kind_unknown"),
        (json!({ "kind": null }), "/kind", "field_missing"),
        (json!({ "url": null }), "/url", "field_missing"),
        (json!({ "url": "http://hooks.example.org/" }), "/url", "url_not_allowed"),
        (json!({ "url": "https://169.254.169.254/latest" }), "/url", "url_not_allowed"),
        (json!({ "url": "https://[::1]/" }), "/url", "url_not_allowed"),
        (json!({ "url": "https://a:b@hooks.example.org/" }), "/url", "url_not_allowed"),
        (json!({ "secret": null }), "/secret", "field_missing"),
        (json!({ "secret": "short" }), "/secret", "secret_invalid"),
        (json!({ "events": ["missing"] }), "/events/0", "event_unknown"),
        (json!({ "events": [] }), "/events", "field_missing"),
        (json!({ "missing_at": [-1441] }), "/missing_at", "minutes_invalid"),
        (json!({ "lang": "fr" }), "/lang", "lang_unknown"),
        (json!({ "unit": "371702" }), "", "unit_out_of_scope"),
    ] {
        let mut wrong = body.clone();
        change.as_object().unwrap().iter().for_each(|(name, value)| wrong[name] = value.clone());
        let status = if code == "unit_out_of_scope" { 404 } else { 422 };
        let problem = office.post(HOOKS, &wrong).await.problem(status, code);
        assert!(pointer.is_empty() || problem["errors"][0]["pointer"] == pointer, "{problem}");
    }

    let changed =
        office.patch(&place, &json!({ "events": ["tally.changed"], "disabled": true })).await.expect(200);
    assert_eq!((&changed["events"], &changed["disabled"]), (&json!(["tally.changed"]), &json!(true)));
    assert_eq!(changed["signed"], true, "a secret that is not named stays");
    office.patch(&place, &json!({ "kind": "wecom" })).await.problem(422, "field_fixed");
    viewer.patch(&place, &json!({})).await.problem(403, "forbidden");
    for other in ["/hooks/999", "/hooks/x"] {
        office.patch(other, &json!({})).await.problem(404, "hook_unknown");
    }
    mudan.get(&format!("{place}/deliveries")).await.problem(404, "hook_unknown");
    mudan.post(&format!("{place}/test"), &json!({})).await.problem(404, "hook_unknown");
    office.get(&format!("{place}/deliveries?state=lost")).await.problem(422, "delivery_state_unknown");
    office.post(&format!("{place}/deliveries/1"), &json!({})).await.problem(404, "delivery_unknown");
    let listed = office.get(HOOKS).await;
    assert_eq!(listed.expect(200)["items"].as_array().unwrap().len(), 2);

    let audit = app.database.stored().await.audit;
    let told: String = audit.iter().map(|row| row.detail.clone()).collect::<String>() + &listed.text();
    assert!(!told.contains("a-very-secret-key") && !told.contains("693a91f6"), "{told}");
    assert!(audit.iter().any(|row| row.action == "hook.create" && row.actor_id.is_some()));
    assert_eq!(office.delete(&place).await.status, 204);
    office.delete(&place).await.problem(404, "hook_unknown");
    for n in 1..20 {
        let more = json!({ "kind": "feishu", "url": format!("https://hooks.example.org/{n}") });
        office.post(HOOKS, &more).await.expect(201);
    }
    office.post(HOOKS, &body).await.problem(422, "hooks_too_many");
    app.assert_sound().await;
}

async fn every_version_is_told_once_in_order_and_signed(engine: Engine) {
    let app = TestApp::start_with(engine, busy()).await;
    let mock = Mock::start(|_| ok()).await;
    put(&app, "371772108", 9, 0).await;
    let id = generic(&app, &mock).await;
    let school = json!({ "kind": "generic", "url": mock.url("/school"), "secret": SIGNED, "unit": "gx-edu" });
    hook(&app, school).await;
    let tried = app.by("office").post(&format!("/hooks/{id}/test"), &json!({})).await.expect(200);
    assert_eq!(tried, json!({ "delivered": true, "error": null }));
    assert_eq!(mock.expect(1).await[0].json()["type"], "ping");

    put(&app, "371772001", 1, 0).await;
    put(&app, "371772001", 2, 1).await;
    put(&app, "371772001", 3, 2).await;
    put(&app, "gx-school", 5, 0).await;
    // A review adds a version like any other.
    let sql = "INSERT INTO tally_versions (campaign_id, day, unit_id, version, review, channel, zero, late, on_behalf, \
               actor_id, received_at, figures, note) SELECT campaign_id, day, unit_id, version + REVIEW, REVIEW, \
               channel, zero, late, on_behalf, actor_id, received_at, figures, note \
               FROM tally_versions WHERE unit_id = (SELECT id FROM units WHERE code = '371772001') AND version = 3";
    let named = "INSERT INTO batches (shard, batch, campaign_id, day, version, units) \
                 SELECT shard, batch + 1000 + REVIEW, campaign_id, day, version + REVIEW, units FROM batches WHERE version = 3";
    for review in ["2", "1"] {
        for sql in [sql, named] {
            app.database.execute(&sql.replace("REVIEW", review)).await;
        }
    }
    let seen = mock.expect(1 + 7).await;
    assert!(seen.iter().all(|seen| check_event(seen, SIGNED, app.clock.now()) == Ok(())));
    assert!(seen.iter().any(|seen| check_event(seen, "another secret!!", app.clock.now()).is_err()));
    let of = |path: &str, unit: &str| -> Vec<Value> {
        let of_hook = seen.iter().filter(|seen| seen.path == path).map(Seen::json);
        of_hook.filter(|event| event["unit"] == unit && event["type"] != "ping").collect()
    };
    let all = of("/events", "371772001");
    let types: Vec<_> = all.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(
        types,
        ["tally.created", "tally.changed", "tally.changed", "tally.accepted", "tally.returned"]
    );
    assert_eq!(
        all[1],
        json!({
            "id": all[1]["id"], "type": "tally.changed", "campaign": "constitution-2025", "unit": "371772001",
            "date": "2025-12-04", "version": 2, "state": "submitted", "zero": false, "late": false, "on_behalf": true,
            "at": "2025-12-04T10:00:00+08:00",
            "totals": [{ "measure": "materials", "count": 2, "low": 2, "high": 2, "exact": true }],
        }),
        "and the remark is nobody's business"
    );
    let ids: BTreeSet<_> = all.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 5);
    assert!(of("/events", "371772108").is_empty(), "what was before the hook is not told");
    let (whole, school) = (of("/events", "gx-school"), of("/school", "gx-school"));
    assert_eq!((whole.len(), school.len()), (1, 1));
    assert_eq!(whole[0]["id"], school[0]["id"], "an event has one id");
    assert!(of("/school", "371772001").is_empty(), "a hook of a unit is told of what is under it");
    let first = seen.iter().find(|seen| seen.path == "/events").unwrap();
    assert_eq!(first.headers["content-type"], "application/json; charset=utf-8");
    assert_eq!(first.headers["host"], mock.address.to_string());
    assert_eq!(deliveries(&app, id, "?state=delivered").await.len(), 6);
}

async fn what_fails_is_tried_again_and_then_put_aside(engine: Engine) {
    let app = TestApp::start_with(engine, busy()).await;
    let mock = Mock::start(refuses(500)).await;
    let id = generic(&app, &mock).await;
    put(&app, "371772001", 1, 0).await;
    put(&app, "371772001", 2, 1).await;
    mock.expect(1).await;
    let waiting = settled(&app, id, |one| one["state"] == "waiting").await;
    assert_eq!(waiting["attempts"], 0, "the second waits for the first");
    let first = deliveries(&app, id, "").await.pop().unwrap();
    assert_eq!(
        (&first["attempts"], &first["status"], &first["error"]),
        (&json!(1), &json!(500), &json!("status: 500"))
    );
    app.wait(21);
    tokio::time::sleep(Duration::from_millis(200)).await;
    mock.expect(1).await;
    let mut tries = 1;
    while tries < 12 {
        // Twice as patient each time, up to an hour and a quarter more by chance.
        app.wait(4_501);
        tries += 1;
        mock.expect(tries).await;
    }
    let begun = Instant::now();
    while deliveries(&app, id, "?state=dead").await.is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let dead = deliveries(&app, id, "?state=dead").await.pop().unwrap();
    assert_eq!((&dead["attempts"], &dead["number"]), (&json!(12), &json!(1)));
    assert!(dead["done_at"].is_string() && dead["next_at"].is_null(), "{dead}");

    // The next in line has its own turn, and what was put aside can be sent by hand.
    mock.answer(|_| ok());
    app.wait(4_501);
    let seen = mock.expect(tries + 1).await;
    assert_eq!(seen[tries].json()["version"], 2);
    let again = format!("/hooks/{id}/deliveries/{}", dead["id"]);
    app.by("viewer").post(&again, &json!({})).await.problem(403, "forbidden");
    assert_eq!(app.by("office").post(&again, &json!({})).await.status, 202);
    let seen = mock.expect(tries + 2).await;
    assert_eq!(seen[tries + 1].json()["id"], seen[0].json()["id"], "the same event has the same id");
    assert!(check_event(&seen[tries + 1], SIGNED, app.clock.now()).is_ok(), "signed anew");
    assert!(deliveries(&app, id, "?state=dead").await.is_empty());
}

async fn what_was_under_way_when_the_process_ended_is_sent_again(engine: Engine) {
    let app = TestApp::start_with(engine, busy()).await;
    let mock = Mock::start(|_| None).await;
    let id = generic(&app, &mock).await;
    put(&app, "371772001", 1, 0).await;
    let before = mock.expect(1).await;
    let database = app.stop().await;
    mock.answer(|_| ok());
    let options = busy();
    let later = Options { now: options.now + seconds(200), ..options };
    let app = TestApp::on(&database, later).await;
    let after = mock.expect(2).await;
    assert_eq!(after[1].json(), before[0].json());
    assert_eq!(settled(&app, id, |one| one["state"] == "delivered").await["attempts"], 2);
}

async fn what_happened_while_nobody_looked_is_told_later(engine: Engine) {
    let options = busy();
    let asleep = Limits { outbox_tick: Duration::from_secs(3_600), ..options.limits.clone() };
    let app = TestApp::start_with(engine, Options { limits: asleep, ..options }).await;
    let mock = Mock::start(|_| ok()).await;
    generic(&app, &mock).await;
    for unit in ["371772001", "371772100", "gx-school"] {
        put(&app, unit, 1, 0).await;
        put(&app, unit, 2, 1).await;
    }
    assert_eq!(mock.seen().len(), 0);
    let database = app.stop().await;
    let _app = TestApp::on(&database, busy()).await;
    let seen = mock.expect(6).await;
    let mut last: HashMap<String, u64> = HashMap::new();
    for event in seen.iter().map(Seen::json) {
        let version = event["version"].as_u64().unwrap();
        let before = last.insert(event["unit"].to_string(), version).unwrap_or(0);
        assert_eq!(version, before + 1, "{event}");
    }
}

async fn two_replicas_send_once(engine: Engine) {
    let one = TestApp::start_with(engine, busy()).await;
    let mock = Mock::start(|_| ok()).await;
    generic(&one, &mock).await;
    let two = TestApp::on(&one.database, Options { lane: 1, ..busy() }).await;
    let units = ["371772001", "371772100", "371772108", "gx-school"];
    for version in 0..6_u32 {
        let turns = units
            .map(|unit| put(if version % 2 == 0 { &one } else { &two }, unit, version + 1, version.into()));
        futures_util::future::join_all(turns).await;
    }
    let seen: Vec<Value> = mock.expect(24).await.iter().map(Seen::json).collect();
    let ids: BTreeSet<_> = seen.iter().map(|event| event["id"].to_string()).collect();
    assert_eq!(ids.len(), 24);
    for unit in units {
        let of_unit = seen.iter().filter(|event| event["unit"] == unit);
        let versions: Vec<_> = of_unit.map(|event| event["version"].as_u64().unwrap()).collect();
        assert_eq!(versions, [1, 2, 3, 4, 5, 6], "{unit}");
    }
}

async fn a_disabled_hook_is_told_nothing(engine: Engine) {
    let app = TestApp::start_with(engine, busy()).await;
    let mock = Mock::start(|_| ok()).await;
    let id = generic(&app, &mock).await;
    let office = app.by("office");
    let place = format!("/hooks/{id}");
    office.patch(&place, &json!({ "disabled": true })).await.expect(200);
    put(&app, "371772001", 1, 0).await;
    office.patch(&place, &json!({ "disabled": false })).await.expect(200);
    put(&app, "371772001", 2, 1).await;
    let seen = mock.expect(1).await;
    assert_eq!(seen[0].json()["version"], 2, "what happened meanwhile is not told later");
    assert_eq!(office.delete(&place).await.status, 204);
    put(&app, "371772001", 3, 2).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    mock.expect(1).await;
}

async fn what_does_not_fit_waits_in_the_history(engine: Engine) {
    let mut options = busy();
    options.limits.outbox_backlog = 2;
    options.limits.outbox_sends = 1;
    let app = TestApp::start_with(engine, options).await;
    let mock = Mock::start(refuses(503)).await;
    let id = generic(&app, &mock).await;
    for (at, unit) in ["371772001", "371772100", "371772108", "gx-school"].into_iter().enumerate() {
        put(&app, unit, 1, 0).await;
        let fed = (at + 1).min(2);
        let begun = Instant::now();
        while deliveries(&app, id, "").await.len() < fed {
            assert!(begun.elapsed() < Duration::from_secs(10));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(app.by("office").get(HOOKS).await.expect(200)["items"][0]["waiting"], 2);
    assert_eq!(mock.seen().len(), 1, "a place that is down is not asked for each delivery");
    mock.answer(|_| ok());
    app.wait(60);
    mock.expect(5).await;
    // What is done is kept for a while and then forgotten.
    assert_eq!(settled(&app, id, |one| one["state"] == "delivered").await["attempts"], 1);
    let forget = async |before: Timestamp| {
        let work = app.store.transact(move |tx: &mut Transaction| {
            Box::pin(async move { tx.forget_deliveries(before).await })
        });
        work.await.unwrap()
    };
    assert_eq!(forget(app.clock.now()).await, 0);
    assert_eq!(forget(app.clock.now() + seconds(1)).await, 4);
}

/// What a test of a hook says.
async fn tried(app: &TestApp, url: String) -> String {
    let id = hook(app, json!({ "kind": "generic", "url": url, "secret": SIGNED })).await;
    let view = app.by("office").post(&format!("/hooks/{id}/test"), &json!({})).await.expect(200);
    assert_eq!(view["delivered"], false);
    view["error"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_address_is_not_dialled_under_any_name() {
    let app = TestApp::start(Engine::Sqlite).await;
    let mock = Mock::start(|_| ok()).await;
    let error = tried(&app, format!("https://localhost:{}/", mock.address.port())).await;
    assert!(error.starts_with("private_address"), "{error}");
    // Numbers that only the system's resolver reads as an address.
    for host in ["2130706433", "127.1", "0x7f000001"] {
        let error = tried(&app, format!("https://{host}:{}/", mock.address.port())).await;
        assert!(
            error.starts_with("private_address") || error.starts_with("name_unresolved"),
            "{host}: {error}"
        );
    }
    assert_eq!(mock.connections(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_is_not_followed() {
    let app = TestApp::start_with(Engine::Sqlite, busy()).await;
    let target = Mock::start(|_| ok()).await;
    for status in [301, 302, 303, 307, 308] {
        let place: &'static str = format!("location: {}\r\n", target.url("/secret")).leak();
        let mock = Mock::start(move |_| Some((status, place, String::new()))).await;
        let error = tried(&app, mock.url("/")).await;
        assert_eq!(error, format!("redirect_refused: {status}"));
    }
    assert_eq!(target.connections(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_cannot_hold_the_service_up() {
    let mut options = busy();
    options.limits.hook_timeout = Duration::from_millis(300);
    options.limits.hook_answer_bytes = 1_000;
    let app = TestApp::start_with(Engine::Sqlite, options).await;
    let silent = Mock::start(|_| None).await;
    assert!(tried(&app, silent.url("/")).await.starts_with("timeout"));
    let endless = Mock::start(|_| Some((200, "", "x".repeat(1_001)))).await;
    assert!(tried(&app, endless.url("/")).await.starts_with("answer_too_large"));
    let fits = Mock::start(|_| Some((200, "", "x".repeat(1_000)))).await;
    let id = generic(&app, &fits).await;
    let view = app.by("office").post(&format!("/hooks/{id}/test"), &json!({})).await.expect(200);
    assert_eq!(view["delivered"], true);
    let gone = Mock::start(|_| ok()).await.url("/");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(tried(&app, gone).await.starts_with("connection_failed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let app = TestApp::start_with(Engine::Sqlite, busy()).await;
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = seen.clone();
    let server = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(stream) = acceptor.accept(stream).await {
                let answering: Box<dyn FnMut(&Seen) -> Reply + Send> = Box::new(|_| ok());
                mock::serve(stream, kept.clone(), Arc::new(Mutex::new(answering))).await;
            }
        }
    });
    let error = tried(&app, format!("https://localhost:{port}/")).await;
    assert!(error.starts_with("connection_failed") && error.contains("certificate"), "{error}");
    assert!(seen.lock().unwrap().is_empty(), "nothing was said to it");
    server.abort();
}
