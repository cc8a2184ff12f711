//! Hooks: looking at them, entering and changing them, trying them, and what became of what was sent.

use super::views::{self, DeliveriesView, HookBody, HookTestView, HookView, HooksView, masked, told};
use crate::domain::access::{self, Permission};
use crate::domain::bot::{Event, HookKind};
use crate::domain::calendar::rfc3339;
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::chase;
use crate::domain::fault::Fault;
use crate::i18n::Lang;
use crate::service::bots::Verdict;
use crate::service::chase::number;
use crate::service::{App, Caller, Error, scope};
use crate::store::{AuditEntry, DeliveryFilter, DeliveryState, Hook, Transaction};
use jiff::Timestamp;
use std::sync::Arc;

impl App {
    /// The hooks of a campaign that lead to units of the caller's.
    ///
    /// # Errors
    /// `campaign_unknown`; `Forbidden` for who may manage campaigns nowhere.
    pub async fn hooks(&self, caller: &Caller, campaign: &str) -> Result<HooksView, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        if !caller.actor.grants.iter().any(|grant| grant.role.includes(Permission::ManageCampaigns)) {
            return Err(Error::Forbidden);
        }
        let mut items = Vec::new();
        for hook in self.store.hooks(campaign.key).await? {
            if access::may(&caller.actor, &catalogue.tree, Permission::ManageCampaigns, hook.unit) {
                items.push(self.hook_view(&catalogue, &campaign, &hook).await?);
            }
        }
        Ok(HooksView { items, next: None })
    }

    async fn hook_view(
        &self,
        catalogue: &Catalogue,
        campaign: &Campaign,
        hook: &Hook,
    ) -> Result<HookView, Error> {
        let unit = catalogue.tree.get(hook.unit);
        Ok(HookView {
            id: hook.id,
            campaign: campaign.id.to_string(),
            unit: unit.map(|unit| unit.code().to_string()).unwrap_or_default(),
            kind: hook.kind.code(),
            address: masked(&hook.url),
            signed: !hook.secret.is_empty(),
            events: hook.events.iter().map(|event| event.code()).collect(),
            missing_at: hook.missing_at.clone(),
            summary_at: hook.summary_at.clone(),
            lang: hook.lang.clone(),
            disabled: hook.disabled,
            created_at: rfc3339(hook.created_at),
            waiting: self.store.waiting(hook.id).await?,
        })
    }

    /// Enters a hook. It is told of what happens from now on.
    ///
    /// # Errors
    /// Faults of the body; `hooks_too_many`; `Forbidden` over that unit.
    pub async fn create_hook(
        &self,
        caller: &Caller,
        campaign: &str,
        body: &HookBody,
    ) -> Result<HookView, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let own = catalogue.tree.get(campaign.unit).map(|unit| unit.code().to_string()).unwrap_or_default();
        let code = body.unit.as_deref().unwrap_or(&own);
        let unit = scope::unit(&catalogue, caller, Permission::ManageCampaigns, code)?;
        if !catalogue.tree.is_under(unit.id, campaign.unit) {
            return Err(Error::invalid(Fault::new("/unit", "unit_outside_campaign")));
        }
        let kind = match body.kind.as_deref().map(HookKind::from_code) {
            Some(Some(kind)) => kind,
            Some(None) => return Err(Error::invalid(Fault::new("/kind", "kind_unknown"))),
            None => return Err(Error::invalid(Fault::new("/kind", "field_missing"))),
        };
        let usual = Event::ALL.iter().copied().filter(|event| kind.takes(*event) && *event != Event::Picture);
        let mut hook = Hook {
            id: 0,
            campaign: campaign.key,
            unit: unit.id,
            kind,
            url: String::new(),
            secret: String::new(),
            events: usual.collect(),
            missing_at: vec![-60, 30],
            summary_at: vec![60],
            lang: Lang::default().tag().into(),
            disabled: false,
            created_by: caller.actor.id,
            created_at: self.clock.now(),
            paused_until: Timestamp::UNIX_EPOCH,
        };
        let mut faults = Vec::new();
        if body.url.is_none() {
            faults.push(Fault::new("/url", "field_missing"));
        }
        if kind == HookKind::Generic && body.secret.is_none() {
            faults.push(Fault::new("/secret", "field_missing"));
        }
        self.apply(&mut hook, body, &mut faults);
        if self.store.hooks(campaign.key).await?.len() >= self.limits.hooks {
            faults.push(Fault::new("", "hooks_too_many").with("limit", self.limits.hooks));
        }
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let (origin, subject, detail) = (caller.origin(), campaign.id.to_string(), told(&hook));
        let new = hook.clone();
        hook.id = self
            .store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    let id = tx.insert_hook(&new).await?;
                    let subject = format!("{subject} {id}");
                    tx.audit(AuditEntry { origin, action: "hook.create", subject, detail }).await?;
                    Ok(id)
                })
            })
            .await?;
        self.hook_view(&catalogue, &campaign, &hook).await
    }

    /// Takes up what a body says of a hook.
    fn apply(&self, hook: &mut Hook, body: &HookBody, faults: &mut Vec<Fault>) {
        if let Some(url) = &body.url {
            if self.outgoing.target(url.trim()).is_err() {
                faults.push(Fault::new("/url", "url_not_allowed"));
            }
            url.trim().clone_into(&mut hook.url);
        }
        if let Some(secret) = &body.secret {
            let none = secret.is_empty() && hook.kind != HookKind::Generic;
            let fits = (16..=200).contains(&secret.len()) && secret.bytes().all(|b| b.is_ascii_graphic());
            if !(none || fits) {
                faults.push(Fault::new("/secret", "secret_invalid"));
            }
            secret.clone_into(&mut hook.secret);
        }
        if let Some(codes) = &body.events {
            hook.events.clear();
            for (at, code) in codes.iter().enumerate() {
                match Event::from_code(code).filter(|event| hook.kind.takes(*event)) {
                    Some(event) if hook.events.contains(&event) => {}
                    Some(event) => hook.events.push(event),
                    None => faults.push(Fault::new(format!("/events/{at}"), "event_unknown")),
                }
            }
            if codes.is_empty() {
                faults.push(Fault::new("/events", "field_missing"));
            }
        }
        let minutes = |given: &Option<Vec<i32>>, kept: &mut Vec<i32>, pointer, faults: &mut Vec<Fault>| {
            let Some(given) = given else { return };
            let furthest = -chase::FURTHEST..=chase::FURTHEST;
            if given.len() > 6 || !given.iter().all(|minutes| furthest.contains(minutes)) {
                faults.push(Fault::new(pointer, "minutes_invalid").with("limit", chase::FURTHEST));
            }
            given.clone_into(kept);
            kept.sort_unstable();
            kept.dedup();
        };
        minutes(&body.missing_at, &mut hook.missing_at, "/missing_at", faults);
        minutes(&body.summary_at, &mut hook.summary_at, "/summary_at", faults);
        if let Some(tag) = &body.lang {
            match Lang::from_tag(tag) {
                Some(lang) => lang.tag().clone_into(&mut hook.lang),
                None => faults.push(Fault::new("/lang", "lang_unknown")),
            }
        }
        hook.disabled = body.disabled.unwrap_or(hook.disabled);
    }

    /// The hook with this number, if the caller may manage campaigns over its unit.
    async fn own_hook(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<(Hook, Arc<Campaign>, Arc<Catalogue>), Error> {
        let unknown = Error::NotFound("hook_unknown");
        let Ok(id) = id.parse() else { return Err(unknown) };
        let Some(hook) = self.store.hook(id).await? else { return Err(unknown) };
        let catalogue = self.catalogue();
        let may = |permission| access::may(&caller.actor, &catalogue.tree, permission, hook.unit);
        let campaign = catalogue.campaign_by_key(hook.campaign).cloned();
        match campaign {
            Some(campaign) if may(Permission::ManageCampaigns) => Ok((hook, campaign, catalogue)),
            Some(_) if may(Permission::Read) => Err(Error::Forbidden),
            _ => Err(unknown),
        }
    }

    /// Changes a hook.
    ///
    /// # Errors
    /// `hook_unknown`; faults of the body; `Forbidden`.
    pub async fn update_hook(&self, caller: &Caller, id: &str, body: &HookBody) -> Result<HookView, Error> {
        let (before, campaign, catalogue) = self.own_hook(caller, id).await?;
        let mut faults = Vec::new();
        for (given, pointer) in [(body.kind.is_some(), "/kind"), (body.unit.is_some(), "/unit")] {
            if given {
                faults.push(Fault::new(pointer, "field_fixed"));
            }
        }
        let mut hook = before.clone();
        self.apply(&mut hook, body, &mut faults);
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        // What was wrong may be mended.
        hook.paused_until = Timestamp::UNIX_EPOCH;
        let from_now = before.disabled && !hook.disabled;
        let (origin, subject, detail) =
            (caller.origin(), format!("{} {}", campaign.id, hook.id), told(&hook));
        let after = hook.clone();
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    tx.update_hook(&after, from_now).await?;
                    tx.audit(AuditEntry { origin, action: "hook.update", subject, detail }).await.map(drop)
                })
            })
            .await?;
        self.hook_view(&catalogue, &campaign, &hook).await
    }

    /// Forgets a hook and all that was to be sent to it.
    ///
    /// # Errors
    /// `hook_unknown`; `Forbidden`.
    pub async fn delete_hook(&self, caller: &Caller, id: &str) -> Result<(), Error> {
        let (hook, campaign, _) = self.own_hook(caller, id).await?;
        let (origin, subject, detail) =
            (caller.origin(), format!("{} {}", campaign.id, hook.id), told(&hook));
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    tx.delete_hook(hook.id).await?;
                    tx.audit(AuditEntry { origin, action: "hook.delete", subject, detail }).await.map(drop)
                })
            })
            .await?;
        Ok(())
    }

    /// Sends a few words to a hook now, whatever the hour: somebody asked for it.
    ///
    /// # Errors
    /// `hook_unknown`; `Forbidden`. A hook that does not take it is no error.
    pub async fn test_hook(&self, caller: &Caller, id: &str) -> Result<HookTestView, Error> {
        let (hook, campaign, catalogue) = self.own_hook(caller, id).await?;
        let message = self.test_message(&catalogue, &campaign, &hook);
        let (verdict, _) = self.say(&hook, &message).await;
        let error = match verdict {
            Verdict::Done => None,
            Verdict::Retry(error) | Verdict::Later(_, error) | Verdict::Never(error) => Some(error),
        };
        let (origin, subject) = (caller.origin(), format!("{} {}", campaign.id, hook.id));
        let detail = serde_json::json!({ "delivered": error.is_none() }).to_string();
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    tx.audit(AuditEntry { origin, action: "hook.test", subject, detail }).await.map(drop)
                })
            })
            .await?;
        Ok(HookTestView { delivered: error.is_none(), error })
    }

    /// What was sent to a hook or is to be, newest first.
    ///
    /// # Errors
    /// `hook_unknown`; `Forbidden`; faults of the parameters.
    pub async fn deliveries(
        &self,
        caller: &Caller,
        id: &str,
        state: Option<&str>,
        cursor: Option<&str>,
    ) -> Result<DeliveriesView, Error> {
        let (hook, _, catalogue) = self.own_hook(caller, id).await?;
        let unknown = || Error::invalid(Fault::new("/state", "delivery_state_unknown"));
        let state = state.map(|state| DeliveryState::from_code(state).ok_or_else(unknown)).transpose()?;
        let limit = u64::from(self.limits.page);
        let filter = DeliveryFilter { state, before: number(cursor)?, limit };
        let found = self.store.deliveries(hook.id, filter).await?;
        let next = found.last().filter(|_| found.len() as u64 == limit).map(|last| last.id.to_string());
        let items = found.into_iter().map(|delivery| views::view(&catalogue, &hook, delivery));
        Ok(DeliveriesView { items: items.collect(), next })
    }

    /// Sends a delivery that was done or given up once more.
    ///
    /// # Errors
    /// `hook_unknown`, `delivery_unknown`; `Forbidden`.
    pub async fn redeliver(&self, caller: &Caller, id: &str, delivery: &str) -> Result<(), Error> {
        let (hook, campaign, _) = self.own_hook(caller, id).await?;
        let Ok(delivery) = delivery.parse() else { return Err(Error::NotFound("delivery_unknown")) };
        let (origin, subject) = (caller.origin(), format!("{} {}", campaign.id, hook.id));
        let detail = serde_json::json!({ "delivery": delivery }).to_string();
        let found = self
            .store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    let found = tx.redeliver(hook.id, delivery).await?;
                    if found {
                        tx.audit(AuditEntry { origin, action: "hook.redeliver", subject, detail }).await?;
                    }
                    Ok(found)
                })
            })
            .await?;
        if found { Ok(()) } else { Err(Error::NotFound("delivery_unknown")) }
    }
}
