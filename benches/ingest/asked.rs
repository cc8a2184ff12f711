//! The same question to several programs that run already, from callers in a closed loop.

use crate::Options;
use crate::client::Connection;
use crate::load::{Measured, Phase, WARM_UP, collect};
use crate::program::{cpu, resident, written};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A program and what it is asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    name: String,
    address: SocketAddr,
    process: u32,
    token: String,
    path: String,
}

impl Asked {
    /// Reads `NAME,ADDRESS,PROCESS,TOKEN,PATH`.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let parts: Vec<&str> = text.splitn(5, ',').collect();
        let asked = || {
            let &[name, address, process, token, path] = parts.as_slice() else { return None };
            Some(Self {
                name: name.into(),
                address: address.parse().ok()?,
                process: process.parse().ok()?,
                token: token.into(),
                path: path.into(),
            })
        };
        asked().ok_or("what is asked is NAME,ADDRESS,PROCESS,TOKEN,PATH")
    }
}

pub(crate) async fn measure(options: &Options) {
    for _ in 0..options.rounds {
        for &callers in &options.callers {
            for asked in &options.asked {
                let length = Duration::from_secs(options.seconds);
                let measured = step(asked, callers, length).await;
                println!("{}", measured.row("its own", "read", callers, &asked.name));
            }
        }
    }
}

async fn step(asked: &Asked, callers: usize, length: Duration) -> Measured {
    let phase = Arc::new(Phase::default());
    let resident_before = resident(asked.process);
    let tasks = (0..callers).map(|_| tokio::spawn(call(asked.clone(), phase.clone()))).collect();
    tokio::time::sleep(WARM_UP).await;
    let used = (cpu(asked.process), written(asked.process));
    let seconds = phase.count(length).await;
    let now = (cpu(asked.process), written(asked.process));
    let resident_after = resident(asked.process);
    phase.end();
    let mut latencies = collect(tasks).await;
    latencies.sort_unstable();
    Measured {
        answers: latencies.len(),
        reads: 0,
        seconds,
        latencies,
        program_cpu: now.0 - used.0,
        database_cpu: 0,
        resident: (resident_before, resident_after),
        written: now.1 - used.1,
    }
}

async fn call(asked: Asked, phase: Arc<Phase>) -> Vec<u32> {
    let mut connection = Connection::open(asked.address).await;
    let mut latencies = Vec::new();
    while phase.goes_on() {
        let start = Instant::now();
        let status = connection.exchange("GET", &asked.path, &asked.token, "").await;
        assert_eq!(status, 200, "{}", connection.body());
        phase.note(start, &mut latencies);
    }
    latencies
}
