//! Many rows in one statement, written once for both databases.
//!
//! The rows of a batch travel as one parameter a column on PostgreSQL (`UNNEST`) and as one JSON parameter on SQLite
//! (`json_each`). Either way a statement is prepared once whatever the number of rows, and it runs as a whole: a
//! statement a row costs a hop to the connection's thread, or a round trip, for each.

use sea_orm::sea_query::{ArrayType, Value};
use sea_orm::{DbBackend, Statement};
use std::fmt::Write as _;

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

    /// The names of the columns, with commas.
    pub(super) fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// A statement over these rows: in the SQL that `sql` makes, its argument is a table of them.
    pub(super) fn statement(self, backend: DbBackend, sql: impl FnOnce(&str) -> String) -> Statement {
        match backend {
            DbBackend::Postgres => {
                let types =
                    self.columns.iter().zip(1..).map(|((_, kind), n)| format!("${n}::{}", kind.postgres()));
                let source =
                    format!("UNNEST({}) AS r({})", types.collect::<Vec<_>>().join(", "), self.names());
                let mut columns: Vec<Vec<Value>> = vec![Vec::new(); self.columns.len()];
                for (at, cell) in self.cells.into_iter().enumerate() {
                    columns[at % self.columns.len()].push(cell);
                }
                let arrays = columns
                    .into_iter()
                    .zip(self.columns)
                    .map(|(cells, (_, kind))| Value::Array(kind.array(), Some(Box::new(cells))));
                Statement::from_sql_and_values(backend, sql(&source), arrays.collect::<Vec<_>>())
            }
            _ => {
                let picks =
                    self.columns.iter().enumerate().map(|(n, (name, _))| format!("value->>{n} AS {name}"));
                let picks = picks.collect::<Vec<_>>().join(", ");
                // The offset keeps SQLite from folding the extraction into every use of a column.
                let source = format!("(SELECT {picks} FROM json_each($1) LIMIT -1 OFFSET 0) AS r");
                Statement::from_sql_and_values(
                    backend,
                    sql(&source),
                    [json(&self.cells, self.columns.len()).into()],
                )
            }
        }
    }
}

fn json(cells: &[Value], width: usize) -> String {
    let mut text = String::with_capacity(cells.len() * 8 + 2);
    text.push('[');
    for (at, row) in cells.chunks(width).enumerate() {
        text.push_str(if at == 0 { "[" } else { ",[" });
        for (at, cell) in row.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            write_cell(&mut text, cell);
        }
        text.push(']');
    }
    text.push(']');
    text
}

fn write_cell(text: &mut String, cell: &Value) {
    let written = match cell {
        Value::SmallInt(Some(n)) => write!(text, "{n}"),
        Value::Int(Some(n)) => write!(text, "{n}"),
        Value::BigInt(Some(n)) => write!(text, "{n}"),
        Value::Bool(Some(b)) => write!(text, "{}", u8::from(*b)),
        Value::String(Some(s)) => {
            text.push_str(&serde_json::Value::from(s.as_str()).to_string());
            Ok(())
        }
        _ => {
            text.push_str("null");
            Ok(())
        }
    };
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: Columns = &[("a", Type::Int), ("b", Type::Text), ("c", Type::Bool)];

    fn rows() -> Rows {
        let mut rows = Rows::new(COLUMNS);
        rows.push([1.into(), "引\"号\n".into(), true.into()]);
        rows.push([2.into(), "".into(), false.into()]);
        rows
    }

    #[test]
    fn rows_travel_as_json_or_as_arrays() {
        let sqlite = rows().statement(DbBackend::Sqlite, |rows| format!("SELECT a FROM {rows}"));
        assert_eq!(
            sqlite.sql,
            "SELECT a FROM (SELECT value->>0 AS a, value->>1 AS b, value->>2 AS c FROM json_each($1) LIMIT -1 OFFSET 0) AS r"
        );
        let json = sqlite.values.unwrap().0.remove(0).unwrap::<String>();
        assert_eq!(json, "[[1,\"引\\\"号\\n\",1],[2,\"\",0]]");
        let postgres = rows().statement(DbBackend::Postgres, |rows| format!("SELECT a FROM {rows}"));
        assert_eq!(postgres.sql, "SELECT a FROM UNNEST($1::int4[], $2::text[], $3::bool[]) AS r(a, b, c)");
        assert_eq!(postgres.values.unwrap().0.len(), 3);
    }
}
