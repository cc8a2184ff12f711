//! What every test starts from: a service of its own on a database of its own, and clients that speak to it.

mod between;
mod client;
mod database;
mod hold;
mod raw;
mod server;
mod world;

pub(crate) use between::Between;
pub(crate) use client::{Answer, Client, client, total};
pub(crate) use database::{Database, migrations_before};
pub(crate) use hold::Hold;
pub(crate) use raw::Raw;
pub(crate) use server::Server;
pub(crate) use world::{NOON, PASSWORD, at, enter, password_hash};

use jiff::Timestamp;
use pufa::boot::Application;
use pufa::clock::Clock;
use pufa::config::Limits;
use pufa::store::{Follower, Settings, Store};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A database that the service runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// Makes two tests of one: `async fn name(engine: Engine)` run on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($name:ident)*) => { $(
        mod $name {
            use crate::support::Engine;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(Engine::Postgres).await;
            }
        }
    )* };
}

/// How a service of a test differs from the usual one.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) limits: Limits,
    pub(crate) now: Timestamp,
    pub(crate) queue: usize,
    pub(crate) batch: usize,
    pub(crate) lane: i16,
    /// How long the database may take for a batch.
    pub(crate) patience: Duration,
    /// Where the database is reached, when not where it is.
    pub(crate) through: Option<SocketAddr>,
    /// A standby that it reads from.
    pub(crate) follower: Option<Follower>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            now: at(NOON),
            queue: 4_096,
            batch: 512,
            lane: 0,
            patience: Duration::from_secs(15),
            through: None,
            follower: None,
        }
    }
}

/// A service that runs until the test ends.
#[derive(Debug)]
pub(crate) struct TestApp {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) address: SocketAddr,
    pub(crate) database: Arc<Database>,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<()>>,
    client: Client,
}

impl TestApp {
    /// A service with the units, accounts and the drive of [`world`].
    pub(crate) async fn start(engine: Engine) -> Self {
        Self::start_with(engine, Options::default()).await
    }

    pub(crate) async fn start_with(engine: Engine, options: Options) -> Self {
        let app = Self::bare(engine, options).await;
        world::enter(&app).await;
        app
    }

    /// A service on an empty database.
    pub(crate) async fn bare(engine: Engine, options: Options) -> Self {
        Self::on(&Database::create(engine).await, options).await
    }

    /// One more service on a database: a replica, or the next life of one that was stopped.
    pub(crate) async fn on(database: &Arc<Database>, options: Options) -> Self {
        let clock = Clock::fixed(options.now);
        let url = match options.through {
            Some(address) => database.url().replace(&database.server(), &address.to_string()),
            None => database.url().to_owned(),
        };
        let settings = Settings {
            queue: options.queue,
            batch: options.batch,
            shard: options.lane,
            patience: options.patience,
            follower: options.follower,
            ..Settings::new(url)
        };
        let store = Store::open(&settings, clock.clone()).await.unwrap();
        let application =
            Application::over(store.clone(), "127.0.0.1:0", clock.clone(), options.limits).await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let address = application.address();
        // A sender that is dropped stops the service as well as one that sends.
        let running = tokio::spawn(application.run(async {
            let _ = stopped.await;
        }));
        Self {
            store,
            clock,
            address,
            database: database.clone(),
            stop: Some(stop),
            running: Some(running),
            client: client(address, None),
        }
    }

    /// Asks the service to end, without waiting.
    pub(crate) fn ask_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Ends the service as a signal would, and waits until it has.
    pub(crate) async fn stop(mut self) -> Arc<Database> {
        self.ask_to_stop();
        self.running.take().unwrap().await.unwrap();
        self.database.clone()
    }

    /// Somebody who is not signed in.
    pub(crate) fn nobody(&self) -> Client {
        self.client.clone()
    }

    /// Somebody with this token.
    pub(crate) fn bearer(&self, token: &str) -> Client {
        self.client.with(Some(token.to_owned()))
    }

    /// An account of [`world`], signed in: its session was entered with it.
    pub(crate) fn by(&self, username: &str) -> Client {
        self.bearer(&world::token(username))
    }

    pub(crate) async fn raw(&self) -> Raw {
        Raw::connect(self.address).await
    }

    /// Sets the clock of the service, as Shanghai shows it: `2025-12-04T18:00:00`.
    pub(crate) fn set_clock(&self, shanghai: &str) {
        self.clock.set(at(shanghai));
    }

    /// Every total is the sum of its tallies, and the audit is whole.
    pub(crate) async fn assert_sound(&self) {
        let findings = self.store.verify().await.unwrap();
        assert!(findings.is_empty(), "{findings:?}");
    }
}
