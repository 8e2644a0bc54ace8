//! Deleting management keys and service accounts: programs stop working at once, so each is asked for first.

use axum::extract::{Path, State};
use axum::response::Response;
use bailiwick_core::account::{Command, KeyHolder};
use bailiwick_core::catalog::Operation;
use bailiwick_core::ids::{KeyId, ServiceAccountId};

use super::account_context::AccountContext;
use super::answer::{Answer, Failure, done, page};
use super::form::Submission;
use super::keys::parse;
use super::member_actions::ConfirmPage;
use super::parts::Alert;
use super::text::counted;
use super::visitor::Visitor;
use crate::identity::tokens::display_prefix;
use crate::service::Service;

fn confirm(context: &AccountContext<'_>, heading: String, consequence: String, action: String) -> Response {
    let template = ConfirmPage {
        shell: context.shell("Delete", "keys"),
        alert: Alert::unless_about(None, &[]),
        heading,
        consequences: vec![consequence, "This cannot be undone.".to_owned()],
        retype: None,
        choice: None,
        action,
        button: "Delete",
        back: context.path("/keys"),
    };
    page(context.service, None, &template.shell, &template)
}

/// Asks before deleting a key.
pub(super) async fn ask_delete_key(
    State(service): State<Service>,
    Path((account, service_account, key)): Path<(String, String, String)>,
    visitor: Visitor,
) -> Answer {
    let context = AccountContext::open(&service, &visitor, &account).await?;
    context.admit(Operation::DeleteKeys, "delete_key").await?;
    let (id, key) = parse_key(&context, &service_account, &key)?;
    let found = context.account.key(key).ok_or_else(|| Failure::missing("key"))?;
    let heading = format!("Delete the key {}?", found.value.name);
    let consequence = format!("Whatever uses {} is refused from now on.", display_prefix(key));
    Ok(confirm(&context, heading, consequence, context.path(&format!("/keys/{id}/{key}/delete"))))
}

/// Asks before deleting a service account.
pub(super) async fn ask_delete_service_account(
    State(service): State<Service>,
    Path((account, service_account)): Path<(String, String)>,
    visitor: Visitor,
) -> Answer {
    let context = AccountContext::open(&service, &visitor, &account).await?;
    context.admit(Operation::DeleteKeys, "delete_service_account").await?;
    let id = parse(&context, &service_account)?;
    let found = context.account.service_account(id).ok_or_else(|| Failure::missing("service account"))?;
    let heading = format!("Delete the service account {}?", found.value.name);
    let keys = context.account.keys_of(KeyHolder::ServiceAccount(id)).count();
    let consequence = match keys {
        0 => "It has no keys.".to_owned(),
        keys => format!("Its {} stop working at once.", counted(keys, "key", "keys")),
    };
    Ok(confirm(&context, heading, consequence, context.path(&format!("/keys/{id}/delete"))))
}

fn parse_key(
    context: &AccountContext<'_>,
    service_account: &str,
    key: &str,
) -> Result<(ServiceAccountId, KeyId), Failure> {
    let id = parse(context, service_account)?;
    let key: KeyId = key.parse().map_err(|_| Failure::missing("key"))?;
    let is_theirs =
        context.account.key(key).is_some_and(|found| found.value.holder == KeyHolder::ServiceAccount(id));
    if is_theirs { Ok((id, key)) } else { Err(Failure::missing("key")) }
}

/// Deletes a key.
pub(super) async fn delete_key(
    State(service): State<Service>,
    Path((account, service_account, key)): Path<(String, String, String)>,
    submission: Submission,
) -> Answer {
    let context = AccountContext::open(&service, &submission.visitor, &account).await?;
    context.admit(Operation::DeleteKeys, "delete_key").await?;
    let (_, key) = parse_key(&context, &service_account, &key)?;
    context.write_or_fail(&Command::DeleteKey { key }).await?;
    Ok(done(&service, &context.path("/keys"), "The key is deleted and works no more."))
}

/// Deletes a service account with its keys.
pub(super) async fn delete_service_account(
    State(service): State<Service>,
    Path((account, service_account)): Path<(String, String)>,
    submission: Submission,
) -> Answer {
    let context = AccountContext::open(&service, &submission.visitor, &account).await?;
    context.admit(Operation::DeleteKeys, "delete_service_account").await?;
    let id = parse(&context, &service_account)?;
    context.write_or_fail(&Command::DeleteServiceAccount { service_account: id }).await?;
    Ok(done(&service, &context.path("/keys"), "The service account and its keys are deleted."))
}
