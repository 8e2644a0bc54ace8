//! The catalogs that were in force, so that the past is read by the words of its own time.

use jiff::Timestamp;

/// A catalog that was in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogRow {
    /// From when on.
    pub since: Timestamp,
    /// The catalog's own name.
    pub name: String,
    /// SHA-256 of its text, in hexadecimal digits.
    pub hash: String,
    /// The file, as it was read.
    pub body: String,
}
