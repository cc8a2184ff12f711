//! `pufa verify` finds what was changed behind the service's back.

use crate::process::{pufa, run};
use crate::support::{Database, Engine, NOON, TestApp, at};
use pufa::clock::Clock;
use pufa::store::{Settings, Store};
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

/// A database with a history: three batches, a correction, and entries about a unit between them.
async fn history(engine: Engine) -> Arc<Database> {
    let app = TestApp::start(engine).await;
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
    let token = json!({ "name": "程序", "role": "viewer", "unit": "371772", "expires": "2026-01-31" });
    let made = office.post("/tokens", &token).await.expect(201);
    office.delete(&format!("/tokens/{}", made["id"])).await.expect(204);
    office.post(&format!("{campaign}/links"), &json!({ "unit": "371772001" })).await.expect(201);
    let lock = json!({ "date": "2025-12-02", "reason": "核对完毕" });
    office.post(&format!("{campaign}/locks"), &lock).await.expect(201);
    let exception = json!({ "unit": "371772001", "date": "2025-12-02", "reason": "补报" });
    office.post(&format!("{campaign}/exceptions"), &exception).await.expect(201);
    let hook = json!({ "kind": "generic", "url": "https://a.example/x", "secret": "a-very-secret-key", "events": ["tally.created"] });
    office.post(&format!("{campaign}/hooks"), &hook).await.expect(201);
    office
        .post(
            &format!("{campaign}/chases"),
            &json!({ "channel": "phone", "date": "2025-12-04", "units": ["371772100"] }),
        )
        .await
        .expect(201);
    office.put("/units/371772001/liaison", &json!({ "label": "镇街群" })).await.expect(200);
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
    let database = history(Engine::Sqlite).await;
    let file = database.file();
    assert_eq!(verify_after(&file, "").await, (0, String::new()));
    let last_batch = "(SELECT max(seq) FROM audit WHERE action = 'tally.submit')";
    for (sql, told) in [
        (
            "UPDATE rollups SET figures = replace(figures, '50', '51')",
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
            "UPDATE tally_versions SET figures = figures || '0' WHERE version = 1 AND unit_id = \
             (SELECT CAST(units AS INTEGER) FROM batches ORDER BY batch LIMIT 1)",
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
        // The end of the chain, alone, with what it sealed, and all of it.
        ("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)", &["is cut off"]),
        ("DELETE FROM audit WHERE seq > (SELECT max(seq) - 3 FROM audit)", &["is cut off"]),
        (
            "DELETE FROM audit",
            &["is cut off", "its versions are not those it sealed", "no entry sealed them"],
        ),
        // With the mark moved back as well, what the chain sealed is missed.
        (
            "DELETE FROM audit WHERE seq >= (SELECT min(seq) FROM audit WHERE action = 'unit.update'); \
             UPDATE seals SET number = (SELECT max(seq) FROM audit), digest = (SELECT hash FROM audit ORDER BY seq DESC LIMIT 1) \
             WHERE name = 'audit'",
            &["its last seal is not in the audit", "its versions are not those it sealed"],
        ),
        ("UPDATE seals SET digest = 'x' WHERE name = 'audit'", &["another entry stood here"]),
        ("UPDATE seals SET number = 1 WHERE name = 'audit'", &["the mark of the chain's end was moved back"]),
        ("DELETE FROM seals WHERE name = 'audit'", &["the mark of the chain's end is gone"]),
        ("DELETE FROM seals", &["the mark of the chain's end is gone", "are not kept"]),
        ("UPDATE audit SET seq = -1 WHERE seq = 3", &["entries after"]),
        // Two entries swapped.
        (
            "UPDATE audit SET subject = CASE seq WHEN 2 THEN (SELECT subject FROM audit WHERE seq = 3) \
             ELSE (SELECT subject FROM audit WHERE seq = 2) END, action = CASE seq WHEN 2 THEN 'x' ELSE 'y' END WHERE seq IN (2, 3)",
            &["audit 0/2: the seal is broken", "audit 0/3: the seal is broken"],
        ),
        ("UPDATE audit SET address = '10.0.0.1' WHERE action = 'unit.update'", &["the seal is broken"]),
        (
            "UPDATE audit SET state = NULL WHERE action = 'unit.update'",
            &["the seal is broken", "state units"],
        ),
        // Two versions swapped between reports.
        (
            "UPDATE tally_versions SET unit_id = -unit_id WHERE version = 1 AND unit_id IN \
             (SELECT id FROM units WHERE code IN ('gx-school', '371772108'))",
            &["its versions are gone", "of them in a batch"],
        ),
        (
            "UPDATE tally_versions SET unit_id = CASE unit_id WHEN (SELECT id FROM units WHERE code = 'gx-school') THEN -1 \
             ELSE -2 END WHERE version = 1 AND unit_id IN (SELECT id FROM units WHERE code IN ('gx-school', '371772108')); \
             UPDATE tally_versions SET unit_id = (SELECT id FROM units WHERE code = CASE unit_id WHEN -1 THEN '371772108' \
             ELSE 'gx-school' END) WHERE unit_id < 0",
            &["its versions are not those it sealed"],
        ),
        (
            "UPDATE batches SET batch = batch + 1 WHERE version = 2",
            &["its versions are not those it sealed", "its versions are gone"],
        ),
        ("UPDATE batches SET shard = 5 WHERE version = 2", &["audit 5/", "its versions are gone"]),
        ("UPDATE batches SET units = units || '+1'", &["its versions are not those it sealed"]),
        ("UPDATE batches SET units = 'x' WHERE version = 2", &["its versions are not those it sealed"]),
        ("UPDATE batches SET day = 0 WHERE version = 2", &["its versions are not those it sealed"]),
        ("DELETE FROM batches WHERE version = 2", &["its versions are gone", "of them in a batch"]),
        (
            "INSERT INTO batches SELECT shard, batch + 100, campaign_id, day, version, units FROM batches LIMIT 1",
            &["its versions are not those it sealed", "of them in a batch"],
        ),
        // A version that nobody sealed.
        (
            "INSERT INTO tally_versions SELECT campaign_id, day, unit_id, version + 1, review, channel, zero, late, on_behalf, \
             actor_id, received_at, figures, note, facts FROM tally_versions WHERE version = 2",
            &["of them in a batch"],
        ),
        // What is changed in place.
        ("UPDATE units SET name = 'x' WHERE code = '371702001'", &["state units"]),
        ("UPDATE units SET position = position + 1 WHERE code = 'gx-edu'", &["state units"]),
        ("DELETE FROM units WHERE code = '371702001'", &["state units"]),
        ("INSERT INTO units (code, name, kind, position) VALUES ('x', 'x', 'town', 1)", &["state units"]),
        ("UPDATE campaigns SET theme = 'x'", &["state campaigns"]),
        ("UPDATE campaigns SET locked = 1", &["state campaigns"]),
        ("UPDATE campaigns SET deadline = deadline + 60", &["state campaigns"]),
        ("UPDATE campaign_measures SET word = 'x' WHERE code = 'banners'", &["state campaign_measures"]),
        ("DELETE FROM campaign_measures WHERE code = 'banners'", &["state campaign_measures"]),
        ("INSERT INTO campaign_units SELECT id, 1 FROM campaigns", &["state campaign_units"]),
        ("UPDATE slots SET title = 'x'", &["state slots"]),
        ("UPDATE users SET password_hash = 'x' WHERE username = 'office'", &["state users"]),
        ("UPDATE users SET disabled = 1 WHERE username = 'auditor'", &["state users"]),
        ("UPDATE users SET totp_secret = 'x' WHERE username = 'admin'", &["state users"]),
        ("DELETE FROM grants WHERE role = 'auditor'", &["state grants"]),
        ("UPDATE grants SET role = 'admin', unit_id = NULL WHERE role = 'viewer'", &["state grants"]),
        (
            "INSERT INTO users (id, username, password_hash, disabled, created_at) VALUES (-9, 'x', 'x', 0, 0)",
            &["state users"],
        ),
        ("INSERT INTO settings (name, value) VALUES ('setup_token', 'x')", &["state settings"]),
        (
            "INSERT INTO sessions (token_hash, user_id, created_at, used_at, idle, expires_at) VALUES ('x', 1, 0, 0, 9, 9)",
            &["state sessions"],
        ),
        ("DELETE FROM sessions WHERE id = 1", &["state sessions"]),
        ("UPDATE api_tokens SET role = 'admin'", &["state api_tokens"]),
        ("UPDATE api_tokens SET revoked_at = NULL", &["state api_tokens"]),
        ("UPDATE report_links SET expires_at = expires_at + 1", &["state report_links"]),
        ("UPDATE day_locks SET reason = 'x'", &["state day_locks"]),
        ("DELETE FROM day_locks", &["state day_locks"]),
        ("UPDATE lock_exceptions SET until = 0", &["state lock_exceptions"]),
        ("UPDATE hooks SET url = 'https://b.example/x'", &["state hooks"]),
        ("UPDATE chases SET at = at - 86400000", &["state chases"]),
        ("UPDATE chases SET actor_id = 1", &["state chases"]),
        (
            "DELETE FROM chase_units WHERE unit_id = (SELECT MIN(unit_id) FROM chase_units)",
            &["state chase_units"],
        ),
        (
            "INSERT INTO chase_units SELECT campaign_id, -unit_id, day, chase_id, at FROM chase_units",
            &["state chase_units"],
        ),
        ("UPDATE unit_liaisons SET label = 'x'", &["state unit_liaisons"]),
        ("INSERT INTO recovery_codes (user_id, code_hash) VALUES (1, 'x')", &["state recovery_codes"]),
    ] {
        let (code, out) = verify_after(&file, sql).await;
        assert_eq!(code, 1, "{sql}: {out}");
        for words in told {
            assert!(out.contains(words), "{sql}: {out} does not say {words:?}");
        }
        let names_a_row = out
            .lines()
            .all(|line| ["rollup ", "audit ", "review ", "state "].iter().any(|name| line.starts_with(name)));
        assert!(names_a_row, "{sql}: {out}");
    }
}

/// The same on PostgreSQL, where pages are put together by other functions and booleans are another type: one of each kind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_finds_the_same_on_postgres() {
    let database = history(Engine::Postgres).await;
    let verify = async |sql: &str| {
        let copy = database.copy().await;
        if !sql.is_empty() {
            copy.execute(sql).await;
        }
        let settings = Settings { migrate: false, ..Settings::new(copy.url()) };
        let store = Store::open(&settings, Clock::fixed(at(NOON))).await.unwrap();
        let findings = store.verify().await.unwrap();
        store.close().await;
        findings.into_iter().map(|finding| finding.0).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(verify("").await, "");
    for (sql, told) in [
        (
            "UPDATE rollups SET figures = replace(figures, '50', '51')",
            "rollup constitution-2025 371772 2025-12-04 is not the sum of its tallies",
        ),
        (
            "UPDATE tally_versions SET late = NOT late WHERE version = 2",
            "its versions are not those it sealed",
        ),
        ("DELETE FROM tally_versions WHERE version = 2", "its versions are gone"),
        ("DELETE FROM batches WHERE version = 2", "of them in a batch"),
        ("UPDATE batches SET units = units || '+1'", "its versions are not those it sealed"),
        (
            "UPDATE tally_versions SET unit_id = -unit_id WHERE version = 1 AND unit_id IN \
             (SELECT id FROM units WHERE code IN ('gx-school', '371772108'))",
            "its versions are gone",
        ),
        ("UPDATE audit SET subject = 'x' WHERE action = 'unit.update'", "the seal is broken"),
        ("DELETE FROM audit WHERE action = 'unit.update'", "are missing"),
        ("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)", "is cut off"),
        (
            "UPDATE audit SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE seq IN (2, 3); \
             UPDATE audit SET seq = -seq WHERE seq < 0",
            "audit 0/2: the seal is broken",
        ),
        ("UPDATE print_ledger SET count = 600", "ledger.add is not what it sealed"),
        ("DELETE FROM publications", "what publication.freeze made is gone"),
        ("UPDATE campaigns SET locked = NOT locked", "state campaigns"),
        ("UPDATE grants SET below = NOT below", "state grants"),
        ("UPDATE chases SET actor_id = 1", "state chases"),
        ("DELETE FROM seals", "the mark of the chain's end is gone"),
    ] {
        let found = verify(sql).await;
        assert!(found.contains(told), "{sql}: {found:?} does not say {told:?}");
    }
}

/// A database that was filled before a table was sealed is sealed as it is found when it is opened; one whose seals were
/// taken away is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_there_before_it_was_sealed_is_sealed_once() {
    let app = TestApp::start(Engine::Sqlite).await;
    let database = app.stop().await;
    let open = async || {
        let store = Store::open(&Settings::new(database.url()), Clock::fixed(at(NOON))).await.unwrap();
        let findings = store.verify().await.unwrap();
        store.close().await;
        findings
    };
    let chase = "INSERT INTO chases (id, campaign_id, day, unit_id, channel, asked, at) \
                 SELECT 1, MIN(c.id), 20251204, MIN(u.id), 'group', 0, 0 FROM campaigns c, units u";
    database.execute(chase).await;
    assert_eq!(open().await, []);
    database.execute("UPDATE chases SET asked = 9").await;
    assert_eq!(open().await.len(), 1);
    database.execute("DELETE FROM seals WHERE name = 'chases'").await;
    let found = format!("{:?}", open().await);
    assert!(found.contains("not as audit") && found.contains("are not kept"), "{found}");
}
