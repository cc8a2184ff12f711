//! Accounts and what was granted to them. Whatever changes who may do what raises the epoch of accounts.

use super::entity::{grant, recovery_code, setting, user};
use super::{Store, StoreError, Transaction, state};
use crate::domain::access::{Grant, Role};
use crate::domain::unit::UnitId;
use jiff::Timestamp;
use sea_orm::ActiveValue::{NotSet, Set, Unchanged};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryResult,
    Statement,
};

/// The setting that every change of accounts raises.
const EPOCH: &str = "accounts_epoch";

/// An account as kept.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its number.
    pub id: i32,
    /// Name to sign in with.
    pub username: String,
    /// What was granted.
    pub grants: Vec<Grant>,
    /// argon2id in PHC form.
    pub password_hash: String,
    /// May not sign in.
    pub disabled: bool,
    /// The password was given by somebody else.
    pub temporary: bool,
    /// The secret of the one-time codes, in base32: offered, or confirmed when `totp` says so.
    pub totp_secret: Option<String>,
    /// One-time codes are asked for.
    pub totp: bool,
    /// The last step whose code was used.
    pub totp_step: Option<i64>,
    /// When it was entered.
    pub created_at: Timestamp,
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

/// The columns of an account and of one grant of it, in the order that [`read`] expects.
pub(super) const COLUMNS: &str = "u.id, u.username, u.password_hash, u.disabled, u.temporary_since, u.totp_secret, \
     u.totp_since, u.totp_step, u.created_at, g.role, g.unit_id, g.below";
/// How many they are.
pub(super) const WIDTH: usize = 12;

pub(super) fn instant(at: i64) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(Timestamp::MIN)
}

pub(super) fn read_grant(role: &str, unit: Option<i32>, below: bool) -> Result<Grant, StoreError> {
    let role = Role::from_code(role).ok_or_else(|| StoreError::Damaged(format!("role {role}")))?;
    Ok(Grant { role, unit: unit.map(UnitId), below })
}

/// Accounts out of rows of [`COLUMNS`], of which those of one account come together.
pub(super) fn read(rows: &[QueryResult]) -> Result<Vec<Account>, StoreError> {
    let mut accounts: Vec<Account> = Vec::new();
    for row in rows {
        let id: i32 = row.try_get_by_index(0)?;
        if accounts.last().is_none_or(|last| last.id != id) {
            accounts.push(Account {
                id,
                username: row.try_get_by_index(1)?,
                grants: Vec::new(),
                password_hash: row.try_get_by_index(2)?,
                disabled: row.try_get_by_index(3)?,
                temporary: row.try_get_by_index::<Option<i64>>(4)?.is_some(),
                totp_secret: row.try_get_by_index(5)?,
                totp: row.try_get_by_index::<Option<i64>>(6)?.is_some(),
                totp_step: row.try_get_by_index(7)?,
                created_at: instant(row.try_get_by_index(8)?),
            });
        }
        if let (Some(role), Some(account)) = (row.try_get_by_index::<Option<String>>(9)?, accounts.last_mut())
        {
            account.grants.push(read_grant(&role, row.try_get_by_index(10)?, row.try_get_by_index(11)?)?);
        }
    }
    Ok(accounts)
}

/// The account of a name. One statement, found or not: the time it takes must not tell a known name from an unknown one.
async fn named(connection: &impl ConnectionTrait, username: &str) -> Result<Option<Account>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM users u LEFT JOIN grants g ON g.user_id = u.id WHERE u.username = $1 ORDER BY g.id"
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [username.into()]);
    Ok(read(&connection.query_all_raw(statement).await?)?.pop())
}

impl Store {
    /// The account of this name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn account_named(&self, username: &str) -> Result<Option<Account>, StoreError> {
        named(&self.read, username).await
    }

    /// All accounts by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM users u LEFT JOIN grants g ON g.user_id = u.id ORDER BY u.username, g.id"
        );
        read(&self.read.query_all_raw(Statement::from_string(self.backend(), sql)).await?)
    }

    /// So many accounts by name, those that come after a name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn accounts_after(
        &self,
        name: Option<&str>,
        down: bool,
        limit: i64,
    ) -> Result<Vec<Account>, StoreError> {
        let (passed, way) = if down { ("<", "DESC") } else { (">", "ASC") };
        let sql = format!(
            "SELECT {COLUMNS} FROM (SELECT * FROM users WHERE $3 = 0 OR username {passed} $1 \
             ORDER BY username {way} LIMIT $2) u \
             LEFT JOIN grants g ON g.user_id = u.id ORDER BY u.username {way}, g.id"
        );
        let values = [name.unwrap_or_default().into(), limit.into(), i32::from(name.is_some()).into()];
        read(&self.read.query_all_raw(Statement::from_sql_and_values(self.backend(), sql, values)).await?)
    }

    /// The account of this number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn account_numbered(&self, id: i32) -> Result<Option<Account>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM users u LEFT JOIN grants g ON g.user_id = u.id WHERE u.id = $1 ORDER BY g.id"
        );
        let statement = Statement::from_sql_and_values(self.backend(), sql, [id.into()]);
        Ok(read(&self.read.query_all_raw(statement).await?)?.pop())
    }

    /// Whether there is no account yet.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn has_no_account(&self) -> Result<bool, StoreError> {
        Ok(user::Entity::find().count(&self.read).await? == 0)
    }

    /// The epoch of accounts: while it stays, nobody lost or got anything.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn accounts_epoch(&self) -> Result<i64, StoreError> {
        epoch(&self.read).await
    }

    /// The value of a setting.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        Ok(setting::Entity::find_by_id(name).one(&self.read).await?.map(|row| row.value))
    }
}

async fn epoch(connection: &impl ConnectionTrait) -> Result<i64, StoreError> {
    let row = setting::Entity::find_by_id(EPOCH).one(connection).await?;
    row.and_then(|row| row.value.parse().ok())
        .ok_or_else(|| StoreError::Damaged("setting accounts_epoch".into()))
}

impl Transaction {
    /// Raises the epoch of accounts: every process looks again at whom it remembers, within a second.
    pub(super) async fn touch_accounts(&mut self) -> Result<(), StoreError> {
        let next = epoch(self.connection()).await? + 1;
        let row = setting::ActiveModel { name: Unchanged(EPOCH.into()), value: Set(next.to_string()) };
        row.update(self.connection()).await?;
        Ok(())
    }

    /// The account of this name, as this transaction sees it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn account_named(&self, username: &str) -> Result<Option<Account>, StoreError> {
        named(self.connection(), username).await
    }

    /// Whether somebody else may still manage everything.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn has_other_admin(&self, user: i32) -> Result<bool, StoreError> {
        let sql = "SELECT COUNT(*) FROM grants g JOIN users u ON u.id = g.user_id \
                   WHERE g.role = $1 AND g.unit_id IS NULL AND NOT u.disabled AND u.id <> $2";
        let values = [Role::Admin.code().into(), user.into()];
        let backend = self.connection().get_database_backend();
        let row =
            self.connection().query_one_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
        let others: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
        Ok(others > 0)
    }

    /// Whether there is no account yet, as this transaction sees it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn has_no_account(&self) -> Result<bool, StoreError> {
        Ok(user::Entity::find().count(self.connection()).await? == 0)
    }

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
            ..Default::default()
        };
        let id = row.insert(self.connection()).await?.id;
        self.touch(&state::USERS, id);
        self.insert_grants(id, new.grants).await?;
        Ok(id)
    }

    async fn insert_grants(&mut self, user: i32, grants: Vec<Grant>) -> Result<(), StoreError> {
        self.touch(&state::GRANTS, user);
        for granted in grants {
            let row = grant::ActiveModel {
                id: NotSet,
                user_id: Set(user),
                role: Set(granted.role.code().into()),
                unit_id: Set(granted.unit.map(|unit| unit.0)),
                below: Set(granted.below),
            };
            row.insert(self.connection()).await?;
        }
        Ok(())
    }

    /// Replaces what is granted to an account, and ends its sessions.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn replace_grants(&mut self, user: i32, grants: Vec<Grant>) -> Result<(), StoreError> {
        grant::Entity::delete_many().filter(grant::Column::UserId.eq(user)).exec(self.connection()).await?;
        self.insert_grants(user, grants).await?;
        self.end_sessions(user).await
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
            row.temporary_since = Set(None);
        }
        if let Some(disabled) = disabled {
            row.disabled = Set(disabled);
        }
        if row.is_changed() {
            row.update(self.connection()).await?;
            self.touch(&state::USERS, id);
        }
        self.end_sessions(id).await?;
        Ok(true)
    }

    /// Marks a password as one that its owner must change first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn mark_temporary(&mut self, user: i32) -> Result<(), StoreError> {
        let since = Set(Some(self.now().as_millisecond()));
        let row = user::ActiveModel { id: Unchanged(user), temporary_since: since, ..Default::default() };
        row.update(self.connection()).await?;
        self.touch(&state::USERS, user);
        self.touch_accounts().await
    }

    /// Offers a secret for one-time codes; it counts once confirmed.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn offer_totp(&mut self, user: i32, secret: String) -> Result<(), StoreError> {
        let row =
            user::ActiveModel { id: Unchanged(user), totp_secret: Set(Some(secret)), ..Default::default() };
        row.update(self.connection()).await?;
        self.touch(&state::USERS, user);
        Ok(())
    }

    /// Asks for one-time codes from now on, and keeps the digests of the codes that replace them.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn confirm_totp(&mut self, user: i32, step: i64, codes: Vec<String>) -> Result<(), StoreError> {
        let row = user::ActiveModel {
            id: Unchanged(user),
            totp_since: Set(Some(self.now().as_millisecond())),
            totp_step: Set(Some(step)),
            ..Default::default()
        };
        row.update(self.connection()).await?;
        self.touch(&state::USERS, user);
        self.touch(&state::RECOVERY_CODES, user);
        for code_hash in codes {
            let row = recovery_code::ActiveModel { user_id: Set(user), code_hash: Set(code_hash) };
            recovery_code::Entity::insert(row).exec_without_returning(self.connection()).await?;
        }
        self.end_sessions(user).await
    }

    /// Asks for no more one-time codes, and ends the sessions.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn clear_totp(&mut self, user: i32) -> Result<(), StoreError> {
        let row = user::ActiveModel {
            id: Unchanged(user),
            totp_secret: Set(None),
            totp_since: Set(None),
            totp_step: Set(None),
            ..Default::default()
        };
        row.update(self.connection()).await?;
        self.touch(&state::USERS, user);
        self.touch(&state::RECOVERY_CODES, user);
        recovery_code::Entity::delete_many()
            .filter(recovery_code::Column::UserId.eq(user))
            .exec(self.connection())
            .await?;
        self.end_sessions(user).await
    }

    /// Uses up the code of a step.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn use_totp(&mut self, user: i32, step: i64) -> Result<(), StoreError> {
        let row = user::ActiveModel { id: Unchanged(user), totp_step: Set(Some(step)), ..Default::default() };
        row.update(self.connection()).await?;
        Ok(())
    }

    /// Uses up a recovery code; `false` when there is none such.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn use_recovery_code(&mut self, user: i32, code_hash: String) -> Result<bool, StoreError> {
        let found = recovery_code::Entity::delete_by_id((user, code_hash)).exec(self.connection()).await?;
        self.touch(&state::RECOVERY_CODES, user);
        Ok(found.rows_affected > 0)
    }

    /// The value of a setting, as this transaction sees it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        Ok(setting::Entity::find_by_id(name).one(self.connection()).await?.map(|row| row.value))
    }

    /// Sets a setting, or forgets it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_setting(&mut self, name: &'static str, value: Option<String>) -> Result<(), StoreError> {
        setting::Entity::delete_by_id(name).exec(self.connection()).await?;
        self.touch(&state::SETTINGS, 0);
        if let Some(value) = value {
            let row = setting::ActiveModel { name: Set(name.into()), value: Set(value) };
            setting::Entity::insert(row).exec_without_returning(self.connection()).await?;
        }
        Ok(())
    }
}
