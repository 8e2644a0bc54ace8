//! What questions cost of the work that is done for one page, known before they are asked.

use crate::account::{Account, Invitation, Principal, Scope};
use crate::catalog::{Operation, PermissionIndex};
use crate::ids::UserId;

impl Account {
    /// What one question for a permission costs: one, and one for each statement that names it.
    pub fn cost_of_asking(&self, permission: PermissionIndex) -> usize {
        1 + self.rules.as_ref().map_or(0, |rules| rules.statements_on(permission))
    }

    /// What it costs at most to ask for an operation in the whole account and at scopes, where a named resource is a question
    /// of its own; each is asked once more for the reason of a no.
    pub fn cost_of_authorizing<'s>(
        &self,
        operation: Operation,
        scopes: impl Iterator<Item = &'s Scope>,
    ) -> usize {
        let questions = scopes.map(|scope| match scope {
            Scope::Resources(ids) => ids.len(),
            Scope::Account | Scope::Project(_) | Scope::AllOf(_) => 1,
        });
        let cost = 2 * self.cost_of_asking(self.permission_for(operation));
        questions.fold(1_usize, usize::saturating_add).saturating_mul(cost)
    }

    /// What it costs at most to find out whether somebody sees a member.
    pub fn cost_of_seeing_member(&self, user: UserId) -> usize {
        self.cost_of_authorizing(Operation::ReadMembers, self.scopes_of_member(user))
    }

    /// What it costs at most to find out whether somebody sees an invitation.
    pub fn cost_of_seeing_invitation(&self, invitation: &Invitation) -> usize {
        let scopes = invitation.grants.iter().map(|grant| &grant.scope);
        self.cost_of_authorizing(Operation::ReadInvitations, scopes)
    }

    /// Where a member holds something, through groups too, or is promised something: where it is asked who sees them.
    pub fn scopes_of_member(&self, user: UserId) -> impl Iterator<Item = &Scope> {
        let held = self.holders(Principal::Member(user)).flat_map(|holder| self.grants_of(holder));
        let promised = self.waiting_invitation(user).and_then(|id| self.invitation(id));
        let promised = promised.into_iter().flat_map(|found| found.value.grants.iter());
        held.map(|(_, grant)| &grant.value.scope).chain(promised.map(|grant| &grant.scope))
    }
}
