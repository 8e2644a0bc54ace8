//! Roles.

use crate::http::call::Call;
use crate::http::{Error, InAccount, Listing, Write};
use crate::wire::{CreateRole, DeleteRoleQuery, DuplicateRole, Role, RoleQuery, UpdateRole};

impl InAccount {
    /// Built-in and custom roles.
    pub fn list_roles(&self, query: &RoleQuery) -> Listing<Role> {
        self.list(self.at("roles"), query)
    }

    /// Creates a custom role.
    pub fn create_role(&self, role: &CreateRole) -> Write<Role> {
        self.write(Call::post(self.at("roles")).json(role))
    }

    /// One role.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get_role(&self, role: &str) -> Result<Role, Error> {
        self.client.fetch(Call::get(self.at("roles").id(role))).await
    }

    /// Changes a custom role; what the change leaves out stays. Acts on all its holders at once.
    pub fn update_role(&self, role: &str, change: &UpdateRole) -> Write<Role> {
        self.write(Call::patch(self.at("roles").id(role)).json(change))
    }

    /// Deletes a custom role. If it is in use, name the role that its holders get instead.
    pub fn delete_role(&self, role: &str, reassign_to: Option<&str>) -> Write<()> {
        self.write(
            Call::delete(self.at("roles").id(role))
                .query(&DeleteRoleQuery { reassign_to: reassign_to.map(str::to_owned), dry_run: false }),
        )
    }

    /// Copies a role, built-in or custom, as a new custom one.
    pub fn duplicate_role(&self, role: &str, copy: &DuplicateRole) -> Write<Role> {
        self.write(Call::post(self.at("roles").id(role).action("duplicate")).json(copy))
    }
}
