//! `bailiwick audit`: the record of what happened.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bailiwick_client::wire::{self, EventQuery, ExportQuery, Order};
use bailiwick_client::{Error, InAccount};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;

use crate::cli::LimitArgs;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::note;
use crate::{names, scope};

const COLUMNS: &[&str] =
    &["id", "at", "type", "actor", "target", "details", "source_ip", "request_id", "revision", "seq"];

/// Verbs of `audit`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// List what happened, the newest first
    List {
        #[command(flatten)]
        filter: FilterArgs,
        #[command(flatten)]
        limit: LimitArgs,
    },
    /// Write out all of what happened, exactly what the filters let through
    Export {
        #[command(flatten)]
        filter: FilterArgs,
        /// How it is written
        #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
        format: Format,
        /// File to write; it must not exist yet [default: stdout]
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// Which events; all conditions hold together.
#[derive(Debug, Args)]
pub struct FilterArgs {
    /// Only from this moment on: RFC 3339, or a day of UTC such as 2026-11-21
    #[arg(long, value_name = "MOMENT", value_parser = scope::first_moment)]
    from: Option<Timestamp>,
    /// Only before this moment: RFC 3339, or up to the end of a day of UTC such as 2026-11-21
    #[arg(long, value_name = "MOMENT", value_parser = scope::last_moment)]
    to: Option<Timestamp>,
    /// Only what this member or service account did
    #[arg(long, value_name = "ACTOR")]
    actor: Option<String>,
    /// Only events whose type starts so, for instance `member.`
    #[arg(long = "type", value_name = "PREFIX")]
    event_type: Option<String>,
    /// Only what was done to this: an id
    #[arg(long, value_name = "TARGET")]
    target: Option<String>,
    /// Only events with this text in them
    #[arg(long, value_name = "TEXT")]
    q: Option<String>,
    /// The oldest first
    #[arg(long)]
    oldest_first: bool,
}

/// How an export is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Format {
    /// One JSON object on each line
    Jsonl,
    /// Comma-separated values with a heading
    Csv,
}

impl FilterArgs {
    async fn query(self, account: &InAccount, limit: Option<u32>) -> Result<EventQuery, Failure> {
        let actor = match self.actor {
            Some(given) => Some(names::principal(account, &given).await?),
            None => None,
        };
        let target = match self.target {
            Some(given) => Some(names::member(account, &given).await?),
            None => None,
        };
        Ok(EventQuery {
            from: self.from,
            to: self.to,
            actor,
            event_type: self.event_type,
            target,
            q: self.q,
            order: Some(if self.oldest_first { Order::Asc } else { Order::Desc }),
            cursor: None,
            limit,
        })
    }
}

/// Runs `bailiwick audit`.
pub async fn run(ctx: Context, command: AuditCommand) -> Result<ExitCode, Failure> {
    let account = ctx.account().await?;
    match command {
        AuditCommand::List { filter, limit } => {
            let query = filter.query(&account, limit.page()).await?;
            ctx.output.list(&limit.read(account.list_events(&query)).await?, COLUMNS)?;
        }
        AuditCommand::Export { filter, format, output } => {
            let query = filter.query(&account, None).await?;
            let format = match format {
                Format::Jsonl => wire::ExportFormat::Jsonl,
                Format::Csv => wire::ExportFormat::Csv,
            };
            let EventQuery { from, to, actor, event_type, target, q, order, .. } = query;
            let query = ExportQuery { format: Some(format), from, to, actor, event_type, target, q, order };
            export(&account, &query, output.as_deref()).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn export(account: &InAccount, query: &ExportQuery, to: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = to else {
        let export = account.export_events(query).await?;
        export.copy_to(&mut io::stdout().lock()).await.map_err(|error| broken_off(error, None))?;
        return Ok(());
    };
    // Before the server is asked: an export is recorded, and one that came to nothing should not be.
    let mut file = File::create_new(path).map_err(|error| Failure::file("create", path, &error))?;
    let export = match account.export_events(query).await {
        Ok(export) => export,
        Err(error) => {
            // Made a moment ago, and empty.
            let _ = std::fs::remove_file(path);
            return Err(error.into());
        }
    };
    let bytes = export.copy_to(&mut file).await.map_err(|error| broken_off(error, Some(path)))?;
    file.flush().and_then(|()| file.sync_all()).map_err(|error| Failure::file("write", path, &error))?;
    note(&format!("wrote {bytes} bytes to `{}`", path.display()));
    Ok(())
}

/// An export that broke off: whether the server or the writer did it.
fn broken_off(error: io::Error, path: Option<&Path>) -> Failure {
    match (error.downcast::<Error>(), path) {
        (Ok(error), _) => Failure::Client(error),
        (Err(error), Some(path)) => Failure::file("write", path, &error),
        (Err(error), None) => Failure::output(&error),
    }
}
