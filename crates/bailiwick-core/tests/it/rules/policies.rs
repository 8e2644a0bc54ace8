//! The rules of the design where policies move access, and that policies decide as Cedar itself would.

use std::collections::BTreeSet;

use bailiwick_core::access::{Asserted, Caller, Circumstances, Target};
use bailiwick_core::account::{Account, Actor, AttributeValue, Decided, Principal};
use bailiwick_core::catalog::PermissionSet;
use bailiwick_core::ids::ServiceAccountId;
use jiff::{SignedDuration, Timestamp};

use super::world::{World, giver, with_more_policies};
use super::{for_random_sequences, run, targets};
use crate::access::search;
use crate::policies::naive;

/// The ways in which a principal can come at some moments, of which one is a weekend's.
fn ways(principal: Principal, now: Timestamp) -> impl Iterator<Item = Circumstances<'static>> {
    let own = match principal {
        Principal::Member(_) => Caller::Person,
        Principal::Group(_) | Principal::ServiceAccount(_) => Caller::Key,
    };
    // 2023-11-14 is a Tuesday; most worlds end in that week.
    [0, 4 * 86_400].into_iter().flat_map(move |seconds| {
        let now = now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        let plain = Circumstances::question(now);
        [plain, Circumstances { caller: own, ..plain }]
    })
}

/// What a principal may give to somebody who comes in some way: what grants give it and no policy forbids, however it comes
/// at that moment.
fn held(account: &Account, principal: Principal, target: &Target, now: Timestamp) -> PermissionSet {
    let granted = account.effective_at(principal, target, now);
    let at_that_moment = ways(principal, now).take(2);
    let allowed = at_that_moment.map(|way| account.allowed_at(principal, target, way));
    granted.intersection(&allowed.fold(PermissionSet::EMPTY, |all, one| all.union(&one)))
}

/// What policies permit a principal, however it comes.
fn permitted(account: &Account, principal: Principal, target: &Target, now: Timestamp) -> PermissionSet {
    let allowed = ways(principal, now).take(2).map(|way| account.allowed_at(principal, target, way));
    allowed.fold(PermissionSet::EMPTY, |all, one| all.union(&one))
}

/// Owners may: they hold everything, whatever a policy forbids them.
fn owns(world: &World, principal: Principal) -> bool {
    let account = &world.given.account;
    let owner = &account.catalog().role_at(account.catalog().rules.owner).unwrap().name;
    account.grants_of(principal).any(|(_, grant)| grant.value.role.to_string() == *owner)
}

fn is_nobody(after: &Account, before: &Account, id: ServiceAccountId) -> bool {
    let named = after.service_account(id).is_some_and(|found| found.value.external_id.is_some());
    before.service_account(id).is_none() && !named
}

#[test]
fn rule_1_holds_for_what_policies_make_of_a_change() {
    for_random_sequences(|catalog, steps| {
        let steps = with_more_policies(steps);
        run(catalog, &steps, |world, actor, command, Decided { events, account: after, .. }| {
            let before = &world.given.account;
            let newcomer = before.catalog().rules.newcomer;
            let newcomer = newcomer.map(|role| before.catalog().role_at(role).unwrap().permissions);
            let giver = giver(before, actor, events);
            if owns(world, giver) {
                return;
            }
            let made = after.service_accounts_after(None).map(|(id, _)| Principal::ServiceAccount(id));
            let principals: BTreeSet<Principal> = world.principals().into_iter().chain(made).collect();
            for target in targets(before) {
                let escalates = before.effective_at(giver, &target, world.given.now);
                if escalates.contains_any(&before.catalog().escalate) {
                    continue;
                }
                for principal in &principals {
                    let comes_in = match principal {
                        Principal::Member(user) => before.member_status(*user).is_none(),
                        _ => false,
                    };
                    for way in ways(*principal, world.given.now) {
                        let gained = after.allowed_at(*principal, &target, way);
                        let mut gained = gained.difference(&before.allowed_at(*principal, &target, way));
                        // Nobody is a machine that has neither a key nor a name of its own yet.
                        if matches!(principal, Principal::ServiceAccount(id) if is_nobody(after, before, *id))
                        {
                            gained = gained.intersection(&after.effective_at(*principal, &target, way.now));
                        }
                        let mut held = held(before, giver, &target, way.now);
                        // Who is let in gets what policies permit whoever lets them in.
                        if comes_in {
                            held = held.union(&permitted(before, giver, &target, way.now));
                        }
                        let raised = gained.difference(&newcomer.unwrap_or_default()).difference(&held);
                        let names: Vec<&str> = before.catalog().permission_names(raised).collect();
                        assert!(
                            raised.is_empty(),
                            "{giver} raised {principal} at {target:?} {way:?} by {names:?}: {command:?} → {events:?}"
                        );
                    }
                }
            }
        });
    });
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
