//! What people read for what an account holds.

use super::{Account, Scope};
use crate::ids::{ProjectId, ResourceId};

/// How many resources are named before the others are counted.
const NAMED: usize = 4;

impl Account {
    /// A scope in words, for the middle of a sentence: `the whole account`, `project Production`, `all clusters in project
    /// Production`, `cluster search-eu`. Of many resources the first four are named.
    pub fn scope_words(&self, scope: &Scope) -> String {
        match scope {
            Scope::Account => "the whole account".to_owned(),
            Scope::Project(id) => self.project_words(*id),
            Scope::AllOf(all) => {
                let kind = self.catalog.resource_type(&all.resource_type);
                let kind = kind.and_then(|index| self.catalog.resource_type_at(index));
                let title =
                    kind.map_or_else(|| all.resource_type.to_string(), |kind| kind.title.to_lowercase());
                match all.project {
                    Some(id) => format!("all {title} in {}", self.project_words(id)),
                    None => format!("all {title}"),
                }
            }
            Scope::Resources(ids) => {
                let mut words: Vec<String> =
                    ids.iter().take(NAMED).map(|id| self.resource_words(*id)).collect();
                if ids.len() > NAMED {
                    words.push(format!("{} more", ids.len() - NAMED));
                }
                words.join(", ")
            }
        }
    }

    fn project_words(&self, id: ProjectId) -> String {
        self.project(id)
            .map_or_else(|| format!("project {id}"), |found| format!("project {}", found.value.name))
    }

    fn resource_words(&self, id: ResourceId) -> String {
        let words = |found: &super::Resource| format!("{} {}", found.resource_type, found.name);
        self.resource(id).map_or_else(|| id.to_string(), |found| words(&found.value))
    }
}
