//! `pufa verify`, `pufa audit` and `pufa migrate`.

use super::{Database, Failure, print, say};
use crate::clock::Clock;
use crate::domain::calendar::{ReportDay, rfc3339};
use crate::store::{Anchor, Settings, Store, pending_migrations};
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// What the database is compared with.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Heads that were kept outside of the database, as `pufa audit head` prints them: `lane:number:seal`, or a file that
    /// holds such among other words. May be given several times.
    #[arg(long = "head", value_name = "HEAD|FILE")]
    heads: Vec<String>,
    #[command(flatten)]
    database: Database,
}

impl Verify {
    /// Recomputes every total and checks the audit and the database. Writes nothing.
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        check(&self.database, &anchors(&self.heads)?).await
    }
}

/// As `pufa verify` without heads: after a copy was taken in.
pub(super) async fn verify(database: &Database) -> Result<ExitCode, Failure> {
    check(database, &[]).await
}

async fn check(database: &Database, anchors: &[Anchor]) -> Result<ExitCode, Failure> {
    let settings = Settings { migrate: false, ..database.settings() };
    if !pending_migrations(&settings).await?.is_empty() {
        return Err(Failure::Usage("the schema is an older one: run pufa migrate up first".into()));
    }
    let store = Store::open(&settings, Clock::system()).await?;
    let findings = store.verify_against(anchors).await;
    store.close().await;
    let findings = findings?;
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

/// Heads as given: themselves, or in files.
fn anchors(heads: &[String]) -> Result<Vec<Anchor>, Failure> {
    let mut anchors = Vec::new();
    for given in heads {
        if let Some(anchor) = Anchor::read(given) {
            anchors.push(anchor);
            continue;
        }
        let text = std::fs::read_to_string(given)
            .map_err(|error| Failure::Usage(format!("--head {given}: no head, and no file: {error}")))?;
        let found: Vec<Anchor> = text.split_whitespace().filter_map(Anchor::read).collect();
        if found.is_empty() {
            return Err(Failure::Usage(format!("--head {given}: the file holds no head")));
        }
        anchors.extend(found);
    }
    Ok(anchors)
}

/// The audit.
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Print the heads of the audit's chains, to be kept elsewhere: a line each, `lane:number:seal` and when it was made.
    Head {
        /// The day at whose end they were so, such as 2026-12-04; now when absent.
        #[arg(long)]
        date: Option<ReportDay>,
        #[command(flatten)]
        database: Database,
    },
}

impl Audit {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let Self::Head { date, database } = self;
        let store = database.open().await?;
        let before = date.map(|day| day.plus(1).at(jiff::civil::Time::midnight()));
        let heads = store.audit_heads(before).await;
        store.close().await;
        for (head, at) in heads? {
            print(&format!("{head} {}", rfc3339(at)))?;
        }
        Ok(ExitCode::SUCCESS)
    }
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
