//! Offices that look: boards that stay open and are told of changes, and boards that all are fetched at once.

use crate::client::Connection;
use crate::country::Country;
use crate::program::{Program, cpu, resident};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A report comes in so often while boards are open: longer than the service takes to tell of one.
const PAUSE: Duration = Duration::from_secs(2);
/// How long an open board may wait for its first event, or for that of a report.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long something took, as a table shows it: middle, 99th percentile and longest, in milliseconds.
fn quantiles(mut micros: Vec<u64>) -> String {
    micros.sort_unstable();
    let at = |part: f64| {
        let place = ((micros.len() as f64 * part) as usize).min(micros.len().max(1) - 1);
        micros.get(place).copied().unwrap_or(0) as f64 / 1_000.0
    };
    format!("{:.1} | {:.1} | {:.1}", at(0.5), at(0.99), at(1.0))
}

fn since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Opens so many boards' event streams, lets `reports` reports come in one by one, and prints how long after its
/// acknowledgement each was told to each of them. Every stream must be told of every report.
pub(crate) async fn listen(program: &Program, country: &Arc<Country>, streams: usize, reports: usize) {
    let before = resident(program.id());
    let start = Instant::now();
    let acknowledged = Arc::new(AtomicU64::new(0));
    let told = Arc::new(AtomicUsize::new(0));
    let (path, token) = country.events();
    let mut tasks = Vec::with_capacity(streams);
    for _ in 0..streams {
        let mut stream = Connection::open(program.address).await;
        stream.ask(&path, token).await;
        let (acknowledged, told) = (acknowledged.clone(), told.clone());
        tasks.push(tokio::spawn(async move {
            let mut latencies = Vec::with_capacity(reports);
            // The first says where figures stand.
            stream.event().await;
            told.fetch_add(1, Ordering::Relaxed);
            for _ in 0..reports {
                stream.event().await;
                latencies.push(since(start).saturating_sub(acknowledged.load(Ordering::Relaxed)));
                told.fetch_add(1, Ordering::Relaxed);
            }
            latencies
        }));
    }
    all_told(&told, streams).await;
    let with = resident(program.id());
    let used = cpu(program.id());
    let mut sender = Connection::open(program.address).await;
    for number in 1..=reports {
        let report = country.report().unwrap();
        let status = sender.exchange("PUT", &report.path, report.token, &report.body).await;
        acknowledged.store(since(start), Ordering::Relaxed);
        assert_eq!(status, 201, "{}", sender.body());
        tokio::time::sleep(PAUSE).await;
        all_told(&told, streams * (number + 1)).await;
    }
    let used = cpu(program.id()) - used;
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.unwrap());
    }
    println!(
        "| told of a report, open boards | {streams} | {} | {:.1} | {:.0}, {:.0} |",
        quantiles(latencies),
        used as f64 / (streams * reports) as f64,
        before as f64 / 1_024.0,
        with as f64 / 1_024.0
    );
}

async fn all_told(told: &AtomicUsize, wanted: usize) {
    let start = Instant::now();
    while told.load(Ordering::Relaxed) < wanted {
        assert!(start.elapsed() < PATIENCE, "told {} of {wanted}", told.load(Ordering::Relaxed));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Lets so many people fetch a board and its three pictures in the same moment, each over a connection that is open already:
/// all of them the nation's, or each one's own, after a report has changed the nation's figures and again when nothing has.
/// Prints how long each waited for the page, and for all of it.
pub(crate) async fn refresh(
    program: &Program,
    country: &Arc<Country>,
    (people, own): (usize, bool),
    rounds: usize,
) {
    let before = resident(program.id());
    let mut sender = Connection::open(program.address).await;
    let mut connections = Vec::with_capacity(people);
    for _ in 0..people {
        connections.push(Connection::open(program.address).await);
    }
    let (mut pages, mut all, mut bytes) = ([const { Vec::new() }; 2], [const { Vec::new() }; 2], 0);
    let mut used = [0, 0];
    for round in 0..rounds * 2 {
        if round % 2 == 0 {
            let report = country.report().unwrap();
            let status = sender.exchange("PUT", &report.path, report.token, &report.body).await;
            assert_eq!(status, 201, "{}", sender.body());
        }
        let cpu_before = cpu(program.id());
        let start = Instant::now();
        let tasks: Vec<_> = std::mem::take(&mut connections)
            .into_iter()
            .enumerate()
            .map(|(person, mut connection)| {
                let ([page, pictures @ ..], token) = country.board(own.then_some(person));
                let token = token.to_owned();
                tokio::spawn(async move {
                    let status = connection.page(&page, &token).await;
                    assert_eq!(status, 200, "{}", connection.body());
                    let (page, bytes) = (since(start), connection.body_bytes());
                    for picture in pictures {
                        let status = connection.page(&picture, &token).await;
                        assert_eq!(status, 200, "{}", connection.body());
                    }
                    (page, since(start), bytes, connection)
                })
            })
            .collect();
        for task in tasks {
            let (page, whole, size, connection) = task.await.unwrap();
            pages[round % 2].push(page);
            all[round % 2].push(whole);
            bytes = size;
            connections.push(connection);
        }
        used[round % 2] += cpu(program.id()) - cpu_before;
    }
    let memory = format!("{:.0}, {:.0}", before as f64 / 1_024.0, resident(program.id()) as f64 / 1_024.0);
    let whose = if own { "own" } else { "nation's" };
    let took = pages.into_iter().zip(all).zip(used).zip(["after a report", "again"]);
    for (((pages, all), used), when) in took {
        println!("| {whose} board {when}, {bytes} bytes | {people} | {} | | {memory} |", quantiles(pages));
        println!(
            "| the same with its pictures | {people} | {} | {:.0} | {memory} |",
            quantiles(all),
            used as f64 / (people * rounds) as f64
        );
    }
}

/// The head of the table of both.
pub(crate) const HEADER: &str = "\
| load | at once | p50 ms | p99 ms | longest ms | CPU µs each | RSS MB (before, with) |\n\
|---|---|---|---|---|---|---|";
