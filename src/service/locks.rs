//! Locking a day, opening it again, and exceptions for a unit that must report still.

use super::tallies::parse_day;
use super::{App, Caller, Error, scope};
use crate::domain::access::{self, Permission};
use crate::domain::calendar::{ReportDay, rfc3339};
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::fault::Fault;
use crate::domain::review::check_reason;
use crate::store::{AuditEntry, Exception, Lock, Transaction};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// A locked day.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LockView {
    /// The day.
    pub date: String,
    /// Why.
    pub reason: String,
    /// Name of the account that locked it.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
}

/// Leave for a unit to report on a locked day.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ExceptionView {
    /// Code of the unit.
    pub unit: String,
    /// The last instant of it, RFC 3339; absent when it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The day, why, who and when.
    #[serde(flatten)]
    pub lock: LockView,
}

/// What is locked of a campaign.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LocksView {
    /// The whole campaign is.
    pub locked: bool,
    /// Locked days.
    pub days: Vec<LockView>,
    /// Who may report still.
    pub exceptions: Vec<ExceptionView>,
}

impl App {
    fn lockable(
        &self,
        catalogue: &Catalogue,
        caller: &Caller,
        campaign: &str,
    ) -> Result<Arc<Campaign>, Error> {
        let campaign = scope::campaign(catalogue, caller, campaign)?;
        let may = access::may(&caller.actor, &catalogue.tree, Permission::ManageCampaigns, campaign.unit);
        if may { Ok(campaign) } else { Err(Error::Forbidden) }
    }

    /// What is locked of a campaign, and who may report still.
    ///
    /// # Errors
    /// `campaign_unknown`; `Forbidden` for who may not lock it.
    pub async fn locks(&self, caller: &Caller, campaign: &str) -> Result<LocksView, Error> {
        let catalogue = self.catalogue();
        let campaign = self.lockable(&catalogue, caller, campaign)?;
        let (locks, exceptions) = self.store.locks(campaign.key).await?;
        let all = locks.iter().chain(exceptions.iter().map(|exception| &exception.lock));
        let names = self.names(caller, all.map(|lock| lock.actor)).await?;
        let view = |lock: &Lock| LockView {
            date: lock.day.to_string(),
            reason: lock.reason.clone(),
            by: names.get(&lock.actor).cloned().unwrap_or_default(),
            at: rfc3339(lock.at),
        };
        let exception = |exception: &Exception| ExceptionView {
            unit: catalogue.tree.get(exception.unit).map_or_else(String::new, |u| u.code().to_string()),
            until: exception.until.map(rfc3339),
            lock: view(&exception.lock),
        };
        Ok(LocksView {
            locked: campaign.locked,
            days: locks.iter().map(view).collect(),
            exceptions: exceptions.iter().map(exception).collect(),
        })
    }

    /// Locks a day of a campaign.
    ///
    /// # Errors
    /// Faults of the input; `campaign_unknown`; `Forbidden`.
    pub async fn lock_day(
        &self,
        caller: &Caller,
        campaign: &str,
        date: &str,
        reason: &str,
    ) -> Result<LocksView, Error> {
        let catalogue = self.catalogue();
        let found = self.lockable(&catalogue, caller, campaign)?;
        let lock = self.lock(caller, &found, date, reason)?;
        let detail = serde_json::json!({ "date": lock.day.to_string(), "reason": lock.reason }).to_string();
        let entry =
            AuditEntry { origin: caller.origin(), action: "campaign.lock", subject: campaign.into(), detail };
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    tx.lock_day(lock).await?;
                    tx.audit(entry).await.map(drop)
                })
            })
            .await?;
        self.locks(caller, campaign).await
    }

    /// Opens a locked day again.
    ///
    /// # Errors
    /// `lock_unknown` when it is not locked; `campaign_unknown`; `Forbidden`.
    pub async fn unlock_day(&self, caller: &Caller, campaign: &str, date: &str) -> Result<(), Error> {
        let catalogue = self.catalogue();
        let found = self.lockable(&catalogue, caller, campaign)?;
        let day = parse_day(date, "/date")?;
        if !found.locks.days.contains(&day) {
            return Err(Error::NotFound("lock_unknown"));
        }
        let detail = serde_json::json!({ "date": day.to_string() }).to_string();
        let origin = caller.origin();
        let entry = AuditEntry { origin, action: "campaign.unlock", subject: campaign.into(), detail };
        let key = found.key;
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    tx.unlock_day(key, day).await?;
                    tx.audit(entry).await.map(drop)
                })
            })
            .await?;
        Ok(())
    }

    /// Lets a unit report on a locked day.
    ///
    /// # Errors
    /// Faults of the input; `unit_out_of_scope`; `campaign_unknown`; `Forbidden`.
    pub async fn open_exception(
        &self,
        caller: &Caller,
        campaign: &str,
        unit: &str,
        date: &str,
        reason: &str,
        until: Option<&str>,
    ) -> Result<LocksView, Error> {
        let catalogue = self.catalogue();
        let found = self.lockable(&catalogue, caller, campaign)?;
        let unit = scope::unit(&catalogue, caller, Permission::ManageCampaigns, unit)?;
        if !catalogue.tree.is_under(unit.id, found.unit) {
            return Err(Error::invalid(Fault::new("/unit", "unit_outside_campaign")));
        }
        let until: Option<Timestamp> = until
            .map(|text| text.parse().map_err(|_| Error::invalid(Fault::new("/until", "instant_invalid"))))
            .transpose()?;
        let lock = self.lock(caller, &found, date, reason)?;
        let detail = serde_json::json!({
            "unit": unit.code().as_str(),
            "date": lock.day.to_string(),
            "reason": lock.reason,
            "until": until.map(rfc3339),
        });
        let entry = AuditEntry {
            origin: caller.origin(),
            action: "campaign.except",
            subject: campaign.into(),
            detail: detail.to_string(),
        };
        let exception = Exception { lock, unit: unit.id, until };
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    tx.open_exception(exception).await?;
                    tx.audit(entry).await.map(drop)
                })
            })
            .await?;
        self.locks(caller, campaign).await
    }

    fn lock(&self, caller: &Caller, campaign: &Campaign, date: &str, reason: &str) -> Result<Lock, Error> {
        let mut faults = Vec::new();
        let day: Option<ReportDay> = date.parse().ok();
        match day {
            None => faults.push(Fault::new("/date", "date_invalid")),
            Some(day) if !campaign.window.contains(day) => {
                let (first, last) = (campaign.window.first(), campaign.window.last());
                let fault = Fault::new("/date", "day_outside_window");
                faults.push(fault.with("first", first).with("last", last));
            }
            Some(_) => {}
        }
        let reason = check_reason(reason, "/reason", &mut faults);
        if reason.is_empty() {
            faults.push(Fault::new("/reason", "reason_required"));
        }
        match day {
            Some(day) if faults.is_empty() => {
                Ok(Lock { campaign: campaign.key, day, reason, actor: caller.actor.id, at: self.clock.now() })
            }
            _ => Err(Error::Invalid(faults)),
        }
    }
}
