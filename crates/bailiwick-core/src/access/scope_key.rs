//! Scopes as one machine word each.

use smallvec::SmallVec;

use crate::catalog::{Catalog, ResourceTypeIndex};

/// A scope, packed: kind in the top byte, resource type in the next two, slot of the node in the low half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeKey(u64);

/// All scopes that cover one target, most specific first. The catalog nests types at most six deep, so a resource has
/// at most 3 × 6 + 2.
pub(crate) type Covering = SmallVec<[ScopeKey; 8]>;

/// Position of a project or resource in the index; never stored.
pub(crate) type Slot = u32;

impl ScopeKey {
    /// The whole account.
    pub(crate) const ACCOUNT: Self = Self(0);

    /// Covers nothing.
    pub(crate) const NOWHERE: Self = Self(u64::MAX);

    pub(crate) fn project(slot: Slot) -> Self {
        Self(1 << 56 | u64::from(slot))
    }

    pub(crate) fn all_in_account(resource_type: ResourceTypeIndex) -> Self {
        Self(2 << 56 | u64::from(resource_type.0) << 32)
    }

    pub(crate) fn all_in_project(resource_type: ResourceTypeIndex, slot: Slot) -> Self {
        Self(3 << 56 | u64::from(resource_type.0) << 32 | u64::from(slot))
    }

    pub(crate) fn resource(slot: Slot) -> Self {
        Self(4 << 56 | u64::from(slot))
    }

    /// The slot of the resource that this scope is.
    pub(crate) fn resource_slot(self) -> Option<Slot> {
        (self.0 >> 56 == 4).then(|| Slot::try_from(self.0 & u64::from(u32::MAX)).unwrap_or_default())
    }
}

/// The scopes that cover a whole project.
pub(crate) fn covering_project(project: Slot) -> Covering {
    SmallVec::from_slice(&[ScopeKey::project(project), ScopeKey::ACCOUNT])
}

/// The scopes that cover all resources of a type, in a project or in the account.
pub(crate) fn covering_all_of(
    catalog: &Catalog,
    resource_type: ResourceTypeIndex,
    project: Option<Slot>,
) -> Covering {
    let mut covering = Covering::new();
    let mut next = Some(resource_type);
    while let Some(of) = next {
        covering.extend(project.map(|slot| ScopeKey::all_in_project(of, slot)));
        covering.push(ScopeKey::all_in_account(of));
        next = catalog.resource_type_at(of).and_then(|of| of.parent);
    }
    covering.extend(project.map(ScopeKey::project));
    covering.push(ScopeKey::ACCOUNT);
    covering
}

/// The scopes that cover a resource: itself, all of its type, and whatever covers its parent.
pub(crate) fn covering_resource(
    own: Slot,
    resource_type: Option<ResourceTypeIndex>,
    project: Slot,
    parent: &[ScopeKey],
) -> Covering {
    let mut covering = Covering::new();
    covering.push(ScopeKey::resource(own));
    if let Some(of) = resource_type {
        covering.push(ScopeKey::all_in_project(of, project));
        covering.push(ScopeKey::all_in_account(of));
    }
    covering.extend(parent.iter().copied());
    covering
}
