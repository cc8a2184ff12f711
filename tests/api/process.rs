//! The program itself, as a child process.

mod commands;
mod crash;
mod demo;
mod files;
mod limits;

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

/// The program with arguments, free of settings from outside.
pub(crate) fn pufa(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pufa"));
    for name in
        ["PUFA_DATABASE", "PUFA_LANE", "PUFA_LISTEN", "PUFA_LOG", "PUFA_PUBLIC_URL", "PUFA_REQUIRE_TOTP"]
    {
        command.env_remove(name);
    }
    command.args(arguments);
    command
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs a command to its end.
pub(crate) fn run(mut command: Command, input: &str) -> Done {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    // A command that wants no input may have gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let done = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Done { code: done.status.code().unwrap_or(-1), out: text(done.stdout), err: text(done.stderr) }
}

/// A child that serves, ended by its own number when the test ends.
#[derive(Debug)]
pub(crate) struct Served {
    child: Child,
    out: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
    /// What it printed before it listened.
    pub(crate) lines: Vec<String>,
}

impl Served {
    pub(crate) fn start(mut command: Command) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        // Whole from the start, so that it ends with the test whatever it prints.
        let mut served = Self { child, out, address: ([127, 0, 0, 1], 0).into(), lines: Vec::new() };
        loop {
            let mut line = String::new();
            let read = served.out.read_line(&mut line).unwrap();
            assert!(read > 0, "it ended before it listened: {:?}", served.lines);
            if let Some(address) = line.trim_end().strip_prefix("listening on http://") {
                served.address = address.parse().unwrap();
                return served;
            }
            served.lines.push(line.trim_end().to_owned());
        }
    }

    /// Its number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, as a system does; gives its exit status.
    pub(crate) fn terminate(mut self) -> i32 {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        let status = self.child.wait().unwrap().code().unwrap_or(-1);
        let mut rest = String::new();
        while self.out.read_line(&mut rest).unwrap_or(0) > 0 {}
        assert_eq!(rest, "", "data only to stdout");
        status
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
