//! An account from its events alone, for verification and for opening accounts with more than one decision.

use std::sync::Arc;

use super::Account;
use crate::catalog::Catalog;
use crate::ids::{AccountId, Revision};

impl Account {
    /// The account before its first commit; [`Account::apply`] brings in one commit after the other.
    pub fn before_first_event(id: AccountId, catalog: Arc<Catalog>) -> Self {
        Self::empty(id, catalog)
    }

    /// Applies one event of the commit that made a revision; commits come in their order, and those whose events only record
    /// may be left out.
    pub fn replay_event(&mut self, revision: Revision, event: &super::Event) {
        self.revision = revision;
        self.evolve(event);
    }

    /// The account at this revision after [`Account::replay_event`]; the last event that was applied did not have to reach it,
    /// since later ones up to it only recorded.
    #[must_use]
    pub fn at_revision(mut self, revision: Revision) -> Self {
        self.revision = revision;
        self.rewrite_rules();
        self
    }

    /// How many entities the account has: a measure of its size.
    pub fn entity_count(&self) -> usize {
        1 + self.members.len()
            + self.member_ends.len()
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
            + self.member_attributes.len()
            + self.policies.len()
    }
}
