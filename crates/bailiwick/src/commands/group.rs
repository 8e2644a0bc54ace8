//! `bailiwick group`.

use std::process::ExitCode;

use bailiwick_client::wire::{CreateGroup, GroupQuery, PageQuery, UpdateGroup};
use clap::Subcommand;

use crate::cli::{ChangeArgs, EditArgs, LimitArgs, NewArgs, SearchArgs, WriteArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::names;
use crate::output::Shape;

use super::role::patch;

const COLUMNS: &[&str] =
    &["id", "name", "members", "groups", "member_of", "roles", "external_id", "revision", "description"];
/// Of members and groups alike.
const IN_GROUP: &[&str] = &["kind", "id", "email", "name", "status", "roles", "external_id", "revision"];
const SHAPE: Shape = Shape::new(COLUMNS);

/// Verbs of `group`. A GROUP is an id, a name or an external id.
#[derive(Debug, Subcommand)]
pub enum GroupCommand {
    /// List groups
    List {
        #[command(flatten)]
        search: SearchArgs,
    },
    /// Show one group
    Show {
        /// Id, name or external id
        #[arg(value_name = "GROUP")]
        group: String,
    },
    /// List members and groups in a group
    Members {
        /// Id, name or external id
        #[arg(value_name = "GROUP")]
        group: String,
        #[command(flatten)]
        limit: LimitArgs,
    },
    /// Create a group
    Create {
        #[command(flatten)]
        new: NewArgs,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// Change a group
    Edit {
        /// Id, name or external id
        #[arg(value_name = "GROUP")]
        group: String,
        #[command(flatten)]
        change: ChangeArgs,
    },
    /// Delete a group with its grants
    Delete {
        /// Id, name or external id
        #[arg(value_name = "GROUP")]
        group: String,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Put a member, or another group with all its members, into a group
    Add {
        /// Id, name or external id
        #[arg(value_name = "GROUP")]
        group: String,
        /// Member by email, id or external id, or group by id, name or external id
        #[arg(value_name = "MEMBER")]
        member: String,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// Take a member or another group out of a group
    Remove {
        /// Id, name or external id
        #[arg(value_name = "GROUP")]
        group: String,
        /// Member by email, id or external id, or group by id, name or external id
        #[arg(value_name = "MEMBER")]
        member: String,
        #[command(flatten)]
        write: WriteArgs,
    },
}

/// Runs `bailiwick group`.
pub async fn run(ctx: Context, command: GroupCommand) -> Result<ExitCode, Failure> {
    let account = ctx.account().await?;
    match command {
        GroupCommand::List { search: SearchArgs { q, limit } } => {
            let query = GroupQuery { q, limit: limit.page(), cursor: None };
            ctx.output.list(&limit.read(account.list_groups(&query)).await?, COLUMNS)?;
        }
        GroupCommand::Show { group } => {
            let id = names::group(&account, &group).await?;
            ctx.output.record(&account.get_group(&id).await?, SHAPE)?;
        }
        GroupCommand::Members { group, limit } => {
            let id = names::group(&account, &group).await?;
            let query = PageQuery { limit: limit.page(), cursor: None };
            let all = limit.read(account.list_group_members(&id, &query)).await?;
            ctx.output.list(&all, IN_GROUP)?;
        }
        GroupCommand::Create { new: NewArgs { name, description, external_id }, write } => {
            let group = CreateGroup { name, description, external_id };
            ctx.write(account.create_group(&group), &write, SHAPE).await?;
        }
        GroupCommand::Edit { group, change } => {
            let ChangeArgs { name, description, external_id, edit } = change;
            let id = names::group(&account, &group).await?;
            let change = UpdateGroup { name, description, external_id: patch(external_id) };
            ctx.edit(account.update_group(&id, &change), &edit, SHAPE).await?;
        }
        GroupCommand::Delete { group, edit } => {
            let id = names::group(&account, &group).await?;
            ctx.edit(account.delete_group(&id), &edit, Shape::new(&[])).await?;
        }
        GroupCommand::Add { group, member, write } => {
            let id = names::group(&account, &group).await?;
            let member = names::group_member(&account, &member).await?;
            ctx.write(account.add_group_member(&id, &member), &write, Shape::new(&[])).await?;
        }
        GroupCommand::Remove { group, member, write } => {
            let id = names::group(&account, &group).await?;
            let member = names::group_member(&account, &member).await?;
            ctx.write(account.remove_group_member(&id, &member), &write, Shape::new(&[])).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
