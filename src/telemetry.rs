//! Logs: to stderr, one line an event, levels by `--log` or `PUFA_LOG`.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts logging, in colours for a person at a terminal alone. A second call changes nothing.
pub fn start(levels: &str) {
    let filter = EnvFilter::try_new(levels).unwrap_or_else(|_| EnvFilter::new("info"));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .try_init();
}
