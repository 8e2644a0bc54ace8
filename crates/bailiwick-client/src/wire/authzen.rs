//! OpenID AuthZEN Authorization API 1.0: evaluation and evaluations, as a client writes and reads them.
//!
//! Unknown fields are ignored in both directions, as the specification demands.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Who asks to act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = AuthzenSubject))]
pub struct Subject {
    /// `user`, `service_account` or `group`.
    #[serde(rename = "type")]
    pub subject_type: String,
    /// Id or external id.
    pub id: String,
    /// Attributes; Bailiwick decides by what it has stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub properties: Option<Map<String, Value>>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = AuthzenAction))]
pub struct Action {
    /// A permission of the catalog.
    pub name: String,
    /// Attributes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub properties: Option<Map<String, Value>>,
}

/// To what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = AuthzenResource))]
pub struct Resource {
    /// `account`, `project` or a resource type of the catalog.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// Id or external id.
    pub id: String,
    /// Attributes; Bailiwick decides by what it has stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub properties: Option<Map<String, Value>>,
}

/// One question (section 6.1 of the specification).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = AuthzenEvaluationRequest))]
pub struct EvaluationRequest {
    /// Who.
    pub subject: Subject,
    /// Does what.
    pub action: Action,
    /// To what.
    pub resource: Resource,
    /// Circumstances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Map<String, Value>>,
}

/// The answer to one question; a no is still HTTP 200.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = AuthzenDecision))]
pub struct Decision {
    /// Whether it is allowed.
    pub decision: bool,
    /// Reasons and errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Map<String, Value>>,
}

/// One of several questions: what is absent is taken from the request's own fields, entity by entity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = AuthzenEvaluationItem))]
pub struct EvaluationItem {
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// Does what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// To what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// Circumstances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Map<String, Value>>,
}

/// When to stop answering.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = AuthzenEvaluationsSemantic))]
#[serde(rename_all = "snake_case")]
pub enum EvaluationsSemantic {
    /// Every question is answered.
    #[default]
    ExecuteAll,
    /// The answers end with the first no.
    DenyOnFirstDeny,
    /// The answers end with the first yes.
    PermitOnFirstPermit,
}

/// How several questions are answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = AuthzenEvaluationsOptions))]
pub struct EvaluationsOptions {
    /// When to stop answering.
    #[serde(default)]
    pub evaluations_semantic: EvaluationsSemantic,
}

/// Several questions with common defaults (section 7.1 of the specification).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = AuthzenEvaluationsRequest))]
pub struct EvaluationsRequest {
    /// Who, unless an item says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// Does what, unless an item says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// To what, unless an item says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// Circumstances, unless an item says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Map<String, Value>>,
    /// The questions, answered in this order.
    pub evaluations: Vec<EvaluationItem>,
    /// When to stop answering.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<EvaluationsOptions>,
}

/// The answers in the order of the questions, possibly ended early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = AuthzenEvaluationsResponse))]
pub struct EvaluationsResponse {
    /// One for each question that was answered.
    pub evaluations: Vec<Decision>,
}

/// Where the endpoints of an account are (section 9 of the specification).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = AuthzenMetadata))]
pub struct Metadata {
    /// The base URL of the policy decision point.
    pub policy_decision_point: String,
    /// The URL for one question.
    pub access_evaluation_endpoint: String,
    /// The URL for several questions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_evaluations_endpoint: Option<String>,
    /// The URL to search subjects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_subject_endpoint: Option<String>,
    /// The URL to search resources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_resource_endpoint: Option<String>,
    /// The URL to search actions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_action_endpoint: Option<String>,
}
