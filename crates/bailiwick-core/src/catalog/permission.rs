//! Permissions as bits.

use std::fmt;

/// How many permissions a catalog may declare.
pub const MAX_PERMISSIONS: usize = 256;

/// Position of a permission in its catalog, below [`MAX_PERMISSIONS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PermissionIndex(u8);

impl PermissionIndex {
    /// The index for a position, or `None` past [`MAX_PERMISSIONS`].
    pub fn new(position: usize) -> Option<Self> {
        u8::try_from(position).ok().map(Self)
    }

    /// The position in the catalog.
    pub fn position(self) -> usize {
        usize::from(self.0)
    }
}

/// A set of permissions of one catalog: one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct PermissionSet([u64; MAX_PERMISSIONS / 64]);

impl PermissionSet {
    /// No permission.
    pub const EMPTY: Self = Self([0; MAX_PERMISSIONS / 64]);

    /// Adds a permission.
    pub fn insert(&mut self, index: PermissionIndex) {
        if let Some(word) = self.0.get_mut(index.position() / 64) {
            *word |= 1 << (index.position() % 64);
        }
    }

    /// Whether the permission is in the set.
    #[inline]
    pub fn contains(&self, index: PermissionIndex) -> bool {
        self.0.get(index.position() / 64).is_some_and(|word| word >> (index.position() % 64) & 1 == 1)
    }

    /// Whether all of `other` is in the set.
    pub fn contains_all(&self, other: &Self) -> bool {
        self.without(other, |mine, theirs| theirs & !mine == 0)
    }

    /// Whether anything of `other` is in the set.
    pub fn contains_any(&self, other: &Self) -> bool {
        !self.without(other, |mine, theirs| theirs & mine == 0)
    }

    fn without(&self, other: &Self, holds: impl Fn(u64, u64) -> bool) -> bool {
        self.0.iter().zip(&other.0).all(|(mine, theirs)| holds(*mine, *theirs))
    }

    /// What is in either set.
    #[must_use]
    pub fn union(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine |= theirs);
        self
    }

    /// What is in both sets.
    #[must_use]
    pub fn intersection(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine &= theirs);
        self
    }

    /// What is in this set and not in `other`.
    #[must_use]
    pub fn difference(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine &= !theirs);
        self
    }

    /// Whether the set holds nothing.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// How many permissions are in the set.
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The permissions in the set, in catalog order.
    pub fn iter(&self) -> impl Iterator<Item = PermissionIndex> + use<> {
        let set = *self;
        (0..=u8::MAX).map(PermissionIndex).filter(move |index| set.contains(*index))
    }
}

impl FromIterator<PermissionIndex> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = PermissionIndex>>(indexes: I) -> Self {
        let mut set = Self::EMPTY;
        indexes.into_iter().for_each(|index| set.insert(index));
        set
    }
}

impl fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(PermissionIndex::position)).finish()
    }
}
