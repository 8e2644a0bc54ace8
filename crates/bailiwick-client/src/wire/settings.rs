//! What an account's administrators set.

use serde::{Deserialize, Serialize};

use super::Patch;

/// The settings of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Settings {
    /// How long a new invitation lives, as the account has set it; absent when the catalog's default counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitation_lifetime_seconds: Option<u64>,
    /// How long a new invitation lives in effect; absent when it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_invitation_lifetime_seconds: Option<u64>,
    /// Whether people are put into groups here.
    #[serde(default)]
    pub groups_on: bool,
    /// How long before the end of a membership, grant or key its holder is told, as the account has set it; absent when the
    /// default of a week counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ending_notice_seconds: Option<u64>,
    /// How long before in effect; 0 for never.
    pub effective_ending_notice_seconds: u64,
    /// The account's revision when they last changed; their `ETag`.
    pub revision: u64,
}

/// A change of settings; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateSettings {
    /// How long a new invitation lives, within what the catalog allows; `null` goes back to the catalog's default.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<u64>))]
    pub invitation_lifetime_seconds: Patch<u64>,
    /// `true` switches groups on, which is not undone; who is a member by then joins the group that the catalog names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups_on: Option<bool>,
    /// How long before the end of a membership, grant or key its holder is told, up to 90 days; 0 for never, and `null` goes
    /// back to the default of a week.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<u64>))]
    pub ending_notice_seconds: Patch<u64>,
}
