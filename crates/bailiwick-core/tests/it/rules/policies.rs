//! The rules of the design where policies move access, and that policies decide as Cedar itself would.

use bailiwick_core::access::{Asserted, Caller, Circumstances};
use bailiwick_core::account::{Actor, AttributeValue, Decided, Principal};
use bailiwick_core::catalog::PermissionSet;
use jiff::Timestamp;

use super::world::{World, giver};
use super::{for_random_sequences, run, targets};
use crate::access::search;
use crate::policies::naive;

/// What a principal may give: what grants give it and no policy forbids.
fn held(world: &World, principal: Principal, target: &bailiwick_core::access::Target) -> PermissionSet {
    let account = &world.given.account;
    let granted = account.effective_at(principal, target, world.given.now);
    let allowed = account.allowed_at(principal, target, Circumstances::question(world.given.now));
    granted.difference(&granted.difference(&allowed))
}

/// Owners may: they hold everything, whatever a policy forbids them.
fn owns(world: &World, principal: Principal) -> bool {
    let account = &world.given.account;
    let owner = &account.catalog().role_at(account.catalog().rules.owner).unwrap().name;
    account.grants_of(principal).any(|(_, grant)| grant.value.role.to_string() == *owner)
}

#[test]
fn rule_1_holds_for_what_policies_make_of_a_change() {
    for_random_sequences(|catalog, steps| {
        run(catalog, steps, |world, actor, command, Decided { events, account: after, .. }| {
            let before = &world.given.account;
            let now = world.given.now;
            let newcomer = before.catalog().rules.newcomer;
            let newcomer = newcomer.map(|role| before.catalog().role_at(role).unwrap().permissions);
            let giver = giver(before, actor, events);
            if owns(world, giver) {
                return;
            }
            for target in targets(before) {
                let held = held(world, giver, &target);
                if held.contains_any(&before.catalog().escalate) {
                    continue;
                }
                for principal in world.principals() {
                    // Who comes in gets what policies permit to everybody: nobody gives it to them.
                    if before.member_status(user_of(principal)).is_none() {
                        continue;
                    }
                    let gained = after.allowed_at(principal, &target, Circumstances::question(now));
                    let gained = gained.difference(&before.allowed_at(
                        principal,
                        &target,
                        Circumstances::question(now),
                    ));
                    let raised = gained.difference(&newcomer.unwrap_or_default()).difference(&held);
                    let names: Vec<&str> = before.catalog().permission_names(raised).collect();
                    let joins = matches!(command, bailiwick_core::account::Command::AcceptInvitation { .. });
                    assert!(
                        raised.is_empty() || joins,
                        "{giver} raised {principal} at {target:?} by {names:?}: {command:?} → {events:?}"
                    );
                }
            }
        });
    });
}

fn user_of(principal: Principal) -> bailiwick_core::ids::UserId {
    match principal {
        Principal::Member(user) => user,
        // Service accounts have no status; any member stands for them, so that they are looked at.
        Principal::Group(_) | Principal::ServiceAccount(_) => {
            bailiwick_core::ids::Id::from_uuid(uuid::Uuid::from_u128((1_u128 << 64) + 1))
        }
    }
}

#[test]
fn policies_decide_as_cedar_does_over_all_of_them() {
    for_random_sequences(|catalog, steps| {
        let mut world = World::with_policies(catalog);
        for step in steps {
            if let Some((_, _, Ok(decided))) = world.take(step) {
                world.given.accept(decided);
            }
        }
        let account = &world.given.account;
        if !account.has_policies() {
            return;
        }
        let naive = naive::Naive::of(account);
        let said = said();
        let asked = circumstances(world.given.now, &said);
        for (number, principal) in world.principals().into_iter().enumerate() {
            let now = asked[number % asked.len()];
            for target in targets(account) {
                let allowed = account.allowed_at(principal, &target, now);
                // Half of them for each, as the definition takes its time.
                for permission in account.catalog().all_permissions().iter().skip(number % 2).step_by(2) {
                    let wanted = naive.allowed(principal, permission, &target, now);
                    let answer = account.check(principal, permission, &target, now);
                    let name = account.catalog().permission_name(permission);
                    assert_eq!(answer, wanted, "{principal} {name} {target:?} {now:?}");
                    assert_eq!(allowed.contains(permission), wanted);
                    let explained = account.explain(principal, permission, &target, now);
                    assert_eq!(explained.allowed, wanted);
                    let may = !explained.paths.is_empty() || !explained.permits.is_empty();
                    assert_eq!(may && explained.forbids.is_empty(), wanted, "{explained:?}");
                    let helps = explained.missing.is_some_and(|missing| !missing.grants.is_empty());
                    assert!(!(helps && may), "no grant helps whom only a policy keeps from it");
                }
            }
        }
    });
}

/// What a control plane might say of a question.
fn said() -> Asserted {
    let text = |text: &str| AttributeValue::String(text.into());
    let of = |name: &str, value| [(name.into(), value)].into_iter().collect();
    Asserted {
        subject: of("department", text("production")),
        resource: of("environment", text("development")),
        request: of("ticket", text("T-1")),
        ip: None,
    }
}

/// A plain question, one of which something is said, and somebody's own.
fn circumstances(now: Timestamp, said: &Asserted) -> [Circumstances<'_>; 3] {
    let plain: Circumstances<'_> = Circumstances::question(now);
    let asserted = Circumstances { asserted: Some(said), ..plain };
    [plain, asserted, Circumstances { caller: Caller::Person, ..plain }]
}

#[test]
fn a_search_finds_what_is_allowed_under_its_circumstances_and_nothing_else() {
    for_random_sequences(|catalog, steps| {
        let mut world = World::with_policies(catalog);
        world.given.account.prepare_search();
        for step in steps {
            if let Some((_, _, Ok(decided))) = world.take(step) {
                world.given.accept(decided);
            }
        }
        let account = &world.given.account;
        if !account.has_policies() {
            return;
        }
        let said = said();
        for now in circumstances(world.given.now, &said) {
            search::assert_searches(account, now, 17);
        }
    });
}

#[test]
fn an_owner_can_always_take_a_policy_back() {
    for_random_sequences(|catalog, steps| {
        run(catalog, steps, |world, _, _, Decided { account: after, .. }| {
            let owners = world.principals().into_iter().filter(|principal| {
                let owner = &after.catalog().role_at(after.catalog().rules.owner).unwrap().name;
                after.grants_of(*principal).any(|(_, grant)| grant.value.role.to_string() == *owner)
            });
            for owner in owners {
                let Principal::Member(user) = owner else { continue };
                if after.member_status(user) != Some(bailiwick_core::account::MemberStatus::Active) {
                    continue;
                }
                for (policy, _) in after.policies_after(None) {
                    let command = bailiwick_core::account::Command::DeletePolicy { policy };
                    let decided = after.decide(
                        Actor::User(user),
                        &command,
                        Circumstances::question(world.given.now),
                        &mut || uuid::Uuid::from_u128(9),
                    );
                    assert!(decided.is_ok() || after.is_deleted(), "{decided:?}");
                }
            }
        });
    });
}
