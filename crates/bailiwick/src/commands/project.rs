//! `bailiwick project`.

use std::process::ExitCode;

use bailiwick_client::wire::{CreateProject, ProjectQuery, UpdateProject};
use clap::Subcommand;

use crate::cli::{ChangeArgs, EditArgs, NewArgs, SearchArgs, WriteArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::names;
use crate::output::Shape;

use super::role::patch;

const COLUMNS: &[&str] = &["id", "name", "default", "resources", "external_id", "revision", "description"];
const SHAPE: Shape = Shape::new(COLUMNS);

/// Verbs of `project`. A PROJECT is an id, a name or an external id.
#[derive(Debug, Subcommand)]
pub enum ProjectCommand {
    /// List projects
    List {
        #[command(flatten)]
        search: SearchArgs,
    },
    /// Show one project
    Show {
        /// Id, name or external id
        #[arg(value_name = "PROJECT")]
        project: String,
    },
    /// Create a project
    Create {
        #[command(flatten)]
        new: NewArgs,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// Change a project
    Edit {
        /// Id, name or external id
        #[arg(value_name = "PROJECT")]
        project: String,
        #[command(flatten)]
        change: ChangeArgs,
    },
    /// Leave a project: what you were granted there and below ends
    Leave {
        /// Id, name or external id
        #[arg(value_name = "PROJECT")]
        project: String,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// Take a member out of a project: what they were granted there and below ends
    RemoveMember {
        /// Id, name or external id
        #[arg(value_name = "PROJECT")]
        project: String,
        /// The member, by email, id or external id
        #[arg(value_name = "MEMBER")]
        member: String,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// Delete an empty project
    Delete {
        /// Id, name or external id
        #[arg(value_name = "PROJECT")]
        project: String,
        #[command(flatten)]
        edit: EditArgs,
    },
}

/// Runs `bailiwick project`.
pub async fn run(ctx: Context, command: ProjectCommand) -> Result<ExitCode, Failure> {
    let account = ctx.account().await?;
    match command {
        ProjectCommand::List { search: SearchArgs { q, limit } } => {
            let query = ProjectQuery { q, limit: limit.page(), cursor: None };
            ctx.output.list(&limit.read(account.list_projects(&query)).await?, COLUMNS)?;
        }
        ProjectCommand::Show { project } => {
            let id = names::project(&account, &project).await?;
            ctx.output.record(&account.get_project(&id).await?, SHAPE)?;
        }
        ProjectCommand::Create { new: NewArgs { name, description, external_id }, write } => {
            let project = CreateProject { name, description, external_id };
            ctx.write(account.create_project(&project), &write, SHAPE).await?;
        }
        ProjectCommand::Edit { project, change } => {
            let ChangeArgs { name, description, external_id, edit } = change;
            let id = names::project(&account, &project).await?;
            let change = UpdateProject { name, description, external_id: patch(external_id) };
            ctx.edit(account.update_project(&id, &change), &edit, SHAPE).await?;
        }
        ProjectCommand::Leave { project, write } => {
            let id = names::project(&account, &project).await?;
            ctx.write(account.leave_project(&id), &write, Shape::new(&[])).await?;
        }
        ProjectCommand::RemoveMember { project, member, write } => {
            let id = names::project(&account, &project).await?;
            let member = names::member(&account, &member).await?;
            ctx.write(account.remove_from_project(&id, &member), &write, Shape::new(&[])).await?;
        }
        ProjectCommand::Delete { project, edit } => {
            let id = names::project(&account, &project).await?;
            ctx.edit(account.delete_project(&id), &edit, Shape::new(&[])).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
