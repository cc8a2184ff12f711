//! The print ledger. An entry is found by the entry of the audit that seals it, and is never changed.

use super::entity::print_ledger::{Column, Entity, Model};
use super::{AuditEntry, Origin, Store, StoreError, Transaction, audit};
use crate::domain::calendar::ReportDay;
use crate::domain::ledger::LedgerKind;
use crate::domain::unit::UnitId;
use jiff::Timestamp;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The number of an entry: lane and place of its audit entry, written `0-57`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LedgerId(pub i16, pub i64);

impl fmt::Display for LedgerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}

impl FromStr for LedgerId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (shard, seq) = text.split_once('-').unwrap_or((text, ""));
        Ok(Self(shard.parse()?, seq.parse()?))
    }
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The campaign's number.
    pub campaign: i32,
    /// The unit whose print it is.
    pub unit: UnitId,
    /// Title of the print; empty for print without one.
    pub title: Arc<str>,
    /// The day.
    pub day: ReportDay,
    /// Which step.
    pub kind: LedgerKind,
    /// Copies; below zero in an entry that takes another back.
    pub count: i32,
    /// The entry that this one takes back.
    pub reverses: Option<LedgerId>,
    /// A remark.
    pub note: String,
    /// Who entered it.
    pub actor: i32,
    /// When.
    pub at: Timestamp,
}

impl LedgerEntry {
    /// Copies drawn by this entry, where it is about drawing.
    #[must_use]
    pub fn drawn(&self) -> Option<i64> {
        (self.kind == LedgerKind::Drawn).then(|| self.count.into())
    }
}

fn read(row: Model) -> Result<(LedgerId, LedgerEntry), StoreError> {
    let damaged = |what: &str| StoreError::Damaged(format!("print_ledger.{what}"));
    let entry = LedgerEntry {
        campaign: row.campaign_id,
        unit: UnitId(row.unit_id),
        title: row.title.as_str().into(),
        day: ReportDay::from_number(row.day).map_err(|_| damaged("day"))?,
        kind: LedgerKind::from_code(&row.kind).ok_or_else(|| damaged("kind"))?,
        count: row.count,
        reverses: row.reverses_shard.zip(row.reverses_seq).map(|(shard, seq)| LedgerId(shard, seq)),
        note: row.note,
        actor: row.actor_id,
        at: Timestamp::from_millisecond(row.at).map_err(|_| damaged("at"))?,
    };
    Ok((LedgerId(row.shard, row.seq), entry))
}

/// What the audit seals of an entry: every field but its number, which is the audit entry's own.
pub(super) fn digest(row: &Model) -> String {
    let number = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
    audit::digest([
        row.campaign_id.to_string().as_str(),
        &row.unit_id.to_string(),
        &row.title,
        &row.day.to_string(),
        &row.kind,
        &row.count.to_string(),
        &number(row.reverses_shard.map(Into::into)),
        &number(row.reverses_seq),
        &row.note,
        &row.actor_id.to_string(),
        &row.at.to_string(),
    ])
}

impl Transaction {
    /// Adds an entry. One that takes another back names it and nothing else: the rest is the other's.
    ///
    /// # Errors
    /// `Exists("ledger_reversal")` when that was taken back before, or takes one back itself.
    pub async fn add_to_ledger(
        &mut self,
        origin: Origin,
        subject: String,
        entry: LedgerEntry,
    ) -> Result<LedgerId, StoreError> {
        if let Some(LedgerId(shard, seq)) = entry.reverses {
            let taken_back = Entity::find()
                .filter(Column::ReversesShard.eq(shard))
                .filter(Column::ReversesSeq.eq(seq))
                .one(self.connection())
                .await?;
            let of = Entity::find_by_id((shard, seq)).one(self.connection()).await?;
            if taken_back.is_some() || of.is_none_or(|of| of.reverses_seq.is_some()) {
                return Err(StoreError::Exists("ledger_reversal"));
            }
        }
        let mut row = Model {
            shard: self.shard(),
            seq: 0,
            campaign_id: entry.campaign,
            unit_id: entry.unit.0,
            title: entry.title.as_ref().to_owned(),
            day: entry.day.number(),
            kind: entry.kind.code().to_owned(),
            count: entry.count,
            reverses_shard: entry.reverses.map(|id| id.0),
            reverses_seq: entry.reverses.map(|id| id.1),
            note: entry.note,
            actor_id: entry.actor,
            at: entry.at.as_millisecond(),
        };
        let detail = serde_json::json!({
            "title": row.title,
            "date": entry.day.to_string(),
            "kind": row.kind,
            "count": row.count,
            "reverses": entry.reverses.map(|id| id.to_string()),
            "digest": digest(&row),
        });
        row.seq = self.audit(AuditEntry { origin, action: ADD, subject, detail: detail.to_string() }).await?;
        let id = LedgerId(row.shard, row.seq);
        Entity::insert(row.into_active_model()).exec_without_returning(self.connection()).await?;
        Ok(id)
    }
}

/// The audit's name for a new entry.
pub(super) const ADD: &str = "ledger.add";

impl Store {
    /// The entries of some units in a campaign, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn ledger(
        &self,
        campaign: i32,
        units: &[UnitId],
    ) -> Result<Vec<(LedgerId, LedgerEntry)>, StoreError> {
        let mut found = Vec::new();
        for units in units.chunks(1_000) {
            let rows = Entity::find()
                .filter(Column::CampaignId.eq(campaign))
                .filter(Column::UnitId.is_in(units.iter().map(|unit| unit.0)))
                .order_by_asc(Column::At)
                .order_by_asc(Column::Shard)
                .order_by_asc(Column::Seq)
                .all(&self.read)
                .await?;
            for row in rows {
                found.push(read(row)?);
            }
        }
        Ok(found)
    }

    /// One entry.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn ledger_entry(&self, id: LedgerId) -> Result<Option<LedgerEntry>, StoreError> {
        let row = Entity::find_by_id((id.0, id.1)).one(&self.read).await?;
        Ok(row.map(read).transpose()?.map(|(_, entry)| entry))
    }
}
