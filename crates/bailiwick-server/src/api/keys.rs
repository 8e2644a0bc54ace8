//! Management keys: made once, shown once, listed by the beginning of their text.

use axum::http::header::{ETAG, LOCATION};
use bailiwick_client::wire::{self, headers};
use bailiwick_core::account::{
    Account, Command, EntityKey, Key, KeyHolder, Principal, Refusal, Scope, SecretHash, Versioned,
};
use bailiwick_core::catalog::{Operation as Permission, PersonalKeys};
use bailiwick_core::ids::KeyId;
use serde_json::json;

use super::call::Call;
use super::listing::show_page;
use super::operation::{Access, NoQuery, Operation, delete, get, post};
use super::page::Seen;
use super::problem::Failure;
use super::references;
use super::respond::Answer;
use super::service_accounts::cost_of_seeing_machine;
use super::views::{Views, person_behind};
use crate::identity::tokens::ManagementKey;
use crate::service::{Error, Outcome, Uses, new_id};

/// The operations on management keys.
pub(super) fn operations() -> Vec<Operation> {
    // Everybody sees and ends the keys that act for themselves; those of others need the permission.
    vec![
        get("list_keys", "/accounts/{account}/keys", Access::Member)
            .reads(list)
            .says(
                "List management keys",
                "The oldest first, each by the beginning of its text. The secrets are stored nowhere. Personal keys of \
                 others, and keys of service accounts, are for those who may read keys where these hold something.",
            )
            .answers(json!({ "items": [example()], "complete": true, "filtered": false })),
        post("create_key", "/accounts/{account}/keys", Access::Member)
            .writes(create)
            .creates()
            .without_idempotency_key()
            .says(
                "Make a management key",
                "The answer shows the secret, this once. Whoever has the key acts as the service account, so you must \
                 hold all that it was granted, and be permitted to write keys wherever that is. Without `service_account` \
                 it is a personal key, where the catalog has them: it acts for you with the roles that you have at the \
                 time, ends with your membership, and does nothing that only a person may do, such as inviting. It \
                 is for who has proved that their email is theirs, by following a mailed link. A service account or a member has at most 20 keys. An answer that got lost cannot \
                 be had again: delete the key and make another one.",
            )
            .takes(json!({ "service_account": "sva_0197a2b4c6d87e0f9a1b2c3d4e5f6076", "name": "ci" }))
            .answers(json!({
                "key": example(),
                "secret": "bwk_0197a2b4c6d87e0f9a1b2c3d4e5f6078_(43 characters)(6 characters)",
            }))
            .fails(&[
                "permission_denied", "escalation", "outlasts_own_access", "key_outlasts", "no_personal_keys",
                "email_not_verified", "in_the_past", "invalid_text", "limit_reached",
            ]),
        get("get_key", "/accounts/{account}/keys/{key}", Access::Member)
            .reads(show)
            .says("Show a management key", "Never its secret.")
            .answers(example()),
        delete("delete_key", "/accounts/{account}/keys/{key}", Access::Member)
            .writes(remove_key)
            .if_match()
            .says("Delete a management key", "It stops working at once. A personal key is deleted by its owner, or by who may delete keys.")
            .fails(&["permission_denied"]),
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
    let (actor, circumstances) = (call.actor()?, call.circumstances()?);
    if account.catalog().rules.personal_keys == PersonalKeys::Nobody {
        account.authorize_anywhere(actor, Permission::ReadKeys, circumstances)?;
    }
    let page = call.page(&query)?;
    let references = call.references(&account)?;
    let machine = query.service_account.as_ref();
    let machine = machine.map(|text| references.service_account("?service_account", text)).transpose()?;
    let member = query.member.as_ref().map(|text| references.member("?member", text)).transpose()?;
    let sees_all = call.authorize(&account, Permission::ReadKeys, &Scope::Account).is_ok();
    let cost = |(_, key): &(KeyId, &Versioned<Key>)| match key.value.holder {
        _ if sees_all => 1,
        KeyHolder::Member(_) => account.cost_of_authorizing(Permission::ReadKeys, std::iter::empty()),
        KeyHolder::ServiceAccount(id) => cost_of_seeing_machine(&account, id),
    };
    let seen = |(id, key): (KeyId, &Versioned<Key>)| {
        let holder = key.value.holder;
        let fits = machine.is_none_or(|id| holder == KeyHolder::ServiceAccount(id))
            && member.is_none_or(|id| holder == KeyHolder::Member(id));
        let seen = match sees_all || account.sees_key(actor, &key.value, circumstances) {
            false => Seen::Hidden,
            true if fits => Seen::Yes(id),
            true => Seen::No,
        };
        (id, seen)
    };
    let found = page.take_looking(account.keys_after(page.after()?), cost, seen);
    let makers = found.items.iter().filter_map(|id| account.key(*id));
    let people = call.service.people(makers.filter_map(|key| person_behind(key.value.made_by))).await?;
    let views = Views::new(&account, &people, call.now());
    let ids: Vec<String> = found.items.iter().map(ToString::to_string).collect();
    let uses = last_uses(&call, &account, &ids).await?;
    let key = |id| views.key(id).map(|key| wire::Key { last_used: uses.last(&key.id, |_| true), ..key });
    let shown = show_page(found, |ids| ids.into_iter().filter_map(key).collect());
    Ok(Answer::json(&shown)?.revision(account.revision()))
}

async fn show(call: Call, _: NoQuery) -> Result<Answer<wire::Key>, Failure> {
    let account = call.account()?;
    let (actor, circumstances) = (call.actor()?, call.circumstances()?);
    if account.catalog().rules.personal_keys == PersonalKeys::Nobody {
        account.authorize_anywhere(actor, Permission::ReadKeys, circumstances)?;
    }
    let id = in_path(&call)?;
    let seen = account.key(id).filter(|key| account.sees_key(actor, &key.value, circumstances));
    let maker = seen.and_then(|key| person_behind(key.value.made_by));
    let people = call.service.people(maker).await?;
    let shown = seen.and_then(|_| Views::new(&account, &people, call.now()).key(id));
    let mut shown = shown.ok_or_else(|| Failure::not_found("management key"))?;
    let uses = last_uses(&call, &account, std::slice::from_ref(&shown.id)).await?;
    shown.last_used = uses.last(&shown.id, |_| true);
    Ok(Answer::entity(&shown)?.revision(account.revision()))
}

/// When keys were last used; as of an earlier moment nobody knows.
async fn last_uses(call: &Call, account: &Account, keys: &[String]) -> Result<Uses, Failure> {
    match call.past {
        None => Ok(call.service.uses_of(account.id(), keys).await?),
        Some(_) => Ok(Uses::default()),
    }
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
    let holder = match &input.service_account {
        Some(text) => KeyHolder::ServiceAccount(references.service_account("service_account", text)?),
        None => match call.actor()?.principal() {
            Principal::Member(user) => KeyHolder::Member(user),
            _ => return Err(Refusal::NoPersonalKeys.into()),
        },
    };
    let command = Command::CreateKey {
        key: id,
        holder,
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
