//! `bailiwick key`: management keys.

use std::process::ExitCode;

use bailiwick_client::InAccount;
use bailiwick_client::wire::{CreateKey, KeyQuery};
use clap::Subcommand;
use jiff::Timestamp;

use crate::cli::{EditArgs, LimitArgs, OnceArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Shape, flattened, note};
use crate::{names, scope};

const COLUMNS: &[&str] = &[
    "id",
    "name",
    "service_account",
    "member",
    "prefix",
    "expires_at",
    "made_by",
    "made_at",
    "revision",
    "secret",
];
const SHAPE: Shape = Shape::new(COLUMNS);

/// Verbs of `key`.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// List management keys; their secrets are shown once only
    List {
        /// Only those of this service account
        #[arg(long, value_name = "SERVICE_ACCOUNT")]
        service_account: Option<String>,
        /// Only your own personal keys
        #[arg(long, conflicts_with = "service_account")]
        mine: bool,
        #[command(flatten)]
        limit: LimitArgs,
    },
    /// Show one key
    Show {
        /// Its id, which its secret starts with after `bwk_`
        #[arg(value_name = "KEY")]
        key: String,
    },
    /// Make a key and show its secret, this once
    Create {
        /// Service account that it stands for: id, name or external id
        #[arg(value_name = "SERVICE_ACCOUNT")]
        service_account: String,
        /// What people read, 1 to 64 characters
        #[arg(value_name = "NAME")]
        name: String,
        /// When it ends by itself: RFC 3339, or +90d from now
        #[arg(long, value_name = "MOMENT", value_parser = scope::moment)]
        expires: Option<Timestamp>,
        #[command(flatten)]
        once: OnceArgs,
    },
    /// Make a personal key: it acts for you with the roles that you have at the time
    CreatePersonal {
        /// What people read, 1 to 64 characters
        #[arg(value_name = "NAME")]
        name: String,
        /// When it ends by itself: RFC 3339, or +90d from now
        #[arg(long, value_name = "MOMENT", value_parser = scope::moment)]
        expires: Option<Timestamp>,
        #[command(flatten)]
        once: OnceArgs,
    },
    /// Delete a key, which ends it at once
    Delete {
        /// Its id
        #[arg(value_name = "KEY")]
        key: String,
        #[command(flatten)]
        edit: EditArgs,
    },
}

/// Runs `bailiwick key`.
pub async fn run(ctx: Context, command: KeyCommand) -> Result<ExitCode, Failure> {
    let account = ctx.account().await?;
    match command {
        KeyCommand::List { service_account, mine, limit } => {
            let service_account = match service_account {
                Some(given) => Some(names::service_account(&account, &given).await?),
                None => None,
            };
            let member = if mine { Some(ctx.client.me().await?.id) } else { None };
            let query = KeyQuery { service_account, member, limit: limit.page(), ..KeyQuery::default() };
            ctx.output.list(&limit.read(account.list_keys(&query)).await?, COLUMNS)?;
        }
        KeyCommand::Show { key } => ctx.output.record(&account.get_key(&key).await?, SHAPE)?,
        KeyCommand::Create { service_account, name, expires, once } => {
            let service_account = Some(names::service_account(&account, &service_account).await?);
            let key = CreateKey { service_account, name, expires_at: expires };
            create(&ctx, &account, &key, once).await?;
        }
        KeyCommand::CreatePersonal { name, expires, once } => {
            let key = CreateKey { service_account: None, name, expires_at: expires };
            create(&ctx, &account, &key, once).await?;
        }
        KeyCommand::Delete { key, edit } => {
            ctx.edit(account.delete_key(&key), &edit, Shape::new(&[])).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes a key and shows its secret, this once.
async fn create(ctx: &Context, account: &InAccount, key: &CreateKey, once: OnceArgs) -> Result<(), Failure> {
    if let Some(written) = ctx.written(account.create_key(key), &once.into()).await? {
        ctx.output.record(&flattened(&written.value, "key")?, SHAPE)?;
        note("keep the secret now: it is not shown again");
    }
    Ok(())
}
