//! The statements of an account's enabled policies, sorted by what is asked: made when policies change, shared until then.

use std::sync::Arc;

use super::schema::Names;
use super::statement::Reads;
use super::{Effect, Statement};
use crate::catalog::{Catalog, PermissionIndex};

/// See the module above.
#[derive(Debug)]
pub(crate) struct Rulebook {
    pub(super) names: Names,
    statements: Vec<Arc<Statement>>,
    /// By position of the permission in the catalog.
    by_permission: Vec<Candidates>,
}

/// The statements that name one permission.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    pub(super) permits: Vec<Arc<Statement>>,
    pub(super) forbids: Vec<Arc<Statement>>,
    /// What any condition among them looks at.
    pub(super) reads: Reads,
}

impl Rulebook {
    /// The rulebook of these statements; `None` where there are none, so that checks need not ask.
    pub(crate) fn new(
        catalog: &Catalog,
        statements: impl Iterator<Item = Arc<Statement>>,
    ) -> Option<Arc<Self>> {
        let mut statements: Vec<_> = statements.collect();
        if statements.is_empty() {
            return None;
        }
        // What needs no evaluation comes first: it may make the rest unnecessary.
        statements.sort_by_key(|statement| statement.condition.is_some());
        let mut by_permission: Vec<Candidates> = Vec::new();
        by_permission.resize_with(catalog.permissions.len(), Candidates::default);
        for statement in &statements {
            for permission in statement.actions.iter() {
                let Some(candidates) = by_permission.get_mut(permission.position()) else { continue };
                match statement.effect {
                    Effect::Permit => candidates.permits.push(Arc::clone(statement)),
                    Effect::Forbid => candidates.forbids.push(Arc::clone(statement)),
                }
                if statement.condition.is_some() {
                    candidates.reads.add(&statement.reads);
                }
            }
        }
        Some(Arc::new(Self { names: Names::of(catalog)?, statements, by_permission }))
    }

    #[inline]
    pub(super) fn candidates(&self, permission: PermissionIndex) -> Option<&Candidates> {
        self.by_permission.get(permission.position())
    }

    /// Whether anything forbids the permission somewhere.
    pub(crate) fn has_forbids(&self, permission: PermissionIndex) -> bool {
        self.candidates(permission).is_some_and(|candidates| !candidates.forbids.is_empty())
    }

    /// Whether anything permits the permission somewhere.
    pub(crate) fn has_permits(&self, permission: PermissionIndex) -> bool {
        self.candidates(permission).is_some_and(|candidates| !candidates.permits.is_empty())
    }

    /// How many statements name the permission.
    pub(crate) fn statements_on(&self, permission: PermissionIndex) -> usize {
        self.candidates(permission)
            .map_or(0, |candidates| candidates.permits.len() + candidates.forbids.len())
    }

    /// All statements of enabled policies.
    pub(crate) fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().map(|statement| &**statement)
    }
}
