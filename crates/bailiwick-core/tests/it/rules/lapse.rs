//! What ends by itself, in random sequences: recording it changes nothing of what anybody may do, and is done once.

use std::collections::BTreeSet;

use bailiwick_core::account::{Account, Event};

use super::world::World;
use super::{for_random_sequences, kept, targets};

/// What has ended or was told of, by the texts of its events.
fn ended(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| format!("{event:?}")).collect()
}

#[test]
fn recording_ends_changes_no_access_and_happens_once() {
    for_random_sequences(|catalog, steps| {
        let mut world = World::new(catalog);
        let mut recorded = BTreeSet::new();
        for (number, step) in steps.iter().enumerate() {
            if let Some((_, _, Ok(decided))) = world.take(step) {
                world.given.accept(decided);
            }
            if number % 3 != 2 {
                continue;
            }
            let now = world.given.now;
            let before = world.given.account.clone();
            let due = before.next_deadline().is_some_and(|at| at <= now);
            let events = world.given.lapse(1 + number % 5);
            assert_eq!(due, !events.is_empty(), "the next deadline says whether something is due");
            let after = &world.given.account;
            for principal in world.principals() {
                for target in targets(after) {
                    let [was, is] =
                        [&before, after].map(|account| account.effective_at(principal, &target, now));
                    assert_eq!(was, is, "{principal} {target:?}: {events:?}");
                }
            }
            assert!(kept(&before).is_subset(&kept(after)), "{events:?}");
            assert!(after.next_deadline().is_none_or(|at| at > now));
            for text in ended(&events) {
                assert!(recorded.insert((text.clone(), now)), "twice: {text}");
            }
        }
        let catalog = std::sync::Arc::new(world.given.account.catalog().clone());
        let history = world.given.history.iter().map(Vec::as_slice);
        let replayed = Account::replay(world.given.account.id(), catalog, history);
        for key in world.given.account.entity_keys() {
            assert_eq!(replayed.row_body(key), world.given.account.row_body(key), "{key:?}");
        }
        assert_eq!(replayed.entity_keys(), world.given.account.entity_keys());
        assert_eq!(replayed.next_deadline(), world.given.account.next_deadline());
    });
}
