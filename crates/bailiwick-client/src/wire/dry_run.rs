//! What a write would do.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{EventTarget, PrincipalLabel, Scope};

/// The answer to a write with `dry_run=true`: nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DryRun<T> {
    /// What would be recorded, in order.
    pub events: Vec<PlannedEvent>,
    /// What principals would gain and lose.
    pub access: AccessChanges,
    /// What the write would answer; absent where the answer has no body or holds a secret. Ids in it are for
    /// illustration: the real write makes its own.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub would: Option<T>,
}

/// The default of a generic field, which would otherwise ask `T` for a default of its own.
fn none<T>() -> Option<T> {
    None
}

/// An event that would be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PlannedEvent {
    /// Stable name, for instance `member.removed`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// What it would be about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<EventTarget>,
    /// The event's own fields, for instance `before` and `after`.
    #[serde(default)]
    pub details: Value,
}

/// Differences of access.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AccessChanges {
    /// What would be allowed and is not now.
    pub gained: Vec<AccessChange>,
    /// What is allowed now and would not be.
    pub lost: Vec<AccessChange>,
    /// Whether everybody touched was looked at; a change that touches more than 1,000 principals is cut off there.
    #[serde(default)]
    pub complete: bool,
}

/// A difference of access of one principal at one scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AccessChange {
    /// Whose.
    pub principal: PrincipalLabel,
    /// Where.
    pub scope: Scope,
    /// Names of permissions.
    pub permissions: Vec<String>,
}
