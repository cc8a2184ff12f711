//! What a link opens: a wall screen, or as before a report.

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
        let mut links = Table::alter().table("report_links").add_column(string_len_null("kind", 16)).take();
        manager.alter_table(links.take()).await
    }
}
