//! Tallies: one append-only table that is history and current state at once, and the rollups beside it.
//!
//! The cost of a submission is the pages it touches. The key puts one day's reports side by side, the figures are one
//! compact text, and a rollup row holds every slot of a unit and day.

use crate::create;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, integer, small_integer, string_len, text, text_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // No references from the hot tables: units and campaigns are never deleted, and a check a row costs a look-up.
        let mut versions = Table::create()
            .table("tally_versions")
            .col(integer("campaign_id"))
            .col(integer("day"))
            .col(integer("unit_id"))
            .col(integer("version"))
            .col(small_integer("review"))
            .col(small_integer("channel"))
            .col(boolean("zero"))
            .col(boolean("late"))
            .col(boolean("on_behalf"))
            .col(integer("actor_id"))
            .col(big_integer("received_at"))
            .col(small_integer("shard"))
            .col(big_integer("batch"))
            .col(text("figures"))
            .col(text_null("note"))
            .primary_key(Index::create().col("campaign_id").col("day").col("unit_id").col("version"))
            .take();
        create(manager, &mut versions, true).await?;

        let mut rollups = Table::create()
            .table("rollups")
            .col(integer("campaign_id"))
            .col(integer("unit_id"))
            .col(integer("day"))
            .col(small_integer("shard"))
            .col(integer("reported"))
            .col(integer("zero"))
            .col(integer("late"))
            .col(integer("returned"))
            .col(big_integer("changes"))
            .col(big_integer("latest"))
            .col(text("figures"))
            .primary_key(Index::create().col("campaign_id").col("unit_id").col("day").col("shard"))
            .take();
        create(manager, &mut rollups, true).await?;

        let mut idempotency = Table::create()
            .table("idempotency")
            .col(integer("user_id"))
            .col(string_len("key", 128))
            .col(string_len("request_hash", 64))
            .col(integer("campaign_id"))
            .col(integer("day"))
            .col(integer("unit_id"))
            .col(integer("version"))
            .col(boolean("created"))
            .col(big_integer("at"))
            .primary_key(Index::create().col("user_id").col("key"))
            .take();
        create(manager, &mut idempotency, true).await
    }
}
