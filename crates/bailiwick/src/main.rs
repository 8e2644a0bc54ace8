//! The binary: command line and server.

mod cli;
mod commands;
mod context;
mod failure;
mod input;
mod names;
mod output;
mod profile;
mod scope;

use std::process::ExitCode;

// The system's allocator costs a write a fifth of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
