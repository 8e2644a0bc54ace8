//! Projects and resources.

use bailiwick_client::wire;
use bailiwick_core::ids::{ProjectId, ResourceId};

use super::Views;
use super::role::count;

impl Views<'_> {
    /// A project.
    pub fn project(&self, id: ProjectId) -> Option<wire::Project> {
        let found = self.account.project(id)?;
        Some(wire::Project {
            id: id.to_string(),
            name: found.value.name.to_string(),
            description: found.value.description.to_string(),
            external_id: found.value.external_id.as_ref().map(ToString::to_string),
            default: found.value.default,
            resources: count(self.account.resource_count_in(id)),
            revision: found.revision.0,
        })
    }

    /// A resource.
    pub fn resource(&self, id: ResourceId) -> Option<wire::Resource> {
        let found = self.account.resource(id)?;
        Some(wire::Resource {
            id: id.to_string(),
            resource_type: found.value.resource_type.to_string(),
            name: found.value.name.to_string(),
            project: found.value.project.to_string(),
            parent: found.value.parent.map(|parent| parent.to_string()),
            external_id: found.value.external_id.as_ref().map(ToString::to_string),
            url: found.value.url.as_ref().map(ToString::to_string),
            attributes: crate::api::attributes::shown(found.value.attributes.as_deref()),
            revision: found.revision.0,
        })
    }
}
