//! Many rows in one statement, written once for both databases.
//!
//! The rows of a batch travel as one array parameter a column on PostgreSQL (`UNNEST`) and as `VALUES` with a parameter a
//! cell on SQLite, in pieces of up to [`PIECE`] rows: a statement a row costs a hop to the connection's thread, or a round
//! trip, for each, and rows as JSON cost SQLite a look into the text for each cell. A piece is filled up with empty rows to
//! a power of two, so there are few texts, and each is prepared once.

use sea_orm::sea_query::{ArrayType, Value};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};
use std::iter::repeat_n;

/// Rows of one statement on SQLite.
const PIECE: usize = 256;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Small,
    Int,
    Big,
    Bool,
    Text,
}

impl Type {
    const fn postgres(self) -> &'static str {
        match self {
            Self::Small => "int2[]",
            Self::Int => "int4[]",
            Self::Big => "int8[]",
            Self::Bool => "bool[]",
            Self::Text => "text[]",
        }
    }

    const fn array(self) -> ArrayType {
        match self {
            Self::Small => ArrayType::SmallInt,
            Self::Int => ArrayType::Int,
            Self::Big => ArrayType::BigInt,
            Self::Bool => ArrayType::Bool,
            Self::Text => ArrayType::String,
        }
    }
}

/// The columns of a batch: names and types.
pub(super) type Columns = &'static [(&'static str, Type)];

/// Rows on their way into a statement. Values must come in the order and of the types of the columns, and none may be
/// null: the arrays that PostgreSQL gets have no place for it.
#[derive(Debug)]
pub(super) struct Rows {
    columns: Columns,
    cells: Vec<Value>,
}

impl Rows {
    pub(super) const fn new(columns: Columns) -> Self {
        Self { columns, cells: Vec::new() }
    }

    pub(super) fn push<const N: usize>(&mut self, row: [Value; N]) {
        debug_assert_eq!(row.len(), self.columns.len());
        self.cells.extend(row);
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    pub(super) const fn columns(&self) -> Columns {
        self.columns
    }

    /// The rows one by one.
    pub(super) fn each(&self) -> impl Iterator<Item = &[Value]> {
        self.cells.chunks(self.columns.len())
    }

    /// What the first column holds, where it is the same in every row and there are others beside it. PostgreSQL is told of such a
    /// campaign by itself: it then plans and opens that one's partition only, rather than all to find the right one row by row.
    pub(super) fn common(&self) -> Option<&Value> {
        let first = self.cells.first().filter(|_| self.columns.len() > 1)?;
        self.each().all(|row| row.first() == Some(first)).then_some(first)
    }

    /// The names of the columns, with commas.
    pub(super) fn names(&self) -> String {
        names(self.columns)
    }

    /// Finds what a table holds for each of these rows: `select` is read of the table `t` where `on` ties it to the row
    /// `r`, by a key of the table.
    ///
    /// The table is always looked into by its key, row by row. Left to itself PostgreSQL plans for the table as it is
    /// when the statement is prepared: while it is empty, to read it whole for every batch, and so it does until it is
    /// next analysed.
    pub(super) async fn find(
        self,
        connection: &impl ConnectionTrait,
        select: &str,
        table: &str,
        on: &str,
    ) -> Result<Vec<QueryResult>, DbErr> {
        let backend = connection.get_database_backend();
        self.query(connection, |rows| found_by_key(backend, rows, select, table, on)).await
    }

    /// Finds what [`find`](Self::find) does, many rows in a text: fetching a row costs more than looking at it. `line` is what is
    /// told of a row, `AS line`; the texts come in no certain order, nor do the lines of each, which [`ROW`] parts.
    pub(super) async fn find_joined(
        self,
        connection: &impl ConnectionTrait,
        line: &str,
        table: &str,
        on: &str,
    ) -> Result<Vec<String>, DbErr> {
        let backend = connection.get_database_backend();
        self.query_joined(connection, |rows| found_by_key(backend, rows, line, table, on)).await
    }

    /// As [`query`](Self::query), where the statement gives lines.
    pub(super) async fn query_joined(
        self,
        connection: &impl ConnectionTrait,
        sql: impl Fn(&str) -> String,
    ) -> Result<Vec<String>, DbErr> {
        let backend = connection.get_database_backend();
        let found = self.query(connection, |rows| in_one(backend, &sql(rows))).await?;
        let texts = found.iter().map(|row| row.try_get_by_index::<Option<String>>(0));
        texts.filter_map(Result::transpose).collect()
    }

    /// Runs a statement over these rows that gives rows: in the SQL that `sql` makes, its argument is a table of them.
    pub(super) async fn query(
        self,
        connection: &impl ConnectionTrait,
        sql: impl Fn(&str) -> String,
    ) -> Result<Vec<QueryResult>, DbErr> {
        let mut found = Vec::new();
        if self.is_empty() {
            return Ok(found);
        }
        for statement in self.statements(connection.get_database_backend(), sql) {
            found.extend(connection.query_all_raw(statement).await?);
        }
        Ok(found)
    }

    /// Runs a statement over these rows that gives nothing, as [`query`](Self::query) does.
    pub(super) async fn execute(
        self,
        connection: &impl ConnectionTrait,
        sql: impl Fn(&str) -> String,
    ) -> Result<(), DbErr> {
        if self.is_empty() {
            return Ok(());
        }
        for statement in self.statements(connection.get_database_backend(), sql) {
            connection.execute_raw(statement).await?;
        }
        Ok(())
    }

    fn statements(self, backend: DbBackend, sql: impl Fn(&str) -> String) -> Vec<Statement> {
        if backend == DbBackend::Postgres {
            return vec![self.arrays(sql)];
        }
        let mut statements = Vec::new();
        let width = self.columns.len();
        let mut cells = self.cells.into_iter();
        loop {
            // Each piece has memory of its own size: parted one after the other from what is left, the pieces of a nation's
            // rows kept the room of all that followed them, and were more than any machine has.
            let piece: Vec<Value> = cells.by_ref().take(PIECE * width).collect();
            if piece.is_empty() {
                return statements;
            }
            statements.push(values(self.columns, piece, &sql));
        }
    }

    fn arrays(self, sql: impl Fn(&str) -> String) -> Statement {
        let common = self.common().cloned();
        let source = arrays(self.columns, common.is_some());
        let mut columns: Vec<Vec<Value>> = vec![Vec::new(); self.columns.len()];
        for (at, cell) in self.cells.into_iter().enumerate() {
            columns[at % self.columns.len()].push(cell);
        }
        let skip = usize::from(common.is_some());
        let arrays = columns
            .into_iter()
            .zip(self.columns)
            .skip(skip)
            .map(|(cells, (_, kind))| Value::Array(kind.array(), Some(Box::new(cells))));
        let values: Vec<_> = common.into_iter().chain(arrays).collect();
        Statement::from_sql_and_values(DbBackend::Postgres, sql(&source), values)
    }
}

/// The names of columns, with commas.
pub(super) fn names(columns: &[(&str, Type)]) -> String {
    columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// A table of rows whose columns are the parameters of a statement on PostgreSQL, an array each; but the first one by itself, where
/// all rows have it in [common](Rows::common).
pub(super) fn arrays(columns: Columns, common: bool) -> String {
    let types = columns.iter().zip(1..).map(|((_, kind), n)| format!("${n}::{}", kind.postgres()));
    let types: Vec<_> = types.collect();
    match (types.as_slice(), columns) {
        ([first, types @ ..], [(name, _), columns @ ..]) if common => format!(
            "(SELECT {} AS {name}, u.* FROM UNNEST({}) AS u({})) AS r",
            first.trim_end_matches("[]"),
            types.join(", "),
            names(columns)
        ),
        _ => format!("UNNEST({}) AS r({})", types.join(", "), names(columns)),
    }
}

/// What parts the rows of a text, and the columns of a row. Nothing that this service stores has either.
pub(super) const ROW: char = '\u{1e}';
pub(super) const COLUMN: char = '\u{1f}';

/// The SQL that makes one text of many rows.
pub(super) fn joined(backend: DbBackend) -> String {
    match backend {
        DbBackend::Postgres => format!("string_agg(line, '{ROW}')"),
        _ => format!("group_concat(line, '{ROW}')"),
    }
}

/// The statement that gives in one text, or none, what a statement gives as lines.
pub(super) fn in_one(backend: DbBackend, sql: &str) -> String {
    format!("SELECT {} FROM ({sql}) AS page", joined(backend))
}

/// The lines of such a text; in no certain order.
pub(super) fn lines(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.into_iter().flat_map(|text| text.split(ROW))
}

fn found_by_key(backend: DbBackend, rows: &str, select: &str, table: &str, on: &str) -> String {
    match backend {
        DbBackend::Postgres => looking(rows, select, table, on),
        // CROSS JOIN keeps SQLite from turning the loop around.
        _ => format!("SELECT {select} FROM {rows} CROSS JOIN {table} t WHERE {on}"),
    }
}

/// What [`Rows::find`] asks PostgreSQL.
pub(super) fn looking(rows: &str, select: &str, table: &str, on: &str) -> String {
    format!("SELECT {select} FROM {rows} CROSS JOIN LATERAL (SELECT * FROM {table} t WHERE {on} OFFSET 0) t")
}

/// A table of one row whose cells are the parameters of a statement that is run for each row by itself.
pub(super) fn source(columns: Columns) -> String {
    let cells = columns.iter().zip(1..).map(|((name, _), n)| format!("?{n} AS {name}"));
    format!("(SELECT {}) AS r", cells.collect::<Vec<_>>().join(", "))
}

/// A statement over up to [`PIECE`] rows on SQLite. The first cell of a row is never null, so a row that begins with null
/// is one that only fills the piece up.
fn values(columns: Columns, mut cells: Vec<Value>, sql: impl Fn(&str) -> String) -> Statement {
    let width = columns.len();
    let rows = (cells.len() / width).next_power_of_two();
    cells.resize(rows * width, Value::Int(None));
    let row = format!("({})", repeat_n("?", width).collect::<Vec<_>>().join(","));
    let names = columns.iter().zip(1..).map(|((name, _), n)| format!("column{n} AS {name}"));
    let source = format!(
        "(SELECT {} FROM (VALUES {}) WHERE column1 IS NOT NULL) AS r",
        names.collect::<Vec<_>>().join(", "),
        repeat_n(row, rows).collect::<Vec<_>>().join(",")
    );
    Statement::from_sql_and_values(DbBackend::Sqlite, sql(&source), cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: Columns = &[("a", Type::Int), ("b", Type::Text), ("c", Type::Bool)];

    fn rows(count: i32) -> Rows {
        let mut rows = Rows::new(COLUMNS);
        (0..count).for_each(|n| rows.push([n.into(), "引\"号".into(), true.into()]));
        rows
    }

    #[test]
    fn rows_travel_as_arrays_on_postgres() {
        let statements = rows(2).statements(DbBackend::Postgres, |rows| format!("SELECT a FROM {rows}"));
        assert_eq!(statements.len(), 1);
        assert_eq!(
            statements[0].sql,
            "SELECT a FROM UNNEST($1::int4[], $2::text[], $3::bool[]) AS r(a, b, c)"
        );
        assert_eq!(statements[0].values.as_ref().unwrap().0.len(), 3);
    }

    #[test]
    fn what_all_rows_have_in_common_is_told_once_on_postgres() {
        let rows = |all: [(i32, &str); 2]| {
            let mut rows = Rows::new(&COLUMNS[..2]);
            all.iter().for_each(|(n, text)| rows.push([(*n).into(), (*text).into()]));
            rows.statements(DbBackend::Postgres, str::to_owned).remove(0)
        };
        let one = rows([(7, "a"), (7, "b")]);
        assert_eq!(one.sql, "(SELECT $1::int4 AS a, u.* FROM UNNEST($2::text[]) AS u(b)) AS r");
        let texts = Value::Array(ArrayType::String, Some(Box::new(vec!["a".into(), "b".into()])));
        assert_eq!(one.values.unwrap().0, [7.into(), texts]);
        assert_eq!(rows([(7, "a"), (8, "b")]).sql, "UNNEST($1::int4[], $2::text[]) AS r(a, b)");
        let mut alone = Rows::new(&COLUMNS[..1]);
        alone.push([7.into()]);
        assert!(alone.common().is_none(), "there is no table without columns");
    }

    #[test]
    fn rows_travel_in_few_sizes_on_sqlite() {
        let three = rows(3).statements(DbBackend::Sqlite, |rows| format!("SELECT a FROM {rows}"));
        assert_eq!(
            three[0].sql,
            "SELECT a FROM (SELECT column1 AS a, column2 AS b, column3 AS c \
             FROM (VALUES (?,?,?),(?,?,?),(?,?,?),(?,?,?)) WHERE column1 IS NOT NULL) AS r"
        );
        let sizes = |count| -> Vec<usize> {
            let statements = rows(count).statements(DbBackend::Sqlite, str::to_owned);
            statements.iter().map(|statement| statement.values.as_ref().unwrap().0.len() / 3).collect()
        };
        assert_eq!(sizes(0), [0_usize; 0]);
        assert_eq!(sizes(1), [1]);
        assert_eq!(sizes(101), [128]);
        assert_eq!(sizes(514), [256, 256, 2]);
        let many = rows(20_000).statements(DbBackend::Sqlite, str::to_owned);
        let room: usize = many.iter().map(|one| one.values.as_ref().unwrap().0.capacity()).sum();
        assert!(room < 2 * 20_000 * 3 + 3 * PIECE, "room for {room} cells");
    }
}
