//! Lists, a page at a time.

use serde::{Deserialize, Serialize};

/// How many items a page has unless told otherwise.
pub const PAGE_LIMIT_DEFAULT: u32 = 100;
/// How many items a page has at most.
pub const PAGE_LIMIT_MAX: u32 = 1000;
/// The greatest number of bytes of a cursor.
pub const CURSOR_MAX_BYTES: usize = 512;

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// What is on this page.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; absent on the last one. A page may be shorter than its limit, even empty,
    /// and have one: so much is looked at at once and no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Whether the list ends with this page.
    pub complete: bool,
    /// Whether items were left out because the caller may not see them.
    #[serde(default)]
    pub filtered: bool,
}

impl<T> Page<T> {
    /// A page that ends its list, with nothing left out.
    pub fn complete(items: Vec<T>) -> Self {
        Self { items, next_cursor: None, complete: true, filtered: false }
    }

    /// A page after which more follows if there is a cursor.
    pub fn new(items: Vec<T>, next_cursor: Option<String>) -> Self {
        let complete = next_cursor.is_none();
        Self { items, next_cursor, complete, filtered: false }
    }

    /// Says that items were left out because the caller may not see them.
    #[must_use]
    pub fn filtered(self) -> Self {
        Self { filtered: true, ..self }
    }
}

/// Which page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct PageQuery {
    /// Where the page before ended: its `next_cursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many items at most, from 1 to 1000; 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}
