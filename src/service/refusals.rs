//! Refusals on their way into the audit.
//!
//! A refusal changes nothing, so there is no transaction that it could be part of, and whoever is refused may ask again as
//! fast as the network carries. Refusals are therefore counted here, those alike together, and written once a second by
//! the one writer: a handful of entries a minute in full, and beyond that one entry for each sort with how many there were.
//! However much is refused, the audit grows by a bounded number of entries and the writer is asked once a second at most.
//! What was counted and not written yet is lost when the process is killed, a second's worth.

use super::{App, Error};
use crate::store::{AuditEntry, Origin, Transaction};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Mutex;

/// Refusals that are alike: what was refused, why, to whom, from where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// Stable name of the action in the audit.
    pub action: &'static str,
    /// Method and path of the route, with its parameters' names; of a refused sign-in nothing.
    pub subject: String,
    /// The code of the problem that was told.
    pub code: String,
    /// The account; `None` for nobody.
    pub actor: Option<i32>,
    /// From where.
    pub address: Option<IpAddr>,
}

#[derive(Debug)]
struct Counted {
    times: u64,
    first: Timestamp,
}

/// Refusals that are not written yet.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    each: BTreeMap<Refusal, Counted>,
    /// What is beyond: by action and code alone.
    rest: BTreeMap<(&'static str, String), Counted>,
    /// The minute that entries are counted in, and how many it had.
    minute: i64,
    written: usize,
}

/// What is to be written now.
type Taken = (Vec<(Refusal, Counted)>, Vec<((&'static str, String), Counted)>);

impl Waiting {
    fn count(&self, refusal: Refusal, now: Timestamp, limit: usize) {
        let Ok(mut inner) = self.inner.lock() else { return };
        let new = || Counted { times: 0, first: now };
        let counted = if inner.each.contains_key(&refusal) || inner.each.len() < limit {
            inner.each.entry(refusal).or_insert_with(new)
        } else {
            inner.rest.entry((refusal.action, refusal.code)).or_insert_with(new)
        };
        counted.times += 1;
    }

    /// Takes what may be written now: in full as long as the minute has room, then by sort, once a minute.
    fn take(&self, now: Timestamp, limit: usize, all: bool) -> Taken {
        let Ok(mut inner) = self.inner.lock() else { return (Vec::new(), Vec::new()) };
        let minute = now.as_second().div_euclid(60);
        let turned = inner.minute != minute;
        if turned {
            (inner.minute, inner.written) = (minute, 0);
        }
        let room = limit.saturating_sub(inner.written);
        let each = std::mem::take(&mut inner.each);
        let mut full = Vec::new();
        for (refusal, counted) in each {
            if full.len() < room {
                full.push((refusal, counted));
                continue;
            }
            let sum = inner.rest.entry((refusal.action, refusal.code));
            let sum = sum.or_insert_with(|| Counted { times: 0, first: counted.first });
            sum.times += counted.times;
            sum.first = sum.first.min(counted.first);
        }
        inner.written += full.len();
        let rest = if turned || all { std::mem::take(&mut inner.rest) } else { BTreeMap::new() };
        (full, rest.into_iter().collect())
    }
}

impl App {
    /// Counts a refusal for the audit.
    pub fn refused(&self, refusal: Refusal) {
        self.refusals.count(refusal, self.clock.now(), self.limits.refusals);
    }

    /// Writes the refusals that were counted. To be called once a second or so, and with `all` before the service stops.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_refusals(&self, all: bool) -> Result<(), Error> {
        let (full, rest) = self.refusals.take(self.clock.now(), self.limits.refusals, all);
        if full.is_empty() && rest.is_empty() {
            return Ok(());
        }
        let first = |at: Timestamp| crate::domain::calendar::rfc3339(at);
        let mut entries = Vec::with_capacity(full.len() + rest.len());
        for (refusal, counted) in full {
            let detail = serde_json::json!({
                "code": refusal.code, "times": counted.times, "first": first(counted.first),
            });
            entries.push(AuditEntry {
                origin: Origin { actor: refusal.actor, address: refusal.address },
                action: refusal.action,
                subject: refusal.subject,
                detail: detail.to_string(),
            });
        }
        for ((action, code), counted) in rest {
            let detail = serde_json::json!({
                "code": code, "times": counted.times, "first": first(counted.first), "summed": true,
            });
            let (origin, subject) = (Origin::default(), String::new());
            entries.push(AuditEntry { origin, action, subject, detail: detail.to_string() });
        }
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    for entry in entries {
                        tx.audit(entry).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(subject: u32) -> Refusal {
        let (action, subject, code) = ("access.refuse", subject.to_string(), "forbidden".into());
        Refusal { action, subject, code, actor: None, address: None }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn refusals_alike_are_one_entry() {
        let waiting = Waiting::default();
        (0..7).for_each(|_| waiting.count(refusal(1), at(0), 10));
        waiting.count(refusal(2), at(1), 10);
        let (full, rest) = waiting.take(at(1), 10, false);
        let told: Vec<_> = full.iter().map(|(refusal, counted)| (&*refusal.subject, counted.times)).collect();
        assert_eq!(told, [("1", 7), ("2", 1)]);
        assert!(rest.is_empty());
        assert!(waiting.take(at(2), 10, true).0.is_empty());
    }

    #[test]
    fn a_flood_is_a_bounded_number_of_entries_and_loses_no_count() {
        let waiting = Waiting::default();
        let (mut entries, mut times) = (0, 0);
        for second in 0..120 {
            (0..1_000).for_each(|n| waiting.count(refusal(second * 1_000 + n), at(second.into()), 10));
            let (full, rest) = waiting.take(at(second.into()), 10, second == 119);
            entries += full.len() + rest.len();
            times += full.iter().map(|(_, counted)| counted.times).sum::<u64>();
            times += rest.iter().map(|(_, counted)| counted.times).sum::<u64>();
        }
        assert_eq!(times, 120_000);
        assert!(entries <= 2 * 10 + 3, "{entries}");
    }
}
