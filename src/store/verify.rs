//! `pufa verify`: everything that can be recomputed is recomputed and compared.

use super::entity::{audit as entity, tally_version};
use super::{Listing, Store, StoreError, audit, rollup, tally};
use crate::domain::rollup::{self as rules, Rollup};
use crate::domain::tally::Version;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, QueryOrder, Statement};
use std::collections::BTreeMap;

/// Something that does not hold, in words for an administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding(pub String);

impl Store {
    /// Compares every rollup with its tallies, every audit entry with its seal and the versions it covers, and lets
    /// the database check itself. Empty when all holds.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn verify(&self) -> Result<Vec<Finding>, StoreError> {
        let mut findings = self.verify_database().await?;
        let catalogue = super::catalogue::load(&self.read).await?;
        for campaign in &catalogue.campaigns {
            let listing = Listing { campaign: campaign.key, ..Listing::default() };
            let current = tally::list(&self.read, &listing).await?;
            let right = rules::recompute(campaign, &catalogue.tree, &current);
            let mut stored = rollup::all(&self.read, campaign.key).await?;
            stored.retain(|_, rollup| !rollup.is_empty());
            let none = Rollup::default();
            for (key, right) in &right {
                if stored.get(key).unwrap_or(&none) != right {
                    let unit = catalogue.tree.get(key.1).map_or("?", |unit| unit.code.as_str());
                    findings.push(Finding(format!(
                        "rollup {} {unit} {} is not the sum of its tallies",
                        campaign.id, key.2
                    )));
                }
            }
            for key in stored.keys().filter(|key| !right.contains_key(key)) {
                findings.push(Finding(format!(
                    "rollup {} unit {} {} has no tallies",
                    campaign.id, key.1.0, key.2
                )));
            }
        }
        findings.extend(self.verify_audit().await?);
        findings.extend(self.verify_reviews().await?);
        findings.extend(self.verify_records().await?);
        Ok(findings)
    }

    async fn verify_database(&self) -> Result<Vec<Finding>, StoreError> {
        if self.backend() != DbBackend::Sqlite {
            return Ok(Vec::new());
        }
        let statement = Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check");
        let mut findings = Vec::new();
        for row in self.read.query_all_raw(statement).await? {
            let text: String = row.try_get_by_index(0)?;
            if text != "ok" {
                findings.push(Finding(format!("SQLite: {text}")));
            }
        }
        Ok(findings)
    }

    async fn verify_audit(&self) -> Result<Vec<Finding>, StoreError> {
        let mut findings = Vec::new();
        let mut sealed: BTreeMap<(i16, i64), (u64, String)> = BTreeMap::new();
        let (mut shard, mut hash, mut seq) = (None, String::new(), 0);
        let entries = entity::Entity::find()
            .order_by_asc(entity::Column::Shard)
            .order_by_asc(entity::Column::Seq)
            .all(&self.read)
            .await?;
        for row in entries {
            if shard != Some(row.shard) {
                (shard, hash, seq) = (Some(row.shard), String::new(), 0);
            }
            if row.seq != seq + 1 {
                findings.push(Finding(format!("audit {}: entries after {seq} are missing", row.shard)));
            } else if audit::seal(&hash, &row) != row.hash {
                findings.push(Finding(format!("audit {}/{}: the seal is broken", row.shard, row.seq)));
            }
            (hash, seq) = (row.hash.clone(), row.seq);
            if row.action == "tally.submit" {
                let detail: serde_json::Value = serde_json::from_str(&row.detail).unwrap_or_default();
                let digest = detail["digest"].as_str().unwrap_or_default().to_owned();
                sealed
                    .insert((row.shard, row.seq), (detail["versions"].as_u64().unwrap_or_default(), digest));
            }
        }
        let mut batches: BTreeMap<(i16, i64), Vec<Version>> = BTreeMap::new();
        for row in tally_version::Entity::find().all(&self.read).await? {
            batches.entry((row.shard, row.batch)).or_default().push(tally::from_model(row)?);
        }
        for (key, versions) in &batches {
            let found = (versions.len() as u64, tally::digest(&mut versions.iter().collect::<Vec<_>>()));
            if sealed.remove(key).as_ref() != Some(&found) {
                findings.push(Finding(format!(
                    "audit {}/{}: its versions are not those it sealed",
                    key.0, key.1
                )));
            }
        }
        for (shard, seq) in sealed.into_keys() {
            findings.push(Finding(format!("audit {shard}/{seq}: its versions are gone")));
        }
        Ok(findings)
    }
}
