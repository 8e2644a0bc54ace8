//! Resources: register, edit, delete.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::attributes::{Described, SaidOf};
use super::decide::Decision;
use super::{
    Account, AllOf, AttributeChanges, Attributes, Bearer, Event, Patch, Refusal, Resource, ResourceSpec,
    Scope, Taken,
};
use crate::access::Target;
use crate::catalog::{PermissionIndex, ResourceType};
use crate::ids::{ProjectId, ResourceId};
use crate::limits;
use crate::values::{ExternalId, Name, ResourceUrl};

impl Decision<'_> {
    pub(super) fn register_resources(&mut self, specs: &[ResourceSpec]) -> Result<(), Refusal> {
        if specs.len() > limits::RESOURCES_PER_COMMAND {
            return Err(Refusal::LimitReached {
                what: "resources in one request",
                most: limits::RESOURCES_PER_COMMAND,
            });
        }
        if self.account.resources.len() + specs.len() > limits::RESOURCES {
            return Err(Refusal::LimitReached { what: "resources", most: limits::RESOURCES });
        }
        let mut named = BTreeSet::new();
        for spec in specs {
            let id = self.take_id();
            let resource = self.placed(id, spec)?;
            self.free_external_id(Taken::Resource, spec.external_id.as_ref())?;
            if let Some(external_id) = &spec.external_id
                && !named.insert(external_id)
            {
                return Err(Refusal::Taken { field: "external id", value: external_id.to_string() });
            }
            self.events.push(Event::ResourceRegistered { id, resource });
        }
        Ok(())
    }

    /// The resource where it belongs, if the actor may register it there.
    fn placed(&self, id: ResourceId, spec: &ResourceSpec) -> Result<Resource, Refusal> {
        let of = self.resource_type(&spec.resource_type)?;
        let catalog = &self.account.catalog;
        let parent_type = of.parent.and_then(|parent| catalog.resource_type_at(parent));
        let wrong_parent = || Refusal::WrongParent {
            resource_type: spec.resource_type.to_string(),
            expected: parent_type
                .map_or_else(|| "a project".to_owned(), |parent| format!("a `{}`", parent.name)),
        };
        let project = match (spec.parent, parent_type) {
            (None, None) => match spec.project {
                Some(id) => id,
                None => self.account.default_project().ok_or(Refusal::NotFound { kind: "project" })?,
            },
            (Some(id), Some(parent_type)) => {
                let parent = self.resource(id)?;
                if parent.resource_type != parent_type.name
                    || spec.project.is_some_and(|given| given != parent.project)
                {
                    return Err(wrong_parent());
                }
                parent.project
            }
            (None, Some(_)) | (Some(_), None) => return Err(wrong_parent()),
        };
        self.account.project(project).ok_or(Refusal::NotFound { kind: "project" })?;
        let holder = spec.parent.map_or(Target::Project(project), Target::Resource);
        let may_hold = self.may_register_in(holder, project, &spec.resource_type, of.write)?;
        let resource = Resource {
            resource_type: spec.resource_type.clone(),
            name: spec.name.clone(),
            project,
            parent: spec.parent,
            external_id: spec.external_id.clone(),
            url: spec.url.clone(),
            attributes: self.described(&spec.resource_type, &spec.attributes, holder)?,
        };
        self.may_register(id, &resource, of.write, may_hold, holder)?;
        let (of, called) = (Some(&resource.resource_type), resource.external_id.as_ref());
        self.may_bear(Target::Resource(id), of, called, || self.account_with(id, &resource))?;
        Ok(resource)
    }

    /// Whether the actor holds what it takes to register a resource there, by a grant or a policy; refused if a policy forbids
    /// it, or if neither gives it nor any policy could permit it of the resource itself.
    fn may_register_in(
        &self,
        holder: Target,
        project: ProjectId,
        of: &SmolStr,
        write: PermissionIndex,
    ) -> Result<bool, Refusal> {
        // Granted at the parent, or for all resources of the type there: both cover what is about to be registered.
        let all = AllOf { resource_type: of.clone(), project: Some(project) };
        let (principal, at) = (self.actor.principal(), Scope::of(holder));
        let granted = [&at, &Scope::AllOf(all.into())].into_iter().any(|scope| {
            let (account, scope) = self.judged_at(scope);
            account.granted_at(principal, &scope, None, self.now).contains(write)
        });
        let (account, judged) = self.judged_at(&at);
        let said = account.said_at(principal, write, &judged, &self.circumstances);
        let may = granted || said.permits;
        let forbids = said.forbids.filter(|_| may);
        if forbids.is_some() || !(may || account.may_be_permitted(write)) {
            return Err(account.denied(principal, write, &judged, forbids, self.circumstances));
        }
        Ok(may)
    }

    /// Whether policies let the actor register a resource that is described like this, as they would let them change it.
    fn may_register(
        &self,
        id: ResourceId,
        resource: &Resource,
        write: PermissionIndex,
        may_hold: bool,
        holder: Target,
    ) -> Result<(), Refusal> {
        if !self.account.has_policies() {
            return Ok(());
        }
        let with = self.account_with(id, resource);
        let (principal, itself) = (self.actor.principal(), Scope::resources([id]));
        let said = with.said_at(principal, write, &itself, &self.circumstances);
        let may = may_hold || said.permits;
        if may && said.forbids.is_none() {
            return Ok(());
        }
        let at = Scope::of(holder);
        Err(self.account.denied(principal, write, &at, said.forbids.filter(|_| may), self.circumstances))
    }

    /// The account with a resource that is not recorded yet, or not so.
    fn account_with(&self, id: ResourceId, resource: &Resource) -> Account {
        let mut with = self.account.clone();
        with.put_resource(id, resource.clone(), with.revision());
        with
    }

    /// What is said of a resource that is registered in a project or below another resource, if the actor may say it.
    fn described(
        &self,
        of: &str,
        asked: &Attributes,
        holder: Target,
    ) -> Result<Option<Box<Attributes>>, Refusal> {
        if asked.is_empty() {
            return Ok(None);
        }
        let changes = asked.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect();
        let before = Attributes::default();
        let after = self.account.attributes_after(Described::Resource(of), &before, &changes)?;
        self.giver.covers_readers(&before, &after, SaidOf::New(of, holder))?;
        Ok(Some(Box::new(after)))
    }

    pub(super) fn edit_resource(
        &mut self,
        id: ResourceId,
        name: Option<&Name>,
        external_id: &Patch<ExternalId>,
        url: &Patch<ResourceUrl>,
        attributes: &AttributeChanges,
    ) -> Result<(), Refusal> {
        let before = self.visible(id)?;
        let scope = Scope::resources([id]);
        self.require_permission(self.resource_type(&before.resource_type)?.write, &scope)?;
        let said = before.attributes.as_deref().cloned().unwrap_or_default();
        let of = Described::Resource(&before.resource_type);
        let described = self.account.attributes_after(of, &said, attributes)?;
        self.giver.covers_readers(&said, &described, SaidOf::Resource(id))?;
        let after = Resource {
            attributes: (!described.is_empty()).then(|| Box::new(described)),
            name: name.unwrap_or(&before.name).clone(),
            external_id: external_id.apply(before.external_id.as_ref()),
            url: url.apply(before.url.as_ref()),
            ..before.clone()
        };
        if after == before {
            return Err(Refusal::Nothing);
        }
        if after.external_id != before.external_id {
            self.free_external_id(Taken::Resource, after.external_id.as_ref())?;
        }
        let target = Target::Resource(id);
        let (old, new) = (before.external_id.as_ref(), after.external_id.as_ref());
        let (freed, called) = (old.filter(|_| new != old), new.filter(|_| new != old));
        let of = Some(&before.resource_type);
        self.may_rename(target, of, freed)?;
        self.may_bear(target, of, called, || self.account_with(id, &after))?;
        self.frees(Bearer::resource(self.account, id, &before), freed);
        self.events.push(Event::ResourceEdited { id, before, after });
        Ok(())
    }

    pub(super) fn delete_resource(&mut self, id: ResourceId) -> Result<(), Refusal> {
        let resource = self.visible(id)?;
        self.require_permission(
            self.resource_type(&resource.resource_type)?.delete,
            &Scope::resources([id]),
        )?;
        let children = self.account.children_of(id).count();
        if children > 0 {
            return Err(Refusal::HasChildren { children });
        }
        self.forget_resource(id);
        self.frees(Bearer::resource(self.account, id, &resource), resource.external_id.as_ref());
        self.events.push(Event::ResourceDeleted { id, resource });
        Ok(())
    }

    /// A resource that the actor may see; one that they may not see does not exist for them.
    fn visible(&self, id: ResourceId) -> Result<Resource, Refusal> {
        let resource = self.resource(id)?;
        let of = self.resource_type(&resource.resource_type)?;
        let scope = Scope::resources([id]);
        let sees =
            [of.read, of.write, of.delete].into_iter().any(|one| self.holds_resource_permission(one, &scope));
        if sees { Ok(resource) } else { Err(Refusal::NotFound { kind: "resource" }) }
    }

    fn resource(&self, id: ResourceId) -> Result<Resource, Refusal> {
        self.account
            .resource(id)
            .map(|found| found.value.clone())
            .ok_or(Refusal::NotFound { kind: "resource" })
    }

    fn resource_type(&self, name: &SmolStr) -> Result<&ResourceType, Refusal> {
        let catalog = &self.account.catalog;
        let unknown = || Refusal::UnknownResourceType { resource_type: name.to_string() };
        catalog.resource_type(name).and_then(|index| catalog.resource_type_at(index)).ok_or_else(unknown)
    }

    fn holds_resource_permission(&self, permission: PermissionIndex, scope: &Scope) -> bool {
        let (account, scope) = self.judged_at(scope);
        account.may(self.actor.principal(), permission, &scope, self.circumstances)
    }

    fn require_permission(&self, permission: PermissionIndex, scope: &Scope) -> Result<(), Refusal> {
        if self.holds_resource_permission(permission, scope) {
            return Ok(());
        }
        let (account, judged) = self.judged_at(scope);
        Err(account.denied_at(self.actor.principal(), permission, &judged, self.circumstances))
    }
}

impl Account {
    /// Whether a resource was registered in a project, at any depth.
    pub fn project_of(&self, resource: ResourceId) -> Option<ProjectId> {
        self.resource(resource).map(|found| found.value.project)
    }
}
