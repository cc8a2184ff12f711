//! The database changes hands: the service says that it is not ready, keeps nothing it did not acknowledge, and goes on by
//! itself when somebody takes writes again.

use crate::flow::WANFU;
use crate::support::{Between, Database, Engine, Options, TestApp, total};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Ends every other session, as the end of a server does.
const END_SESSIONS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                            WHERE datname = current_database() AND pid <> pg_backend_pid()";

async fn ready(app: &TestApp) -> u16 {
    app.nobody().send(reqwest::Method::GET, "/readyz", &[], None).await.status
}

fn body(count: u32) -> Value {
    json!({ "items": [{ "measure": "materials", "count": count }] })
}

/// Waits until it is ready again, and says how long that took.
async fn until_ready(app: &TestApp, most: Duration) -> Duration {
    let begun = Instant::now();
    while ready(app).await != 200 {
        assert!(begun.elapsed() < most, "writes are back, and nobody noticed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    begun.elapsed()
}

async fn materials(app: &TestApp) -> i64 {
    total(&app.by("office").totals("371772", "").await, |item| item["measure"] == "materials").0
}

/// What others reported in [`behind`].
const OTHERS: i64 = 200;

/// A service that reaches its database through something that can be cut. Its connections are open: the one that batches have
/// for themselves, and the other, which takes what needs more, such as a line that was never reported before.
async fn behind() -> (TestApp, Between) {
    let database = Database::create(Engine::Postgres).await;
    let between = Between::start(&database.server()).await;
    let options =
        Options { through: Some(between.address), patience: Duration::from_secs(3), ..Options::default() };
    let app = TestApp::on(&database, options).await;
    crate::support::enter(&app).await;
    for unit in ["371772100", "371772108"] {
        let path = format!("/campaigns/constitution-2025/tallies/{unit}/2025-12-04");
        app.by("office").put(&path, &body(100)).await.expect(201);
    }
    assert_eq!(materials(&app).await, OTHERS);
    (app, between)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_only_reads_takes_no_report_and_is_left_when_it_writes_again() {
    let app = TestApp::start(Engine::Postgres).await;
    let name = app.database.url().rsplit('/').next().unwrap().to_owned();
    let wanfu = app.by("wanfu");
    wanfu.put(WANFU, &body(1)).await.expect(201);
    assert_eq!(ready(&app).await, 200);

    // From now on new sessions only read, as those of a demoted primary do; the old ones are gone.
    app.database.execute(&format!("ALTER DATABASE \"{name}\" SET default_transaction_read_only = on")).await;
    app.database.execute(END_SESSIONS).await;
    let refused = wanfu.put_over(WANFU, &body(2), 1).await;
    refused.problem(503, "unavailable");
    assert_eq!(ready(&app).await, 503, "red while writes fail");
    assert_eq!(wanfu.get(WANFU).await.expect(200)["version"], 1, "reads go on");

    // Longer than a pool's first tries to open another connection.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let asked = Instant::now();
    assert_eq!(ready(&app).await, 503);
    assert!(
        asked.elapsed() < Duration::from_secs(4),
        "who asks whether it is ready does not wait for writes"
    );
    app.database
        .execute(&format!(
            "BEGIN READ WRITE; ALTER DATABASE \"{name}\" SET default_transaction_read_only = off; COMMIT"
        ))
        .await;
    // No caller has to come first: who asks whether it is ready finds out.
    until_ready(&app, Duration::from_secs(3)).await;
    wanfu.put_over(WANFU, &body(3), 1).await.expect(200);
    assert_eq!(materials(&app).await, 3);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_counts_once_and_is_never_told_as_refused() {
    let (app, between) = behind().await;
    let wanfu = app.by("wanfu");
    let key = [("idempotency-key", "first")];

    // With a key, the service finds out itself.
    between.cut_next_commit();
    let stored = wanfu.put_with(WANFU, &body(5), &key).await;
    assert!(between.has_cut());
    assert_eq!(stored.expect(201)["version"], 1);
    assert_eq!(wanfu.put_with(WANFU, &body(5), &key).await.expect(201)["version"], 1, "sent again");
    assert_eq!(materials(&app).await, OTHERS + 5);

    // Without one nobody can tell whose version is there, and it says so.
    between.cut_next_commit();
    let unknown = wanfu.put_over(WANFU, &body(7), 1).await;
    assert_eq!(unknown.header("retry-after"), "2");
    unknown.problem(503, "outcome_unknown");
    assert_eq!(wanfu.get(WANFU).await.expect(200)["version"], 2);
    assert_eq!(materials(&app).await, OTHERS + 7);
    until_ready(&app, Duration::from_secs(3)).await;
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_answering_is_left_and_no_pool_waits_for_it() {
    let (app, between) = behind().await;
    let wanfu = app.by("wanfu");
    wanfu.put(WANFU, &body(1)).await.expect(201);
    assert_eq!(ready(&app).await, 200);

    between.freeze();
    let headers = [("if-match", "\"1\""), ("idempotency-key", "frozen")];
    let begun = Instant::now();
    let second = body(2);
    let (unknown, red) = tokio::join!(wanfu.try_put(WANFU, &second, &headers), ready(&app));
    unknown.unwrap().problem(503, "outcome_unknown");
    assert_eq!(red, 503);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());

    // Whatever was open leads nowhere; what is opened now is well.
    until_ready(&app, Duration::from_secs(12)).await;
    assert_eq!(wanfu.put_with(WANFU, &body(2), &headers).await.expect(200)["version"], 2);
    for _ in 0..8 {
        assert_eq!(materials(&app).await, OTHERS + 2);
    }
    // The other connection that writes was silent as well, though no write had come to know it.
    let begun = Instant::now();
    let unit = json!({ "code": "gx-after", "name": "后来", "parent": "371772" });
    app.by("admin").post("/units", &unit).await.expect(201);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    app.assert_sound().await;
}
