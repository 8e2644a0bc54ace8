//! Service accounts: machines in an account.

use serde::{Deserialize, Serialize};

use super::{GrantSpec, Patch, RoleHeld};

/// A machine in an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ServiceAccount {
    /// Its id, `sva_…`.
    pub id: String,
    /// Unique in the account without regard to case.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The caller's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// What it may assert about the questions that it asks, in the place of what is stored: `subject.…`, `resource.…`,
    /// `context.…` or `action.…` with the name of an attribute.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_assert: Vec<String>,
    /// What it holds.
    pub roles: Vec<RoleHeld>,
    /// How many management keys it has.
    pub keys: u64,
    /// The account's revision when it last changed; its `ETag`.
    pub revision: u64,
}

/// A service account to be created.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateServiceAccount {
    /// Unique in the account without regard to case, 1 to 64 characters.
    pub name: String,
    /// What it is for, up to 256 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The caller's own name for it, 1 to 128 characters without white space.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Account-level roles, in short: id, built-in name, custom name or external id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Roles at scopes, up to 50 together with `roles`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<GrantSpec>,
}

/// A change of a service account; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateServiceAccount {
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
    /// All that it may assert about the questions that it asks, such as `subject.department`, up to 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_assert: Option<Vec<String>>,
}

/// Which service accounts to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct ServiceAccountQuery {
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
