//! What stands between the service and PostgreSQL, and can do what networks and servers do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// A way to the server that can be cut.
#[derive(Debug)]
pub(crate) struct Between {
    pub(crate) address: SocketAddr,
    control: Arc<Control>,
}

#[derive(Debug, Default)]
struct Control {
    cut_commit: AtomicBool,
    /// Connections made so far, and those of them whose bytes are kept from now on.
    made: AtomicUsize,
    frozen: AtomicUsize,
}

impl Between {
    /// Leads to a server, `HOST:PORT`.
    pub(crate) async fn start(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let control = Arc::<Control>::default();
        let (of_all, server) = (control.clone(), server.to_owned());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(&server).await.unwrap();
                let number = of_all.made.fetch_add(1, Ordering::SeqCst);
                let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                let connection =
                    Connection { control: of_all.clone(), number, silent: AtomicBool::new(false) };
                tokio::spawn(async move {
                    // Both ways end when one does.
                    tokio::select! {
                        () = connection.pump(near_in, far_out, true) => {}
                        () = connection.pump(far_in, near_out, false) => {}
                    }
                });
            }
        });
        Self { address, control }
    }

    /// The next commit reaches the server, and its answer nobody: the connection breaks off.
    pub(crate) fn cut_next_commit(&self) {
        self.control.cut_commit.store(true, Ordering::SeqCst);
    }

    pub(crate) fn has_cut(&self) -> bool {
        !self.control.cut_commit.load(Ordering::SeqCst)
    }

    /// Connections that are there stay open, and nothing passes through them any more. New ones are well.
    pub(crate) fn freeze(&self) {
        self.control.frozen.store(self.control.made.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

struct Connection {
    control: Arc<Control>,
    number: usize,
    silent: AtomicBool,
}

impl Connection {
    async fn pump(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, to_server: bool) {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(some @ 1..) = from.read(&mut bytes).await {
            let frozen = self.number < self.control.frozen.load(Ordering::SeqCst);
            if frozen || self.silent.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
            let commits = to_server && bytes[..some].windows(6).any(|six| six == b"COMMIT");
            if commits && self.control.cut_commit.swap(false, Ordering::SeqCst) {
                self.silent.store(true, Ordering::SeqCst);
                let _ = to.write_all(&bytes[..some]).await;
                // Long enough for the server to have done it.
                tokio::time::sleep(Duration::from_millis(300)).await;
                return;
            }
            if to.write_all(&bytes[..some]).await.is_err() {
                return;
            }
        }
    }
}
