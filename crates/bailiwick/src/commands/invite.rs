//! `bailiwick invite`.

mod bulk;

use std::path::PathBuf;
use std::process::ExitCode;

use bailiwick_client::wire::{CreateInvitations, GrantSpec};
use bailiwick_client::{Error, InAccount};
use clap::Args;
use jiff::Timestamp;

use crate::cli::{GiveArgs, WriteArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Shape;
use crate::{names, scope};

use super::attributes::AttributeArgs;
use super::{invitation, member};

/// How the answer to an invitation is shown.
const SHAPE: Shape =
    Shape { fields: &[], tables: &[("invitations", invitation::COLUMNS), ("members", member::COLUMNS)] };

/// Arguments of `invite`.
#[derive(Debug, Args)]
pub struct InviteArgs {
    /// Whom to invite, up to 100; an existing member gets the roles at once
    #[arg(value_name = "EMAIL", required_unless_present = "csv")]
    emails: Vec<String>,
    /// What to call the person; for one email alone, and asked for by some catalogs
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Group to join, by id, name or external id; may be repeated
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// Invite the people in a table with the columns `email`, `role`, `scope` and `until`, a row for each role: up to
    /// 10,000 rows. Goes on after a row that is refused; rows that are so already are told as such, so that an
    /// interrupted file can be given again
    #[arg(long, value_name = "FILE", conflicts_with_all = ["emails", "roles", "grants", "until", "idempotency_key"])]
    csv: Option<PathBuf>,
    #[command(flatten)]
    give: GiveArgs,
    /// When the membership that comes of it ends: RFC 3339, or +30d from now
    #[arg(long, value_name = "MOMENT", value_parser = scope::moment)]
    member_until: Option<Timestamp>,
    #[command(flatten)]
    attributes: AttributeArgs,
    #[command(flatten)]
    write: WriteArgs,
}

/// Invites people.
pub async fn run(ctx: Context, args: InviteArgs) -> Result<ExitCode, Failure> {
    if let Some(file) = &args.csv {
        return bulk::run(&ctx, file, args.write.dry_run).await;
    }
    let account = ctx.account().await?;
    let (roles, grants) = given(&account, &args.give).await?;
    let mut groups = Vec::with_capacity(args.groups.len());
    for given in &args.groups {
        groups.push(names::group(&account, given).await?);
    }
    let attributes = args.attributes.values(&ctx, &account).await?;
    let InviteArgs { emails, name, member_until, .. } = args;
    let invitations = CreateInvitations { emails, name, groups, roles, grants, member_until, attributes };
    send(&ctx, &account, &invitations, &args.write).await?;
    Ok(ExitCode::SUCCESS)
}

/// Invites, and names an address that is refused by itself rather than by its place among the others.
pub async fn send(
    ctx: &Context,
    account: &InAccount,
    invitations: &CreateInvitations,
    write: &WriteArgs,
) -> Result<(), Failure> {
    ctx.write(account.invite(invitations), write, SHAPE).await.map_err(|failure| match failure {
        Failure::Client(Error::Problem(mut problem)) => {
            for (place, email) in invitations.emails.iter().enumerate() {
                let (given, own) = (format!("`emails/{place}`"), format!("`{email}`"));
                problem.detail = problem.detail.replace(&given, &own);
                for error in
                    problem.errors.iter_mut().filter(|error| error.field == format!("/emails/{place}"))
                {
                    error.message = error.message.replace(&given, &own);
                    error.field.clone_from(email);
                }
            }
            Failure::Client(Error::Problem(problem))
        }
        other => other,
    })
}

/// Roles and grants with their names looked up.
pub async fn given(account: &InAccount, give: &GiveArgs) -> Result<(Vec<String>, Vec<GrantSpec>), Failure> {
    let (roles, scoped) = give.split();
    let mut grants = Vec::with_capacity(scoped.len());
    for (role, scope) in scoped {
        grants.push(give.spec(role, names::scope(account, &scope).await?));
    }
    Ok((roles, grants))
}
