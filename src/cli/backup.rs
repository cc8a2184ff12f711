//! `pufa backup` and `pufa restore`.

use super::{Database, Failure, say};
use crate::store::archive::Rows;
use crate::store::backup::{self, Copied};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Where a copy goes.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// A new file: of SQLite from SQLite, a full export (JSON) from PostgreSQL. As confidential as the database.
    file: PathBuf,
    #[command(flatten)]
    database: Database,
}

/// Which copy is taken.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// What `backup` or `export full` wrote. The database must be new.
    file: PathBuf,
    #[command(flatten)]
    database: Database,
}

impl Backup {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let store = self.database.open().await?;
        let rows = Rows::default();
        let settings = self.database.settings();
        let done = watched(backup::backup(&settings, &store, &self.file, &rows), &rows).await;
        store.close().await;
        say(&match done? {
            Copied::File => "copied".to_owned(),
            Copied::Rows(rows) => format!("{rows} rows written as a full export"),
        });
        Ok(ExitCode::SUCCESS)
    }
}

impl Restore {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let rows = Rows::default();
        watched(backup::restore(&self.database.settings(), &self.file, &rows), &rows).await?;
        super::verify::verify(&self.database).await
    }
}

/// Waits for work, and shows the rows that have gone through on a terminal.
pub(super) async fn watched<T>(work: impl Future<Output = T>, rows: &Rows) -> T {
    let bar = indicatif::ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(200));
    let mut work = std::pin::pin!(work);
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            () = tokio::time::sleep(Duration::from_millis(200)) => {
                bar.set_message(format!("{} rows", rows.load(Ordering::Relaxed)));
            }
        }
    };
    bar.finish_and_clear();
    done
}
