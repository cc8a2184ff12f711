//! Reading the audit: entries newest first, and the heads of its chains.

use super::entity::audit::{Column, Entity, Model};
use super::tally::{self, Key};
use super::verify::Anchor;
use super::{Store, StoreError};
use crate::domain::tally::Version;
use jiff::Timestamp;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};
use std::collections::BTreeMap;

/// An entry as kept.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The lane whose chain it is in.
    pub lane: i16,
    /// Its number in the chain.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// The account; a report link below zero; `None` for the command line, and for nobody.
    pub actor: Option<i32>,
    /// From where.
    pub address: Option<String>,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// Before and after, as JSON.
    pub detail: String,
}

impl Recorded {
    /// Whether it seals a batch of reports: what was done is in the versions.
    #[must_use]
    pub fn is_batch(&self) -> bool {
        self.action == super::audit::SUBMIT
    }
}

/// Which entries are asked for. Batches of reports are let through wherever one of their versions may fit.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Who.
    pub actor: Option<i32>,
    /// What: the beginning of an action's name.
    pub action: Option<String>,
    /// A part of the subject.
    pub subject: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// Batches of reports as well.
    pub batches: bool,
    /// In the order in which it was done, rather than the last first.
    pub oldest_first: bool,
}

/// A version that a batch sealed, the one before it, and from where it came.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// The version.
    pub version: Version,
    /// The one before it.
    pub before: Option<Version>,
    /// From where.
    pub address: Option<String>,
}

fn read(row: Model) -> Recorded {
    Recorded {
        lane: row.shard,
        seq: row.seq,
        at: Timestamp::from_millisecond(row.at).unwrap_or(Timestamp::MIN),
        actor: row.actor_id,
        address: row.address,
        action: row.action,
        subject: row.subject,
        detail: row.detail,
    }
}

impl Store {
    /// The ends of all chains; with an instant, as they were just before it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn audit_heads(
        &self,
        before: Option<Timestamp>,
    ) -> Result<Vec<(Anchor, Timestamp)>, StoreError> {
        let mut heads = Vec::new();
        let mut after = i32::from(i16::MIN) - 1;
        loop {
            let sql = "SELECT MIN(shard) FROM audit WHERE shard > $1";
            let statement = Statement::from_sql_and_values(self.backend(), sql, [after.into()]);
            let row = self.read.query_one_raw(statement).await?;
            let lane: Option<i16> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
            let Some(lane) = lane else { break };
            after = lane.into();
            let end = match before {
                Some(before) => self.audit_at(lane, before).await?,
                None => i64::MAX,
            };
            let last = Entity::find()
                .filter(Column::Shard.eq(lane))
                .filter(Column::Seq.lt(end))
                .order_by_desc(Column::Seq)
                .one(&self.read)
                .await?;
            if let Some(row) = last {
                let at = Timestamp::from_millisecond(row.at).unwrap_or(Timestamp::MIN);
                heads.push((Anchor { lane, seq: row.seq, hash: row.hash }, at));
            }
        }
        Ok(heads)
    }

    /// The number of a lane's first entry that is not before an instant. Entries of a chain never go back in time, so it
    /// is found by halving.
    async fn audit_at(&self, lane: i16, instant: Timestamp) -> Result<i64, StoreError> {
        let last = Entity::find()
            .filter(Column::Shard.eq(lane))
            .order_by_desc(Column::Seq)
            .one(&self.read)
            .await?
            .map_or(0, |row| row.seq);
        let (mut low, mut high) = (1, last + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let row = Entity::find_by_id((lane, middle)).one(&self.read).await?;
            let before = row.is_some_and(|row| row.at < instant.as_millisecond());
            if before {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// So many entries of a lane before a number, newest first; or after it, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn audit_from(
        &self,
        filter: &AuditFilter,
        lane: i16,
        place: i64,
        limit: u64,
    ) -> Result<Vec<Recorded>, StoreError> {
        let beyond = if filter.oldest_first { Column::Seq.gt(place) } else { Column::Seq.lt(place) };
        let mut wanted = Condition::all().add(Column::Shard.eq(lane)).add(beyond);
        if let Some(to) = filter.to {
            wanted = wanted.add(Column::Seq.lt(self.audit_at(lane, to).await?));
        }
        if let Some(from) = filter.from {
            wanted = wanted.add(Column::Seq.gte(self.audit_at(lane, from).await?));
        }
        let mut own = Condition::all().add(Column::Action.ne(super::audit::SUBMIT));
        if let Some(actor) = filter.actor {
            own = own.add(Column::ActorId.eq(actor));
        }
        if let Some(action) = &filter.action {
            own = own.add(Column::Action.starts_with(action));
        }
        if let Some(subject) = &filter.subject {
            own = own.add(Column::Subject.contains(subject));
        }
        let mut either = Condition::any().add(own);
        if filter.batches {
            either = either.add(Column::Action.eq(super::audit::SUBMIT));
        }
        let rows = Entity::find()
            .filter(wanted.add(either))
            .order_by(Column::Seq, if filter.oldest_first { Order::Asc } else { Order::Desc })
            .limit(limit)
            .all(&self.read)
            .await?;
        Ok(rows.into_iter().map(read).collect())
    }

    /// The versions that a batch sealed, in the order of their keys.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn audit_batch(&self, entry: &Recorded) -> Result<Vec<Sealed>, StoreError> {
        let versions = self.versions_of_batch(entry.lane, entry.seq).await?;
        let previous: Vec<(Key, u32)> = versions
            .iter()
            .filter(|version| version.version > 1)
            .map(|version| ((version.campaign, version.day, version.unit), version.version - 1))
            .collect();
        let mut before: BTreeMap<(Key, u32), Version> = tally::these(&self.read, &previous)
            .await?
            .into_iter()
            .map(|version| (((version.campaign, version.day, version.unit), version.version), version))
            .collect();
        let detail: serde_json::Value = serde_json::from_str(&entry.detail).unwrap_or_default();
        let address = |place: usize| match &detail["from"] {
            serde_json::Value::String(one) => Some(one.clone()),
            serde_json::Value::Object(many) => many
                .iter()
                .find(|(_, places)| {
                    places.as_array().is_some_and(|places| places.iter().any(|one| one == place))
                })
                .map(|(address, _)| address.clone()),
            _ => None,
        };
        let sealed = |(place, version): (usize, Version)| {
            let key = (version.campaign, version.day, version.unit);
            let before = before.remove(&(key, version.version - 1));
            Sealed { before, address: address(place), version }
        };
        Ok(versions.into_iter().enumerate().map(sealed).collect())
    }
}
