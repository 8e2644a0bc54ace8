//! Management keys: made once, shown once, listed by the beginning of their text.

use axum::http::header::{ETAG, LOCATION};
use bailiwick_client::wire::{self, headers};
use bailiwick_core::account::{Command, EntityKey, Scope, SecretHash};
use bailiwick_core::catalog::Operation as Permission;
use bailiwick_core::ids::KeyId;
use serde_json::json;

use super::call::Call;
use super::listing::show_page;
use super::operation::{Access, NoQuery, Operation, delete, get, post};
use super::page::Seen;
use super::problem::Failure;
use super::references;
use super::respond::Answer;
use super::views::{Views, person_behind};
use crate::identity::tokens::ManagementKey;
use crate::service::{Error, Outcome, new_id};

/// The operations on management keys.
pub(super) fn operations() -> Vec<Operation> {
    let read = Access::Permission(Permission::ReadKeys);
    let write = Access::Permission(Permission::WriteKeys);
    let remove = Access::Permission(Permission::DeleteKeys);
    vec![
        get("list_keys", "/accounts/{account}/keys", read)
            .reads(list)
            .says(
                "List management keys",
                "The oldest first, each by the beginning of its text. The secrets are stored nowhere.",
            )
            .answers(json!({ "items": [example()], "complete": true, "filtered": false })),
        post("create_key", "/accounts/{account}/keys", write)
            .writes(create)
            .creates()
            .without_idempotency_key()
            .says(
                "Make a management key",
                "The answer shows the secret, this once. Whoever has the key acts as the service account, so you must \
                 hold all that it was granted. A service account has at most 20 keys. An answer that got lost cannot \
                 be had again: delete the key and make another one.",
            )
            .takes(json!({ "service_account": "sva_0197a2b4c6d87e0f9a1b2c3d4e5f6076", "name": "ci" }))
            .answers(json!({
                "key": example(),
                "secret": "bwk_0197a2b4c6d87e0f9a1b2c3d4e5f6078_(43 characters)(6 characters)",
            }))
            .fails(&["escalation", "outlasts_own_access", "in_the_past", "invalid_text", "limit_reached"]),
        get("get_key", "/accounts/{account}/keys/{key}", read)
            .reads(show)
            .says("Show a management key", "Never its secret.")
            .answers(example()),
        delete("delete_key", "/accounts/{account}/keys/{key}", remove)
            .writes(remove_key)
            .if_match()
            .says("Delete a management key", "It stops working at once."),
    ]
}

fn example() -> serde_json::Value {
    json!({
        "id": "key_0197a2b4c6d87e0f9a1b2c3d4e5f6078",
        "service_account": "sva_0197a2b4c6d87e0f9a1b2c3d4e5f6076",
        "prefix": "bwk_0197a2b4c6d8…",
        "name": "ci",
        "made_by": {
            "kind": "user", "id": "usr_0197a2b4c6d87e0f9a1b2c3d4e5f6070", "email": "ada@example.com",
            "name": "Ada",
        },
        "made_at": "2026-11-21T10:00:00Z",
        "revision": 41,
    })
}

async fn list(call: Call, query: wire::KeyQuery) -> Result<Answer<wire::Page<wire::Key>>, Failure> {
    let account = call.account()?;
    call.authorize(&account, Permission::ReadKeys, &Scope::Account)?;
    let page = call.page(&query)?;
    let references = call.references(&account)?;
    let holder = query.service_account.as_ref();
    let holder = holder.map(|text| references.service_account("?service_account", text)).transpose()?;
    let keys = account.keys_after(page.after()?).map(|(id, key)| {
        let fits = holder.is_none_or(|holder| key.value.service_account == holder);
        (id, if fits { Seen::Yes(id) } else { Seen::No })
    });
    let found = page.take(keys);
    let makers = found.items.iter().filter_map(|id| account.key(*id));
    let people = call.service.people(makers.filter_map(|key| person_behind(key.value.made_by))).await?;
    let views = Views::new(&account, &people, call.now());
    let shown = show_page(found, |ids| ids.into_iter().filter_map(|id| views.key(id)).collect());
    Ok(Answer::json(&shown)?.revision(account.revision()))
}

async fn show(call: Call, _: NoQuery) -> Result<Answer<wire::Key>, Failure> {
    let account = call.account()?;
    call.authorize(&account, Permission::ReadKeys, &Scope::Account)?;
    let id = in_path(&call)?;
    let maker = account.key(id).and_then(|key| person_behind(key.value.made_by));
    let people = call.service.people(maker).await?;
    let shown = Views::new(&account, &people, call.now()).key(id);
    let shown = shown.ok_or_else(|| Failure::not_found("management key"))?;
    Ok(Answer::entity(&shown)?.revision(account.revision()))
}

async fn create(
    call: Call,
    query: wire::WriteQuery,
    input: wire::CreateKey,
) -> Result<Answer<wire::KeyCreated>, Failure> {
    let account = call.account()?;
    let references = call.references(&account)?;
    let id: KeyId = new_id();
    let key = ManagementKey::generate(id).map_err(Error::internal)?;
    let command = Command::CreateKey {
        key: id,
        service_account: references.service_account("service_account", &input.service_account)?,
        name: references::name("name", &input.name)?,
        secret_hash: SecretHash(*key.hash().as_bytes()),
        expires_at: input.expires_at,
    };
    let options = call.write_options(query.dry_run, None)?;
    let people = call.oneself().await?;
    // The answer that the service sees has no secret in it: that is added to what is sent, and nowhere else.
    let shape =
        |changed: &crate::service::Changed<'_>| Views::new(changed.after, &people, changed.now).key(id);
    let outcome = call.service.write(call.caller()?, call.account_id()?, &command, &options, shape).await?;
    match outcome {
        Outcome::Done { value: Some(shown), revision } => {
            let tag = headers::etag(shown.revision);
            let location = call.location(&shown.id);
            let created = wire::KeyCreated { key: shown, secret: wire::Secret::from(key.reveal()) };
            Ok(Answer::json(&created)?.revision(revision).header(ETAG, &tag).header(LOCATION, &location))
        }
        Outcome::Dry { events, access, .. } => call.dry_run(None, &events, &access).await,
        Outcome::Done { value: None, .. } | Outcome::Replayed(_) => {
            Err(Error::internal("a key that was made is not there").into())
        }
    }
}

async fn remove_key(call: Call, query: wire::WriteQuery, (): ()) -> Result<Answer<()>, Failure> {
    let key = in_path(&call)?;
    let command = Command::DeleteKey { key };
    call.change_silently(&command, query.dry_run, Some(EntityKey::Key(key))).await
}

fn in_path(call: &Call) -> Result<KeyId, Failure> {
    call.parameter("key").parse().map_err(|_| Failure::not_found("management key"))
}
