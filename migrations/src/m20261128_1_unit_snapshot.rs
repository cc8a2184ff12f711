//! The tree of units as it lies in memory, kept beside the units so that a start need not read a nation's row by row.

use crate::create;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, integer, string_len};
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // In pieces, from 0 on: the epoch of units and campaigns at which they were kept, and what they are.
        let mut snapshots = Table::create()
            .table("unit_snapshots")
            .col(integer("part").primary_key())
            .col(big_integer("epoch"))
            .col(string_len("digest", 64))
            .col(blob("body"))
            .take();
        create(manager, &mut snapshots, false).await?;

        // Whoever changes a unit, by this program, an older one or by hand, throws away what was kept.
        let connection = manager.get_connection();
        if manager.get_database_backend() == DbBackend::Postgres {
            connection
                .execute_unprepared(
                    "CREATE FUNCTION forget_unit_snapshot() RETURNS trigger LANGUAGE plpgsql AS \
                     $$ BEGIN DELETE FROM unit_snapshots; RETURN NULL; END $$;
                     CREATE TRIGGER units_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON units \
                     FOR EACH STATEMENT EXECUTE FUNCTION forget_unit_snapshot()",
                )
                .await?;
        } else {
            for change in ["INSERT", "UPDATE", "DELETE"] {
                let sql = format!(
                    "CREATE TRIGGER units_changed_by_{} AFTER {change} ON units \
                     BEGIN DELETE FROM unit_snapshots; END",
                    change.to_lowercase()
                );
                connection.execute_unprepared(&sql).await?;
            }
        }
        Ok(())
    }
}
