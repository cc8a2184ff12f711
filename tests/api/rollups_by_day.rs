//! On SQLite the totals of one day lie side by side, in a database of before as in a new one.

use crate::support::{Database, Engine, migrations_before};
use pufa_migrations::Migrator;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use sea_orm_migration::MigratorTrait;

async fn lines(db: &DatabaseConnection, sql: &str, column: usize) -> Vec<String> {
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(column).unwrap()).collect()
}

/// How SQLite finds what a statement asks for.
async fn plan(db: &DatabaseConnection, sql: &str) -> String {
    lines(db, &format!("EXPLAIN QUERY PLAN {sql}"), 3).await.concat()
}

const OF_A_DAY: &str = "SELECT reported FROM rollups WHERE campaign_id = 1 AND day = 20261201";

#[tokio::test]
async fn a_database_of_before_keeps_every_row_and_finds_those_of_a_day_by_the_key() {
    let database = Database::create(Engine::Sqlite).await;
    let db = database.connect().await;
    Migrator::up(&db, Some(migrations_before("m20261128_3_rollups_by_day"))).await.unwrap();
    let rows = "WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 1999) \
                INSERT INTO rollups (campaign_id, unit_id, day, shard, reported, zero, late, returned, changes, latest, figures) \
                SELECT 1 + n / 1000, 1 + n / 14 % 70, 20261201 + n / 2 % 7, n % 2, n, 1, 2, 3, n * 5000000000, n, \
                n || ':40000+' FROM n WHERE true ON CONFLICT DO NOTHING";
    db.execute_unprepared(rows).await.unwrap();
    let every = "SELECT concat_ws(' ', campaign_id, unit_id, day, shard, reported, zero, late, returned, changes, latest, \
                 figures) FROM rollups ORDER BY campaign_id, unit_id, day, shard";
    let before = lines(&db, every, 0).await;
    assert!(before.len() > 1_900, "{}", before.len());
    assert!(!plan(&db, OF_A_DAY).await.contains("day=?"));

    Migrator::up(&db, None).await.unwrap();
    db.close().await.unwrap();
    let db = database.connect().await;
    assert_eq!(lines(&db, every, 0).await, before);
    let plan = plan(&db, OF_A_DAY).await;
    assert!(plan.contains("(campaign_id=? AND day=?)"), "{plan}");
    let twice = "INSERT INTO rollups SELECT * FROM rollups LIMIT 1";
    assert!(db.execute_unprepared(twice).await.is_err(), "a lane has one row for a unit and day");
    db.close().await.unwrap();
}
