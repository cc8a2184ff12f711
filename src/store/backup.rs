//! A copy of the database as a file of its own, and back.
//!
//! SQLite copies itself while it is written to, as of one moment. PostgreSQL has tools of its own for that; a copy that
//! goes anywhere is the full export (`archive`), which is what is written for it here.

use super::archive::{self, ArchiveError, Rows};
use super::connect::{self, Settings};
use super::{Store, StoreError};
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use tempfile::NamedTempFile;

/// How every file of SQLite begins.
const SQLITE: &[u8; 16] = b"SQLite format 3\0";

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copied {
    /// A database file.
    File,
    /// A full export of so many rows.
    Rows(u64),
}

/// Writes a file that appears whole or not at all, readable by its owner only; none that exists is replaced.
///
/// # Errors
/// When it exists or cannot be written.
pub async fn write_export(store: &Store, to: &Path, written: &Rows) -> Result<u64, ArchiveError> {
    let file = new_beside(to)?;
    let mut out = std::io::BufWriter::with_capacity(1 << 16, file);
    let rows = store.archive(&mut out, written).await?;
    let file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    keep(file, to)?;
    Ok(rows)
}

/// Copies the database into a new file, while others go on writing.
///
/// # Errors
/// When the file exists or cannot be written, or the database cannot be read.
pub async fn backup(
    settings: &Settings,
    store: &Store,
    to: &Path,
    written: &Rows,
) -> Result<Copied, ArchiveError> {
    if !settings.is_sqlite() {
        return Ok(Copied::Rows(write_export(store, to, written).await?));
    }
    let file = new_beside(to)?;
    let path = file.path().to_str().ok_or_else(|| StoreError::Unusable("the path is not UTF-8".into()))?;
    let connection = connect::alone(settings).await?;
    let copy = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO $1", [path.into()]);
    let copied = connection.execute_raw(copy).await;
    connection.close().await?;
    copied?;
    keep(file, to)?;
    Ok(Copied::File)
}

/// Makes a new database of a copy: a file of SQLite, or a full export into either kind.
///
/// # Errors
/// When there is a database already, or the copy is not whole.
pub async fn restore(settings: &Settings, from: &Path, taken: &Rows) -> Result<Copied, ArchiveError> {
    let mut begins = Vec::with_capacity(SQLITE.len());
    File::open(from)?.take(SQLITE.len() as u64).read_to_end(&mut begins)?;
    if begins != SQLITE {
        return Ok(Copied::Rows(archive::restore(settings, File::open(from)?, taken).await?));
    }
    let Some(to) = file_of(settings)? else {
        let words =
            "this copy is a file of SQLite; for PostgreSQL restore it into a file and export that in full";
        return Err(StoreError::Unusable(words.into()).into());
    };
    let mut copy = new_beside(&to)?;
    std::io::copy(&mut File::open(from)?, copy.as_file_mut())?;
    keep(copy, &to)?;
    Ok(Copied::File)
}

/// The file of a SQLite database.
fn file_of(settings: &Settings) -> Result<Option<PathBuf>, ArchiveError> {
    if !settings.is_sqlite() {
        return Ok(None);
    }
    let options = SqliteConnectOptions::from_str(&settings.url);
    let options = options.map_err(|error| StoreError::Unusable(error.to_string()))?;
    Ok(Some(options.get_filename().to_path_buf()))
}

/// A file without a name yet, in the directory of the one it becomes.
fn new_beside(to: &Path) -> Result<NamedTempFile, ArchiveError> {
    if to.exists() {
        let words = format!("{} exists already; nothing is written over", to.display());
        return Err(StoreError::Unusable(words).into());
    }
    let directory = to.parent().filter(|directory| !directory.as_os_str().is_empty());
    Ok(NamedTempFile::new_in(directory.unwrap_or_else(|| Path::new(".")))?)
}

/// Gives a finished file its name.
fn keep(file: NamedTempFile, to: &Path) -> Result<(), ArchiveError> {
    // The copy was made through the path; what has to reach the disk is the file there.
    File::open(file.path())?.sync_all()?;
    file.persist_noclobber(to).map_err(|error| error.error)?;
    Ok(())
}
