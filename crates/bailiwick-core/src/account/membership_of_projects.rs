//! Leaving a project, and being taken out of one: the person stays in the account.
//!
//! What somebody holds through a group or in the whole account reaches into the project as before; only their own grants
//! at the project and below it end.

use super::decide::Decision;
use super::{Account, EndReason, Event, Grant, Principal, Refusal, Scope};
use crate::ids::{GrantId, ProjectId, ResourceId, UserId};

/// What is left of a grant when a project is left.
enum Left {
    /// It has nothing to do with the project.
    Whole,
    /// It names other resources too; these go.
    Without(Vec<ResourceId>),
    /// Nothing.
    Nothing,
}

impl Decision<'_> {
    pub(super) fn leave_project(&mut self, project: ProjectId) -> Result<(), Refusal> {
        let user = self.person()?;
        self.project_exists(project)?;
        self.end_grants_in(project, user, |_, _| Ok(()))
    }

    /// Needs to be able to take each grant: not the membership of the account, only what leads into the project.
    pub(super) fn remove_from_project(&mut self, project: ProjectId, user: UserId) -> Result<(), Refusal> {
        self.require(crate::catalog::Operation::WriteRoles, &Scope::Project(project))?;
        self.project_exists(project)?;
        if self.actor.principal() == Principal::Member(user) {
            return Err(Refusal::Yourself);
        }
        self.member(user)?;
        self.end_grants_in(project, user, Self::may_take)
    }

    fn project_exists(&self, id: ProjectId) -> Result<(), Refusal> {
        self.account.project(id).map(|_| ()).ok_or(Refusal::NotFound { kind: "project" })
    }

    fn end_grants_in(
        &mut self,
        project: ProjectId,
        user: UserId,
        may: impl Fn(&Self, &Grant) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let principal = Principal::Member(user);
        let held: Vec<(GrantId, Grant)> =
            self.account.grants_of(principal).map(|(id, grant)| (id, grant.value.clone())).collect();
        for (id, grant) in held {
            match self.account.left_of(&grant.scope, project) {
                Left::Whole => {}
                Left::Nothing => {
                    may(self, &grant)?;
                    self.push_revoked(id, grant, EndReason::Asked);
                }
                Left::Without(gone) => {
                    let scope = Scope::resources(gone.iter().copied());
                    may(self, &Grant { scope, ..grant })?;
                    let narrowed = |resource| Event::GrantNarrowed { id, principal, resource };
                    self.events.extend(gone.into_iter().map(narrowed));
                }
            }
        }
        if self.events.is_empty() {
            return Err(Refusal::AlreadySo { what: "nothing is granted there to the member alone" });
        }
        Ok(())
    }
}

impl Account {
    fn left_of(&self, scope: &Scope, project: ProjectId) -> Left {
        match scope {
            Scope::Project(id) if *id == project => Left::Nothing,
            Scope::AllOf(all) if all.project == Some(project) => Left::Nothing,
            Scope::Account | Scope::Project(_) | Scope::AllOf(_) => Left::Whole,
            Scope::Resources(ids) => {
                let gone: Vec<ResourceId> =
                    ids.iter().copied().filter(|id| self.project_of(*id) == Some(project)).collect();
                if gone.is_empty() {
                    Left::Whole
                } else if gone.len() == ids.len() {
                    Left::Nothing
                } else {
                    Left::Without(gone)
                }
            }
        }
    }
}
