//! Policies: create, edit, delete, and what rule 1 says about them.
//!
//! A statement moves access, so whoever adds or takes one away holds all that it names, at the scope that it names: for good
//! where access gets larger (a permit comes, a forbid goes), now where it gets smaller. Owners hold everything by the catalog,
//! and what a policy forbids them does not keep them from taking it back.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::decide::Decision;
use super::{Account, Event, PermissionNames, Principal, Refusal, Scope, Taken, Versioned};
use crate::access::Circumstances;
use crate::catalog::{Operation, PermissionSet};
use crate::ids::PolicyId;
use crate::limits;
use crate::policy::{self, Effect, Statement};
use crate::values::{Description, Name};

/// A text that permits or forbids what a role cannot say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Unique in the account without regard to case.
    pub name: Name,
    /// What it is for.
    #[serde(default)]
    pub description: Description,
    /// Cedar, at most [`limits::POLICY_BYTES`].
    pub text: Arc<str>,
    /// Whether it counts.
    pub enabled: bool,
}

/// What a statement names.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) actions: PermissionSet,
    pub(super) scope: Scope,
    /// The policy, of a forbid that can bind in a part of the scope alone.
    pub(super) forbidden_by: Option<PolicyId>,
}

/// Which way access goes when a statement comes or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    Added,
    Removed,
}

impl Decision<'_> {
    pub(super) fn create_policy(&mut self, policy: &Policy) -> Result<(), Refusal> {
        self.require(Operation::WritePolicies, &Scope::Account)?;
        self.policies_exist()?;
        if self.account.policies.len() >= limits::POLICIES {
            return Err(Refusal::LimitReached { what: "policies", most: limits::POLICIES });
        }
        self.free(Taken::PolicyName, "name", &policy.name.folded())?;
        let id = self.take_id();
        self.account.check_policy(&policy.text)?;
        self.may_move(id, policy, Move::Added)?;
        self.events.push(Event::PolicyCreated { id, policy: policy.clone() });
        Ok(())
    }

    pub(super) fn edit_policy(
        &mut self,
        id: PolicyId,
        name: Option<&Name>,
        description: Option<&Description>,
        text: Option<&Arc<str>>,
        enabled: Option<bool>,
    ) -> Result<(), Refusal> {
        self.require(Operation::WritePolicies, &Scope::Account)?;
        self.policies_exist()?;
        let before = self.policy(id)?;
        let after = Policy {
            name: name.unwrap_or(&before.name).clone(),
            description: description.unwrap_or(&before.description).clone(),
            text: text.unwrap_or(&before.text).clone(),
            enabled: enabled.unwrap_or(before.enabled),
        };
        if after == before {
            return Err(Refusal::Nothing);
        }
        if after.name.folded() != before.name.folded() {
            self.free(Taken::PolicyName, "name", &after.name.folded())?;
        }
        // What it names may be gone since it was saved; then it only stays as it is or is disabled.
        if after.text != before.text || (after.enabled && !before.enabled) {
            self.account.check_policy(&after.text)?;
        }
        if before.enabled {
            self.may_move(id, &before, Move::Removed)?;
        }
        self.may_move(id, &after, Move::Added)?;
        self.events.push(Event::PolicyEdited { id, before, after });
        Ok(())
    }

    pub(super) fn delete_policy(&mut self, id: PolicyId) -> Result<(), Refusal> {
        self.require(Operation::DeletePolicies, &Scope::Account)?;
        let policy = self.policy(id)?;
        if policy.enabled {
            self.may_move(id, &policy, Move::Removed)?;
        }
        self.events.push(Event::PolicyDeleted { id, policy });
        Ok(())
    }

    fn policies_exist(&self) -> Result<(), Refusal> {
        if self.account.catalog.rules.policies { Ok(()) } else { Err(Refusal::NoPolicies) }
    }

    fn policy(&self, id: PolicyId) -> Result<Policy, Refusal> {
        self.account.policy(id).map(|found| found.value.clone()).ok_or(Refusal::NotFound { kind: "policy" })
    }

    /// Rule 1 for all statements of a policy that comes or goes.
    fn may_move(&self, id: PolicyId, policy: &Policy, way: Move) -> Result<(), Refusal> {
        for statement in policy::compile(self.account, id, &policy.text) {
            // About what does not exist any more it says nothing.
            let Some(scope) = statement.scope().filter(|scope| self.account.scope_exists(scope).is_ok())
            else {
                continue;
            };
            match (statement.effect, way) {
                (Effect::Permit, Move::Added) => self.covers(&statement.actions, &scope, None)?,
                (Effect::Forbid, Move::Removed) => {
                    self.covers(&statement.actions, &scope, None)?;
                    let (before, actor) = (self.basis(), self.actor.principal());
                    before.may_lift(actor, id, &statement.actions, &scope, &self.circumstances)?;
                }
                (Effect::Forbid, Move::Added) | (Effect::Permit, Move::Removed) => {
                    self.reaches(&statement.actions, &scope, || format!("the policy `{}`", policy.name))?;
                }
            }
        }
        Ok(())
    }

    /// Rule 1 for whoever joins a group: all that it was granted, and the policies that name it.
    pub(super) fn covers_joining(&self, group: crate::ids::GroupId) -> Result<(), Refusal> {
        self.covers_grants_that_reach(Principal::Group(group))?;
        self.covers_policies_naming(group)
    }

    /// Rule 1 for the policies in which being in a group, or in one above it, makes a difference.
    pub(super) fn covers_policies_naming(&self, group: crate::ids::GroupId) -> Result<(), Refusal> {
        self.covers_each(self.account.named_by_policies_of(group))
    }

    /// Rule 1 for what policies permit a principal beside its grants.
    pub(super) fn covers_permits_of(&self, principal: Principal) -> Result<(), Refusal> {
        let account = self.account;
        let permits = |statement: &&Statement| {
            statement.effect == Effect::Permit && statement.is_about_one(account, principal)
        };
        self.covers_each(account.named_by(permits, None))
    }

    /// Rule 1 for what statements name.
    pub(super) fn covers_each(&self, mut named: impl Iterator<Item = Named>) -> Result<(), Refusal> {
        named.try_for_each(|Named { actions, scope, forbidden_by }| {
            self.covers(&actions, &scope, None)?;
            let (before, actor) = (self.basis(), self.actor.principal());
            let forbid = forbidden_by
                .map(|policy| before.may_lift(actor, policy, &actions, &scope, &self.circumstances));
            forbid.unwrap_or(Ok(()))
        })
    }
}

impl Account {
    /// The groups that a principal is in, through others too; a group is in itself.
    pub(crate) fn groups_around(&self, principal: Principal) -> impl Iterator<Item = crate::ids::GroupId> {
        self.holders(principal).filter_map(|holder| match holder {
            Principal::Group(group) => Some(group),
            Principal::Member(_) | Principal::ServiceAccount(_) => None,
        })
    }

    /// A policy.
    pub fn policy(&self, id: PolicyId) -> Option<&Versioned<Policy>> {
        self.policies.get(&id).map(|found| &**found)
    }

    /// The policy with this id or name.
    pub fn find_policy(&self, reference: &str) -> Option<PolicyId> {
        match reference.parse() {
            Ok(id) => self.policies.contains_key(&id).then_some(id),
            Err(_) => self.taken_by(Taken::PolicyName, &crate::values::folded(reference)),
        }
    }

    /// Policies after a key, in the order of their ids.
    pub fn policies_after(
        &self,
        after: Option<PolicyId>,
    ) -> impl Iterator<Item = (PolicyId, &Versioned<Policy>)> {
        super::after_key(&self.policies, after).map(|(id, found)| (*id, &**found))
    }

    /// How many policies the account has, disabled ones included.
    pub fn policy_count(&self) -> usize {
        self.policies.len()
    }

    /// Looks for mistakes in the text of a policy for this account.
    ///
    /// # Errors
    /// [`Refusal::InvalidPolicy`] with all of them.
    pub fn check_policy(&self, text: &str) -> Result<(), Refusal> {
        policy::check(self, text).map_err(|mistakes| Refusal::InvalidPolicy { mistakes })
    }

    /// Whether the principal owns the account.
    pub(crate) fn is_owner(&self, principal: Principal, now: jiff::Timestamp) -> bool {
        self.index.has_at_account(principal, self.catalog.rules.owner, now.as_microsecond())
    }

    /// What the statements name in which being in a group, or in one above it, makes a difference.
    pub(super) fn named_by_policies_of(&self, group: crate::ids::GroupId) -> impl Iterator<Item = Named> {
        let groups: Vec<_> = match self.rules {
            None => Vec::new(),
            Some(_) => self.groups_around(Principal::Group(group)).collect(),
        };
        let names = move |statement: &&Statement| groups.iter().any(|group| statement.names_group(*group));
        self.named_by(names, None)
    }

    /// What enabled statements name, each with its scope or `at`; not where that does not exist any more.
    pub(super) fn named_by(
        &self,
        concerned: impl Fn(&&Statement) -> bool,
        at: Option<&Scope>,
    ) -> impl Iterator<Item = Named> {
        let statements = self.rules.iter().flat_map(|rules| rules.statements()).filter(concerned);
        let named = statements.filter_map(move |statement| {
            Some(Named {
                actions: statement.actions,
                scope: at.cloned().or_else(|| statement.scope())?,
                forbidden_by: (at.is_none() && statement.effect == Effect::Forbid)
                    .then_some(statement.policy),
            })
        });
        named.filter(|named| self.scope_exists(&named.scope).is_ok())
    }

    /// Whether a principal is not bound by a policy anywhere: at a scope as a whole nothing may be forbidden of what is,
    /// at something in it.
    ///
    /// # Errors
    /// [`Refusal::Escalation`] where it is, unless the principal may escalate.
    pub(super) fn may_lift(
        &self,
        principal: Principal,
        policy: PolicyId,
        actions: &PermissionSet,
        scope: &Scope,
        circumstances: &Circumstances<'_>,
    ) -> Result<(), Refusal> {
        let held = self.held_at(principal, &Scope::Account, None, *circumstances);
        if held.contains_any(&self.catalog.escalate) || !self.is_bound_by(principal, policy, circumstances) {
            return Ok(());
        }
        let missing = PermissionNames::of(&self.catalog, actions);
        Err(Refusal::Escalation { missing, scope: scope.clone() })
    }

    /// Whether a principal may still give what a statement names, for good and now.
    ///
    /// # Errors
    /// Those of [`Account::covers`] and [`Account::may_lift`].
    pub(super) fn covers_named(
        &self,
        principal: Principal,
        named: &Named,
        now: jiff::Timestamp,
    ) -> Result<(), Refusal> {
        self.covers(principal, &named.actions, &named.scope, None, now)?;
        let forbid = named
            .forbidden_by
            .map(|policy| self.may_lift(principal, policy, &named.actions, &named.scope, &now.into()));
        forbid.unwrap_or(Ok(()))
    }

    /// Brings the rulebook up to date after policies changed.
    pub(super) fn rewrite_rules(&mut self) {
        let enabled = self.policies.iter().filter(|(_, found)| found.value.enabled);
        let statements = enabled.flat_map(|(id, _)| self.statements.get(id).into_iter());
        let statements = statements.flat_map(|statements| statements.iter().cloned());
        self.rules = policy::Rulebook::new(&self.catalog, statements);
    }

    /// Puts a policy; the rulebook is rewritten by the caller, once for all of them.
    pub(super) fn put_policy(&mut self, id: PolicyId, policy: Policy, revision: crate::ids::Revision) {
        let old = self.policies.get(&id).cloned();
        if let Some(old) = &old {
            self.untake(Taken::PolicyName, &old.value.name.folded());
        }
        if old.is_none_or(|old| old.value.text != policy.text) {
            let compiled = policy::compile(self, id, &policy.text);
            self.statements.insert(id, compiled.into_iter().map(Arc::new).collect());
        }
        self.take(Taken::PolicyName, policy.name.folded(), crate::ids::Id::uuid(id));
        self.policies.insert(id, Arc::new(Versioned { revision, value: policy }));
    }

    pub(super) fn drop_policy(&mut self, id: PolicyId) {
        if let Some(old) = self.policies.remove(&id) {
            self.untake(Taken::PolicyName, &old.value.name.folded());
        }
        self.statements.remove(&id);
    }
}
