//! Policies: create, edit, delete, and what rule 1 says about them.
//!
//! A statement moves access, so whoever adds or takes one away holds all that it names, at the scope that it names: for good
//! where access gets larger (a permit comes, a forbid goes), now where it gets smaller. Owners hold everything by the catalog,
//! and what a policy forbids them does not keep them from taking it back.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::decide::Decision;
use super::giver::{Grantee, Named};
use super::{Account, Event, Principal, Refusal, Scope, Taken, Versioned};
use crate::catalog::Operation;
use crate::ids::PolicyId;
use crate::limits;
use crate::policy::{self, Effect, Object, Statement};
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
        if after.text != before.text || after.enabled != before.enabled {
            if before.enabled {
                self.may_move(id, &before, Move::Removed)?;
            }
            self.may_move(id, &after, Move::Added)?;
        }
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
            let Some(scope) = self.account.place_of(&statement) else { continue };
            match (statement.effect, way) {
                (Effect::Permit, Move::Added) | (Effect::Forbid, Move::Removed) => {
                    let named = Named { statement: &statement, scope, object: Object::Anything };
                    self.giver.covers_named(&named)?;
                    let is_about =
                        |machine| statement.is_about(self.account, Principal::ServiceAccount(machine));
                    self.giver.covers_asking_of(&statement.actions, is_about)?;
                }
                (Effect::Forbid, Move::Added) | (Effect::Permit, Move::Removed) => {
                    self.reaches(&statement.actions, &scope, &Grantee::Anyone, || {
                        format!("the policy `{}`", policy.name)
                    })?;
                }
            }
        }
        Ok(())
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
    pub(super) fn named_by_policies_of(&self, group: crate::ids::GroupId) -> impl Iterator<Item = Named<'_>> {
        let groups: Vec<_> = match self.rules {
            None => Vec::new(),
            Some(_) => self.groups_around(Principal::Group(group)).collect(),
        };
        self.named_by(move |statement| groups.iter().any(|group| statement.names_group(*group)))
    }

    /// What enabled statements name; not where that does not exist any more.
    pub(super) fn named_by(
        &self,
        concerned: impl Fn(&&Statement) -> bool,
    ) -> impl Iterator<Item = Named<'_>> {
        self.statements().filter(concerned).filter_map(|statement| {
            let scope = self.place_of(statement)?;
            Some(Named { statement, scope, object: Object::Anything })
        })
    }

    /// The scope that holds all that a statement is about; about what does not exist any more it says nothing.
    pub(super) fn place_of(&self, statement: &Statement) -> Option<Scope> {
        statement.scope().filter(|scope| self.scope_exists(scope).is_ok())
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
