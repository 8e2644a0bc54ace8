//! Grants: who has which role where, and until when.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::decide::Decision;
use super::entities::later;
use super::giver::Grantee;
use super::weight::width_of;
use super::{
    Account, ActorRef, EndReason, Event, Grant, InvitationStatus, MemberStatus, Principal, Refusal,
    RoleAtScope, RoleRef, Scope,
};
use crate::catalog::{Operation, RolesPerMember};
use crate::ids::{GrantId, Id, UserId};
use crate::limits;
use crate::policy::Subject;

impl Decision<'_> {
    pub(super) fn grant(&mut self, principal: Principal, grant: &RoleAtScope) -> Result<(), Refusal> {
        self.principal_exists(principal)?;
        let asked = RoleAtScope::distinct(std::slice::from_ref(grant));
        let grant = asked.first().unwrap_or(grant);
        self.may_give(grant, &Grantee::of(self.account, principal))?;
        match self.account.same_grant(principal, grant) {
            Some((_, before)) if before == grant.until => {
                Err(Refusal::AlreadySo { what: "the role is granted there" })
            }
            Some((id, before)) => {
                self.events.push(Event::GrantExtended { id, principal, before, after: grant.until });
                Ok(())
            }
            None => self.add_grants(principal, std::slice::from_ref(grant)),
        }
    }

    pub(super) fn revoke_grant(&mut self, id: GrantId) -> Result<(), Refusal> {
        let grant = self.account.grant(id).ok_or(Refusal::NotFound { kind: "grant" })?.value.clone();
        self.may_take(&grant)?;
        let has_one_role = self.account.catalog.rules.roles_per_member == RolesPerMember::One;
        if has_one_role && matches!(grant.principal, Principal::Member(_)) && grant.scope == Scope::Account {
            return Err(Refusal::OneRole);
        }
        self.push_revoked(id, grant, EndReason::Asked);
        Ok(())
    }

    pub(super) fn set_member_roles(&mut self, user: UserId, roles: &[RoleRef]) -> Result<(), Refusal> {
        // The operation is settled before any difference is looked at, so that nothing is disclosed.
        self.require(Operation::WriteRoles, &Scope::Account)?;
        self.member(user)?;
        if roles.len() > limits::GRANTS_PER_COMMAND {
            return Err(Refusal::LimitReached {
                what: "roles in one request",
                most: limits::GRANTS_PER_COMMAND,
            });
        }
        let principal = Principal::Member(user);
        let grantee = Grantee::of(self.account, principal);
        let newcomer = self.account.newcomer_role();
        let wanted: BTreeSet<&RoleRef> =
            roles.iter().filter(|role| Some(*role) != newcomer.as_ref()).collect();
        if self.account.catalog.rules.roles_per_member == RolesPerMember::One && wanted.len() != 1 {
            return Err(Refusal::OneRole);
        }
        let held: Vec<(GrantId, Grant)> = self.account.account_level_grants(user);
        for (id, grant) in &held {
            if !wanted.contains(&grant.role) {
                self.may_take(grant)?;
                self.push_revoked(*id, grant.clone(), EndReason::Asked);
            }
        }
        for role in wanted {
            let grant = RoleAtScope { role: role.clone(), scope: Scope::Account, until: None };
            match held.iter().find(|(_, grant)| grant.role == *role) {
                Some((_, held)) if held.is_live(self.now) => {}
                Some((id, held)) => {
                    self.may_give(&grant, &grantee)?;
                    let (id, before) = (*id, held.until);
                    self.events.push(Event::GrantExtended { id, principal, before, after: None });
                }
                None => {
                    self.may_give(&grant, &grantee)?;
                    self.room_for(principal, std::slice::from_ref(&grant))?;
                    self.push_made(principal, &grant);
                }
            }
        }
        if self.events.is_empty() {
            Err(Refusal::AlreadySo { what: "the member has these roles" })
        } else {
            Ok(())
        }
    }

    /// Whether the actor may grant this: the role exists at that level, the scope exists, and rule 1.
    pub(super) fn may_give(&self, grant: &RoleAtScope, grantee: &Grantee) -> Result<(), Refusal> {
        self.account.grantable(grant, self.now)?;
        self.require_all_over(Operation::WriteRoles, &grant.scope)?;
        self.giver.covers_role(grant, None, grantee)?;
        match grantee {
            Grantee::One(Subject { principal: Principal::ServiceAccount(id), .. }) => {
                self.giver.covers_asking(&self.account.permissions_of(&grant.role), *id)
            }
            Grantee::One(_) | Grantee::Users(_) | Grantee::Anyone => Ok(()),
        }
    }

    /// Whether the actor may take this grant away: it is not above them.
    pub(super) fn may_take(&self, grant: &Grant) -> Result<(), Refusal> {
        self.require_all_over(Operation::WriteRoles, &grant.scope)?;
        self.reaches_grant(grant)
    }

    /// Grants to a principal what it does not have yet or has for less long, in the actor's name. The caller has checked
    /// that the actor may give each of them.
    pub(super) fn add_grants(&mut self, principal: Principal, grants: &[RoleAtScope]) -> Result<(), Refusal> {
        self.room_for(principal, grants)?;
        for grant in grants {
            match self.account.same_grant(principal, grant) {
                Some((id, before)) if later(before, grant.until) != before => {
                    self.events.push(Event::GrantExtended { id, principal, before, after: grant.until });
                }
                Some(_) => {}
                None => {
                    for (id, old) in self.account.replaced_by(principal, grant) {
                        self.may_take(&old)?;
                        self.push_revoked(id, old, EndReason::Replaced);
                    }
                    self.push_made(principal, grant);
                }
            }
        }
        Ok(())
    }

    /// Whether the account and the principal take so many grants more.
    pub(super) fn room_for(&self, principal: Principal, grants: &[RoleAtScope]) -> Result<(), Refusal> {
        let present =
            self.account.grants_of(principal).map(|(_, grant)| grant.value.scope.width()).sum::<usize>();
        let added = width_of(grants);
        if present + added > limits::GRANTS_PER_PRINCIPAL {
            return Err(Refusal::LimitReached {
                what: "grants of one principal",
                most: limits::GRANTS_PER_PRINCIPAL,
            });
        }
        if self.account.grants.len() + grants.len() > limits::GRANTS {
            return Err(Refusal::LimitReached { what: "grants", most: limits::GRANTS });
        }
        Ok(())
    }

    pub(super) fn push_made(&mut self, principal: Principal, grant: &RoleAtScope) {
        self.push_made_by(self.actor.reference(), principal, grant);
    }

    pub(super) fn push_made_by(&mut self, made_by: ActorRef, principal: Principal, grant: &RoleAtScope) {
        let RoleAtScope { role, scope, until } = grant.clone();
        let grant = Grant { principal, role, scope, until, made_by, made_at: self.now, told: false };
        let id = self.take_id();
        self.events.push(Event::GrantMade { id, grant });
    }

    pub(super) fn push_revoked(&mut self, id: GrantId, grant: Grant, reason: EndReason) {
        self.events.push(Event::GrantRevoked { id, grant, reason });
    }

    /// Takes everything back that a principal was granted, because the principal goes away.
    pub(super) fn revoke_all_of(&mut self, principal: Principal) {
        let grants: Vec<_> =
            self.account.grants_of(principal).map(|(id, grant)| (id, grant.value.clone())).collect();
        for (id, grant) in grants {
            self.push_revoked(id, grant, EndReason::SubjectGone);
        }
    }

    fn principal_exists(&self, principal: Principal) -> Result<(), Refusal> {
        let known = match principal {
            Principal::Member(user) => return self.member(user).map(|_| ()),
            Principal::Group(id) => self.account.group(id).map(|_| ()).ok_or("group"),
            Principal::ServiceAccount(id) => {
                self.account.service_account(id).map(|_| ()).ok_or("service account")
            }
        };
        known.map_err(|kind| Refusal::NotFound { kind })
    }

    /// Ends or narrows the grants that name a resource which goes away.
    pub(super) fn forget_resource(&mut self, resource: crate::ids::ResourceId) {
        if !self.account.index.is_named(resource.uuid()) {
            return;
        }
        let naming: Vec<(GrantId, Grant)> = self
            .account
            .grants_after(None)
            .filter(
                |(_, grant)| matches!(&grant.value.scope, Scope::Resources(ids) if ids.contains(&resource)),
            )
            .map(|(id, grant)| (id, grant.value.clone()))
            .collect();
        for (id, grant) in naming {
            if grant.scope.width() == 1 {
                self.push_revoked(id, grant, EndReason::SubjectGone);
            } else {
                self.events.push(Event::GrantNarrowed { id, principal: grant.principal, resource });
            }
        }
    }
}

impl Account {
    /// The role that every active member has without a grant.
    pub fn newcomer_role(&self) -> Option<RoleRef> {
        let role = self.catalog.rules.newcomer.and_then(|index| self.catalog.role_at(index));
        role.map(|role| RoleRef::BuiltIn(role.name.as_str().into()))
    }

    /// Whether a role at a scope makes sense here, whoever gives it.
    ///
    /// # Errors
    /// The [`Refusal`] that says what is wrong with it.
    pub(super) fn grantable(&self, grant: &RoleAtScope, now: Timestamp) -> Result<(), Refusal> {
        let level = self.role_level(&grant.role).ok_or(Refusal::NotFound { kind: "role" })?;
        if self.newcomer_role().as_ref() == Some(&grant.role) {
            return Err(Refusal::NewcomerRole { role: grant.role.clone() });
        }
        if self.built_in(&grant.role).is_some_and(|role| role.handed_over) {
            return Err(Refusal::HandedOver { role: grant.role.clone() });
        }
        self.scope_exists(&grant.scope)?;
        if level != grant.scope.level() {
            return Err(Refusal::WrongLevel { role: grant.role.clone(), level });
        }
        match grant.until {
            Some(at) if at.as_microsecond() <= now.as_microsecond() => {
                Err(Refusal::Past { field: "until", at })
            }
            _ => Ok(()),
        }
    }

    /// Whether what a scope names exists.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::UnknownResourceType`], [`Refusal::EmptyScope`] or [`Refusal::LimitReached`].
    pub fn scope_exists(&self, scope: &Scope) -> Result<(), Refusal> {
        let project = |id| self.project(id).map(|_| ()).ok_or(Refusal::NotFound { kind: "project" });
        match scope {
            Scope::Account => Ok(()),
            Scope::Project(id) => project(*id),
            Scope::AllOf(all) => {
                if self.catalog.resource_type(&all.resource_type).is_none() {
                    return Err(Refusal::UnknownResourceType {
                        resource_type: all.resource_type.to_string(),
                    });
                }
                all.project.map_or(Ok(()), project)
            }
            Scope::Resources(ids) if ids.is_empty() => Err(Refusal::EmptyScope),
            Scope::Resources(ids) if ids.len() > limits::RESOURCES_PER_SCOPE => Err(Refusal::LimitReached {
                what: "resources in one scope",
                most: limits::RESOURCES_PER_SCOPE,
            }),
            Scope::Resources(ids) => {
                if ids.iter().all(|id| self.resources.contains_key(id)) {
                    Ok(())
                } else {
                    Err(Refusal::NotFound { kind: "resource" })
                }
            }
        }
    }

    /// The principal's grant of the same role at the same scope, with its end.
    pub(super) fn same_grant(
        &self,
        principal: Principal,
        grant: &RoleAtScope,
    ) -> Option<(GrantId, Option<Timestamp>)> {
        self.grants_of(principal)
            .find(|(_, other)| other.value.role == grant.role && other.value.scope == grant.scope)
            .map(|(id, other)| (id, other.value.until))
    }

    /// The member's own grants of account-level roles.
    pub(super) fn account_level_grants(&self, user: UserId) -> Vec<(GrantId, Grant)> {
        self.grants_of(Principal::Member(user))
            .filter(|(_, grant)| grant.value.scope == Scope::Account)
            .map(|(id, grant)| (id, grant.value.clone()))
            .collect()
    }

    /// Where members have one role, the account-level grants that another one replaces.
    pub(super) fn replaced_by(&self, principal: Principal, grant: &RoleAtScope) -> Vec<(GrantId, Grant)> {
        match principal {
            Principal::Member(user)
                if self.catalog.rules.roles_per_member == RolesPerMember::One
                    && grant.scope == Scope::Account =>
            {
                self.account_level_grants(user)
            }
            _ => Vec::new(),
        }
    }

    /// Whether somebody else holds a role there that only one member holds.
    pub(super) fn is_held_by_another(
        &self,
        grant: &RoleAtScope,
        principal: Principal,
        now: Timestamp,
    ) -> bool {
        let single = self.built_in(&grant.role).is_some_and(|role| role.single_holder);
        single
            && self
                .watched_at(&grant.role, &grant.scope)
                .any(|held| held.principal != principal && held.is_live(now))
    }

    /// The waiting invitations that promise a role.
    pub(super) fn invitations_naming(
        &self,
        role: &RoleRef,
    ) -> impl Iterator<Item = (crate::ids::InvitationId, &super::Invitation)> {
        let waiting =
            self.waiting.values().filter_map(|id| self.invitation(*id).map(|found| (*id, &found.value)));
        waiting.filter(move |(_, invitation)| {
            invitation.status == InvitationStatus::Pending
                && invitation.grants.iter().any(|grant| grant.role == *role)
        })
    }
}

impl Decision<'_> {
    /// The status of a member who has accepted.
    ///
    /// # Errors
    /// [`Refusal::MemberPending`] before acceptance, [`Refusal::NotFound`] for strangers.
    pub(super) fn member(&self, user: UserId) -> Result<MemberStatus, Refusal> {
        match self.account.member_status_at(user, self.now) {
            Some(MemberStatus::Pending) => Err(Refusal::MemberPending { user }),
            Some(status) => Ok(status),
            None => Err(Refusal::NotFound { kind: "member" }),
        }
    }
}
