//! Use cases: what happens when somebody asks for something. The only owner of transactions.
//!
//! Answers are plain structs that the API writes as JSON and pages show; statuses and headers are the edge's affair.

pub mod accounts;
pub mod audit;
mod audit_file;
pub mod board;
mod bots;
pub mod campaigns;
pub mod charts;
pub mod chase;
pub mod comparison;
pub mod completeness;
pub mod dhis2;
pub mod drawing;
mod error;
pub mod events;
pub mod export;
mod export_tables;
pub mod import;
pub mod import_units;
pub mod ledger;
pub mod links;
pub mod locks;
pub mod menu;
pub mod outbox;
pub mod parse;
pub mod paste;
pub mod press;
pub mod publications;
pub mod quality;
pub mod refusals;
pub mod report;
pub mod review;
pub mod scope;
pub mod session;
pub mod setup;
pub mod standby;
pub mod tallies;
mod tally_draft;
mod tally_view;
mod together;
pub mod tokens;
pub mod totals;
pub mod unit_jobs;
pub mod unit_tree;
pub mod units;

pub use error::Error;

use crate::clock::Clock;
use crate::config::Limits;
use crate::domain::access::Actor;
use crate::i18n::Lang;
use crate::outgoing;
use crate::store::{Behind, Origin, Store, Transaction};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// Everything a use case needs from outside: the database, and what is [`Held`] beside it.
#[derive(Debug)]
pub struct App {
    pub(crate) store: Store,
    held: Arc<Held>,
}

/// What a service holds beside its database, the same wherever it reads. Time, randomness and limits come from here.
#[derive(Debug)]
pub struct Held {
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) passwords: session::Passwords,
    pub(crate) sessions: session::Cache,
    pub(crate) remembered: session::Remembered,
    pub(crate) studio: drawing::Studio,
    pub(crate) events: Arc<events::Hub>,
    names: Mutex<HashMap<i32, String>>,
    pub(crate) imports: Arc<Semaphore>,
    pub(crate) outgoing: outgoing::Client,
    refusals: refusals::Waiting,
    unit_jobs: Mutex<unit_jobs::Jobs>,
    counted: completeness::Counted,
    boards: together::Together<board::Question, Arc<board::BoardView>>,
    specs: together::Together<charts::Question, Arc<pufa_charts::Spec>>,
}

impl Deref for App {
    type Target = Held;

    fn deref(&self) -> &Held {
        &self.held
    }
}

impl App {
    /// A service over a database.
    #[must_use]
    pub fn new(store: Store, clock: Clock, limits: Limits) -> Arc<Self> {
        let held = Held {
            passwords: session::Passwords::new(&limits),
            sessions: session::Cache::new(limits.session_cache),
            remembered: session::Remembered::default(),
            studio: drawing::Studio::new(&limits),
            events: Arc::new(events::Hub::new(limits.listeners)),
            names: Mutex::default(),
            imports: Arc::new(Semaphore::new(limits.imports)),
            outgoing: outgoing::Client::new(&limits),
            refusals: refusals::Waiting::default(),
            unit_jobs: Mutex::default(),
            counted: completeness::Counted::default(),
            boards: together::Together::new(limits.readings),
            specs: together::Together::new(limits.readings),
            clock,
            limits,
        };
        Arc::new(Self { store, held: Arc::new(held) })
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What the service holds just now, and what its writer has done: for monitoring.
    #[must_use]
    pub fn measured(&self) -> Measured {
        let written = self.store.written();
        let (pictures, picture_bytes) = self.studio.kept();
        Measured {
            writes_waiting: written.waiting,
            batches: written.batches,
            reports: written.versions,
            listeners: self.events.listeners(),
            pictures,
            picture_bytes,
            remembered: self.sessions.len(),
            units: self.store.catalogue().tree.size(),
            standby: self.store.behind(),
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ready(&self) -> Result<(), Error> {
        Ok(self.store.ping().await?)
    }

    /// Takes up changes that other processes made to units and campaigns.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn refresh(&self) -> Result<(), Error> {
        Ok(self.store.refresh().await?)
    }

    /// Forgets what is kept only for a while. To be called once an hour or so.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn tidy(&self) -> Result<(), Error> {
        let kept = SignedDuration::try_from(self.limits.idempotency).unwrap_or(SignedDuration::MAX);
        let before = self.clock.now().saturating_sub(kept).unwrap_or(Timestamp::MIN);
        let kept = SignedDuration::try_from(self.limits.deliveries_kept).unwrap_or(SignedDuration::MAX);
        let done_before = self.clock.now().saturating_sub(kept).unwrap_or(Timestamp::MIN);
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    tx.forget_deliveries(done_before).await?;
                    tx.forget_requests(before).await.map(drop)
                })
            })
            .await?;
        Ok(())
    }

    /// Ends the writer after what is waiting and closes the database.
    pub async fn close(&self) {
        if let Err(error) = self.note_refusals(true).await {
            tracing::warn!(%error, "the last refusals are not in the audit");
        }
        if let Err(error) = self.note_used(true).await {
            tracing::warn!(%error, "the last uses of sessions are not noted");
        }
        self.store.clone().close().await;
    }
}

/// What the service holds, in numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Writes that wait for the writer.
    pub writes_waiting: usize,
    /// Groups of reports committed together since the start.
    pub batches: u64,
    /// Versions of reports committed since the start.
    pub reports: u64,
    /// Open pages that wait for changes.
    pub listeners: usize,
    /// Finished pictures kept.
    pub pictures: usize,
    /// Their bytes.
    pub picture_bytes: usize,
    /// Sessions, tokens and links recognised lately.
    pub remembered: usize,
    /// Units in the tree.
    pub units: usize,
    /// How the standby stands, where there is one.
    pub standby: Option<Behind>,
}

/// Who asks, in which language.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The signed-in person.
    pub actor: Arc<Actor>,
    /// The language of the answer.
    pub lang: Lang,
    /// The address the request came from; `None` on the command line.
    pub address: Option<IpAddr>,
}

impl Caller {
    /// Who acts, and from where, as the audit keeps it.
    #[must_use]
    pub fn origin(&self) -> Origin {
        // The command line has no account; its number is none that the database gives.
        Origin { actor: Some(self.actor.id).filter(|id| *id != 0), address: self.address }
    }
}
