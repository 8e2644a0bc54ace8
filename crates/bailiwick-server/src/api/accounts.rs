//! Accounts: open, look at, rename, delete, leave.

use bailiwick_client::wire::{Account, CreateAccount, DeleteAccountQuery, UpdateAccount, WriteQuery};
use bailiwick_core::account::{Account as State, Command, EntityKey};
use bailiwick_core::catalog::Operation as Permission;
use serde_json::{Value, json};

use super::call::Call;
use super::operation::{Access, NoQuery, Operation, delete, get, patch, post};
use super::problem::{Failure, code};
use super::references::name;
use super::respond::Answer;
use crate::service::{Changed, Error, Outcome};

/// The operations on accounts.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        post("create_account", "/accounts", Access::Person)
            .writes(create)
            .creates()
            .says(
                "Open an account",
                "Opens an account that the caller owns. Only where the deployment lets people open accounts by themselves, \
                 and for confirmed emails.",
            )
            .takes(json!({ "name": "Acme" }))
            .answers(example())
            .fails(&["self_service_off", "email_not_verified", "invalid_text"]),
        get("get_account", "/accounts/{account}", Access::Permission(Permission::ReadAccount))
            .reads(show)
            .says("Get an account", "The `ETag` serves as `If-Match` of changes to the account and its settings.")
            .answers(example()),
        patch("update_account", "/accounts/{account}", Access::Permission(Permission::WriteAccount))
            .writes(rename)
            .if_match()
            .says("Rename an account", "Gives the account another name.")
            .takes(json!({ "name": "Acme Databases" }))
            .answers(example())
            .fails(&["invalid_text", "nothing_to_do"]),
        delete("delete_account", "/accounts/{account}", Access::Permission(Permission::DeleteAccount))
            .writes(remove)
            .if_match()
            .says(
                "Delete an account",
                "Deletes the account with everything in it: from then on it does not exist for anybody. `confirm` must be \
                 its name.",
            )
            .fails(&["not_confirmed", "people_only"]),
        post("leave_account", "/accounts/{account}:leave", Access::Person)
            .writes(leave)
            .says(
                "Leave an account",
                "Ends the caller's own membership with all that it gave. The owner hands ownership over first.",
            )
            .fails(&["last_holder", "handed_over_only", "people_only", "member_pending"]),
    ]
}

fn example() -> Value {
    json!({
        "id": "acc_019a0000000070008000000000000001", "name": "Acme", "catalog": "bailiwick",
        "opened_at": "2026-11-01T09:00:00Z", "revision": 42
    })
}

/// The account as it is shown.
fn view(account: &State) -> Account {
    let profile = &account.profile().value;
    Account {
        id: account.id().to_string(),
        name: profile.name.to_string(),
        catalog: profile.catalog.to_string(),
        opened_at: profile.opened_at,
        revision: account.revision().0,
    }
}

/// The answer with the entity tag of the account's own entity, which changes less often than the account's revision.
fn answer(account: &State) -> Result<Answer<Account>, Failure> {
    let tag = account.profile().revision.0;
    Ok(Answer::json(&view(account))?.etag(tag).revision(account.revision()))
}

async fn create(call: Call, _: NoQuery, input: CreateAccount) -> Result<Answer<Account>, Failure> {
    let name = name("name", &input.name)?;
    let handle = call.service.create_account(call.caller()?, name).await?;
    let account = handle.snapshot();
    let location = call.location(&account.id().to_string());
    Ok(answer(&account)?.header(axum::http::header::LOCATION, &location))
}

async fn show(call: Call, _: NoQuery) -> Result<Answer<Account>, Failure> {
    let account = call.account()?;
    call.authorize(&account, Permission::ReadAccount, &bailiwick_core::account::Scope::Account)?;
    answer(&account)
}

async fn rename(call: Call, query: WriteQuery, input: UpdateAccount) -> Result<Answer<Account>, Failure> {
    let command = Command::RenameAccount { name: name("name", &input.name)? };
    let options = call.write_options(query.dry_run, Some(EntityKey::Profile))?;
    let shape = |changed: &Changed<'_>| view(changed.after);
    let outcome = call.service.write(call.caller()?, call.account_id()?, &command, &options, shape).await?;
    match outcome {
        // The account's own entity changed in this very revision.
        Outcome::Done { value, revision } => Ok(Answer::json(&value)?.etag(revision.0).revision(revision)),
        Outcome::Replayed(replay) => {
            let value: Account = serde_json::from_str(&replay.answer).map_err(Error::internal)?;
            let revision = bailiwick_core::ids::Revision(value.revision);
            Ok(Answer::json(&value)?.etag(revision.0).revision(revision).replayed())
        }
        Outcome::Dry { value, events, access } => call.dry_run(Some(value), &events, &access).await,
    }
}

async fn remove(call: Call, query: DeleteAccountQuery, (): ()) -> Result<Answer<()>, Failure> {
    let account = call.account()?;
    if query.confirm.as_deref() != Some(account.profile().value.name.as_str()) {
        return Err(Failure::field(
            &code::NOT_CONFIRMED,
            "?confirm",
            "must be the name of the account, retyped",
        ));
    }
    let options = call.write_options(query.dry_run, Some(EntityKey::Profile))?;
    let command = Command::DeleteAccount;
    let outcome = call.service.write(call.caller()?, account.id(), &command, &options, |_| ()).await?;
    call.done(outcome).await
}

async fn leave(call: Call, query: WriteQuery, (): ()) -> Result<Answer<()>, Failure> {
    let options = call.write_options(query.dry_run, None)?;
    let outcome =
        call.service.write(call.caller()?, call.account_id()?, &Command::Leave, &options, |_| ()).await?;
    call.done(outcome).await
}
