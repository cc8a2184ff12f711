//! Batches on SQLite.
//!
//! Through sea-orm every statement crosses to a thread of the connection's own and back. Here it runs on the writer's thread: each is
//! prepared once and run a row at a time. It is the same library, and the same file.

use super::Batch;
use super::checkpoint::Copier;
use crate::store::StoreError;
use crate::store::place::{Place, Read};
use crate::store::rows::{self, Columns, Rows};
use rusqlite::types::{Null, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags, ToSql};
use sea_orm::Value;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => Self::Conflict(error.to_string()),
            _ => Self::Database(error.to_string()),
        }
    }
}

/// The connection, and what copies its log beside it.
#[derive(Debug)]
pub(in crate::store) struct File {
    /// Only the writer uses it, so its lock is always free.
    connection: Mutex<Connection>,
    copier: Copier,
}

/// Statements of a batch are some ten.
const STATEMENTS: usize = 32;

impl File {
    /// Opens a file that is there already, with these pragmas.
    pub(in crate::store) fn open(
        file: &Path,
        busy: Duration,
        pragmas: &[(&str, String)],
    ) -> Result<Self, StoreError> {
        let connection = open(file, busy, pragmas)?;
        let copying = open(file, busy, pragmas)?;
        let copier = Copier::start(copying).map_err(|error| StoreError::Unusable(error.to_string()))?;
        Ok(Self { connection: Mutex::new(connection), copier })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A transaction that is to begin.
    pub(in crate::store) const fn batch(&self) -> Open<'_> {
        Open(self)
    }

    pub(super) fn between(&self) {
        self.copier.wake();
        if let Err(error) = self.copier.end(&self.connection()) {
            tracing::warn!(%error, "the end of the database's log could not be copied");
        }
    }
}

fn open(file: &Path, busy: Duration, pragmas: &[(&str, String)]) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(busy)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    for (name, value) in pragmas {
        connection.pragma_update(None, name, value)?;
    }
    Ok(connection)
}

/// A transaction.
#[derive(Debug)]
pub(in crate::store) struct Open<'f>(&'f File);

impl Batch for Open<'_> {
    /// It holds the write lock from the start.
    async fn begin(&self) -> Result<(), StoreError> {
        self.0.connection().prepare_cached("BEGIN IMMEDIATE")?.execute(())?;
        Ok(())
    }

    async fn commit(self) -> Result<(), StoreError> {
        self.0.connection().prepare_cached("COMMIT")?.execute(())?;
        Ok(())
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let connection = self.0.connection();
        if !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }
}

/// A value on its way into a statement.
struct Bound<'v>(&'v Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self.0 {
            Value::Bool(Some(value)) => ValueRef::Integer((*value).into()),
            Value::SmallInt(Some(value)) => ValueRef::Integer((*value).into()),
            Value::Int(Some(value)) => ValueRef::Integer((*value).into()),
            Value::BigInt(Some(value)) => ValueRef::Integer(*value),
            Value::String(Some(value)) => ValueRef::Text(value.as_bytes()),
            Value::Bool(None)
            | Value::SmallInt(None)
            | Value::Int(None)
            | Value::BigInt(None)
            | Value::String(None) => return Ok(Null.into()),
            other => return Err(rusqlite::Error::ToSqlConversionFailure(format!("{other:?}").into())),
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

fn bind(statement: &mut CachedStatement<'_>, values: &[Value]) -> Result<(), StoreError> {
    for (place, value) in (1..).zip(values) {
        statement.raw_bind_parameter::<usize, _>(place, Bound(value))?;
    }
    Ok(())
}

impl Place for Open<'_> {
    async fn find<T: Read>(
        &self,
        rows: Rows,
        select: &str,
        table: &str,
        on: &str,
    ) -> Result<Vec<T>, StoreError> {
        let mut all = Vec::new();
        if rows.is_empty() {
            return Ok(all);
        }
        let connection = self.0.connection();
        let sql =
            format!("SELECT {select} FROM {} CROSS JOIN {table} t WHERE {on}", rows::source(rows.columns()));
        let mut statement = connection.prepare_cached(&sql)?;
        for row in rows.each() {
            bind(&mut statement, row)?;
            let mut found = statement.raw_query();
            while let Some(row) = found.next()? {
                all.push(T::read(row)?);
            }
        }
        Ok(all)
    }

    async fn enter<const N: usize>(
        &self,
        columns: Columns,
        rows: impl Iterator<Item = [Value; N]> + Send,
        sql: impl Fn(&str) -> String + Send,
    ) -> Result<(), StoreError> {
        let connection = self.0.connection();
        let mut statement = connection.prepare_cached(&sql(&rows::source(columns)))?;
        for row in rows {
            bind(&mut statement, &row)?;
            statement.raw_execute()?;
        }
        Ok(())
    }

    fn is_sqlite(&self) -> bool {
        true
    }

    async fn first<T: Read>(&self, sql: &str, values: Vec<Value>) -> Result<Option<T>, StoreError> {
        let connection = self.0.connection();
        let mut statement = connection.prepare_cached(sql)?;
        bind(&mut statement, &values)?;
        statement.raw_query().next()?.map(T::read).transpose()
    }

    async fn run(&self, sql: &str, values: Vec<Value>) -> Result<(), StoreError> {
        let connection = self.0.connection();
        let mut statement = connection.prepare_cached(sql)?;
        bind(&mut statement, &values)?;
        statement.raw_execute()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::place::Found;
    use crate::store::rows::Type;
    use futures_util::FutureExt;

    const COLUMNS: Columns = &[("a", Type::Int), ("b", Type::Text)];

    #[derive(Debug, PartialEq)]
    struct Pair(i32, Option<String>);

    impl Read for Pair {
        fn read(row: &impl Found) -> Result<Self, StoreError> {
            Ok(Self(row.get(0)?, row.get(1)?))
        }
    }

    fn begun(file: &File) -> Open<'_> {
        let open = file.batch();
        open.begin().now_or_never().unwrap().unwrap();
        open
    }

    fn database() -> (tempfile::TempDir, File) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file.db");
        Connection::open(&file)
            .unwrap()
            .execute_batch("CREATE TABLE pairs (a INTEGER PRIMARY KEY, b TEXT)")
            .unwrap();
        let file = File::open(&file, Duration::from_secs(1), &[("journal_mode", "WAL".into())]).unwrap();
        (dir, file)
    }

    fn enter(open: &Open<'_>, numbers: &[i32]) -> Result<(), StoreError> {
        let rows =
            numbers.iter().map(|n| [(*n).into(), if *n > 1 { "词'".into() } else { Value::String(None) }]);
        let insert = |rows: &str| format!("INSERT INTO pairs (a, b) SELECT a, b FROM {rows}");
        open.enter(COLUMNS, rows, insert).now_or_never().unwrap()
    }

    fn find(open: &Open<'_>, numbers: &[i32]) -> Vec<Pair> {
        let mut rows = Rows::new(&COLUMNS[..1]);
        numbers.iter().for_each(|n| rows.push([(*n).into()]));
        open.find(rows, "t.a, t.b", "pairs", "t.a = r.a").now_or_never().unwrap().unwrap()
    }

    #[test]
    fn pragmas_are_taken_up_as_they_are_written() {
        let (dir, _) = database();
        let pragmas = [("synchronous", "FULL"), ("cache_size", "-16384"), ("wal_autocheckpoint", "20000")];
        let pragmas = pragmas.map(|(name, value)| (name, value.to_owned()));
        let file = File::open(&dir.path().join("file.db"), Duration::from_secs(1), &pragmas).unwrap();
        let value = |name: &str| -> i64 {
            file.connection().pragma_query_value(None, name, |row| row.get(0)).unwrap()
        };
        assert_eq!([2, -16_384, 20_000], pragmas.map(|(name, _)| value(name)));
    }

    #[test]
    fn what_is_committed_is_found_row_by_row() {
        let (_dir, file) = database();
        let open = begun(&file);
        enter(&open, &[1, 2, 3]).unwrap();
        open.commit().now_or_never().unwrap().unwrap();
        let open = begun(&file);
        assert_eq!(find(&open, &[3, 7, 1]), [Pair(3, Some("词'".into())), Pair(1, None)]);
        let first = open.first("SELECT a, b FROM pairs WHERE a > $1 AND a < $2", vec![1.into(), 3.into()]);
        assert_eq!(first.now_or_never().unwrap().unwrap(), Some(Pair(2, Some("词'".into()))));
    }

    #[test]
    fn a_transaction_that_is_not_committed_leaves_no_trace() {
        let (_dir, file) = database();
        enter(&begun(&file), &[1]).unwrap();
        assert!(find(&begun(&file), &[1]).is_empty());
    }

    #[test]
    fn a_key_that_is_there_is_a_conflict_and_the_next_transaction_begins_anew() {
        let (_dir, file) = database();
        let open = begun(&file);
        assert!(matches!(enter(&open, &[1, 2, 1]), Err(StoreError::Conflict(_))));
        drop(open);
        assert!(find(&begun(&file), &[1, 2]).is_empty());
    }

    #[test]
    fn a_value_of_another_kind_is_refused() {
        let (_dir, file) = database();
        let run =
            begun(&file).run("INSERT INTO pairs VALUES ($1, $2)", vec![1.into(), 0.5.into()]).now_or_never();
        assert!(matches!(run, Some(Err(StoreError::Database(_)))));
    }
}
