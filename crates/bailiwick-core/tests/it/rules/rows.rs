//! What the store relies on: events name the rows that they change, and rows and events alike lead to the account.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bailiwick_core::account::{
    Account, Decided, EntityKey, Event, KeyHolder, Loader, Principal, RoleRef, Row, RowParser,
};
use bailiwick_core::catalog::Catalog;
use bailiwick_core::ids::Revision;

use super::world::World;
use super::{for_random_sequences, moments, run, targets};
use crate::oracle;

pub(super) type Rows = BTreeMap<EntityKey, (String, Option<Revision>)>;

pub(super) fn rows(account: &Account) -> Rows {
    let keys = account.entity_keys();
    let row = |key: &EntityKey| (*key, (account.row_body(*key).unwrap(), account.revision_of(*key)));
    let rows: Rows = keys.iter().map(row).collect();
    assert_eq!(rows.len(), keys.len(), "each key once");
    rows
}

#[test]
fn each_event_changes_the_row_that_it_names_and_no_other() {
    for_random_sequences(|catalog, steps| {
        run(catalog, steps, |world, _, command, Decided { events, account: after, .. }| {
            assert!(!events.is_empty(), "{command:?}");
            let before = &world.given.account;
            let mut stepwise = before.clone();
            for event in events {
                let old = rows(&stepwise);
                stepwise.apply(std::slice::from_ref(event));
                let new = rows(&stepwise);
                let keys: BTreeSet<&EntityKey> = old.keys().chain(new.keys()).collect();
                for key in keys {
                    let same = old.get(key) == new.get(key);
                    assert!(same || event.entities().any(|named| named == *key), "{event:?} changed {key:?}");
                }
            }
            let named: BTreeSet<EntityKey> = events.iter().flat_map(Event::entities).collect();
            let (old, new) = (rows(before), rows(after));
            assert_eq!(after.revision(), before.revision().next());
            for (key, row) in &new {
                if named.contains(key) {
                    assert!(row.1.is_none_or(|at| at == after.revision()), "{key:?}");
                } else {
                    assert_eq!(old.get(key), Some(row), "{key:?}");
                }
            }
            let vanished = old.keys().filter(|key| !new.contains_key(key));
            assert!(vanished.into_iter().all(|key| named.contains(key)), "{command:?}");
        });
    });
}

#[test]
fn events_serialise_and_parse_back_and_replay_to_the_same_account() {
    for_random_sequences(|catalog, steps| {
        let mut world = World::with_policies(catalog);
        for step in steps {
            let Some((_, _, Ok(decided))) = world.take(step) else { continue };
            let json = serde_json::to_string(&decided.events).unwrap();
            let parsed: Vec<Event> = serde_json::from_str(&json).unwrap();
            assert_eq!(parsed, decided.events);
            let mut applied = world.given.account.clone();
            applied.apply(&parsed);
            assert_eq!(rows(&applied), rows(&decided.account));
            world.given.accept(decided);
        }
        let catalog = Arc::new(world.given.account.catalog().clone());
        let account = &world.given.account;
        let replayed = Account::replay(account.id(), catalog, world.given.history.iter().map(Vec::as_slice));
        assert_same(&replayed, account, &world, "replayed");
    });
}

#[test]
fn rows_in_any_order_load_to_an_equal_account() {
    for_random_sequences(|catalog, steps| {
        let mut world = World::with_policies(catalog);
        for (count, step) in steps.iter().enumerate() {
            if let Some((actor, command, Ok(decided))) = world.take(step) {
                world.given.accept(decided);
                drop((actor, command));
            }
            if count % 8 == 7 || count + 1 == steps.len() {
                let loaded = load(&world.given.account, step.a);
                assert_same(&loaded, &world.given.account, &world, "loaded");
                // The rest of the sequence goes on from the loaded account.
                world.given.account = loaded;
            }
        }
    });
}

fn load(account: &Account, order: u16) -> Account {
    load_under(account, &Arc::new(account.catalog().clone()), order)
}

pub(super) fn load_under(account: &Account, catalog: &Arc<Catalog>, order: u16) -> Account {
    let mut rows: Vec<_> = rows(account).into_iter().collect();
    // A different order for each number, without a random generator.
    let place = |key: &EntityKey| {
        key.id().bytes().fold(u64::from(order), |sum, byte| sum.wrapping_mul(31) + u64::from(byte))
    };
    rows.sort_by_key(|(key, _)| (place(key) % 97, *key));
    let mut parser = RowParser::new();
    for (key, (body, revision)) in &rows {
        let revision = revision.unwrap_or_default();
        let full = parser.row(Row { kind: key.kind(), id: &key.id(), revision, body }).unwrap();
        assert!(full.is_none(), "the account is small");
    }
    let mut loader = Loader::new(account.id(), Arc::clone(catalog));
    loader.put(parser.rest());
    loader.finish(account.revision())
}

/// Equal in every row and every query.
fn assert_same(one: &Account, other: &Account, world: &World, what: &str) {
    assert_eq!(rows(one), rows(other), "{what}");
    assert_answers_the_same(one, other, world, what);
}

/// Equal in every query, the derived maps included.
pub(super) fn assert_answers_the_same(one: &Account, other: &Account, world: &World, what: &str) {
    assert_eq!(one.revision(), other.revision());
    let principals = world.principals().into_iter();
    let groups = other.groups_after(None).map(|(id, _)| Principal::Group(id));
    for principal in principals.chain(groups) {
        for now in moments(world.given.now) {
            for target in targets(other) {
                let sets = [one, other].map(|account| account.effective_at(principal, &target, now));
                assert_eq!(sets[0], sets[1], "{what}: {principal} {target:?}");
            }
            assert_eq!(one.effective(principal, now), other.effective(principal, now));
        }
        let ids =
            [one, other].map(|account| account.grants_of(principal).map(|(id, _)| id).collect::<Vec<_>>());
        assert_eq!(ids[0], ids[1]);
        let groups =
            [one, other].map(|account| account.groups_of(principal).into_iter().collect::<BTreeSet<_>>());
        assert_eq!(groups[0], groups[1]);
        let groups = [one, other].map(|account| account.groups_with(principal).collect::<BTreeSet<_>>());
        assert_eq!(groups[0], groups[1]);
    }
    for user in world.users.iter().copied() {
        assert_eq!(one.member_status(user), other.member_status(user));
        assert_eq!(one.member_until(user), other.member_until(user));
        assert_eq!(one.waiting_invitation(user), other.waiting_invitation(user));
    }
    for number in 0..5 {
        let text = format!("ext-{number}");
        assert_eq!(one.find_member(&text), other.find_member(&text));
        assert_eq!(one.find_group(&text), other.find_group(&text));
        assert_eq!(one.find_project(&text), other.find_project(&text));
        assert_eq!(one.find_resource(&text), other.find_resource(&text));
        assert_eq!(one.find_service_account(&text), other.find_service_account(&text));
        assert_eq!(one.find_role(&text), other.find_role(&text));
        assert_eq!(one.find_role(&format!("role {number}")), other.find_role(&format!("role {number}")));
    }
    for (id, _) in other.resources_after(None) {
        assert_eq!(one.children_of(id).collect::<Vec<_>>(), other.children_of(id).collect::<Vec<_>>());
    }
    for (id, _) in other.service_accounts_after(None) {
        let keys =
            [one, other].map(|account| account.keys_of(KeyHolder::ServiceAccount(id)).collect::<Vec<_>>());
        assert_eq!(keys[0], keys[1]);
    }
    for (id, _) in other.roles_after(None) {
        let role = RoleRef::Custom(id);
        assert_eq!(one.uses_of(&role), other.uses_of(&role));
        assert_eq!(one.permissions_of(&role), oracle::held(other, &role));
    }
    assert_eq!(one.next_deadline(), other.next_deadline());
    assert_eq!(one.default_project(), other.default_project());
}
