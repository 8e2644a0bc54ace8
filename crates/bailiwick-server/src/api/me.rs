//! The caller: profile, accounts, password.

use bailiwick_client::wire::{self, ChangePassword, Me, MyAccount, Page, PageQuery, UpdateMe};
use bailiwick_core::account::{Actor, Principal};
use bailiwick_core::ids::AccountId;
use bailiwick_store::{MembershipStatus, UserRow};
use serde_json::{Value, json};

use super::call::Call;
use super::operation::{Access, NoQuery, Operation, get, patch, post};
use super::page::Seen;
use super::problem::{Failure, code};
use super::references::name;
use super::respond::Answer;
use super::views::Views;
use crate::service::{Error, People};

/// The operations on the caller's own profile, accounts and password.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("get_me", "/me", Access::SignedIn)
            .reads(get_me)
            .says("Who am I", "The person or service account behind the credential.")
            .answers(me_example()),
        patch("update_me", "/me", Access::Person)
            .writes(update_me)
            .says(
                "Change the own profile",
                "Changes the name, or the account that programs use unless told otherwise. What is absent stays.",
            )
            .takes(json!({ "name": "Grace Hopper" }))
            .answers(me_example())
            .fails(&["invalid_text", "not_found", "nothing_to_do"]),
        get("list_my_accounts", "/me/accounts", Access::SignedIn)
            .reads(list_accounts)
            .says(
                "List the own accounts",
                "The accounts in which the caller is, with what they hold there. Needs no permission.",
            )
            .answers(json!({ "items": [{
                "id": "acc_019a0000000070008000000000000001", "name": "Acme", "status": "active", "default": true,
                "roles": [{ "role": "base", "title": "Base", "via": "newcomer", "scope": "account" }]
            }], "complete": true, "filtered": false })),
        post("change_password", "/me/password", Access::Person)
            .writes(change_password)
            .says("Change the own password", "Asks for the present one. All other sessions end.")
            .takes(json!({ "current": "plum violin harbor sixteen", "new": "ochre kettle nine marble" }))
            .fails(&["wrong_password", "password_refused", "too_many_attempts"]),
    ]
    .into_iter()
    .chain(super::my_invitations::operations())
    .chain(super::my_sessions::operations())
    .collect()
}

fn me_example() -> Value {
    json!({
        "kind": "user", "id": "usr_019a0000000070008000000000000001", "name": "Grace Hopper",
        "email": "grace@example.com", "email_verified": true,
        "default_account": "acc_019a0000000070008000000000000001"
    })
}

async fn get_me(call: Call, _: NoQuery) -> Result<Answer<Me>, Failure> {
    let caller = call.caller()?;
    let id = match caller.actor {
        Actor::User(_) => return Answer::json(&person(call.service.user_of(caller).await?)),
        // The key shows whom it acts for, and leads into its account only.
        Actor::PersonalKey { user, .. } => {
            let row = call.service.store().user(user).await.map_err(Error::from)?;
            let row = row.ok_or(Error::Unauthenticated)?;
            let default_account = call.key_account().map(|id| id.to_string());
            return Answer::json(&Me { default_account, ..person(row) });
        }
        Actor::ServiceAccount { id, .. } => id,
    };
    let account = call.key_account();
    let handle = match account {
        Some(account) => call.service.accounts().get(account).await?,
        None => None,
    };
    let name =
        handle.and_then(|handle| handle.read().service_account(id).map(|found| found.value.name.to_string()));
    Answer::json(&Me {
        kind: wire::ActorKind::ServiceAccount,
        id: id.to_string(),
        name,
        email: None,
        email_verified: None,
        default_account: account.map(|id| id.to_string()),
    })
}

async fn update_me(call: Call, _: NoQuery, input: UpdateMe) -> Result<Answer<Me>, Failure> {
    let UpdateMe { name: given, default_account } = input;
    let given = given.map(|text| name("name", &text)).transpose()?;
    let default_account = match default_account {
        wire::Patch::Keep => None,
        wire::Patch::Clear => Some(None),
        // What is no id is not known either: there is one answer for both.
        wire::Patch::Set(text) => {
            let id = text.parse::<AccountId>();
            Some(Some(id.map_err(|_| unknown_account())?))
        }
    };
    let updated = call.service.update_profile(call.caller()?, given, default_account).await;
    let user = updated.map_err(|error| match Failure::from(error) {
        failure if failure.code() == "not_found" => unknown_account(),
        failure => failure,
    })?;
    Answer::json(&person(user))
}

fn unknown_account() -> Failure {
    let failure = Failure::not_found("account");
    let message = "is no account in which you may act";
    failure.with_field("/default_account", "not_found", message)
}

fn person(user: UserRow) -> Me {
    Me {
        kind: wire::ActorKind::User,
        id: user.user_id.to_string(),
        name: Some(user.name).filter(|name| !name.is_empty()),
        email: Some(user.email),
        email_verified: Some(user.verified_at.is_some()),
        default_account: user.default_account.map(|id| id.to_string()),
    }
}

async fn list_accounts(call: Call, query: PageQuery) -> Result<Answer<Page<MyAccount>>, Failure> {
    let page = call.page(&query)?;
    let caller = call.caller()?;
    let default = match caller.actor {
        Actor::User(_) => call.service.user_of(caller).await?.default_account,
        Actor::ServiceAccount { .. } | Actor::PersonalKey { .. } => call.key_account(),
    };
    let after: Option<AccountId> = page.after()?;
    let memberships = call.service.memberships(caller).await?.into_iter();
    let rest = memberships.filter(|one| after.is_none_or(|after| one.account_id > after));
    let found = page.take(rest.map(|one| (one.account_id, Seen::Yes(one))));
    let mut items = Vec::with_capacity(found.items.len());
    for membership in found.items {
        let Some(handle) = call.service.accounts().get(membership.account_id).await? else { continue };
        let (account, nobody) = (handle.snapshot(), People::default());
        let status = match membership.status {
            MembershipStatus::Pending => wire::MemberStatus::Pending,
            MembershipStatus::Active => wire::MemberStatus::Active,
            MembershipStatus::Inactive => wire::MemberStatus::Inactive,
        };
        let holder: Principal = caller.actor.principal();
        let views = Views::new(&account, &nobody, call.now());
        let active = status == wire::MemberStatus::Active;
        items.push(MyAccount {
            id: membership.account_id.to_string(),
            name: account.profile().value.name.to_string(),
            status,
            roles: if active { views.roles_held(holder) } else { Vec::new() },
            default: default == Some(membership.account_id),
        });
    }
    Answer::json(&Page { items, next_cursor: found.next_cursor, complete: found.complete, filtered: false })
}

async fn change_password(call: Call, _: NoQuery, input: ChangePassword) -> Result<Answer<()>, Failure> {
    let (current, new) = (input.current.into(), input.new.into());
    match call.service.change_password(call.caller()?, &current, &new).await {
        Ok(()) => Ok(Answer::done()),
        // Not 401: the session is fine, and programs would take that for its end.
        Err(Error::WrongCredentials) => {
            Err(Failure::field(&code::WRONG_PASSWORD, "/current", "is not your present password"))
        }
        Err(Error::Password(problem)) => {
            Err(Failure::field(&code::PASSWORD_REFUSED, "/new", problem.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}
