//! What is above the actor stays as it is: whoever changes or ends what carries access holds that access themselves.
//!
//! One rule for roles, grants, groups, members and service accounts. What policies permit somebody counts where they lose it:
//! who is removed, deactivated, or let in for less long, and machines that are deleted. It asks for what is held now and not for how long,
//! since nothing is given. Two things are exempt, because ending them must never wait and takes nothing from anybody who
//! was let in: management keys and invitations that wait for an answer.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::decide::Decision;
use super::giver::Grantee;
use super::{Account, Grant, PermissionNames, Principal, Refusal, RoleRef, Scope};
use crate::access::Circumstances;
use crate::catalog::{Operation, PermissionSet};
use crate::policy::{Statement, Subject};

impl Decision<'_> {
    /// The rule itself: the actor holds all of this there, or may escalate there. `of` says whose it is, `what` names the thing
    /// in a message.
    pub(super) fn reaches(
        &self,
        permissions: &PermissionSet,
        scope: &Scope,
        of: &Grantee,
        what: impl FnOnce() -> String,
    ) -> Result<(), Refusal> {
        let (judging, judged) = self.judged_at(scope);
        let granted = judging.granted_at(self.actor.principal(), &judged, None, self.now);
        // What a policy keeps from the actor now, in a part of it as well, and from them alike, is not above the actor.
        let kept = self.giver.kept_now(permissions, scope, of).unwrap_or_default();
        let missing = permissions.difference(&granted).union(&kept);
        if missing.is_empty() {
            return Ok(());
        }
        let held = judging.held_at(self.actor.principal(), &judged, None, self.circumstances);
        if held.contains_any(&self.account.catalog.escalate) {
            return Ok(());
        }
        // Who may not look at members and roles is not told either what somebody holds, and where.
        let may_look = [Operation::ReadMembers, Operation::ReadRoles]
            .into_iter()
            .all(|operation| judging.authorize_anywhere(self.actor, operation, self.circumstances).is_ok());
        if !may_look {
            return Err(hidden());
        }
        let missing = PermissionNames::of(&self.account.catalog, &missing);
        Err(Refusal::Above { what: what(), missing, scope: scope.clone() })
    }

    /// The rule for a role at a scope, for a grant of it or for the role itself.
    pub(super) fn reaches_role(&self, role: &RoleRef, scope: &Scope, of: &Grantee) -> Result<(), Refusal> {
        let permissions = self.account.permissions_of(role);
        self.reaches(&permissions, scope, of, || match self.account.role_title(role) {
            Some(title) => format!("the role `{title}`"),
            None => format!("the role `{role}`"),
        })
    }

    /// The rule for everything that a principal was granted, directly.
    pub(super) fn reaches_all_of(&self, principal: Principal) -> Result<(), Refusal> {
        self.reaches_grants_of(principal, &Grantee::of(self.account, principal))
    }

    fn reaches_grants_of(&self, principal: Principal, of: &Grantee) -> Result<(), Refusal> {
        let mut grants = self.account.grants_of(principal).map(|(_, grant)| &grant.value);
        grants.try_for_each(|grant| self.reaches_live(grant, of))
    }

    /// The rule for everything that a principal has, through groups too.
    pub(super) fn reaches_all_that_reaches(&self, principal: Principal) -> Result<(), Refusal> {
        let of = Grantee::of(self.account, principal);
        self.account.holders(principal).try_for_each(|holder| self.reaches_grants_of(holder, &of))
    }

    /// The rule for everything that ends with a principal: also what policies permit it, and neither everybody like it nor the actor.
    pub(super) fn reaches_all_that_ends_with(&self, principal: Principal) -> Result<(), Refusal> {
        self.reaches_all_that_reaches(principal)?;
        if !self.account.has_policies() {
            return Ok(());
        }
        let subject = Subject::of(self.account, principal);
        let of = Grantee::One(subject.clone());
        let beyond = self.giver.permits_beyond(&subject, &of);
        let mut own = beyond.filter(|(statement, _)| !statement.is_alike_for_all_like(principal));
        own.try_for_each(|(statement, scope)| self.reaches_permitted(statement, &scope, &of))
    }

    /// The rule for what a policy permits, which only those are told who may read policies.
    fn reaches_permitted(&self, statement: &Statement, scope: &Scope, of: &Grantee) -> Result<(), Refusal> {
        let policy = self.giver.forbidding(statement.policy);
        match self.reaches(&statement.actions, scope, of, || format!("what {policy} permits")) {
            Err(Refusal::Above { .. }) if policy.0.is_none() => Err(hidden()),
            asked => asked,
        }
    }

    /// The rule for a grant; one that has ended carries nothing any more.
    pub(super) fn reaches_grant(&self, grant: &Grant) -> Result<(), Refusal> {
        self.reaches_live(grant, &Grantee::of(self.account, grant.principal))
    }

    fn reaches_live(&self, grant: &Grant, of: &Grantee) -> Result<(), Refusal> {
        if grant.is_live(self.now) { self.reaches_role(&grant.role, &grant.scope, of) } else { Ok(()) }
    }
}

/// That something is above the actor, who is not told what.
fn hidden() -> Refusal {
    let (what, scope) = ("this".to_owned(), Scope::Account);
    Refusal::Above { what, missing: PermissionNames::default(), scope }
}

impl Account {
    /// Until when a principal holds all of this at a scope, or may escalate there; `None` if it does not do so now.
    pub(super) fn held_until(
        &self,
        principal: Principal,
        permissions: &PermissionSet,
        scope: &Scope,
        circumstances: Circumstances<'_>,
    ) -> Option<Timestamp> {
        let now = circumstances.now;
        let suffices = |at: i64| {
            let held = self.held_at(principal, scope, Some(at), circumstances);
            permissions.difference(&held).is_empty() || held.contains_any(&self.catalog.escalate)
        };
        let grants = self.holders(principal).flat_map(|holder| self.grants_of(holder));
        let ends = grants.filter_map(|(_, grant)| grant.value.until);
        let membership = match principal {
            Principal::Member(user) => self.member_until(user),
            Principal::Group(_) | Principal::ServiceAccount(_) => None,
        };
        let ends = ends.chain(membership);
        let ends: BTreeSet<Timestamp> = ends.filter(|end| *end > now).collect();
        ends.into_iter().rev().find(|end| suffices(end.as_microsecond()))
    }
}
