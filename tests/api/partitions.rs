//! On PostgreSQL every campaign has partitions of its own: however it is entered, without shutting anybody out, and so that what is
//! asked of one drive touches no other.

use crate::flow::WANFU;
use crate::support::{Database, Engine, Options, TestApp, at, migrations_before};
use pufa::store::archive::{self, Rows};
use pufa::store::{Settings, Store};
use pufa_migrations::Migrator;
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};
use sea_orm_migration::MigratorTrait;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

const TABLES: [&str; 2] = ["tally_versions", "rollups"];

async fn lines(db: &impl ConnectionTrait, sql: &str) -> BTreeSet<String> {
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

async fn line(db: &impl ConnectionTrait, sql: &str) -> String {
    let mut all = lines(db, sql).await;
    assert_eq!(all.len(), 1, "{sql}: {all:?}");
    all.pop_first().unwrap()
}

/// What holds for a table, as PostgreSQL's own catalogue has it: columns, constraints, indexes, triggers.
async fn rules(db: &impl ConnectionTrait, table: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for sql in [
        "SELECT concat_ws(' ', 'column', a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, \
         a.attstorage, a.attcollation, a.attidentity, pg_get_expr(d.adbin, d.adrelid)) FROM pg_attribute a \
         LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
         WHERE a.attrelid = 'TABLE'::regclass AND a.attnum > 0",
        "SELECT concat_ws(' ', 'constraint', contype, convalidated, pg_get_constraintdef(oid)) FROM pg_constraint \
         WHERE 'TABLE'::regclass IN (conrelid, confrelid)",
        "SELECT concat_ws(' ', 'index', indisunique, indisprimary, indisvalid, indisready, \
         regexp_replace(pg_get_indexdef(indexrelid), '^.* USING ', '')) FROM pg_index WHERE indrelid = 'TABLE'::regclass",
        "SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(oid)) FROM pg_trigger WHERE tgrelid = 'TABLE'::regclass",
    ] {
        found.extend(lines(db, &sql.replace("TABLE", table)).await);
    }
    found
}

/// The partitions of a table and what they hold.
async fn partitions(db: &impl ConnectionTrait, table: &str) -> BTreeSet<String> {
    let sql = format!(
        "SELECT relname || ' ' || pg_get_expr(relpartbound, oid) FROM pg_class \
         WHERE oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = '{table}'::regclass)"
    );
    lines(db, &sql).await
}

fn set(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|&one| one.to_owned()).collect()
}

/// A campaign entered by hand, as by a program that knows nothing of partitions.
fn campaign(slug: &str) -> String {
    format!(
        "INSERT INTO campaigns (slug, kind, year, name, theme, starts_on, ends_on, deadline, unit_id, locked, demo) \
         VALUES ('{slug}', 'constitution', 2025, '', '', 20251201, 20251207, 1080, 1, false, false)"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_before_keeps_its_rows_where_they_are_and_all_that_holds_for_them() {
    let database = Database::create(Engine::Postgres).await;
    let db = database.connect().await;
    Migrator::up(&db, Some(migrations_before("m20261128_2_partitions"))).await.unwrap();
    let role = format!("reader_{}", std::process::id());
    let fill = [
        "INSERT INTO units (code, name, kind, position) VALUES ('1', '一', 'region', 0)",
        &campaign("one"),
        &campaign("two"),
        // Rows of a campaign that is not there should not be; what is damaged must not keep a service from its start.
        "INSERT INTO tally_versions SELECT c, 20251200 + d, 1, v, 0, 0, false, false, false, 1, 1, 0, 1, '1:5', NULL, NULL \
         FROM generate_series(1, 7) d, generate_series(1, 3) v, (VALUES (1), (2), (77)) c (c)",
        "INSERT INTO rollups SELECT c, 1, 20251200 + d, 0, 1, 0, 0, 0, 3, 1, '1:5' \
         FROM generate_series(1, 7) d, (VALUES (1), (2)) c (c)",
        &format!("CREATE ROLE {role}"),
        &format!("GRANT SELECT ON tally_versions TO {role} WITH GRANT OPTION"),
        &format!("GRANT SELECT, UPDATE ON rollups TO {role}"),
        &format!("GRANT SELECT, INSERT ON campaigns TO {role}"),
    ];
    for sql in fill {
        db.execute_unprepared(sql).await.unwrap();
    }
    let content = async |table: &str| {
        line(&db, &format!("SELECT count(*) || md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t"))
            .await
    };
    let file = async |table: &str| line(&db, &format!("SELECT pg_relation_filenode('{table}')::text")).await;
    let allowed = async |table: &str| {
        let sql = format!(
            "SELECT a.grantee::regrole || ' ' || a.privilege_type || a.is_grantable FROM pg_class c, aclexplode(c.relacl) a \
             WHERE c.oid = '{table}'::regclass"
        );
        lines(&db, &sql).await
    };
    let mut plain = Vec::new();
    for table in TABLES {
        plain.push((rules(&db, table).await, content(table).await, file(table).await, allowed(table).await));
    }
    assert!(
        plain.iter().all(|(rules, ..)| rules.iter().any(|rule| rule.starts_with("constraint p t PRIMARY")))
    );

    Migrator::up(&db, Some(1)).await.unwrap();
    db.execute_unprepared(&campaign("three")).await.unwrap();
    for (table, (rules_before, content_before, file_before, allowed_before)) in TABLES.iter().zip(&plain) {
        let old = format!("{table}_before");
        assert_eq!(&file(&old).await, file_before, "{table}: what was there is where it was");
        assert_eq!(&content(table).await, content_before);
        assert_eq!(&allowed(table).await, allowed_before);
        for part in [(*table).to_owned(), old, format!("{table}_3")] {
            assert_eq!(&rules(&db, &part).await, rules_before, "{part}");
        }
    }
    assert_eq!(
        partitions(&db, "tally_versions").await,
        set(&["tally_versions_3 FOR VALUES IN (3)", "tally_versions_before FOR VALUES IN (1, 2, 77)"])
    );
    assert_eq!(
        partitions(&db, "rollups").await,
        set(&["rollups_3 FOR VALUES IN (3)", "rollups_before FOR VALUES IN (1, 2)"])
    );
    // Keys hold across all of it, and whoever may enter a campaign need not own the tables.
    let twice = "INSERT INTO rollups SELECT * FROM rollups WHERE campaign_id = 2";
    assert!(db.execute_unprepared(twice).await.unwrap_err().to_string().contains("rollups_before_pkey"));
    let theirs = db.begin().await.unwrap();
    theirs.execute_unprepared(&format!("SET LOCAL ROLE {role}")).await.unwrap();
    theirs.execute_unprepared(&campaign("four")).await.unwrap();
    assert_eq!(line(&theirs, "SELECT count(*)::text FROM tally_versions WHERE campaign_id = 4").await, "0");
    theirs.commit().await.unwrap();
    assert!(partitions(&db, "rollups").await.contains("rollups_4 FOR VALUES IN (4)"));

    // What comes after reaches all partitions, and whoever was allowed versions is allowed what they no longer say.
    let of_role = |all: BTreeSet<String>| -> BTreeSet<String> {
        all.into_iter().filter(|one| one.starts_with(&format!("{role} "))).collect()
    };
    let may = of_role(allowed("tally_versions").await);
    Migrator::up(&db, None).await.unwrap();
    assert_eq!(of_role(allowed("batches").await), may);
    let named = "SELECT string_agg(concat_ws(' ', shard, batch, campaign_id, version, units), ', ' \
                 ORDER BY campaign_id, version) FROM batches WHERE day = 20251204";
    let each =
        [1, 2, 77].map(|campaign| [1, 2, 3].map(|version| format!("0 1 {campaign} {version} 1")).join(", "));
    assert_eq!(line(&db, named).await, each.join(", "));
    for part in ["tally_versions", "tally_versions_before", "tally_versions_3"] {
        let rules = rules(&db, part).await;
        assert!(
            rules.iter().all(|rule| !rule.contains("batch") && !rule.contains("shard")),
            "{part}: {rules:?}"
        );
    }
    let (one, all) =
        ("SELECT count(*)::text FROM tally_versions_before", "SELECT count(*)::text FROM tally_versions");
    assert_eq!((line(&db, one).await, line(&db, all).await), ("63".into(), "63".into()));
    db.execute_unprepared(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await.unwrap();
    db.close().await.unwrap();
}

fn drive(year: u32) -> Value {
    let [first, last] = [1, 7].map(|day| format!("{year}-12-0{day}"));
    json!({ "kind": "constitution", "year": year, "unit": "371772", "starts_on": first, "ends_on": last })
}

fn report(year: u32, unit: &str) -> String {
    format!("/campaigns/constitution-{year}/tallies/{unit}/{year}-12-04")
}

fn materials(count: usize) -> Value {
    json!({ "items": [{ "measure": "materials", "count": count }], "reason": "更正" })
}

/// A service with the drive of 2025, and that of 2024 with two reports.
async fn two_drives() -> TestApp {
    let app = TestApp::start(Engine::Postgres).await;
    app.by("admin").post("/campaigns", &drive(2024)).await.expect(201);
    app.set_clock("2024-12-04T10:00:00");
    app.by("wanfu").put(&report(2024, "371772001"), &materials(7)).await.expect(201);
    app.by("office").put(&report(2024, "371772100"), &materials(9)).await.expect(201);
    app.set_clock("2025-12-04T10:00:00");
    app
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_has_its_partitions_however_it_is_entered() {
    let app = two_drives().await;
    app.by("wanfu").put(WANFU, &materials(5)).await.expect(201);
    let own = set(&["tally_versions_1 FOR VALUES IN (1)", "tally_versions_2 FOR VALUES IN (2)"]);
    let stored = "SELECT campaign_id || ' ' || tableoid::regclass FROM tally_versions";
    let db = app.database.connect().await;
    assert_eq!(partitions(&db, "tally_versions").await, own);
    assert_eq!(lines(&db, stored).await, set(&["1 tally_versions_1", "2 tally_versions_2"]));
    // One that comes to nothing leaves none behind.
    let never = db.begin().await.unwrap();
    never.execute_unprepared(&campaign("never")).await.unwrap();
    assert_eq!(partitions(&never, "rollups").await.len(), 3);
    never.rollback().await.unwrap();
    assert_eq!(partitions(&db, "rollups").await.len(), 2);
    db.close().await.unwrap();
    app.assert_sound().await;
    // From the other kind of database, which has no partitions, and into it.
    let mut text = Vec::new();
    app.store.archive(&mut text, &Rows::default()).await.unwrap();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let copy = Database::create(engine).await;
        archive::restore(&Settings::new(copy.url()), Cursor::new(text.clone()), &Rows::default())
            .await
            .unwrap();
        let store = Store::open(&Settings::new(copy.url()), app.clock.clone()).await.unwrap();
        assert_eq!(store.verify().await.unwrap(), []);
        let mut again = Vec::new();
        store.archive(&mut again, &Rows::default()).await.unwrap();
        assert_eq!(again, text);
        store.close().await;
        if engine == Engine::Postgres {
            let db = copy.connect().await;
            assert_eq!(partitions(&db, "tally_versions").await, own);
            assert_eq!(lines(&db, stored).await, set(&["1 tally_versions_1", "2 tally_versions_2"]));
            db.close().await.unwrap();
        }
    }
}

/// How often each partition was looked into, as the server counted. Its sessions tell when they end.
async fn looks(database: &Database) -> BTreeMap<String, i64> {
    let db = database.connect().await;
    let others = "SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    while line(&db, others).await != "0" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let sql = "SELECT relname::text, seq_scan + coalesce(idx_scan, 0) FROM pg_stat_user_tables \
               WHERE relid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent IN ('tally_versions'::regclass, 'rollups'::regclass))";
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    db.close().await.unwrap();
    rows.iter().map(|row| (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_of_one_drive_looks_into_no_other() {
    let app = two_drives().await;
    app.by("admin").post("/campaigns", &drive(2026)).await.expect(201);
    let database = app.stop().await;
    let before = looks(&database).await;
    assert_eq!(before.len(), 6);
    // The oldest one: reports are compared with those of earlier drives, and the line of these is known already, so that they take
    // the way that most reports take.
    let app = TestApp::on(&database, Options { now: at("2024-12-04T12:00:00"), ..Options::default() }).await;
    let office = app.by("office");
    // Often enough that a plan is kept which was made for any drive.
    for n in 1..=12 {
        for unit in ["371772108", "gx-school"] {
            let path = report(2024, unit);
            match n {
                1 => office.put(&path, &materials(1)).await.expect(201),
                n => office.put_over(&path, &materials(n), n as u64 - 1).await.expect(200),
            };
            office.get(&path).await.expect(200);
            office.get(&format!("{path}/versions")).await.expect(200);
        }
        for list in ["tallies", "completeness", "missing?date=2024-12-04", "totals?unit=371772&by=unit"] {
            office.get(&format!("/campaigns/constitution-2024/{list}")).await.expect(200);
        }
    }
    let written = app.store.written();
    assert!(written.versions >= 24, "{written:?}");
    app.stop().await;
    let after = looks(&database).await;
    for (partition, before) in before {
        let looked = after[&partition] - before;
        assert_eq!(looked > 0, partition.ends_with("_2"), "{partition}: {looked} looks");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_shuts_out_nobody_who_reads_or_writes_or_enters_another() {
    let first = TestApp::start_with(Engine::Postgres, Options { lane: 1, ..Options::default() }).await;
    let second = TestApp::on(&first.database, Options { lane: 2, ..Options::default() }).await;
    let db = first.database.connect().await;
    // Somebody has read and written both tables and is not done, as `pg_dump` or a program of before may be.
    let third = db.begin().await.unwrap();
    for sql in [
        "SELECT count(*) FROM tally_versions, rollups",
        "UPDATE tally_versions SET note = 'x' WHERE campaign_id = 1",
        "UPDATE rollups SET late = 1 WHERE campaign_id = 1",
    ] {
        third.execute_unprepared(sql).await.unwrap();
    }
    let entered =
        tokio::time::timeout(Duration::from_secs(5), first.by("admin").post("/campaigns", &drive(2026)))
            .await;
    entered.expect("it waits for who reads").expect(201);
    third.rollback().await.unwrap();

    let entering = [(2015, &first), (2020, &second)].map(|(year, app)| {
        let admin = app.by("admin");
        tokio::spawn(async move {
            for year in year..year + 5 {
                admin.post("/campaigns", &drive(year)).await.expect(201);
            }
        })
    });
    // By hand nobody takes the lock that replicas take.
    let hands = ["left", "right"].map(|hand| {
        let database = first.database.clone();
        tokio::spawn(async move {
            let db = database.connect().await;
            for n in 0..10 {
                let one = db.begin().await.unwrap();
                one.execute_unprepared(&campaign(&format!("{hand}-{n}"))).await.unwrap();
                one.rollback().await.unwrap();
            }
            db.close().await.unwrap();
        })
    });
    let reporting = [("371772001", &first), ("371772108", &second)].map(|(unit, app)| {
        let (office, path) = (app.by("office"), report(2025, unit));
        tokio::spawn(async move {
            for n in 1..=20 {
                // Where campaigns changed five times while it was judged it may come again; for a lock nobody waits so long.
                let sent = async || loop {
                    let sent = match n {
                        1 => office.put(&path, &materials(1)).await,
                        n => office.put_over(&path, &materials(n), n as u64 - 1).await,
                    };
                    if sent.status != 503 {
                        break sent;
                    }
                };
                let sent = tokio::time::timeout(Duration::from_secs(8), sent()).await;
                assert_eq!(sent.expect("it waits for who enters").json()["version"], n, "{unit}");
            }
        })
    });
    for done in entering.into_iter().chain(hands).chain(reporting) {
        done.await.unwrap();
    }
    assert_eq!(partitions(&db, "tally_versions").await.len(), 12);
    let deadlocks = "SELECT deadlocks::text FROM pg_stat_database WHERE datname = current_database()";
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(line(&db, deadlocks).await, "0");
    db.close().await.unwrap();
    for app in [&first, &second] {
        app.assert_sound().await;
    }
}

/// What `pufa verify` finds.
async fn found(app: &TestApp) -> Vec<String> {
    app.store.verify().await.unwrap().into_iter().map(|finding| finding.0).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_drive_moves_away_and_comes_back() {
    let app = Arc::new(two_drives().await);
    let (office, database) = (app.by("office"), app.database.clone());
    let archive = async || {
        let mut text = Vec::new();
        app.store.archive(&mut text, &Rows::default()).await.unwrap();
        text
    };
    office.put(&report(2025, "371772001"), &materials(1)).await.expect(201);
    app.by("admin").patch("/campaigns/constitution-2024", &json!({ "locked": true })).await.expect(200);
    let whole = archive().await;
    // As docs/scale.md says, while the service runs.
    for sql in [
        "VACUUM (ANALYZE) tally_versions_2",
        "ALTER TABLE tally_versions DETACH PARTITION tally_versions_2 CONCURRENTLY",
        "ALTER TABLE rollups DETACH PARTITION rollups_2 CONCURRENTLY",
        "CREATE SCHEMA old",
        "ALTER TABLE tally_versions_2 SET SCHEMA old",
        "ALTER TABLE rollups_2 SET SCHEMA old",
    ] {
        database.execute(sql).await;
    }
    let away = found(&app).await;
    assert_eq!(
        away[..2],
        [
            "PostgreSQL: the partition of rollups for constitution-2024 is missing",
            "PostgreSQL: the partition of tally_versions for constitution-2024 is missing",
        ]
    );
    let gone =
        |finding: &&String| finding.starts_with("audit 0/") && finding.ends_with("its versions are gone");
    assert_eq!(away[2..].iter().filter(gone).count(), 2, "a batch each: {away:?}");
    assert_eq!(away.len(), 4, "and nothing of what is there: {away:?}");
    let locked = office.put_over(&report(2024, "371772100"), &materials(10), 1).await;
    assert!((400..500).contains(&locked.status), "{}", locked.text());
    office.put_over(&report(2025, "371772001"), &materials(2), 1).await.expect(200);
    assert_eq!(app.nobody().send(reqwest::Method::GET, "/readyz", &[], None).await.status, 200);
    office.put_over(&report(2025, "371772001"), &materials(1), 2).await.expect(200);
    assert_eq!(found(&app).await.len(), 4);

    for sql in [
        "ALTER TABLE old.tally_versions_2 SET SCHEMA public",
        "ALTER TABLE old.rollups_2 SET SCHEMA public",
        "ALTER TABLE tally_versions ATTACH PARTITION tally_versions_2 FOR VALUES IN (2)",
        "ALTER TABLE rollups ATTACH PARTITION rollups_2 FOR VALUES IN (2)",
    ] {
        database.execute(sql).await;
    }
    app.assert_sound().await;
    let back = String::from_utf8(archive().await).unwrap();
    let of_drive = |text: &str| text.lines().filter(|line| line.starts_with("[2,20241204,")).count();
    assert_eq!(of_drive(&back), of_drive(std::str::from_utf8(&whole).unwrap()));
    assert_eq!(office.get(&report(2024, "371772100")).await.expect(200)["items"][0]["count"], 9);

    // Dropped, it is as if it were away for ever.
    for table in TABLES {
        database.execute(&format!("DROP TABLE {table}_2")).await;
    }
    assert_eq!(found(&app).await, away);
}
