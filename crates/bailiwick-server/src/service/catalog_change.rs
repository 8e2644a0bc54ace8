//! From one catalog to the next: whether accounts are in the way, what is written down, and renaming.

use std::sync::Arc;

use bailiwick_core::account::{Account, ActorRef, Decided, Event, Renames};
use bailiwick_core::catalog::Catalog;
use bailiwick_core::ids::AccountId;
use bailiwick_store::CatalogRow;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::write::{commit_of, new_uuid};
use super::{Error, Origin, Service};

/// How many findings are told before the others are counted.
const TOLD: usize = 20;
/// How many accounts are looked up at once.
const PAGE: usize = 1_000;
/// How many events one commit of a renaming has: several fit into what a transaction takes, whatever they carry.
const EVENTS_PER_COMMIT: usize = 500;

/// What of the accounts a catalog does not name, or names otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatalogFindings {
    /// The first of them, with the account that each is of.
    pub told: Vec<(AccountId, String)>,
    /// How many more there are.
    pub more: usize,
    /// In how many accounts.
    pub accounts: usize,
    /// The account of the last one.
    last: Option<AccountId>,
}

impl CatalogFindings {
    /// Whether nothing is in the way.
    pub fn is_empty(&self) -> bool {
        self.accounts == 0
    }

    fn add(&mut self, account: AccountId, found: Vec<String>) {
        // The findings of one account come one after the other.
        self.accounts += usize::from(!found.is_empty() && self.last != Some(account));
        self.last = if found.is_empty() { self.last } else { Some(account) };
        for finding in found {
            if self.told.len() < TOLD {
                self.told.push((account, finding));
            } else {
                self.more += 1;
            }
        }
    }
}

impl std::fmt::Display for CatalogFindings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let accounts = if self.accounts == 1 { "account" } else { "accounts" };
        write!(f, "{} {accounts} would lose something", self.accounts)?;
        for (account, finding) in &self.told {
            write!(f, "\n  {account}: {finding}")?;
        }
        if self.more > 0 {
            write!(f, "\n  and {} more", self.more)?;
        }
        Ok(())
    }
}

/// What a renaming did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Renamed {
    /// In how many accounts.
    pub accounts: usize,
    /// By how many events.
    pub events: usize,
}

/// SHA-256 of a catalog's text, in hexadecimal digits.
fn hash_of(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

impl Service {
    /// Looks whether the service's catalog is the one that was last in force. If not, accounts that name what it does not, and
    /// policies that would name something else by a verb, are in the way; if none are, it is written down as the one in force from now on.
    ///
    /// # Errors
    /// What reading accounts and writing the catalog fail with.
    pub async fn admit_catalog(&self, text: &str) -> Result<CatalogFindings, Error> {
        let last = self.store().catalog_in_force(Timestamp::MAX).await?;
        if last.as_ref().is_some_and(|last| last.hash == hash_of(text)) {
            return Ok(CatalogFindings::default());
        }
        // One that cannot be read any more cannot say what its groups were; all else is seen in the accounts themselves.
        let before = last.and_then(|last| Catalog::parse(&last.name, &last.body).ok());
        let catalog = Arc::clone(self.catalog());
        let mut found = CatalogFindings::default();
        self.each_account(async |account| {
            found.add(account.id(), account.in_the_way_of(&catalog, before.as_ref()));
            let policies = before.as_ref().map(|before| account.policies_that_change(before, &catalog));
            found.add(account.id(), policies.unwrap_or_default());
            Ok(())
        })
        .await?;
        if found.is_empty() {
            self.record_catalog(&catalog.name, text, self.now()).await?;
        }
        Ok(found)
    }

    /// Writes the service's catalog down if none was yet, as at set-up by a command.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn record_first_catalog(&self, text: &str) -> Result<(), Error> {
        if self.store().catalog_in_force(Timestamp::MAX).await?.is_none() {
            self.record_catalog(&self.catalog().name, text, self.now()).await?;
        }
        Ok(())
    }

    async fn record_catalog(&self, name: &str, text: &str, since: Timestamp) -> Result<(), Error> {
        let row = CatalogRow { since, name: name.to_owned(), hash: hash_of(text), body: text.to_owned() };
        Ok(self.store().record_catalog(row).await?)
    }

    /// Renames in every account what the next catalog calls differently, and writes that catalog down. The service's own
    /// catalog is the one in force. With anything left in the way, nothing is changed.
    ///
    /// An interrupted renaming is begun again: what was renamed already stays as it is.
    ///
    /// # Errors
    /// What reading and writing accounts fail with.
    pub async fn migrate_catalog(
        &self,
        renames: &Renames,
        next: &Catalog,
        text: &str,
    ) -> Result<Result<Renamed, CatalogFindings>, Error> {
        let mut found = CatalogFindings::default();
        let before = Arc::clone(self.catalog());
        self.each_account(async |account| {
            found.add(account.id(), account.policies_changed_by(renames, next));
            let events = account.renaming_events(renames, next, &mut new_uuid);
            let after = if events.is_empty() { account } else { account.record(events).account };
            found.add(after.id(), after.in_the_way_of(next, Some(&before)));
            Ok(())
        })
        .await?;
        if !found.is_empty() {
            return Ok(Err(found));
        }
        let mut done = Renamed::default();
        // What is renamed speaks the words of the next catalog from its commit on.
        let since = self.now();
        self.each_account(async |account| {
            let events = account.renaming_events(renames, next, &mut new_uuid);
            done.accounts += usize::from(!events.is_empty());
            done.events += events.len();
            self.commit_renaming(account, &events).await
        })
        .await?;
        self.record_catalog(&next.name, text, since).await?;
        Ok(Ok(done))
    }

    /// Commits events of Bailiwick itself, in parts that fit.
    async fn commit_renaming(&self, account: Account, events: &[Event]) -> Result<(), Error> {
        let mut account = account;
        for part in events.chunks(EVENTS_PER_COMMIT) {
            let decided: Decided = account.record(part.to_vec());
            let (actor, origin) = (ActorRef::System, Origin::default());
            self.store().commit(commit_of(&account, &decided, actor, &origin, self.now())).await?;
            account = decided.account;
        }
        Ok(())
    }

    /// Has every account looked at, one after the other, without keeping them in memory.
    async fn each_account(
        &self,
        mut look: impl AsyncFnMut(Account) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut after = None;
        loop {
            let ids = self.store().account_ids(after, PAGE).await?;
            let Some(last) = ids.last() else { return Ok(()) };
            after = Some(*last);
            for id in ids {
                // One that was deleted in between is in nobody's way.
                if let Some(account) = self.accounts().load(id).await? {
                    look(account).await?;
                }
            }
        }
    }
}
