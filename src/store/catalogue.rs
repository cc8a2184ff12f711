//! Units and campaigns: loading them as one catalogue, and changing them.

use super::entity::{campaign, campaign_measure, campaign_unit, setting, unit};
use super::units::{self, Above, NewUnit, Progress};
use super::{StoreError, Transaction, state, unit_tree};
use crate::domain::calendar::{ReportDay, Window};
use crate::domain::campaign::{Campaign, CampaignId, Expected, Kind, Locks};
use crate::domain::catalogue::Catalogue;
use crate::domain::measure::{Measure, MeasureCode};
use crate::domain::unit::{Unit, UnitId};
use jiff::civil::Time;
use sea_orm::ActiveValue::{NotSet, Set, Unchanged};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

const EPOCH: &str = "catalogue_epoch";

/// A campaign to be entered: everything but its number.
#[derive(Debug, Clone)]
pub struct NewCampaign(pub Campaign);

fn damaged(what: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(what.to_string())
}

pub(super) async fn epoch(connection: &impl ConnectionTrait) -> Result<i64, StoreError> {
    let row = setting::Entity::find_by_id(EPOCH).one(connection).await?;
    row.and_then(|row| row.value.parse().ok()).ok_or_else(|| damaged("setting catalogue_epoch"))
}

/// Reads units and campaigns. Of those that are known the units are taken over where they have not changed since.
pub(super) async fn load(
    connection: &impl ConnectionTrait,
    known: &Catalogue,
) -> Result<Catalogue, StoreError> {
    // The epoch is read first: what changes while the rest is read makes the next look load again.
    let epoch = epoch(connection).await?;
    let (tree, tree_epoch) = unit_tree::load(connection, known).await?;
    let mut measures: HashMap<i32, Vec<campaign_measure::Model>> = HashMap::new();
    let rows = campaign_measure::Entity::find()
        .order_by_asc(campaign_measure::Column::Position)
        .all(connection)
        .await?;
    rows.into_iter().for_each(|row| measures.entry(row.campaign_id).or_default().push(row));
    let mut expected: HashMap<i32, BTreeSet<UnitId>> = HashMap::new();
    for row in campaign_unit::Entity::find().all(connection).await? {
        expected.entry(row.campaign_id).or_default().insert(UnitId(row.unit_id));
    }
    let rows = campaign::Entity::find()
        .order_by_desc(campaign::Column::StartsOn)
        .order_by_asc(campaign::Column::Slug)
        .all(connection)
        .await?;
    let mut locks = super::locks::load(connection).await?;
    let mut campaigns = Vec::with_capacity(rows.len());
    for row in rows {
        let measures = measures.remove(&row.id).unwrap_or_default();
        let expected = expected.remove(&row.id).map_or(Expected::Leaves, Expected::Listed);
        let locks = locks.remove(&row.id).unwrap_or_default();
        campaigns.push(Arc::new(read_campaign(row, measures, expected, locks)?));
    }
    Ok(Catalogue { epoch, tree, tree_epoch, campaigns })
}

fn read_campaign(
    row: campaign::Model,
    measures: Vec<campaign_measure::Model>,
    expected: Expected,
    locks: Locks,
) -> Result<Campaign, StoreError> {
    let first = ReportDay::from_number(row.starts_on).map_err(damaged)?;
    let last = ReportDay::from_number(row.ends_on).map_err(damaged)?;
    let minutes = |n: i32| i8::try_from(n).map_err(damaged);
    let measure = |row: campaign_measure::Model| -> Result<Measure, StoreError> {
        let code = MeasureCode::new(&row.code).map_err(damaged)?;
        Ok(Measure {
            code,
            name: row.name,
            name_en: row.name_en,
            word: row.word,
            word_en: row.word_en,
            target: row.target.and_then(|target| u32::try_from(target).ok()),
        })
    };
    Ok(Campaign {
        key: row.id,
        id: CampaignId::new(&row.slug).map_err(damaged)?,
        kind: Kind::from_code(&row.kind).ok_or_else(|| damaged(&row.kind))?,
        year: row.year,
        name: row.name,
        ordinal: row.ordinal.and_then(|n| u32::try_from(n).ok()),
        theme: row.theme,
        window: Window::new(first, last).map_err(damaged)?,
        deadline: Time::new(minutes(row.deadline / 60)?, minutes(row.deadline % 60)?, 0, 0)
            .map_err(damaged)?,
        unit: UnitId(row.unit_id),
        expected,
        measures: measures.into_iter().map(measure).collect::<Result<_, _>>()?,
        locked: row.locked,
        demo: row.demo,
        locks,
    })
}

impl Transaction {
    pub(super) async fn touch_catalogue(&mut self) -> Result<(), StoreError> {
        let next = epoch(self.connection()).await? + 1;
        let row = setting::ActiveModel { name: Unchanged(EPOCH.into()), value: Set(next.to_string()) };
        row.update(self.connection()).await?;
        self.reload_catalogue().await?;
        self.keep_tree().await
    }

    /// Enters units and gives their numbers, in their order.
    ///
    /// # Errors
    /// `Exists("unit_code")` when a code is taken; `Damaged` when they make no tree.
    pub async fn insert_units(&mut self, units: Vec<NewUnit>) -> Result<Vec<UnitId>, StoreError> {
        if units.iter().any(|new| self.catalogue().tree.by_code(new.code.as_str()).is_some()) {
            return Err(StoreError::Exists("unit_code"));
        }
        let ids = units::insert(self.connection(), units).await?;
        ids.iter().for_each(|id| self.touch(&state::UNITS, id.0));
        self.touch_catalogue().await?;
        Ok(ids)
    }

    /// Enters many units, each after the one above it, and changes others. Units and campaigns are read anew once, at the
    /// end. Rollups that the change concerns must be rebuilt by the caller.
    ///
    /// # Errors
    /// `Exists("unit_code")` when a code is taken; `Damaged` when they make no tree.
    pub async fn enter_units(
        &mut self,
        new: Vec<(NewUnit, Above)>,
        changed: Vec<Unit>,
        progress: &Progress,
    ) -> Result<(), StoreError> {
        if new.iter().any(|(new, _)| self.catalogue().tree.by_code(new.code.as_str()).is_some()) {
            return Err(StoreError::Exists("unit_code"));
        }
        changed.iter().for_each(|unit| self.touch(&state::UNITS, unit.id.0));
        let entered = units::enter(self.connection(), new, progress).await?;
        entered.iter().flatten().for_each(|id| self.touch(&state::UNITS, id.0));
        let rows = changed.len();
        units::change(self.connection(), changed).await?;
        progress.add(rows);
        self.touch_catalogue().await
    }

    /// Replaces what is known of a unit. Rollups that the change concerns must be rebuilt by the caller.
    ///
    /// # Errors
    /// `Exists("unit_code")` when the new code is another unit's.
    pub async fn update_unit(&mut self, unit: Unit) -> Result<(), StoreError> {
        if self.catalogue().tree.by_code(unit.code.as_str()).is_some_and(|other| other.id != unit.id) {
            return Err(StoreError::Exists("unit_code"));
        }
        let row = unit::ActiveModel {
            id: Unchanged(unit.id.0),
            code: Set(unit.code.to_string()),
            name: Set(unit.name),
            kind: Set(unit.kind.code().into()),
            parent_id: Set(unit.parent.map(|parent| parent.0)),
            opened_on: Set(unit.opened_on.map(ReportDay::number)),
            closed_on: Set(unit.closed_on.map(ReportDay::number)),
            position: Set(unit.order),
        };
        row.update(self.connection()).await?;
        self.touch(&state::UNITS, unit.id.0);
        self.touch_catalogue().await
    }

    /// Enters a campaign; its `key` is ignored and the new one given.
    ///
    /// # Errors
    /// `Exists("campaign_id")` when the identifier is taken.
    pub async fn insert_campaign(&mut self, NewCampaign(campaign): NewCampaign) -> Result<i32, StoreError> {
        if self.catalogue().campaign(campaign.id.as_str()).is_some() {
            return Err(StoreError::Exists("campaign_id"));
        }
        let mut row = campaign_row(&campaign);
        row.id = NotSet;
        let key = row.insert(self.connection()).await?.id;
        self.write_campaign_lists(key, &campaign).await?;
        self.touch_catalogue().await?;
        Ok(key)
    }

    /// Replaces what is known of a campaign. Rollups that the change concerns must be rebuilt by the caller.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn update_campaign(&mut self, campaign: &Campaign) -> Result<(), StoreError> {
        campaign_row(campaign).update(self.connection()).await?;
        let of_campaign = campaign_measure::Column::CampaignId.eq(campaign.key);
        campaign_measure::Entity::delete_many().filter(of_campaign).exec(self.connection()).await?;
        let of_campaign = campaign_unit::Column::CampaignId.eq(campaign.key);
        campaign_unit::Entity::delete_many().filter(of_campaign).exec(self.connection()).await?;
        self.write_campaign_lists(campaign.key, campaign).await?;
        self.touch_catalogue().await
    }

    async fn write_campaign_lists(&mut self, key: i32, campaign: &Campaign) -> Result<(), StoreError> {
        for table in [&state::CAMPAIGNS, &state::CAMPAIGN_MEASURES, &state::CAMPAIGN_UNITS] {
            self.touch(table, key);
        }
        let measures =
            campaign.measures.iter().zip(0..).map(|(measure, position)| campaign_measure::ActiveModel {
                campaign_id: Set(key),
                code: Set(measure.code.to_string()),
                position: Set(position),
                name: Set(measure.name.clone()),
                name_en: Set(measure.name_en.clone()),
                word: Set(measure.word.clone()),
                word_en: Set(measure.word_en.clone()),
                target: Set(measure.target.map(i64::from)),
            });
        campaign_measure::Entity::insert_many(measures).exec_without_returning(self.connection()).await?;
        let Expected::Listed(units) = &campaign.expected else { return Ok(()) };
        let units = units
            .iter()
            .map(|unit| campaign_unit::ActiveModel { campaign_id: Set(key), unit_id: Set(unit.0) });
        campaign_unit::Entity::insert_many(units).exec_without_returning(self.connection()).await?;
        Ok(())
    }
}

fn campaign_row(campaign: &Campaign) -> campaign::ActiveModel {
    let deadline = i32::from(campaign.deadline.hour()) * 60 + i32::from(campaign.deadline.minute());
    campaign::ActiveModel {
        id: Unchanged(campaign.key),
        slug: Set(campaign.id.to_string()),
        kind: Set(campaign.kind.code().into()),
        year: Set(campaign.year),
        name: Set(campaign.name.clone()),
        ordinal: Set(campaign.ordinal.and_then(|n| i32::try_from(n).ok())),
        theme: Set(campaign.theme.clone()),
        starts_on: Set(campaign.window.first().number()),
        ends_on: Set(campaign.window.last().number()),
        deadline: Set(deadline),
        unit_id: Set(campaign.unit.0),
        locked: Set(campaign.locked),
        demo: Set(campaign.demo),
    }
}
