//! What is to be sent, and what became of it.
//!
//! A report writes nothing here. The history of reports is append-only and its batches have numbers that only grow, so
//! every hook remembers a batch a lane, and what came after it is turned into deliveries later, in a transaction that also
//! moves the mark: nothing is lost or doubled whenever the process ends.

mod hooks;

pub use hooks::Hook;

use super::entity::{delivery, hook, hook_cursor};
use super::rows::{Columns, Rows, Type};
use super::sealed::{self, Heads, heads};
use super::{Store, StoreError, Transaction, tally};
use crate::domain::bot::Event;
use crate::domain::calendar::ReportDay;
use crate::domain::tally::{Review, Version};
use crate::domain::unit::UnitId;
use hooks::instant;
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QueryResult,
    QuerySelect, Set, Statement,
};

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// To be sent, or to be sent again.
    Waiting,
    /// The hook took it.
    Delivered,
    /// Given up: it was tried often enough, or will never be taken.
    Dead,
    /// There was nothing to say any more when its time came.
    Dropped,
}

impl State {
    const ALL: [Self; 4] = [Self::Waiting, Self::Delivered, Self::Dead, Self::Dropped];

    /// The name in the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
            Self::Dropped => "dropped",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    fn number(self) -> i16 {
        self as i16
    }

    fn from_number(number: i16) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|state| state.number() == number);
        found.ok_or_else(|| StoreError::Damaged("deliveries.state".into()))
    }
}

/// Something to be sent, by what it is found again: the same is never entered twice for a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    /// The unit concerned.
    pub unit: UnitId,
    /// The day concerned.
    pub day: ReportDay,
    /// The version of a report, or the minutes from the deadline of a planned message.
    pub number: i32,
}

/// Something sent or to be sent.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its number.
    pub id: i32,
    /// The hook's number.
    pub hook: i32,
    /// What it is.
    pub event: Event,
    /// Of what.
    pub subject: Subject,
    /// Where it stands.
    pub state: State,
    /// How often it was tried.
    pub attempts: i32,
    /// Not before.
    pub next_at: Timestamp,
    /// The messages it became.
    pub messages: i32,
    /// The status of the last answer.
    pub status: Option<i32>,
    /// Why it failed the last time, as a code with details.
    pub error: Option<String>,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it was delivered or given up.
    pub done_at: Option<Timestamp>,
}

/// What became of a try.
#[derive(Debug, Clone)]
pub struct Settled {
    /// The delivery.
    pub id: i32,
    /// Its hook.
    pub hook: i32,
    /// Where it now stands.
    pub state: State,
    /// Not before, while it waits.
    pub next_at: Timestamp,
    /// Whether the try counts.
    pub counts: bool,
    /// The messages it became.
    pub messages: i32,
    /// The status of the answer.
    pub status: Option<i32>,
    /// Why it failed.
    pub error: Option<String>,
    /// Nothing is sent to the hook before; `None` leaves that as it is.
    pub pause: Option<Timestamp>,
}

fn read(row: delivery::Model) -> Result<Delivery, StoreError> {
    let damaged = |what: &str| StoreError::Damaged(format!("deliveries.{what}"));
    Ok(Delivery {
        id: row.id,
        hook: row.hook_id,
        event: Event::from_code(&row.event).ok_or_else(|| damaged("event"))?,
        subject: Subject {
            unit: UnitId(row.unit_id),
            day: ReportDay::from_number(row.day).map_err(|_| damaged("day"))?,
            number: row.number,
        },
        state: State::from_number(row.state)?,
        attempts: row.attempts,
        next_at: instant(row.next_at)?,
        messages: row.messages,
        status: row.status,
        error: row.error,
        created_at: instant(row.created_at)?,
        done_at: row.done_at.map(instant).transpose()?,
    })
}

const NEW: Columns = &[
    ("hook_id", Type::Int),
    ("event", Type::Text),
    ("day", Type::Int),
    ("unit_id", Type::Int),
    ("number", Type::Int),
    ("next_at", Type::Big),
];

/// What of deliveries `d` and their hooks `h` may be sent by now, which is parameter 1, 2 and 3: of a hook's about one
/// unit only the oldest. State 0 is waiting.
const DUE: &str = "d.state = 0 AND d.next_at <= $1 AND d.leased_until <= $2 AND h.paused_until <= $3 AND NOT h.disabled \
    AND NOT EXISTS (SELECT 1 FROM deliveries e WHERE e.hook_id = d.hook_id AND e.unit_id = d.unit_id AND e.state = 0 \
    AND e.id < d.id)";

async fn cursors(connection: &impl ConnectionTrait, hook: i32) -> Result<Heads, StoreError> {
    let of_hook = hook_cursor::Entity::find().filter(hook_cursor::Column::HookId.eq(hook));
    Ok(of_hook.all(connection).await?.into_iter().map(|row| (row.shard, row.batch)).collect())
}

/// Which deliveries of a hook are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeliveryFilter {
    /// Where they stand.
    pub state: Option<State>,
    /// Only those numbered below.
    pub before: Option<i32>,
    /// At most so many.
    pub limit: u64,
}

impl Store {
    /// Whether the history has gone on since a hook was last told of it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn is_behind(&self, hook: i32) -> Result<bool, StoreError> {
        let cursors = cursors(&self.read, hook).await?;
        let heads = heads(&self.read).await?;
        Ok(heads.iter().any(|(shard, batch)| cursors.get(shard).is_none_or(|seen| seen < batch)))
    }

    /// How many deliveries of a hook wait.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn waiting(&self, hook: i32) -> Result<u64, StoreError> {
        let of_hook = delivery::Entity::find().filter(delivery::Column::HookId.eq(hook));
        Ok(of_hook.filter(delivery::Column::State.eq(State::Waiting.number())).count(&self.read).await?)
    }

    /// Whether anything is to be sent by now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn anything_due(&self, now: Timestamp) -> Result<bool, StoreError> {
        let sql = format!("SELECT 1 FROM deliveries d JOIN hooks h ON h.id = d.hook_id WHERE {DUE} LIMIT 1");
        let now = now.as_millisecond();
        let values = [now.into(), now.into(), now.into()];
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        Ok(self.read.query_one_raw(statement).await?.is_some())
    }

    /// Whether this was entered for a hook already.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn is_planned(&self, hook: i32, event: Event, subject: Subject) -> Result<bool, StoreError> {
        let same = delivery::Entity::find()
            .filter(delivery::Column::HookId.eq(hook))
            .filter(delivery::Column::Event.eq(event.code()))
            .filter(delivery::Column::Day.eq(subject.day.number()))
            .filter(delivery::Column::UnitId.eq(subject.unit.0))
            .filter(delivery::Column::Number.eq(subject.number));
        Ok(same.count(&self.read).await? > 0)
    }

    /// The messages that went to a hook since an instant.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn messages_since(&self, hook: i32, since: Timestamp) -> Result<i64, StoreError> {
        let sql = "SELECT CAST(COALESCE(SUM(messages), 0) AS BIGINT) FROM deliveries \
                   WHERE hook_id = $1 AND done_at > $2";
        let values = [hook.into(), since.as_millisecond().into()];
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        let row = self.read.query_one_raw(statement).await?;
        row.map_or(Ok(0), |row| Ok(row.try_get_by_index(0)?))
    }

    /// Deliveries of a hook, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn deliveries(&self, hook: i32, filter: DeliveryFilter) -> Result<Vec<Delivery>, StoreError> {
        let mut query = delivery::Entity::find()
            .filter(delivery::Column::HookId.eq(hook))
            .order_by_desc(delivery::Column::Id)
            .limit(filter.limit);
        if let Some(state) = filter.state {
            query = query.filter(delivery::Column::State.eq(state.number()));
        }
        if let Some(before) = filter.before {
            query = query.filter(delivery::Column::Id.lt(before));
        }
        query.all(&self.read).await?.into_iter().map(read).collect()
    }

    /// The version of a report that a delivery tells of.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn version(&self, campaign: i32, subject: Subject) -> Result<Option<Version>, StoreError> {
        let version = u32::try_from(subject.number).unwrap_or(0);
        let found = tally::one(&self.read, (campaign, subject.day, subject.unit, version)).await?;
        self.know_all(found.as_slice()).await?;
        Ok(found)
    }
}

impl Transaction {
    pub(super) async fn start_at_heads(&mut self, hook: i32) -> Result<(), StoreError> {
        let heads = heads(self.connection()).await?;
        self.move_cursors(hook, &heads).await
    }

    async fn move_cursors(&mut self, hook: i32, heads: &Heads) -> Result<(), StoreError> {
        use hook_cursor::Column::{Batch, HookId, Shard};
        let rows = heads.iter().map(|(shard, batch)| hook_cursor::ActiveModel {
            hook_id: Set(hook),
            shard: Set(*shard),
            batch: Set(*batch),
        });
        let rows: Vec<_> = rows.collect();
        if rows.is_empty() {
            return Ok(());
        }
        let replace = OnConflict::columns([HookId, Shard]).update_column(Batch).to_owned();
        hook_cursor::Entity::insert_many(rows)
            .on_conflict(replace)
            .exec_without_returning(self.connection())
            .await?;
        Ok(())
    }

    /// Turns up to `batches` batches a lane of what the history gained since the last time into deliveries, and moves the
    /// mark. `wanted` says of a unit and an event whether the hook is told. Gives how many were entered.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn feed(
        &mut self,
        hook: &Hook,
        batches: i64,
        wanted: impl Fn(UnitId, Event) -> bool,
    ) -> Result<usize, StoreError> {
        let seen = cursors(self.connection(), hook.id).await?;
        let mut heads = heads(self.connection()).await?;
        let mut found: Vec<(Subject, Event)> = Vec::new();
        for (shard, head) in &mut heads {
            let from = seen.get(shard).copied().unwrap_or(0);
            *head = Ord::min(*head, from.saturating_add(batches));
            let told = (from, *head);
            let members = sealed::members(self.connection(), *shard, told, Some(hook.campaign)).await?;
            let select = "t.day, t.unit_id, t.version, t.review";
            let names = tally::names(members.into_iter());
            for row in names.find(self.connection(), select, "tally_versions", tally::BY_NAME).await? {
                found.push(event(&row)?);
            }
        }
        found.retain(|(subject, event)| wanted(subject.unit, *event));
        // The versions of a report go out in their order.
        found.sort_unstable_by_key(|(subject, _)| *subject);
        let count = found.len();
        self.plan(hook.id, &found).await?;
        self.move_cursors(hook.id, &heads).await?;
        Ok(count)
    }

    /// Enters what is to be sent to a hook now; what was entered before is left as it is.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn plan(&mut self, hook: i32, found: &[(Subject, Event)]) -> Result<(), StoreError> {
        let mut rows = Rows::new(NEW);
        let now = self.now().as_millisecond();
        for (subject, event) in found {
            rows.push([
                hook.into(),
                event.code().into(),
                subject.day.number().into(),
                subject.unit.0.into(),
                subject.number.into(),
                now.into(),
            ]);
        }
        let names = rows.names();
        let state = State::Waiting.number();
        let insert = |rows: &str| {
            format!(
                "INSERT INTO deliveries ({names}, created_at, state, attempts, leased_until, messages) \
                 SELECT {names}, next_at, {state}, 0, 0, 0 FROM {rows} WHERE true ON CONFLICT DO NOTHING"
            )
        };
        Ok(rows.execute(self.connection(), insert).await?)
    }

    /// Takes what is due, oldest first, so that nobody else does before `until`. Of a hook's deliveries about one unit
    /// only the oldest is ever under way.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn claim(&mut self, until: Timestamp, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        let sql = format!(
            "UPDATE deliveries SET leased_until = $4, attempts = attempts + 1 WHERE id IN (\
             SELECT d.id FROM deliveries d JOIN hooks h ON h.id = d.hook_id WHERE {DUE} \
             ORDER BY d.next_at, d.id LIMIT $5) RETURNING id"
        );
        let now = self.now().as_millisecond();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let values = [now.into(), now.into(), now.into(), until.as_millisecond().into(), limit.into()];
        let backend = self.connection().get_database_backend();
        let statement = Statement::from_sql_and_values(backend, sql, values);
        let rows = self.connection().query_all_raw(statement).await?;
        let ids: Vec<i32> = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
        let taken = delivery::Entity::find().filter(delivery::Column::Id.is_in(ids));
        let rows = taken.order_by_asc(delivery::Column::Id).all(self.connection()).await?;
        rows.into_iter().map(read).collect()
    }

    /// Notes what became of tries.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn settle(&mut self, settled: &[Settled]) -> Result<(), StoreError> {
        let now = self.now().as_millisecond();
        for one in settled {
            let done = one.state != State::Waiting;
            let mut update = delivery::Entity::update_many()
                .col_expr(delivery::Column::State, Expr::value(one.state.number()))
                .col_expr(delivery::Column::NextAt, Expr::value(one.next_at.as_millisecond()))
                .col_expr(delivery::Column::LeasedUntil, Expr::value(0_i64))
                .col_expr(delivery::Column::Messages, Expr::value(one.messages))
                .col_expr(delivery::Column::Status, Expr::value(one.status))
                .col_expr(delivery::Column::Error, Expr::value(one.error.clone()))
                .col_expr(delivery::Column::DoneAt, Expr::value(done.then_some(now)))
                .filter(delivery::Column::Id.eq(one.id));
            if !one.counts {
                update =
                    update.col_expr(delivery::Column::Attempts, Expr::col(delivery::Column::Attempts).sub(1));
            }
            update.exec(self.connection()).await?;
            if let Some(pause) = one.pause {
                hook::Entity::update_many()
                    .col_expr(hook::Column::PausedUntil, Expr::value(pause.as_millisecond()))
                    .filter(hook::Column::Id.eq(one.hook))
                    .exec(self.connection())
                    .await?;
            }
        }
        Ok(())
    }

    /// Sends a delivery of a hook once more, from now on. `false` when the hook has none of this number that was
    /// delivered or given up.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn redeliver(&mut self, hook: i32, id: i32) -> Result<bool, StoreError> {
        let now = self.now().as_millisecond();
        let done = delivery::Entity::update_many()
            .col_expr(delivery::Column::State, Expr::value(State::Waiting.number()))
            .col_expr(delivery::Column::Attempts, Expr::value(0))
            .col_expr(delivery::Column::NextAt, Expr::value(now))
            .col_expr(delivery::Column::LeasedUntil, Expr::value(0_i64))
            .col_expr(delivery::Column::DoneAt, Expr::value(None::<i64>))
            .filter(delivery::Column::Id.eq(id))
            .filter(delivery::Column::HookId.eq(hook))
            .filter(delivery::Column::State.ne(State::Waiting.number()))
            .exec(self.connection())
            .await?;
        Ok(done.rows_affected > 0)
    }

    /// Forgets deliveries that were done before an instant, and gives how many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn forget_deliveries(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        let old = delivery::Entity::delete_many()
            .filter(delivery::Column::State.ne(State::Waiting.number()))
            .filter(delivery::Column::DoneAt.lt(before.as_millisecond()));
        Ok(old.exec(self.connection()).await?.rows_affected)
    }
}

fn event(row: &QueryResult) -> Result<(Subject, Event), StoreError> {
    let damaged = |what: &str| StoreError::Damaged(format!("tally_versions.{what}"));
    let day = ReportDay::from_number(row.try_get_by_index(0)?).map_err(|_| damaged("day"))?;
    let number: i32 = row.try_get_by_index(2)?;
    let review: i16 = row.try_get_by_index(3)?;
    let review = usize::try_from(review).ok().and_then(|at| Review::ALL.get(at)).copied();
    let event = match review.ok_or_else(|| damaged("review"))? {
        Review::Returned => Event::Returned,
        Review::Accepted => Event::Accepted,
        Review::Submitted if number == 1 => Event::Created,
        Review::Submitted => Event::Changed,
    };
    Ok((Subject { unit: UnitId(row.try_get_by_index(1)?), day, number }, event))
}
