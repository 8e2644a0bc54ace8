//! What people write for a thing: its id, its external id or its name.

use super::{Account, Taken};
use crate::ids::{GroupId, Id, ProjectId, RoleId, ServiceAccountId};
use crate::values::folded;

/// What a text stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Called<I> {
    /// Exactly one thing.
    One(I),
    /// Nothing.
    Nothing,
    /// One thing by its external id and another by its name: neither is meant for sure, and whoever may name one of them
    /// could make it catch what is meant for the other.
    Several,
}

impl<I: Id + PartialEq> Called<I> {
    fn of(by_reference: Option<I>, by_name: Option<I>) -> Self {
        match (by_reference, by_name) {
            (Some(one), Some(other)) if one != other => Self::Several,
            (Some(one), _) | (None, Some(one)) => Self::One(one),
            (None, None) => Self::Nothing,
        }
    }
}

impl Account {
    /// The project with this id, external id or name.
    pub fn project_called(&self, text: &str) -> Called<ProjectId> {
        Called::of(self.find_project(text), self.project_named(text))
    }

    /// The group with this id, external id or name.
    pub fn group_called(&self, text: &str) -> Called<GroupId> {
        Called::of(self.find_group(text), self.group_named(text))
    }

    /// The project with this name.
    pub fn project_named(&self, name: &str) -> Option<ProjectId> {
        self.taken_by(Taken::ProjectName, &folded(name))
    }

    /// The group with this name.
    pub fn group_named(&self, name: &str) -> Option<GroupId> {
        self.taken_by(Taken::GroupName, &folded(name))
    }

    /// The service account with this name.
    pub fn service_account_named(&self, name: &str) -> Option<ServiceAccountId> {
        self.taken_by(Taken::ServiceAccountName, &folded(name))
    }

    /// The custom role with this name.
    pub fn role_named(&self, name: &str) -> Option<RoleId> {
        self.taken_by(Taken::RoleName, &folded(name))
    }

    /// The service account with this id, external id or name.
    pub fn service_account_called(&self, text: &str) -> Called<ServiceAccountId> {
        Called::of(self.find_service_account(text), self.service_account_named(text))
    }
}
