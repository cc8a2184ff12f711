//! Copying what the log of a file of SQLite holds into the file, beside the writer.
//!
//! SQLite would do it within the commit that makes the log long enough, and whoever waits for that one or the next would wait until
//! twenty thousand pages are copied and flushed. A thread copies while the writer goes on. The log begins anew only once
//! all of it is copied, to which it cannot come while the writer adds to it; so when little is left the writer copies that,
//! between two batches.

use crate::store::StoreError;
use rusqlite::Connection;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Pages in the log after which it is to begin anew: for that the writer waits for a flush of the file itself, and more often than
/// once in a second it would be felt.
const LONG: i64 = 40_000;

/// Pages that are copied at a time: so many that one which a burst of reports writes often is copied once, and so few that a
/// commit which the disk lets wait for them waits no longer than a moment.
const STEP: i64 = 4_000;

/// Pages that the writer copies itself, in a millisecond or two.
const FEW: i64 = 500;

/// From one look at the log to the next, while there are commits.
const PAUSE: Duration = Duration::from_millis(20);

/// The thread that copies.
#[derive(Debug)]
pub(super) struct Copier {
    told: Arc<Told>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Told {
    /// What is left is the writer's to copy.
    rest: AtomicBool,
    ended: AtomicBool,
}

/// Pages in the log, and how many of them are copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Log {
    pages: i64,
    copied: i64,
}

impl Log {
    const fn left(self) -> i64 {
        self.pages - self.copied
    }
}

impl Copier {
    /// Starts it, on a connection of its own.
    pub(super) fn start(connection: Connection) -> io::Result<Self> {
        Self::start_with(connection, LONG)
    }

    fn start_with(connection: Connection, long: i64) -> io::Result<Self> {
        let told = Arc::<Told>::default();
        let seen = told.clone();
        let thread = std::thread::Builder::new().name("pufa-copy".into());
        let thread = thread.spawn(move || run(&connection, &seen, long))?;
        Ok(Self { told, thread: Some(thread) })
    }

    /// Takes up that the log has become longer.
    pub(super) fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    /// Copies what is left, when it is the writer's to do that; on its connection, outside a transaction.
    pub(super) fn end(&self, writer: &Connection) -> Result<(), StoreError> {
        if self.told.rest.swap(false, Ordering::Relaxed) {
            log(writer, "PASSIVE")?;
        }
        Ok(())
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        self.told.ended.store(true, Ordering::Relaxed);
        self.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(connection: &Connection, told: &Told, long: i64) {
    let mut failed = false;
    while !told.ended.load(Ordering::Relaxed) {
        std::thread::park();
        std::thread::sleep(PAUSE);
        // Two cannot copy at once.
        if told.rest.load(Ordering::Relaxed) {
            continue;
        }
        let ended = shorten(connection, long);
        if let Err(error) = &ended
            && !failed
        {
            // SQLite does it itself, within a commit, when the log becomes some times as long.
            tracing::warn!(%error, "the database's log cannot be copied; it is being tried again");
        }
        failed = ended.is_err();
        told.rest.store(ended.unwrap_or(false), Ordering::Relaxed);
    }
}

/// Copies when there is a step to copy, and of a long log whatever there is. Gives whether the writer is to copy what is left: of a
/// long log a little, and much of one that has become twice as long, for then more comes than is copied here.
fn shorten(connection: &Connection, long: i64) -> Result<bool, StoreError> {
    let mut now = log(connection, "NOOP")?;
    if now.left() > if now.pages < long { STEP } else { FEW } {
        log(connection, "PASSIVE")?;
        // What it tells itself is how the log was when it began.
        now = log(connection, "NOOP")?;
    }
    Ok(now.pages >= long && now.left() > 0 && (now.left() <= FEW || now.pages >= 2 * long))
}

/// Copies in a mode of SQLite's, and gives what the log is then like.
fn log(connection: &Connection, mode: &str) -> Result<Log, StoreError> {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row((), |row| Ok(Log { pages: row.get(1)?, copied: row.get(2)? }))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn file() -> (tempfile::TempDir, Connection) {
        let dir = tempfile::tempdir().unwrap();
        let connection = open(&dir);
        connection.execute_batch("CREATE TABLE pages (a BLOB)").unwrap();
        (dir, connection)
    }

    fn open(dir: &tempfile::TempDir) -> Connection {
        let connection = Connection::open(dir.path().join("file.db")).unwrap();
        for (name, value) in
            [("journal_mode", "WAL"), ("wal_autocheckpoint", "1000000"), ("synchronous", "NORMAL")]
        {
            connection.pragma_update(None, name, value).unwrap();
        }
        connection
    }

    fn write(connection: &Connection, pages: i64) {
        connection.execute("INSERT INTO pages VALUES (zeroblob(?1 * 4096))", (pages,)).unwrap();
    }

    #[test]
    fn a_short_log_is_left_alone_and_a_long_one_copied() {
        let (dir, writer) = file();
        let other = open(&dir);
        write(&writer, 100);
        assert!(!shorten(&other, LONG).unwrap());
        let left = log(&other, "NOOP").unwrap();
        assert!(left.pages > 100 && left.copied == 0, "{left:?}");
        write(&writer, STEP);
        assert!(!shorten(&other, LONG).unwrap(), "it need not begin anew");
        let left = log(&other, "NOOP").unwrap();
        assert!(left.pages > STEP && left.left() == 0, "{left:?}");
        write(&writer, LONG);
        assert!(!shorten(&other, LONG).unwrap(), "nobody writes, so nothing is left");
        assert_eq!(log(&other, "NOOP").unwrap().left(), 0);
        write(&writer, 1);
        assert!(log(&other, "NOOP").unwrap().pages < 10, "the log begins anew");
    }

    #[test]
    fn what_somebody_reads_ends_it_for_now() {
        let (dir, writer) = file();
        let (other, reader) = (open(&dir), open(&dir));
        reader.execute_batch("BEGIN; SELECT * FROM pages").unwrap();
        write(&writer, STEP);
        assert!(!shorten(&other, STEP).unwrap());
        assert!(log(&other, "NOOP").unwrap().left() >= STEP);
        write(&writer, STEP);
        assert!(shorten(&other, STEP).unwrap(), "twice as long as it is to be");
        reader.execute_batch("COMMIT").unwrap();
        assert!(!shorten(&other, STEP).unwrap());
        assert_eq!(log(&other, "NOOP").unwrap().left(), 0);
    }

    #[test]
    fn a_log_that_is_written_all_the_time_begins_anew() {
        const LONG: i64 = 1_000;
        let (dir, writer) = file();
        let copier = Copier::start_with(open(&dir), LONG).unwrap();
        let (mut longest, mut anew, began) = (0, 0, Instant::now());
        while anew < 3 {
            assert!(began.elapsed() < Duration::from_secs(60), "the log has {longest} pages");
            write(&writer, 50);
            copier.wake();
            copier.end(&writer).unwrap();
            let now = log(&writer, "NOOP").unwrap().pages;
            anew += i32::from(now < longest && longest >= LONG);
            longest = if now < longest { now } else { longest.max(now) };
        }
    }
}
