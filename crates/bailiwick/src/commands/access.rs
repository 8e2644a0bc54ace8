//! `bailiwick access`: what somebody may do.

use std::process::ExitCode;

use bailiwick_client::wire::EffectiveQuery;
use clap::Subcommand;

use crate::context::Context;
use crate::failure::Failure;
use crate::names;
use crate::output::Shape;
use crate::scope::TargetText;

const SHAPE: Shape = Shape {
    fields: &["principal", "permissions", "revision"],
    tables: &[("at", &["scope", "roles", "permissions"])],
};

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
}

/// Runs `bailiwick access`.
pub async fn run(ctx: Context, command: AccessCommand) -> Result<ExitCode, Failure> {
    let AccessCommand::Effective { principal, on } = command;
    let account = ctx.account().await?;
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
