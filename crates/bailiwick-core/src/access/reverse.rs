//! The index read backwards, for searches: who was granted a role at a scope, and which resources a scope covers.
//!
//! Made at the first search of an account and kept up to date from then on, so that an account that is never searched pays
//! neither memory nor time for it. INVARIANT: whatever a check allows is among what is found here; what is found and not
//! allowed is left out by the check that confirms it, so that an entry too many does no harm.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use imbl::OrdSet;

use super::index::AccessIndex;
use super::scope_key::{ScopeKey, Slot};
use crate::account::{Account, Grant, Principal, put_spread};
use crate::catalog::{Catalog, ResourceTypeIndex};
use crate::ids::{GrantId, ResourceId};

/// See the module above.
#[derive(Debug, Clone, Default)]
pub(crate) struct Backwards {
    /// Scope, role, and who has that role there, by grants that have ended too.
    pub(super) granted: OrdSet<(ScopeKey, Slot, Principal)>,
    /// What covers a resource, its type, and the resource: of the scopes that cover it only all of its type in the account,
    /// all of its type in the project, and each resource above it. The others cover the same resources as one of these.
    pub(super) covered: OrdSet<(ScopeKey, ResourceTypeIndex, ResourceId)>,
}

/// The [`Backwards`] of an account, if it was ever searched.
#[derive(Debug, Clone, Default)]
pub(crate) struct Searched {
    made: OnceLock<Backwards>,
    /// Shared with all later and earlier values of the account: a search may come to a value of which the next one was made
    /// already, and that next one shall not have to start anew.
    wanted: Arc<AtomicBool>,
}

impl Searched {
    /// What is to be changed with the account, if it is there.
    pub(crate) fn get_mut(&mut self) -> Option<&mut Backwards> {
        self.made.get_mut()
    }

    fn is_missed(&self) -> bool {
        self.made.get().is_none() && self.wanted.load(Ordering::Relaxed)
    }
}

impl Account {
    /// Whether searches find the index that they need. The first one of an account makes it, which takes about a microsecond
    /// for each grant and resource; who must not wait calls [`Account::prepare_search`] elsewhere before.
    pub fn is_search_prepared(&self) -> bool {
        self.searched.made.get().is_some()
    }

    /// Makes the index that searches need, if it is not there.
    pub fn prepare_search(&self) {
        self.backwards();
    }

    pub(super) fn backwards(&self) -> &Backwards {
        self.searched.made.get_or_init(|| {
            self.searched.wanted.store(true, Ordering::Relaxed);
            Backwards::of(self)
        })
    }

    /// Makes the index for an account that was searched before the value that this one comes from knew of it.
    pub(crate) fn catch_up_with_searches(&self) {
        if self.searched.is_missed() {
            self.backwards();
        }
    }
}

impl Backwards {
    fn of(account: &Account) -> Self {
        let (index, catalog) = (&account.index, account.catalog());
        let mut granted: Vec<_> =
            account.grants_after(None).flat_map(|(_, grant)| keys(index, catalog, &grant.value)).collect();
        granted.sort_unstable();
        granted.dedup();
        let mut covered: Vec<_> =
            account.resources_after(None).flat_map(|(id, _)| places(index, id)).collect();
        covered.sort_unstable();
        let mut made = Self::default();
        put_spread(granted, &mut made.granted);
        put_spread(covered, &mut made.covered);
        made
    }

    /// After a grant was entered into the index.
    pub(crate) fn add_grant(&mut self, index: &AccessIndex, catalog: &Catalog, grant: &Grant) {
        self.granted.extend(keys(index, catalog, grant));
    }

    /// After a grant was taken out of the index.
    pub(crate) fn remove_grant(
        &mut self,
        index: &AccessIndex,
        catalog: &Catalog,
        id: GrantId,
        grant: &Grant,
    ) {
        let left = index.subject(grant.principal);
        for key in keys(index, catalog, grant) {
            // Another grant of the role may name the same resource among others.
            let stays = left.is_some_and(|subject| {
                subject
                    .grants
                    .iter()
                    .any(|other| other.id != id && (other.scope, other.role) == (key.0, key.1))
            });
            if !stays {
                self.granted.remove(&key);
            }
        }
    }

    /// After a resource was entered into the index.
    pub(crate) fn add_resource(&mut self, index: &AccessIndex, id: ResourceId) {
        self.covered.extend(places(index, id));
    }

    /// Before a resource is taken out of the index.
    pub(crate) fn remove_resource(&mut self, index: &AccessIndex, id: ResourceId) {
        for place in places(index, id) {
            self.covered.remove(&place);
        }
    }
}

/// Under which scope keys a grant gives which role to whom; nothing for a role that the catalog has dropped.
fn keys(
    index: &AccessIndex,
    catalog: &Catalog,
    grant: &Grant,
) -> impl Iterator<Item = (ScopeKey, Slot, Principal)> + use<> {
    let principal = grant.principal;
    let slot = index.role_slot(catalog, &grant.role);
    let keys = slot.map(|_| index.keys_of(catalog, &grant.scope)).unwrap_or_default();
    keys.into_iter().map(move |key| (key, slot.unwrap_or_default(), principal))
}

/// Under what a resource is found.
fn places(
    index: &AccessIndex,
    id: ResourceId,
) -> impl Iterator<Item = (ScopeKey, ResourceTypeIndex, ResourceId)> + use<> {
    let node = index.resource(id);
    let found = node.and_then(|node| node.resource_type.map(|of| (of, node.covering.clone())));
    found.into_iter().flat_map(move |(of, covering)| {
        // The resource itself comes first, then all of its type in the project and in the account, then what is above.
        let above = |place: usize, key: ScopeKey| place > 2 && key.resource_slot().is_some();
        let kept = covering.into_iter().enumerate();
        let kept = kept.filter(move |(place, key)| matches!(place, 1 | 2) || above(*place, *key));
        kept.map(move |(_, key)| (key, of, id))
    })
}
