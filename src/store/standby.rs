//! Reads from a hot standby, and the proof of how old they can be.
//!
//! A standby cannot say by itself how old it is: the time since the last commit that it took up grows while nobody writes. So
//! once a beat the primary is asked how far its log is on its disk, and the standby how far it has come. A commit is on that
//! disk before anybody is told of it. A standby that has come as far as the primary was at an instant therefore holds all that
//! was acknowledged before, and what is asked of it from now on is answered as of that instant or a later one. Nothing
//! is written for this, and no clock but this process's own is read.
//!
//! Places in logs say nothing across two histories. So the standby must also hold the end of every lane's audit as the primary
//! had it, seal and all, and may never be further than the primary: one that follows somebody else is left alone.

use super::connect::{self, Settings};
use super::health::Health;
use super::reader::Reader;
use super::{Store, StoreError};
use crate::clock::Clock;
use crate::domain::catalogue::Catalogue;
use jiff::Timestamp;
use sea_orm::sqlx::{self, PgConnection};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// A standby to read from, and how old what is read there may be.
#[derive(Debug, Clone)]
pub struct Follower {
    /// `postgres://…`; of one server, or of a balancer before several.
    pub url: String,
    /// Where the standby is further behind, reads go to the primary.
    pub bound: Duration,
}

/// Where changes of figures are read that open pages are told of.
#[derive(Debug)]
pub enum News {
    /// On the primary.
    Primary,
    /// On the standby, as everything that may be older.
    Standby(Box<Store>),
    /// Nowhere just now: the standby is back, and does not hold yet what was told from the primary.
    Soon,
}

/// How the standby stands, for monitoring.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Behind {
    /// How old what is read there can be, when it is known.
    pub age: Option<Duration>,
    /// Whether reads go there.
    pub used: bool,
}

/// How long a connection to the standby is waited for, and a statement on it besides. Whoever waited in vain asks the primary.
pub(super) const CONNECTING: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(2);

/// How long after it was lost a standby is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Where the primary is: the place in its log, the epoch of units and campaigns, and the end of each lane's audit, all of
/// one look.
const PRIMARY: &str = "WITH RECURSIVE lanes(shard) AS (SELECT MIN(shard) FROM audit UNION ALL \
    SELECT (SELECT MIN(a.shard) FROM audit a WHERE a.shard > l.shard) FROM lanes l WHERE l.shard IS NOT NULL) \
    SELECT (pg_current_wal_flush_lsn() - '0/0')::bigint, s.value, \
    (SELECT string_agg(e.shard || ' ' || e.seq || ' ' || e.hash, E'\\n' ORDER BY e.shard) FROM lanes l \
    CROSS JOIN LATERAL (SELECT a.shard, a.seq, a.hash FROM audit a WHERE a.shard = l.shard ORDER BY a.seq DESC LIMIT 1) e) \
    FROM settings s WHERE s.name = 'catalogue_epoch'";

/// Where a standby is: whether it is one, and the place in the log that it has come to.
const STANDBY: &str = "SELECT pg_is_in_recovery(), (pg_last_wal_replay_lsn() - '0/0')::bigint";

const FURTHER: &str = "the standby is further than the primary: it follows another one";

/// Whether a session is with a standby that has come at least so far: asked each time a connection is taken, instead of a
/// sign of life. So it holds for every server behind an address, and for one that was promoted a moment ago.
pub(super) async fn has_come(connection: &mut PgConnection, place: i64) -> Result<bool, sqlx::Error> {
    let (standby, come): (bool, Option<i64>) = sqlx::query_as(STANDBY).fetch_one(connection).await?;
    Ok(standby && come.is_some_and(|come| come >= place))
}

/// Where the primary was.
#[derive(Debug, Clone)]
struct Mark {
    /// Before it was asked.
    began: Instant,
    /// The same instant, as a person reads it.
    at: Timestamp,
    place: i64,
    epoch: i64,
    /// A line a lane: its number, the number of its last entry, and that entry's seal.
    ends: String,
}

/// What of a standby a use case keeps while it reads there.
#[derive(Debug, Clone)]
pub(super) struct Lease {
    at: Timestamp,
    epoch: i64,
}

/// The standby.
#[derive(Debug)]
pub(super) struct Standby {
    settings: Settings,
    follower: Follower,
    health: Health,
    clock: Clock,
    now: RwLock<Now>,
    beat: Mutex<Beat>,
}

#[derive(Debug, Default)]
struct Now {
    reader: Option<Reader>,
    reached: Option<Mark>,
    /// When open pages were last told of figures from the primary.
    told: Option<Instant>,
}

/// What is known from one beat to the next.
#[derive(Debug, Default)]
struct Beat {
    /// A connection of its own to the primary: whoever reads much there must not make the standby look old.
    primary: Option<Reader>,
    /// Where the primary was, oldest first, as long as the standby has not come there.
    ahead: VecDeque<Mark>,
    /// What connections are asked for.
    place: Arc<AtomicI64>,
    /// The furthest place that the standby was seen at.
    come: i64,
    /// The ends of chains that were found on it.
    found: String,
    lost: Option<Instant>,
    used: Option<bool>,
}

impl Standby {
    /// A standby that is not connected to yet: it may be away when the service starts.
    pub(super) fn new(
        settings: &Settings,
        follower: &Follower,
        health: Health,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        let postgres = |url: &str| url.starts_with("postgres:") || url.starts_with("postgresql:");
        if settings.is_sqlite() || !postgres(&follower.url) {
            return Err(StoreError::Unusable("--read-database is for PostgreSQL beside PostgreSQL".into()));
        }
        Ok(Self {
            settings: settings.clone(),
            follower: follower.clone(),
            health,
            clock,
            now: RwLock::default(),
            beat: Mutex::default(),
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut Now) -> T) -> T {
        look(&mut self.now.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// The connections and where they lead, if what is read there is no older than the bound and than these units and campaigns.
    fn usable(&self, catalogue: &Catalogue) -> Option<(Reader, Mark, Option<Instant>)> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        let reader = now.reader.as_ref().filter(|reader| !reader.is_lost())?;
        let fits =
            |mark: &&Mark| mark.began.elapsed() <= self.follower.bound && mark.epoch >= catalogue.epoch;
        let reached = now.reached.as_ref().filter(fits)?;
        Some((reader.clone(), reached.clone(), now.told))
    }

    /// Finds out how far the standby is. To be called some times a second; one that hangs delays nobody but the next beat.
    async fn look(&self, catalogue: &Catalogue) {
        let Ok(mut beat) = self.beat.try_lock() else { return };
        let done = self.step(&mut beat).await;
        let used = self.usable(catalogue).is_some();
        if beat.used.replace(used) != Some(used) {
            match done {
                _ if used => tracing::info!("what may be older is read from the standby"),
                Err(error) => tracing::warn!(%error, "the standby is not read from"),
                Ok(()) => tracing::warn!("the standby is not read from: it is behind"),
            }
        }
    }

    async fn step(&self, beat: &mut Beat) -> Result<(), StoreError> {
        let mark = self.ask_primary(beat).await?;
        if mark.place < beat.come {
            return Err(self.lose(beat, StoreError::Unusable(FURTHER.into())));
        }
        // Those that are too old already would never be used.
        beat.ahead.retain(|mark| mark.began.elapsed() <= self.follower.bound);
        beat.ahead.push_back(mark);
        let reader = match self.reader(beat).await {
            Ok(Some(reader)) => reader,
            Ok(None) => return Ok(()),
            Err(error) => return Err(self.lose(beat, error)),
        };
        match self.follow(beat, &reader).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.lose(beat, error)),
        }
    }

    async fn ask_primary(&self, beat: &mut Beat) -> Result<Mark, StoreError> {
        let known = beat.primary.take().filter(|primary| !primary.is_lost());
        let primary = match known {
            Some(primary) => primary,
            None => {
                let options = connect::beside(&self.settings, &self.health);
                Reader::connect(options, true).await?.patient_for(PATIENCE)
            }
        };
        let (began, at) = (Instant::now(), self.clock.now());
        let row = one(beat.primary.insert(primary), PRIMARY.to_owned()).await?;
        let epoch: String = row.try_get_by_index(1)?;
        let epoch = epoch.parse().map_err(|_| StoreError::Damaged("setting catalogue_epoch".into()))?;
        let ends: Option<String> = row.try_get_by_index(2)?;
        Ok(Mark { began, at, place: row.try_get_by_index(0)?, epoch, ends: ends.unwrap_or_default() })
    }

    /// The connections, opened anew when those at hand were lost; `None` for a while after that.
    async fn reader(&self, beat: &mut Beat) -> Result<Option<Reader>, StoreError> {
        let known = self.with(|now| now.reader.clone());
        if let Some(reader) = known {
            if !reader.is_lost() {
                return Ok(Some(reader));
            }
            // Connections that a silent server left hanging are left behind with their pool.
            self.with(|now| (now.reader, now.reached) = (None, None));
        }
        if beat.lost.is_some_and(|lost| lost.elapsed() < PAUSE) {
            return Ok(None);
        }
        (beat.come, beat.place, beat.found) = Default::default();
        let options = connect::following(&self.settings, &self.follower.url, beat.place.clone());
        let reader = Reader::connect(options, true).await?.patient_for(PATIENCE);
        self.with(|now| now.reader = Some(reader.clone()));
        Ok(Some(reader))
    }

    async fn follow(&self, beat: &mut Beat, reader: &Reader) -> Result<(), StoreError> {
        let row = one(reader, STANDBY.to_owned()).await?;
        let come: Option<i64> = row.try_get_by_index(1)?;
        let Some(come) = come.filter(|_| row.try_get_by_index(0) == Ok(true)) else {
            return Err(StoreError::Lost("the server is no standby".into()));
        };
        beat.come = beat.come.max(come);
        let mut reached = None;
        while beat.ahead.front().is_some_and(|mark| mark.place <= come) {
            reached = beat.ahead.pop_front();
        }
        let Some(reached) = reached else { return Ok(()) };
        let first = self.with(|now| now.reached.is_none());
        if first && self.ask_primary(beat).await?.place < come {
            return Err(StoreError::Unusable(FURTHER.into()));
        }
        if reached.ends != beat.found {
            let found = one(reader, entries(&reached.ends)).await?.try_get_by_index::<Option<String>>(0)?;
            if found.unwrap_or_default() != reached.ends {
                let told = "the standby's audit is another one than the primary's";
                return Err(StoreError::Unusable(told.into()));
            }
            beat.found.clone_from(&reached.ends);
        }
        beat.place.store(reached.place, Ordering::Relaxed);
        self.with(|now| now.reached = Some(reached));
        Ok(())
    }

    /// Reads from it no more until it has shown again where it is.
    fn lose(&self, beat: &mut Beat, error: StoreError) -> StoreError {
        self.with(|now| (now.reader, now.reached) = (None, None));
        beat.lost = Some(Instant::now());
        error
    }

    pub(super) async fn close(&self) {
        let primary = self.beat.try_lock().ok().and_then(|mut beat| beat.primary.take());
        let reader = self.with(|now| now.reader.take());
        for reader in reader.into_iter().chain(primary) {
            // Whoever does not answer is not waited for.
            let _ = tokio::time::timeout(CONNECTING, reader.close()).await;
        }
    }
}

async fn one(reader: &Reader, sql: String) -> Result<QueryResult, StoreError> {
    let row = reader.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    row.ok_or_else(|| StoreError::Damaged("the setting catalogue_epoch is not there".into()))
}

/// What asks for these entries of the audit, and gives them in the same form.
fn entries(ends: &str) -> String {
    let named = ends.lines().filter_map(|line| {
        let mut parts = line.split(' ');
        let (lane, entry): (i16, i64) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(format!("({lane}, {entry})"))
    });
    // None is like no row: there is always one to compare.
    let named: Vec<String> = std::iter::once("(-1, -1)".to_owned()).chain(named).collect();
    format!(
        "SELECT string_agg(shard || ' ' || seq || ' ' || hash, E'\\n' ORDER BY shard) FROM audit \
         WHERE (shard, seq) IN ({})",
        named.join(", ")
    )
}

impl Store {
    /// How old what is read from the standby may be; `None` when there is none.
    #[must_use]
    pub fn bound(&self) -> Option<Duration> {
        self.standby.as_ref().map(|standby| standby.follower.bound)
    }

    /// The same store reading from the standby, if what is there is as new as the bound asks, as the units and campaigns
    /// in memory, and as `since`.
    #[must_use]
    pub fn older(&self, since: Option<Timestamp>) -> Option<Self> {
        let standby = self.standby.as_ref()?;
        let (reader, reached, told) = standby.usable(&self.catalogue.borrow())?;
        let fresh =
            since.is_none_or(|since| reached.at >= since) && told.is_none_or(|told| reached.began >= told);
        fresh.then(|| self.over(reader, &reached))
    }

    fn over(&self, reader: Reader, reached: &Mark) -> Self {
        Self { read: reader, lease: Some(Lease { at: reached.at, epoch: reached.epoch }), ..self.clone() }
    }

    /// As of when this store reads: what was acknowledged before is there. `None` when it reads from the primary.
    #[must_use]
    pub fn as_of(&self) -> Option<Timestamp> {
        self.lease.as_ref().map(|lease| lease.at)
    }

    /// Whether units and campaigns in memory are still no newer than what this store reads.
    #[must_use]
    pub fn fits_catalogue(&self) -> bool {
        self.lease.as_ref().is_none_or(|lease| lease.epoch >= self.catalogue.borrow().epoch)
    }

    /// Where changes are read that open pages are told of: where these pages read. Whoever is told of a figure then finds it,
    /// or a newer one.
    #[must_use]
    pub fn news(&self) -> News {
        let Some(standby) = &self.standby else { return News::Primary };
        match standby.usable(&self.catalogue.borrow()) {
            None => {
                standby.with(|now| now.told = Some(Instant::now()));
                News::Primary
            }
            Some((_, reached, Some(told))) if reached.began < told => News::Soon,
            Some((reader, reached, _)) => News::Standby(Box::new(self.over(reader, &reached))),
        }
    }

    /// Finds out how far the standby is. To be called some times a second.
    pub async fn look_at_standby(&self) {
        if let Some(standby) = &self.standby {
            standby.look(&self.catalogue()).await;
        }
    }

    /// How the standby stands; `None` when there is none.
    #[must_use]
    pub fn behind(&self) -> Option<Behind> {
        let standby = self.standby.as_ref()?;
        let age = standby.with(|now| now.reached.as_ref().map(|reached| reached.began.elapsed()));
        Some(Behind { age, used: standby.usable(&self.catalogue.borrow()).is_some() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_asked_for_by_lane_and_number() {
        let sql = entries("0 5 ab\n1 7 cd");
        assert!(sql.ends_with("IN ((-1, -1), (0, 5), (1, 7))"), "{sql}");
        assert!(entries("").ends_with("IN ((-1, -1))"), "no entry is no fault");
        assert!(entries("0 5); DROP x").ends_with("IN ((-1, -1))"), "nothing but numbers");
    }
}
