//! The one task that writes.
//!
//! Submissions that wait are taken together: one transaction, then everybody is answered. Nothing is acknowledged
//! before its commit. A batch that the database refuses is rolled back and run again report by report, so one bad
//! report never takes another with it.

use super::batch::{self, Atomic, Decided, Known};
use super::direct::Direct;
use super::health::Health;
use super::pace::Pace;
use super::queue::{Answer, Command, Counts, Handle, Job};
use super::rollup::Hot;
use super::submission::{Lines, Outcome, Submission};
use super::transaction::{Purpose, Transaction};
use super::{StoreError, audit, slots, state};
use crate::clock::Clock;
use crate::domain::catalogue::Catalogue;
use crate::domain::slot::SlotBook;
use futures_util::FutureExt;
use sea_orm::DatabaseConnection;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

pub(super) struct Parts {
    pub(super) connection: DatabaseConnection,
    /// On SQLite, the connection that batches have for themselves.
    pub(super) direct: Option<Direct>,
    pub(super) health: Health,
    pub(super) shard: i16,
    pub(super) queue: usize,
    pub(super) batch: usize,
    pub(super) patience: Duration,
    pub(super) clock: Clock,
    pub(super) catalogue: watch::Sender<Arc<Catalogue>>,
    pub(super) slots: watch::Sender<Arc<SlotBook>>,
}

/// Starts the writer: a task, or where it runs statements itself, a thread.
pub(super) fn start(parts: Parts) -> Result<Handle, StoreError> {
    let (sender, receiver) = mpsc::channel(parts.queue);
    let counts = Arc::<Counts>::default();
    let pace = Pace::new(parts.batch);
    let alone = parts.direct.is_some();
    let writer = Writer { parts, hot: Hot::default(), pace, counts: counts.clone() }.run(receiver);
    if alone {
        let runtime = tokio::runtime::Handle::current();
        let thread = std::thread::Builder::new().name("pufa-writer".into());
        let started = thread.spawn(move || runtime.block_on(writer));
        started.map_err(|error| StoreError::Unusable(format!("the writer does not start: {error}")))?;
    } else {
        tokio::spawn(writer);
    }
    Ok(Handle { sender, counts })
}

/// Runs work of the writer; a panic in it is a failure of that work, and the writer goes on. Its transaction is
/// dropped, which rolls it back.
async fn survive<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or(Err(StoreError::Panicked))
}

/// How often a batch that lost against another replica is tried again before its callers are told.
const TRIES: usize = 20;

/// How long PostgreSQL may take for a job, or for an import: a nation's units take a minute.
const JOB: Duration = Duration::from_secs(600);

/// How often in turn nothing more may have come before a batch is begun.
const GATHERING: usize = 2;

struct Writer {
    parts: Parts,
    hot: Hot,
    pace: Pace,
    counts: Arc<Counts>,
}

impl Writer {
    async fn run(mut self, mut receiver: mpsc::Receiver<Command>) {
        let mut waiting = Vec::with_capacity(self.parts.batch);
        let mut batch: Vec<(Box<Submission>, Answer)> = Vec::with_capacity(self.parts.batch);
        while receiver.recv_many(&mut waiting, self.pace.most()).await > 0 {
            self.gather(&mut receiver, &mut waiting).await;
            for command in waiting.drain(..) {
                match command {
                    Command::Submit(submission, answer) => batch.push((submission, answer)),
                    other => {
                        self.submit(&mut batch).await;
                        match other {
                            Command::Job(job) => self.job(job).await,
                            Command::SubmitAll(submissions, answer) => {
                                let all: Vec<&Submission> = submissions.iter().collect();
                                let _ = answer.send(self.store_with_patience(&all, Atomic::All).await);
                            }
                            Command::Refresh(answer) => drop(answer.send(self.refresh().await)),
                            Command::Stop(answer) => {
                                self.parts.direct = None;
                                let _ = self.parts.connection.clone().close().await;
                                let _ = answer.send(());
                                return;
                            }
                            Command::Submit(..) => {}
                        }
                    }
                }
            }
            self.submit(&mut batch).await;
        }
    }

    /// Lets those who are about to send do so: callers of the last batch come back one by one, and a batch of many costs
    /// little more than one of few. Only what can run now is let run; nobody is waited for.
    async fn gather(&self, receiver: &mut mpsc::Receiver<Command>, waiting: &mut Vec<Command>) {
        let mut idle = 0;
        while idle < GATHERING && waiting.len() < self.pace.most() {
            if self.parts.direct.is_some() {
                std::thread::yield_now();
            } else {
                tokio::task::yield_now().await;
            }
            let before = waiting.len();
            while waiting.len() < self.pace.most()
                && let Ok(command) = receiver.try_recv()
            {
                waiting.push(command);
            }
            idle = if waiting.len() == before { idle + 1 } else { 0 };
        }
    }

    fn known(&self) -> Arc<Catalogue> {
        self.parts.catalogue.borrow().clone()
    }

    /// How long a write may take. A file of SQLite cannot go away.
    fn limit(&self, limit: Duration) -> Option<Duration> {
        self.parts.direct.is_none().then_some(limit)
    }

    /// Begins a transaction: on another connection, when the one at hand turns out to be lost.
    async fn begin(&self, purpose: Purpose) -> Result<Transaction, StoreError> {
        let sound = !self.parts.health.is_failing();
        let begun = self.begin_here(purpose).await;
        if sound && matches!(begun, Err(StoreError::Lost(_))) {
            let _ = self.parts.health.note(begun);
            return self.begin_here(purpose).await;
        }
        begun
    }

    async fn begin_here(&self, purpose: Purpose) -> Result<Transaction, StoreError> {
        let now = self.parts.clock.now();
        let known = self.known();
        let transaction =
            Transaction::begin(&self.parts.connection, purpose, self.parts.shard, now, &known).await?;
        if transaction.catalogue().epoch != known.epoch {
            // What another process committed; callers whose reports are outdated judge them again by it.
            self.parts.catalogue.send_replace(transaction.catalogue().clone());
        }
        Ok(transaction)
    }

    async fn commit(&self, transaction: Transaction) -> Result<(), StoreError> {
        let catalogue = transaction.commit().await?;
        if catalogue.epoch != self.known().epoch {
            self.parts.catalogue.send_replace(catalogue);
        }
        Ok(())
    }

    async fn refresh(&self) -> Result<(), StoreError> {
        let look = async {
            let transaction = self.begin(Purpose::Submissions).await?;
            self.commit(transaction).await
        };
        let health = &self.parts.health;
        health.note(health.within(self.limit(self.parts.patience), survive(look)).await)
    }

    async fn job(&self, mut job: Box<dyn Job>) {
        let work = async {
            let mut transaction = self.begin(Purpose::Job).await?;
            job.run(&mut transaction).await?;
            self.commit(transaction).await
        };
        let health = &self.parts.health;
        let committed = health.note(health.within(self.limit(JOB), survive(work)).await);
        job.finish(committed);
    }

    /// Stores what waits and answers it.
    async fn submit(&mut self, batch: &mut Vec<(Box<Submission>, Answer)>) {
        if batch.is_empty() {
            return;
        }
        let submissions: Vec<&Submission> = batch.iter().map(|(submission, _)| &**submission).collect();
        match self.store_with_patience(&submissions, Atomic::Each).await {
            Ok(outcomes) => {
                // Whoever waits runs elsewhere, and so does what wakes them: the next batch need not wait for it.
                let answers: Vec<_> = batch.drain(..).zip(outcomes).collect();
                tokio::spawn(async move {
                    for ((submission, answer), outcome) in answers {
                        let _ = answer.send((submission, Ok(outcome)));
                    }
                });
            }
            // No report is at fault: each by itself would wait as long for the same answer.
            Err(error)
                if batch.len() == 1
                    || matches!(error, StoreError::Lost(_) | StoreError::Unknown(_) | StoreError::Busy) =>
            {
                for (submission, answer) in batch.drain(..) {
                    let _ = answer.send((submission, Err(error.clone())));
                }
            }
            Err(error) => {
                tracing::warn!(%error, reports = batch.len(), "a batch failed; storing report by report");
                for (submission, answer) in batch.drain(..) {
                    let outcome = self.store_with_patience(&[&submission], Atomic::Each).await;
                    let outcome = outcome.and_then(|mut all| all.pop().ok_or(StoreError::Stopped));
                    let _ = answer.send((submission, outcome));
                }
            }
        }
    }

    async fn store_with_patience(
        &mut self,
        submissions: &[&Submission],
        atomic: Atomic,
    ) -> Result<Vec<Outcome>, StoreError> {
        let limit = if atomic == Atomic::All { JOB } else { self.parts.patience };
        let limit = self.limit(limit);
        let health = self.parts.health.clone();
        let mut tries = 0;
        loop {
            let sound = !health.is_failing();
            let stored = health.within(limit, survive(self.store(submissions, atomic))).await;
            // What was lost before its commit is run again on another connection, once. So is what may have been committed, where
            // keys tell which it was.
            let again = sound
                && match &stored {
                    Err(StoreError::Lost(_)) => true,
                    Err(StoreError::Unknown(_)) => {
                        !health.is_failing() && submissions.iter().all(|s| s.idempotency.is_some())
                    }
                    _ => false,
                };
            match stored {
                Err(StoreError::Conflict(_)) if tries < TRIES => tries += 1,
                Err(error) if again => {
                    tracing::warn!(%error, reports = submissions.len(), "a batch was lost; it is run again");
                    let _ = health.note::<()>(Err(error));
                }
                result => return health.note(result),
            }
        }
    }

    /// One transaction: judges every submission against the current versions, writes what is new, commits.
    async fn store(
        &mut self,
        submissions: &[&Submission],
        atomic: Atomic,
    ) -> Result<Vec<Outcome>, StoreError> {
        if let Some(outcomes) = self.store_directly(submissions, atomic).await? {
            return Ok(outcomes);
        }
        let began = Instant::now();
        let mut transaction = self.begin(Purpose::Submissions).await?;
        let catalogue = transaction.catalogue().clone();
        self.hot.check(transaction.head(), catalogue.epoch);
        let connection = transaction.connection();
        let known = Known::look(connection, submissions).await?;
        let mut lines = Lines::new(self.parts.slots.borrow().clone());
        if lines.lack(submissions) {
            lines.extend(connection).await?;
        }
        let mut decided = batch::decide(submissions, known, &catalogue, &mut lines)?;
        if decided.is_nothing(atomic) {
            return Ok(decided.outcomes);
        }
        if !lines.new.is_empty() {
            slots::insert(transaction.connection(), &lines.new).await?;
            for (slot, _) in &lines.new {
                transaction.touch(&state::SLOTS, i32::try_from(slot.0).unwrap_or(i32::MAX));
            }
        }
        let seal = (self.parts.shard, transaction.audit(decided.entry()).await?);
        let written = decided.write(transaction.connection(), seal, transaction.now(), &self.hot).await?;
        let head = transaction.head().clone();
        let committing = Instant::now();
        self.commit(transaction).await?;
        if let Some(book) = lines.changed() {
            self.parts.slots.send_replace(book);
        }
        self.hot.keep(written, head, catalogue.epoch);
        Ok(self.stored(decided, began, committing))
    }

    /// The same on the connection that batches have for themselves, where there is one. `None` when it takes more than
    /// that connection does: new lines are to be entered, or units or campaigns were changed by another process.
    async fn store_directly(
        &mut self,
        submissions: &[&Submission],
        atomic: Atomic,
    ) -> Result<Option<Vec<Outcome>>, StoreError> {
        let Some(direct) = &self.parts.direct else { return Ok(None) };
        let (shard, now, catalogue) = (self.parts.shard, self.parts.clock.now(), self.known());
        let mut lines = Lines::new(self.parts.slots.borrow().clone());
        if lines.lack(submissions) {
            return Ok(None);
        }
        let began = Instant::now();
        let open = direct.begin()?;
        let (head, epoch) = audit::head(&open, shard).await?;
        if epoch != catalogue.epoch {
            return Ok(None);
        }
        self.hot.check(&head, epoch);
        let known = Known::look(&open, submissions).await?;
        let mut decided = batch::decide(submissions, known, &catalogue, &mut lines)?;
        if decided.is_nothing(atomic) {
            return Ok(Some(decided.outcomes));
        }
        let head = audit::append(&open, shard, &head, now, decided.entry(), None).await?;
        let written = decided.write(&open, (shard, head.seq), now, &self.hot).await?;
        let committing = Instant::now();
        open.commit()?;
        self.hot.keep(written, head, epoch);
        Ok(Some(self.stored(decided, began, committing)))
    }

    /// Takes up that a batch was committed.
    fn stored(&mut self, decided: Decided<'_>, began: Instant, committing: Instant) -> Vec<Outcome> {
        self.pace.note(decided.outcomes.len(), began.elapsed(), committing.elapsed());
        self.counts.batches.fetch_add(1, Ordering::Relaxed);
        self.counts.versions.fetch_add(decided.versions.len() as u64, Ordering::Relaxed);
        decided.outcomes
    }
}
