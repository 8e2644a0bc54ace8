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

use bailiwick_core::access::AccessDifference;
use bailiwick_core::account::{
    Account, Actor, ActorRef, Command, Decided, Event, Grant, Group, Patch, Principal, Role, RoleRef, Scope,
};
use bailiwick_core::catalog::Level;
use bailiwick_core::ids::{GrantId, GroupId, Id, RoleId, UserId};
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
    };
    if through == Through::Groups {
        let group = GroupId::from_uuid(next());
        let name = Name::parse("Everybody").unwrap_or_else(|error| panic!("{error}"));
        let entity = Group { name, description: Description::default(), external_id: None };
        events.push(Event::GroupCreated { id: group, group: entity });
        events
            .push(Event::GrantMade { id: GrantId::from_uuid(next()), grant: grant(Principal::Group(group)) });
        events.extend(made.members.iter().map(|user| Event::GroupMemberAdded { group, member: Principal::Member(*user) }));
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
        let Decided { account: after, events } =
            account.decide(owner, &edit, now(), &mut ids()).unwrap_or_else(|refusal| panic!("{refusal:?}"));
        let of = || AccessDifference::between(black_box(&account), &after, &events, now());
        assert_eq!(of().lost[0].principals.count, MEMBERS);
        group.bench_function(format!("{MEMBERS} members {through:?}"), |bench| {
            bench.iter_batched(|| (), |()| of(), BatchSize::PerIteration);
        });
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().warm_up_time(Duration::from_millis(500)).configure_from_args();
    difference(&mut criterion);
    criterion.final_summary();
}
