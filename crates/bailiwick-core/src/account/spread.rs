//! Filling ordered maps and sets with what comes in the order of its keys.

/// How many entries are put at once: many times what one node of a map holds.
const BATCH: usize = 1_024;

/// Puts every second entry first, then the others between them.
///
/// Put in their order, entries would leave each node of the tree half full, since a full one is split in the middle; this
/// way the second half fills the nodes up.
#[derive(Debug)]
pub(super) struct Spread<T> {
    waiting: Vec<T>,
}

impl<T> Spread<T> {
    pub(super) fn new() -> Self {
        Self { waiting: Vec::new() }
    }

    /// Takes the next entry, and puts what waits if that is enough.
    pub(super) fn push(&mut self, entry: T, into: &mut impl Extend<T>) {
        self.waiting.push(entry);
        if self.waiting.len() == BATCH {
            self.flush(into);
        }
    }

    /// Puts all that waits.
    pub(super) fn flush(&mut self, into: &mut impl Extend<T>) {
        let mut others = Vec::with_capacity(self.waiting.len() / 2);
        let first = self.waiting.drain(..).enumerate().filter_map(|(number, entry)| {
            if number.is_multiple_of(2) {
                return Some(entry);
            }
            others.push(entry);
            None
        });
        into.extend(first);
        into.extend(others);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_entry_is_put_once() {
        for count in [0, 1, BATCH - 1, BATCH, BATCH + 1, 3 * BATCH + 7] {
            let (mut spread, mut put) = (Spread::new(), Vec::new());
            (0..count).for_each(|entry| spread.push(entry, &mut put));
            spread.flush(&mut put);
            assert_eq!(put.len(), count);
            assert_eq!(put.into_iter().collect::<BTreeSet<_>>(), (0..count).collect());
        }
    }
}
