//! What goes out: planned messages to groups, and events to programs.
//!
//! Everything is planned in the database under a key of its own, taken with a lease, sent, and settled. So several
//! processes on one database send each once; one that dies in the middle leaves a lease that runs out, and the same is sent
//! again under the same id; what is down is asked again with growing patience, and what never works is put aside in sight.

mod hooks;
mod messages;
mod send;
mod views;

pub use views::{DeliveriesView, DeliveryView, HookBody, HookTestView, HookView, HooksView};

use super::{App, Error};
use crate::domain::bot::Event;
use crate::domain::catalogue::Catalogue;
use crate::domain::chase;
use crate::store::{Delivery, Hook, NewChase, Settled, Subject, Transaction};
use futures_util::StreamExt;
use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;

/// How long what was taken is nobody else's: longer than the longest message takes.
const LEASE: SignedDuration = SignedDuration::from_secs(180);
/// Batches of the history that one transaction turns into deliveries, a lane.
const BATCHES: i64 = 500;

/// What a receiver tells repetitions by. A report's event has the same for every hook.
fn event_id(hook: &Hook, delivery: &Delivery) -> String {
    let Subject { unit, day, number } = delivery.subject;
    let of_hook = if delivery.event.is_tally() { 0 } else { hook.id };
    let text =
        format!("{} {of_hook} {} {} {} {number}", hook.campaign, delivery.event.code(), unit.0, day.number());
    let digest = hex::encode(Sha256::digest(text));
    format!("evt_{}", &digest[..32])
}

/// What a try brought: what is to be noted.
#[derive(Debug)]
struct Tried {
    settled: Settled,
    chase: Option<NewChase>,
}

impl App {
    /// Sends what is due, and plans what has become so. To be called every second or so, by every process. Gives how many
    /// deliveries were tried.
    ///
    /// # Errors
    /// When the database does not answer. What was taken comes up again.
    pub async fn send_out(&self) -> Result<usize, Error> {
        let hooks = self.store.live_hooks().await?;
        if hooks.is_empty() {
            return Ok(0);
        }
        let catalogue = self.catalogue();
        for hook in &hooks {
            self.plan_messages(&catalogue, hook).await?;
            self.plan_events(&catalogue, hook).await?;
        }
        let hooks: HashMap<i32, Hook> = hooks.into_iter().map(|hook| (hook.id, hook)).collect();
        let mut tried = 0;
        while self.store.anything_due(self.clock.now()).await? {
            let count = self.send_some(&hooks).await?;
            tried += count;
            if count == 0 {
                break;
            }
        }
        Ok(tried)
    }

    /// Enters the messages whose time has come.
    async fn plan_messages(&self, catalogue: &Catalogue, hook: &Hook) -> Result<(), Error> {
        let Some(campaign) = catalogue.campaign_by_key(hook.campaign).filter(|campaign| !campaign.locked)
        else {
            return Ok(());
        };
        let now = self.clock.now();
        // In the quiet hours nothing comes due; what did before waits in the database.
        if self.limits.quiet.contains(now) {
            return Ok(());
        }
        let mut planned = Vec::new();
        for event in hook.events.iter().copied().filter(|event| !event.is_tally()) {
            let offsets = if event == Event::Missing { &hook.missing_at } else { &hook.summary_at };
            for (day, number) in chase::due(campaign, offsets, self.limits.quiet, now) {
                let subject = Subject { unit: hook.unit, day, number };
                // A hook is not told of what was due before it was there.
                let late = campaign.deadline_of(day) + SignedDuration::from_mins(number.into());
                let old = self.limits.quiet.over(late) < hook.created_at;
                if !old && !self.store.is_planned(hook.id, event, subject).await? {
                    planned.push((subject, event));
                }
            }
        }
        if planned.is_empty() {
            return Ok(());
        }
        let id = hook.id;
        self.store
            .transact(move |tx: &mut Transaction| Box::pin(async move { tx.plan(id, &planned).await }))
            .await?;
        Ok(())
    }

    /// Turns what the history of reports gained into deliveries.
    async fn plan_events(&self, catalogue: &Arc<Catalogue>, hook: &Hook) -> Result<(), Error> {
        if !hook.events.iter().any(|event| event.is_tally()) || !self.store.is_behind(hook.id).await? {
            return Ok(());
        }
        // What does not fit stays where it is, in the history.
        if self.store.waiting(hook.id).await? >= self.limits.outbox_backlog {
            tracing::warn!(hook = hook.id, "too much waits for this hook");
            return Ok(());
        }
        let (hook, catalogue) = (hook.clone(), catalogue.clone());
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    let wanted = |unit, event| {
                        hook.events.contains(&event) && catalogue.tree.is_under(unit, hook.unit)
                    };
                    tx.feed(&hook, BATCHES, wanted).await
                })
            })
            .await?;
        Ok(())
    }

    /// Takes some of what is due, sends it, and notes what became of it.
    async fn send_some(&self, hooks: &HashMap<i32, Hook>) -> Result<usize, Error> {
        let until = self.clock.now() + LEASE;
        let limit = self.limits.outbox_sends;
        let taken = self
            .store
            .transact(move |tx: &mut Transaction| Box::pin(async move { tx.claim(until, limit).await }))
            .await?;
        let count = taken.len();
        let tries = taken.into_iter().filter_map(|delivery| {
            // One that was entered since is taken up the next time; its lease runs out.
            let hook = hooks.get(&delivery.hook)?;
            Some(self.attempt(hook, delivery))
        });
        let tried: Vec<Tried> =
            futures_util::stream::iter(tries).buffer_unordered(limit.max(1)).collect().await;
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    let mut settled = Vec::with_capacity(tried.len());
                    for one in tried {
                        if let Some(chase) = one.chase {
                            tx.insert_chase(chase).await?;
                        }
                        settled.push(one.settled);
                    }
                    tx.settle(&settled).await
                })
            })
            .await?;
        Ok(count)
    }
}
