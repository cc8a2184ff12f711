//! Hooks: where messages and events are sent.

use crate::domain::bot::{Event, HookKind};
use crate::domain::unit::UnitId;
use crate::store::entity::{delivery, hook, hook_cursor};
use crate::store::{Store, StoreError, Transaction, state};
use jiff::Timestamp;
use sea_orm::ActiveValue::{NotSet, Set, Unchanged};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

/// A place that messages and events of a campaign are sent to.
///
/// The address of a bot is itself a secret, as is what messages are signed with. Both are kept as they are, as safe as
/// the database; they are never told, logged or put into the audit.
#[derive(Clone)]
pub struct Hook {
    /// Its number.
    pub id: i32,
    /// The campaign's number.
    pub campaign: i32,
    /// The unit whose subtree it is told of.
    pub unit: UnitId,
    /// What sort of place it is.
    pub kind: HookKind,
    /// Its address.
    pub url: String,
    /// What messages are signed with; empty when they are not.
    pub secret: String,
    /// What is sent.
    pub events: Vec<Event>,
    /// When the missing list is sent, in minutes from the deadline.
    pub missing_at: Vec<i32>,
    /// When summary and picture are sent, in minutes from the deadline.
    pub summary_at: Vec<i32>,
    /// The tag of the language it is spoken to in.
    pub lang: String,
    /// Nothing is sent to it.
    pub disabled: bool,
    /// The account that entered it.
    pub created_by: i32,
    /// When it was entered.
    pub created_at: Timestamp,
    /// It failed, and nothing is sent before.
    pub paused_until: Timestamp,
}

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hook").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn numbers(text: &str) -> Result<Vec<i32>, StoreError> {
    let parts = text.split(',').filter(|part| !part.is_empty());
    parts.map(|part| part.parse().map_err(|_| StoreError::Damaged("minutes of a hook".into()))).collect()
}

pub(super) fn instant(milliseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| StoreError::Damaged("an instant of a hook".into()))
}

fn read(row: hook::Model) -> Result<Hook, StoreError> {
    let damaged = |what: &str| StoreError::Damaged(format!("hooks.{what}"));
    let codes = row.events.split(',').filter(|code| !code.is_empty());
    let events: Option<Vec<Event>> = codes.map(Event::from_code).collect();
    Ok(Hook {
        id: row.id,
        campaign: row.campaign_id,
        unit: UnitId(row.unit_id),
        kind: HookKind::from_code(&row.kind).ok_or_else(|| damaged("kind"))?,
        events: events.ok_or_else(|| damaged("events"))?,
        missing_at: numbers(&row.missing_at)?,
        summary_at: numbers(&row.summary_at)?,
        url: row.url,
        secret: row.secret,
        lang: row.lang,
        disabled: row.disabled,
        created_by: row.created_by,
        created_at: instant(row.created_at)?,
        paused_until: instant(row.paused_until)?,
    })
}

fn write(hook: &Hook) -> hook::ActiveModel {
    let codes: Vec<&str> = hook.events.iter().map(|event| event.code()).collect();
    hook::ActiveModel {
        id: Unchanged(hook.id),
        campaign_id: Set(hook.campaign),
        unit_id: Set(hook.unit.0),
        kind: Set(hook.kind.code().into()),
        url: Set(hook.url.clone()),
        secret: Set(hook.secret.clone()),
        events: Set(codes.join(",")),
        missing_at: Set(list(&hook.missing_at)),
        summary_at: Set(list(&hook.summary_at)),
        lang: Set(hook.lang.clone()),
        disabled: Set(hook.disabled),
        created_by: Set(hook.created_by),
        created_at: Set(hook.created_at.as_millisecond()),
        paused_until: Set(hook.paused_until.as_millisecond()),
    }
}

impl Store {
    /// The hooks of a campaign, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn hooks(&self, campaign: i32) -> Result<Vec<Hook>, StoreError> {
        let of_campaign = hook::Entity::find().filter(hook::Column::CampaignId.eq(campaign));
        let rows = of_campaign.order_by_asc(hook::Column::Id).all(&self.read).await?;
        rows.into_iter().map(read).collect()
    }

    /// Every hook that something may be sent to.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn live_hooks(&self) -> Result<Vec<Hook>, StoreError> {
        let live = hook::Entity::find().filter(hook::Column::Disabled.eq(false));
        live.all(&self.read).await?.into_iter().map(read).collect()
    }

    /// One hook.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn hook(&self, id: i32) -> Result<Option<Hook>, StoreError> {
        hook::Entity::find_by_id(id).one(&self.read).await?.map(read).transpose()
    }
}

impl Transaction {
    /// Enters a hook and gives its number. It is told of what happens from now on.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn insert_hook(&mut self, hook: &Hook) -> Result<i32, StoreError> {
        let row = hook::ActiveModel { id: NotSet, ..write(hook) };
        let id = row.insert(self.connection()).await?.id;
        self.touch(&state::HOOKS, id);
        self.start_at_heads(id).await?;
        Ok(id)
    }

    /// Replaces what is known of a hook. One that was disabled is told of what happens from now on.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn update_hook(&mut self, hook: &Hook, from_now: bool) -> Result<(), StoreError> {
        write(hook).update(self.connection()).await?;
        self.touch(&state::HOOKS, hook.id);
        if from_now {
            self.start_at_heads(hook.id).await?;
        }
        Ok(())
    }

    /// Forgets a hook and all that was to be sent to it. `false` when it was gone already.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn delete_hook(&mut self, id: i32) -> Result<bool, StoreError> {
        delivery::Entity::delete_many()
            .filter(delivery::Column::HookId.eq(id))
            .exec(self.connection())
            .await?;
        hook_cursor::Entity::delete_many()
            .filter(hook_cursor::Column::HookId.eq(id))
            .exec(self.connection())
            .await?;
        self.touch(&state::HOOKS, id);
        Ok(hook::Entity::delete_by_id(id).exec(self.connection()).await?.rows_affected > 0)
    }
}
