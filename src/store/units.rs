//! Rows of units: entering few or a whole nation's, and changing many at once.

use super::StoreError;
use super::rows::{Columns, Rows, Type};
use crate::domain::calendar::ReportDay;
use crate::domain::unit::{Unit, UnitCode, UnitId, UnitKind};
use sea_orm::ConnectionTrait;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A unit to be entered.
#[derive(Debug, Clone)]
pub struct NewUnit {
    /// Its code.
    pub code: UnitCode,
    /// Its name.
    pub name: String,
    /// What sort it is.
    pub kind: UnitKind,
    /// The unit above it.
    pub parent: Option<UnitId>,
    /// The first day it exists.
    pub opened_on: Option<ReportDay>,
    /// The last day it exists.
    pub closed_on: Option<ReportDay>,
    /// Its place among its siblings.
    pub order: i32,
}

/// The unit above one that is entered with many others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Above {
    /// None.
    None,
    /// One that is stored already.
    Known(UnitId),
    /// The one at this place among those that are entered.
    New(usize),
}

/// How many rows of how many have gone through, for whoever waits.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Steps>);

#[derive(Debug, Default)]
struct Steps {
    done: AtomicUsize,
    of: AtomicUsize,
}

impl Progress {
    /// So many rows are to go through; none before it is known.
    pub fn begin(&self, rows: usize) {
        self.0.of.store(rows, Ordering::Relaxed);
    }

    /// So many more have gone through.
    pub fn add(&self, rows: usize) {
        self.0.done.fetch_add(rows, Ordering::Relaxed);
    }

    /// Rows that have gone through.
    #[must_use]
    pub fn done(&self) -> usize {
        self.0.done.load(Ordering::Relaxed)
    }

    /// Rows in all; none while that is not known.
    #[must_use]
    pub fn of(&self) -> Option<usize> {
        Some(self.0.of.load(Ordering::Relaxed)).filter(|rows| *rows > 0)
    }
}

/// Rows between two steps of the progress.
const STEP: usize = 8_192;

fn damaged(what: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(format!("units: {what}"))
}

/// Enters units, and gives their numbers in their order.
pub(super) async fn insert(
    connection: &impl ConnectionTrait,
    units: Vec<NewUnit>,
) -> Result<Vec<UnitId>, StoreError> {
    const COLUMNS: Columns = &[
        ("code", Type::Text),
        ("name", Type::Text),
        ("kind", Type::Text),
        ("parent_id", Type::Int),
        ("opened_on", Type::Int),
        ("closed_on", Type::Int),
        ("position", Type::Int),
    ];
    let codes: Vec<UnitCode> = units.iter().map(|new| new.code.clone()).collect();
    let mut rows = Rows::new(COLUMNS);
    for new in units {
        rows.push([
            new.code.as_str().into(),
            new.name.into(),
            new.kind.code().into(),
            new.parent.map_or(0, |parent| parent.0).into(),
            new.opened_on.map_or(0, ReportDay::number).into(),
            new.closed_on.map_or(0, ReportDay::number).into(),
            new.order.into(),
        ]);
    }
    let names = rows.names();
    let mut picks = names.clone();
    for absent in ["parent_id", "opened_on", "closed_on"] {
        picks = picks.replace(absent, &format!("NULLIF({absent}, 0)"));
    }
    let insert =
        |rows: &str| format!("INSERT INTO units ({names}) SELECT {picks} FROM {rows} RETURNING code, id");
    // A nation is entered in some hundred statements, not in one for each village.
    let entered = rows.query(connection, insert).await?;
    // The database gives them in no certain order.
    let ids: HashMap<String, i32> = entered
        .iter()
        .map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?)))
        .collect::<Result<_, StoreError>>()?;
    let id = |code: &UnitCode| ids.get(code.as_str()).map(|&id| UnitId(id)).ok_or_else(|| damaged(code));
    codes.iter().map(id).collect()
}

/// Enters many units whose parents come before them, a level of the tree at a time, and gives their numbers.
pub(super) async fn enter(
    connection: &impl ConnectionTrait,
    units: Vec<(NewUnit, Above)>,
    progress: &Progress,
) -> Result<Vec<Option<UnitId>>, StoreError> {
    let mut levels: Vec<Vec<usize>> = Vec::new();
    let mut level_of: Vec<usize> = Vec::with_capacity(units.len());
    for (at, (_, above)) in units.iter().enumerate() {
        let level = match above {
            Above::New(parent) => level_of.get(*parent).map(|level| level + 1).ok_or_else(|| damaged(at))?,
            Above::None | Above::Known(_) => 0,
        };
        if levels.len() == level {
            levels.push(Vec::new());
        }
        levels[level].push(at);
        level_of.push(level);
    }
    let mut ids: Vec<Option<UnitId>> = vec![None; units.len()];
    let mut units: Vec<Option<(NewUnit, Above)>> = units.into_iter().map(Some).collect();
    for places in levels.iter().flat_map(|level| level.chunks(STEP)) {
        let mut piece = Vec::with_capacity(places.len());
        for at in places {
            let (mut unit, above) = units[*at].take().ok_or_else(|| damaged(at))?;
            unit.parent = match above {
                Above::None => None,
                Above::Known(unit) => Some(unit),
                Above::New(parent) => ids[parent],
            };
            piece.push(unit);
        }
        for (at, id) in places.iter().zip(insert(connection, piece).await?) {
            ids[*at] = Some(id);
        }
        progress.add(places.len());
    }
    Ok(ids)
}

/// Replaces what is known of units, their codes excepted.
pub(super) async fn change(connection: &impl ConnectionTrait, units: Vec<Unit>) -> Result<(), StoreError> {
    const COLUMNS: Columns = &[
        ("id", Type::Int),
        ("name", Type::Text),
        ("kind", Type::Text),
        ("parent_id", Type::Int),
        ("opened_on", Type::Int),
        ("closed_on", Type::Int),
        ("position", Type::Int),
    ];
    let mut rows = Rows::new(COLUMNS);
    for unit in units {
        rows.push([
            unit.id.0.into(),
            unit.name.into(),
            unit.kind.code().into(),
            unit.parent.map_or(0, |parent| parent.0).into(),
            unit.opened_on.map_or(0, ReportDay::number).into(),
            unit.closed_on.map_or(0, ReportDay::number).into(),
            unit.order.into(),
        ]);
    }
    let change = |rows: &str| {
        format!(
            "UPDATE units SET name = r.name, kind = r.kind, parent_id = NULLIF(r.parent_id, 0), \
             opened_on = NULLIF(r.opened_on, 0), closed_on = NULLIF(r.closed_on, 0), position = r.position \
             FROM {rows} WHERE units.id = r.id"
        )
    };
    Ok(rows.execute(connection, change).await?)
}
