//! An account's access as one document: out by `access:export`, in by `access:apply`.

mod export;
mod grants;
mod invitations;
mod people;
mod plan;
mod planner;
mod policies;
mod prune;
mod references;
mod roles;
mod said;
mod settings;
mod things;

use bailiwick_client::wire;
use bailiwick_core::account::{Account, Actor, EntityKey, Principal, Scope};
use bailiwick_core::catalog::Operation as Permission;
use bailiwick_core::ids::UserId;
use bailiwick_core::values::{Email, Name};
use serde_json::json;

use super::call::Call;
use super::operation::{Access, NoQuery, Operation, get, post};
use super::problem::Failure;
use super::respond::Answer;
use crate::service::{Error, Invitees, Outcome, Several};
use planner::Planner;

/// The operations on access documents.
pub(super) fn operations() -> Vec<Operation> {
    let access = Access::Permission(Permission::ReadAccount);
    let document = json!({
        "version": 1,
        "roles": [{ "name": "Cluster reader", "level": "resource", "permissions": ["read:clusters"] }],
        "groups": [{ "name": "On call", "members": ["ada@example.com"] }],
        "grants": [{ "group": "On call", "role": "Cluster reader", "scope": { "all_of": { "type": "cluster" } } }],
    });
    vec![
        get("export_access", "/accounts/{account}/access:export", access)
            .reads(export)
            .says(
                "The account's access as one document",
                "Settings, projects, custom roles, members, what is said of the resources that you see, groups, service \
                 accounts without their keys, grants, waiting invitations and policies, by names, in an order that does \
                 not change. What you do not see is named by its id where something is granted on it. It needs the permissions to see all of that in the whole account. Applied again, it \
                 changes nothing.",
            )
            .answers(document.clone())
            .fails(&["permission_denied", "too_large"]),
        post("apply_access", "/accounts/{account}/access:apply", access)
            .writes(apply)
            .if_match()
            .says(
                "Make the access what a document says",
                "Compares the document with the account and does what is missing as one commit: all of it or nothing. \
                 What the document does not name stays, unless `prune` is given: then what its sections do not name is \
                 taken away, your own access excepted. It needs the permissions to see what an export shows, and for \
                 each step those that the step has as an operation of its own, all of them before the first step. What \
                 is wrong is told all at once, with its places. `If-Match` takes the account's `Bailiwick-Revision`.",
            )
            .takes(document)
            .answers(json!({
                "steps": [
                    {
                        "action": "create", "kind": "role", "name": "Cluster reader", "field": "/roles/0",
                        "changes": [{ "field": "permissions", "after": "read:clusters" }],
                    },
                    {
                        "action": "create", "kind": "group_member", "name": "ada@example.com in On call",
                        "field": "/groups/0/members/0",
                    },
                    {
                        "action": "create", "kind": "grant", "name": "Cluster reader for On call at all cluster",
                        "field": "/grants/0",
                    },
                ],
                "notes": [],
            }))
            .fails(&["invalid_document", "escalation", "outlasts_own_access", "above_you", "people_only", "too_many_mails"]),
    ]
}

/// The permissions without which nobody may know what a document is compared with.
const READS: [Permission; 5] = [
    Permission::ReadAccount,
    Permission::ReadMembers,
    Permission::ReadRoles,
    Permission::ReadInvitations,
    Permission::ReadKeys,
];

fn may_see_all(call: &Call, account: &Account, with_policies: bool) -> Result<(), Failure> {
    let policies = with_policies.then_some(Permission::ReadPolicies);
    let mut all = READS.into_iter().chain(policies);
    all.try_for_each(|permission| call.authorize(account, permission, &Scope::Account))
}

async fn export(call: Call, _: NoQuery) -> Result<Answer<wire::AccessDocument>, Failure> {
    let account = call.account()?;
    may_see_all(&call, &account, account.policy_count() > 0)?;
    let now = call.now();
    export::fits(&account, now)?;
    let members = account.members_after(None).map(|(user, _)| user);
    let pending = account.pending_after(None).map(|(user, _)| user);
    let people = call.service.people(members.chain(pending)).await?;
    let references = call.references(&account)?;
    let document = export::document(&account, &people, &references, now);
    Ok(Answer::json(&document)?.revision(account.revision()))
}

async fn apply(
    call: Call,
    query: wire::ApplyQuery,
    document: wire::AccessDocument,
) -> Result<Answer<wire::AccessPlan>, Failure> {
    let account = call.account()?;
    may_see_all(&call, &account, document.policies.is_some())?;
    planner::is_readable(&document)?;
    let mut options = call.write_options(query.dry_run, Some(EntityKey::Profile))?;
    // What was read is the account as a whole, and not its profile alone.
    let expected = options.expected.take().map(|(_, revision)| revision);
    let actor = call.actor()?;
    let (named, invited) = emails(&document);
    let known = call.service.people(may_be_named(&account, &document, query.prune, actor)).await?;
    let several = Several {
        name: "apply_access",
        named: &named,
        invited: &invited,
        decide: |account: &Account, now, people: &Invitees, ids: &mut dyn FnMut() -> uuid::Uuid| {
            if let Some(actual) = expected.filter(|expected| account.revision() != *expected) {
                return Err(Error::StaleRevision { actual: actual.0 });
            }
            let planner = Planner::new(&document, account, actor, now, people, &known, ids);
            let (decided, plan) = planner.decide(query.prune)?;
            Ok((decided, plan.shown(&known, people)))
        },
    };
    let outcome = call.service.write_several(call.caller()?, account.id(), &several, &options).await?;
    match outcome {
        Outcome::Dry { value, events, access } => call.dry_run(Some(value), &events, &access).await,
        Outcome::Done { value, revision } => Ok(Answer::json(&value)?.revision(revision)),
        Outcome::Replayed(replay) => {
            let plan: wire::AccessPlan = serde_json::from_str(&replay.answer).map_err(Error::internal)?;
            let answer = Answer::json(&plan)?.replayed();
            Ok(match replay.revision {
                Some(revision) => answer.revision(revision),
                None => answer,
            })
        }
    }
}

/// Members whom a plan may name although the document does not name them by email: all of them, if who is not named goes.
fn may_be_named(
    account: &Account,
    document: &wire::AccessDocument,
    prune: bool,
    actor: Actor,
) -> Vec<UserId> {
    let everybody = prune.then(|| account.members_after(None).map(|(user, _)| user));
    let pending = prune.then(|| account.pending_after(None).map(|(user, _)| user));
    let by_id = texts(document).filter_map(|text| account.find_member(text));
    let oneself = match actor.principal() {
        Principal::Member(user) => Some(user),
        Principal::Group(_) | Principal::ServiceAccount(_) => None,
    };
    everybody.into_iter().flatten().chain(pending.into_iter().flatten()).chain(by_id).chain(oneself).collect()
}

/// What a document calls members.
fn texts(document: &wire::AccessDocument) -> impl Iterator<Item = &String> {
    let groups = document.groups.iter().flatten().flat_map(|group| group.members.iter().flatten());
    let grants = document.grants.iter().flatten().filter_map(|grant| grant.member.as_ref());
    groups.chain(grants).chain(document.members.iter().flatten().map(|member| &member.member))
}

/// Emails of everybody whom a document names, and of those whom it invites with what it calls them. What is no email is told later.
fn emails(document: &wire::AccessDocument) -> (Vec<Email>, Vec<(Email, Option<Name>)>) {
    let external_ids = document.members.iter().flatten().filter_map(|member| member.external_id.as_ref());
    let named = texts(document).chain(external_ids).filter(|text| text.contains('@'));
    let named = named.filter_map(|text| Email::parse(text).ok()).collect();
    let invited = document.invitations.iter().flatten().filter_map(|one| {
        let name = one.name.as_ref().and_then(|name| Name::parse(name).ok());
        Some((Email::parse(&one.email).ok()?, name))
    });
    (named, invited.collect())
}
