//! Seals over what is changed in place: units, campaigns, accounts and the like, beside the audit's chain.

use crate::create;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, string_len, text_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The seals that the change of an entry left behind; null for entries that changed nothing in place.
        let mut audit = Table::alter().table("audit").add_column(text_null("state")).take();
        manager.alter_table(audit.take()).await?;

        // The latest seal of each bucket of rows, and under `audit` how far each lane's chain had come.
        let mut seals = Table::create()
            .table("seals")
            .col(string_len("name", 32))
            .col(integer("bucket"))
            .col(big_integer("number"))
            .col(string_len("digest", 64))
            .primary_key(Index::create().col("name").col("bucket"))
            .take();
        create(manager, &mut seals, true).await
    }
}
