//! Ways round a policy by the external id of a thing: it gets free, and something else bears it that the policy does not bind.

use bailiwick_core::access::{Caller, Circumstances};
use bailiwick_core::account::Account;
use bailiwick_core::catalog::PermissionSet;
use proptest::prelude::*;

use super::{switch, text};
use crate::account::prelude::*;

/// Two projects, a cluster in the first one that control planes call `c1`, and somebody who manages clusters.
struct Freed {
    user: UserId,
    production: ProjectId,
    development: ProjectId,
    cluster: ResourceId,
}

impl Freed {
    fn new(given: &mut Given, permissions: &[&str]) -> Self {
        let user = given.member_who_may(permissions);
        let (production, development) = (given.project("Production"), given.project("Development"));
        let cluster = given.resource("cluster", Some(production), None);
        given.do_it(&described_as(cluster, Patch::Set(external("c1")), Some(text("production"))));
        Self { user, production, development, cluster }
    }

    /// All that makes the external id free.
    fn ways(&self) -> [Command; 3] {
        [
            Command::DeleteResource { resource: self.cluster },
            described_as(self.cluster, Patch::Clear, None),
            described_as(self.cluster, Patch::Set(external("other")), None),
        ]
    }

    fn refusals(&self, given: &Given) -> [Refusal; 3] {
        self.ways().map(|way| given.refused(self.user, &way))
    }

    fn assert_free(&self, given: &Given, policy: &str) {
        for way in self.ways() {
            let decided = given.decide(Actor::User(self.user), &way);
            assert!(decided.is_ok(), "{way:?} under {policy}: {decided:?}");
        }
    }
}

fn described_as(
    resource: ResourceId,
    external_id: Patch<ExternalId>,
    environment: Option<AttributeValue>,
) -> Command {
    let attributes = environment.map(|value| ("environment".into(), Some(value)));
    Command::EditResource {
        resource,
        name: None,
        external_id,
        url: Patch::Keep,
        attributes: attributes.into_iter().collect(),
    }
}

fn and_reads_data() -> Vec<&'static str> {
    [MANAGES_CLUSTERS, &["read:cluster_data"]].concat()
}

#[test]
fn a_forbid_of_one_place_or_kind_is_not_shed_even_while_it_sleeps() {
    let mut given = Given::new("bailiwick");
    let freed = Freed::new(&mut given, &and_reads_data());
    let data = "forbid(principal is User, action == Action::\"read:cluster_data\", resource";
    let environment = "resource has environment && resource.environment == \"production\"";
    let (place, cluster) = (freed.production, freed.cluster);
    for policy in [
        format!("{data} in Project::\"{place}\");"),
        format!("{data} == Cluster::\"{cluster}\");"),
        format!("{data}) when {{ resource in Project::\"{place}\" }};"),
        // The sequence begins on a Tuesday.
        format!("{data} in Project::\"{place}\") when {{ context.weekday == 7 }};"),
        format!("{data} in Project::\"{place}\") when {{ context.caller == \"question\" }};"),
        format!("{data} is Cluster) when {{ {environment} && context.caller == \"question\" }};"),
        format!("{data} is Cluster) when {{ {environment} }};").replace(" is User", ""),
    ] {
        let id = given.policy(&policy);
        for refusal in freed.refusals(&given) {
            assert!(matches!(refusal, Refusal::Lifts { .. }), "{policy}: {refusal:?}");
        }
        for way in freed.ways() {
            given.decide(Actor::User(given.owner), &way).unwrap();
        }
        given.do_it(&switch(id, false));
    }
    freed.assert_free(&given, "nothing");
}

#[test]
fn what_a_policy_permits_elsewhere_is_not_had_by_a_freed_external_id() {
    let mut given = Given::new("bailiwick");
    let freed = Freed::new(&mut given, MANAGES_CLUSTERS);
    let data = "permit(principal is User, action == Action::\"read:cluster_data\", resource";
    let other = given.resource("cluster", Some(freed.development), None);
    for policy in [
        format!("{data} in Project::\"{}\");", freed.development),
        format!("{data} == Cluster::\"{other}\");"),
        format!("{data} in Project::\"{}\") when {{ context.caller == \"question\" }};", freed.development),
        format!(
            "{data} is Cluster) unless {{ resource has environment && resource.environment == \"production\" }};"
        ),
    ] {
        let id = given.policy(&policy);
        for refusal in freed.refusals(&given) {
            assert!(matches!(refusal, Refusal::Above { .. }), "{policy}: {refusal:?}");
        }
        given.do_it(&switch(id, false));
    }
}

#[test]
fn policies_that_say_the_same_of_all_clusters_keep_nobody_from_freeing_an_external_id() {
    let mut given = Given::new("bailiwick");
    let freed = Freed::new(&mut given, &and_reads_data());
    for policy in [
        // Whatever is called `c1` next is bound alike.
        "forbid(principal is User, action == Action::\"read:cluster_data\", resource is Cluster);".to_owned(),
        "forbid(principal, action, resource is Cluster) when { context.weekday == 7 };".to_owned(),
        "permit(principal, action == Action::\"restore:backups\", resource is Cluster);".to_owned(),
        // Binds somebody else, or not this cluster.
        format!(
            "forbid(principal == User::\"{}\", action, resource in Project::\"{}\");",
            given.owner, freed.production
        ),
        format!("forbid(principal, action, resource in Project::\"{}\");", freed.development),
        "forbid(principal, action, resource is Cluster) when { resource has environment && resource.environment == \"development\" };"
            .to_owned(),
        // What it forbids they hold nowhere.
        format!(
            "forbid(principal, action == Action::\"write:cluster_data\", resource in Project::\"{}\");",
            freed.production
        ),
    ] {
        let id = given.policy(&policy);
        freed.assert_free(&given, &policy);
        given.do_it(&switch(id, false));
    }
}

#[test]
fn the_external_id_of_a_project_is_no_way_round_either() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[at_account("admin")]);
    let project = given.project("Production");
    let renamed = |external_id| Command::EditProject { project, name: None, description: None, external_id };
    given.do_it(&renamed(Patch::Set(external("p1"))));
    let ways = [renamed(Patch::Clear), Command::DeleteProject { project }];
    for way in &ways {
        given.decide(Actor::User(user), way).unwrap();
    }
    given.policy(&format!(
        "forbid(principal is User, action == Action::\"write:clusters\", resource in Project::\"{project}\") \
         when {{ context.weekday == 7 }};"
    ));
    for way in &ways {
        let refusal = given.refused(user, way);
        assert!(matches!(refusal, Refusal::Lifts { .. }), "{way:?}: {refusal:?}");
    }
}

#[test]
fn what_is_held_of_another_kind_keeps_nobody_from_deleting() {
    let mut given = Given::new("bailiwick");
    let freed = Freed::new(&mut given, &["read:profile"]);
    let manager = given.role("Manager", Level::Resource, MANAGES_CLUSTERS);
    given.grant(Principal::Member(freed.user), at(manager, Scope::resources([freed.cluster])));
    let volume = given.resource("volume", None, None);
    given.grant(Principal::Member(freed.user), at(built_in("volume_read_only"), Scope::resources([volume])));
    freed.assert_free(&given, "nothing");
    let reader = given.role("Reader", Level::Resource, &["read:cluster_data"]);
    given.grant(Principal::Member(freed.user), at(reader, Scope::resources([volume])));
    for refusal in freed.refusals(&given) {
        assert!(matches!(refusal, Refusal::Above { .. }), "{refusal:?}");
    }
}

/// What a policy is about and does, drawn by number.
fn drawn_policy(freed: &Freed, drawn: [u8; 4]) -> String {
    let [effect, action, place, condition] = drawn;
    let effect = ["forbid", "permit"][usize::from(effect % 2)];
    let action = ["write:clusters", "read:cluster_data", "restore:backups"][usize::from(action % 3)];
    let place = match place % 5 {
        0 => "resource is Cluster".to_owned(),
        1 => "resource".to_owned(),
        2 => format!("resource == Cluster::\"{}\"", freed.cluster),
        3 => format!("resource in Project::\"{}\"", freed.production),
        _ => format!("resource in Project::\"{}\"", freed.development),
    };
    let environment = "resource has environment && resource.environment == \"production\"";
    // Only clusters have the attribute.
    let (place, condition) = match condition % 7 {
        0 => (place, String::new()),
        1 => (place, "when { context.weekday == 7 }".to_owned()),
        2 => (place, "when { context.caller == \"question\" }".to_owned()),
        3 => (place, "unless { context.caller == \"question\" }".to_owned()),
        4 => ("resource is Cluster".to_owned(), format!("when {{ {environment} }}")),
        5 => ("resource is Cluster".to_owned(), format!("unless {{ {environment} }}")),
        _ => (
            "resource is Cluster".to_owned(),
            format!("when {{ ({environment}) && context.caller == \"question\" }}"),
        ),
    };
    format!("{effect}(principal is User, action == Action::\"{action}\", {place}) {condition};")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4 * crate::rules::cases().cases, ..crate::rules::cases() })]

    /// Whoever frees external ids and has something else bear them is answered by them as before at most.
    #[test]
    fn nobody_raises_what_they_are_answered_by_external_ids_that_were_there(
        permissions in proptest::collection::btree_set(0_usize..3, 1..3),
        level in 0_usize..3,
        policies in proptest::collection::vec(any::<[u8; 4]>(), 1..4),
        steps in proptest::collection::vec(any::<[u8; 4]>(), 2..8),
    ) {
        let mut given = Given::new("bailiwick");
        let freed = Freed::new(&mut given, &["read:profile"]);
        let other = given.resource("cluster", Some(freed.development), None);
        given.do_it(&described_as(other, Patch::Set(external("c2")), None));
        for (project, text) in [(freed.production, "p1"), (freed.development, "p2")] {
            let external_id = Patch::Set(external(text));
            given.do_it(&Command::EditProject { project, name: None, description: None, external_id });
        }
        let all = ["read:cluster_data", "write:cluster_data", "restore:backups"];
        let held: Vec<&str> = permissions.into_iter().map(|number| all[number]).collect();
        let level = [Level::Account, Level::Project, Level::Resource][level];
        let scope = match level {
            Level::Account => Scope::Account,
            Level::Project => Scope::Project(freed.production),
            Level::Resource => Scope::resources([freed.cluster]),
        };
        let role = given.role("Drawn", level, &held);
        given.grant(Principal::Member(freed.user), at(role, scope));
        // Who may manage all of it everywhere differs by the rest alone.
        let managing = [MANAGES_CLUSTERS, &["write:projects", "delete:projects"]].concat();
        let managing = given.role("Managing", Level::Account, &managing);
        given.grant(Principal::Member(freed.user), at(managing, Scope::Account));
        for policy in &policies {
            given.policy(&drawn_policy(&freed, *policy));
        }
        let principal = Principal::Member(freed.user);
        let (now, sunday) = (given.now, given.later(5 * 86_400));
        let ways: Vec<Circumstances<'static>> = [now, sunday]
            .into_iter()
            .flat_map(|at| {
                let plain = Circumstances::question(at);
                [plain, Circumstances { caller: Caller::Person, ..plain }]
            })
            .collect();
        let names = [("cluster", "c1"), ("cluster", "c2"), ("project", "p1"), ("project", "p2")];
        let answered = |account: &Account| -> Vec<PermissionSet> {
            let each = names.iter().flat_map(|(of, name)| {
                let target = account.target(of, name);
                let allowed = move |way: &Circumstances<'static>| {
                    let all = target.map(|target| account.allowed_at(principal, &target, *way));
                    all.unwrap_or_default().intersection(&account.catalog().resource_permissions())
                };
                ways.iter().map(allowed).collect::<Vec<_>>()
            });
            each.collect()
        };
        let before = answered(&given.account);
        for [kind, what, name, how] in steps {
            let clusters: Vec<ResourceId> = given.account.resources_after(None).map(|(id, _)| id).collect();
            let resource = clusters.get(usize::from(what) % clusters.len().max(1)).copied();
            let project = [freed.production, freed.development][usize::from(how % 2)];
            let id = external(["c1", "c1", "c3"][usize::from(name % 3)]);
            let of_project = external(["p1", "p2", "p3"][usize::from(name % 3)]);
            let environment = [None, Some("production"), Some("development")][usize::from(how / 2 % 3)];
            let attributes = environment.map(|value| ("environment".into(), text(value)));
            let command = match (kind % 7, resource) {
                (0, Some(resource)) => Command::DeleteResource { resource },
                (1, Some(resource)) => described_as(resource, Patch::Clear, None),
                (2, Some(resource)) => described_as(resource, Patch::Set(id), None),
                (3, Some(resource)) => described_as(resource, Patch::Keep, environment.map(text)),
                (4, _) => Command::EditProject {
                    project,
                    name: None,
                    description: None,
                    external_id: if what % 2 == 0 { Patch::Clear } else { Patch::Set(of_project) },
                },
                (5, _) => Command::DeleteProject { project },
                _ => Command::RegisterResources {
                    resources: vec![ResourceSpec {
                        resource_type: "cluster".into(),
                        name: bailiwick_core::values::Name::parse("Drawn").unwrap(),
                        project: Some(project),
                        parent: None,
                        external_id: Some(id),
                        url: None,
                        attributes: attributes.into_iter().collect(),
                    }],
                },
            };
            if given.when(freed.user, &command).is_err() {
                continue;
            }
            for (place, (was, is)) in before.iter().zip(answered(&given.account)).enumerate() {
                let raised = is.difference(was);
                let raised: Vec<&str> = given.account.catalog().permission_names(raised).collect();
                let texts: Vec<_> = policies.iter().map(|policy| drawn_policy(&freed, *policy)).collect();
                prop_assert!(
                    raised.is_empty(),
                    "{raised:?} on {:?} by {command:?} under {texts:?}",
                    names[place / ways.len()]
                );
            }
        }
    }
}
