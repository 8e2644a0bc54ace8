//! Service accounts and their management keys.

use jiff::Timestamp;
use smol_str::SmolStr;

use super::decide::Decision;
use super::giver::Grantee;
use super::{
    Actor, Bearer, EndReason, Event, Key, KeyHolder, Patch, Principal, Refusal, RoleAtScope, Scope,
    SecretHash, ServiceAccount, Taken,
};
use crate::access::Circumstances;
use crate::catalog::{Operation, PersonalKeys};
use crate::ids::{KeyId, ServiceAccountId, UserId};
use crate::limits;
use crate::policy::Subject;
use crate::values::{Description, ExternalId, Name};

impl Decision<'_> {
    pub(super) fn create_service_account(
        &mut self,
        name: &Name,
        description: &Description,
        external_id: Option<&ExternalId>,
        grants: &[RoleAtScope],
    ) -> Result<(), Refusal> {
        let asked = grants.len();
        let grants = RoleAtScope::distinct(grants);
        self.require_at_all(Operation::WriteKeys, grants.iter().map(|grant| &grant.scope))?;
        if self.account.service_accounts.len() >= limits::SERVICE_ACCOUNTS {
            return Err(Refusal::LimitReached { what: "service accounts", most: limits::SERVICE_ACCOUNTS });
        }
        if asked > limits::GRANTS_PER_COMMAND {
            return Err(Refusal::LimitReached {
                what: "roles in one request",
                most: limits::GRANTS_PER_COMMAND,
            });
        }
        self.free(Taken::ServiceAccountName, "name", &name.folded())?;
        self.free_external_id(Taken::ServiceAccount, external_id)?;
        let id: ServiceAccountId = self.take_id();
        let machine = Subject::of(self.account, Principal::ServiceAccount(id));
        let grantee = Grantee::One(machine.clone());
        grants.iter().try_for_each(|grant| self.may_give(grant, &grantee))?;
        // Questions about this name are answered by what policies permit it.
        if external_id.is_some() {
            self.giver.covers_permits_of(&machine, None)?;
        }
        if let Some(external_id) = external_id {
            self.may_be_known_as(machine.principal, external_id)?;
        }
        let service_account = ServiceAccount {
            name: name.clone(),
            description: description.clone(),
            external_id: external_id.cloned(),
            may_assert: Vec::new(),
        };
        self.events.push(Event::ServiceAccountCreated { id, service_account });
        self.add_grants(Principal::ServiceAccount(id), &grants)?;
        Ok(())
    }

    pub(super) fn edit_service_account(
        &mut self,
        id: ServiceAccountId,
        name: Option<&Name>,
        description: Option<&Description>,
        external_id: &Patch<ExternalId>,
        may_assert: Option<&[SmolStr]>,
    ) -> Result<(), Refusal> {
        let before = self.service_account_for(Operation::WriteKeys, id)?;
        let after = ServiceAccount {
            name: name.unwrap_or(&before.name).clone(),
            description: description.unwrap_or(&before.description).clone(),
            external_id: external_id.apply(before.external_id.as_ref()),
            may_assert: match may_assert {
                Some(asked) => self.assertable(&before.may_assert, asked)?,
                None => before.may_assert.clone(),
            },
        };
        if after == before {
            return Err(Refusal::Nothing);
        }
        self.reaches_all_of(Principal::ServiceAccount(id))?;
        if after.name.folded() != before.name.folded() {
            self.free(Taken::ServiceAccountName, "name", &after.name.folded())?;
        }
        if after.external_id != before.external_id {
            self.free_external_id(Taken::ServiceAccount, after.external_id.as_ref())?;
        }
        let (old, new) = (before.external_id.as_ref(), after.external_id.as_ref());
        self.may_be_called(Principal::ServiceAccount(id), old, new)?;
        self.frees(Bearer::ServiceAccount(id), old.filter(|_| new != old));
        self.events.push(Event::ServiceAccountEdited { id, before, after });
        Ok(())
    }

    pub(super) fn delete_service_account(&mut self, id: ServiceAccountId) -> Result<(), Refusal> {
        let service_account = self.service_account_for(Operation::DeleteKeys, id)?;
        self.reaches_all_that_ends_with(Principal::ServiceAccount(id))?;
        self.delete_keys_of(KeyHolder::ServiceAccount(id));
        self.revoke_all_of(Principal::ServiceAccount(id));
        self.frees(Bearer::ServiceAccount(id), service_account.external_id.as_ref());
        self.events.push(Event::ServiceAccountDeleted { id, service_account });
        Ok(())
    }

    pub(super) fn create_key(
        &mut self,
        id: KeyId,
        holder: KeyHolder,
        name: &Name,
        secret_hash: SecretHash,
        expires_at: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        match holder {
            KeyHolder::ServiceAccount(id) => {
                self.service_account_for(Operation::WriteKeys, id)?;
                // Rule 1: whoever has the key acts with all that its holder was granted.
                self.covers_all_that_reaches(holder.principal(), expires_at)?;
                let machine = self.account.service_account(id);
                let mut may_assert = machine.iter().flat_map(|machine| &machine.value.may_assert);
                self.giver.covers_assertions(&mut may_assert)?;
            }
            // It gives its owner nothing new.
            KeyHolder::Member(user) => self.may_have_key(user)?,
        }
        if let Some(at) = expires_at.filter(|at| *at <= self.now) {
            return Err(Refusal::Past { field: "expires_at", at });
        }
        if self.account.key(id).is_some() {
            return Err(Refusal::Taken { field: "id", value: id.to_string() });
        }
        let (what, most) = match holder {
            KeyHolder::ServiceAccount(_) => {
                ("management keys of one service account", limits::KEYS_PER_SERVICE_ACCOUNT)
            }
            KeyHolder::Member(_) => ("personal keys of one member", limits::KEYS_PER_MEMBER),
        };
        if self.account.keys_of(holder).count() >= most {
            return Err(Refusal::LimitReached { what, most });
        }
        self.no_longer_than_own(expires_at)?;
        let made_by = self.actor.reference();
        let (name, made_at) = (name.clone(), self.now);
        let key = Key { holder, name, secret_hash, expires_at, made_by, made_at, told: false };
        self.events.push(Event::KeyCreated { id, key });
        Ok(())
    }

    /// A personal key is made by its owner, in person or by another personal key, where the catalog has such keys.
    fn may_have_key(&self, user: UserId) -> Result<(), Refusal> {
        if self.actor.principal() != Principal::Member(user) {
            return Err(Refusal::NotYours);
        }
        match self.account.catalog.rules.personal_keys {
            PersonalKeys::Everybody => Ok(()),
            PersonalKeys::Permitted => self.require(Operation::WriteKeys, &Scope::Account),
            PersonalKeys::Nobody => Err(Refusal::NoPersonalKeys),
        }
    }

    /// Rule 1 for the time that a key lasts: one that ends cannot make itself one that does not.
    fn no_longer_than_own(&self, expires_at: Option<Timestamp>) -> Result<(), Refusal> {
        let Some(key) = self.actor.key() else { return Ok(()) };
        match self.account.key(key).and_then(|key| key.value.expires_at) {
            Some(until) if expires_at.is_none_or(|at| at > until) => Err(Refusal::KeyOutlasts { until }),
            _ => Ok(()),
        }
    }

    /// Needs the permission alone, whatever the key may do: ending a leaked key must never wait for somebody stronger. Nobody
    /// needs a permission to end a key of their own.
    pub(super) fn delete_key(&mut self, id: KeyId) -> Result<(), Refusal> {
        let unknown = Refusal::NotFound { kind: "management key" };
        let holder = self.account.key(id).map(|key| key.value.holder);
        match holder {
            Some(holder) if holder.principal() == self.actor.principal() && !self.is_machine() => {}
            Some(KeyHolder::ServiceAccount(id)) => {
                self.service_account_for(Operation::DeleteKeys, id)?;
            }
            Some(KeyHolder::Member(_)) | None => {
                self.require(Operation::DeleteKeys, &Scope::Account)?;
                holder.ok_or(unknown)?;
            }
        }
        self.push_key_deleted(id, EndReason::Asked);
        Ok(())
    }

    fn is_machine(&self) -> bool {
        matches!(self.actor, Actor::ServiceAccount { .. })
    }

    /// Ends all keys of a holder who goes away.
    pub(super) fn delete_keys_of(&mut self, holder: KeyHolder) {
        let keys: Vec<KeyId> = self.account.keys_of(holder).collect();
        for key in keys {
            self.push_key_deleted(key, EndReason::SubjectGone);
        }
    }

    fn push_key_deleted(&mut self, id: KeyId, reason: EndReason) {
        self.events.extend(self.account.key_deleted(id, reason));
    }

    /// A service account on which the actor may do this: in the whole account, or wherever it holds something.
    fn service_account_for(
        &self,
        operation: Operation,
        id: ServiceAccountId,
    ) -> Result<ServiceAccount, Refusal> {
        let found = self.account.service_account(id).map(|found| found.value.clone());
        let scopes: Vec<&Scope> = self.account.scopes_of_machine(id).collect();
        self.require_at_all(operation, scopes.into_iter())?;
        found.ok_or(Refusal::NotFound { kind: "service account" })
    }

    /// Requires an operation in the whole account, or at each of some scopes; what has none belongs to the whole account.
    fn require_at_all<'s>(
        &self,
        operation: Operation,
        scopes: impl Iterator<Item = &'s Scope>,
    ) -> Result<(), Refusal> {
        let denied = match self.require(operation, &Scope::Account) {
            Ok(()) => return Ok(()),
            Err(denied) => denied,
        };
        let mut scopes = scopes.peekable();
        if scopes.peek().is_none() {
            return Err(denied);
        }
        scopes.try_for_each(|scope| self.require(operation, scope))
    }
}

impl super::Account {
    /// The management keys of a holder, in the order of their ids.
    pub fn keys_of(&self, holder: KeyHolder) -> impl Iterator<Item = KeyId> {
        super::pairs_of(&self.keys_of, holder, None)
    }

    /// The end of a key, if it is there.
    pub(super) fn key_deleted(&self, id: KeyId, reason: EndReason) -> Option<Event> {
        let Key { holder, name, expires_at, made_by, made_at, .. } = self.key(id)?.value.clone();
        Some(Event::KeyDeleted { id, holder, name, expires_at, made_by, made_at, reason })
    }

    /// The scopes of all that a service account was granted.
    fn scopes_of_machine(&self, id: ServiceAccountId) -> impl Iterator<Item = &Scope> {
        self.grants_of(Principal::ServiceAccount(id)).map(|(_, grant)| &grant.value.scope)
    }

    /// Whether an actor may do an operation on a service account: in the whole account, or wherever it holds something.
    pub fn may_on_service_account(
        &self,
        actor: Actor,
        operation: Operation,
        id: ServiceAccountId,
        circumstances: Circumstances<'_>,
    ) -> bool {
        let may = |scope: &Scope| self.authorize(actor, operation, scope, circumstances).is_ok();
        let mut scopes = self.scopes_of_machine(id).peekable();
        may(&Scope::Account) || (scopes.peek().is_some() && scopes.all(may))
    }

    /// Whether an actor sees a management key in lists: one of their own, or one that they may read.
    pub fn sees_key(&self, actor: Actor, key: &Key, circumstances: Circumstances<'_>) -> bool {
        match key.holder {
            KeyHolder::Member(user) => {
                actor.principal() == Principal::Member(user)
                    || self.authorize(actor, Operation::ReadKeys, &Scope::Account, circumstances).is_ok()
            }
            KeyHolder::ServiceAccount(id) => {
                self.may_on_service_account(actor, Operation::ReadKeys, id, circumstances)
            }
        }
    }
}
