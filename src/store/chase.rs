//! Who was asked when, and the contact groups of units.

use super::entity::{chase, chase_unit, unit_liaison, user};
use super::rows::{Columns, Rows, Type};
use super::tally::UNITS_A_STATEMENT;
use super::{Store, StoreError, Transaction, state};
use crate::domain::calendar::ReportDay;
use crate::domain::chase::Channel;
use crate::domain::unit::UnitId;
use jiff::Timestamp;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};
use std::collections::HashMap;

/// Units that are asked for their report of a day.
#[derive(Debug, Clone)]
pub struct NewChase {
    /// The campaign's number.
    pub campaign: i32,
    /// The day reported on.
    pub day: ReportDay,
    /// The unit under which they were looked for.
    pub unit: UnitId,
    /// Through what they were asked.
    pub channel: Channel,
    /// The account that asked; none when the service did by itself.
    pub actor: Option<i32>,
    /// The hook through which the service did.
    pub hook: Option<i32>,
    /// Who was asked.
    pub units: Vec<UnitId>,
}

/// One time that units were asked.
#[derive(Debug, Clone)]
pub struct Chase {
    /// Its number.
    pub id: i32,
    /// The day reported on.
    pub day: ReportDay,
    /// The unit under which they were looked for.
    pub unit: UnitId,
    /// Through what.
    pub channel: Channel,
    /// Name of the account that asked; none when the service did by itself.
    pub by: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Who was asked.
    pub units: Vec<UnitId>,
}

/// How often a unit was asked, and when last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Times.
    pub times: u64,
    /// The last of them.
    pub last: Timestamp,
}

const UNITS: Columns = &[("unit_id", Type::Int)];
const CHASE_UNITS: Columns = &[
    ("campaign_id", Type::Int),
    ("unit_id", Type::Int),
    ("day", Type::Int),
    ("chase_id", Type::Int),
    ("at", Type::Big),
];

fn instant(milliseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| StoreError::Damaged("an instant of a chase".into()))
}

impl Store {
    /// How often these units were asked in a campaign: for one day, or for all. Of many units it may tell others as well.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn asked(
        &self,
        campaign: i32,
        day: Option<ReportDay>,
        units: &[UnitId],
    ) -> Result<HashMap<UnitId, Asked>, StoreError> {
        let many = units.len() > UNITS_A_STATEMENT;
        let mut rows = Rows::new(UNITS);
        // Of many it costs less to read what there is.
        let looked_for = if many { &[] } else { units };
        looked_for.iter().for_each(|unit| rows.push([unit.0.into()]));
        // Both are numbers of this program, not words of a person.
        let on_day = day.map(|day| format!("AND c.day = {}", day.number())).unwrap_or_default();
        let sql = |rows: &str| {
            format!(
                "SELECT c.unit_id, COUNT(*), MAX(c.at) FROM {rows} JOIN chase_units c \
                 ON c.campaign_id = {campaign} AND c.unit_id = r.unit_id {on_day} GROUP BY c.unit_id"
            )
        };
        let found = if many {
            let sql = format!(
                "SELECT c.unit_id, COUNT(*), MAX(c.at) FROM chase_units c \
                 WHERE c.campaign_id = {campaign} {on_day} GROUP BY c.unit_id"
            );
            self.read.query_all_raw(Statement::from_string(self.backend(), sql)).await?
        } else {
            rows.query(&self.read, sql).await?
        };
        found
            .iter()
            .map(|row| {
                let times: i64 = row.try_get_by_index(1)?;
                let last = instant(row.try_get_by_index(2)?)?;
                Ok((UnitId(row.try_get_by_index(0)?), Asked { times: times.unsigned_abs(), last }))
            })
            .collect()
    }

    /// The latest chases of a campaign that began before the one numbered `before`, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn chases(
        &self,
        campaign: i32,
        day: Option<ReportDay>,
        before: i32,
        limit: u64,
    ) -> Result<Vec<Chase>, StoreError> {
        let mut query = chase::Entity::find()
            .filter(chase::Column::CampaignId.eq(campaign))
            .filter(chase::Column::Id.lt(before))
            .order_by_desc(chase::Column::Id)
            .limit(limit);
        if let Some(day) = day {
            query = query.filter(chase::Column::Day.eq(day.number()));
        }
        let rows = query.all(&self.read).await?;
        let ids: Vec<i32> = rows.iter().map(|row| row.id).collect();
        let mut units: HashMap<i32, Vec<UnitId>> = HashMap::new();
        let asked = chase_unit::Entity::find()
            .filter(chase_unit::Column::CampaignId.eq(campaign))
            .filter(chase_unit::Column::ChaseId.is_in(ids))
            .all(&self.read)
            .await?;
        asked.into_iter().for_each(|row| units.entry(row.chase_id).or_default().push(UnitId(row.unit_id)));
        let mut actors: Vec<i32> = rows.iter().filter_map(|row| row.actor_id).collect();
        actors.sort_unstable();
        actors.dedup();
        let names: HashMap<i32, String> = user::Entity::find()
            .filter(user::Column::Id.is_in(actors))
            .all(&self.read)
            .await?
            .into_iter()
            .map(|user| (user.id, user.username))
            .collect();
        rows.into_iter()
            .map(|row| {
                let damaged = |what: &str| StoreError::Damaged(format!("chases.{what}"));
                Ok(Chase {
                    id: row.id,
                    day: ReportDay::from_number(row.day).map_err(|_| damaged("day"))?,
                    unit: UnitId(row.unit_id),
                    channel: Channel::from_code(&row.channel).ok_or_else(|| damaged("channel"))?,
                    by: row.actor_id.and_then(|actor| names.get(&actor).cloned()),
                    at: instant(row.at)?,
                    units: units.remove(&row.id).unwrap_or_default(),
                })
            })
            .collect()
    }

    /// The contact groups of all units that have one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn liaisons(&self) -> Result<HashMap<UnitId, String>, StoreError> {
        let rows = unit_liaison::Entity::find().all(&self.read).await?;
        Ok(rows.into_iter().map(|row| (UnitId(row.unit_id), row.label)).collect())
    }
}

impl Transaction {
    /// Notes that units were asked, and gives the number of the note.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn insert_chase(&mut self, new: NewChase) -> Result<i32, StoreError> {
        let at = self.now().as_millisecond();
        let row = chase::ActiveModel {
            id: NotSet,
            campaign_id: Set(new.campaign),
            day: Set(new.day.number()),
            unit_id: Set(new.unit.0),
            channel: Set(new.channel.code().into()),
            asked: Set(i32::try_from(new.units.len()).unwrap_or(i32::MAX)),
            actor_id: Set(new.actor),
            hook_id: Set(new.hook),
            at: Set(at),
        };
        let id = row.insert(self.connection()).await?.id;
        let mut rows = Rows::new(CHASE_UNITS);
        for unit in new.units {
            rows.push([new.campaign.into(), unit.0.into(), new.day.number().into(), id.into(), at.into()]);
        }
        let names = rows.names();
        let insert = |rows: &str| format!("INSERT INTO chase_units ({names}) SELECT {names} FROM {rows}");
        rows.execute(self.connection(), insert).await?;
        self.touch(&state::CHASES, id);
        self.touch(&state::CHASE_UNITS, id);
        Ok(id)
    }

    /// Sets the contact group of a unit; an empty one takes it away.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_liaison(&mut self, unit: UnitId, label: String) -> Result<(), StoreError> {
        self.touch(&state::UNIT_LIAISONS, unit.0);
        if label.is_empty() {
            unit_liaison::Entity::delete_by_id(unit.0).exec(self.connection()).await?;
            return Ok(());
        }
        let row = unit_liaison::ActiveModel { unit_id: Set(unit.0), label: Set(label) };
        let replace = OnConflict::column(unit_liaison::Column::UnitId)
            .update_column(unit_liaison::Column::Label)
            .to_owned();
        unit_liaison::Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(self.connection())
            .await?;
        Ok(())
    }
}
