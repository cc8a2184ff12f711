//! What comes with a version besides its figures; locked days and exceptions; the print ledger; published figures.

use crate::create;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, integer, small_integer, small_integer_null, string_len, text, text_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Most versions have no facts, so they are one text and cost the hot table a null.
        let mut versions = Table::alter().table("tally_versions").add_column(text_null("facts")).take();
        manager.alter_table(versions.take()).await?;

        let mut locks = Table::create()
            .table("day_locks")
            .col(integer("campaign_id"))
            .col(integer("day"))
            .col(text("reason"))
            .col(integer("actor_id"))
            .col(big_integer("at"))
            .primary_key(Index::create().col("campaign_id").col("day"))
            .take();
        create(manager, &mut locks, true).await?;

        let mut exceptions = Table::create()
            .table("lock_exceptions")
            .col(integer("campaign_id"))
            .col(integer("day"))
            .col(integer("unit_id"))
            .col(big_integer_null("until"))
            .col(text("reason"))
            .col(integer("actor_id"))
            .col(big_integer("at"))
            .primary_key(Index::create().col("campaign_id").col("day").col("unit_id"))
            .take();
        create(manager, &mut exceptions, true).await?;

        // An entry is found by the entry of the audit that seals it.
        let mut ledger = Table::create()
            .table("print_ledger")
            .col(small_integer("shard"))
            .col(big_integer("seq"))
            .col(integer("campaign_id"))
            .col(integer("unit_id"))
            .col(text("title"))
            .col(integer("day"))
            .col(string_len("kind", 16))
            .col(integer("count"))
            .col(small_integer_null("reverses_shard"))
            .col(big_integer_null("reverses_seq"))
            .col(text("note"))
            .col(integer("actor_id"))
            .col(big_integer("at"))
            .primary_key(Index::create().col("shard").col("seq"))
            .take();
        create(manager, &mut ledger, true).await?;
        let of_unit = Index::create()
            .name("idx-print_ledger-campaign_id-unit_id")
            .table("print_ledger")
            .col("campaign_id")
            .col("unit_id")
            .take();
        manager.create_index(of_unit).await?;
        // What was reversed once cannot be reversed again.
        let once = Index::create()
            .name("idx-print_ledger-reverses")
            .table("print_ledger")
            .unique()
            .col("reverses_shard")
            .col("reverses_seq")
            .take();
        manager.create_index(once).await?;

        let mut publications = Table::create()
            .table("publications")
            .col(integer("campaign_id"))
            .col(integer("number"))
            .col(integer("unit_id"))
            .col(text("title"))
            .col(text("frozen"))
            .col(integer("actor_id"))
            .col(big_integer("at"))
            .col(small_integer("shard"))
            .col(big_integer("seq"))
            .primary_key(Index::create().col("campaign_id").col("number"))
            .take();
        create(manager, &mut publications, true).await
    }
}
