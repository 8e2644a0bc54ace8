//! `bailiwick grant`.

use std::process::ExitCode;

use bailiwick_client::wire::{CreateGrant, GrantQuery};
use clap::Subcommand;
use jiff::Timestamp;

use crate::cli::{EditArgs, LimitArgs, WriteArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::names;
use crate::output::Shape;
use crate::scope::{self, ScopeText};

const COLUMNS: &[&str] =
    &["id", "principal", "role", "title", "scope", "until", "made_by", "made_at", "revision"];
const SHAPE: Shape = Shape::new(COLUMNS);

/// Verbs of `grant`. A PRINCIPAL is a member's email, or id, external id or name of a member, group or service account.
#[derive(Debug, Subcommand)]
pub enum GrantCommand {
    /// List who has which role where
    List {
        /// Only those of this member, group or service account
        #[arg(long, value_name = "PRINCIPAL")]
        principal: Option<String>,
        /// Only those of this role
        #[arg(long, value_name = "ROLE")]
        role: Option<String>,
        /// Only those that name this project
        #[arg(long, value_name = "PROJECT")]
        project: Option<String>,
        /// Only those that name this resource
        #[arg(long, value_name = "RESOURCE")]
        resource: Option<String>,
        #[command(flatten)]
        limit: LimitArgs,
    },
    /// Show one grant
    Show {
        /// Its id
        #[arg(value_name = "GRANT")]
        grant: String,
    },
    /// Grant a role; granting it again at the same scope changes its end
    #[command(after_help = scope::SYNTAX)]
    Create {
        /// Member by email, or id, external id or name of a member, group or service account
        #[arg(value_name = "PRINCIPAL")]
        principal: String,
        /// Role, by id or name
        #[arg(value_name = "ROLE")]
        role: String,
        /// Where it counts
        #[arg(long, value_name = "SCOPE", default_value = "account")]
        scope: ScopeText,
        /// When it ends by itself: RFC 3339, or +48h from now
        #[arg(long, value_name = "MOMENT", value_parser = scope::moment)]
        until: Option<Timestamp>,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// Take a grant back
    Revoke {
        /// Its id
        #[arg(value_name = "GRANT")]
        grant: String,
        #[command(flatten)]
        edit: EditArgs,
    },
}

/// Runs `bailiwick grant`.
pub async fn run(ctx: Context, command: GrantCommand) -> Result<ExitCode, Failure> {
    let account = ctx.account().await?;
    match command {
        GrantCommand::List { principal, role, project, resource, limit } => {
            let mut query = GrantQuery { limit: limit.page(), ..GrantQuery::default() };
            if let Some(given) = principal {
                query.principal = Some(names::principal(&account, &given).await?);
            }
            if let Some(given) = role {
                query.role = Some(names::role(&account, &given).await?);
            }
            if let Some(given) = project {
                query.project = Some(names::project(&account, &given).await?);
            }
            if let Some(given) = resource {
                query.resource = Some(names::resource(&account, None, &given).await?);
            }
            ctx.output.list(&limit.read(account.list_grants(&query)).await?, COLUMNS)?;
        }
        GrantCommand::Show { grant } => ctx.output.record(&account.get_grant(&grant).await?, SHAPE)?,
        GrantCommand::Create { principal, role, scope, until, write } => {
            let grant = CreateGrant {
                principal: names::principal(&account, &principal).await?,
                role,
                scope: names::scope(&account, &scope).await?,
                until,
            };
            ctx.write(account.create_grant(&grant), &write, SHAPE).await?;
        }
        GrantCommand::Revoke { grant, edit } => {
            ctx.edit(account.delete_grant(&grant), &edit, Shape::new(&[])).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
