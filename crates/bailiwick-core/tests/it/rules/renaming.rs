//! Renaming under the next catalog: nothing is left in the way, and events and rows lead to the same account there.

use std::sync::Arc;

use bailiwick_core::account::{Account, Renames};
use bailiwick_core::catalog::Catalog;
use uuid::Uuid;

use super::for_random_sequences;
use super::rows::{assert_answers_the_same, load_under, rows};
use super::world::World;

/// A catalog in which a resource type that others are below, a permission and a role are called otherwise.
fn next(name: &str) -> Catalog {
    let text = Catalog::bundled(name).unwrap_or(include_str!("../account/one_role.toml"));
    let next = text
        .replace("\"cluster\"", "\"machine\"")
        .replace("\"cluster.", "\"machine.")
        .replace("write:clusters", "change:clusters")
        .replace("\"admin\"", "\"manager\"");
    Catalog::parse(name, &next).unwrap_or_else(|errors| panic!("{name}: {errors:?}"))
}

fn names(old: &str, new: &str) -> std::collections::BTreeMap<smol_str::SmolStr, smol_str::SmolStr> {
    [(old.into(), new.into())].into()
}

#[test]
fn what_is_renamed_is_in_nobody_s_way_and_is_replayed_to_what_its_rows_are() {
    for_random_sequences(|catalog, steps| {
        let mut world = World::with_policies(catalog);
        for step in steps {
            if let Some((_, _, Ok(decided))) = world.take(step) {
                world.given.accept(decided);
            }
        }
        let next = Arc::new(next(catalog));
        let renames = Renames {
            roles: names("admin", "manager"),
            permissions: names("write:clusters", "change:clusters"),
            resource_types: names("cluster", "machine"),
            ..Renames::default()
        };
        let mut id = u128::MAX;
        let mut ids = || {
            id -= 1;
            Uuid::from_u128(id)
        };
        let before = world.given.account.clone();
        let events = before.renaming_events(&renames, &next, &mut ids);
        assert!(!before.in_the_way_of(&next, Some(before.catalog())).is_empty());
        let after = before.record(events.clone()).account;
        assert_eq!(after.in_the_way_of(&next, Some(before.catalog())), Vec::<String>::new());
        world.given.history.push(events);
        let loaded = load_under(&after, &next, 7);
        let history = world.given.history.iter().map(Vec::as_slice);
        let replayed = Account::replay(after.id(), Arc::clone(&next), history);
        assert_eq!(rows(&replayed), rows(&loaded));
        assert_answers_the_same(&replayed, &loaded, &world, "renamed");
    });
}
