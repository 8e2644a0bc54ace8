//! Service accounts.

use bailiwick_client::wire;
use bailiwick_core::account::{KeyHolder, Principal};
use bailiwick_core::ids::ServiceAccountId;

use super::Views;
use super::role::count;

impl Views<'_> {
    /// A service account with what it holds.
    pub fn service_account(&self, id: ServiceAccountId) -> Option<wire::ServiceAccount> {
        let found = self.account.service_account(id)?;
        Some(wire::ServiceAccount {
            id: id.to_string(),
            name: found.value.name.to_string(),
            description: found.value.description.to_string(),
            external_id: found.value.external_id.as_ref().map(ToString::to_string),
            may_assert: found.value.may_assert.iter().map(ToString::to_string).collect(),
            roles: self.roles_held(Principal::ServiceAccount(id)),
            keys: count(self.account.keys_of(KeyHolder::ServiceAccount(id)).count()),
            revision: found.revision.0,
        })
    }
}
