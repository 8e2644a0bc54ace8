//! Groups and who is in them.

use crate::http::call::Call;
use crate::http::{Error, InAccount, Listing, Write};
use crate::wire::{CreateGroup, Group, GroupMember, GroupQuery, PageQuery, UpdateGroup};

impl InAccount {
    /// The account's groups.
    pub fn list_groups(&self, query: &GroupQuery) -> Listing<Group> {
        self.list(self.at("groups"), query)
    }

    /// Creates a group.
    pub fn create_group(&self, group: &CreateGroup) -> Write<Group> {
        self.write(Call::post(self.at("groups")).json(group))
    }

    /// One group.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get_group(&self, group: &str) -> Result<Group, Error> {
        self.client.fetch(Call::get(self.at("groups").id(group))).await
    }

    /// Changes a group; what the change leaves out stays.
    pub fn update_group(&self, group: &str, change: &UpdateGroup) -> Write<Group> {
        self.write(Call::patch(self.at("groups").id(group)).json(change))
    }

    /// Deletes a group with its grants.
    pub fn delete_group(&self, group: &str) -> Write<()> {
        self.write(Call::delete(self.at("groups").id(group)))
    }

    /// Members and groups in a group.
    pub fn list_group_members(&self, group: &str, query: &PageQuery) -> Listing<GroupMember> {
        self.list(self.at("groups").id(group).then("members"), query)
    }

    /// Puts a member or a group into a group.
    pub fn add_group_member(&self, group: &str, member: &str) -> Write<()> {
        self.write(Call::put(self.at("groups").id(group).then("members").id(member)))
    }

    /// Takes a member or a group out of a group.
    pub fn remove_group_member(&self, group: &str, member: &str) -> Write<()> {
        self.write(Call::delete(self.at("groups").id(group).then("members").id(member)))
    }
}
