//! The outbox, and what the operator asks.

use std::time::Duration;

use bailiwick_core::ids::AccountId;

use super::given::{ALL_KINDS, event, id, message, put, time, touch};
use crate::{Commit, EntityRows, MAX_BODY_BYTES, OutboxCounts, OutboxId, Store, StoreError, Unavailable};

const LEASE: Duration = Duration::from_secs(30);

async fn send(store: &dyn Store, account_id: Option<AccountId>, body: &str, seconds: u64) {
    let outbox = vec![message(account_id, body, seconds)];
    store.commit(Commit { outbox, ..Commit::default() }).await.unwrap();
}

async fn claim(store: &dyn Store, seconds: u64, limit: usize) -> Vec<(OutboxId, String, u32)> {
    let claimed = store.claim_outbox(time(seconds), LEASE, limit).await.unwrap();
    claimed.into_iter().map(|entry| (entry.outbox_id, entry.message.body, entry.attempts)).collect()
}

/// While a lease runs nobody else gets the message; after it the next attempt is counted; a delivered one is gone.
pub async fn a_message_is_claimed_by_one_until_its_lease_ends(store: &dyn Store) {
    for body in ["one", "two", "three"] {
        send(store, Some(id(1)), body, 0).await;
    }
    let first = claim(store, 0, 2).await;
    assert_eq!(
        first.iter().map(|(_, body, attempts)| (&**body, *attempts)).collect::<Vec<_>>(),
        [("one", 1), ("two", 1)]
    );
    let second = claim(store, 0, 10).await;
    assert_eq!(second.iter().map(|(_, body, _)| &**body).collect::<Vec<_>>(), ["three"]);
    store.outbox_done(first[0].0).await.unwrap();
    assert_eq!(claim(store, 29, 10).await, []);
    let again = claim(store, 30, 10).await;
    assert_eq!(
        again.iter().map(|(_, body, attempts)| (&**body, *attempts)).collect::<Vec<_>>(),
        [("two", 2), ("three", 2)]
    );
    store.outbox_done(first[0].0).await.unwrap();
    assert_eq!(store.outbox_counts().await.unwrap().waiting, 2, "done twice is done once");
}

/// A failure says when to try again; a message that was given up is kept without what it said, and not claimed any more.
pub async fn a_failed_message_waits_and_a_given_up_one_stays(store: &dyn Store) {
    send(store, Some(id(1)), "one", 0).await;
    let (outbox_id, ..) = claim(store, 0, 1).await.remove(0);
    store.outbox_failed(outbox_id, "450 try later", time(100)).await.unwrap();
    assert_eq!(claim(store, 99, 1).await, []);
    assert_eq!(claim(store, 100, 1).await, [(outbox_id, "one".to_owned(), 2)]);
    store.outbox_given_up(outbox_id, &"é".repeat(5_000), "who it was for").await.unwrap();
    assert_eq!(claim(store, 1_000_000, 1).await, []);
    let kept = store.outbox_of_account(id(1), 10).await.unwrap();
    assert_eq!((kept[0].attempts, kept[0].next_attempt_at), (2, None));
    assert_eq!(kept[0].message.body, "who it was for");
    let error = kept[0].last_error.as_deref().unwrap();
    assert!(error.starts_with('é') && error.len() <= 1_000, "a long reason is cut between characters");
    let huge = "x".repeat(MAX_BODY_BYTES + 1);
    let refused = store.outbox_given_up(outbox_id, "no", &huge).await;
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
}

/// Pruning takes what was given up and is older than asked for, and nothing that still waits.
pub async fn given_up_messages_are_pruned(store: &dyn Store) {
    for (body, seconds) in [("one", 1), ("two", 2), ("three", 3)] {
        send(store, Some(id(1)), body, seconds).await;
    }
    for (outbox_id, body, _) in claim(store, 3, 10).await {
        if body != "one" {
            store.outbox_given_up(outbox_id, "no", "").await.unwrap();
        }
    }
    assert_eq!(store.prune_outbox(time(3), 10).await.unwrap(), 1);
    let counts = store.outbox_counts().await.unwrap();
    assert_eq!((counts.waiting, counts.given_up), (1, 1));
    assert_eq!(store.prune_outbox(time(4), 10).await.unwrap(), 1);
    assert_eq!(store.prune_outbox(time(4), 10).await.unwrap(), 0);
}

/// Counts tell what waits, fails and was given up; an account's list is its own, the newest first.
pub async fn messages_are_counted_and_listed(store: &dyn Store) {
    assert_eq!(store.outbox_counts().await.unwrap(), OutboxCounts::default());
    for (body, seconds) in [("one", 1), ("two", 2), ("three", 3)] {
        send(store, Some(id(1)), body, seconds).await;
    }
    send(store, None, "platform", 4).await;
    let claimed = claim(store, 2, 10).await;
    store.outbox_given_up(claimed[0].0, "no", "").await.unwrap();
    store.outbox_failed(claimed[1].0, "not yet", time(50)).await.unwrap();
    let counts = store.outbox_counts().await.unwrap();
    assert_eq!(
        counts,
        OutboxCounts { waiting: 3, failing: 1, given_up: 1, oldest_waiting_at: Some(time(2)) }
    );
    let listed = store.outbox_of_account(id(1), 2).await.unwrap();
    assert_eq!(listed.iter().map(|entry| &*entry.message.body).collect::<Vec<_>>(), ["three", "two"]);
    assert_eq!(store.outbox_of_account(id(2), 2).await.unwrap(), []);
}

/// A store that was used as intended is sound and says what it holds.
pub async fn a_sound_store_has_no_findings_and_answers(store: &dyn Store) {
    for number in 0..10 {
        let mut commit = touch(id(number), 0);
        let account = commit.account.as_mut().unwrap();
        account.changes.push(put("member", "a", "{}"));
        account.events.push(event("two"));
        store.commit(commit).await.unwrap();
    }
    assert_eq!(store.check_integrity().await.unwrap(), [""; 0]);
    store.ping().await.unwrap();
    store.ready().await;
    let facts = store.facts().await.unwrap();
    assert_eq!((facts.accounts, facts.users, facts.sessions, facts.queued_commits), (10, 0, 0, 0));
    assert!(!facts.engine.is_empty() && facts.schema_version >= 1 && facts.database_bytes > 0);
}

/// Closing writes what waits; after it everything is refused as closed.
pub async fn a_closed_store_has_written_what_was_queued(store: &dyn Store) {
    let receipts: Vec<_> = (0..500).map(|expected| store.commit(touch(id(1), expected))).collect();
    store.close().await;
    for receipt in receipts {
        assert_eq!(receipt.await, Ok(()));
    }
    let closed =
        |error: StoreError| matches!(error, StoreError::Unavailable { reason: Unavailable::Closed, .. });
    assert!(closed(store.commit(touch(id(1), 500)).await.unwrap_err()));
    assert!(closed(store.user(id(1)).await.unwrap_err()));
    let take = Box::new(|_: &mut dyn EntityRows| Ok(()));
    assert!(closed(store.read_entities(id(1), ALL_KINDS, take).await.unwrap_err()));
    assert!(closed(store.outbox_done(OutboxId(1)).await.unwrap_err()));
    store.ready().await;
    store.close().await;
}
