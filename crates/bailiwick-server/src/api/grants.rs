//! Grants: who has which role where.

use bailiwick_client::wire;
use bailiwick_core::account::{Command, EntityKey, Event, Grant, Principal, RoleAtScope, Scope, Versioned};
use bailiwick_core::catalog::Operation as Permission;
use bailiwick_core::ids::GrantId;
use serde_json::json;

use super::call::Call;
use super::listing::show_page;
use super::operation::{Access, NoQuery, Operation, delete, get, post};
use super::page::Seen;
use super::problem::Failure;
use super::respond::Answer;
use super::views::{Views, people_of_grant, person_behind};

/// The operations on grants.
pub(super) fn operations() -> Vec<Operation> {
    let read = Access::Permission(Permission::ReadRoles);
    let write = Access::Permission(Permission::WriteRoles);
    vec![
        get("list_grants", "/accounts/{account}/grants", read)
            .reads(list)
            .says(
                "List grants",
                "The oldest first. Grants at scopes where you may not see roles are left out, and `filtered` says so. \
                 Grants that have ended by themselves stay in the list with their end.",
            )
            .answers(json!({ "items": [example()], "complete": true, "filtered": false })),
        post("create_grant", "/accounts/{account}/grants", write)
            .writes(create)
            .creates()
            .says(
                "Grant a role",
                "You can only give what you hold yourself at that scope, for as long as you hold it. Granting the same \
                 role at the same scope again changes when the grant ends. A scope names up to 1000 resources.",
            )
            .takes(json!({
                "principal": "team-search", "role": "cluster_read_write",
                "scope": { "resources": ["cluster-7"] }, "until": "2027-01-01T00:00:00Z",
            }))
            .answers(example())
            .fails(&[
                "ambiguous", "too_large", "escalation", "outlasts_own_access", "above_you", "wrong_level", "empty_scope", "already_so", "handed_over_only", "newcomer_role",
                "single_holder", "last_holder", "member_pending", "in_the_past", "unknown_resource_type",
                "limit_reached",
            ]),
        get("get_grant", "/accounts/{account}/grants/{grant}", read)
            .reads(show)
            .says("Show a grant", "A grant at a scope where you may not see roles does not exist for you.")
            .answers(example()),
        delete("delete_grant", "/accounts/{account}/grants/{grant}", write)
            .writes(revoke)
            .if_match()
            .says("Take a grant back", "It ends at once.")
            .fails(&["last_holder", "above_you", "one_role"]),
    ]
}

fn example() -> serde_json::Value {
    json!({
        "id": "grt_0197a2b4c6d87e0f9a1b2c3d4e5f6073",
        "principal": { "kind": "group", "id": "grp_0197a2b4c6d87e0f9a1b2c3d4e5f6072", "name": "Search team" },
        "role": "cluster_read_write",
        "title": "Cluster read-write",
        "scope": { "resources": ["res_0197a2b4c6d87e0f9a1b2c3d4e5f6074"] },
        "until": "2027-01-01T00:00:00Z",
        "made_by": {
            "kind": "user", "id": "usr_0197a2b4c6d87e0f9a1b2c3d4e5f6070", "email": "ada@example.com",
            "name": "Ada",
        },
        "made_at": "2026-11-21T10:00:00Z",
        "revision": 22,
    })
}

async fn list(call: Call, query: wire::GrantQuery) -> Result<Answer<wire::Page<wire::Grant>>, Failure> {
    let account = call.account()?;
    let page = call.page(&query)?;
    let references = call.references(&account)?;
    let principal =
        query.principal.as_ref().map(|text| references.principal("?principal", text)).transpose()?;
    let role = query.role.as_ref().map(|text| references.role("?role", text)).transpose()?;
    let project = query.project.as_ref().map(|text| references.project("?project", text)).transpose()?;
    let resource = query.resource.as_ref().map(|text| references.resource("?resource", text)).transpose()?;
    let sees_all = call.authorize(&account, Permission::ReadRoles, &Scope::Account).is_ok();
    let cost = |(_, grant): &(GrantId, &Versioned<Grant>)| {
        if sees_all {
            1
        } else {
            account.cost_of_authorizing(Permission::ReadRoles, std::iter::once(&grant.value.scope))
        }
    };
    let seen = |(id, grant): (GrantId, &Versioned<Grant>)| {
        let grant = &grant.value;
        let fits = role.as_ref().is_none_or(|role| grant.role == *role)
            && project.is_none_or(|project| account.lies_in(&grant.scope, project))
            && resource.is_none_or(
                |resource| matches!(&grant.scope, Scope::Resources(ids) if ids.contains(&resource)),
            );
        // What is hidden is so whatever is asked: whether it fits would tell something of it.
        let seen = match sees_all || may_see(&call, &account, grant) {
            false => Seen::Hidden,
            true if fits => Seen::Yes(id),
            true => Seen::No,
        };
        (id, seen)
    };
    let after: Option<GrantId> = page.after()?;
    let found = match principal {
        Some(principal) => {
            let own = account.grants_of(principal).filter(|(id, _)| after.is_none_or(|after| *id > after));
            page.take_looking(own, cost, seen)
        }
        None => page.take_looking(account.grants_after(after), cost, seen),
    };
    let named = found.items.iter().filter_map(|id| account.grant(*id));
    let people = call.service.people(named.flat_map(|grant| people_of_grant(&grant.value))).await?;
    let views = Views::new(&account, &people, call.now());
    let shown = show_page(found, |ids| ids.into_iter().filter_map(|id| views.grant(id)).collect());
    Ok(Answer::json(&shown)?.revision(account.revision()))
}

async fn show(call: Call, _: NoQuery) -> Result<Answer<wire::Grant>, Failure> {
    let account = call.account()?;
    let id = in_path(&call)?;
    let found = account.grant(id).filter(|found| may_see(&call, &account, &found.value));
    let found = found.ok_or_else(|| Failure::not_found("grant"))?;
    let people = call.service.people(people_of_grant(&found.value)).await?;
    let shown = Views::new(&account, &people, call.now()).grant(id);
    let shown = shown.ok_or_else(|| Failure::not_found("grant"))?;
    Ok(Answer::entity(&shown)?.revision(account.revision()))
}

async fn create(
    call: Call,
    query: wire::WriteQuery,
    input: wire::CreateGrant,
) -> Result<Answer<wire::Grant>, Failure> {
    let account = call.account()?;
    let references = call.references(&account)?;
    let principal = references.principal("principal", &input.principal)?;
    let grant = RoleAtScope {
        role: references.role("role", &input.role)?,
        scope: references.scope("scope", &input.scope)?,
        until: input.until,
    };
    let member = match principal {
        Principal::Member(user) => Some(user),
        Principal::Group(_) | Principal::ServiceAccount(_) => None,
    };
    // Whoever made a grant that gets another end now may be anybody.
    let makers = account.grants_of(principal).filter_map(|(_, grant)| person_behind(grant.value.made_by));
    let caller = person_behind(call.actor()?.reference());
    let people = call.service.people(makers.chain(member).chain(caller)).await?;
    let command = Command::Grant { principal, grant };
    call.change(&command, query.dry_run, None, &people, |views, events| {
        let made = events.iter().find_map(|event| match event {
            Event::GrantMade { id, .. } | Event::GrantExtended { id, .. } => Some(*id),
            _ => None,
        });
        views.grant(made?)
    })
    .await
}

async fn revoke(call: Call, query: wire::WriteQuery, (): ()) -> Result<Answer<()>, Failure> {
    let grant = in_path(&call)?;
    let command = Command::RevokeGrant { grant };
    call.change_silently(&command, query.dry_run, Some(EntityKey::Grant(grant))).await
}

fn may_see(call: &Call, account: &bailiwick_core::account::Account, grant: &Grant) -> bool {
    call.authorize(account, Permission::ReadRoles, &grant.scope).is_ok()
}

fn in_path(call: &Call) -> Result<GrantId, Failure> {
    call.parameter("grant").parse().map_err(|_| Failure::not_found("grant"))
}
