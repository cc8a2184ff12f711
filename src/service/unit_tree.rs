//! The tree of units for those who keep it: one level at a time, and one unit that takes over from another.

use super::tallies::parse_day;
use super::units::{UnitView, rebuild_all};
use super::{App, Caller, Error, scope};
use crate::domain::access::{self, Permission};
use crate::domain::calendar::ReportDay;
use crate::domain::campaign::{Campaign, Expected};
use crate::domain::catalogue::Catalogue;
use crate::domain::fault::Fault;
use crate::domain::unit::{Placed, Unit};
use crate::store::{AuditEntry, Transaction};
use schemars::JsonSchema;
use serde::Deserialize;

/// A unit of a level.
#[derive(Debug, Clone)]
pub struct LevelUnit {
    /// The unit.
    pub unit: UnitView,
    /// How many lie directly under it.
    pub children: usize,
    /// It exists today.
    pub open: bool,
}

/// One level of the tree.
#[derive(Debug, Clone)]
pub struct Level {
    /// From the highest in scope down to the unit whose children these are; empty at the top.
    pub path: Vec<UnitView>,
    /// In administrative order.
    pub units: Vec<LevelUnit>,
}

/// Which unit takes over, and from when on.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeBody {
    /// Code of the unit that takes over.
    pub into: String,
    /// The last day of the unit that ends.
    pub on: String,
}

impl App {
    /// The units directly under one, or the highest in scope.
    ///
    /// # Errors
    /// Out of scope is not found.
    pub fn level(&self, caller: &Caller, under: Option<&str>) -> Result<Level, Error> {
        let catalogue = self.catalogue();
        let tree = &catalogue.tree;
        let today = self.clock.today();
        let readable = |unit: &Placed<'_>| access::may(&caller.actor, tree, Permission::Read, unit.id);
        let view = |unit: Placed<'_>| UnitView::new(&unit.unit(), tree);
        let level = |unit: Placed<'_>| LevelUnit {
            children: tree.children(unit.id).count(),
            open: tree.is_open(unit.id, today),
            unit: view(unit),
        };
        let Some(code) = under else {
            let mut tops: Vec<Placed<'_>> = Vec::new();
            for grant in access::scopes(&caller.actor, tree, Permission::Read) {
                match grant.unit {
                    None => tops.extend(tree.roots()),
                    Some(unit) => tops.extend(tree.get(unit)),
                }
            }
            let inner =
                |unit: Placed<'_>| tops.iter().any(|top| top.id != unit.id && tree.is_under(unit.id, top.id));
            let mut highest: Vec<Placed<'_>> = tops.iter().copied().filter(|unit| !inner(*unit)).collect();
            highest.dedup_by_key(|unit| unit.id);
            return Ok(Level { path: Vec::new(), units: highest.into_iter().map(level).collect() });
        };
        let unit = scope::unit(&catalogue, caller, Permission::Read, code)?;
        let above = tree.ancestors(unit.id).filter(readable);
        let mut path: Vec<UnitView> = std::iter::once(unit).chain(above).map(view).collect();
        path.reverse();
        Ok(Level { path, units: tree.children(unit.id).filter(readable).map(level).collect() })
    }

    /// Ends a unit in favour of another. Its reports stay its own, for that is who sent them; drives that wait for it by
    /// name wait for the other from then on.
    ///
    /// # Errors
    /// Faults of the input; out of scope is not found; `Forbidden`.
    pub async fn merge_unit(&self, caller: &Caller, code: &str, body: &MergeBody) -> Result<UnitView, Error> {
        let catalogue = self.catalogue();
        let tree = &catalogue.tree;
        let from = scope::unit(&catalogue, caller, Permission::ManageUnits, code)?;
        let into = match scope::unit(&catalogue, caller, Permission::ManageUnits, body.into.trim()) {
            Err(Error::NotFound(_)) => return Err(Error::invalid(Fault::new("/into", "merge_unknown"))),
            found => found?,
        };
        let on = parse_day(&body.on, "/on")?;
        let fault = |pointer: &str, code: &'static str| Err(Error::invalid(Fault::new(pointer, code)));
        if from.id == into.id || tree.is_under(into.id, from.id) {
            return fault("/into", "merge_circular");
        }
        if !tree.is_open(into.id, on.plus(1)) {
            return fault("/into", "merge_closed");
        }
        if tree.children(from.id).any(|child| child.exists_on(on.plus(1))) {
            return fault("/on", "merge_children");
        }
        if from.opened_on().is_some_and(|opened| opened > on) {
            return fault("/on", "closed_before_opened");
        }
        let ended = Unit { closed_on: Some(on), ..from.unit() };
        let waiting = waiting(&catalogue, from, into, on);
        let origin = caller.origin();
        let detail = serde_json::json!({ "into": into.code().as_str(), "on": on.to_string() }).to_string();
        let subject = from.code().to_string();
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    tx.update_unit(ended).await?;
                    for campaign in &waiting {
                        tx.update_campaign(campaign).await?;
                    }
                    rebuild_all(tx).await?;
                    tx.audit(AuditEntry { origin, action: "unit.merge", subject, detail }).await.map(drop)
                })
            })
            .await?;
        self.unit(caller, code)
    }
}

/// Drives that go on after the day and wait for the unit by name, with the one that takes over.
fn waiting(catalogue: &Catalogue, from: Placed<'_>, into: Placed<'_>, on: ReportDay) -> Vec<Campaign> {
    let goes_on = |campaign: &&std::sync::Arc<Campaign>| campaign.window.last() > on && !campaign.locked;
    let with = |campaign: &std::sync::Arc<Campaign>| {
        let Expected::Listed(units) = &campaign.expected else { return None };
        let takes_part = catalogue.tree.is_under(into.id, campaign.unit);
        if !units.contains(&from.id) || units.contains(&into.id) || !takes_part {
            return None;
        }
        let mut units = units.clone();
        units.insert(into.id);
        Some(Campaign { expected: Expected::Listed(units), ..Campaign::clone(campaign) })
    };
    catalogue.campaigns.iter().filter(goes_on).filter_map(with).collect()
}
