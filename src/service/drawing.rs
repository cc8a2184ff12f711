//! Finished pictures: drawn by few at a time, kept while they fit.

use super::Error;
use crate::config::Limits;
use pufa_charts::{Options, Spec};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OnceCell, Semaphore};

/// What a picture ends as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Pixels.
    Png,
    /// Lines.
    Svg,
}

type Bytes = Arc<[u8]>;
type Slot = Arc<OnceCell<Bytes>>;

#[derive(Debug, Default)]
struct Shelf {
    /// What is kept, with when it was last asked for.
    pictures: HashMap<String, (Slot, u64)>,
    asked: u64,
}

/// Where pictures are drawn and kept. Callers that want the same picture wait for one drawing of it.
#[derive(Debug)]
pub struct Studio {
    shelf: Mutex<Shelf>,
    capacity: usize,
    easels: Arc<Semaphore>,
    queue: Semaphore,
}

impl Studio {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            shelf: Mutex::default(),
            capacity: limits.picture_cache,
            easels: Arc::new(Semaphore::new(limits.drawings)),
            queue: Semaphore::new(limits.drawings + limits.drawing_queue),
        }
    }

    /// The picture under a key, drawn if it is not there.
    ///
    /// # Errors
    /// `Busy` when too many callers wait; `Internal` when the drawing fails.
    pub(super) async fn picture(
        &self,
        key: &str,
        spec: Arc<Spec>,
        options: Options,
        format: Format,
    ) -> Result<Bytes, Error> {
        let slot = self.slot(key);
        let bytes = slot.get_or_try_init(|| self.draw(spec, options, format)).await?.clone();
        self.tidy(key);
        Ok(bytes)
    }

    async fn draw(&self, spec: Arc<Spec>, options: Options, format: Format) -> Result<Bytes, Error> {
        let _place = self.queue.try_acquire().map_err(|_| Error::Busy)?;
        let easel = self.easels.clone().acquire_owned().await.map_err(|_| Error::Busy)?;
        let drawn = tokio::task::spawn_blocking(move || {
            let drawn = match format {
                Format::Png => pufa_charts::png(&spec, &options),
                Format::Svg => pufa_charts::svg(&spec, &options).map(String::into_bytes),
            };
            drop(easel);
            drawn
        });
        let drawn = drawn.await.map_err(|error| Error::Internal(error.to_string()))?;
        drawn.map(Into::into).map_err(|error| Error::Internal(error.to_string()))
    }

    fn slot(&self, key: &str) -> Slot {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.asked += 1;
        let asked = shelf.asked;
        let (slot, last) = shelf.pictures.entry(key.to_owned()).or_default();
        *last = asked;
        slot.clone()
    }

    /// Throws away what was not asked for longest, until the rest fits; and drawings that failed.
    fn tidy(&self, kept: &str) {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let size = |slot: &Slot| slot.get().map_or(0, |bytes| bytes.len());
        shelf
            .pictures
            .retain(|key, (slot, _)| key == kept || slot.get().is_some() || Arc::strong_count(slot) > 1);
        let mut total: usize = shelf.pictures.values().map(|(slot, _)| size(slot)).sum();
        while total > self.capacity {
            let oldest = shelf.pictures.iter().filter(|(_, (slot, _))| slot.get().is_some());
            let Some(oldest) = oldest.min_by_key(|(_, (_, last))| *last).map(|(key, _)| key.clone()) else {
                return;
            };
            total -= shelf.pictures.remove(&oldest).map_or(0, |(slot, _)| size(&slot));
        }
    }

    /// How many pictures are kept, and their bytes.
    #[must_use]
    pub fn kept(&self) -> (usize, usize) {
        let shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let sizes = shelf.pictures.values().filter_map(|(slot, _)| slot.get()).map(|bytes| bytes.len());
        (shelf.pictures.len(), sizes.sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pufa_charts::{Bar, Totals, Value};

    fn spec(n: u64) -> Arc<Spec> {
        let bars =
            vec![Bar { label: "万福街道".into(), value: Some(Value::exact(n)), note: String::new() }];
        Arc::new(Spec::Totals(Totals {
            measure: "宣传资料".into(),
            unit: "份".into(),
            bars,
            ..Totals::default()
        }))
    }

    #[tokio::test]
    async fn what_is_kept_stays_within_its_limit() {
        let studio = Studio::new(&Limits { picture_cache: 100_000, ..Limits::default() });
        for n in 0..20 {
            let options = Options::default();
            studio.picture(&n.to_string(), spec(n), options, Format::Svg).await.unwrap();
        }
        let (pictures, bytes) = studio.kept();
        assert!(bytes <= 100_000 && pictures > 0, "{pictures} pictures, {bytes} bytes");
    }

    #[tokio::test]
    async fn whoever_asks_while_it_is_drawn_gets_that_drawing() {
        // There is a place for one drawing and none to wait: a second one would be refused.
        let studio = Studio::new(&Limits { drawings: 1, drawing_queue: 0, ..Limits::default() });
        let asked = (0..30).map(|_| studio.picture("a", spec(1), Options::default(), Format::Png));
        let pictures = futures_util::future::join_all(asked).await;
        let first = pictures[0].as_ref().unwrap();
        for picture in &pictures {
            assert!(Arc::ptr_eq(picture.as_ref().unwrap(), first));
        }
        assert_eq!(studio.kept().0, 1);
    }

    #[tokio::test]
    async fn beyond_the_queue_callers_are_told_to_come_again() {
        let studio = Studio::new(&Limits { drawings: 1, drawing_queue: 0, ..Limits::default() });
        let _taken = studio.queue.try_acquire().unwrap();
        let refused = studio.picture("a", spec(1), Options::default(), Format::Svg).await;
        assert!(matches!(refused, Err(Error::Busy)));
    }
}
