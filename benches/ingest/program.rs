//! The program as a child, its database, and what the system says of them.

use crate::peer::Peer;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A program that serves: ours, the ceiling, or a peer that somebody else started.
pub(crate) struct Program {
    child: Option<(Child, BufReader<ChildStdout>)>,
    id: u32,
    pub(crate) address: SocketAddr,
    /// What a peer lets in.
    token: String,
}

impl Program {
    /// The service, writing in a lane, and perhaps reading from a standby.
    pub(crate) fn start(program: &Path, database: &str, lane: i16, standby: Option<&str>) -> Self {
        let lane = lane.to_string();
        let arguments =
            ["--log", "warn", "serve", "--listen", "127.0.0.1:0", "--lane", &lane, "--database", database];
        let more = standby.into_iter().flat_map(|url| ["--read-database", url]);
        Self::run(Command::new(program).args(arguments).args(more))
    }

    /// What takes requests apart and no more: this same tool, once again.
    pub(crate) fn ceiling() -> Self {
        Self::run(Command::new(std::env::current_exe().unwrap()).arg("--ceiling"))
    }

    /// One that runs already.
    pub(crate) fn peer(peer: &Peer) -> Self {
        Self { child: None, id: peer.process, address: peer.address, token: peer.token.clone() }
    }

    /// Where reports are sent, and what lets them in where not each unit has a token.
    pub(crate) fn target(&self) -> (SocketAddr, String) {
        (self.address, self.token.clone())
    }

    fn run(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim().rsplit('/').next().unwrap().parse().unwrap();
        Self { id: child.id(), child: Some((child, stdout)), address, token: String::new() }
    }

    pub(crate) const fn id(&self) -> u32 {
        self.id
    }

    /// Asks it to end and waits until it has.
    pub(crate) fn stop(mut self) {
        let Some((child, _)) = &mut self.child else { return };
        Command::new("kill").arg(child.id().to_string()).status().unwrap();
        let ended = child.wait().unwrap();
        // The ceiling has nothing to finish, and ends by the signal itself.
        assert!(ended.success() || ended.code().is_none());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Microseconds of processor time that a process has used.
pub(crate) fn cpu(process: u32) -> u64 {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{process}/stat")) else { return 0 };
    // The name in parentheses may hold anything; utime and stime are the 12th and 13th after it, in 1/100 s.
    let after = stat.rsplit(')').next().unwrap().split_ascii_whitespace();
    after.skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap() * 10_000).sum()
}

/// Kilobytes of memory that a process holds.
pub(crate) fn resident(process: u32) -> u64 {
    field(&format!("/proc/{process}/status"), "VmRSS:")
}

/// Bytes that a process has had written to disk.
pub(crate) fn written(process: u32) -> u64 {
    field(&format!("/proc/{process}/io"), "write_bytes:")
}

fn field(file: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_ascii_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// A database that is made for a measurement and removed after it.
pub(crate) struct Database {
    pub(crate) url: String,
    place: Place,
}

enum Place {
    /// Somebody else's, and left to them.
    Kept,
    File(PathBuf),
    Server {
        server: DatabaseConnection,
        name: String,
    },
}

static NUMBER: AtomicUsize = AtomicUsize::new(0);

fn name() -> String {
    format!("pufa_ingest_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

impl Database {
    pub(crate) fn sqlite(dir: &Path) -> Self {
        let file = dir.join(name()).with_extension("db");
        Self { url: format!("sqlite://{}?mode=rwc", file.display()), place: Place::File(file) }
    }

    /// One that was there before.
    pub(crate) fn kept(url: &str) -> Self {
        Self { url: url.into(), place: Place::Kept }
    }

    pub(crate) async fn postgres(url: &str) -> Self {
        let server = sea_orm::Database::connect(url).await.unwrap();
        let name = name();
        server.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        let (stem, _) = url.rsplit_once('/').unwrap();
        Self { url: format!("{stem}/{name}"), place: Place::Server { server, name } }
    }

    /// The address of the same database on another server, `HOST:PORT`.
    pub(crate) fn at(&self, server: &str) -> String {
        let (user, rest) = self.url.split_once('@').unwrap();
        format!("{user}@{server}/{}", rest.split_once('/').unwrap().1)
    }

    /// Its size on disk.
    pub(crate) async fn bytes(&self) -> u64 {
        match &self.place {
            Place::Kept => 0,
            Place::File(file) => std::fs::metadata(file).map_or(0, |file| file.len()),
            Place::Server { name, .. } => self.number(&format!("SELECT pg_database_size('{name}')")).await,
        }
    }

    /// Bytes that the server has logged so far, with which it makes commits durable. SQLite has no server.
    pub(crate) async fn logged(&self) -> u64 {
        match &self.place {
            Place::Kept | Place::File(_) => 0,
            Place::Server { .. } => self.number("SELECT (pg_current_wal_lsn() - '0/0')::bigint").await,
        }
    }

    /// Microseconds of processor time that the server's processes have used.
    pub(crate) async fn cpu(&self) -> u64 {
        let Place::Server { server, .. } = &self.place else { return 0 };
        let sql = "SELECT pid FROM pg_stat_activity";
        let rows = server.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
        rows.iter().map(|row| cpu(row.try_get_by_index::<i32>(0).unwrap().unsigned_abs())).sum()
    }

    async fn number(&self, sql: &str) -> u64 {
        let Place::Server { server, .. } = &self.place else { return 0 };
        let row = server.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
        row.unwrap().try_get_by_index::<i64>(0).unwrap().unsigned_abs()
    }

    /// Whether several replicas may use it.
    pub(crate) const fn is_server(&self) -> bool {
        matches!(self.place, Place::Server { .. })
    }

    /// Transactions that a deadlock ended.
    pub(crate) async fn deadlocks(&self) -> u64 {
        let Place::Server { name, .. } = &self.place else { return 0 };
        self.number(&format!("SELECT deadlocks FROM pg_stat_database WHERE datname = '{name}'")).await
    }

    /// The versions of a unit's only report, in their order, each with the only figure it has.
    pub(crate) async fn versions(&self, unit: &str) -> Vec<(u32, u32)> {
        const PAGE: usize = 10_000;
        let connection = sea_orm::Database::connect(&self.url).await.unwrap();
        let mut all: Vec<(u32, u32)> = Vec::new();
        loop {
            let after = all.last().map_or(0, |(version, _)| *version);
            let sql = format!(
                "SELECT version, figures FROM tally_versions \
                 WHERE unit_id = (SELECT id FROM units WHERE code = '{unit}') AND version > {after} \
                 ORDER BY version LIMIT {PAGE}"
            );
            let statement = Statement::from_string(connection.get_database_backend(), sql);
            let page = connection.query_all_raw(statement).await.unwrap();
            all.extend(page.iter().map(|row| {
                let (version, figures): (i32, String) =
                    (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap());
                let count = figures.rsplit([',', ':']).next().unwrap();
                (version.unsigned_abs(), count.parse().unwrap())
            }));
            if page.len() < PAGE {
                connection.close().await.unwrap();
                return all;
            }
        }
    }

    /// Lets `pufa verify` recompute everything.
    pub(crate) fn verify(&self, program: &Path) {
        let status = Command::new(program).args(["verify", "--database", &self.url]).status().unwrap();
        assert!(status.success(), "pufa verify found something");
    }

    pub(crate) async fn remove(self) {
        match self.place {
            Place::Kept => {}
            Place::File(file) => {
                for end in ["", "-wal", "-shm"] {
                    let _ = std::fs::remove_file(format!("{}{end}", file.display()));
                }
            }
            Place::Server { server, name } => {
                server.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
            }
        }
    }
}
