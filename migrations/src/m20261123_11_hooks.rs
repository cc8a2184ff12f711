//! Where messages and events are sent, and what became of each.

use crate::{create, reference};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, integer_null, pk_auto, small_integer, string_len, text,
    text_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // events, missing_at and summary_at are lists with commas; minutes count from the deadline.
        let mut hooks = Table::create()
            .table("hooks")
            .col(pk_auto("id"))
            .col(integer("campaign_id"))
            .col(integer("unit_id"))
            .col(string_len("kind", 16))
            .col(text("url"))
            .col(text("secret"))
            .col(text("events"))
            .col(text("missing_at"))
            .col(text("summary_at"))
            .col(string_len("lang", 8))
            .col(boolean("disabled"))
            .col(integer("created_by"))
            .col(big_integer("created_at"))
            .col(big_integer("paused_until"))
            .foreign_key(&mut reference("hooks", "campaign_id", "campaigns"))
            .foreign_key(&mut reference("hooks", "unit_id", "units"))
            .take();
        create(manager, &mut hooks, false).await?;

        // Up to where the history of reports was turned into deliveries, a lane each.
        let mut cursors = Table::create()
            .table("hook_cursors")
            .col(integer("hook_id"))
            .col(small_integer("shard"))
            .col(big_integer("batch"))
            .primary_key(Index::create().col("hook_id").col("shard"))
            .foreign_key(&mut reference("hook_cursors", "hook_id", "hooks"))
            .take();
        create(manager, &mut cursors, true).await?;

        // number is the version of a report, or of a planned message its minutes from the deadline.
        let mut deliveries = Table::create()
            .table("deliveries")
            .col(pk_auto("id"))
            .col(integer("hook_id"))
            .col(string_len("event", 24))
            .col(integer("day"))
            .col(integer("unit_id"))
            .col(integer("number"))
            .col(small_integer("state"))
            .col(integer("attempts"))
            .col(big_integer("next_at"))
            .col(big_integer("leased_until"))
            .col(integer("messages"))
            .col(integer_null("status"))
            .col(text_null("error"))
            .col(big_integer("created_at"))
            .col(big_integer_null("done_at"))
            .foreign_key(&mut reference("deliveries", "hook_id", "hooks"))
            .take();
        create(manager, &mut deliveries, false).await?;
        let once = Index::create()
            .name("idx-deliveries-once")
            .table("deliveries")
            .unique()
            .col("hook_id")
            .col("event")
            .col("day")
            .col("unit_id")
            .col("number")
            .take();
        manager.create_index(once).await?;
        for (name, columns) in [
            ("idx-deliveries-due", ["state", "next_at", "id"]),
            ("idx-deliveries-list", ["hook_id", "state", "id"]),
            ("idx-deliveries-order", ["unit_id", "state", "hook_id"]),
        ] {
            let mut index = Index::create().name(name).table("deliveries").take();
            for column in columns {
                index.col(column);
            }
            manager.create_index(index).await?;
        }

        // The history is read on from a batch. Batches only grow, so an entry goes to the end of the index.
        let batches = Index::create()
            .name("idx-tally_versions-batch")
            .table("tally_versions")
            .col("shard")
            .col("batch")
            .take();
        manager.create_index(batches).await
    }
}
