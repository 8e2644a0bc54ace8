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

/// Differences of access: net, so that whoever keeps a permission by another way loses nothing.
///
/// People and service accounts are counted, groups are not: they act through their members.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AccessChanges {
    /// What would be allowed and is not now, what concerns most principals first; at most 1000 entries.
    pub gained: Vec<AccessChange>,
    /// How many entries of gains there are in all.
    #[serde(default)]
    pub gained_count: u64,
    /// What is allowed now and would not be, in the same order; at most 1000 entries.
    pub lost: Vec<AccessChange>,
    /// How many entries of losses there are in all.
    #[serde(default)]
    pub lost_count: u64,
    /// How many members and service accounts would gain or lose something.
    #[serde(default)]
    pub principal_count: u64,
    /// Whether policies counted. Their conditions were judged for a question of now: without an address, a second factor or
    /// anything said of the request.
    #[serde(default)]
    pub policies: bool,
    /// Whether policies left more to ask than is asked, so that more may be gained and lost, and the counts of both are the
    /// least there is. Otherwise all counts are exact.
    #[serde(default)]
    pub unasked: bool,
    /// What would stop working or go away: members, service accounts, keys, invitations, offers, projects, resources.
    #[serde(default)]
    pub ended: Vec<AccessEnded>,
    /// Whether all entries of gains and losses are listed, and nothing was left unasked.
    #[serde(default)]
    pub complete: bool,
}

/// What principals gain or lose alike at one scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AccessChange {
    /// Where. What is lost was allowed on all of it and would not be any more; what is gained is not and would be.
    pub scope: Scope,
    /// Whether what is in the account, project or resources is not meant, but only they themselves: where policies decide, each
    /// is asked about, and all resources of a type are those that there are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alone: bool,
    /// The scope in words.
    #[serde(default)]
    pub scope_words: String,
    /// Names of permissions.
    pub permissions: Vec<String>,
    /// How many members and service accounts.
    #[serde(default)]
    pub principal_count: u64,
    /// The first 25 of them.
    #[serde(default)]
    pub principals: Vec<PrincipalLabel>,
    /// Whether these are all.
    #[serde(default)]
    pub principals_complete: bool,
}

/// What would end, of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AccessEnded {
    /// `member`, `service_account`, `key`, `invitation`, `offer`, `project` or `resource`.
    pub kind: String,
    /// How many; always exact.
    pub count: u64,
    /// The first 25 of them.
    pub items: Vec<EventTarget>,
    /// Whether these are all.
    pub complete: bool,
}
