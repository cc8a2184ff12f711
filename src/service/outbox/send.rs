//! One try of one delivery.

use super::messages::Said;
use super::{Tried, event_id};
use crate::domain::bot::{ATTEMPTS, backoff};
use crate::domain::chase::Channel;
use crate::service::bots::{self, Message, Post, Verdict};
use crate::service::{App, Error};
use crate::store::{Delivery, DeliveryState, Hook, NewChase, Settled};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Between the parts of one message: Feishu takes 5 a second.
const BREATH: Duration = Duration::from_millis(250);

impl App {
    /// Tries a delivery that was taken.
    pub(super) async fn attempt(&self, hook: &Hook, delivery: Delivery) -> Tried {
        match self.attempt_or_fail(hook, &delivery).await {
            Ok(tried) => tried,
            Err(error) => {
                // The database or a picture failed, not the hook.
                tracing::warn!(%error, hook = hook.id, "a delivery could not be made ready");
                let verdict = Verdict::Retry("not_ready".into());
                Tried { settled: self.settle(hook, &delivery, verdict, 0, None), chase: None }
            }
        }
    }

    async fn attempt_or_fail(&self, hook: &Hook, delivery: &Delivery) -> Result<Tried, Error> {
        let now = self.clock.now();
        let waits = |until: Timestamp| Tried { settled: postponed(hook, delivery, until), chase: None };
        if !delivery.event.is_tally() && self.limits.quiet.contains(now) {
            return Ok(waits(self.limits.quiet.over(now)));
        }
        let Some(Said { message, asked }) = self.message(hook, delivery, event_id(hook, delivery)).await?
        else {
            let settled =
                Settled { state: DeliveryState::Dropped, counts: true, ..postponed(hook, delivery, now) };
            return Ok(Tried { settled, chase: None });
        };
        let posts = match bots::posts(hook.kind, &hook.url, &hook.secret, &message, now) {
            Ok(posts) => posts,
            Err(code) => {
                let settled = self.settle(hook, delivery, Verdict::Never(code.into()), 0, None);
                return Ok(Tried { settled, chase: None });
            }
        };
        let count = i32::try_from(posts.len()).unwrap_or(i32::MAX);
        if hook.kind.per_minute() < u32::MAX {
            let minute = now.saturating_sub(SignedDuration::from_mins(1)).unwrap_or(Timestamp::MIN);
            let sent = self.store.messages_since(hook.id, minute).await?;
            if sent + i64::from(count) > i64::from(hook.kind.per_minute()) {
                return Ok(waits(now + SignedDuration::from_mins(1)));
            }
        }
        let (verdict, status) = self.post_all(hook, &posts).await;
        let chase = (verdict == Verdict::Done && !asked.is_empty()).then(|| NewChase {
            campaign: hook.campaign,
            day: delivery.subject.day,
            unit: hook.unit,
            channel: Channel::from_code(hook.kind.code()).unwrap_or(Channel::Other),
            actor: None,
            hook: Some(hook.id),
            units: asked,
        });
        Ok(Tried { settled: self.settle(hook, delivery, verdict, count, status), chase })
    }

    /// Says something to a hook, and gives what its answer means and the status of it.
    pub(super) async fn say(&self, hook: &Hook, message: &Message) -> (Verdict, Option<i32>) {
        match bots::posts(hook.kind, &hook.url, &hook.secret, message, self.clock.now()) {
            Ok(posts) => self.post_all(hook, &posts).await,
            Err(code) => (Verdict::Never(code.into()), None),
        }
    }

    /// Posts all parts until one is not taken.
    async fn post_all(&self, hook: &Hook, posts: &[Post]) -> (Verdict, Option<i32>) {
        let mut last = (Verdict::Done, None);
        for (at, post) in posts.iter().enumerate() {
            if at > 0 {
                tokio::time::sleep(BREATH).await;
            }
            let answer = async {
                let target = self.outgoing.target(&post.url)?;
                self.outgoing.post(&target, &post.headers, post.body.clone()).await
            };
            last = match answer.await {
                Ok(answer) => (bots::judge(hook.kind, &answer), Some(i32::from(answer.status))),
                Err(failure) => {
                    let error = format!("{}: {failure}", failure.code());
                    let verdict =
                        if failure.is_final() { Verdict::Never(error) } else { Verdict::Retry(error) };
                    (verdict, None)
                }
            };
            if last.0 != Verdict::Done {
                break;
            }
        }
        last
    }

    /// What is to be noted of a try.
    fn settle(
        &self,
        hook: &Hook,
        delivery: &Delivery,
        verdict: Verdict,
        messages: i32,
        status: Option<i32>,
    ) -> Settled {
        let now = self.clock.now();
        let patience = backoff(delivery.attempts, chance());
        let again = if delivery.attempts < ATTEMPTS { DeliveryState::Waiting } else { DeliveryState::Dead };
        let (state, seconds, error) = match verdict {
            Verdict::Done => (DeliveryState::Delivered, 0, None),
            Verdict::Never(error) => (DeliveryState::Dead, 0, Some(error)),
            Verdict::Retry(error) => (again, patience, Some(error)),
            Verdict::Later(least, error) => (again, patience.max(least), Some(error)),
        };
        let next_at = now + SignedDuration::from_secs(seconds);
        let failed = state != DeliveryState::Delivered;
        if failed {
            tracing::info!(
                hook = hook.id,
                delivery = delivery.id,
                attempts = delivery.attempts,
                "not delivered"
            );
        }
        Settled {
            id: delivery.id,
            hook: hook.id,
            state,
            next_at,
            counts: true,
            messages: if failed { 0 } else { messages },
            status,
            error,
            // A place that is down is not asked for each delivery that waits for it.
            pause: (seconds > 0).then_some(next_at),
        }
    }
}

/// A delivery put off without having been tried.
fn postponed(hook: &Hook, delivery: &Delivery, until: Timestamp) -> Settled {
    Settled {
        id: delivery.id,
        hook: hook.id,
        state: DeliveryState::Waiting,
        next_at: until,
        counts: false,
        messages: 0,
        status: delivery.status,
        error: delivery.error.clone(),
        pause: None,
    }
}

/// A random byte; the middle when the system has none.
fn chance() -> u8 {
    let mut byte = [127];
    let _ = getrandom::fill(&mut byte);
    byte[0]
}
