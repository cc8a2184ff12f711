//! The print ledger of a unit: what was printed, received and drawn by title, beside what was handed out.

use super::tallies::parse_day;
use super::{App, Caller, Error, scope};
use crate::domain::access::Permission;
use crate::domain::calendar::{ReportDay, rfc3339};
use crate::domain::fault::Fault;
use crate::domain::ledger::{Balance, LedgerKind, MAX_COPIES};
use crate::domain::privacy;
use crate::domain::review::check_reason;
use crate::domain::slot::Line;
use crate::domain::tally::MAX_TITLE;
use crate::domain::unit::UnitId;
use crate::store::{LedgerEntry, LedgerId, Transaction};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An entry to be made. One that takes another back names it, and nothing else but a note.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerBody {
    /// Title of the print; absent for print without one.
    pub title: Option<String>,
    /// The day.
    pub date: Option<String>,
    /// printed, received or drawn.
    pub kind: Option<String>,
    /// Copies: a whole number from 1 to 10^9.
    pub count: Option<i64>,
    /// Number of the entry that this one takes back.
    pub reverses: Option<String>,
    /// A remark, without personal data.
    #[serde(default)]
    pub note: String,
}

/// An entry as told.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LedgerEntryView {
    /// Number of the entry.
    pub id: String,
    /// Title of the print; empty for print without one.
    pub title: Arc<str>,
    /// The day.
    pub date: String,
    /// printed, received or drawn.
    pub kind: &'static str,
    /// Copies; below zero in an entry that takes another back.
    pub count: i32,
    /// Number of the entry that this one takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reverses: Option<String>,
    /// The remark.
    pub note: String,
    /// Name of the account that made it.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
}

/// Where the copies of a title are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BalanceView {
    /// Title of the print; empty for print without one.
    pub title: Arc<str>,
    /// Copies printed.
    pub printed: i64,
    /// Copies received.
    pub received: i64,
    /// Copies drawn.
    pub drawn: i64,
    /// Copies handed out, as the unit reported.
    pub handed_out: i64,
    /// Printed or received, and not drawn.
    pub in_store: i64,
    /// Drawn, and not handed out.
    pub in_hand: i64,
}

/// A unit's ledger in a campaign.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LedgerView {
    /// Identifier of the campaign.
    pub campaign: String,
    /// Code of the unit.
    pub unit: String,
    /// Name of the unit.
    pub name: String,
    /// By title.
    pub balances: Vec<BalanceView>,
    /// Every entry, oldest first.
    pub items: Vec<LedgerEntryView>,
}

impl App {
    /// A unit's ledger; the caller's own unit where none is named.
    ///
    /// # Errors
    /// Out of scope is not found.
    pub async fn ledger(
        &self,
        caller: &Caller,
        campaign: &str,
        unit: Option<&str>,
    ) -> Result<LedgerView, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let unit = scope::asked(&catalogue, caller, Some(&campaign), unit)?;
        let entries = self.store.ledger(campaign.key, &[unit.id]).await?;
        let mut balances: BTreeMap<Arc<str>, Balance> = BTreeMap::new();
        for (_, entry) in &entries {
            let balance = balances.entry(entry.title.clone()).or_default();
            balance.add(entry.kind, entry.count.into());
        }
        let own = self.read_sums(&catalogue, std::slice::from_ref(&campaign), &[unit.id], false).await?;
        let slots = self.store.slots();
        for (slot, sum) in own.whole(&campaign, unit.id).sums.iter() {
            if let Some(Line::Item { measure, title }) = slots.line(*slot)
                && measure.as_str() == "materials"
            {
                let title = title.clone().unwrap_or_else(|| "".into());
                balances.entry(title).or_default().handed_out += sum.count;
            }
        }
        let names = self.names(caller, entries.iter().map(|(_, entry)| entry.actor)).await?;
        let view = |(id, entry): (LedgerId, LedgerEntry)| LedgerEntryView {
            id: id.to_string(),
            title: entry.title,
            date: entry.day.to_string(),
            kind: entry.kind.code(),
            count: entry.count,
            reverses: entry.reverses.map(|id| id.to_string()),
            note: entry.note,
            by: names.get(&entry.actor).cloned().unwrap_or_default(),
            at: rfc3339(entry.at),
        };
        let balance = |(title, balance): (Arc<str>, Balance)| BalanceView {
            title,
            printed: balance.printed,
            received: balance.received,
            drawn: balance.drawn,
            handed_out: balance.handed_out,
            in_store: balance.in_store(),
            in_hand: balance.in_hand(),
        };
        Ok(LedgerView {
            campaign: campaign.id.to_string(),
            unit: unit.code().to_string(),
            name: unit.name().clone(),
            balances: balances.into_iter().map(balance).collect(),
            items: entries.into_iter().map(view).collect(),
        })
    }

    /// Enters something into a unit's ledger, or takes an entry back. Entries are never changed.
    ///
    /// # Errors
    /// Faults of the input; `ledger_unknown`; `Exists` when it was taken back before; out of scope is not found.
    pub async fn add_to_ledger(
        &self,
        caller: &Caller,
        campaign: &str,
        unit: Option<&str>,
        body: &LedgerBody,
    ) -> Result<LedgerEntryView, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let unit = scope::asked(&catalogue, caller, Some(&campaign), unit)?;
        let unit = scope::unit(&catalogue, caller, Permission::Submit, unit.code().as_str())?;
        if !catalogue.tree.is_under(unit.id, campaign.unit) {
            return Err(Error::invalid(Fault::new("/unit", "unit_outside_campaign")));
        }
        let mut faults = Vec::new();
        let note = check_reason(&body.note, "/note", &mut faults);
        let step = match &body.reverses {
            Some(id) => Some(self.taken_back(id, campaign.key, unit.id).await?),
            None => new_step(body, &mut faults),
        };
        let Some(step) = step.filter(|_| faults.is_empty()) else { return Err(Error::Invalid(faults)) };
        let entry = LedgerEntry {
            campaign: campaign.key,
            unit: unit.id,
            title: step.title,
            day: step.day,
            kind: step.kind,
            count: step.count,
            reverses: step.reverses,
            note,
            actor: caller.actor.id,
            at: self.clock.now(),
        };
        let (origin, subject) = (caller.origin(), format!("{}/{}", campaign.id, unit.code()));
        let id = self
            .store
            .transact(move |tx: &mut Transaction| Box::pin(tx.add_to_ledger(origin, subject, entry)))
            .await?
            .to_string();
        let ledger = self.ledger(caller, campaign.id.as_str(), Some(unit.code().as_str())).await?;
        let added = ledger.items.into_iter().find(|entry| entry.id == id);
        added.ok_or_else(|| Error::Internal("an entry that is not there".into()))
    }

    /// The entry that takes another of the same unit back.
    async fn taken_back(&self, id: &str, campaign: i32, unit: UnitId) -> Result<Step, Error> {
        let unknown = || Error::NotFound("ledger_unknown");
        let id: LedgerId = id.parse().map_err(|_| unknown())?;
        let of = self.store.ledger_entry(id).await?.ok_or_else(unknown)?;
        if (of.campaign, of.unit) != (campaign, unit) {
            return Err(unknown());
        }
        Ok(Step { title: of.title, day: of.day, kind: of.kind, count: -of.count, reverses: Some(id) })
    }
}

/// What an entry says.
struct Step {
    title: Arc<str>,
    day: ReportDay,
    kind: LedgerKind,
    count: i32,
    reverses: Option<LedgerId>,
}

fn new_step(body: &LedgerBody, faults: &mut Vec<Fault>) -> Option<Step> {
    let title = body.title.as_deref().unwrap_or_default().trim();
    if let Err(code) = privacy::line(title, 0..=MAX_TITLE, "title_invalid") {
        faults.push(Fault::new("/title", code).with("limit", MAX_TITLE));
    }
    let day = parse_day(body.date.as_deref().unwrap_or_default(), "/date").ok();
    if day.is_none() {
        faults.push(Fault::new("/date", "date_invalid"));
    }
    let kind = LedgerKind::from_code(body.kind.as_deref().unwrap_or_default());
    if kind.is_none() {
        faults.push(Fault::new("/kind", "ledger_kind_unknown"));
    }
    let count = body.count.and_then(|count| i32::try_from(count).ok());
    let fault = match body.count {
        None | Some(0) => Some("count_missing"),
        Some(n) if n < 0 => Some("count_negative"),
        Some(n) if n > i64::from(MAX_COPIES) => Some("count_too_large"),
        Some(_) => None,
    };
    faults.extend(fault.map(|code| Fault::new("/count", code).with("limit", MAX_COPIES)));
    Some(Step { title: title.into(), day: day?, kind: kind?, count: count?, reverses: None })
}
