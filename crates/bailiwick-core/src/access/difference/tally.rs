//! What many gain or lose alike, put together.

use std::collections::HashMap;

use super::touched::Place;
use super::{AccessChange, AccessDifference, Counted};
use crate::account::{Principal, Scope};
use crate::catalog::PermissionSet;
use crate::ids::ResourceId;
use crate::limits;

/// What one principal gains and loses at one place.
pub(super) struct Both<'a> {
    pub(super) place: &'a Place,
    pub(super) gained: PermissionSet,
    pub(super) lost: PermissionSet,
}

type Entries = HashMap<(Scope, PermissionSet), Counted<Principal>, foldhash::fast::FixedState>;

/// Entries in the making.
#[derive(Default)]
pub(super) struct Tally {
    gained: Entries,
    lost: Entries,
    principals: usize,
}

impl Tally {
    /// Counts what a principal gains and loses; places where it does neither are left out by the caller.
    pub(super) fn add<'a>(&mut self, principal: Principal, changes: impl Iterator<Item = Both<'a>>) {
        let (mut gained, mut lost) = (Vec::new(), Vec::new());
        for Both { place, gained: more, lost: less } in changes {
            gained.extend((!more.is_empty()).then_some((more, place)));
            lost.extend((!less.is_empty()).then_some((less, place)));
        }
        self.principals += usize::from(!gained.is_empty() || !lost.is_empty());
        enter(&mut self.gained, principal, gained);
        enter(&mut self.lost, principal, lost);
    }

    pub(super) fn difference(self) -> AccessDifference {
        AccessDifference {
            gained_count: self.gained.len(),
            lost_count: self.lost.len(),
            principal_count: self.principals,
            gained: listed(self.gained),
            lost: listed(self.lost),
            ended: Vec::new(),
        }
    }
}

/// Enters a principal under each scope; named resources where the same changes are one scope.
fn enter(entries: &mut Entries, principal: Principal, mut changes: Vec<(PermissionSet, &Place)>) {
    // Stable, so that the resources of a scope stay in their order.
    changes.sort_by_key(|(permissions, _)| *permissions);
    let mut add = |scope, permissions| entries.entry((scope, permissions)).or_default().add(principal);
    for alike in changes.chunk_by(|(one, _), (other, _)| one == other) {
        let mut named: Vec<ResourceId> = Vec::new();
        for (permissions, place) in alike {
            match place {
                Place::Account => add(Scope::Account, *permissions),
                Place::Project(id) => add(Scope::Project(*id), *permissions),
                Place::AllOf(all) => add(Scope::AllOf(all.clone()), *permissions),
                Place::Resource(id) => named.push(*id),
            }
        }
        if let (Some((permissions, _)), false) = (alike.first(), named.is_empty()) {
            add(Scope::Resources(named.into()), *permissions);
        }
    }
}

/// The entries that concern most principals, in an order that depends on nothing else.
fn listed(entries: Entries) -> Vec<AccessChange> {
    let entries = entries.into_iter();
    let mut listed: Vec<AccessChange> = entries
        .map(|((scope, permissions), principals)| AccessChange { scope, permissions, principals })
        .collect();
    listed.sort_unstable_by(|one, other| {
        let most = other.principals.count.cmp(&one.principals.count);
        most.then_with(|| one.scope.cmp(&other.scope)).then_with(|| one.permissions.cmp(&other.permissions))
    });
    listed.truncate(limits::ENTRIES_OF_DIFFERENCE);
    listed
}
