//! Last uses, and accounts that are due.

use super::given::{commit, event, id, put, remove, time};
use crate::{Commit, DueAccount, MAX_USES_PER_BATCH, Store, StoreError, UseRow};

fn used(account: u128, holder: &str, permission: &str, day: i32) -> UseRow {
    UseRow { account_id: id(account), holder_id: holder.into(), permission: permission.into(), day }
}

/// The latest day counts, in whatever order uses are recorded, and each account has its own.
pub async fn the_last_use_is_kept(store: &dyn Store) {
    let uses =
        vec![used(1, "a", "read", 7), used(1, "b", "", 3), used(1, "a", "write", 5), used(2, "a", "read", 9)];
    store.record_uses(uses).await.unwrap();
    store.record_uses(vec![used(1, "a", "read", 6), used(1, "a", "write", 8)]).await.unwrap();
    let holders = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        store.uses_of(id(1), &holders(&["b", "a", "c"])).await.unwrap(),
        [used(1, "b", "", 3), used(1, "a", "read", 7), used(1, "a", "write", 8)]
    );
    assert_eq!(store.uses_of(id(3), &holders(&["a"])).await.unwrap(), []);
    // They go with whoever is removed, and with nobody else.
    let made = vec![put("member", "a", "{}"), put("member_end", "a", "{}")];
    store.commit(commit(id(1), 0, made, vec![event("one")])).await.unwrap();
    let endless = vec![remove("member_end", "a")];
    store.commit(commit(id(1), 1, endless, vec![event("two")])).await.unwrap();
    assert_eq!(store.uses_of(id(1), &holders(&["a"])).await.unwrap().len(), 2);
    store.commit(commit(id(1), 2, vec![remove("member", "a")], vec![event("three")])).await.unwrap();
    assert_eq!(store.uses_of(id(1), &holders(&["a", "b"])).await.unwrap(), [used(1, "b", "", 3)]);
    assert_eq!(store.uses_of(id(2), &holders(&["a"])).await.unwrap(), [used(2, "a", "read", 9)]);
    let many = vec![used(1, "a", "read", 1); MAX_USES_PER_BATCH + 1];
    let too_large = StoreError::TooLarge { what: "the number of uses", limit: MAX_USES_PER_BATCH };
    assert_eq!(store.record_uses(many).await.unwrap_err(), too_large);
}

/// An account is due from the moment that its last commit named, until a commit names another or it is deleted.
pub async fn accounts_come_due(store: &dyn Store) {
    let due = |number: u128, expected: u64, seconds: Option<u64>| {
        let mut commit = commit(id(number), expected, Vec::new(), vec![event("one")]);
        if let Some(account) = &mut commit.account {
            account.next_deadline = seconds.map(time);
        }
        commit
    };
    for (number, seconds) in [(1, Some(30)), (2, None), (3, Some(20)), (4, Some(20)), (5, Some(90))] {
        store.commit(due(number, 0, seconds)).await.unwrap();
    }
    let entry = |seconds, number| DueAccount { due_at: time(seconds), account_id: id(number) };
    let all = [entry(20, 3), entry(20, 4), entry(30, 1)];
    assert_eq!(store.due_accounts(time(30), None, 10).await.unwrap(), all);
    assert_eq!(store.due_accounts(time(29), None, 10).await.unwrap(), all[..2]);
    assert_eq!(store.due_accounts(time(30), None, 1).await.unwrap(), all[..1]);
    assert_eq!(store.due_accounts(time(30), Some(all[0]), 10).await.unwrap(), all[1..]);
    store.commit(due(3, 1, None)).await.unwrap();
    let mut end = due(4, 1, Some(20));
    if let Some(account) = &mut end.account {
        account.ending = crate::Ending::Deleted;
    }
    store.record_uses(vec![used(4, "a", "read", 7)]).await.unwrap();
    store.commit(Commit { ..end }).await.unwrap();
    assert_eq!(store.due_accounts(time(30), None, 10).await.unwrap(), all[2..]);
    assert_eq!(store.uses_of(id(4), &["a".to_owned()]).await.unwrap(), [], "gone with the account");
}
