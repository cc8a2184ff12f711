//! Hooks and deliveries as they are told and taken.

use crate::domain::calendar::rfc3339;
use crate::domain::catalogue::Catalogue;
use crate::store::{Delivery, DeliveryState, Hook};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A hook to be entered, or what is to be changed of one.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HookBody {
    /// wecom, dingtalk, feishu or generic. Never changes.
    pub kind: Option<String>,
    /// The address; `https:` unless the service was told that private addresses are fine. Never told again.
    pub url: Option<String>,
    /// What messages are signed with: 16 to 200 characters; needed by generic, of no use to wecom. Never told again.
    pub secret: Option<String>,
    /// Bots: missing, summary, picture (wecom). Generic: tally.created, tally.changed, tally.returned, tally.accepted.
    pub events: Option<Vec<String>>,
    /// Code of the unit whose subtree it is told of; the campaign's when absent. Never changes.
    pub unit: Option<String>,
    /// When the missing list goes out, in minutes from the deadline, negative before it; -60 and 30 when absent.
    pub missing_at: Option<Vec<i32>>,
    /// When summary and picture go out, in minutes from the deadline; 60 when absent.
    pub summary_at: Option<Vec<i32>>,
    /// zh-CN or en; zh-CN when absent.
    pub lang: Option<String>,
    /// Nothing is sent while it is disabled, and what happens meanwhile is not told later.
    pub disabled: Option<bool>,
}

impl std::fmt::Debug for HookBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HookBody").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A hook as told: neither its address nor its secret.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HookView {
    /// Its number.
    pub id: i32,
    /// Identifier of the campaign.
    pub campaign: String,
    /// Code of the unit.
    pub unit: String,
    /// What sort of place it is.
    pub kind: &'static str,
    /// Where it leads, without what only its owner may know: `https://qyapi.weixin.qq.com/…5aaa`.
    pub address: String,
    /// Whether messages are signed.
    pub signed: bool,
    /// What is sent.
    pub events: Vec<&'static str>,
    /// When the missing list goes out, in minutes from the deadline.
    pub missing_at: Vec<i32>,
    /// When summary and picture go out, in minutes from the deadline.
    pub summary_at: Vec<i32>,
    /// The language it is spoken to in.
    pub lang: String,
    /// Nothing is sent to it.
    pub disabled: bool,
    /// When it was entered, RFC 3339.
    pub created_at: String,
    /// Deliveries that wait.
    pub waiting: u64,
}

/// The hooks of a campaign.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HooksView {
    /// Oldest first.
    pub items: Vec<HookView>,
    /// Always null: the list is whole.
    pub next: Option<String>,
}

/// What became of a try.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HookTestView {
    /// Whether the hook took it.
    pub delivered: bool,
    /// Why not: a code with details.
    pub error: Option<String>,
}

/// Something sent or to be sent.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DeliveryView {
    /// Its number.
    pub id: i32,
    /// What a receiver tells repetitions by.
    pub event_id: String,
    /// What it is.
    pub event: &'static str,
    /// Code of the unit.
    pub unit: String,
    /// The day.
    pub date: String,
    /// The version of the report, or the minutes from the deadline of a planned message.
    pub number: i32,
    /// waiting, delivered, dead or dropped.
    pub state: &'static str,
    /// How often it was tried.
    pub attempts: i32,
    /// The status of the last answer.
    pub status: Option<i32>,
    /// Why it failed the last time: a code with details.
    pub error: Option<String>,
    /// When it was entered, RFC 3339.
    pub created_at: String,
    /// While it waits: not before, RFC 3339.
    pub next_at: Option<String>,
    /// When it was delivered or given up, RFC 3339.
    pub done_at: Option<String>,
}

/// Deliveries of a hook.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DeliveriesView {
    /// Newest first.
    pub items: Vec<DeliveryView>,
    /// Where the next page begins; null on the last one.
    pub next: Option<String>,
}

/// An address without what only its owner may know.
pub(super) fn masked(url: &str) -> String {
    let place = url.split_once("://").map_or("", |(scheme, rest)| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        &url[..scheme.len() + 3 + authority.len()]
    });
    let rest = &url[place.len()..];
    // Four characters of a long key tell two apart and give nothing away.
    let tail: String = rest.chars().skip(rest.chars().count().saturating_sub(4)).collect();
    if rest.chars().count() >= 20 { format!("{place}/…{tail}") } else { format!("{place}/…") }
}

/// What goes into the audit: nothing secret.
pub(super) fn told(hook: &Hook) -> String {
    let events: Vec<&str> = hook.events.iter().map(|event| event.code()).collect();
    serde_json::json!({
        "kind": hook.kind.code(),
        "address": masked(&hook.url),
        "signed": !hook.secret.is_empty(),
        "events": events,
        "missing_at": hook.missing_at,
        "summary_at": hook.summary_at,
        "disabled": hook.disabled,
    })
    .to_string()
}

pub(super) fn view(catalogue: &Catalogue, hook: &Hook, delivery: Delivery) -> DeliveryView {
    let unit = catalogue.tree.get(delivery.subject.unit);
    let waits = delivery.state == DeliveryState::Waiting;
    DeliveryView {
        id: delivery.id,
        event_id: super::event_id(hook, &delivery),
        event: delivery.event.code(),
        unit: unit.map(|unit| unit.code().to_string()).unwrap_or_default(),
        date: delivery.subject.day.to_string(),
        number: delivery.subject.number,
        state: delivery.state.code(),
        attempts: delivery.attempts,
        status: delivery.status,
        error: delivery.error,
        created_at: rfc3339(delivery.created_at),
        next_at: waits.then(|| rfc3339(delivery.next_at)),
        done_at: delivery.done_at.map(rfc3339),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_bot_is_never_told() {
        let key = "693a91f6-7aac-4bc4-97a0-0ec2f1fa5aaa";
        for url in [
            format!("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={key}"),
            format!("https://open.feishu.cn/open-apis/bot/v2/hook/{key}"),
            format!("https://qyapi.weixin.qq.com?key={key}"),
        ] {
            let masked = masked(&url);
            assert!(
                masked.starts_with("https://") && masked.ends_with(".cn/…5aaa")
                    || masked.ends_with(".com/…5aaa")
            );
            assert!(!masked.contains("693a"), "{masked}");
        }
        assert_eq!(masked("https://a.example/hook/abc"), "https://a.example/…");
    }
}
