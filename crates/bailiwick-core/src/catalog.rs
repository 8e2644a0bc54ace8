//! A cloud's vocabulary as data: resource types, permissions, built-in roles and rules.
//!
//! [`Catalog::parse`] reads a TOML file, reports every mistake in it, and gives a model in which every reference holds:
//! the rest of Bailiwick never asks whether a permission or a role exists.

mod attribute;
mod bundled;
mod check;
mod diff;
mod lookup;
mod model;
mod permission;
mod problem;
mod reference;
mod source;

pub use attribute::{Attribute, AttributeKind, AttributeOf};
pub use diff::{Change, Difference, diff};
pub use model::{
    BuiltInGroup, BuiltInRole, BuiltInRoleIndex, Catalog, GroupsRule, InvitationField, Level, Lifetime,
    MailFact, Operation, Permission, PersonalKeys, ResourceType, ResourceTypeIndex, RolesPerMember, Rules,
    Section,
};
pub use permission::{MAX_PERMISSIONS, PermissionIndex, PermissionSet};
pub use problem::CatalogError;
pub use reference::render_reference;

use problem::Problems;

impl Catalog {
    /// Reads and checks a catalog. `file_name` only serves to say where a mistake is.
    ///
    /// # Errors
    /// Every mistake that the file has, in file order, each with its position and what to do about it. A file that is
    /// not TOML has only its syntax errors reported.
    ///
    /// ```
    /// use bailiwick_core::catalog::Catalog;
    ///
    /// let errors = Catalog::parse("mine.toml", "titel = \"My cloud\"").unwrap_err();
    /// assert_eq!(errors[0].to_string(), "mine.toml:1:1: unknown key `titel` in the catalog\n  hint: did you mean `title`?");
    /// ```
    pub fn parse(file_name: &str, text: &str) -> Result<Self, Vec<CatalogError>> {
        let mut problems = Problems::default();
        if text.len() > check::MAX_FILE_BYTES {
            let hint = format!("a catalog has at most {} bytes", check::MAX_FILE_BYTES);
            problems.add(&(0..0), format!("the file has {} bytes", text.len()), hint);
            return Err(problems.into_errors(file_name, text));
        }
        let source = source::read(text, &mut problems);
        let catalog = source.and_then(|source| check::check(&source, &mut problems));
        catalog.filter(|_| problems.is_empty()).ok_or_else(|| problems.into_errors(file_name, text))
    }
}
