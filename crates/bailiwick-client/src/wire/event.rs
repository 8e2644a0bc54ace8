//! The record of what happened.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ActorLabel;

/// Something that happened in an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Event {
    /// Revision and position, for instance `17.0`.
    pub id: String,
    /// The account's revision that the write led to.
    pub revision: u64,
    /// Position among the events of that revision, from 0.
    pub seq: u32,
    /// When.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// Stable name, for instance `member.joined`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Who did it.
    pub actor: ActorLabel,
    /// What it is about; absent when it is the account itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<EventTarget>,
    /// The request in which it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// From where the request came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<String>,
    /// The event's own fields, for instance `before` and `after`.
    #[serde(default)]
    pub details: Value,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EventTarget {
    /// For instance `member`, `invitation` or `grant`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// What people call it: a name or an email.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// In which order a list comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Oldest first.
    Asc,
    /// Newest first.
    #[default]
    Desc,
}

/// Which events to list; all conditions hold together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct EventQuery {
    /// Only those at or after this moment (RFC 3339), or from the first moment of this day of UTC on, such as `2026-11-21`.
    #[serde(deserialize_with = "super::moment::first", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", param(value_type = Option<String>))]
    pub from: Option<Timestamp>,
    /// Only those before this moment (RFC 3339), or up to the end of this day of UTC, such as `2026-11-21`.
    #[serde(deserialize_with = "super::moment::last", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", param(value_type = Option<String>))]
    pub to: Option<Timestamp>,
    /// Only those by this actor: id of a user or service account, a member's email or external id, or `system`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Only those whose type is this or starts with it and a dot, for instance `member`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// Only those about the entity with this id: of a grant too who receives it and which role it is, of a change of a group who
    /// came or went, and of an invitation who is invited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Only those with this text in type, ids, request id or details.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Newest first, unless told otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// Where the page before ended: its `next_cursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many items at most, from 1 to 1000; 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// How events are exported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// JSON lines: one event a line.
    #[default]
    Jsonl,
    /// Comma-separated values with a header (RFC 4180).
    Csv,
}

impl ExportFormat {
    /// Media type of the answer.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/jsonl",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// Which events to export, and how; all of them, unless a condition says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct ExportQuery {
    /// JSON lines, unless told otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<ExportFormat>,
    /// Only those at or after this moment (RFC 3339), or from the first moment of this day of UTC on, such as `2026-11-21`.
    #[serde(deserialize_with = "super::moment::first", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", param(value_type = Option<String>))]
    pub from: Option<Timestamp>,
    /// Only those before this moment (RFC 3339), or up to the end of this day of UTC, such as `2026-11-21`.
    #[serde(deserialize_with = "super::moment::last", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", param(value_type = Option<String>))]
    pub to: Option<Timestamp>,
    /// Only those by this actor: id of a user or service account, a member's email or external id, or `system`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Only those whose type is this or starts with it and a dot, for instance `member`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// Only those about the entity with this id: of a grant too who receives it and which role it is, of a change of a group who
    /// came or went, and of an invitation who is invited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Only those with this text in type, ids, request id or details.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Newest first, unless told otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
}
