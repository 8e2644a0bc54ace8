//! What an account's administrators set.

use bailiwick_client::wire::{Patch, Settings, UpdateSettings, WriteQuery};
use bailiwick_core::account::{Account, Command, EntityKey, Refusal, Settings as Set};
use bailiwick_core::catalog::{Lifetime, Operation as Permission};
use serde_json::{Value, json};

use super::call::Call;
use super::operation::{Access, NoQuery, Operation, get, patch};
use super::problem::Failure;
use super::respond::Answer;
use crate::service::Changed;

/// The operations on settings.
pub(super) fn operations() -> Vec<Operation> {
    let path = "/accounts/{account}/settings";
    vec![
        get("get_settings", path, Access::Permission(Permission::ReadAccount))
            .reads(show)
            .says("Get the settings", "What the account has set, and what counts in effect.")
            .answers(example()),
        patch("update_settings", path, Access::Permission(Permission::WriteAccount))
            .writes(change)
            .if_match()
            .says("Change the settings", "What is absent stays; `null` goes back to the catalog's default.")
            .takes(json!({ "invitation_lifetime_seconds": 172_800 }))
            .answers(example())
            .fails(&["out_of_range", "nothing_to_do"]),
    ]
}

fn example() -> Value {
    json!({
        "invitation_lifetime_seconds": 172_800, "effective_invitation_lifetime_seconds": 172_800, "groups_on": true, "revision": 7
    })
}

fn view(account: &Account) -> Settings {
    let profile = account.profile();
    let own = profile.value.settings.invitation_lifetime_seconds;
    let effective = match account.catalog().rules.invitation_lifetime {
        Lifetime::Forever => None,
        Lifetime::Limited { default, .. } => Some(own.unwrap_or(default.as_secs())),
    };
    Settings {
        invitation_lifetime_seconds: own,
        effective_invitation_lifetime_seconds: effective,
        groups_on: account.groups_on(),
        revision: profile.revision.0,
    }
}

async fn show(call: Call, _: NoQuery) -> Result<Answer<Settings>, Failure> {
    let account = call.account()?;
    call.authorize(&account, Permission::ReadAccount, &bailiwick_core::account::Scope::Account)?;
    Ok(Answer::entity(&view(&account))?.revision(account.revision()))
}

async fn change(call: Call, query: WriteQuery, input: UpdateSettings) -> Result<Answer<Settings>, Failure> {
    let before = call.account()?.profile().value.settings.clone();
    let UpdateSettings { invitation_lifetime_seconds, groups_on } = input;
    if matches!(invitation_lifetime_seconds, Patch::Keep) && groups_on.is_none() {
        return Err(Refusal::Nothing.into());
    }
    let invitation_lifetime_seconds = match invitation_lifetime_seconds {
        Patch::Keep => before.invitation_lifetime_seconds,
        Patch::Clear => None,
        Patch::Set(seconds) => Some(seconds),
    };
    let settings = Set { invitation_lifetime_seconds, groups_on: groups_on.or(before.groups_on) };
    let command = Command::ChangeSettings { settings };
    let options = call.write_options(query.dry_run, Some(EntityKey::Profile))?;
    let shape = |changed: &Changed<'_>| Some(view(changed.after));
    let outcome = call.service.write(call.caller()?, call.account_id()?, &command, &options, shape).await?;
    call.written(outcome).await
}
