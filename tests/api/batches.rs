//! Which versions a batch sealed: a database of before, whose rows said it one by one, says it afterwards once a batch.

use crate::support::{Database, Engine, migrations_before};
use pufa_migrations::Migrator;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use sea_orm_migration::MigratorTrait;
use std::collections::BTreeSet;

on_both! {
    a_database_of_before_says_the_same_of_every_version
}

async fn lines(db: &DatabaseConnection, sql: &str) -> Vec<String> {
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// Lane, batch, campaign, day, version and unit of every version that the batches name.
async fn named(db: &DatabaseConnection) -> Vec<String> {
    let rows =
        lines(db, "SELECT concat_ws(' ', shard, batch, campaign_id, day, version, units) FROM batches").await;
    let mut found = Vec::new();
    for row in rows {
        let (group, units) = row.rsplit_once(' ').unwrap();
        let mut unit = 0;
        for step in units.split('+') {
            unit += step.parse::<i32>().unwrap();
            found.push(format!("{group} {unit}"));
        }
    }
    found
}

async fn a_database_of_before_says_the_same_of_every_version(engine: Engine) {
    let database = Database::create(engine).await;
    let db = database.connect().await;
    Migrator::up(&db, Some(migrations_before("m20261128_4_batches"))).await.unwrap();
    for campaign in ["one", "two"] {
        let sql = format!(
            "INSERT INTO campaigns (slug, kind, year, name, theme, starts_on, ends_on, deadline, unit_id, locked, demo) \
             SELECT '{campaign}', 'constitution', 2025, '', '', 20251201, 20251207, 1080, id, false, false FROM units"
        );
        let unit = "INSERT INTO units (code, name, kind, position) SELECT '1', '一', 'region', 0 \
                    WHERE NOT EXISTS (SELECT 1 FROM units)";
        db.execute_unprepared(unit).await.unwrap();
        db.execute_unprepared(&sql).await.unwrap();
    }
    // Batches of some 40, which lie in no order among the units; every third report has been corrected.
    let rows = "WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 2999) \
                INSERT INTO tally_versions (campaign_id, day, unit_id, version, review, channel, zero, late, on_behalf, actor_id, \
                received_at, shard, batch, figures, note, facts) \
                SELECT 1 + n % 2, 20261201 + n % 7, 1 + n * 37 % 1009, 1 + n / 2018, 0, 2, n % 5 = 0, n % 3 = 0, false, 7, \
                1764835200000 + n, n % 2, n / 41, n || ':40000+ 9:5', CASE WHEN n % 10 = 0 THEN '注' END, NULL FROM n";
    db.execute_unprepared(rows).await.unwrap();
    let said = "SELECT concat_ws(' ', shard, batch, campaign_id, day, version, unit_id) FROM tally_versions";
    let said: BTreeSet<String> = lines(&db, said).await.into_iter().collect();
    let versions = "SELECT concat_ws(' ', campaign_id, day, unit_id, version, review, channel, zero, late, on_behalf, actor_id, \
                    received_at, figures, note, facts) FROM tally_versions ORDER BY campaign_id, day, unit_id, version";
    let before = lines(&db, versions).await;
    assert_eq!((said.len(), before.len()), (3_000, 3_000));

    Migrator::up(&db, None).await.unwrap();
    db.close().await.unwrap();
    let db = database.connect().await;
    assert_eq!(lines(&db, versions).await, before);
    let named = named(&db).await;
    assert_eq!(named.len(), 3_000, "none is named twice");
    assert_eq!(named.into_iter().collect::<BTreeSet<_>>(), said);
    let twice = "INSERT INTO tally_versions SELECT * FROM tally_versions LIMIT 1";
    assert!(db.execute_unprepared(twice).await.is_err(), "a version is there once");
    let column = "SELECT batch FROM tally_versions LIMIT 1";
    assert!(db.execute_unprepared(column).await.is_err(), "it is said in one place");
    db.close().await.unwrap();
}
