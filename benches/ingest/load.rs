//! Callers in a closed loop, and what was measured.

use crate::client::Connection;
use crate::country::Country;
use crate::peer::Form;
use crate::program::{Database, Program, cpu, resident, written};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What the callers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// First reports.
    Submit,
    /// The same, with readers beside them; the latencies are the readers'.
    SubmitAndRead,
    /// Readers alone.
    Read,
    /// Reports that are read, judged and refused.
    Refuse,
    /// The ceiling: requests that are taken apart, and that is all.
    Parse,
    /// First reports to a peer.
    Peer(Form),
    /// First reports at a steady rate, so many a second, whether answers come or not.
    Steady(u32),
    /// The same, with readers beside them; the latencies are the readers'.
    SteadyAndRead(u32),
}

impl Kind {
    pub(crate) fn name(self) -> String {
        match self {
            Self::Submit => "durable".into(),
            Self::SubmitAndRead => "totals read meanwhile".into(),
            Self::Read => "totals read".into(),
            Self::Refuse => "refused after judgement".into(),
            Self::Parse => "warp parses, and no more".into(),
            Self::Peer(form) => form.name().into(),
            Self::Steady(rate) => format!("durable, {rate}/s sent"),
            Self::SteadyAndRead(rate) => format!("totals read, {rate}/s sent meanwhile"),
        }
    }
}

/// Readers beside the reports.
const READERS: usize = 8;
/// Not measured: connections open, caches fill, statements are prepared.
pub(crate) const WARM_UP: Duration = Duration::from_secs(1);

/// What a step gave.
pub(crate) struct Measured {
    pub(crate) answers: usize,
    /// Totals that readers got beside them.
    pub(crate) reads: usize,
    pub(crate) seconds: f64,
    /// Microseconds, sorted.
    pub(crate) latencies: Vec<u32>,
    pub(crate) program_cpu: u64,
    pub(crate) database_cpu: u64,
    pub(crate) resident: (u64, u64),
    pub(crate) written: u64,
}

impl Measured {
    pub(crate) const HEADER: &str = "\
| engine | load | callers | answers/s | p50 ms | p99 ms | p99.9 ms | CPU µs an answer (program + database) | RSS MB (before, after) | kB written an answer |\n\
|---|---|---|---|---|---|---|---|---|---|";

    pub(crate) fn row(&self, engine: &str, load: &str, callers: usize, program: &str) -> String {
        let answers = self.answers.max(1) as f64;
        let at = |part: f64| {
            let place = ((self.latencies.len() as f64 * part) as usize).min(self.latencies.len().max(1) - 1);
            f64::from(self.latencies.get(place).copied().unwrap_or(0)) / 1_000.0
        };
        let reads = match self.reads {
            0 => String::new(),
            reads => format!(" {:.0} totals/s", reads as f64 / self.seconds),
        };
        format!(
            "| {engine} | {load} | {callers} | {:.*} | {:.2} | {:.2} | {:.2} | {:.1} + {:.1} | {:.0}, {:.0} | {:.1} | {program}{reads}",
            usize::from(answers < 100.0 * self.seconds),
            answers / self.seconds,
            at(0.5),
            at(0.99),
            at(0.999),
            self.program_cpu as f64 / answers,
            self.database_cpu as f64 / answers,
            self.resident.0 as f64 / 1_024.0,
            self.resident.1 as f64 / 1_024.0,
            self.written as f64 / answers / 1_000.0,
        )
    }
}

/// Whether answers count now, and whether there are to be more.
#[derive(Default)]
pub(crate) struct Phase {
    counts: AtomicBool,
    ended: AtomicBool,
}

impl Phase {
    pub(crate) fn goes_on(&self) -> bool {
        !self.ended.load(Ordering::Relaxed)
    }

    /// Lets answers count for so long; gives how many seconds that was.
    pub(crate) async fn count(&self, length: Duration) -> f64 {
        self.counts.store(true, Ordering::Relaxed);
        let start = Instant::now();
        tokio::time::sleep(length).await;
        self.counts.store(false, Ordering::Relaxed);
        start.elapsed().as_secs_f64()
    }

    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    pub(crate) fn note(&self, start: Instant, latencies: &mut Vec<u32>) {
        if self.counts.load(Ordering::Relaxed) {
            latencies.push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX));
        }
    }
}

/// Runs a step of a length, with readers that ask again after some time; callers are spread over the programs.
pub(crate) async fn run(
    programs: &[Program],
    database: &Database,
    country: &Arc<Country>,
    kind: Kind,
    callers: usize,
    (length, read_every): (Duration, Duration),
) -> Measured {
    let phase = Arc::new(Phase::default());
    let of_all = |what: fn(u32) -> u64| programs.iter().map(|program| what(program.id())).sum::<u64>();
    let program = |at: usize| &programs[at % programs.len()];
    let before = of_all(resident);
    let reading = matches!(kind, Kind::SubmitAndRead | Kind::SteadyAndRead(_) | Kind::Read);
    let callers = if kind == Kind::Read { 0 } else { callers };
    let callers: Vec<_> = (0..callers)
        .map(|at| {
            tokio::spawn(call(program(at).target(), country.clone(), phase.clone(), kind, (at, callers)))
        })
        .collect();
    let readers = if reading { READERS } else { 0 };
    let reader = |at| tokio::spawn(read(program(at).address, country.clone(), phase.clone(), read_every));
    let readers: Vec<_> = (0..readers).map(reader).collect();
    tokio::time::sleep(WARM_UP).await;
    let used = (of_all(cpu), database.cpu().await, of_all(written) + database.logged().await);
    let seconds = phase.count(length).await;
    let now = (of_all(cpu), database.cpu().await, of_all(written) + database.logged().await);
    let after = of_all(resident);
    phase.end();
    let mut latencies = collect(callers).await;
    let mut answers = latencies.len();
    if reading {
        latencies = collect(readers).await;
    }
    let reads = if reading { latencies.len() } else { 0 };
    if kind == Kind::Read {
        answers = latencies.len();
    }
    latencies.sort_unstable();
    Measured {
        answers,
        reads,
        seconds,
        latencies,
        program_cpu: now.0 - used.0,
        // A connection that ended meanwhile takes its time with it.
        database_cpu: now.1.saturating_sub(used.1),
        resident: (before, after),
        written: now.2 - used.2,
    }
}

pub(crate) async fn collect(tasks: Vec<tokio::task::JoinHandle<Vec<u32>>>) -> Vec<u32> {
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    all
}

/// Sends reports one after the other; gives what each that counts took, in microseconds.
async fn call(
    (address, token): (SocketAddr, String),
    country: Arc<Country>,
    phase: Arc<Phase>,
    kind: Kind,
    (mut at, callers): (usize, usize),
) -> Vec<u32> {
    let mut connection = Connection::open(address).await;
    let mut latencies = Vec::new();
    // Callers take turns, each at its own moment; what is sent late counts from when it should have been sent.
    let mut due = Instant::now();
    if let Kind::Steady(rate) | Kind::SteadyAndRead(rate) = kind {
        due += Duration::from_secs_f64(at as f64 / f64::from(rate));
    }
    while phase.goes_on() {
        let (report, wanted) = match kind {
            Kind::Refuse => (Some(country.refused(at)), 422),
            Kind::Parse => (Some(country.refused(at)), 201),
            Kind::Submit | Kind::SubmitAndRead | Kind::Read | Kind::Steady(_) | Kind::SteadyAndRead(_) => {
                (country.report(), 201)
            }
            Kind::Peer(form) => (Some(form.report(&country, &token)), form.created()),
        };
        let Some(report) = report else { break };
        at += callers;
        let start = match kind {
            Kind::Steady(rate) | Kind::SteadyAndRead(rate) => {
                let start = due;
                tokio::time::sleep_until(start.into()).await;
                due += Duration::from_secs_f64(callers as f64 / f64::from(rate));
                start
            }
            _ => Instant::now(),
        };
        let method = if let Kind::Peer(form) = kind { form.method() } else { "PUT" };
        let status = connection.exchange(method, &report.path, report.token, &report.body).await;
        assert_eq!(status, wanted, "{}", connection.body());
        phase.note(start, &mut latencies);
    }
    latencies
}

/// Reads totals at a steady pace; an answer that is late counts from when it should have been asked for.
async fn read(address: SocketAddr, country: Arc<Country>, phase: Arc<Phase>, every: Duration) -> Vec<u32> {
    let mut connection = Connection::open(address).await;
    let mut latencies = Vec::new();
    let mut due = Instant::now();
    let (path, token) = country.dashboard();
    while phase.goes_on() {
        let status = connection.exchange("GET", &path, token, "").await;
        assert_eq!(status, 200, "{}", connection.body());
        phase.note(due, &mut latencies);
        due = if every.is_zero() { Instant::now() } else { due + every };
        tokio::time::sleep_until(due.into()).await;
    }
    latencies
}
