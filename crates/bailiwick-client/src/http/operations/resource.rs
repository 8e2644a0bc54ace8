//! Resources.

use crate::http::call::Call;
use crate::http::{Error, InAccount, Listing, Write};
use crate::wire::{
    CreateResource, RegisterResources, Resource, ResourceQuery, ResourcesRegistered, UpdateResource,
};

impl InAccount {
    /// The resources that the caller may see.
    pub fn list_resources(&self, query: &ResourceQuery) -> Listing<Resource> {
        self.list(self.at("resources"), query)
    }

    /// Registers a resource.
    pub fn create_resource(&self, resource: &CreateResource) -> Write<Resource> {
        self.write(Call::post(self.at("resources")).json(resource))
    }

    /// Registers many resources, all of them or none.
    pub fn register_resources(&self, resources: &RegisterResources) -> Write<ResourcesRegistered> {
        self.write(Call::post(self.at("resources").action("register")).json(resources))
    }

    /// One resource.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get_resource(&self, resource: &str) -> Result<Resource, Error> {
        self.client.fetch(Call::get(self.at("resources").id(resource))).await
    }

    /// Changes a resource; what the change leaves out stays.
    pub fn update_resource(&self, resource: &str, change: &UpdateResource) -> Write<Resource> {
        self.write(Call::patch(self.at("resources").id(resource)).json(change))
    }

    /// Deletes a resource that holds no others.
    pub fn delete_resource(&self, resource: &str) -> Write<()> {
        self.write(Call::delete(self.at("resources").id(resource)))
    }
}
