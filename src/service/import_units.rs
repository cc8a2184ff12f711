//! Units from a file: a county's few or the nation's 660 000, all of them or none.

use super::import::{Change, RemarkView};
use super::units::{UnitView, rebuild_all};
use super::{App, Caller, Error};
use crate::domain::access::{self, Permission};
use crate::domain::catalogue::Catalogue;
use crate::domain::unit::{TreeError, Unit, UnitCode, UnitId, UnitTree};
use crate::i18n::Lang;
use crate::sheet::reports::MAX_REMARKS;
use crate::sheet::units::{self, UnitRow, kind_of};
use crate::sheet::{self, Place, Remark};
pub use crate::store::Progress;
use crate::store::{Above, AuditEntry, NewUnit, Transaction};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;

/// A unit of a file, as understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnitImportItem {
    /// Row in the file, from 1.
    pub row: u32,
    /// What becomes of it.
    pub change: Change,
    /// What is stored now.
    pub before: Option<UnitView>,
    /// What the file says.
    pub after: UnitView,
}

/// What a file says of units, and what it changes.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct UnitImportView {
    /// Nothing was stored.
    pub dry_run: bool,
    /// Units there were none of before.
    pub new: usize,
    /// Units that differ from what is stored.
    pub changed: usize,
    /// Units that are stored already.
    pub same: usize,
    /// The first units that change something.
    pub items: Vec<UnitImportItem>,
    /// What must be put right; then nothing can be stored.
    pub errors: Vec<RemarkView>,
    /// Headings of columns that were not taken.
    pub left: Vec<String>,
}

/// Units that a preview shows.
const PREVIEW: usize = 100;

impl App {
    /// Stores the units of a file, or says what it would store. Units that the file does not name stay as they are.
    ///
    /// # Errors
    /// `Sheet` with every fault of the file and its place (a dry run tells them in its answer); `Invalid` when it cannot be
    /// read at all; `Busy`. Then nothing was stored.
    pub async fn import_units(
        &self,
        caller: &Caller,
        bytes: Vec<u8>,
        dry_run: bool,
        limits: sheet::Limits,
        progress: Progress,
    ) -> Result<UnitImportView, Error> {
        let grid = self.read_sheet(bytes, limits).await?;
        let (catalogue, by) = (self.catalogue(), caller.clone());
        let epoch = catalogue.epoch;
        let planned = tokio::task::spawn_blocking(move || {
            let found = units::read(&grid);
            drop(grid);
            plan(&catalogue, &by, found)
        });
        let mut plan = planned.await.map_err(|error| Error::Internal(error.to_string()))?;
        let view = plan.view(caller.lang, dry_run);
        if dry_run {
            return Ok(view);
        }
        if !plan.errors.is_empty() {
            plan.errors.truncate(MAX_REMARKS);
            return Err(Error::Sheet(plan.errors));
        }
        if plan.new.is_empty() && plan.changed.is_empty() {
            return Ok(view);
        }
        progress.begin(plan.new.len() + plan.changed.len());
        let origin = caller.origin();
        let detail = serde_json::json!({ "new": view.new, "changed": view.changed }).to_string();
        let stored = self.store.transact(move |tx: &mut Transaction| {
            Box::pin(async move {
                // Judged by units that have changed since: nothing is stored, and the caller is told to try again.
                if tx.catalogue().epoch != epoch {
                    return Ok(false);
                }
                tx.enter_units(plan.new, plan.changed, &progress).await?;
                rebuild_all(tx).await?;
                let entry = AuditEntry { origin, action: "unit.import", subject: String::new(), detail };
                tx.audit(entry).await.map(|_| true)
            })
        });
        if stored.await? { Ok(view) } else { Err(Error::Busy) }
    }
}

/// What a file makes of the units.
struct Plan {
    /// New units, each after the unit above it.
    new: Vec<(NewUnit, Above)>,
    changed: Vec<Unit>,
    same: usize,
    items: Vec<UnitImportItem>,
    errors: Vec<Remark>,
    left: Vec<String>,
}

impl Plan {
    fn view(&self, lang: Lang, dry_run: bool) -> UnitImportView {
        UnitImportView {
            dry_run,
            new: self.new.len(),
            changed: self.changed.len(),
            same: self.same,
            items: self.items.clone(),
            errors: RemarkView::list(&self.errors, lang),
            left: self.left.clone(),
        }
    }
}

fn plan(catalogue: &Arc<Catalogue>, caller: &Caller, found: units::Units) -> Plan {
    let tree = &catalogue.tree;
    let mut plan = Plan {
        new: Vec::new(),
        changed: Vec::new(),
        same: 0,
        items: Vec::new(),
        errors: found.errors,
        left: found.left,
    };
    let rows = found.units;
    let by_code: HashMap<&UnitCode, usize> =
        rows.iter().enumerate().map(|(at, row)| (&row.code, at)).collect();
    let place = Placing { tree, by_code: &by_code };
    let mut above: Vec<Above> = Vec::with_capacity(rows.len());
    for row in &rows {
        above.push(place.above(row).unwrap_or_else(|| {
            plan.errors.push(Remark::new(row.place, "parent_unknown"));
            Above::None
        }));
    }
    let judge =
        Judge { caller, tree, everywhere: access::may_everywhere(&caller.actor, Permission::ManageUnits) };
    let order = in_order(&rows, &above, tree, &mut plan.errors);
    let mut last: HashMap<Above, i32> = HashMap::new();
    let mut new_at: Vec<usize> = vec![usize::MAX; rows.len()];
    for at in order {
        let row = &rows[at];
        let before = tree.by_code(row.code.as_str()).map(|unit| unit.unit());
        let before = before.as_ref();
        // A unit of the file that is stored already is above by its number.
        let parent = match above[at] {
            Above::New(of) => match tree.by_code(rows[of].code.as_str()) {
                Some(unit) => Above::Known(unit.id),
                None => Above::New(new_at[of]),
            },
            other => other,
        };
        if !judge.may(before, parent) {
            plan.errors.push(Remark::new(row.place, "unit_not_yours").with("unit", &row.code));
            continue;
        }
        let unit = merged(row, before, parent, tree, &mut last);
        let change = match before {
            None => Change::New,
            Some(before) if *before == unit => Change::Same,
            Some(_) => Change::Changed,
        };
        if change != Change::Same && plan.items.len() < PREVIEW {
            let of_file = |of: usize| plan.new.get(of).map(|(unit, _)| unit.code.to_string());
            let mut after = UnitView::new(&unit, tree);
            if let Above::New(of) = parent {
                after.parent = of_file(of);
            }
            let before = before.map(|before| UnitView::new(before, tree));
            plan.items.push(UnitImportItem { row: row.place.row, change, before, after });
        }
        match change {
            Change::Same => plan.same += 1,
            Change::Changed => plan.changed.push(unit),
            Change::New => {
                new_at[at] = plan.new.len();
                plan.new.push((
                    NewUnit {
                        code: unit.code,
                        name: unit.name,
                        kind: unit.kind,
                        parent: None,
                        opened_on: unit.opened_on,
                        closed_on: unit.closed_on,
                        order: unit.order,
                    },
                    parent,
                ));
            }
        }
    }
    refuse_circles(&rows, &plan.changed, tree, &mut plan.errors);
    plan.errors.sort_by_key(|remark| remark.place);
    plan
}

struct Placing<'a> {
    tree: &'a UnitTree,
    by_code: &'a HashMap<&'a UnitCode, usize>,
}

impl Placing<'_> {
    fn named(&self, code: &UnitCode) -> Option<Above> {
        let of_file = self.by_code.get(code).map(|at| Above::New(*at));
        of_file.or_else(|| self.tree.by_code(code.as_str()).map(|unit| Above::Known(unit.id)))
    }

    /// The unit above a row's: the one it names, the one it has, or the one that its code tells. None when there is no
    /// such unit.
    fn above(&self, row: &UnitRow) -> Option<Above> {
        if let Some(parent) = &row.parent {
            return self.named(parent).filter(|_| *parent != row.code);
        }
        if let Some(unit) = self.tree.by_code(row.code.as_str()) {
            return Some(unit.parent().map_or(Above::None, Above::Known));
        }
        Some(row.code.parents().iter().find_map(|code| self.named(code)).unwrap_or(Above::None))
    }
}

/// The rows with every unit after the one above it; rows that are above themselves are told.
fn in_order(rows: &[UnitRow], above: &[Above], tree: &UnitTree, errors: &mut Vec<Remark>) -> Vec<usize> {
    let waits = |at: usize| match above[at] {
        Above::New(of) if tree.by_code(rows[of].code.as_str()).is_none() => Some(of),
        _ => None,
    };
    // 1: being placed, 2: placed.
    let mut state = vec![0u8; rows.len()];
    let mut order = Vec::with_capacity(rows.len());
    let mut chain = Vec::new();
    for at in 0..rows.len() {
        let mut next = Some(at);
        while let Some(here) = next.filter(|here| state[*here] == 0) {
            state[here] = 1;
            chain.push(here);
            next = waits(here);
        }
        if let Some(circle) = next.filter(|here| state[*here] == 1) {
            errors.push(Remark::new(rows[circle].place, "parent_circular"));
        }
        while let Some(here) = chain.pop() {
            state[here] = 2;
            order.push(here);
        }
    }
    order
}

struct Judge<'a> {
    caller: &'a Caller,
    tree: &'a UnitTree,
    everywhere: bool,
}

impl Judge<'_> {
    /// Whether the caller may enter or change a unit there. What stands below a new unit was judged with it.
    fn may(&self, before: Option<&Unit>, parent: Above) -> bool {
        let manage = |unit: UnitId| access::may(&self.caller.actor, self.tree, Permission::ManageUnits, unit);
        let there = match parent {
            Above::None => before.is_some_and(|before| before.parent.is_none()),
            Above::Known(unit) => manage(unit) || before.is_some_and(|before| before.parent == Some(unit)),
            Above::New(at) => at != usize::MAX,
        };
        self.everywhere || (there && before.is_none_or(|before| manage(before.id)))
    }
}

/// The unit that a row makes, of nothing or of one that is stored.
fn merged(
    row: &UnitRow,
    before: Option<&Unit>,
    parent: Above,
    tree: &UnitTree,
    last: &mut HashMap<Above, i32>,
) -> Unit {
    let next = || {
        let stored = || match parent {
            Above::Known(unit) => tree.children(unit).map(|child| child.order()).max(),
            Above::None => tree.roots().map(|unit| unit.order()).max(),
            Above::New(_) => None,
        };
        let last = last.entry(parent).or_insert_with(|| stored().unwrap_or(-1));
        *last = last.saturating_add(1);
        *last
    };
    Unit {
        id: before.map_or(UnitId(0), |before| before.id),
        code: row.code.clone(),
        name: row.name.clone(),
        kind: row
            .kind
            .or_else(|| before.map(|before| before.kind))
            .or_else(|| kind_of(&row.code))
            .unwrap_or_default(),
        parent: match parent {
            Above::Known(unit) => Some(unit),
            _ => None,
        },
        opened_on: row.opened_on.unwrap_or_else(|| before.and_then(|before| before.opened_on)),
        closed_on: row.closed_on.unwrap_or_else(|| before.and_then(|before| before.closed_on)),
        order: row.order.or_else(|| before.map(|before| before.order)).unwrap_or_else(next),
    }
}

/// Units that moved must still make a tree.
fn refuse_circles(rows: &[UnitRow], changed: &[Unit], tree: &UnitTree, errors: &mut Vec<Remark>) {
    let moved = |unit: &Unit| tree.get(unit.id).is_some_and(|before| before.parent() != unit.parent);
    if !changed.iter().any(moved) {
        return;
    }
    let after: HashMap<UnitId, &Unit> = changed.iter().map(|unit| (unit.id, unit)).collect();
    let units =
        tree.all().map(|unit| after.get(&unit.id).map_or_else(|| unit.unit(), |after| (*after).clone()));
    if let Err(TreeError::Circle(code)) = UnitTree::new(units) {
        let place = rows.iter().find(|row| row.code == code).map_or(Place::default(), |row| row.place);
        errors.push(Remark::new(place, "parent_circular"));
    }
}
