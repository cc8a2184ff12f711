//! Who was asked for a report and when, and to which contact group a unit belongs.

use crate::{create, reference};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, integer_null, pk_auto, string_len, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The label of a group ("教育系统群"), never a person's name or number.
        let mut liaisons = Table::create()
            .table("unit_liaisons")
            .col(integer("unit_id").primary_key())
            .col(text("label"))
            .foreign_key(&mut reference("unit_liaisons", "unit_id", "units"))
            .take();
        create(manager, &mut liaisons, false).await?;

        // By a person (actor_id), or by the service itself through a hook (hook_id, which may be gone).
        let mut chases = Table::create()
            .table("chases")
            .col(pk_auto("id"))
            .col(integer("campaign_id"))
            .col(integer("day"))
            .col(integer("unit_id"))
            .col(string_len("channel", 16))
            .col(integer("asked"))
            .col(integer_null("actor_id"))
            .col(integer_null("hook_id"))
            .col(big_integer("at"))
            .foreign_key(&mut reference("chases", "campaign_id", "campaigns"))
            .foreign_key(&mut reference("chases", "unit_id", "units"))
            .take();
        create(manager, &mut chases, false).await?;
        let of_campaign =
            Index::create().name("idx-chases-campaign").table("chases").col("campaign_id").col("id").take();
        manager.create_index(of_campaign).await?;

        // The units of a chase; keyed so that what a unit was asked is read in one piece.
        let mut units = Table::create()
            .table("chase_units")
            .col(integer("campaign_id"))
            .col(integer("unit_id"))
            .col(integer("day"))
            .col(integer("chase_id"))
            .col(big_integer("at"))
            .primary_key(Index::create().col("campaign_id").col("unit_id").col("day").col("chase_id"))
            .foreign_key(&mut reference("chase_units", "chase_id", "chases"))
            .take();
        create(manager, &mut units, true).await
    }
}
