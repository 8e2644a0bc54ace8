//! Names as people give them: ids, external ids, emails and names become what the API takes.
//!
//! A name that nothing bears is passed on as it is: it may be an external id that the caller may not look up, and if it is
//! nothing at all, the server says so.

use bailiwick_client::wire::{
    AllOf, GroupQuery, InvitationQuery, InvitationStatus, MemberQuery, ProjectQuery, ResourceQuery,
    RoleQuery, Scope, ServiceAccountQuery, TargetRef,
};
use bailiwick_client::{Error, InAccount, Listing};
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::scope::{ScopeText, TargetText};

/// How many of those that a text is found in are looked at; with more than that, the caller names an id.
const CANDIDATES_MAX: usize = 1000;

/// What something is known by.
struct Known {
    id: String,
    external_id: Option<String>,
    name: String,
}

/// The member with this email, or the text as it is.
pub async fn member(account: &InAccount, given: &str) -> Result<String, Failure> {
    if given.contains('@') { member_called(account, given).await } else { Ok(given.to_owned()) }
}

/// The member with this email or external id, or the text as it is.
async fn member_called(account: &InAccount, given: &str) -> Result<String, Failure> {
    let query = MemberQuery { q: Some(given.to_owned()), ..MemberQuery::default() };
    find("member", given, account.list_members(&query), |member| Known {
        id: member.id,
        external_id: member.external_id,
        name: member.email,
    })
    .await
}

/// The group with this name, or the text as it is.
pub async fn group(account: &InAccount, given: &str) -> Result<String, Failure> {
    if given.starts_with("grp_") {
        return Ok(given.to_owned());
    }
    let query = GroupQuery { q: Some(given.to_owned()), ..GroupQuery::default() };
    find("group", given, account.list_groups(&query), |group| Known {
        id: group.id,
        external_id: group.external_id,
        name: group.name,
    })
    .await
}

/// The role with this name, or the text as it is.
pub async fn role(account: &InAccount, given: &str) -> Result<String, Failure> {
    if given.starts_with("rol_") {
        return Ok(given.to_owned());
    }
    let query = RoleQuery { q: Some(given.to_owned()), ..RoleQuery::default() };
    find("role", given, account.list_roles(&query), |role| Known {
        id: role.id,
        external_id: role.external_id,
        name: role.name,
    })
    .await
}

/// The policy with this name, or the text as it is: the server finds policies by name.
pub async fn policy(_: &InAccount, given: &str) -> Result<String, Failure> {
    std::future::ready(Ok(given.to_owned())).await
}

/// The project with this name, or the text as it is.
pub async fn project(account: &InAccount, given: &str) -> Result<String, Failure> {
    if given.starts_with("prj_") {
        return Ok(given.to_owned());
    }
    let query = ProjectQuery { q: Some(given.to_owned()), ..ProjectQuery::default() };
    find("project", given, account.list_projects(&query), |project| Known {
        id: project.id,
        external_id: project.external_id,
        name: project.name,
    })
    .await
}

/// The resource with this name, perhaps only among those of a type, or the text as it is.
pub async fn resource(
    account: &InAccount,
    resource_type: Option<&str>,
    given: &str,
) -> Result<String, Failure> {
    if given.starts_with("res_") {
        return Ok(given.to_owned());
    }
    let query = ResourceQuery {
        q: Some(given.to_owned()),
        resource_type: resource_type.map(str::to_owned),
        ..ResourceQuery::default()
    };
    find("resource", given, account.list_resources(&query), |resource| Known {
        id: resource.id,
        external_id: resource.external_id,
        name: resource.name,
    })
    .await
}

/// The service account with this name, or the text as it is.
pub async fn service_account(account: &InAccount, given: &str) -> Result<String, Failure> {
    if given.starts_with("sva_") {
        return Ok(given.to_owned());
    }
    let query = ServiceAccountQuery { q: Some(given.to_owned()), ..ServiceAccountQuery::default() };
    find("service account", given, account.list_service_accounts(&query), |machine| Known {
        id: machine.id,
        external_id: machine.external_id,
        name: machine.name,
    })
    .await
}

/// A member by email, a group or a service account by name, or the text as it is.
pub async fn principal(account: &InAccount, given: &str) -> Result<String, Failure> {
    let is_id = ["usr_", "grp_", "sva_"].iter().any(|prefix| given.starts_with(prefix));
    if is_id {
        return Ok(given.to_owned());
    }
    if given.contains('@') {
        return member(account, given).await;
    }
    // One kind must not catch what is meant for another: whoever names a group or machine like a person's external id would
    // get what was meant for them.
    let found = [
        member_called(account, given).await?,
        group(account, given).await?,
        service_account(account, given).await?,
    ];
    only(&found, "principal", given)
}

/// A member by email or a group by name, or the text as it is.
pub async fn group_member(account: &InAccount, given: &str) -> Result<String, Failure> {
    let is_id = ["usr_", "grp_"].iter().any(|prefix| given.starts_with(prefix));
    if is_id {
        return Ok(given.to_owned());
    }
    if given.contains('@') {
        return member(account, given).await;
    }
    let found = [member_called(account, given).await?, group(account, given).await?];
    only(&found, "member", given)
}

/// The one id that was found, or the text as it is where nothing was.
fn only(found: &[String], kind: &str, given: &str) -> Result<String, Failure> {
    let mut named = found.iter().filter(|id| *id != given);
    match (named.next(), named.next()) {
        (None, _) => Ok(given.to_owned()),
        (Some(one), None) => Ok(one.clone()),
        (Some(_), Some(_)) => Err(ambiguous(kind, given)),
    }
}

/// The invitation that waits for the person with this email, or has expired, or the text as it is.
pub async fn invitation(account: &InAccount, given: &str) -> Result<String, Failure> {
    if !given.contains('@') {
        return Ok(given.to_owned());
    }
    let query = InvitationQuery { q: Some(given.to_owned()), ..InvitationQuery::default() };
    let found = match account.list_invitations(&query).all(CANDIDATES_MAX).await {
        Ok(found) => found.items,
        Err(error) if error.status() == Some(403) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let open = found.into_iter().filter(|invitation| {
        matches!(invitation.status, InvitationStatus::Pending | InvitationStatus::Expired)
            && invitation.email.eq_ignore_ascii_case(given)
    });
    let newest =
        open.max_by_key(|invitation| (invitation.status == InvitationStatus::Pending, invitation.sent_at));
    newest.map(|invitation| invitation.id).ok_or_else(|| {
        Failure::refused(
            format!("no invitation waits for `{given}`"),
            "`bailiwick invitation list` shows them all",
        )
    })
}

/// A scope with its names looked up.
pub async fn scope(account: &InAccount, scope: &ScopeText) -> Result<Scope, Failure> {
    Ok(match scope {
        ScopeText::Account => Scope::Account,
        ScopeText::Project(given) => Scope::Project(project(account, given).await?),
        ScopeText::AllOf { resource_type, project: inside, future } => Scope::AllOf(AllOf {
            resource_type: resource_type.clone(),
            project: match inside {
                Some(given) => Some(project(account, given).await?),
                None => None,
            },
            future: (!future).then_some(false),
        }),
        ScopeText::Resources { resource_type, names } => {
            let mut ids = Vec::with_capacity(names.len());
            for given in names {
                let id = resource(account, resource_type.as_deref(), given).await?;
                if let Some(resource_type) = resource_type.as_deref().filter(|_| id == *given) {
                    check_type(account, &id, resource_type).await?;
                }
                ids.push(id);
            }
            Scope::Resources(ids)
        }
    })
}

/// Refuses a resource of another type than the one that was named with it, for the server knows resources by id alone.
async fn check_type(account: &InAccount, id: &str, resource_type: &str) -> Result<(), Failure> {
    match account.get_resource(id).await {
        Ok(found) if found.resource_type != resource_type => Err(Failure::refused(
            format!("`{id}` is a `{}`, not a `{resource_type}`", found.resource_type),
            format!("write `{}:{id}`", found.resource_type),
        )),
        Ok(_) => Ok(()),
        // What the caller may not look up, the server decides.
        Err(error) if is_not_for_us(&error) || error.status() == Some(404) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// What a question is about, with its name looked up.
pub async fn target(account: &InAccount, target: &TargetText) -> Result<TargetRef, Failure> {
    let id = match target.target_type.as_str() {
        "account" if target.name.is_empty() => account.id().to_owned(),
        "account" => target.name.clone(),
        "project" => project(account, &target.name).await?,
        resource_type => resource(account, Some(resource_type), &target.name).await?,
    };
    Ok(TargetRef { target_type: target.target_type.clone(), id })
}

/// The one thing in a list that bears this id, external id or name; where one bears the external id and another the name, it
/// is neither, since anybody who may edit one of them could make it catch what is meant for the other.
async fn find<T: DeserializeOwned>(
    kind: &str,
    given: &str,
    list: Listing<T>,
    known: impl Fn(T) -> Known,
) -> Result<String, Failure> {
    let found = match list.all(CANDIDATES_MAX).await {
        Ok(found) => found,
        // The caller may not list them, and may know an external id all the same. An unknown type is the server's to tell.
        Err(error) if is_not_for_us(&error) => return Ok(given.to_owned()),
        Err(error) => return Err(error.into()),
    };
    let candidates: Vec<Known> = found.items.into_iter().map(known).collect();
    if let Some(exact) = candidates.iter().find(|known| known.id == given) {
        return Ok(exact.id.clone());
    }
    let lower = given.to_lowercase();
    let mut named = candidates
        .iter()
        .filter(|known| known.external_id.as_deref() == Some(given) || known.name.to_lowercase() == lower);
    match (named.next(), named.next()) {
        (Some(one), None) if found.complete => Ok(one.id.clone()),
        (None, _) if found.complete => Ok(given.to_owned()),
        _ => Err(ambiguous(kind, given)),
    }
}

fn ambiguous(kind: &str, given: &str) -> Failure {
    Failure::refused(format!("`{given}` can mean more than one {kind}"), "name it by its id")
}

fn is_not_for_us(error: &Error) -> bool {
    matches!(error.status(), Some(403 | 422))
}
