//! The pieces of a document: cells, rows, and the digest over them.

use super::super::rows::Type;
use sea_orm::Value;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use sha2::{Digest, Sha256};
use std::fmt;

/// A value in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Null,
    Int(i64),
    Bool(bool),
    Text(String),
}

impl Cell {
    /// What the database gave; `None` for a type that no table has.
    pub(super) fn new(value: Value) -> Option<Self> {
        Some(match value {
            Value::Bool(value) => value.map_or(Self::Null, Self::Bool),
            Value::SmallInt(value) => value.map_or(Self::Null, |value| Self::Int(value.into())),
            Value::Int(value) => value.map_or(Self::Null, |value| Self::Int(value.into())),
            Value::BigInt(value) => value.map_or(Self::Null, Self::Int),
            Value::String(value) => value.map_or(Self::Null, Self::Text),
            _ => return None,
        })
    }

    /// What the database is given; `None` where the value is not of the type.
    pub(super) fn value(self, kind: Type) -> Option<Value> {
        Some(match (kind, self) {
            (Type::Small, Self::Null) => Value::SmallInt(None),
            (Type::Int, Self::Null) => Value::Int(None),
            (Type::Big, Self::Null) => Value::BigInt(None),
            (Type::Bool, Self::Null) => Value::Bool(None),
            (Type::Text, Self::Null) => Value::String(None),
            (Type::Small, Self::Int(value)) => Value::SmallInt(Some(value.try_into().ok()?)),
            (Type::Int, Self::Int(value)) => Value::Int(Some(value.try_into().ok()?)),
            (Type::Big, Self::Int(value)) => Value::BigInt(Some(value)),
            (Type::Bool, Self::Bool(value)) => Value::Bool(Some(value)),
            (Type::Text, Self::Text(value)) => value.into(),
            _ => return None,
        })
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Cell;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, a text, true, false or null")
            }
            fn visit_unit<E: Error>(self) -> Result<Cell, E> {
                Ok(Cell::Null)
            }
            fn visit_bool<E: Error>(self, value: bool) -> Result<Cell, E> {
                Ok(Cell::Bool(value))
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Cell, E> {
                Ok(Cell::Int(value))
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<Cell, E> {
                value.try_into().map(Cell::Int).map_err(E::custom)
            }
            fn visit_str<E: Error>(self, value: &str) -> Result<Cell, E> {
                Ok(Cell::Text(value.to_owned()))
            }
            fn visit_string<E: Error>(self, value: String) -> Result<Cell, E> {
                Ok(Cell::Text(value))
            }
        }
        from.deserialize_any(Any)
    }
}

/// A row as it stands in a document.
pub(super) fn line(cells: &[Cell]) -> serde_json::Result<String> {
    let mut line = String::from("[");
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            line.push(',');
        }
        match cell {
            Cell::Null => line.push_str("null"),
            Cell::Int(value) => line.push_str(&value.to_string()),
            Cell::Bool(value) => line.push_str(if *value { "true" } else { "false" }),
            Cell::Text(text) => line.push_str(&serde_json::to_string(text)?),
        }
    }
    line.push(']');
    Ok(line)
}

/// Counts rows and takes their digest: over the name of each table and each row of it, a line each.
#[derive(Debug, Default)]
pub(super) struct Seal {
    hash: Sha256,
    pub(super) rows: u64,
}

impl Seal {
    pub(super) fn table(&mut self, name: &str) {
        self.hash.update(name);
        self.hash.update("\n");
    }

    pub(super) fn row(&mut self, line: &str) {
        self.rows += 1;
        self.hash.update(line);
        self.hash.update("\n");
    }

    pub(super) fn end(self) -> String {
        hex::encode(self.hash.finalize())
    }
}

/// The name of a type in a document.
pub(super) const fn name_of(kind: Type) -> &'static str {
    match kind {
        Type::Small => "smallint",
        Type::Int => "integer",
        Type::Big => "bigint",
        Type::Bool => "boolean",
        Type::Text => "text",
    }
}

/// The type of that name.
pub(super) fn type_of(name: &str) -> Option<Type> {
    [Type::Small, Type::Int, Type::Big, Type::Bool, Type::Text]
        .into_iter()
        .find(|kind| name_of(*kind) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_back_as_it_was_written() {
        let cells =
            vec![Cell::Int(i64::MIN), Cell::Null, Cell::Text("引\"号\n\u{1}".into()), Cell::Bool(false)];
        let text = line(&cells).unwrap();
        assert_eq!(text, "[-9223372036854775808,null,\"引\\\"号\\n\\u0001\",false]");
        assert_eq!(serde_json::from_str::<Vec<Cell>>(&text).unwrap(), cells);
        for wrong in ["[1.5]", "[[1]]", "[{}]", "[18446744073709551615]"] {
            assert!(serde_json::from_str::<Vec<Cell>>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_value_is_of_the_type_of_its_column() {
        assert_eq!(Cell::Int(70_000).value(Type::Small), None);
        assert_eq!(Cell::Text("1".into()).value(Type::Int), None);
        assert_eq!(Cell::Int(1).value(Type::Bool), None);
        assert_eq!(Cell::Null.value(Type::Big), Some(Value::BigInt(None)));
        for kind in [Type::Small, Type::Int, Type::Big, Type::Bool, Type::Text] {
            assert_eq!(type_of(name_of(kind)), Some(kind));
        }
    }
}
