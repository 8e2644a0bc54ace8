//! Where a grant counts.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use smol_str::SmolStr;
use uuid::Uuid;

use crate::access::Target;
use crate::catalog::Level;
use crate::ids::{Id, ProjectId, ResourceId};

/// Where a grant counts: always with everything below.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The whole account.
    Account,
    /// One project.
    Project(ProjectId),
    /// All resources of a type, those of today and those registered later.
    AllOf(Arc<AllOf>),
    /// Named resources, sorted, without repetition; made by [`Scope::resources`].
    Resources(#[serde(deserialize_with = "sorted")] Arc<[ResourceId]>),
}

/// Sorts and removes repetition whatever the text says, so that equal scopes are equal values.
fn sorted<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<[ResourceId]>, D::Error> {
    let mut ids = Vec::<ResourceId>::deserialize(deserializer)?;
    ids.sort_unstable();
    ids.dedup();
    Ok(ids.into())
}

/// All resources of a type, in one project or in the account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AllOf {
    /// Name of a resource type of the catalog.
    #[serde(rename = "type")]
    pub resource_type: SmolStr,
    /// Only in this project; in all of them when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectId>,
}

impl Scope {
    /// What it comes to: a target with all that is in it, or named resources. All of a type are found where they are registered.
    pub(crate) fn targets(&self) -> (Option<Target>, &[ResourceId]) {
        match self {
            Self::Account => (Some(Target::Account), &[]),
            Self::Project(id) => (Some(Target::Project(*id)), &[]),
            Self::AllOf(all) => (Some(all.project.map_or(Target::Account, Target::Project)), &[]),
            Self::Resources(ids) => (None, ids),
        }
    }

    /// A target with all that is in it.
    pub fn of(target: Target) -> Self {
        match target {
            Target::Account => Self::Account,
            Target::Project(id) => Self::Project(id),
            Target::Resource(id) => Self::resources([id]),
        }
    }

    /// The level of roles that can be granted here.
    pub fn level(&self) -> Level {
        match self {
            Self::Account => Level::Account,
            Self::Project(_) => Level::Project,
            Self::AllOf(_) | Self::Resources(_) => Level::Resource,
        }
    }

    /// The projects and resources that the scope names.
    pub fn named(&self) -> impl Iterator<Item = Uuid> {
        let (project, resources) = match self {
            Self::Account => (None, &[][..]),
            Self::Project(id) => (Some(id.uuid()), &[][..]),
            Self::AllOf(all) => (all.project.map(Id::uuid), &[][..]),
            Self::Resources(ids) => (None, &**ids),
        };
        project.into_iter().chain(resources.iter().map(|id| id.uuid()))
    }

    /// A scope of named resources, sorted and without repetition.
    pub fn resources(ids: impl IntoIterator<Item = ResourceId>) -> Self {
        let sorted: std::collections::BTreeSet<_> = ids.into_iter().collect();
        Self::Resources(sorted.into_iter().collect())
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account => f.write_str("account"),
            Self::Project(id) => id.fmt(f),
            Self::AllOf(all) => match all.project {
                Some(project) => write!(f, "all {} in {project}", all.resource_type),
                None => write!(f, "all {}", all.resource_type),
            },
            Self::Resources(ids) => {
                for (position, id) in ids.iter().enumerate() {
                    if position > 0 {
                        f.write_str(", ")?;
                    }
                    id.fmt(f)?;
                }
                Ok(())
            }
        }
    }
}
