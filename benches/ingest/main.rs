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
//! With `--replicas 1,2` steps are run by one program and by two on one database in turn. With `--contend 1000000` nothing
//! is measured: the same few reports are corrected so often, and must all be there.
//!
//! With `--standby` the totals beside reports are read without a standby and with it.
//!
//! With `--program` given twice, every step is run by both programs in turn: machines drift, ratios less.
#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::panic, reason = "a tool for developers")]

mod asked;
mod ceiling;
mod client;
mod contend;
mod country;
mod load;
mod office;
mod peer;
mod program;

use asked::Asked;
use clap::Parser;
use client::Connection;
use country::Country;
use load::{Kind, Measured};
use peer::Peer;
use program::{Database, Program};
use std::net::SocketAddr;
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
    /// Replicas of the program on one PostgreSQL, each in a lane of its own; one step each.
    #[arg(long, value_delimiter = ',', default_value = "1")]
    replicas: Vec<usize>,
    /// Do nothing but correct the same few reports so many times, from many callers and through two replicas.
    #[arg(long)]
    contend: Option<u32>,
    /// Leave out the ceilings and the readers.
    #[arg(long)]
    only_submissions: bool,
    /// Reports a second of steps in which reports are sent at a steady rate, over 256 connections.
    #[arg(long, value_delimiter = ',')]
    rates: Vec<u32>,
    /// Boards that are open at once, and are told of reports; measured alone, as is `--refresh`.
    #[arg(long)]
    listeners: Option<usize>,
    /// People who fetch the nation's board in the same moment.
    #[arg(long)]
    refresh: Option<usize>,
    /// A peer to measure in turn, `FORM,NAME,ADDRESS,PROCESS,TOKEN`; see bench/peers.
    #[arg(long, value_parser = Peer::parse)]
    peer: Vec<Peer>,
    /// Do nothing but ask programs that run already, in turn: `NAME,ADDRESS,PROCESS,TOKEN,PATH`.
    #[arg(long, value_parser = Asked::parse)]
    asked: Vec<Asked>,
    /// A database that `pufa simulate` filled, instead of one made for this.
    #[arg(long)]
    simulated: Option<String>,
    /// Every step so many times, in turn.
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// Be the ceiling.
    #[arg(long, hide = true)]
    ceiling: bool,
    /// Where SQLite's files are put, to measure a certain disk.
    #[arg(long, default_value = "target")]
    dir: PathBuf,
    /// A PostgreSQL server on which databases may be made.
    #[arg(long, env = "PUFA_TEST_POSTGRES", hide = true)]
    postgres: Option<String>,
    /// Milliseconds after which each of the readers asks again; 0 for as soon as it has its answer.
    #[arg(long, default_value_t = 20)]
    read_every: u64,
    /// `HOST:PORT` of a standby of that server: totals are read beside reports without it and with it, in turn.
    #[arg(long)]
    standby: Option<String>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if options.ceiling {
        return runtime.block_on(ceiling::serve());
    }
    let engines: &[&str] = match options.engine.as_str() {
        "sqlite" => &["sqlite"],
        "postgres" => &["postgres"],
        "both" => &["sqlite", "postgres"],
        other => panic!("--engine {other}: sqlite, postgres or both"),
    };
    if !options.asked.is_empty() {
        println!("{}", Measured::HEADER);
        return runtime.block_on(asked::measure(&options));
    }
    let looking = options.listeners.is_some() || options.refresh.is_some();
    println!("{}", if looking { office::HEADER } else { Measured::HEADER });
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
            _ if options.simulated.is_some() => Database::kept(options.simulated.as_deref().unwrap()),
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
        let country = match options.simulated {
            Some(_) => Country::simulated(&database.url).await,
            None => Country::enter(&database.url, options.villages, options.accounts == "village").await,
        };
        let bytes_before = database.bytes().await;
        candidates.push(Candidate {
            program: program.clone(),
            database,
            country: Arc::new(country),
            bytes_before,
        });
    }
    if let Some(times) = options.contend {
        for candidate in candidates {
            contend::run(&candidate.program, &candidate.database, &candidate.country, times).await;
            candidate.database.remove().await;
        }
        return;
    }
    if options.listeners.is_some() || options.refresh.is_some() {
        return look(options, candidates).await;
    }
    for _ in 0..options.rounds {
        for candidate in candidates.iter().filter(|_| options.simulated.is_some()) {
            step(options, engine, candidate, Kind::Read, 8).await;
        }
        for &callers in &options.callers {
            let mut kinds = vec![Kind::Submit];
            if callers >= 64 && !options.only_submissions {
                kinds.extend([Kind::Refuse, Kind::SubmitAndRead]);
                step(options, engine, &candidates[0], Kind::Parse, callers).await;
            }
            for peer in &options.peer {
                let kind = Kind::Peer(peer.form);
                let (database, country) = (&candidates[0].database, &candidates[0].country);
                let measured =
                    load::run(&[Program::peer(peer)], database, country, kind, callers, times(options)).await;
                println!("{}", measured.row("its own", &kind.name(), callers, &peer.name));
            }
            for kind in kinds {
                for candidate in &candidates {
                    step(options, engine, candidate, kind, callers).await;
                }
            }
        }
        for &rate in &options.rates {
            for candidate in &candidates {
                step(options, engine, candidate, Kind::Steady(rate), STEADY_CALLERS).await;
                if !options.only_submissions {
                    step(options, engine, candidate, Kind::SteadyAndRead(rate), STEADY_CALLERS).await;
                }
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

/// What offices wait for when they look all at once.
async fn look(options: &Options, candidates: Vec<Candidate>) {
    for candidate in candidates {
        let program = Program::start(&candidate.program, &candidate.database.url, 0, None);
        if let Some(people) = options.refresh {
            for own in [false, true] {
                office::refresh(&program, &candidate.country, (people, own), REPORTS).await;
            }
        }
        if let Some(streams) = options.listeners {
            office::listen(&program, &candidate.country, streams, REPORTS).await;
        }
        program.stop();
        candidate.database.remove().await;
    }
}

/// Reports that come in while offices look.
const REPORTS: usize = 5;
/// Connections over which reports are sent at a steady rate.
const STEADY_CALLERS: usize = 256;

async fn step(options: &Options, engine: &str, candidate: &Candidate, kind: Kind, callers: usize) {
    if kind == Kind::Parse {
        let programs = [Program::ceiling()];
        measured(options, engine, candidate, &programs, kind, callers).await;
        return programs.into_iter().for_each(Program::stop);
    }
    for &replicas in &options.replicas {
        let lanes = 0..i16::try_from(replicas).unwrap();
        let mut standbys = vec![None];
        if kind == Kind::SubmitAndRead {
            standbys.extend(options.standby.iter().map(|at| Some(candidate.database.at(at))));
        }
        for standby in standbys {
            let start =
                |lane| Program::start(&candidate.program, &candidate.database.url, lane, standby.as_deref());
            let programs: Vec<Program> = lanes.clone().map(start).collect();
            measured(options, engine, candidate, &programs, kind, callers).await;
            for program in programs.iter().filter(|_| standby.is_some()) {
                println!("{}", older_reads(program.address).await);
            }
            programs.into_iter().for_each(Program::stop);
        }
    }
}

/// Where totals were read, as the program counts it.
async fn older_reads(address: SocketAddr) -> String {
    let mut connection = Connection::open(address).await;
    connection.exchange("GET", "/metrics", "", "").await;
    let counts = connection.body().lines().filter(|line| line.starts_with("pufa_older_reads_total"));
    counts.collect::<Vec<_>>().join("; ")
}

/// How long a step is, and how often each reader asks.
const fn times(options: &Options) -> (Duration, Duration) {
    (Duration::from_secs(options.seconds), Duration::from_millis(options.read_every))
}

async fn measured(
    options: &Options,
    engine: &str,
    candidate: &Candidate,
    programs: &[Program],
    kind: Kind,
    callers: usize,
) {
    let measured =
        load::run(programs, &candidate.database, &candidate.country, kind, callers, times(options)).await;
    let mut name =
        if options.program.len() > 1 { candidate.program.display().to_string() } else { String::new() };
    if options.replicas.len() > 1 && kind != Kind::Parse {
        name = format!("{name} replicas: {}", programs.len());
    }
    println!("{}", measured.row(engine, &kind.name(), callers, &name));
}
