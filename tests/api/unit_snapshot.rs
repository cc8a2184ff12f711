//! The tree of units that is kept beside them: it is always theirs, whoever changed them, and nobody needs it.

use crate::support::{Database, Engine, NOON, Options, TestApp, at};
use pufa::clock::Clock;
use pufa::domain::catalogue::Catalogue;
use pufa::store::{Settings, Store};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;
use std::sync::Arc;

on_both! {
    the_tree_is_kept_with_every_change_of_units
    units_changed_by_hand_are_read_again
    a_tree_that_is_not_whole_is_not_taken
    verify_finds_a_tree_that_is_not_the_units
}

async fn open(database: &Database) -> Store {
    Store::open(&Settings::new(database.url()), Clock::fixed(at(NOON))).await.unwrap()
}

/// The epoch of the tree that is kept, and the beginning of its body.
async fn kept(database: &Database) -> Option<(i64, Vec<u8>)> {
    let db = database.connect().await;
    let sql = "SELECT epoch, body FROM unit_snapshots WHERE part = 0";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    db.close().await.unwrap();
    row.map(|row| (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap()))
}

fn name(catalogue: &Catalogue, code: &str) -> Option<String> {
    catalogue.tree.by_code(code).map(|unit| unit.name())
}

async fn the_tree_is_kept_with_every_change_of_units(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.by("admin");
    admin.post("/units", &json!({ "code": "371772777", "name": "新镇" })).await.expect(201);
    let body = json!({ "code": "371772777201", "name": "新村", "opened_on": "2025-12-02" });
    admin.post("/units", &body).await.expect(201);
    let database = app.stop().await;
    let (epoch, _) = kept(&database).await.unwrap();
    let store = open(&database).await;
    let catalogue = store.catalogue();
    assert_eq!((catalogue.tree_epoch, catalogue.epoch), (Some(epoch), epoch));
    assert_eq!(name(&catalogue, "371772777201").as_deref(), Some("新村"));
    assert_eq!(store.verify().await.unwrap(), []);
    store.close().await;
    // What changes a drive leaves the tree alone, here and with others.
    let app = TestApp::on(&database, Options::default()).await;
    let other = open(&database).await;
    let before = other.catalogue();
    app.by("admin").patch("/campaigns/constitution-2025", &json!({ "theme": "另一个" })).await.expect(200);
    other.refresh().await.unwrap();
    let after = other.catalogue();
    assert!(after.epoch > before.epoch && Arc::ptr_eq(&after.tree, &before.tree));
    assert_eq!(kept(&database).await.unwrap().0, epoch);
    // What changes a unit does not.
    app.by("admin").patch("/units/371772777", &json!({ "name": "大镇" })).await.expect(200);
    other.refresh().await.unwrap();
    assert_eq!(name(&other.catalogue(), "371772777").as_deref(), Some("大镇"));
    assert_eq!(other.catalogue().tree_epoch, Some(other.catalogue().epoch));
    other.close().await;
    app.assert_sound().await;
}

async fn units_changed_by_hand_are_read_again(engine: Engine) {
    let database = TestApp::start(engine).await.stop().await;
    for (sql, is) in [
        ("UPDATE units SET name = '改名' WHERE code = '371772001'", Some("改名")),
        (
            "INSERT INTO units (code, name, kind, position) VALUES ('gx-hand', '手工', 'other', 0)",
            Some("手工"),
        ),
        ("DELETE FROM units WHERE code = 'gx-hand'", None),
    ] {
        let code = if sql.starts_with("UPDATE") { "371772001" } else { "gx-hand" };
        assert!(kept(&database).await.is_some());
        database.execute(sql).await;
        assert!(kept(&database).await.is_none(), "{sql}");
        let store = open(&database).await;
        assert_eq!(name(&store.catalogue(), code).as_deref(), is);
        store.close().await;
    }
}

async fn a_tree_that_is_not_whole_is_not_taken(engine: Engine) {
    let database = TestApp::start(engine).await.stop().await;
    let (_, body) = kept(&database).await.unwrap();
    let blob = |bytes: &[u8]| match engine {
        Engine::Sqlite => format!("x'{}'", hex::encode(bytes)),
        Engine::Postgres => format!("'\\x{}'", hex::encode(bytes)),
    };
    let whole = open(&database).await;
    let right = whole.catalogue().tree.clone();
    whole.close().await;
    let mut changed = body.clone();
    changed[body.len() / 2] ^= 1;
    for wrong in [&changed[..], &body[..body.len() / 2], b"", b"pufa units 9\n"] {
        database.execute(&format!("UPDATE unit_snapshots SET body = {}", blob(wrong))).await;
        let store = open(&database).await;
        assert_eq!(store.catalogue().tree, right);
        store.close().await;
        assert_eq!(kept(&database).await.unwrap().1, body, "and a whole one is kept again");
    }
}

async fn verify_finds_a_tree_that_is_not_the_units(engine: Engine) {
    let database = TestApp::start(engine).await.stop().await;
    database.execute("CREATE TABLE aside AS SELECT * FROM unit_snapshots").await;
    database.execute("UPDATE units SET name = '改名' WHERE code = '371772001'").await;
    database.execute("INSERT INTO unit_snapshots SELECT * FROM aside").await;
    let store = open(&database).await;
    let found = format!("{:?}", store.verify().await.unwrap());
    store.close().await;
    assert!(found.contains("the tree of units that is kept is not that of the units"), "{found}");
}
