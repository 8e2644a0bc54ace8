//! Service accounts: machines in an account.

use bailiwick_client::wire;
use bailiwick_core::account::{
    Account, Command, EntityKey, Event, Principal, Scope, ServiceAccount, Versioned,
};
use bailiwick_core::catalog::Operation as Permission;
use bailiwick_core::ids::ServiceAccountId;
use serde_json::json;

use super::call::Call;
use super::listing::{Needle, show_page};
use super::naming::{Naming, Renaming, is_called};
use super::operation::{Access, NoQuery, Operation, delete, get, patch, post};
use super::page::Seen;
use super::problem::Failure;
use super::respond::Answer;
use super::views::Views;
use crate::service::People;

/// The operations on service accounts.
pub(super) fn operations() -> Vec<Operation> {
    let read = Access::Permission(Permission::ReadKeys);
    let write = Access::Permission(Permission::WriteKeys);
    let remove = Access::Permission(Permission::DeleteKeys);
    vec![
        get("list_service_accounts", "/accounts/{account}/service-accounts", read)
            .reads(list)
            .says("List service accounts", "The oldest first, each with what it holds. You see those that hold something only where you may read keys.")
            .answers(json!({ "items": [example()], "complete": true, "filtered": false })),
        post("create_service_account", "/accounts/{account}/service-accounts", write)
            .writes(create)
            .creates()
            .says(
                "Create a service account",
                "Granting it roles needs the permission to do so, and you can only give what you hold yourself. Without the \
                 permission to write keys in the whole account, you make one for where you have it: all its roles are there. Up to \
                 50 roles in one request. It authenticates by management keys, which are made next.",
            )
            .takes(json!({ "name": "control-plane", "roles": ["admin"] }))
            .answers(example())
            .fails(&[
                "escalation", "outlasts_own_access", "taken", "invalid_text", "email_as_external_id", "limit_reached", "wrong_level", "handed_over_only",
                "newcomer_role", "in_the_past", "empty_scope", "unknown_resource_type",
            ]),
        get("get_service_account", "/accounts/{account}/service-accounts/{service_account}", read)
            .reads(show)
            .says("Show a service account", "By id or external id.")
            .answers(example()),
        patch("update_service_account", "/accounts/{account}/service-accounts/{service_account}", write)
            .writes(edit)
            .if_match()
            .says("Change a service account", "What is absent stays. What it holds is changed by grants.")
            .takes(json!({ "description": "Registers clusters and asks for access." }))
            .answers(example())
            .fails(&["taken", "invalid_text", "email_as_external_id", "nothing_to_do", "above_you", "escalation", "outlasts_own_access", "unknown_attribute", "limit_reached"]),
        delete("delete_service_account", "/accounts/{account}/service-accounts/{service_account}", remove)
            .writes(remove_service_account)
            .if_match()
            .says("Delete a service account", "Its management keys and grants end at once.")
            .fails(&["above_you"]),
    ]
}

fn example() -> serde_json::Value {
    json!({
        "id": "sva_0197a2b4c6d87e0f9a1b2c3d4e5f6076",
        "name": "control-plane",
        "description": "",
        "roles": [{
            "role": "admin", "title": "Admin", "via": "grant", "scope": "account",
            "grant": "grt_0197a2b4c6d87e0f9a1b2c3d4e5f6077",
        }],
        "keys": 1,
        "revision": 40,
    })
}

async fn list(
    call: Call,
    query: wire::ServiceAccountQuery,
) -> Result<Answer<wire::Page<wire::ServiceAccount>>, Failure> {
    let account = call.account()?;
    let (actor, circumstances) = (call.actor()?, call.circumstances()?);
    let page = call.page(&query)?;
    let needle = Needle::new(query.q.as_ref())?;
    let sees_all = call.authorize(&account, Permission::ReadKeys, &Scope::Account).is_ok();
    let cost = |(id, _): &(ServiceAccountId, &Versioned<ServiceAccount>)| {
        if sees_all { 1 } else { cost_of_seeing_machine(&account, *id) }
    };
    let seen = |(id, machine): (ServiceAccountId, &Versioned<ServiceAccount>)| {
        let ServiceAccount { name, description, external_id, .. } = &machine.value;
        let fits = is_called(&needle, name, description, external_id.as_ref());
        let seen = match sees_all
            || account.may_on_service_account(actor, Permission::ReadKeys, id, circumstances)
        {
            false => Seen::Hidden,
            true if fits => Seen::Yes(id),
            true => Seen::No,
        };
        (id, seen)
    };
    let found = page.take_looking(account.service_accounts_after(page.after()?), cost, seen);
    let people = People::default();
    let views = Views::new(&account, &people, call.now());
    let shown = show_page(found, |ids| ids.into_iter().filter_map(|id| views.service_account(id)).collect());
    Ok(Answer::json(&shown)?.revision(account.revision()))
}

async fn show(call: Call, _: NoQuery) -> Result<Answer<wire::ServiceAccount>, Failure> {
    let account = call.account()?;
    let (actor, circumstances) = (call.actor()?, call.circumstances()?);
    let people = People::default();
    let id = in_path(&call, &account)?;
    let seen = account.may_on_service_account(actor, Permission::ReadKeys, id, circumstances);
    let shown = Views::new(&account, &people, call.now()).service_account(id).filter(|_| seen);
    let shown = shown.ok_or_else(|| Failure::not_found("service account"))?;
    Ok(Answer::entity(&shown)?.revision(account.revision()))
}

async fn create(
    call: Call,
    query: wire::WriteQuery,
    input: wire::CreateServiceAccount,
) -> Result<Answer<wire::ServiceAccount>, Failure> {
    let account = call.account()?;
    let Naming { name, description, external_id } =
        Naming::read(&input.name, &input.description, input.external_id.as_ref())?;
    let command = Command::CreateServiceAccount {
        name,
        description,
        external_id,
        grants: call.references(&account)?.grants(&input.roles, &input.grants)?,
    };
    let people = People::default();
    call.change(&command, query.dry_run, None, &people, |views, events| {
        let created = events.iter().find_map(|event| match event {
            Event::ServiceAccountCreated { id, .. } => Some(*id),
            _ => None,
        });
        views.service_account(created?)
    })
    .await
}

async fn edit(
    call: Call,
    query: wire::WriteQuery,
    input: wire::UpdateServiceAccount,
) -> Result<Answer<wire::ServiceAccount>, Failure> {
    let service_account = in_path(&call, &*call.account()?)?;
    let Renaming { name, description, external_id } =
        Renaming::read(input.name.as_ref(), input.description.as_ref(), &input.external_id)?;
    let may_assert = input.may_assert.map(|entries| entries.into_iter().map(Into::into).collect());
    let command = Command::EditServiceAccount { service_account, name, description, external_id, may_assert };
    let people = People::default();
    let show = |views: &Views<'_>, _: &[Event]| views.service_account(service_account);
    let entity = Some(EntityKey::ServiceAccount(service_account));
    call.change(&command, query.dry_run, entity, &people, show).await
}

async fn remove_service_account(call: Call, query: wire::WriteQuery, (): ()) -> Result<Answer<()>, Failure> {
    let service_account = in_path(&call, &*call.account()?)?;
    let command = Command::DeleteServiceAccount { service_account };
    call.change_silently(&command, query.dry_run, Some(EntityKey::ServiceAccount(service_account))).await
}

/// What it takes at most to find out who sees a service account or its keys.
pub(super) fn cost_of_seeing_machine(account: &Account, id: ServiceAccountId) -> usize {
    let held = account.grants_of(Principal::ServiceAccount(id));
    account.cost_of_authorizing(Permission::ReadKeys, held.map(|(_, grant)| &grant.value.scope))
}

fn in_path(call: &Call, account: &Account) -> Result<ServiceAccountId, Failure> {
    let found = account.find_service_account(call.parameter("service_account"));
    found.ok_or_else(|| Failure::not_found("service account"))
}
