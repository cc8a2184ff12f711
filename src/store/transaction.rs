//! A write transaction, and what the writer knows inside it.

use super::audit::{self, Head};
use super::state::Touched;
use super::{StoreError, catalogue};
use crate::domain::catalogue::Catalogue;
use jiff::Timestamp;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use std::sync::Arc;

/// A write transaction. Dropped without a commit, it leaves no trace.
#[derive(Debug)]
pub struct Transaction {
    inner: DatabaseTransaction,
    catalogue: Arc<Catalogue>,
    head: Head,
    shard: i16,
    now: Timestamp,
    touched: Touched,
}

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A batch of submissions: units and campaigns hold still while it runs.
    Submissions,
    /// One that lost against another replica: it runs alone, so it does not lose again.
    Contended,
    /// Anything else; it may change units and campaigns, so it runs alone.
    Job,
}

/// PostgreSQL advisory locks: everybody's, shared by batches and exclusive for what runs alone; and one a lane.
pub(super) const EVERYBODY: i32 = 781_205;
const LANE: i32 = 781_206;

impl Purpose {
    /// What takes these locks, until the transaction ends. Two replicas on one lane take turns, so that neither ever rolls a
    /// whole batch back for the other.
    pub(super) fn locks(self, shard: i16) -> String {
        let everybody = match self {
            Self::Submissions => "pg_advisory_xact_lock_shared",
            Self::Contended | Self::Job => "pg_advisory_xact_lock",
        };
        format!("SELECT {everybody}({EVERYBODY}, 0), pg_advisory_xact_lock({LANE}, {shard})")
    }
}

impl Transaction {
    /// Begins a transaction. On SQLite it is Immediate: it never fails half-way for want of the write lock.
    pub(super) async fn begin(
        connection: &DatabaseConnection,
        purpose: Purpose,
        shard: i16,
        now: Timestamp,
        known: &Arc<Catalogue>,
    ) -> Result<Self, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let inner = connection.begin_with_options(options).await?;
        if inner.get_database_backend() == DbBackend::Postgres {
            inner.execute_unprepared(&purpose.locks(shard)).await?;
        }
        let (head, epoch) = audit::head(&inner, shard).await?;
        let mut transaction =
            Self { inner, catalogue: known.clone(), head, shard, now, touched: Touched::new() };
        if epoch != known.epoch {
            transaction.reload_catalogue().await?;
        }
        Ok(transaction)
    }

    pub(super) const fn connection(&self) -> &DatabaseTransaction {
        &self.inner
    }

    pub(super) async fn reload_catalogue(&mut self) -> Result<(), StoreError> {
        self.catalogue = Arc::new(catalogue::load(&self.inner, &self.catalogue).await?);
        Ok(())
    }

    /// Units and campaigns as this transaction sees them.
    #[must_use]
    pub const fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    pub(super) fn set_catalogue(&mut self, catalogue: Catalogue) {
        self.catalogue = Arc::new(catalogue);
    }

    /// When the transaction began.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) const fn head(&self) -> &Head {
        &self.head
    }

    pub(super) fn set_head(&mut self, head: Head) {
        self.head = head;
    }

    pub(super) const fn shard(&self) -> i16 {
        self.shard
    }

    pub(super) const fn touched(&mut self) -> &mut Touched {
        &mut self.touched
    }

    /// Makes everything durable, and gives the catalogue as it now is.
    pub(super) async fn commit(mut self) -> Result<Arc<Catalogue>, StoreError> {
        self.audit_touched().await?;
        self.inner.commit().await.map_err(|error| StoreError::from(error).of_commit())?;
        Ok(self.catalogue)
    }
}
