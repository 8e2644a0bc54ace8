//! The tree of commands.

mod examples;
mod leading;
mod operator;
mod past;
#[cfg(test)]
mod reference;
mod shared;
mod usage;

use std::future::Future;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub use operator::{
    BackupArgs, BesideArgs, BootstrapArgs, DoctorArgs, ResetPasswordArgs, ServeArgs, VerifyArgs,
};
pub use shared::{
    ChangeArgs, Connection, EditArgs, GiveArgs, LimitArgs, NewArgs, Noun, OnceArgs, Remote, SearchArgs,
    WriteArgs,
};

use crate::commands::access::AccessCommand;
use crate::commands::account::AccountCommand;
use crate::commands::apply::ApplyArgs;
use crate::commands::audit::AuditCommand;
use crate::commands::catalog::CatalogArgs;
use crate::commands::check::QuestionArgs;
use crate::commands::completions::CompletionsArgs;
use crate::commands::delivery::DeliveryCommand;
use crate::commands::export::ExportArgs;
use crate::commands::grant::GrantCommand;
use crate::commands::group::GroupCommand;
use crate::commands::import::ImportCommand;
use crate::commands::invitation::InvitationCommand;
use crate::commands::invite::InviteArgs;
use crate::commands::key::KeyCommand;
use crate::commands::login::LoginArgs;
use crate::commands::member::MemberCommand;
use crate::commands::policy::PolicyCommand;
use crate::commands::project::ProjectCommand;
use crate::commands::resource::ResourceCommand;
use crate::commands::role::RoleCommand;
use crate::commands::search::{WhatCanArgs, WhoCanArgs};
use crate::commands::service_account::ServiceAccountCommand;
use crate::commands::session::SessionCommand;
use crate::commands::{
    access, account, apply, audit, backup, bootstrap, catalog, check, completions, delivery, doctor, explain,
    export, grant, group, import, invitation, invite, key, login, member, policy, project, reset_password,
    resource, role, search, serve, service_account, session, verify,
};
use crate::context::{self, Context};
use crate::failure::Failure;
use crate::scope;

const EXAMPLES: &str = "Examples:\n  \
    bailiwick serve\n  \
    bailiwick login ada@example.com --url https://access.example.com\n  \
    bailiwick invite grace@example.com --role auditor --dry-run\n  \
    bailiwick grant create grace@example.com cluster_read_only --scope cluster:search-eu --until +48h\n  \
    bailiwick check grace@example.com write:clusters cluster:search-eu\n\n\
    Exit codes: 0 done or allowed, 1 refused, not found or denied, 2 wrong usage, 3 the server cannot be reached.\n\
    The flags of every command that talks to a server may stand before it too: bailiwick --json member list.\n\
    BAILIWICK_TOKEN holds a session token or management key, in place of the one that `login` keeps.\n\
    Flags go before environment variables, and these before the profile. NO_COLOR turns colours off.";

/// User management and access control for a managed database cloud.
#[derive(Debug, Parser)]
#[command(name = "bailiwick", version, max_term_width = 100, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and the console
    Serve(ServeArgs),
    /// Open a first account for scripts: prints its ids, a sign-in link and a management key
    Bootstrap(BootstrapArgs),
    /// Make a link to choose a new password, for who forgot theirs and gets no mail; also while the server runs
    ResetPassword(ResetPasswordArgs),
    /// Copy the database into a file, also while the server runs
    Backup(BackupArgs),
    /// Check the database, and that every account's events lead to exactly its rows
    Verify(VerifyArgs),
    /// Look for what keeps a deployment from working well
    Doctor(DoctorArgs),

    /// Sign in and remember it in the profile
    Login(Remote<LoginArgs>),
    /// End the session and forget it
    Logout(Connection),
    /// Show who you are, and where
    Whoami(Connection),
    /// Your sessions and your password
    Session(Remote<Noun<SessionCommand>>),

    /// Accounts: yours, the one in use, its settings and its owner
    Account(Remote<Noun<AccountCommand>>),
    /// Invite people by email, with roles if you like
    #[command(after_help = scope::SYNTAX)]
    Invite(Remote<InviteArgs>),
    /// Invitations: those of the account, and those to you
    Invitation(Remote<Noun<InvitationCommand>>),
    /// Members of the account and their roles
    Member(Remote<Noun<MemberCommand>>),
    /// Roles: named sets of permissions
    Role(Remote<Noun<RoleCommand>>),
    /// Groups of members and of other groups
    Group(Remote<Noun<GroupCommand>>),
    /// Grants: who has which role where
    Grant(Remote<Noun<GrantCommand>>),
    /// Projects: parts of an account that hold resources
    Project(Remote<Noun<ProjectCommand>>),
    /// Resources, as the control plane registers them
    Resource(Remote<Noun<ResourceCommand>>),
    /// Service accounts: machines in the account
    ServiceAccount(Remote<Noun<ServiceAccountCommand>>),
    /// Management keys of service accounts
    Key(Remote<Noun<KeyCommand>>),
    /// Policies: what roles cannot say, in Cedar
    Policy(Remote<Noun<PolicyCommand>>),

    /// Ask whether somebody may do something: exit code 0 for yes, 1 for no
    Check(Remote<QuestionArgs>),
    /// Say why somebody may or may not do something: exit code 0 once it is said, be it yes or no
    Explain(Remote<QuestionArgs>),
    /// List who may do something
    WhoCan(Remote<WhoCanArgs>),
    /// List to what somebody may do something, or you yourself
    WhatCan(Remote<WhatCanArgs>),
    /// What somebody may do
    Access(Remote<Noun<AccessCommand>>),
    /// Write the account's access as one readable file
    Export(Remote<ExportArgs>),
    /// Make the access what a file says: shows the plan, then does all of it or nothing
    Apply(Remote<ApplyArgs>),
    /// Read access from elsewhere, and apply it as `apply` does
    #[command(after_help = scope::SYNTAX)]
    Import(Remote<Noun<ImportCommand>>),
    /// The record of what happened
    Audit(Remote<Noun<AuditCommand>>),
    /// Mail on its way, so that what fails is seen
    Delivery(Remote<Noun<DeliveryCommand>>),

    /// Check, list and show catalogs; needs no server
    Catalog(CatalogArgs),
    /// Print a script that completes commands in a shell
    Completions(CompletionsArgs),
}

/// Reads the command line and does what it says.
pub fn run() -> ExitCode {
    let mut tree = examples::attach(past::hidden_elsewhere(Cli::command()));
    let words = leading::moved(std::env::args_os().collect());
    let read = tree.try_get_matches_from_mut(&words).and_then(|matches| past::checked(matches, &mut tree));
    let read =
        read.and_then(|matches| Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut tree)));
    match read {
        Ok(cli) => done(cli.command),
        Err(error) => usage::report(&error, &tree, &words),
    }
}

fn done(command: Command) -> ExitCode {
    match command {
        Command::Serve(args) => serve::run(&args),
        Command::Bootstrap(args) => bootstrap::run(&args),
        Command::ResetPassword(args) => reset_password::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Login(remote) => with(remote, login::login),
        Command::Logout(connection) => context::run(&connection, login::logout),
        Command::Whoami(connection) => context::run(&connection, login::whoami),
        Command::Session(remote) => noun(remote, session::run),
        Command::Account(remote) => noun(remote, account::run),
        Command::Invite(remote) => with(remote, invite::run),
        Command::Invitation(remote) => noun(remote, invitation::run),
        Command::Member(remote) => noun(remote, member::run),
        Command::Role(remote) => noun(remote, role::run),
        Command::Group(remote) => noun(remote, group::run),
        Command::Grant(remote) => noun(remote, grant::run),
        Command::Project(remote) => noun(remote, project::run),
        Command::Resource(remote) => noun(remote, resource::run),
        Command::ServiceAccount(remote) => noun(remote, service_account::run),
        Command::Key(remote) => noun(remote, key::run),
        Command::Policy(remote) => noun(remote, policy::run),
        Command::Check(remote) => with(remote, check::run),
        Command::Explain(remote) => with(remote, explain::run),
        Command::WhoCan(remote) => with(remote, search::who_can),
        Command::WhatCan(remote) => with(remote, search::what_can),
        Command::Access(remote) => noun(remote, access::run),
        Command::Export(remote) => with(remote, export::run),
        Command::Apply(remote) => with(remote, apply::run),
        Command::Import(remote) => noun(remote, import::run),
        Command::Audit(remote) => noun(remote, audit::run),
        Command::Delivery(remote) => noun(remote, delivery::run),
        Command::Catalog(args) => local(catalog::run(args)),
        Command::Completions(args) => local(completions::run(&args)),
    }
}

fn with<T, F>(remote: Remote<T>, command: impl FnOnce(Context, T) -> F) -> ExitCode
where
    T: clap::Args,
    F: Future<Output = Result<ExitCode, Failure>>,
{
    let args = remote.args;
    context::run(&remote.connection, |ctx| command(ctx, args))
}

fn noun<T, F>(remote: Remote<Noun<T>>, command: impl FnOnce(Context, T) -> F) -> ExitCode
where
    T: Subcommand,
    F: Future<Output = Result<ExitCode, Failure>>,
{
    with(remote, |ctx, noun| command(ctx, noun.command))
}

fn local(outcome: Result<ExitCode, Failure>) -> ExitCode {
    outcome.unwrap_or_else(|failure| failure.report())
}
