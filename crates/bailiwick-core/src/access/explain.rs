//! Why a check says yes or no: the grants that decided, or what is missing.

use jiff::Timestamp;

use super::Target;
use crate::account::{Account, Grant, MemberStatus, Principal, RoleRef, Scope, Versioned};
use crate::catalog::{Level, PermissionIndex};
use crate::ids::{GrantId, GroupId};
use crate::limits;

/// A way from the principal to the permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The grant; none for the newcomer role, which needs no grant.
    pub grant: Option<GrantId>,
    /// The group through which the principal has it.
    pub group: Option<GroupId>,
    /// The role that holds the permission.
    pub role: RoleRef,
    /// Where it is granted.
    pub scope: Scope,
    /// When the grant ends by itself.
    pub until: Option<Timestamp>,
}

/// How the principal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrincipalState {
    /// Not in this account.
    Unknown,
    /// Invited, has not accepted.
    Pending,
    /// A member who may do nothing at present.
    Inactive,
    /// May act.
    Active,
}

/// What stands between the principal and a yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Grants that would allow it and have ended.
    pub ended: Vec<Path>,
    /// Grants of the permission at other scopes.
    pub elsewhere: Vec<Path>,
    /// Roles that hold the permission and could be granted so that they cover the target, built-in ones first: at most
    /// [`limits::ROLES_IN_EXPLANATION`].
    pub roles: Vec<RoleRef>,
    /// Whether these are all such roles.
    pub roles_complete: bool,
}

/// The answer with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The answer of [`Account::check`].
    pub allowed: bool,
    /// How the principal stands.
    pub principal: PrincipalState,
    /// Whether the target exists.
    pub target_exists: bool,
    /// All ways that allow it; empty for a no.
    pub paths: Vec<Path>,
    /// What is missing; `None` for a yes.
    pub missing: Option<Missing>,
}

impl Account {
    /// Answers like [`Account::check`] and says why. For people: it looks at everything and may allocate.
    pub fn explain(
        &self,
        principal: Principal,
        permission: PermissionIndex,
        target: &Target,
        now: Timestamp,
    ) -> Explanation {
        let allowed = self.check(principal, permission, target, now);
        let covering = self.covering(target);
        let mut paths = Vec::new();
        let mut missing =
            Missing { ended: Vec::new(), elsewhere: Vec::new(), roles: Vec::new(), roles_complete: true };
        let acts = self.acts(principal);
        if let (Principal::Member(_), Some(role)) = (principal, self.newcomer_role().filter(|_| acts))
            && self.index.newcomer().contains(permission)
            && covering.is_some()
        {
            paths.push(Path { grant: None, group: None, role, scope: Scope::Account, until: None });
        }
        let here: std::collections::BTreeSet<GrantId> =
            covering.map(|keys| self.grants_at(principal, keys)).unwrap_or_default();
        for (id, group, grant) in self.grants_reaching(principal) {
            let Grant { role, scope, until, .. } = &grant.value;
            if !self.permissions_of(role).contains(permission) {
                continue;
            }
            let path =
                Path { grant: Some(id), group, role: role.clone(), scope: scope.clone(), until: *until };
            let live = grant.value.is_live(now);
            match (here.contains(&id), live && acts) {
                (true, true) => paths.push(path),
                (true, false) if !live => missing.ended.push(path),
                (true, false) => {}
                (false, _) => missing.elsewhere.push(path),
            }
        }
        if !allowed {
            missing.roles =
                self.roles_with(permission, target).take(limits::ROLES_IN_EXPLANATION + 1).collect();
            missing.roles_complete = missing.roles.len() <= limits::ROLES_IN_EXPLANATION;
            missing.roles.truncate(limits::ROLES_IN_EXPLANATION);
        }
        Explanation {
            allowed,
            principal: self.state_of(principal),
            target_exists: covering.is_some(),
            paths,
            missing: (!allowed).then_some(missing),
        }
    }

    /// The principal's grants and those of its groups, each with the group through which it comes.
    pub(super) fn grants_reaching(
        &self,
        principal: Principal,
    ) -> impl Iterator<Item = (GrantId, Option<GroupId>, &Versioned<Grant>)> {
        let groups =
            self.index.subject(principal).map(|subject| subject.groups().to_vec()).unwrap_or_default();
        let own = self.grants_of(principal).map(|(id, grant)| (id, None, grant));
        own.chain(groups.into_iter().flat_map(|group| {
            self.grants_of(Principal::Group(group)).map(move |(id, grant)| (id, Some(group), grant))
        }))
    }

    fn grants_at(
        &self,
        principal: Principal,
        covering: &[super::ScopeKey],
    ) -> std::collections::BTreeSet<GrantId> {
        let subject = self.index.subject(principal);
        let groups = subject.into_iter().flat_map(|subject| subject.groups().iter());
        let groups = groups.filter_map(|group| self.index.subject(Principal::Group(*group)));
        let holders = subject.into_iter().chain(groups);
        holders
            .flat_map(|holder| super::AccessIndex::matching(holder, covering).map(|grant| grant.id))
            .collect()
    }

    fn state_of(&self, principal: Principal) -> PrincipalState {
        if let Principal::Member(user) = principal {
            return match self.member_status(user) {
                None => PrincipalState::Unknown,
                Some(MemberStatus::Pending) => PrincipalState::Pending,
                Some(MemberStatus::Inactive) => PrincipalState::Inactive,
                Some(MemberStatus::Active) => PrincipalState::Active,
            };
        }
        if self.acts(principal) { PrincipalState::Active } else { PrincipalState::Unknown }
    }

    /// Roles that hold the permission at a level that can cover the target.
    fn roles_with(&self, permission: PermissionIndex, target: &Target) -> impl Iterator<Item = RoleRef> {
        let target = *target;
        let fits = move |level: Level| match target {
            Target::Account => level == Level::Account,
            Target::Project(_) => level != Level::Resource,
            Target::Resource(_) => true,
        };
        let built_in = self.catalog().roles.iter().filter(move |role| fits(role.level) && !role.handed_over);
        let built_in = built_in.map(|role| RoleRef::BuiltIn(role.name.as_str().into()));
        let custom = self.roles_after(None).filter(move |(_, role)| fits(role.value.level));
        let custom = custom.map(|(id, _)| RoleRef::Custom(id));
        built_in.chain(custom).filter(move |role| self.permissions_of(role).contains(permission))
    }
}
