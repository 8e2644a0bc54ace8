//! Accounts load whole, in key order, as of one moment.

use bailiwick_core::ids::{AccountId, Revision};

use std::sync::mpsc;

use tokio::sync::oneshot;

use super::given::{ALL_KINDS, Entity, commit, entities, entities_of, event, id, put, touch};
use crate::{EntityRows, Store};

/// Rows come by kind and id, compared byte by byte, and only the account's own.
pub async fn an_account_loads_in_key_order(store: &dyn Store) {
    let mut changes =
        vec![put("b", "é", "{}"), put("b", "z", "{}"), put("b", "A", "{}"), put("B", "a", "{}")];
    for number in 0..2_500 {
        changes.push(put("c", &format!("{:04}", 2_499 - number), &format!(r#"{{"n":{number}}}"#)));
    }
    store.commit(commit(id(1), 0, changes, vec![event("one")])).await.unwrap();
    store.commit(commit(id(2), 0, vec![put("b", "other", "{}")], vec![event("one")])).await.unwrap();

    let keys = |rows: Vec<Entity>| rows.into_iter().map(|row| (row.kind, row.id)).collect::<Vec<_>>();
    let all = keys(entities(store, id(1)).await.unwrap().1);
    let pair = |kind: &str, id: &str| (kind.to_owned(), id.to_owned());
    assert_eq!(all[..4], [pair("B", "a"), pair("b", "A"), pair("b", "z"), pair("b", "é")]);
    assert_eq!(all.len(), 2_504);
    assert!(all.is_sorted());
    for (kinds, expected) in
        [("".."c", &all[..4]), ("b".."c", &all[1..4]), ("c".."d", &all[4..]), ("d".."z", &[])]
    {
        assert_eq!(keys(entities_of(store, id(1), kinds.clone()).await.unwrap().1), expected, "{kinds:?}");
    }
}

/// A commit during a load does not show in it.
pub async fn a_load_sees_one_moment(store: &dyn Store) {
    let changes = (0..20_000).map(|number| put("c", &format!("{number:05}"), "old")).collect();
    store.commit(commit(id(1), 0, changes, vec![event("one")])).await.unwrap();
    let (has_begun, begun) = oneshot::channel();
    let (go_on, committed) = mpsc::channel();
    let (sender, taken) = oneshot::channel();
    let take = Box::new(move |rows: &mut dyn EntityRows| {
        let mut all = vec![Entity::from(rows.next()?.unwrap())];
        has_begun.send(()).unwrap();
        committed.recv().unwrap();
        while let Some(row) = rows.next()? {
            all.push(Entity::from(row));
        }
        sender.send(all).unwrap();
        Ok(())
    });
    let (account, ()) = tokio::join!(store.read_entities(id(1), ALL_KINDS, take), async {
        begun.await.unwrap();
        store.commit(commit(id(1), 1, vec![put("c", "19999", "new")], vec![event("two")])).await.unwrap();
        go_on.send(()).unwrap();
    });
    let rows = taken.await.unwrap();
    assert_eq!((rows.len(), account.unwrap().unwrap().revision), (20_000, Revision(1)));
    assert_eq!(rows.last().unwrap().body, "old");
    let (revision, rows) = entities(store, id(1)).await.unwrap();
    assert_eq!((revision, &*rows.last().unwrap().body), (Revision(2), "new"));
}

/// A load that nobody waits for any more ends by itself, and so does one that has taken enough.
pub async fn a_load_need_not_be_taken_to_its_end(store: &dyn Store) {
    let changes = (0..20_000).map(|number| put("c", &format!("{number:05}"), "old")).collect();
    store.commit(commit(id(1), 0, changes, vec![event("one")])).await.unwrap();
    let (has_ended, ended) = oneshot::channel();
    let (has_begun, begun) = oneshot::channel();
    let (go_on, was_dropped) = mpsc::channel::<()>();
    let take = Box::new(move |rows: &mut dyn EntityRows| {
        has_begun.send(()).unwrap();
        // Ends when the other side is dropped.
        let _ = was_dropped.recv();
        let outcome = loop {
            match rows.next() {
                Ok(Some(_)) => {}
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        has_ended.send(outcome.clone()).unwrap();
        outcome
    });
    {
        let load = store.read_entities(id(1), ALL_KINDS, take);
        tokio::pin!(load);
        tokio::select! {
            _ = &mut load => unreachable!("it waits"),
            begun = begun => begun.unwrap(),
        }
    }
    drop(go_on);
    assert!(ended.await.unwrap().unwrap_err().is_unavailable());

    let take = Box::new(|rows: &mut dyn EntityRows| rows.next().map(|_| ()));
    let account = store.read_entities(id(1), ALL_KINDS, take).await.unwrap().unwrap();
    assert_eq!(account.revision, Revision(1));
}

/// However commits and loads fall together, the rows are those of the revision that the load names.
pub async fn a_load_never_mixes_revisions(store: &dyn Store) {
    let write = |expected: u64| {
        let body = (expected + 1).to_string();
        store.commit(commit(id(1), expected, vec![put("c", "counter", &body)], vec![event("one")]))
    };
    write(0).await.unwrap();
    // All commits stand in the queue at once, so that the writer and the loads run beside each other.
    let receipts: Vec<_> = (1..4_000).map(write).collect();
    loop {
        let (revision, rows) = entities(store, id(1)).await.unwrap();
        assert_eq!(rows[0].body, revision.0.to_string());
        if revision == Revision(4_000) {
            break;
        }
    }
    for receipt in receipts {
        receipt.await.unwrap();
    }
}

/// Pages of accounts join without gap or repetition.
pub async fn accounts_are_listed_by_page(store: &dyn Store) {
    for number in [5, 1, 4, 2, 3] {
        store.commit(touch(id(number), 0)).await.unwrap();
    }
    let all: Vec<AccountId> = (1..=5).map(id).collect();
    assert_eq!(store.account_ids(None, 3).await.unwrap(), all[..3]);
    assert_eq!(store.account_ids(Some(id(3)), 3).await.unwrap(), all[3..]);
    assert_eq!(store.account_ids(Some(id(5)), 3).await.unwrap(), []);
}
