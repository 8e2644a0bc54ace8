//! `bailiwick service-account`.

use std::process::ExitCode;

use bailiwick_client::wire::{CreateServiceAccount, ServiceAccountQuery, UpdateServiceAccount};
use clap::Subcommand;

use crate::cli::{ChangeArgs, EditArgs, GiveArgs, NewArgs, SearchArgs, WriteArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Shape;
use crate::{names, scope};

use super::invite::given;
use super::role::patch;

const COLUMNS: &[&str] = &["id", "name", "roles", "keys", "external_id", "revision", "description"];
const SHAPE: Shape = Shape::new(COLUMNS);

/// Verbs of `service-account`. A SERVICE_ACCOUNT is an id, a name or an external id.
#[derive(Debug, Subcommand)]
pub enum ServiceAccountCommand {
    /// List service accounts
    List {
        #[command(flatten)]
        search: SearchArgs,
    },
    /// Show one service account
    Show {
        /// Id, name or external id
        #[arg(value_name = "SERVICE_ACCOUNT")]
        service_account: String,
    },
    /// Create a service account; `bailiwick key create` makes its keys
    #[command(after_help = scope::SYNTAX)]
    Create {
        #[command(flatten)]
        new: NewArgs,
        #[command(flatten)]
        give: GiveArgs,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// Change a service account
    Edit {
        /// Id, name or external id
        #[arg(value_name = "SERVICE_ACCOUNT")]
        service_account: String,
        /// All that it may assert about the questions that it asks, such as `subject.department`; an empty one for nothing
        #[arg(long, value_name = "PROPERTY", value_delimiter = ',')]
        may_assert: Option<Vec<String>>,
        #[command(flatten)]
        change: ChangeArgs,
    },
    /// Delete a service account with its keys and grants
    Delete {
        /// Id, name or external id
        #[arg(value_name = "SERVICE_ACCOUNT")]
        service_account: String,
        #[command(flatten)]
        edit: EditArgs,
    },
}

/// Runs `bailiwick service-account`.
pub async fn run(ctx: Context, command: ServiceAccountCommand) -> Result<ExitCode, Failure> {
    let account = ctx.account().await?;
    match command {
        ServiceAccountCommand::List { search: SearchArgs { q, limit } } => {
            let query = ServiceAccountQuery { q, limit: limit.page(), cursor: None };
            ctx.output.list(&limit.read(account.list_service_accounts(&query)).await?, COLUMNS)?;
        }
        ServiceAccountCommand::Show { service_account } => {
            let id = names::service_account(&account, &service_account).await?;
            ctx.output.record(&account.get_service_account(&id).await?, SHAPE)?;
        }
        ServiceAccountCommand::Create { new: NewArgs { name, description, external_id }, give, write } => {
            let (roles, grants) = given(&account, &give).await?;
            let machine = CreateServiceAccount { name, description, external_id, roles, grants };
            ctx.write(account.create_service_account(&machine), &write, SHAPE).await?;
        }
        ServiceAccountCommand::Edit { service_account, may_assert, change } => {
            let may_assert = may_assert.map(|all| all.into_iter().filter(|one| !one.is_empty()).collect());
            let ChangeArgs { name, description, external_id, edit } = change;
            let id = names::service_account(&account, &service_account).await?;
            let change =
                UpdateServiceAccount { name, description, external_id: patch(external_id), may_assert };
            ctx.edit(account.update_service_account(&id, &change), &edit, SHAPE).await?;
        }
        ServiceAccountCommand::Delete { service_account, edit } => {
            let id = names::service_account(&account, &service_account).await?;
            ctx.edit(account.delete_service_account(&id), &edit, Shape::new(&[])).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
