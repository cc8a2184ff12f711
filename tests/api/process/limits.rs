//! What the system lets the program have.

use super::{Served, pufa};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

/// The service on a new database, started by a shell that lets it have no more.
fn under(limit: &str, dir: &std::path::Path) -> Served {
    let served = pufa(&["serve", "--listen", "127.0.0.1:0"]);
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{limit} && exec \"$@\" 2>\"$0\"")]).arg(dir.join("said"));
    command.arg(served.get_program()).args(served.get_args());
    command.env("PUFA_DATABASE", format!("sqlite://{}?mode=rwc", dir.join("pufa.db").display()));
    Served::start(command)
}

/// Opens a connection, asks over it, and leaves it open.
fn asked(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    stream
}

#[test]
fn the_few_files_that_a_shell_begins_with_do_not_bound_the_open_pages() {
    let dir = tempfile::tempdir().unwrap();
    let served = under("ulimit -S -n 128", dir.path());
    let open: Vec<_> = (0..300).map(|_| asked(served.address)).collect();
    assert_eq!(served.terminate(), 0);
    drop(open);
}

#[test]
fn where_the_system_allows_few_files_that_is_said_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let served = under("ulimit -n 512", dir.path());
    asked(served.address);
    assert_eq!(served.terminate(), 0);
    let said = std::fs::read_to_string(dir.path().join("said")).unwrap();
    assert!(said.contains("enough for 256 connections") && said.contains("LimitNOFILE"), "{said}");
}
