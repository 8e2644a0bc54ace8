//! Grants: who has which role where.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ActorLabel, PrincipalLabel, Scope};

/// A role at a scope, as asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GrantSpec {
    /// Id, built-in name, custom name or external id of a role.
    pub role: String,
    /// Where it counts; the whole account when absent.
    #[serde(default)]
    pub scope: Scope,
    /// When it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub until: Option<Timestamp>,
}

/// A grant to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateGrant {
    /// Id or external id of a member, group or service account.
    pub principal: String,
    /// Id, built-in name, custom name or external id of a role.
    pub role: String,
    /// Where it counts; the whole account when absent.
    #[serde(default)]
    pub scope: Scope,
    /// When it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub until: Option<Timestamp>,
}

/// A grant: this principal has this role at this scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Grant {
    /// Its id, `grt_…`.
    pub id: String,
    /// Who has it.
    pub principal: PrincipalLabel,
    /// The role's id; the name for built-in roles.
    pub role: String,
    /// What people call the role.
    pub title: String,
    /// Where it counts.
    pub scope: Scope,
    /// When it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub until: Option<Timestamp>,
    /// Who made it.
    pub made_by: ActorLabel,
    /// When it was made.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub made_at: Timestamp,
    /// The account's revision when it last changed; its `ETag`.
    pub revision: u64,
}

/// Which grants to list; all conditions hold together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct GrantQuery {
    /// Only those of this member, group or service account (id or external id).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// Only those of this role (id, name or external id).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Only those whose scope is this project or lies in it (id or external id).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Only those whose scope names this resource (id or external id).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Where the page before ended: its `next_cursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many items at most, from 1 to 1000; 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A role at a scope with what people call it, as an invitation promises it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PromisedGrant {
    /// The role's id; the name for built-in roles.
    pub role: String,
    /// What people call the role.
    pub title: String,
    /// Where it counts.
    pub scope: Scope,
    /// When it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub until: Option<Timestamp>,
}

/// A promised grant that could not be given at acceptance, since the inviter no longer holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WithheldGrant {
    /// What had been promised.
    pub grant: PromisedGrant,
    /// Stable code of the reason.
    pub code: String,
}
