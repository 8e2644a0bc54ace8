//! Checks and changes at three sizes: `cargo bench -p bailiwick-core --bench access`.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "a benchmark: what does not fit may stop it"
)]

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use bailiwick_core::access::{Circumstances, Question, Target};
use bailiwick_core::account::{
    Account, Actor, Command, Event, Loader, Policy, Principal, RoleAtScope, RoleRef, Row, RowParser, Scope,
};
use bailiwick_core::ids::{Id, PolicyId, Revision, UserId};
use bailiwick_core::values::{Description, Name};
use criterion::{BatchSize, BenchmarkId, Criterion};

#[path = "shape/account.rs"]
mod shape;

use shape::{Shape, Through, catalog, ids, now, shape};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// Questions that are asked in turn: more than any cache of the processor holds the answers to.
const QUESTIONS: usize = 65_536;

/// The text of an id, in place: a question comes out of a request that was just read, not from all over memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Text([u8; 36]);

impl Text {
    fn of(id: &impl std::fmt::Display) -> Self {
        Self(id.to_string().into_bytes().try_into().unwrap_or([0; 36]))
    }

    #[inline]
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Texts of a random member and the cluster where that member has a grant, or, every second time, of another cluster.
fn questions(shape: &Shape) -> Vec<(Text, Text)> {
    let mut random = ids();
    let mut below = |limit: usize| usize::try_from(random().as_u128() & 0xFFFF_FFFF).unwrap_or(0) % limit;
    let question = |number: usize| {
        let member = below(shape.members.len());
        let cluster = if number.is_multiple_of(2) { member / 100 } else { below(shape.clusters.len()) };
        (Text::of(&shape.members[member]), Text::of(&shape.clusters[cluster]))
    };
    (0..QUESTIONS).map(question).collect()
}

/// The next of many, again and again.
struct Turn<'a, T>(&'a [T], usize);

impl<'a, T> Turn<'a, T> {
    fn next(&mut self) -> &'a T {
        self.1 = (self.1 + 1) % self.0.len();
        &self.0[self.1]
    }
}

fn check(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("check");
    for through in [Through::OwnGrants, Through::Groups] {
        for size in SIZES {
            if through == Through::Groups && size != 100_000 {
                continue;
            }
            let shape = shape(size, through);
            let texts = questions(&shape);
            let yes =
                |(user, cluster): &(Text, Text)| evaluate(&shape.account, user.as_str(), cluster.as_str());
            assert!(texts.iter().step_by(2).all(yes) && !texts.iter().skip(1).step_by(2).all(yes));
            let id = |what: &str| BenchmarkId::new(what, format!("{size} {through:?}"));
            let mut turn = Turn(&texts, 0);
            group.bench_function(id("texts"), |bench| {
                bench.iter(|| {
                    let (user, cluster) = turn.next();
                    evaluate(&shape.account, black_box(user.as_str()), black_box(cluster.as_str()))
                });
            });
            let permission = shape.account.catalog().permission("read:clusters").unwrap_or_else(|| panic!());
            let parsed: Vec<(Principal, Target)> = texts
                .iter()
                .map(|(user, cluster)| {
                    let principal =
                        shape.account.principal("user", user.as_str()).unwrap_or_else(|| panic!());
                    (principal, shape.account.target("cluster", cluster.as_str()).unwrap_or_else(|| panic!()))
                })
                .collect();
            let mut turn = Turn(&parsed, 0);
            group.bench_function(id("ids"), |bench| {
                bench.iter(|| {
                    let (principal, target) = turn.next();
                    shape.account.check(
                        black_box(*principal),
                        permission,
                        black_box(target),
                        Circumstances::question(now()),
                    )
                });
            });
            // What nobody can beat with a hash map: both texts looked up and one bit tested.
            let users: HashMap<String, u64> = shape.members.iter().map(|id| (id.to_string(), 1)).collect();
            let clusters: HashMap<String, u64> =
                shape.clusters.iter().map(|id| (id.to_string(), 3)).collect();
            let mut turn = Turn(&texts, 0);
            group.bench_function(id("two std hash look-ups"), |bench| {
                bench.iter(|| {
                    let (user, cluster) = turn.next();
                    let user = users.get(black_box(user.as_str())).unwrap_or(&0);
                    user & clusters.get(black_box(cluster.as_str())).unwrap_or(&0) & 1 == 1
                });
            });
        }
    }
    group.finish();
}

#[inline]
fn evaluate(account: &Account, user: &str, cluster: &str) -> bool {
    let question = Question {
        subject_type: "user",
        subject_id: user,
        action: "read:clusters",
        resource_type: "cluster",
        resource_id: cluster,
    };
    account.evaluate(&question, Circumstances::question(now()))
}

fn questions_for_people(criterion: &mut Criterion) {
    let shape = shape(100_000, Through::OwnGrants);
    let mut members = Turn(&shape.members, 0);
    let target = Target::Resource(shape.clusters[5]);
    let permission = shape.account.catalog().permission("read:clusters").unwrap_or_else(|| panic!());
    criterion.bench_function("effective_at/100000", |bench| {
        bench.iter(|| shape.account.effective_at(Principal::Member(*members.next()), &target, now()));
    });
    criterion.bench_function("effective/100000", |bench| {
        bench.iter(|| shape.account.effective(Principal::Member(*members.next()), now()));
    });
    criterion.bench_function("explain/100000", |bench| {
        bench.iter(|| {
            shape.account.explain(
                Principal::Member(*members.next()),
                permission,
                &target,
                Circumstances::question(now()),
            )
        });
    });
}

/// One policy that applies, with a condition that reads attributes, and one that does not look further than who and what.
fn policies(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("policy");
    let texts = [
        ("scope", "forbid(principal is ServiceAccount, action == Action::\"read:clusters\", resource);"),
        (
            "condition",
            "forbid(principal is User, action == Action::\"read:clusters\", resource is Cluster) when { principal has department && principal.department == \"research\" };",
        ),
        (
            "time",
            "forbid(principal is User, action == Action::\"read:clusters\", resource) when { context.time.toTime() < duration(\"1h\") };",
        ),
    ];
    for (what, text) in texts {
        let mut shape = shape(10_000, Through::OwnGrants);
        let policy = Policy {
            name: Name::parse("Policy").unwrap_or_else(|_| panic!()),
            description: Description::default(),
            text: text.into(),
            enabled: true,
        };
        shape
            .account
            .apply(&[Event::PolicyCreated { id: PolicyId::from_uuid(uuid::Uuid::from_u128(1)), policy }]);
        let permission = shape.account.catalog().permission("read:clusters").unwrap_or_else(|| panic!());
        // Those who hold it there: a forbid is not asked of whom nothing is granted.
        let holders = &shape.members[500..600];
        let target = Target::Resource(shape.clusters[5]);
        let allowed = |user: &UserId| {
            shape.account.check(Principal::Member(*user), permission, &target, Circumstances::question(now()))
        };
        assert!(holders.iter().all(allowed));
        let mut members = Turn(holders, 0);
        group.bench_function(what, |bench| {
            bench.iter(|| {
                let principal = Principal::Member(*members.next());
                shape.account.check(
                    black_box(principal),
                    permission,
                    black_box(&target),
                    Circumstances::question(now()),
                )
            });
        });
    }
    group.finish();
}

fn changes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("change");
    for size in [1_000, 100_000] {
        let shape = shape(size, Through::OwnGrants);
        let owner = shape.account.grants_after(None).find_map(|(_, grant)| match grant.value.principal {
            Principal::Member(user) if grant.value.scope == Scope::Account => Some(user),
            _ => None,
        });
        let owner = Actor::User(owner.unwrap_or(shape.members[0]));
        let mut members = Turn(&shape.members, 0);
        let mut next = ids();
        group.bench_function(BenchmarkId::new("deactivate", size), |bench| {
            bench.iter(|| {
                let command = Command::DeactivateMember { user: *members.next() };
                shape.account.decide(owner, &command, Circumstances::question(now()), &mut next)
            });
        });
        let mut account = shape.account.clone();
        group.bench_function(BenchmarkId::new("grant and go on", size), |bench| {
            bench.iter(|| {
                let grant = RoleAtScope {
                    role: RoleRef::BuiltIn("viewer".into()),
                    scope: Scope::Account,
                    until: None,
                };
                let principal = Principal::Member(*members.next());
                if let Ok(decided) = account.decide(
                    owner,
                    &Command::Grant { principal, grant },
                    Circumstances::question(now()),
                    &mut next,
                ) {
                    account = decided.account;
                }
            });
        });
        let mut clusters = Turn(&shape.clusters, 0);
        group.bench_function(BenchmarkId::new("delete resource", size), |bench| {
            bench.iter(|| {
                let command = Command::DeleteResource { resource: *clusters.next() };
                shape.account.decide(owner, &command, Circumstances::question(now()), &mut next)
            });
        });
        assert_eq!(shape.grants.len(), size);
    }
    group.finish();
}

fn load(criterion: &mut Criterion) {
    let shape = shape(100_000, Through::OwnGrants);
    let account = &shape.account;
    let row = |key: bailiwick_core::account::EntityKey| {
        (
            key.kind(),
            key.id(),
            account.revision_of(key).unwrap_or_default(),
            account.row_body(key).unwrap_or_default(),
        )
    };
    let rows: Vec<_> = account.entity_keys().into_iter().map(row).collect();
    let catalog = catalog();
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10).measurement_time(Duration::from_secs(8));
    group.bench_function("100000 members with a grant each", |bench| {
        bench.iter_batched(
            || (),
            |()| {
                let mut parser = RowParser::new();
                let mut loader = Loader::new(account.id(), Arc::clone(&catalog));
                for (kind, id, revision, body) in &rows {
                    let row = Row { kind, id, revision: *revision, body };
                    if let Some(parsed) = parser.row(row).unwrap_or_else(|error| panic!("{error}")) {
                        loader.put(parsed);
                    }
                }
                loader.put(parser.rest());
                loader.finish(Revision(1))
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
    assert_eq!(shape.roles.len(), 10_000);
}

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20)
        .configure_from_args();
    check(&mut criterion);
    questions_for_people(&mut criterion);
    policies(&mut criterion);
    changes(&mut criterion);
    load(&mut criterion);
    criterion.final_summary();
}
