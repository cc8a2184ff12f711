//! Everything in a database as one JSON document, and back into an empty database of either kind.
//!
//! A document names the version of its form and the migrations its tables were made by, then holds every table, a row a
//! line, and ends with the count of rows and a digest over them. It describes its own columns, so a document of an older
//! schema goes into a database of that schema, which is then brought up to date. Both ways a row at a time: a nation's
//! database is never held in memory.
//!
//! It holds what the database holds: hashes of passwords, digests of tokens, secrets of hooks. It is as confidential.

mod document;
mod read;
mod write;

pub use read::restore;

use super::StoreError;
use sea_orm::DbErr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Rows that have gone through, for whoever waits.
pub type Rows = Arc<AtomicU64>;

/// What a document calls itself.
const FORMAT: &str = "pufa-full";

/// The version of the form that is written. Only a change that an older program would misread raises it.
const VERSION: u32 = 1;

/// Why everything could not be written, or not be taken in. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The database refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be read or written.
    #[error("file: {0}")]
    File(#[from] std::io::Error),
    /// The file is not such a document, or is damaged.
    #[error("not a whole export: {0}")]
    Document(String),
    /// The database holds something already.
    #[error("the database is not empty: table {0} has rows; a full export goes into a new database")]
    NotEmpty(String),
}

impl From<DbErr> for ArchiveError {
    fn from(error: DbErr) -> Self {
        Self::Store(error.into())
    }
}

fn damaged(what: impl std::fmt::Display) -> ArchiveError {
    ArchiveError::Document(what.to_string())
}

/// Names of this program's migrations, in order.
fn migrations() -> Vec<String> {
    use sea_orm_migration::MigratorTrait;
    pufa_migrations::Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}
