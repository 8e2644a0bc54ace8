//! Projects: create, edit, delete.

use super::decide::Decision;
use super::giver::Grantee;
use super::{
    Account, Bearer, EndReason, Event, Grant, Patch, Principal, Project, Refusal, RoleAtScope, RoleRef,
    Scope, Taken,
};
use crate::access::Target;
use crate::catalog::Operation;
use crate::ids::{GrantId, Id, ProjectId, ResourceId};
use crate::limits;
use crate::values::{Description, ExternalId, Name};

impl Decision<'_> {
    pub(super) fn create_project(
        &mut self,
        name: &Name,
        description: &Description,
        external_id: Option<&ExternalId>,
    ) -> Result<(), Refusal> {
        self.require(Operation::WriteProjects, &Scope::Account)?;
        if self.account.projects.len() >= limits::PROJECTS {
            return Err(Refusal::LimitReached { what: "projects", most: limits::PROJECTS });
        }
        self.free(Taken::ProjectName, "name", &name.folded())?;
        self.free_external_id(Taken::Project, external_id)?;
        let id: ProjectId = self.take_id();
        let project = Project {
            name: name.clone(),
            description: description.clone(),
            external_id: external_id.cloned(),
            default: false,
        };
        self.may_bear(Target::Project(id), None, external_id, || self.account_with_project(id, &project))?;
        self.events.push(Event::ProjectCreated { id, project });
        let creator_role =
            self.account.catalog.rules.project_creator.and_then(|role| self.account.catalog.role_at(role));
        if let Some(role) = creator_role {
            let permissions = role.permissions;
            let grant = RoleAtScope {
                role: RoleRef::BuiltIn(role.name.as_str().into()),
                scope: Scope::Project(id),
                until: None,
            };
            // Rule 1 holds here too: what the creator gets in the new project, they hold on the account already.
            let creator = Grantee::of(self.basis(), self.actor.principal());
            let held = || self.giver.covers(&permissions, &Scope::Account, None, &creator);
            if self.actor_is_person() && held().is_ok() {
                self.add_grants(self.actor.principal(), &[grant])?;
            }
        }
        Ok(())
    }

    fn actor_is_person(&self) -> bool {
        matches!(self.actor.principal(), Principal::Member(_))
    }

    pub(super) fn edit_project(
        &mut self,
        id: ProjectId,
        name: Option<&Name>,
        description: Option<&Description>,
        external_id: &Patch<ExternalId>,
    ) -> Result<(), Refusal> {
        let before = self.project(id)?;
        self.require(Operation::WriteProjects, &Scope::Project(id))?;
        let after = Project {
            name: name.unwrap_or(&before.name).clone(),
            description: description.unwrap_or(&before.description).clone(),
            external_id: external_id.apply(before.external_id.as_ref()),
            default: before.default,
        };
        if after == before {
            return Err(Refusal::Nothing);
        }
        if after.name.folded() != before.name.folded() {
            self.free(Taken::ProjectName, "name", &after.name.folded())?;
        }
        if after.external_id != before.external_id {
            self.free_external_id(Taken::Project, after.external_id.as_ref())?;
        }
        let (old, new) = (before.external_id.as_ref(), after.external_id.as_ref());
        let target = Target::Project(id);
        let (freed, called) = (old.filter(|_| new != old), new.filter(|_| new != old));
        self.may_rename(target, None, freed)?;
        self.may_bear(target, None, called, || self.account_with_project(id, &after))?;
        self.frees(Bearer::Project(id), freed);
        self.events.push(Event::ProjectEdited { id, before, after });
        Ok(())
    }

    pub(super) fn delete_project(&mut self, id: ProjectId) -> Result<(), Refusal> {
        let project = self.project(id)?;
        self.require(Operation::DeleteProjects, &Scope::Project(id))?;
        if project.default {
            return Err(Refusal::DefaultProject);
        }
        let holds_any =
            super::pairs_of::<ProjectId, ResourceId>(&self.account.in_project, id, None).next().is_some();
        if holds_any {
            return Err(Refusal::ProjectInUse);
        }
        let names_it = |scope: &Scope| match scope {
            Scope::Project(other) => *other == id,
            Scope::AllOf(all) => all.project == Some(id),
            Scope::Account | Scope::Resources(_) => false,
        };
        // Whether any grant names the project is known without looking at each; which ones do is not.
        let all = self.account.index.is_named(id.uuid()).then(|| self.account.grants_after(None));
        let grants: Vec<(GrantId, Grant)> = all
            .into_iter()
            .flatten()
            .filter(|(_, grant)| names_it(&grant.value.scope))
            .map(|(id, grant)| (id, grant.value.clone()))
            .collect();
        for (id, grant) in grants {
            self.push_revoked(id, grant, EndReason::SubjectGone);
        }
        self.frees(Bearer::Project(id), project.external_id.as_ref());
        self.events.push(Event::ProjectDeleted { id, project });
        Ok(())
    }

    /// The account with a project that is not recorded yet, or not so.
    fn account_with_project(&self, id: ProjectId, project: &Project) -> Account {
        let mut with = self.account.clone();
        with.put_project(id, project.clone(), with.revision());
        with
    }

    fn project(&self, id: ProjectId) -> Result<Project, Refusal> {
        self.account
            .project(id)
            .map(|project| project.value.clone())
            .ok_or(Refusal::NotFound { kind: "project" })
    }
}
