//! Histories are read back and forth, and commits are found by when they were.

use std::sync::mpsc;

use bailiwick_core::ids::{AccountId, Revision};

use super::events::{ACCOUNT, story};
use super::given::{commit, event, id, time};
use crate::{CommitPlace, EventRange, Store};

/// Revisions and types of a range, as they are handed over.
async fn read(store: &dyn Store, after: u64, to: u64, newest_first: bool) -> Vec<(u64, String)> {
    let (sender, taken) = mpsc::channel();
    let account_id: AccountId = id(ACCOUNT);
    let range = EventRange { account_id, after: Revision(after), to: Revision(to), newest_first };
    let take = move |texts: &mut dyn crate::EventTexts| {
        while let Some(text) = texts.next()? {
            assert!(text.body.starts_with('{'));
            sender.send((text.revision.0, text.event_type.to_owned())).unwrap();
        }
        Ok(())
    };
    store.read_events(range, Box::new(take)).await.unwrap();
    taken.iter().collect()
}

/// Exactly the events of the revisions that are asked for, in the order that is asked for, and no other account's.
pub async fn a_range_of_events_is_read_both_ways(store: &dyn Store) {
    let rows = story(store).await;
    store.commit(commit(id(2), 0, Vec::new(), vec![event("account.created")])).await.unwrap();
    let all = read(store, 0, 99, false).await;
    assert!(
        all.iter().map(|(_, event_type)| event_type.as_str()).eq(rows.iter().map(|row| &*row.event_type))
    );
    assert!(all.iter().map(|(revision, _)| *revision).eq([1, 2, 2, 3, 4, 5, 6]));
    let back = read(store, 0, 99, true).await;
    assert!(back.iter().rev().eq(&all));
    assert_eq!(read(store, 1, 3, false).await, all[1..4]);
    assert!(read(store, 1, 3, true).await.iter().rev().eq(&all[1..4]));
    assert!(read(store, 3, 3, true).await.is_empty());
}

/// By time the last one at or before it, a clock that was set back included; by revision exactly that one.
pub async fn a_commit_is_found_by_time_and_by_revision(store: &dyn Store) {
    story(store).await;
    let account_id: AccountId = id(ACCOUNT);
    let place = |revision, seconds| Some(CommitPlace { revision: Revision(revision), at: time(seconds) });
    for (seconds, wanted) in [
        (0, place(1, 0)),
        (9, place(1, 0)),
        (10, place(2, 10)),
        (17, place(4, 15)),
        (20, place(3, 20)),
        (39, place(3, 20)),
        (1_000, place(6, 50)),
    ] {
        assert_eq!(store.last_commit(account_id, time(seconds)).await.unwrap(), wanted, "{seconds}");
    }
    let before = time(0).checked_sub(jiff::SignedDuration::from_secs(1)).unwrap();
    assert_eq!(store.last_commit(account_id, before).await.unwrap(), None);
    assert_eq!(store.last_commit(id(2), time(10)).await.unwrap(), None);
    for (revision, wanted) in [(0, None), (1, place(1, 0)), (2, place(2, 10)), (6, place(6, 50)), (7, None)] {
        assert_eq!(store.commit_at(account_id, Revision(revision)).await.unwrap(), wanted, "{revision}");
    }
}
