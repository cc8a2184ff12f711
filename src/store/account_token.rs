//! Tokens for programs, and report links.

use super::account::{self, Account, COLUMNS, WIDTH, instant, read_grant};
use super::entity::{api_token, report_link};
use super::{Store, StoreError, Transaction, state};
use crate::domain::access::Grant;
use crate::domain::unit::UnitId;
use jiff::Timestamp;
use sea_orm::ActiveValue::{NotSet, Set, Unchanged};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Statement,
};

/// A token to be entered.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Whose it is.
    pub user: i32,
    /// What its owner calls it.
    pub name: String,
    /// SHA-256 of it, hex.
    pub token_hash: String,
    /// The most it may do.
    pub most: Grant,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A token as kept, without itself.
#[derive(Debug, Clone)]
pub struct Token {
    /// Its number.
    pub id: i32,
    /// Whose it is.
    pub user: i32,
    /// What its owner calls it.
    pub name: String,
    /// The most it may do.
    pub most: Grant,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    pub used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

fn read_token(row: api_token::Model) -> Result<Token, StoreError> {
    Ok(Token {
        id: row.id,
        user: row.user_id,
        name: row.name,
        most: read_grant(&row.role, row.unit_id, row.below)?,
        created_at: instant(row.created_at),
        expires_at: instant(row.expires_at),
        used_at: row.used_at.map(instant),
        revoked_at: row.revoked_at.map(instant),
    })
}

/// What a link opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// The report of a unit.
    Report,
    /// A wall screen.
    Screen,
}

/// How the database calls a screen; a report link has no word, as all had none at first.
const SCREEN: &str = "screen";

/// A report link to be entered.
#[derive(Debug, Clone)]
pub struct NewLink {
    /// Number of the campaign.
    pub campaign: i32,
    /// The unit.
    pub unit: UnitId,
    /// What it opens.
    pub kind: LinkKind,
    /// SHA-256 of its token, hex.
    pub token_hash: String,
    /// Who made it.
    pub created_by: i32,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A report link as kept, without its token.
#[derive(Debug, Clone)]
pub struct Link {
    /// Its number.
    pub id: i32,
    /// Number of the campaign.
    pub campaign: i32,
    /// The unit.
    pub unit: UnitId,
    /// What it opens.
    pub kind: LinkKind,
    /// Who made it.
    pub created_by: i32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

fn read_link(row: report_link::Model) -> Link {
    Link {
        id: row.id,
        campaign: row.campaign_id,
        unit: UnitId(row.unit_id),
        kind: if row.kind.as_deref() == Some(SCREEN) { LinkKind::Screen } else { LinkKind::Report },
        created_by: row.created_by,
        created_at: instant(row.created_at),
        expires_at: instant(row.expires_at),
        revoked_at: row.revoked_at.map(instant),
    }
}

impl Store {
    /// The owner of a live token, its number, the most it may do and when it ends.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn token(
        &self,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Option<(Account, i32, Grant, Timestamp)>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}, t.id, t.role, t.unit_id, t.below, t.expires_at \
             FROM api_tokens t JOIN users u ON u.id = t.user_id LEFT JOIN grants g ON g.user_id = u.id \
             WHERE t.token_hash = $1 AND t.expires_at > $2 AND t.revoked_at IS NULL AND NOT u.disabled ORDER BY g.id"
        );
        let values = [token_hash.into(), now.as_millisecond().into()];
        let rows =
            self.read.query_all_raw(Statement::from_sql_and_values(self.backend(), sql, values)).await?;
        let (Some(first), Some(account)) = (rows.first(), account::read(&rows)?.pop()) else {
            return Ok(None);
        };
        let role: String = first.try_get_by_index(WIDTH + 1)?;
        let most = read_grant(&role, first.try_get_by_index(WIDTH + 2)?, first.try_get_by_index(WIDTH + 3)?)?;
        let expires_at = instant(first.try_get_by_index(WIDTH + 4)?);
        Ok(Some((account, first.try_get_by_index(WIDTH)?, most, expires_at)))
    }

    /// The tokens of an account, or of all, newest first; those that ended among them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tokens(&self, user: Option<i32>) -> Result<Vec<Token>, StoreError> {
        let mut wanted = api_token::Entity::find().order_by_desc(api_token::Column::Id);
        if let Some(user) = user {
            wanted = wanted.filter(api_token::Column::UserId.eq(user));
        }
        wanted.all(&self.read).await?.into_iter().map(read_token).collect()
    }

    /// A token by its number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn token_numbered(&self, id: i32) -> Result<Option<Token>, StoreError> {
        api_token::Entity::find_by_id(id).one(&self.read).await?.map(read_token).transpose()
    }

    /// A live report link.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn link(&self, token_hash: &str, now: Timestamp) -> Result<Option<Link>, StoreError> {
        let found = report_link::Entity::find()
            .filter(report_link::Column::TokenHash.eq(token_hash))
            .filter(report_link::Column::ExpiresAt.gt(now.as_millisecond()))
            .filter(report_link::Column::RevokedAt.is_null())
            .one(&self.read)
            .await?;
        Ok(found.map(read_link))
    }

    /// The report links of a campaign, newest first; those that ended among them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn links(&self, campaign: i32) -> Result<Vec<Link>, StoreError> {
        let rows = report_link::Entity::find()
            .filter(report_link::Column::CampaignId.eq(campaign))
            .order_by_desc(report_link::Column::Id)
            .all(&self.read)
            .await?;
        Ok(rows.into_iter().map(read_link).collect())
    }

    /// A report link by its number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn link_numbered(&self, id: i32) -> Result<Option<Link>, StoreError> {
        Ok(report_link::Entity::find_by_id(id).one(&self.read).await?.map(read_link))
    }
}

impl Transaction {
    /// Enters a token and gives its number.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn insert_token(&mut self, new: NewToken) -> Result<i32, StoreError> {
        let row = api_token::ActiveModel {
            id: NotSet,
            user_id: Set(new.user),
            name: Set(new.name),
            token_hash: Set(new.token_hash),
            role: Set(new.most.role.code().into()),
            unit_id: Set(new.most.unit.map(|unit| unit.0)),
            below: Set(new.most.below),
            created_at: Set(self.now().as_millisecond()),
            expires_at: Set(new.expires_at.as_millisecond()),
            used_at: Set(None),
            revoked_at: Set(None),
        };
        let id = row.insert(self.connection()).await?.id;
        self.touch(&state::API_TOKENS, id);
        Ok(id)
    }

    /// Revokes a token.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn revoke_token(&mut self, id: i32) -> Result<(), StoreError> {
        let revoked_at = Set(Some(self.now().as_millisecond()));
        let row = api_token::ActiveModel { id: Unchanged(id), revoked_at, ..Default::default() };
        row.update(self.connection()).await?;
        self.touch(&state::API_TOKENS, id);
        self.touch_accounts().await
    }

    /// Enters a report link and gives its number.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn insert_link(&mut self, new: NewLink) -> Result<i32, StoreError> {
        let row = report_link::ActiveModel {
            id: NotSet,
            campaign_id: Set(new.campaign),
            unit_id: Set(new.unit.0),
            kind: Set((new.kind == LinkKind::Screen).then(|| SCREEN.to_owned())),
            token_hash: Set(new.token_hash),
            created_by: Set(new.created_by),
            created_at: Set(self.now().as_millisecond()),
            expires_at: Set(new.expires_at.as_millisecond()),
            revoked_at: Set(None),
        };
        let id = row.insert(self.connection()).await?.id;
        self.touch(&state::REPORT_LINKS, id);
        Ok(id)
    }

    /// Revokes a report link.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn revoke_link(&mut self, id: i32) -> Result<(), StoreError> {
        let revoked_at = Set(Some(self.now().as_millisecond()));
        let row = report_link::ActiveModel { id: Unchanged(id), revoked_at, ..Default::default() };
        row.update(self.connection()).await?;
        self.touch(&state::REPORT_LINKS, id);
        self.touch_accounts().await
    }
}
