//! An account from its events alone, for verification and for opening accounts with more than one decision.

use std::sync::Arc;

use super::Account;
use crate::catalog::Catalog;
use crate::ids::AccountId;

impl Account {
    /// The account before its first commit; [`Account::apply`] brings in one commit after the other.
    pub fn before_first_event(id: AccountId, catalog: Arc<Catalog>) -> Self {
        Self::empty(id, catalog)
    }

    /// How many entities the account has: a measure of its size.
    pub fn entity_count(&self) -> usize {
        1 + self.members.len()
            + self.invitations.len()
            + self.roles.len()
            + self.groups.len()
            + self.group_members.len()
            + self.nested.len()
            + self.grants.len()
            + self.projects.len()
            + self.resources.len()
            + self.service_accounts.len()
            + self.keys.len()
            + self.offers.len()
    }
}
