//! Sessions with a number of their own, an idle limit and the address they began at; who failed to sign in lately; and
//! the epoch that every change of accounts raises, so that one look tells whether what is remembered still holds.
//!
//! Sessions are made anew: whoever is signed in signs in once more after this.

use crate::{create, reference};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, pk_auto, string_len, string_len_null, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("sessions").take()).await?;
        let mut sessions = Table::create()
            .table("sessions")
            .col(pk_auto("id"))
            .col(string_len("token_hash", 64).unique_key())
            .col(integer("user_id"))
            .col(big_integer("created_at"))
            .col(big_integer("used_at"))
            // Milliseconds it may lie unused.
            .col(big_integer("idle"))
            .col(big_integer("expires_at"))
            .col(string_len_null("address", 45))
            .foreign_key(&mut reference("sessions", "user_id", "users"))
            .take();
        create(manager, &mut sessions, false).await?;

        // The key is a digest of name and address: a name that is nobody's may be a password typed into the wrong field.
        let mut failures = Table::create()
            .table("sign_in_failures")
            .col(string_len("key", 64).primary_key())
            .col(text("times"))
            .col(big_integer("locked_until"))
            .col(big_integer("at"))
            .take();
        create(manager, &mut failures, true).await?;

        for (table, column) in
            [("sessions", "user_id"), ("sessions", "expires_at"), ("sign_in_failures", "at")]
        {
            let index = Index::create().name(format!("idx-{table}-{column}")).table(table).col(column).take();
            manager.create_index(index).await?;
        }
        let first = Query::insert()
            .into_table("settings")
            .columns(["name", "value"])
            .values_panic(["accounts_epoch".into(), "0".into()])
            .take();
        manager.execute(first).await
    }
}
