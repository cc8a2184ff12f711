//! `pufa verify` and `pufa migrate`.

use super::{Database, Failure, print, say};
use crate::store::{Settings, pending_migrations};
use clap::Subcommand;
use std::process::ExitCode;

/// Recomputes every total and checks the audit and the database.
pub(super) async fn verify(database: &Database) -> Result<ExitCode, Failure> {
    let store = database.open().await?;
    let findings = store.verify().await?;
    store.close().await;
    for finding in &findings {
        print(&finding.0)?;
    }
    if findings.is_empty() {
        say("every total is the sum of its tallies, and the audit is whole");
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("{} findings", findings.len()));
    Ok(ExitCode::FAILURE)
}

/// The schema.
#[derive(Debug, Subcommand)]
pub(super) enum Migrate {
    /// Print the migrations that the database lacks; exit 1 when there are any.
    Status(Database),
    /// Bring the schema up to date.
    Up(Database),
}

impl Migrate {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Status(database) => {
                let settings = Settings { migrate: false, ..database.settings() };
                let pending = pending_migrations(&settings).await?;
                for name in &pending {
                    print(name)?;
                }
                Ok(if pending.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
            Self::Up(database) => {
                database.open().await?.close().await;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}
