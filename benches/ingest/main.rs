//! How many tallies a second become durable through HTTP.
//!
//!     cargo bench --bench ingest -- --seconds 5 --callers 1,64,512 --engine sqlite
//!     scripts/with-postgres cargo bench --bench ingest -- --engine both
//!
//! Starts the real program on a database of its own, filled with a country in small, and sends it first reports from
//! so many callers at once, each on a connection of its own and waiting for its answer. Only acknowledged reports
//! count. Beside them it measures what the same request costs when it is read, judged and refused (the ceiling), and
//! totals read while reports arrive. At the end `pufa verify` must find nothing.
//!
//! With `--program` given twice, every step is run by both programs in turn: machines drift, ratios less.
#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::panic, reason = "a tool for developers")]

mod client;
mod country;
mod load;
mod program;

use clap::Parser;
use country::Country;
use load::{Kind, Measured};
use program::{Database, Program};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Measures durable submissions through HTTP.
#[derive(Debug, Parser)]
struct Options {
    /// Measured seconds of each step, after one that is not measured.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Callers at once, one step each.
    #[arg(long, value_delimiter = ',', default_value = "1,64,512")]
    callers: Vec<usize>,
    /// sqlite, postgres or both.
    #[arg(long, default_value = "sqlite")]
    engine: String,
    /// Villages under each of the 1,000 towns.
    #[arg(long, default_value_t = 50)]
    villages: usize,
    /// Who reports: an account for each town's villages, or one for each village.
    #[arg(long, default_value = "town", value_parser = ["town", "village"])]
    accounts: String,
    /// The program to measure; several are measured in turn.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_pufa"))]
    program: Vec<PathBuf>,
    /// Leave out the ceiling and the readers.
    #[arg(long)]
    only_submissions: bool,
    /// Where SQLite's files are put, to measure a certain disk.
    #[arg(long, default_value = "target")]
    dir: PathBuf,
    /// A PostgreSQL server on which databases may be made.
    #[arg(long, env = "PUFA_TEST_POSTGRES", hide = true)]
    postgres: Option<String>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let engines: &[&str] = match options.engine.as_str() {
        "sqlite" => &["sqlite"],
        "postgres" => &["postgres"],
        "both" => &["sqlite", "postgres"],
        other => panic!("--engine {other}: sqlite, postgres or both"),
    };
    println!("{}\n", Measured::HEADER);
    for engine in engines {
        runtime.block_on(measure(&options, engine));
    }
}

/// A program with its own database of the same content.
struct Candidate {
    program: PathBuf,
    database: Database,
    country: Arc<Country>,
    bytes_before: u64,
}

async fn measure(options: &Options, engine: &str) {
    let mut candidates = Vec::new();
    for program in &options.program {
        let database = match engine {
            "sqlite" => Database::sqlite(&options.dir),
            _ => {
                Database::postgres(
                    options
                        .postgres
                        .as_deref()
                        .unwrap_or_else(|| panic!("PUFA_TEST_POSTGRES names no server")),
                )
                .await
            }
        };
        let country = Country::enter(&database.url, options.villages, options.accounts == "village").await;
        let bytes_before = database.bytes().await;
        candidates.push(Candidate {
            program: program.clone(),
            database,
            country: Arc::new(country),
            bytes_before,
        });
    }
    for (at, &callers) in options.callers.iter().enumerate() {
        let last = at + 1 == options.callers.len();
        for candidate in &candidates {
            step(options, engine, candidate, Kind::Submit, callers).await;
        }
        for candidate in candidates.iter().filter(|_| callers >= 64 && !options.only_submissions) {
            step(options, engine, candidate, Kind::Refuse, callers).await;
            if !last {
                step(options, engine, candidate, Kind::SubmitAndRead, callers).await;
            }
        }
    }
    for candidate in candidates {
        let stored = candidate.country.taken();
        candidate.database.verify(&candidate.program);
        let bytes = candidate.database.bytes().await.saturating_sub(candidate.bytes_before);
        println!(
            "\n{engine}: {stored} tallies, {} bytes each with all totals; verified",
            bytes / stored.max(1)
        );
        candidate.database.remove().await;
    }
}

async fn step(options: &Options, engine: &str, candidate: &Candidate, kind: Kind, callers: usize) {
    let program = Program::start(&candidate.program, &candidate.database.url);
    let length = Duration::from_secs(options.seconds);
    let measured = load::run(&program, &candidate.database, &candidate.country, kind, callers, length).await;
    let name =
        if options.program.len() > 1 { candidate.program.display().to_string() } else { String::new() };
    println!("{}", measured.row(engine, kind, callers, &name));
    program.stop();
}
