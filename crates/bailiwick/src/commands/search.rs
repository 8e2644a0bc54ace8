//! `bailiwick who-can` and `bailiwick what-can`.

use std::process::ExitCode;

use bailiwick_client::wire::{PrincipalKind, WhatCanQuery, WhoCanQuery};
use clap::{Args, ValueEnum};

use crate::cli::LimitArgs;
use crate::context::Context;
use crate::failure::Failure;
use crate::names;
use crate::scope::TargetText;

const PRINCIPALS: &[&str] = &["kind", "id", "email", "name"];
const TARGETS: &[&str] = &["type", "id", "name", "external_id"];

/// Which kind of principal is looked for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum KindArg {
    /// Members
    Member,
    /// Groups
    Group,
    /// Service accounts
    ServiceAccount,
}

/// Who may do that?
#[derive(Debug, Args)]
pub struct WhoCanArgs {
    /// Permission of the catalog, for instance `write:clusters`
    #[arg(value_name = "ACTION")]
    action: String,
    /// To what: `account`, `project:REF` or `TYPE:REF` with an id, external id or name
    #[arg(value_name = "TARGET")]
    target: TargetText,
    /// Whom to look for
    #[arg(long, value_name = "KIND", default_value = "member")]
    kind: KindArg,
    #[command(flatten)]
    limit: LimitArgs,
}

/// To what may somebody do that?
#[derive(Debug, Args)]
pub struct WhatCanArgs {
    /// Permission of the catalog, for instance `write:clusters`
    #[arg(value_name = "ACTION")]
    action: String,
    /// `account`, `project` or a resource type of the catalog
    #[arg(value_name = "TYPE")]
    resource_type: String,
    /// Member by email, or id, external id or name of a member, group or service account [default: you]
    #[arg(long = "for", value_name = "PRINCIPAL")]
    principal: Option<String>,
    #[command(flatten)]
    limit: LimitArgs,
}

/// Lists who may do something.
pub async fn who_can(ctx: Context, args: WhoCanArgs) -> Result<ExitCode, Failure> {
    let account = ctx.account().await?;
    let target = names::target(&account, &args.target).await?;
    let query = WhoCanQuery {
        action: args.action,
        resource_type: target.target_type,
        resource_id: target.id,
        kind: Some(match args.kind {
            KindArg::Member => PrincipalKind::Member,
            KindArg::Group => PrincipalKind::Group,
            KindArg::ServiceAccount => PrincipalKind::ServiceAccount,
        }),
        limit: args.limit.page(),
        cursor: None,
    };
    ctx.output.list(&args.limit.read(account.who_can(&query)).await?, PRINCIPALS)?;
    Ok(ExitCode::SUCCESS)
}

/// Lists to what somebody may do something.
pub async fn what_can(ctx: Context, args: WhatCanArgs) -> Result<ExitCode, Failure> {
    let account = ctx.account().await?;
    let principal = match args.principal {
        Some(given) => Some(names::principal(&account, &given).await?),
        None => None,
    };
    let query = WhatCanQuery {
        principal,
        action: args.action,
        resource_type: args.resource_type,
        limit: args.limit.page(),
        cursor: None,
    };
    ctx.output.list(&args.limit.read(account.what_can(&query)).await?, TARGETS)?;
    Ok(ExitCode::SUCCESS)
}
