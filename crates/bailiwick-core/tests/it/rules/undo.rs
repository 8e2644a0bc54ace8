//! Going back from an account equals replaying its history up to there, wherever that is.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bailiwick_core::account::{Account, Event, Undo};
use bailiwick_core::ids::Revision;
use serde_json::Value;

use super::for_random_sequences;
use super::rows::{assert_answers_the_same, rows};
use super::world::{World, with_more_policies};
use crate::account::prelude::*;

/// The entities' bodies but for the hashes of keys, which a deleted key does not come back with.
fn bodies(account: &Account) -> BTreeMap<EntityKey, Value> {
    let body = |body: &str| {
        let mut body: Value = serde_json::from_str(body).unwrap();
        body.as_object_mut().unwrap().remove("secret_hash");
        body
    };
    rows(account).iter().map(|(key, (text, _))| (*key, body(text))).collect()
}

/// The account at an earlier revision, by undoing what was stored since.
fn back(account: &Account, history: &[Vec<Event>], to: usize) -> Account {
    let mut undo = Undo::new(account.clone(), Revision(to.try_into().unwrap()));
    for event in history[to..].iter().rev().flat_map(|commit| commit.iter().rev()) {
        // As it comes out of the store.
        let stored: Event = serde_json::from_str(&serde_json::to_string(event).unwrap()).unwrap();
        undo.event(&stored);
    }
    undo.finish()
}

#[test]
fn undoing_back_to_a_revision_equals_replaying_up_to_it() {
    let undone = RefCell::new(BTreeSet::new());
    for_random_sequences(|catalog, steps| {
        let mut world = World::with_policies(catalog);
        for step in &with_more_policies(steps) {
            if let Some((_, _, Ok(decided))) = world.take(step) {
                world.given.accept(decided);
            }
        }
        let (account, history) = (&world.given.account, &world.given.history);
        undone.borrow_mut().extend(history.iter().flatten().map(Event::type_name));
        let catalog = Arc::new(account.catalog().clone());
        // Everywhere the rows, and at some revisions all questions too.
        for to in 1..history.len() {
            let past = back(account, history, to);
            let commits = history[..to].iter().map(Vec::as_slice);
            let replayed = Account::replay(account.id(), Arc::clone(&catalog), commits);
            assert_eq!(bodies(&past), bodies(&replayed), "back to {to} of {}", history.len());
            for (key, (_, revision)) in rows(&past) {
                assert!(revision.is_none_or(|at| at <= past.revision()), "{key:?} at {to}");
            }
            if (to + steps.len()).is_multiple_of(7) {
                assert_answers_the_same(&past, &replayed, &world, "undone");
                let mut again = past;
                history[to..].iter().for_each(|events| again.apply(events));
                assert_eq!(bodies(&again), bodies(account), "there and back from {to}");
                assert_answers_the_same(&again, account, &world, "undone and done again");
            }
        }
    });
    // That policies and attributes come and go in them is no matter of luck.
    let wanted = ["policy.created", "policy.edited", "policy.deleted", "member.attributes_changed"];
    let undone = undone.into_inner();
    assert!(wanted.iter().all(|name| undone.contains(name)), "{undone:?}");
}

#[test]
fn a_forgotten_invitation_comes_back_as_it_had_ended() {
    let mut given = Given::new("bailiwick");
    let (user, id) = given.pending(&[]);
    given.when(user, &Command::DeclineInvitation { invitation: id }).unwrap();
    let before = given.account.clone();
    let invitation = before.invitation(id).unwrap().value.clone();
    given.accept(before.record(vec![Event::InvitationForgotten { id, invitation }]));
    assert!(given.account.invitation(id).is_none());
    let to = given.history.len() - 1;
    let past = back(&given.account, &given.history, to);
    assert_eq!(bodies(&past), bodies(&before));
    assert_eq!((past.waiting_invitation(user), past.member_status(user)), (None, before.member_status(user)));
    assert_eq!(past.next_deadline(), before.next_deadline());
}

#[test]
fn what_bore_an_external_id_is_remembered_and_forgotten_back_and_forth() {
    let mut given = Given::new("bailiwick");
    given.policy("forbid(principal is User, action == Action::\"delete:clusters\", resource);");
    let user = given.member(&[]);
    let project = given.project("Search");
    let cluster = given.resource("cluster", Some(project), None);
    let database = given.resource("database", None, Some(cluster));
    let machine = given.service_account("Machine", &[]);
    let freed = |text: Option<&str>| text.map_or(Patch::Clear, |text| Patch::Set(external(text)));
    for text in [Some("one"), None, Some("one"), Some("other")] {
        for command in [
            Command::EditMember { user, external_id: freed(text), attributes: [].into() },
            Command::EditProject { project, name: None, description: None, external_id: freed(text) },
            Command::EditResource {
                resource: database,
                name: None,
                external_id: freed(text),
                url: Patch::Keep,
                attributes: [].into(),
            },
            Command::EditServiceAccount {
                service_account: machine,
                name: None,
                description: None,
                external_id: freed(text.filter(|text| *text != "one").map(|_| "machine")),
                may_assert: None,
            },
        ] {
            // A machine without an external id has none to take away.
            let _ = given.when(given.owner, &command);
        }
    }
    for command in [
        Command::RemoveMember { user },
        Command::DeleteResource { resource: database },
        Command::DeleteServiceAccount { service_account: machine },
    ] {
        given.do_it(&command);
    }
    given.pass(limits::FORMER_BEARER_SECONDS);
    given.lapse(2);
    let is_former = |key: &EntityKey| matches!(key, EntityKey::FormerBearer(_));
    assert!(!given.account.entity_keys().iter().any(is_former));
    let catalog = Arc::new(given.account.catalog().clone());
    let mut most = 0;
    for to in 1..given.history.len() {
        let past = back(&given.account, &given.history, to);
        let commits = given.history[..to].iter().map(Vec::as_slice);
        let replayed = Account::replay(past.id(), Arc::clone(&catalog), commits);
        assert_eq!(bodies(&past), bodies(&replayed), "back to {to}");
        assert_eq!(past.next_deadline(), replayed.next_deadline(), "back to {to}");
        most = most.max(past.entity_keys().iter().filter(|key| is_former(key)).count());
    }
    assert_eq!(most, 6);
}
