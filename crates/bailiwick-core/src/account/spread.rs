//! Filling ordered maps and sets with what comes in the order of its keys.

/// Puts every second entry first, then the others between them: many times what one node of a map holds, or it has no effect.
///
/// Put in their order, entries would leave each node of the tree half full, since a full one is split in the middle; this
/// way the second half fills the nodes up.
pub(crate) fn put_spread<T>(entries: Vec<T>, into: &mut impl Extend<T>) {
    let mut others = Vec::with_capacity(entries.len() / 2);
    let first = entries.into_iter().enumerate().filter_map(|(number, entry)| {
        if number.is_multiple_of(2) {
            return Some(entry);
        }
        others.push(entry);
        None
    });
    into.extend(first);
    into.extend(others);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_entry_is_put_once() {
        for count in [0, 1, 2, 7, 1_024] {
            let mut put = Vec::new();
            put_spread((0..count).collect(), &mut put);
            assert_eq!(put.len(), count);
            assert_eq!(put.into_iter().collect::<BTreeSet<_>>(), (0..count).collect());
        }
    }
}
