//! PostgreSQL servers of a test's own, that may be stopped, silenced and promoted: a primary, and standbys that follow it.

use sea_orm::ConnectionTrait;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server that ends with this value, however the test ends.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    port: u16,
    pid: u32,
}

impl Server {
    pub(crate) fn primary() -> Self {
        Self::start(&[])
    }

    /// A standby of this server.
    pub(crate) fn standby(&self) -> Self {
        Self::start(&["-f", &self.port.to_string()])
    }

    fn start(more: &[&str]) -> Self {
        // It lives until nobody writes to it any more.
        const STAY: &str =
            "echo $PGPORT; psql -Atc \"SELECT pg_read_file('postmaster.pid')\" | head -n 1; exec cat";
        let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/with-postgres"));
        command.args(["-c", "fsync=off"]).args(more).args(["sh", "-c", STAY]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut number = || lines.next().unwrap().unwrap().trim().parse::<u32>().unwrap();
        let (port, pid) = (number(), number());
        Self { child, port: port.try_into().unwrap(), pid }
    }

    /// Where a database of it is.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs a statement in its own database.
    pub(crate) async fn execute(&self, sql: &str) {
        super::database::execute(&self.url("postgres"), sql).await;
    }

    /// Waits until a question in a database of it is answered with yes.
    pub(crate) async fn until(&self, database: &str, question: &str) {
        let db = sea_orm::Database::connect(self.url(database)).await.unwrap();
        let begun = Instant::now();
        loop {
            let asked = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, question);
            let row = db.query_one_raw(asked).await.unwrap().unwrap();
            if row.try_get_by_index::<Option<bool>>(0).unwrap() == Some(true) {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "never so: {question}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        db.close().await.unwrap();
    }

    /// All its processes sleep: sockets stay open, and nobody answers.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let children = format!("/proc/{0}/task/{0}/children", self.pid);
        let children = std::fs::read_to_string(children).unwrap();
        let all = std::iter::once(self.pid.to_string()).chain(children.split(' ').map(str::to_owned));
        for pid in all.filter(|pid| !pid.is_empty()) {
            // One that ended meanwhile is no fault.
            let _ = Command::new("kill").args([signal, &pid]).stderr(Stdio::null()).status().unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.thaw();
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
