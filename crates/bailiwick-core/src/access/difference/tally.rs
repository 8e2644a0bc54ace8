//! What many gain or lose alike, put together.

use std::collections::HashMap;

use super::asked::Outcome;
use super::touched::Place;
use super::{AccessChange, AccessDifference, Counted};
use crate::account::{Principal, Scope};
use crate::catalog::PermissionSet;
use crate::ids::ResourceId;
use crate::limits;

/// What is gained or lost at a scope.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) scope: Scope,
    /// Whether what is in it is not meant.
    pub(super) alone: bool,
    pub(super) permissions: PermissionSet,
}

type Entries = HashMap<(Scope, bool, PermissionSet), Counted<Principal>, foldhash::fast::FixedState>;

/// Entries in the making.
#[derive(Default)]
pub(super) struct Tally {
    gained: Entries,
    lost: Entries,
    principals: usize,
}

impl Tally {
    /// Counts what a principal gains and loses: at places by grants, and what policies make of it.
    pub(super) fn add<'a>(
        &mut self,
        principal: Principal,
        granted: impl Iterator<Item = (&'a Place, PermissionSet, PermissionSet)>,
        asked: Option<&Outcome>,
    ) {
        let (mut gained, mut lost) = (Vec::new(), Vec::new());
        for (place, more, less) in granted {
            gained.extend((!more.is_empty()).then_some((more, place)));
            lost.extend((!less.is_empty()).then_some((less, place)));
        }
        let (more, less) = asked.map_or((&[][..], &[][..]), |asked| (&asked.gained, &asked.lost));
        let some = !gained.is_empty() || !lost.is_empty() || !more.is_empty() || !less.is_empty();
        self.principals += usize::from(some);
        enter(&mut self.gained, principal, gained, more);
        enter(&mut self.lost, principal, lost, less);
    }

    pub(super) fn difference(self) -> AccessDifference {
        AccessDifference {
            gained_count: self.gained.len(),
            lost_count: self.lost.len(),
            principal_count: self.principals,
            gained: listed(self.gained),
            lost: listed(self.lost),
            ..AccessDifference::default()
        }
    }
}

/// Enters a principal under each scope; named resources where the same changes are one scope.
fn enter(
    entries: &mut Entries,
    principal: Principal,
    mut granted: Vec<(PermissionSet, &Place)>,
    asked: &[Found],
) {
    // Stable, so that the resources of a scope stay in their order.
    granted.sort_by_key(|(permissions, _)| *permissions);
    let mut asked: Vec<Found> = asked.to_vec();
    let mut add = |scope: Scope, alone, mut permissions: PermissionSet| {
        // What grants and policies change at one scope is one entry.
        asked.retain(|found| {
            let same = found.scope == scope && found.alone == alone;
            if same {
                permissions = permissions.union(&found.permissions);
            }
            !same
        });
        entries.entry((scope, alone, permissions)).or_default().add(principal);
    };
    for alike in granted.chunk_by(|(one, _), (other, _)| one == other) {
        let mut named: Vec<ResourceId> = Vec::new();
        for (permissions, place) in alike {
            match place {
                Place::Account => add(Scope::Account, false, *permissions),
                Place::Project(id) => add(Scope::Project(*id), false, *permissions),
                Place::AllOf(all) => add(Scope::AllOf(all.clone()), false, *permissions),
                Place::Resource(id) => named.push(*id),
            }
        }
        if let (Some((permissions, _)), false) = (alike.first(), named.is_empty()) {
            add(Scope::Resources(named.into()), false, *permissions);
        }
    }
    while let Some(found) = asked.pop() {
        entries.entry((found.scope, found.alone, found.permissions)).or_default().add(principal);
    }
}

/// The entries that concern most principals, in an order that depends on nothing else.
fn listed(entries: Entries) -> Vec<AccessChange> {
    let entries = entries.into_iter();
    let mut listed: Vec<AccessChange> = entries
        .map(|((scope, alone, permissions), principals)| AccessChange {
            scope,
            alone,
            permissions,
            principals,
        })
        .collect();
    listed.sort_unstable_by(|one, other| {
        let most = other.principals.count.cmp(&one.principals.count);
        most.then_with(|| one.scope.cmp(&other.scope))
            .then_with(|| (one.alone, one.permissions).cmp(&(other.alone, other.permissions)))
    });
    listed.truncate(limits::ENTRIES_OF_DIFFERENCE);
    listed
}
