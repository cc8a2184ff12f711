//! Days that are locked, and exceptions to locks. They belong to the catalogue, for every report is judged by them.

use super::entity::{day_lock, lock_exception};
use super::{Store, StoreError, Transaction, state};
use crate::domain::calendar::ReportDay;
use crate::domain::campaign::Locks;
use crate::domain::unit::UnitId;
use jiff::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use std::collections::HashMap;

/// A locked day.
#[derive(Debug, Clone)]
pub struct Lock {
    /// The campaign's number.
    pub campaign: i32,
    /// The day.
    pub day: ReportDay,
    /// Why.
    pub reason: String,
    /// Who locked it.
    pub actor: i32,
    /// When.
    pub at: Timestamp,
}

/// Leave for a unit to report on a locked day.
#[derive(Debug, Clone)]
pub struct Exception {
    /// The lock it is an exception to, or would be: campaign, day, why, who, when.
    pub lock: Lock,
    /// The unit.
    pub unit: UnitId,
    /// The last instant of it, if it has one.
    pub until: Option<Timestamp>,
}

fn day(number: i32) -> Result<ReportDay, StoreError> {
    ReportDay::from_number(number).map_err(|error| StoreError::Damaged(error.to_string()))
}

fn instant(number: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(number).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// All locks by campaign.
pub(super) async fn load(connection: &impl ConnectionTrait) -> Result<HashMap<i32, Locks>, StoreError> {
    let mut locks: HashMap<i32, Locks> = HashMap::new();
    for row in day_lock::Entity::find().all(connection).await? {
        locks.entry(row.campaign_id).or_default().days.insert(day(row.day)?);
    }
    for row in lock_exception::Entity::find().all(connection).await? {
        let until = row.until.map(instant).transpose()?;
        let key = (UnitId(row.unit_id), day(row.day)?);
        locks.entry(row.campaign_id).or_default().exceptions.insert(key, until);
    }
    Ok(locks)
}

impl Transaction {
    /// Locks a day; a day that is locked keeps its first lock.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn lock_day(&mut self, lock: Lock) -> Result<(), StoreError> {
        let row = day_lock::ActiveModel {
            campaign_id: Set(lock.campaign),
            day: Set(lock.day.number()),
            reason: Set(lock.reason),
            actor_id: Set(lock.actor),
            at: Set(lock.at.as_millisecond()),
        };
        let key = [day_lock::Column::CampaignId, day_lock::Column::Day];
        day_lock::Entity::insert(row)
            .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
            .exec_without_returning(self.connection())
            .await?;
        self.touch(&state::DAY_LOCKS, lock.campaign);
        self.touch_catalogue().await
    }

    /// Opens a day again.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn unlock_day(&mut self, campaign: i32, day: ReportDay) -> Result<(), StoreError> {
        day_lock::Entity::delete_by_id((campaign, day.number())).exec(self.connection()).await?;
        self.touch(&state::DAY_LOCKS, campaign);
        self.touch_catalogue().await
    }

    /// Opens an exception; one that is there already is replaced.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn open_exception(&mut self, exception: Exception) -> Result<(), StoreError> {
        use lock_exception::Column;
        let row = lock_exception::ActiveModel {
            campaign_id: Set(exception.lock.campaign),
            day: Set(exception.lock.day.number()),
            unit_id: Set(exception.unit.0),
            until: Set(exception.until.map(Timestamp::as_millisecond)),
            reason: Set(exception.lock.reason),
            actor_id: Set(exception.lock.actor),
            at: Set(exception.lock.at.as_millisecond()),
        };
        let replace = OnConflict::columns([Column::CampaignId, Column::Day, Column::UnitId])
            .update_columns([Column::Until, Column::Reason, Column::ActorId, Column::At])
            .to_owned();
        lock_exception::Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(self.connection())
            .await?;
        self.touch(&state::LOCK_EXCEPTIONS, exception.lock.campaign);
        self.touch_catalogue().await
    }
}

impl Store {
    /// The locked days of a campaign and its exceptions, by day.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn locks(&self, campaign: i32) -> Result<(Vec<Lock>, Vec<Exception>), StoreError> {
        let rows = day_lock::Entity::find()
            .filter(day_lock::Column::CampaignId.eq(campaign))
            .order_by_asc(day_lock::Column::Day)
            .all(&self.read)
            .await?;
        let lock = |number: i32, reason: String, actor: i32, at: i64| -> Result<Lock, StoreError> {
            Ok(Lock { campaign, day: day(number)?, reason, actor, at: instant(at)? })
        };
        let locks = rows.into_iter().map(|row| lock(row.day, row.reason, row.actor_id, row.at));
        let locks = locks.collect::<Result<_, _>>()?;
        let rows = lock_exception::Entity::find()
            .filter(lock_exception::Column::CampaignId.eq(campaign))
            .order_by_asc(lock_exception::Column::Day)
            .order_by_asc(lock_exception::Column::UnitId)
            .all(&self.read)
            .await?;
        let mut exceptions = Vec::with_capacity(rows.len());
        for row in rows {
            exceptions.push(Exception {
                unit: UnitId(row.unit_id),
                until: row.until.map(instant).transpose()?,
                lock: lock(row.day, row.reason, row.actor_id, row.at)?,
            });
        }
        Ok((locks, exceptions))
    }
}
