//! `bailiwick invitation`.

use std::process::ExitCode;

use bailiwick_client::wire::{DeclineLink, InvitationQuery, InvitationStatus, PageQuery};
use clap::{Subcommand, ValueEnum};

use crate::cli::{LimitArgs, OnceArgs, WriteArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::names;
use crate::output::{Shape, note};

use super::login;

/// How invitations are shown.
pub const COLUMNS: &[&str] = &[
    "id",
    "email",
    "name",
    "status",
    "grants",
    "groups",
    "sponsor",
    "sent_at",
    "expires_at",
    "member_until",
    "user",
    "revision",
];
const MINE: &[&str] =
    &["id", "account", "email", "status", "sponsor", "grants", "groups", "sent_at", "expires_at"];
const LINK: Shape = Shape::new(&["link", "expires_at"]);
const ACCEPTED: Shape = Shape::new(&["account", "withheld", "withheld_groups"]);

/// Verbs of `invitation`.
#[derive(Debug, Subcommand)]
pub enum InvitationCommand {
    /// List the account's invitations, answered ones included
    List {
        /// Only those that stand so
        #[arg(long, value_name = "STATUS")]
        status: Option<Status>,
        /// Only those with this text in the email
        #[arg(long, value_name = "TEXT")]
        q: Option<String>,
        #[command(flatten)]
        limit: LimitArgs,
    },
    /// Show one invitation
    Show {
        /// Its id, or the invited email
        #[arg(value_name = "INVITATION")]
        invitation: String,
    },
    /// Send an invitation again: its lifetime restarts and its earlier link ends
    Resend {
        /// Its id, or the invited email
        #[arg(value_name = "INVITATION")]
        invitation: String,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// Take a waiting invitation back
    Revoke {
        /// Its id, or the invited email
        #[arg(value_name = "INVITATION")]
        invitation: String,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// Make a link to pass on by hand; earlier links of the invitation end
    Link {
        /// Its id, or the invited email
        #[arg(value_name = "INVITATION")]
        invitation: String,
        #[command(flatten)]
        once: OnceArgs,
    },
    /// List invitations to you, across accounts
    Mine {
        #[command(flatten)]
        limit: LimitArgs,
    },
    /// Accept an invitation to you: signed in by its id, otherwise by its link
    Accept {
        /// Its id: `bailiwick invitation mine`
        #[arg(value_name = "INVITATION", required_unless_present = "link")]
        invitation: Option<String>,
        /// The link that came by mail; signs you in, and sets a password if you have none
        #[arg(long, value_name = "LINK", conflicts_with = "invitation")]
        link: Option<String>,
        /// What to call you, with a link and if you are new: 1 to 64 characters
        #[arg(long, value_name = "NAME", requires = "link")]
        name: Option<String>,
        /// Read the password from the first line of stdin
        #[arg(long, requires = "link")]
        password_stdin: bool,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// Decline an invitation to you: signed in by its id, otherwise by its link
    Decline {
        /// Its id: `bailiwick invitation mine`
        #[arg(value_name = "INVITATION", required_unless_present = "link")]
        invitation: Option<String>,
        /// The link that came by mail
        #[arg(long, value_name = "LINK", conflicts_with = "invitation")]
        link: Option<String>,
        #[command(flatten)]
        write: WriteArgs,
    },
}

/// How an invitation stands.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Status {
    /// Waits for its answer
    Pending,
    /// Was accepted
    Accepted,
    /// Was declined
    Declined,
    /// Was taken back
    Revoked,
    /// Was not answered in time
    Expired,
}

/// Runs `bailiwick invitation`.
pub async fn run(ctx: Context, command: InvitationCommand) -> Result<ExitCode, Failure> {
    match command {
        InvitationCommand::List { status, q, limit } => {
            let status = status.map(wire_status);
            let query = InvitationQuery { status, q, limit: limit.page(), ..InvitationQuery::default() };
            let all = limit.read(ctx.account().await?.list_invitations(&query)).await?;
            ctx.output.list(&all, COLUMNS)?;
        }
        InvitationCommand::Show { invitation } => {
            let account = ctx.account().await?;
            let id = names::invitation(&account, &invitation).await?;
            ctx.output.record(&account.get_invitation(&id).await?, Shape::new(COLUMNS))?;
        }
        InvitationCommand::Resend { invitation, write } => {
            let account = ctx.account().await?;
            let id = names::invitation(&account, &invitation).await?;
            ctx.write(account.resend_invitation(&id), &write, Shape::new(COLUMNS)).await?;
        }
        InvitationCommand::Revoke { invitation, write } => {
            let account = ctx.account().await?;
            let id = names::invitation(&account, &invitation).await?;
            ctx.write(account.revoke_invitation(&id), &write, Shape::new(COLUMNS)).await?;
        }
        InvitationCommand::Link { invitation, once } => {
            let account = ctx.account().await?;
            let id = names::invitation(&account, &invitation).await?;
            ctx.write(account.invitation_link(&id), &once.into(), LINK).await?;
        }
        InvitationCommand::Mine { limit } => {
            let query = PageQuery { limit: limit.page(), ..PageQuery::default() };
            let all = limit.read(ctx.client.list_my_invitations(&query)).await?;
            ctx.output.list(&all, MINE)?;
            if all.items.is_empty() && ctx.client.me().await?.email_verified == Some(false) {
                note(
                    "hint: your email is not confirmed: follow the link in the mail of an invitation to see others",
                );
            }
        }
        InvitationCommand::Accept { invitation, link, name, password_stdin, write } => {
            if let Some(link) = link {
                refuse_with_link(&write)?;
                return login::accept_link(ctx.at_link(&link)?, &link, name, password_stdin).await;
            }
            let id = invitation.unwrap_or_default();
            ctx.write(ctx.client.accept_my_invitation(&id), &write, ACCEPTED).await?;
        }
        InvitationCommand::Decline { invitation, link, write } => {
            if let Some(link) = link {
                refuse_with_link(&write)?;
                let ctx = ctx.at_link(&link)?;
                ctx.client.decline_link(&DeclineLink { token: login::token_of(&link) }).await?;
                ctx.done(None)?;
            } else {
                let id = invitation.unwrap_or_default();
                ctx.write(ctx.client.decline_my_invitation(&id), &write, Shape::new(&[])).await?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A link is used up once, so that it cannot be tried or repeated.
fn refuse_with_link(write: &WriteArgs) -> Result<(), Failure> {
    if write.dry_run || write.idempotency_key.is_some() {
        return Err(Failure::usage(
            "a link takes neither `--dry-run` nor `--idempotency-key`",
            "it works once; sign in and answer the invitation by its id instead",
        ));
    }
    Ok(())
}

fn wire_status(status: Status) -> InvitationStatus {
    match status {
        Status::Pending => InvitationStatus::Pending,
        Status::Accepted => InvitationStatus::Accepted,
        Status::Declined => InvitationStatus::Declined,
        Status::Revoked => InvitationStatus::Revoked,
        Status::Expired => InvitationStatus::Expired,
    }
}
