//! Finding things in a catalog by name or position.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::model::Bindings;
use super::{
    BuiltInGroup, BuiltInRole, BuiltInRoleIndex, Catalog, MailFact, Operation, Permission, PermissionIndex,
    PermissionSet, ResourceType, ResourceTypeIndex,
};
use crate::policy::Validation;

/// Look-ups only: nothing iterates these maps, so their order never shows. The keys come from the operator's own
/// file, so a fixed seed is no way in for an attacker.
type Names<T> = HashMap<Box<str>, T, FixedState>;

/// Prebuilt maps from names; a name is looked up on every check, without allocating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Index {
    permissions: Names<PermissionIndex>,
    resource_types: Names<ResourceTypeIndex>,
    roles: Names<BuiltInRoleIndex>,
    bindings: Bindings,
    validation: Validation,
}

impl Index {
    pub(super) fn new(
        permissions: &[Permission],
        resource_types: &[ResourceType],
        roles: &[BuiltInRole],
        bindings: Bindings,
    ) -> Self {
        Self {
            permissions: names(permissions.iter().map(|permission| &permission.name), PermissionIndex::new),
            resource_types: names(resource_types.iter().map(|kind| &kind.name), |position| {
                u16::try_from(position).ok().map(ResourceTypeIndex)
            }),
            roles: names(roles.iter().map(|role| &role.name), |position| {
                u16::try_from(position).ok().map(BuiltInRoleIndex)
            }),
            bindings,
            validation: Validation::default(),
        }
    }
}

fn names<'c, T>(names: impl Iterator<Item = &'c String>, index: impl Fn(usize) -> Option<T>) -> Names<T> {
    names.enumerate().filter_map(|(position, name)| Some((name.as_str().into(), index(position)?))).collect()
}

impl Catalog {
    /// The permission of this name, for instance `write:clusters`. Wildcards are not names.
    #[inline]
    pub fn permission(&self, name: &str) -> Option<PermissionIndex> {
        self.index.permissions.get(name).copied()
    }

    /// The permission at a position, unless the index comes from another catalog.
    pub fn permission_at(&self, index: PermissionIndex) -> Option<&Permission> {
        self.permissions.get(index.position())
    }

    /// The name of a permission; empty if the index comes from another catalog.
    pub fn permission_name(&self, index: PermissionIndex) -> &str {
        self.permission_at(index).map_or("", |permission| permission.name.as_str())
    }

    /// The names of a set's permissions, in catalog order.
    pub fn permission_names(&self, set: PermissionSet) -> impl Iterator<Item = &str> {
        set.iter().map(|index| self.permission_name(index))
    }

    /// Every permission of the catalog.
    pub fn all_permissions(&self) -> PermissionSet {
        (0..self.permissions.len()).filter_map(PermissionIndex::new).collect()
    }

    /// The permissions to see, change and delete resources of a type and of the types below it; of all types when `None`.
    pub fn managing_permissions(&self, of: Option<ResourceTypeIndex>) -> PermissionSet {
        let is_below = |at: ResourceTypeIndex| {
            let parent = |at: &ResourceTypeIndex| self.resource_type_at(*at).and_then(|found| found.parent);
            std::iter::successors(Some(at), parent).any(|above| Some(above) == of)
        };
        let types = (0..).map(ResourceTypeIndex).zip(&self.resource_types);
        let types = types.filter(|(at, _)| of.is_none() || is_below(*at));
        types.flat_map(|(_, of)| [of.read, of.write, of.delete]).collect()
    }

    /// The set together with everything that it implies. What people tick and what they get differ by this.
    #[must_use]
    pub fn close(&self, set: PermissionSet) -> PermissionSet {
        set.iter()
            .filter_map(|index| self.permission_at(index))
            .fold(set, |closed, permission| closed.union(&permission.implies))
    }

    /// The resource type of this name, for instance `cluster`.
    #[inline]
    pub fn resource_type(&self, name: &str) -> Option<ResourceTypeIndex> {
        self.index.resource_types.get(name).copied()
    }

    /// The resource type at a position, unless the index comes from another catalog.
    pub fn resource_type_at(&self, index: ResourceTypeIndex) -> Option<&ResourceType> {
        self.resource_types.get(usize::from(index.0))
    }

    /// The built-in role of this name, for instance `admin`.
    #[inline]
    pub fn role(&self, name: &str) -> Option<BuiltInRoleIndex> {
        self.index.roles.get(name).copied()
    }

    /// The built-in role at a position, unless the index comes from another catalog.
    #[inline]
    pub fn role_at(&self, index: BuiltInRoleIndex) -> Option<&BuiltInRole> {
        self.roles.get(usize::from(index.0))
    }

    /// The built-in group of this name, for instance `auditors`.
    pub fn group(&self, name: &str) -> Option<&BuiltInGroup> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// A fact of an invitation's mail in the words of the catalog file, for instance `cluster.url`.
    pub fn mail_fact_name(&self, fact: MailFact) -> String {
        let of_type = |index, what| {
            self.resource_type_at(index).map_or(String::new(), |of| format!("{}.{what}", of.name))
        };
        match fact {
            MailFact::SignInUrl => "sign_in_url".to_owned(),
            MailFact::AccountId => "account_id".to_owned(),
            MailFact::ResourceId(index) => of_type(index, "id"),
            MailFact::ResourceUrl(index) => of_type(index, "url"),
        }
    }

    /// What checks the policies of accounts under this catalog.
    pub(crate) fn validation(&self) -> &Validation {
        &self.index.validation
    }

    /// The permission that one of Bailiwick's own operations asks for.
    #[inline]
    pub fn operation(&self, operation: Operation) -> PermissionIndex {
        self.index.bindings.permission(operation)
    }
}
