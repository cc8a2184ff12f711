//! `pufa verify`: everything that can be recomputed is recomputed and compared.
//!
//! Three walks, each a page of rows at a time, so that memory does not grow with the database: the audit's chains with the
//! versions that their batches sealed (`chain`), what is changed in place (`state`), and the totals (`totals`). Each reads
//! one snapshot; a service may write meanwhile.

mod chain;
mod records;
mod state;
mod totals;

use super::{Store, StoreError};
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseTransaction, DbBackend, IsolationLevel, Statement, TransactionTrait,
};

/// Something that does not hold, in words for an administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding(pub String);

/// The end of a lane's chain as it was at some time, kept outside of the database: printed, or sent away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The lane.
    pub lane: i16,
    /// The number of the entry.
    pub seq: i64,
    /// Its seal, 64 hexadecimal digits.
    pub hash: String,
}

impl std::fmt::Display for Anchor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.lane, self.seq, self.hash)
    }
}

impl Anchor {
    /// Reads a head as it is written: `lane:number:seal`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (lane, seq) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let hash = parts.next()?.to_ascii_lowercase();
        let whole = parts.next().is_none() && hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        whole.then_some(Self { lane, seq, hash })
    }
}

/// What is found; beyond a thousand only how much more there is.
#[derive(Debug, Default)]
struct Findings {
    told: Vec<Finding>,
    more: usize,
}

/// Findings that are told one by one.
const TOLD: usize = 1_000;

impl Findings {
    fn add(&mut self, words: String) {
        if self.told.len() < TOLD {
            self.told.push(Finding(words));
        } else {
            self.more += 1;
        }
    }

    fn join(&mut self, other: Self) {
        self.more += other.more;
        other.told.into_iter().for_each(|finding| self.add(finding.0));
    }
}

impl Store {
    /// Compares every rollup with its tallies, every audit entry with its seal and with what it sealed, and lets the
    /// database check itself. Empty when all holds.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn verify(&self) -> Result<Vec<Finding>, StoreError> {
        self.verify_against(&[]).await
    }

    /// As [`verify`](Self::verify), and compares the chains with heads that were kept outside of the database.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn verify_against(&self, anchors: &[Anchor]) -> Result<Vec<Finding>, StoreError> {
        // Each waits for a thread of the database's most of the time.
        let (mut findings, totals, chain) =
            tokio::try_join!(self.verify_database(), self.verify_totals(), self.verify_audit(anchors))?;
        findings.join(totals);
        findings.join(chain);
        let Findings { mut told, more } = findings;
        if more > 0 {
            told.push(Finding(format!("audit and totals: {more} findings more")));
        }
        Ok(told)
    }

    /// A look at the database as it is now, that stays while it is looked through.
    async fn snapshot(&self) -> Result<DatabaseTransaction, StoreError> {
        if self.backend() != DbBackend::Postgres {
            return Ok(self.read.begin().await?);
        }
        let (level, mode) = (Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly));
        Ok(self.read.begin_with_config(level, mode).await?)
    }

    async fn verify_audit(&self, anchors: &[Anchor]) -> Result<Findings, StoreError> {
        let snapshot = self.snapshot().await?;
        let mut walked = chain::walk(&snapshot, anchors).await?;
        records::compare(&snapshot, &mut walked).await?;
        state::compare(&snapshot, &mut walked).await?;
        snapshot.rollback().await?;
        Ok(walked.findings)
    }

    async fn verify_database(&self) -> Result<Findings, StoreError> {
        let mut findings = Findings::default();
        let backend = self.backend();
        let (name, sql) = match backend {
            DbBackend::Sqlite => ("SQLite", "PRAGMA integrity_check"),
            _ => ("PostgreSQL", MISSING),
        };
        for row in self.read.query_all_raw(Statement::from_string(backend, sql)).await? {
            let text: String = row.try_get_by_index(0)?;
            if text != "ok" {
                findings.add(format!("{name}: {text}"));
            }
        }
        Ok(findings)
    }
}

/// Partitions that campaigns have not, in words: an administrator may have moved them away.
const MISSING: &str = "SELECT 'the partition of ' || p.name || ' for ' || c.slug || ' is missing' \
    FROM (VALUES ('tally_versions'), ('rollups')) AS p (name) CROSS JOIN campaigns c WHERE NOT EXISTS \
    (SELECT 1 FROM pg_inherits i JOIN pg_class t ON t.oid = i.inhrelid \
    CROSS JOIN regexp_matches(pg_get_expr(t.relpartbound, t.oid), '[0-9]+', 'g') AS m (value) \
    WHERE i.inhparent = p.name::regclass AND m.value[1]::int = c.id) ORDER BY p.name, c.id";
