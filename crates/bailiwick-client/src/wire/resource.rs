//! Resources, as a control plane registers them.

use serde::{Deserialize, Serialize};

use super::{AttributeChanges, Attributes, Patch};

/// A typed node below a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Resource {
    /// Its id, `res_…`.
    pub id: String,
    /// Name of a resource type of the catalog.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// What people read.
    pub name: String,
    /// Id of the project in which it is, through whatever parents.
    pub project: String,
    /// Id of the resource that holds it; absent directly below the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The caller's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Where it is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What is said of it, for policies to read: names of the catalog's attributes and their values.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = std::collections::HashMap<String, super::AttributeValue>))]
    pub attributes: Attributes,
    /// The account's revision when it last changed; its `ETag`.
    pub revision: u64,
}

/// A resource to be registered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateResource {
    /// Name of a resource type of the catalog.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// What people read, 1 to 64 characters.
    pub name: String,
    /// Id or external id of the project; that of the parent, or the default one, when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Id or external id of the resource that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The caller's own name for it, 1 to 128 characters without white space.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Where it is reached: `https://…` or `http://…`, up to 512 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What is said of it, for policies to read: names of the catalog's attributes and their values.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = std::collections::HashMap<String, super::AttributeValue>))]
    pub attributes: Attributes,
}

/// Resources to be registered: all of them or none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RegisterResources {
    /// Up to 1000 resources; one cannot be the parent of another in the same request.
    pub resources: Vec<CreateResource>,
}

/// The resources that were registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ResourcesRegistered {
    /// In the order of the request.
    pub resources: Vec<Resource>,
}

/// A change of a resource; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateResource {
    /// What people read, 1 to 64 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The caller's own name for it; `null` takes it away.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub external_id: Patch<String>,
    /// Where it is reached; `null` takes it away.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub url: Patch<String>,
    /// What is said of it, for policies to read; `null` takes an attribute away, and what is absent stays.
    #[serde(default, skip_serializing_if = "AttributeChanges::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub attributes: AttributeChanges,
}

/// Which resources to list; all conditions hold together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct ResourceQuery {
    /// Only those of this type.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(rename = "type")]
    pub resource_type: Option<String>,
    /// Only those in this project (id or external id).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Only those directly below this resource (id or external id).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Only those with this text in their name or external id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Where the page before ended: its `next_cursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many items at most, from 1 to 1000; 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}
