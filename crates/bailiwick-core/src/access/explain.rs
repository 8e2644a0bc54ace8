//! Why a check says yes or no: the grants that decided, or what is missing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{AccessIndex, Circumstances, ScopeKey, Target};
use crate::account::{Account, Grant, MemberStatus, Principal, RoleAtScope, RoleRef, Scope, Versioned};
use crate::catalog::{Level, PermissionIndex};
use crate::ids::{GrantId, GroupId, PolicyId};
use crate::limits;
use crate::policy::Effect;

/// A way from the principal to the permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The grant; none for the newcomer role, which needs no grant, and for what an invitation promises.
    pub grant: Option<GrantId>,
    /// The groups through which the principal has it: the one that the principal is in first, the one that was granted the
    /// role last. Empty for the principal's own.
    pub through: Vec<GroupId>,
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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Missing {
    /// Grants that would allow it and have ended.
    pub ended: Vec<Path>,
    /// Grants that would allow it, were the member active.
    pub suspended: Vec<Path>,
    /// What would allow it, had the person accepted the invitation that waits.
    pub promised: Vec<Path>,
    /// Grants of the permission at other scopes.
    pub elsewhere: Vec<Path>,
    /// Grants that would allow it: roles that hold the permission, each at the narrowest scope at which it covers the
    /// target, built-in roles first. At most [`limits::ROLES_IN_EXPLANATION`], and of custom roles those among the first
    /// [`limits::ROLES_FOR_EXPLANATION`]. None where only a policy that forbids it is in the way.
    pub grants: Vec<RoleAtScope>,
    /// Whether these are all such roles.
    pub grants_complete: bool,
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
    /// All ways through grants that would allow it, of those through groups the shortest from each group that the principal
    /// is in; they do unless a policy forbids it.
    pub paths: Vec<Path>,
    /// The enabled policies that permit it.
    pub permits: Vec<PolicyId>,
    /// The enabled policies that forbid it, whatever allows it. Where there is a path or a permit, the answer would be yes
    /// without them.
    pub forbids: Vec<PolicyId>,
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
        circumstances: Circumstances<'_>,
    ) -> Explanation {
        let now = circumstances.now;
        let allowed = self.check(principal, permission, target, circumstances);
        let policies = |effect| self.deciding_policies(principal, permission, target, effect, &circumstances);
        let covering = self.covering(target);
        let mut paths = Vec::new();
        let mut missing = Missing::default();
        let acts = self.acts(principal, now);
        if let (Principal::Member(_), Some(role)) = (principal, self.newcomer_role().filter(|_| acts))
            && self.index.newcomer().contains(permission)
            && covering.is_some()
        {
            let through = Vec::new();
            paths.push(Path { grant: None, through, role, scope: Scope::Account, until: None });
        }
        let here = covering.map(|keys| self.grants_at(principal, keys)).unwrap_or_default();
        let mut chains = None;
        for (id, holder, grant) in self.grants_reaching(principal) {
            if !self.permissions_of(&grant.value.role).contains(permission) {
                continue;
            }
            let Grant { role, scope, until, .. } = &grant.value;
            let live = grant.value.is_live(now);
            let list = match (here.contains(&id), live, acts) {
                (true, true, true) => &mut paths,
                (true, false, _) => &mut missing.ended,
                (true, true, false) => &mut missing.suspended,
                (false, ..) => &mut missing.elsewhere,
            };
            let mut add = |through: Vec<GroupId>| {
                let (role, scope) = (role.clone(), scope.clone());
                list.push(Path { grant: Some(id), through, role, scope, until: *until });
            };
            match holder {
                Principal::Group(group) if holder != principal => {
                    let chains: &BTreeMap<GroupId, Vec<Vec<GroupId>>> =
                        chains.get_or_insert_with(|| self.chains_to(principal));
                    chains.get(&group).into_iter().flatten().for_each(|chain| add(chain.clone()));
                }
                _ => add(Vec::new()),
            }
        }
        let (permits, forbids) = (policies(Effect::Permit), policies(Effect::Forbid));
        if !allowed {
            missing.promised = self.promises(principal, permission, covering.unwrap_or_default());
            // Nothing can be granted at what is not there, and no grant helps whom only a policy keeps from it.
            let helps = covering.is_some() && paths.is_empty() && permits.is_empty();
            (missing.grants, missing.grants_complete) =
                if helps { self.grants_needed(permission, target) } else { (Vec::new(), true) };
        }
        Explanation {
            allowed,
            principal: self.state_of(principal, now),
            target_exists: covering.is_some(),
            paths,
            permits,
            forbids,
            missing: (!allowed).then_some(missing),
        }
    }

    /// The principal's grants and those of the groups that it is in, each with its holder.
    pub(super) fn grants_reaching(
        &self,
        principal: Principal,
    ) -> impl Iterator<Item = (GrantId, Principal, &Versioned<Grant>)> {
        let holders = self.holders(principal);
        holders.flat_map(|holder| self.grants_of(holder).map(move |(id, grant)| (id, holder, grant)))
    }

    fn grants_at(&self, principal: Principal, covering: &[ScopeKey]) -> BTreeSet<GrantId> {
        let holders =
            self.index.subject(principal).into_iter().flat_map(|subject| self.index.holders(subject));
        holders.flat_map(|holder| AccessIndex::matching(holder, covering).map(|grant| grant.id)).collect()
    }

    /// What a waiting invitation promises that would allow it.
    fn promises(
        &self,
        principal: Principal,
        permission: PermissionIndex,
        covering: &[ScopeKey],
    ) -> Vec<Path> {
        let Principal::Member(user) = principal else { return Vec::new() };
        let invitation = self.waiting_invitation(user).and_then(|id| self.invitation(id));
        let promised = invitation.into_iter().flat_map(|found| &found.value.grants);
        let fitting = promised.filter(|grant| {
            self.permissions_of(&grant.role).contains(permission)
                && self.index.keys_of(self.catalog(), &grant.scope).iter().any(|key| covering.contains(key))
        });
        let path = |RoleAtScope { role, scope, until }: &RoleAtScope| {
            let (role, scope) = (role.clone(), scope.clone());
            Path { grant: None, through: Vec::new(), role, scope, until: *until }
        };
        fitting.map(path).collect()
    }

    fn state_of(&self, principal: Principal, now: Timestamp) -> PrincipalState {
        if let Principal::Member(user) = principal {
            return match self.member_status_at(user, now) {
                None => PrincipalState::Unknown,
                Some(MemberStatus::Pending) => PrincipalState::Pending,
                Some(MemberStatus::Inactive) => PrincipalState::Inactive,
                Some(MemberStatus::Active) => PrincipalState::Active,
            };
        }
        if self.acts(principal, now) { PrincipalState::Active } else { PrincipalState::Unknown }
    }

    /// Roles that hold the permission at a level that can cover the target, each with the narrowest such scope; and whether
    /// these are all.
    fn grants_needed(&self, permission: PermissionIndex, target: &Target) -> (Vec<RoleAtScope>, bool) {
        let target = *target;
        let at = move |level: Level| match (level, target) {
            (Level::Account, _) => Some(Scope::Account),
            (Level::Project, Target::Project(id)) => Some(Scope::Project(id)),
            (Level::Project, Target::Resource(id)) => {
                self.resource(id).map(|found| Scope::Project(found.value.project))
            }
            (Level::Resource, Target::Resource(id)) => Some(Scope::resources([id])),
            (_, Target::Account) | (Level::Resource, Target::Project(_)) => None,
        };
        let built_in = self.catalog().roles.iter().filter(|role| !role.handed_over);
        let built_in = built_in.map(|role| (RoleRef::BuiltIn(role.name.as_str().into()), role.level));
        // An account may have thousands, and whoever asks waits for the answer.
        let mut rest = self.roles_after(None);
        let custom = rest.by_ref().take(limits::ROLES_FOR_EXPLANATION);
        let custom = custom.map(|(id, role)| (RoleRef::Custom(id), role.value.level));
        let holding =
            built_in.chain(custom).filter(|(role, _)| self.permissions_of(role).contains(permission));
        let needed = holding
            .filter_map(|(role, level)| at(level).map(|scope| RoleAtScope { role, scope, until: None }));
        let most = limits::ROLES_IN_EXPLANATION;
        let mut needed: Vec<_> = needed.take(most + 1).collect();
        let complete = needed.len() <= most && rest.next().is_none();
        needed.truncate(most);
        (needed, complete)
    }
}
