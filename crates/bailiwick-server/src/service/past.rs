//! Accounts as they were: undone from what is in memory, or replayed from the beginning where that is nearer.

use std::collections::VecDeque;
use std::sync::Arc;

use bailiwick_core::account::{Account, Event, Undo};
use bailiwick_core::catalog::Catalog;
use bailiwick_core::ids::{AccountId, Revision};
use bailiwick_store::{CatalogRow, EventRange, EventTexts, Store};
use jiff::Timestamp;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::load::LoadFailure;
use super::{Error, Service};

/// How many travels go on at once; others wait. Each takes a thread to put an account together and two to read.
const TRAVELS: usize = 2;
/// How many revisions are read and parsed at once.
const CHUNK_REVISIONS: u64 = 2_048;
/// How many such chunks are read beside each other: as many as keep the thread that applies them busy.
const CHUNKS_AT_ONCE: usize = 2;
/// What the cache holds at most, in events undone and entities replayed or searched: some 200 MiB.
const CACHE_WEIGHT: u64 = 500_000;

/// Which past is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// After the commit that made this revision.
    Revision(Revision),
    /// After the last commit at or before this time.
    Time(Timestamp),
}

/// An account as it was.
#[derive(Debug, Clone)]
pub struct Past {
    /// The account, seen whole: who may look at it at all is decided before.
    pub account: Arc<Account>,
    /// The moment by which grants and invitations had ended.
    pub at: Timestamp,
    place: Place,
}

/// What it takes to travel, and where it was travelled to lately.
pub(super) struct Pasts {
    travels: Semaphore,
    cache: moka::future::Cache<Place, Found>,
}

/// Which account was put together: of one revision there are two if the catalog changed while it lasted.
type Place = (AccountId, Revision, Option<String>);

/// What as much as the account has of entities weighs.
fn weight_of(account: &Account) -> u32 {
    u32::try_from(account.entity_count()).unwrap_or(u32::MAX)
}

#[derive(Clone)]
struct Found {
    account: Arc<Account>,
    weight: u32,
    /// Whether the weight counts what a search has made in it.
    is_searched: bool,
}

impl Pasts {
    pub(super) fn new() -> Self {
        let cache = moka::future::Cache::builder()
            .max_capacity(CACHE_WEIGHT)
            .weigher(|_, found: &Found| found.weight);
        Self { travels: Semaphore::new(TRAVELS), cache: cache.build() }
    }

    /// Weighs an account anew in which a search has made its index: of the whole account, however little was undone.
    async fn weigh_searched(&self, place: &Place) {
        let Some(found) = self.cache.get(place).await.filter(|found| !found.is_searched) else { return };
        let weight = found.weight.saturating_add(weight_of(&found.account));
        self.cache.insert(place.clone(), Found { weight, is_searched: true, ..found }).await;
    }
}

impl Service {
    /// The account as it was.
    ///
    /// # Errors
    /// [`Error::AsOfTooEarly`] before it was opened, [`Error::AsOfInFuture`], and what reading its events fails with.
    pub async fn as_of(&self, present: &Arc<Account>, asked: AsOf) -> Result<Past, Error> {
        let id = present.id();
        let too_early = || Error::AsOfTooEarly { opened_at: present.profile().value.opened_at };
        let place = match asked {
            AsOf::Time(at) if at > self.now() => {
                return Err(Error::AsOfInFuture { revision: present.revision().0 });
            }
            AsOf::Time(at) => self.store.last_commit(id, at).await?,
            AsOf::Revision(revision) if revision > present.revision() => {
                return Err(Error::AsOfInFuture { revision: present.revision().0 });
            }
            AsOf::Revision(revision) => self.store.commit_at(id, revision).await?,
        };
        let place = place.ok_or_else(too_early)?;
        // What is durable may be newer than what is shown, for as long as a commit takes to be published.
        let to = place.revision.min(present.revision());
        let at = match asked {
            AsOf::Time(at) => at,
            AsOf::Revision(_) => place.at,
        };
        let catalog = self.catalog_in_force(at).await?;
        let place = (id, to, catalog.as_ref().map(|then| then.hash.clone()));
        let found = self.pasts.cache.try_get_with(place.clone(), self.travel(present, to, catalog)).await;
        let found = found.map_err(|failure| LoadFailure::clone(&failure))?;
        Ok(Past { account: found.account, at, place })
    }

    /// Makes what searches of a past need.
    pub async fn prepare_search_of_past(&self, past: &Past) {
        if !past.account.is_search_prepared() {
            self.prepare_search(&past.account).await;
            self.pasts.weigh_searched(&past.place).await;
        }
    }

    async fn travel(
        &self,
        present: &Arc<Account>,
        to: Revision,
        then: Option<CatalogRow>,
    ) -> Result<Found, LoadFailure> {
        let _travel = self.pasts.travels.acquire().await.map_err(damaged)?;
        let distance = present.revision().0 - to.0;
        let then = then.as_ref().map(read_catalog).transpose()?;
        // What is in memory is indexed by the present catalog, so an account under another one is made anew.
        let is_forth = to.0 < distance || then.is_some();
        let catalog = then.unwrap_or_else(|| Arc::clone(&self.catalog));
        let (after, last) = if is_forth { (Revision(0), to) } else { (to, present.revision()) };
        let range = EventRange { account_id: present.id(), after, to: last, newest_first: !is_forth };
        let (chunks, parsed) = mpsc::channel(CHUNKS_AT_ONCE);
        let present = Account::clone(present);
        let applying = tokio::task::spawn_blocking(move || {
            if is_forth { forth(&present, catalog, to, parsed) } else { back(present, to, parsed) }
        });
        let read = read_in_order(&self.store, range, chunks).await;
        let found = applying.await.map_err(damaged)?;
        read.map(|()| found)
    }

    /// The vocabulary by which an account is judged as of a moment, if it is not the present one.
    async fn catalog_in_force(&self, at: Timestamp) -> Result<Option<CatalogRow>, LoadFailure> {
        let Some(then) = self.store.catalog_in_force(at).await? else { return Ok(None) };
        let now = self.store.catalog_in_force(Timestamp::MAX).await?;
        Ok(now.is_some_and(|now| now.hash != then.hash).then_some(then))
    }
}

fn read_catalog(row: &CatalogRow) -> Result<Arc<Catalog>, LoadFailure> {
    let CatalogRow { name, since, .. } = row;
    let damaged = |_| damaged(format_args!("the catalog `{name}` of {since} cannot be read"));
    Catalog::parse(name, &row.body).map(Arc::new).map_err(damaged)
}

type Parsed = Vec<(Revision, Event)>;

/// Takes events back, the newest first. Costs as much as there are.
fn back(present: Account, to: Revision, mut parsed: mpsc::Receiver<Parsed>) -> Found {
    let mut undo = Undo::new(present, to);
    let mut weight: u32 = 1;
    while let Some(events) = parsed.blocking_recv() {
        weight = weight.saturating_add(u32::try_from(events.len()).unwrap_or(u32::MAX));
        for (_, event) in &events {
            undo.event(event);
        }
    }
    Found { account: Arc::new(undo.finish().seen_whole()), weight, is_searched: false }
}

/// Applies events from the first on.
fn forth(
    present: &Account,
    catalog: Arc<Catalog>,
    to: Revision,
    mut parsed: mpsc::Receiver<Parsed>,
) -> Found {
    let mut account = Account::before_first_event(present.id(), catalog);
    while let Some(events) = parsed.blocking_recv() {
        for (revision, event) in &events {
            account.replay_event(*revision, event);
        }
    }
    let weight = weight_of(&account);
    Found { account: Arc::new(account.at_revision(to).seen_whole()), weight, is_searched: false }
}

/// Reads and parses a range in chunks, some beside each other, and hands them on in the range's order.
async fn read_in_order(
    store: &Arc<dyn Store>,
    range: EventRange,
    chunks: mpsc::Sender<Parsed>,
) -> Result<(), LoadFailure> {
    let mut rest = split(range);
    let mut reading = VecDeque::new();
    loop {
        while reading.len() < CHUNKS_AT_ONCE
            && let Some(range) = rest.next()
        {
            let store = Arc::clone(store);
            reading.push_back(tokio::spawn(async move { read(&*store, range).await }));
        }
        let Some(next) = reading.pop_front() else { return Ok(()) };
        let events = next.await.map_err(damaged)??;
        if chunks.send(events).await.is_err() {
            return Ok(());
        }
    }
}

/// A range in pieces of so many revisions, in its order.
fn split(range: EventRange) -> impl Iterator<Item = EventRange> + Send {
    let EventRange { after: Revision(mut from), to: Revision(mut to), newest_first, .. } = range;
    std::iter::from_fn(move || {
        if from >= to {
            return None;
        }
        let piece = if newest_first {
            let start = from.max(to.saturating_sub(CHUNK_REVISIONS));
            (start, std::mem::replace(&mut to, start))
        } else {
            let end = to.min(from.saturating_add(CHUNK_REVISIONS));
            (std::mem::replace(&mut from, end), end)
        };
        Some(EventRange { after: Revision(piece.0), to: Revision(piece.1), ..range })
    })
}

/// Reads the events of a range and parses them where they are read. Those that only record are left out unread.
async fn read(store: &dyn Store, range: EventRange) -> Result<Parsed, LoadFailure> {
    let (reply, parsed) = oneshot::channel();
    let take = move |texts: &mut dyn EventTexts| {
        let mut events = Vec::new();
        let mut unreadable = None;
        while let Some(text) = texts.next()? {
            if Event::RECORDING_TYPES.contains(&text.event_type) {
                continue;
            }
            match serde_json::from_str(text.body) {
                Ok(event) => events.push((text.revision, event)),
                Err(error) => {
                    unreadable =
                        Some(format!("an event of revision {} cannot be read: {error}", text.revision));
                    break;
                }
            }
        }
        // Nobody waits any more when the request was given up.
        let _ = reply.send(unreadable.map_or(Ok(events), Err));
        Ok(())
    };
    store.read_events(range, Box::new(take)).await?;
    parsed.await.map_err(damaged)?.map_err(LoadFailure::Damaged)
}

fn damaged(error: impl std::fmt::Display) -> LoadFailure {
    LoadFailure::Damaged(error.to_string())
}

#[cfg(test)]
mod tests {
    use bailiwick_core::ids::Id;
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn a_past_that_is_searched_weighs_what_the_search_has_made() {
        let pasts = Pasts::new();
        let catalog = Catalog::parse("bailiwick", Catalog::bundled("bailiwick").unwrap()).unwrap();
        let id = AccountId::from_uuid(Uuid::nil());
        let account = Arc::new(Account::before_first_event(id, Arc::new(catalog)));
        let entities = u64::from(weight_of(&account));
        let place = (id, Revision(1), None);
        pasts.cache.insert(place.clone(), Found { account, weight: 7, is_searched: false }).await;
        for weight in [7, 7 + entities, 7 + entities] {
            pasts.cache.run_pending_tasks().await;
            assert_eq!(pasts.cache.weighted_size(), weight);
            pasts.weigh_searched(&place).await;
        }
    }

    #[test]
    fn pieces_join_without_gap_or_repetition_in_either_direction() {
        for (after, to) in [(0, 0), (0, 1), (3, 2_051), (3, 2_052), (0, 10_000)] {
            for newest_first in [false, true] {
                let account_id = AccountId::from_uuid(Uuid::nil());
                let range = EventRange { account_id, after: Revision(after), to: Revision(to), newest_first };
                let pieces: Vec<_> = split(range).collect();
                let mut revisions: Vec<u64> =
                    pieces.iter().flat_map(|piece| piece.after.0 + 1..=piece.to.0).collect();
                assert!(pieces.iter().all(|piece| piece.to.0 - piece.after.0 <= CHUNK_REVISIONS));
                let is_in_order = |two: &[EventRange]| (two[0].after < two[1].after) != newest_first;
                assert!(pieces.windows(2).all(is_in_order));
                revisions.sort_unstable();
                assert!(revisions.into_iter().eq(after + 1..=to), "{after} to {to}");
            }
        }
    }
}
