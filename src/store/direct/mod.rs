//! The connection that batches of reports have for themselves.
//!
//! Through sea-orm every statement waits for the one before it, and its values are copied on the way. A batch is many small
//! statements, so the writer runs them itself: on SQLite row by row ([`File`]), on PostgreSQL as many at once as do not need each
//! other's answers ([`Server`]). Jobs use the other connection, and the writer sees to it that one of the two is idle.

mod checkpoint;
mod file;
mod server;

use super::StoreError;
use super::place::Place;
pub(super) use file::File;
pub(super) use server::Server;

/// Where batches run.
#[derive(Debug)]
pub(super) enum Direct {
    /// A file of SQLite.
    File(File),
    /// A server of PostgreSQL.
    Server(Box<Server>),
}

impl Direct {
    /// Does what is to be done between two batches, once nobody waits for its end.
    pub(super) fn between(&self) {
        if let Self::File(file) = self {
            file.between();
        }
    }

    /// Closes it, and waits until it is.
    pub(super) async fn close(self) {
        match self {
            Self::File(file) => drop(file),
            Self::Server(server) => server.close().await,
        }
    }
}

/// A transaction of a batch. Dropped without a commit, it leaves no trace.
pub(super) trait Batch: Place + Sized {
    /// Begins it, and waits for whoever else writes in the lane. What is asked beside it is answered as of then, when this is
    /// polled first.
    fn begin(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Makes everything durable.
    fn commit(self) -> impl Future<Output = Result<(), StoreError>> + Send;
}
