//! Published figures: frozen texts, sealed by the audit, and what came in since.

use super::entity::publication::{Column, Entity, Model};
use super::tally::{self, Key};
use super::{AuditEntry, Origin, Store, StoreError, Transaction, audit, sealed};
use crate::domain::tally::Version;
use crate::domain::unit::UnitId;
use jiff::Timestamp;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Statement, Value,
};
use std::collections::BTreeMap;

/// How far each lane's audit had come: what was there then, and what is newer.
pub type Marks = BTreeMap<i16, i64>;

/// Figures to be frozen.
#[derive(Debug, Clone)]
pub struct NewPublication {
    /// The campaign's number.
    pub campaign: i32,
    /// The unit whose totals they are.
    pub unit: UnitId,
    /// What they were published as.
    pub title: String,
    /// What is frozen, as JSON.
    pub frozen: String,
    /// Who published.
    pub actor: i32,
    /// When.
    pub at: Timestamp,
}

/// Figures that were published.
#[derive(Debug, Clone)]
pub struct Publication {
    /// 1, 2, 3 … in a campaign.
    pub number: i32,
    /// What was published.
    pub content: NewPublication,
}

fn read(row: Model) -> Result<Publication, StoreError> {
    let at = Timestamp::from_millisecond(row.at);
    let content = NewPublication {
        campaign: row.campaign_id,
        unit: UnitId(row.unit_id),
        title: row.title,
        frozen: row.frozen,
        actor: row.actor_id,
        at: at.map_err(|_| StoreError::Damaged("publications.at".into()))?,
    };
    Ok(Publication { number: row.number, content })
}

/// What the audit seals of a publication.
pub(super) fn digest(row: &Model) -> String {
    audit::digest([
        row.campaign_id.to_string().as_str(),
        &row.number.to_string(),
        &row.unit_id.to_string(),
        &row.title,
        &row.frozen,
        &row.actor_id.to_string(),
        &row.at.to_string(),
    ])
}

/// The audit's name for a new publication.
pub(super) const FREEZE: &str = "publication.freeze";

impl Transaction {
    /// How many versions there are of and under a unit: what totals call their revision.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn revision(&mut self, campaign: i32, unit: UnitId) -> Result<i64, StoreError> {
        // A day that has rollups has reports.
        let sql = format!(
            "{} SELECT CAST(COALESCE(SUM(\
             COALESCE((SELECT SUM(r.changes) FROM rollups r \
             WHERE r.campaign_id = $1 AND r.day = d.day AND r.unit_id = $2), 0) + \
             COALESCE((SELECT MAX(t.version) FROM tally_versions t \
             WHERE t.campaign_id = $1 AND t.day = d.day AND t.unit_id = $2), 0)), 0) AS BIGINT) FROM d",
            tally::DAYS
        );
        let values: [Value; 2] = [campaign.into(), unit.0.into()];
        let backend = self.connection().get_database_backend();
        let statement = Statement::from_sql_and_values(backend, sql, values);
        let row = self.connection().query_one_raw(statement).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
    }

    /// How far each lane's audit has come.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn marks(&mut self) -> Result<Marks, StoreError> {
        let sql = "SELECT shard, MAX(seq) FROM audit GROUP BY shard";
        let statement = Statement::from_string(self.connection().get_database_backend(), sql);
        let rows = self.connection().query_all_raw(statement).await?;
        rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
    }

    /// Freezes figures under the campaign's next number.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn publish(
        &mut self,
        origin: Origin,
        subject: &str,
        new: NewPublication,
    ) -> Result<Publication, StoreError> {
        let last = Entity::find()
            .filter(Column::CampaignId.eq(new.campaign))
            .order_by_desc(Column::Number)
            .one(self.connection())
            .await?;
        let mut row = Model {
            campaign_id: new.campaign,
            number: last.map_or(0, |last| last.number) + 1,
            unit_id: new.unit.0,
            title: new.title,
            frozen: new.frozen,
            actor_id: new.actor,
            at: new.at.as_millisecond(),
            shard: self.shard(),
            seq: 0,
        };
        let detail = serde_json::json!({
            "number": row.number,
            "title": row.title,
            "digest": digest(&row),
        });
        let subject = subject.to_owned();
        row.seq =
            self.audit(AuditEntry { origin, action: FREEZE, subject, detail: detail.to_string() }).await?;
        Entity::insert(row.clone().into_active_model()).exec_without_returning(self.connection()).await?;
        read(row)
    }
}

impl Store {
    /// What was published of a campaign, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn publications(&self, campaign: i32) -> Result<Vec<Publication>, StoreError> {
        let rows = Entity::find()
            .filter(Column::CampaignId.eq(campaign))
            .order_by_desc(Column::Number)
            .all(&self.read)
            .await?;
        rows.into_iter().map(read).collect()
    }

    /// One publication.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn publication(&self, campaign: i32, number: i32) -> Result<Option<Publication>, StoreError> {
        Entity::find_by_id((campaign, number)).one(&self.read).await?.map(read).transpose()
    }

    /// The reports of a campaign that have versions newer than these marks: for each the version that was current
    /// then, if there was one, and the one that is current now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn changed_since(
        &self,
        campaign: i32,
        marks: &Marks,
    ) -> Result<Vec<(Option<Version>, Version)>, StoreError> {
        // The first and the last new version of each report.
        let mut newer: BTreeMap<Key, (u32, u32)> = BTreeMap::new();
        for (lane, head) in sealed::heads(&self.read).await? {
            let after = marks.get(&lane).copied().unwrap_or(0);
            for (key, version) in sealed::members(&self.read, lane, (after, head), Some(campaign)).await? {
                let (first, last) = newer.entry(key).or_insert((version, version));
                (*first, *last) = (version.min(*first), version.max(*last));
            }
        }
        // Versions have no gaps, so the one before the first new one was current.
        let changed: Vec<(Key, u32, u32)> =
            newer.into_iter().map(|(key, (first, last))| (key, first.saturating_sub(1), last)).collect();
        let wanted: Vec<(Key, u32)> =
            changed.iter().flat_map(|(key, before, after)| [(*key, *before), (*key, *after)]).collect();
        let mut found: BTreeMap<(Key, u32), Version> = BTreeMap::new();
        for version in tally::these(&self.read, &wanted).await? {
            found.insert(((version.campaign, version.day, version.unit), version.version), version);
        }
        let versions: Vec<Version> = found.values().cloned().collect();
        self.know_all(&versions).await?;
        let pair = |(key, before, after): (Key, u32, u32)| {
            let before = found.get(&(key, before)).cloned();
            found.get(&(key, after)).cloned().map(|after| (before, after))
        };
        Ok(changed.into_iter().filter_map(pair).collect())
    }
}
