//! Ways round a policy by the external id of a thing: it gets free, and something else bears it that the policy does not bind.

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
