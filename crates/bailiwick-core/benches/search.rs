//! Searches and explanations in accounts of the size that the figures name: 100,000 members, 100,000 resources.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "a benchmark: what does not fit may stop it"
)]

use std::hint::black_box;
use std::time::Duration;

use bailiwick_core::access::{Circumstances, Page, SubjectType, Target};
use bailiwick_core::account::{
    Account, ActorRef, AllOf, Event, Grant, Policy, Principal, Resource, RoleRef, Scope,
};
use bailiwick_core::ids::{GrantId, Id, PolicyId, ResourceId};
use bailiwick_core::values::{Description, Name};
use criterion::Criterion;

#[path = "shape/account.rs"]
mod shape;

use shape::{Shape, Through, ids, now, shape};

/// A page of what is asked for in the figures.
const PAGE: usize = 100;

/// Adds so many clusters to a shape, and gives the first member all of them, the second the last 1,000 by name.
fn with_clusters(shape: &mut Shape, count: usize) {
    let mut next = ids();
    let project = shape.account.default_project().unwrap_or_else(|| panic!());
    // The generator starts anew: its first ids are in the account already.
    (0..4 * count).for_each(|_| {
        next();
    });
    let mut events = Vec::new();
    for number in shape.clusters.len()..count {
        let id = ResourceId::from_uuid(next());
        shape.clusters.push(id);
        let name = Name::parse(&format!("cluster-{number}")).unwrap_or_else(|error| panic!("{error}"));
        let resource = Resource {
            resource_type: "cluster".into(),
            name,
            project,
            parent: None,
            external_id: None,
            url: None,
            attributes: None,
        };
        events.push(Event::ResourceRegistered { id, resource });
    }
    let all = AllOf { resource_type: "cluster".into(), project: None };
    let named = shape.clusters.iter().rev().take(1_000).copied();
    for (member, scope) in [(0, Scope::AllOf(all.into())), (1, Scope::resources(named))] {
        let grant = Grant {
            principal: Principal::Member(shape.members[member]),
            role: RoleRef::BuiltIn("cluster_read_only".into()),
            scope,
            until: None,
            made_by: ActorRef::System,
            made_at: now(),
            told: false,
        };
        events.push(Event::GrantMade { id: GrantId::from_uuid(next()), grant });
    }
    shape.account.apply(&events);
}

fn search(criterion: &mut Criterion) {
    let mut shape = shape(100_000, Through::Groups);
    with_clusters(&mut shape, 100_000);
    let account = &shape.account;
    let read = account.catalog().permission("read:clusters").unwrap_or_else(|| panic!());
    let clusters = account.target_type("cluster").unwrap_or_else(|| panic!());
    let mut group = criterion.benchmark_group("search/100000");
    group.sample_size(10).bench_function("make the index", |bench| {
        bench.iter_with_large_drop(|| {
            let fresh = unsearched(account);
            fresh.prepare_search();
            fresh
        });
    });
    account.prepare_search();
    for (what, member) in [("all of 100000", 0), ("1000 by name", 1), ("one through a group", 2)] {
        let principal = Principal::Member(shape.members[member]);
        group.bench_function(format!("first page of resources: {what}"), |bench| {
            bench.iter(|| {
                account.search_targets(
                    black_box(principal),
                    read,
                    clusters,
                    Circumstances::question(now()),
                    Page::new(None, PAGE),
                )
            });
        });
    }
    let last = Target::Resource(shape.clusters[99_000]);
    group.bench_function("a page in the middle of resources", |bench| {
        let principal = Principal::Member(shape.members[0]);
        bench.iter(|| {
            account.search_targets(
                principal,
                read,
                clusters,
                Circumstances::question(now()),
                Page::new(Some(black_box(last)), PAGE),
            )
        });
    });
    group.bench_function("actions", |bench| {
        let principal = Principal::Member(shape.members[2]);
        let target = Target::Resource(shape.clusters[0]);
        bench.iter(|| {
            account.search_actions(
                black_box(principal),
                &target,
                Circumstances::question(now()),
                Page::new(None, PAGE),
            )
        });
    });
    group.finish();

    let mut group = criterion.benchmark_group("explain/100000");
    let own = Target::Resource(shape.clusters[0]);
    let other = Target::Resource(shape.clusters[50_000]);
    for (what, target) in [("a yes through a group", own), ("a no", other)] {
        let principal = Principal::Member(shape.members[2]);
        group.bench_function(what, |bench| {
            bench.iter(|| {
                account.explain(black_box(principal), read, &target, Circumstances::question(now()))
            });
        });
    }
    let rare = account.catalog().permission("write:policies").unwrap_or_else(|| panic!());
    group.bench_function("a no that no custom role would change", |bench| {
        let principal = Principal::Member(shape.members[2]);
        bench.iter(|| {
            account.explain(black_box(principal), rare, &Target::Account, Circumstances::question(now()))
        });
    });
    group.finish();
    with_a_permit(criterion, account, &own);
}

/// A policy that could permit it to everybody and permits it to nobody: every candidate is asked until the page has done its
/// work.
fn with_a_permit(criterion: &mut Criterion, account: &Account, target: &Target) {
    let policy = Policy {
        name: Name::parse("Policy").unwrap_or_else(|_| panic!()),
        description: Description::default(),
        text: "permit(principal is User, action == Action::\"delete:clusters\", resource is Cluster) when { principal has clearance && principal.clearance > 9 };".into(),
        enabled: true,
    };
    let mut account = account.clone();
    account.apply(&[Event::PolicyCreated { id: PolicyId::from_uuid(uuid::Uuid::from_u128(1)), policy }]);
    account.prepare_search();
    let delete = account.catalog().permission("delete:clusters").unwrap_or_else(|| panic!());
    criterion.benchmark_group("search/100000").sample_size(10).bench_function(
        "a page of members whom a policy might permit",
        |bench| {
            let of = SubjectType::Member;
            bench.iter(|| {
                account.search_subjects(
                    of,
                    delete,
                    black_box(target),
                    Circumstances::question(now()),
                    Page::new(None, PAGE),
                )
            });
        },
    );
}

fn subjects(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("search/100000");
    for (how, through) in [("own grants", Through::OwnGrants), ("groups", Through::Groups)] {
        let shape = shape(100_000, through);
        let account = &shape.account;
        account.prepare_search();
        let target = Target::Resource(shape.clusters[5]);
        for name in ["read:clusters", "delete:clusters", "read:profile"] {
            let permission = account.catalog().permission(name).unwrap_or_else(|| panic!());
            group.bench_function(format!("first page of members: {name} through {how}"), |bench| {
                bench.iter(|| {
                    let of = SubjectType::Member;
                    account.search_subjects(
                        of,
                        permission,
                        black_box(&target),
                        Circumstances::question(now()),
                        Page::new(None, PAGE),
                    )
                });
            });
        }
        assert!(shape.grants.len() <= 100_000 && shape.roles.len() == 10_000);
    }
    group.finish();
}

/// The same account, as if it had never been searched.
fn unsearched(account: &Account) -> Account {
    let fresh = account.clone();
    assert!(!fresh.is_search_prepared());
    fresh
}

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
        .configure_from_args();
    search(&mut criterion);
    subjects(&mut criterion);
    criterion.final_summary();
}
