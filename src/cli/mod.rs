//! The command line. Data to stdout, words to stderr; 0 done, 1 the work failed, 2 wrong usage.

mod backup;
mod chart;
mod demo;
mod export;
mod import;
mod parse;
mod press;
mod serve;
mod simulate;
mod token;
mod user;
mod verify;

use crate::clock::Clock;
use crate::domain::access::{Actor, Grant, Role};
use crate::i18n::Lang;
use crate::service::Caller;
use crate::store::archive::ArchiveError;
use crate::store::{Settings, Store, StoreError};
use clap::{Args, Parser, Subcommand};
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

/// Publicity-drive reporting: units report daily tallies, the office sees exact totals.
#[derive(Debug, Parser)]
#[command(name = "pufa", version, about, propagate_version = true)]
pub struct Command {
    /// Levels of the log, such as `info` or `pufa=debug`.
    #[arg(long, global = true, env = "PUFA_LOG", default_value = "info,sea_orm_migration=warn")]
    log: String,
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Migrate the database and serve.
    Serve(serve::Serve),
    /// Serve five past drives and one running, in a throw-away database.
    Demo(demo::Demo),
    /// Draw a picture without a server.
    Chart(Box<chart::Chart>),
    /// Read report text into figures, as JSON.
    Parse(parse::Parse),
    /// Print lines for the press.
    Press(press::Press),
    /// Write figures or a template into a file.
    Export(Box<export::Export>),
    /// Take in units, reports or consultations from a file, all of it or nothing.
    Import(Box<import::Import>),
    /// Copy the database into a new file while it is used.
    Backup(backup::Backup),
    /// Make a new database of a copy or a full export, and check it.
    Restore(backup::Restore),
    /// Accounts.
    #[command(subcommand)]
    User(user::User),
    /// Tokens for programs.
    #[command(subcommand)]
    Token(token::Token),
    /// Recompute every total and check the audit and the database.
    Verify(verify::Verify),
    /// The audit.
    #[command(subcommand)]
    Audit(verify::Audit),
    /// The schema.
    #[command(subcommand)]
    Migrate(verify::Migrate),
    /// Fill an empty database with a country's units and reports, to measure with.
    Simulate(simulate::Simulate),
    /// Print the description of the API.
    Openapi,
    /// The settings.
    #[command(subcommand)]
    Config(Config),
}

#[derive(Debug, Subcommand)]
enum Config {
    /// Check the settings and whether the database can be opened.
    Check(Database),
}

/// Which database.
#[derive(Debug, Clone, Args)]
struct Database {
    /// `sqlite://FILE?mode=rwc` or `postgres://USER@HOST/NAME`.
    #[arg(long, env = "PUFA_DATABASE", default_value = "sqlite://pufa.db?mode=rwc", hide_env_values = true)]
    database: String,
    /// Writer lane of this process on a PostgreSQL cluster: give each replica its own.
    #[arg(long, env = "PUFA_LANE", default_value_t = 0, value_parser = clap::value_parser!(i16).range(0..=999))]
    lane: i16,
}

impl Database {
    fn settings(&self) -> Settings {
        Settings { shard: self.lane, ..Settings::new(&self.database) }
    }

    async fn open(&self) -> Result<Store, StoreError> {
        Store::open(&self.settings(), Clock::system()).await
    }
}

/// Who holds the database file may see all of it.
fn holder(lang: Lang) -> Caller {
    let grants = vec![Grant { role: Role::Viewer, unit: None, below: true }];
    Caller { actor: Arc::new(Actor::new(0, String::new(), grants)), lang, address: None }
}

/// Why a command failed, in words for the person at the terminal.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The work failed.
    #[error("{0}")]
    Work(String),
    /// The command was used wrongly.
    #[error("{0}")]
    Usage(String),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unusable(words) => Self::Usage(words),
            other => Self::Work(other.to_string()),
        }
    }
}

impl From<crate::service::Error> for Failure {
    fn from(error: crate::service::Error) -> Self {
        let problem = crate::http::error::Error::from(error);
        let words: Vec<String> =
            problem.faults(crate::i18n::Lang::En).into_iter().map(|fault| fault.message).collect();
        if words.is_empty() {
            Self::Work(problem.title(crate::i18n::Lang::En))
        } else {
            Self::Usage(words.join("; "))
        }
    }
}

impl From<ArchiveError> for Failure {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Store(error) => error.into(),
            other => Self::Work(other.to_string()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Work(error.to_string())
    }
}

impl From<crate::boot::BootError> for Failure {
    fn from(error: crate::boot::BootError) -> Self {
        match error {
            crate::boot::BootError::Store(error) => error.into(),
            other => Self::Work(other.to_string()),
        }
    }
}

/// Runs a command.
#[must_use]
pub fn main(command: Command) -> ExitCode {
    crate::telemetry::start(&command.log);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(command.task)) {
        Ok(code) => code,
        Err(failure) => {
            say(&format!("pufa: {failure}"));
            ExitCode::from(if matches!(failure, Failure::Usage(_)) { 2 } else { 1 })
        }
    }
}

async fn run(task: Task) -> Result<ExitCode, Failure> {
    match task {
        Task::Serve(serve) => serve.run().await,
        Task::Demo(demo) => demo.run().await,
        Task::Chart(chart) => chart.run().await,
        Task::Press(press) => press.run().await,
        Task::Parse(parse) => parse.run().await,
        Task::Export(export) => export.run().await,
        Task::Import(import) => import.run().await,
        Task::Backup(backup) => backup.run().await,
        Task::Restore(restore) => restore.run().await,
        Task::User(user) => user.run().await,
        Task::Token(token) => token.run().await,
        Task::Verify(verify) => verify.run().await,
        Task::Audit(audit) => audit.run().await,
        Task::Migrate(migrate) => migrate.run().await,
        Task::Simulate(simulate) => simulate.run().await,
        Task::Openapi => {
            let text = serde_json::to_string_pretty(&*crate::http::openapi::DOCUMENT);
            print(&text.map_err(|error| Failure::Work(error.to_string()))?)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Config(Config::Check(database)) => {
            database.open().await?.close().await;
            say("the database can be used");
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// A line of data, to stdout.
fn print(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// A line of words, to stderr; nobody may be there to read it.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Done when the process is asked to end.
async fn asked_to_end() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}
