//! Arguments that many commands share.

use bailiwick_client::wire::{GrantSpec, PAGE_LIMIT_MAX};
use bailiwick_client::{All, Error, Listing};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::scope::{self, GrantText, ScopeText};

/// A command that talks to a server.
#[derive(Debug, Args)]
pub struct Remote<T: Args> {
    /// What to do; first, since the heading of the connection's flags is that of all that follow.
    #[command(flatten)]
    pub args: T,
    /// Which server, as whom.
    #[command(flatten)]
    pub connection: Connection,
}

/// A noun with its verbs.
#[derive(Debug, Args)]
pub struct Noun<T: Subcommand> {
    /// What to do.
    #[command(subcommand)]
    pub command: T,
}

/// Which server, as whom, and how answers are printed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server and output")]
pub struct Connection {
    /// Profile to use [default: default]
    #[arg(long, global = true, value_name = "NAME", env = "BAILIWICK_PROFILE", hide_env_values = true)]
    pub profile: Option<String>,
    /// Where the server is [default: that of the profile, or http://127.0.0.1:8080]
    #[arg(long, global = true, value_name = "URL", env = "BAILIWICK_URL", hide_env_values = true)]
    pub url: Option<String>,
    /// Account to work in, by id or name [default: that of the profile, or your default account]
    #[arg(long, global = true, value_name = "ACCOUNT", env = "BAILIWICK_ACCOUNT", hide_env_values = true)]
    pub account: Option<String>,
    /// Look at the account as it was: RFC 3339, such as 2026-03-01T00:00Z, or a revision (`check`, `explain`, `access`, and
    /// whatever lists or shows what is in an account)
    #[arg(long, global = true, value_name = "MOMENT")]
    pub as_of: Option<String>,
    /// Print JSON for programs
    #[arg(long, global = true)]
    pub json: bool,
}

/// How a write is done.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Writing")]
pub struct WriteArgs {
    /// Only show what would change: the events, and the access gained and lost
    #[arg(long)]
    pub dry_run: bool,
    /// Makes the command safe to repeat within a day: 1 to 128 visible ASCII characters, for instance a UUID
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
}

/// How something is written that is not kept to be answered again, for instance because the answer is a secret.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Writing")]
pub struct OnceArgs {
    /// Only show what would change: the events, and the access gained and lost
    #[arg(long)]
    pub dry_run: bool,
}

impl From<OnceArgs> for WriteArgs {
    fn from(args: OnceArgs) -> Self {
        Self { dry_run: args.dry_run, idempotency_key: None }
    }
}

/// How something that is there already is changed.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Writing")]
pub struct EditArgs {
    /// How it is done.
    #[command(flatten)]
    pub write: WriteArgs,
    /// Only if it is still at this `revision`, so that nobody else's change is overwritten
    #[arg(long, value_name = "REVISION")]
    pub if_revision: Option<u64>,
}

/// Which items of a list are shown, and how many.
#[derive(Debug, Clone, Args)]
pub struct LimitArgs {
    /// Only items that meet this, as `--json` shows them: `status eq "active" and user.email ew "@example.com"`
    #[arg(long, value_name = "FILTER")]
    pub filter: Option<String>,
    /// How many to show at most
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub limit: u32,
}

impl LimitArgs {
    /// As many of a list as are wanted.
    pub async fn read<T: DeserializeOwned>(&self, list: Listing<T>) -> Result<All<T>, Error> {
        let list = match &self.filter {
            Some(filter) => list.filter(filter),
            None => list,
        };
        list.all(usize::try_from(self.limit).unwrap_or(usize::MAX)).await
    }

    /// As many as fit on one page of the API.
    #[expect(clippy::unnecessary_wraps, reason = "queries take an option")]
    pub fn page(&self) -> Option<u32> {
        Some(self.limit.min(PAGE_LIMIT_MAX))
    }
}

/// Which things of a kind that people name and describe.
#[derive(Debug, Clone, Args)]
pub struct SearchArgs {
    /// Only those with this text in name, description or external id
    #[arg(long, value_name = "TEXT")]
    pub q: Option<String>,
    /// How much is shown.
    #[command(flatten)]
    pub limit: LimitArgs,
}

/// A new thing that people name and describe.
#[derive(Debug, Clone, Args)]
pub struct NewArgs {
    /// Unique in the account without regard to case, 1 to 64 characters
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What it is for, up to 256 characters
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub description: String,
    /// Your own name for it, 1 to 128 characters without white space
    #[arg(long, value_name = "EXTERNAL_ID")]
    pub external_id: Option<String>,
}

/// What changes of a thing that people name and describe.
#[derive(Debug, Clone, Args)]
pub struct ChangeArgs {
    /// Another name
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Another description; an empty one takes it away
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// Another external id; an empty one takes it away
    #[arg(long, value_name = "EXTERNAL_ID")]
    pub external_id: Option<String>,
    /// How it is done.
    #[command(flatten)]
    pub edit: EditArgs,
}

/// What is given to somebody.
#[derive(Debug, Clone, Default, Args)]
pub struct GiveArgs {
    /// Role at account level, by id or name; may be repeated
    #[arg(long = "role", value_name = "ROLE")]
    pub roles: Vec<String>,
    /// Role at a scope; may be repeated, up to 50 together with `--role`
    #[arg(long = "grant", value_name = "ROLE@SCOPE")]
    pub grants: Vec<GrantText>,
    /// When all of it ends: RFC 3339, or +48h from now
    #[arg(long, value_name = "MOMENT", value_parser = scope::moment)]
    pub until: Option<Timestamp>,
}

impl GiveArgs {
    /// Roles that need no more than their name, and the others with scopes as written.
    pub fn split(&self) -> (Vec<String>, Vec<(String, ScopeText)>) {
        let scoped = self.grants.iter().map(|grant| (grant.role.clone(), grant.scope.clone()));
        if self.until.is_none() {
            return (self.roles.clone(), scoped.collect());
        }
        // An end needs a grant of its own.
        let roles = self.roles.iter().map(|role| (role.clone(), ScopeText::Account));
        (Vec::new(), roles.chain(scoped).collect())
    }

    /// A grant with the end that is given to all.
    pub fn spec(&self, role: String, scope: bailiwick_client::wire::Scope) -> GrantSpec {
        GrantSpec { role, scope, until: self.until }
    }
}
