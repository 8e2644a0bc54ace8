//! Where a grant counts.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The greatest number of resources that one scope names.
pub const SCOPE_RESOURCES_MAX: usize = 1_000;

/// Where a grant counts, always with everything below; the same in requests and responses.
///
/// `"account"`, `{"project": "prj_…"}`, `{"all_of": {"type": "cluster"}}` or `{"resources": ["res_…"]}`. Requests take
/// external ids too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The whole account.
    #[default]
    Account,
    /// One project.
    Project(String),
    /// All resources of a type, those of today and those registered later.
    AllOf(AllOf),
    /// Named resources, up to 1000.
    Resources(Vec<String>),
}

/// All resources of a type, in one project or in the account.
///
/// Strict even in responses: a scope with a restriction that the reader does not know must not pass for a wider one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AllOf {
    /// Name of a resource type of the catalog.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// Only in this project; in all of them when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// In requests: `false` freezes today's list, so that what is registered later is not covered. The scope is then one of
    /// named resources, which are those of the type that the caller may see. Absent counts as `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub future: Option<bool>,
}

impl fmt::Display for Scope {
    /// Writes it for people: `account`, the project's id, `all cluster in prj_…`, or the resources' ids.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account => f.write_str("account"),
            Self::Project(id) => f.write_str(id),
            Self::AllOf(AllOf { resource_type, project: Some(project), .. }) => {
                write!(f, "all {resource_type} in {project}")
            }
            Self::AllOf(AllOf { resource_type, project: None, .. }) => write!(f, "all {resource_type}"),
            Self::Resources(ids) => f.write_str(&ids.join(", ")),
        }
    }
}
