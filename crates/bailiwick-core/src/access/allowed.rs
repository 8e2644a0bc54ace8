//! What grants and policies come to together: `(granted or permitted) and not forbidden`.

use super::{Circumstances, ScopeKey, Target, after};
use crate::account::{Account, Principal, Scope};
use crate::catalog::{Operation, PermissionIndex, PermissionSet};
use crate::ids::PolicyId;
use crate::policy::{Asked, Effect, Rulebook};

/// What policies say to a question.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) permits: bool,
    /// The first one that forbids it.
    pub(crate) forbids: Option<PolicyId>,
}

impl Account {
    /// The answer where the account has policies.
    #[inline(never)]
    pub(super) fn decided(&self, rules: &Rulebook, granted: bool, asked: &Asked<'_>) -> bool {
        let allowed = granted || self.is_permitted(rules, asked);
        allowed && (!self.binds(rules, asked) || rules.forbids(self, asked).is_none())
    }

    /// Whether a policy permits it: to whoever could hold a grant, not to inactive members or strangers.
    fn is_permitted(&self, rules: &Rulebook, asked: &Asked<'_>) -> bool {
        self.acts(asked.principal, asked.circumstances.now) && rules.permits(self, asked).is_some()
    }

    /// Whether a policy permits this somewhere to somebody: then grants do not say all there is to say.
    pub(crate) fn may_be_permitted(&self, permission: PermissionIndex) -> bool {
        self.rules.as_ref().is_some_and(|rules| rules.has_permits(permission))
    }

    /// Whether what is forbidden is forbidden to this principal: owners are never kept from policies, and from nothing where
    /// the catalog says so.
    fn binds(&self, rules: &Rulebook, asked: &Asked<'_>) -> bool {
        if !rules.has_forbids(asked.permission) {
            return false;
        }
        let catalog = self.catalog();
        let guards_policies = [Operation::ReadPolicies, Operation::WritePolicies, Operation::DeletePolicies]
            .into_iter()
            .any(|operation| catalog.operation(operation) == asked.permission);
        let exempt = guards_policies || !catalog.rules.policies_bind_owner;
        !(exempt && self.is_owner(asked.principal, asked.circumstances.now))
    }

    /// Whether the principal may do this at all of a scope, by grants and policies.
    pub(crate) fn may(
        &self,
        principal: Principal,
        permission: PermissionIndex,
        scope: &Scope,
        circumstances: Circumstances<'_>,
    ) -> bool {
        let Some(rules) = &self.rules else {
            return self.granted_at(principal, scope, None, circumstances.now).contains(permission);
        };
        match scope {
            // Each of them, since one may be granted and another one permitted.
            Scope::Resources(ids) => {
                !ids.is_empty()
                    && ids
                        .iter()
                        .all(|id| self.check(principal, permission, &Target::Resource(*id), circumstances))
            }
            Scope::Account | Scope::Project(_) | Scope::AllOf(_) => {
                let granted = self.granted_at(principal, scope, None, circumstances.now).contains(permission);
                let mut asked = self.asked_at(principal, permission, scope, &circumstances);
                asked.any(|asked| !self.is_deleted() && self.decided(rules, granted, &asked))
            }
        }
    }

    /// What policies say to a principal that acts, beside what it was granted.
    pub(crate) fn said_at(
        &self,
        principal: Principal,
        permission: PermissionIndex,
        scope: &Scope,
        circumstances: &Circumstances<'_>,
    ) -> Said {
        let Some(rules) = &self.rules else { return Said::default() };
        self.asked_at(principal, permission, scope, circumstances).fold(Said::default(), |said, asked| {
            let forbids = || rules.forbids(self, &asked).filter(|_| self.binds(rules, &asked));
            Said {
                permits: said.permits || self.is_permitted(rules, &asked),
                forbids: said.forbids.or_else(|| forbids().map(|statement| statement.policy)),
            }
        })
    }

    /// What of `held` is forbidden to the principal somewhere in a scope.
    pub(crate) fn forbidden_at(
        &self,
        principal: Principal,
        held: &PermissionSet,
        scope: &Scope,
        circumstances: &Circumstances<'_>,
    ) -> PermissionSet {
        let Some(rules) = &self.rules else { return PermissionSet::EMPTY };
        let is_forbidden = |permission: &PermissionIndex| {
            rules.has_forbids(*permission)
                && self
                    .asked_at(principal, *permission, scope, circumstances)
                    .any(|asked| self.binds(rules, &asked) && rules.forbids(self, &asked).is_some())
        };
        held.iter().filter(is_forbidden).collect()
    }

    /// The policy that forbids a principal at a scope what it may do there otherwise.
    pub(crate) fn forbidding_policy(
        &self,
        principal: Principal,
        permission: PermissionIndex,
        scope: &Scope,
        circumstances: &Circumstances<'_>,
    ) -> Option<PolicyId> {
        let rules = self.rules.as_ref()?;
        self.asked_at(principal, permission, scope, circumstances).find_map(|asked| {
            let granted = self.index.held(principal, asked.covering, after(circumstances.now));
            let allowed = granted.contains(permission) || self.is_permitted(rules, &asked);
            let forbid = rules.forbids(self, &asked).filter(|_| allowed && self.binds(rules, &asked));
            forbid.map(|statement| statement.policy)
        })
    }

    /// The questions that a scope comes to. All resources of a type are asked about where they are registered.
    fn asked_at<'a>(
        &'a self,
        principal: Principal,
        permission: PermissionIndex,
        scope: &'a Scope,
        circumstances: &'a Circumstances<'a>,
    ) -> impl Iterator<Item = Asked<'a>> {
        let (one, many) = scope.targets();
        let targets = one.into_iter().chain(many.iter().map(|id| Target::Resource(*id)));
        targets.filter_map(move |target| {
            let covering: &[ScopeKey] = self.covering(&target)?;
            Some(Asked { principal, permission, target, covering, circumstances })
        })
    }

    /// What the principal may do to one target, by grants and policies: for lists of what somebody may see.
    pub fn allowed_at(
        &self,
        principal: Principal,
        target: &Target,
        circumstances: Circumstances<'_>,
    ) -> PermissionSet {
        let (Some(covering), false) = (self.covering(target), self.is_deleted()) else {
            return PermissionSet::EMPTY;
        };
        let held = self.index.held(principal, covering, after(circumstances.now));
        let Some(rules) = &self.rules else { return held };
        let allowed = |permission: &PermissionIndex| {
            let circumstances = &circumstances;
            let asked =
                Asked { principal, permission: *permission, target: *target, covering, circumstances };
            self.decided(rules, held.contains(*permission), &asked)
        };
        self.catalog().all_permissions().iter().filter(allowed).collect()
    }

    /// The policies that decide a question in one way, in the order in which they are asked, each once.
    pub(super) fn deciding_policies(
        &self,
        principal: Principal,
        permission: PermissionIndex,
        target: &Target,
        effect: Effect,
        circumstances: &Circumstances<'_>,
    ) -> Vec<PolicyId> {
        let (Some(rules), Some(covering)) = (&self.rules, self.covering(target)) else { return Vec::new() };
        let asked = Asked { principal, permission, target: *target, covering, circumstances };
        let counts = match effect {
            Effect::Permit => self.acts(principal, circumstances.now),
            Effect::Forbid => self.binds(rules, &asked),
        };
        let mut policies = Vec::new();
        if counts && !self.is_deleted() {
            for statement in rules.matching(self, &asked, effect) {
                if !policies.contains(&statement.policy) {
                    policies.push(statement.policy);
                }
            }
        }
        policies
    }
}
