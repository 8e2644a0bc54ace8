//! A persistent hash table from ids: flat, so that a look-up touches few cache lines.
//!
//! A vector of buckets, each one allocation with a few entries next to each other. A change copies one bucket and the
//! way to it; everything else is shared with the value before. imbl's hash map was measured first: at 100,000 entries
//! a look-up cost it several more cache misses, and an entry more than twice the memory.

use std::sync::Arc;

use imbl::Vector;
use uuid::Uuid;

/// Entries per bucket, on average, before the number of buckets doubles.
const LOAD: usize = 4;

/// See the module above.
#[derive(Debug, Clone)]
pub(crate) struct Table<V> {
    buckets: Vector<Bucket<V>>,
    /// How far a hash is shifted to give a bucket: 64 less the binary logarithm of their number.
    shift: u32,
    len: usize,
}

type Bucket<V> = Option<Arc<[(Uuid, V)]>>;

impl<V: Clone> Default for Table<V> {
    fn default() -> Self {
        Self { buckets: Vector::unit(None), shift: 64, len: 0 }
    }
}

/// Spreads an id over 64 bits. Ids are made by Bailiwick, mostly of random bits, so nobody can choose colliding ones.
#[inline]
fn hash(id: &Uuid) -> u64 {
    let (high, low) = id.as_u64_pair();
    (high.rotate_left(32) ^ low).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[inline]
fn place(id: &Uuid, shift: u32) -> usize {
    place_of(hash(id), shift)
}

#[inline]
fn place_of(hash: u64, shift: u32) -> usize {
    // A shift by all 64 bits is no shift at all for the processor; it stands for the one bucket of a small table.
    hash.checked_shr(shift).and_then(|place| usize::try_from(place).ok()).unwrap_or(0)
}

/// The low bits of a hash, of which the high ones give the bucket.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the low bits are what is wanted")]
fn mark(hash: u64) -> u32 {
    hash as u32
}

impl<V: Clone> Table<V> {
    #[inline]
    fn place(&self, id: &Uuid) -> usize {
        place(id, self.shift)
    }

    /// The entry of an id.
    #[inline]
    pub(crate) fn get(&self, id: &Uuid) -> Option<&V> {
        let bucket = self.buckets.get(self.place(id))?.as_deref()?;
        bucket.iter().find(|(key, _)| key == id).map(|(_, value)| value)
    }

    /// The entry of an id, to be changed in this value of the table only.
    pub(crate) fn get_mut(&mut self, id: &Uuid) -> Option<&mut V> {
        let place = self.place(id);
        self.get(id)?;
        let bucket = self.buckets.get_mut(place)?.as_mut()?;
        Arc::make_mut(bucket).iter_mut().find(|(key, _)| key == id).map(|(_, value)| value)
    }

    /// Puts an entry, in the place of the one that was there.
    pub(crate) fn insert(&mut self, id: Uuid, value: V) {
        if let Some(old) = self.get_mut(&id) {
            *old = value;
            return;
        }
        if self.len >= self.buckets.len() * LOAD {
            self.resize(self.len + 1);
        }
        self.len += 1;
        let place = self.place(&id);
        if let Some(bucket) = self.buckets.get_mut(place) {
            let old = bucket.as_deref().unwrap_or_default();
            *bucket = Some(old.iter().cloned().chain([(id, value)]).collect());
        }
    }

    /// Takes an entry away.
    pub(crate) fn remove(&mut self, id: &Uuid) {
        if self.get(id).is_none() {
            return;
        }
        self.len -= 1;
        let place = self.place(id);
        if let Some(bucket) = self.buckets.get_mut(place) {
            let rest = bucket.iter().flat_map(|bucket| bucket.iter()).filter(|(key, _)| key != id);
            let rest: Arc<[(Uuid, V)]> = rest.cloned().collect();
            *bucket = (!rest.is_empty()).then_some(rest);
        }
    }

    /// Makes room for so many entries in all. Costs as much as the table holds, and comes with each doubling.
    pub(crate) fn resize(&mut self, len: usize) {
        if len.div_ceil(LOAD).next_power_of_two() > self.buckets.len() {
            *self = self.filling(std::iter::empty(), len).table();
        }
    }

    /// The entries of this table and others that are not in it, to be changed before a table of all of them is made, with
    /// room for so many.
    pub(crate) fn filling(&self, added: impl Iterator<Item = (Uuid, V)>, len: usize) -> Filling<V> {
        let present = self.buckets.iter().flatten().flat_map(|bucket| bucket.iter().cloned());
        let mut entries = Vec::with_capacity(len.max(self.len));
        entries.extend(present.chain(added).map(Some));
        let count = len.max(entries.len()).div_ceil(LOAD).next_power_of_two().max(self.buckets.len());
        let shift = 64 - count.trailing_zeros();
        // Sorted by counting, which for this many short ranges takes a fraction of what comparing takes.
        let mut ends = vec![0_u32; count + 1];
        for (id, _) in entries.iter().flatten() {
            if let Some(after) = ends.get_mut(place(id, shift) + 1) {
                *after += 1;
            }
        }
        let mut sum = 0;
        for start in &mut ends {
            sum += *start;
            *start = sum;
        }
        let mut order = vec![Place::default(); entries.len()];
        for (number, (id, _)) in (0..).zip(entries.iter().flatten()) {
            let hash = hash(id);
            let end = ends.get_mut(place_of(hash, shift)).map_or(0, |end| {
                *end += 1;
                *end - 1
            });
            if let Some(position) = order.get_mut(end as usize) {
                *position = Place { mark: mark(hash), number };
            }
        }
        ends.truncate(count);
        Filling { entries, order, ends, shift }
    }
}

/// A table in the making: the entries in one stretch of memory, where changing one copies nothing.
#[derive(Debug)]
pub(crate) struct Filling<V> {
    /// All are there until the table is made.
    entries: Vec<Option<(Uuid, V)>>,
    /// Where the entries are, bucket by bucket.
    order: Vec<Place>,
    /// Where each bucket ends in that order.
    ends: Vec<u32>,
    shift: u32,
}

/// Where an entry is, with a mark by which most others of its bucket are told apart without a look at them: the entries are
/// all over memory.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    mark: u32,
    number: u32,
}

impl<V: Clone> Filling<V> {
    /// The entry of an id.
    pub(crate) fn get_mut(&mut self, id: &Uuid) -> Option<&mut V> {
        let hash = hash(id);
        let place = place_of(hash, self.shift);
        let from = place.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let to = *self.ends.get(place)?;
        let is_it = |place: &&Place| {
            let entry = || self.entries.get(place.number as usize).and_then(Option::as_ref);
            place.mark == mark(hash) && entry().is_some_and(|(key, _)| key == id)
        };
        let found = *self.order.get(from as usize..to as usize)?.iter().find(is_it)?;
        self.entries.get_mut(found.number as usize)?.as_mut().map(|(_, value)| value)
    }

    /// The table, each bucket allocated once.
    pub(crate) fn table(mut self) -> Table<V> {
        let len = self.entries.len();
        let mut from = 0;
        let mut taken: Vec<(Uuid, V)> = Vec::with_capacity(4 * LOAD);
        let bucket = |to: u32| {
            let places = self.order.get(from as usize..to as usize).unwrap_or_default();
            from = to;
            taken.extend(places.iter().filter_map(|at| self.entries.get_mut(at.number as usize)?.take()));
            (!taken.is_empty()).then(|| taken.drain(..).collect())
        };
        Table { buckets: self.ends.into_iter().map(bucket).collect(), shift: self.shift, len }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn does_what_an_ordered_map_does(steps in proptest::collection::vec((0_u128..80, any::<bool>(), any::<u8>()), 0..400)) {
            let mut table = Table::default();
            let mut map = BTreeMap::new();
            let mut earlier = Vec::new();
            for (number, (id, put, value)) in steps.into_iter().enumerate() {
                let id = Uuid::from_u128(id);
                if put {
                    table.insert(id, value);
                    map.insert(id, value);
                } else {
                    table.remove(&id);
                    map.remove(&id);
                }
                if let (Some(one), Some(other)) = (table.get_mut(&Uuid::from_u128(7)), map.get_mut(&Uuid::from_u128(7))) {
                    *one = one.wrapping_add(1);
                    *other = other.wrapping_add(1);
                }
                if number % 50 == 0 {
                    earlier.push((table.clone(), map.clone()));
                }
            }
            earlier.push((table, map));
            // Values from before stay what they were.
            for (table, map) in earlier {
                prop_assert_eq!(table.len, map.len());
                for id in (0..80).map(Uuid::from_u128) {
                    prop_assert_eq!(table.get(&id), map.get(&id));
                }
            }
        }
    }
}
