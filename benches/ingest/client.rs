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

    async fn exchange_with(&mut self, method: &str, path: &str, token: &str, lines: &str, body: &str) -> u16 {
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
        loop {
            let read = self.stream.read_buf(&mut self.received).await.unwrap();
            assert!(read > 0, "the server closed the connection");
            let Some(end) = find(&self.received, b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(&self.received[..end]).unwrap();
            let length: usize = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, length)| length.parse().unwrap());
            if self.received.len() >= end + 4 + length {
                return head[9..12].parse().unwrap();
            }
        }
    }

    /// The body of the last answer.
    pub(crate) fn body(&self) -> &str {
        let start = find(&self.received, b"\r\n\r\n").map_or(0, |end| end + 4);
        std::str::from_utf8(&self.received[start..]).unwrap_or("?")
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
