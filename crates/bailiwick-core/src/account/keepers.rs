//! Rule 2: roles of which it matters how many hold them. Some must keep a holder, some have one at most.

use std::collections::BTreeSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Account, Event, Grant, Principal, Refusal, RoleAtScope, RoleRef, Scope};
use crate::ids::{GrantId, Id, UserId};

impl Account {
    /// A role that must keep a holder, and had one, has one.
    pub(super) fn keeps_holders(&self, events: &[Event], after: &Account) -> Result<(), Refusal> {
        let mut at_risk: BTreeSet<(RoleRef, Scope)> = BTreeSet::new();
        for event in events {
            match event {
                Event::GrantRevoked { grant, .. } => at_risk.extend(self.keeper_of(grant)),
                Event::GrantExtended { id, .. } | Event::GrantNarrowed { id, .. } => {
                    at_risk.extend(self.grant(*id).and_then(|grant| self.keeper_of(&grant.value)));
                }
                Event::MemberDeactivated { user } | Event::MemberEndChanged { user, after: Some(_), .. } => {
                    at_risk.extend(self.keepers_reaching(Principal::Member(*user)));
                }
                Event::GroupMemberRemoved { group, .. } => {
                    at_risk.extend(self.keepers_reaching(Principal::Group(*group)));
                }
                _ => {}
            }
        }
        // Deleting the account, a project or a resource takes the role's scope away with its holders.
        let gone = |scope: &Scope| after.is_deleted() || after.scope_exists(scope).is_err();
        let lost = at_risk.into_iter().find(|(role, scope)| {
            !gone(scope) && self.has_holder(role, scope) && !after.has_holder(role, scope)
        });
        match lost {
            Some((role, scope)) => Err(Refusal::LastHolder { role, scope }),
            None => Ok(()),
        }
    }

    /// Roles that must keep a holder, with their scope, that a principal has by itself and through groups.
    fn keepers_reaching(&self, principal: Principal) -> impl Iterator<Item = (RoleRef, Scope)> {
        let grants = self.holders(principal).flat_map(|holder| self.grants_of(holder));
        grants.filter_map(|(_, grant)| self.keeper_of(&grant.value))
    }

    /// Role and scope of a grant, if the role must keep a holder.
    fn keeper_of(&self, grant: &Grant) -> Option<(RoleRef, Scope)> {
        self.is_keeper(&grant.role).then(|| (grant.role.clone(), grant.scope.clone()))
    }

    /// A role that only one member holds at a scope has at most one holder there.
    pub(super) fn has_single_holders(&self, events: &[Event], now: Timestamp) -> Result<(), Refusal> {
        for event in events {
            let (Event::GrantMade { id, .. } | Event::GrantExtended { id, .. }) = event else { continue };
            let Some(Grant { principal, role, scope, until, .. }) = self.grant(*id).map(|grant| &grant.value)
            else {
                continue;
            };
            if !self.built_in(role).is_some_and(|role| role.single_holder) {
                continue;
            }
            let grant = RoleAtScope { role: role.clone(), scope: scope.clone(), until: *until };
            let is_person = matches!(principal, Principal::Member(_));
            if !is_person || self.is_held_by_another(&grant, *principal, now) {
                return Err(Refusal::SingleHolder { role: grant.role });
            }
        }
        Ok(())
    }

    fn is_keeper(&self, role: &RoleRef) -> bool {
        self.built_in(role).is_some_and(|role| role.keeps_holder)
    }

    /// Whether it matters how many hold the role.
    pub(super) fn is_watched(&self, role: &RoleRef) -> bool {
        self.built_in(role).is_some_and(|role| role.keeps_holder || role.single_holder)
    }

    /// The grants of a watched role at exactly this scope.
    pub(super) fn watched_at(&self, role: &RoleRef, scope: &Scope) -> impl Iterator<Item = &Grant> {
        let from = (role.clone(), scope.clone(), GrantId::from_uuid(Uuid::nil()));
        let to = (role.clone(), scope.clone(), GrantId::from_uuid(Uuid::max()));
        self.watched.range(from..=to).filter_map(|(_, _, id)| self.grant(*id).map(|grant| &grant.value))
    }

    pub(crate) fn built_in(&self, role: &RoleRef) -> Option<&crate::catalog::BuiltInRole> {
        match role {
            RoleRef::BuiltIn(name) => self.catalog.role(name).and_then(|index| self.catalog.role_at(index)),
            RoleRef::Custom(_) => None,
        }
    }

    /// Whether an active member holds the role at exactly this scope, neither grant nor membership with an end.
    fn has_holder(&self, role: &RoleRef, scope: &Scope) -> bool {
        let mut grants = self.watched_at(role, scope);
        grants.any(|grant| grant.until.is_none() && self.reaches_lasting_member(grant.principal))
    }

    /// Whether a role that must keep a holder would lose the last one, if a member took over the grant of another.
    pub(super) fn loses_holder_to(&self, to: UserId, held: &Grant) -> bool {
        !self.is_lasting_member(to) && self.hangs_on(held)
    }

    /// Whether nobody else would hold a role that must keep a holder.
    pub(super) fn hangs_on(&self, held: &Grant) -> bool {
        let others = || {
            self.watched_at(&held.role, &held.scope).any(|grant| {
                grant.principal != held.principal
                    && grant.until.is_none()
                    && self.reaches_lasting_member(grant.principal)
            })
        };
        self.is_keeper(&held.role) && self.has_holder(&held.role, &held.scope) && !others()
    }

    fn reaches_lasting_member(&self, principal: Principal) -> bool {
        match principal {
            Principal::Member(user) => self.is_lasting_member(user),
            Principal::Group(group) => self.reaches_lasting_member_through(group),
            Principal::ServiceAccount(_) => false,
        }
    }
}
