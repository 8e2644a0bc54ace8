//! `bailiwick account`.

mod ownership;

use std::process::ExitCode;

use bailiwick_client::InAccount;
use bailiwick_client::wire::{CreateAccount, PageQuery, Patch, UpdateAccount, UpdateMe, UpdateSettings};
use clap::Subcommand;
use serde_json::json;

use crate::cli::{EditArgs, LimitArgs, WriteArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Shape, note};
use crate::{input, profile, scope};

const COLUMNS: &[&str] = &["id", "name", "status", "default", "roles"];
const ACCOUNT: Shape = Shape::new(&["id", "name", "catalog", "opened_at", "revision"]);
const SETTINGS: Shape = Shape::new(&[
    "invitation_lifetime_seconds",
    "effective_invitation_lifetime_seconds",
    "ending_notice_seconds",
    "effective_ending_notice_seconds",
    "revision",
]);

/// Verbs of `account`.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// List your accounts
    List {
        #[command(flatten)]
        limit: LimitArgs,
    },
    /// Show the account in use
    Show,
    /// Work in another account from now on, in this profile
    Use {
        /// Its id or name
        #[arg(value_name = "ACCOUNT")]
        account: String,
    },
    /// Say which account programs use unless told otherwise
    Default {
        /// Its id or name
        #[arg(value_name = "ACCOUNT", required_unless_present = "none")]
        account: Option<String>,
        /// No account any more
        #[arg(long, conflicts_with = "account")]
        none: bool,
    },
    /// Open an account; you become its owner
    Create {
        /// What people read, 1 to 64 characters
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Give the account another name
    Rename {
        /// What people read, 1 to 64 characters
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Show the settings, or change them
    Settings {
        /// How long invitations stand, for instance `7d`; `catalog` for what the catalog says
        #[arg(long, value_name = "TIME", value_parser = lifetime)]
        invitation_lifetime: Option<Lifetime>,
        /// Switch groups on, which is not undone; members of today may join one by it, as the catalog says
        #[arg(long)]
        groups_on: bool,
        /// How long before its end somebody is told that a membership, grant or key ends, for instance `7d`; `off` for
        /// never, `default` for a week
        #[arg(long, value_name = "TIME", value_parser = notice)]
        ending_notice: Option<Lifetime>,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Leave the account; an owner hands ownership over first
    Leave {
        #[command(flatten)]
        write: WriteArgs,
    },
    /// Delete the account with everything in it
    Delete {
        /// The account's name, retyped; asked for if it is not given
        #[arg(long, value_name = "NAME")]
        confirm: Option<String>,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Offer ownership to an active member, who must accept
    OfferOwnership {
        /// The member, by email, id or external id
        #[arg(value_name = "MEMBER")]
        to: String,
        /// Stay an owner beside the new one, where the catalog allows several
        #[arg(long)]
        keep: bool,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// List offers of ownership that wait for an answer
    Offers {
        #[command(flatten)]
        limit: LimitArgs,
    },
    /// Accept an offer of ownership
    AcceptOwnership(ownership::OfferArgs),
    /// Decline an offer of ownership
    DeclineOwnership(ownership::OfferArgs),
    /// Take an offer of ownership back
    WithdrawOwnership(ownership::OfferArgs),
}

/// A time that an account sets.
#[derive(Debug, Clone, Copy)]
pub enum Lifetime {
    /// As the catalog says, or as it is where nothing is set.
    Catalog,
    /// So many seconds.
    Seconds(u64),
}

fn lifetime(text: &str) -> Result<Lifetime, String> {
    if text == "catalog" { Ok(Lifetime::Catalog) } else { scope::seconds(text).map(Lifetime::Seconds) }
}

fn notice(text: &str) -> Result<Lifetime, String> {
    match text {
        "default" => Ok(Lifetime::Catalog),
        "off" => Ok(Lifetime::Seconds(0)),
        time => scope::seconds(time).map(Lifetime::Seconds),
    }
}

/// Runs `bailiwick account`.
pub async fn run(ctx: Context, command: AccountCommand) -> Result<ExitCode, Failure> {
    match command {
        AccountCommand::List { limit } => {
            let query = PageQuery { limit: limit.page(), ..PageQuery::default() };
            let all = limit.read(ctx.client.list_my_accounts(&query)).await?;
            ctx.output.list(&all, COLUMNS)?;
        }
        AccountCommand::Show => ctx.output.record(&ctx.account().await?.get().await?, ACCOUNT)?,
        AccountCommand::Use { account } => {
            // Looked up among the caller's own, so that no profile names an account that is not there; reading the account
            // itself would need a permission in it.
            let account = ctx.my_account(&account).await?;
            profile::use_account(&ctx.chosen.name, &ctx.chosen.url, &account.id)?;
            ctx.output.record(&account, Shape::new(COLUMNS))?;
        }
        AccountCommand::Default { account, .. } => {
            let default_account = match account {
                Some(account) => Patch::Set(ctx.find_account(&account).await?),
                None => Patch::Clear,
            };
            let me = ctx.client.update_me(&UpdateMe { name: None, default_account }).await?;
            let shown = json!({ "id": me.id, "email": me.email, "default_account": me.default_account });
            ctx.output.record(&shown, Shape::new(&["id", "email", "default_account"]))?;
        }
        AccountCommand::Create { name } => {
            let created = ctx.client.create_account(&CreateAccount { name });
            ctx.write(created, &WriteArgs::default(), ACCOUNT).await?;
        }
        AccountCommand::Rename { name, edit } => {
            ctx.edit(ctx.account().await?.update(&UpdateAccount { name }), &edit, ACCOUNT).await?;
        }
        AccountCommand::Settings {
            invitation_lifetime: None, groups_on: false, ending_notice: None, ..
        } => {
            ctx.output.record(&ctx.account().await?.settings().await?, SETTINGS)?;
        }
        AccountCommand::Settings { invitation_lifetime, groups_on, ending_notice, edit } => {
            let patch = |time: Option<Lifetime>| match time {
                None => Patch::Keep,
                Some(Lifetime::Catalog) => Patch::Clear,
                Some(Lifetime::Seconds(seconds)) => Patch::Set(seconds),
            };
            let change = UpdateSettings {
                invitation_lifetime_seconds: patch(invitation_lifetime),
                groups_on: groups_on.then_some(true),
                ending_notice_seconds: patch(ending_notice),
            };
            ctx.edit(ctx.account().await?.update_settings(&change), &edit, SETTINGS).await?;
        }
        AccountCommand::Leave { write } => {
            let account = ctx.account().await?;
            ctx.write(account.leave(), &write, Shape::new(&[])).await?;
            if !write.dry_run {
                gone(&ctx, account.id()).await?;
            }
        }
        AccountCommand::Delete { confirm, edit } => delete(&ctx, confirm, &edit).await?,
        AccountCommand::OfferOwnership { to, keep, write } => {
            ownership::offer(&ctx, &to, keep, &write).await?;
        }
        AccountCommand::Offers { limit } => ownership::list(&ctx, &limit).await?,
        AccountCommand::AcceptOwnership(args) => {
            ownership::answer(&ctx, &args, InAccount::accept_ownership).await?;
        }
        AccountCommand::DeclineOwnership(args) => {
            ownership::answer(&ctx, &args, InAccount::decline_ownership).await?;
        }
        AccountCommand::WithdrawOwnership(args) => {
            ownership::answer(&ctx, &args, InAccount::withdraw_ownership).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn delete(ctx: &Context, confirm: Option<String>, edit: &EditArgs) -> Result<(), Failure> {
    let account = ctx.account().await?;
    let confirm = if let Some(confirm) = confirm {
        confirm
    } else {
        let name = crate::output::one_line(&account.get().await?.name);
        let prompt = format!("This deletes `{name}` with everything in it. Its name again: ");
        input::answer(&prompt, "the account's name by `--confirm`")?
    };
    ctx.edit(account.delete(&confirm), edit, Shape::new(&[])).await?;
    if edit.write.dry_run { Ok(()) } else { gone(ctx, account.id()).await }
}

/// No profile goes on naming an account that the caller is not in, and nobody is left to wonder why the next command asks
/// for a sign-in: sessions end with the last account.
async fn gone(ctx: &Context, account: &str) -> Result<(), Failure> {
    profile::leave_account(&ctx.chosen.name, account)?;
    if ctx.client.me().await.is_err_and(|error| error.status() == Some(401)) {
        note("this was your last account, so you are signed out; `bailiwick login` signs you in again");
    }
    Ok(())
}
