//! Accounts, what they were granted, and who is signed in.

use crate::{create, reference};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, integer, integer_null, pk_auto, string_len, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut users = Table::create()
            .table("users")
            .col(pk_auto("id"))
            .col(string_len("username", 64).unique_key())
            .col(text("password_hash"))
            .col(boolean("disabled"))
            .col(big_integer("created_at"))
            .take();
        create(manager, &mut users, false).await?;

        let mut grants = Table::create()
            .table("grants")
            .col(pk_auto("id"))
            .col(integer("user_id"))
            .col(string_len("role", 16))
            .col(integer_null("unit_id"))
            .col(boolean("below"))
            .foreign_key(&mut reference("grants", "user_id", "users"))
            .foreign_key(&mut reference("grants", "unit_id", "units"))
            .take();
        create(manager, &mut grants, false).await?;

        let mut sessions = Table::create()
            .table("sessions")
            .col(string_len("token_hash", 64).primary_key())
            .col(integer("user_id"))
            .col(big_integer("created_at"))
            .col(big_integer("expires_at"))
            .foreign_key(&mut reference("sessions", "user_id", "users"))
            .take();
        create(manager, &mut sessions, true).await
    }
}
