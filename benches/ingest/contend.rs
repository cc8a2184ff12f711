//! The same few reports, corrected by many callers at once, a great many times over.
//!
//! Every version that was acknowledged must be in the database with the figure that it was acknowledged with, once, and
//! without a gap before it; nothing else may be; and no transaction may have ended in a deadlock. What the versions sum up
//! to `pufa verify` looks at.

use crate::client::Connection;
use crate::country::Country;
use crate::program::{Database, Program};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

/// Reports that everybody corrects, so that a batch holds each of them many times.
const UNITS: usize = 3;
const CALLERS: usize = 64;

/// Lanes of the replicas: one, two that take turns, and two that do not.
const LAYOUTS: [&[i16]; 3] = [&[0], &[0, 0], &[0, 1]];

/// What callers were told: the counts of versions, by unit and version.
type Told = BTreeMap<(usize, u32), u32>;

/// Corrects reports until so many corrections are acknowledged, in each layout; on SQLite there is one.
pub(crate) async fn run(program: &Path, database: &Database, country: &Arc<Country>, times: u32) {
    let layouts = if database.is_server() { &LAYOUTS[..] } else { &LAYOUTS[..1] };
    for (place, lanes) in layouts.iter().enumerate() {
        let programs: Vec<Program> =
            lanes.iter().map(|lane| Program::start(program, &database.url, *lane, None)).collect();
        let begun = Instant::now();
        let left = Arc::new(AtomicU32::new(times));
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let address = programs[caller / UNITS % programs.len()].address;
                let unit = place * UNITS + caller % UNITS;
                let careful = caller.is_multiple_of(2);
                tokio::spawn(correct(address, country.clone(), unit, careful, left.clone()))
            })
            .collect();
        let mut told = Told::new();
        let mut refused = 0;
        for caller in callers {
            let (acknowledged, others) = caller.await.unwrap();
            refused += others;
            for (unit, version, count) in acknowledged {
                assert_eq!(told.insert((unit, version), count), None, "a version was promised twice");
            }
        }
        let seconds = begun.elapsed().as_secs_f64();
        programs.into_iter().for_each(Program::stop);
        for unit in place * UNITS..(place + 1) * UNITS {
            let promised: Vec<(u32, u32)> = told
                .range((unit, 0)..(unit + 1, 0))
                .map(|((_, version), count)| (*version, *count))
                .collect();
            let stored = database.versions(country.village(unit)).await;
            assert!(stored == promised, "what is stored is not what was acknowledged");
            assert!(stored.iter().zip(1..).all(|((version, _), n)| *version == n), "there is a gap");
        }
        assert_eq!(database.deadlocks().await, 0);
        database.verify(program);
        println!(
            "lanes {lanes:?}: {} corrections of {UNITS} reports by {CALLERS} callers in {seconds:.0} s, each there once; \
             {refused} came too late and were told so; no deadlock; verified",
            told.len()
        );
    }
}

/// Corrects one report while corrections are wanted. Careful callers name the version they know, and learn the next when
/// it is stale; others correct whatever is there. Gives what was acknowledged, and how often something else was said.
async fn correct(
    address: SocketAddr,
    country: Arc<Country>,
    unit: usize,
    careful: bool,
    left: Arc<AtomicU32>,
) -> (Vec<(usize, u32, u32)>, u32) {
    let mut connection = Connection::open(address).await;
    let (mut told, mut refused, mut known) = (Vec::new(), 0, 0);
    let less = |left: u32| left.checked_sub(1);
    while let Ok(count) = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) {
        let report = country.correction(unit, count);
        loop {
            let named = format!("if-match: \"{known}\"\r\n");
            let precondition = match (known, careful) {
                (0, _) => "",
                (_, true) => &named,
                (_, false) => "if-match: *\r\n",
            };
            let status = connection.send("PUT", &report, precondition).await;
            let answer: Value = serde_json::from_str(connection.body()).unwrap();
            let version = |of: &Value| u32::try_from(of["version"].as_u64().unwrap()).unwrap();
            match status {
                200 | 201 => {
                    known = version(&answer);
                    told.push((unit, known, count));
                    break;
                }
                412 | 428 => known = version(&answer["current"]),
                other => panic!("{other}: {answer}"),
            }
            refused += 1;
        }
    }
    (told, refused)
}
