//! Tokens for programs, and links with which a unit reports without an account. Rows stay when they end: a version that
//! came through a link names it for ever.

use crate::{create, reference};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, integer_null, pk_auto, string_len, text,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut tokens = Table::create()
            .table("api_tokens")
            .col(pk_auto("id"))
            .col(integer("user_id"))
            .col(text("name"))
            .col(string_len("token_hash", 64).unique_key())
            .col(string_len("role", 16))
            .col(integer_null("unit_id"))
            .col(boolean("below"))
            .col(big_integer("created_at"))
            .col(big_integer("expires_at"))
            .col(big_integer_null("used_at"))
            .col(big_integer_null("revoked_at"))
            .foreign_key(&mut reference("api_tokens", "user_id", "users"))
            .foreign_key(&mut reference("api_tokens", "unit_id", "units"))
            .take();
        create(manager, &mut tokens, false).await?;

        let mut links = Table::create()
            .table("report_links")
            .col(pk_auto("id"))
            .col(integer("campaign_id"))
            .col(integer("unit_id"))
            .col(string_len("token_hash", 64).unique_key())
            .col(integer("created_by"))
            .col(big_integer("created_at"))
            .col(big_integer("expires_at"))
            .col(big_integer_null("revoked_at"))
            .foreign_key(&mut reference("report_links", "campaign_id", "campaigns"))
            .foreign_key(&mut reference("report_links", "unit_id", "units"))
            .foreign_key(&mut reference("report_links", "created_by", "users"))
            .take();
        create(manager, &mut links, false).await?;

        for (table, column) in [("api_tokens", "user_id"), ("report_links", "campaign_id")] {
            let index = Index::create().name(format!("idx-{table}-{column}")).table(table).col(column).take();
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
