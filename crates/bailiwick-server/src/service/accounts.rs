//! The accounts in memory: loaded once, shared, swapped by writers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use arc_swap::ArcSwap;
use bailiwick_core::account::Account;
use bailiwick_core::catalog::Catalog;
use bailiwick_core::ids::AccountId;
use bailiwick_store::Store;
use metrics::{counter, gauge};

use super::Error;
use super::load::LoadFailure;
use crate::telemetry::metrics::{ACCOUNT_LOADS, ACCOUNTS_CACHED};

/// What the cache holds at most, in entities of all its accounts together: about 1 GiB.
const CACHE_ENTITIES: u64 = 3_000_000;

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
    pub(super) store: Arc<dyn Store>,
    pub(super) catalog: Arc<Catalog>,
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
        // Boxed, or every future that asks for an account would have room for all that loading one needs.
        let loaded = Box::pin(self.cache.try_get_with(id, self.load_handle(id))).await;
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
}

fn weight(account: &Account) -> u32 {
    u32::try_from(account.entity_count()).unwrap_or(u32::MAX)
}

/// Counts of entries stay far below 2^52, where the conversion would lose digits.
#[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
fn to_f64(count: u64) -> f64 {
    count as f64
}
