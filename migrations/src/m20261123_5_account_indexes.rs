//! What is looked for by account, or by the end of a session: without an index each is a look at every row, and a nation
//! has an account for every village.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [("grants", "user_id"), ("sessions", "user_id"), ("sessions", "expires_at")] {
            let index = Index::create().name(format!("idx-{table}-{column}")).table(table).col(column).take();
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
