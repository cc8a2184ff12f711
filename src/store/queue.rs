//! The way to the writer: what it is asked for, the bounded queue in which that waits, and how an answer comes back.

use super::submission::{Outcome, Submission};
use super::transaction::Transaction;
use super::{Store, StoreError};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{mpsc, oneshot};

/// With what became of a submission it goes back itself: whoever made it is nearest to the memory that it lies in.
pub(super) type Answer = oneshot::Sender<(Box<Submission>, Result<Outcome, StoreError>)>;

/// The future of a use case that runs inside a write transaction.
pub type Work<'t, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 't>>;

/// Work with a transaction of its own, and what is told when its commit succeeded or not.
pub(super) trait Job: Send {
    fn run<'t>(&'t mut self, transaction: &'t mut Transaction) -> Work<'t, ()>;
    fn finish(self: Box<Self>, committed: Result<(), StoreError>);
}

pub(super) enum Command {
    Submit(Box<Submission>, Answer),
    SubmitAll(Vec<Submission>, oneshot::Sender<Result<Vec<Outcome>, StoreError>>),
    Job(Box<dyn Job>),
    Refresh(oneshot::Sender<Result<(), StoreError>>),
    Stop(oneshot::Sender<()>),
}

/// The way to the writer.
#[derive(Debug, Clone)]
pub(super) struct Handle {
    pub(super) sender: mpsc::Sender<Command>,
    pub(super) counts: Arc<Counts>,
}

/// What a writer has committed since it started.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) batches: AtomicU64,
    pub(super) versions: AtomicU64,
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
    /// `Busy` when too many writes wait; otherwise what the database said. On an error nothing was stored, but for `Unknown`.
    pub async fn submit(&self, submission: Submission) -> Result<Outcome, StoreError> {
        let (sender, receiver) = oneshot::channel();
        self.writer.send(Command::Submit(Box::new(submission), sender))?;
        let (_, outcome) = receiver.await.map_err(|_| StoreError::Stopped)?;
        let outcome = outcome?;
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
    /// What the use case or the commit said; then nothing was stored, but for `Unknown`.
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
