//! The tree of units: read row by row, or at once from the snapshot of it that is kept beside the units.
//!
//! The database itself throws a snapshot away when a unit changes, whoever changes it, so one that is there is of the units
//! that are there. The program that changed them keeps a new one in the same transaction.

use super::entity::unit_snapshot;
use super::{StoreError, Transaction};
use crate::digest::digest;
use crate::domain::calendar::ReportDay;
use crate::domain::catalogue::Catalogue;
use crate::domain::unit::{Gathered, Unit, UnitCode, UnitId, UnitKind, UnitTree};
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, EntityTrait, QueryResult, QuerySelect, Statement};
use std::sync::Arc;

/// Bytes of a piece: no larger than what the allocator keeps for such again, so that of a snapshot that was read nothing
/// stays in memory but the tree.
const PIECE: usize = 120 * 1_024;

fn damaged(what: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(what.to_string())
}

/// The tree, and the epoch at which it was kept: the known one where it has not changed, else the snapshot, else as the rows
/// make it, with no epoch.
pub(super) async fn load(
    connection: &impl ConnectionTrait,
    known: &Catalogue,
) -> Result<(Arc<UnitTree>, Option<i64>), StoreError> {
    let kept = unit_snapshot::Entity::find_by_id(0)
        .select_only()
        .column(unit_snapshot::Column::Epoch)
        .into_tuple::<i64>()
        .one(connection)
        .await?;
    if kept.is_some() && kept == known.tree_epoch {
        return Ok((known.tree.clone(), kept));
    }
    if let Some((tree, epoch)) = snapshot(connection).await? {
        return Ok((Arc::new(tree), Some(epoch)));
    }
    Ok((Arc::new(read(connection).await?), None))
}

/// What a piece is sealed by.
fn seal(part: i32, epoch: i64, body: &[u8]) -> String {
    digest([&part.to_be_bytes()[..], &epoch.to_be_bytes(), body])
}

/// The snapshot, unless there is none, or one that another program wrote in another form.
async fn snapshot(connection: &impl ConnectionTrait) -> Result<Option<(UnitTree, i64)>, StoreError> {
    let mut bytes = Vec::new();
    let mut of: Option<i64> = None;
    for part in 0.. {
        let Some(row) = unit_snapshot::Entity::find_by_id(part).one(connection).await? else { break };
        let epoch = *of.get_or_insert(row.epoch);
        if row.digest != seal(part, epoch, &row.body) {
            return Ok(None);
        }
        bytes.extend_from_slice(&row.body);
    }
    Ok(of.and_then(|epoch| Some((UnitTree::from_bytes(&bytes)?, epoch))))
}

/// Reads all units, a page at a time: a nation's rows would be several times what the tree is.
pub(super) async fn read(connection: &impl ConnectionTrait) -> Result<UnitTree, StoreError> {
    const PAGE: i64 = 2_000;
    const SQL: &str = "SELECT id, code, name, kind, parent_id, opened_on, closed_on, position FROM units \
                       WHERE id > $1 ORDER BY id LIMIT $2";
    let mut units = Gathered::default();
    let mut after = i32::MIN;
    loop {
        let values = [after.into(), PAGE.into()];
        let statement = Statement::from_sql_and_values(connection.get_database_backend(), SQL, values);
        let page = connection.query_all_raw(statement).await?;
        if page.is_empty() {
            return units.tree().map_err(damaged);
        }
        for row in &page {
            let unit = read_unit(row)?;
            after = unit.id.0;
            units.add(&unit);
        }
    }
}

fn read_unit(row: &QueryResult) -> Result<Unit, StoreError> {
    let kind: String = row.try_get_by_index(3)?;
    Ok(Unit {
        id: UnitId(row.try_get_by_index(0)?),
        code: UnitCode::new(&row.try_get_by_index::<String>(1)?).map_err(damaged)?,
        name: row.try_get_by_index(2)?,
        kind: UnitKind::from_code(&kind).ok_or_else(|| damaged(&kind))?,
        parent: row.try_get_by_index::<Option<i32>>(4)?.map(UnitId),
        opened_on: day(row.try_get_by_index(5)?)?,
        closed_on: day(row.try_get_by_index(6)?)?,
        order: row.try_get_by_index(7)?,
    })
}

fn day(number: Option<i32>) -> Result<Option<ReportDay>, StoreError> {
    number.map(|number| ReportDay::from_number(number).map_err(damaged)).transpose()
}

impl Transaction {
    /// Keeps the tree as this transaction knows it, unless it is the one that is kept.
    pub(super) async fn keep_tree(&mut self) -> Result<(), StoreError> {
        if self.catalogue().tree_epoch.is_some() {
            return Ok(());
        }
        let known = Catalogue::clone(self.catalogue());
        unit_snapshot::Entity::delete_many().exec(self.connection()).await?;
        let bytes = known.tree.to_bytes();
        for (part, body) in (0..).zip(bytes.chunks(PIECE)) {
            let row = unit_snapshot::ActiveModel {
                part: Set(part),
                epoch: Set(known.epoch),
                digest: Set(seal(part, known.epoch, body)),
                body: Set(body.to_vec()),
            };
            unit_snapshot::Entity::insert(row).exec_without_returning(self.connection()).await?;
        }
        self.set_catalogue(Catalogue { tree_epoch: Some(known.epoch), ..known });
        Ok(())
    }
}
