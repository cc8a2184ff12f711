//! Putting the service together: used by `pufa serve`, by `pufa demo` and by the tests alike.

use crate::clock::Clock;
use crate::config::Limits;
use crate::http::metrics::Metrics;
use crate::http::{layers, routes, server};
use crate::service::App;
use crate::store::{Settings, Store, StoreError};
use std::future::{Future, pending};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// A service that listens and does not answer yet.
#[derive(Debug)]
pub struct Application {
    listener: TcpListener,
    address: SocketAddr,
    monitoring: Option<TcpListener>,
    app: Arc<App>,
}

/// Why a service could not start.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(String, std::io::Error),
}

/// How often changes that other processes made to units and campaigns are looked for.
const REFRESH: Duration = Duration::from_millis(500);
/// How often those who listen are told of changes; slower when looking takes long, so that it never fills a processor.
const TELL: Duration = Duration::from_millis(500);
/// How often accounts are looked at: what was ended elsewhere is dead within a second, and no request waits for a look.
const LOOK: Duration = Duration::from_millis(400);
/// How often it is found out how far the standby is behind: what is read there looks so much older than it is.
const FOLLOW: Duration = Duration::from_millis(250);
/// How often refusals are written into the audit.
const REFUSED: Duration = Duration::from_secs(1);
/// How often uses of sessions are noted.
const NOTE: Duration = Duration::from_secs(60);
/// How often what is kept only for a while is looked through.
const TIDY: Duration = Duration::from_secs(3600);
/// Connections for monitoring at once.
const MONITORS: usize = 16;

impl Application {
    /// Opens the database, migrates it, and binds the address.
    ///
    /// # Errors
    /// When either cannot be had.
    pub async fn build(
        listen: &str,
        settings: &Settings,
        clock: Clock,
        limits: Limits,
    ) -> Result<Self, BootError> {
        let store = Store::open(settings, clock.clone()).await?;
        Self::over(store, listen, clock, limits).await
    }

    /// Binds the address for a database that is open already.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn over(store: Store, listen: &str, clock: Clock, limits: Limits) -> Result<Self, BootError> {
        let (listener, address) = bind(listen).await?;
        Ok(Self { listener, address, monitoring: None, app: App::new(store, clock, limits) })
    }

    /// Binds another address for monitoring alone, and gives it.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn monitored_at(&mut self, listen: &str) -> Result<SocketAddr, BootError> {
        let (listener, address) = bind(listen).await?;
        self.monitoring = Some(listener);
        Ok(address)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The service behind it.
    #[must_use]
    pub const fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Answers until `stop` is done; then finishes what is under way and closes the database.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let watch = tokio::spawn(look_after(self.app.clone()));
        let tell = tokio::spawn(tell(self.app.clone()));
        let post = tokio::spawn(send_out(self.app.clone()));
        let follow = self.app.bound().map(|_| tokio::spawn(follow(self.app.clone())));
        let metrics = Arc::new(Metrics::default());
        let service = layers::service(&self.app, &metrics, routes::TABLE);
        let monitoring = self.monitoring.map(|listener| {
            let service = layers::service(&self.app, &metrics, routes::MONITORING);
            let limits = Limits { connections: MONITORS, ..self.app.limits().clone() };
            tokio::spawn(async move { server::serve(listener, service, &limits, pending()).await })
        });
        let stop = async {
            stop.await;
            self.app.hang_up();
        };
        server::serve(self.listener, service, self.app.limits(), stop).await;
        if let Some(monitoring) = monitoring {
            monitoring.abort();
        }
        watch.abort();
        tell.abort();
        if let Some(follow) = follow {
            follow.abort();
        }
        // What is under way stays taken for a while, and is sent again by whoever comes next.
        post.abort();
        self.app.close().await;
    }
}

async fn bind(listen: &str) -> Result<(TcpListener, SocketAddr), BootError> {
    let failed = |error| BootError::Listen(listen.to_owned(), error);
    let listener = TcpListener::bind(listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Takes up what other processes changed, and forgets what is kept only for a while.
async fn look_after(app: Arc<App>) {
    let mut refresh = tokio::time::interval(REFRESH);
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut refused = tokio::time::interval(REFUSED);
    let mut note = tokio::time::interval(NOTE);
    let mut tidy = tokio::time::interval(TIDY);
    loop {
        let done = tokio::select! {
            _ = refresh.tick() => app.refresh().await,
            _ = look.tick() => app.look_at_accounts().await,
            _ = refused.tick() => app.note_refusals(false).await,
            _ = note.tick() => app.note_used(false).await,
            _ = tidy.tick() => app.tidy().await,
        };
        if let Err(error) = done {
            tracing::warn!(%error, "the database could not be looked after");
        }
    }
}

/// Tells open pages what has changed.
async fn tell(app: Arc<App>) {
    loop {
        let began = Instant::now();
        if let Err(error) = app.tell_changes().await {
            tracing::warn!(%error, "changes could not be told");
        }
        tokio::time::sleep(TELL.max(began.elapsed() * 10)).await;
    }
}

/// Keeps an eye on the standby. By itself, for one that does not answer must hold up nothing else.
async fn follow(app: Arc<App>) {
    let mut tick = tokio::time::interval(FOLLOW);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        app.look_at_standby().await;
    }
}

/// Sends what is due.
async fn send_out(app: Arc<App>) {
    let mut tick = tokio::time::interval(app.limits().outbox_tick);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = app.send_out().await {
            tracing::warn!(%error, "what is due could not be sent");
        }
    }
}
