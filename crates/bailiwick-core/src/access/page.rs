//! Pages of what a search finds or a list shows: how much is found at once, and how much is asked for it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::limits;

/// Which page of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<K> {
    /// Where it starts: behind this, whether or not that was found itself.
    pub after: Option<K>,
    /// How many it holds at most; at least one.
    pub limit: usize,
    /// How much work is done for it: one for each candidate and one for each statement of a policy that names the permission,
    /// for each candidate. At least one candidate is asked.
    pub work: usize,
}

impl<K> Page<K> {
    /// The page behind a key, with as much work as searches may do at once: [`limits::SEARCH_WORK`].
    pub const fn new(after: Option<K>, limit: usize) -> Self {
        Self { after, limit, work: limits::SEARCH_WORK }
    }
}

/// A page of what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<K> {
    /// In the order of their ids, or of the catalog.
    pub items: Vec<K>,
    /// Behind what the search goes on; `None` when everything was asked. It need not be the last item: a page ends when it is
    /// full or its work is done, and may then hold few items or none.
    pub next: Option<K>,
}

/// How much work is left for one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    left: usize,
    is_begun: bool,
}

impl Work {
    /// So much in all, counted as in [`Page::work`].
    pub const fn new(work: usize) -> Self {
        Self { left: work, is_begun: false }
    }

    /// Whether something that costs so much is still done, and then it counts. Something is done on every page, whatever it
    /// costs, so that everything ends.
    pub fn takes(&mut self, cost: usize) -> bool {
        if self.is_begun && cost > self.left {
            self.left = 0;
            return false;
        }
        self.is_begun = true;
        self.left = self.left.saturating_sub(cost);
        true
    }

    /// How much is left; nothing once something was not done.
    pub const fn left(&self) -> usize {
        self.left
    }
}

/// Ordered candidates from one of several lists.
pub(super) type Source<'a, K> = Box<dyn Iterator<Item = K> + 'a>;

/// Several ordered lists as one, each item once.
pub(super) fn merged<'a, K: Ord + Copy + 'a>(
    mut sources: Vec<Source<'a, K>>,
) -> impl Iterator<Item = K> + 'a {
    let heads = sources.iter_mut().enumerate();
    let heads = heads.filter_map(|(number, source)| source.next().map(|item| Reverse((item, number))));
    let mut heads: BinaryHeap<_> = heads.collect();
    let mut last = None;
    std::iter::from_fn(move || {
        loop {
            let Reverse((item, number)) = heads.pop()?;
            let next = sources.get_mut(number).and_then(Iterator::next);
            heads.extend(next.map(|next| Reverse((next, number))));
            if last.replace(item) != Some(item) {
                return Some(item);
            }
        }
    })
}

/// The first of the candidates that are confirmed, as many as the page takes and its work allows. `cost` says what it takes
/// to ask for one.
pub(super) fn found<K: Copy>(
    candidates: impl Iterator<Item = K>,
    page: &Page<K>,
    cost: impl Fn(&K) -> usize,
    confirmed: impl Fn(&K) -> bool,
) -> Found<K> {
    let (mut items, limit) = (Vec::new(), page.limit.max(1));
    let (mut asked, mut work) = (None, Work::new(page.work));
    for candidate in candidates {
        if !work.takes(cost(&candidate)) {
            return Found { items, next: asked };
        }
        if confirmed(&candidate) {
            if items.len() == limit {
                return Found { items, next: asked };
            }
            items.push(candidate);
        }
        asked = Some(candidate);
    }
    Found { items, next: None }
}
