//! Users, memberships, keys and platform facts.

use bailiwick_core::ids::{AccountId, KeyId, UserId};
use jiff::Timestamp;

use super::given::{change, create_user, id, link, session, time, token, touch};
use crate::{
    CatalogRow, Commit, DirectoryChange, MAX_BODY_BYTES, MAX_USERS_PER_BATCH, Membership, MembershipStatus,
    Store, StoreError,
};

const ANA: u128 = 1;
const BEN: u128 = 2;

async fn two_users(store: &dyn Store) -> (UserId, UserId) {
    let users = vec![create_user(ANA, "ana@example.com"), create_user(BEN, "ben@example.com")];
    store.commit(change(users)).await.unwrap();
    (id(ANA), id(BEN))
}

fn set_membership(user_id: UserId, account_id: AccountId, status: MembershipStatus) -> DirectoryChange {
    DirectoryChange::SetMembership { user_id, account_id, status }
}

/// A second user with an email is refused, with everything else in the commit.
pub async fn an_email_belongs_to_one_user(store: &dyn Store) {
    assert!(!store.any_user_exists().await.unwrap());
    let (ana, _) = two_users(store).await;
    assert!(store.any_user_exists().await.unwrap());
    let taken = change(vec![create_user(3, "cho@example.com"), create_user(4, "ana@example.com")]);
    assert_eq!(store.commit(taken).await, Err(StoreError::EmailTaken));
    assert!(store.user_by_email("cho@example.com").await.unwrap().is_none());
    assert_eq!(store.user_by_email("ana@example.com").await.unwrap().unwrap().user_id, ana);
    assert!(store.user_by_email("ANA@example.com").await.unwrap().is_none(), "the caller normalises emails");
}

/// Every change of a user shows and raises the user's revision; the first proof of the email stays.
pub async fn users_change_and_count_their_changes(store: &dyn Store) {
    let (ana, ben) = two_users(store).await;
    let account_id = id(9);
    let changes = vec![
        DirectoryChange::UpdateUserName { user_id: ana, name: "Ana".to_owned() },
        DirectoryChange::VerifyUser { user_id: ana, at: time(5) },
        DirectoryChange::VerifyUser { user_id: ana, at: time(6) },
        DirectoryChange::SetPassword { user_id: ana, hash: Some("$argon2id$".to_owned()) },
        DirectoryChange::SetDefaultAccount { user_id: ana, account_id: Some(account_id) },
        DirectoryChange::SignedIn { user_id: ana, at: time(7) },
    ];
    store.commit(Commit { directory: changes, ..touch(account_id, 0) }).await.unwrap();
    let user = store.user(ana).await.unwrap().unwrap();
    assert_eq!((&*user.email, &*user.name, user.revision), ("ana@example.com", "Ana", 7));
    assert_eq!(
        (user.created_at, user.verified_at, user.last_sign_in_at),
        (time(0), Some(time(5)), Some(time(7)))
    );
    assert_eq!(user.password_hash.as_deref(), Some("$argon2id$"));
    assert_eq!(user.default_account, Some(account_id));
    assert_eq!(store.user(ben).await.unwrap().unwrap().revision, 1);

    let nobody = change(vec![DirectoryChange::SignedIn { user_id: id(99), at: time(0) }]);
    assert_eq!(store.commit(nobody).await, Err(StoreError::Missing { what: "user" }));
    assert!(store.user(id(99)).await.unwrap().is_none());
}

/// A batch answers in order of id, once for each; a text is looked for in names and emails of one account's users.
pub async fn users_are_found_by_id_and_by_text(store: &dyn Store) {
    let account_id = id(1);
    let mut changes = Vec::new();
    for number in 0..100 {
        changes.push(create_user(number, &format!("user{number}@example.com")));
        if number != 50 {
            changes.push(set_membership(id(number), account_id, MembershipStatus::Active));
        }
    }
    changes.push(DirectoryChange::UpdateUserName { user_id: id(7), name: "Élodie 100%".to_owned() });
    changes.push(DirectoryChange::UpdateUserName {
        user_id: id(8),
        name: "Élodie of another account".to_owned(),
    });
    changes.push(set_membership(id(8), account_id, MembershipStatus::Pending));
    store.commit(Commit { directory: changes, ..touch(account_id, 0) }).await.unwrap();

    let wanted: Vec<UserId> = [70, 3, 3, 999].into_iter().chain(0..40).map(id).collect();
    let found: Vec<UserId> = store.users(&wanted).await.unwrap().iter().map(|user| user.user_id).collect();
    assert_eq!(found, (0..40).chain([70]).map(id).collect::<Vec<UserId>>());
    assert_eq!(store.users(&[]).await.unwrap(), []);
    let too_many = store.users(&vec![id(1); MAX_USERS_PER_BATCH + 1]).await;
    assert!(matches!(too_many, Err(StoreError::TooLarge { .. })));

    for (text, numbers) in [
        ("élODIE", vec![7]),
        ("%", vec![7]),
        ("_", vec![]),
        ("user50@", vec![]),
        // Who has not accepted is known to the account by the email only.
        ("user8@", vec![8]),
        ("another account", vec![]),
        ("USER9", vec![9, 90, 91, 92, 93]),
    ] {
        let found = store.users_matching(account_id, text, 5).await.unwrap();
        let found: Vec<UserId> = found.iter().map(|user| user.user_id).collect();
        assert_eq!(found, numbers.into_iter().map(id).collect::<Vec<UserId>>(), "`{text}`");
    }
    assert_eq!(store.users_matching(id(2), "user", 5).await.unwrap(), []);
}

/// A membership has one status, and refers to a user and an account that exist.
pub async fn memberships_are_listed_by_user(store: &dyn Store) {
    let (ana, ben) = two_users(store).await;
    for number in [3, 4] {
        let joins = vec![set_membership(ana, id(number), MembershipStatus::Pending)];
        store.commit(Commit { directory: joins, ..touch(id(number), 0) }).await.unwrap();
    }
    store.commit(change(vec![set_membership(ana, id(4), MembershipStatus::Active)])).await.unwrap();
    let expected = [
        Membership { account_id: id(3), status: MembershipStatus::Pending },
        Membership { account_id: id(4), status: MembershipStatus::Active },
    ];
    assert_eq!(store.accounts_of(ana).await.unwrap(), expected);
    assert_eq!(store.accounts_of(ben).await.unwrap(), []);
    let end = DirectoryChange::EndMembership { user_id: ana, account_id: id(3) };
    store.commit(change(vec![end.clone(), end])).await.unwrap();
    assert_eq!(store.accounts_of(ana).await.unwrap(), expected[1..]);
    for (user, account) in [(id(99), id(4)), (ana, id(99))] {
        let lost = change(vec![set_membership(user, account, MembershipStatus::Active)]);
        assert!(matches!(store.commit(lost).await, Err(StoreError::Missing { .. })));
    }
}

/// A key leads to its account until it is removed; a fact has its last value.
pub async fn keys_and_facts_are_kept(store: &dyn Store) {
    let (key_id, account_id): (KeyId, AccountId) = (id(1), id(2));
    let add = vec![DirectoryChange::AddKey { key_id, account_id }];
    store.commit(Commit { directory: add, ..touch(account_id, 0) }).await.unwrap();
    assert_eq!(store.key_account(key_id).await.unwrap(), Some(account_id));
    store.commit(change(vec![DirectoryChange::RemoveKey { key_id }])).await.unwrap();
    assert_eq!(store.key_account(key_id).await.unwrap(), None);

    assert_eq!(store.meta("platform").await.unwrap(), None);
    for value in [Some("one".to_owned()), Some("two".to_owned()), None] {
        let set = DirectoryChange::SetMeta { key: "platform".into(), value: value.clone() };
        store.commit(change(vec![set])).await.unwrap();
        assert_eq!(store.meta("platform").await.unwrap(), value);
    }
}

/// A catalog is in force from its moment until the next one's; before the first there is none.
pub async fn the_catalog_of_a_moment_is_found(store: &dyn Store) {
    let at = |second| Timestamp::from_second(second).unwrap();
    assert_eq!(store.catalog_in_force(Timestamp::MAX).await.unwrap(), None);
    let row = |second: i64, name: &str| CatalogRow {
        since: at(second),
        name: name.to_owned(),
        hash: format!("hash of {name}"),
        body: format!("name = \"{name}\""),
    };
    for (second, name) in [(10, "first"), (20, "second"), (20, "corrected"), (30, "third")] {
        store.record_catalog(row(second, name)).await.unwrap();
    }
    for (second, name) in
        [(9, None), (10, Some("first")), (19, Some("first")), (20, Some("corrected")), (99, Some("third"))]
    {
        let found = store.catalog_in_force(at(second)).await.unwrap();
        assert_eq!(found.as_ref().map(|found| found.name.as_str()), name, "{second}");
    }
    assert_eq!(store.catalog_in_force(at(15)).await.unwrap(), Some(row(10, "first")));
    let long = CatalogRow { body: "x".repeat(MAX_BODY_BYTES + 1), ..row(40, "long") };
    assert!(matches!(store.record_catalog(long).await, Err(StoreError::TooLarge { .. })));
}

/// Nothing of the directory leads to a forgotten account; its users and their sessions stay.
pub async fn a_forgotten_account_leaves_no_trace(store: &dyn Store) {
    let (ana, ben) = two_users(store).await;
    let (gone, kept): (AccountId, AccountId) = (id(1), id(2));
    for (account_id, number) in [(gone, 1), (kept, 2)] {
        let mut session = session(number, ana, 0, 100);
        session.account_id = Some(account_id);
        let mut link = link(number, ben, None);
        link.account_id = Some(account_id);
        let directory = vec![
            set_membership(ana, account_id, MembershipStatus::Active),
            DirectoryChange::AddKey { key_id: id(u128::from(number)), account_id },
            DirectoryChange::CreateSession(session),
            DirectoryChange::CreateLink(link),
        ];
        store.commit(Commit { directory, ..touch(account_id, 0) }).await.unwrap();
    }
    let default = DirectoryChange::SetDefaultAccount { user_id: ana, account_id: Some(gone) };
    store.commit(change(vec![default])).await.unwrap();
    store.commit(change(vec![DirectoryChange::ForgetAccount { account_id: gone }])).await.unwrap();

    let memberships = store.accounts_of(ana).await.unwrap();
    assert_eq!(memberships, [Membership { account_id: kept, status: MembershipStatus::Active }]);
    assert_eq!(store.user(ana).await.unwrap().unwrap().default_account, None);
    assert_eq!(store.key_account(id(1)).await.unwrap(), None);
    assert_eq!(store.key_account(id(2)).await.unwrap(), Some(kept));
    assert_eq!(store.session(token(1)).await.unwrap().unwrap().account_id, None);
    assert_eq!(store.session(token(2)).await.unwrap().unwrap().account_id, Some(kept));
    assert!(store.link(token(1)).await.unwrap().is_none());
    assert!(store.link(token(2)).await.unwrap().is_some());
}
