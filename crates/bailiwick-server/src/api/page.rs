//! Pages of lists: limits, and cursors that belong to one list with its conditions.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use bailiwick_client::wire::{CURSOR_MAX_BYTES, PAGE_LIMIT_DEFAULT, Page};
use bailiwick_core::access::Work;
use bailiwick_core::limits;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::problem::{Failure, code};

/// How many bytes of the hash a cursor carries: enough against mistakes. A forged cursor shows nothing that the list itself
/// would not show.
const SEAL: usize = 8;

/// Which page is wanted.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// The key of the last item of the page before.
    pub after: Option<String>,
    /// How many items at most.
    pub limit: usize,
    /// How much work is left for it, as for a page of a search; at least one item is looked at. Shared by all pages that are
    /// read for one answer.
    pub work: Arc<AtomicUsize>,
    /// Stands for the list with its conditions.
    binding: [u8; 32],
}

/// An item of a list, as far as the caller may see it.
#[derive(Debug)]
pub enum Seen<T> {
    /// It is on the page.
    Yes(T),
    /// It does not meet the conditions.
    No,
    /// It does, but the caller may not see it.
    Hidden,
}

impl PageRequest {
    /// Reads limit and cursor of a query. `list` names the list: the operation and the path.
    ///
    /// # Errors
    /// `invalid_query` for a limit out of range, `invalid_cursor` for a cursor of another list or other conditions.
    pub fn new(list: &str, query: &impl Serialize, most: usize) -> Result<Self, Failure> {
        let mut conditions = serde_json::to_value(query).unwrap_or_default();
        let mut take = |name: &str| conditions.as_object_mut().and_then(|object| object.remove(name));
        let (cursor, limit) = (take("cursor"), take("limit"));
        let limit = match limit.and_then(|limit| limit.as_u64()) {
            None => most.min(usize::try_from(PAGE_LIMIT_DEFAULT).unwrap_or(most)),
            Some(limit) => {
                usize::try_from(limit).ok().filter(|limit| (1..=most).contains(limit)).ok_or_else(|| {
                    Failure::field(&code::INVALID_QUERY, "?limit", format!("must be from 1 to {most}"))
                })?
            }
        };
        let mut hash = Sha256::new();
        hash.update(list.as_bytes());
        hash.update([0]);
        hash.update(conditions.to_string().as_bytes());
        let mut page = Self {
            after: None,
            limit,
            work: Arc::new(AtomicUsize::new(limits::SEARCH_WORK)),
            binding: hash.finalize().into(),
        };
        if let Some(Value::String(cursor)) = cursor {
            let after = page.open(&cursor).ok_or_else(|| {
                Failure::field(
                    &code::INVALID_CURSOR,
                    "?cursor",
                    "does not belong to this list with these conditions",
                )
            })?;
            page.after = Some(after);
        }
        Ok(page)
    }

    /// The key after which the page starts, parsed.
    ///
    /// # Errors
    /// `invalid_cursor` when it is no such key.
    pub fn after<K: std::str::FromStr>(&self) -> Result<Option<K>, Failure> {
        let parse = |key: &String| {
            key.parse().map_err(|_| Failure::new(&code::INVALID_CURSOR, "the cursor is damaged"))
        };
        self.after.as_ref().map(parse).transpose()
    }

    /// The cursor of the page after the item with this key.
    pub fn cursor(&self, key: &str) -> String {
        URL_SAFE_NO_PAD.encode([self.seal(key).as_slice(), key.as_bytes()].concat())
    }

    /// Ties a key to the list and its conditions, so that a cursor that was changed on its way is noticed.
    fn seal(&self, key: &str) -> [u8; SEAL] {
        let hash = Sha256::new().chain_update(self.binding).chain_update(key).finalize();
        std::array::from_fn(|place| hash.get(place).copied().unwrap_or_default())
    }

    fn open(&self, cursor: &str) -> Option<String> {
        if cursor.len() > CURSOR_MAX_BYTES {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (seal, key) = bytes.split_at_checked(SEAL)?;
        let key = String::from_utf8(key.to_vec()).ok()?;
        (seal == self.seal(&key)).then_some(key)
    }

    /// Takes a page of items that come in the order of their keys, starting after [`PageRequest::after`].
    pub fn take<K: std::fmt::Display + Clone, T>(
        &self,
        items: impl Iterator<Item = (K, Seen<T>)>,
    ) -> Page<T> {
        self.take_looking(items, |_| 1, |item| item)
    }

    /// The same where it takes questions to find out who sees an item: `cost` says how much work that is. The page ends with
    /// its work, behind the last item that was looked at, however few of them it shows.
    pub fn take_looking<I, K: std::fmt::Display + Clone, T>(
        &self,
        items: impl Iterator<Item = I>,
        cost: impl Fn(&I) -> usize,
        look: impl Fn(I) -> (K, Seen<T>),
    ) -> Page<T> {
        let mut work = self.work_left();
        let found = look_through(items, self.limit, &mut work, cost, look);
        self.work.store(work.left(), Relaxed);
        Page {
            items: found.items,
            complete: found.next.is_none(),
            next_cursor: found.next.map(|key| self.cursor(&key.to_string())),
            filtered: found.filtered,
        }
    }

    fn work_left(&self) -> Work {
        Work::new(self.work.load(Relaxed))
    }

    /// The items that such a page looks at, as long as it is not full.
    pub fn within<I>(
        &self,
        items: impl Iterator<Item = I>,
        cost: impl Fn(&I) -> usize,
    ) -> impl Iterator<Item = I> {
        let mut work = self.work_left();
        items.take_while(move |item| work.takes(cost(item)))
    }
}

/// What a page shows of a list.
#[derive(Debug)]
pub struct Looked<K, T> {
    /// What it shows.
    pub items: Vec<T>,
    /// The key behind which the next page starts; none at the end.
    pub next: Option<K>,
    /// Whether something was hidden.
    pub filtered: bool,
}

/// Looks through items until so many are found to show and one more, or until the work is done; at least one is looked at.
pub fn look_through<I, K: Clone, T>(
    items: impl Iterator<Item = I>,
    most: usize,
    work: &mut Work,
    cost: impl Fn(&I) -> usize,
    look: impl Fn(I) -> (K, Seen<T>),
) -> Looked<K, T> {
    let mut found = Looked { items: Vec::new(), next: None, filtered: false };
    let (mut last, mut looked_at) = (None, None);
    for item in items {
        if !work.takes(cost(&item)) {
            return Looked { next: looked_at, ..found };
        }
        let (key, seen) = look(item);
        looked_at = Some(key.clone());
        match seen {
            Seen::No => {}
            Seen::Hidden => found.filtered = true,
            Seen::Yes(_) if found.items.len() == most => return Looked { next: last, ..found },
            Seen::Yes(item) => {
                found.items.push(item);
                last = Some(key);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use bailiwick_client::wire::MemberQuery;

    use super::*;

    fn request(query: &MemberQuery) -> Result<PageRequest, Failure> {
        PageRequest::new("list_members /accounts/a/members", query, 10)
    }

    #[test]
    fn pages_join_without_gap_or_overlap() {
        let mut query = MemberQuery { limit: Some(3), ..MemberQuery::default() };
        let mut all = Vec::new();
        loop {
            let page = request(&query).unwrap();
            let after: Option<u32> = page.after().unwrap();
            let items = (1..=10).filter(|n| after.is_none_or(|after| *n > after));
            let page = page.take(items.map(|n| (n, if n % 4 == 0 { Seen::Hidden } else { Seen::Yes(n) })));
            all.extend(page.items);
            assert_eq!(page.complete, page.next_cursor.is_none());
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                break;
            }
        }
        assert_eq!(all, [1, 2, 3, 5, 6, 7, 9, 10]);
    }

    #[test]
    fn a_cursor_belongs_to_its_conditions() {
        let plain = MemberQuery::default();
        let cursor = request(&plain).unwrap().cursor("7");
        let with = |q: Option<&str>, cursor: &str| MemberQuery {
            q: q.map(str::to_owned),
            cursor: Some(cursor.to_owned()),
            ..MemberQuery::default()
        };
        assert_eq!(request(&with(None, &cursor)).unwrap().after.as_deref(), Some("7"));
        for wrong in [with(Some("x"), &cursor), with(None, "x"), with(None, &cursor[1..]), with(None, "")] {
            assert_eq!(request(&wrong).unwrap_err().code(), "invalid_cursor", "{wrong:?}");
        }
        let other = PageRequest::new("list_members /accounts/b/members", &with(None, &cursor), 10);
        assert_eq!(other.unwrap_err().code(), "invalid_cursor");
    }

    #[test]
    fn limits_are_refused_not_clamped() {
        for limit in [0, 11] {
            let query = MemberQuery { limit: Some(limit), ..MemberQuery::default() };
            assert_eq!(request(&query).unwrap_err().code(), "invalid_query");
        }
    }
}
