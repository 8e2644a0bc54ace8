//! Who sees which members and invitations: the one answer for every list, page and question.

use smol_str::SmolStr;

use super::{Account, Actor, AllOf, Invitation, Principal, Scope};
use crate::access::Circumstances;
use crate::catalog::Operation;
use crate::ids::{ProjectId, UserId};

/// What is done to all of a project, or shows what is in it.
const IN_PROJECT: [Operation; 6] = [
    Operation::WriteProjects,
    Operation::DeleteProjects,
    Operation::ReadRoles,
    Operation::WriteRoles,
    Operation::WriteInvitations,
    Operation::WriteKeys,
];

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

    /// Whether the actor may look at a project.
    pub fn sees_project(&self, actor: Actor, id: ProjectId, circumstances: Circumstances<'_>) -> bool {
        self.authorize(actor, Operation::ReadAccount, &Scope::Project(id), circumstances).is_ok()
    }

    /// Whether the actor may name a project: they see it, hold something in it, or may do something to all of it. For others
    /// it does not exist, since external ids can be guessed.
    pub fn knows_project(&self, actor: Actor, id: ProjectId, circumstances: Circumstances<'_>) -> bool {
        let principal = actor.principal();
        let holds = || {
            let mut grants = self.holders(principal).flat_map(|holder| self.grants_of(holder));
            grants.any(|(_, grant)| {
                grant.value.is_live(circumstances.now) && self.lies_in(&grant.value.scope, id)
            })
        };
        let does = |operation: &Operation| {
            self.authorize(actor, *operation, &Scope::Project(id), circumstances).is_ok()
        };
        let registers = || {
            self.catalog.resource_types.iter().any(|of| {
                let all = AllOf { resource_type: SmolStr::new(&of.name), project: Some(id) };
                self.may(principal, of.write, &Scope::AllOf(all.into()), circumstances)
            })
        };
        self.sees_project(actor, id, circumstances) || holds() || IN_PROJECT.iter().any(does) || registers()
    }

    /// Whether a scope is a project or something in it.
    pub fn lies_in(&self, scope: &Scope, project: ProjectId) -> bool {
        match scope {
            Scope::Account => false,
            Scope::Project(id) => *id == project,
            Scope::AllOf(all) => all.project == Some(project),
            Scope::Resources(ids) => ids.iter().any(|id| self.project_of(*id) == Some(project)),
        }
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
