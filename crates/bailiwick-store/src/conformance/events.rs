//! Events are found by every filter, page by page, and never across accounts.

use bailiwick_core::ids::AccountId;

use super::given::{commit, event, id, time};
use crate::{
    AlsoTarget, EventPosition, EventQuery, EventRow, MAX_PAGE_ROWS, MAX_SEARCHED_EVENTS, MAX_TEXT_BYTES,
    MAX_TEXT_USERS, Store, StoreError,
};

pub(super) const ACCOUNT: u128 = 1;

fn full(seconds: u64, actor: u128, event_type: &'static str, target: Option<&str>, body: &str) -> EventRow {
    EventRow {
        at: time(seconds),
        actor_id: Some(id::<bailiwick_core::ids::UserId>(actor).to_string()),
        target_kind: target.map(|_| "group".into()),
        target_id: target.map(str::to_owned),
        request_id: Some(format!("req_{seconds}")),
        source_ip: Some("192.0.2.7".parse().unwrap()),
        body: body.to_owned(),
        ..event(event_type)
    }
}

/// Seven events in six commits; their sequence of numbers is the order they happened in.
pub(super) async fn story(store: &dyn Store) -> Vec<EventRow> {
    let mut by_machine = full(40, 1, "key.created", None, r#"{"note":"100% _sure"}"#);
    by_machine.actor_kind = "service_account".into();
    let seventh = id::<bailiwick_core::ids::UserId>(7);
    let rows = vec![
        vec![full(0, 1, "account.created", None, r#"{"name":"Acme"}"#)],
        vec![
            full(10, 1, "invitation.sent", Some("grp_a"), "{}"),
            full(10, 2, "invitation.sent", Some("grp_b"), &format!(r#"{{"user":"{seventh}"}}"#)),
        ],
        vec![full(20, 2, "invitation.revoked", Some("grp_a"), r#"{"why":"Mistake"}"#)],
        // A clock that was set back.
        vec![full(15, 1, "invitations_settings.changed", None, "{}")],
        vec![by_machine],
        vec![full(50, 7, "member.left", None, r#"{"why":"MISTAKE"}"#)],
    ];
    for (events, expected) in rows.clone().into_iter().zip(0..) {
        store.commit(commit(id(ACCOUNT), expected, Vec::new(), events)).await.unwrap();
    }
    rows.into_iter().flatten().collect()
}

/// What is to a thing, and what is of a type that starts so with a text in its body.
fn about(target: &str, type_prefix: &str, text: &str) -> EventQuery {
    let also = AlsoTarget { type_prefix: type_prefix.to_owned(), text: text.to_owned() };
    EventQuery { target_id: Some(target.to_owned()), also: vec![also], ..query() }
}

fn query() -> EventQuery {
    EventQuery::of_account(id(ACCOUNT), 100)
}

/// Each filter alone and some together find what they say, in the order that is asked for.
pub async fn filters_combine(store: &dyn Store) {
    let rows = story(store).await;
    let actor = |number| Some(id::<bailiwick_core::ids::UserId>(number).to_string());
    let text = |text: &str| EventQuery { text: Some(text.to_owned()), ..query() };
    let cases: Vec<(&str, EventQuery, Vec<usize>)> = vec![
        ("all", query(), vec![6, 5, 4, 3, 2, 1, 0]),
        ("oldest first", EventQuery { newest_first: false, ..query() }, vec![0, 1, 2, 3, 4, 5, 6]),
        ("from", EventQuery { from: Some(time(15)), ..query() }, vec![6, 5, 4, 3]),
        ("to", EventQuery { to: Some(time(20)), ..query() }, vec![4, 2, 1, 0]),
        ("from and to", EventQuery { from: Some(time(10)), to: Some(time(16)), ..query() }, vec![4, 2, 1]),
        ("no such time", EventQuery { from: Some(time(99)), ..query() }, vec![]),
        ("actor", EventQuery { actor_id: actor(2), ..query() }, vec![3, 2]),
        ("actor kind", EventQuery { actor_kind: Some("service_account".to_owned()), ..query() }, vec![5]),
        ("type", EventQuery { type_prefix: Some("invitation.".to_owned()), ..query() }, vec![3, 2, 1]),
        ("whole type", EventQuery { type_prefix: Some("member.left".to_owned()), ..query() }, vec![6]),
        ("target", EventQuery { target_id: Some("grp_a".to_owned()), ..query() }, vec![3, 1]),
        ("target and what concerns it", about("grp_a", "invitation.", "Mistake"), vec![3, 1]),
        ("target and another's body", about("grp_b", "invitation.", r#""why":"Mistake""#), vec![3, 2]),
        ("target and a body of another type", about("grp_b", "invitation.sent", "Mistake"), vec![2]),
        ("no wildcards in bodies", about("grp_b", "key.", "1__%"), vec![2]),
        ("target kind", EventQuery { target_kind: Some("group".to_owned()), ..query() }, vec![3, 2, 1]),
        ("text in bodies", text("mistake"), vec![6, 3]),
        ("text in types", text("REVOKED"), vec![3]),
        ("text in ids", text("grp_b"), vec![2]),
        ("text in requests", text("req_50"), vec![6]),
        ("text of a user", EventQuery { text_user_ids: vec![id(7), id(8)], ..text("nobody") }, vec![6, 2]),
        (
            "together",
            EventQuery {
                from: Some(time(5)),
                actor_id: actor(2),
                type_prefix: Some("invitation".to_owned()),
                target_id: Some("grp_a".to_owned()),
                text: Some("mistake".to_owned()),
                ..query()
            },
            vec![3],
        ),
    ];
    for (name, query, expected) in cases {
        let found = store.events(query).await.unwrap().events;
        let found: Vec<EventRow> = found.into_iter().map(|stored| stored.event).collect();
        let expected: Vec<EventRow> = expected.into_iter().map(|number| rows[number].clone()).collect();
        assert_eq!(found, expected, "{name}");
    }
}

/// Characters that mean something to the database match themselves.
pub async fn nothing_in_a_text_is_a_wildcard(store: &dyn Store) {
    story(store).await;
    for (text, found) in [("100% _sure", 1), ("%sure", 0), ("_SURE", 1), ("1__", 0), ("'", 0), ("\\", 0)] {
        let events =
            store.events(EventQuery { text: Some(text.to_owned()), ..query() }).await.unwrap().events;
        assert_eq!(events.len(), found, "`{text}`");
    }
    let prefix = EventQuery { type_prefix: Some("%".to_owned()), ..query() };
    assert_eq!(store.events(prefix).await.unwrap().events, []);
}

/// Pages of any size put together are the whole, in both directions, also where a page ends within a commit.
pub async fn pages_join_without_gap_or_repetition(store: &dyn Store) {
    story(store).await;
    for newest_first in [true, false] {
        let whole = store.events(EventQuery { newest_first, ..query() }).await.unwrap().events;
        assert_eq!(whole.len(), 7);
        for limit in 1..=8 {
            let mut joined = Vec::new();
            loop {
                let after = joined.last().map(|stored: &crate::StoredEvent| stored.position);
                let page =
                    store.events(EventQuery { newest_first, after, limit, ..query() }).await.unwrap().events;
                assert!(page.len() <= limit);
                if page.is_empty() {
                    break;
                }
                joined.extend(page);
            }
            assert_eq!(joined, whole, "pages of {limit}");
        }
    }
    let mut replayed = store.events_after(id(ACCOUNT), None, 2).await.unwrap();
    let last: EventPosition = replayed.last().unwrap().position;
    replayed.extend(store.events_after(id(ACCOUNT), Some(last), 100).await.unwrap());
    assert_eq!(replayed, store.events(EventQuery { newest_first: false, ..query() }).await.unwrap().events);
}

/// Another account's events are never among an account's.
pub async fn an_account_sees_its_own_events_only(store: &dyn Store) {
    story(store).await;
    let other: AccountId = id(2);
    let shared = vec![full(10, 2, "invitation.sent", Some("grp_a"), "mistake")];
    store.commit(commit(other, 0, Vec::new(), shared)).await.unwrap();
    let queries = [
        EventQuery { from: Some(time(0)), to: Some(time(99)), ..query() },
        EventQuery { target_id: Some("grp_a".to_owned()), ..query() },
        EventQuery { text: Some("mistake".to_owned()), text_user_ids: vec![id(2)], ..query() },
        EventQuery { type_prefix: Some("inv".to_owned()), newest_first: false, ..query() },
    ];
    for query in queries {
        let in_other = store.events(EventQuery { account_id: other, ..query.clone() }).await.unwrap().events;
        assert_eq!(in_other.len(), 1, "{query:?}");
        let in_first = store.events(query.clone()).await.unwrap().events;
        assert!(!in_first.is_empty() && !in_first.contains(&in_other[0]), "{query:?}");
        let nowhere = store.events(EventQuery { account_id: id(3), ..query }).await.unwrap().events;
        assert_eq!(nowhere, []);
    }
}

/// Filters over their limits are refused, not cut.
pub async fn filters_have_limits(store: &dyn Store) {
    let long = Some("x".repeat(MAX_TEXT_BYTES + 1));
    let queries = [
        EventQuery { text: long.clone(), ..query() },
        EventQuery { type_prefix: long, ..query() },
        EventQuery { text_user_ids: vec![id(1); MAX_TEXT_USERS + 1], ..query() },
        EventQuery { limit: MAX_PAGE_ROWS + 1, ..query() },
        EventQuery { searched_events: MAX_SEARCHED_EVENTS + 1, ..query() },
    ];
    for query in queries {
        assert!(matches!(store.events(query).await, Err(StoreError::TooLarge { .. })));
    }
}

/// A search for a text looks at so many events only and says where it stopped; going on from there finds all, none twice.
pub async fn a_search_is_bounded_and_goes_on(store: &dyn Store) {
    let rows = story(store).await;
    let text = EventQuery { text: Some("mistake".to_owned()), ..query() };
    let first = store.events(EventQuery { searched_events: 2, ..text.clone() }).await.unwrap();
    assert_eq!(first.events.iter().map(|found| &found.event).collect::<Vec<_>>(), [&rows[6]]);
    let whole = store.events(query()).await.unwrap().events;
    assert_eq!(first.searched_to, Some(whole[1].position), "the two newest were looked at");
    let missed = EventQuery { text: Some("nowhere".to_owned()), searched_events: 6, ..query() };
    let missed = store.events(missed).await.unwrap();
    assert_eq!((missed.events.len(), missed.searched_to), (0, Some(whole[5].position)));
    let enough = store.events(EventQuery { limit: 1, searched_events: 2, ..text.clone() }).await.unwrap();
    assert_eq!(enough.searched_to, None, "the page is full");
    let plain = store.events(EventQuery { searched_events: 1, ..query() }).await.unwrap();
    assert_eq!((plain.events.len(), plain.searched_to), (7, None), "only searches for a text are bounded");

    for newest_first in [true, false] {
        for (from, to) in [(None, None), (Some(time(15)), Some(time(60)))] {
            let text = EventQuery { from, to, newest_first, ..text.clone() };
            let expected = store.events(text.clone()).await.unwrap();
            assert_eq!((expected.events.len(), expected.searched_to), (2, None));
            for searched_events in 1..=8 {
                let (mut found, mut after) = (Vec::new(), None);
                for _ in 0..8 {
                    let next = EventQuery { searched_events, after, ..text.clone() };
                    let page = store.events(next).await.unwrap();
                    found.extend(page.events);
                    after = page.searched_to;
                    if after.is_none() {
                        break;
                    }
                }
                assert_eq!((&found, after), (&expected.events, None), "{searched_events} at once");
            }
        }
    }
}
