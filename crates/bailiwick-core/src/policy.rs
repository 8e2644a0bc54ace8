//! Policies: what a role cannot say, in Cedar, per account.
//!
//! A policy is a text of a few statements, each of which permits or forbids. Its text is checked when it is saved, against a
//! schema that follows from the catalog, so that no wrong name is found out by whoever is locked out. What is kept of it are
//! its statements: the part that says who, what and where is compared with Bailiwick's own ids in a few nanoseconds; only a
//! condition (`when`, `unless`) is left to Cedar's evaluator, and gets to see no more than it reads.
//!
//! `allowed = (a grant allows it, or a permit matches) and no forbid matches`. A condition that cannot be evaluated, for
//! instance because an attribute is not set, counts against access: the permit does not match, the forbid does.

mod check;
mod condition;
mod decision;
mod depth;
mod foreign_values;
mod mistake;
mod partial;
mod rename;
mod rulebook;
mod schema;
mod statement;

pub use mistake::{Mistake, Mistakes};
pub use schema::{Schema, type_name};
pub use statement::Effect;

pub(crate) use check::{actions_named, check, compile, fits};
pub(crate) use decision::Asked;
pub(crate) use partial::{Applies, Object, Subject};
pub(crate) use rename::renamed;
pub(crate) use rulebook::Rulebook;
pub(crate) use schema::Validation;
pub(crate) use statement::{Statement, types_below, types_in};

/// Reads a policy's text and nothing else: whether it could be a policy of any account. For fuzzing and for tests.
///
/// # Errors
/// What is wrong with its syntax.
pub fn parse(text: &str) -> Result<usize, Mistakes> {
    check::parse(text).map(|statements| statements.len())
}
