//! `bailiwick delivery`: mail on its way, so that what fails is seen.

use std::process::ExitCode;

use bailiwick_client::wire::{DeliveryQuery, DeliveryState};
use clap::{Subcommand, ValueEnum};

use crate::cli::LimitArgs;
use crate::context::Context;
use crate::failure::Failure;

const COLUMNS: &[&str] = &["id", "kind", "to", "state", "attempts", "next_attempt_at", "last_error"];

/// Verbs of `delivery`.
#[derive(Debug, Subcommand)]
pub enum DeliveryCommand {
    /// List mail that waits or failed; what was sent is not kept
    List {
        /// Only what is so
        #[arg(long, value_name = "STATE")]
        state: Option<State>,
        #[command(flatten)]
        limit: LimitArgs,
    },
}

/// How far a mail is.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum State {
    /// Waits for its first or next attempt
    Waiting,
    /// Was given up
    Failed,
}

/// Runs `bailiwick delivery`.
pub async fn run(ctx: Context, command: DeliveryCommand) -> Result<ExitCode, Failure> {
    let DeliveryCommand::List { state, limit } = command;
    let state = state.map(|state| match state {
        State::Waiting => DeliveryState::Waiting,
        State::Failed => DeliveryState::Failed,
    });
    let query = DeliveryQuery { state, limit: limit.page(), ..DeliveryQuery::default() };
    let all = limit.read(ctx.account().await?.list_deliveries(&query)).await?;
    ctx.output.list(&all, COLUMNS)?;
    Ok(ExitCode::SUCCESS)
}
