//! The audit: a chain of entries a writer lane (shard), each sealed over the one before.

use crate::create;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer_null, small_integer, string_len, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut audit = Table::create()
            .table("audit")
            .col(small_integer("shard"))
            .col(big_integer("seq"))
            .col(big_integer("at"))
            .col(integer_null("actor_id"))
            .col(string_len("action", 32))
            .col(text("subject"))
            .col(text("detail"))
            .col(string_len("hash", 64))
            .primary_key(Index::create().col("shard").col("seq"))
            .take();
        create(manager, &mut audit, true).await
    }
}
