//! The one task that writes.
//!
//! Submissions that wait are taken together: one transaction, then everybody is answered. Nothing is acknowledged
//! before its commit. A batch that the database refuses is rolled back and run again report by report, so one bad
//! report never takes another with it.

use super::connect::Health;
use super::pace::Pace;
use super::rollup::{self, Hot};
use super::submission::{Lines, Outcome, Submission, judge, repeated};
use super::transaction::{Purpose, Transaction};
use super::{Store, StoreError, audit, idempotency, slots, state, tally};
use crate::clock::Clock;
use crate::domain::catalogue::Catalogue;
use crate::domain::rollup::{self as rules, Rollups};
use crate::domain::slot::SlotBook;
use crate::domain::tally::Version;
use futures_util::FutureExt;
use sea_orm::DatabaseConnection;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio::sync::{mpsc, oneshot, watch};

type Answer = oneshot::Sender<Result<Outcome, StoreError>>;

/// The future of a use case that runs inside a write transaction.
pub type Work<'t, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 't>>;

/// Work with a transaction of its own, and what is told when its commit succeeded or not.
trait Job: Send {
    fn run<'t>(&'t mut self, transaction: &'t mut Transaction) -> Work<'t, ()>;
    fn finish(self: Box<Self>, committed: Result<(), StoreError>);
}

enum Command {
    Submit(Box<Submission>, Answer),
    SubmitAll(Vec<Submission>, oneshot::Sender<Result<Vec<Outcome>, StoreError>>),
    Job(Box<dyn Job>),
    Refresh(oneshot::Sender<Result<(), StoreError>>),
    Stop(oneshot::Sender<()>),
}

/// What a refused submission does to the others of its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Atomic {
    /// Nothing.
    Each,
    /// Nothing of the transaction is stored.
    All,
}

/// The way to the writer.
#[derive(Debug, Clone)]
pub(super) struct Handle {
    sender: mpsc::Sender<Command>,
    counts: Arc<Counts>,
}

/// What a writer has committed since it started.
#[derive(Debug, Default)]
struct Counts {
    batches: AtomicU64,
    versions: AtomicU64,
}

/// What the writer has done since the start, and what waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Writes that wait.
    pub waiting: usize,
    /// Groups of reports committed together.
    pub batches: u64,
    /// Versions in them.
    pub versions: u64,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Command")
    }
}

impl Handle {
    fn send(&self, command: Command) -> Result<(), StoreError> {
        self.sender.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Stopped,
        })
    }

    pub(super) fn alive(&self) -> Result<(), StoreError> {
        if self.sender.is_closed() { Err(StoreError::Stopped) } else { Ok(()) }
    }

    pub(super) fn written(&self) -> Written {
        Written {
            waiting: self.sender.max_capacity() - self.sender.capacity(),
            batches: self.counts.batches.load(Ordering::Relaxed),
            versions: self.counts.versions.load(Ordering::Relaxed),
        }
    }

    pub(super) async fn refresh(&self) -> Result<(), StoreError> {
        let (sender, receiver) = oneshot::channel();
        self.send(Command::Refresh(sender))?;
        receiver.await.map_err(|_| StoreError::Stopped)?
    }

    pub(super) async fn stop(&self) {
        let (sender, receiver) = oneshot::channel();
        if self.sender.send(Command::Stop(sender)).await.is_ok() {
            let _ = receiver.await;
        }
    }
}

/// A closure as a job.
struct Task<F, T> {
    work: Option<F>,
    result: Option<T>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Job for Task<F, T>
where
    F: for<'t> FnOnce(&'t mut Transaction) -> Work<'t, T> + Send,
    T: Send,
{
    fn run<'t>(&'t mut self, transaction: &'t mut Transaction) -> Work<'t, ()> {
        Box::pin(async move {
            let work = self.work.take().ok_or(StoreError::Stopped)?;
            self.result = Some(work(transaction).await?);
            Ok(())
        })
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self { result, answer, .. } = *self;
        let _ = answer.send(committed.and_then(|()| result.ok_or(StoreError::Stopped)));
    }
}

impl Store {
    /// Hands a report to the writer and waits until it is durable or refused.
    ///
    /// # Errors
    /// `Busy` when too many writes wait; otherwise what the database said. On an error nothing was stored.
    pub async fn submit(&self, submission: Submission) -> Result<Outcome, StoreError> {
        let (sender, receiver) = oneshot::channel();
        self.writer.send(Command::Submit(Box::new(submission), sender))?;
        let outcome = receiver.await.map_err(|_| StoreError::Stopped)??;
        if let Some(version) = outcome.version() {
            self.know_all([&**version]).await?;
        }
        Ok(outcome)
    }

    /// Stores reports together, in one transaction: all that are not stored already, or none. When one of them is refused,
    /// nothing is written, and the outcomes tell which.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub async fn submit_all(&self, submissions: Vec<Submission>) -> Result<Vec<Outcome>, StoreError> {
        let (sender, receiver) = oneshot::channel();
        self.writer.send(Command::SubmitAll(submissions, sender))?;
        let outcomes = receiver.await.map_err(|_| StoreError::Stopped)??;
        self.know_all(outcomes.iter().filter_map(Outcome::version).map(|version| &**version)).await?;
        Ok(outcomes)
    }

    /// Runs a use case in a write transaction of its own, committed when it succeeds.
    ///
    /// # Errors
    /// What the use case or the commit said; then nothing was stored.
    pub async fn transact<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: for<'t> FnOnce(&'t mut Transaction) -> Work<'t, T> + Send + 'static,
        T: Send + 'static,
    {
        let (answer, receiver) = oneshot::channel();
        self.writer.send(Command::Job(Box::new(Task { work: Some(work), result: None, answer })))?;
        receiver.await.map_err(|_| StoreError::Stopped)?
    }
}

pub(super) struct Parts {
    pub(super) connection: DatabaseConnection,
    pub(super) health: Health,
    pub(super) shard: i16,
    pub(super) queue: usize,
    pub(super) batch: usize,
    pub(super) clock: Clock,
    pub(super) catalogue: watch::Sender<Arc<Catalogue>>,
    pub(super) slots: watch::Sender<Arc<SlotBook>>,
}

pub(super) fn start(parts: Parts) -> Handle {
    let (sender, receiver) = mpsc::channel(parts.queue);
    let counts = Arc::<Counts>::default();
    let pace = Pace::new(parts.batch);
    tokio::spawn(Writer { parts, hot: Hot::default(), pace, counts: counts.clone() }.run(receiver));
    Handle { sender, counts }
}

/// Runs work of the writer; a panic in it is a failure of that work, and the writer goes on. Its transaction is
/// dropped, which rolls it back.
async fn survive<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or(Err(StoreError::Panicked))
}

/// How often a batch that lost against another replica is tried again before its callers are told.
const TRIES: usize = 20;

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
        let mut batch: Vec<(Submission, Answer)> = Vec::with_capacity(self.parts.batch);
        while receiver.recv_many(&mut waiting, self.pace.most()).await > 0 {
            self.gather(&mut receiver, &mut waiting).await;
            for command in waiting.drain(..) {
                match command {
                    Command::Submit(submission, answer) => batch.push((*submission, answer)),
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
            tokio::task::yield_now().await;
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

    async fn begin(&self, purpose: Purpose) -> Result<Transaction, StoreError> {
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
        self.parts.health.note(survive(look).await)
    }

    async fn job(&self, mut job: Box<dyn Job>) {
        let work = async {
            let mut transaction = self.begin(Purpose::Job).await?;
            job.run(&mut transaction).await?;
            self.commit(transaction).await
        };
        let committed = self.parts.health.note(survive(work).await);
        job.finish(committed);
    }

    /// Stores what waits and answers it.
    async fn submit(&mut self, batch: &mut Vec<(Submission, Answer)>) {
        if batch.is_empty() {
            return;
        }
        let submissions: Vec<&Submission> = batch.iter().map(|(submission, _)| submission).collect();
        match self.store_with_patience(&submissions, Atomic::Each).await {
            Ok(outcomes) => {
                for ((_, answer), outcome) in batch.drain(..).zip(outcomes) {
                    let _ = answer.send(Ok(outcome));
                }
            }
            Err(error) if batch.len() == 1 => {
                for (_, answer) in batch.drain(..) {
                    let _ = answer.send(Err(error.clone()));
                }
            }
            Err(error) => {
                tracing::warn!(%error, reports = batch.len(), "a batch failed; storing report by report");
                for (submission, answer) in batch.drain(..) {
                    let outcome = self.store_with_patience(&[&submission], Atomic::Each).await;
                    let _ = answer
                        .send(outcome.and_then(|mut outcomes| outcomes.pop().ok_or(StoreError::Stopped)));
                }
            }
        }
    }

    async fn store_with_patience(
        &mut self,
        submissions: &[&Submission],
        atomic: Atomic,
    ) -> Result<Vec<Outcome>, StoreError> {
        let mut tries = 0;
        loop {
            match survive(self.store(submissions, atomic)).await {
                Err(StoreError::Conflict(_)) if tries < TRIES => tries += 1,
                result => return self.parts.health.note(result),
            }
        }
    }

    /// One transaction: judges every submission against the current versions, writes what is new, commits.
    async fn store(
        &mut self,
        submissions: &[&Submission],
        atomic: Atomic,
    ) -> Result<Vec<Outcome>, StoreError> {
        let began = Instant::now();
        let mut transaction = self.begin(Purpose::Submissions).await?;
        let catalogue = transaction.catalogue().clone();
        self.hot.check(transaction.head(), catalogue.epoch);
        let connection = transaction.connection();

        let keys: Vec<(i32, &str)> = submissions
            .iter()
            .filter_map(|s| s.idempotency.as_ref().map(|key| (s.actor, key.key.as_str())))
            .collect();
        let answered = idempotency::find(connection, &keys).await?;
        let mut reports: Vec<tally::Key> = submissions.iter().map(|s| (s.campaign, s.day, s.unit)).collect();
        reports.extend(answered.values().map(|answered| (answered.key.0, answered.key.1, answered.key.2)));
        reports.sort_unstable();
        reports.dedup();
        let mut current: HashMap<tally::Key, Arc<Version>> = tally::current(connection, &reports)
            .await?
            .into_iter()
            .map(|version| ((version.campaign, version.day, version.unit), Arc::new(version)))
            .collect();

        let mut book = Lines::new(self.parts.slots.borrow().clone());
        if submissions.iter().any(|s| book.lacks(&s.act)) {
            book.extend(connection).await?;
        }
        let mut fresh: HashMap<(i32, &str), (usize, bool)> = HashMap::new();
        let mut outcomes = Vec::with_capacity(submissions.len());
        let mut versions: Vec<Arc<Version>> = Vec::with_capacity(submissions.len());
        let mut from = Vec::with_capacity(submissions.len());
        let mut changes = Rollups::new();
        for submission in submissions {
            if let Some(key) = &submission.idempotency {
                let of_batch = fresh.get(&(submission.actor, key.key.as_str()));
                if let Some(&(at, created)) = of_batch {
                    outcomes.push(repeated(submission, submissions[at], &outcomes[at], created));
                    continue;
                }
                if let Some(before) = answered.get(&(submission.actor, key.key.clone())) {
                    outcomes.push(self.replay(submission, before, connection).await?);
                    continue;
                }
            }
            let key = (submission.campaign, submission.day, submission.unit);
            let outcome = if submission.epoch == catalogue.epoch {
                judge(submission, current.get(&key), &mut book)
            } else {
                Outcome::Outdated
            };
            if let Outcome::Stored { version, created } = &outcome {
                if let Some(campaign) = catalogue.campaign_by_key(submission.campaign) {
                    let before = current.get(&key).map(|before| &**before);
                    rules::replace(&mut changes, campaign, &catalogue.tree, before, version);
                }
                versions.push(version.clone());
                from.push(submission.address);
                if let Some(key) = &submission.idempotency {
                    fresh.insert((submission.actor, key.key.as_str()), (outcomes.len(), *created));
                }
                current.insert(key, version.clone());
            }
            outcomes.push(outcome);
        }
        let refused = |outcome: &Outcome| !matches!(outcome, Outcome::Stored { .. } | Outcome::Unchanged(_));
        if versions.is_empty() || (atomic == Atomic::All && outcomes.iter().any(refused)) {
            return Ok(outcomes);
        }
        if !book.new.is_empty() {
            slots::insert(transaction.connection(), &book.new).await?;
            for (slot, _) in &book.new {
                transaction.touch(&state::SLOTS, i32::try_from(slot.0).unwrap_or(i32::MAX));
            }
        }
        let batch = transaction.audit(audit::batch(&versions, &from)).await?;
        let connection = transaction.connection();
        tally::insert(connection, &versions, self.parts.shard, batch).await?;
        let written = rollup::merge(connection, self.parts.shard, changes, &self.hot).await?;
        let keyed: Vec<_> = submissions
            .iter()
            .zip(&outcomes)
            .enumerate()
            .filter_map(|(at, (submission, outcome))| match (&submission.idempotency, outcome) {
                (Some(key), Outcome::Stored { version, created })
                    if fresh.get(&(submission.actor, key.key.as_str())) == Some(&(at, *created)) =>
                {
                    Some((submission.actor, key, &**version, *created))
                }
                _ => None,
            })
            .collect();
        idempotency::insert(connection, transaction.now(), &keyed).await?;
        let head = transaction.head().clone();
        let written_at = Instant::now();
        self.commit(transaction).await?;
        self.pace.note(submissions.len(), began.elapsed(), written_at.elapsed());
        self.counts.batches.fetch_add(1, Ordering::Relaxed);
        self.counts.versions.fetch_add(versions.len() as u64, Ordering::Relaxed);
        self.hot.keep(written, head, catalogue.epoch);
        if let Some(book) = book.changed() {
            self.parts.slots.send_replace(book);
        }
        Ok(outcomes)
    }

    /// The answer that an earlier request with the same key got.
    async fn replay(
        &self,
        submission: &Submission,
        before: &idempotency::Answered,
        connection: &sea_orm::DatabaseTransaction,
    ) -> Result<Outcome, StoreError> {
        let same = submission.idempotency.as_ref().is_some_and(|key| key.request_hash == before.request_hash);
        if !same {
            return Ok(Outcome::KeyReused);
        }
        let version = tally::one(connection, before.key).await?;
        let version =
            version.ok_or_else(|| StoreError::Damaged("idempotency names a missing version".into()))?;
        Ok(Outcome::Stored { version: Arc::new(version), created: before.created })
    }
}
