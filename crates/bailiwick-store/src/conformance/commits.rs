//! Commits are whole, ordered and guarded by the revision.

use bailiwick_core::ids::{AccountId, Revision};

use super::given::{
    ALL_KINDS, change, commit, create_user, entities, entities_of, event, id, message, put, remove, time,
    touch,
};
use crate::{
    AccountRow, Commit, Ending, IdempotencyRecord, MAX_BODY_BYTES, MAX_COMMIT_ROWS, Store, StoreError,
    StoredEvent,
};

async fn events(store: &dyn Store, account_id: AccountId) -> Vec<StoredEvent> {
    store.events_after(account_id, None, 1_000).await.unwrap()
}

fn answer(scope: &str, key: &str, seconds: u64) -> IdempotencyRecord {
    IdempotencyRecord {
        scope: scope.to_owned(),
        key: key.to_owned(),
        fingerprint: [7; 32],
        revision: Some(Revision(1)),
        answer: r#"{"status":201}"#.to_owned(),
        created_at: time(seconds),
    }
}

/// Revisions go up by one; entities carry the revision that wrote them; events carry their place.
pub async fn an_account_grows_by_one_revision_with_every_commit(store: &dyn Store) {
    let account = id(1);
    assert!(entities(store, account).await.is_none());
    let first =
        commit(account, 0, vec![put("member", "a", "1"), put("member", "b", "2")], vec![event("one")]);
    store.commit(first).await.unwrap();
    let changes = vec![put("member", "a", "3"), remove("member", "b"), remove("member", "never was")];
    store.commit(commit(account, 1, changes, vec![event("two"), event("three")])).await.unwrap();

    let (revision, rows) = entities(store, account).await.unwrap();
    assert_eq!(revision, Revision(2));
    let kept: Vec<_> = rows.iter().map(|row| (&*row.kind, &*row.id, row.revision.0, &*row.body)).collect();
    assert_eq!(kept, [("member", "a", 2, "3")]);
    let (read, _) = entities_of(store, account, ALL_KINDS).await.unwrap();
    assert_eq!(read, AccountRow { revision: Revision(2), created_at: time(0) });
    let places: Vec<_> = events(store, account)
        .await
        .iter()
        .map(|event| (event.position.revision.0, event.position.sequence, event.event.event_type.to_string()))
        .collect();
    assert_eq!(places, [(1, 0, "one".to_owned()), (2, 0, "two".to_owned()), (2, 1, "three".to_owned())]);
}

/// Nothing of a refused commit is there: no entity, event, directory change, message or recorded answer.
pub async fn a_stale_commit_is_refused_whole(store: &dyn Store) {
    let account = id(1);
    store.commit(touch(account, 0)).await.unwrap();
    store.commit(touch(account, 1)).await.unwrap();
    for expected in [0, 1, 3] {
        let stale = Commit {
            idempotency: Some(answer("scope", "key", 0)),
            directory: vec![create_user(1, "ana@example.com")],
            outbox: vec![message(Some(account), "{}", 0)],
            ..commit(account, expected, vec![put("member", "a", "1")], vec![event("stale")])
        };
        assert_eq!(store.commit(stale).await, Err(StoreError::Conflict), "expected {expected}");
    }
    assert_eq!(
        store.commit(touch(id(2), 5)).await,
        Err(StoreError::Conflict),
        "an account that is not there"
    );
    let (revision, rows) = entities(store, account).await.unwrap();
    assert_eq!((revision, rows.len()), (Revision(2), 0));
    assert_eq!(events(store, account).await.len(), 2);
    assert_eq!(store.idempotency("scope", "key").await.unwrap(), None);
    assert!(!store.any_user_exists().await.unwrap());
    assert_eq!(store.outbox_counts().await.unwrap().waiting, 0);
}

/// Of commits that race at one revision, one is written.
pub async fn one_of_two_commits_at_a_revision_wins(store: &dyn Store) {
    let account = id(1);
    let receipts: Vec<_> = (0..10).map(|_| store.commit(touch(account, 0))).collect();
    let mut outcomes = Vec::new();
    for receipt in receipts {
        outcomes.push(receipt.await);
    }
    assert_eq!(outcomes[0], Ok(()));
    assert!(outcomes[1..].iter().all(|outcome| *outcome == Err(StoreError::Conflict)), "{outcomes:?}");
}

/// The order of calls is the order of writing, whether or not anybody polls or keeps the receipts.
pub async fn commits_are_written_in_the_order_of_calls(store: &dyn Store) {
    let account = id(1);
    for expected in 0..999 {
        drop(store.commit(touch(account, expected)));
    }
    assert_eq!(store.commit(touch(account, 999)).await, Ok(()));
    let (revision, _) = entities(store, account).await.unwrap();
    assert_eq!(revision, Revision(1_000));
}

/// A decision made on top of a refused one is refused too.
pub async fn what_follows_a_refused_commit_is_refused(store: &dyn Store) {
    let account = id(1);
    store.commit(change(vec![create_user(1, "ana@example.com")])).await.unwrap();
    let refused = Commit { directory: vec![create_user(2, "ana@example.com")], ..touch(account, 0) };
    let receipts = [store.commit(refused), store.commit(touch(account, 1)), store.commit(touch(account, 2))];
    let mut outcomes = Vec::new();
    for receipt in receipts {
        outcomes.push(receipt.await);
    }
    assert_eq!(outcomes, [Err(StoreError::EmailTaken), Err(StoreError::Conflict), Err(StoreError::Conflict)]);
    assert!(entities(store, account).await.is_none());
}

/// Commits that wait together succeed or fail each for itself.
pub async fn a_refused_commit_does_not_hurt_its_neighbours(store: &dyn Store) {
    let mut receipts = Vec::new();
    for number in 0..100 {
        let mut wanted = touch(id(number), 0);
        match number % 4 {
            0 => {}
            1 => wanted.directory = vec![create_user(number, "same@example.com")],
            2 => wanted.account.as_mut().unwrap().expected = Revision(9),
            _ => wanted.idempotency = Some(answer("scope", "same", 0)),
        }
        receipts.push((number, store.commit(wanted)));
    }
    for (number, receipt) in receipts {
        let expected = match number {
            1 | 3 => Ok(()),
            _ => match number % 4 {
                0 => Ok(()),
                1 => Err(StoreError::EmailTaken),
                2 => Err(StoreError::Conflict),
                _ => Err(StoreError::IdempotencyKeyUsed),
            },
        };
        let is_written = expected.is_ok();
        assert_eq!(receipt.await, expected, "commit {number}");
        assert_eq!(entities(store, id(number)).await.is_some(), is_written, "account {number}");
    }
    assert_eq!(store.check_integrity().await.unwrap(), [""; 0]);
}

/// Limits and the need of an event are checked before anything is queued.
pub async fn an_account_commit_needs_an_event_and_keeps_the_limits(store: &dyn Store) {
    let silent = commit(id(1), 0, vec![put("member", "a", "1")], Vec::new());
    assert!(matches!(store.commit(silent).await, Err(StoreError::Internal { .. })));
    let large =
        commit(id(1), 0, vec![put("member", "a", &"x".repeat(MAX_BODY_BYTES + 1))], vec![event("one")]);
    assert!(matches!(store.commit(large).await, Err(StoreError::TooLarge { .. })));
    let many = commit(id(1), 0, vec![remove("member", "a"); MAX_COMMIT_ROWS + 1], vec![event("one")]);
    assert!(matches!(store.commit(many).await, Err(StoreError::TooLarge { .. })));
    assert!(entities(store, id(1)).await.is_none());
}

/// A deleted account cannot be loaded, changed or made again, but its record can be read.
pub async fn a_deleted_account_keeps_its_events_only(store: &dyn Store) {
    let account = id(1);
    store.commit(commit(account, 0, vec![put("member", "a", "1")], vec![event("one")])).await.unwrap();
    let mut last = touch(account, 1);
    last.account.as_mut().unwrap().ending = Ending::Deleted;
    store.commit(last).await.unwrap();
    assert!(entities(store, account).await.is_none());
    assert_eq!(store.account_ids(None, 10).await.unwrap(), []);
    for expected in [0, 2] {
        assert_eq!(store.commit(touch(account, expected)).await, Err(StoreError::Conflict));
    }
    assert_eq!(events(store, account).await.len(), 2);
    assert_eq!(store.check_integrity().await.unwrap(), [""; 0]);
}

/// The first answer stays; the commit that brings a second one is refused whole. Scopes do not share keys.
pub async fn an_idempotency_key_is_recorded_once(store: &dyn Store) {
    let first = Commit { idempotency: Some(answer("a", "key", 1)), ..touch(id(1), 0) };
    store.commit(first).await.unwrap();
    assert_eq!(store.idempotency("a", "key").await.unwrap(), Some(answer("a", "key", 1)));
    assert_eq!(store.idempotency("b", "key").await.unwrap(), None);
    let again = Commit { idempotency: Some(answer("a", "key", 2)), ..touch(id(1), 1) };
    assert_eq!(store.commit(again).await, Err(StoreError::IdempotencyKeyUsed));
    assert_eq!(entities(store, id(1)).await.unwrap().0, Revision(1));
    let elsewhere = Commit { idempotency: Some(answer("b", "key", 3)), ..touch(id(1), 1) };
    store.commit(elsewhere).await.unwrap();
}

/// Pruning takes the oldest first and stops at its limit.
pub async fn old_answers_are_pruned(store: &dyn Store) {
    for seconds in [3, 1, 2, 9] {
        let record = answer("a", &seconds.to_string(), seconds);
        store.commit(Commit { idempotency: Some(record), ..Commit::default() }).await.unwrap();
    }
    assert_eq!(store.prune_idempotency(time(9), 2).await.unwrap(), 2);
    assert_eq!(store.idempotency("a", "1").await.unwrap(), None);
    assert!(store.idempotency("a", "3").await.unwrap().is_some());
    assert_eq!(store.prune_idempotency(time(9), 10).await.unwrap(), 1);
    assert!(store.idempotency("a", "9").await.unwrap().is_some(), "made at the time, not before it");
}
