//! What a drive means to reach of each measure.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer_null;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut measures =
            Table::alter().table("campaign_measures").add_column(big_integer_null("target")).take();
        manager.alter_table(measures.take()).await
    }
}
