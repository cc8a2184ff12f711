//! A batch of reports: what is looked up for it, what is decided, and what is written. Where that happens is the
//! writer's affair; nothing here begins or ends a transaction. What does not need each other's answers is asked at once.

use super::audit::{self, Entry};
use super::idempotency::{self, Answered};
use super::place::Place;
use super::rollup::{self, Hot};
use super::submission::{IdempotencyKey, Lines, Outcome, Submission, judge, repeated};
use super::{StoreError, sealed, tally};
use crate::domain::catalogue::Catalogue;
use crate::domain::rollup::{self as rules, Rollups};
use crate::domain::tally::Version;
use futures_util::future::{try_join, try_join4};
use jiff::Timestamp;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// What a refused submission does to the others of its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Atomic {
    /// Nothing.
    Each,
    /// Nothing of the transaction is stored.
    All,
}

/// What the database knows of the reports of a batch.
pub(super) struct Known {
    current: HashMap<tally::Key, Arc<Version>>,
    /// Requests that were answered before, and the versions they were answered with.
    answered: HashMap<(i32, String), Answered>,
    told: HashMap<(tally::Key, u32), Arc<Version>>,
}

impl Known {
    pub(super) async fn look(place: &impl Place, submissions: &[&Submission]) -> Result<Self, StoreError> {
        let keyed = submissions.iter().filter_map(|one| Some((one.actor, one.idempotency.as_ref()?)));
        let keys: Vec<(i32, &str)> = keyed.map(|(actor, key)| (actor, key.key.as_str())).collect();
        let mut reports: Vec<tally::Key> = submissions.iter().map(|one| key(one)).collect();
        reports.sort_unstable();
        reports.dedup();
        let (answered, current) =
            try_join(idempotency::find(place, &keys), tally::current(place, &reports)).await?;
        let told = answered.values().map(|answered| answered.key);
        let told: Vec<(tally::Key, u32)> =
            told.map(|(campaign, day, unit, version)| ((campaign, day, unit), version)).collect();
        let told = tally::these(place, &told).await?.into_iter();
        let report = |version: &Version| (version.campaign, version.day, version.unit);
        Ok(Self {
            current: current.into_iter().map(|version| (report(&version), Arc::new(version))).collect(),
            answered,
            told: told.map(|version| ((report(&version), version.version), Arc::new(version))).collect(),
        })
    }

    /// The answer that an earlier request with the same key got.
    fn replay(&self, submission: &Submission, before: &Answered) -> Result<Outcome, StoreError> {
        let same = submission.idempotency.as_ref().is_some_and(|key| key.request_hash == before.request_hash);
        if !same {
            return Ok(Outcome::KeyReused);
        }
        let (campaign, day, unit, version) = before.key;
        let version = self.told.get(&((campaign, day, unit), version)).cloned();
        let version =
            version.ok_or_else(|| StoreError::Damaged("idempotency names a missing version".into()))?;
        Ok(Outcome::Stored { version, created: before.created })
    }
}

fn key(submission: &Submission) -> tally::Key {
    (submission.campaign, submission.day, submission.unit)
}

/// The rollup rows above the reports of a batch: those that it may change.
pub(super) fn above(submissions: &[&Submission], catalogue: &Catalogue) -> impl Iterator<Item = rollup::Key> {
    submissions.iter().flat_map(|one| rules::above(&catalogue.tree, one.campaign, one.unit, one.day))
}

/// What became of the submissions of a batch, in their order, and what is to be written for it.
#[derive(Default)]
pub(super) struct Decided<'s> {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) versions: Vec<Arc<Version>>,
    from: Vec<Option<IpAddr>>,
    changes: Rollups,
    keyed: Vec<(i32, &'s IdempotencyKey, Arc<Version>, bool)>,
}

/// Decides about submissions one after the other, each against what those before it leave behind.
pub(super) fn decide<'s>(
    submissions: &[&'s Submission],
    mut known: Known,
    catalogue: &Catalogue,
    lines: &mut Lines,
) -> Result<Decided<'s>, StoreError> {
    let mut fresh: HashMap<(i32, &str), (usize, bool)> = HashMap::new();
    let mut decided = Decided::default();
    for (at, &submission) in submissions.iter().enumerate() {
        if let Some(key) = &submission.idempotency {
            let of_batch = fresh.get(&(submission.actor, key.key.as_str()));
            if let Some(&(first, created)) = of_batch {
                let outcome = repeated(submission, submissions[first], &decided.outcomes[first], created);
                decided.outcomes.push(outcome);
                continue;
            }
            if let Some(before) = known.answered.get(&(submission.actor, key.key.clone())) {
                decided.outcomes.push(known.replay(submission, before)?);
                continue;
            }
        }
        let outcome = if submission.epoch == catalogue.epoch {
            judge(submission, known.current.get(&key(submission)), lines)
        } else {
            Outcome::Outdated
        };
        if let Outcome::Stored { version, created } = &outcome {
            let before = known.current.insert(key(submission), version.clone());
            if let Some(campaign) = catalogue.campaign_by_key(submission.campaign) {
                rules::replace(&mut decided.changes, campaign, &catalogue.tree, before.as_deref(), version);
            }
            decided.versions.push(version.clone());
            decided.from.push(submission.address);
            if let Some(key) = &submission.idempotency {
                fresh.insert((submission.actor, key.key.as_str()), (at, *created));
                decided.keyed.push((submission.actor, key, version.clone(), *created));
            }
        }
        decided.outcomes.push(outcome);
    }
    Ok(decided)
}

impl Decided<'_> {
    /// Whether nothing is to be written.
    pub(super) fn is_nothing(&self, atomic: Atomic) -> bool {
        let refused = |outcome: &Outcome| !matches!(outcome, Outcome::Stored { .. } | Outcome::Unchanged(_));
        self.versions.is_empty() || (atomic == Atomic::All && self.outcomes.iter().any(refused))
    }

    /// The entry that seals the batch.
    pub(super) fn entry(&self) -> Entry {
        audit::batch(&self.versions, &self.from)
    }

    /// Writes the versions that the entry numbered `batch` seals, the rollups and the keys. Gives the rollups as they
    /// now are.
    pub(super) async fn write(
        &mut self,
        place: &impl Place,
        (shard, batch): (i16, i64),
        now: Timestamp,
        hot: &Hot,
    ) -> Result<Rollups, StoreError> {
        let changes = std::mem::take(&mut self.changes);
        let versions = tally::insert(place, &self.versions);
        let names = sealed::insert(place, &self.versions, shard, batch);
        let rollups = rollup::merge(place, shard, changes, hot);
        let keys = idempotency::insert(place, now, &self.keyed);
        let ((), (), written, ()) = try_join4(versions, names, rollups, keys).await?;
        Ok(written)
    }
}
