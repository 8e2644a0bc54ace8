//! Groups of members and of other groups.

use serde::{Deserialize, Serialize};

use super::{GroupLabel, MemberStatus, Patch, PrincipalKind, RoleHeld};

/// A set of members and of other groups, whose members have all that this one was granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Group {
    /// Its id, `grp_…`.
    pub id: String,
    /// Unique in the account without regard to case.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The caller's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// How many members are in it, not counting those of groups in it.
    pub members: u64,
    /// The groups in it, not those in them.
    #[serde(default)]
    pub groups: Vec<GroupLabel>,
    /// The groups that it is in, not those that these are in.
    #[serde(default)]
    pub member_of: Vec<GroupLabel>,
    /// The roles that its members have through it, those of the groups above it too.
    pub roles: Vec<RoleHeld>,
    /// The account's revision when it last changed; its `ETag`.
    pub revision: u64,
}

/// Who is in a group: a member, or all members of another group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct GroupMember {
    /// `member` or `group`.
    pub kind: PrincipalKind,
    /// Its id, `usr_…` or `grp_…`.
    pub id: String,
    /// The email of a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How a member stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<MemberStatus>,
    /// The caller's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The roles that it has, by itself and through groups.
    pub roles: Vec<RoleHeld>,
    /// The account's revision when it last changed; its `ETag`.
    pub revision: u64,
}

/// A group to be created.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateGroup {
    /// Unique in the account without regard to case, 1 to 64 characters.
    pub name: String,
    /// What it is for, up to 256 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The caller's own name for it, 1 to 128 characters without white space.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// A change of a group; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateGroup {
    /// Unique in the account without regard to case, 1 to 64 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for, up to 256 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The caller's own name for it; `null` takes it away.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub external_id: Patch<String>,
}

/// Which groups to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct GroupQuery {
    /// Only those with this text in their name, description or external id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Where the page before ended: its `next_cursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many items at most, from 1 to 1000; 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}
