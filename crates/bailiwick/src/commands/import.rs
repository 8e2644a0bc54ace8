//! `bailiwick import`: access as others write it down, applied as `apply` does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bailiwick_client::document::{self, BYTES_MAX};
use bailiwick_client::wire::DocumentInvitation;
use clap::{Args, Subcommand};

use super::apply::{self, HowArgs, Source};
use crate::context::Context;
use crate::failure::Failure;
use crate::import::{Imported, casbin, openfga, people};
use crate::input;
use crate::output::{note, one_line, print};

/// The verbs of `import`.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// A policy of Casbin's model RBAC: roles become groups with custom roles, domains projects
    Casbin {
        /// The policy: lines `p, subject, object, action` and `g, user, role`
        #[arg(value_name = "POLICY")]
        file: PathBuf,
        /// The model, to be sure that it is RBAC
        #[arg(long, value_name = "FILE")]
        model: Option<PathBuf>,
        /// Also invite everybody who is named by an email
        #[arg(long)]
        invite: bool,
        #[command(flatten)]
        how: ImportArgs,
    },
    /// Tuples of OpenFGA: members of groups, and roles of people and groups on objects
    Openfga {
        /// The tuples as JSON, as `fga tuple read` and the API write them
        #[arg(value_name = "TUPLES")]
        file: PathBuf,
        /// Which role a relation stands for, for all objects or those of one type; may be repeated
        #[arg(long = "role", value_name = "[TYPE#]RELATION=ROLE", value_parser = pair)]
        roles: Vec<(String, String)>,
        /// Also invite everybody who is named by an email
        #[arg(long)]
        invite: bool,
        #[command(flatten)]
        how: ImportArgs,
    },
    /// A table of people with the columns `email`, `name`, `role`, `scope` and `until`: they are invited
    People {
        /// The table, values separated by commas; a row for each role
        #[arg(value_name = "CSV")]
        file: PathBuf,
        #[command(flatten)]
        how: ImportArgs,
    },
}

/// What is done with what was read.
#[derive(Debug, Clone, Copy, Args)]
pub struct ImportArgs {
    /// Print it as a file for `apply`, and do nothing
    #[arg(long)]
    print: bool,
    /// Go on without the lines that have no counterpart
    #[arg(long)]
    skip_unmapped: bool,
    #[command(flatten)]
    how: HowArgs,
}

/// Runs `bailiwick import`.
pub async fn run(ctx: Context, command: ImportCommand) -> Result<ExitCode, Failure> {
    let (file, imported, how) = match command {
        ImportCommand::Casbin { file, model, invite, how } => {
            let policy = input::file(&file, BYTES_MAX)?;
            let model = model.map(|model| input::file(&model, BYTES_MAX)).transpose()?;
            let catalog = ctx.client.catalog().await?;
            (file, inviting(casbin::read(&policy, model.as_deref(), &catalog), invite), how)
        }
        ImportCommand::Openfga { file, roles, invite, how } => {
            let tuples = input::file(&file, BYTES_MAX)?;
            let roles: BTreeMap<String, String> = roles.into_iter().collect();
            (file, inviting(openfga::read(&tuples, &roles), invite), how)
        }
        ImportCommand::People { file, how } => {
            let imported = people::read(&input::file(&file, BYTES_MAX)?);
            (file, imported, how)
        }
    };
    import(&ctx, &file, imported, how).await
}

async fn import(
    ctx: &Context,
    file: &Path,
    imported: Imported,
    how: ImportArgs,
) -> Result<ExitCode, Failure> {
    let name = file.display().to_string();
    let lines = imported.unmapped.iter().map(|one| one_line(&format!("line {}: {}", one.line, one.reason)));
    let lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        let what = format!("`{name}` has lines without a counterpart:\n  {}", lines.join("\n  "));
        if !how.skip_unmapped {
            return Err(Failure::refused(what, "correct them, or leave them out by `--skip-unmapped`"));
        }
        note(&format!("left out: {what}"));
    }
    if how.print {
        print(&document::write(&imported.document, &[format!("Read from {name}.")]))?;
        return Ok(ExitCode::SUCCESS);
    }
    let source =
        Source { name: &name, document: &imported.document, line_of: &|_| None, place_in: &|_, _, _| None };
    apply::apply(ctx, &source, false, how.how).await
}

/// The same with an invitation of everybody who is named by an email.
fn inviting(mut imported: Imported, invite: bool) -> Imported {
    if invite {
        let document = &imported.document;
        let members = document.groups.iter().flatten().flat_map(|group| group.members.iter().flatten());
        let granted = document.grants.iter().flatten().filter_map(|grant| grant.member.as_ref());
        let emails: BTreeSet<String> = members
            .chain(granted)
            .filter(|text| text.contains('@'))
            .map(|text| text.to_lowercase())
            .collect();
        let invitation = |email| DocumentInvitation { email, ..DocumentInvitation::default() };
        imported.document.invitations = Some(emails.into_iter().map(invitation).collect());
    }
    imported
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((relation, role)) if !relation.is_empty() && !role.is_empty() => {
            Ok((relation.to_owned(), role.to_owned()))
        }
        _ => Err("write `RELATION=ROLE`, for instance `viewer=Cluster reader`".to_owned()),
    }
}
