//! Rows of units: entering few or a whole nation's, and changing many at once.

use super::StoreError;
use super::rows::{Columns, Rows, Type};
use crate::domain::calendar::ReportDay;
use crate::domain::unit::{Unit, UnitCode, UnitId, UnitKind};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
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

/// Enters units, and gives their numbers in their order, which is that of the units.
pub(super) async fn insert(
    connection: &impl ConnectionTrait,
    units: Vec<NewUnit>,
) -> Result<Vec<UnitId>, StoreError> {
    let ids = numbers(connection, units.len()).await?;
    put(connection, ids.iter().copied().zip(units)).await?;
    Ok(ids)
}

/// The next numbers of units, in order; nobody else gets them.
async fn numbers(connection: &impl ConnectionTrait, count: usize) -> Result<Vec<UnitId>, StoreError> {
    let backend = connection.get_database_backend();
    let count = i32::try_from(count).map_err(damaged)?;
    if backend == DbBackend::Postgres {
        let sql = "SELECT CAST(nextval(pg_get_serial_sequence('units', 'id')) AS INTEGER) FROM generate_series(1, $1)";
        let rows =
            connection.query_all_raw(Statement::from_sql_and_values(backend, sql, [count.into()])).await?;
        return rows.iter().map(|row| Ok(UnitId(row.try_get_by_index(0)?))).collect();
    }
    // Whoever asks has the one transaction that may write, and a row with a number of its own moves the sequence on.
    let sql = "SELECT MAX(COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'units'), 0), \
               COALESCE((SELECT MAX(id) FROM units), 0))";
    let row = connection.query_one_raw(Statement::from_string(backend, sql)).await?;
    let last: i32 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
    let end = last.checked_add(count).ok_or_else(|| damaged("their numbers are used up"))?;
    Ok((last + 1..=end).map(UnitId).collect())
}

async fn put(
    connection: &impl ConnectionTrait,
    units: impl Iterator<Item = (UnitId, NewUnit)>,
) -> Result<(), StoreError> {
    const COLUMNS: Columns = &[
        ("id", Type::Int),
        ("code", Type::Text),
        ("name", Type::Text),
        ("kind", Type::Text),
        ("parent_id", Type::Int),
        ("opened_on", Type::Int),
        ("closed_on", Type::Int),
        ("position", Type::Int),
    ];
    let mut rows = Rows::new(COLUMNS);
    for (id, new) in units {
        rows.push([
            id.0.into(),
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
    // A nation is entered in some hundred statements, not in one for each village.
    Ok(rows
        .execute(connection, |rows| format!("INSERT INTO units ({names}) SELECT {picks} FROM {rows}"))
        .await?)
}

/// Enters many units whose parents come before them, and gives their numbers.
pub(super) async fn enter(
    connection: &impl ConnectionTrait,
    units: Vec<(NewUnit, Above)>,
    progress: &Progress,
) -> Result<Vec<Option<UnitId>>, StoreError> {
    let order = numbered(&units)?;
    let mut ids: Vec<Option<UnitId>> = vec![None; units.len()];
    let mut units: Vec<Option<(NewUnit, Above)>> = units.into_iter().map(Some).collect();
    for places in order.chunks(STEP) {
        let numbers = numbers(connection, places.len()).await?;
        let mut piece = Vec::with_capacity(places.len());
        for (at, id) in places.iter().zip(numbers) {
            let (mut unit, above) = units[*at].take().ok_or_else(|| damaged(at))?;
            unit.parent = match above {
                Above::None => None,
                Above::Known(unit) => Some(unit),
                Above::New(parent) => ids[parent],
            };
            ids[*at] = Some(id);
            piece.push((id, unit));
        }
        put(connection, piece.into_iter()).await?;
        progress.add(places.len());
    }
    Ok(ids)
}

/// Levels under a unit from which on it is numbered with the few others like it, as a city is among towns and villages.
const HIGH: u8 = 3;

/// The places of units in the order of their numbers: first those that are high, then the others, each before those under it and after
/// all that is under its sibling before. A report changes the totals of all units above its own, and rows lie in the order of these
/// numbers: those of a town and its county then mostly share a page, and those above, which every report changes, share few.
fn numbered(units: &[(NewUnit, Above)]) -> Result<Vec<usize>, StoreError> {
    let mut under: Vec<Vec<usize>> = vec![Vec::new(); units.len()];
    let mut height = vec![0_u8; units.len()];
    let mut waiting = Vec::new();
    for (at, (_, above)) in units.iter().enumerate().rev() {
        match above {
            Above::New(parent) if *parent < at => {
                under[*parent].push(at);
                height[*parent] = height[*parent].max(height[at].saturating_add(1));
            }
            Above::New(_) => return Err(damaged(at)),
            Above::None | Above::Known(_) => waiting.push(at),
        }
    }
    let mut order = Vec::with_capacity(units.len());
    while let Some(at) = waiting.pop() {
        order.push(at);
        waiting.append(&mut under[at]);
    }
    order.sort_by_key(|at| height[*at] < HIGH);
    Ok(order)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn units(above: &[Above]) -> Vec<(NewUnit, Above)> {
        let unit = |at: usize| NewUnit {
            code: UnitCode::new(&format!("U{at}")).unwrap(),
            name: "单位".into(),
            kind: UnitKind::Village,
            parent: None,
            opened_on: None,
            closed_on: None,
            order: 0,
        };
        above.iter().enumerate().map(|(at, above)| (unit(at), *above)).collect()
    }

    #[test]
    fn what_is_under_a_unit_comes_right_after_it_and_what_is_high_before_all_others() {
        use Above::{Known, New};
        // As a file may have them: all counties, then all towns, mixed.
        let mixed = units(&[Above::None, New(0), New(0), New(2), New(1), New(2), Known(UnitId(7)), New(0)]);
        assert_eq!(numbered(&mixed).unwrap(), [0, 1, 4, 2, 3, 5, 7, 6]);
        // Two cities, each with a county, a town and a village.
        let high = [Above::None, New(0), New(0), New(1), New(2), New(3), New(4), New(5), New(6)];
        assert_eq!(numbered(&units(&high)).unwrap(), [0, 1, 2, 3, 5, 7, 4, 6, 8]);
        assert!(numbered(&[]).unwrap().is_empty());
    }

    #[test]
    fn a_unit_that_stands_before_the_one_above_it_is_told() {
        assert!(numbered(&units(&[Above::New(1), Above::None])).is_err());
        assert!(numbered(&units(&[Above::New(0)])).is_err());
    }
}
