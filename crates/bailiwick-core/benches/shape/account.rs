//! Accounts of the size that the figures name, made from events.

use std::sync::Arc;

use bailiwick_core::account::{
    Account, ActorRef, Event, Grant, Group, Principal, Resource, Role, RoleRef, Scope, open,
};
use bailiwick_core::catalog::{Catalog, Level};
use bailiwick_core::ids::{AccountId, GrantId, GroupId, Id, ProjectId, ResourceId, RoleId, UserId};
use bailiwick_core::values::{Description, Name, RoleName};
use jiff::Timestamp;
use uuid::Uuid;

/// How grants reach members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Through {
    /// Each member has one grant: role `i / 10` at cluster `i / 100`, as in Casbin's published benchmark.
    OwnGrants,
    /// Each member is in group `i / 10`, which has that grant.
    Groups,
}

pub struct Shape {
    pub account: Account,
    pub members: Vec<UserId>,
    pub clusters: Vec<ResourceId>,
    pub grants: Vec<GrantId>,
    pub roles: Vec<RoleId>,
}

pub fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Random version 7 ids from a fixed seed (SplitMix64), a millisecond apart.
pub fn ids() -> impl FnMut() -> Uuid {
    let mut state = 42_u64;
    let mut millis = 1_800_000_000_000_u64;
    move || {
        let mut next = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        };
        millis += 1;
        let random = (u128::from(next()) << 64) | u128::from(next());
        uuid::Builder::from_unix_timestamp_millis(
            millis,
            &random.to_le_bytes()[..10].try_into().unwrap_or([0; 10]),
        )
        .into_uuid()
    }
}

pub fn catalog() -> Arc<Catalog> {
    let text = Catalog::bundled("bailiwick").unwrap_or_default();
    Arc::new(Catalog::parse("bailiwick", text).unwrap_or_else(|errors| panic!("{errors:?}")))
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

pub fn shape(size: usize, through: Through) -> Shape {
    let catalog = catalog();
    let mut next = ids();
    let owner = UserId::from_uuid(next());
    let id = AccountId::from_uuid(next());
    let mut account = open(&catalog, id, name("Acme"), owner, now(), &mut next).account;
    let project = account.default_project().unwrap_or(ProjectId::from_uuid(Uuid::nil()));
    let mut events = Vec::new();
    let mut clusters = Vec::new();
    for number in 0..size.div_ceil(100) {
        let id = ResourceId::from_uuid(next());
        clusters.push(id);
        let resource = Resource {
            resource_type: "cluster".into(),
            name: name(&format!("cluster-{number}")),
            project,
            parent: None,
            external_id: None,
            url: None,
            attributes: None,
        };
        events.push(Event::ResourceRegistered { id, resource });
    }
    let mut roles = Vec::new();
    for number in 0..size.div_ceil(10) {
        let id = RoleId::from_uuid(next());
        roles.push(id);
        let role = Role {
            name: RoleName::parse(&format!("Role {number}")).unwrap_or_else(|error| panic!("{error}")),
            description: Description::default(),
            level: Level::Resource,
            permissions: vec!["read:clusters".into(), "read:cluster_data".into()],
            external_id: None,
        };
        events.push(Event::RoleCreated { id, role });
    }
    let mut grants = Vec::new();
    let mut grant = |id: Uuid, principal, number: usize| {
        let grant = Grant {
            principal,
            role: RoleRef::Custom(roles[number / 10]),
            scope: Scope::resources([clusters[number / 100]]),
            until: None,
            made_by: ActorRef::User(owner),
            made_at: now(),
            told: false,
        };
        let id = GrantId::from_uuid(id);
        grants.push(id);
        Event::GrantMade { id, grant }
    };
    let mut groups = Vec::new();
    if through == Through::Groups {
        for number in 0..size.div_ceil(10) {
            let id = GroupId::from_uuid(next());
            groups.push(id);
            let entity = Group {
                name: name(&format!("Group {number}")),
                description: Description::default(),
                external_id: None,
            };
            events.push(Event::GroupCreated { id, group: entity });
            events.push(grant(next(), Principal::Group(id), number * 10));
        }
    }
    let mut members = Vec::new();
    for number in 0..size {
        let user = UserId::from_uuid(next());
        members.push(user);
        events.push(Event::MemberJoined { user, at: now(), invitation: None, until: None });
        match groups.get(number / 10) {
            Some(group) => {
                events.push(Event::GroupMemberAdded { group: *group, member: Principal::Member(user) });
            }
            None => events.push(grant(next(), Principal::Member(user), number)),
        }
    }
    account.apply(&events);
    drop(events);
    Shape { account, members, clusters, grants, roles }
}
