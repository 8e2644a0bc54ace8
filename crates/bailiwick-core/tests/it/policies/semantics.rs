//! What policies decide: a table of texts, and what each makes of the same few questions.

use bailiwick_core::access::{Asserted, Caller, Circumstances, Target};
use jiff::Timestamp;

use super::text;
use crate::account::prelude::*;

/// Ann works in `research` and holds `viewer` at the account; Bob is an admin; both clusters are in the default project.
struct Scene {
    given: Given,
    ann: UserId,
    bob: UserId,
    group: GroupId,
    machine: ServiceAccountId,
    development: ResourceId,
    production: ResourceId,
}

fn scene() -> Scene {
    let mut given = Given::new("bailiwick");
    let ann = given.member(&[at_account("editor")]);
    let bob = given.member(&[at_account("admin")]);
    let machine = given.service_account("Machine", &[]);
    let group = given.group("Night shift");
    given.do_it(&Command::AddToGroup { group, member: Principal::Member(ann) });
    given.do_it(&Command::EditMember {
        user: ann,
        external_id: Patch::Keep,
        attributes: [
            ("department".into(), Some(text("research"))),
            ("clearance".into(), Some(AttributeValue::Number(3))),
            ("contractor".into(), Some(AttributeValue::Bool(true))),
            ("regions".into(), Some(AttributeValue::List(vec!["us".into(), "eu".into(), "eu".into()]))),
        ]
        .into(),
    });
    let mut cluster = |environment: &str| {
        let resource = given.resource("cluster", None, None);
        given.do_it(&Command::EditResource {
            resource,
            name: None,
            external_id: Patch::Keep,
            url: Patch::Keep,
            attributes: [("environment".into(), Some(text(environment)))].into(),
        });
        resource
    };
    let (development, production) = (cluster("development"), cluster("production"));
    Scene { given, ann, bob, group, machine, development, production }
}

impl Scene {
    fn asks(&self, who: Principal, permission: &str, at: Target, circumstances: Circumstances<'_>) -> bool {
        let permission = self.given.account.catalog().permission(permission).unwrap();
        self.given.account.check(who, permission, &at, circumstances)
    }

    fn may(&self, who: UserId, permission: &str, resource: ResourceId) -> bool {
        let now = self.given.now;
        self.asks(
            Principal::Member(who),
            permission,
            Target::Resource(resource),
            Circumstances::question(now),
        )
    }

    /// The scene with one policy, in whose text names stand for ids.
    fn with(policy: &str) -> Self {
        let mut scene = scene();
        let Self { given, ann, group, machine, development, .. } = &scene;
        let names = [
            ("ANN", format!("User::\"{ann}\"")),
            ("GROUP", format!("Group::\"{group}\"")),
            ("MACHINE", format!("ServiceAccount::\"{machine}\"")),
            ("DEVELOPMENT", format!("Cluster::\"{development}\"")),
            ("PROJECT", format!("Project::\"{}\"", given.default_project())),
            ("ACCOUNT", format!("Account::\"{}\"", given.account.id())),
        ];
        let text = names.iter().fold(policy.to_owned(), |text, (name, id)| text.replace(name, id));
        scene.given.policy(&text);
        scene
    }
}

#[test]
fn what_each_text_decides() {
    // The text, and whether Ann (editor) may delete: the development cluster, the production cluster; and whether the
    // machine, which holds nothing, may.
    let cases: &[(&str, [bool; 3])] = &[
        ("forbid(principal, action, resource);", [false, false, false]),
        ("forbid(principal, action == Action::\"delete:clusters\", resource);", [false, false, false]),
        ("forbid(principal, action in Action::\"delete\", resource);", [false, false, false]),
        (
            "forbid(principal, action in [Action::\"read\", Action::\"delete:clusters\"], resource);",
            [false, false, false],
        ),
        ("forbid(principal, action == Action::\"write:clusters\", resource);", [true, true, false]),
        ("forbid(principal == ANN, action, resource);", [false, false, false]),
        ("forbid(principal in ANN, action, resource);", [false, false, false]),
        ("forbid(principal == MACHINE, action, resource);", [true, true, false]),
        ("forbid(principal in GROUP, action, resource);", [false, false, false]),
        ("forbid(principal is User in GROUP, action, resource);", [false, false, false]),
        ("forbid(principal is ServiceAccount in GROUP, action, resource);", [true, true, false]),
        ("forbid(principal is ServiceAccount, action, resource);", [true, true, false]),
        ("forbid(principal, action, resource == DEVELOPMENT);", [false, true, false]),
        ("forbid(principal, action, resource in DEVELOPMENT);", [false, true, false]),
        ("forbid(principal, action, resource in PROJECT);", [false, false, false]),
        ("forbid(principal, action, resource in ACCOUNT);", [false, false, false]),
        ("forbid(principal, action, resource == ACCOUNT);", [true, true, false]),
        ("forbid(principal, action, resource is Cluster);", [false, false, false]),
        ("forbid(principal, action, resource is Volume);", [true, true, false]),
        ("forbid(principal, action, resource is Cluster in DEVELOPMENT);", [false, true, false]),
        (
            "forbid(principal, action, resource is Cluster) when { resource has environment && resource.environment == \"production\" };",
            [true, false, false],
        ),
        // A sum that overflows cannot be evaluated: the forbid forbids, and the permit does not permit.
        (
            "forbid(principal is User, action, resource) when { principal has clearance && principal.clearance + 9223372036854775807 < 0 };",
            [false, false, false],
        ),
        (
            "forbid(principal is User, action, resource) when { principal has clearance && principal.clearance + 1 < 0 };",
            [true, true, false],
        ),
        (
            "permit(principal is ServiceAccount, action, resource) when { context.weekday + 9223372036854775807 > 0 };",
            [true, true, false],
        ),
        (
            "forbid(principal is User, action, resource is Cluster) when { principal has contractor && principal.contractor };",
            [false, false, false],
        ),
        (
            "forbid(principal is User, action, resource) when { principal has clearance && principal.clearance < 3 };",
            [true, true, false],
        ),
        (
            "forbid(principal is User, action, resource) unless { principal has clearance && principal.clearance > 3 };",
            [false, false, false],
        ),
        (
            "forbid(principal is User, action, resource) when { principal has regions && principal.regions.contains(\"eu\") };",
            [false, false, false],
        ),
        (
            "forbid(principal is User, action, resource) when { principal has department && principal.department like \"res*\" };",
            [false, false, false],
        ),
        ("forbid(principal, action, resource) when { principal in GROUP };", [false, false, false]),
        ("forbid(principal, action, resource) when { resource in DEVELOPMENT };", [false, true, false]),
        ("forbid(principal, action, resource) when { resource in PROJECT };", [false, false, false]),
        ("forbid(principal, action, resource) when { action in Action::\"delete\" };", [false, false, false]),
        (
            "forbid(principal, action, resource) when { action == Action::\"read:clusters\" };",
            [true, true, false],
        ),
        ("permit(principal == MACHINE, action, resource);", [true, true, true]),
        (
            "permit(principal is ServiceAccount, action == Action::\"delete:clusters\", resource == DEVELOPMENT);",
            [true, true, true],
        ),
        ("permit(principal, action, resource) when { principal is ServiceAccount };", [true, true, true]),
        (
            "permit(principal, action == Action::\"delete:clusters\", resource is Cluster) when { resource has environment && resource.environment == \"development\" };",
            [true, true, true],
        ),
        // Two statements in one text: the forbid wins.
        (
            "permit(principal, action, resource); forbid(principal == MACHINE, action, resource);",
            [true, true, false],
        ),
    ];
    for (policy, [development, production, machine]) in cases {
        let scene = Scene::with(policy);
        assert_eq!(scene.may(scene.ann, "delete:clusters", scene.development), *development, "{policy}");
        assert_eq!(scene.may(scene.ann, "delete:clusters", scene.production), *production, "{policy}");
        let (who, at) = (Principal::ServiceAccount(scene.machine), Target::Resource(scene.development));
        assert_eq!(
            scene.asks(who, "delete:clusters", at, Circumstances::question(scene.given.now)),
            *machine,
            "{policy}"
        );
    }
}

#[test]
fn a_disabled_policy_says_nothing_and_without_policies_there_is_nothing_to_ask() {
    let mut scene = scene();
    assert!(!scene.given.account.has_policies());
    let id = scene.given.policy("forbid(principal, action, resource);");
    assert!(scene.given.account.has_policies());
    assert!(!scene.may(scene.ann, "read:clusters", scene.development));
    scene.given.do_it(&super::switch(id, false));
    assert!(!scene.given.account.has_policies());
    assert!(scene.may(scene.ann, "read:clusters", scene.development));
    scene.given.do_it(&super::switch(id, true));
    scene.given.do_it(&Command::DeletePolicy { policy: id });
    assert!(scene.may(scene.ann, "read:clusters", scene.development));
}

#[test]
fn what_is_permitted_is_for_those_alone_who_may_act() {
    let mut scene = scene();
    let (pending, _) = scene.given.pending(&[]);
    let inactive = scene.given.inactive(&[]);
    let stranger = scene.given.id();
    let plain = scene.given.member(&[]);
    scene.given.policy("permit(principal, action == Action::\"read:clusters\", resource);");
    for user in [pending, inactive, stranger] {
        assert!(!scene.may(user, "read:clusters", scene.development));
    }
    assert!(scene.may(plain, "read:clusters", scene.development));
    assert!(!scene.may(plain, "read:volumes", scene.development));
}

#[test]
fn owners_are_bound_where_the_catalog_says_so_but_never_kept_from_policies() {
    for (catalog, bound) in [("bailiwick", true), ("qdrant-cloud", false)] {
        let mut given = Given::new(catalog);
        let cluster = given.resource("cluster", None, None);
        let id = given.policy("forbid(principal, action, resource);");
        let owner = Principal::Member(given.owner);
        let read = given.account.catalog().permission("read:clusters").unwrap();
        let may =
            given.account.check(owner, read, &Target::Resource(cluster), Circumstances::question(given.now));
        assert_eq!(may, !bound, "{catalog}");
        let refused = given.decide(Actor::User(given.owner), &Command::RenameAccount { name: name("New") });
        // In the other catalog the same permission guards policies.
        assert_eq!(refused.is_err(), bound, "{catalog}");
        given.do_it(&super::edit(id, "forbid(principal, action, resource is Cluster);"));
        given.do_it(&Command::DeletePolicy { policy: id });
        assert!(given.account.check(
            owner,
            read,
            &Target::Resource(cluster),
            Circumstances::question(given.now)
        ));
    }
}

#[test]
fn the_circumstances_of_a_question_count() {
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    let now = |text: &str| Circumstances::question(at(text));
    // A Saturday.
    let base = now("2026-11-21T10:30:00Z");
    let from = |address: &str| Circumstances { source_ip: Some(address.parse().unwrap()), ..base };
    let proved = |text: &str| Circumstances { mfa_at: Some(at(text)), ..base };
    let cases: &[(&str, Circumstances<'_>, bool)] = &[
        ("context.time < datetime(\"2027-01-01\")", base, true),
        ("context.time < datetime(\"2027-01-01\")", now("2027-01-01T00:00:00Z"), false),
        (
            "context.time.toTime() >= duration(\"9h\") && context.time.toTime() < duration(\"17h\")",
            base,
            true,
        ),
        (
            "context.time.toTime() >= duration(\"9h\") && context.time.toTime() < duration(\"17h\")",
            now("2026-11-21T17:00:00Z"),
            false,
        ),
        ("context.time >= datetime(\"1969-12-31\")", now("1969-12-31T12:00:00Z"), true),
        ("context.weekday <= 5", base, false),
        ("context.weekday <= 5", now("2026-11-20T10:30:00Z"), true),
        ("context has source_ip && context.source_ip.isInRange(ip(\"10.0.0.0/8\"))", from("10.1.2.3"), true),
        (
            "context has source_ip && context.source_ip.isInRange(ip(\"10.0.0.0/8\"))",
            from("192.0.2.1"),
            false,
        ),
        (
            "context has source_ip && context.source_ip.isInRange(ip(\"10.0.0.0/8\"))",
            from("::ffff:10.1.2.3"),
            true,
        ),
        (
            "context has source_ip && context.source_ip.isInRange(ip(\"2001:db8::/32\"))",
            from("2001:db8::1"),
            true,
        ),
        ("context has source_ip", base, false),
        (
            "context has mfa_at && context.time.durationSince(context.mfa_at) < duration(\"15m\")",
            proved("2026-11-21T10:20:00Z"),
            true,
        ),
        (
            "context has mfa_at && context.time.durationSince(context.mfa_at) < duration(\"15m\")",
            proved("2026-11-21T10:10:00Z"),
            false,
        ),
        ("context has mfa_at", base, false),
        ("context.caller == \"question\"", base, true),
        ("context.caller == \"person\"", Circumstances { caller: Caller::Person, ..base }, true),
        ("context.caller == \"key\"", Circumstances { caller: Caller::Person, ..base }, false),
    ];
    for (condition, circumstances, holds) in cases {
        let scene =
            Scene::with(&format!("permit(principal == MACHINE, action, resource) when {{ {condition} }};"));
        let (who, at) = (Principal::ServiceAccount(scene.machine), Target::Resource(scene.development));
        assert_eq!(scene.asks(who, "read:clusters", at, *circumstances), *holds, "permit when {condition}");
        let scene =
            Scene::with(&format!("forbid(principal == ANN, action, resource) unless {{ {condition} }};"));
        let (who, at) = (Principal::Member(scene.ann), Target::Resource(scene.development));
        assert_eq!(scene.asks(who, "read:clusters", at, *circumstances), *holds, "forbid unless {condition}");
    }
}

#[test]
fn what_is_asserted_takes_the_place_of_what_is_stored() {
    let scene = Scene::with(
        "forbid(principal is User, action, resource is Cluster) unless {
            principal has department && principal.department == \"operations\"
                && resource has environment && resource.environment == \"development\"
                && context.request has ticket && context.request.ticket == \"T-1\"
                && context.request has ip && context.request.ip.isLoopback()
        };",
    );
    let one = |name: &str, value: &str| [(name.into(), text(value))].into_iter().collect::<Attributes>();
    let all = Asserted {
        subject: one("department", "operations"),
        resource: one("environment", "development"),
        request: one("ticket", "T-1"),
        ip: Some("127.0.0.1".parse().unwrap()),
    };
    let may = |asserted: &Asserted| {
        let circumstances =
            Circumstances { asserted: Some(asserted), ..Circumstances::question(scene.given.now) };
        scene.asks(
            Principal::Member(scene.ann),
            "read:clusters",
            Target::Resource(scene.production),
            circumstances,
        )
    };
    assert!(may(&all));
    assert!(!may(&Asserted { subject: Attributes::default(), ..all.clone() }));
    assert!(!may(&Asserted { resource: Attributes::default(), ..all.clone() }));
    assert!(!may(&Asserted { request: one("ticket", "T-2"), ..all.clone() }));
    assert!(!may(&Asserted { ip: None, ..all.clone() }));
}

#[test]
fn bailiwicks_own_operations_ask_policies_too() {
    let mut scene = scene();
    let plain = scene.given.member(&[]);
    let create = Command::CreateGroup { name: name("Mine"), description: described(""), external_id: None };
    assert_eq!(scene.given.refused(plain, &create), denied("write:groups"));
    let id = scene.given.policy("permit(principal is User, action == Action::\"write:groups\", resource);");
    assert!(scene.given.decide(Actor::User(plain), &create).is_ok());
    scene
        .given
        .do_it(&super::edit(id, "forbid(principal is User, action == Action::\"write:groups\", resource);"));
    assert!(matches!(scene.given.refused(scene.bob, &create), Refusal::Forbidden { .. }));
    // A resource that may not be seen does not exist.
    scene.given.do_it(&super::edit(id, "forbid(principal, action, resource is Cluster);"));
    let edit = Command::EditResource {
        resource: scene.production,
        name: Some(name("Mine")),
        external_id: Patch::Keep,
        url: Patch::Keep,
        attributes: [].into(),
    };
    assert_eq!(scene.given.refused(scene.bob, &edit), unknown("resource"));
}

#[test]
fn an_explanation_names_the_policy_that_decided() {
    let mut scene = scene();
    let permit = scene
        .given
        .policy("permit(principal is ServiceAccount, action == Action::\"read:clusters\", resource);");
    let forbid =
        scene.given.policy("forbid(principal is User, action == Action::\"read:clusters\", resource);");
    let account = &scene.given.account;
    let read = account.catalog().permission("read:clusters").unwrap();
    let at = Target::Resource(scene.development);
    let machine = account.explain(
        Principal::ServiceAccount(scene.machine),
        read,
        &at,
        Circumstances::question(scene.given.now),
    );
    assert!(machine.allowed && machine.paths.is_empty() && machine.missing.is_none());
    assert_eq!((machine.permits, machine.forbids), (vec![permit], vec![]));
    let ann =
        account.explain(Principal::Member(scene.ann), read, &at, Circumstances::question(scene.given.now));
    assert!(!ann.allowed && !ann.paths.is_empty());
    assert_eq!((ann.permits, ann.forbids), (vec![], vec![forbid]));
}
