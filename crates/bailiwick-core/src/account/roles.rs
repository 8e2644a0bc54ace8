//! Custom roles: create, edit, delete.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::decide::Decision;
use super::entities::later;
use super::giver::Grantee;
use super::{
    Account, EndReason, Event, Patch, Principal, Refusal, Role, RoleAtScope, RoleRef, RoleSpec, Scope, Taken,
};
use crate::catalog::{Catalog, MAX_PERMISSIONS, Operation, PermissionSet};
use crate::ids::RoleId;
use crate::limits;
use crate::values::{self, Description, ExternalId, RoleName};

/// How many holders of a role are judged one by one when it is edited; more are judged as whoever they may be.
const HOLDERS_ONE_BY_ONE: usize = 16;

impl Decision<'_> {
    pub(super) fn create_role(&mut self, spec: &RoleSpec) -> Result<(), Refusal> {
        self.require(Operation::WriteRoles, &Scope::Account)?;
        self.custom_roles_exist()?;
        if self.account.roles.len() >= limits::ROLES {
            return Err(Refusal::LimitReached { what: "custom roles", most: limits::ROLES });
        }
        self.free_role_name(None, &spec.name)?;
        self.free_role_external_id(None, spec.external_id.as_ref())?;
        let permissions = self.known(&spec.permissions)?;
        // Nobody has it yet but whoever made it could: each grant of it is judged by itself.
        let own = Grantee::of(self.basis(), self.actor.principal());
        self.giver.covers(&permissions, &Scope::Account, None, &own)?;
        let role = Role {
            name: spec.name.clone(),
            description: spec.description.clone(),
            level: spec.level,
            permissions: names(&self.account.catalog, &permissions),
            external_id: spec.external_id.clone(),
        };
        let id = self.take_id();
        self.events.push(Event::RoleCreated { id, role });
        Ok(())
    }

    pub(super) fn edit_role(
        &mut self,
        id: RoleId,
        name: Option<&RoleName>,
        description: Option<&Description>,
        permissions: Option<&[SmolStr]>,
        external_id: &Patch<ExternalId>,
    ) -> Result<(), Refusal> {
        self.require(Operation::WriteRoles, &Scope::Account)?;
        let before = self.account.role(id).ok_or(Refusal::NotFound { kind: "role" })?.value.clone();
        // A role stands for its permissions wherever it is granted, so it is judged at the account like a new one.
        let holders = self.account.holders_of(&RoleRef::Custom(id), self.actor.principal());
        self.reaches_role_of(id, &holders)?;
        let mut after = before.clone();
        if let Some(name) = name {
            if name.folded() != before.name.folded() {
                self.free_role_name(Some(id), name)?;
            }
            after.name = name.clone();
        }
        if let Some(description) = description {
            after.description = description.clone();
        }
        if let Some(permissions) = permissions {
            let permissions = self.known(permissions)?;
            let held = self.account.permissions_of(&RoleRef::Custom(id));
            if permissions != held {
                self.may_wherever_granted(Operation::WriteRoles, id)?;
            }
            // Rule 1 for what is added: the holders gain it wherever the role is granted.
            let added = permissions.difference(&held);
            let mut holders = holders.iter();
            holders.try_for_each(|holder| self.giver.covers(&added, &Scope::Account, None, holder))?;
            let has_role = |machine| {
                let mut grants = self.account.grants_of(Principal::ServiceAccount(machine));
                grants.any(|(_, grant)| grant.value.role == RoleRef::Custom(id))
            };
            self.giver.covers_asking_of(&added, has_role)?;
            after.permissions = names(&self.account.catalog, &permissions);
        }
        after.external_id = external_id.apply(before.external_id.as_ref());
        if after.external_id != before.external_id {
            self.free_role_external_id(Some(id), after.external_id.as_ref())?;
        }
        if after == before {
            return Err(Refusal::Nothing);
        }
        self.events.push(Event::RoleEdited { id, before, after });
        Ok(())
    }

    pub(super) fn delete_role(&mut self, id: RoleId, reassign_to: Option<&RoleRef>) -> Result<(), Refusal> {
        self.require(Operation::DeleteRoles, &Scope::Account)?;
        let role = self.account.role(id).ok_or(Refusal::NotFound { kind: "role" })?.value.clone();
        let reference = RoleRef::Custom(id);
        let holders = self.account.holders_of(&reference, self.actor.principal());
        self.reaches_role_of(id, &holders)?;
        self.may_wherever_granted(Operation::DeleteRoles, id)?;
        let grants = self.account.uses_of(&reference);
        let invitations = self.account.invitations_naming(&reference).count();
        match reassign_to {
            None if grants + invitations > 0 => return Err(Refusal::RoleInUse { grants, invitations }),
            None => {}
            Some(other) if *other == reference => return Err(Refusal::Nothing),
            Some(other) => {
                // Also where nobody has the role, or a slip in the other one's name would go unnoticed.
                self.account.role_level(other).ok_or(Refusal::NotFound { kind: "role" })?;
                self.reassign(&reference, other)?;
            }
        }
        self.events.push(Event::RoleDeleted { id, role });
        Ok(())
    }

    /// No policy forbids an operation in a place where a role is granted, since that is where it gives or takes.
    fn may_wherever_granted(&self, operation: Operation, id: RoleId) -> Result<(), Refusal> {
        let role = RoleRef::Custom(id);
        self.giver.may_at_each(operation, self.account.places_of_role(&role, self.now))
    }

    fn reaches_role_of(&self, id: RoleId, holders: &[Grantee]) -> Result<(), Refusal> {
        holders.iter().try_for_each(|of| self.reaches_role(&RoleRef::Custom(id), &Scope::Account, of))
    }

    /// Gives every holder of a role another one at the same scope and until the same end.
    fn reassign(&mut self, from: &RoleRef, to: &RoleRef) -> Result<(), Refusal> {
        let held: Vec<_> = self
            .account
            .grants_after(None)
            .filter(|(_, grant)| grant.value.role == *from)
            .map(|(id, grant)| (id, grant.value.clone()))
            .collect();
        for (id, grant) in held {
            let next = RoleAtScope { role: to.clone(), scope: grant.scope.clone(), until: grant.until };
            let principal = grant.principal;
            let live = grant.until.is_none_or(|end| end > self.now);
            self.push_revoked(id, grant, EndReason::Replaced);
            if live {
                self.may_give(&next, &Grantee::of(self.account, principal))?;
                match self.account.same_grant(principal, &next) {
                    None => self.push_made(principal, &next),
                    // Whoever has the other role there already keeps it for the longer of the two times.
                    Some((id, before)) if later(before, next.until) != before => {
                        let after = next.until;
                        self.events.push(Event::GrantExtended { id, principal, before, after });
                    }
                    Some(_) => {}
                }
            }
        }
        let promised = self.account.invitations_naming(from);
        let promised: Vec<_> = promised.map(|(id, found)| (id, found.clone())).collect();
        for (id, invitation) in promised {
            let before = invitation.grants.clone();
            let grantee = Grantee::One(self.account.invited(&invitation));
            let mut after = before.clone();
            for grant in after.iter_mut().filter(|grant| grant.role == *from) {
                grant.role = to.clone();
                // A promise whose time or place has gone is withheld at acceptance whatever its role.
                let is_past = grant.until.is_some_and(|end| end <= self.now);
                if !is_past && self.account.scope_exists(&grant.scope).is_ok() {
                    self.may_give(grant, &grantee)?;
                }
            }
            let after = RoleAtScope::distinct(&after);
            self.events.push(Event::InvitationEdited { id, before, after });
        }
        Ok(())
    }

    fn custom_roles_exist(&self) -> Result<(), Refusal> {
        if self.account.catalog.rules.custom_roles { Ok(()) } else { Err(Refusal::NoCustomRoles) }
    }

    /// A name that no other role is called by. References to roles are external ids, names of built-in roles and names alike,
    /// so none of them may stand for what is another role's.
    fn free_role_name(&self, own: Option<RoleId>, name: &RoleName) -> Result<(), Refusal> {
        let folded = name.folded();
        let called_so = self.account.roles_after(None).any(|(id, role)| {
            let external_id = role.value.external_id.as_ref();
            Some(id) != own && external_id.is_some_and(|text| values::folded(text.as_str()) == folded)
        });
        if called_so || self.is_built_in_role(&folded) {
            return Err(Refusal::Taken { field: "name", value: name.to_string() });
        }
        self.free(Taken::RoleName, "name", &folded)
    }

    fn free_role_external_id(&self, own: Option<RoleId>, value: Option<&ExternalId>) -> Result<(), Refusal> {
        let Some(external_id) = value else { return Ok(()) };
        let folded = values::folded(external_id.as_str());
        let named_so =
            self.account.taken_by::<RoleId>(Taken::RoleName, &folded).filter(|id| Some(*id) != own);
        if named_so.is_some() || self.is_built_in_role(&folded) {
            return Err(Refusal::Taken { field: "external id", value: external_id.to_string() });
        }
        self.free_external_id(Taken::Role, value)
    }

    fn is_built_in_role(&self, folded: &SmolStr) -> bool {
        let mut roles = self.account.catalog.roles.iter();
        roles.any(|role| values::folded(&role.title) == *folded || values::folded(&role.name) == *folded)
    }

    /// Names as permissions, with what they imply (Q11: the server adds it whatever the client ticked).
    fn known(&self, permissions: &[SmolStr]) -> Result<PermissionSet, Refusal> {
        let catalog = &self.account.catalog;
        if permissions.len() > MAX_PERMISSIONS {
            return Err(Refusal::LimitReached { what: "permissions in one role", most: MAX_PERMISSIONS });
        }
        let found: Result<PermissionSet, Refusal> = permissions
            .iter()
            .map(|name| {
                let unknown = || Refusal::UnknownPermission { permission: name.to_string() };
                catalog.permission(name).ok_or_else(unknown)
            })
            .collect();
        let found = found?;
        if found.is_empty() { Err(Refusal::EmptyRole) } else { Ok(catalog.close(found)) }
    }

    /// A name or external id that nothing else in the account has.
    pub(super) fn free(&self, kind: Taken, field: &'static str, value: &SmolStr) -> Result<(), Refusal> {
        if self.account.taken.contains_key(&(kind, value.clone())) {
            Err(Refusal::Taken { field, value: value.to_string() })
        } else {
            Ok(())
        }
    }

    /// An external id that nothing of the kind has and that is not taken for somebody's email address. A member may have
    /// one of that form, since control planes call people so; the service sees to it that it is their own.
    pub(super) fn free_external_id(&self, kind: Taken, value: Option<&ExternalId>) -> Result<(), Refusal> {
        let Some(value) = value else { return Ok(()) };
        if !matches!(kind, Taken::Member | Taken::Resource) && value.as_str().contains('@') {
            return Err(Refusal::EmailAsExternalId { value: value.to_string() });
        }
        self.free(kind, "external id", &SmolStr::new(value.as_str()))
    }
}

impl Account {
    /// Those to whom an edit of a role gives what it adds: while nobody has it, whoever edits it.
    fn holders_of(&self, role: &RoleRef, by: Principal) -> Vec<Grantee> {
        // Without policies it makes no difference, so that nobody looks for them.
        if !self.has_policies() {
            return vec![Grantee::Anyone];
        }
        let grants = self.grants_after(None).map(|(_, grant)| &grant.value);
        let holders: BTreeSet<Principal> =
            grants.filter(|grant| grant.role == *role).map(|grant| grant.principal).collect();
        let invited = self.invitations_naming(role).map(|(_, invitation)| invitation);
        let invited: Vec<_> = invited.take(HOLDERS_ONE_BY_ONE + 1).collect();
        match holders.len() + invited.len() {
            0 => vec![Grantee::of(self, by)],
            1..=HOLDERS_ONE_BY_ONE => {
                let holders = holders.into_iter().map(|holder| Grantee::of(self, holder));
                let invited = invited.into_iter().map(|invitation| Grantee::One(self.invited(invitation)));
                holders.chain(invited).collect()
            }
            _ if holders.iter().any(|holder| matches!(holder, Principal::ServiceAccount(_))) => {
                vec![Grantee::Anyone]
            }
            _ => vec![Grantee::Users(Vec::new())],
        }
    }
}

fn names(catalog: &Catalog, permissions: &PermissionSet) -> Vec<SmolStr> {
    permissions.iter().map(|index| SmolStr::new(catalog.permission_name(index))).collect()
}
