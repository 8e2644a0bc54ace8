//! What a change of catalog does to an account: what stands in the way, and the events that rename.
//!
//! Rows and events name roles, permissions, resource types and built-in groups of the catalog. What the new catalog does not
//! name would be held by nobody from one moment to the next, unseen; so it is said before, and renamed where it is only
//! called differently.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;
use uuid::Uuid;

use super::entities::later;
use super::{
    Account, AllOf, Bearer, BearingResource, EndReason, Event, FormerBearer, Grant, InvitationStatus, Policy,
    Principal, Resource, Role, RoleAtScope, RoleRef, Scope, Versioned,
};
use crate::access::Searched;
use crate::catalog::{Catalog, Operation, PermissionSet};
use crate::ids::{GrantId, Id, PolicyId, ResourceId};
use crate::policy;
use crate::values::ExternalId;

/// What is called differently in the new catalog: old names with the new ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renames {
    /// Built-in roles.
    pub roles: BTreeMap<SmolStr, SmolStr>,
    /// Permissions.
    pub permissions: BTreeMap<SmolStr, SmolStr>,
    /// Resource types.
    pub resource_types: BTreeMap<SmolStr, SmolStr>,
    /// Built-in groups, by the external id that they have in accounts.
    pub groups: BTreeMap<SmolStr, SmolStr>,
}

impl Renames {
    /// Whether nothing is called differently.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn role(&self, role: &RoleRef) -> RoleRef {
        match role {
            RoleRef::BuiltIn(name) => RoleRef::BuiltIn(renamed(&self.roles, name)),
            RoleRef::Custom(_) => role.clone(),
        }
    }

    fn scope(&self, scope: &Scope) -> Scope {
        match scope {
            Scope::AllOf(all) => {
                let resource_type = renamed(&self.resource_types, &all.resource_type);
                Scope::AllOf(AllOf { resource_type, project: all.project }.into())
            }
            other => other.clone(),
        }
    }
}

fn renamed(names: &BTreeMap<SmolStr, SmolStr>, name: &SmolStr) -> SmolStr {
    names.get(name).unwrap_or(name).clone()
}

/// The permissions that one catalog has and the other one has not.
fn only_in<'c>(one: &'c Catalog, other: &Catalog) -> BTreeSet<&'c str> {
    let names = one.permissions.iter().map(|permission| permission.name.as_str());
    names.filter(|name| other.permission(name).is_none()).collect()
}

/// The permissions that Bailiwick's own operations ask for, in the order of the operations.
fn asked_for(catalog: &Catalog) -> impl Iterator<Item = &str> {
    Operation::ALL.iter().map(|operation| catalog.permission_name(catalog.operation(*operation)))
}

/// Names in one line.
fn joined(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

impl Account {
    /// What of this account the catalog does not name or names otherwise, one sentence each, in the order of ids. `before` is
    /// the catalog that was in force, if that is known: a built-in group that it has and the new one has not is told too.
    pub fn in_the_way_of(&self, catalog: &Catalog, before: Option<&Catalog>) -> Vec<String> {
        let mut found = Vec::new();
        for (id, role) in self.roles_after(None) {
            let unknown = role.value.permissions.iter().filter(|name| catalog.permission(name).is_none());
            let unknown: Vec<String> = unknown.map(|name| format!("`{name}`")).collect();
            if !unknown.is_empty() {
                found.push(format!("the role {} ({id}) holds {}", role.value.name, unknown.join(", ")));
            }
        }
        for (id, grant) in self.grants_after(None) {
            let Grant { principal, role, scope, .. } = &grant.value;
            if let Some(why) = Self::not_in(catalog, role, scope) {
                found.push(format!("the grant {id} of {principal} {why}"));
            }
        }
        for (id, invitation) in self.invitations_after(None) {
            let waits = invitation.value.status == InvitationStatus::Pending;
            let promised = invitation.value.grants.iter().filter(|_| waits);
            let why = promised.filter_map(|grant| Self::not_in(catalog, &grant.role, &grant.scope));
            found.extend(why.take(1).map(|why| format!("the invitation {id} {why}")));
        }
        let mut types = BTreeMap::<&str, usize>::new();
        for (_, resource) in self.resources_after(None) {
            if catalog.resource_type(&resource.value.resource_type).is_none() {
                *types.entry(&resource.value.resource_type).or_default() += 1;
            }
        }
        found.extend(types.iter().map(|(name, count)| format!("resources of type `{name}`: {count}")));
        let gone = before.map_or(&[][..], |before| &before.groups).iter();
        for group in gone.filter(|group| catalog.group(&group.name).is_none()) {
            found.extend(
                self.find_group(&group.name).map(|id| format!("the built-in group `{}` ({id})", group.name)),
            );
        }
        found.extend(self.policies_in_the_way_of(catalog));
        found.extend(self.without_owner(catalog));
        found
    }

    /// Why a role at a scope means nothing in a catalog.
    fn not_in(catalog: &Catalog, role: &RoleRef, scope: &Scope) -> Option<String> {
        if let RoleRef::BuiltIn(name) = role {
            match catalog.role(name).and_then(|index| catalog.role_at(index)) {
                None => return Some(format!("names the role `{name}`")),
                Some(known) if known.level != scope.level() => {
                    let (level, known) = (scope.level(), known.level);
                    return Some(format!(
                        "names the role `{name}` at the level {level}, which is {known} now"
                    ));
                }
                Some(_) => {}
            }
        }
        match scope {
            Scope::AllOf(all) if catalog.resource_type(&all.resource_type).is_none() => {
                Some(format!("covers all resources of type `{}`", all.resource_type))
            }
            _ => None,
        }
    }

    fn enabled_policies(&self) -> impl Iterator<Item = (PolicyId, &Versioned<Policy>)> {
        self.policies_after(None).filter(|(_, policy)| policy.value.enabled)
    }

    /// Policies that count and mean something else or nothing: what a forbid names under no known name is permitted.
    fn policies_in_the_way_of(&self, catalog: &Catalog) -> impl Iterator<Item = String> {
        let enabled = self.enabled_policies();
        enabled.filter_map(|(id, policy)| {
            let why = match policy::fits(catalog, &policy.value.text) {
                _ if !catalog.rules.policies => "is enabled, and there are no policies now".to_owned(),
                Err(mistakes) => format!("does not fit: {mistakes}"),
                Ok(()) => return None,
            };
            Some(format!("the policy {} ({id}) {why}", policy.value.name))
        })
    }

    /// Policies that count and would name more or less than before by a verb, `Action::"delete"`, of what was there before already:
    /// who may do it would change unseen.
    ///
    /// A catalog does not say what is called otherwise. So what a policy would not name any more counts while there is something
    /// new that it does not name either, and what it would name in addition counts while something is gone that it did not
    /// name; and both count where one of Bailiwick's own operations asks for it. What is only new was nobody's before, and what is
    /// only gone is nobody's any more.
    pub fn policies_that_change(&self, before: &Catalog, next: &Catalog) -> Vec<String> {
        let (gone, new) = (only_in(before, next), only_in(next, before));
        let enabled = self.enabled_policies();
        let changed = enabled.filter_map(|(id, policy)| {
            let text = &policy.value.text;
            let statements = policy::actions_named(before, text).zip(policy::actions_named(next, text));
            let (mut less, mut more) = (BTreeSet::new(), BTreeSet::new());
            for (named, names) in statements {
                let may_be_called_otherwise = !new.is_subset(&names);
                let may_have_been_called_otherwise = !gone.is_subset(&named);
                let operations = || asked_for(before).zip(asked_for(next));
                let lost = named.difference(&names).filter(|old| {
                    may_be_called_otherwise
                        || operations().any(|(asked, asks)| asked == **old && !names.contains(asks))
                });
                less.extend(lost.map(|name| format!("`{name}`")));
                let gained = names.difference(&named).filter(|new| {
                    may_have_been_called_otherwise
                        || operations().any(|(asked, asks)| asks == **new && !named.contains(asked))
                });
                more.extend(gained.map(|name| format!("`{name}`")));
            }
            let why = match (less.is_empty(), more.is_empty()) {
                (true, true) => return None,
                (false, true) => format!("would not name {} any more", joined(&less)),
                (true, false) => format!("would name {} too", joined(&more)),
                (false, false) => format!("would name {} instead of {}", joined(&more), joined(&less)),
            };
            Some(format!("the policy {} ({id}) {why}, by a verb", policy.value.name))
        });
        changed.collect()
    }

    /// Policies that count and would not name any more what they name now by a verb, `Action::"delete"`, because a permission with
    /// it is called otherwise, or would name what is called so from then on: a forbid would be gone unseen, or a permit be there.
    pub fn policies_changed_by(&self, renames: &Renames, next: &Catalog) -> Vec<String> {
        let enabled = self.enabled_policies();
        let lost = enabled.filter_map(|(id, policy)| {
            let text = &policy.value.text;
            let renamed_text = policy::renamed(text, &renames.permissions, &renames.resource_types);
            let before = policy::actions_named(self.catalog(), text);
            let (mut less, mut more) = (BTreeSet::new(), BTreeSet::new());
            for (before, after) in before.zip(policy::actions_named(next, &renamed_text)) {
                less.extend(before.iter().filter_map(|old| {
                    let new = renamed(&renames.permissions, &(*old).into());
                    (next.permission(&new).is_some() && !after.contains(new.as_str()))
                        .then(|| format!("`{new}` (name `{old}` in its text before, beside the verb)"))
                }));
                let others = renames.permissions.iter().filter(|(old, new)| {
                    let is_new = self.catalog().permission(new).is_none();
                    is_new && after.contains(new.as_str()) && !before.contains(old.as_str())
                });
                more.extend(others.map(|(old, new)| {
                    format!("`{new}`, which is `{old}` now (name what is meant, instead of the verb)")
                }));
            }
            let why = match (less.is_empty(), more.is_empty()) {
                (true, true) => return None,
                (false, true) => format!("would not name {}", joined(&less)),
                (true, false) => format!("would name {}", joined(&more)),
                (false, false) => format!("would name {}, and not {}", joined(&more), joined(&less)),
            };
            Some(format!("the policy {} ({id}) {why}", policy.value.name))
        });
        lost.collect()
    }

    /// An account without an owner could never be given one.
    fn without_owner(&self, catalog: &Catalog) -> Option<String> {
        let owner = catalog.role_at(catalog.rules.owner)?;
        let role = RoleRef::BuiltIn(SmolStr::new(&owner.name));
        let mut grants = self.grants_after(None).map(|(_, grant)| &grant.value);
        let is_held = grants.any(|grant| {
            grant.role == role
                && grant.scope == Scope::Account
                && !matches!(grant.principal, Principal::ServiceAccount(_))
        });
        (!is_held).then(|| format!("nobody holds the role `{}`, which owns an account now", owner.name))
    }

    /// The events that rename, as they are decided under the catalog that was in force; `new` is the one to come.
    pub fn renaming_events(
        &self,
        renames: &Renames,
        new: &Catalog,
        ids: &mut dyn FnMut() -> Uuid,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        for (id, found) in self.roles_after(None) {
            let before = &found.value;
            let permissions = Self::renamed_permissions(before, renames, new);
            let changes = before.permissions.iter().any(|name| renames.permissions.contains_key(name));
            if changes {
                let after = Role { permissions, ..before.clone() };
                events.push(Event::RoleEdited { id, before: before.clone(), after });
            }
        }
        for (id, found) in self.resources_after(None) {
            let before = &found.value;
            let resource_type = renamed(&renames.resource_types, &before.resource_type);
            if resource_type != before.resource_type {
                let after = Resource { resource_type, ..before.clone() };
                events.push(Event::ResourceEdited { id, before: before.clone(), after });
            }
        }
        for (id, found) in &self.former_bearers {
            let before = &found.value;
            let Bearer::Resource(resource) = &before.bearer else { continue };
            let resource_type = renamed(&renames.resource_types, &resource.resource_type);
            let above = resource.above.iter();
            let above: Vec<_> = above.map(|(id, of)| (*id, renamed(&renames.resource_types, of))).collect();
            if resource_type != resource.resource_type || above != resource.above {
                let bearer = BearingResource { resource_type, above, ..BearingResource::clone(resource) };
                let after = FormerBearer { bearer: Bearer::Resource(Box::new(bearer)), ..before.clone() };
                events.push(Event::ExternalIdForgotten { id: *id, former: before.clone() });
                events.push(Event::ExternalIdFreed { id: *id, former: after });
            }
        }
        for (old, name) in &renames.groups {
            let found = self.find_group(old).and_then(|id| self.group(id).map(|found| (id, &found.value)));
            if let (Some((id, before)), Ok(external_id)) = (found, ExternalId::parse(name)) {
                let after = super::Group { external_id: Some(external_id), ..before.clone() };
                events.push(Event::GroupEdited { id, before: before.clone(), after });
            }
        }
        for (id, found) in self.policies_after(None) {
            let before = &found.value;
            let text = policy::renamed(&before.text, &renames.permissions, &renames.resource_types);
            if *text != *before.text {
                let after = Policy { text: text.into(), ..before.clone() };
                events.push(Event::PolicyEdited { id, before: before.clone(), after });
            }
        }
        self.renamed_grants(renames, ids, &mut events);
        for (id, found) in self.invitations_after(None) {
            let before = &found.value.grants;
            let rename = |grant: &RoleAtScope| RoleAtScope {
                role: renames.role(&grant.role),
                scope: renames.scope(&grant.scope),
                until: grant.until,
            };
            let after: Vec<RoleAtScope> = before.iter().map(rename).collect();
            if found.value.status == InvitationStatus::Pending && after != *before {
                let after = RoleAtScope::distinct(&after);
                events.push(Event::InvitationEdited { id, before: before.clone(), after });
            }
        }
        events
    }

    /// A grant under another name is another grant, to the same end and in the same person's name.
    fn renamed_grants(&self, renames: &Renames, ids: &mut dyn FnMut() -> Uuid, events: &mut Vec<Event>) {
        let mut made = BTreeMap::new();
        for (id, found) in self.grants_after(None) {
            let before = &found.value;
            let (role, scope) = (renames.role(&before.role), renames.scope(&before.scope));
            if role == before.role && scope == before.scope {
                continue;
            }
            let after = Grant { role, scope, ..before.clone() };
            let asked = RoleAtScope { role: after.role.clone(), scope: after.scope.clone(), until: None };
            let key = (after.principal, after.role.clone(), after.scope.clone());
            match self.same_grant(after.principal, &asked) {
                // Whoever has the other role there already has it for the longer of the two times.
                Some((id, had)) => {
                    let end = made.get(&key).map_or(had, |(_, end)| *end);
                    let longer = later(end, after.until);
                    if longer != end {
                        let principal = after.principal;
                        events.push(Event::GrantExtended { id, principal, before: end, after: longer });
                    }
                    made.insert(key, (id, longer));
                }
                None => match made.get(&key).copied() {
                    Some((id, end)) if later(end, after.until) != end => {
                        let longer = later(end, after.until);
                        let principal = after.principal;
                        events.push(Event::GrantExtended { id, principal, before: end, after: longer });
                        made.insert(key, (id, longer));
                    }
                    Some(_) => {}
                    None => {
                        let new = GrantId::from_uuid(ids());
                        made.insert(key, (new, after.until));
                        events.push(Event::GrantMade { id: new, grant: after });
                    }
                },
            }
            events.push(Event::GrantRevoked { id, grant: before.clone(), reason: EndReason::Replaced });
        }
    }

    /// Enters a resource whose type is called otherwise, and what is below it: all of a type covers that too.
    pub(super) fn retype(&mut self, id: ResourceId) {
        let mut below = vec![id];
        while let Some(id) = below.pop() {
            let Some(found) = self.resources.get(&id) else { continue };
            let Resource { resource_type, project, parent, .. } = &found.value;
            let of = self.catalog.resource_type(resource_type);
            self.index.retype_resource(id, of, *project, *parent);
            below.extend(self.children_of(id));
        }
        // Names change while nobody searches; who does later makes it anew.
        self.searched = Searched::default();
    }

    /// The names in the order of the new catalog, with what they imply there, as every role has them; what it does not know stays.
    fn renamed_permissions(role: &Role, renames: &Renames, new: &Catalog) -> Vec<SmolStr> {
        let names: Vec<SmolStr> =
            role.permissions.iter().map(|name| renamed(&renames.permissions, name)).collect();
        let known: PermissionSet = names.iter().filter_map(|name| new.permission(name)).collect();
        let unknown = names.iter().filter(|name| new.permission(name).is_none()).cloned();
        new.permission_names(new.close(known)).map(SmolStr::new).chain(unknown).collect()
    }
}
