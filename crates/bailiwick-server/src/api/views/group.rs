//! Groups.

use bailiwick_client::wire;
use bailiwick_core::account::Principal;
use bailiwick_core::ids::GroupId;

use super::Views;
use super::role::count;

impl Views<'_> {
    /// A group with what its members have through it.
    pub fn group(&self, id: GroupId) -> Option<wire::Group> {
        let found = self.account.group(id)?;
        Some(wire::Group {
            id: id.to_string(),
            name: found.value.name.to_string(),
            description: found.value.description.to_string(),
            external_id: found.value.external_id.as_ref().map(ToString::to_string),
            members: count(self.account.group_members_after(id, None).count()),
            roles: self.roles_held(Principal::Group(id)),
            revision: found.revision.0,
        })
    }
}
