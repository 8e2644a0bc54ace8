//! What is allowed, by definition: looks at every grant, every group and every resource above the target.

use bailiwick_core::access::Target;
use bailiwick_core::account::{Account, Grant, MemberStatus, Principal, RoleRef, Scope};
use bailiwick_core::catalog::PermissionSet;
use bailiwick_core::ids::{GroupId, ResourceId};
use jiff::Timestamp;

/// What the principal may do to the target.
pub fn allowed(account: &Account, principal: Principal, target: &Target, now: Timestamp) -> PermissionSet {
    let mut allowed = PermissionSet::EMPTY;
    if account.is_deleted() || !acts(account, principal) || !exists(account, target) {
        return allowed;
    }
    let catalog = account.catalog();
    if let (Principal::Member(_), Some(newcomer)) = (principal, catalog.rules.newcomer) {
        allowed = allowed.union(&catalog.role_at(newcomer).unwrap().permissions);
    }
    for (_, grant) in account.grants_after(None) {
        if reaches(account, &grant.value, principal)
            && grant.value.until.is_none_or(|end| end > now)
            && covers(account, &grant.value.scope, target)
        {
            allowed = allowed.union(&held(account, &grant.value.role));
        }
    }
    allowed
}

fn acts(account: &Account, principal: Principal) -> bool {
    match principal {
        Principal::Member(user) => account.member_status(user) == Some(MemberStatus::Active),
        Principal::Group(group) => account.group(group).is_some(),
        Principal::ServiceAccount(id) => account.service_account(id).is_some(),
    }
}

fn exists(account: &Account, target: &Target) -> bool {
    match target {
        Target::Account => true,
        Target::Project(id) => account.project(*id).is_some(),
        Target::Resource(id) => account.resource(*id).is_some(),
    }
}

fn reaches(account: &Account, grant: &Grant, principal: Principal) -> bool {
    match grant.principal {
        Principal::Group(group) => grant.principal == principal || is_inside(account, group, principal),
        holder => holder == principal,
    }
}

/// Whether a member or group is in a group, be it through others.
pub fn is_inside(account: &Account, group: GroupId, principal: Principal) -> bool {
    account.group_principals_after(group, None).any(|member| {
        member == principal
            || matches!(member, Principal::Group(inner) if is_inside(account, inner, principal))
    })
}

/// What a role holds, from its definition.
pub fn held(account: &Account, role: &RoleRef) -> PermissionSet {
    let catalog = account.catalog();
    match role {
        RoleRef::BuiltIn(name) => catalog.roles.iter().find(|role| role.name == *name).unwrap().permissions,
        RoleRef::Custom(id) => {
            let names = &account.role(*id).unwrap().value.permissions;
            names.iter().map(|name| catalog.permission(name).unwrap()).collect()
        }
    }
}

/// Whether a scope covers the target.
pub fn covers(account: &Account, scope: &Scope, target: &Target) -> bool {
    match (scope, target) {
        (Scope::Account, _) => true,
        (Scope::Project(id), Target::Project(other)) => id == other,
        (_, Target::Account | Target::Project(_)) => false,
        (Scope::Project(id), Target::Resource(resource)) => {
            account.resource(*resource).unwrap().value.project == *id
        }
        (Scope::AllOf(all), Target::Resource(resource)) => {
            let in_project = all
                .project
                .is_none_or(|project| account.resource(*resource).unwrap().value.project == project);
            let of_type = |id| account.resource(id).unwrap().value.resource_type == all.resource_type;
            in_project && path(account, *resource).into_iter().any(of_type)
        }
        (Scope::Resources(ids), Target::Resource(resource)) => {
            path(account, *resource).into_iter().any(|id| ids.contains(&id))
        }
    }
}

/// The resource and all that is above it.
fn path(account: &Account, resource: ResourceId) -> Vec<ResourceId> {
    let mut path = vec![resource];
    while let Some(parent) = account.resource(path[path.len() - 1]).and_then(|found| found.value.parent) {
        path.push(parent);
    }
    path
}
