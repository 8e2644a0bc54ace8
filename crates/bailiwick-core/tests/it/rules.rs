//! The rules of the design as properties over random command sequences by random actors.

use std::collections::{BTreeMap, BTreeSet};

use bailiwick_core::access::{Circumstances, Target};
use bailiwick_core::account::{
    Account, Actor, Command, Decided, EntityKey, InvitationStatus, KeyHolder, MemberStatus, Principal,
    RoleRef, Scope,
};
use bailiwick_core::catalog::PermissionSet;
use jiff::{SignedDuration, Timestamp};
use proptest::test_runner::{Config, TestRunner};

use crate::access::search;
use crate::oracle;

mod coverage;
mod difference;
mod lapse;
mod policies;
mod renaming;
mod rows;
mod undo;
mod world;

use world::{Step, World, giver, steps};

const CATALOGS: [&str; 3] = ["bailiwick", "qdrant-cloud", "one-role"];
const LONGEST: usize = 60;

/// Fewer cases than usual, each with many steps; `PROPTEST_CASES` asks for more.
pub fn cases() -> Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(24);
    Config { cases, max_shrink_iters: 4_000, failure_persistence: None, ..Config::default() }
}

pub fn for_random_sequences(check: impl Fn(&str, &[Step])) {
    for catalog in CATALOGS {
        let property = |steps: Vec<Step>| {
            check(catalog, &steps);
            Ok(())
        };
        TestRunner::new(cases())
            .run(&steps(LONGEST), property)
            .unwrap_or_else(|error| panic!("{catalog}: {error}"));
    }
}

/// Runs a sequence; `check` sees the world before an accepted command, what was asked, and what it came to.
fn run(catalog: &str, steps: &[Step], check: impl FnMut(&World, Actor, &Command, &Decided)) {
    run_in(World::with_policies(catalog), steps, check);
}

fn run_in(mut world: World, steps: &[Step], mut check: impl FnMut(&World, Actor, &Command, &Decided)) {
    for step in steps {
        if let Some((actor, command, Ok(decided))) = world.take(step) {
            check(&world, actor, &command, &decided);
            world.given.accept(decided);
        }
    }
}

pub fn targets(account: &Account) -> Vec<Target> {
    let projects = account.projects_after(None).map(|(id, _)| Target::Project(id));
    let resources = account.resources_after(None).map(|(id, _)| Target::Resource(id));
    std::iter::once(Target::Account).chain(projects).chain(resources).collect()
}

/// Now and the times by which the ends that the sequences use have come.
fn moments(now: Timestamp) -> [Timestamp; 4] {
    [0, 7_200, 172_800, 1_000_000_000]
        .map(|seconds| now.checked_add(SignedDuration::from_secs(seconds)).unwrap())
}

#[test]
fn rule_1_nobody_gives_what_they_do_not_hold() {
    for_random_sequences(|catalog, steps| {
        run(catalog, steps, |world, actor, command, Decided { events, account: after, .. }| {
            let before = &world.given.account;
            let rules = before.catalog().rules.clone();
            let newcomer = rules.newcomer.map(|role| before.catalog().role_at(role).unwrap().permissions);
            let escalate = before.catalog().escalate;
            let giver = giver(before, actor, events);
            let known: BTreeSet<Target> = targets(before).into_iter().collect();
            for now in moments(world.given.now) {
                for target in targets(after) {
                    // What is registered comes under grants that were there; a new project is held through the account.
                    let held_at = match target {
                        target if known.contains(&target) => target,
                        Target::Resource(_) => continue,
                        _ => Target::Account,
                    };
                    let held = before.effective_at(giver, &held_at, now);
                    if held.contains_any(&escalate) {
                        continue;
                    }
                    for principal in world.principals() {
                        let gained = after.effective_at(principal, &target, now);
                        let gained = gained.difference(&newcomer.unwrap_or_default());
                        let gained = gained.difference(&before.effective_at(principal, &held_at, now));
                        let raised = gained.difference(&held);
                        let names: Vec<&str> = before.catalog().permission_names(raised).collect();
                        assert!(
                            raised.is_empty(),
                            "{giver} raised {principal} at {target:?} {now} by {names:?}: {command:?} → {events:?}"
                        );
                    }
                }
            }
        });
    });
}

/// What is nobody's to hold back: the scope goes away with the access, people leave, or an invitation is answered.
fn ends_by_itself(command: &Command) -> bool {
    matches!(
        command,
        Command::Leave
            | Command::LeaveProject { .. }
            | Command::DeleteAccount
            | Command::DeleteProject { .. }
            | Command::DeleteResource { .. }
            | Command::AcceptInvitation { .. }
    )
}

#[test]
fn rule_1_nobody_takes_away_what_they_do_not_hold() {
    for_random_sequences(|catalog, steps| {
        run(catalog, steps, |world, actor, command, Decided { events, account: after, .. }| {
            let before = &world.given.account;
            if ends_by_itself(command) {
                return;
            }
            let taker = giver(before, actor, events);
            for target in targets(before) {
                let held = before.effective_at(taker, &target, world.given.now);
                if held.contains_any(&before.catalog().escalate) {
                    continue;
                }
                for principal in world.principals().into_iter().filter(|principal| *principal != taker) {
                    for now in moments(world.given.now) {
                        let had = before.effective_at(principal, &target, now);
                        let lost = had.difference(&after.effective_at(principal, &target, now));
                        // What every active member has is not granted to anybody.
                        let newcomer = before.catalog().rules.newcomer;
                        let newcomer =
                            newcomer.map(|role| before.catalog().role_at(role).unwrap().permissions);
                        let lost = lost.difference(&newcomer.unwrap_or_default()).difference(&held);
                        let names: Vec<&str> = before.catalog().permission_names(lost).collect();
                        assert!(
                            lost.is_empty(),
                            "{taker} took {names:?} from {principal} at {target:?} {now}: {command:?} → {events:?}"
                        );
                    }
                }
            }
        });
    });
}

/// Roles that must keep a holder, where an active member holds them without an end; by definition.
fn kept(account: &Account) -> BTreeSet<(RoleRef, Scope)> {
    let catalog = account.catalog();
    let active = |user| {
        account.member_status(user) == Some(MemberStatus::Active) && account.member_until(user).is_none()
    };
    let keeper = |role: &RoleRef| match role {
        RoleRef::BuiltIn(name) => catalog.roles.iter().any(|role| role.keeps_holder && role.name == *name),
        RoleRef::Custom(_) => false,
    };
    let grants = account.grants_after(None).map(|(_, grant)| &grant.value);
    let held = grants.filter(|grant| keeper(&grant.role) && grant.until.is_none());
    let held = held.filter(|grant| match grant.principal {
        Principal::Member(user) => active(user),
        Principal::Group(group) => account
            .members_after(None)
            .any(|(user, _)| active(user) && oracle::is_inside(account, group, Principal::Member(user))),
        Principal::ServiceAccount(_) => false,
    });
    held.map(|grant| (grant.role.clone(), grant.scope.clone())).collect()
}

#[test]
fn rule_2_a_role_that_must_keep_a_holder_keeps_one() {
    for_random_sequences(|catalog, steps| {
        let mut owned = false;
        run(catalog, steps, |world, _, command, Decided { account: after, .. }| {
            let kept_after = kept(after);
            for (role, scope) in kept(&world.given.account) {
                let gone = after.is_deleted() || after.scope_exists(&scope).is_err();
                assert!(
                    gone || kept_after.contains(&(role.clone(), scope.clone())),
                    "{role} at {scope}: {command:?}"
                );
            }
            owned = kept_after.iter().any(|(_, scope)| *scope == Scope::Account) || after.is_deleted();
            assert!(owned, "{command:?}");
            assert_single_holders(after, world.given.now);
        });
    });
}

fn assert_single_holders(account: &Account, now: Timestamp) {
    let mut holders: BTreeMap<(RoleRef, Scope), Principal> = BTreeMap::new();
    let catalog = account.catalog();
    for (_, grant) in account.grants_after(None) {
        let RoleRef::BuiltIn(name) = &grant.value.role else { continue };
        let single = catalog.roles.iter().any(|role| role.single_holder && role.name == *name);
        if single && grant.value.until.is_none_or(|end| end > now) {
            let other =
                holders.insert((grant.value.role.clone(), grant.value.scope.clone()), grant.value.principal);
            assert_eq!(
                other, None,
                "{name} at {} is also held by {}",
                grant.value.scope, grant.value.principal
            );
        }
    }
}

#[test]
fn rule_3_who_is_not_active_may_do_nothing_and_nothing_waits_in_their_name() {
    for_random_sequences(|catalog, steps| {
        let mut world = World::new(catalog);
        for step in steps {
            let Some((actor, command, result)) = world.take(step) else { continue };
            let answers =
                matches!(command, Command::AcceptInvitation { .. } | Command::DeclineInvitation { .. });
            let account = &world.given.account;
            let may = match actor {
                Actor::User(user) => {
                    account.member_status_at(user, world.given.now) == Some(MemberStatus::Active)
                }
                Actor::PersonalKey { user, key } => {
                    account.member_status_at(user, world.given.now) == Some(MemberStatus::Active)
                        && account.key(key).is_some_and(|key| key.value.holder == KeyHolder::Member(user))
                }
                Actor::ServiceAccount { id, key } => account.key(key).is_some_and(|key| {
                    key.value.holder == KeyHolder::ServiceAccount(id)
                        && key.value.expires_at.is_none_or(|end| end > world.given.now)
                }),
            };
            assert!(may || answers || result.is_err(), "{actor:?} {command:?}");
            if let Ok(decided) = result {
                world.given.accept(decided);
            }
            world.given.lapse(50);
            let account = &world.given.account;
            for user in world.users.iter().copied() {
                if account.member_status_at(user, world.given.now) == Some(MemberStatus::Active) {
                    continue;
                }
                for target in targets(account) {
                    for permission in account.catalog().all_permissions().iter() {
                        assert!(!account.check(
                            Principal::Member(user),
                            permission,
                            &target,
                            Circumstances::question(world.given.now)
                        ));
                    }
                    assert!(account.effective(Principal::Member(user), world.given.now).at.is_empty());
                }
                let waits = account.invitations_after(None).any(|(_, found)| {
                    found.value.sponsor == user && found.value.status == InvitationStatus::Pending
                });
                let offers =
                    account.offers().any(|(_, offer)| offer.value.from == user || offer.value.to == user);
                assert!(!waits && !offers, "{command:?}");
            }
        }
    });
}

#[test]
fn rule_4_nothing_of_another_account_gets_in() {
    for_random_sequences(|catalog, steps| {
        let mut world = World::new(catalog);
        let other = &world.other.account;
        // A person can be in several accounts, so users are the one thing that accounts share.
        let foreign: Vec<String> = other
            .entity_keys()
            .into_iter()
            .filter(|key| {
                !matches!(key, EntityKey::Profile | EntityKey::Member(_) | EntityKey::GroupMember(..))
            })
            .map(|key| key.id().to_string())
            .collect();
        for step in steps {
            if let Some((_, command, Ok(decided))) = world.take(step) {
                let text = serde_json::to_string(&decided.events).unwrap();
                let id = foreign.iter().find(|id| text.contains(id.as_str()));
                assert_eq!(id, None, "{command:?}");
                world.given.accept(decided);
            }
        }
    });
}

#[test]
fn the_index_agrees_with_the_definition_after_random_sequences() {
    for_random_sequences(|catalog, steps| {
        let mut world = World::new(catalog);
        world.given.account.prepare_search();
        for step in steps {
            if let Some((_, _, Ok(decided))) = world.take(step) {
                world.given.accept(decided);
            }
        }
        let account = &world.given.account;
        search::assert_searches(account, Circumstances::question(world.given.now), 23);
        let groups = account.groups_after(None).map(|(id, _)| Principal::Group(id));
        let principals: Vec<Principal> = world.principals().into_iter().chain(groups).collect();
        let everywhere =
            targets(account).into_iter().chain(targets(&world.other.account)).collect::<Vec<_>>();
        for now in moments(world.given.now) {
            for principal in principals.iter().copied() {
                for target in &everywhere {
                    let allowed = oracle::allowed(account, principal, target, now);
                    assert_eq!(
                        account.effective_at(principal, target, now),
                        allowed,
                        "{principal} {target:?} {now}"
                    );
                    if now == world.given.now {
                        assert_checks(account, principal, target, now, &allowed);
                    }
                }
            }
        }
    });
}

/// `check` and `explain` say the same as the definition, and a yes always has a path.
pub fn assert_checks(
    account: &Account,
    principal: Principal,
    target: &Target,
    now: Timestamp,
    allowed: &PermissionSet,
) {
    for permission in account.catalog().all_permissions().iter() {
        let wanted = allowed.contains(permission);
        assert_eq!(account.check(principal, permission, target, Circumstances::question(now)), wanted);
        let explanation = account.explain(principal, permission, target, Circumstances::question(now));
        assert_eq!(explanation.allowed, wanted);
        assert_eq!(!explanation.paths.is_empty(), wanted, "{explanation:?}");
        assert_eq!(explanation.missing.is_none(), wanted);
        for path in &explanation.paths {
            assert!(account.permissions_of(&path.role).contains(permission));
            assert!(path.until.is_none_or(|end| end > now));
        }
    }
}
