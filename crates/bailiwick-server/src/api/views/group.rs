//! Groups.

use bailiwick_client::wire;
use bailiwick_core::account::Principal;
use bailiwick_core::ids::GroupId;

use super::Views;
use super::role::count;

impl Views<'_> {
    /// A group with what its members have through it, those of groups above it too.
    pub fn group(&self, id: GroupId) -> Option<wire::Group> {
        let found = self.account.group(id)?;
        Some(wire::Group {
            id: id.to_string(),
            name: found.value.name.to_string(),
            description: found.value.description.to_string(),
            external_id: found.value.external_id.as_ref().map(ToString::to_string),
            members: count(self.account.group_members_after(id, None).count()),
            groups: self.account.groups_in(id).map(|inner| self.group_label(inner)).collect(),
            member_of: self.account.groups_holding(id).map(|outer| self.group_label(outer)).collect(),
            roles: self.roles_held(Principal::Group(id)),
            revision: found.revision.0,
        })
    }

    /// A group by id and name.
    pub fn group_label(&self, id: GroupId) -> wire::GroupLabel {
        let name = self.account.group(id).map(|found| found.value.name.to_string());
        wire::GroupLabel { id: id.to_string(), name: name.unwrap_or_default() }
    }

    /// Who is in a group.
    pub fn group_member(&self, member: Principal) -> Option<wire::GroupMember> {
        match member {
            Principal::Member(user) => self.member(user).map(|shown| wire::GroupMember {
                kind: wire::PrincipalKind::Member,
                id: shown.id,
                email: Some(shown.email).filter(|email| !email.is_empty()),
                name: shown.name,
                status: Some(shown.status),
                external_id: shown.external_id,
                roles: shown.roles,
                revision: shown.revision,
            }),
            Principal::Group(inner) => self.group(inner).map(|shown| wire::GroupMember {
                kind: wire::PrincipalKind::Group,
                id: shown.id,
                email: None,
                name: Some(shown.name),
                status: None,
                external_id: shown.external_id,
                roles: shown.roles,
                revision: shown.revision,
            }),
            Principal::ServiceAccount(_) => None,
        }
    }
}
