//! The one thread that writes.
//!
//! Submissions that wait are taken together: one transaction, then everybody is answered. Nothing is acknowledged
//! before its commit. A batch that the database refuses is rolled back and run again report by report, so one bad
//! report never takes another with it.

use super::batch::{self, Atomic, Decided, Known};
use super::direct::{Batch, Direct};
use super::health::Health;
use super::pace::Pace;
use super::queue::{Answer, Command, Counts, Handle, Job};
use super::rollup::{self, Hot};
use super::submission::{Lines, Outcome, Submission};
use super::transaction::{Purpose, Transaction};
use super::{StoreError, audit, slots, state};
use crate::clock::Clock;
use crate::domain::catalogue::Catalogue;
use crate::domain::slot::SlotBook;
use futures_util::FutureExt;
use futures_util::future::{try_join, try_join4};
use jiff::Timestamp;
use sea_orm::DatabaseConnection;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

pub(super) struct Parts {
    pub(super) connection: DatabaseConnection,
    /// What batches have for themselves.
    pub(super) direct: Direct,
    pub(super) health: Health,
    pub(super) shard: i16,
    pub(super) queue: usize,
    pub(super) batch: usize,
    pub(super) patience: Duration,
    pub(super) clock: Clock,
    pub(super) catalogue: watch::Sender<Arc<Catalogue>>,
    pub(super) slots: watch::Sender<Arc<SlotBook>>,
}

/// Starts the writer on a thread and a runtime of its own: among the tasks that serve callers, each answer of a database would wait
/// for its turn.
pub(super) fn start(parts: Parts) -> Result<Handle, StoreError> {
    let unusable =
        |error: std::io::Error| StoreError::Unusable(format!("the writer does not start: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unusable)?;
    let (sender, receiver) = mpsc::channel(parts.queue);
    let counts = Arc::<Counts>::default();
    let pace = Pace::new(parts.batch);
    let callers = tokio::runtime::Handle::current();
    let writer = Writer { parts, hot: Hot::default(), pace, counts: counts.clone(), callers };
    let thread = std::thread::Builder::new().name("pufa-writer".into());
    thread.spawn(move || runtime.block_on(writer.run(receiver))).map_err(unusable)?;
    Ok(Handle { sender, counts })
}

/// Runs work of the writer; a panic in it is a failure of that work, and the writer goes on. Its transaction is
/// dropped, which rolls it back.
async fn survive<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or(Err(StoreError::Panicked))
}

/// How often a batch that lost against another replica is tried again before its callers are told. From then on it runs alone.
const TRIES: usize = 3;

/// How long PostgreSQL may take for a job, or for an import: a nation's units take a minute.
const JOB: Duration = Duration::from_secs(600);

/// How often in turn nothing more may have come before a batch is begun.
const GATHERING: usize = 2;

struct Writer {
    parts: Parts,
    hot: Hot,
    pace: Pace,
    counts: Arc<Counts>,
    /// Where those run who wait for answers.
    callers: tokio::runtime::Handle,
}

impl Writer {
    async fn run(mut self, mut receiver: mpsc::Receiver<Command>) {
        let mut waiting = Vec::with_capacity(self.parts.batch);
        let mut batch: Vec<(Box<Submission>, Answer)> = Vec::with_capacity(self.parts.batch);
        while receiver.recv_many(&mut waiting, self.pace.most()).await > 0 {
            self.gather(&mut receiver, &mut waiting);
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
                                self.parts.direct.close().await;
                                let _ = self.parts.connection.close().await;
                                let _ = answer.send(());
                                return;
                            }
                            Command::Submit(..) => {}
                        }
                    }
                }
            }
            self.submit(&mut batch).await;
            self.parts.direct.between();
        }
    }

    /// Lets those who are about to send do so: callers of the last batch come back one by one, and a batch of many costs
    /// little more than one of few. Only what can run now is let run; nobody is waited for.
    fn gather(&self, receiver: &mut mpsc::Receiver<Command>, waiting: &mut Vec<Command>) {
        let mut idle = 0;
        while idle < GATHERING && waiting.len() < self.pace.most() {
            std::thread::yield_now();
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
        matches!(self.parts.direct, Direct::Server(_)).then_some(limit)
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
                self.callers.spawn(async move {
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
            let purpose = if tries == 0 { Purpose::Submissions } else { Purpose::Contended };
            let stored = health.within(limit, survive(self.store(submissions, atomic, purpose))).await;
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
        purpose: Purpose,
    ) -> Result<Vec<Outcome>, StoreError> {
        if let Some(outcomes) = self.store_directly(submissions, atomic, purpose).await? {
            return Ok(outcomes);
        }
        let began = Instant::now();
        let mut transaction = self.begin(purpose).await?;
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

    /// The same on what batches have for themselves. `None` when it takes more than is done there: new lines are to be entered,
    /// or units or campaigns were changed by another process.
    async fn store_directly(
        &mut self,
        submissions: &[&Submission],
        atomic: Atomic,
        purpose: Purpose,
    ) -> Result<Option<Vec<Outcome>>, StoreError> {
        let lines = Lines::new(self.parts.slots.borrow().clone());
        if lines.lack(submissions) {
            return Ok(None);
        }
        let (shard, now, catalogue) = (self.parts.shard, self.parts.clock.now(), self.known());
        let task = Task { submissions, atomic, shard, now, catalogue, lines };
        let began = Instant::now();
        let ended = match &mut self.parts.direct {
            Direct::File(file) => task.run(file.batch(), &mut self.hot).await?,
            Direct::Server(server) => task.run(server.batch(purpose).await?, &mut self.hot).await?,
        };
        Ok(match ended {
            Ended::Elsewhere => None,
            Ended::Nothing(outcomes) => Some(outcomes),
            Ended::Stored(decided, committing) => Some(self.stored(decided, began, committing)),
        })
    }

    /// Takes up that a batch was committed.
    fn stored(&mut self, decided: Decided<'_>, began: Instant, committing: Instant) -> Vec<Outcome> {
        self.pace.note(decided.outcomes.len(), began.elapsed(), committing.elapsed());
        self.counts.batches.fetch_add(1, Ordering::Relaxed);
        self.counts.versions.fetch_add(decided.versions.len() as u64, Ordering::Relaxed);
        decided.outcomes
    }
}

/// A batch that is stored on what batches have for themselves.
struct Task<'s> {
    submissions: &'s [&'s Submission],
    atomic: Atomic,
    shard: i16,
    now: Timestamp,
    catalogue: Arc<Catalogue>,
    lines: Lines,
}

/// What became of it.
enum Ended<'s> {
    /// It takes more than is done there.
    Elsewhere,
    /// Nothing was to be written.
    Nothing(Vec<Outcome>),
    /// It is durable; its commit began then.
    Stored(Decided<'s>, Instant),
}

impl<'s> Task<'s> {
    async fn run(mut self, batch: impl Batch, hot: &mut Hot) -> Result<Ended<'s>, StoreError> {
        let (submissions, shard, catalogue) = (self.submissions, self.shard, &self.catalogue);
        let cold = hot.lacking(batch::above(submissions, catalogue));
        let ((), (head, epoch), known, rows) = try_join4(
            batch.begin(),
            audit::head(&batch, shard),
            Known::look(&batch, submissions),
            rollup::look(&batch, shard, cold),
        )
        .await?;
        if epoch != catalogue.epoch {
            return Ok(Ended::Elsewhere);
        }
        hot.check(&head, epoch);
        hot.learn(rows);
        let mut decided = batch::decide(submissions, known, catalogue, &mut self.lines)?;
        if decided.is_nothing(self.atomic) {
            return Ok(Ended::Nothing(decided.outcomes));
        }
        let (entry, seal) = (decided.entry(), (shard, head.next()));
        let (head, written) = try_join(
            audit::append(&batch, shard, &head, self.now, entry, None),
            decided.write(&batch, seal, self.now, hot),
        )
        .await?;
        let committing = Instant::now();
        batch.commit().await?;
        hot.keep(written, head, epoch);
        Ok(Ended::Stored(decided, committing))
    }
}
