//! The binary: command line and server.

mod cli;
mod commands;
mod context;
mod failure;
mod import;
mod input;
mod names;
mod output;
mod profile;
mod scope;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
