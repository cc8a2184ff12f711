//! Connections: a pool that only reads, one connection that writes, and one that batches of reports have for themselves.

use super::StoreError;
use super::direct::{Direct, File, Server};
use super::health::{self, Health};
use super::reader::Reader;
use super::standby::{self, Follower};
use pufa_migrations::Migrator;
use sea_orm::sqlx;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
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
    /// How long PostgreSQL may take for such a transaction before its connection is given up. Longer than it lets a session wait
    /// for a lock.
    pub patience: Duration,
    /// A standby for what may be a little old, on PostgreSQL.
    pub follower: Option<Follower>,
}

impl Settings {
    /// Usual settings for a database.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        let patience = Duration::from_secs(15);
        Self {
            url: url.into(),
            migrate: true,
            readers: 4,
            shard: 0,
            queue: 4_096,
            batch: 512,
            patience,
            follower: None,
        }
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
    pub(super) read: Reader,
    pub(super) write: DatabaseConnection,
    pub(super) direct: Direct,
    pub(super) health: Health,
}

/// The first SQLite without the WAL-reset fault that can corrupt a database read and written by several connections.
const OLDEST_SQLITE: [u32; 3] = [3, 51, 3];

/// Bytes of a page in a new file of SQLite; one that is there keeps its own. A report of a nation lands on pages of which it changes a
/// row each, so what it writes is pages: half as many bytes as of the usual 4 KiB. Smaller ones would part the totals of a large drive,
/// for of a row longer than a quarter of a page the rest has a page of its own.
const PAGE: u32 = 2_048;

/// Pages in SQLite's log at which a commit copies them into the file itself, if what [copies them](super::direct) beside
/// the writer has not.
const CHECKPOINT_PAGES: u32 = 100_000;

/// How long a connection waits for the write lock of another process.
const BUSY: Duration = Duration::from_secs(10);

/// How long a connection to PostgreSQL that writes is waited for.
pub(super) const CONNECTING: Duration = Duration::from_secs(5);

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
    let read = Reader::connect(reading(settings, &health), !settings.is_sqlite()).await?;
    Ok(Connections { read, write, direct: direct(settings, &health)?, health })
}

/// The connection that batches have for themselves, once the database is there.
fn direct(settings: &Settings, health: &Health) -> Result<Direct, StoreError> {
    if !settings.is_sqlite() {
        return Ok(Direct::Server(Box::new(Server::new(settings, health.clone())?)));
    }
    let options = SqliteConnectOptions::from_str(&settings.url);
    let options = options.map_err(|error| StoreError::Unusable(error.to_string()))?;
    let mut pragmas = vec![("synchronous", "FULL".to_owned()), ("foreign_keys", "ON".to_owned())];
    pragmas.extend(pragmas_of(false));
    File::open(options.get_filename(), BUSY, &pragmas).map(Direct::File)
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
    // What keeps a pool filled waits for minutes between its tries, and holds a place meanwhile: where a server may go away,
    // who needs a connection opens it.
    let kept = u32::from(settings.is_sqlite());
    options
        .max_connections(connections)
        .min_connections(kept)
        .acquire_timeout(if reader || settings.is_sqlite() { Duration::from_secs(10) } else { CONNECTING })
        .test_before_acquire(reader && !settings.is_sqlite())
        .sqlx_logging(false);
    // A file does not forget whoever has it open. And what ends connections that are old or unused can, in a pool that is closed at
    // that moment, turn for ever (sqlx 0.9.0, its issue 3645): a command then never ends.
    let ends = |after: u64| (!settings.is_sqlite()).then_some(Duration::from_secs(after));
    options.idle_timeout(ends(600)).max_lifetime(ends(1_800));
    options.map_sqlx_sqlite_opts(move |options| {
        let options = options
            .page_size(PAGE)
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
    let before = health.clone();
    options.map_sqlx_postgres_before_acquire(move |_, connection| {
        let sound = before.trusts(connection.age);
        Box::pin(async move { Ok(sound) })
    });
    let after = health.clone();
    options.map_sqlx_postgres_pool_opts(move |pool| {
        let after = after.clone();
        pool.after_connect(|connection, _| Box::pin(health::writes(connection))).after_release(move |_, _| {
            let sound = !after.is_failing();
            Box::pin(async move { Ok(sound) })
        })
    });
    options
}

/// Options of the connections that only read.
fn reading(settings: &Settings, health: &Health) -> ConnectOptions {
    let mut options = options(settings, settings.readers, true);
    let health = health.clone();
    options.map_sqlx_postgres_pool_opts(move |pool| {
        let health = health.clone();
        // While writes fail, the server that was read from may be one that does not answer any more. Given back, a connection
        // is asked once more, without a limit on time, and would keep its place; so it is closed.
        pool.after_connect(|connection, _| Box::pin(health::is_current(connection))).after_release(
            move |_, _| {
                let sound = !health.is_failing();
                Box::pin(async move { Ok(sound) })
            },
        )
    });
    options
}

/// Options of one more connection that reads from the primary, which may be away while it is not used.
pub(super) fn beside(settings: &Settings, health: &Health) -> ConnectOptions {
    let mut options = reading(&Settings { readers: 1, ..settings.clone() }, health);
    options.connect_lazy(true);
    options
}

/// Options of connections to a standby that must have come to a place of the primary's log, which moves on.
pub(super) fn following(settings: &Settings, url: &str, place: Arc<AtomicI64>) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(settings.readers)
        .min_connections(0)
        .connect_lazy(true)
        .acquire_timeout(standby::CONNECTING)
        .idle_timeout(Duration::from_secs(600))
        .test_before_acquire(false)
        .sqlx_logging(false);
    let wanted = place.clone();
    options.map_sqlx_postgres_before_acquire(move |connection, _| {
        Box::pin(standby::has_come(connection, wanted.load(Ordering::Relaxed)))
    });
    options.map_sqlx_postgres_pool_opts(move |pool| {
        let wanted = place.clone();
        pool.after_connect(move |connection, _| {
            let place = wanted.load(Ordering::Relaxed);
            Box::pin(async move {
                if standby::has_come(connection, place).await? {
                    Ok(())
                } else {
                    Err(sqlx::Error::Protocol("the server is no standby, or too far behind".into()))
                }
            })
        })
    });
    options
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
    // However long another replica takes for it.
    transaction
        .execute_unprepared("SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(781204)")
        .await?;
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
