//! Sessions and single-use links.

use bailiwick_core::ids::{AccountId, UserId};

use super::given::{change, create_user, id, link, session, time, token, touch};
use crate::{Commit, DirectoryChange, LinkRow, MembershipStatus, SessionRow, Store, StoreError};

async fn user(store: &dyn Store, number: u128) -> UserId {
    store.commit(change(vec![create_user(number, &format!("{number}@example.com"))])).await.unwrap();
    id(number)
}

fn consume(number: u8, seconds: u64) -> DirectoryChange {
    DirectoryChange::ConsumeLink { token_hash: token(number), now: time(seconds) }
}

/// A commit that was decided by a password is refused whole once the password, or the proof of the email, is another.
pub async fn what_was_decided_by_a_password_needs_that_password(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut number = 0;
    let mut sign_in = |user_id, hash: Option<&str>, verified| {
        number += 1;
        let required = DirectoryChange::RequirePassword { user_id, hash: hash.map(str::to_owned), verified };
        change(vec![required, DirectoryChange::CreateSession(session(number, ana, 0, 100))])
    };
    let set = |hash: &str| DirectoryChange::SetPassword { user_id: ana, hash: Some(hash.to_owned()) };
    let changed = Err(StoreError::PasswordChanged);
    assert_eq!(store.commit(sign_in(ana, None, false)).await, Ok(()));
    assert_eq!(store.commit(sign_in(ana, Some("one"), false)).await, changed);
    assert_eq!(store.commit(sign_in(ana, None, true)).await, changed);
    assert_eq!(store.commit(sign_in(id(99), None, false)).await, changed);
    // In the queue together: what is written first counts.
    let setting = store.commit(change(vec![set("one")]));
    let late = store.commit(sign_in(ana, None, false));
    assert_eq!((setting.await, late.await), (Ok(()), changed.clone()));
    assert_eq!(store.commit(sign_in(ana, Some("one"), false)).await, Ok(()));
    store.commit(change(vec![DirectoryChange::VerifyUser { user_id: ana, at: time(1) }])).await.unwrap();
    assert_eq!(store.commit(sign_in(ana, Some("one"), false)).await, changed);
    assert_eq!(store.commit(sign_in(ana, Some("one"), true)).await, Ok(()));
    let mut kept: Vec<_> = store.sessions_of(ana).await.unwrap().iter().map(|kept| kept.token_hash).collect();
    kept.sort_unstable();
    assert_eq!(kept, [token(1), token(6), token(8)]);
}

/// A commit that was decided by a session is refused whole once the session has ended.
pub async fn what_was_decided_by_a_session_needs_that_session(store: &dyn Store) {
    let ana = user(store, 1).await;
    let create = |number| DirectoryChange::CreateSession(session(number, ana, 0, 100));
    let required = DirectoryChange::RequireSession { token_hash: token(1) };
    store.commit(change(vec![create(1)])).await.unwrap();
    store.commit(change(vec![required.clone(), create(2)])).await.unwrap();
    store.commit(change(vec![DirectoryChange::EndSession { token_hash: token(1) }])).await.unwrap();
    let missing = Err(StoreError::Missing { what: "session" });
    assert_eq!(store.commit(change(vec![required, create(3)])).await, missing);
    assert_eq!(store.sessions_of(ana).await.unwrap().len(), 1);
}

/// A link is used up by the first commit that consumes it, and does not work from the moment it ends.
pub async fn a_link_works_once(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut full =
        LinkRow { invitation_id: Some(id(5)), account_id: Some(id(6)), ..link(1, ana, Some(time(10))) };
    full.purpose = "set-up".into();
    let links =
        vec![DirectoryChange::CreateLink(full.clone()), DirectoryChange::CreateLink(link(2, ana, None))];
    store.commit(Commit { directory: links, ..touch(id(6), 0) }).await.unwrap();
    assert_eq!(store.link(token(1)).await.unwrap(), Some(full));

    assert_eq!(store.commit(change(vec![consume(1, 10)])).await, Err(StoreError::LinkUsed), "expired");
    let racing = [store.commit(change(vec![consume(1, 9)])), store.commit(change(vec![consume(1, 9)]))];
    let mut outcomes = Vec::new();
    for receipt in racing {
        outcomes.push(receipt.await);
    }
    assert_eq!(outcomes, [Ok(()), Err(StoreError::LinkUsed)]);
    assert!(store.link(token(1)).await.unwrap().is_none());
    store.commit(change(vec![consume(2, 1_000_000)])).await.unwrap();
    assert_eq!(store.commit(change(vec![consume(3, 0)])).await, Err(StoreError::LinkUsed), "never was");
}

/// What a refused commit consumed still works.
pub async fn a_link_is_not_used_up_by_a_refused_commit(store: &dyn Store) {
    let ana = user(store, 1).await;
    store.commit(change(vec![DirectoryChange::CreateLink(link(1, ana, None))])).await.unwrap();
    let taken = change(vec![consume(1, 0), create_user(2, "1@example.com")]);
    assert_eq!(store.commit(taken).await, Err(StoreError::EmailTaken));
    store.commit(change(vec![consume(1, 0)])).await.unwrap();
}

/// An invitation's links end together, and so do a user's of one purpose.
pub async fn links_end_together(store: &dyn Store) {
    let (ana, ben) = (user(store, 1).await, user(store, 2).await);
    let invited = |number| LinkRow { invitation_id: Some(id(7)), ..link(number, ana, None) };
    let reset = |number, user_id| LinkRow { purpose: "reset".into(), ..link(number, user_id, None) };
    let links = [invited(1), invited(2), link(3, ana, None), reset(4, ana), reset(5, ben)];
    store.commit(change(links.into_iter().map(DirectoryChange::CreateLink).collect())).await.unwrap();
    let ends = vec![
        DirectoryChange::EndLinksOfInvitation { invitation_id: id(7) },
        DirectoryChange::EndLinksOfUser { user_id: ana, purpose: "reset".into() },
    ];
    store.commit(change(ends)).await.unwrap();
    let mut left = Vec::new();
    for number in 1..=5 {
        if store.link(token(number)).await.unwrap().is_some() {
            left.push(number);
        }
    }
    assert_eq!(left, [3, 5]);
}

/// Sessions are kept as given, touched forward only, and end by hash, by user and by account.
pub async fn sessions_end_alone_and_together(store: &dyn Store) {
    let (ana, ben) = (user(store, 1).await, user(store, 2).await);
    let account_id: AccountId = id(1);
    let first = SessionRow {
        account_id: Some(account_id),
        source_ip: Some("2001:db8::1".parse().unwrap()),
        user_agent: Some("a browser".to_owned()),
        ..session(1, ana, 0, 100)
    };
    let others = [session(2, ana, 1, 100), session(3, ana, 2, 100), session(4, ben, 3, 100)];
    let create = [first.clone()].into_iter().chain(others).map(DirectoryChange::CreateSession).collect();
    store.commit(Commit { directory: create, ..touch(account_id, 0) }).await.unwrap();
    assert_eq!(store.session(token(1)).await.unwrap(), Some(first.clone()));
    let hashes = async |user_id| {
        let sessions = store.sessions_of(user_id).await.unwrap();
        sessions.into_iter().map(|session| session.token_hash).collect::<Vec<_>>()
    };
    assert_eq!(hashes(ana).await, [token(3), token(2), token(1)], "the newest first");

    let touches = [50, 20]
        .map(|seconds| DirectoryChange::TouchSession { token_hash: token(1), seen_at: time(seconds) });
    store.commit(change(touches.to_vec())).await.unwrap();
    assert_eq!(store.session(token(1)).await.unwrap().unwrap().seen_at, time(50));
    let moved = DirectoryChange::SetSessionAccount { token_hash: token(2), account_id: Some(account_id) };
    store.commit(change(vec![moved])).await.unwrap();
    let lost = DirectoryChange::SetSessionAccount { token_hash: token(9), account_id: None };
    assert_eq!(store.commit(change(vec![lost])).await, Err(StoreError::Missing { what: "session" }));

    let others = DirectoryChange::EndSessionsOfUser { user_id: ana, except: Some(token(3)) };
    store.commit(change(vec![others])).await.unwrap();
    assert_eq!(hashes(ana).await, [token(3)]);
    let more = vec![DirectoryChange::CreateSession(session(5, ana, 5, 100))];
    store.commit(change(more)).await.unwrap();
    let others = DirectoryChange::EndSessionsOfUser { user_id: ana, except: Some(token(5)) };
    store.commit(change(vec![others])).await.unwrap();
    assert_eq!(hashes(ana).await, [token(5)]);
    store.commit(change(vec![DirectoryChange::EndSession { token_hash: token(5) }])).await.unwrap();
    assert_eq!(hashes(ana).await, []);
    store
        .commit(change(vec![DirectoryChange::EndSessionsOfUser { user_id: ben, except: None }]))
        .await
        .unwrap();
    assert_eq!(hashes(ben).await, []);
}

/// Sessions leave an account with the membership, and end with the last one that is active.
pub async fn sessions_end_with_the_last_active_membership(store: &dyn Store) {
    let (ana, ben) = (user(store, 1).await, user(store, 2).await);
    let (first, second, third): (AccountId, AccountId, AccountId) = (id(7), id(8), id(9));
    for account_id in [first, second, third] {
        store.commit(touch(account_id, 0)).await.unwrap();
    }
    let is = |user_id, account_id, status| DirectoryChange::SetMembership { user_id, account_id, status };
    let active = MembershipStatus::Active;
    let inside = |number, user_id, account_id| {
        let session = SessionRow { account_id: Some(account_id), ..session(number, user_id, 0, 100) };
        DirectoryChange::CreateSession(session)
    };
    let start = vec![
        is(ana, first, active),
        is(ana, second, active),
        is(ana, third, MembershipStatus::Pending),
        is(ben, first, active),
        inside(1, ana, first),
        inside(2, ana, second),
        inside(3, ben, first),
    ];
    store.commit(change(start)).await.unwrap();
    let account_of = async |number| store.session(token(number)).await.unwrap().map(|found| found.account_id);
    let out = |account_id| DirectoryChange::TakeSessionsOut { user_id: ana, account_id };

    store.commit(change(vec![is(ana, first, MembershipStatus::Inactive), out(first)])).await.unwrap();
    assert_eq!(account_of(1).await, Some(None), "active elsewhere, so still signed in");
    assert_eq!(account_of(2).await, Some(Some(second)));
    let ends = vec![DirectoryChange::EndMembership { user_id: ana, account_id: second }, out(second)];
    store.commit(change(ends)).await.unwrap();
    assert_eq!((account_of(1).await, account_of(2).await), (None, None), "inactive and pending do not count");
    assert_eq!(account_of(3).await, Some(Some(first)), "nobody else's");
}

/// Pruning takes what ended at the time or before it, and no link without an end.
pub async fn what_has_expired_is_pruned(store: &dyn Store) {
    let ana = user(store, 1).await;
    let changes = vec![
        DirectoryChange::CreateSession(session(1, ana, 0, 10)),
        DirectoryChange::CreateSession(session(2, ana, 0, 11)),
        DirectoryChange::CreateLink(link(1, ana, Some(time(10)))),
        DirectoryChange::CreateLink(link(2, ana, Some(time(11)))),
        DirectoryChange::CreateLink(link(3, ana, None)),
    ];
    store.commit(change(changes)).await.unwrap();
    assert_eq!(store.prune_expired(time(10), 100).await.unwrap(), 2);
    assert!(store.session(token(1)).await.unwrap().is_none());
    assert!(store.session(token(2)).await.unwrap().is_some());
    assert!(store.link(token(1)).await.unwrap().is_none());
    assert!(store.link(token(2)).await.unwrap().is_some());
    assert!(store.link(token(3)).await.unwrap().is_some());
}
