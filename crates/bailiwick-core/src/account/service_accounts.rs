//! Service accounts and their management keys.

use jiff::Timestamp;

use super::decide::Decision;
use super::{
    Actor, EndReason, Event, Key, Patch, Principal, Refusal, RoleAtScope, Scope, SecretHash, ServiceAccount,
    Taken,
};
use crate::catalog::Operation;
use crate::ids::{KeyId, ServiceAccountId};
use crate::limits;
use crate::values::{Description, ExternalId, Name};

impl Decision<'_> {
    pub(super) fn create_service_account(
        &mut self,
        name: &Name,
        description: &Description,
        external_id: Option<&ExternalId>,
        grants: &[RoleAtScope],
    ) -> Result<(), Refusal> {
        self.require(Operation::WriteKeys, &Scope::Account)?;
        if self.account.service_accounts.len() >= limits::SERVICE_ACCOUNTS {
            return Err(Refusal::LimitReached { what: "service accounts", most: limits::SERVICE_ACCOUNTS });
        }
        if grants.len() > limits::GRANTS_PER_COMMAND {
            return Err(Refusal::LimitReached {
                what: "roles in one request",
                most: limits::GRANTS_PER_COMMAND,
            });
        }
        self.free(Taken::ServiceAccountName, "name", &name.folded())?;
        self.free_external_id(Taken::ServiceAccount, external_id)?;
        let grants = RoleAtScope::distinct(grants);
        grants.iter().try_for_each(|grant| self.may_give(grant))?;
        let id: ServiceAccountId = self.take_id();
        let service_account = ServiceAccount {
            name: name.clone(),
            description: description.clone(),
            external_id: external_id.cloned(),
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
    ) -> Result<(), Refusal> {
        self.require(Operation::WriteKeys, &Scope::Account)?;
        let before = self.service_account(id)?;
        let after = ServiceAccount {
            name: name.unwrap_or(&before.name).clone(),
            description: description.unwrap_or(&before.description).clone(),
            external_id: external_id.apply(before.external_id.as_ref()),
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
        self.may_be_called(
            Principal::ServiceAccount(id),
            before.external_id.as_ref(),
            after.external_id.as_ref(),
        )?;
        self.events.push(Event::ServiceAccountEdited { id, before, after });
        Ok(())
    }

    pub(super) fn delete_service_account(&mut self, id: ServiceAccountId) -> Result<(), Refusal> {
        self.require(Operation::DeleteKeys, &Scope::Account)?;
        let service_account = self.service_account(id)?;
        self.reaches_all_of(Principal::ServiceAccount(id))?;
        let keys: Vec<KeyId> = self.account.keys_of_service_account(id).collect();
        for key in keys {
            self.push_key_deleted(key, EndReason::SubjectGone);
        }
        self.revoke_all_of(Principal::ServiceAccount(id));
        self.events.push(Event::ServiceAccountDeleted { id, service_account });
        Ok(())
    }

    pub(super) fn create_key(
        &mut self,
        id: KeyId,
        service_account: ServiceAccountId,
        name: &Name,
        secret_hash: SecretHash,
        expires_at: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        self.require(Operation::WriteKeys, &Scope::Account)?;
        self.service_account(service_account)?;
        if let Some(at) = expires_at.filter(|at| *at <= self.now) {
            return Err(Refusal::Past { field: "expires_at", at });
        }
        if self.account.key(id).is_some() {
            return Err(Refusal::Taken { field: "id", value: id.to_string() });
        }
        let most = limits::KEYS_PER_SERVICE_ACCOUNT;
        if self.account.keys_of_service_account(service_account).count() >= most {
            return Err(Refusal::LimitReached { what: "management keys of one service account", most });
        }
        // Rule 1: whoever has the key acts with all that the service account was granted.
        self.covers_all_of(Principal::ServiceAccount(service_account))?;
        self.no_longer_than_own(expires_at)?;
        let made_by = self.actor.reference();
        let key =
            Key { service_account, name: name.clone(), secret_hash, expires_at, made_by, made_at: self.now };
        self.events.push(Event::KeyCreated { id, key });
        Ok(())
    }

    /// Rule 1 for the time that a key lasts: one that ends cannot make itself one that does not.
    fn no_longer_than_own(&self, expires_at: Option<Timestamp>) -> Result<(), Refusal> {
        let Actor::ServiceAccount { key, .. } = self.actor else { return Ok(()) };
        match self.account.key(key).and_then(|key| key.value.expires_at) {
            Some(until) if expires_at.is_none_or(|at| at > until) => Err(Refusal::KeyOutlasts { until }),
            _ => Ok(()),
        }
    }

    /// Needs the permission alone, whatever the key may do: ending a leaked key must never wait for somebody stronger.
    pub(super) fn delete_key(&mut self, id: KeyId) -> Result<(), Refusal> {
        self.require(Operation::DeleteKeys, &Scope::Account)?;
        self.account.key(id).ok_or(Refusal::NotFound { kind: "management key" })?;
        self.push_key_deleted(id, EndReason::Asked);
        Ok(())
    }

    fn push_key_deleted(&mut self, id: KeyId, reason: EndReason) {
        if let Some(key) = self.account.key(id) {
            let Key { service_account, name, .. } = key.value.clone();
            self.events.push(Event::KeyDeleted { id, service_account, name, reason });
        }
    }

    fn service_account(&self, id: ServiceAccountId) -> Result<ServiceAccount, Refusal> {
        let found = self.account.service_account(id).map(|found| found.value.clone());
        found.ok_or(Refusal::NotFound { kind: "service account" })
    }
}

impl super::Account {
    /// The management keys of a service account, in the order of their ids.
    pub fn keys_of_service_account(&self, id: ServiceAccountId) -> impl Iterator<Item = KeyId> {
        super::pairs_of(&self.keys_of, id, None)
    }
}
