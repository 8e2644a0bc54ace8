//! `bailiwick member`.

use std::process::ExitCode;

use bailiwick_client::InAccount;
use bailiwick_client::wire::{
    Member, MemberQuery, MemberStatus, MemberStatusChange, Patch, RoleSource, Scope, UpdateMember,
};
use clap::{Subcommand, ValueEnum};
use jiff::Timestamp;

use crate::cli::{EditArgs, LimitArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Shape, one_line};
use crate::{input, names, scope};

use super::attributes::AttributeArgs;

/// How members are shown.
pub const COLUMNS: &[&str] = &[
    "id",
    "email",
    "email_verified",
    "name",
    "status",
    "roles",
    "joined_at",
    "until",
    "last_sign_in_at",
    "auth_methods",
    "external_id",
    "attributes",
    "invitation",
    "revision",
];
const SHAPE: Shape = Shape::new(COLUMNS);

/// Verbs of `member`. A MEMBER is an email, id or external id.
#[derive(Debug, Subcommand)]
pub enum MemberCommand {
    /// List the account's members
    List {
        /// Only those that stand so
        #[arg(long, value_name = "STATUS")]
        status: Option<Status>,
        /// Only those who have this role anywhere
        #[arg(long, value_name = "ROLE")]
        role: Option<String>,
        /// Only those in this group
        #[arg(long, value_name = "GROUP")]
        group: Option<String>,
        /// Only those with this text in email, name or external id
        #[arg(long, value_name = "TEXT")]
        q: Option<String>,
        #[command(flatten)]
        limit: LimitArgs,
    },
    /// Show one member
    Show {
        /// Email, id or external id
        #[arg(value_name = "MEMBER")]
        member: String,
    },
    /// Give a member account-level roles
    AddRole {
        /// Email, id or external id
        #[arg(value_name = "MEMBER")]
        member: String,
        /// Roles, by id or name
        #[arg(value_name = "ROLE", required = true)]
        roles: Vec<String>,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Take account-level roles from a member
    RemoveRole {
        /// Email, id or external id
        #[arg(value_name = "MEMBER")]
        member: String,
        /// Roles, by id or name
        #[arg(value_name = "ROLE", required = true)]
        roles: Vec<String>,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Say which account-level roles a member has, besides the newcomer role
    SetRoles {
        /// Email, id or external id
        #[arg(value_name = "MEMBER")]
        member: String,
        /// Roles, by id or name; none takes them all away
        #[arg(value_name = "ROLE")]
        roles: Vec<String>,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Give a member an external id of your own, or take it away
    SetExternalId {
        /// Email, id or external id
        #[arg(value_name = "MEMBER")]
        member: String,
        /// 1 to 128 characters without white space; absent takes it away
        #[arg(value_name = "EXTERNAL_ID")]
        external_id: Option<String>,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Say when a membership ends by itself, or change what is said of the member for policies to read
    Edit {
        /// Email, id or external id
        #[arg(value_name = "MEMBER")]
        member: String,
        /// From when on the member is inactive: RFC 3339, or +30d from now
        #[arg(long, value_name = "MOMENT", value_parser = scope::moment, required_unless_present_any = ["no_until", "attributes"])]
        until: Option<Timestamp>,
        /// The membership does not end by itself any more
        #[arg(long, conflicts_with = "until")]
        no_until: bool,
        #[command(flatten)]
        attributes: AttributeArgs,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Let a member act again
    Activate {
        /// Email, id or external id
        #[arg(value_name = "MEMBER")]
        member: String,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Keep a member from acting, from the next request on; sessions end with the last account
    Deactivate {
        /// Email, id or external id
        #[arg(value_name = "MEMBER")]
        member: String,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Take a member out of the account
    Remove {
        /// Email, id or external id
        #[arg(value_name = "MEMBER")]
        member: String,
        /// The member's email, retyped; asked for if it is not given
        #[arg(long, value_name = "EMAIL")]
        confirm_email: Option<String>,
        #[command(flatten)]
        edit: EditArgs,
    },
}

/// How a member stands.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Status {
    /// Invited and not yet accepted
    Pending,
    /// May act
    Active,
    /// May do nothing until activated
    Inactive,
}

/// Runs `bailiwick member`.
pub async fn run(ctx: Context, command: MemberCommand) -> Result<ExitCode, Failure> {
    let account = ctx.account().await?;
    match command {
        MemberCommand::List { status, role, group, q, limit } => {
            let status = status.map(|status| match status {
                Status::Pending => MemberStatus::Pending,
                Status::Active => MemberStatus::Active,
                Status::Inactive => MemberStatus::Inactive,
            });
            let role = match role {
                Some(role) => Some(names::role(&account, &role).await?),
                None => None,
            };
            let group = match group {
                Some(group) => Some(names::group(&account, &group).await?),
                None => None,
            };
            let query = MemberQuery { status, role, group, q, limit: limit.page(), cursor: None };
            ctx.output.list(&limit.read(account.list_members(&query)).await?, COLUMNS)?;
        }
        MemberCommand::Show { member } => {
            let id = names::member(&account, &member).await?;
            ctx.output.record(&account.get_member(&id).await?, SHAPE)?;
        }
        MemberCommand::AddRole { member, roles, edit } => {
            change_roles(&ctx, &account, &member, &edit, |held| held.extend(roles)).await?;
        }
        MemberCommand::RemoveRole { member, roles, edit } => {
            let mut given = Vec::with_capacity(roles.len());
            for role in roles {
                given.push(names::role(&account, &role).await?);
            }
            change_roles(&ctx, &account, &member, &edit, |held| held.retain(|role| !given.contains(role)))
                .await?;
        }
        MemberCommand::SetRoles { member, roles, edit } => {
            let change = UpdateMember { roles: Some(roles), ..UpdateMember::default() };
            update(&ctx, &account, &member, &change, &edit).await?;
        }
        MemberCommand::SetExternalId { member, external_id, edit } => {
            let change = UpdateMember { external_id: Patch::from(external_id), ..UpdateMember::default() };
            update(&ctx, &account, &member, &change, &edit).await?;
        }
        MemberCommand::Edit { member, until, no_until, attributes, edit } => {
            let attributes = attributes.changes(&ctx, &account).await?;
            let until = if until.is_some() || no_until { Patch::from(until) } else { Patch::Keep };
            let change = UpdateMember { until, attributes, ..UpdateMember::default() };
            update(&ctx, &account, &member, &change, &edit).await?;
        }
        MemberCommand::Activate { member, edit } => {
            let status = Some(MemberStatusChange::Active);
            update(&ctx, &account, &member, &UpdateMember { status, ..UpdateMember::default() }, &edit)
                .await?;
        }
        MemberCommand::Deactivate { member, edit } => {
            let status = Some(MemberStatusChange::Inactive);
            update(&ctx, &account, &member, &UpdateMember { status, ..UpdateMember::default() }, &edit)
                .await?;
        }
        MemberCommand::Remove { member, confirm_email, edit } => {
            remove(&ctx, &account, &member, confirm_email, &edit).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn update(
    ctx: &Context,
    account: &InAccount,
    member: &str,
    change: &UpdateMember,
    edit: &EditArgs,
) -> Result<(), Failure> {
    let id = names::member(account, member).await?;
    ctx.edit(account.update_member(&id, change), edit, SHAPE).await
}

/// Changes the account-level roles that a member holds by grants of its own, at the revision at which they were read, so
/// that what somebody else does meanwhile is not undone.
async fn change_roles(
    ctx: &Context,
    account: &InAccount,
    member: &str,
    edit: &EditArgs,
    change: impl FnOnce(&mut Vec<String>),
) -> Result<(), Failure> {
    let id = names::member(account, member).await?;
    let member = account.get_member(&id).await?;
    let mut roles = account_roles(&member);
    change(&mut roles);
    let edit = EditArgs { if_revision: edit.if_revision.or(Some(member.revision)), ..edit.clone() };
    let change = UpdateMember { roles: Some(roles), ..UpdateMember::default() };
    ctx.edit(account.update_member(&member.id, &change), &edit, SHAPE).await
}

fn account_roles(member: &Member) -> Vec<String> {
    let own =
        member.roles.iter().filter(|held| held.via == RoleSource::Grant && held.scope == Scope::Account);
    own.map(|held| held.role.clone()).collect()
}

async fn remove(
    ctx: &Context,
    account: &InAccount,
    member: &str,
    confirm_email: Option<String>,
    edit: &EditArgs,
) -> Result<(), Failure> {
    let id = names::member(account, member).await?;
    let confirm = if let Some(confirm) = confirm_email {
        confirm
    } else {
        let email = one_line(&account.get_member(&id).await?.email);
        let prompt = format!("This takes {email} out of the account. The email again: ");
        input::answer(&prompt, "the member's email by `--confirm-email`")?
    };
    ctx.edit(account.remove_member(&id, Some(&confirm)), edit, Shape::new(&[])).await
}
