//! Versions and rollups in partitions, one a campaign, so that an old drive can be vacuumed, analysed, moved away or dropped by
//! itself. On PostgreSQL; SQLite has no such thing and keeps its plain tables, whose keys are the same.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The other index of versions, by which a batch is found.
const BATCHES: &str = "
    ALTER INDEX \"idx-tally_versions-batch\" RENAME TO \"idx-tally_versions_before-batch\";
    CREATE INDEX \"idx-tally_versions-batch\" ON tally_versions (shard, batch);";

/// Gives a campaign its partitions in the transaction that enters it, whichever program does, or a person by hand. Made first and
/// attached then, for `PARTITION OF` would shut out all who read. Whoever may enter campaigns need not own the tables.
const TRIGGER: &str = "
CREATE FUNCTION make_campaign_partitions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parted text;
BEGIN
    FOREACH parted IN ARRAY ARRAY['tally_versions', 'rollups'] LOOP
        EXECUTE format('CREATE TABLE %1$I.%2$I (LIKE %1$I.%3$I INCLUDING ALL EXCLUDING INDEXES)',
            TG_TABLE_SCHEMA, parted || '_' || NEW.id, parted);
        EXECUTE format('ALTER TABLE %1$I.%3$I ATTACH PARTITION %1$I.%2$I FOR VALUES IN (%4$s)',
            TG_TABLE_SCHEMA, parted || '_' || NEW.id, parted, NEW.id);
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER campaign_entered AFTER INSERT ON campaigns
FOR EACH ROW EXECUTE FUNCTION make_campaign_partitions()";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        let connection = manager.get_connection();
        // A replica of before may still run: what it is entering comes first, and what it enters from now on meets the trigger.
        connection.execute_unprepared("LOCK TABLE campaigns IN SHARE ROW EXCLUSIVE MODE").await?;
        let versions = part("tally_versions", "campaign_id, day, unit_id, version", BATCHES);
        let rollups = part("rollups", "campaign_id, unit_id, day, shard", "");
        connection.execute_unprepared(&versions).await?;
        connection.execute_unprepared(&rollups).await?;
        connection.execute_unprepared(TRIGGER).await?;
        Ok(())
    }
}

/// Puts a parted table in the place of a plain one, which becomes the partition of all campaigns that there are: it is read once to
/// see that it holds no other, and stays where it is. An empty one is not kept.
fn part(table: &str, key: &str, indexes: &str) -> String {
    let before = format!("{table}_before");
    // Whoever was allowed to read or write it still is. Campaigns are looked up from one to the next by the key.
    format!(
        "ALTER TABLE {table} RENAME TO {before};
         ALTER TABLE {before} RENAME CONSTRAINT {table}_pkey TO {before}_pkey;
         CREATE TABLE {table} (LIKE {before} INCLUDING ALL EXCLUDING INDEXES) PARTITION BY LIST (campaign_id);
         ALTER TABLE {table} ADD CONSTRAINT {table}_pkey PRIMARY KEY ({key});
         {indexes}
         DO $$
         DECLARE
             allowed record;
             campaigns text;
         BEGIN
             FOR allowed IN
                 SELECT a.privilege_type, a.is_grantable,
                     CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS grantee
                 FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = '{before}'::regclass AND a.grantee <> c.relowner
             LOOP
                 EXECUTE format('GRANT %s ON {table} TO %s%s', allowed.privilege_type, allowed.grantee,
                     CASE WHEN allowed.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
             END LOOP;
             SELECT string_agg(id::text, ', ' ORDER BY id) INTO campaigns FROM (
                 SELECT id FROM campaigns
                 UNION
                 (WITH RECURSIVE found(id) AS (
                     SELECT min(campaign_id) FROM {before}
                     UNION ALL
                     SELECT (SELECT min(campaign_id) FROM {before} WHERE campaign_id > found.id)
                     FROM found WHERE found.id IS NOT NULL
                 ) SELECT id FROM found WHERE id IS NOT NULL)
             ) AS every;
             IF campaigns IS NULL THEN
                 DROP TABLE {before};
             ELSE
                 EXECUTE 'ALTER TABLE {table} ATTACH PARTITION {before} FOR VALUES IN (' || campaigns || ')';
             END IF;
         END $$"
    )
}
