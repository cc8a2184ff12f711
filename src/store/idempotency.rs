//! Keys under which a request was answered once and must be answered the same again.

use super::entity::idempotency;
use super::place::{Found, Place, Read};
use super::rows::{self, Columns, Rows, Type};
use super::submission::IdempotencyKey;
use super::{StoreError, Transaction};
use crate::domain::calendar::ReportDay;
use crate::domain::tally::Version;
use crate::domain::unit::UnitId;
use jiff::Timestamp;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use std::collections::HashMap;
use std::sync::Arc;

/// A request that was answered.
#[derive(Debug, Clone)]
pub(super) struct Answered {
    pub(super) request_hash: String,
    pub(super) key: (i32, ReportDay, UnitId, u32),
    pub(super) created: bool,
}

impl Read for ((i32, String), Answered) {
    fn read(row: &impl Found) -> Result<Self, StoreError> {
        let day =
            ReportDay::from_number(row.get(4)?).map_err(|error| StoreError::Damaged(error.to_string()))?;
        let version = u32::try_from(row.get::<i32>(6)?).unwrap_or_default();
        let answered = Answered {
            request_hash: row.get(2)?,
            key: (row.get(3)?, day, UnitId(row.get(5)?), version),
            created: row.get(7)?,
        };
        Ok(((row.get(0)?, row.get(1)?), answered))
    }
}

/// The requests already answered under these keys (account, key).
pub(super) async fn find(
    place: &impl Place,
    keys: &[(i32, &str)],
) -> Result<HashMap<(i32, String), Answered>, StoreError> {
    const KEY: Columns = &[("user_id", Type::Int), ("key", Type::Text)];
    const SELECT: &str =
        "t.user_id, t.key, t.request_hash, t.campaign_id, t.day, t.unit_id, t.version, t.created";
    let mut rows = Rows::new(KEY);
    keys.iter().for_each(|(user, key)| rows.push([(*user).into(), (*key).into()]));
    let found = place.find(rows, SELECT, "idempotency", "t.user_id = r.user_id AND t.key = r.key").await?;
    Ok(found.into_iter().collect())
}

/// Records what was answered under keys, in their order, as versions are added.
pub(super) async fn insert(
    place: &impl Place,
    at: Timestamp,
    answered: &[(i32, &IdempotencyKey, Arc<Version>, bool)],
) -> Result<(), StoreError> {
    const COLUMNS: Columns = &[
        ("user_id", Type::Int),
        ("key", Type::Text),
        ("request_hash", Type::Text),
        ("campaign_id", Type::Int),
        ("day", Type::Int),
        ("unit_id", Type::Int),
        ("version", Type::Int),
        ("created", Type::Bool),
        ("at", Type::Big),
    ];
    if answered.is_empty() {
        return Ok(());
    }
    let mut answered: Vec<_> = answered.iter().collect();
    answered.sort_unstable_by_key(|(user, key, ..)| (*user, key.key.as_str()));
    let row = |(user, key, version, created): &(i32, &IdempotencyKey, Arc<Version>, bool)| {
        [
            (*user).into(),
            key.key.as_str().into(),
            key.request_hash.as_str().into(),
            version.campaign.into(),
            version.day.number().into(),
            version.unit.0.into(),
            i32::try_from(version.version).unwrap_or(i32::MAX).into(),
            (*created).into(),
            at.as_millisecond().into(),
        ]
    };
    let names = rows::names(COLUMNS);
    let insert = |rows: &str| format!("INSERT INTO idempotency ({names}) SELECT {names} FROM {rows}");
    place.enter(COLUMNS, answered.into_iter().map(row), insert).await
}

impl Transaction {
    /// Forgets the keys of requests older than an instant; a client that retries after that long asks anew. Gives how
    /// many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn forget_requests(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        let old = idempotency::Column::At.lt(before.as_millisecond());
        Ok(idempotency::Entity::delete_many().filter(old).exec(self.connection()).await?.rows_affected)
    }
}
