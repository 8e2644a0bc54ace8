//! Where a policy forbids one of Bailiwick's own operations: in a part of what it would be done to.
//!
//! Giving and taking in all of a scope does it in each part. A role and a group are changed at the account, and reach every place
//! where they are granted.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::giver::Giver;
use super::{Account, Actor, InvitationStatus, Principal, Refusal, RoleRef, Scope};
use crate::access::{Circumstances, Target};
use crate::catalog::Operation;
use crate::ids::{GroupId, UserId};
use crate::policy::{Applies, Object, Statement, Subject};

impl Giver<'_> {
    /// Whether a member who did something may still do it in all of a scope, whatever the circumstances were: a policy that asks
    /// for some of them asked then, one that forbids it to them anyhow counts now.
    ///
    /// # Errors
    /// Those of [`Account::authorize`].
    pub(super) fn still_may(&self, user: UserId, operation: Operation, scope: &Scope) -> Result<(), Refusal> {
        self.had_it(user, operation, scope)?;
        self.not_forbidden(operation, scope, None, Applies::is_always)
    }

    /// The same of what is done to the account and gives nothing in its parts.
    ///
    /// # Errors
    /// Those of [`Account::authorize`].
    pub(super) fn still_may_at_account(&self, user: UserId, operation: Operation) -> Result<(), Refusal> {
        self.had_it(user, operation, &Scope::Account)?;
        let at = Target::Account;
        self.none_forbids(operation, &Scope::Account, |statement, own| {
            statement.is_about_target(self.basis(), &at)
                && Applies::is_always(&self.basis().applies(statement, own, Object::There(at)))
        })
    }

    /// The same of letting somebody into a group, wherever it holds grants.
    ///
    /// # Errors
    /// Those of [`Account::authorize`].
    pub(super) fn still_may_join(
        &self,
        user: UserId,
        operation: Operation,
        group: GroupId,
    ) -> Result<(), Refusal> {
        self.still_may_at_account(user, operation)?;
        self.at_each(operation, self.account().places_of(Principal::Group(group), self.now()), |scope| {
            self.not_forbidden(operation, scope, None, Applies::is_always)
        })
    }

    /// Whether a member has the permission of an operation, be it that a policy forbids its use.
    fn had_it(&self, user: UserId, operation: Operation, scope: &Scope) -> Result<(), Refusal> {
        match self.account().authorize(Actor::User(user), operation, scope, self.circumstances()) {
            Err(Refusal::Forbidden { .. }) => Ok(()),
            asked => asked,
        }
    }

    /// No policy forbids the giver now an operation anywhere in a scope, where what is given in all of it is given there too.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`].
    pub(super) fn may_all_over(&self, operation: Operation, scope: &Scope) -> Result<(), Refusal> {
        let (_, scope) = self.judged_at(scope);
        let now = self.circumstances();
        self.not_forbidden(operation, &scope, Some(&now), |applies| !applies.is_never())
    }

    /// The same for what changes who is in a group, or what a role holds: it gives or takes wherever that is granted.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`].
    pub(super) fn may_at_each<'s>(
        &self,
        operation: Operation,
        places: impl Iterator<Item = &'s Scope>,
    ) -> Result<(), Refusal> {
        self.at_each(operation, places, |scope| self.may_all_over(operation, scope))
    }

    /// Asks of each place once, if there is anything to be asked.
    fn at_each<'s>(
        &self,
        operation: Operation,
        places: impl Iterator<Item = &'s Scope>,
        ask: impl FnMut(&Scope) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        if !self.basis().has_policies() {
            return Ok(());
        }
        let permission = self.basis().catalog().operation(operation);
        if !self.bound().1.iter().any(|statement| statement.actions.contains(permission)) {
            return Ok(());
        }
        let places: BTreeSet<&Scope> = places.collect();
        places.into_iter().try_for_each(ask)
    }

    fn not_forbidden(
        &self,
        operation: Operation,
        scope: &Scope,
        when: Option<&Circumstances<'_>>,
        counts: impl Fn(&Applies) -> bool,
    ) -> Result<(), Refusal> {
        self.none_forbids(operation, scope, |statement, own| {
            let mut objects = self.objects(statement, scope);
            objects.any(|object| counts(&self.basis().applies_when(statement, own, object, when)))
        })
    }

    /// None of the statements that may bind the giver forbids an operation; `scope` is where it would be done.
    fn none_forbids(
        &self,
        operation: Operation,
        scope: &Scope,
        forbids: impl Fn(&Statement, &Subject) -> bool,
    ) -> Result<(), Refusal> {
        if !self.basis().has_policies() {
            return Ok(());
        }
        let (own, bound) = self.bound();
        let permission = self.basis().catalog().operation(operation);
        let found =
            |statement: &&&Statement| statement.actions.contains(permission) && forbids(statement, own);
        bound.iter().find(found).map_or(Ok(()), |statement| {
            let (principal, policy) = (self.principal(), Some(statement.policy));
            Err(self.basis().denied(principal, permission, scope, policy, self.circumstances()))
        })
    }
}

impl Account {
    /// Where what a principal was granted counts at a moment, through groups too.
    pub(super) fn places_of(&self, principal: Principal, now: Timestamp) -> impl Iterator<Item = &Scope> {
        let grants = self.holders(principal).flat_map(|holder| self.grants_of(holder));
        grants.filter(move |(_, grant)| grant.value.is_live(now)).map(|(_, grant)| &grant.value.scope)
    }

    /// Where a role counts at a moment: where it is granted, or promised by an invitation that waits.
    pub(super) fn places_of_role(&self, role: &RoleRef, now: Timestamp) -> impl Iterator<Item = &Scope> {
        let grants = self.grants_after(None).map(|(_, grant)| &grant.value);
        let granted = grants.filter(move |grant| grant.role == *role && grant.is_live(now));
        let waiting = self.invitations_naming(role).map(|(_, invitation)| invitation);
        let waiting = waiting.filter(move |found| found.status_at(now) == InvitationStatus::Pending);
        let promised = waiting.flat_map(|found| found.grants.iter());
        let promised = promised.filter(move |grant| grant.role == *role).map(|grant| &grant.scope);
        granted.map(|grant| &grant.scope).chain(promised)
    }
}
