//! The smallest HTTP/1.1 client that keeps its connection: the load generator shares the machine with what it measures.

use crate::country::Report;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that is kept open.
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    sent: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, received: Vec::with_capacity(4_096), sent: Vec::with_capacity(1_024) }
    }

    /// Sends a request and reads the whole answer; gives its status.
    pub(crate) async fn exchange(&mut self, method: &str, path: &str, token: &str, body: &str) -> u16 {
        self.exchange_with(method, path, token, "", body).await
    }

    /// The same for a report, with further lines of its head.
    pub(crate) async fn send(&mut self, method: &str, report: &Report<'_>, lines: &str) -> u16 {
        self.exchange_with(method, &report.path, report.token, lines, &report.body).await
    }

    /// Fetches a page as a browser does, compressed.
    pub(crate) async fn page(&mut self, path: &str, token: &str) -> u16 {
        self.exchange_with("GET", path, token, "accept: text/html\r\naccept-encoding: gzip\r\n", "").await
    }

    /// Asks for a stream of events and reads the head of the answer.
    pub(crate) async fn ask(&mut self, path: &str, token: &str) {
        self.request("GET", path, token, "accept: text/event-stream\r\n", "").await;
        loop {
            if let Some(end) = find(&self.received, b"\r\n\r\n") {
                assert_eq!(&self.received[9..12], b"200", "{}", String::from_utf8_lossy(&self.received));
                self.received.drain(..end + 4);
                return;
            }
            self.more().await;
        }
    }

    /// Waits for the next event of a stream.
    pub(crate) async fn event(&mut self) {
        loop {
            let Some(end) = find(&self.received, b"\n\n") else {
                self.more().await;
                continue;
            };
            let told = find(&self.received[..end], b"event:revision").is_some();
            self.received.drain(..end + 2);
            if told {
                return;
            }
        }
    }

    async fn more(&mut self) {
        let read = self.stream.read_buf(&mut self.received).await.unwrap();
        assert!(read > 0, "the server closed the connection");
    }

    async fn exchange_with(&mut self, method: &str, path: &str, token: &str, lines: &str, body: &str) -> u16 {
        self.request(method, path, token, lines, body).await;
        loop {
            self.more().await;
            let Some(end) = find(&self.received, b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(&self.received[..end]).unwrap();
            let field = |wanted: &str| {
                let mut fields = head.lines().filter_map(|line| line.split_once(": "));
                fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
            };
            let whole = match field("content-length") {
                _ if field("transfer-encoding").is_some() => self.received.ends_with(b"\r\n0\r\n\r\n"),
                length => self.received.len() >= end + 4 + length.map_or(0, |length| length.parse().unwrap()),
            };
            if whole {
                return head[9..12].parse().unwrap();
            }
        }
    }

    async fn request(&mut self, method: &str, path: &str, token: &str, lines: &str, body: &str) {
        self.sent.clear();
        let head: [&str; 11] = [
            method,
            " ",
            path,
            " HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ",
            token,
            "\r\n",
            lines,
            "content-type: application/json\r\ncontent-length: ",
            &body.len().to_string(),
            "\r\n\r\n",
            body,
        ];
        head.iter().for_each(|part| self.sent.extend_from_slice(part.as_bytes()));
        self.stream.write_all(&self.sent).await.unwrap();
        self.received.clear();
    }

    /// The body of the last answer.
    pub(crate) fn body(&self) -> &str {
        let start = find(&self.received, b"\r\n\r\n").map_or(0, |end| end + 4);
        std::str::from_utf8(&self.received[start..]).unwrap_or("?")
    }

    /// Bytes of the last answer's body, as they came.
    pub(crate) fn body_bytes(&self) -> usize {
        self.received.len() - find(&self.received, b"\r\n\r\n").map_or(0, |end| end + 4)
    }
}

/// Where in some bytes others begin.
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
