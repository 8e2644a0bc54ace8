//! Who sees which members and invitations: the one answer for every list, page and question.

use super::{Account, Actor, Invitation, Principal, Scope};
use crate::access::Circumstances;
use crate::catalog::Operation;
use crate::ids::UserId;

impl Account {
    /// The account for a caller of whom it is settled that they may see everything in it, whatever it says about them: an
    /// account as it was says who might see what *then*, and whoever may read its record now sees all of it.
    ///
    /// Nothing can be decided on it, so that it changes nothing.
    #[must_use]
    pub fn seen_whole(mut self) -> Self {
        self.is_seen_whole = true;
        self
    }

    /// Whether its own rules of who sees what are settled: see [`Account::seen_whole`].
    pub fn is_seen_whole(&self) -> bool {
        self.is_seen_whole
    }

    /// Whether the actor may see a member or somebody who is invited: it is themselves, or they may read members in the
    /// account or where this one holds something, through a group too, or is promised something.
    pub fn sees_member(&self, actor: Actor, user: UserId, circumstances: Circumstances<'_>) -> bool {
        let may = |scope: &Scope| self.authorize(actor, Operation::ReadMembers, scope, circumstances).is_ok();
        if actor.principal() == Principal::Member(user) || may(&Scope::Account) {
            return true;
        }
        let mut held = self.holders(Principal::Member(user)).flat_map(|holder| self.grants_of(holder));
        let promised = self.waiting_invitation(user).and_then(|id| self.invitation(id));
        held.any(|(_, grant)| may(&grant.value.scope))
            || promised.is_some_and(|found| found.value.grants.iter().any(|grant| may(&grant.scope)))
    }

    /// Whether the actor may see a principal: a member as above, a group if they may read members, a service account if they may
    /// read its keys.
    pub fn sees_principal(
        &self,
        actor: Actor,
        principal: Principal,
        circumstances: Circumstances<'_>,
    ) -> bool {
        match principal {
            Principal::Member(user) => self.sees_member(actor, user, circumstances),
            Principal::Group(_) => {
                self.authorize(actor, Operation::ReadMembers, &Scope::Account, circumstances).is_ok()
            }
            Principal::ServiceAccount(id) => {
                actor.principal() == principal
                    || self.may_on_service_account(actor, Operation::ReadKeys, id, circumstances)
            }
        }
    }

    /// Whether the actor may see an invitation: it is in their name, or they may read invitations in the account or
    /// wherever this one leads.
    pub fn sees_invitation(
        &self,
        actor: Actor,
        invitation: &Invitation,
        circumstances: Circumstances<'_>,
    ) -> bool {
        actor.principal() == Principal::Member(invitation.sponsor)
            || self.may_with_all_of(actor, Operation::ReadInvitations, invitation, circumstances)
    }

    /// Whether an actor may take an invitation back, for which they need not see it in lists.
    pub fn ends_invitation(
        &self,
        actor: Actor,
        invitation: &Invitation,
        circumstances: Circumstances<'_>,
    ) -> bool {
        self.may_with_all_of(actor, Operation::DeleteInvitations, invitation, circumstances)
    }

    fn may_with_all_of(
        &self,
        actor: Actor,
        operation: Operation,
        invitation: &Invitation,
        now: Circumstances<'_>,
    ) -> bool {
        let may = |scope: &Scope| self.authorize(actor, operation, scope, now).is_ok();
        let promised = &invitation.grants;
        let within = !promised.is_empty() && invitation.groups.is_empty();
        may(&Scope::Account) || (within && promised.iter().all(|grant| may(&grant.scope)))
    }
}
