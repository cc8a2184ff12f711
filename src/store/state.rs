//! Seals over what is changed in place.
//!
//! Versions, ledger entries and publications are only ever added to, each sealed by the audit entry of its own. Units,
//! campaigns, accounts, grants, sessions, tokens, links, locks, hooks and lines are changed where they lie. Their rows are
//! parted into buckets; whoever changes a row touches its bucket, and the transaction's audit entry holds a digest of every
//! bucket it left behind, so what the tables say is tied to the chain. The latest digests are also kept in `seals`, with a
//! number that counts the seals of a bucket across lanes.

use super::audit;
use super::rows::{Columns, Rows, Type};
use super::{StoreError, Transaction};
use sea_orm::{ConnectionTrait, Statement};
use std::collections::{BTreeMap, BTreeSet};

/// How a column is written into the text that is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    Bool,
}

/// A table whose rows are sealed.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) table: &'static str,
    /// The number that says in which bucket a row lies.
    key: &'static str,
    /// Rows' numbers to a bucket.
    pub(super) width: i32,
    columns: &'static [(&'static str, Kind)],
    /// Which rows, where not all.
    only: &'static str,
}

use Kind::{Bool, Plain};

const fn table(
    table: &'static str,
    key: &'static str,
    width: i32,
    columns: &'static [(&'static str, Kind)],
) -> Sealed {
    Sealed { table, key, width, columns, only: "" }
}

pub(super) static UNITS: Sealed = table(
    "units",
    "id",
    256,
    &[
        ("code", Plain),
        ("name", Plain),
        ("kind", Plain),
        ("parent_id", Plain),
        ("opened_on", Plain),
        ("closed_on", Plain),
        ("position", Plain),
    ],
);
pub(super) static CAMPAIGNS: Sealed = table(
    "campaigns",
    "id",
    16,
    &[
        ("slug", Plain),
        ("kind", Plain),
        ("year", Plain),
        ("name", Plain),
        ("ordinal", Plain),
        ("theme", Plain),
        ("starts_on", Plain),
        ("ends_on", Plain),
        ("deadline", Plain),
        ("unit_id", Plain),
        ("locked", Bool),
        ("demo", Bool),
    ],
);
pub(super) static CAMPAIGN_MEASURES: Sealed = table(
    "campaign_measures",
    "campaign_id",
    1,
    &[
        ("code", Plain),
        ("position", Plain),
        ("name", Plain),
        ("name_en", Plain),
        ("word", Plain),
        ("word_en", Plain),
        ("target", Plain),
    ],
);
pub(super) static CAMPAIGN_UNITS: Sealed = table("campaign_units", "campaign_id", 1, &[("unit_id", Plain)]);
pub(super) static SLOTS: Sealed =
    table("slots", "id", 256, &[("measure", Plain), ("title", Plain), ("topic", Plain), ("mode", Plain)]);
/// Without what changes by itself: the epochs, which every process raises.
pub(super) static SETTINGS: Sealed = Sealed {
    table: "settings",
    key: "0",
    width: 1,
    columns: &[("name", Plain), ("value", Plain)],
    only: " AND name NOT IN ('catalogue_epoch', 'accounts_epoch')",
};
/// Without the step of the last one-time code, which keeps a code from being used twice and changes as they are used.
pub(super) static USERS: Sealed = table(
    "users",
    "id",
    16,
    &[
        ("username", Plain),
        ("password_hash", Plain),
        ("disabled", Bool),
        ("created_at", Plain),
        ("temporary_since", Plain),
        ("totp_secret", Plain),
        ("totp_since", Plain),
    ],
);
pub(super) static GRANTS: Sealed =
    table("grants", "user_id", 16, &[("id", Plain), ("role", Plain), ("unit_id", Plain), ("below", Bool)]);
pub(super) static RECOVERY_CODES: Sealed = table("recovery_codes", "user_id", 16, &[("code_hash", Plain)]);
/// Without when they were last used, which is noted once a minute.
pub(super) static SESSIONS: Sealed = table(
    "sessions",
    "id",
    16,
    &[
        ("token_hash", Plain),
        ("user_id", Plain),
        ("created_at", Plain),
        ("idle", Plain),
        ("expires_at", Plain),
        ("address", Plain),
    ],
);
/// Without when they were last used.
pub(super) static API_TOKENS: Sealed = table(
    "api_tokens",
    "id",
    16,
    &[
        ("user_id", Plain),
        ("name", Plain),
        ("token_hash", Plain),
        ("role", Plain),
        ("unit_id", Plain),
        ("below", Bool),
        ("created_at", Plain),
        ("expires_at", Plain),
        ("revoked_at", Plain),
    ],
);
pub(super) static REPORT_LINKS: Sealed = table(
    "report_links",
    "id",
    16,
    &[
        ("campaign_id", Plain),
        ("unit_id", Plain),
        ("token_hash", Plain),
        ("created_by", Plain),
        ("created_at", Plain),
        ("expires_at", Plain),
        ("revoked_at", Plain),
        ("kind", Plain),
    ],
);
pub(super) static DAY_LOCKS: Sealed = table(
    "day_locks",
    "campaign_id",
    1,
    &[("day", Plain), ("reason", Plain), ("actor_id", Plain), ("at", Plain)],
);
pub(super) static LOCK_EXCEPTIONS: Sealed = table(
    "lock_exceptions",
    "campaign_id",
    1,
    &[
        ("day", Plain),
        ("unit_id", Plain),
        ("until", Plain),
        ("reason", Plain),
        ("actor_id", Plain),
        ("at", Plain),
    ],
);
/// Without until when they rest after a failure.
pub(super) static HOOKS: Sealed = table(
    "hooks",
    "id",
    16,
    &[
        ("campaign_id", Plain),
        ("unit_id", Plain),
        ("kind", Plain),
        ("url", Plain),
        ("secret", Plain),
        ("events", Plain),
        ("missing_at", Plain),
        ("summary_at", Plain),
        ("lang", Plain),
        ("disabled", Bool),
        ("created_by", Plain),
        ("created_at", Plain),
    ],
);

/// Who was asked for a report, when and through what: whether a unit was reminded is what it is later held to.
pub(super) static CHASES: Sealed = table(
    "chases",
    "id",
    16,
    &[
        ("campaign_id", Plain),
        ("day", Plain),
        ("unit_id", Plain),
        ("channel", Plain),
        ("asked", Plain),
        ("actor_id", Plain),
        ("hook_id", Plain),
        ("at", Plain),
    ],
);
pub(super) static CHASE_UNITS: Sealed = table(
    "chase_units",
    "chase_id",
    1,
    &[("campaign_id", Plain), ("unit_id", Plain), ("day", Plain), ("at", Plain)],
);
pub(super) static UNIT_LIAISONS: Sealed = table("unit_liaisons", "unit_id", 256, &[("label", Plain)]);

/// Every table that is sealed; `pufa verify` looks at all of them.
pub(super) static ALL: [&Sealed; 18] = [
    &UNITS,
    &CAMPAIGNS,
    &CAMPAIGN_MEASURES,
    &CAMPAIGN_UNITS,
    &SLOTS,
    &SETTINGS,
    &USERS,
    &GRANTS,
    &RECOVERY_CODES,
    &SESSIONS,
    &API_TOKENS,
    &REPORT_LINKS,
    &DAY_LOCKS,
    &LOCK_EXCEPTIONS,
    &HOOKS,
    &CHASES,
    &CHASE_UNITS,
    &UNIT_LIAISONS,
];

/// What parts two columns; no text of this service holds a control character.
const PARTED: &str = "\u{1f}";

/// Buckets read in one statement.
const BUCKETS: i32 = 64;

impl Sealed {
    pub(super) const fn bucket(&self, key: i32) -> i32 {
        key.div_euclid(self.width)
    }

    /// The numbers of the rows of a bucket, for people.
    pub(super) fn rows(&self, bucket: i32) -> String {
        let first = bucket.saturating_mul(self.width);
        let last = first.saturating_add(self.width - 1);
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    }

    /// The digests of the buckets of a range that hold rows.
    pub(super) async fn digests(
        &self,
        connection: &impl ConnectionTrait,
        first: i32,
        last: i32,
    ) -> Result<BTreeMap<i32, String>, StoreError> {
        let write = |(name, kind): &(&str, Kind)| match kind {
            Plain => format!("COALESCE('=' || CAST({name} AS TEXT), '')"),
            Bool => format!("CASE WHEN {name} THEN '1' ELSE '0' END"),
        };
        let text: Vec<String> = self.columns.iter().map(write).collect();
        let key = self.key;
        let sql = format!(
            "SELECT {key}, {text} FROM {table} WHERE {key} >= $1 AND {key} <= $2{only}",
            text = text.join(&format!(" || '{PARTED}' || ")),
            table = self.table,
            only = self.only,
        );
        let from = first.saturating_mul(self.width);
        let to = last.saturating_mul(self.width).saturating_add(self.width - 1);
        let values: [sea_orm::Value; 2] = [from.into(), to.into()];
        let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
        let mut texts: BTreeMap<i32, Vec<String>> = BTreeMap::new();
        for row in connection.query_all_raw(statement).await? {
            let (key, text): (i32, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            texts.entry(self.bucket(key)).or_default().push(format!("{key}{PARTED}{text}"));
        }
        // Sorted here, for the order of a database's texts may change with the system's.
        let seal = |(bucket, mut texts): (i32, Vec<String>)| {
            texts.sort_unstable();
            (bucket, audit::digest(texts.iter().map(String::as_str)))
        };
        Ok(texts.into_iter().map(seal).collect())
    }

    /// The first bucket from this one on that holds rows.
    pub(super) async fn next(
        &self,
        connection: &impl ConnectionTrait,
        from: i32,
    ) -> Result<Option<i32>, StoreError> {
        let (key, table, only) = (self.key, self.table, self.only);
        let sql = format!("SELECT MIN({key}) FROM {table} WHERE {key} >= $1{only}");
        let from = from.saturating_mul(self.width);
        let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [from.into()]);
        let row = connection.query_one_raw(statement).await?;
        let key: Option<i32> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
        Ok(key.map(|key| self.bucket(key)))
    }

    /// The digests of the buckets that hold rows, a piece at a time: those of the first piece from this bucket on, and
    /// where the next begins; none when there are no more.
    pub(super) async fn piece(
        &self,
        connection: &impl ConnectionTrait,
        from: i32,
    ) -> Result<Option<(BTreeMap<i32, String>, i32)>, StoreError> {
        let Some(first) = self.next(connection, from).await? else { return Ok(None) };
        let last = first.saturating_add(BUCKETS - 1);
        Ok(Some((self.digests(connection, first, last).await?, last.saturating_add(1))))
    }
}

/// The digest of a bucket without rows.
pub(super) fn empty() -> String {
    audit::Digest::new().finish()
}

/// Buckets that a transaction changed: the table's place in [`ALL`], and the bucket.
pub(super) type Touched = BTreeSet<(usize, i32)>;

/// One seal of a bucket as an entry holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seal {
    pub(super) number: i64,
    pub(super) digest: String,
}

/// Seals as an audit entry keeps them: `{"units/3":"7 1f0c…"}`.
pub(super) fn write(seals: &BTreeMap<(usize, i32), Seal>) -> Option<String> {
    if seals.is_empty() {
        return None;
    }
    let one = |((table, bucket), seal): (&(usize, i32), &Seal)| {
        (format!("{}/{bucket}", ALL[*table].table), format!("{} {}", seal.number, seal.digest).into())
    };
    Some(serde_json::Value::Object(seals.iter().map(one).collect()).to_string())
}

/// Reads them back; what cannot be read is left out, and its bucket then lacks a seal.
pub(super) fn read(text: &str) -> Vec<((usize, i32), Seal)> {
    let found: BTreeMap<String, String> = serde_json::from_str(text).unwrap_or_default();
    let one = |(place, seal): (String, String)| {
        let (name, bucket) = place.split_once('/')?;
        let table = ALL.iter().position(|sealed| sealed.table == name)?;
        let (number, digest) = seal.split_once(' ')?;
        Some(((table, bucket.parse().ok()?), Seal { number: number.parse().ok()?, digest: digest.into() }))
    };
    found.into_iter().filter_map(one).collect()
}

/// Tables with rows of which nothing was ever sealed: those of a database that was filled before they were. Seals that
/// somebody took away are not made anew, for the audit still knows of them.
pub(super) async fn unsealed(connection: &impl ConnectionTrait) -> Result<Vec<&'static Sealed>, StoreError> {
    let backend = connection.get_database_backend();
    let found = async |sql: &str, value: &str| -> Result<bool, StoreError> {
        let statement = Statement::from_sql_and_values(backend, sql, [value.into()]);
        Ok(connection.query_one_raw(statement).await?.is_some())
    };
    let mut unsealed = Vec::new();
    for table in ALL {
        if !found("SELECT 1 FROM seals WHERE name = $1 LIMIT 1", table.table).await?
            && table.next(connection, i32::MIN / table.width).await?.is_some()
            && !found("SELECT 1 FROM audit WHERE state LIKE $1 LIMIT 1", &format!("%\"{}/%", table.table))
                .await?
        {
            unsealed.push(table);
        }
    }
    Ok(unsealed)
}

const SEALS: Columns =
    &[("name", Type::Text), ("bucket", Type::Int), ("number", Type::Big), ("digest", Type::Text)];

impl Transaction {
    /// Says that a row was changed, entered or taken away; the next audit entry seals what became of it.
    pub(super) fn touch(&mut self, table: &'static Sealed, key: i32) {
        if let Some(at) = ALL.iter().position(|sealed| std::ptr::eq(*sealed, table)) {
            self.touched().insert((at, table.bucket(key)));
        }
    }

    /// Seals every bucket of the tables that were filled before they were sealed.
    pub(super) async fn touch_unsealed(&mut self) -> Result<(), StoreError> {
        for table in unsealed(self.connection()).await? {
            let mut from = i32::MIN / table.width;
            while let Some((found, next)) = table.piece(self.connection(), from).await? {
                found.into_keys().for_each(|bucket| self.touch(table, bucket.saturating_mul(table.width)));
                if next == i32::MAX {
                    break;
                }
                from = next;
            }
        }
        Ok(())
    }

    /// Digests of what was touched, as the audit entry keeps them.
    pub(super) async fn seal_touched(&mut self) -> Result<Option<String>, StoreError> {
        let touched: Vec<(usize, i32)> = std::mem::take(self.touched()).into_iter().collect();
        if touched.is_empty() {
            return Ok(None);
        }
        let mut digests: BTreeMap<(usize, i32), String> = BTreeMap::new();
        for run in touched.chunk_by(|a, b| a.0 == b.0 && b.1 - a.1 == 1) {
            for piece in run.chunks(BUCKETS as usize) {
                let (Some(&(table, first)), Some(&(_, last))) = (piece.first(), piece.last()) else {
                    continue;
                };
                let found = ALL[table].digests(self.connection(), first, last).await?;
                piece.iter().for_each(|place| {
                    digests.insert(*place, found.get(&place.1).cloned().unwrap_or_else(empty));
                });
            }
        }
        let mut rows = Rows::new(SEALS);
        for ((table, bucket), digest) in &digests {
            rows.push([ALL[*table].table.into(), (*bucket).into(), 1_i64.into(), digest.as_str().into()]);
        }
        let names = rows.names();
        // `WHERE TRUE` keeps SQLite from reading the conflict clause as a condition of a join.
        let upsert = |rows: &str| {
            format!(
                "INSERT INTO seals ({names}) SELECT {names} FROM {rows} WHERE TRUE ON CONFLICT (name, bucket) \
                 DO UPDATE SET number = seals.number + 1, digest = excluded.digest RETURNING name, bucket, number"
            )
        };
        let mut seals = BTreeMap::new();
        for row in rows.query(self.connection(), upsert).await? {
            let (name, bucket): (String, i32) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            let Some(table) = ALL.iter().position(|sealed| sealed.table == name) else { continue };
            let digest = digests.remove(&(table, bucket)).unwrap_or_default();
            seals.insert((table, bucket), Seal { number: row.try_get_by_index(2)?, digest });
        }
        Ok(write(&seals))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seals_are_read_as_they_were_written() {
        let seal = Seal { number: 7, digest: "ab".into() };
        let seals = BTreeMap::from([((0, 3), seal.clone()), ((6, 0), seal)]);
        let text = write(&seals).unwrap();
        assert_eq!(text, r#"{"units/3":"7 ab","users/0":"7 ab"}"#);
        assert_eq!(read(&text), seals.into_iter().collect::<Vec<_>>());
        assert_eq!(write(&BTreeMap::new()), None);
        for text in ["", "[]", r#"{"others/3":"7 ab"}"#, r#"{"units":"7 ab"}"#, r#"{"units/3":"x"}"#] {
            assert!(read(text).is_empty(), "{text}");
        }
    }
}
