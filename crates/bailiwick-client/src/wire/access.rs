//! Questions about access: may she, why, and what may she do.

use serde::{Deserialize, Serialize};

use super::{GroupLabel, PolicyLabel, PrincipalKind, PrincipalLabel, RoleLabel, Scope};
use jiff::Timestamp;

/// What a question is about: the account, a project or a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TargetRef {
    /// `account`, `project` or a resource type of the catalog.
    #[serde(rename = "type")]
    pub target_type: String,
    /// Id or external id.
    pub id: String,
}

/// May this principal do this to that? The input of `:check` and `:explain`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AccessQuestion {
    /// Id or external id of a member, group or service account.
    pub principal: String,
    /// A permission of the catalog, for instance `write:clusters`.
    pub action: String,
    /// To what.
    pub resource: TargetRef,
}

/// Yes or no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AccessDecision {
    /// Whether the principal may.
    pub allowed: bool,
    /// The account's revision on which the answer stands.
    pub revision: u64,
}

/// How a principal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PrincipalState {
    /// Not in this account.
    Unknown,
    /// Invited, has not accepted.
    Pending,
    /// A member who may do nothing at present.
    Inactive,
    /// May act.
    Active,
}

/// A way from the principal to the permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AccessPath {
    /// The grant; absent for the role that every active member has without one, and for what an invitation promises.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// The groups through which the principal has it: the one that the principal is in first, the one that was granted the
    /// role last. Empty for the principal's own.
    #[serde(default)]
    pub through: Vec<GroupLabel>,
    /// The role that holds the permission.
    pub role: RoleLabel,
    /// Where it is granted.
    pub scope: Scope,
    /// The same with the names of what it covers, for people: `all clusters in project Search`.
    #[serde(default)]
    pub scope_words: String,
    /// When the grant ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub until: Option<Timestamp>,
}

/// What stands between the principal and a yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AccessMissing {
    /// Grants that would allow it and have ended.
    pub ended: Vec<AccessPath>,
    /// Grants that would allow it, were the member active.
    #[serde(default)]
    pub suspended: Vec<AccessPath>,
    /// What would allow it, had the person accepted the invitation that waits.
    #[serde(default)]
    pub promised: Vec<AccessPath>,
    /// Grants of the permission at other scopes.
    pub elsewhere: Vec<AccessPath>,
    /// Grants that would allow it: roles that hold the permission, each at the narrowest scope at which it covers the
    /// target; at most 100, and of custom roles those among the first 256. None where only a policy is in the way.
    #[serde(default)]
    pub grants: Vec<NeededGrant>,
    /// Whether these are all such roles that the caller may see.
    #[serde(default)]
    pub grants_complete: bool,
}

/// A grant that would allow what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NeededGrant {
    /// The role.
    pub role: RoleLabel,
    /// Where it would have to be granted.
    pub scope: Scope,
    /// The same with the names of what it covers, for people.
    #[serde(default)]
    pub scope_words: String,
}

/// The answer with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Explanation {
    /// Whether the principal may.
    pub allowed: bool,
    /// The answer and its reason in one sentence, for people.
    pub summary: String,
    /// Who was asked about; absent when the account does not know the principal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<PrincipalLabel>,
    /// How the principal stands.
    pub principal_state: PrincipalState,
    /// Whether the target exists.
    pub target_exists: bool,
    /// All ways that allow it; empty for a no.
    pub paths: Vec<AccessPath>,
    /// The policies that permit it, beside grants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permits: Vec<PolicyLabel>,
    /// The policies that forbid it, whatever allows it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forbids: Vec<PolicyLabel>,
    /// What is missing; absent for a yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<AccessMissing>,
    /// The account's revision on which the answer stands.
    pub revision: u64,
}

/// Whose access is asked for, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct EffectiveQuery {
    /// Id or external id of a member, group or service account; the caller when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// `account`, `project` or a resource type of the catalog; only together with `resource_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// Id or external id; only together with `resource_type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
}

/// What a principal may do at one scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EffectiveAt {
    /// Where.
    pub scope: Scope,
    /// Through which roles.
    pub roles: Vec<RoleLabel>,
    /// What is granted at exactly this scope; whatever covers it counts too.
    pub permissions: Vec<String>,
}

/// What a principal may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EffectiveAccess {
    /// Who.
    pub principal: PrincipalLabel,
    /// One entry for each scope at which something is granted, the account first.
    pub at: Vec<EffectiveAt>,
    /// All that the principal may do to the resource that was named; absent when none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<String>>,
    /// Whether policies count in this account: they permit or forbid question by question, and the rest of this answer is
    /// by grants alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub policies: bool,
    /// The account's revision on which the answer stands.
    pub revision: u64,
}

/// Who may do this to that? Questions of one page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct WhoCanQuery {
    /// A permission of the catalog, for instance `write:clusters`.
    pub action: String,
    /// `account`, `project` or a resource type of the catalog.
    pub resource_type: String,
    /// Id or external id.
    pub resource_id: String,
    /// `member`, `group` or `service_account`; `member` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<PrincipalKind>,
    /// Where the page before ended: its `next_cursor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many items at most, from 1 to 1000; 100 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// To what may this principal do this? Questions of one page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct WhatCanQuery {
    /// Id or external id of a member, group or service account; the caller when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// A permission of the catalog, for instance `write:clusters`.
    pub action: String,
    /// `account`, `project` or a resource type of the catalog.
    pub resource_type: String,
    /// Where the page before ended: its `next_cursor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many items at most, from 1 to 1000; 100 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The account, a project or a resource, by type, id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TargetLabel {
    /// `account`, `project` or a resource type of the catalog.
    #[serde(rename = "type")]
    pub target_type: String,
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The caller's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}
