//! Random commits leave a store as they leave a model in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bailiwick_core::ids::{AccountId, Revision, UserId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::given::{entities, event, id, link, put, remove, time, token};
use crate::{
    AccountCommit, Commit, DirectoryChange, Ending, IdempotencyRecord, Membership, MembershipStatus, Store,
    StoreError,
};

/// What a commit is made from; small ranges, so that commits meet.
#[derive(Debug, Clone)]
struct Wish {
    account: Option<AccountWish>,
    key: Option<u8>,
    directory: Vec<DirectoryWish>,
}

#[derive(Debug, Clone)]
struct AccountWish {
    number: u8,
    /// How far the expected revision is from the true one.
    off_by: i8,
    changes: Vec<(bool, u8, u8)>,
    events: u8,
    is_deleting: bool,
}

#[derive(Debug, Clone)]
enum DirectoryWish {
    CreateUser { email: u8 },
    SetMembership { user: u8, account: u8, is_active: bool },
    CreateLink { user: u8, number: u8 },
    ConsumeLink { number: u8 },
    SetMeta { key: u8, value: Option<u8> },
}

#[derive(Debug, Clone, Default)]
struct Model {
    /// Revision and whether the account is deleted.
    accounts: BTreeMap<u8, (u64, bool)>,
    entities: BTreeMap<(u8, &'static str, String), (u64, String)>,
    /// Account, revision, sequence.
    events: BTreeSet<(u8, u64, u32)>,
    answers: BTreeMap<String, String>,
    /// Users by email; the number of a user is that of its email.
    users: BTreeSet<u8>,
    memberships: BTreeMap<(u8, u8), bool>,
    links: BTreeSet<u8>,
    meta: BTreeMap<u8, u8>,
}

const KINDS: [&str; 3] = ["group", "member", "role"];

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let change = (any::<bool>(), 0..3_u8, 0..4_u8);
    let account =
        (0..3_u8, prop_oneof![8 => Just(0_i8), 1 => -1..=1_i8], prop::collection::vec(change, 0..5), 1..4_u8)
            .prop_flat_map(|(number, off_by, changes, events)| {
                prop::bool::weighted(0.03).prop_map(move |is_deleting| {
                    let changes = changes.clone();
                    AccountWish { number, off_by, changes, events, is_deleting }
                })
            });
    let directory = prop_oneof![
        (0..6_u8).prop_map(|email| DirectoryWish::CreateUser { email }),
        (0..6_u8, 0..3_u8, any::<bool>())
            .prop_map(|(user, account, is_active)| DirectoryWish::SetMembership { user, account, is_active }),
        (0..6_u8, 0..4_u8).prop_map(|(user, number)| DirectoryWish::CreateLink { user, number }),
        (0..4_u8).prop_map(|number| DirectoryWish::ConsumeLink { number }),
        (0..3_u8, prop::option::of(0..9_u8)).prop_map(|(key, value)| DirectoryWish::SetMeta { key, value }),
    ];
    let wish = (
        prop::option::weighted(0.8, account),
        prop::option::weighted(0.2, 0..8_u8),
        prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(directory, 1..3)],
    )
        .prop_map(|(account, key, directory)| Wish { account, key, directory });
    prop::collection::vec(wish, 1..60)
}

fn email(number: u8) -> String {
    format!("{number}@example.com")
}

fn user(number: u8) -> UserId {
    id(u128::from(number))
}

fn account_id(number: u8) -> AccountId {
    id(u128::from(number))
}

impl Model {
    /// Makes the commit that the wish means now, and what must come of it.
    fn take(&mut self, wish: &Wish, step: usize) -> (Commit, Result<(), StoreError>) {
        let expected = wish.account.as_ref().map(|account| {
            let true_revision = self.accounts.get(&account.number).map_or(0, |(revision, _)| *revision);
            true_revision.saturating_add_signed(account.off_by.into())
        });
        let commit = Commit {
            idempotency: wish.key.map(|key| answer(key, step)),
            account: wish
                .account
                .as_ref()
                .zip(expected)
                .map(|(account, expected)| account.commit(expected, step)),
            directory: wish.directory.iter().map(DirectoryWish::change).collect(),
            outbox: Vec::new(),
        };
        let mut after = self.clone();
        let outcome = after.apply(wish, expected.unwrap_or(0), step);
        if outcome.is_ok() {
            *self = after;
        }
        (commit, outcome)
    }

    fn apply(&mut self, wish: &Wish, expected: u64, step: usize) -> Result<(), StoreError> {
        if let Some(key) = wish.key
            && self.answers.insert(key.to_string(), step.to_string()).is_some()
        {
            return Err(StoreError::IdempotencyKeyUsed);
        }
        if let Some(account) = &wish.account {
            self.apply_account(account, expected, step)?;
        }
        wish.directory.iter().try_for_each(|change| self.apply_directory(change))
    }

    fn apply_account(&mut self, wish: &AccountWish, expected: u64, step: usize) -> Result<(), StoreError> {
        let (revision, is_deleted) = self.accounts.get(&wish.number).copied().unwrap_or_default();
        if expected != revision || is_deleted {
            return Err(StoreError::Conflict);
        }
        let revision = revision + 1;
        self.accounts.insert(wish.number, (revision, wish.is_deleting));
        for (is_removing, kind, entity) in &wish.changes {
            let key = (wish.number, KINDS[usize::from(*kind)], entity.to_string());
            if *is_removing {
                self.entities.remove(&key);
            } else {
                self.entities.insert(key, (revision, step.to_string()));
            }
        }
        self.events.extend((0..wish.events.into()).map(|sequence| (wish.number, revision, sequence)));
        if wish.is_deleting {
            self.entities.retain(|(account, ..), _| *account != wish.number);
        }
        Ok(())
    }

    fn apply_directory(&mut self, wish: &DirectoryWish) -> Result<(), StoreError> {
        match *wish {
            DirectoryWish::CreateUser { email } => {
                if self.users.insert(email) {
                    Ok(())
                } else {
                    Err(StoreError::EmailTaken)
                }
            }
            DirectoryWish::SetMembership { user, account, is_active } => {
                if !self.users.contains(&user) || !self.accounts.contains_key(&account) {
                    return Err(StoreError::Missing { what: "user or account" });
                }
                self.memberships.insert((user, account), is_active);
                Ok(())
            }
            // Hashes of secrets do not meet, so a second one is a defect of the caller; which one is told is of no matter.
            DirectoryWish::CreateLink { user, number } => {
                if !self.links.insert(number) {
                    return Err(StoreError::internal("the link exists"));
                }
                let is_known = self.users.contains(&user);
                if is_known { Ok(()) } else { Err(StoreError::Missing { what: "user or account" }) }
            }
            DirectoryWish::ConsumeLink { number } => {
                if self.links.remove(&number) {
                    Ok(())
                } else {
                    Err(StoreError::LinkUsed)
                }
            }
            DirectoryWish::SetMeta { key, value } => {
                match value {
                    Some(value) => self.meta.insert(key, value),
                    None => self.meta.remove(&key),
                };
                Ok(())
            }
        }
    }

    async fn check(&self, store: &dyn Store) {
        for number in 0..3 {
            let account = account_id(number);
            let kept = self.accounts.get(&number).filter(|(_, is_deleted)| !is_deleted);
            let expected = kept.map(|(revision, _)| {
                let rows = self.entities.iter().filter(|((account, ..), _)| *account == number);
                let rows = rows.map(|((_, kind, id), (revision, body))| {
                    ((*kind).to_owned(), id.clone(), *revision, body.clone())
                });
                (*revision, rows.collect::<Vec<_>>())
            });
            let found = entities(store, account).await.map(|(revision, rows)| {
                let rows = rows.into_iter().map(|row| (row.kind, row.id, row.revision.0, row.body));
                (revision.0, rows.collect::<Vec<_>>())
            });
            assert_eq!(found, expected, "entities of account {number}");
            let events = store.events_after(account, None, 10_000).await.unwrap();
            let places: Vec<_> = events
                .iter()
                .map(|event| (number, event.position.revision.0, event.position.sequence))
                .collect();
            let expected: Vec<_> =
                self.events.iter().filter(|(account, ..)| *account == number).copied().collect();
            assert_eq!(places, expected, "events of account {number}");
        }
        for number in 0..8 {
            let found = store.idempotency("scope", &number.to_string()).await.unwrap();
            assert_eq!(found.map(|record| record.answer), self.answers.get(&number.to_string()).cloned());
        }
        for number in 0..6 {
            let found = store.user_by_email(&email(number)).await.unwrap();
            assert_eq!(found.is_some(), self.users.contains(&number));
            let memberships = self.memberships.iter().filter(|((user, _), _)| *user == number);
            let memberships: Vec<_> = memberships
                .map(|((_, account), is_active)| Membership {
                    account_id: account_id(*account),
                    status: status(*is_active),
                })
                .collect();
            assert_eq!(store.accounts_of(user(number)).await.unwrap(), memberships);
        }
        for number in 0..4 {
            assert_eq!(store.link(token(number)).await.unwrap().is_some(), self.links.contains(&number));
        }
        for key in 0..3 {
            let value = self.meta.get(&key).map(ToString::to_string);
            assert_eq!(store.meta(&key.to_string()).await.unwrap(), value);
        }
        assert_eq!(store.check_integrity().await.unwrap(), [""; 0]);
    }
}

impl AccountWish {
    fn commit(&self, expected: u64, step: usize) -> AccountCommit {
        let changes = self.changes.iter().map(|(is_removing, kind, entity)| {
            let (kind, entity) = (KINDS[usize::from(*kind)], entity.to_string());
            if *is_removing { remove(kind, &entity) } else { put(kind, &entity, &step.to_string()) }
        });
        AccountCommit {
            account_id: account_id(self.number),
            expected: Revision(expected),
            at: time(0),
            changes: changes.collect(),
            events: (0..self.events).map(|_| event("changed")).collect(),
            ending: if self.is_deleting { Ending::Deleted } else { Ending::None },
            next_deadline: None,
        }
    }
}

impl DirectoryWish {
    fn change(&self) -> DirectoryChange {
        match *self {
            Self::CreateUser { email: number } => DirectoryChange::CreateUser {
                user_id: user(number),
                email: email(number),
                name: String::new(),
                verified_at: None,
                created_at: time(0),
            },
            Self::SetMembership { user: number, account, is_active } => DirectoryChange::SetMembership {
                user_id: user(number),
                account_id: account_id(account),
                status: status(is_active),
            },
            Self::CreateLink { user: owner, number } => {
                DirectoryChange::CreateLink(link(number, user(owner), None))
            }
            Self::ConsumeLink { number } => {
                DirectoryChange::ConsumeLink { token_hash: token(number), now: time(0) }
            }
            Self::SetMeta { key, value } => DirectoryChange::SetMeta {
                key: key.to_string().into(),
                value: value.map(|value| value.to_string()),
            },
        }
    }
}

fn status(is_active: bool) -> MembershipStatus {
    if is_active { MembershipStatus::Active } else { MembershipStatus::Inactive }
}

fn answer(key: u8, step: usize) -> IdempotencyRecord {
    IdempotencyRecord {
        scope: "scope".to_owned(),
        key: key.to_string(),
        fingerprint: [0; 32],
        revision: None,
        answer: step.to_string(),
        created_at: time(0),
    }
}

fn kind(outcome: &Result<(), StoreError>) -> Result<(), std::mem::Discriminant<StoreError>> {
    outcome.as_ref().copied().map_err(std::mem::discriminant)
}

/// Commits that wait together are answered as the model says and leave what the model holds.
///
/// The factory answers with something to keep and an empty store, for each of the cases.
pub fn random_commits_match_the_model<K>(cases: u32, factory: impl Fn() -> (K, Arc<dyn Store>)) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&wishes(), |wishes| {
        let (_kept, store) = factory();
        let mut model = Model::default();
        runtime.block_on(async {
            let mut awaited = Vec::new();
            for (step, wish) in wishes.iter().enumerate() {
                let (commit, expected) = model.take(wish, step);
                awaited.push((store.commit(commit), expected));
            }
            for (step, (receipt, expected)) in awaited.into_iter().enumerate() {
                assert_eq!(kind(&receipt.await), kind(&expected), "step {step}: {expected:?}");
            }
            model.check(&*store).await;
        });
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
