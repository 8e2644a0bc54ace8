//! The accounts in memory: loaded once, shared, swapped by writers.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use arc_swap::ArcSwap;
use bailiwick_core::account::{Account, Loader, MIDDLE_KIND, Row};
use bailiwick_core::catalog::Catalog;
use bailiwick_core::ids::{AccountId, Revision};
use bailiwick_store::{Store, StoreError, TakeEntities};
use metrics::{counter, gauge};
use tokio::sync::oneshot;

use super::Error;
use crate::telemetry::metrics::{ACCOUNT_LOADS, ACCOUNTS_CACHED};

/// What the cache holds at most, in entities of all its accounts together: about 1 GiB.
const CACHE_ENTITIES: u64 = 3_000_000;

/// How often an account is read in parts, which only another process that writes to it can keep from fitting together.
const PARTED_LOADS: u32 = 3;

/// Behind all kinds of entities.
const LAST_KIND: &str = "~";

/// One account in memory. There is at most one handle for an account in a process, so a writer's result is what every
/// reader sees.
#[derive(Debug)]
pub struct AccountHandle {
    published: ArcSwap<Account>,
    tip: Mutex<Tip>,
}

/// The account with all commits that stand in the store's queue, durable or not.
#[derive(Debug, Clone)]
pub(super) struct Tip {
    pub(super) account: Arc<Account>,
    /// Counts how often the tip was thrown away because a commit failed.
    pub(super) epoch: u64,
}

impl AccountHandle {
    fn new(account: Account) -> Self {
        let account = Arc::new(account);
        let tip = Tip { account: Arc::clone(&account), epoch: 0 };
        Self { published: ArcSwap::new(account), tip: Mutex::new(tip) }
    }

    /// The account as of the last durable commit. Never waits.
    #[inline]
    pub fn read(&self) -> arc_swap::Guard<Arc<Account>> {
        self.published.load()
    }

    /// The same, to be held across an await.
    pub fn snapshot(&self) -> Arc<Account> {
        self.published.load_full()
    }

    /// The lock under which a writer decides and queues its commit; held without awaiting.
    pub(super) fn tip(&self) -> MutexGuard<'_, Tip> {
        self.tip.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows a durable commit to readers; receipts may resolve out of order, so an older one changes nothing.
    pub(super) fn publish(&self, account: &Arc<Account>) {
        self.published.rcu(|current| {
            let newer = account.revision() > current.revision();
            if newer { Arc::clone(account) } else { Arc::clone(current) }
        });
    }

    /// Throws away what was decided on top of a failed commit, unless somebody did so since.
    pub(super) fn reset(&self, epoch: u64) {
        let mut tip = self.tip();
        if tip.epoch == epoch {
            *tip = Tip { account: self.snapshot(), epoch: epoch + 1 };
        }
    }

    /// Takes over what the store holds, after somebody else wrote there.
    pub(super) fn replace(&self, account: Account) {
        let account = Arc::new(account);
        let mut tip = self.tip();
        self.publish(&account);
        *tip = Tip { account: self.snapshot(), epoch: tip.epoch + 1 };
    }
}

/// The cache of handles.
pub struct Accounts {
    store: Arc<dyn Store>,
    catalog: Arc<Catalog>,
    cache: moka::future::Cache<AccountId, Arc<AccountHandle>, foldhash::fast::RandomState>,
    /// Handles that somebody still holds after the cache let them go: a second one beside them would be stale.
    alive: Mutex<HashMap<AccountId, Weak<AccountHandle>>>,
    /// Held while the first account is made, so that there is one first owner.
    pub(super) setting_up: tokio::sync::Mutex<()>,
}

impl Accounts {
    pub(super) fn new(store: Arc<dyn Store>, catalog: Arc<Catalog>) -> Self {
        let weigh = |_: &AccountId, handle: &Arc<AccountHandle>| weight(&handle.read());
        let cache = moka::future::Cache::builder().max_capacity(CACHE_ENTITIES).weigher(weigh);
        Self {
            store,
            catalog,
            cache: cache.build_with_hasher(foldhash::fast::RandomState::default()),
            alive: Mutex::new(HashMap::new()),
            setting_up: tokio::sync::Mutex::new(()),
        }
    }

    /// The account's handle if it is in memory.
    pub async fn cached(&self, id: AccountId) -> Option<Arc<AccountHandle>> {
        self.cache.get(&id).await
    }

    /// The account's handle, loaded if it is not in memory; `None` when there is no such account.
    pub async fn get(&self, id: AccountId) -> Result<Option<Arc<AccountHandle>>, Error> {
        if let Some(handle) = self.cached(id).await {
            return Ok(Some(handle));
        }
        let loaded = self.cache.try_get_with(id, self.load_handle(id)).await;
        gauge!(ACCOUNTS_CACHED).set(to_f64(self.cache.entry_count()));
        match loaded {
            Ok(handle) => Ok(Some(handle)),
            Err(missing) => match &*missing {
                LoadFailure::Missing => Ok(None),
                LoadFailure::Store(error) => Err(error.clone().into()),
                LoadFailure::Damaged(detail) => Err(Error::internal(detail)),
            },
        }
    }

    /// Puts a new account's handle into the cache.
    pub(super) async fn insert(&self, account: Account) -> Arc<AccountHandle> {
        let id = account.id();
        let handle = self.remember(id, account);
        self.cache.insert(id, Arc::clone(&handle)).await;
        handle
    }

    /// Drops a deleted account.
    pub(super) async fn forget(&self, id: AccountId) {
        self.cache.invalidate(&id).await;
    }

    async fn load_handle(&self, id: AccountId) -> Result<Arc<AccountHandle>, LoadFailure> {
        if let Some(handle) = self.alive().get(&id).and_then(Weak::upgrade) {
            return Ok(handle);
        }
        let account = self.load(id).await?.ok_or(LoadFailure::Missing)?;
        counter!(ACCOUNT_LOADS).increment(1);
        Ok(self.remember(id, account))
    }

    fn remember(&self, id: AccountId, account: Account) -> Arc<AccountHandle> {
        let mut alive = self.alive();
        alive.retain(|_, handle| handle.strong_count() > 0);
        let handle = Arc::new(AccountHandle::new(account));
        alive.insert(id, Arc::downgrade(&handle));
        handle
    }

    fn alive(&self) -> MutexGuard<'_, HashMap<AccountId, Weak<AccountHandle>>> {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads an account from the store, in two parts at the same time.
    pub(super) async fn load(&self, id: AccountId) -> Result<Option<Account>, LoadFailure> {
        for _ in 0..PARTED_LOADS {
            let parts = tokio::join!(self.part(id, ""..MIDDLE_KIND), self.part(id, MIDDLE_KIND..LAST_KIND));
            let (Some((revision, one)), Some((same, other))) = (parts.0?, parts.1?) else { return Ok(None) };
            if revision == same {
                return finish(one, Some(other), revision).await.map(Some);
            }
        }
        // Somebody else writes to the account all the time.
        let Some((revision, all)) = self.part(id, ""..LAST_KIND).await? else { return Ok(None) };
        finish(all, None, revision).await.map(Some)
    }

    /// The entities of some kinds, parsed where they are read.
    async fn part(
        &self,
        id: AccountId,
        kinds: Range<&'static str>,
    ) -> Result<Option<(Revision, Loader)>, LoadFailure> {
        let mut loader = Loader::new(id, Arc::clone(&self.catalog));
        let (sender, parsed) = oneshot::channel();
        let take: TakeEntities = Box::new(move |rows| {
            let mut damage = None;
            while let Some(row) = rows.next()? {
                let row = Row { kind: row.kind, id: row.id, revision: row.revision, body: row.body };
                if let Err(error) = loader.row(row) {
                    damage = Some(error);
                    break;
                }
            }
            // Nobody waits for it when the load was given up.
            let _ = sender.send(damage.map_or_else(|| Ok(loader.settled()), Err));
            Ok(())
        });
        let Some(account) = self.store.read_entities(id, kinds, take).await? else { return Ok(None) };
        let lost = |_| LoadFailure::Damaged("the entities were not handed over".to_owned());
        let loader = parsed.await.map_err(lost)?.map_err(|error| LoadFailure::Damaged(error.to_string()))?;
        Ok(Some((account.revision, loader)))
    }
}

/// Puts the parts together. A large account keeps a processor busy for a while, which no other request should wait for.
async fn finish(one: Loader, other: Option<Loader>, revision: Revision) -> Result<Account, LoadFailure> {
    let finishing = tokio::task::spawn_blocking(move || match other {
        Some(other) => one.with(other).finish(revision),
        None => one.finish(revision),
    });
    finishing.await.map_err(|error| LoadFailure::Damaged(error.to_string()))
}

/// Why an account could not be loaded.
#[derive(Debug, Clone)]
pub(super) enum LoadFailure {
    Missing,
    Store(StoreError),
    Damaged(String),
}

impl From<StoreError> for LoadFailure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<LoadFailure> for Error {
    fn from(failure: LoadFailure) -> Self {
        match failure {
            LoadFailure::Missing => super::error::no_account(),
            LoadFailure::Store(error) => error.into(),
            LoadFailure::Damaged(detail) => Self::internal(detail),
        }
    }
}

fn weight(account: &Account) -> u32 {
    u32::try_from(account.entity_count()).unwrap_or(u32::MAX)
}

/// Counts of entries stay far below 2^52, where the conversion would lose digits.
#[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
fn to_f64(count: u64) -> f64 {
    count as f64
}
