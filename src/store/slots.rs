//! The lines that figures are kept under.

use super::entity::slot;
use super::{Store, StoreError};
use crate::domain::consultation::{Mode, Topic};
use crate::domain::measure::{CONSULTATIONS, MeasureCode};
use crate::domain::slot::{Line, Slot, SlotBook};
use crate::domain::tally::Version;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use std::sync::Arc;

pub(super) async fn load(connection: &impl ConnectionTrait) -> Result<SlotBook, StoreError> {
    let mut book = SlotBook::default();
    extend(&mut book, connection).await?;
    Ok(book)
}

/// Takes up the lines that other processes have entered.
pub(super) async fn extend(book: &mut SlotBook, connection: &impl ConnectionTrait) -> Result<(), StoreError> {
    let known = i32::try_from(book.next().0).unwrap_or(i32::MAX);
    for row in slot::Entity::find().filter(slot::Column::Id.gte(known)).all(connection).await? {
        let id = u32::try_from(row.id).map_err(|_| StoreError::Damaged("slots.id".into()))?;
        let line = read_line(&row).ok_or_else(|| StoreError::Damaged(format!("slot {id}")))?;
        book.insert(Slot(id), line);
    }
    Ok(())
}

impl Store {
    /// Takes up the lines that other replicas have entered, when figures stand under `last` and it is not known here yet.
    /// Without it a report of another replica could not be shown, and its figures would be missing from totals.
    pub(super) async fn know(&self, last: Option<Slot>) -> Result<(), StoreError> {
        let known = self.slots();
        if last.is_none_or(|last| last < known.next()) {
            return Ok(());
        }
        let mut book = SlotBook::clone(&known);
        extend(&mut book, &self.read).await?;
        // Lines are numbered without gaps, so of two books the one that goes further has everything of the other.
        self.slots.send_if_modified(|current| {
            let further = book.next() > current.next();
            if further {
                *current = Arc::new(book);
            }
            further
        });
        Ok(())
    }

    pub(super) async fn know_all(
        &self,
        versions: impl IntoIterator<Item = &Version>,
    ) -> Result<(), StoreError> {
        let figures = |version: &Version| {
            let joint = version.facts.joint.iter().flat_map(|joint| &joint.figures);
            version.figures.iter().chain(joint).map(|(slot, _)| *slot).max()
        };
        let last = versions.into_iter().filter_map(figures).max();
        self.know(last).await
    }
}

fn read_line(row: &slot::Model) -> Option<Line> {
    if row.measure == CONSULTATIONS {
        return Some(Line::Consultation {
            topic: Topic::from_code(&row.topic)?,
            mode: Mode::from_code(&row.mode)?,
        });
    }
    let title = (!row.title.is_empty()).then(|| row.title.as_str().into());
    Some(Line::Item { measure: MeasureCode::new(&row.measure).ok()?, title })
}

pub(super) async fn insert(
    connection: &impl ConnectionTrait,
    lines: &[(Slot, Line)],
) -> Result<(), StoreError> {
    let rows = lines.iter().map(|(Slot(id), line)| {
        let (title, topic, mode) = match line {
            Line::Item { title, .. } => (title.as_deref().unwrap_or_default(), "", ""),
            Line::Consultation { topic, mode } => ("", topic.code(), mode.code()),
        };
        slot::ActiveModel {
            id: Set(i32::try_from(*id).unwrap_or(i32::MAX)),
            measure: Set(line.measure().into()),
            title: Set(title.into()),
            topic: Set(topic.into()),
            mode: Set(mode.into()),
        }
    });
    slot::Entity::insert_many(rows).exec_without_returning(connection).await?;
    Ok(())
}
