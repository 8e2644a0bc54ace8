//! Accounts load whole, in key order, as of one moment.

use bailiwick_core::ids::{AccountId, Revision};

use super::given::{commit, entities, event, id, put, touch};
use crate::{BATCH_ROWS, Store};

/// Rows come by kind and id, compared byte by byte, in batches, and only the account's own.
pub async fn an_account_loads_in_key_order(store: &dyn Store) {
    let mut changes =
        vec![put("b", "é", "{}"), put("b", "z", "{}"), put("b", "A", "{}"), put("B", "a", "{}")];
    for number in 0..2_500 {
        changes.push(put("c", &format!("{:04}", 2_499 - number), &format!(r#"{{"n":{number}}}"#)));
    }
    store.commit(commit(id(1), 0, changes, vec![event("one")])).await.unwrap();
    store.commit(commit(id(2), 0, vec![put("b", "other", "{}")], vec![event("one")])).await.unwrap();

    let mut account = store.load_account(id(1)).await.unwrap().unwrap();
    let mut keys = Vec::new();
    while let Some(batch) = account.rows.recv().await {
        let batch = batch.unwrap();
        assert!(batch.len() <= BATCH_ROWS);
        keys.extend(batch.iter().map(|row| (row.kind.to_owned(), row.id.to_owned())));
    }
    let pair = |kind: &str, id: &str| (kind.to_owned(), id.to_owned());
    assert_eq!(keys[..4], [pair("B", "a"), pair("b", "A"), pair("b", "z"), pair("b", "é")]);
    assert_eq!(keys.len(), 2_504);
    assert!(keys.is_sorted());
}

/// A commit during a load does not show in it, and a load that nobody takes to its end does no harm.
pub async fn a_load_sees_one_moment(store: &dyn Store) {
    let changes = (0..20_000).map(|number| put("c", &format!("{number:05}"), "old")).collect();
    store.commit(commit(id(1), 0, changes, vec![event("one")])).await.unwrap();
    let mut account = store.load_account(id(1)).await.unwrap().unwrap();
    let abandoned = store.load_account(id(1)).await.unwrap().unwrap();
    let first = account.rows.recv().await.unwrap().unwrap();
    store.commit(commit(id(1), 1, vec![put("c", "19999", "new")], vec![event("two")])).await.unwrap();
    drop(abandoned);
    let mut rows = first.len();
    let mut last = None;
    while let Some(batch) = account.rows.recv().await {
        let batch = batch.unwrap();
        rows += batch.len();
        last = batch.iter().last().map(|row| row.body.to_owned());
    }
    assert_eq!((rows, account.revision), (20_000, Revision(1)));
    assert_eq!(last.unwrap(), "old");
    let (revision, rows) = entities(store, id(1)).await.unwrap();
    assert_eq!((revision, &*rows.last().unwrap().body), (Revision(2), "new"));
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
