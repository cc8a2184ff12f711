//! Everything out, and in again: the copy is the same database, whichever kind it is.

use crate::flow::WANFU;
use crate::process::{pufa, run};
use crate::review::{CAMPAIGN, materials, path};
use crate::support::{Database, Engine, TestApp};
use pufa::store::archive::{self, ArchiveError, Rows};
use pufa::store::backup::{self, Copied};
use pufa::store::{Settings, Store, Transaction};
use pufa_migrations::Migrator;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use sea_orm_migration::{MigratorTrait as _, SchemaManager};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::sync::Arc;

on_both! {
    a_full_export_imports_back_to_an_identical_database
    what_is_damaged_or_comes_to_rows_is_refused_whole
    what_an_older_program_wrote_is_taken_in_and_brought_up_to_date
    commands_back_up_and_restore
}

/// A service with something in every table.
async fn full(engine: Engine) -> Arc<Database> {
    let app = TestApp::start(engine).await;
    let (admin, office, wanfu) = (app.by("admin"), app.by("office"), app.by("wanfu"));
    let record = json!({ "topic": "labour", "mode": "on_site", "person_times": 14 });
    let body = json!({
        "items": [{ "measure": "materials", "title": "《宪法》\"引\u{2028}号\"", "count": 40_000, "bound": "over" }],
        "consultations": [record], "note": "换行\n、制表\t与 emoji 🎉"
    });
    let key = [("idempotency-key", "k-1")];
    assert_eq!(wanfu.try_put(WANFU, &body, &key).await.unwrap().status, 201);
    office.put(&path("371772100", "2025-12-04"), &materials(200)).await.expect(201);
    let back = json!({ "decision": "return", "reason": "数字有误" });
    app.by("reviewer").post(&format!("{WANFU}/review"), &back).await.expect(200);
    office.post(&format!("{CAMPAIGN}/publications"), &json!({ "title": "第3期简报" })).await.expect(201);
    let lock = json!({ "date": "2025-12-04", "reason": "已汇总上报" });
    office.post(&format!("{CAMPAIGN}/locks"), &lock).await.expect(201);
    let except = json!({ "date": "2025-12-04", "unit": "371772108", "reason": "漏报" });
    office.post(&format!("{CAMPAIGN}/exceptions"), &except).await.expect(201);
    let ledger = json!({ "title": "《宪法》", "date": "2025-12-01", "kind": "received", "count": 2000 });
    office.post(&format!("{CAMPAIGN}/ledger?unit=371772001"), &ledger).await.expect(201);
    office.put("/units/371772100/liaison", &json!({ "label": "第二片区" })).await.expect(200);
    let asked = json!({ "channel": "phone", "date": "2025-12-04", "units": ["gx-school"] });
    office.post(&format!("{CAMPAIGN}/chases"), &asked).await.expect(201);
    let hook = json!({ "kind": "generic", "url": "https://pufa.example/x", "secret": "0123456789abcdef" });
    let hook = office.post(&format!("{CAMPAIGN}/hooks"), &hook).await.expect(201)["id"].as_i64().unwrap();
    let token = json!({ "name": "导出", "role": "viewer", "unit": "371772", "expires": "2026-12-05" });
    office.post("/tokens", &token).await.expect(201);
    office.post(&format!("{CAMPAIGN}/links"), &json!({ "unit": "371772001" })).await.expect(201);
    let mut own = json!({ "code": "unit-a", "name": "甲" });
    admin.post("/units", &own).await.expect(201);
    own = json!({ "id": "own", "kind": "constitution", "year": 2025, "unit": "371702", "expected_units": ["371702001"] });
    admin.post("/campaigns", &own).await.expect(201);
    // A unit above which one of a higher number stands.
    admin.post("/units", &json!({ "code": "unit-b", "name": "乙" })).await.expect(201);
    admin.patch("/units/unit-a", &json!({ "parent": "unit-b" })).await.expect(200);
    for sql in [
        "INSERT INTO sign_in_failures (key, times, locked_until, at) VALUES ('Zz', '1 2', 3, 4), ('aa', '', 0, 1)".into(),
        format!(
            "INSERT INTO deliveries (hook_id, event, day, unit_id, number, state, attempts, next_at, leased_until, \
             messages, error, created_at) VALUES ({hook}, 'tally.returned', 20251204, 1, 1, 2, 2, 3, 4, 0, '断', {})",
            crate::support::at(crate::support::NOON).as_millisecond()
        ),
    ] {
        app.database.execute(&sql).await;
    }
    // What is sealed is entered as the service does: rows put there by SQL would be found.
    app.store
        .transact(|tx: &mut Transaction| {
            Box::pin(async move { tx.confirm_totp(8, 1, vec!["b".into(), "A".into()]).await })
        })
        .await
        .unwrap();
    // Nothing more is noted or sent while it is copied.
    app.stop().await
}

async fn open(database: &Database) -> Store {
    Store::open(&Settings::new(database.url()), pufa::clock::Clock::system()).await.unwrap()
}

async fn written(store: &Store) -> String {
    let (mut out, rows) = (Vec::new(), Rows::default());
    let told = store.archive(&mut out, &rows).await.unwrap();
    assert_eq!(told, rows.load(std::sync::atomic::Ordering::Relaxed));
    String::from_utf8(out).unwrap()
}

async fn copy(text: &str, engine: Engine) -> (Arc<Database>, Store) {
    let database = Database::create(engine).await;
    let settings = Settings::new(database.url());
    archive::restore(&settings, Cursor::new(text.to_owned()), &Rows::default()).await.unwrap();
    let store = open(&database).await;
    (database, store)
}

/// The tables that the database has, told by itself, without the snapshot that is made of the units.
async fn tables(database: &Database) -> BTreeSet<String> {
    let db = database.connect().await;
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => {
            "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace \
             AND relkind IN ('r', 'p') AND NOT relispartition AND relname NOT IN ('seaql_migrations', 'unit_snapshots')"
        }
        _ => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
             AND name NOT IN ('seaql_migrations', 'unit_snapshots')"
        }
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    let names = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    db.close().await.unwrap();
    names
}

async fn a_full_export_imports_back_to_an_identical_database(engine: Engine) {
    let source = full(engine).await;
    let store = open(&source).await;
    let text = written(&store).await;
    assert_eq!(written(&store).await, text, "the same data, the same bytes");
    store.close().await;
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&document["format"], &document["version"]), (&json!("pufa-full"), &json!(1)));
    let exported = document["tables"].as_object().unwrap();
    assert_eq!(exported.keys().cloned().collect::<BTreeSet<_>>(), tables(&source).await);
    let empty: Vec<_> =
        exported.iter().filter(|(_, table)| table["rows"].as_array().unwrap().is_empty()).collect();
    assert!(empty.is_empty(), "nothing shows that these are kept: {empty:?}");
    // To either kind and back, the same to the byte: every column of every row of every table, and every counter.
    for other in [Engine::Sqlite, Engine::Postgres] {
        let (database, store) = copy(&text, other).await;
        assert_eq!(store.verify().await.unwrap(), []);
        assert_eq!(written(&store).await, text);
        store.close().await;
        // It goes on where the other stood: the number of a row that is gone is not given again.
        let copied = TestApp::on(&database, crate::support::Options::default()).await;
        copied.by("wanfu").get(WANFU).await.expect(200);
        let made = copied.by("admin").post("/units", &json!({ "code": "next", "name": "下" })).await;
        made.expect(201);
        copied.by("edu").put(&path("gx-school", "2025-12-03"), &materials(5)).await.expect(201);
        copied.assert_sound().await;
    }
    // Something on the way may have laid the document out anew.
    let (_database, store) = copy(&text.replace(",\n", " ,\r\n\t "), engine).await;
    assert_eq!(written(&store).await, text);
    store.close().await;
}

async fn what_is_damaged_or_comes_to_rows_is_refused_whole(engine: Engine) {
    let source = full(engine).await;
    let store = open(&source).await;
    let text = written(&store).await;
    store.close().await;
    let database = Database::create(engine).await;
    let settings = Settings::new(database.url());
    let take = async |text: String| archive::restore(&settings, Cursor::new(text), &Rows::default()).await;
    let cut = text[..text.len() / 2].rfind('\n').unwrap();
    for (wrong, why) in [
        (text[..cut].to_owned(), "EOF"),
        (text.replacen("第3期简报", "第4期简报", 1), "rows are missing or were changed"),
        (text.replacen("\"version\":1", "\"version\":2", 1), "version 2"),
        (text.replacen("pufa-full", "pufa", 1), "no pufa-full document"),
        (text.replacen("\"migrations\":[", "\"migrations\":[\"m2999\",", 1), "later or another program"),
        (text.replacen("\"units\":", "\"units; DROP TABLE users\":", 1), "unknown"),
        (text.replacen("[\"code\",", "[\"code) --\",", 1), "unknown"),
        ("[]".to_owned(), "full export"),
        (String::new(), "EOF"),
    ] {
        let error = take(wrong).await.unwrap_err();
        assert!(matches!(error, ArchiveError::Document(_)), "{error}");
        assert!(error.to_string().contains(why), "{error} lacks {why}");
    }
    // Nothing of all that is there: the whole one still goes in, and then no other.
    take(text.clone()).await.unwrap();
    let error = take(text.clone()).await.unwrap_err();
    assert!(matches!(error, ArchiveError::NotEmpty(_)), "{error}");
    let store = open(&database).await;
    assert_eq!(written(&store).await, text);
    store.close().await;
}

/// Lane and batch of every version, by campaign, day, unit and number.
fn batches_of_versions(text: &str) -> BTreeMap<Vec<i64>, [Value; 2]> {
    let document: Value = serde_json::from_str(text).unwrap();
    let mut found = BTreeMap::new();
    for row in document["tables"]["batches"]["rows"].as_array().unwrap() {
        let [campaign, day, version] = [2, 3, 4].map(|at| row[at].as_i64().unwrap());
        let mut unit = 0;
        for step in row[5].as_str().unwrap().split('+') {
            unit += step.parse::<i64>().unwrap();
            found.insert(vec![campaign, day, unit, version], [row[0].clone(), row[1].clone()]);
        }
    }
    found
}

/// The document as a program wrote it that had only the first migrations: without the tables and columns that came later, and with
/// those that went.
async fn of_older(text: &str, migrations: usize, engine: Engine) -> String {
    let database = Database::create(engine).await;
    let db = database.connect().await;
    Migrator::up(&db, u32::try_from(migrations).ok()).await.unwrap();
    let schema = SchemaManager::new(&db);
    let (mut out, mut hash, mut rows) = (Vec::new(), Sha256::new(), 0);
    let mut kept: Option<Vec<bool>> = None;
    let batches = batches_of_versions(text);
    let was_in_row = schema.has_column("tally_versions", "batch").await.unwrap();
    let mut batched = false;
    for line in text.lines() {
        let bare = line.trim_end_matches(']').trim_end_matches([',', '}']);
        if line.starts_with("{\"format\"") {
            let mut head: Value = serde_json::from_str(&format!("{}}}", line.trim_end_matches(','))).unwrap();
            head["migrations"].as_array_mut().unwrap().truncate(migrations);
            let [form, version, names] = ["format", "version", "migrations"].map(|name| &head[name]);
            out.push(format!("{{\"format\":{form},\"version\":{version},\"migrations\":{names},"));
        } else if let Some((table, columns)) = bare
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix(",\"rows\":[")?.split_once("\":{\"columns\":"))
        {
            kept = None;
            if schema.has_table(table).await.unwrap() {
                let columns: Vec<Value> = serde_json::from_str(columns).unwrap();
                let mut there = Vec::new();
                for column in &columns {
                    there.push(schema.has_column(table, column[0].as_str().unwrap()).await.unwrap());
                }
                let columns = columns.iter().zip(&there).filter(|(_, there)| **there);
                let mut columns: Vec<Value> = columns.map(|(column, _)| column.clone()).collect();
                batched = was_in_row && table == "tally_versions";
                if batched {
                    columns.extend([json!(["shard", "smallint"]), json!(["batch", "bigint"])]);
                }
                let columns = json!(columns);
                out.push(format!("\"{table}\":{{\"columns\":{columns},\"rows\":["));
                hash.update(format!("{table}\n"));
                kept = Some(there);
            }
        }
        if let (true, Some(there)) = (line.starts_with('['), &kept) {
            let cells: Vec<Value> =
                serde_json::Deserializer::from_str(line).into_iter().next().unwrap().unwrap();
            let key: Vec<i64> = cells.iter().take(4).map(|cell| cell.as_i64().unwrap_or_default()).collect();
            let cells = cells.into_iter().zip(there).filter(|(_, there)| **there);
            let mut cells: Vec<Value> = cells.map(|(cell, _)| cell).collect();
            if batched {
                cells.extend(batches[&key].clone());
            }
            let row = serde_json::to_string(&cells).unwrap();
            hash.update(format!("{row}\n"));
            rows += 1;
            out.push(format!("{row},"));
        }
        if kept.is_some() && (line.ends_with("]},") || line.ends_with("]}")) {
            // The last row has no comma.
            let last = out.last_mut().unwrap();
            *last = format!("{}]}},", last.trim_end_matches(','));
        }
    }
    let counters: Value =
        serde_json::from_str(text.rsplit_once("\"counters\":").unwrap().1.split_once(",\n").unwrap().0)
            .unwrap();
    let mut there = serde_json::Map::new();
    for (table, last) in counters.as_object().unwrap() {
        if schema.has_table(table).await.unwrap() {
            there.insert(table.clone(), last.clone());
        }
    }
    db.close().await.unwrap();
    let tables = out.join("\n");
    let (head, tables) = tables.split_once('\n').unwrap();
    let (tables, seal) = (tables.trim_end_matches(','), hex::encode(hash.finalize()));
    format!(
        "{head}\n\"tables\":{{\n{tables}\n}},\n\"counters\":{},\n\"rows\":{rows},\"sha256\":\"{seal}\"}}\n",
        Value::from(there)
    )
}

async fn what_an_older_program_wrote_is_taken_in_and_brought_up_to_date(engine: Engine) {
    let source = full(engine).await;
    let store = open(&source).await;
    let text = written(&store).await;
    store.close().await;
    let all = Migrator::migrations().len();
    assert_eq!(of_older(&text, all, engine).await, text, "nothing is lost by taking it apart");
    // Before drives had targets, before screens, before what is changed in place was sealed.
    let before = crate::support::migrations_before("m20261127_50_targets") as usize;
    let old = of_older(&text, before, engine).await;
    assert!(!old.contains("\"seals\"") && !old.contains("\"target\""));
    let (database, store) = copy(&old, engine).await;
    store.close().await;
    let copied = TestApp::on(&database, crate::support::Options::default()).await;
    let report = copied.by("wanfu").get(WANFU).await.expect(200);
    assert_eq!(report["items"][0]["count"], 40_000);
    copied.by("edu").put(&path("gx-school", "2025-12-03"), &materials(5)).await.expect(201);
    // These entries were sealed by this program over what the older one did not know; all else must be sound.
    let found = copied.store.verify().await.unwrap();
    let elsewhere: Vec<_> =
        found.iter().filter(|finding| !format!("{finding:?}").contains("the seal is broken")).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}

async fn commands_back_up_and_restore(engine: Engine) {
    let app = TestApp::on(&full(engine).await, crate::support::Options::default()).await;
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (json, copy) = (file("all.json"), file("copy"));
    let url = app.database.url().to_owned();
    let ask = |arguments: &[&str], url: &str| run(pufa(&[arguments, &["--database", url]].concat()), "");
    // While the service runs.
    let done = ask(&["export", "full", "-o", &json], &url);
    assert_eq!((done.code, done.out.as_str()), (0, ""), "{}", done.err);
    assert_eq!(ask(&["backup", &copy], &url).code, 0);
    for again in [["export", "full", "-o", &json].as_slice(), &["backup", &copy]] {
        let refused = ask(again, &url);
        assert!(refused.code != 0 && refused.err.contains("exists already"), "{}", refused.err);
    }
    #[cfg(unix)]
    for name in [&json, &copy] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(name).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    let text = written(&app.store).await;
    assert_eq!(std::fs::read_to_string(&json).unwrap(), text);
    assert_eq!(std::fs::read(&copy).unwrap().starts_with(b"SQLite format 3"), engine == Engine::Sqlite);

    for (name, from, command) in [
        ("a.db", &json, ["import", "full", json.as_str()].as_slice()),
        ("b.db", &json, &["restore", &json]),
        ("c.db", &copy, &["restore", &copy]),
    ] {
        let url = format!("sqlite://{}?mode=rwc", file(name));
        let done = ask(command, &url);
        assert_eq!((done.code, done.out.as_str()), (0, ""), "{command:?} {from}: {}", done.err);
        assert!(done.err.contains("the audit is whole"), "{}", done.err);
        let store = Store::open(&Settings::new(&url), pufa::clock::Clock::system()).await.unwrap();
        assert_eq!(written(&store).await, text, "{command:?}");
        store.close().await;
        assert_ne!(ask(command, &url).code, 0, "{command:?} into what is there");
    }
    assert_eq!(ask(&["export", "full", "--campaign", "x", "-o", &file("x.json")], &url).code, 2);
    let refused = run(pufa(&["export", "tallies", "-o", &file("x.csv"), "--database", &url]), "");
    assert_eq!(refused.code, 2, "{}", refused.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_made_while_reports_come_in() {
    let app = TestApp::start(Engine::Sqlite).await;
    let office = app.by("office");
    let writing = tokio::spawn(async move {
        for n in 1..=60 {
            let unit = ["371772001", "371772100", "371772108", "gx-school"][n % 4];
            let body = json!({ "items": [{ "measure": "materials", "count": n }] });
            let day = format!("2025-12-0{}", 1 + n % 4);
            let answer = office.put(&path(unit, &day), &body).await;
            assert!(matches!(answer.status, 201 | 428), "{}", answer.status);
        }
    });
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings::new(app.database.url());
    for n in 0..3 {
        let to = dir.path().join(format!("{n}.db"));
        let copied = backup::backup(&settings, &app.store, &to, &Rows::default()).await.unwrap();
        assert_eq!(copied, Copied::File);
        let copy = Settings::new(format!("sqlite://{}?mode=rw", to.display()));
        let store = Store::open(&copy, pufa::clock::Clock::system()).await.unwrap();
        assert_eq!(store.verify().await.unwrap(), []);
        store.close().await;
    }
    writing.await.unwrap();
}
