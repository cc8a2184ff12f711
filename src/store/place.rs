//! Where the statements of a batch run, and how rows are read there: through sea-orm on either database, or on the
//! connection that batches have for themselves ([`Direct`](super::direct::Direct)).

use super::StoreError;
use super::rows::{Columns, Rows};
use rusqlite::types::FromSql;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, TryGetable, Value};
use tokio_postgres::types::FromSqlOwned;

/// What stands in a cell, wherever it was found.
pub(super) trait Cell: TryGetable + FromSql + FromSqlOwned {}

impl<T: TryGetable + FromSql + FromSqlOwned> Cell for T {}

/// A row that was found.
pub(super) trait Found {
    /// What stands at a place of it.
    fn get<T: Cell>(&self, at: usize) -> Result<T, StoreError>;
}

impl Found for QueryResult {
    fn get<T: Cell>(&self, at: usize) -> Result<T, StoreError> {
        Ok(self.try_get_by_index(at)?)
    }
}

impl Found for rusqlite::Row<'_> {
    fn get<T: Cell>(&self, at: usize) -> Result<T, StoreError> {
        Ok(rusqlite::Row::get(self, at)?)
    }
}

impl Found for tokio_postgres::Row {
    fn get<T: Cell>(&self, at: usize) -> Result<T, StoreError> {
        Ok(self.try_get(at)?)
    }
}

/// What a row is read as.
pub(super) trait Read: Sized + Send {
    fn read(row: &impl Found) -> Result<Self, StoreError>;
}

/// A connection or a transaction. All values that are bound have a type of [`rows`](super::rows) or are null.
pub(super) trait Place: Sync {
    /// Finds what a table holds for each row, as [`Rows::find`] does.
    fn find<T: Read>(
        &self,
        rows: Rows,
        select: &str,
        table: &str,
        on: &str,
    ) -> impl Future<Output = Result<Vec<T>, StoreError>> + Send;

    /// Runs a statement over rows that gives nothing, as [`Rows::execute`] does.
    fn enter<const N: usize>(
        &self,
        columns: Columns,
        rows: impl Iterator<Item = [Value; N]> + Send,
        sql: impl Fn(&str) -> String + Send,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Whether it is SQLite that runs statements here.
    fn is_sqlite(&self) -> bool;

    /// The first row of a query. Parameters are `$1`, `$2` … and first named in this order.
    fn first<T: Read>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Option<T>, StoreError>> + Send;

    /// Runs a statement that gives nothing; its parameters are as those of [`first`](Self::first).
    fn run(&self, sql: &str, values: Vec<Value>) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl<C: ConnectionTrait> Place for C {
    async fn find<T: Read>(
        &self,
        rows: Rows,
        select: &str,
        table: &str,
        on: &str,
    ) -> Result<Vec<T>, StoreError> {
        rows.find(self, select, table, on).await?.iter().map(T::read).collect()
    }

    async fn enter<const N: usize>(
        &self,
        columns: Columns,
        rows: impl Iterator<Item = [Value; N]> + Send,
        sql: impl Fn(&str) -> String + Send,
    ) -> Result<(), StoreError> {
        let mut all = Rows::new(columns);
        rows.for_each(|row| all.push(row));
        Ok(all.execute(self, sql).await?)
    }

    fn is_sqlite(&self) -> bool {
        self.get_database_backend() == DbBackend::Sqlite
    }

    async fn first<T: Read>(&self, sql: &str, values: Vec<Value>) -> Result<Option<T>, StoreError> {
        let statement = Statement::from_sql_and_values(self.get_database_backend(), sql, values);
        self.query_one_raw(statement).await?.as_ref().map(T::read).transpose()
    }

    async fn run(&self, sql: &str, values: Vec<Value>) -> Result<(), StoreError> {
        let statement = Statement::from_sql_and_values(self.get_database_backend(), sql, values);
        self.execute_raw(statement).await?;
        Ok(())
    }
}
