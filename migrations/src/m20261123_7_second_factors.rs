//! One-time codes, the codes that replace them once, and since when a password is one that somebody else gave.

use crate::{create, reference};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, integer, string_len, text_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            big_integer_null("temporary_since"),
            text_null("totp_secret"),
            // Null while the secret is offered and not yet confirmed.
            big_integer_null("totp_since"),
            // The last step whose code was used: no code counts twice.
            big_integer_null("totp_step"),
        ] {
            manager.alter_table(Table::alter().table("users").add_column(column).take()).await?;
        }
        let mut codes = Table::create()
            .table("recovery_codes")
            .col(integer("user_id"))
            .col(string_len("code_hash", 64))
            .primary_key(Index::create().col("user_id").col("code_hash"))
            .foreign_key(&mut reference("recovery_codes", "user_id", "users"))
            .take();
        create(manager, &mut codes, true).await
    }
}
