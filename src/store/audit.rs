//! The audit: what was changed, by whom and when, each entry sealed over the one before.

use super::entity::audit;
use super::{StoreError, Transaction};
use jiff::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, EntityTrait, Statement};
use sha2::{Digest, Sha256};
use std::net::IpAddr;

/// Who made a change, and from where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Origin {
    /// The account; `None` for the command line, and for nobody.
    pub actor: Option<i32>,
    /// The address of the request; `None` for the command line.
    pub address: Option<IpAddr>,
}

/// What is told of a change.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Who, from where.
    pub origin: Origin,
    /// Stable name such as `unit.create`.
    pub action: &'static str,
    /// What was changed: a code or identifier.
    pub subject: String,
    /// Before and after, as JSON.
    pub detail: String,
}

/// The end of a lane's chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) seq: i64,
    hash: String,
}

/// The end of a lane's chain and the epoch of units and campaigns, in one look: every transaction begins with it.
pub(super) async fn head(connection: &impl ConnectionTrait, shard: i16) -> Result<(Head, i64), StoreError> {
    let sql = "SELECT s.value, a.seq, a.hash FROM settings s LEFT JOIN audit a ON a.shard = $1 AND a.seq = \
               (SELECT MAX(m.seq) FROM audit m WHERE m.shard = $1) WHERE s.name = 'catalogue_epoch'";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [shard.into()]);
    let row = connection.query_one_raw(statement).await?;
    let damaged = || StoreError::Damaged("setting catalogue_epoch".into());
    let row = row.ok_or_else(damaged)?;
    let epoch = row.try_get_by_index::<String>(0)?.parse().map_err(|_| damaged())?;
    let head = match (row.try_get_by_index(1)?, row.try_get_by_index(2)?) {
        (Some(seq), Some(hash)) => Head { seq, hash },
        _ => Head::default(),
    };
    Ok((head, epoch))
}

/// Adds an entry after `head`, and gives the new end.
pub(super) async fn append(
    connection: &impl ConnectionTrait,
    shard: i16,
    head: &Head,
    at: Timestamp,
    entry: Entry,
) -> Result<Head, StoreError> {
    let mut row = audit::Model {
        shard,
        seq: head.seq + 1,
        at: at.as_millisecond(),
        actor_id: entry.origin.actor,
        address: entry.origin.address.map(|address| address.to_canonical().to_string()),
        action: entry.action.into(),
        subject: entry.subject,
        detail: entry.detail,
        hash: String::new(),
    };
    row.hash = seal(&head.hash, &row);
    let next = Head { seq: row.seq, hash: row.hash.clone() };
    let row = audit::ActiveModel {
        shard: Set(row.shard),
        seq: Set(row.seq),
        at: Set(row.at),
        actor_id: Set(row.actor_id),
        address: Set(row.address),
        action: Set(row.action),
        subject: Set(row.subject),
        detail: Set(row.detail),
        hash: Set(row.hash),
    };
    audit::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(next)
}

/// The seal of an entry: SHA-256 over the seal before it and every field, each with its length before it, so that no
/// text can be moved from one field into the next.
pub(super) fn seal(previous: &str, row: &audit::Model) -> String {
    let actor = row.actor_id.map(|id| id.to_string()).unwrap_or_default();
    digest([
        previous,
        &row.shard.to_string(),
        &row.seq.to_string(),
        &row.at.to_string(),
        &actor,
        row.address.as_deref().unwrap_or_default(),
        &row.action,
        &row.subject,
        &row.detail,
    ])
}

/// SHA-256 in hex over texts, each with its length before it.
pub(super) fn digest<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hex::encode(hash.finalize())
}

impl Transaction {
    /// Records a change in the same transaction.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn audit(&mut self, entry: Entry) -> Result<i64, StoreError> {
        let head = append(self.connection(), self.shard(), self.head(), self.now(), entry).await?;
        let seq = head.seq;
        self.set_head(head);
        Ok(seq)
    }
}
