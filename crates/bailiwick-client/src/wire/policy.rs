//! Policies: what a role cannot say, in Cedar.

use serde::{Deserialize, Serialize};

/// A text that permits or forbids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Policy {
    /// Its id, `pol_…`.
    pub id: String,
    /// Unique in the account without regard to case.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Cedar.
    pub text: String,
    /// Whether it counts.
    pub enabled: bool,
    /// The account's revision when it last changed; its `ETag`.
    pub revision: u64,
}

/// A policy to be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreatePolicy {
    /// Unique in the account without regard to case, 1 to 64 characters.
    pub name: String,
    /// What it is for, up to 256 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Cedar, up to 16384 bytes and 20 statements.
    pub text: String,
    /// Whether it counts from now on.
    #[serde(default = "enabled")]
    pub enabled: bool,
}

fn enabled() -> bool {
    true
}

/// A change of a policy; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdatePolicy {
    /// Unique in the account without regard to case, 1 to 64 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for, up to 256 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Cedar, up to 16384 bytes and 20 statements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whether it counts from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// Which policies to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct PolicyQuery {
    /// Only those with this text in their name or description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Where the page before ended: its `next_cursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many items at most, from 1 to 1000; 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A text to be looked at without saving it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CheckPolicy {
    /// Cedar.
    pub text: String,
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PolicyCheck {
    /// Whether it could be saved.
    pub valid: bool,
    /// In the order of the text, at most 20.
    pub mistakes: Vec<PolicyMistake>,
}

/// One mistake in the text of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PolicyMistake {
    /// From 1.
    pub line: u64,
    /// In characters, from 1.
    pub column: u64,
    /// The text at fault.
    pub snippet: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A policy that decided; neither id nor name is told to who may neither read policies nor check the access of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PolicyLabel {
    /// Its id, `pol_…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `permit` or `forbid`.
    pub effect: String,
}
