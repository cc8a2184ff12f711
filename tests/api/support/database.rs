//! Databases: a SQLite file in a directory of its own, or a database of its own in the PostgreSQL at hand.

use super::Engine;
use pufa::store::entity;
use pufa_migrations::Migrator;
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, QueryFilter};
use sea_orm_migration::MigratorTrait;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// A database that goes away with the last service on it.
#[derive(Debug)]
pub(crate) struct Database {
    url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    File(TempDir),
    Server {
        admin: String,
        name: String,
    },
    /// Goes away with its server.
    Elsewhere,
}

const REFUSAL: &str = "access.refuse";

/// Number of the next database that is made on the server.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The server that tests make their databases in.
fn postgres() -> String {
    #[expect(clippy::disallowed_methods, reason = "the test's own setting, not the service's")]
    let url = std::env::var("PUFA_TEST_POSTGRES");
    url.expect("PUFA_TEST_POSTGRES is not set: run scripts/test, or scripts/with-postgres cargo test")
}

impl Database {
    pub(crate) async fn create(engine: Engine) -> Arc<Self> {
        if engine == Engine::Sqlite {
            let dir = tempfile::Builder::new().prefix("pufa-test-").tempdir().unwrap();
            let url = format!("sqlite://{}?mode=rwc", dir.path().join("pufa.db").display());
            return Arc::new(Self { url, place: Place::File(dir) });
        }
        Self::create_on(&postgres()).await
    }

    /// One in the server that this address of a database leads to.
    pub(crate) async fn create_on(admin: &str) -> Arc<Self> {
        let admin = admin.to_owned();
        let name = format!("pufa_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        execute(&admin, &format!("CREATE DATABASE {name}")).await;
        let (server, _) = admin.rsplit_once('/').unwrap();
        Arc::new(Self { url: format!("{server}/{name}"), place: Place::Server { admin, name } })
    }

    /// One that is there already, and goes away with its server.
    pub(crate) fn at(url: &str) -> Arc<Self> {
        Arc::new(Self { url: url.to_owned(), place: Place::Elsewhere })
    }

    /// A copy of one that nobody is connected to, on the server.
    pub(crate) async fn copy(&self) -> Arc<Self> {
        let Place::Server { admin, name } = &self.place else { panic!("a file is copied as a file") };
        let copy = format!("{name}_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        execute(admin, &format!("CREATE DATABASE {copy} TEMPLATE {name}")).await;
        let (server, _) = admin.rsplit_once('/').unwrap();
        Arc::new(Self {
            url: format!("{server}/{copy}"),
            place: Place::Server { admin: admin.clone(), name: copy },
        })
    }

    /// What it is called on its server.
    pub(crate) fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap()
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// `HOST:PORT` of the server, on PostgreSQL.
    pub(crate) fn server(&self) -> String {
        let (_, rest) = self.url.split_once('@').unwrap();
        rest.split('/').next().unwrap().to_owned()
    }

    /// The file, on SQLite.
    pub(crate) fn file(&self) -> PathBuf {
        match &self.place {
            Place::File(dir) => dir.path().join("pufa.db"),
            Place::Server { .. } | Place::Elsewhere => panic!("PostgreSQL has no file"),
        }
    }

    /// A connection past the service.
    pub(crate) async fn connect(&self) -> DatabaseConnection {
        sea_orm::Database::connect(&self.url).await.unwrap()
    }

    /// Runs a statement past the service.
    pub(crate) async fn execute(&self, sql: &str) {
        execute(&self.url, sql).await;
    }

    /// What the audit kept of refusals.
    pub(crate) async fn refusals(&self) -> Vec<serde_json::Value> {
        let db = self.connect().await;
        let rows = entity::audit::Entity::find().all(&db).await.unwrap();
        db.close().await.unwrap();
        let refusals = rows.iter().filter(|row| row.action == REFUSAL);
        refusals.map(|row| serde_json::from_str(&row.detail).unwrap()).collect()
    }

    /// Everything that a submission writes. Without refusals, which come a moment after the answer.
    pub(crate) async fn stored(&self) -> Stored {
        let db = self.connect().await;
        let stored = Stored {
            versions: entity::tally_version::Entity::find().all(&db).await.unwrap(),
            rollups: entity::rollup::Entity::find().all(&db).await.unwrap(),
            audit: entity::audit::Entity::find()
                .filter(entity::audit::Column::Action.ne(REFUSAL))
                .all(&db)
                .await
                .unwrap(),
            keys: entity::idempotency::Entity::find().all(&db).await.unwrap(),
            slots: entity::slot::Entity::find().all(&db).await.unwrap(),
        };
        db.close().await.unwrap();
        stored
    }
}

pub(super) async fn execute(url: &str, sql: &str) {
    let db = sea_orm::Database::connect(url).await.unwrap();
    db.execute_unprepared(sql).await.unwrap();
    db.close().await.unwrap();
}

impl Drop for Database {
    fn drop(&mut self) {
        let Place::Server { admin, name } = &self.place else { return };
        let (admin, sql) = (admin.clone(), format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        // A drop cannot wait for a future, and the runtime of the test may be ending: a thread has its own.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(execute(&admin, &sql));
        });
        let _ = dropping.join();
    }
}

/// What submissions have written: equal before and after is nothing stored.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stored {
    pub(crate) versions: Vec<entity::tally_version::Model>,
    pub(crate) rollups: Vec<entity::rollup::Model>,
    pub(crate) audit: Vec<entity::audit::Model>,
    pub(crate) keys: Vec<entity::idempotency::Model>,
    pub(crate) slots: Vec<entity::slot::Model>,
}

/// How many migrations there were before this one.
pub(crate) fn migrations_before(name: &str) -> u32 {
    let place = Migrator::migrations().iter().position(|one| one.name() == name).unwrap();
    u32::try_from(place).unwrap()
}
