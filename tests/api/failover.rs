//! The database changes hands: the service says that it is not ready, keeps nothing it did not acknowledge, and goes on by
//! itself when somebody takes writes again.

use crate::flow::WANFU;
use crate::support::{Engine, TestApp, total};
use serde_json::json;
use std::time::{Duration, Instant};

/// Ends every other session, as the end of a server does.
const END_SESSIONS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                            WHERE datname = current_database() AND pid <> pg_backend_pid()";

async fn ready(app: &TestApp) -> u16 {
    app.nobody().send(reqwest::Method::GET, "/readyz", &[], None).await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_only_reads_takes_no_report_and_is_left_when_it_writes_again() {
    let app = TestApp::start(Engine::Postgres).await;
    let name = app.database.url().rsplit('/').next().unwrap().to_owned();
    let wanfu = app.by("wanfu");
    let body = |count: u32| json!({ "items": [{ "measure": "materials", "count": count }] });
    wanfu.put(WANFU, &body(1)).await.expect(201);
    assert_eq!(ready(&app).await, 200);

    // From now on new sessions only read, as those of a demoted primary do; the old ones are gone.
    app.database.execute(&format!("ALTER DATABASE \"{name}\" SET default_transaction_read_only = on")).await;
    app.database.execute(END_SESSIONS).await;
    let refused = wanfu.put_over(WANFU, &body(2), 1).await;
    refused.problem(503, "unavailable");
    assert_eq!(ready(&app).await, 503, "red while writes fail");
    assert_eq!(wanfu.get(WANFU).await.expect(200)["version"], 1, "reads go on");

    app.database
        .execute(&format!(
            "BEGIN READ WRITE; ALTER DATABASE \"{name}\" SET default_transaction_read_only = off; COMMIT"
        ))
        .await;
    // No caller has to come first: who asks whether it is ready finds out.
    let begun = Instant::now();
    while ready(&app).await != 200 {
        assert!(begun.elapsed() < Duration::from_secs(10), "writes are back, and nobody noticed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    wanfu.put_over(WANFU, &body(3), 1).await.expect(200);
    let totals = app.by("office").totals("371772", "").await;
    assert_eq!(total(&totals, |item| item["measure"] == "materials").0, 3);
    app.assert_sound().await;
}
