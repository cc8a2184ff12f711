//! Takes everything in.

use super::super::connect::{self, Settings};
use super::super::rows::Type;
use super::super::transaction::EVERYBODY;
use super::document::{Cell, Seal, line, type_of};
use super::{ArchiveError, FORMAT, Rows, VERSION, damaged, migrations};
use pufa_migrations::Migrator;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait, Value,
};
use sea_orm_migration::{MigratorTrait, SchemaManager};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::io::Read;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;

/// Rows of one statement.
const PIECE: usize = 256;

/// Pieces that the reader may be ahead of the database.
const AHEAD: usize = 8;

/// What stands before the tables.
#[derive(Debug, Default)]
struct Head {
    format: String,
    version: u32,
    migrations: Vec<String>,
}

/// A piece of a document on its way to the database.
#[derive(Debug)]
enum Piece {
    Head(Head),
    Table(String, Vec<(String, Type)>),
    Rows(Vec<Vec<Cell>>),
    Counters(BTreeMap<String, i64>),
    /// The document has ended and is whole.
    End(u64),
}

/// Takes a document into an empty database, in one transaction, and brings that up to date. Gives the number of rows.
///
/// # Errors
/// When the document is not one, is damaged or of a later program; when the database is not empty or refuses.
pub async fn restore(
    settings: &Settings,
    from: impl Read + Send + 'static,
    taken: &Rows,
) -> Result<u64, ArchiveError> {
    let connection = connect::alone(settings).await?;
    let (sender, mut pieces) = mpsc::channel(AHEAD);
    let reader = tokio::task::spawn_blocking(move || read(from, &sender));
    let done = take_in(&connection, &mut pieces, taken).await;
    drop(pieces);
    let read = reader.await.map_err(damaged)?;
    let done = match (done, read) {
        (Ok(Some(rows)), _) => Ok(rows),
        (Ok(None), Err(error)) => Err(damaged(error)),
        (Ok(None), Ok(())) => Err(damaged("it has no end")),
        (Err(error), _) => Err(error),
    };
    if done.is_ok() {
        connect::migrate(&connection, None).await?;
    }
    connection.close().await?;
    done
}

/// Makes the tables and fills them. `None` when the pieces end too early; then nothing was stored.
async fn take_in(
    connection: &DatabaseConnection,
    pieces: &mut mpsc::Receiver<Piece>,
    taken: &Rows,
) -> Result<Option<u64>, ArchiveError> {
    let Some(Piece::Head(head)) = pieces.recv().await else { return Ok(None) };
    make_tables(connection, &head).await?;
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let into = connection.begin_with_options(options).await?;
    if into.get_database_backend() == DbBackend::Postgres {
        into.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({EVERYBODY}, 0)")).await?;
    }
    let mut table: Option<Table> = None;
    while let Some(piece) = pieces.recv().await {
        match piece {
            Piece::Head(_) => return Err(damaged("two beginnings")),
            Piece::Table(name, columns) => {
                if let Some(table) = table.take() {
                    table.tie(&into).await?;
                }
                table = Some(Table::begin(&into, name, columns).await?);
            }
            Piece::Rows(rows) => {
                let count = rows.len() as u64;
                let table = table.as_mut().ok_or_else(|| damaged("rows without a table"))?;
                table.insert(&into, rows).await?;
                taken.fetch_add(count, Ordering::Relaxed);
            }
            Piece::Counters(counters) => {
                for (table, last) in counters {
                    set_counter(&into, &table, last).await?;
                }
            }
            Piece::End(rows) => {
                if let Some(table) = table.take() {
                    table.tie(&into).await?;
                }
                into.commit().await?;
                return Ok(Some(rows));
            }
        }
    }
    Ok(None)
}

/// Makes the tables as the document's program had them.
async fn make_tables(connection: &DatabaseConnection, head: &Head) -> Result<(), ArchiveError> {
    if head.format != FORMAT {
        return Err(damaged(format!("it is no {FORMAT} document")));
    }
    if head.version != VERSION {
        return Err(damaged(format!("version {} of the form; this program reads {VERSION}", head.version)));
    }
    let known = migrations();
    if head.migrations.is_empty() || !known.starts_with(&head.migrations) {
        return Err(damaged("it comes from a later or another program"));
    }
    let applied = Migrator::get_applied_migrations(connection).await.unwrap_or_default();
    let applied: Vec<&str> = applied.iter().map(|migration| migration.name()).collect();
    if applied.is_empty() {
        let steps = u32::try_from(head.migrations.len()).map_err(damaged)?;
        return Ok(connect::migrate(connection, Some(steps)).await?);
    }
    if applied == head.migrations { Ok(()) } else { Err(ArchiveError::NotEmpty("seaql_migrations".into())) }
}

/// A table that is being filled.
struct Table {
    name: String,
    columns: Vec<(String, Type)>,
    /// Where a unit names the one above it, and where its own number is.
    parent: Option<(usize, usize)>,
    /// Units that are in.
    known: HashSet<i64>,
    /// Units that came before the one above them.
    early: Vec<(i64, i64)>,
}

impl Table {
    async fn begin(
        into: &DatabaseTransaction,
        name: String,
        columns: Vec<(String, Type)>,
    ) -> Result<Self, ArchiveError> {
        // Names go into SQL as text, so only those that the schema has.
        let manager = SchemaManager::new(into);
        let plain =
            |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !plain(&name) || !manager.has_table(&name).await? {
            return Err(damaged(format!("table {name:?} is unknown")));
        }
        for (column, _) in &columns {
            if !plain(column) || !manager.has_column(&name, column).await? {
                return Err(damaged(format!("column {name}.{column:?} is unknown")));
            }
        }
        let backend = into.get_database_backend();
        let any = Statement::from_string(backend, format!("SELECT 1 FROM {name} LIMIT 1"));
        if into.query_one_raw(any).await?.is_some() {
            // The migrations leave settings behind; anything else is somebody's.
            if name != "settings" {
                return Err(ArchiveError::NotEmpty(name));
            }
            into.execute_unprepared("DELETE FROM settings").await?;
        }
        let place = |wanted: &str| columns.iter().position(|(column, _)| column == wanted);
        let parent = if name == "units" { place("id").zip(place("parent_id")) } else { None };
        Ok(Self { name, columns, parent, known: HashSet::new(), early: Vec::new() })
    }

    async fn insert(
        &mut self,
        into: &DatabaseTransaction,
        mut rows: Vec<Vec<Cell>>,
    ) -> Result<(), ArchiveError> {
        let wrong = || damaged(format!("a row of {} does not fit its columns", self.name));
        if rows.iter().any(|row| row.len() != self.columns.len()) {
            return Err(wrong());
        }
        if let Some((id, parent)) = self.parent {
            for row in &mut rows {
                let Cell::Int(own) = row[id] else { return Err(wrong()) };
                if let Cell::Int(above) = row[parent]
                    && !self.known.contains(&above)
                {
                    self.early.push((own, above));
                    row[parent] = Cell::Null;
                }
                self.known.insert(own);
            }
        }
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * self.columns.len());
        for (cell, (_, kind)) in rows.iter_mut().flat_map(|row| row.drain(..).zip(&self.columns)) {
            values.push(cell.value(*kind).ok_or_else(wrong)?);
        }
        let backend = into.get_database_backend();
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        let mut number = 0;
        let mut place = || {
            number += 1;
            if backend == DbBackend::Postgres { format!("${number}") } else { "?".into() }
        };
        let tuples: Vec<String> = (0..rows.len())
            .map(|_| format!("({})", names.iter().map(|_| place()).collect::<Vec<_>>().join(",")))
            .collect();
        let sql = format!("INSERT INTO {} ({}) VALUES {}", self.name, names.join(","), tuples.join(","));
        into.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
        Ok(())
    }

    /// Ties units to those above them that came later.
    async fn tie(self, into: &DatabaseTransaction) -> Result<(), ArchiveError> {
        let backend = into.get_database_backend();
        for (own, above) in self.early {
            let sql = "UPDATE units SET parent_id = $1 WHERE id = $2";
            let (own, above) = (i32::try_from(own).map_err(damaged)?, i32::try_from(above).map_err(damaged)?);
            into.execute_raw(Statement::from_sql_and_values(backend, sql, [above.into(), own.into()]))
                .await?;
        }
        Ok(())
    }
}

/// Lets a table's own counter go on where it stood.
async fn set_counter(into: &DatabaseTransaction, table: &str, last: i64) -> Result<(), ArchiveError> {
    let backend = into.get_database_backend();
    let values = [table.into(), last.into()];
    if backend == DbBackend::Postgres {
        if last > 0 {
            let sql = "SELECT setval(pg_get_serial_sequence($1, 'id'), $2, true)";
            into.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
        }
        return Ok(());
    }
    let delete = "DELETE FROM sqlite_sequence WHERE name = $1";
    into.execute_raw(Statement::from_sql_and_values(backend, delete, [table.into()])).await?;
    if last > 0 {
        let insert = "INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)";
        into.execute_raw(Statement::from_sql_and_values(backend, insert, values)).await?;
    }
    Ok(())
}

type Sender = mpsc::Sender<Piece>;

/// Reads a document and sends it on, piece by piece.
fn read(from: impl Read, sender: &Sender) -> serde_json::Result<()> {
    let mut json = serde_json::Deserializer::from_reader(std::io::BufReader::with_capacity(1 << 16, from));
    (&mut json).deserialize_map(Whole(sender))?;
    json.end()
}

fn send<E: Error>(sender: &Sender, piece: Piece) -> Result<(), E> {
    sender.blocking_send(piece).map_err(|_| E::custom("nobody takes it in"))
}

struct Whole<'s>(&'s Sender);

impl<'de> Visitor<'de> for Whole<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a full export")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut head, mut seal) = (Head::default(), Seal::default());
        let mut rows = None;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "format" => head.format = map.next_value()?,
                "version" => head.version = map.next_value()?,
                "migrations" => head.migrations = map.next_value()?,
                "tables" => {
                    send(self.0, Piece::Head(std::mem::take(&mut head)))?;
                    map.next_value_seed(Tables(self.0, &mut seal))?;
                }
                "counters" => send(self.0, Piece::Counters(map.next_value()?))?,
                "rows" => rows = Some(map.next_value::<u64>()?),
                "sha256" => {
                    let told: String = map.next_value()?;
                    let counted = seal.rows;
                    if rows != Some(counted) || std::mem::take(&mut seal).end() != told {
                        return Err(A::Error::custom("rows are missing or were changed"));
                    }
                    send(self.0, Piece::End(counted))?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct Tables<'s>(&'s Sender, &'s mut Seal);

impl<'de> DeserializeSeed<'de> for Tables<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Tables<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tables by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            self.1.table(&name);
            map.next_value_seed(One(self.0, self.1, name))?;
        }
        Ok(())
    }
}

/// A table: its columns, then its rows.
struct One<'s>(&'s Sender, &'s mut Seal, String);

impl<'de> DeserializeSeed<'de> for One<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for One<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("columns and rows")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "columns" => {
                    let columns: Vec<(String, String)> = map.next_value()?;
                    let typed = columns.into_iter().map(|(name, kind)| Some((name, type_of(&kind)?)));
                    let typed: Option<Vec<_>> = typed.collect();
                    let typed = typed.ok_or_else(|| A::Error::custom("a column of an unknown type"))?;
                    send(self.0, Piece::Table(std::mem::take(&mut self.2), typed))?;
                }
                "rows" => map.next_value_seed(Lines(self.0, &mut *self.1))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct Lines<'s>(&'s Sender, &'s mut Seal);

impl<'de> DeserializeSeed<'de> for Lines<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Lines<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut rows = Vec::with_capacity(PIECE);
        while let Some(row) = seq.next_element::<Vec<Cell>>()? {
            self.1.row(&line(&row).map_err(A::Error::custom)?);
            rows.push(row);
            if rows.len() == PIECE {
                send(self.0, Piece::Rows(std::mem::replace(&mut rows, Vec::with_capacity(PIECE))))?;
            }
        }
        if rows.is_empty() { Ok(()) } else { send(self.0, Piece::Rows(rows)) }
    }
}
