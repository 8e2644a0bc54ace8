//! What was granted and is not made use of.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Level, PrincipalKind, PrincipalLabel, RoleLabel};

/// The days that count when a query says nothing.
pub const UNUSED_DAYS_DEFAULT: u32 = 90;
/// The most days that can be asked for.
pub const UNUSED_DAYS_MAX: u32 = 3_650;

/// Whose unused access to list; all conditions hold together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct UnusedQuery {
    /// What was not made use of for so many days counts as unused, from 1 to 3650; 90 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Only of principals of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", param(inline))]
    pub kind: Option<PrincipalKind>,
    /// Only those that made no use of anything.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dormant: bool,
    /// Only of this principal (id or external id).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// Where the page before ended: its `next_cursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many items at most, from 1 to 1000; 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A member, group or service account that has more than it makes use of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct UnusedAccess {
    /// Who.
    pub principal: PrincipalLabel,
    /// The day on which it last made use of anything; of a group, on which a member last made use of what the group has.
    /// Absent when no use is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Date))]
    pub last_used: Option<Date>,
    /// From when on uses were looked at: since the days that were asked for, but not before uses were recorded at all. What was
    /// granted or made later is not judged.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub known_since: Timestamp,
    /// Whether it made use of nothing at all.
    pub dormant: bool,
    /// Roles of its own grants that hold more than was made use of.
    pub roles: Vec<UnusedRole>,
    /// Its management keys that were not used.
    pub keys: Vec<UnusedKey>,
}

/// A role that holds more than its holder makes use of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct UnusedRole {
    /// The role.
    pub role: RoleLabel,
    /// The grants by which the principal has it.
    pub grants: Vec<String>,
    /// Its permissions that were made use of, with what they imply.
    pub used: Vec<String>,
    /// Its other permissions.
    pub unused: Vec<String>,
    /// A role that would do; absent when nothing was made use of, or when this account cannot have such a role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<SuggestedRole>,
}

/// A custom role that could be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SuggestedRole {
    /// A name that is free.
    pub name: String,
    /// Where it would be granted.
    pub level: Level,
    /// What it would hold, with all that this implies.
    pub permissions: Vec<String>,
}

/// A management key that is not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct UnusedKey {
    /// Its id.
    pub id: String,
    /// What people read in lists.
    pub name: String,
    /// How the key's own text begins.
    pub prefix: String,
    /// The day on which it was last used; absent when no use is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Date))]
    pub last_used: Option<Date>,
}
