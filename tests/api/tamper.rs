//! `pufa verify` finds what was changed behind the service's back.

use crate::process::{pufa, run};
use crate::support::{Database, Engine, TestApp};
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

/// A database with a history: three batches, a correction, and entries about a unit between them.
async fn history() -> Arc<Database> {
    let app = TestApp::start(Engine::Sqlite).await;
    let office = app.by("office");
    let path = |unit: &str| format!("/campaigns/constitution-2025/tallies/{unit}/2025-12-04");
    let body = |count: u32| json!({ "items": [{ "measure": "materials", "count": count }] });
    office.put(&path("371772001"), &body(10)).await.expect(201);
    office.put(&path("gx-school"), &body(20)).await.expect(201);
    office.patch("/units/371772100", &json!({ "name": "吕陵" })).await.expect(200);
    office.put_over(&path("371772001"), &body(30), 1).await.expect(200);
    let joint = json!([{ "lead": "371772001", "items": [{ "measure": "banners", "count": 7 }] }]);
    office.put(&path("371772108"), &json!({ "joint": joint, "reason": "联合" })).await.expect(201);
    let accept = json!({ "decision": "accept", "reason": "核" });
    office.post(&format!("{}/review", path("371772108")), &accept).await.expect(200);
    let campaign = "/campaigns/constitution-2025";
    let drawn = json!({ "title": "《宪法》", "date": "2025-12-01", "kind": "drawn", "count": 500 });
    office.post(&format!("{campaign}/ledger?unit=371772001"), &drawn).await.expect(201);
    office.post(&format!("{campaign}/publications"), &json!({ "title": "简报" })).await.expect(201);
    app.stop().await
}

async fn verify_after(untouched: &Path, sql: &str) -> (i32, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("copy.db");
    std::fs::copy(untouched, &file).unwrap();
    let url = format!("sqlite://{}", file.display());
    if !sql.is_empty() {
        let db = sea_orm::Database::connect(&url).await.unwrap();
        let changed = db.execute_unprepared(sql).await.unwrap().rows_affected();
        db.close().await.unwrap();
        assert!(changed > 0, "{sql} changed nothing");
    }
    let done = run(pufa(&["verify", "--database", &url]), "");
    (done.code, done.out)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_finds_what_was_changed_behind_the_service() {
    let database = history().await;
    let file = database.file();
    assert_eq!(verify_after(&file, "").await, (0, String::new()));
    let last_batch = "(SELECT max(seq) FROM audit WHERE action = 'tally.submit')";
    for (sql, told) in [
        (
            "UPDATE rollups SET figures = replace(figures, ':50', ':51')",
            &["rollup constitution-2025 371772 2025-12-04 is not the sum of its tallies"][..],
        ),
        ("UPDATE rollups SET reported = reported + 1", &["is not the sum of its tallies"]),
        ("UPDATE rollups SET changes = changes + 1", &["is not the sum of its tallies"]),
        (
            "DELETE FROM rollups WHERE unit_id = (SELECT id FROM units WHERE code = 'gx-edu')",
            &["rollup constitution-2025 gx-edu 2025-12-04"],
        ),
        (
            "INSERT INTO rollups SELECT campaign_id, unit_id, day + 1, shard, 1, 0, 0, 0, 1, 1, '' FROM rollups LIMIT 1",
            &["has no tallies"],
        ),
        (
            "UPDATE tally_versions SET figures = figures || '0' WHERE version = 2 AND figures <> ''",
            &["rollup ", "its versions are not those it sealed"],
        ),
        // A version that no longer counts changes no total; only its seal tells.
        (
            "UPDATE tally_versions SET figures = figures || '0' WHERE version = 1 AND batch = (SELECT min(batch) FROM tally_versions)",
            &["its versions are not those it sealed"],
        ),
        ("UPDATE tally_versions SET note = 'x' WHERE version = 2", &["its versions are not those it sealed"]),
        (
            "UPDATE tally_versions SET actor_id = actor_id + 1 WHERE version = 2",
            &["its versions are not those it sealed"],
        ),
        ("UPDATE tally_versions SET late = 1 WHERE version = 2", &["its versions are not those it sealed"]),
        ("DELETE FROM tally_versions WHERE version = 2", &["rollup ", "its versions are gone"]),
        (
            "UPDATE audit SET detail = replace(detail, '吕陵镇', '别处') WHERE action = 'unit.update'",
            &["the seal is broken"],
        ),
        ("UPDATE audit SET actor_id = 1 WHERE action = 'unit.update'", &["the seal is broken"]),
        ("UPDATE audit SET at = at + 1 WHERE action = 'campaign.create'", &["the seal is broken"]),
        ("DELETE FROM audit WHERE action = 'unit.update'", &["are missing"]),
        (
            "UPDATE tally_versions SET facts = replace(facts, ':7', ':8') WHERE facts LIKE '%joint%'",
            &["its versions are not those it sealed"],
        ),
        (
            "UPDATE tally_versions SET facts = NULL WHERE review = 1",
            &["its versions are not those it sealed"],
        ),
        (
            "UPDATE tally_versions SET figures = '1:5' WHERE review = 1",
            &[
                "rollup ",
                "is no decision about the version before it",
                "its versions are not those it sealed",
            ],
        ),
        (
            "UPDATE tally_versions SET review = 1 WHERE version = 1 AND unit_id = \
             (SELECT id FROM units WHERE code = 'gx-school')",
            &["is no decision about the version before it"],
        ),
        ("UPDATE print_ledger SET count = 600", &["ledger.add is not what it sealed"]),
        ("DELETE FROM print_ledger", &["what ledger.add made is gone"]),
        ("UPDATE publications SET title = 'x'", &["publication.freeze is not what it sealed"]),
        ("DELETE FROM publications", &["what publication.freeze made is gone"]),
        (&format!("DELETE FROM audit WHERE seq = {last_batch}"), &["its versions are not those it sealed"]),
    ] {
        let (code, out) = verify_after(&file, sql).await;
        assert_eq!(code, 1, "{sql}: {out}");
        for words in told {
            assert!(out.contains(words), "{sql}: {out} does not say {words:?}");
        }
        let names_a_row = out
            .lines()
            .all(|line| ["rollup ", "audit ", "review "].iter().any(|name| line.starts_with(name)));
        assert!(names_a_row, "{sql}: {out}");
    }
}
