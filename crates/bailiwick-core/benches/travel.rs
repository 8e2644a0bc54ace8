//! What a change would do, and what was: `cargo bench -p bailiwick-core --bench travel`.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    dead_code,
    reason = "a benchmark: what does not fit may stop it, and it shares its shapes with others"
)]

use std::hint::black_box;
use std::time::Duration;

use bailiwick_core::access::{AccessDifference, Circumstances};
use bailiwick_core::account::{
    Account, Actor, ActorRef, Command, Decided, EndReason, Event, Grant, Group, Patch, Principal, Resource,
    Role, RoleRef, Scope, Undo,
};
use bailiwick_core::catalog::Level;
use bailiwick_core::ids::{GrantId, GroupId, Id, ResourceId, RoleId, UserId};
use bailiwick_core::values::{Description, Name, RoleName};
use criterion::{BatchSize, Criterion};

#[path = "shape/account.rs"]
mod shape;

use shape::{Through, ids, now, shape};

const MEMBERS: usize = 100_000;

/// A role that every member has besides what the shape gives, by a grant each or through one group.
fn with_a_role_of_all(through: Through) -> (Account, Actor, RoleId) {
    let made = shape(MEMBERS, Through::OwnGrants);
    let mut account = made.account;
    let mut next = ids();
    (0..2_000_000).for_each(|_| {
        next();
    });
    let owner = owner(&account);
    let role = RoleId::from_uuid(next());
    let entity = Role {
        name: RoleName::parse("Everybody's").unwrap_or_else(|error| panic!("{error}")),
        description: Description::default(),
        level: Level::Account,
        permissions: vec!["read:clusters".into(), "read:backups".into()],
        external_id: None,
    };
    let mut events = vec![Event::RoleCreated { id: role, role: entity }];
    let grant = |principal| Grant {
        principal,
        role: RoleRef::Custom(role),
        scope: Scope::Account,
        until: None,
        made_by: ActorRef::User(owner),
        made_at: now(),
        told: false,
    };
    if through == Through::Groups {
        let group = GroupId::from_uuid(next());
        let name = Name::parse("Everybody").unwrap_or_else(|error| panic!("{error}"));
        let entity = Group { name, description: Description::default(), external_id: None };
        events.push(Event::GroupCreated { id: group, group: entity });
        events
            .push(Event::GrantMade { id: GrantId::from_uuid(next()), grant: grant(Principal::Group(group)) });
        events.extend(
            made.members
                .iter()
                .map(|user| Event::GroupMemberAdded { group, member: Principal::Member(*user) }),
        );
    } else {
        events.extend(made.members.iter().map(|user| Event::GrantMade {
            id: GrantId::from_uuid(next()),
            grant: grant(Principal::Member(*user)),
        }));
    }
    account.apply(&events);
    (account, Actor::User(owner), role)
}

fn owner(account: &Account) -> UserId {
    let owner = account.grants_after(None).find_map(|(_, grant)| match grant.value.principal {
        Principal::Member(user) if grant.value.scope == Scope::Account => Some(user),
        _ => None,
    });
    owner.unwrap_or_else(|| panic!("nobody owns the account"))
}

fn difference(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("difference of a role edit");
    group.sample_size(10).measurement_time(Duration::from_secs(4));
    for through in [Through::OwnGrants, Through::Groups] {
        let (account, owner, role) = with_a_role_of_all(through);
        let permissions = Some(vec!["read:clusters".into(), "read:api_keys".into()]);
        let edit =
            Command::EditRole { role, name: None, description: None, permissions, external_id: Patch::Keep };
        let Decided { account: after, events, .. } = account
            .decide(owner, &edit, Circumstances::question(now()), &mut ids())
            .unwrap_or_else(|refusal| panic!("{refusal:?}"));
        let of = || AccessDifference::between(black_box(&account), &after, &events, now());
        assert_eq!(of().lost[0].principals.count, MEMBERS);
        group.bench_function(format!("{MEMBERS} members {through:?}"), |bench| {
            bench.iter_batched(|| (), |()| of(), BatchSize::PerIteration);
        });
    }
    group.finish();
}

const EVENTS: usize = 100_000;

/// A year of an account of many members: grants come and go, people move between groups, roles are edited, resources are
/// registered and deleted. The newest event stands last.
fn history(account: &mut Account, owner: UserId) -> Vec<Event> {
    let mut next = ids();
    (0..4_000_000).for_each(|_| {
        next();
    });
    let members: Vec<UserId> = account.members_after(None).map(|(user, _)| user).collect();
    let roles: Vec<(RoleId, Role)> =
        account.roles_after(None).map(|(id, role)| (id, role.value.clone())).collect();
    let project = account.default_project().unwrap_or_else(|| panic!("no project"));
    let name = |text: &str| Name::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let group = GroupId::from_uuid(next());
    let entity = Group { name: name("Movers"), description: Description::default(), external_id: None };
    let mut events = vec![Event::GroupCreated { id: group, group: entity }];
    let mut number = 0_usize;
    while events.len() < EVENTS {
        number += 1;
        let user = members[number * 7_919 % members.len()];
        let grant = Grant {
            principal: Principal::Member(user),
            role: RoleRef::Custom(roles[number % roles.len()].0),
            scope: Scope::Account,
            until: None,
            made_by: ActorRef::User(owner),
            made_at: now(),
            told: false,
        };
        let id = GrantId::from_uuid(next());
        events.push(Event::GrantMade { id, grant: grant.clone() });
        if !number.is_multiple_of(4) {
            events.push(Event::GrantRevoked { id, grant, reason: EndReason::Asked });
        }
        if account.is_in_group(group, Principal::Member(user)) || number.is_multiple_of(3) {
            events.push(Event::SignedIn { user, method: "password".into() });
        } else if number < members.len() {
            events.push(Event::GroupMemberAdded { group, member: Principal::Member(user) });
        }
        if number.is_multiple_of(10) {
            let (id, before) = roles[number % roles.len()].clone();
            let mut after = before.clone();
            after.permissions.push("read:backups".into());
            events.push(Event::RoleEdited { id, before: before.clone(), after: after.clone() });
            events.push(Event::RoleEdited { id, before: after, after: before });
        }
        if number.is_multiple_of(5) {
            let resource = Resource {
                resource_type: "cluster".into(),
                name: name(&format!("c{number}")),
                project,
                parent: None,
                external_id: None,
                url: None,
                attributes: None,
            };
            events.push(Event::ResourceRegistered { id: ResourceId::from_uuid(next()), resource });
        }
    }
    for event in &events {
        account.apply(std::slice::from_ref(event));
    }
    events
}

fn undo(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("as of 100000 events back, 100000 members");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    let mut account = shape(MEMBERS, Through::OwnGrants).account;
    let (owner, to) = (owner(&account), account.revision());
    let count = account.entity_count();
    let events = history(&mut account, owner);
    let back = || {
        let mut undo = Undo::new(account.clone(), to);
        events.iter().rev().for_each(|event| undo.event(event));
        undo.finish()
    };
    assert_eq!(back().entity_count(), count);
    group.bench_function("undo", |bench| bench.iter_batched(|| (), |()| back(), BatchSize::PerIteration));
    let bodies: Vec<String> =
        events.iter().map(|event| serde_json::to_string(event).unwrap_or_default()).collect();
    // What the store's threads do beside it.
    group.bench_function("parse, on one thread", |bench| {
        bench.iter(|| {
            let parsed = bodies.iter().map(|body| serde_json::from_str::<Event>(body));
            parsed.flatten().count()
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().warm_up_time(Duration::from_millis(500)).configure_from_args();
    difference(&mut criterion);
    undo(&mut criterion);
    criterion.final_summary();
}
