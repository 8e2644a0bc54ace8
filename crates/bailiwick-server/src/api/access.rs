//! Questions about access: may she, why, and what may she do.

use bailiwick_client::wire;
use bailiwick_core::access::{Circumstances, Target};
use bailiwick_core::account::{Account, Actor, Principal, Refusal, Scope};
use bailiwick_core::catalog::{Operation as Permission, PermissionIndex};
use bailiwick_core::ids::{Id, ResourceId, UserId};
use serde_json::json;

use super::call::Call;
use super::operation::{Access, Operation, get, post};
use super::problem::{Failure, code};
use super::references::{principal, refused, sees_resource, unknown};
use super::respond::Answer;
use super::views::Views;
use crate::service::People;

/// The questions.
pub(super) fn operations() -> Vec<Operation> {
    let about_others = "About others it needs the permission to check access; about yourself it needs none.";
    let question = json!({
        "principal": "usr_0197a2b4c6d87e0f9a1b2c3d4e5f6070",
        "action": "write:clusters",
        "resource": { "type": "cluster", "id": "cluster-7" },
    });
    vec![
        post("check_access", "/accounts/{account}/access:check", Access::Member)
            .asks(check)
            .says("May this principal do that?", about_others)
            .takes(question.clone())
            .answers(json!({ "allowed": true, "revision": 31 }))
            .fails(&["permission_denied", "ambiguous", "unknown_permission", "unknown_resource_type"]),
        post("explain_access", "/accounts/{account}/access:explain", Access::Member)
            .asks(explain)
            .says(
                "Why may this principal do that, or why not?",
                "Names every grant and policy that allows it, or the policy that forbids it, or what is missing. About others it needs the permission to check \
                 access; about yourself it needs none, and names roles that would help and policies only if you may read them.",
            )
            .takes(question)
            .answers(json!({
                "allowed": true,
                "summary": "Ada may `write:clusters` on cluster search-eu: the role Admin in the whole account allows it",
                "principal": {
                    "kind": "member", "id": "usr_0197a2b4c6d87e0f9a1b2c3d4e5f6070", "email": "ada@example.com",
                    "name": "Ada",
                },
                "principal_state": "active",
                "target_exists": true,
                "paths": [{
                    "grant": "grt_0197a2b4c6d87e0f9a1b2c3d4e5f6073", "role": { "id": "admin", "title": "Admin" },
                    "through": [], "scope": "account", "scope_words": "the whole account",
                }],
                "revision": 31,
            }))
            .fails(&["permission_denied", "ambiguous", "unknown_permission", "unknown_resource_type"]),
        get("effective_access", "/accounts/{account}/access:effective", Access::Member)
            .reads(effective)
            .says(
                "What may this principal do?",
                "Scope by scope, and, if a resource is named, all that counts there: by grants alone. Where the account has \
                 policies (`policies`), each question is answered with them by `access:check`. Without `principal` it is about \
                 yourself and needs no permission; about others it needs the permission to check access.",
            )
            .answers(json!({
                "principal": {
                    "kind": "member", "id": "usr_0197a2b4c6d87e0f9a1b2c3d4e5f6070", "email": "ada@example.com",
                    "name": "Ada",
                },
                "at": [{
                    "scope": "account", "roles": [{ "id": "base", "title": "Base" }],
                    "permissions": ["read:profile"],
                }],
                "revision": 31,
            }))
            .fails(&["permission_denied", "ambiguous", "unknown_resource_type"]),
    ]
    .into_iter()
    .chain(super::access_search::operations())
    .collect()
}

/// A question, understood as far as the account knows what it names.
struct Question {
    principal: Option<Principal>,
    permission: PermissionIndex,
    target: Target,
    /// Whether the caller may know all that the answer tells.
    about_others: bool,
}

fn understand(call: &Call, account: &Account, asked: &wire::AccessQuestion) -> Result<Question, Failure> {
    let own = call.actor()?.principal();
    let may_ask = call.authorize(account, Permission::CheckAccess, &Scope::Account);
    let about_others = may_ask.is_ok();
    let principal = asked_about(account, "principal", &asked.principal, own, may_ask)?;
    let permission = account.catalog().permission(&asked.action).ok_or_else(|| {
        let refusal = Refusal::UnknownPermission { permission: asked.action.chars().take(128).collect() };
        Failure::from(refused("action", &asked.action, refusal))
    })?;
    known_type(account, "resource/type", &asked.resource.target_type)?;
    // Nothing has this id: what is not there and what is not known are answered alike.
    let nothing = Target::Resource(ResourceId::from_uuid(uuid::Uuid::nil()));
    let target = account.target(&asked.resource.target_type, &asked.resource.id).unwrap_or(nothing);
    let is_known = about_others
        || is_visible(account, call.actor()?, target, call.circumstances()?)
        || account.check(own, permission, &target, call.circumstances()?);
    let target = if is_known { target } else { nothing };
    Ok(Question { principal, permission, target, about_others })
}

/// Whom a question is about, if there is such a principal. About others than `own` one must be allowed to ask, and is told
/// nothing of how many go by a name before.
pub(super) fn asked_about(
    account: &Account,
    field: &str,
    text: &str,
    own: Principal,
    may_ask: Result<(), Failure>,
) -> Result<Option<Principal>, Failure> {
    let found = principal(account, field, text);
    if !matches!(found, Ok(Some(found)) if found == own) {
        may_ask?;
    }
    Ok(found?)
}

/// Who asks about themselves asks as they would act; who asks about others knows nothing of how these would.
pub(super) fn circumstances(call: &Call, principal: Principal) -> Circumstances<'static> {
    match call.signed_in() {
        Some(caller) if caller.actor.principal() == principal => caller.circumstances(call.now()),
        _ => Circumstances::question(call.now()),
    }
}

/// Whether an actor without the permission to check access may learn that a target exists.
fn is_visible(account: &Account, actor: Actor, target: Target, now: Circumstances<'_>) -> bool {
    match target {
        Target::Account => true,
        Target::Project(id) => account.sees_project(actor, id, now),
        Target::Resource(id) => sees_resource(account, actor, id, now),
    }
}

pub(super) fn known_type(account: &Account, field: &str, text: &str) -> Result<(), Failure> {
    let is_known = matches!(text, "account" | "project") || account.catalog().resource_type(text).is_some();
    if is_known {
        return Ok(());
    }
    let refusal = Refusal::UnknownResourceType { resource_type: text.chars().take(128).collect() };
    Err(refused(field, text, refusal).into())
}

async fn check(
    call: Call,
    _: super::operation::NoQuery,
    asked: wire::AccessQuestion,
) -> Result<Answer<wire::AccessDecision>, Failure> {
    let account = call.account()?;
    let Question { principal, permission, target, .. } = understand(&call, &account, &asked)?;
    let allowed = principal.is_some_and(|principal| {
        account.check(principal, permission, &target, circumstances(&call, principal))
    });
    // What somebody could have done is no use.
    if let Some(principal) = principal.filter(|_| allowed && call.past.is_none()) {
        call.service.usage().note(&account, principal, permission, call.now());
    }
    let decision = wire::AccessDecision { allowed, revision: account.revision().0 };
    Ok(Answer::json(&decision)?.revision(account.revision()))
}

async fn explain(
    call: Call,
    _: super::operation::NoQuery,
    asked: wire::AccessQuestion,
) -> Result<Answer<wire::Explanation>, Failure> {
    let account = call.account()?;
    let question = understand(&call, &account, &asked)?;
    // Nobody has this id: the explanation of a stranger.
    let principal = question.principal.unwrap_or(Principal::Member(UserId::from_uuid(uuid::Uuid::nil())));
    let explanation =
        account.explain(principal, question.permission, &question.target, circumstances(&call, principal));
    let people = people_seen(&call, &account, principal).await?;
    let views = Views::new(&account, &people, call.now());
    let sees =
        |read: Permission| question.about_others || call.authorize(&account, read, &Scope::Account).is_ok();
    let (sees_roles, sees_policies) = (sees(Permission::ReadRoles), sees(Permission::ReadPolicies));
    let mut shown = views.explanation(principal, &asked, &question.target, &explanation, sees_policies);
    if let Some(missing) = shown.missing.as_mut().filter(|_| !sees_roles) {
        missing.grants.clear();
        missing.grants_complete = false;
    }
    Ok(Answer::json(&shown)?.revision(account.revision()))
}

async fn effective(
    call: Call,
    query: wire::EffectiveQuery,
) -> Result<Answer<wire::EffectiveAccess>, Failure> {
    let account = call.account()?;
    let actor = call.actor()?;
    let own = actor.principal();
    let may_ask = call.authorize(&account, Permission::CheckAccess, &Scope::Account);
    let about_others = may_ask.is_ok();
    let text = query.principal.as_deref().unwrap_or_default();
    let found = match &query.principal {
        None => Some(own),
        Some(text) => asked_about(&account, "?principal", text, own, may_ask)?,
    };
    let principal = found.ok_or_else(|| Failure::from(unknown("?principal", text, "principal")))?;
    let target = match (&query.resource_type, &query.resource_id) {
        (None, None) => None,
        (Some(of), Some(id)) => {
            known_type(&account, "?resource_type", of)?;
            let asked = call.circumstances()?;
            let visible = |target: &Target| about_others || is_visible(&account, actor, *target, asked);
            let target = account.target(of, id).filter(visible);
            Some(target.ok_or_else(|| Failure::from(unknown("?resource_id", id, "resource")))?)
        }
        (Some(_), None) => return Err(together("?resource_id")),
        (None, Some(_)) => return Err(together("?resource_type")),
    };
    let everywhere = account.effective(principal, call.now());
    let there = target.map(|target| account.effective_at(principal, &target, call.now()));
    let people = people_seen(&call, &account, principal).await?;
    let shown = Views::new(&account, &people, call.now()).effective(principal, &everywhere, there);
    Ok(Answer::json(&shown)?.revision(account.revision()))
}

fn together(missing: &str) -> Failure {
    Failure::field(&code::INVALID_QUERY, missing, "`resource_type` and `resource_id` go together")
}

/// Email and name of whom a question is about: who may ask what others may do need not be told who they are.
async fn people_seen(call: &Call, account: &Account, principal: Principal) -> Result<People, Failure> {
    let (actor, circumstances) = (call.actor()?, call.circumstances()?);
    let seen = match principal {
        Principal::Member(user) => Some(user).filter(|user| account.sees_member(actor, *user, circumstances)),
        Principal::Group(_) | Principal::ServiceAccount(_) => None,
    };
    Ok(call.service.people(seen).await?)
}
