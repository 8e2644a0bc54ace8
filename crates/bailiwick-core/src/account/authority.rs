//! What an actor may do here: the same decision as for customers' questions, with the reason for a no.

use jiff::Timestamp;

use super::{Account, Actor, KeyHolder, MemberStatus, Principal, Refusal, Scope};
use crate::access::{Circumstances, Target};
use crate::catalog::{Operation, PermissionIndex, PermissionSet};
use crate::ids::PolicyId;

impl Account {
    /// Whether an actor may act here at all.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for strangers, [`Refusal::NotAccepted`] for those who were invited, [`Refusal::Inactive`] for
    /// inactive members.
    pub fn may_act(&self, actor: Actor, now: Timestamp) -> Result<(), Refusal> {
        if self.is_seen_whole {
            return Ok(());
        }
        let unknown = Refusal::NotFound { kind: "account" };
        if self.is_deleted() {
            return Err(unknown);
        }
        let active = |id| match self.member_status_at(id, now) {
            Some(MemberStatus::Active) => Ok(()),
            Some(MemberStatus::Inactive) => Err(Refusal::Inactive),
            Some(MemberStatus::Pending) => Err(Refusal::NotAccepted),
            None => Err(unknown.clone()),
        };
        let live = |key, holder| {
            let key = self.key(key).filter(|key| key.value.holder == holder);
            let live = key.is_some_and(|key| key.value.expires_at.is_none_or(|end| end > now));
            if live { Ok(()) } else { Err(unknown.clone()) }
        };
        match actor {
            Actor::User(id) => active(id),
            Actor::ServiceAccount { id, key } => live(key, KeyHolder::ServiceAccount(id)),
            Actor::PersonalKey { user, key } => {
                live(key, KeyHolder::Member(user)).and_then(|()| active(user))
            }
        }
    }

    /// Whether the actor may do one of Bailiwick's own operations at a scope: the same check as customers' questions.
    ///
    /// # Errors
    /// Those of [`Account::may_act`], and [`Refusal::Denied`].
    pub fn authorize(
        &self,
        actor: Actor,
        operation: Operation,
        scope: &Scope,
        circumstances: Circumstances<'_>,
    ) -> Result<(), Refusal> {
        self.may_act(actor, circumstances.now)?;
        let permission = self.catalog.operation(operation);
        if self.is_seen_whole || self.may(actor.principal(), permission, scope, circumstances) {
            return Ok(());
        }
        Err(self.denied_at(actor.principal(), permission, scope, circumstances))
    }

    /// Why a principal may not do something at a scope: a policy forbids it, or nothing allows it.
    pub(super) fn denied_at(
        &self,
        principal: Principal,
        permission: PermissionIndex,
        scope: &Scope,
        circumstances: Circumstances<'_>,
    ) -> Refusal {
        let forbids = self.forbidding_policy(principal, permission, scope, &circumstances);
        self.denied(principal, permission, scope, forbids, circumstances)
    }

    /// A no to a principal because this policy forbids it, or because nothing allows it.
    pub(super) fn denied(
        &self,
        principal: Principal,
        permission: PermissionIndex,
        scope: &Scope,
        forbids: Option<PolicyId>,
        circumstances: Circumstances<'_>,
    ) -> Refusal {
        let name = self.catalog.permission_name(permission).to_owned();
        match forbids {
            Some(policy) => Refusal::Forbidden {
                policy: self.forbidding(principal, policy, circumstances),
                permission: name,
                scope: scope.clone(),
            },
            None => Refusal::Denied { permission: name, scope: scope.clone() },
        }
    }

    /// Whether the actor may do an operation at the account or anywhere in it; lists are then filtered item by item.
    pub fn authorize_anywhere(
        &self,
        actor: Actor,
        operation: Operation,
        circumstances: Circumstances<'_>,
    ) -> Result<(), Refusal> {
        let now = circumstances.now;
        let denied = match self.authorize(actor, operation, &Scope::Account, circumstances) {
            Err(denied @ (Refusal::Denied { .. } | Refusal::Forbidden { .. })) => denied,
            other => return other,
        };
        let permission = self.catalog.operation(operation);
        let principal = actor.principal();
        let holders = self.holders(principal);
        let mut grants = holders.flat_map(|holder| self.grants_of(holder));
        let somewhere = grants.any(|(_, grant)| {
            let at = &grant.value.scope;
            grant.value.is_live(now)
                && self.permissions_of(&grant.value.role).contains(permission)
                && (self.rules.is_none() || self.may(principal, permission, at, circumstances))
        });
        // What a policy permits is found out item by item.
        let permitted = || self.rules.as_ref().is_some_and(|rules| rules.has_permits(permission));
        if somewhere || permitted() { Ok(()) } else { Err(denied) }
    }

    /// What a principal may give at all of a scope: what it holds through grants that last as long as asked, or now if
    /// nothing is asked, without what a policy forbids it now (owners excepted). What policies permit is not the principal's to give.
    pub(crate) fn held_at(
        &self,
        principal: Principal,
        scope: &Scope,
        lasting: Option<i64>,
        circumstances: Circumstances<'_>,
    ) -> PermissionSet {
        let held = self.granted_at(principal, scope, lasting, circumstances.now);
        // Owners can take any policy back, so that what it forbids them is still theirs to give.
        if self.rules.is_none() || self.is_owner(principal, circumstances.now) {
            return held;
        }
        held.difference(&self.forbidden_at(principal, &held, scope, &circumstances))
    }

    /// What a principal holds at all of a scope through grants alone.
    pub(crate) fn granted_at(
        &self,
        principal: Principal,
        scope: &Scope,
        lasting: Option<i64>,
        now: Timestamp,
    ) -> PermissionSet {
        let lasting = lasting.unwrap_or_else(|| crate::access::after(now));
        let at = |target: Target| {
            self.covering(&target).map(|covering| self.index.held(principal, covering, lasting))
        };
        match scope {
            Scope::Account => at(Target::Account),
            Scope::Project(id) => at(Target::Project(*id)),
            Scope::AllOf(all) => {
                let covering = self.index.covering_all_of(&self.catalog, &all.resource_type, all.project);
                covering.map(|covering| self.index.held(principal, &covering, lasting))
            }
            Scope::Resources(ids) => {
                let each = ids.iter().map(|id| at(Target::Resource(*id)).unwrap_or_default());
                each.reduce(|all, one| all.intersection(&one))
            }
        }
        .unwrap_or_default()
    }
}
