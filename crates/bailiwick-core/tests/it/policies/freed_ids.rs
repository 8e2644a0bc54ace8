//! Ways round a policy by the external id of a thing: it gets free, and something else bears it that the policy does not bind.

use std::collections::BTreeMap;

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

    /// Somewhere else, and described otherwise.
    fn others(&self) -> [Command; 3] {
        [
            again(self.development, Some("production")),
            again(self.production, Some("development")),
            again(self.production, None),
        ]
    }
}

/// Registers a cluster that bears the freed id.
fn again(project: ProjectId, environment: Option<&str>) -> Command {
    let attributes = environment.map(|value| ("environment".into(), text(value)));
    Command::RegisterResources {
        resources: vec![ResourceSpec {
            resource_type: "cluster".into(),
            name: name("Again"),
            project: Some(project),
            parent: None,
            external_id: Some(external("c1")),
            url: None,
            attributes: attributes.into_iter().collect(),
        }],
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

/// Each way of freeing the id is open; then each of these commands of somebody is refused for what bore it, or none.
fn assert_refused(
    given: &Given,
    freed: &Freed,
    by: Actor,
    commands: &[Command],
    is_refused: bool,
    policy: &str,
) {
    for way in freed.ways() {
        let mut given = given.fork();
        given.by(by, &way).unwrap_or_else(|refusal| panic!("{way:?} under {policy}: {refusal}"));
        for command in commands {
            let decided = given.decide(by, command);
            let refused = matches!(decided, Err(Refusal::BorneByAnother { .. }));
            assert!(
                refused == is_refused && (refused || decided.is_ok()),
                "{command:?} under {policy}: {decided:?}"
            );
        }
        for command in commands {
            given.decide(Actor::User(given.owner), command).unwrap();
        }
    }
}

#[test]
fn a_forbid_of_one_place_or_kind_is_not_shed_even_while_it_sleeps() {
    let mut given = Given::new("bailiwick");
    let freed = Freed::new(&mut given, &and_reads_data());
    let by = Actor::User(freed.user);
    let data = "forbid(principal is User, action == Action::\"read:cluster_data\", resource";
    let environment = "resource has environment && resource.environment == \"production\"";
    let (place, cluster) = (freed.production, freed.cluster);
    let here = again(place, Some("production"));
    for (policy, others) in [
        (format!("{data} in Project::\"{place}\");"), &freed.others()[..1]),
        (format!("{data}) when {{ resource in Project::\"{place}\" }};"), &freed.others()[..1]),
        // The sequence begins on a Tuesday.
        (format!("{data} in Project::\"{place}\") when {{ context.weekday == 7 }};"), &freed.others()[..1]),
        (
            format!("{data} in Project::\"{place}\") when {{ context.caller == \"question\" }};"),
            &freed.others()[..1],
        ),
        (
            format!("{data} is Cluster) when {{ {environment} && context.caller == \"question\" }};"),
            &freed.others()[1..],
        ),
        (
            format!("{data} is Cluster) when {{ {environment} }};").replace(" is User", ""),
            &freed.others()[1..],
        ),
    ] {
        let id = given.policy(&policy);
        assert_refused(&given, &freed, by, others, true, &policy);
        assert_refused(&given, &freed, by, std::slice::from_ref(&here), false, &policy);
        given.do_it(&switch(id, false));
    }
    // What is named by itself is nowhere else, be it at the same place.
    let policy = format!("{data} == Cluster::\"{cluster}\");");
    given.policy(&policy);
    assert_refused(&given, &freed, by, &[here], true, &policy);
}

#[test]
fn what_a_policy_permits_elsewhere_is_not_had_by_a_freed_external_id() {
    let mut given = Given::new("bailiwick");
    let freed = Freed::new(&mut given, MANAGES_CLUSTERS);
    let by = Actor::User(freed.user);
    let data = "permit(principal is User, action == Action::\"read:cluster_data\", resource";
    for (policy, others) in [
        (format!("{data} in Project::\"{}\");", freed.development), &freed.others()[..1]),
        (
            format!(
                "{data} in Project::\"{}\") when {{ context.caller == \"question\" }};",
                freed.development
            ),
            &freed.others()[..1],
        ),
        (
            format!(
                "{data} is Cluster) unless {{ resource has environment && resource.environment == \"production\" }};"
            ),
            &freed.others()[2..],
        ),
    ] {
        let id = given.policy(&policy);
        assert_refused(&given, &freed, by, others, true, &policy);
        given.do_it(&switch(id, false));
    }
    // What was there before and was permitted by its own id.
    let other = given.resource("cluster", Some(freed.development), None);
    let policy = format!("{data} == Cluster::\"{other}\");");
    given.policy(&policy);
    assert_refused(
        &given,
        &freed,
        by,
        &[described_as(other, Patch::Set(external("c1")), None)],
        true,
        &policy,
    );
}

#[test]
fn policies_that_say_the_same_of_all_clusters_keep_nobody_from_giving_an_external_id_on() {
    let mut given = Given::new("bailiwick");
    let freed = Freed::new(&mut given, &and_reads_data());
    for policy in [
        // Whatever is called `c1` next is bound alike.
        "forbid(principal is User, action == Action::\"read:cluster_data\", resource is Cluster);".to_owned(),
        "forbid(principal, action == Action::\"read:cluster_data\", resource is Cluster) when { context.weekday == 7 };"
            .to_owned(),
        "permit(principal, action == Action::\"restore:backups\", resource is Cluster);".to_owned(),
        // Binds somebody else in what they hold, or not this cluster.
        format!(
            "forbid(principal == User::\"{}\", action == Action::\"read:cluster_data\", resource in Project::\"{}\");",
            given.owner, freed.production
        ),
        format!(
            "forbid(principal, action == Action::\"read:cluster_data\", resource in Project::\"{}\");",
            freed.development
        ),
    ] {
        let id = given.policy(&policy);
        assert_refused(&given, &freed, Actor::User(freed.user), &freed.others(), false, &policy);
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
    given.policy(&format!(
        "forbid(principal is User, action == Action::\"write:clusters\", resource in Project::\"{project}\") \
         when {{ context.weekday == 7 }};"
    ));
    let again = Command::CreateProject {
        name: name("Again"),
        description: Description::default(),
        external_id: Some(external("p1")),
    };
    for way in [renamed(Patch::Clear), Command::DeleteProject { project }] {
        let mut given = given.fork();
        given.when(user, &way).unwrap();
        let refusal = given.refused(user, &again);
        assert!(matches!(refusal, Refusal::BorneByAnother { .. }), "{way:?}: {refusal:?}");
        given.do_it(&again);
    }
}

#[test]
fn nobody_comes_by_what_is_granted_elsewhere_be_it_through_another() {
    let mut given = Given::new("bailiwick");
    let freed = Freed::new(&mut given, MANAGES_CLUSTERS);
    let reader = given.role("Reader", Level::Project, &["read:cluster_data"]);
    let elsewhere = again(freed.development, Some("production"));
    let manager = given.role("Manager", Level::Account, MANAGES_CLUSTERS);
    let machine = given.machine("Deployer", &[at(manager, Scope::Account)]);
    for by in [Actor::User(freed.user), machine] {
        // Nobody has anything there that they do not have here.
        assert_refused(&given, &freed, by, std::slice::from_ref(&elsewhere), false, "nothing");
    }
    let grant =
        given.grant(Principal::Member(freed.user), at(reader.clone(), Scope::Project(freed.development)));
    for by in [Actor::User(freed.user), machine] {
        assert_refused(&given, &freed, by, std::slice::from_ref(&elsewhere), true, "a grant");
    }
    given.do_it(&Command::RevokeGrant { grant });
    // Whoever is invited has it when they accept, and managing access is access.
    let managing = given.role("Managing", Level::Project, &["write:roles", "read:roles"]);
    for role in [&reader, &managing] {
        let (_, invitation) = given.pending(&[at(role.clone(), Scope::Project(freed.development))]);
        assert_refused(&given, &freed, machine, std::slice::from_ref(&elsewhere), true, "an invitation");
        given.do_it(&Command::RevokeInvitation { invitation });
    }
    // Who has it of another kind, or in the whole account, gives nothing.
    let volumes =
        Scope::AllOf(AllOf { resource_type: "volume".into(), project: Some(freed.development) }.into());
    given.grant(Principal::Member(freed.user), at(built_in("volume_read_only"), volumes));
    assert_refused(&given, &freed, machine, std::slice::from_ref(&elsewhere), false, "volumes");
    given.grant(Principal::Member(freed.user), at(reader, Scope::Project(freed.development)));
    let all = given.role("Reads all", Level::Account, &["read:cluster_data"]);
    given.grant(Principal::Member(freed.user), at(all, Scope::Account));
    assert_refused(&given, &freed, Actor::User(freed.user), &[elsewhere], false, "the whole account");
}

#[test]
fn a_machine_that_may_only_manage_moves_nothing_out_of_a_forbid() {
    let mut given = Given::new("bailiwick");
    let freed = Freed::new(&mut given, MANAGES_CLUSTERS);
    let admin = given.member(&[at_account("admin")]);
    given.policy(&format!(
        "forbid(principal is User, action == Action::\"read:cluster_data\", resource in Project::\"{}\");",
        freed.production
    ));
    let manager = given.role("Manager", Level::Account, MANAGES_CLUSTERS);
    given
        .when(
            admin,
            &Command::CreateServiceAccount {
                name: name("Proxy"),
                description: Description::default(),
                external_id: None,
                grants: vec![at(manager, Scope::Account)],
            },
        )
        .unwrap();
    let id = given.account.service_account_named("Proxy").unwrap();
    let proxy = Actor::ServiceAccount { id, key: given.key(id) };
    let elsewhere = again(freed.development, Some("production"));
    assert_refused(&given, &freed, proxy, std::slice::from_ref(&elsewhere), true, "the machine");
    given.by(proxy, &Command::DeleteResource { resource: freed.cluster }).unwrap();
    let refusal = given.refused(admin, &elsewhere);
    assert!(matches!(refusal, Refusal::BorneByAnother { .. }), "{refusal:?}");
}

#[test]
fn what_held_a_freed_thing_and_is_gone_counts_as_it_was() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[at_account("admin")]);
    let (gone, stays) = (given.project("Production"), given.project("Development"));
    let cluster = given.resource("cluster", Some(gone), None);
    let database = given.resource("database", None, Some(cluster));
    given.do_it(&described_as(database, Patch::Set(external("d1")), None));
    let other = given.resource("cluster", Some(stays), None);
    given.policy(&format!(
        "forbid(principal is User, action == Action::\"write:databases\", resource in Cluster::\"{cluster}\") \
         when {{ context.weekday == 7 }};"
    ));
    for command in [
        Command::DeleteResource { resource: database },
        Command::DeleteResource { resource: cluster },
        Command::DeleteProject { project: gone },
    ] {
        given.when(user, &command).unwrap();
    }
    let again = Command::RegisterResources {
        resources: vec![ResourceSpec {
            resource_type: "database".into(),
            name: name("Again"),
            project: None,
            parent: Some(other),
            external_id: Some(external("d1")),
            url: None,
            attributes: Attributes::default(),
        }],
    };
    let refusal = given.refused(user, &again);
    assert!(matches!(refusal, Refusal::BorneByAnother { .. }), "{refusal:?}");
}

#[test]
fn who_is_called_by_the_name_of_another_sheds_none_of_their_forbids() {
    let mut given = Given::new("bailiwick");
    let (user, bound) = (given.member(&[at_account("admin")]), given.member(&[]));
    let called =
        |user, external_id| Command::EditMember { user, external_id, attributes: BTreeMap::default() };
    given.do_it(&called(bound, Patch::Set(external("emp-7"))));
    let machine = |text: &str| Command::CreateServiceAccount {
        name: name(text),
        description: Description::default(),
        external_id: Some(external("emp-7")),
        grants: vec![at_account("admin")],
    };
    let takes = called(user, Patch::Set(external("emp-7")));
    // Where there is no policy there is none to shed; one that is disabled may come back.
    let events = given.fork().do_it(&called(bound, Patch::Clear));
    assert!(matches!(&events[..], [Event::MemberEdited { .. }]), "{events:?}");
    let id = given.policy(&format!("forbid(principal == User::\"{bound}\", action, resource);"));
    given.do_it(&switch(id, false));
    let events = given.fork().do_it(&called(bound, Patch::Clear));
    assert!(matches!(&events[..], [Event::ExternalIdFreed { .. }, _]), "{events:?}");
    for (policy, is_refused) in [
        (format!("forbid(principal == User::\"{bound}\", action, resource);"), true),
        // Binds either of them.
        (
            "forbid(principal is User, action == Action::\"delete:clusters\", resource is Cluster);"
                .to_owned(),
            false,
        ),
    ] {
        let id = given.policy(&policy);
        for way in [called(bound, Patch::Clear), Command::RemoveMember { user: bound }] {
            let mut given = given.fork();
            given.when(user, &way).unwrap();
            let decided = given.decide(Actor::User(user), &takes);
            assert_eq!(
                matches!(decided, Err(Refusal::BorneByAnother { .. })),
                is_refused,
                "{policy}: {decided:?}"
            );
            // A question need not name the kind of who it is about.
            let decided = given.decide(Actor::User(user), &machine("Machine"));
            assert!(
                matches!(decided, Err(Refusal::BorneByAnother { .. } | Refusal::KeptBack { .. })),
                "{decided:?}"
            );
            given.do_it(&takes);
        }
        given.do_it(&switch(id, false));
    }
    // Machines made anew are no others to a policy that names one.
    let [Event::ServiceAccountCreated { id, .. }, ..] = given.do_it(&machine("Machine"))[..] else {
        panic!()
    };
    given.policy(&format!(
        "forbid(principal == ServiceAccount::\"{id}\", action == Action::\"delete:clusters\", resource) \
        when {{ context.weekday == 7 }};"
    ));
    given.when(user, &Command::DeleteServiceAccount { service_account: id }).unwrap();
    given.decide(Actor::User(user), &machine("Other")).unwrap();
    given.do_it(&called(user, Patch::Set(external("emp-8"))));
}

#[test]
fn after_thirty_days_an_external_id_is_like_a_new_one() {
    let mut given = Given::new("bailiwick");
    let freed = Freed::new(&mut given, &and_reads_data());
    given.policy(&format!(
        "forbid(principal is User, action == Action::\"read:cluster_data\", resource in Project::\"{}\");",
        freed.production
    ));
    let events = given.when(freed.user, &Command::DeleteResource { resource: freed.cluster }).unwrap();
    assert!(events.iter().any(|event| event.type_name() == "external_id.freed"), "{events:?}");
    let elsewhere = again(freed.development, Some("production"));
    given.pass(limits::FORMER_BEARER_SECONDS - 1);
    let Refusal::BorneByAnother { until, .. } = given.refused(freed.user, &elsewhere) else { panic!() };
    assert_eq!(until, given.later(1));
    assert_eq!(given.account.next_deadline(), Some(until));
    given.pass(1);
    given.decide(Actor::User(freed.user), &elsewhere).unwrap();
    let events = given.lapse(10);
    assert!(matches!(&events[..], [Event::ExternalIdForgotten { .. }]), "{events:?}");
    assert_eq!(given.account.next_deadline(), None);
}

#[test]
fn one_free_external_id_is_remembered_once() {
    let mut given = Given::new("bailiwick");
    let freed = Freed::new(&mut given, MANAGES_CLUSTERS);
    let formers = |given: &Given| {
        let keys = given.account.entity_keys().into_iter();
        keys.filter(|key| matches!(key, EntityKey::FormerBearer(_))).count()
    };
    given.do_it(&Command::DeleteResource { resource: freed.cluster });
    for _ in 0..3 {
        let [Event::ResourceRegistered { id, .. }] = given.do_it(&again(freed.production, None))[..] else {
            panic!()
        };
        given.do_it(&Command::DeleteResource { resource: id });
        assert_eq!(formers(&given), 1);
    }
    // A volume of that name is another thing, and makes nobody forget the cluster.
    let volume = given.resource("volume", None, None);
    given.do_it(&described_as(volume, Patch::Set(external("c1")), None));
    given.do_it(&Command::DeleteResource { resource: volume });
    assert_eq!(formers(&given), 2);
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

    /// Whoever frees external ids and has something else bear them, or has a machine do it that they made, is answered by them as
    /// before at most.
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
        let managing = [MANAGES_CLUSTERS, &["write:projects", "delete:projects", "write:management_keys"]].concat();
        let managing = given.role("Managing", Level::Account, &managing);
        given.grant(Principal::Member(freed.user), at(managing.clone(), Scope::Account));
        for policy in &policies {
            given.policy(&drawn_policy(&freed, *policy));
        }
        // A machine in which they have somebody who does it for them, if they may make it.
        let made = given.when(freed.user, &Command::CreateServiceAccount {
            name: name("Proxy"),
            description: Description::default(),
            external_id: None,
            grants: vec![at(managing, Scope::Account)],
        });
        let user = Actor::User(freed.user);
        let proxy = given.account.service_account_named("Proxy").filter(|_| made.is_ok());
        let proxy = proxy.map_or(user, |id| Actor::ServiceAccount { id, key: given.key(id) });
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
                    all.unwrap_or_default()
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
            let id = external(["c1", "c2", "c3"][usize::from(name % 3)]);
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
            let by = if how.is_multiple_of(3) { proxy } else { user };
            if given.by(by, &command).is_err() {
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
