//! Telling open pages that figures have changed.
//!
//! One look at the rollups serves everybody who listens, on this replica and for what others wrote alike: the highest
//! unit of a campaign says whether anything changed, and only then are the units looked at that somebody listens for.

use super::{App, Caller, Error, scope};
use crate::domain::campaign::Campaign;
use crate::domain::unit::UnitId;
use crate::store::News;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// The figures of a unit in a campaign are of this revision now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Event {
    /// Identifier of the campaign.
    pub campaign: String,
    /// Code of the unit.
    pub unit: String,
    /// As in totals: equal revisions are equal totals.
    pub revision: i64,
    /// Milliseconds: whoever fetches figures because of this waits for a random part of it first. It grows with those who
    /// listen, so that a thousand boards do not ask in one moment.
    pub within: u32,
}

/// Milliseconds that one listener more makes all of them wait at most: a little more than a board of its own with its pictures takes on
/// two cores (docs/performance.md).
const SPREAD_EACH: usize = 10;
/// No page is older than this on account of it.
const SPREAD_MOST: u32 = 60_000;
/// So many need not wait for each other.
const SPREAD_FREE: usize = 16;

/// What somebody listens for: a campaign's number, a unit, and whether with what is under it.
type Key = (i32, UnitId, bool);
type Revisions = Arc<HashMap<Key, i64>>;

/// Who listens for what, and the revisions last seen.
#[derive(Debug)]
pub struct Hub {
    listened: Mutex<HashMap<Key, usize>>,
    revisions: watch::Sender<Revisions>,
    tops: tokio::sync::Mutex<HashMap<i32, i64>>,
    places: Arc<Semaphore>,
    all: usize,
    ended: watch::Sender<bool>,
}

impl Hub {
    pub(super) fn new(places: usize) -> Self {
        Self {
            listened: Mutex::default(),
            revisions: watch::Sender::default(),
            tops: tokio::sync::Mutex::default(),
            places: Arc::new(Semaphore::new(places)),
            all: places,
            ended: watch::Sender::new(false),
        }
    }

    /// How many listen.
    pub(super) fn listeners(&self) -> usize {
        self.all - self.places.available_permits()
    }

    /// Over how many milliseconds those who listen are to spread what they fetch.
    fn spread(&self) -> u32 {
        let waiting = self.listeners().saturating_sub(SPREAD_FREE);
        u32::try_from(waiting * SPREAD_EACH).map_or(SPREAD_MOST, |spread| spread.min(SPREAD_MOST))
    }

    fn listened(&self) -> Vec<Key> {
        self.listened.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }
}

/// Somebody who listens. Dropped, it listens no more.
#[derive(Debug)]
pub struct Listener {
    hub: Arc<Hub>,
    /// What is listened for, how it is named, and the revision that was told last.
    wanted: Vec<(Key, Event, Option<i64>)>,
    revisions: watch::Receiver<Revisions>,
    ended: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    /// What has changed since the last call; the first tells where everything stands. `None` when the service stops.
    pub async fn next(&mut self) -> Option<Vec<Event>> {
        loop {
            if *self.ended.borrow() {
                return None;
            }
            let told = self.news();
            if !told.is_empty() {
                return Some(told);
            }
            tokio::select! {
                changed = self.revisions.changed() => changed.ok()?,
                changed = self.ended.changed() => changed.ok()?,
            }
        }
    }

    fn news(&mut self) -> Vec<Event> {
        let revisions = self.revisions.borrow_and_update().clone();
        let mut told = Vec::new();
        let within = self.hub.spread();
        for (key, event, last) in &mut self.wanted {
            if let Some(&revision) = revisions.get(key)
                && *last != Some(revision)
            {
                *last = Some(revision);
                told.push(Event { revision, within, ..event.clone() });
            }
        }
        told
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut listened = self.hub.listened.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, ..) in &self.wanted {
            if let Some(count) = listened.get_mut(key) {
                *count -= 1;
                if *count == 0 {
                    listened.remove(key);
                }
            }
        }
    }
}

impl App {
    /// Listens for changes of a unit, or of the highest one that the caller has, in one campaign or in all that are not
    /// locked.
    ///
    /// # Errors
    /// Out of scope is not found; `Busy` when too many listen.
    pub fn listen(
        &self,
        caller: &Caller,
        campaign: Option<&str>,
        unit: Option<&str>,
    ) -> Result<Listener, Error> {
        let catalogue = self.catalogue();
        let campaigns = match campaign {
            Some(id) => vec![scope::campaign(&catalogue, caller, id)?],
            None => catalogue
                .campaigns
                .iter()
                .filter(|campaign| !campaign.locked && scope::concerns(&catalogue, caller, campaign))
                .cloned()
                .collect(),
        };
        let mut wanted = Vec::new();
        for campaign in &campaigns {
            let asked = scope::asked(&catalogue, caller, Some(campaign), unit)?;
            let key = (campaign.key, asked.id, scope::reads_below(&catalogue, caller, asked.id));
            let event = Event {
                campaign: campaign.id.to_string(),
                unit: asked.code().to_string(),
                revision: 0,
                within: 0,
            };
            wanted.push((key, event, None));
        }
        let place = self.events.places.clone().try_acquire_owned().map_err(|_| Error::Busy)?;
        {
            let mut listened = self.events.listened.lock().unwrap_or_else(PoisonError::into_inner);
            wanted.iter().for_each(|(key, ..)| *listened.entry(*key).or_default() += 1);
        }
        Ok(Listener {
            hub: self.events.clone(),
            wanted,
            revisions: self.events.revisions.subscribe(),
            ended: self.events.ended.subscribe(),
            _place: place,
        })
    }

    /// Looks for what has changed and tells those who listen. To be called about twice a second.
    ///
    /// # Errors
    /// When the database cannot be read; the next call tells what this one could not.
    pub async fn tell_changes(&self) -> Result<(), Error> {
        if self.events.listened().is_empty() {
            return Ok(());
        }
        match self.store.news() {
            News::Primary => self.tell().await,
            News::Standby(store) => Self { store: *store, held: self.held.clone() }.tell().await,
            News::Soon => Ok(()),
        }
    }

    async fn tell(&self) -> Result<(), Error> {
        let listened = self.events.listened();
        let catalogue = self.catalogue();
        let known = self.events.revisions.borrow().clone();
        let mut tops = self.events.tops.lock().await;
        let mut campaigns: Vec<Arc<Campaign>> = listened
            .iter()
            .filter_map(|(campaign, ..)| catalogue.campaign_by_key(*campaign))
            .cloned()
            .collect();
        campaigns.sort_unstable_by_key(|campaign| campaign.key);
        campaigns.dedup_by_key(|campaign| campaign.key);
        let mut fresh: HashMap<Key, i64> = HashMap::with_capacity(listened.len());
        for campaign in campaigns {
            let of_campaign = std::slice::from_ref(&campaign);
            let top = self.read_sums(&catalogue, of_campaign, &[campaign.unit], true).await?;
            let top = top.whole(&campaign, campaign.unit).changes;
            let changed = tops.insert(campaign.key, top) != Some(top);
            for below in [true, false] {
                let keys = listened.iter().filter(|key| key.0 == campaign.key && key.2 == below);
                let (mut units, mut same) = (Vec::new(), Vec::new());
                for key in keys {
                    match known.get(key) {
                        Some(revision) if !changed => same.push((*key, *revision)),
                        _ => units.push(key.1),
                    }
                }
                fresh.extend(same);
                if units.is_empty() {
                    continue;
                }
                let reading = self.read_sums(&catalogue, of_campaign, &units, below).await?;
                for unit in units {
                    let revision = reading.whole(&campaign, unit).changes;
                    fresh.insert((campaign.key, unit, below), revision);
                }
            }
        }
        self.events.revisions.send_if_modified(|revisions| {
            let changed = **revisions != fresh;
            if changed {
                *revisions = Arc::new(fresh);
            }
            changed
        });
        Ok(())
    }

    /// Ends everybody's listening, so that the service can stop.
    pub fn hang_up(&self) {
        self.events.ended.send_replace(true);
    }
}
