//! The audit: what was changed, by whom and when, each entry sealed over the one before.

use super::entity::audit;
use super::place::{Found, Place, Read};
use super::{StoreError, Transaction, tally};
pub(super) use crate::digest::{Digest, digest};
use crate::domain::tally::Version;
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, Statement};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Who made a change, and from where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Origin {
    /// The account; `None` for the command line, and for nobody.
    pub actor: Option<i32>,
    /// The address of the request; `None` for the command line.
    pub address: Option<IpAddr>,
}

impl Head {
    /// The number that the next entry gets.
    pub(super) const fn next(&self) -> i64 {
        self.seq + 1
    }
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
    /// When its last entry was made, in milliseconds: a clock that was set back does not make the next one older.
    at: i64,
}

/// The end of a lane's chain and the epoch of units and campaigns.
impl Read for (Head, i64) {
    fn read(row: &impl Found) -> Result<Self, StoreError> {
        let epoch = row.get::<String>(0)?.parse();
        let epoch = epoch.map_err(|_| StoreError::Damaged("setting catalogue_epoch".into()))?;
        let head = match (row.get(1)?, row.get(2)?, row.get(3)?) {
            (Some(seq), Some(hash), Some(at)) => Head { seq, hash, at },
            _ => Head::default(),
        };
        Ok((head, epoch))
    }
}

/// The end of a lane's chain and the epoch of units and campaigns, in one look: every transaction begins with it.
pub(super) async fn head(place: &impl Place, shard: i16) -> Result<(Head, i64), StoreError> {
    // Not `MAX`, for which PostgreSQL walks along the whole chain where it believes it to be short.
    let sql = "SELECT s.value, a.seq, a.hash, a.at FROM settings s LEFT JOIN audit a ON a.shard = $1 AND a.seq = \
               (SELECT m.seq FROM audit m WHERE m.shard = $1 ORDER BY m.seq DESC LIMIT 1) \
               WHERE s.name = 'catalogue_epoch'";
    let found = place.first(sql, vec![shard.into()]).await?;
    found.ok_or_else(|| StoreError::Damaged("setting catalogue_epoch".into()))
}

/// Adds an entry after `head`, and gives the new end.
pub(super) async fn append(
    place: &impl Place,
    shard: i16,
    head: &Head,
    at: Timestamp,
    entry: Entry,
    state: Option<String>,
) -> Result<Head, StoreError> {
    let mut row = audit::Model {
        shard,
        seq: head.next(),
        at: at.as_millisecond().max(head.at),
        actor_id: entry.origin.actor,
        address: entry.origin.address.map(|address| address.to_canonical().to_string()),
        action: entry.action.into(),
        subject: entry.subject,
        detail: entry.detail,
        hash: String::new(),
        state,
    };
    row.hash = seal(&head.hash, &row);
    let next = Head { seq: row.seq, hash: row.hash.clone(), at: row.at };
    let sql = "INSERT INTO audit (shard, seq, at, actor_id, address, action, subject, detail, hash, state) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = vec![
        row.shard.into(),
        row.seq.into(),
        row.at.into(),
        row.actor_id.into(),
        row.address.into(),
        row.action.into(),
        row.subject.into(),
        row.detail.into(),
        row.hash.into(),
        row.state.into(),
    ];
    place.run(sql, values).await?;
    Ok(next)
}

/// The seal of an entry: SHA-256 over the seal before it and every field, each with its length before it, so that no
/// text can be moved from one field into the next. Entries without a state are sealed as they always were.
fn seal(previous: &str, row: &audit::Model) -> String {
    let (shard, seq, at) = (row.shard.to_string(), row.seq.to_string(), row.at.to_string());
    let actor = row.actor_id.map(|id| id.to_string()).unwrap_or_default();
    let address = row.address.as_deref().unwrap_or_default();
    let fields = [previous, &shard, &seq, &at, &actor, address, &row.action, &row.subject, &row.detail];
    digest(fields.into_iter().chain(row.state.as_deref()))
}

/// The entry that seals a batch of reports.
pub(super) const SUBMIT: &str = "tally.submit";
/// The entry that seals what was changed in place without an entry of its own, and all there was before there were seals.
const STATE: &str = "state.seal";

/// The entry of a batch: how many versions, their digest, and from where they came, in the order of their keys; one
/// address that all came from stands alone.
pub(super) fn batch(versions: &[Arc<Version>], from: &[Option<IpAddr>]) -> Entry {
    let mut places: Vec<usize> = (0..versions.len()).collect();
    places.sort_by_key(|&at| versions[at].key());
    let mut addresses: BTreeMap<IpAddr, Vec<usize>> = BTreeMap::new();
    for (place, &at) in places.iter().enumerate() {
        if let Some(address) = from.get(at).copied().flatten() {
            addresses.entry(address.to_canonical()).or_default().push(place);
        }
    }
    let addresses: BTreeMap<String, Vec<usize>> =
        addresses.into_iter().map(|(address, places)| (address.to_string(), places)).collect();
    let digest = tally::digest(&mut versions.iter().map(|version| &**version).collect::<Vec<_>>());
    let mut detail = serde_json::json!({ "versions": versions.len(), "digest": digest });
    let one = addresses.iter().next().filter(|(_, places)| places.len() == versions.len());
    match one {
        Some((address, _)) => detail["from"] = address.as_str().into(),
        None if addresses.is_empty() => {}
        None => detail["from"] = serde_json::json!(addresses),
    }
    let (origin, subject) = (Origin::default(), String::new());
    Entry { origin, action: SUBMIT, subject, detail: detail.to_string() }
}

impl Transaction {
    /// Records a change in the same transaction, with seals of all that it touched.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn audit(&mut self, entry: Entry) -> Result<i64, StoreError> {
        let state = self.seal_touched().await?;
        // A batch is found missing by its versions; every other entry moves the mark of how far the chain has come.
        let marks = entry.action != SUBMIT;
        let head = append(self.connection(), self.shard(), self.head(), self.now(), entry, state).await?;
        if marks {
            mark(self.connection(), self.shard(), &head).await?;
        }
        let seq = head.seq;
        self.set_head(head);
        Ok(seq)
    }

    /// As many statements as [`audit`](Self::audit) runs, which write nothing: where nothing may be kept of something that
    /// looks from outside like what is kept, the time that it takes must not tell the two apart.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn audit_in_vain(&mut self) -> Result<(), StoreError> {
        for sql in [
            "UPDATE audit SET hash = hash WHERE shard = $1 AND seq = -1",
            "UPDATE seals SET digest = digest WHERE name = '' AND bucket = $1",
        ] {
            let lane = self.shard().into();
            let statement =
                Statement::from_sql_and_values(self.connection().get_database_backend(), sql, [lane]);
            self.connection().execute_raw(statement).await?;
        }
        Ok(())
    }

    /// Seals what was touched after the last entry, if anything was.
    pub(super) async fn audit_touched(&mut self) -> Result<(), StoreError> {
        if self.touched().is_empty() {
            return Ok(());
        }
        let (action, detail) = (STATE, "{}".to_owned());
        self.audit(Entry { origin: Origin::default(), action, subject: String::new(), detail })
            .await
            .map(drop)
    }
}

/// Under which the table of seals keeps how far each lane's chain has come.
pub(super) const MARK: &str = "audit";

async fn mark(connection: &impl ConnectionTrait, shard: i16, head: &Head) -> Result<(), StoreError> {
    let sql = "INSERT INTO seals (name, bucket, number, digest) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (name, bucket) DO UPDATE SET number = excluded.number, digest = excluded.digest";
    let values: [sea_orm::Value; 4] =
        [MARK.into(), i32::from(shard).into(), head.seq.into(), head.hash.as_str().into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.execute_raw(statement).await?;
    Ok(())
}
