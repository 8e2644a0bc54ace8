//! `bailiwick role`.

use std::process::ExitCode;

use bailiwick_client::wire::{
    self, CreateInvitations, CreateRole, DuplicateRole, Patch, RoleQuery, UnusedQuery, UpdateRole,
};
use bailiwick_client::{All, InAccount};
use clap::{Subcommand, ValueEnum};

use crate::cli::{EditArgs, LimitArgs, WriteArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Shape, one_line};
use crate::{input, names};

use super::invite;

const COLUMNS: &[&str] =
    &["id", "name", "level", "built_in", "holders", "external_id", "revision", "description", "permissions"];
const SHAPE: Shape = Shape::new(COLUMNS);
const PERMISSIONS: &[&str] = &["name", "section", "description", "implies", "api_only"];

/// Verbs of `role`. A ROLE is an id, a name or an external id.
#[derive(Debug, Subcommand)]
pub enum RoleCommand {
    /// List built-in and custom roles
    List {
        /// Only those granted at this level
        #[arg(long, value_name = "LEVEL")]
        level: Option<Level>,
        /// Only custom roles
        #[arg(long)]
        custom: bool,
        /// Only those with this text in their name
        #[arg(long, value_name = "TEXT")]
        q: Option<String>,
        #[command(flatten)]
        limit: LimitArgs,
    },
    /// Show one role
    Show {
        /// Id, name or external id
        #[arg(value_name = "ROLE")]
        role: String,
    },
    /// Create a custom role
    Create {
        /// Unique in the account without regard to case, 4 to 64 characters
        #[arg(value_name = "NAME")]
        name: String,
        /// Permission that it holds; may be repeated. What a permission implies comes along
        #[arg(long = "permission", value_name = "PERMISSION", required_unless_present = "as_used_by")]
        permissions: Vec<String>,
        /// Holds what this member, group or service account made use of in 90 days, instead of naming permissions: what `access
        /// unused` suggests, at the level of the role that it has
        #[arg(long, value_name = "PRINCIPAL", conflicts_with_all = ["permissions", "level"])]
        as_used_by: Option<String>,
        /// Which of the roles that it has, if there are several that are broader than its use
        #[arg(long, value_name = "ROLE", requires = "as_used_by")]
        in_place_of: Option<String>,
        /// Where it is granted
        #[arg(long, value_name = "LEVEL", default_value = "account")]
        level: Level,
        /// What it is for, up to 256 characters
        #[arg(long, value_name = "TEXT", default_value = "")]
        description: String,
        /// Your own name for it, 1 to 128 characters without white space
        #[arg(long, value_name = "EXTERNAL_ID")]
        external_id: Option<String>,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// Change a custom role; acts on all its holders at once
    Edit {
        /// Id, name or external id
        #[arg(value_name = "ROLE")]
        role: String,
        /// Another name
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Another description; an empty one takes it away
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// The permissions as they shall be; may be repeated
        #[arg(long = "permission", value_name = "PERMISSION", conflicts_with_all = ["add", "remove"])]
        permissions: Vec<String>,
        /// A permission to add to those that it has; may be repeated
        #[arg(long, value_name = "PERMISSION")]
        add: Vec<String>,
        /// A permission to take from those that it has; may be repeated
        #[arg(long, value_name = "PERMISSION")]
        remove: Vec<String>,
        /// Another external id; an empty one takes it away
        #[arg(long, value_name = "EXTERNAL_ID")]
        external_id: Option<String>,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Make a custom role with the permissions of another role
    Duplicate {
        /// Id, name or external id
        #[arg(value_name = "ROLE")]
        role: String,
        /// The new role's name
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// Delete a custom role
    Delete {
        /// Id, name or external id
        #[arg(value_name = "ROLE")]
        role: String,
        /// Role that its holders get instead; needed if there are any
        #[arg(long, value_name = "ROLE")]
        reassign_to: Option<String>,
        /// The role's name, retyped; asked for if it is not given
        #[arg(long, value_name = "NAME")]
        confirm: Option<String>,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Invite people with this role, beside the newcomer role
    Invite {
        /// Id, name or external id
        #[arg(value_name = "ROLE")]
        role: String,
        /// Whom to invite, up to 100; an existing member gets the role at once
        #[arg(value_name = "EMAIL", required = true)]
        emails: Vec<String>,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// List all permissions that a role can hold, by section
    Permissions,
}

/// Where a role is granted.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Level {
    /// The whole account
    Account,
    /// One project
    Project,
    /// All resources of a type, or named ones
    Resource,
}

impl From<Level> for wire::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Account => Self::Account,
            Level::Project => Self::Project,
            Level::Resource => Self::Resource,
        }
    }
}

/// What an edit makes of an optional text: absent keeps it, an empty one takes it away.
pub fn patch(text: Option<String>) -> Patch<String> {
    match text {
        None => Patch::Keep,
        Some(text) if text.is_empty() => Patch::Clear,
        Some(text) => Patch::Set(text),
    }
}

/// Runs `bailiwick role`.
pub async fn run(ctx: Context, command: RoleCommand) -> Result<ExitCode, Failure> {
    if let RoleCommand::Permissions = command {
        let catalog = ctx.client.catalog().await?;
        let all = All { items: catalog.permissions, complete: true, filtered: false };
        ctx.output.list(&all, PERMISSIONS)?;
        return Ok(ExitCode::SUCCESS);
    }
    let account = ctx.account().await?;
    match command {
        RoleCommand::Permissions => {}
        RoleCommand::List { level, custom, q, limit } => {
            let query = RoleQuery {
                level: level.map(wire::Level::from),
                built_in: custom.then_some(false),
                q,
                limit: limit.page(),
                cursor: None,
            };
            ctx.output.list(&limit.read(account.list_roles(&query)).await?, COLUMNS)?;
        }
        RoleCommand::Show { role } => {
            let id = names::role(&account, &role).await?;
            ctx.output.record(&account.get_role(&id).await?, SHAPE)?;
        }
        RoleCommand::Create {
            name,
            permissions,
            as_used_by,
            in_place_of,
            level,
            description,
            external_id,
            write,
        } => {
            let (permissions, level) = match as_used_by {
                None => (permissions, level.into()),
                Some(principal) => suggested(&account, &principal, in_place_of.as_deref()).await?,
            };
            let role = CreateRole { name, description, level, permissions, external_id };
            ctx.write(account.create_role(&role), &write, SHAPE).await?;
        }
        RoleCommand::Edit { role, name, description, permissions, add, remove, external_id, edit } => {
            let id = names::role(&account, &role).await?;
            let (permissions, edit) =
                permissions_after(&account, &id, permissions, &add, &remove, edit).await?;
            let change = UpdateRole { name, description, permissions, external_id: patch(external_id) };
            ctx.edit(account.update_role(&id, &change), &edit, SHAPE).await?;
        }
        RoleCommand::Duplicate { role, name, write } => {
            let id = names::role(&account, &role).await?;
            ctx.write(account.duplicate_role(&id, &DuplicateRole { name }), &write, SHAPE).await?;
        }
        RoleCommand::Delete { role, reassign_to, confirm, edit } => {
            let id = names::role(&account, &role).await?;
            let reassign_to = match reassign_to {
                Some(other) => Some(names::role(&account, &other).await?),
                None => None,
            };
            confirm_deletion(&account, &id, confirm, &edit).await?;
            ctx.edit(account.delete_role(&id, reassign_to.as_deref()), &edit, Shape::new(&[])).await?;
        }
        RoleCommand::Invite { role, emails, write } => {
            let roles = vec![names::role(&account, &role).await?];
            let invitations = CreateInvitations { emails, roles, ..CreateInvitations::default() };
            invite::send(&ctx, &account, &invitations, &write).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Has the role's name retyped before the role is deleted, and says who would lose it.
async fn confirm_deletion(
    account: &InAccount,
    role: &str,
    confirm: Option<String>,
    edit: &EditArgs,
) -> Result<(), Failure> {
    if edit.write.dry_run {
        return Ok(());
    }
    let role = account.get_role(role).await?;
    let confirm = if let Some(confirm) = confirm {
        confirm
    } else {
        let (name, holders) = (one_line(&role.name), role.holders);
        let prompt =
            format!("This deletes the role `{name}`, which is granted {holders} times. Its name again: ");
        input::answer(&prompt, "the role's name by `--confirm`")?
    };
    if confirm == role.name {
        return Ok(());
    }
    Err(Failure::refused(
        format!("`{}` is not the name of the role", one_line(&confirm)),
        "retype the name exactly as `bailiwick role show` shows it",
    ))
}

/// The permissions as they shall be, if they change. What is added and removed is reckoned from a revision that the edit
/// then asks for.
async fn permissions_after(
    account: &InAccount,
    role: &str,
    all: Vec<String>,
    add: &[String],
    remove: &[String],
    edit: EditArgs,
) -> Result<(Option<Vec<String>>, EditArgs), Failure> {
    if add.is_empty() && remove.is_empty() {
        return Ok(((!all.is_empty()).then_some(all), edit));
    }
    let now = account.get_role(role).await?;
    let mut permissions = now.permissions;
    permissions.retain(|permission| !remove.contains(permission));
    for permission in add {
        if !permissions.contains(permission) {
            permissions.push(permission.clone());
        }
    }
    let if_revision = edit.if_revision.or((!now.built_in).then_some(now.revision));
    Ok((Some(permissions), EditArgs { if_revision, ..edit }))
}

/// What the role would hold that is suggested for somebody in place of one that is broader than its use.
async fn suggested(
    account: &InAccount,
    principal: &str,
    in_place_of: Option<&str>,
) -> Result<(Vec<String>, wire::Level), Failure> {
    let id = names::principal(account, principal).await?;
    let in_place_of = match in_place_of {
        Some(role) => Some(names::role(account, role).await?),
        None => None,
    };
    let query = UnusedQuery { principal: Some(id), ..UnusedQuery::default() };
    let found = account.unused_access(&query).all(1).await?.items;
    let roles = found.into_iter().flat_map(|unused| unused.roles);
    let mut fitting: Vec<_> = roles
        .filter(|broad| in_place_of.as_ref().is_none_or(|role| *role == broad.role.id))
        .filter_map(|broad| Some((broad.role.title, broad.suggestion?)))
        .collect();
    match (fitting.pop(), fitting.is_empty()) {
        (Some((_, suggestion)), true) => Ok((suggestion.permissions, suggestion.level)),
        (Some((last, _)), false) => {
            let mut titles: Vec<String> = fitting.into_iter().map(|(title, _)| title).collect();
            titles.push(last);
            let message = format!(
                "`{principal}` has several roles that are broader than its use: {}",
                titles.join(", ")
            );
            Err(Failure::usage(message, "say which by `--in-place-of ROLE`"))
        }
        (None, _) => Err(Failure::refused(
            format!("no smaller role can be suggested for `{principal}`"),
            "`bailiwick access unused` shows what is known of its use; nothing is suggested for who made use of nothing",
        )),
    }
}
