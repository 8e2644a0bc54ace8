//! Roles, built-in and custom.

use serde::{Deserialize, Serialize};

use super::{Level, Patch};

/// A named set of permissions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Role {
    /// Its id: `rol_…` for a custom role, the name in the catalog for a built-in one.
    pub id: String,
    /// What people call it: unique among the account's own roles without regard to case; the catalog's title for a
    /// built-in one.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Where it is granted.
    pub level: Level,
    /// Whether it comes with the catalog and nobody edits it.
    pub built_in: bool,
    /// Names of permissions, implied ones included, in catalog order.
    pub permissions: Vec<String>,
    /// How many members, groups and service accounts hold it by a grant.
    pub holders: u64,
    /// The caller's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The account's revision when it last changed; its `ETag`. 0 for a built-in role.
    pub revision: u64,
}

/// A custom role to be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateRole {
    /// Unique in the account without regard to case, 4 to 64 characters.
    pub name: String,
    /// What it is for, up to 256 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Where it is granted.
    pub level: Level,
    /// Names of permissions; implied ones are added. At least one.
    pub permissions: Vec<String>,
    /// The caller's own name for it, 1 to 128 characters without white space.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// A change of a custom role; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateRole {
    /// Unique in the account without regard to case, 4 to 64 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for, up to 256 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// All permissions as they shall be; implied ones are added. At least one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<String>>,
    /// The caller's own name for it; `null` takes it away.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub external_id: Patch<String>,
}

/// A copy of a role, built-in or custom, as a new custom one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DuplicateRole {
    /// Name of the copy, unique in the account without regard to case, 4 to 64 characters.
    pub name: String,
}

/// Which roles to list; all conditions hold together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct RoleQuery {
    /// Only those granted at this level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Only those that come with the catalog, or only the account's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub built_in: Option<bool>,
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

/// Parameters of the deletion of a custom role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct DeleteRoleQuery {
    /// The role that its holders get instead (id, name or external id); without it, a role in use is not deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reassign_to: Option<String>,
    /// Only say what would happen: nothing is written.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}
