//! `bailiwick policy`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bailiwick_client::All;
use bailiwick_client::wire::{CheckPolicy, CreatePolicy, PolicyQuery, UpdatePolicy};
use clap::Subcommand;

use crate::cli::{EditArgs, SearchArgs, WriteArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::names;
use crate::output::Shape;

const COLUMNS: &[&str] = &["id", "name", "enabled", "revision", "description"];
const FIELDS: &[&str] = &["id", "name", "enabled", "revision", "description", "text"];
const SHAPE: Shape = Shape::new(FIELDS);
const MISTAKES: &[&str] = &["line", "column", "message", "snippet", "hint"];

/// More than the server takes, so that it is the server that says so.
const FILE_MAX_BYTES: u64 = 64 * 1024;

/// Verbs of `policy`. A POLICY is an id or a name.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// List policies
    List {
        #[command(flatten)]
        search: SearchArgs,
    },
    /// Show one policy with its text
    Show {
        /// Id or name
        #[arg(value_name = "POLICY")]
        policy: String,
    },
    /// Create a policy
    Create {
        /// Unique in the account, 1 to 64 characters
        #[arg(value_name = "NAME")]
        name: String,
        /// File with the text in Cedar; `-` for stdin
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// What it is for, up to 256 characters
        #[arg(long, value_name = "TEXT", default_value = "")]
        description: String,
        /// Create it without effect
        #[arg(long)]
        disabled: bool,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// Change a policy
    Edit {
        /// Id or name
        #[arg(value_name = "POLICY")]
        policy: String,
        /// Another name
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// File with another text in Cedar; `-` for stdin
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Another description
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// Let it count from now on
        #[arg(long, conflicts_with = "disable")]
        enable: bool,
        /// Let it count no more
        #[arg(long)]
        disable: bool,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Delete a policy
    Delete {
        /// Id or name
        #[arg(value_name = "POLICY")]
        policy: String,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Look for mistakes in a text without saving it: exit code 0 if there are none, 1 if there are
    Check {
        /// File with the text in Cedar; `-` for stdin
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
}

/// Runs `bailiwick policy`.
pub async fn run(ctx: Context, command: PolicyCommand) -> Result<ExitCode, Failure> {
    let account = ctx.account().await?;
    match command {
        PolicyCommand::List { search: SearchArgs { q, limit } } => {
            let query = PolicyQuery { q, limit: limit.page(), cursor: None };
            ctx.output.list(&limit.read(account.list_policies(&query)).await?, COLUMNS)?;
        }
        PolicyCommand::Show { policy } => {
            let id = names::policy(&account, &policy).await?;
            ctx.output.record(&account.get_policy(&id).await?, SHAPE)?;
        }
        PolicyCommand::Create { name, file, description, disabled, write } => {
            let policy = CreatePolicy { name, description, text: text(&file)?, enabled: !disabled };
            ctx.write(account.create_policy(&policy), &write, SHAPE).await?;
        }
        PolicyCommand::Edit { policy, name, file, description, enable, disable, edit } => {
            let id = names::policy(&account, &policy).await?;
            let text = file.as_deref().map(text).transpose()?;
            let enabled = (enable || disable).then_some(enable);
            let change = UpdatePolicy { name, description, text, enabled };
            ctx.edit(account.update_policy(&id, &change), &edit, SHAPE).await?;
        }
        PolicyCommand::Delete { policy, edit } => {
            let id = names::policy(&account, &policy).await?;
            ctx.edit(account.delete_policy(&id), &edit, Shape::new(&[])).await?;
        }
        PolicyCommand::Check { file } => {
            let check = account.check_policy(&CheckPolicy { text: text(&file)? }).await?;
            let valid = check.valid;
            let all = All { items: check.mistakes, complete: true, filtered: false };
            ctx.output.list_or("no mistakes", &all, MISTAKES)?;
            return Ok(ExitCode::from(u8::from(!valid)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn text(file: &Path) -> Result<String, Failure> {
    let unreadable = |error: &std::io::Error| {
        Failure::usage(
            format!("cannot read `{}`: {error}", file.display()),
            "name a file of UTF-8 text, or `-` for stdin",
        )
    };
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(FILE_MAX_BYTES).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|opened| opened.take(FILE_MAX_BYTES).read_to_string(&mut text))
    };
    read.map_err(|error| unreadable(&error))?;
    Ok(text)
}
