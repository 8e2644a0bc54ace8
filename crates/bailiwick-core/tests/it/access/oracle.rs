//! What is allowed, by definition: looks at every grant, every group and every resource above the target.

use bailiwick_core::access::Target;
use bailiwick_core::account::{Account, Grant, MemberStatus, Principal, RoleRef, Scope};
use bailiwick_core::catalog::PermissionSet;
use bailiwick_core::ids::{GroupId, ResourceId};
use jiff::Timestamp;

/// What the principal may do to the target.
pub fn allowed(account: &Account, principal: Principal, target: &Target, now: Timestamp) -> PermissionSet {
    if account.is_deleted() || !acts(account, principal, now) || !exists(account, target) {
        return PermissionSet::EMPTY;
    }
    let mut allowed = newcomer(account, principal);
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

/// What a member has without a grant.
pub fn newcomer(account: &Account, principal: Principal) -> PermissionSet {
    match (principal, account.catalog().rules.newcomer) {
        (Principal::Member(_), Some(role)) => account.catalog().role_at(role).unwrap().permissions,
        _ => PermissionSet::EMPTY,
    }
}

/// Whether the principal exists and is not an inactive member.
pub fn acts(account: &Account, principal: Principal, now: Timestamp) -> bool {
    match principal {
        Principal::Member(user) => {
            account.member(user).is_some_and(|member| member.value.status == MemberStatus::Active)
                && account.member_until(user).is_none_or(|end| end > now)
        }
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

/// Whether a grant is the principal's, through a group too.
pub fn reaches(account: &Account, grant: &Grant, principal: Principal) -> bool {
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

/// Whether a scope covers all of another one: of named resources, each.
pub fn covers_place(account: &Account, scope: &Scope, place: &Scope) -> bool {
    match place {
        Scope::Account => *scope == Scope::Account,
        Scope::Project(id) => covers(account, scope, &Target::Project(*id)),
        Scope::Resources(ids) => ids
            .iter()
            .all(|id| account.resource(*id).is_some() && covers(account, scope, &Target::Resource(*id))),
        Scope::AllOf(all) => match scope {
            Scope::Account => true,
            Scope::Project(id) => all.project == Some(*id),
            Scope::Resources(_) => false,
            Scope::AllOf(other) => {
                let catalog = account.catalog();
                let mut above = catalog.resource_type(&all.resource_type);
                let mut of_type = false;
                while let Some(of) = above.and_then(|index| catalog.resource_type_at(index)) {
                    of_type |= of.name == other.resource_type;
                    above = of.parent;
                }
                of_type && (other.project.is_none() || other.project == all.project)
            }
        },
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
