//! Members.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AttributeChanges, Attributes, Patch, Scope};

/// Whether a member may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MemberStatus {
    /// Invited and not yet accepted; may do nothing.
    Pending,
    /// May do what grants allow.
    Active,
    /// Known, but may do nothing until activated.
    Inactive,
}

/// Why a principal has a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoleSource {
    /// By a grant of its own.
    Grant,
    /// As every active member has it.
    Newcomer,
    /// Through a group.
    Group,
}

/// A role that a principal has, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RoleHeld {
    /// The role's id; the name for built-in roles.
    pub role: String,
    /// What people call the role.
    pub title: String,
    /// Why the principal has it.
    pub via: RoleSource,
    /// The grant; absent for the newcomer role and for what an invitation promises.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// The group through which the principal has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Where it counts.
    pub scope: Scope,
    /// When it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub until: Option<Timestamp>,
}

/// A user in an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Member {
    /// The user's id, `usr_…`.
    pub id: String,
    /// The email.
    pub email: String,
    /// Whether the person has shown that the email is theirs, by following a link that was mailed to it. Not so of who came by
    /// a copied link. Absent while pending: an account knows nothing of who has not joined it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
    /// What the person is called, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the member may act.
    pub status: MemberStatus,
    /// When the person accepted or opened the account; absent while pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub joined_at: Option<Timestamp>,
    /// When the membership ends by itself: from then on the member is inactive. Absent when it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub until: Option<Timestamp>,
    /// When the person last signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub last_sign_in_at: Option<Timestamp>,
    /// How the person can sign in, for instance `password`; nothing before they have accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub auth_methods: Vec<String>,
    /// The caller's own name for the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// What is said of the person, for policies to read: names of the catalog's attributes and their values.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = std::collections::HashMap<String, super::AttributeValue>))]
    pub attributes: Attributes,
    /// What the member holds, or while pending what the invitation promises.
    pub roles: Vec<RoleHeld>,
    /// The invitation of a pending member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitation: Option<String>,
    /// The account's revision when it last changed; its `ETag`.
    pub revision: u64,
}

/// What an edit can make of a member's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MemberStatusChange {
    /// May do what grants allow.
    Active,
    /// May do nothing here until activated, from the next request on; sessions end with the last account.
    Inactive,
}

/// A change of a member; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateMember {
    /// The caller's own name for the person, 1 to 128 characters without white space; `null` takes it away.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub external_id: Patch<String>,
    /// What is said of the person, for policies to read; `null` takes an attribute away, and what is absent stays.
    #[serde(default, skip_serializing_if = "AttributeChanges::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub attributes: AttributeChanges,
    /// All account-level roles as they shall be, besides the newcomer role: id, built-in name, custom name or external id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// Whether the member may act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<MemberStatusChange>,
    /// When the membership ends by itself; `null` for never.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub until: Patch<Timestamp>,
}

/// Which members to list; all conditions hold together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct MemberQuery {
    /// Only those that stand so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<MemberStatus>,
    /// Only those who have this role anywhere (id, name or external id).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Only those in this group (id or external id).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Only those with this text in email, name or external id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Where the page before ended: its `next_cursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many items at most, from 1 to 1000; 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Parameters of the removal of a member.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct RemoveMemberQuery {
    /// The member's email, retyped: asked for where the catalog says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm_email: Option<String>,
    /// Only say what would happen: nothing is written.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}
