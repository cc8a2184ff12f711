//! The migrations are the truth: a database made from the entities has the same tables.

use crate::support::{Database, Engine};
use pufa::store::entity;
use pufa_migrations::Migrator;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Schema, Statement};
use sea_orm_migration::MigratorTrait;
use std::collections::BTreeSet;

on_both! {
    entities_repeat_the_migrations
}

async fn make_from_entities(db: &DatabaseConnection) {
    let mut builder = Schema::new(db.get_database_backend()).builder();
    macro_rules! register {
        ($($table:ident)*) => { $(builder = builder.register(entity::$table::Entity);)* };
    }
    register! {
        unit campaign campaign_measure campaign_unit slot setting user grant session tally_version batch rollup
        idempotency audit seal sign_in_failure recovery_code api_token report_link day_lock lock_exception print_ledger
        publication unit_snapshot unit_liaison chase chase_unit hook hook_cursor delivery
    }
    builder.apply(db).await.unwrap();
}

async fn lines(db: &DatabaseConnection, sql: String) -> BTreeSet<String> {
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect()
}

/// Tables, columns, types, nullability, primary and unique keys, a line each, as the database's own catalogue has them.
async fn schema(db: &DatabaseConnection) -> BTreeSet<String> {
    if db.get_database_backend() == DbBackend::Postgres {
        let columns = "SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || \
            coalesce('(' || character_maximum_length || ')', '') || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END \
            || CASE WHEN column_default LIKE 'nextval%' OR is_identity = 'YES' THEN ' counted' \
               ELSE coalesce(' default ' || column_default, '') END \
            FROM information_schema.columns WHERE table_schema = current_schema() AND table_name <> 'seaql_migrations'";
        let keys = "SELECT CASE WHEN i.indisprimary THEN 'primary ' ELSE 'unique ' END || t.relname || ' (' || \
            (SELECT string_agg(a.attname, ', ' ORDER BY array_position(i.indkey::int2[], a.attnum)) \
             FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = ANY (i.indkey)) || ')' \
            FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
            WHERE i.indisunique AND n.nspname = current_schema() AND t.relname <> 'seaql_migrations'";
        let mut found = lines(db, columns.into()).await;
        found.extend(lines(db, keys.into()).await);
        return found;
    }
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
                  AND name <> 'seaql_migrations'";
    let mut found = BTreeSet::new();
    for table in lines(db, tables.into()).await {
        let columns = format!(
            "SELECT 'column {table}.' || name || ' ' || lower(type) || CASE WHEN \"notnull\" OR pk THEN ' not null' ELSE '' END \
             || coalesce(' default ' || dflt_value, '') FROM pragma_table_info('{table}')"
        );
        // A key of one integer column is the row's own number and has no index, so primary keys are read from columns.
        let primary = format!(
            "SELECT 'primary {table} (' || (SELECT group_concat(name, ', ') FROM \
             (SELECT name FROM pragma_table_info('{table}') WHERE pk > 0 ORDER BY pk)) || ')'"
        );
        let unique = format!(
            "SELECT 'unique {table} (' || (SELECT group_concat(name, ', ') FROM \
             (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) || ')' \
             FROM pragma_index_list('{table}') i WHERE i.\"unique\" AND i.origin <> 'pk'"
        );
        for sql in [columns, primary, unique] {
            found.extend(lines(db, sql).await);
        }
    }
    found
}

async fn entities_repeat_the_migrations(engine: Engine) {
    let (migrated, made) = (Database::create(engine).await, Database::create(engine).await);
    let db = migrated.connect().await;
    Migrator::up(&db, None).await.unwrap();
    let right = schema(&db).await;
    db.close().await.unwrap();
    let db = made.connect().await;
    make_from_entities(&db).await;
    let mut found = schema(&db).await;
    db.close().await.unwrap();
    if engine == Engine::Sqlite {
        // The one order in which SQLite keeps rows and PostgreSQL does not; an entity has but one.
        assert!(found.remove("primary rollups (campaign_id, unit_id, day, shard)"));
        found.insert("primary rollups (campaign_id, day, unit_id, shard)".into());
    }
    assert!(
        right.len() > 90 && right.iter().any(|line| line.starts_with("unique slots (measure")),
        "{right:#?}"
    );
    let missing: Vec<_> = right.difference(&found).collect();
    let surplus: Vec<_> = found.difference(&right).collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "only migrated: {missing:#?}\nonly in entities: {surplus:#?}"
    );
}
