//! The schema of pufa: forward only, one change a migration, the only truth about the tables.
//!
//! Days are kept as the number a person reads (20261204), instants as milliseconds since 1970 UTC, figures as text
//! (see `store::figures` of the service). The same statements make the schema on SQLite and PostgreSQL.

use sea_orm_migration::prelude::*;

mod m20261123_11_chase;
mod m20261123_11_hooks;
mod m20261123_1_units_and_campaigns;
mod m20261123_2_accounts;
mod m20261123_3_tallies;
mod m20261123_4_audit;
mod m20261123_5_account_indexes;
mod m20261123_6_audit_address;
mod m20261123_7_second_factors;
mod m20261123_7_sessions;
mod m20261123_7_tokens_and_links;
mod m20261123_8_review;
mod m20261127_1_state_seals;
mod m20261127_50_targets;
mod m20261127_51_screens;
mod m20261128_1_unit_snapshot;
mod m20261128_2_partitions;
mod m20261128_3_rollups_by_day;
mod m20261128_4_batches;

/// All migrations, in order.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_1_units_and_campaigns::Migration),
            Box::new(m20261123_2_accounts::Migration),
            Box::new(m20261123_3_tallies::Migration),
            Box::new(m20261123_4_audit::Migration),
            Box::new(m20261123_5_account_indexes::Migration),
            Box::new(m20261123_6_audit_address::Migration),
            Box::new(m20261123_7_sessions::Migration),
            Box::new(m20261123_7_second_factors::Migration),
            Box::new(m20261123_7_tokens_and_links::Migration),
            Box::new(m20261123_8_review::Migration),
            Box::new(m20261123_11_chase::Migration),
            Box::new(m20261123_11_hooks::Migration),
            Box::new(m20261127_50_targets::Migration),
            Box::new(m20261127_51_screens::Migration),
            Box::new(m20261127_1_state_seals::Migration),
            Box::new(m20261128_1_unit_snapshot::Migration),
            Box::new(m20261128_2_partitions::Migration),
            Box::new(m20261128_3_rollups_by_day::Migration),
            Box::new(m20261128_4_batches::Migration),
        ]
    }
}

/// Makes a table. On SQLite a table whose rows are found by their key alone is kept in the key's own tree, which
/// halves the pages a write touches.
async fn create(
    manager: &SchemaManager<'_>,
    table: &mut TableCreateStatement,
    by_key: bool,
) -> Result<(), DbErr> {
    if by_key && manager.get_database_backend() == sea_orm_migration::sea_orm::DbBackend::Sqlite {
        table.extra("WITHOUT ROWID");
    }
    manager.create_table(table.take()).await
}

/// A reference that protects what it names.
fn reference(table: &str, column: &str, to: &str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("fk-{table}-{column}"))
        .from(Alias::new(table), Alias::new(column))
        .to(Alias::new(to), Alias::new("id"))
        .take()
}
