//! The pufa command.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    pufa::cli::main(pufa::cli::Command::parse())
}
