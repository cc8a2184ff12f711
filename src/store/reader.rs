//! The connections that only read.

use super::{StoreError, health};
use sea_orm::entity::prelude::async_trait::async_trait;
use sea_orm::{
    ConnAcquireErr, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr,
    ExecResult, QueryResult, Statement,
};
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// A pool of connections.
///
/// On PostgreSQL statements run on a thread of the pool's own. To wait for a connection, for a sign that it still answers, and for
/// what is found are turns of a task, and among the tasks that serve callers each turn comes after all of theirs: a look at
/// totals would take five of them, and keep its connection from others meanwhile.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    pool: DatabaseConnection,
    aside: Option<Aside>,
    patience: Option<Patience>,
}

/// How long a statement may take, the wait for a connection included, and whether one was lost or took longer.
#[derive(Debug, Clone)]
struct Patience {
    limit: Duration,
    lost: Arc<AtomicBool>,
}

/// A thread that ends when nobody knows it any more.
#[derive(Debug, Clone)]
struct Aside {
    handle: Handle,
    _known: Arc<oneshot::Sender<()>>,
}

impl Aside {
    fn start() -> Result<Self, StoreError> {
        let unusable = |error: std::io::Error| StoreError::Unusable(format!("no thread for reads: {error}"));
        let runtime = Builder::new_current_thread().enable_all().build().map_err(unusable)?;
        let handle = runtime.handle().clone();
        let (known, forgotten) = oneshot::channel();
        let thread = std::thread::Builder::new().name("pufa-reader".into());
        thread.spawn(move || drop(runtime.block_on(forgotten))).map_err(unusable)?;
        Ok(Self { handle, _known: Arc::new(known) })
    }
}

impl Reader {
    pub(super) async fn connect(options: ConnectOptions, server: bool) -> Result<Self, StoreError> {
        let aside = if server { Some(Aside::start()?) } else { None };
        let pool = run(aside.as_ref(), Database::connect(options)).await?;
        Ok(Self { pool, aside, patience: None })
    }

    /// The same, but nobody waits longer than this for a statement; whoever would have is told that the server is away.
    pub(super) fn patient_for(self, limit: Duration) -> Self {
        Self { patience: Some(Patience { limit, lost: Arc::default() }), ..self }
    }

    /// Whether somebody waited too long, or found the server away. Its connections may hang, so they are of no use any more.
    pub(super) fn is_lost(&self) -> bool {
        self.patience.as_ref().is_some_and(|patience| patience.lost.load(Ordering::Relaxed))
    }

    pub(super) async fn close(self) {
        let _ = self.pool.close().await;
    }

    async fn run<T, W, F>(&self, work: W) -> Result<T, DbErr>
    where
        T: Send + 'static,
        W: FnOnce(DatabaseConnection) -> F,
        F: Future<Output = Result<T, DbErr>> + Send + 'static,
    {
        let work = run(self.aside.as_ref(), work(self.pool.clone()));
        let Some(patience) = &self.patience else { return work.await };
        let late = |_| Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout));
        // Whoever comes after the first does not wait as long once more.
        if patience.lost.load(Ordering::Relaxed) {
            return Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed));
        }
        let done = tokio::time::timeout(patience.limit, work).await.unwrap_or_else(late);
        if done.as_ref().is_err_and(health::is_away) {
            patience.lost.store(true, Ordering::Relaxed);
        }
        done
    }
}

async fn run<T: Send + 'static>(
    aside: Option<&Aside>,
    work: impl Future<Output = Result<T, DbErr>> + Send + 'static,
) -> Result<T, DbErr> {
    let Some(aside) = aside else { return work.await };
    aside.handle.spawn(work).await.unwrap_or_else(|error| Err(DbErr::Custom(error.to_string())))
}

/// The pool itself, for what takes longer than a statement.
impl Deref for Reader {
    type Target = DatabaseConnection;

    fn deref(&self) -> &DatabaseConnection {
        &self.pool
    }
}

#[async_trait]
impl ConnectionTrait for Reader {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.run(|pool| async move { pool.execute_raw(statement).await }).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let sql = sql.to_owned();
        self.run(|pool| async move { pool.execute_unprepared(&sql).await }).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.run(|pool| async move { pool.query_one_raw(statement).await }).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.run(|pool| async move { pool.query_all_raw(statement).await }).await
    }
}
