//! On SQLite the rollups of one day side by side, as the reports of a day are: a report of today then touches pages that others
//! of today touch as well, in place of pages that hold some units' whole drive. On PostgreSQL rows lie as they come, and the key stays.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Entered in the order of the new key, so that its pages are full.
const BY_DAY: &str = "
CREATE TABLE rollups_by_day (
    campaign_id integer NOT NULL, unit_id integer NOT NULL, day integer NOT NULL, shard smallint NOT NULL,
    reported integer NOT NULL, zero integer NOT NULL, late integer NOT NULL, returned integer NOT NULL,
    changes integer NOT NULL, latest integer NOT NULL, figures text NOT NULL,
    PRIMARY KEY (campaign_id, day, unit_id, shard)
) WITHOUT ROWID;
INSERT INTO rollups_by_day
SELECT campaign_id, unit_id, day, shard, reported, zero, late, returned, changes, latest, figures
FROM rollups ORDER BY campaign_id, day, unit_id, shard;
DROP TABLE rollups;
ALTER TABLE rollups_by_day RENAME TO rollups";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Sqlite {
            manager.get_connection().execute_unprepared(BY_DAY).await?;
        }
        Ok(())
    }
}
