//! A bare connection, for what no well-behaved client sends.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// What the slowest machine needs for anything.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(crate) struct Raw {
    stream: TcpStream,
    read: Vec<u8>,
}

/// An answer as it came over the wire.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Raw {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), read: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Sends although the other side may have closed.
    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    async fn more(&mut self) -> bool {
        let mut chunk = [0; 4096];
        let n = timeout(PATIENCE, self.stream.read(&mut chunk)).await.expect("no answer").unwrap_or(0);
        self.read.extend_from_slice(&chunk[..n]);
        n > 0
    }

    /// The next answer, whose length must be announced; `None` when the connection is closed instead.
    pub(crate) async fn answer(&mut self) -> Option<Wire> {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if !self.more().await {
                return None;
            }
        };
        let head = String::from_utf8(self.read.drain(..end).collect()).unwrap().to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.map_or(0, |length| length.trim().parse().unwrap());
        while self.read.len() < length {
            assert!(self.more().await, "closed within the body");
        }
        let body = String::from_utf8(self.read.drain(..length).collect()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Some(Wire { status, head, body })
    }

    /// Waits until the other side closes; fails when it answers instead.
    pub(crate) async fn assert_closed(&mut self) {
        while self.more().await {}
        assert!(self.read.is_empty(), "{}", String::from_utf8_lossy(&self.read));
    }

    /// Whether nothing comes for a while: the connection waits.
    pub(crate) async fn is_silent(&mut self, while_: Duration) -> bool {
        let mut chunk = [0; 1];
        timeout(while_, self.stream.peek(&mut chunk)).await.is_err()
    }
}
