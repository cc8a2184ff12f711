//! From where a change was made. Entries made before have none.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::string_len_null;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The longest text of an IPv6 address has 45 characters.
        let mut table = Table::alter().table("audit").add_column(string_len_null("address", 45)).take();
        manager.alter_table(table.take()).await
    }
}
