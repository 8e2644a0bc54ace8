//! `bailiwick export`.

use std::path::PathBuf;
use std::process::ExitCode;

use bailiwick_client::document;
use clap::Args;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Shape, note, print};

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// File to write instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Writes the account's access.
pub async fn run(ctx: Context, args: ExportArgs) -> Result<ExitCode, Failure> {
    let account = ctx.account().await?;
    let document = account.export_access().await?;
    if ctx.output.is_json() && args.output.is_none() {
        ctx.output.record(&document, Shape::new(&[]))?;
        return Ok(ExitCode::SUCCESS);
    }
    let comments = [
        format!("Access of the account {}, without keys and other secrets.", account.id()),
        "`bailiwick apply -f FILE` makes it so again: what a section does not name stays, unless `--prune` is given."
            .to_owned(),
    ];
    let text = document::write(&document, &comments);
    match args.output {
        None => print(&text)?,
        Some(path) => {
            std::fs::write(&path, text).map_err(|error| Failure::file("write", &path, &error))?;
            note(&format!("written to `{}`", path.display()));
        }
    }
    Ok(ExitCode::SUCCESS)
}
