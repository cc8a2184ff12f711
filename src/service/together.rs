//! One reading for all who ask the same at once.

use super::{App, Caller};
use crate::domain::access::Actor;
use crate::i18n::Lang;
use jiff::Timestamp;
use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OnceCell, Semaphore};

/// For whom something is read: to equal ones the same is told.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Asker {
    lang: Lang,
    actor: Actor,
    /// Whoever reads from the primary waits for nobody who reads from a standby.
    as_of: Option<Timestamp>,
}

impl App {
    pub(super) fn asker(&self, caller: &Caller) -> Asker {
        Asker { lang: caller.lang, actor: caller.actor.unnamed(), as_of: self.store.as_of() }
    }
}

/// What is being read, by what was asked. Nothing is kept: an answer is always from a reading that began after it was
/// asked for, so whoever has reported finds it in the next page. While one reading runs, all who come wait for one more.
#[derive(Debug)]
pub(crate) struct Together<K, V> {
    asked: Mutex<HashMap<K, Asked<V>>>,
    /// Readings at once: more than the database reads at once would only hold memory while they wait for it.
    places: Semaphore,
}

#[derive(Debug)]
struct Asked<V> {
    /// Held by the reading that runs.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// The reading that has not begun, for whoever comes now.
    next: Option<Arc<OnceCell<V>>>,
}

impl<V> Asked<V> {
    fn new() -> Self {
        Self { turn: Arc::default(), next: None }
    }
}

impl<K, V> Together<K, V> {
    /// Nothing asked, and so many readings at once.
    pub(crate) fn new(places: usize) -> Self {
        Self { asked: Mutex::default(), places: Semaphore::new(places) }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Together<K, V> {
    /// What `read` gives, or what somebody else's reading of the same gave that began after this was asked for. So `read` itself
    /// takes up units and campaigns: those from before it began are too old for whoever came meanwhile.
    ///
    /// # Errors
    /// Those of `read`: an error is told to one, and the next who waits reads again.
    pub(crate) async fn read<E, F>(&self, key: K, read: impl FnOnce() -> F) -> Result<V, E>
    where
        F: Future<Output = Result<V, E>>,
    {
        let (reading, turn) = {
            let mut all = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            let asked = all.entry(key.clone()).or_insert_with(Asked::new);
            (asked.next.get_or_insert_default().clone(), asked.turn.clone())
        };
        let place = Place { together: self, key, turn };
        let answer = reading.get_or_try_init(|| async {
            let _turn = place.turn.lock().await;
            // Never closed; and if it were, nothing would be bounded and all else hold.
            let _place = self.places.acquire().await.ok();
            place.begin(&reading);
            read().await
        });
        answer.await.cloned()
    }
}

/// One who waits. Dropped, also because the caller has gone, it takes away what nobody else waits for: nothing grows with
/// what was ever asked.
struct Place<'t, K: Hash + Eq, V> {
    together: &'t Together<K, V>,
    key: K,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl<K: Hash + Eq, V> Place<'_, K, V> {
    /// From now on whoever comes waits for the reading after this one.
    fn begin(&self, reading: &Arc<OnceCell<V>>) {
        let mut all = self.together.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = all.get_mut(&self.key) {
            asked.next.take_if(|next| Arc::ptr_eq(next, reading));
        }
    }
}

impl<K: Hash + Eq, V> Drop for Place<'_, K, V> {
    fn drop(&mut self) {
        let mut all = self.together.asked.lock().unwrap_or_else(PoisonError::into_inner);
        // One of the two is this place's own.
        if Arc::strong_count(&self.turn) == 2 {
            all.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use tokio::time::sleep;

    /// A figure that is reported over and over, and how often it was read.
    struct Figure {
        reported: AtomicUsize,
        readings: AtomicUsize,
        together: Together<&'static str, usize>,
    }

    impl Figure {
        fn with(places: usize) -> Self {
            let (reported, readings) = (AtomicUsize::default(), AtomicUsize::default());
            Self { reported, readings, together: Together::new(places) }
        }

        async fn read(&self, key: &'static str) -> usize {
            let read = || async {
                self.readings.fetch_add(1, Ordering::SeqCst);
                let read = self.reported.load(Ordering::SeqCst);
                sleep(Duration::from_millis(20)).await;
                Ok::<_, ()>(read)
            };
            self.together.read(key, read).await.unwrap()
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn many_at_once_are_few_readings_and_none_misses_what_was_there_before_it_asked() {
        let figure = Arc::new(Figure::with(2));
        let mut all = Vec::new();
        for n in 0..500 {
            figure.reported.store(n, Ordering::SeqCst);
            let figure = figure.clone();
            all.push(tokio::spawn(async move { (n, figure.read("nation").await) }));
            if n % 50 == 0 {
                sleep(Duration::from_millis(3)).await;
            }
        }
        for one in all {
            let (reported, read) = one.await.unwrap();
            assert!(read >= reported, "{reported} was reported before {read} was read");
        }
        let readings = figure.readings.load(Ordering::SeqCst);
        assert!((2..=20).contains(&readings), "{readings} readings");
        assert!(figure.together.asked.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn different_questions_wait_for_a_place_alone() {
        let all = async |places| {
            let figure = Figure::with(places);
            let began = std::time::Instant::now();
            tokio::join!(figure.read("a"), figure.read("b"), figure.read("c"), figure.read("d"));
            assert_eq!(figure.readings.load(Ordering::SeqCst), 4);
            began.elapsed()
        };
        // Each takes 20 ms: all beside each other, or two and two.
        let (free, bounded) = (all(4).await, all(2).await);
        assert!(bounded >= Duration::from_millis(40) && free < bounded, "{free:?}, {bounded:?}");
    }

    #[tokio::test]
    async fn whoever_leaves_or_fails_leaves_the_rest_to_another() {
        let figure = Arc::new(Figure::with(2));
        let leaving = tokio::spawn({
            let figure = figure.clone();
            async move { figure.read("nation").await }
        });
        sleep(Duration::from_millis(5)).await;
        let waiting = tokio::spawn({
            let figure = figure.clone();
            async move { figure.read("nation").await }
        });
        sleep(Duration::from_millis(5)).await;
        figure.reported.store(7, Ordering::SeqCst);
        leaving.abort();
        assert_eq!(waiting.await.unwrap(), 7);
        let failed = figure.together.read("nation", || async { Err::<usize, _>("no database") }).await;
        assert_eq!(failed, Err("no database"));
        assert!(figure.together.asked.lock().unwrap().is_empty());
    }
}
