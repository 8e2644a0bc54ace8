//! What an account's administrators set.

use bailiwick_client::wire::{Patch, Settings, UpdateSettings, WriteQuery};
use bailiwick_core::account::{Account, Command, EntityKey, Refusal, Settings as Set};
use bailiwick_core::catalog::{Lifetime, Operation as Permission};
use serde_json::{Value, json};

use super::call::Call;
use super::operation::{Access, NoQuery, Operation, get, patch};
use super::problem::Failure;
use super::respond::Answer;
use crate::service::{Changed, Error, WriteOptions};

/// How often settings are looked at anew when somebody else changed them in between.
const ATTEMPTS: u32 = 5;

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
        "invitation_lifetime_seconds": 172_800, "effective_invitation_lifetime_seconds": 172_800, "groups_on": true,
        "effective_ending_notice_seconds": 604_800, "revision": 7
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
        ending_notice_seconds: profile.value.settings.ending_notice_seconds,
        effective_ending_notice_seconds: account.ending_notice_seconds(),
        revision: profile.revision.0,
    }
}

async fn show(call: Call, _: NoQuery) -> Result<Answer<Settings>, Failure> {
    let account = call.account()?;
    call.authorize(&account, Permission::ReadAccount, &bailiwick_core::account::Scope::Account)?;
    Ok(Answer::entity(&view(&account))?.revision(account.revision()))
}

async fn change(call: Call, query: WriteQuery, input: UpdateSettings) -> Result<Answer<Settings>, Failure> {
    let UpdateSettings { invitation_lifetime_seconds, groups_on, ending_notice_seconds } = &input;
    if invitation_lifetime_seconds.is_keep() && groups_on.is_none() && ending_notice_seconds.is_keep() {
        return Err(Refusal::Nothing.into());
    }
    let given = call.write_options(query.dry_run, Some(EntityKey::Profile))?;
    let mut attempts = 0;
    loop {
        let profile = call.service.accounts().get(call.account_id()?).await?;
        let profile = profile.ok_or_else(|| Failure::not_found("account"))?.read().profile().clone();
        let now = &profile.value.settings;
        let settings = Set {
            invitation_lifetime_seconds: patched(
                invitation_lifetime_seconds,
                now.invitation_lifetime_seconds,
            ),
            groups_on: groups_on.or(now.groups_on),
            ending_notice_seconds: patched(ending_notice_seconds, now.ending_notice_seconds),
        };
        // What is absent stays as it was when the rest was looked at, so that nobody else's change is undone.
        let expected = given.expected.or(Some((EntityKey::Profile, profile.revision)));
        let options = WriteOptions { expected, ..given.clone() };
        let command = Command::ChangeSettings { settings };
        let shape = |changed: &Changed<'_>| Some(view(changed.after));
        match call.service.write(call.caller()?, call.account_id()?, &command, &options, shape).await {
            Err(Error::StaleRevision { .. }) if given.expected.is_none() && attempts < ATTEMPTS => {
                attempts += 1;
            }
            outcome => return call.written(outcome?).await,
        }
    }
}

/// A setting after the change.
fn patched(patch: &Patch<u64>, now: Option<u64>) -> Option<u64> {
    match patch {
        Patch::Keep => now,
        Patch::Clear => None,
        Patch::Set(value) => Some(*value),
    }
}
