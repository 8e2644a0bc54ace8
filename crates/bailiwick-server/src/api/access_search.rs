//! Searches for access: who may do this to that, and to what may somebody do this.

use bailiwick_client::wire;
use bailiwick_core::access::{Circumstances, Found, Page, SubjectType, Target, TargetType};
use bailiwick_core::account::{Account, Principal, Refusal, Scope};
use bailiwick_core::catalog::{Operation as Permission, PermissionIndex};
use bailiwick_core::ids::{ProjectId, ResourceId};
use serde_json::json;

use super::access::{asked_about, circumstances, known_type};
use super::call::Call;
use super::listing::show_page;
use super::operation::{Access, Operation, get};
use super::page::PageRequest;
use super::problem::Failure;
use super::references::{refused, unknown};
use super::respond::Answer;
use super::views::Views;

/// The searches.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("who_can", "/accounts/{account}/access:who-can", Access::Permission(Permission::CheckAccess))
            .reads(who_can)
            .says(
                "Who may do that?",
                "Everybody of a kind for whom `access:check` says yes now, in the order of their ids: no page leaves anybody \
                 out. A page may be shorter than its limit, even empty, and have a cursor all the same: so much is asked at \
                 once and no more. Policies are asked with `context.caller == \"question\"`, about yourself too. People and \
                 groups are named only for those who may read them.",
            )
            .answers(json!({
                "items": [{
                    "kind": "member", "id": "usr_0197a2b4c6d87e0f9a1b2c3d4e5f6070", "email": "ada@example.com",
                    "name": "Ada",
                }],
                "complete": true,
                "filtered": false,
            }))
            .fails(&["unknown_permission", "unknown_resource_type"]),
        get("what_can", "/accounts/{account}/access:what-can", Access::Member)
            .reads(what_can)
            .says(
                "To what may this principal do that?",
                "Everything of a type for which `access:check` says yes now, in the order of the ids. A page may be shorter \
                 than its limit, even empty, and have a cursor all the same: so much is asked at once and no more. Without \
                 `principal` it is about yourself and needs no permission; about others it needs the permission to check \
                 access.",
            )
            .answers(json!({
                "items": [{
                    "type": "cluster", "id": "res_0197a2b4c6d87e0f9a1b2c3d4e5f6074", "name": "search-eu",
                    "external_id": "cluster-7",
                }],
                "complete": true,
                "filtered": false,
            }))
            .fails(&["permission_denied", "ambiguous", "unknown_permission", "unknown_resource_type"]),
    ]
}

async fn who_can(
    call: Call,
    query: wire::WhoCanQuery,
) -> Result<Answer<wire::Page<wire::PrincipalLabel>>, Failure> {
    let account = call.account()?;
    call.authorize(&account, Permission::CheckAccess, &Scope::Account)?;
    let page = call.page(&query)?;
    let permission = permission(&account, &query.action)?;
    known_type(&account, "?resource_type", &query.resource_type)?;
    let target = account.target(&query.resource_type, &query.resource_id);
    let target =
        target.ok_or_else(|| Failure::from(unknown("?resource_id", &query.resource_id, "resource")))?;
    let of = match query.kind {
        None | Some(wire::PrincipalKind::Member) => SubjectType::Member,
        Some(wire::PrincipalKind::Group) => SubjectType::Group,
        Some(wire::PrincipalKind::ServiceAccount) => SubjectType::ServiceAccount,
    };
    let (now, after) = (call.now(), page.after()?);
    call.prepare_search(&account).await;
    // How others come is not known; who asks comes as they do.
    let asked = Circumstances::question(now);
    let found = account.search_subjects(of, permission, &target, asked, Page::new(after, page.limit));
    let found = in_page(&page, found, Principal::to_string);
    // Who may ask what others may do need not be told who they are.
    let actor = call.actor()?;
    let circumstances = call.circumstances()?;
    let is_shown = |principal: Principal| account.sees_principal(actor, principal, circumstances);
    let users = found.items.iter().filter_map(|principal| match principal {
        Principal::Member(user) if is_shown(*principal) => Some(*user),
        _ => None,
    });
    let people = call.service.people(users).await?;
    let views = Views::new(&account, &people, now);
    let label = |principal: Principal| {
        let label = views.principal(principal);
        if is_shown(principal) { label } else { wire::PrincipalLabel { name: None, ..label } }
    };
    let shown = show_page(found, |items| items.into_iter().map(label).collect());
    Ok(Answer::json(&shown)?.revision(account.revision()))
}

async fn what_can(
    call: Call,
    query: wire::WhatCanQuery,
) -> Result<Answer<wire::Page<wire::TargetLabel>>, Failure> {
    let account = call.account()?;
    let own = call.actor()?.principal();
    let may_ask = call.authorize(&account, Permission::CheckAccess, &Scope::Account);
    let text = query.principal.as_deref().unwrap_or_default();
    let found = match &query.principal {
        None => Some(own),
        Some(text) => asked_about(&account, "?principal", text, own, may_ask)?,
    };
    let principal = found.ok_or_else(|| Failure::from(unknown("?principal", text, "principal")))?;
    let page = call.page(&query)?;
    let permission = permission(&account, &query.action)?;
    known_type(&account, "?resource_type", &query.resource_type)?;
    let of = account.target_type(&query.resource_type).ok_or_else(|| Failure::not_found("resource type"))?;
    let after = match of {
        TargetType::Account => page.after.as_ref().map(|_| Target::Account),
        TargetType::Project => page.after::<ProjectId>()?.map(Target::Project),
        TargetType::Resource(_) => page.after::<ResourceId>()?.map(Target::Resource),
    };
    call.prepare_search(&account).await;
    let now = circumstances(&call, principal);
    let found = account.search_targets(principal, permission, of, now, Page::new(after, page.limit));
    let found = in_page(&page, found, |target| id_of(&account, target));
    let shown = show_page(found, |items| {
        items.into_iter().filter_map(|target| label(&account, &query.resource_type, &target)).collect()
    });
    Ok(Answer::json(&shown)?.revision(account.revision()))
}

/// What was found, with the cursor behind which the search goes on.
fn in_page<T>(page: &PageRequest, found: Found<T>, key: impl Fn(&T) -> String) -> wire::Page<T> {
    let next_cursor = found.next.as_ref().map(|next| page.cursor(&key(next)));
    wire::Page { items: found.items, complete: next_cursor.is_none(), next_cursor, filtered: false }
}

fn permission(account: &Account, text: &str) -> Result<PermissionIndex, Failure> {
    account.catalog().permission(text).ok_or_else(|| {
        let refusal = Refusal::UnknownPermission { permission: text.chars().take(128).collect() };
        Failure::from(refused("?action", text, refusal))
    })
}

fn id_of(account: &Account, target: &Target) -> String {
    match target {
        Target::Account => account.id().to_string(),
        Target::Project(id) => id.to_string(),
        Target::Resource(id) => id.to_string(),
    }
}

fn label(account: &Account, target_type: &str, target: &Target) -> Option<wire::TargetLabel> {
    let (name, external_id) = match target {
        Target::Account => (&account.profile().value.name, None),
        Target::Project(id) => {
            account.project(*id).map(|found| (&found.value.name, found.value.external_id.as_ref()))?
        }
        Target::Resource(id) => {
            account.resource(*id).map(|found| (&found.value.name, found.value.external_id.as_ref()))?
        }
    };
    Some(wire::TargetLabel {
        target_type: target_type.to_owned(),
        id: id_of(account, target),
        name: name.to_string(),
        external_id: external_id.map(ToString::to_string),
    })
}
