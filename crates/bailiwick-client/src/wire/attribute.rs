//! Attributes: what is said of members and resources, for policies to read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A value: a text, a whole number, true or false, or a list of texts, as the catalog says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum AttributeValue {
    /// True or false.
    Bool(bool),
    /// A whole number of 64 bits.
    Number(i64),
    /// A text of at most 256 characters.
    String(String),
    /// At most 64 texts, the order of which means nothing.
    List(Vec<String>),
}

/// Names and values.
pub type Attributes = BTreeMap<String, AttributeValue>;

/// What an edit sets; `null` takes an attribute away, and what is absent stays.
pub type AttributeChanges = BTreeMap<String, Option<AttributeValue>>;
