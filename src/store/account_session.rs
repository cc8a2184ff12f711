//! Sessions, and who failed to sign in lately.

use super::account::{self, Account, COLUMNS, WIDTH, instant};
use super::entity::{session, sign_in_failure};
use super::rows::{Columns, Rows, Type};
use super::{Store, StoreError, Transaction, state};
use crate::domain::password_attempts::{Attempts, WINDOW};
use jiff::{SignedDuration, Timestamp};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder,
    Statement,
};
use std::net::IpAddr;
use std::time::Duration;

/// A session to be entered: the digest of its token, whose it is, and how long it lasts.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// SHA-256 of the token, hex.
    pub token_hash: String,
    /// The account.
    pub user: i32,
    /// How long it may lie unused.
    pub idle: Duration,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// Where it began.
    pub address: Option<IpAddr>,
}

/// A session as kept, without its token.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its number, which tells nothing of its token.
    pub id: i32,
    /// The account.
    pub user: i32,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub used_at: Timestamp,
    /// How long it may lie unused.
    pub idle: SignedDuration,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// Where it began.
    pub address: Option<String>,
}

impl Session {
    /// Whether it has not ended by itself.
    #[must_use]
    pub fn lives(&self, now: Timestamp) -> bool {
        self.expires_at > now && now.duration_since(self.used_at) < self.idle
    }
}

fn read(row: session::Model) -> Session {
    Session {
        id: row.id,
        user: row.user_id,
        created_at: instant(row.created_at),
        used_at: instant(row.used_at),
        idle: SignedDuration::from_millis(row.idle),
        expires_at: instant(row.expires_at),
        address: row.address,
    }
}

async fn attempts(connection: &impl ConnectionTrait, key: &str) -> Result<Attempts, StoreError> {
    let Some(row) = sign_in_failure::Entity::find_by_id(key).one(connection).await? else {
        return Ok(Attempts::default());
    };
    let failures = row.times.split(' ').filter_map(|time| time.parse().ok()).map(instant).collect();
    Ok(Attempts { failures, locked_until: Some(row.locked_until).filter(|at| *at > 0).map(instant) })
}

impl Store {
    /// The account behind a live session, and the session.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn session(
        &self,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Option<(Account, Session)>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}, s.id, s.created_at, s.used_at, s.idle, s.expires_at \
             FROM sessions s JOIN users u ON u.id = s.user_id LEFT JOIN grants g ON g.user_id = u.id \
             WHERE s.token_hash = $1 AND s.expires_at > $2 AND NOT u.disabled ORDER BY g.id"
        );
        let values = [token_hash.into(), now.as_millisecond().into()];
        let rows =
            self.read.query_all_raw(Statement::from_sql_and_values(self.backend(), sql, values)).await?;
        let (Some(first), Some(account)) = (rows.first(), account::read(&rows)?.pop()) else {
            return Ok(None);
        };
        let session = Session {
            id: first.try_get_by_index(WIDTH)?,
            user: account.id,
            created_at: instant(first.try_get_by_index(WIDTH + 1)?),
            used_at: instant(first.try_get_by_index(WIDTH + 2)?),
            idle: SignedDuration::from_millis(first.try_get_by_index(WIDTH + 3)?),
            expires_at: instant(first.try_get_by_index(WIDTH + 4)?),
            address: None,
        };
        Ok(Some((account, session)).filter(|(_, session)| session.lives(now)))
    }

    /// The live sessions of an account, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn sessions_of(&self, user: i32, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        let rows = session::Entity::find()
            .filter(session::Column::UserId.eq(user))
            .order_by_desc(session::Column::Id)
            .all(&self.read)
            .await?;
        Ok(rows.into_iter().map(read).filter(|session| session.lives(now)).collect())
    }

    /// A session by its number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn session_numbered(&self, id: i32) -> Result<Option<Session>, StoreError> {
        Ok(session::Entity::find_by_id(id).one(&self.read).await?.map(read))
    }

    /// How often an account failed at an address.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn attempts(&self, key: &str) -> Result<Attempts, StoreError> {
        attempts(&self.read, key).await
    }
}

impl Transaction {
    /// Enters a session and gives its number, and forgets those that have ended.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn insert_session(&mut self, new: SessionRow) -> Result<i32, StoreError> {
        let now = self.now().as_millisecond();
        // Those left unused too long, too: the sum of two columns has no index, and a look at every row at a sign-in is
        // cheap beside its argon2.
        let ended = Statement::from_sql_and_values(
            self.connection().get_database_backend(),
            "DELETE FROM sessions WHERE expires_at <= $1 OR used_at + idle <= $1 RETURNING id",
            [now.into()],
        );
        self.ended(ended).await?;
        let row = session::ActiveModel {
            id: NotSet,
            token_hash: Set(new.token_hash),
            user_id: Set(new.user),
            created_at: Set(now),
            used_at: Set(now),
            idle: Set(i64::try_from(new.idle.as_millis()).unwrap_or(i64::MAX / 4)),
            expires_at: Set(new.expires_at.as_millisecond()),
            address: Set(new.address.map(|address| address.to_canonical().to_string())),
        };
        let id = row.insert(self.connection()).await?.id;
        self.touch(&state::SESSIONS, id);
        Ok(id)
    }

    /// Runs a statement that takes sessions away and gives their numbers, and gives how many they were.
    async fn ended(&mut self, statement: Statement) -> Result<usize, StoreError> {
        let rows = self.connection().query_all_raw(statement).await?;
        for row in &rows {
            self.touch(&state::SESSIONS, row.try_get_by_index(0)?);
        }
        Ok(rows.len())
    }

    /// Ends a session; `false` when there is none.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn delete_session(&mut self, token_hash: &str) -> Result<bool, StoreError> {
        let ended = Statement::from_sql_and_values(
            self.connection().get_database_backend(),
            "DELETE FROM sessions WHERE token_hash = $1 RETURNING id",
            [token_hash.into()],
        );
        let ended = self.ended(ended).await?;
        self.touch_accounts().await?;
        Ok(ended > 0)
    }

    /// Ends the session of this number.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn delete_session_numbered(&mut self, id: i32) -> Result<(), StoreError> {
        session::Entity::delete_by_id(id).exec(self.connection()).await?;
        self.touch(&state::SESSIONS, id);
        self.touch_accounts().await
    }

    /// Ends every session of an account.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_sessions(&mut self, user: i32) -> Result<(), StoreError> {
        let ended = Statement::from_sql_and_values(
            self.connection().get_database_backend(),
            "DELETE FROM sessions WHERE user_id = $1 RETURNING id",
            [user.into()],
        );
        self.ended(ended).await?;
        self.touch_accounts().await
    }

    /// Notes when sessions and tokens were last used: number and instant.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_used(
        &mut self,
        sessions: &[(i32, Timestamp)],
        tokens: &[(i32, Timestamp)],
    ) -> Result<(), StoreError> {
        const COLUMNS: Columns = &[("id", Type::Int), ("at", Type::Big)];
        let postgres = self.connection().get_database_backend() == DbBackend::Postgres;
        for (table, used) in [("sessions", sessions), ("api_tokens", tokens)] {
            let mut rows = Rows::new(COLUMNS);
            used.iter().for_each(|(id, at)| rows.push([(*id).into(), at.as_millisecond().into()]));
            let later = if postgres { "GREATEST" } else { "MAX" };
            rows.execute(self.connection(), |rows| {
                format!(
                    "UPDATE {table} SET used_at = {later}(COALESCE({table}.used_at, 0), r.at) FROM {rows} \
                     WHERE {table}.id = r.id"
                )
            })
            .await?;
        }
        Ok(())
    }

    /// How often an account failed at an address, as this transaction sees it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn attempts(&self, key: &str) -> Result<Attempts, StoreError> {
        attempts(self.connection(), key).await
    }

    /// Keeps how often an account failed at an address, and forgets what no longer counts: rows are never more than
    /// argon2 lets through in that time.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_attempts(&mut self, key: &str, attempts: &Attempts) -> Result<(), StoreError> {
        let now = self.now();
        let old = now.saturating_sub(WINDOW).unwrap_or(Timestamp::MIN).as_millisecond();
        sign_in_failure::Entity::delete_many()
            .filter(sign_in_failure::Column::At.lt(old))
            .exec(self.connection())
            .await?;
        self.forget_attempts(key).await?;
        let times: Vec<String> = attempts.failures.iter().map(|at| at.as_millisecond().to_string()).collect();
        let row = sign_in_failure::ActiveModel {
            key: Set(key.to_owned()),
            times: Set(times.join(" ")),
            locked_until: Set(attempts.locked_until.map_or(0, |at| at.as_millisecond())),
            at: Set(now.as_millisecond()),
        };
        sign_in_failure::Entity::insert(row).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Forgets the failures of an account at an address.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn forget_attempts(&mut self, key: &str) -> Result<(), StoreError> {
        sign_in_failure::Entity::delete_by_id(key).exec(self.connection()).await?;
        Ok(())
    }
}
