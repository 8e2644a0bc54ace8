//! Policies: what a role cannot say, in Cedar.

use bailiwick_client::wire;
use bailiwick_core::account::{Account, Command, EntityKey, Event, Policy, Refusal, Scope};
use bailiwick_core::catalog::Operation as Permission;
use bailiwick_core::ids::PolicyId;
use serde_json::json;

use super::call::Call;
use super::listing::{Needle, show_page};
use super::operation::{Access, NoQuery, Operation, delete, get, patch, post};
use super::page::Seen;
use super::problem::Failure;
use super::references;
use super::respond::Answer;
use super::views::Views;
use crate::service::People;

/// The operations on policies.
pub(super) fn operations() -> Vec<Operation> {
    let read = Access::Permission(Permission::ReadPolicies);
    let write = Access::Permission(Permission::WritePolicies);
    let remove = Access::Permission(Permission::DeletePolicies);
    vec![
        get("list_policies", "/accounts/{account}/policies", read)
            .reads(list)
            .says("List policies", "The oldest first, disabled ones included.")
            .answers(json!({ "items": [example()], "complete": true, "filtered": false })),
        post("create_policy", "/accounts/{account}/policies", write)
            .writes(create)
            .creates()
            .says(
                "Create a policy",
                "Its text is checked first; each mistake is answered with its line and column. You must hold all that it \
                 permits or forbids, where it does.",
            )
            .takes(json!({
                "name": "No deletion at night",
                "text": "forbid(principal, action == Action::\"delete:clusters\", resource) unless { context.time.toTime() >= duration(\"8h\") };",
            }))
            .answers(example())
            .fails(&["invalid_policy", "no_policies", "taken", "invalid_text", "limit_reached", "escalation", "outlasts_own_access", "above_you"]),
        post("check_policy", "/accounts/{account}/policies:check", read)
            .asks(check)
            .says("Look for mistakes in a policy", "Checks a text as saving it would, and saves nothing.")
            .takes(json!({ "text": "permit(principal, action, resorce);" }))
            .answers(json!({
                "valid": false,
                "mistakes": [{
                    "line": 1, "column": 27, "snippet": "resorce",
                    "message": "found an invalid variable in the policy scope: resorce",
                    "hint": "policy scopes must contain a `principal`, `action`, and `resource` element in that order",
                }],
            })),
        get("get_policy", "/accounts/{account}/policies/{policy}", read)
            .reads(show)
            .says("Show a policy", "By id or name.")
            .answers(example()),
        patch("update_policy", "/accounts/{account}/policies/{policy}", write)
            .writes(edit)
            .if_match()
            .says(
                "Change a policy",
                "What is absent stays. You must hold all that it permits or forbids, before and after.",
            )
            .takes(json!({ "enabled": false }))
            .answers(example())
            .fails(&["invalid_policy", "no_policies", "taken", "invalid_text", "nothing_to_do", "escalation", "outlasts_own_access", "above_you"]),
        delete("delete_policy", "/accounts/{account}/policies/{policy}", remove)
            .writes(remove_policy)
            .if_match()
            .says("Delete a policy", "You must hold all that it permits or forbids, unless it is disabled.")
            .fails(&["escalation", "outlasts_own_access", "above_you"]),
    ]
}

fn example() -> serde_json::Value {
    json!({
        "id": "pol_0197a2b4c6d87e0f9a1b2c3d4e5f6078",
        "name": "No deletion at night",
        "description": "",
        "text": "forbid(principal, action == Action::\"delete:clusters\", resource) unless { context.time.toTime() >= duration(\"8h\") };",
        "enabled": true,
        "revision": 44,
    })
}

async fn list(call: Call, query: wire::PolicyQuery) -> Result<Answer<wire::Page<wire::Policy>>, Failure> {
    let account = call.account()?;
    call.authorize(&account, Permission::ReadPolicies, &Scope::Account)?;
    let page = call.page(&query)?;
    let needle = Needle::new(query.q.as_ref())?;
    let policies = account.policies_after(page.after()?).map(|(id, found)| {
        let fits = needle.is_in(&[found.value.name.as_str(), found.value.description.as_str()]);
        (id, if fits { Seen::Yes(id) } else { Seen::No })
    });
    let found = page.take(policies);
    let people = People::default();
    let views = Views::new(&account, &people, call.now());
    let shown = show_page(found, |ids| ids.into_iter().filter_map(|id| views.policy(id)).collect());
    Ok(Answer::json(&shown)?.revision(account.revision()))
}

async fn show(call: Call, _: NoQuery) -> Result<Answer<wire::Policy>, Failure> {
    let account = call.account()?;
    call.authorize(&account, Permission::ReadPolicies, &Scope::Account)?;
    let people = People::default();
    let shown = Views::new(&account, &people, call.now()).policy(in_path(&call, &account)?);
    let shown = shown.ok_or_else(|| Failure::not_found("policy"))?;
    Ok(Answer::entity(&shown)?.revision(account.revision()))
}

async fn create(
    call: Call,
    query: wire::WriteQuery,
    input: wire::CreatePolicy,
) -> Result<Answer<wire::Policy>, Failure> {
    let policy = Policy {
        name: references::name("name", &input.name)?,
        description: references::description("description", &input.description)?,
        text: input.text.into(),
        enabled: input.enabled,
    };
    let people = People::default();
    call.change(&Command::CreatePolicy { policy }, query.dry_run, None, &people, |views, events| {
        let created = events.iter().find_map(|event| match event {
            Event::PolicyCreated { id, .. } => Some(*id),
            _ => None,
        });
        views.policy(created?)
    })
    .await
}

async fn check(
    call: Call,
    _: NoQuery,
    input: wire::CheckPolicy,
) -> Result<Answer<wire::PolicyCheck>, Failure> {
    let account = call.account()?;
    call.authorize(&account, Permission::ReadPolicies, &Scope::Account)?;
    let mistakes = match account.check_policy(&input.text) {
        Ok(()) => Vec::new(),
        Err(Refusal::InvalidPolicy { mistakes }) => mistakes.0,
        Err(refusal) => return Err(refusal.into()),
    };
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let mistakes = mistakes.into_iter().map(|mistake| wire::PolicyMistake {
        line: count(mistake.line),
        column: count(mistake.column),
        snippet: mistake.snippet,
        message: mistake.message,
        hint: mistake.hint,
    });
    let mistakes: Vec<_> = mistakes.collect();
    let shown = wire::PolicyCheck { valid: mistakes.is_empty(), mistakes };
    Ok(Answer::json(&shown)?.revision(account.revision()))
}

async fn edit(
    call: Call,
    query: wire::WriteQuery,
    input: wire::UpdatePolicy,
) -> Result<Answer<wire::Policy>, Failure> {
    let policy = in_path(&call, &*call.account()?)?;
    let description = input.description.as_ref().map(|text| references::description("description", text));
    let command = Command::EditPolicy {
        policy,
        name: input.name.as_ref().map(|text| references::name("name", text)).transpose()?,
        description: description.transpose()?,
        text: input.text.map(Into::into),
        enabled: input.enabled,
    };
    let people = People::default();
    let show = |views: &Views<'_>, _: &[Event]| views.policy(policy);
    call.change(&command, query.dry_run, Some(EntityKey::Policy(policy)), &people, show).await
}

async fn remove_policy(call: Call, query: wire::WriteQuery, (): ()) -> Result<Answer<()>, Failure> {
    let policy = in_path(&call, &*call.account()?)?;
    let command = Command::DeletePolicy { policy };
    call.change_silently(&command, query.dry_run, Some(EntityKey::Policy(policy))).await
}

fn in_path(call: &Call, account: &Account) -> Result<PolicyId, Failure> {
    account.find_policy(call.parameter("policy")).ok_or_else(|| Failure::not_found("policy"))
}
