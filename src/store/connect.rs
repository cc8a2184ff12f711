//! Connections: a pool that only reads, and the one connection that writes.

use super::StoreError;
use super::direct::Direct;
use pufa_migrations::Migrator;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{self, PgConnection};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Where the database is and how it is used.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `sqlite://pufa.db?mode=rwc` or `postgres://…`.
    pub url: String,
    /// Brings the schema up to date on opening.
    pub migrate: bool,
    /// Connections that read.
    pub readers: u32,
    /// The writer's lane on a cluster: replicas with lanes of their own do not wait for each other's rollup rows.
    pub shard: i16,
    /// Writes that may wait.
    pub queue: usize,
    /// Submissions that one transaction takes at most.
    pub batch: usize,
}

impl Settings {
    /// Usual settings for a database.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), migrate: true, readers: 4, shard: 0, queue: 4_096, batch: 512 }
    }

    /// Whether the database is a file of SQLite.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    fn is_memory(&self) -> bool {
        self.url.contains(":memory:") || self.url.contains("mode=memory")
    }
}

pub(super) struct Connections {
    pub(super) read: DatabaseConnection,
    pub(super) write: DatabaseConnection,
    pub(super) direct: Option<Direct>,
    pub(super) health: Health,
}

/// Whether the database takes writes, as far as the last one tells.
///
/// On a cluster the server behind an address changes. A connection that a write failed on may lead to one that is gone, or
/// that only reads from now on (SQLSTATE 25006); so after any failure of the database the next write gets a new connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Health {
    failing: Arc<AtomicBool>,
}

impl Health {
    /// Takes up how a write ended, and gives it back.
    pub(super) fn note<T>(&self, ended: Result<T, StoreError>) -> Result<T, StoreError> {
        match &ended {
            Ok(_) => self.failing.store(false, Ordering::Relaxed),
            Err(StoreError::Database(_)) => self.failing.store(true, Ordering::Relaxed),
            Err(_) => {}
        }
        ended
    }

    pub(super) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }
}

/// The first SQLite without the WAL-reset fault that can corrupt a database read and written by several connections.
const OLDEST_SQLITE: [u32; 3] = [3, 51, 3];

/// SQLite pages of 4 KiB between checkpoints: large enough that a burst of submissions rewrites a hot page once.
const CHECKPOINT_PAGES: u32 = 20_000;

/// How long a connection waits for the write lock of another process.
const BUSY: Duration = Duration::from_secs(10);

/// What a connection keeps of SQLite's pages, in KiB with a minus. Reports of a day come in no order and lie all over its pages:
/// what the writer does not keep it reads again, and what does not fit is written before the commit and once more after.
const WRITER_CACHE: &str = "-16384";
const READER_CACHE: &str = "-2048";

/// Rows that SQLite's thread may be ahead of whoever reads them: beyond, the two wait for each other row by row.
const ROWS_AHEAD: usize = 1_024;

pub(super) async fn open(settings: &Settings) -> Result<Connections, StoreError> {
    let health = Health::default();
    let write = connect(settings, writing(settings, &health)).await?;
    if settings.migrate {
        migrate(&write, None).await?;
    }
    let read = Database::connect(options(settings, settings.readers, true)).await?;
    Ok(Connections { read, write, direct: direct(settings)?, health })
}

/// The connection that batches have for themselves on SQLite, once the file is there.
fn direct(settings: &Settings) -> Result<Option<Direct>, StoreError> {
    if !settings.is_sqlite() {
        return Ok(None);
    }
    let options = SqliteConnectOptions::from_str(&settings.url);
    let options = options.map_err(|error| StoreError::Unusable(error.to_string()))?;
    let mut pragmas = vec![("synchronous", "FULL".to_owned()), ("foreign_keys", "ON".to_owned())];
    pragmas.extend(pragmas_of(false));
    Direct::open(options.get_filename(), BUSY, &pragmas).map(Some)
}

/// What every connection to SQLite is told by name.
fn pragmas_of(reader: bool) -> [(&'static str, String); 3] {
    [
        ("wal_autocheckpoint", CHECKPOINT_PAGES.to_string()),
        ("cache_size", if reader { READER_CACHE } else { WRITER_CACHE }.to_owned()),
        ("query_only", if reader { "on" } else { "off" }.to_owned()),
    ]
}

/// One connection that may write, to a database as it is.
pub(super) async fn alone(settings: &Settings) -> Result<DatabaseConnection, StoreError> {
    connect(settings, options(settings, 1, false)).await
}

async fn connect(settings: &Settings, options: ConnectOptions) -> Result<DatabaseConnection, StoreError> {
    let sqlite = settings.is_sqlite();
    if !sqlite && !settings.url.starts_with("postgres:") && !settings.url.starts_with("postgresql:") {
        return Err(StoreError::Unusable("--database must begin with sqlite: or postgres:".into()));
    }
    if sqlite && settings.is_memory() {
        return Err(StoreError::Unusable(
            "a SQLite database must be a file: reports must outlive the process".into(),
        ));
    }
    let write = Database::connect(options).await?;
    if sqlite {
        refuse_old_sqlite(&write).await?;
    }
    Ok(write)
}

fn options(settings: &Settings, connections: u32, reader: bool) -> ConnectOptions {
    let mut options = ConnectOptions::new(&settings.url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(10))
        .idle_timeout(Duration::from_secs(600))
        .test_before_acquire(reader && !settings.url.starts_with("sqlite:"))
        .sqlx_logging(false);
    options.map_sqlx_sqlite_opts(move |options| {
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .statement_cache_capacity(200)
            .row_buffer_size(ROWS_AHEAD);
        pragmas_of(reader).into_iter().fold(options, |options, (name, value)| options.pragma(name, value))
    });
    options
}

/// Options of the one connection that writes.
fn writing(settings: &Settings, health: &Health) -> ConnectOptions {
    let mut options = options(settings, 1, false);
    let health = health.clone();
    options.map_sqlx_postgres_before_acquire(move |_, _| {
        let sound = !health.is_failing();
        Box::pin(async move { Ok(sound) })
    });
    options.map_sqlx_postgres_pool_opts(|pool| {
        pool.after_connect(|connection, _| Box::pin(refuse_read_only(connection)))
    });
    options
}

/// Refuses a session that cannot write: a standby, or a primary that was demoted. The pool tries again until its time is up.
async fn refuse_read_only(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let sql = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'";
    let read_only: bool = sqlx::query_scalar(sql).fetch_one(connection).await?;
    if read_only { Err(sqlx::Error::Protocol("the server only reads".into())) } else { Ok(()) }
}

async fn refuse_old_sqlite(connection: &DatabaseConnection) -> Result<(), StoreError> {
    let version = connection
        .query_one_raw(Statement::from_string(DbBackend::Sqlite, "SELECT sqlite_version()"))
        .await?;
    let version: String = version.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
    let parts: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
    if parts.as_slice() < OLDEST_SQLITE.as_slice() {
        return Err(StoreError::Unusable(format!(
            "SQLite {version} can corrupt a database in WAL mode; 3.51.3 or later is needed"
        )));
    }
    Ok(())
}

/// Brings the schema up to date, or some steps further. Replicas that start together take turns.
pub(super) async fn migrate(connection: &DatabaseConnection, steps: Option<u32>) -> Result<(), StoreError> {
    if connection.get_database_backend() != DbBackend::Postgres {
        return Ok(Migrator::up(connection, steps).await?);
    }
    // The lock lives as long as this transaction, so a replica that dies while migrating does not keep it.
    let transaction = connection.begin().await?;
    transaction.execute_unprepared("SELECT pg_advisory_xact_lock(781204)").await?;
    Migrator::up(&transaction, steps).await?;
    Ok(transaction.commit().await?)
}

/// Names of the migrations that the database has not seen yet.
///
/// # Errors
/// When the database cannot be read.
pub async fn pending_migrations(settings: &Settings) -> Result<Vec<String>, StoreError> {
    let connection = alone(settings).await?;
    let pending = Migrator::get_pending_migrations(&connection).await?;
    connection.close().await?;
    Ok(pending.iter().map(|migration| migration.name().to_owned()).collect())
}
