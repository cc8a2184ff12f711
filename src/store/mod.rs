//! All SQL. Takes and gives domain types; an entity never leaves it.
//!
//! Reads go to a pool of their own; those that may be a little old go to a standby, where there is one. Every write goes
//! through one task (`writer`) that owns the write connection: submissions are committed in groups, everything else as a job
//! with a transaction of its own.

mod account;
mod account_session;
mod account_token;
pub mod archive;
mod audit;
mod audit_log;
pub mod backup;
mod batch;
mod catalogue;
mod chase;
mod connect;
mod direct;
pub mod entity;
mod figures;
mod health;
mod idempotency;
mod ledger;
mod locks;
mod outbox;
mod pace;
mod place;
mod publication;
mod queue;
mod reader;
mod review;
mod rollup;
mod rows;
mod sealed;
mod slots;
mod standby;
mod state;
mod submission;
mod tally;
mod transaction;
mod unit_tree;
mod units;
mod verify;
mod writer;

pub use account::{Account, NewAccount};
pub use account_session::{Session, SessionRow};
pub use account_token::{Link, LinkKind, NewLink, NewToken, Token};
pub use audit::{Entry as AuditEntry, Origin};
pub use audit_log::{AuditFilter, Recorded, Sealed};
pub use catalogue::NewCampaign;
pub use chase::{Asked, Chase, NewChase};
pub use connect::{Settings, pending_migrations};
pub use ledger::{LedgerEntry, LedgerId};
pub use locks::{Exception, Lock};
pub use outbox::{Delivery, DeliveryFilter, Hook, Settled, State as DeliveryState, Subject};
pub use publication::{Marks, NewPublication, Publication};
pub use queue::{Work, Written};
pub use rollup::Reading;
pub use standby::{Behind, Follower, News};
pub use submission::{Act, IdempotencyKey, Outcome, Precondition, Submission};
pub use tally::{Listing, Page};
pub use transaction::Transaction;
pub use units::{Above, NewUnit, Progress};
pub use verify::{Anchor, Finding};

use crate::clock::Clock;
use crate::domain::catalogue::Catalogue;
use crate::domain::slot::SlotBook;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Why the store could not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("database: {0}")]
    Database(String),
    /// The database went away, or its server only reads: nothing was stored, and another connection may do.
    #[error("the database is away: {0}")]
    Lost(String),
    /// The database went away within a commit: it may have been stored or not. A report that came with a key may be sent again,
    /// and counts once.
    #[error("the database went away, and whether this was stored is not known: {0}")]
    Unknown(String),
    /// Another writer was quicker; the whole transaction may be tried again.
    #[error("another writer was quicker: {0}")]
    Conflict(String),
    /// Something that must be unique exists already: what, as a stable code.
    #[error("already exists: {0}")]
    Exists(&'static str),
    /// The database holds what it must not hold.
    #[error("damaged data: {0}")]
    Damaged(String),
    /// The queue of waiting writes is full.
    #[error("too many writes are waiting")]
    Busy,
    /// The program has a fault, which this work met.
    #[error("a write panicked")]
    Panicked,
    /// The writer has ended.
    #[error("the writer has stopped")]
    Stopped,
    /// The database cannot be used as it is: told to the administrator.
    #[error("{0}")]
    Unusable(String),
}

/// How long the database may take to say that it is ready: whoever asks, a load balancer, does not wait longer either.
const READY: Duration = Duration::from_secs(2);

/// The database.
#[derive(Debug, Clone)]
pub struct Store {
    read: reader::Reader,
    health: health::Health,
    writer: queue::Handle,
    catalogue: watch::Receiver<Arc<Catalogue>>,
    slots: watch::Sender<Arc<SlotBook>>,
    standby: Option<Arc<standby::Standby>>,
    /// Where reads go to the standby.
    lease: Option<standby::Lease>,
}

impl Store {
    /// Connects, migrates when `settings.migrate` says so, and starts the writer.
    ///
    /// # Errors
    /// When the database cannot be reached, is too old, or cannot be migrated.
    pub async fn open(settings: &Settings, clock: Clock) -> Result<Self, StoreError> {
        let connections = connect::open(settings).await?;
        let catalogue = Arc::new(catalogue::load(&connections.read, &Catalogue::default()).await?);
        let book = Arc::new(slots::load(&connections.read).await?);
        let (catalogue_sender, catalogue) = watch::channel(catalogue);
        let (slots, _) = watch::channel(book);
        let writer = writer::start(writer::Parts {
            connection: connections.write,
            direct: connections.direct,
            health: connections.health.clone(),
            shard: settings.shard,
            queue: settings.queue,
            batch: settings.batch,
            patience: settings.patience,
            clock: clock.clone(),
            catalogue: catalogue_sender,
            slots: slots.clone(),
        })?;
        let standby = match &settings.follower {
            Some(follower) => {
                let health = connections.health.clone();
                Some(Arc::new(standby::Standby::new(settings, follower, health, clock)?))
            }
            None => None,
        };
        let (read, health) = (connections.read, connections.health);
        let store = Self { read, health, writer, catalogue, slots, standby, lease: None };
        if settings.migrate && !state::unsealed(&store.read).await?.is_empty() {
            store.seal_unsealed().await?;
        }
        let found = store.catalogue();
        if settings.migrate && found.tree_epoch.is_none() && found.tree.size() > 0 {
            store.keep_tree().await?;
        }
        Ok(store)
    }

    /// Seals what is changed in place where a database was filled before it was sealed.
    async fn seal_unsealed(&self) -> Result<(), StoreError> {
        self.transact(|tx: &mut Transaction| Box::pin(async move { tx.touch_unsealed().await })).await
    }

    /// Keeps the tree of units where none is kept, or none that this program can read.
    async fn keep_tree(&self) -> Result<(), StoreError> {
        self.transact(|tx: &mut Transaction| {
            Box::pin(async move {
                // Read again: units may have been changed by hand since.
                tx.reload_catalogue().await?;
                tx.keep_tree().await
            })
        })
        .await
    }

    /// The units and campaigns as last seen.
    #[must_use]
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.catalogue.borrow().clone()
    }

    /// The lines as last seen.
    #[must_use]
    pub fn slots(&self) -> Arc<SlotBook> {
        self.slots.borrow().clone()
    }

    /// Looks whether another process changed units or campaigns, and takes up what it did.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let epoch = catalogue::epoch(&self.read).await?;
        if epoch != self.catalogue().epoch {
            self.writer.refresh().await?;
        }
        Ok(())
    }

    /// Whether the database answers soon, the writer lives, and the database takes writes: when the last one failed, another
    /// is tried.
    ///
    /// # Errors
    /// When one of them is not so.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.writer.alive()?;
        let look = async {
            self.read.ping().await?;
            if self.health.is_failing() { self.probe().await } else { Ok(()) }
        };
        let late = |_| Err(StoreError::Lost(format!("no answer within {} s", READY.as_secs())));
        tokio::time::timeout(READY, look).await.unwrap_or_else(late)
    }

    /// Tries a write: one at a time however many ask, and to its end even when who asked has gone.
    async fn probe(&self) -> Result<(), StoreError> {
        let Ok(turn) = self.health.probing.clone().try_lock_owned() else {
            return Err(StoreError::Lost("writes fail; it is being tried whether they still do".into()));
        };
        let writer = self.writer.clone();
        let probe = tokio::spawn(async move {
            let ended = writer.refresh().await;
            drop(turn);
            ended
        });
        probe.await.unwrap_or(Err(StoreError::Stopped))
    }

    /// What the writer has done, and what waits for it.
    #[must_use]
    pub fn written(&self) -> Written {
        self.writer.written()
    }

    /// Stops the writer after what is waiting, and closes the connections.
    pub async fn close(self) {
        self.writer.stop().await;
        if let Some(standby) = &self.standby {
            standby.close().await;
        }
        self.read.close().await;
    }
}
