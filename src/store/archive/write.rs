//! Writes everything.

use super::super::entity;
use super::super::rows::Type;
use super::document::{Cell, Seal, line, name_of};
use super::{ArchiveError, FORMAT, Rows, VERSION, damaged, migrations};
use crate::store::Store;
use futures_util::TryStreamExt as _;
use sea_orm::sea_query::{Expr, Order};
use sea_orm::{
    AccessMode, ColumnTrait, ColumnType, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait,
    IdenStatic, IsolationLevel, Iterable, ModelTrait, PrimaryKeyToColumn, PrimaryKeyTrait, QueryOrder,
    Statement, TransactionTrait,
};
use std::io::Write;
use std::sync::atomic::Ordering;

/// Calls a macro with every table, those that others refer to first.
macro_rules! every_table {
    ($do:ident) => {
        $do!(
            setting unit campaign campaign_measure campaign_unit slot user grant session sign_in_failure
            recovery_code api_token report_link day_lock lock_exception tally_version batch rollup idempotency audit seal
            print_ledger publication unit_liaison chase chase_unit hook hook_cursor delivery
        )
    };
}

/// A document that is being written.
struct Document<'w> {
    out: &'w mut (dyn Write + Send),
    seal: Seal,
    written: &'w Rows,
    counters: Vec<(String, i64)>,
    first: bool,
}

impl Store {
    /// Writes everything as it stands at one moment, whatever is reported meanwhile, and gives the number of rows.
    ///
    /// # Errors
    /// When the database cannot be read or the file not be written.
    pub async fn archive(&self, out: &mut (dyn Write + Send), written: &Rows) -> Result<u64, ArchiveError> {
        let postgres = self.read.get_database_backend() == DbBackend::Postgres;
        let from = if postgres {
            // One look at everything: later statements see what the first saw.
            let (level, mode) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
            self.read.begin_with_config(Some(level), Some(mode)).await?
        } else {
            self.read.begin().await?
        };
        let head = serde_json::json!(migrations());
        write!(
            out,
            "{{\"format\":\"{FORMAT}\",\"version\":{VERSION},\"migrations\":{head},\n\"tables\":{{\n"
        )?;
        let mut document =
            Document { out, seal: Seal::default(), written, counters: Vec::new(), first: true };
        macro_rules! write_all {
            ($($table:ident)*) => { $(document.table::<entity::$table::Entity>(&from).await?;)* };
        }
        every_table!(write_all);
        from.rollback().await?;
        let Document { out, seal, counters, .. } = document;
        let counters: serde_json::Map<_, _> =
            counters.into_iter().map(|(table, last)| (table, last.into())).collect();
        let counters = serde_json::Value::from(counters);
        let rows = seal.rows;
        writeln!(out, "\n}},\n\"counters\":{counters},\n\"rows\":{rows},\"sha256\":\"{}\"}}", seal.end())?;
        out.flush()?;
        Ok(rows)
    }
}

impl Document<'_> {
    async fn table<E>(&mut self, from: &DatabaseTransaction) -> Result<(), ArchiveError>
    where
        E: EntityTrait,
        E::Model: ModelTrait<Entity = E> + Sync,
    {
        let entity = E::default();
        let table = entity.table_name();
        let columns: Vec<E::Column> = E::Column::iter().collect();
        let mut named = Vec::new();
        for column in &columns {
            let kind = type_of::<E>(column).ok_or_else(|| damaged(format!("{table}.{}", column.as_str())))?;
            named.push([column.as_str(), name_of(kind)]);
        }
        let named = serde_json::json!(named);
        let between = if std::mem::take(&mut self.first) { "" } else { ",\n" };
        write!(self.out, "{between}\"{table}\":{{\"columns\":{named},\"rows\":[")?;
        self.seal.table(table);
        let mut between = "\n";
        {
            let mut rows = in_order::<E>(ConnectionTrait::get_database_backend(from)).stream(from).await?;
            while let Some(row) = rows.try_next().await? {
                let cells: Option<Vec<Cell>> =
                    columns.iter().map(|column| Cell::new(row.get(*column))).collect();
                let cells = cells.ok_or_else(|| damaged(format!("a row of {table}")))?;
                let line = line(&cells).map_err(damaged)?;
                self.seal.row(&line);
                write!(self.out, "{between}{line}")?;
                between = ",\n";
                self.written.fetch_add(1, Ordering::Relaxed);
            }
        }
        write!(self.out, "]}}")?;
        if E::PrimaryKey::auto_increment() {
            let last = last_number(from, table).await?;
            self.counters.push((table.to_owned(), last));
        }
        Ok(())
    }
}

/// All rows of a table in the order of its key, the same order on both databases.
fn in_order<E: EntityTrait>(backend: DbBackend) -> sea_orm::Select<E> {
    E::PrimaryKey::iter().fold(E::find(), |rows, key| {
        let column = key.into_column();
        let text = type_of::<E>(&column) == Some(Type::Text) && backend == DbBackend::Postgres;
        if text {
            // SQLite compares bytes; PostgreSQL would ask the language.
            let bytes = Expr::cust(format!("\"{}\" COLLATE \"C\"", column.as_str()));
            rows.order_by(bytes, Order::Asc)
        } else {
            rows.order_by(Expr::col(column), Order::Asc)
        }
    })
}

fn type_of<E: EntityTrait>(column: &E::Column) -> Option<Type> {
    Some(match column.def().get_column_type() {
        ColumnType::SmallInteger => Type::Small,
        ColumnType::Integer => Type::Int,
        ColumnType::BigInteger => Type::Big,
        ColumnType::Boolean => Type::Bool,
        ColumnType::String(_) | ColumnType::Text => Type::Text,
        _ => return None,
    })
}

/// The last number that a table's own counter gave: rows that are gone keep theirs.
async fn last_number(from: &DatabaseTransaction, table: &str) -> Result<i64, ArchiveError> {
    let backend = ConnectionTrait::get_database_backend(from);
    let sql = if backend == DbBackend::Postgres {
        "SELECT COALESCE(pg_sequence_last_value(pg_get_serial_sequence($1, 'id')::regclass), 0)"
    } else {
        "SELECT seq FROM sqlite_sequence WHERE name = $1"
    };
    let row = from.query_one_raw(Statement::from_sql_and_values(backend, sql, [table.into()])).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
}
