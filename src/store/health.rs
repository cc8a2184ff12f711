//! Whether the database takes writes, and what a failure says about the connection it came on.
//!
//! On a cluster the server behind an address changes: it ends, it only reads from now on, or it stops answering while its
//! sockets stay open. So after any failure of the database no connection that was open writes again, and no write waits for ever.

use super::StoreError;
use sea_orm::sqlx::{self, PgConnection};
use sea_orm::{DbErr, RuntimeErr, SqlErr};
use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Whether the database takes writes, as far as the last one tells.
#[derive(Debug, Clone, Default)]
pub(super) struct Health {
    failing: Arc<AtomicBool>,
    /// When it failed last.
    failed: Arc<RwLock<Option<Instant>>>,
    /// Held while somebody finds out whether writes are back.
    pub(super) probing: Arc<Mutex<()>>,
}

impl Health {
    /// Takes up how a write ended, and gives it back.
    pub(super) fn note<T>(&self, ended: Result<T, StoreError>) -> Result<T, StoreError> {
        match &ended {
            Ok(_) => self.failing.store(false, Ordering::Relaxed),
            Err(StoreError::Database(_) | StoreError::Lost(_) | StoreError::Unknown(_)) => self.fail(),
            Err(_) => {}
        }
        ended
    }

    fn fail(&self) {
        *self.failed.write().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.failing.store(true, Ordering::Relaxed);
    }

    /// Whether a connection that has been open for so long has seen no failure.
    pub(super) fn trusts(&self, age: Duration) -> bool {
        let failed = *self.failed.read().unwrap_or_else(PoisonError::into_inner);
        failed.is_none_or(|failed| age < failed.elapsed())
    }

    pub(super) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// Runs a write that may not take longer than this. Whether it was stored is not known when it does.
    pub(super) async fn within<T>(
        &self,
        limit: Option<Duration>,
        write: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let Some(limit) = limit else { return write.await };
        let mut write = Box::pin(write);
        if let Ok(ended) = tokio::time::timeout(limit, write.as_mut()).await {
            return ended;
        }
        // Before the connection goes back: one that is failing is closed, any other would be asked once more, for ever.
        self.fail();
        drop(write);
        Err(StoreError::Unknown(format!("no answer within {} s", limit.as_secs())))
    }
}

/// How the other end of a session treats it, each where the server knows it: a lock is waited for no longer than this, and what
/// a replica that vanished holds is let go.
pub(super) const SESSION: &str = "SELECT set_config(s.name, w.value, false) FROM pg_settings s JOIN (VALUES \
    ('lock_timeout', '10s'), ('idle_in_transaction_session_timeout', '30s'), ('client_connection_check_interval', '2s'), \
    ('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3'), \
    ('tcp_user_timeout', '20s')) w (name, value) ON w.name = s.name";

/// Whether a session cannot write: one on a standby, or on a primary that was demoted.
pub(super) const READ_ONLY: &str =
    "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'";

/// What is said of such a session.
pub(super) const ONLY_READS: &str = "the server only reads";

/// Refuses a session that cannot write. The pool tries again until its time is up.
pub(super) async fn writes(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let read_only: bool = sqlx::query_scalar(READ_ONLY).fetch_one(&mut *connection).await?;
    if read_only {
        return Err(sqlx::Error::Protocol(ONLY_READS.into()));
    }
    sqlx::query(SESSION).execute(connection).await.map(|_| ())
}

/// Refuses a session on a standby, which would tell what was true some time ago.
pub(super) async fn is_current(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let standby: bool = sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(connection).await?;
    if standby { Err(sqlx::Error::Protocol("the server is a standby".into())) } else { Ok(()) }
}

impl StoreError {
    /// The same, said of a commit: a session that ends within one does not say whether it had come to its end.
    pub(super) fn of_commit(self) -> Self {
        match self {
            Self::Lost(why) => Self::Unknown(why),
            other => other,
        }
    }
}

/// Whether an error says that the database went away, or is no primary or standby any more.
pub(super) fn is_away(error: &DbErr) -> bool {
    matches!(StoreError::from(error), StoreError::Lost(_))
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        Self::from(&error)
    }
}

impl From<&DbErr> for StoreError {
    fn from(error: &DbErr) -> Self {
        if let Some(SqlErr::UniqueConstraintViolation(what)) = error.sql_err() {
            return Self::Conflict(what);
        }
        let text = error.to_string();
        match error {
            DbErr::ConnectionAcquire(_) => Self::Lost(text),
            DbErr::Conn(RuntimeErr::SqlxError(cause))
            | DbErr::Exec(RuntimeErr::SqlxError(cause))
            | DbErr::Query(RuntimeErr::SqlxError(cause)) => match &**cause {
                sqlx::Error::Database(told) => by_code(told.code().as_deref().unwrap_or_default(), text),
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed => Self::Lost(text),
                _ => Self::Database(text),
            },
            _ => Self::Database(text),
        }
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            // Without its detail, which may repeat what somebody reported.
            Some(told) => by_code(told.code().code(), told.message().to_owned()),
            // What came back was not understood, or what was to be sent: a fault of the program.
            None if error.source().is_some_and(|cause| !cause.is::<std::io::Error>()) => {
                Self::Database(told(&error))
            }
            None => Self::Lost(told(&error)),
        }
    }
}

/// An error with its cause.
fn told(error: &tokio_postgres::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

/// By PostgreSQL's code of an error. Codes of SQLite are numbers of fewer digits.
fn by_code(code: &str, text: String) -> StoreError {
    match code {
        // A key that is there already, a serialization failure, a deadlock.
        "23505" | "40001" | "40P01" => StoreError::Conflict(text),
        // Lock not available: somebody holds it for long, an import perhaps.
        "55P03" => StoreError::Busy,
        // A transaction that only reads; sessions ended by an administrator, a crash or a start; too many of them; ended
        // while idle in a transaction; anything about the connection itself.
        "25006" | "57P01" | "57P02" | "57P03" | "57P05" | "53300" | "25P03" => StoreError::Lost(text),
        _ if code.len() == 5 && code.starts_with("08") => StoreError::Lost(text),
        _ => StoreError::Database(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_session_is_told_from_what_refuses_a_statement() {
        for code in ["25006", "57P01", "57P03", "08006", "08P01"] {
            assert!(matches!(by_code(code, String::new()), StoreError::Lost(_)), "{code}");
        }
        for code in ["23514", "57014", "08", "5", ""] {
            assert!(matches!(by_code(code, String::new()), StoreError::Database(_)), "{code}");
        }
        assert!(matches!(by_code("40001", String::new()), StoreError::Conflict(_)));
        assert!(matches!(by_code("55P03", String::new()), StoreError::Busy));
    }

    #[tokio::test]
    async fn a_write_without_an_answer_ends_and_nobody_claims_to_know_how() {
        let health = Health::default();
        let never = std::future::pending::<Result<(), StoreError>>();
        let ended = health.within(Some(Duration::from_millis(10)), never).await;
        assert!(matches!(ended, Err(StoreError::Unknown(_))));
        assert!(health.is_failing(), "the connection must not be used again");
        health.note(Ok(())).unwrap();
        assert!(!health.is_failing());
    }
}
