//! `bailiwick session`: where you are signed in, and your password.

use std::process::ExitCode;

use bailiwick_client::wire::{ChangePassword, PageQuery};
use clap::Subcommand;

use crate::cli::LimitArgs;
use crate::context::Context;
use crate::failure::Failure;
use crate::input;

const COLUMNS: &[&str] =
    &["id", "current", "created_at", "last_used_at", "expires_at", "source_ip", "user_agent"];

/// Verbs of `session`.
#[derive(Debug, Subcommand)]
pub enum SessionCommand {
    /// List where you are signed in
    List {
        #[command(flatten)]
        limit: LimitArgs,
    },
    /// End a session of yours
    End {
        /// Its id
        #[arg(value_name = "SESSION")]
        session: String,
    },
    /// End all your sessions but this one
    EndOthers,
    /// Change your password; all your other sessions end
    Password {
        /// Read the present password and the new one from the first two lines of stdin
        #[arg(long)]
        password_stdin: bool,
    },
}

/// Runs `bailiwick session`.
pub async fn run(ctx: Context, command: SessionCommand) -> Result<ExitCode, Failure> {
    match command {
        SessionCommand::List { limit } => {
            let query = PageQuery { limit: limit.page(), ..PageQuery::default() };
            let all = limit.read(ctx.client.list_sessions(&query)).await?;
            ctx.output.list(&all, COLUMNS)?;
        }
        SessionCommand::End { session } => {
            ctx.client.end_session(&session).await?;
            ctx.done(None)?;
        }
        SessionCommand::EndOthers => {
            ctx.client.end_other_sessions().await?;
            ctx.done(None)?;
        }
        SessionCommand::Password { password_stdin } => {
            let current = input::secret("Present password: ", password_stdin)?;
            let new = input::new_password(password_stdin)?;
            ctx.client.change_password(&ChangePassword { current, new }).await?;
            ctx.done(None)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
