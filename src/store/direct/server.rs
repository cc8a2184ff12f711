//! Batches on PostgreSQL.
//!
//! Statements that do not need each other's answers are sent together and take one round trip, which sqlx has no way to do. So a
//! batch takes three: to look, to write, to commit. Each statement is prepared once a session and gets its rows as an array a
//! column.

use super::Batch;
use crate::store::StoreError;
use crate::store::connect::{CONNECTING, Settings};
use crate::store::health::{self, Health};
use crate::store::place::{Place, Read};
use crate::store::rows::{self, Columns, Rows, Type};
use crate::store::transaction::Purpose;
use futures_util::FutureExt;
use sea_orm::Value;
use sea_orm::sqlx::ConnectOptions;
use sea_orm::sqlx::postgres::PgConnectOptions;
use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Statement};

/// How long after one connection was refused the next is tried.
const PAUSE: Duration = Duration::from_millis(250);

/// Every statement looks rows up by their key. Left to itself PostgreSQL plans for the tables as they are when a statement is
/// prepared, to read them whole while they are empty; or anew for each batch, which takes longer than some of them run.
const PLANS: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; \
                     SET enable_hashjoin = off; SET enable_mergejoin = off";

/// The way to the server, and the session with it while there is one.
#[derive(Debug)]
pub(in crate::store) struct Server {
    config: Config,
    shard: i16,
    health: Health,
    session: Option<Session>,
}

struct Session {
    client: Client,
    /// What passes between client and server.
    connection: JoinHandle<Result<(), tokio_postgres::Error>>,
    opened: Instant,
    statements: Mutex<HashMap<String, Statement>>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session")
    }
}

impl Server {
    /// The server of these settings; nothing is opened yet.
    pub(in crate::store) fn new(settings: &Settings, health: Health) -> Result<Self, StoreError> {
        Ok(Self { config: config(&settings.url)?, shard: settings.shard, health, session: None })
    }

    /// A transaction that is to begin, on another session when the one at hand is not to be trusted.
    pub(in crate::store) async fn batch(&mut self, purpose: Purpose) -> Result<Open<'_>, StoreError> {
        let session = self.session.take();
        let session = session.filter(|s| !s.client.is_closed() && self.health.trusts(s.opened.elapsed()));
        let session = match session {
            Some(session) => session,
            None => connect(&self.config).await?,
        };
        let locks = purpose.locks(self.shard);
        Ok(Open { session: self.session.insert(session), locks, committed: false })
    }

    /// Takes leave of the server, unless it does not answer.
    pub(in crate::store) async fn close(self) {
        let Some(Session { client, connection, .. }) = self.session else { return };
        drop(client);
        let _ = tokio::time::timeout(PAUSE, connection).await;
    }
}

/// What sqlx makes of an address: with what the environment and a file of passwords add, as for every other connection.
fn config(url: &str) -> Result<Config, StoreError> {
    let options = PgConnectOptions::from_str(url).map_err(|error| StoreError::Unusable(error.to_string()))?;
    let mut config = Config::new();
    match options.get_socket() {
        Some(directory) => config.host_path(directory),
        None => config.host(options.get_host().trim_matches(['[', ']'])),
    };
    config.port(options.get_port()).user(options.get_username());
    if let Some(name) = options.get_database() {
        config.dbname(name);
    }
    if let Some(name) = options.get_application_name() {
        config.application_name(name);
    }
    if let Some(given) = options.get_options() {
        config.options(given);
    }
    // The password is told in an address alone; one without the names above, which need not fit into it.
    let mut address = options.username("u").host("h").database("d").to_url_lossy();
    address.set_query(None);
    if let Some(password) = Config::from_str(address.as_str()).ok().as_ref().and_then(Config::get_password) {
        config.password(password);
    }
    Ok(config)
}

/// Opens a session that can write, trying again until it takes too long.
async fn connect(config: &Config) -> Result<Session, StoreError> {
    let begun = Instant::now();
    loop {
        let left = CONNECTING.saturating_sub(begun.elapsed());
        let opened = tokio::time::timeout(left, open(config)).await;
        match opened {
            Ok(Ok(session)) => return Ok(session),
            Ok(Err(_)) if begun.elapsed() + PAUSE < CONNECTING => tokio::time::sleep(PAUSE).await,
            // Whatever it was: nothing has been written.
            Ok(Err(error)) => return Err(StoreError::Lost(error.to_string())),
            Err(_) => {
                return Err(StoreError::Lost(format!("no connection within {} s", CONNECTING.as_secs())));
            }
        }
    }
}

async fn open(config: &Config) -> Result<Session, StoreError> {
    let opened = Instant::now();
    let (client, connection) = config.connect(NoTls).await?;
    // What ends it is told to whoever waits for an answer.
    let connection = tokio::spawn(connection);
    if client.query_one(health::READ_ONLY, &[]).await?.try_get(0)? {
        return Err(StoreError::Lost(health::ONLY_READS.into()));
    }
    client.batch_execute(&format!("{}; {PLANS}", health::SESSION)).await?;
    Ok(Session { client, connection, opened, statements: Mutex::default() })
}

impl Session {
    async fn prepared(&self, sql: String) -> Result<Statement, StoreError> {
        let known = || self.statements.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known().get(&sql).cloned();
        if let Some(statement) = found {
            return Ok(statement);
        }
        let statement = self.client.prepare(&sql).await?;
        known().insert(sql, statement.clone());
        Ok(statement)
    }
}

/// A transaction.
#[derive(Debug)]
pub(in crate::store) struct Open<'s> {
    session: &'s Session,
    /// What takes its locks.
    locks: String,
    committed: bool,
}

impl Batch for Open<'_> {
    async fn begin(&self) -> Result<(), StoreError> {
        let sql = format!("BEGIN; {}", self.locks);
        Ok(self.session.client.batch_execute(&sql).await?)
    }

    async fn commit(mut self) -> Result<(), StoreError> {
        let committed = self.session.client.batch_execute("COMMIT").await;
        self.committed = committed.is_ok();
        committed.map_err(|error| StoreError::from(error).of_commit())
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.committed {
            // Polled once it is sent, before anything that comes later.
            let _ = self.session.client.batch_execute("ROLLBACK").now_or_never();
        }
    }
}

/// A column of rows on its way into a statement.
enum Array {
    Small(Vec<i16>),
    Int(Vec<i32>),
    Big(Vec<i64>),
    Bool(Vec<bool>),
    Text(Vec<String>),
}

impl Array {
    fn of(kind: Type, rows: usize) -> Self {
        match kind {
            Type::Small => Self::Small(Vec::with_capacity(rows)),
            Type::Int => Self::Int(Vec::with_capacity(rows)),
            Type::Big => Self::Big(Vec::with_capacity(rows)),
            Type::Bool => Self::Bool(Vec::with_capacity(rows)),
            Type::Text => Self::Text(Vec::with_capacity(rows)),
        }
    }

    fn push(&mut self, value: Value) -> Result<(), StoreError> {
        match (self, value) {
            (Self::Small(all), Value::SmallInt(Some(one))) => all.push(one),
            (Self::Int(all), Value::Int(Some(one))) => all.push(one),
            (Self::Big(all), Value::BigInt(Some(one))) => all.push(one),
            (Self::Bool(all), Value::Bool(Some(one))) => all.push(one),
            (Self::Text(all), Value::String(Some(one))) => all.push(one),
            (_, other) => return Err(unfit(&other)),
        }
        Ok(())
    }

    fn parameter(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Small(all) => all,
            Self::Int(all) => all,
            Self::Big(all) => all,
            Self::Bool(all) => all,
            Self::Text(all) => all,
        }
    }
}

fn unfit(value: &Value) -> StoreError {
    StoreError::Database(format!("a value of a kind that is not bound: {:?}", std::mem::discriminant(value)))
}

/// Columns from rows.
fn arrays(
    columns: Columns,
    rows: impl Iterator<Item = impl IntoIterator<Item = Value>>,
) -> Result<Vec<Array>, StoreError> {
    let (most, _) = rows.size_hint();
    let mut arrays: Vec<Array> = columns.iter().map(|(_, kind)| Array::of(*kind, most)).collect();
    for row in rows {
        arrays.iter_mut().zip(row).try_for_each(|(array, cell)| array.push(cell))?;
    }
    Ok(arrays)
}

/// A value by itself, or null.
fn scalar(value: Value) -> Result<Box<dyn ToSql + Sync + Send>, StoreError> {
    Ok(match value {
        Value::SmallInt(one) => Box::new(one),
        Value::Int(one) => Box::new(one),
        Value::BigInt(one) => Box::new(one),
        Value::Bool(one) => Box::new(one),
        Value::String(one) => Box::new(one),
        other => return Err(unfit(&other)),
    })
}

impl Place for Open<'_> {
    async fn find<T: Read>(
        &self,
        rows: Rows,
        select: &str,
        table: &str,
        on: &str,
    ) -> Result<Vec<T>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let columns = rows.columns();
        let common = rows.common().cloned().map(scalar).transpose()?;
        let sql = rows::looking(&rows::arrays(columns, common.is_some()), select, table, on);
        let statement = self.session.prepared(sql).await?;
        let skip = usize::from(common.is_some());
        let arrays = arrays(&columns[skip..], rows.each().map(|row| row[skip..].iter().cloned()))?;
        let parameters: Vec<_> =
            common.iter().map(|common| &**common as _).chain(arrays.iter().map(Array::parameter)).collect();
        self.session.client.query(&statement, &parameters).await?.iter().map(T::read).collect()
    }

    async fn enter<const N: usize>(
        &self,
        columns: Columns,
        rows: impl Iterator<Item = [Value; N]> + Send,
        sql: impl Fn(&str) -> String + Send,
    ) -> Result<(), StoreError> {
        let arrays = arrays(columns, rows)?;
        let statement = self.session.prepared(sql(&rows::arrays(columns, false))).await?;
        let parameters: Vec<_> = arrays.iter().map(Array::parameter).collect();
        self.session.client.execute(&statement, &parameters).await?;
        Ok(())
    }

    fn is_sqlite(&self) -> bool {
        false
    }

    async fn first<T: Read>(&self, sql: &str, values: Vec<Value>) -> Result<Option<T>, StoreError> {
        let statement = self.session.prepared(sql.to_owned()).await?;
        let values: Vec<_> = values.into_iter().map(scalar).collect::<Result<_, _>>()?;
        let parameters: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| &**value as _).collect();
        let found = self.session.client.query(&statement, &parameters).await?;
        found.first().map(T::read).transpose()
    }

    async fn run(&self, sql: &str, values: Vec<Value>) -> Result<(), StoreError> {
        let statement = self.session.prepared(sql.to_owned()).await?;
        let values: Vec<_> = values.into_iter().map(scalar).collect::<Result<_, _>>()?;
        let parameters: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| &**value as _).collect();
        self.session.client.execute(&statement, &parameters).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_postgres::config::Host;

    #[test]
    fn an_address_leads_where_it_leads_every_other_connection() {
        let all = config(
            "postgres://us%40er:p%2Fw%3A%20d%2B@[::1]:6432/na%2Fme?application_name=x&options=-c%20work_mem%3D8MB",
        )
        .unwrap();
        assert_eq!(all.get_user(), Some("us@er"));
        assert_eq!(all.get_password(), Some(&b"p/w: d+"[..]));
        assert_eq!(all.get_hosts(), [Host::Tcp("::1".into())]);
        assert_eq!((all.get_ports(), all.get_dbname()), (&[6432][..], Some("na/me")));
        assert_eq!(all.get_application_name(), Some("x"));
        assert_eq!(all.get_options(), Some("-c work_mem=8MB"));
        let socket = config("postgres://pufa@%2Fvar%2Frun%2Fpostgresql/pufa").unwrap();
        assert_eq!(socket.get_hosts(), [Host::Unix("/var/run/postgresql".into())]);
        assert!(config("postgres://host:port/name").is_err());
    }

    #[test]
    fn values_of_another_kind_are_refused() {
        const COLUMNS: Columns = &[("a", Type::Int), ("b", Type::Text)];
        assert!(arrays(COLUMNS, [[1.into(), "词".into()]].into_iter()).is_ok());
        assert!(arrays(COLUMNS, [[1.into(), 2.into()]].into_iter()).is_err());
        assert!(
            arrays(COLUMNS, [[1.into(), Value::String(None)]].into_iter()).is_err(),
            "an array has no null"
        );
        assert!(scalar(Value::String(None)).is_ok());
        assert!(scalar(0.5.into()).is_err());
    }
}
