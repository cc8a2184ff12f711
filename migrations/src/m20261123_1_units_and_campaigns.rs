//! Units as a tree, campaigns with what they count and whom they expect, and the lines figures are kept under.

use crate::{create, reference};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, integer, integer_null, pk_auto, small_integer, string_len, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut units = Table::create()
            .table("units")
            .col(pk_auto("id"))
            .col(string_len("code", 32).unique_key())
            .col(text("name"))
            .col(string_len("kind", 16))
            .col(integer_null("parent_id"))
            .col(integer_null("opened_on"))
            .col(integer_null("closed_on"))
            .col(integer("position"))
            .foreign_key(&mut reference("units", "parent_id", "units"))
            .take();
        create(manager, &mut units, false).await?;

        let mut campaigns = Table::create()
            .table("campaigns")
            .col(pk_auto("id"))
            .col(string_len("slug", 64).unique_key())
            .col(string_len("kind", 16))
            .col(small_integer("year"))
            .col(text("name"))
            .col(integer_null("ordinal"))
            .col(text("theme"))
            .col(integer("starts_on"))
            .col(integer("ends_on"))
            .col(integer("deadline"))
            .col(integer("unit_id"))
            .col(boolean("locked"))
            .col(boolean("demo"))
            .foreign_key(&mut reference("campaigns", "unit_id", "units"))
            .take();
        create(manager, &mut campaigns, false).await?;

        let mut measures = Table::create()
            .table("campaign_measures")
            .col(integer("campaign_id"))
            .col(string_len("code", 32))
            .col(integer("position"))
            .col(text("name"))
            .col(text("name_en"))
            .col(text("word"))
            .col(text("word_en"))
            .primary_key(Index::create().col("campaign_id").col("code"))
            .foreign_key(&mut reference("campaign_measures", "campaign_id", "campaigns"))
            .take();
        create(manager, &mut measures, true).await?;

        let mut expected = Table::create()
            .table("campaign_units")
            .col(integer("campaign_id"))
            .col(integer("unit_id"))
            .primary_key(Index::create().col("campaign_id").col("unit_id"))
            .foreign_key(&mut reference("campaign_units", "campaign_id", "campaigns"))
            .foreign_key(&mut reference("campaign_units", "unit_id", "units"))
            .take();
        create(manager, &mut expected, true).await?;

        let mut slots = Table::create()
            .table("slots")
            .col(integer("id").primary_key())
            .col(string_len("measure", 32))
            .col(text("title"))
            .col(string_len("topic", 16))
            .col(string_len("mode", 16))
            .take();
        create(manager, &mut slots, false).await?;
        let unique = Index::create()
            .name("idx-slots-line")
            .table("slots")
            .unique()
            .col("measure")
            .col("title")
            .col("topic")
            .col("mode")
            .take();
        manager.create_index(unique).await?;

        let mut settings = Table::create()
            .table("settings")
            .col(string_len("name", 64).primary_key())
            .col(text("value"))
            .take();
        create(manager, &mut settings, false).await?;
        let first = Query::insert()
            .into_table("settings")
            .columns(["name", "value"])
            .values_panic(["catalogue_epoch".into(), "0".into()])
            .take();
        manager.execute(first).await
    }
}
