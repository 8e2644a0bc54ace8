//! Roles and grants.

use std::collections::{BTreeMap, BTreeSet};

use bailiwick_client::wire;
use bailiwick_core::account::{ActorRef, Grant, Principal, RoleRef};
use bailiwick_core::catalog::{BuiltInRole, Level};
use bailiwick_core::ids::{GrantId, UserId};

use super::{Views, level, scope};

impl Views<'_> {
    /// A role, built-in or custom.
    pub fn role(&self, role: &RoleRef) -> Option<wire::Role> {
        self.roles(std::slice::from_ref(role)).pop()
    }

    /// Several roles, in the given order; those that do not exist are left out.
    pub fn roles(&self, roles: &[RoleRef]) -> Vec<wire::Role> {
        let holders = self.holders(roles);
        let holders = |role: &RoleRef| holders.get(role).copied().unwrap_or(0);
        roles.iter().filter_map(|role| self.shown_role(role, holders(role))).collect()
    }

    fn shown_role(&self, role: &RoleRef, holders: u64) -> Option<wire::Role> {
        match role {
            RoleRef::BuiltIn(name) => {
                let catalog = self.account.catalog();
                let found = catalog.role(name).and_then(|index| catalog.role_at(index))?;
                Some(self.built_in_role(found, holders))
            }
            RoleRef::Custom(id) => {
                let found = self.account.role(*id)?;
                Some(wire::Role {
                    id: id.to_string(),
                    name: found.value.name.to_string(),
                    description: found.value.description.to_string(),
                    level: level(found.value.level),
                    built_in: false,
                    permissions: found.value.permissions.iter().map(ToString::to_string).collect(),
                    holders,
                    external_id: found.value.external_id.as_ref().map(ToString::to_string),
                    revision: found.revision.0,
                })
            }
        }
    }

    fn built_in_role(&self, role: &BuiltInRole, holders: u64) -> wire::Role {
        wire::Role {
            id: role.name.clone(),
            name: role.title.clone(),
            description: role.description.clone(),
            level: level(role.level),
            built_in: true,
            permissions: self.permissions(role.permissions),
            holders,
            external_id: None,
            revision: 0,
        }
    }

    /// How many principals hold each of the roles. At the level of the account a principal has a role once, so the number of
    /// grants is the answer; only for the others the grants are walked, once for all of them.
    fn holders(&self, roles: &[RoleRef]) -> BTreeMap<RoleRef, u64> {
        let uses = |role: &RoleRef| count(self.account.uses_of(role));
        let mut holders: BTreeMap<RoleRef, u64> =
            roles.iter().map(|role| (role.clone(), uses(role))).collect();
        let mut distinct: BTreeMap<&RoleRef, BTreeSet<Principal>> = roles
            .iter()
            .filter(|role| self.account.role_level(role) != Some(Level::Account) && uses(role) > 1)
            .map(|role| (role, BTreeSet::new()))
            .collect();
        if !distinct.is_empty() {
            for (_, grant) in self.account.grants_after(None) {
                if let Some(principals) = distinct.get_mut(&grant.value.role) {
                    principals.insert(grant.value.principal);
                }
            }
        }
        for (role, principals) in distinct {
            holders.insert(role.clone(), count(principals.len()));
        }
        holders
    }

    /// A grant.
    pub fn grant(&self, id: GrantId) -> Option<wire::Grant> {
        let found = self.account.grant(id)?;
        let Grant { principal, role, scope: at, until, made_by, made_at, .. } = &found.value;
        Some(wire::Grant {
            id: id.to_string(),
            principal: self.principal(*principal),
            role: role.to_string(),
            title: self.role_title(role),
            scope: scope(at),
            until: *until,
            made_by: self.actor(*made_by),
            made_at: *made_at,
            revision: found.revision.0,
        })
    }
}

/// Who must be looked up to show a grant.
pub fn people_of_grant(grant: &Grant) -> impl Iterator<Item = UserId> + use<> {
    let holder = match grant.principal {
        Principal::Member(user) => Some(user),
        Principal::Group(_) | Principal::ServiceAccount(_) => None,
    };
    holder.into_iter().chain(person_behind(grant.made_by))
}

/// The person behind a recorded actor.
pub fn person_behind(actor: ActorRef) -> Option<UserId> {
    match actor {
        ActorRef::User(user) => Some(user),
        ActorRef::ServiceAccount(_) | ActorRef::System => None,
    }
}

/// A number of things in memory, as a number on the wire.
pub fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
