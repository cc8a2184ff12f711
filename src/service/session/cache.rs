//! Who was recognised lately, so that not every request asks the database.
//!
//! What is remembered holds as long as the epoch of accounts does, and one look at the epoch serves everybody: whatever
//! ends a session, a token or a link, or changes what somebody may do, raises it.

use crate::domain::access::Actor;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What somebody shows. Each kind is looked for in its own place only, so that one never passes for another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Credential<'a> {
    /// A session's token, in a header or the session cookie.
    Session(&'a str),
    /// A program's token, in a header.
    Token(&'a str),
    /// A report link's token, in its cookie.
    Link(&'a str),
}

impl std::fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credential")
    }
}

/// A kind of credential and the digest of one.
pub(super) type Key = (u8, [u8; 32]);

impl Credential<'_> {
    pub(super) fn key(self) -> Key {
        let (kind, secret) = match self {
            Self::Session(secret) => (0, secret),
            Self::Token(secret) => (1, secret),
            Self::Link(secret) => (2, secret),
        };
        (kind, Sha256::digest(secret.as_bytes()).into())
    }
}

/// Somebody recognised.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) actor: Arc<Actor>,
    /// Number of the session or token; links are not noted.
    pub(super) id: i32,
    pub(super) expires_at: Timestamp,
    /// How long it may lie unused.
    pub(super) idle: SignedDuration,
    pub(super) used_at: Timestamp,
    /// The last use that the database knows of.
    pub(super) noted: Timestamp,
    /// The epoch before it was looked up.
    pub(super) epoch: i64,
}

/// What the cache says.
pub(super) enum Found {
    /// This is who it is.
    Actor(Arc<Actor>),
    /// Nobody that is remembered; what is looked up now belongs to this epoch.
    Nobody(i64),
    /// The epoch must be looked at first.
    Stale,
}

#[derive(Debug)]
struct Inner {
    seen: HashMap<Key, Seen>,
    epoch: i64,
    /// Before the last look at the epoch.
    looked: Option<Instant>,
    /// When something was changed here: a look that began earlier says nothing.
    changed: Option<Instant>,
}

/// Who was recognised lately.
#[derive(Debug)]
pub struct Cache {
    inner: Mutex<Inner>,
    capacity: usize,
    /// Whoever finds the epoch stale looks, the others wait for it.
    pub(super) looking: tokio::sync::Mutex<()>,
}

/// A look at the epoch serves this long, so what was ended elsewhere is dead within a second.
const BELIEVED: Duration = Duration::from_millis(900);
/// A use is noted in the database when it is this much newer than the last one noted.
const NOTED: SignedDuration = SignedDuration::from_mins(1);

impl Cache {
    pub(in crate::service) fn new(capacity: usize) -> Self {
        let inner = Inner { seen: HashMap::new(), epoch: 0, looked: None, changed: None };
        Self { inner: Mutex::new(inner), capacity, looking: tokio::sync::Mutex::new(()) }
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are remembered.
    pub(in crate::service) fn len(&self) -> usize {
        self.inner().seen.len()
    }

    pub(super) fn find(&self, key: &Key, now: Timestamp) -> Found {
        let mut inner = self.inner();
        if inner.looked.is_none_or(|looked| looked.elapsed() >= BELIEVED) {
            return Found::Stale;
        }
        let epoch = inner.epoch;
        let Some(seen) = inner.seen.get_mut(key).filter(|seen| seen.epoch == epoch) else {
            return Found::Nobody(epoch);
        };
        if seen.expires_at <= now || now.duration_since(seen.used_at) >= seen.idle {
            return Found::Nobody(epoch);
        }
        seen.used_at = now;
        Found::Actor(seen.actor.clone())
    }

    /// Takes up the epoch that a look found which began then.
    pub(super) fn looked(&self, epoch: i64, begun: Instant) {
        let mut inner = self.inner();
        inner.epoch = inner.epoch.max(epoch);
        if inner.changed.is_none_or(|changed| changed < begun) {
            inner.looked = Some(begun);
        }
    }

    /// To be called when this process ended or changed something: the next request looks.
    pub(in crate::service) fn distrust(&self) {
        let mut inner = self.inner();
        inner.looked = None;
        inner.changed = Some(Instant::now());
    }

    pub(super) fn put(&self, key: Key, found: Seen, now: Timestamp) {
        let mut inner = self.inner();
        if inner.seen.len() >= self.capacity {
            let epoch = inner.epoch;
            let lately = now.saturating_sub(NOTED).unwrap_or(Timestamp::MIN);
            // What the database is yet to be told stays: the next note takes it.
            inner.seen.retain(|_, seen| {
                (seen.epoch == epoch && seen.used_at >= lately)
                    || seen.used_at.duration_since(seen.noted) >= NOTED
            });
        }
        if inner.seen.len() < self.capacity {
            inner.seen.insert(key, found);
        }
    }

    /// Sessions and tokens that were used since the database was told: number and instant. `all` gives them whole,
    /// before the service stops; otherwise those of a minute and more.
    pub(super) fn used(&self, all: bool) -> [Vec<(i32, Timestamp)>; 2] {
        let mut used = [Vec::new(), Vec::new()];
        for ((kind, _), seen) in &mut self.inner().seen {
            let since = seen.used_at.duration_since(seen.noted);
            let due = if all { since > SignedDuration::ZERO } else { since >= NOTED };
            if let Some(used) = used.get_mut(usize::from(*kind)).filter(|_| due) {
                seen.noted = seen.used_at;
                used.push((seen.id, seen.used_at));
            }
        }
        used
    }
}
