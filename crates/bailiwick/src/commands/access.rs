//! `bailiwick access`: what somebody may do.

use std::process::ExitCode;

use bailiwick_client::All;
use bailiwick_client::wire::{EffectiveQuery, PrincipalKind, UNUSED_DAYS_DEFAULT, UnusedAccess, UnusedQuery};
use clap::{Subcommand, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::cli::LimitArgs;
use crate::context::Context;
use crate::failure::Failure;
use crate::names;
use crate::output::{Shape, note};
use crate::scope::TargetText;

const SHAPE: Shape = Shape {
    fields: &["principal", "permissions", "revision"],
    tables: &[("at", &["scope", "roles", "permissions"])],
};

const UNUSED: &[&str] = &["principal", "last_used", "dormant", "has", "used", "unused"];

/// Verbs of `access`.
#[derive(Debug, Subcommand)]
pub enum AccessCommand {
    /// Show what somebody may do, or you yourself
    Effective {
        /// Member by email, or id, external id or name of a member, group or service account [default: you]
        #[arg(value_name = "PRINCIPAL")]
        principal: Option<String>,
        /// All that may be done to this: `account`, `project:REF` or `TYPE:REF`
        #[arg(long, value_name = "TARGET")]
        on: Option<TargetText>,
    },
    /// List who has more than they make use of: who is dormant, roles broader than their use, keys that are not used
    ///
    /// Uses are recorded by the day and not before `known_since`. `role create --as-used-by` makes the role that is suggested.
    Unused {
        /// Only of this one: member by email, or id, external id or name of a member, group or service account
        #[arg(value_name = "PRINCIPAL")]
        principal: Option<String>,
        /// What was not made use of for so many days counts as unused
        #[arg(long, value_name = "DAYS", default_value_t = UNUSED_DAYS_DEFAULT, value_parser = clap::value_parser!(u32).range(1..=3_650))]
        days: u32,
        /// Only of these
        #[arg(long, value_name = "KIND")]
        kind: Option<Kind>,
        /// Only who made no use of anything
        #[arg(long)]
        dormant: bool,
        #[command(flatten)]
        limit: LimitArgs,
    },
}

/// A kind of principal.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Kind {
    /// Members
    Member,
    /// Groups, judged by what their members make use of
    Group,
    /// Service accounts and their keys
    ServiceAccount,
}

/// Runs `bailiwick access`.
pub async fn run(ctx: Context, command: AccessCommand) -> Result<ExitCode, Failure> {
    let account = ctx.account().await?;
    let (principal, on) = match command {
        AccessCommand::Effective { principal, on } => (principal, on),
        AccessCommand::Unused { principal, days, kind, dormant, limit } => {
            let kind = kind.map(|kind| match kind {
                Kind::Member => PrincipalKind::Member,
                Kind::Group => PrincipalKind::Group,
                Kind::ServiceAccount => PrincipalKind::ServiceAccount,
            });
            let principal = match principal {
                Some(given) => Some(names::principal(&account, &given).await?),
                None => None,
            };
            let page = limit.page();
            let query = UnusedQuery { days: Some(days), kind, dormant, principal, limit: page, cursor: None };
            let found = limit.read(account.unused_access(&query)).await?;
            if ctx.output.is_json() {
                ctx.output.list(&found, UNUSED)?;
            } else {
                let items = found.items.iter().flat_map(unused_lines).collect();
                let lines = All { items, complete: found.complete, filtered: found.filtered };
                ctx.output.list(&lines, UNUSED)?;
            }
            tell_since(&found.items, days);
            return Ok(ExitCode::SUCCESS);
        }
    };
    let mut query = EffectiveQuery::default();
    if let Some(given) = principal {
        query.principal = Some(names::principal(&account, &given).await?);
    }
    if let Some(target) = on {
        let target = names::target(&account, &target).await?;
        query.resource_type = Some(target.target_type);
        query.resource_id = Some(target.id);
    }
    ctx.output.record(&account.effective_access(&query).await?, SHAPE)?;
    Ok(ExitCode::SUCCESS)
}

/// A line for each role that is broader than its use, and for each key that is not used.
fn unused_lines(found: &UnusedAccess) -> Vec<Value> {
    let line = |has: String, used: String, unused: &[String]| {
        json!({
            "principal": found.principal, "last_used": found.last_used, "dormant": found.dormant,
            "has": has, "used": used, "unused": unused,
        })
    };
    let roles = found.roles.iter().map(|role| {
        let all = role.used.len() + role.unused.len();
        line(role.role.title.clone(), format!("{} of {all}", role.used.len()), &role.unused)
    });
    let keys = found.keys.iter().map(|key| {
        let used = key.last_used.map_or_else(|| "never".to_owned(), |day| day.to_string());
        line(format!("key {}", key.name), used, &[])
    });
    let lines: Vec<Value> = roles.chain(keys).collect();
    if lines.is_empty() { vec![line("nothing".to_owned(), String::new(), &[])] } else { lines }
}

/// Says so when less is known than was asked for.
fn tell_since(found: &[UnusedAccess], days: u32) {
    let Some(known_since) = found.first().map(|unused| unused.known_since) else { return };
    let known = Timestamp::now().duration_since(known_since);
    if known < SignedDuration::from_hours(24 * i64::from(days) - 1) {
        note(&format!("uses are recorded since {known_since}: nothing is known of before"));
    }
}
