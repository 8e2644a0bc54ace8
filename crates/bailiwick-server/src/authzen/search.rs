//! The three searches of AuthZEN 1.0 (section 8): subjects, resources, actions.
//!
//! What is found is named as the caller names it elsewhere: by the external id, where that leads back to it, else by the
//! id. What nobody knows, a type or an id, is an empty answer.

use axum::body::Bytes;
use bailiwick_core::access::{Circumstances, Found, Page, SubjectType, Target, TargetType};
use bailiwick_core::account::{Account, Principal};
use bailiwick_core::catalog::PermissionIndex;
use bailiwick_core::ids::{ProjectId, ResourceId};
use bailiwick_core::values::ExternalId;
use serde_json::{Value, json};

use super::token::{Asked, Seal};
use super::{Failure, Missing, Said};

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Subject,
    Resource,
    Action,
}

impl Kind {
    /// The word in the path.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Resource => "resource",
            Self::Action => "action",
        }
    }

    /// What counts of what is said: what is looked for has its own properties, not those that the caller gives it, so that
    /// every result holds when it is asked about by itself.
    pub(super) fn said(self, said: Said<'_>) -> Said<'_> {
        match self {
            Self::Subject => Said { subject: None, ..said },
            Self::Resource => Said { resource: None, ..said },
            Self::Action => Said { action: None, ..said },
        }
    }
}

/// Results, and the key behind which the search goes on.
#[derive(Default)]
struct Results {
    results: Vec<Value>,
    next: Option<String>,
}

/// Answers a search.
pub(super) fn answer(
    account: &Account,
    kind: Kind,
    asked: &Asked,
    seal: &Seal,
    now: Circumstances<'_>,
) -> Result<Bytes, Failure> {
    let found = match kind {
        Kind::Subject => subjects(account, asked, now),
        Kind::Resource => resources(account, asked, now),
        Kind::Action => actions(account, asked, now),
    };
    let Results { results, next } = found.map_err(|missing| Failure::bad(message(kind, missing)))?;
    let next = next.map(|after| seal.token(&Asked { after: Some(after), ..asked.clone() }));
    let page = json!({ "next_token": next.unwrap_or_default(), "count": results.len() });
    Ok(Bytes::from(json!({ "page": page, "results": results }).to_string()))
}

/// What is wrong, in the words of the search: of what is looked for only the type is asked.
fn message(kind: Kind, missing: Missing) -> &'static str {
    match (kind, missing) {
        (Kind::Subject, Missing::Subject) => "`subject` needs a `type`",
        (Kind::Resource, Missing::Resource) => "`resource` needs a `type`",
        (_, missing) => missing.message(),
    }
}

fn subjects(account: &Account, asked: &Asked, now: Circumstances<'_>) -> Result<Results, Missing> {
    let (of, _) = asked.subject.as_ref().ok_or(Missing::Subject)?;
    let action = asked.action.as_ref().ok_or(Missing::Action)?;
    let (resource_type, resource) = named(asked.resource.as_ref()).ok_or(Missing::Resource)?;
    let found = || {
        let subjects = SubjectType::named(of)?;
        let permission = account.permission_named(action, resource_type)?;
        let target = account.target(resource_type, resource)?;
        let after = asked.after.as_ref().and_then(|key| key.parse().ok());
        Some(account.search_subjects(subjects, permission, &target, now, Page::new(after, asked.limit)))
    };
    let Some(Found { items, next }) = found() else { return Ok(Results::default()) };
    let next = next.map(|principal| principal.to_string());
    let result = |principal| json!({ "type": of, "id": subject_id(account, principal) });
    Ok(Results { results: items.into_iter().map(result).collect(), next })
}

fn resources(account: &Account, asked: &Asked, now: Circumstances<'_>) -> Result<Results, Missing> {
    let (subject_type, subject) = named(asked.subject.as_ref()).ok_or(Missing::Subject)?;
    let action = asked.action.as_ref().ok_or(Missing::Action)?;
    let (of, _) = asked.resource.as_ref().ok_or(Missing::Resource)?;
    let found = || {
        let principal = account.principal(subject_type, subject)?;
        let permission = account.permission_named(action, of)?;
        let targets = account.target_type(of)?;
        let after = asked.after.as_ref().and_then(|key| target(targets, key));
        Some(account.search_targets(principal, permission, targets, now, Page::new(after, asked.limit)))
    };
    let Some(Found { items, next }) = found() else { return Ok(Results::default()) };
    let next = next.map(|target| key(account, &target));
    let result = |target: Target| json!({ "type": of, "id": target_id(account, of, &target) });
    Ok(Results { results: items.into_iter().map(result).collect(), next })
}

fn actions(account: &Account, asked: &Asked, now: Circumstances<'_>) -> Result<Results, Missing> {
    let (subject_type, subject) = named(asked.subject.as_ref()).ok_or(Missing::Subject)?;
    let (resource_type, resource) = named(asked.resource.as_ref()).ok_or(Missing::Resource)?;
    let principal = account.principal(subject_type, subject);
    let target = account.target(resource_type, resource);
    let Some((principal, target)) = principal.zip(target) else { return Ok(Results::default()) };
    let may = |permission: PermissionIndex| account.check(principal, permission, &target, now);
    // The short names come first, then the permissions of the catalog.
    let short: &[&str] = match asked.after.as_deref() {
        None => &SHORT,
        Some(after) => match SHORT.iter().position(|verb| *verb == after) {
            Some(place) => SHORT.get(place + 1..).unwrap_or_default(),
            None => &[],
        },
    };
    let short = short.iter().copied();
    let short = short.filter(|verb| account.permission_named(verb, resource_type).is_some_and(may));
    let mut names: Vec<&str> = short.take(asked.limit).collect();
    let name = |permission| account.catalog().permission_name(permission);
    let next = if names.len() == asked.limit {
        // What goes by a short name goes by its own as well: there is more.
        names.last().copied()
    } else {
        let after = asked.after.as_deref().and_then(|after| account.catalog().permission(after));
        let page = Page::new(after, asked.limit - names.len());
        let Found { items, next } = account.search_actions(principal, &target, now, page);
        names.extend(items.into_iter().map(name));
        next.map(name)
    };
    let results = names.into_iter().map(|name| json!({ "name": name })).collect();
    Ok(Results { results, next: next.map(str::to_owned) })
}

/// The actions that every resource type has a permission for.
const SHORT: [&str; 3] = ["read", "write", "delete"];

fn named(entity: Option<&(String, Option<String>)>) -> Option<(&str, &str)> {
    entity.and_then(|(of, id)| Some((of.as_str(), id.as_deref()?)))
}

/// The external id, if it leads back to the subject.
fn subject_id(account: &Account, principal: Principal) -> String {
    let external_id: Option<&ExternalId> = match principal {
        Principal::Member(id) => account.member(id).and_then(|found| found.value.external_id.as_ref()),
        Principal::Group(id) => account.group(id).and_then(|found| found.value.external_id.as_ref()),
        Principal::ServiceAccount(id) => {
            account.service_account(id).and_then(|found| found.value.external_id.as_ref())
        }
    };
    let leads_back =
        |text: &&ExternalId| account.principal(principal.kind(), text.as_str()) == Some(principal);
    external_id.filter(leads_back).map_or_else(|| principal.to_string(), ToString::to_string)
}

/// The external id, if it leads back to the target.
fn target_id(account: &Account, of: &str, target: &Target) -> String {
    let external_id: Option<&ExternalId> = match target {
        Target::Account => None,
        Target::Project(id) => account.project(*id).and_then(|found| found.value.external_id.as_ref()),
        Target::Resource(id) => account.resource(*id).and_then(|found| found.value.external_id.as_ref()),
    };
    let leads_back = |text: &&ExternalId| account.target(of, text.as_str()) == Some(*target);
    external_id.filter(leads_back).map_or_else(|| key(account, target), ToString::to_string)
}

fn key(account: &Account, target: &Target) -> String {
    match target {
        Target::Account => account.id().to_string(),
        Target::Project(id) => id.to_string(),
        Target::Resource(id) => id.to_string(),
    }
}

fn target(of: TargetType, key: &str) -> Option<Target> {
    match of {
        TargetType::Account => Some(Target::Account),
        TargetType::Project => key.parse::<ProjectId>().ok().map(Target::Project),
        TargetType::Resource(_) => key.parse::<ResourceId>().ok().map(Target::Resource),
    }
}
