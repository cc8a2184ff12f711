//! Which versions a batch sealed, said once a batch in place of twice a version: in its row, and in an index over all rows.

use crate::create;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, small_integer, text};
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The units of a batch's versions of one day and number, in order, each told by how much its number is above the one before.
const FILL: &str = "
INSERT INTO batches (shard, batch, campaign_id, day, version, units)
SELECT shard, batch, campaign_id, day, version, string_agg(CAST(step AS TEXT), '+' ORDER BY unit_id)
FROM (
    SELECT shard, batch, campaign_id, day, version, unit_id, unit_id - COALESCE(LAG(unit_id) OVER (
        PARTITION BY shard, batch, campaign_id, day, version ORDER BY unit_id), 0) AS step
    FROM tally_versions
) AS steps
GROUP BY shard, batch, campaign_id, day, version";

/// SQLite would write the whole table once a column; entered in the order of the key its pages are full besides.
const REBUILD: &str = "
CREATE TABLE tally_versions_alone (
    campaign_id integer NOT NULL, day integer NOT NULL, unit_id integer NOT NULL, version integer NOT NULL,
    review smallint NOT NULL, channel smallint NOT NULL, zero boolean NOT NULL, late boolean NOT NULL,
    on_behalf boolean NOT NULL, actor_id integer NOT NULL, received_at integer NOT NULL,
    figures text NOT NULL, note text, facts text,
    PRIMARY KEY (campaign_id, day, unit_id, version)
) WITHOUT ROWID;
INSERT INTO tally_versions_alone
SELECT campaign_id, day, unit_id, version, review, channel, zero, late, on_behalf, actor_id, received_at, figures, note, facts
FROM tally_versions ORDER BY campaign_id, day, unit_id, version;
DROP TABLE tally_versions;
ALTER TABLE tally_versions_alone RENAME TO tally_versions";

/// Whoever was allowed to read or write versions is allowed the same of what their rows no longer say. Who may enter units asks for their
/// numbers by name from now on.
const GRANTS: &str = "
DO $$
DECLARE
    allowed record;
BEGIN
    FOR allowed IN
        SELECT a.privilege_type, a.is_grantable, c.relname,
            CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS grantee
        FROM pg_class c, aclexplode(c.relacl) a
        WHERE c.oid IN ('tally_versions'::regclass, 'units'::regclass) AND a.grantee <> c.relowner
    LOOP
        IF allowed.relname = 'tally_versions' THEN
            EXECUTE format('GRANT %s ON batches TO %s%s', allowed.privilege_type, allowed.grantee,
                CASE WHEN allowed.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
        ELSIF allowed.privilege_type = 'INSERT' THEN
            EXECUTE format('GRANT USAGE ON SEQUENCE %s TO %s', pg_get_serial_sequence('units', 'id'), allowed.grantee);
        END IF;
    END LOOP;
END $$";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut batches = Table::create()
            .table("batches")
            .col(small_integer("shard"))
            .col(big_integer("batch"))
            .col(integer("campaign_id"))
            .col(integer("day"))
            .col(integer("version"))
            .col(text("units"))
            .primary_key(
                Index::create().col("shard").col("batch").col("campaign_id").col("day").col("version"),
            )
            .take();
        create(manager, &mut batches, true).await?;
        // A small drive's history is not looked for among all that a large one's batches sealed.
        let of_campaign = Index::create()
            .name("idx-batches-campaign_id")
            .table("batches")
            .col("campaign_id")
            .col("shard")
            .col("batch")
            .take();
        manager.create_index(of_campaign).await?;
        let connection = manager.get_connection();
        if manager.get_database_backend() == DbBackend::Sqlite {
            connection.execute_unprepared(FILL).await?;
            connection.execute_unprepared(REBUILD).await?;
            return Ok(());
        }
        // What a replica of before is entering comes first, and it enters nothing more.
        connection.execute_unprepared("LOCK TABLE tally_versions IN ACCESS EXCLUSIVE MODE").await?;
        connection.execute_unprepared(FILL).await?;
        // The index goes with its columns, and neither is written anew.
        connection
            .execute_unprepared("ALTER TABLE tally_versions DROP COLUMN shard, DROP COLUMN batch")
            .await?;
        connection.execute_unprepared(GRANTS).await?;
        Ok(())
    }
}
