//! Keys under which a request was answered once and must be answered the same again.

use super::entity::idempotency;
use super::rows::{Columns, Rows, Type};
use super::submission::IdempotencyKey;
use super::{StoreError, Transaction};
use crate::domain::calendar::ReportDay;
use crate::domain::tally::Version;
use jiff::Timestamp;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use std::collections::HashMap;

/// A request that was answered.
#[derive(Debug, Clone)]
pub(super) struct Answered {
    pub(super) request_hash: String,
    pub(super) key: (i32, ReportDay, crate::domain::unit::UnitId, u32),
    pub(super) created: bool,
}

/// The requests already answered under these keys (account, key).
pub(super) async fn find(
    connection: &impl ConnectionTrait,
    keys: &[(i32, &str)],
) -> Result<HashMap<(i32, String), Answered>, StoreError> {
    const KEY: Columns = &[("user_id", Type::Int), ("key", Type::Text)];
    let mut rows = Rows::new(KEY);
    keys.iter().for_each(|(user, key)| rows.push([(*user).into(), (*key).into()]));
    const SELECT: &str =
        "t.user_id, t.key, t.request_hash, t.campaign_id, t.day, t.unit_id, t.version, t.created";
    let rows =
        rows.find(connection, SELECT, "idempotency", "t.user_id = r.user_id AND t.key = r.key").await?;
    let mut found = HashMap::new();
    for row in rows {
        let day = ReportDay::from_number(row.try_get_by_index(4)?)
            .map_err(|e| StoreError::Damaged(e.to_string()))?;
        let version = u32::try_from(row.try_get_by_index::<i32>(6)?).unwrap_or_default();
        let unit = crate::domain::unit::UnitId(row.try_get_by_index(5)?);
        let answered = Answered {
            request_hash: row.try_get_by_index(2)?,
            key: (row.try_get_by_index(3)?, day, unit, version),
            created: row.try_get_by_index(7)?,
        };
        found.insert((row.try_get_by_index(0)?, row.try_get_by_index(1)?), answered);
    }
    Ok(found)
}

/// Records what was answered under keys.
pub(super) async fn insert(
    connection: &impl ConnectionTrait,
    at: Timestamp,
    answered: &[(i32, &IdempotencyKey, &Version, bool)],
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
    let mut rows = Rows::new(COLUMNS);
    for (user, key, version, created) in answered {
        rows.push([
            (*user).into(),
            key.key.as_str().into(),
            key.request_hash.as_str().into(),
            version.campaign.into(),
            version.day.number().into(),
            version.unit.0.into(),
            i32::try_from(version.version).unwrap_or(i32::MAX).into(),
            (*created).into(),
            at.as_millisecond().into(),
        ]);
    }
    let names = rows.names();
    let insert = |rows: &str| format!("INSERT INTO idempotency ({names}) SELECT {names} FROM {rows}");
    Ok(rows.execute(connection, insert).await?)
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
