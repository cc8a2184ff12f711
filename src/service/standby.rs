//! Use cases that read from a standby, where there is one: what they tell may be a little old, and says how old.

use super::App;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// As of when figures are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf {
    /// What was acknowledged before this instant is in them.
    pub at: Timestamp,
    /// How much older than the question they may be at most; `None` where the primary was asked.
    pub bound: Option<Duration>,
}

impl App {
    /// How old figures may be that are read from the standby; `None` when there is none.
    #[must_use]
    pub fn bound(&self) -> Option<Duration> {
        self.store.bound()
    }

    /// The same service reading from the standby, if what is there is new enough: by the bound, by the units and campaigns
    /// in memory, and by what the caller has seen or sent already.
    #[must_use]
    pub fn older(&self, since: Option<Timestamp>) -> Option<Arc<Self>> {
        let store = self.store.older(since)?;
        Some(Arc::new(Self { store, held: self.held.clone() }))
    }

    /// As of when figures are that this service tells; `None` when they are read from the primary.
    #[must_use]
    pub fn as_of(&self) -> Option<AsOf> {
        Some(AsOf { at: self.store.as_of()?, bound: self.bound() })
    }

    /// Whether what was just read is still no older than the units and campaigns in memory.
    #[must_use]
    pub fn fits_catalogue(&self) -> bool {
        self.store.fits_catalogue()
    }

    /// Finds out how far the standby is behind. To be called some times a second.
    pub async fn look_at_standby(&self) {
        self.store.look_at_standby().await;
    }
}
