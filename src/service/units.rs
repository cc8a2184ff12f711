//! Units: looking them up, entering and changing them.

use super::tallies::parse_day;
use super::{App, Caller, Error, scope};
use crate::domain::access::{self, Permission};
use crate::domain::calendar::ReportDay;
use crate::domain::fault::Fault;
use crate::domain::privacy;
use crate::domain::unit::{Placed, Rank, Unit, UnitCode, UnitId, UnitKind, UnitTree};
use crate::store::{AuditEntry, NewUnit, Transaction};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A unit as told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnitView {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Code of the unit above.
    pub parent: Option<String>,
    /// What sort it is.
    pub kind: &'static str,
    /// First day; null is since ever.
    pub opened_on: Option<String>,
    /// Last day; null is for ever.
    pub closed_on: Option<String>,
    /// Place among its siblings.
    pub order: i32,
}

impl UnitView {
    pub(super) fn new(unit: &Unit, tree: &UnitTree) -> Self {
        Self {
            code: unit.code.to_string(),
            name: unit.name.clone(),
            parent: unit.parent.and_then(|parent| tree.get(parent)).map(|parent| parent.code().to_string()),
            kind: unit.kind.code(),
            opened_on: unit.opened_on.map(|day| day.to_string()),
            closed_on: unit.closed_on.map(|day| day.to_string()),
            order: unit.order,
        }
    }
}

/// A page of units.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct UnitsView {
    /// In administrative order; of a search those first that fit best.
    pub items: Vec<UnitView>,
    /// What to give as `cursor` for the next page.
    pub next: Option<String>,
}

/// A unit to be entered, or what is to be changed of one. An absent field stays as it is; null empties it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitBody {
    /// Code; needed for a new unit.
    pub code: Option<String>,
    /// Name; needed for a new unit.
    pub name: Option<String>,
    /// Code of the unit above. When absent, the one that the code names.
    #[serde(default, deserialize_with = "given")]
    pub parent: Option<Option<String>>,
    /// What sort it is.
    pub kind: Option<String>,
    /// First day.
    #[serde(default, deserialize_with = "given")]
    pub opened_on: Option<Option<String>>,
    /// Last day.
    #[serde(default, deserialize_with = "given")]
    pub closed_on: Option<Option<String>>,
    /// Place among its siblings.
    pub order: Option<i32>,
}

/// Tells null from absent.
fn given<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Which units are asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Code of the unit at the top.
    pub under: Option<String>,
    /// Part of a name, of its initials in pinyin, or the beginning of a code.
    pub query: Option<String>,
    /// Only those that exist on this day.
    pub on: Option<ReportDay>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// At most so many.
    pub limit: Option<u32>,
    /// In which order.
    pub order: UnitOrder,
}

/// In which order units are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnitOrder {
    /// As the administration orders them; what a search finds, by how well it fits.
    #[default]
    Place,
    /// By code.
    Code,
    /// By name.
    Name,
}

impl UnitOrder {
    /// What two units are compared by; no two are alike.
    fn key(self, unit: Placed<'_>) -> (String, UnitCode) {
        (if self == Self::Name { unit.name() } else { String::new() }, unit.code())
    }

    /// So many units at most that come first in this order, after the one with a key.
    fn first<'t>(
        self,
        units: impl Iterator<Item = Placed<'t>>,
        after: Option<&(String, UnitCode)>,
        most: usize,
    ) -> Vec<Placed<'t>> {
        let mut first = BTreeMap::new();
        for unit in units {
            let key = self.key(unit);
            let full = first.len() == most;
            let too_late = first.last_key_value().is_some_and(|(last, _)| full && key > *last);
            if too_late || after.is_some_and(|after| key <= *after) {
                continue;
            }
            first.insert(key, unit);
            if full {
                first.pop_last();
            }
        }
        first.into_values().collect()
    }
}

/// Where a page of units ended.
#[derive(Clone, Copy)]
struct After {
    rank: Rank,
    place: usize,
}

impl After {
    const RANKS: [Rank; 3] = [Rank::Whole, Rank::Beginning, Rank::Inside];

    /// A search ends at a rank and a unit, any other page at a unit alone.
    fn write(rank: Option<Rank>, unit: Placed<'_>) -> String {
        rank.map_or_else(|| unit.code().to_string(), |rank| format!("{}:{}", rank as u8, unit.code()))
    }

    fn read(cursor: &str, tree: &UnitTree) -> Result<Self, Error> {
        let read = || {
            let (rank, code) = cursor.split_once(':').unwrap_or(("0", cursor));
            let rank = *Self::RANKS.get(rank.parse::<usize>().ok()?)?;
            Some(Self { rank, place: tree.by_code(code)?.place() })
        };
        read().ok_or_else(|| Error::invalid(Fault::new("/cursor", "cursor_invalid")))
    }
}

/// The best of what was found: by rank, then in administrative order, after the end of the page before.
fn best<'t>(
    found: impl Iterator<Item = (Rank, Placed<'t>)>,
    wanted: impl Fn(&Placed<'t>) -> bool,
    after: Option<After>,
    most: usize,
) -> Vec<(Rank, Placed<'t>)> {
    let mut ranked: [Vec<(Rank, Placed<'_>)>; 3] = Default::default();
    for (rank, unit) in found {
        let passed = |after: After| (rank, unit.place()) <= (after.rank, after.place);
        let of_rank = &mut ranked[rank as usize];
        // Last the one that costs most: half a nation is called 村.
        if of_rank.len() < most && !after.is_some_and(passed) && wanted(&unit) {
            of_rank.push((rank, unit));
        }
        if ranked[0].len() == most {
            break;
        }
    }
    ranked.into_iter().flatten().take(most).collect()
}

/// The longest name, in characters.
const MAX_NAME: usize = 100;

impl App {
    /// Units in a caller's scope, in administrative order.
    ///
    /// # Errors
    /// Out of scope is not found.
    pub fn units(&self, caller: &Caller, filter: &Filter) -> Result<UnitsView, Error> {
        let catalogue = self.catalogue();
        let tree = &catalogue.tree;
        let under = match filter.under.as_deref() {
            Some(code) => Some(scope::unit(&catalogue, caller, Permission::Read, code)?),
            None => None,
        };
        let units = under.map_or_else(|| tree.all(), |top| top.reach(true));
        let limit = filter.limit.unwrap_or(self.limits.page).clamp(1, self.limits.page) as usize;
        let query = filter.query.as_deref().map(str::trim).filter(|query| !query.is_empty());
        let wanted = |unit: &Placed<'_>| {
            access::may(&caller.actor, tree, Permission::Read, unit.id)
                && filter.on.is_none_or(|day| tree.is_open(unit.id, day))
        };
        let after = filter.cursor.as_deref().map(|cursor| After::read(cursor, tree)).transpose()?;
        let mut found: Vec<(Rank, Placed<'_>)> = match query {
            _ if filter.order != UnitOrder::Place => {
                let last = after.and_then(|after| tree.all().nth(after.place));
                let last = last.map(|unit| filter.order.key(unit));
                let first = match query {
                    Some(query) => {
                        let found = tree.search(units, query).map(|(_, unit)| unit).filter(wanted);
                        filter.order.first(found, last.as_ref(), limit + 1)
                    }
                    None => filter.order.first(units.filter(wanted), last.as_ref(), limit + 1),
                };
                first.into_iter().map(|unit| (Rank::Whole, unit)).collect()
            }
            Some(query) => best(tree.search(units, query), wanted, after, limit + 1),
            None => {
                let passed = after.map_or(0, |after| (after.place + 1).saturating_sub(units.places().start));
                let rest = units.skip(passed).filter(wanted);
                rest.take(limit + 1).map(|unit| (Rank::Whole, unit)).collect()
            }
        };
        let more = found.len() > limit;
        found.truncate(limit);
        let next =
            found.last().filter(|_| more).map(|(rank, unit)| After::write(query.map(|_| *rank), *unit));
        Ok(UnitsView {
            items: found.into_iter().map(|(_, unit)| UnitView::new(&unit.unit(), tree)).collect(),
            next,
        })
    }

    /// One unit.
    ///
    /// # Errors
    /// Out of scope is not found.
    pub fn unit(&self, caller: &Caller, code: &str) -> Result<UnitView, Error> {
        let catalogue = self.catalogue();
        let unit = scope::unit(&catalogue, caller, Permission::Read, code)?;
        Ok(UnitView::new(&unit.unit(), &catalogue.tree))
    }

    /// Enters a unit.
    ///
    /// # Errors
    /// Faults of the input; `Exists` when the code is taken; `Forbidden` to enter one there.
    pub async fn create_unit(&self, caller: &Caller, body: &UnitBody) -> Result<UnitView, Error> {
        let catalogue = self.catalogue();
        let mut faults = Vec::new();
        let unit = changed(None, body, &catalogue.tree, &mut faults);
        let (Some(unit), true) = (unit, faults.is_empty()) else { return Err(Error::Invalid(faults)) };
        may_lie_under(caller, &catalogue.tree, unit.parent)?;
        let (origin, code) = (caller.origin(), unit.code.to_string());
        let subject = code.clone();
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    let detail = serde_json::json!({ "name": unit.name }).to_string();
                    let new = NewUnit {
                        code: unit.code,
                        name: unit.name,
                        kind: unit.kind,
                        parent: unit.parent,
                        opened_on: unit.opened_on,
                        closed_on: unit.closed_on,
                        order: unit.order,
                    };
                    // The new unit has no reports. It can end that the one above it is waited for as a leaf, unless
                    // that never was one.
                    let always = |unit: Placed<'_>| unit.opened_on().is_none() && unit.closed_on().is_none();
                    let tree = &tx.catalogue().tree;
                    let moves_sums = unit.parent.is_some_and(|above| !tree.children(above).any(always));
                    tx.insert_units(vec![new]).await?;
                    if moves_sums {
                        rebuild_all(tx).await?;
                    }
                    tx.audit(AuditEntry { origin, action: "unit.create", subject, detail }).await.map(drop)
                })
            })
            .await?;
        self.unit(caller, &code)
    }

    /// Changes a unit. Totals that the change concerns are made anew in the same transaction.
    ///
    /// # Errors
    /// Faults of the input; out of scope is not found.
    pub async fn update_unit(&self, caller: &Caller, code: &str, body: &UnitBody) -> Result<UnitView, Error> {
        let catalogue = self.catalogue();
        let tree = &catalogue.tree;
        let before = scope::unit(&catalogue, caller, Permission::ManageUnits, code)?.unit();
        let mut faults = Vec::new();
        let after = changed(Some(&before), body, tree, &mut faults);
        let (Some(after), true) = (after, faults.is_empty()) else { return Err(Error::Invalid(faults)) };
        if after.parent != before.parent {
            if after.parent.is_some_and(|parent| tree.is_under(parent, before.id)) {
                return Err(Error::invalid(Fault::new("/parent", "parent_circular")));
            }
            may_lie_under(caller, tree, after.parent)?;
        }
        let detail = serde_json::json!({
            "before": UnitView::new(&before, tree), "after": UnitView::new(&after, tree)
        })
        .to_string();
        let (origin, subject, code) = (caller.origin(), before.code.to_string(), after.code.to_string());
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    // A name, a code or a place among siblings is in no sum; making a nation's anew takes minutes.
                    let dates = |unit: &Unit| (unit.parent, unit.opened_on, unit.closed_on);
                    let before = tx.catalogue().tree.get(after.id).map(|unit| dates(&unit.unit()));
                    let moves_sums = before != Some(dates(&after));
                    tx.update_unit(after).await?;
                    if moves_sums {
                        rebuild_all(tx).await?;
                    }
                    tx.audit(AuditEntry { origin, action: "unit.update", subject, detail }).await.map(drop)
                })
            })
            .await?;
        self.unit(caller, &code)
    }
}

/// Makes the rollups of every campaign anew: units above, and who is expected, may have changed for any day.
pub(super) async fn rebuild_all(tx: &mut Transaction) -> Result<(), crate::store::StoreError> {
    let campaigns: Vec<i32> = tx.catalogue().campaigns.iter().map(|campaign| campaign.key).collect();
    for campaign in campaigns {
        tx.rebuild_rollups(campaign).await?;
    }
    Ok(())
}

/// Whether a caller may enter or move a unit under a parent, or to the top. A parent that lies elsewhere is told as one that
/// is not there.
fn may_lie_under(caller: &Caller, tree: &UnitTree, parent: Option<UnitId>) -> Result<(), Error> {
    let may = |permission, parent| access::may(&caller.actor, tree, permission, parent);
    match parent {
        Some(parent) if may(Permission::ManageUnits, parent) => Ok(()),
        None if access::may_everywhere(&caller.actor, Permission::ManageUnits) => Ok(()),
        Some(parent) if !may(Permission::Read, parent) => {
            Err(Error::invalid(Fault::new("/parent", "parent_unknown")))
        }
        _ => Err(Error::Forbidden),
    }
}

/// The unit that a body makes, of nothing or of one that exists.
fn changed(before: Option<&Unit>, body: &UnitBody, tree: &UnitTree, faults: &mut Vec<Fault>) -> Option<Unit> {
    let mut fault = |pointer: &str, code: &'static str| faults.push(Fault::new(pointer, code));
    let code = match (&body.code, before) {
        (Some(code), _) => UnitCode::new(code).map_err(|_| fault("/code", "code_invalid")).ok(),
        (None, Some(before)) => Some(before.code.clone()),
        (None, None) => {
            fault("/code", "field_missing");
            None
        }
    };
    let name = match (&body.name, before) {
        (Some(name), _) => {
            if let Err(code) = privacy::line(name, 1..=MAX_NAME, "name_invalid") {
                fault("/name", code);
            }
            let name = name.trim();
            Some(name.to_owned())
        }
        (None, Some(before)) => Some(before.name.clone()),
        (None, None) => {
            fault("/name", "field_missing");
            None
        }
    };
    let parent = match (&body.parent, before) {
        (Some(None), _) => None,
        (Some(Some(parent)), _) => {
            let found = tree.by_code(parent).map(|parent| parent.id);
            if found.is_none() {
                fault("/parent", "parent_unknown");
            }
            found
        }
        (None, Some(before)) => before.parent,
        (None, None) => code
            .as_ref()
            .and_then(|code| code.parents().iter().find_map(|parent| tree.by_code(parent.as_str())))
            .map(|parent| parent.id),
    };
    let kind = match &body.kind {
        Some(kind) => UnitKind::from_code(kind).unwrap_or_else(|| {
            fault("/kind", "kind_unknown");
            UnitKind::Other
        }),
        None => before.map(|before| before.kind).unwrap_or_default(),
    };
    let mut day = |given: &Option<Option<String>>, kept: Option<ReportDay>, pointer: &str| match given {
        None => kept,
        Some(None) => None,
        Some(Some(text)) => parse_day(text, pointer).map_err(|_| fault(pointer, "date_invalid")).ok(),
    };
    let opened_on = day(&body.opened_on, before.and_then(|unit| unit.opened_on), "/opened_on");
    let closed_on = day(&body.closed_on, before.and_then(|unit| unit.closed_on), "/closed_on");
    if let (Some(opened), Some(closed)) = (opened_on, closed_on)
        && closed < opened
    {
        fault("/closed_on", "closed_before_opened");
    }
    let order = body.order.or_else(|| before.map(|before| before.order)).unwrap_or_else(|| {
        let siblings = |parent| tree.children(parent).map(|child| child.order()).max();
        parent.and_then(siblings).map_or(0, |last| last.saturating_add(1))
    });
    Some(Unit {
        id: before.map_or(crate::domain::unit::UnitId(0), |before| before.id),
        code: code?,
        name: name?,
        kind,
        parent,
        opened_on,
        closed_on,
        order,
    })
}
