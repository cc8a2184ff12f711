//! Accounts, grants and sessions.

use super::entity::{grant, session, user};
use super::{Store, StoreError, Transaction};
use crate::domain::access::{Actor, Grant, Role};
use crate::domain::unit::UnitId;
use jiff::Timestamp;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    Statement,
};

/// An account as kept.
#[derive(Debug, Clone)]
pub struct Account {
    /// Who it is and what was granted.
    pub actor: Actor,
    /// argon2id in PHC form.
    pub password_hash: String,
    /// May not sign in.
    pub disabled: bool,
}

/// An account to be entered.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Name to sign in with.
    pub username: String,
    /// argon2id in PHC form.
    pub password_hash: String,
    /// What is granted.
    pub grants: Vec<Grant>,
}

/// A session as kept: the digest of its token, whose it is, and until when.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// SHA-256 of the token, hex.
    pub token_hash: String,
    /// The account.
    pub user: i32,
    /// When it ends.
    pub expires_at: Timestamp,
}

async fn account(connection: &impl ConnectionTrait, row: user::Model) -> Result<Account, StoreError> {
    let grants = grant::Entity::find()
        .filter(grant::Column::UserId.eq(row.id))
        .order_by_asc(grant::Column::Id)
        .all(connection)
        .await?;
    let grants = grants.into_iter().map(|grant| read_grant(&grant.role, grant.unit_id, grant.below));
    let grants = grants.collect::<Result<_, _>>()?;
    let actor = Actor { id: row.id, username: row.username, grants };
    Ok(Account { actor, password_hash: row.password_hash, disabled: row.disabled })
}

fn read_grant(role: &str, unit: Option<i32>, below: bool) -> Result<Grant, StoreError> {
    let role = Role::from_code(role).ok_or_else(|| StoreError::Damaged(format!("role {role}")))?;
    Ok(Grant { role, unit: unit.map(UnitId), below })
}

impl Store {
    /// The account of this name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn account_named(&self, username: &str) -> Result<Option<Account>, StoreError> {
        match user::Entity::find().filter(user::Column::Username.eq(username)).one(&self.read).await? {
            Some(row) => Ok(Some(account(&self.read, row).await?)),
            None => Ok(None),
        }
    }

    /// All accounts by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let mut accounts = Vec::new();
        for row in user::Entity::find().order_by_asc(user::Column::Username).all(&self.read).await? {
            accounts.push(account(&self.read, row).await?);
        }
        Ok(accounts)
    }

    /// Whether there is no account yet.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn has_no_account(&self) -> Result<bool, StoreError> {
        Ok(user::Entity::find().count(&self.read).await? == 0)
    }

    /// The account behind a live session.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn session(
        &self,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Option<(Account, Timestamp)>, StoreError> {
        // One statement, for a session is looked up about once a second as long as it is in use.
        let sql = "SELECT s.expires_at, u.id, u.username, u.password_hash, g.role, g.unit_id, g.below \
                   FROM sessions s JOIN users u ON u.id = s.user_id LEFT JOIN grants g ON g.user_id = u.id \
                   WHERE s.token_hash = $1 AND s.expires_at > $2 AND NOT u.disabled ORDER BY g.id";
        let values = [token_hash.into(), now.as_millisecond().into()];
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        let rows = self.read.query_all_raw(statement).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let expires_at = Timestamp::from_millisecond(first.try_get_by_index(0)?).unwrap_or(Timestamp::MIN);
        let mut grants = Vec::with_capacity(rows.len());
        for row in &rows {
            if let Some(role) = row.try_get_by_index::<Option<String>>(4)? {
                grants.push(read_grant(&role, row.try_get_by_index(5)?, row.try_get_by_index(6)?)?);
            }
        }
        let actor = Actor { id: first.try_get_by_index(1)?, username: first.try_get_by_index(2)?, grants };
        let account = Account { actor, password_hash: first.try_get_by_index(3)?, disabled: false };
        Ok(Some((account, expires_at)))
    }
}

impl Transaction {
    /// Enters an account and gives its number.
    ///
    /// # Errors
    /// `Exists("username")` when the name is taken.
    pub async fn insert_account(&mut self, new: NewAccount) -> Result<i32, StoreError> {
        let taken = user::Entity::find()
            .filter(user::Column::Username.eq(&*new.username))
            .one(self.connection())
            .await?;
        if taken.is_some() {
            return Err(StoreError::Exists("username"));
        }
        let row = user::ActiveModel {
            id: NotSet,
            username: Set(new.username),
            password_hash: Set(new.password_hash),
            disabled: Set(false),
            created_at: Set(self.now().as_millisecond()),
        };
        let id = row.insert(self.connection()).await?.id;
        for granted in new.grants {
            let row = grant::ActiveModel {
                id: NotSet,
                user_id: Set(id),
                role: Set(granted.role.code().into()),
                unit_id: Set(granted.unit.map(|unit| unit.0)),
                below: Set(granted.below),
            };
            row.insert(self.connection()).await?;
        }
        Ok(id)
    }

    /// Sets the password or the disabled mark of an account, and ends its sessions. `false` when there is none.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn update_account(
        &mut self,
        username: &str,
        password_hash: Option<String>,
        disabled: Option<bool>,
    ) -> Result<bool, StoreError> {
        let row =
            user::Entity::find().filter(user::Column::Username.eq(username)).one(self.connection()).await?;
        let Some(row) = row else { return Ok(false) };
        let id = row.id;
        let mut row: user::ActiveModel = row.into();
        if let Some(hash) = password_hash {
            row.password_hash = Set(hash);
        }
        if let Some(disabled) = disabled {
            row.disabled = Set(disabled);
        }
        if row.is_changed() {
            row.update(self.connection()).await?;
        }
        session::Entity::delete_many().filter(session::Column::UserId.eq(id)).exec(self.connection()).await?;
        Ok(true)
    }

    /// Enters a session, and forgets those that have ended.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn insert_session(&mut self, new: SessionRow) -> Result<(), StoreError> {
        let now = self.now().as_millisecond();
        session::Entity::delete_many()
            .filter(session::Column::ExpiresAt.lte(now))
            .exec(self.connection())
            .await?;
        let row = session::ActiveModel {
            token_hash: Set(new.token_hash),
            user_id: Set(new.user),
            created_at: Set(now),
            expires_at: Set(new.expires_at.as_millisecond()),
        };
        session::Entity::insert(row).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn delete_session(&mut self, token_hash: &str) -> Result<(), StoreError> {
        session::Entity::delete_by_id(token_hash).exec(self.connection()).await?;
        Ok(())
    }
}
