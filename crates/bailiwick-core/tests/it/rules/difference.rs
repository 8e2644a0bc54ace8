//! What a change does to access equals what comes of asking about everybody everywhere, before and after.

use std::collections::BTreeSet;

use bailiwick_core::access::{AccessChange, AccessDifference, Circumstances, Target};
use bailiwick_core::account::{Account, AllOf, Command, Decided, Grant, Principal, Scope};
use bailiwick_core::catalog::PermissionSet;
use bailiwick_core::ids::UserId;
use jiff::Timestamp;

use super::world::{World, with_more_policies};
use super::{for_random_sequences, moments, run, run_in, targets};
use crate::oracle;

/// Every place that there is on either side.
fn places(before: &Account, after: &Account) -> BTreeSet<Scope> {
    let mut places = BTreeSet::from([Scope::Account]);
    for account in [before, after] {
        let projects: Vec<_> = account.projects_after(None).map(|(id, _)| id).collect();
        places.extend(projects.iter().map(|id| Scope::Project(*id)));
        places.extend(account.resources_after(None).map(|(id, _)| Scope::resources([id])));
        for of in &account.catalog().resource_types {
            for project in std::iter::once(None).chain(projects.iter().copied().map(Some)) {
                let resource_type = of.name.as_str().into();
                places.insert(Scope::AllOf(AllOf { resource_type, project }.into()));
            }
        }
    }
    places
}

/// What a principal holds on all of a place, by definition. Where things are is taken from the side on which they exist.
fn held(
    account: &Account,
    there: &Account,
    principal: Principal,
    place: &Scope,
    now: Timestamp,
) -> PermissionSet {
    let mut held = oracle::newcomer(account, principal);
    if account.is_deleted() || !oracle::acts(account, principal, now) {
        return PermissionSet::EMPTY;
    }
    for (_, grant) in account.grants_after(None) {
        let Grant { role, scope, until, .. } = &grant.value;
        if oracle::reaches(account, &grant.value, principal)
            && until.is_none_or(|end| end > now)
            && oracle::covers_place(there, scope, place)
        {
            held = held.union(&oracle::held(account, role));
        }
    }
    held
}

fn told(changes: &[AccessChange], principal: Principal, place: &Scope) -> PermissionSet {
    let is_there = |scope: &Scope| match (scope, place) {
        (Scope::Resources(ids), Scope::Resources(one)) => one.iter().all(|id| ids.contains(id)),
        (scope, place) => scope == place,
    };
    let about =
        changes.iter().filter(|one| is_there(&one.scope) && one.principals.first.contains(&principal));
    about.fold(PermissionSet::EMPTY, |all, one| all.union(&one.permissions))
}

/// Told at the place or at one that covers it.
fn told_above(
    changes: &[AccessChange],
    principal: Principal,
    place: &Scope,
    places: &BTreeSet<Scope>,
    there: &Account,
) -> PermissionSet {
    let above = places.iter().filter(|above| *above == place || oracle::covers_place(there, above, place));
    above.fold(PermissionSet::EMPTY, |all, above| all.union(&told(changes, principal, above)))
}

fn exists(account: &Account, place: &Scope) -> bool {
    account.scope_exists(place).is_ok()
}

#[test]
fn the_difference_of_access_is_that_of_asking_about_everybody_everywhere() {
    for_random_sequences(|catalog, steps| {
        run_in(World::new(catalog), steps, |world, _, command, Decided { events, account: after, .. }| {
            let before = &world.given.account;
            let mut principals: BTreeSet<Principal> = world.principals().into_iter().collect();
            let machines = after.service_accounts_after(None).map(|(id, _)| Principal::ServiceAccount(id));
            principals.extend(machines);
            let places = places(before, after);
            for now in moments(world.given.now).into_iter().take(2) {
                let difference = AccessDifference::between(before, after, events, now);
                assert!(difference.is_complete());
                let changes = || difference.gained.iter().chain(&difference.lost);
                assert!(changes().all(|one| one.principals.is_complete() && !one.permissions.is_empty()));
                let mut concerned = BTreeSet::new();
                for principal in principals.iter().copied() {
                    for place in &places {
                        let there = if exists(after, place) { after } else { before };
                        let had = held(before, there, principal, place, now);
                        let has = held(after, there, principal, place, now);
                        let wanted = [has.difference(&had), had.difference(&has)];
                        let lists = [&difference.gained, &difference.lost];
                        for (wanted, list) in wanted.into_iter().zip(lists) {
                            let here = told(list, principal, place);
                            assert!(here.is_empty() || here == wanted, "{principal} at {place}: {command:?}");
                            if !here.is_empty() {
                                concerned.insert(principal);
                            }
                            let above = told_above(list, principal, place, &places, there);
                            assert!(above.contains_all(&wanted), "{principal} at {place}: {command:?}");
                        }
                    }
                }
                let named: BTreeSet<Principal> =
                    changes().flat_map(|one| one.principals.first.iter().copied()).collect();
                assert_eq!(named, concerned, "{command:?}");
                assert_eq!(difference.principal_count, concerned.len());
            }
        });
    });
}

/// Whether a scope of the difference is about a target.
fn is_about(there: &Account, change: &AccessChange, target: &Target) -> bool {
    let place = match target {
        Target::Account => Scope::Account,
        Target::Project(id) => Scope::Project(*id),
        Target::Resource(id) => Scope::resources([*id]),
    };
    if !change.alone {
        return change.scope == place || oracle::covers_place(there, &change.scope, &place);
    }
    match (&change.scope, target) {
        (Scope::Resources(ids), Target::Resource(id)) => ids.contains(id),
        (Scope::AllOf(all), Target::Resource(id)) => {
            let found = &there.resource(*id).unwrap().value;
            found.resource_type == all.resource_type && all.project.is_none_or(|id| id == found.project)
        }
        (scope, _) => *scope == place,
    }
}

/// What policies speak of, before or after.
fn named_by_policies(before: &Account, after: &Account) -> PermissionSet {
    let catalog = before.catalog();
    let texts: Vec<_> = [before, after]
        .into_iter()
        .flat_map(|account| account.policies_after(None))
        .filter(|(_, policy)| policy.value.enabled)
        .map(|(_, policy)| policy.value.text.clone())
        .collect();
    let is_named = |name: &str| {
        let verb = format!("action in Action::\"{}\"", name.split(':').next().unwrap());
        let one = format!("Action::\"{name}\"");
        texts.iter().any(|text| text.contains(&verb) || text.contains(&one))
    };
    catalog.all_permissions().iter().filter(|one| is_named(catalog.permission_name(*one))).collect()
}

#[test]
fn where_policies_decide_the_difference_is_that_of_asking_every_question_before_and_after() {
    let decided = std::cell::Cell::new(0);
    for_random_sequences(|catalog, steps| {
        let steps = with_more_policies(steps);
        run(catalog, &steps, |world, _, command, Decided { events, account: after, .. }| {
            let before = &world.given.account;
            let difference = AccessDifference::between(before, after, events, world.given.now);
            assert_eq!(difference.policies, before.has_policies() || after.has_policies());
            assert!(difference.is_complete() && !difference.unasked);
            if !difference.policies {
                return;
            }
            let named = named_by_policies(before, after);
            let mut principals: BTreeSet<Principal> = world.principals().into_iter().collect();
            principals
                .extend(after.service_accounts_after(None).map(|(id, _)| Principal::ServiceAccount(id)));
            // What is new or gone is told where grants name it: the other property has it.
            let both: BTreeSet<Target> = targets(before).into_iter().collect();
            let both = targets(after).into_iter().filter(|target| both.contains(target));
            for target in both {
                for principal in principals.iter().copied() {
                    let [had, has] = [before, after].map(|account| {
                        account.allowed_at(principal, &target, Circumstances::question(world.given.now))
                    });
                    let told = |list: &[AccessChange]| {
                        let about = list.iter().filter(|one| {
                            one.principals.first.contains(&principal) && is_about(after, one, &target)
                        });
                        about.fold(PermissionSet::EMPTY, |all, one| all.union(&one.permissions))
                    };
                    let (gained, lost) = (told(&difference.gained), told(&difference.lost));
                    let (more, less) = (has.difference(&had), had.difference(&has));
                    let only = |set: PermissionSet| set.difference(&set.difference(&named));
                    let context = || format!("{principal} at {target:?}: {command:?}\n{difference:?}");
                    assert_eq!(only(gained), only(more), "gained, {}", context());
                    assert_eq!(only(lost), only(less), "lost, {}", context());
                    assert!(gained.contains_all(&more) && lost.contains_all(&less), "{}", context());
                    assert!(has.contains_all(&gained) && had.contains_all(&lost), "{}", context());
                    decided.set(decided.get() + usize::from(!only(more.union(&less)).is_empty()));
                }
            }
        });
    });
    assert!(decided.get() > 100, "policies decided {} changes only", decided.get());
}

#[test]
fn whoever_stops_being_able_to_act_is_named_with_what_stands_in_their_name() {
    for_random_sequences(|catalog, steps| {
        run(catalog, steps, |world, _, command, Decided { events, account: after, .. }| {
            let before = &world.given.account;
            let difference = AccessDifference::between(before, after, events, world.given.now);
            let count = |kind: &str| {
                difference.ended.iter().find(|(known, _)| *known == kind).map_or(0, |(_, ended)| ended.count)
            };
            if let Command::DeleteAccount = command {
                assert_eq!(count("key"), before.keys_after(None).count());
                return;
            }
            let gone = |kind: fn(&Account) -> BTreeSet<String>| kind(before).difference(&kind(after)).count();
            let active = |account: &Account| -> BTreeSet<String> {
                let active = |user: &UserId| oracle::acts(account, Principal::Member(*user), world.given.now);
                account
                    .members_after(None)
                    .map(|(id, _)| id)
                    .filter(active)
                    .map(|id| id.to_string())
                    .collect()
            };
            assert_eq!(
                count("member"),
                active(before).difference(&active(after)).count().max(
                    // Removing somebody who was inactive ends the membership all the same.
                    before.member_count().saturating_sub(after.member_count()),
                )
            );
            assert_eq!(
                count("key"),
                gone(|account| { account.keys_after(None).map(|(id, _)| id.to_string()).collect() }),
                "{command:?}"
            );
            assert_eq!(
                count("resource"),
                gone(|account| { account.resources_after(None).map(|(id, _)| id.to_string()).collect() })
            );
            assert_eq!(
                count("project"),
                gone(|account| { account.projects_after(None).map(|(id, _)| id.to_string()).collect() })
            );
            assert_eq!(difference.is_empty(), {
                let none = difference.gained.is_empty() && difference.lost.is_empty();
                none && difference.ended.is_empty()
            });
        });
    });
}
