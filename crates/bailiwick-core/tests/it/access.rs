//! Questions of access: equal to the definition, in ids and in texts, and explained.

mod difference;
mod promised;

use bailiwick_core::access::{Missing, Path, PrincipalState, Question, Target};
use bailiwick_core::account::{Called, Event, Grant, Policy};
use bailiwick_core::catalog::PermissionSet;
use jiff::Timestamp;
use proptest::prelude::*;

use crate::account::prelude::*;
use crate::oracle;
use crate::rules::{assert_checks, targets};

pub mod search;

/// Numbers that choose a grant: who, which role, what sort of scope, which one, and until when.
type Chosen = (u8, u8, u8, u8, u8);

/// An account with two projects, clusters with what is below them, and so many grants that some subjects have more than
/// the index looks at one by one.
fn granted(catalog: &str, chosen: &[Chosen]) -> (Given, Vec<Principal>) {
    let mut given = Given::new(catalog);
    let projects = [given.default_project(), given.project("Other")];
    let below =
        given.account.catalog().resource_types.iter().find(|of| of.parent.is_some()).unwrap().name.clone();
    let mut resources = Vec::new();
    for project in projects {
        for _ in 0..2 {
            let cluster = given.resource("cluster", Some(project), None);
            resources.extend([cluster, given.resource(&below, None, Some(cluster))]);
        }
    }
    let newcomers: &[RoleAtScope] = if catalog == "one-role" { &[at_account("viewer")] } else { &[] };
    let users = [given.member(newcomers), given.member(newcomers), given.inactive(newcomers)];
    let (group, machine) = (given.group("Group"), given.service_account("Machine", &[]));
    given.do_it(&Command::AddToGroup { group, member: Principal::Member(users[0]) });
    // A group above that of the first user, by two ways, and one above that.
    let inner = given.group("Inner");
    let (outer, top) = (given.group("Outer"), given.group("Top"));
    given.do_it(&Command::AddToGroup { group: inner, member: Principal::Member(users[0]) });
    for (group, inner) in [(outer, group), (outer, inner), (top, outer)] {
        given.do_it(&Command::AddToGroup { group, member: Principal::Group(inner) });
    }
    let mut principals = vec![Principal::Group(group), Principal::ServiceAccount(machine)];
    principals.extend([inner, outer, top].map(Principal::Group));
    principals.extend(users.map(Principal::Member));
    let types: Vec<String> =
        given.account.catalog().resource_types.iter().map(|of| of.name.clone()).collect();
    let names: Vec<String> = given.account.catalog().permissions.iter().map(|one| one.name.clone()).collect();
    let roles: Vec<RoleRef> = (0..8)
        .map(|number| {
            let held: Vec<&str> =
                (0..3).map(|n| names[(number * 7 + n * 5) % names.len()].as_str()).collect();
            given.role(&format!("Role {number}"), Level::Resource, &held)
        })
        .collect();
    let mut events = Vec::new();
    for (who, role, sort, place, end) in chosen {
        let place = usize::from(*place);
        let project = projects[place % projects.len()];
        let resource_type = || types[place % types.len()].as_str().into();
        let scope = match sort % 6 {
            0 => Scope::Account,
            1 => Scope::Project(project),
            2 => Scope::AllOf(AllOf { resource_type: resource_type(), project: None }.into()),
            3 => Scope::AllOf(AllOf { resource_type: resource_type(), project: Some(project) }.into()),
            4 => Scope::resources([resources[place % resources.len()]]),
            _ => Scope::resources([0, 3, 5].map(|n| resources[(place + n) % resources.len()])),
        };
        let ends = [None, None, Some(given.now), Some(given.later(1)), Some(given.later(3_600))];
        let grant = Grant {
            principal: principals[usize::from(*who) % principals.len()],
            role: roles[usize::from(*role) % roles.len()].clone(),
            scope,
            until: ends[usize::from(*end) % ends.len()],
            made_by: ActorRef::User(given.owner),
            made_at: given.now,
            told: false,
        };
        events.push(Event::GrantMade { id: given.id(), grant });
    }
    given.account.apply(&events);
    (given, principals)
}

fn assert_agrees(given: &Given, principals: &[Principal], now: Timestamp) {
    let account = &given.account;
    for principal in principals.iter().copied() {
        let effective = account.effective(principal, now);
        for target in targets(account) {
            let allowed = oracle::allowed(account, principal, &target, now);
            assert_eq!(account.effective_at(principal, &target, now), allowed, "{principal} {target:?}");
            let covering = effective.at.iter().filter(|at| oracle::covers(account, &at.scope, &target));
            let united = covering.fold(PermissionSet::EMPTY, |all, at| all.union(&at.permissions));
            assert_eq!(united, allowed, "{principal} {target:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn many_grants_count_as_they_are_defined(
        chosen in proptest::collection::vec(any::<Chosen>(), 0..120),
        catalog in prop::sample::select(vec!["bailiwick", "qdrant-cloud", "one-role"]),
    ) {
        let (mut given, principals) = granted(catalog, &chosen);
        for now in [given.now, given.later(1), given.later(7_200)] {
            assert_agrees(&given, &principals, now);
        }
        let principal = principals[chosen.len() % principals.len()];
        for target in targets(&given.account).into_iter().step_by(3) {
            let allowed = oracle::allowed(&given.account, principal, &target, given.now);
            assert_checks(&given.account, principal, &target, given.now, &allowed);
        }
        // Taken back one after the other, every second time, they still count as they are defined.
        let ids: Vec<GrantId> = given.account.grants_after(None).map(|(id, _)| id).step_by(2).collect();
        for id in ids {
            let revoked = given.revoked(id, EndReason::Asked);
            given.account.apply(&[revoked]);
        }
        assert_agrees(&given, &principals, given.now);
    }
}

fn ask(given: &Given, subject: (&str, &str), action: &str, resource: (&str, &str)) -> bool {
    let ((subject_type, subject_id), (resource_type, resource_id)) = (subject, resource);
    given.account.evaluate(
        &Question { subject_type, subject_id, action, resource_type, resource_id },
        Circumstances::question(given.now),
    )
}

#[test]
fn questions_in_texts_take_ids_and_external_ids_and_know_nothing_else() {
    let mut given = Given::new("bailiwick");
    let cluster = given.resource("cluster", None, None);
    let (user, group) = (given.member(&[]), given.group("Group"));
    let machine = given.service_account("Machine", &[]);
    let one = at(built_in("cluster_read_only"), Scope::resources([cluster]));
    for principal in [Principal::Member(user), Principal::Group(group), Principal::ServiceAccount(machine)] {
        given.grant(principal, one.clone());
    }
    let named = |text: &str| Patch::Set(external(text));
    given.do_it(&Command::EditMember { user, external_id: named("ann"), attributes: [].into() });
    given.do_it(&Command::EditGroup { group, name: None, description: None, external_id: named("team") });
    given.do_it(&Command::EditResource {
        resource: cluster,
        name: None,
        external_id: named("prod/1"),
        url: Patch::Keep,
        attributes: [].into(),
    });
    let (id, account) = (cluster.to_string(), given.account.id().to_string());
    let on = ("cluster", id.as_str());
    let read = "read:clusters";
    let texts = [user.to_string(), group.to_string(), machine.to_string()];
    let [person, team, robot] = texts.each_ref().map(String::as_str);
    for subject in
        [("user", person), ("user", "ann"), ("group", team), ("group", "team"), ("service_account", robot)]
    {
        for resource in [on, ("cluster", "prod/1")] {
            assert!(ask(&given, subject, read, resource), "{subject:?} {resource:?}");
            assert!(!ask(&given, subject, "write:clusters", resource));
        }
    }
    let upper = person.to_uppercase();
    let stranger = given.upcoming::<UserId>(1).to_string();
    for subject in [
        ("user", team),
        ("user", robot),
        ("group", person),
        ("service_account", person),
        ("robot", person),
        ("User", person),
        ("user", upper.as_str()),
        ("user", stranger.as_str()),
        ("user", "Ann"),
        ("user", "team"),
        ("user", ""),
        ("user", "usr_"),
    ] {
        assert!(!ask(&given, subject, read, on), "{subject:?}");
    }
    let missing = given.upcoming::<ResourceId>(1).to_string();
    for resource in [
        ("volume", id.as_str()),
        ("project", id.as_str()),
        ("cluster", missing.as_str()),
        ("cluster", "prod/2"),
        ("cluster", person),
        ("cluster", ""),
        ("account", account.as_str()),
        ("ship", id.as_str()),
    ] {
        assert!(!ask(&given, ("user", person), read, resource), "{resource:?}");
    }
    assert!(!ask(&given, ("user", person), "read:everything", on));
    assert!(ask(&given, ("user", person), "read:profile", ("account", &account)));
    let project = given.default_project().to_string();
    assert!(ask(&given, ("user", person), "read:profile", ("project", &project)));
    given.do_it(&Command::DeleteAccount);
    assert!(!ask(&given, ("user", person), read, on));
}

#[test]
fn an_external_id_leads_to_one_principal_or_to_none() {
    let mut given = Given::new("bailiwick");
    let (user, group) = (given.member(&[]), given.group("Group"));
    given.do_it(&Command::EditMember {
        user,
        external_id: Patch::Set(external("same")),
        attributes: [].into(),
    });
    assert_eq!(given.account.principal_called("same"), Called::One(Principal::Member(user)));
    assert_eq!(given.account.principal_called(&group.to_string()), Called::One(Principal::Group(group)));
    let named = Patch::Set(external("same"));
    given.do_it(&Command::EditGroup { group, name: None, description: None, external_id: named });
    assert_eq!(given.account.principal_called("same"), Called::Several, "a person and a group go by it");
    assert_eq!(given.account.principal_called("other"), Called::Nothing);
}

#[test]
fn q18_everybody_can_list_what_they_may_do_scope_by_scope() {
    let mut given = Given::new("bailiwick");
    let project = given.project("Project");
    let (group, scope) = (given.group("Group"), Scope::Project(project));
    let user = given.member(&[at_account("billing"), at(built_in("project_read_only"), scope.clone())]);
    given.grant(Principal::Group(group), at(built_in("project_read_write"), scope.clone()));
    given.do_it(&Command::AddToGroup { group, member: Principal::Member(user) });
    let effective = given.account.effective(Principal::Member(user), given.now).at;
    let found: Vec<(&Scope, &[RoleRef])> =
        effective.iter().map(|at| (&at.scope, at.roles.as_slice())).collect();
    let roles = |names: [&str; 2]| names.map(built_in);
    assert_eq!(
        found,
        [
            (&Scope::Account, &roles(["billing", "member"])[..]),
            (&scope, &roles(["project_read_only", "project_read_write"])[..]),
        ]
    );
    let names: Vec<&str> = given.account.catalog().permission_names(effective[0].permissions).collect();
    assert_eq!(
        names,
        ["read:payment_information", "write:payment_information", "read:account", "read:profile"]
    );
}

#[test]
fn an_answer_is_explained() {
    let mut given = Given::new("bailiwick");
    let (near, far) = (given.resource("cluster", None, None), given.resource("cluster", None, None));
    let (user, group) = (given.member(&[]), given.group("Group"));
    let end = given.later(60);
    let (role, scope) = (built_in("cluster_read_only"), Scope::resources([near]));
    let id = given.grant(Principal::Group(group), until(at(role.clone(), scope.clone()), end));
    given.do_it(&Command::AddToGroup { group, member: Principal::Member(user) });
    let read = given.account.catalog().permission("read:clusters").unwrap();
    let explain = |given: &Given, user, resource| {
        given.account.explain(
            Principal::Member(user),
            read,
            &Target::Resource(resource),
            Circumstances::question(given.now),
        )
    };
    let path = Path { grant: Some(id), through: vec![group], role, scope, until: Some(end) };
    let yes = explain(&given, user, near);
    assert_eq!((yes.allowed, yes.paths, yes.missing), (true, vec![path.clone()], None));
    let no = explain(&given, user, far).missing.unwrap();
    assert_eq!((no.elsewhere, no.ended), (vec![path.clone()], vec![]));
    let needed = |name, scope| no.grants.contains(&at(built_in(name), scope));
    assert!(needed("cluster_read_only", Scope::resources([far])) && needed("admin", Scope::Account));
    assert!(!needed("owner", Scope::Account), "it is handed over, not granted");
    given.pass(60);
    let ended = explain(&given, user, near);
    assert!(!ended.allowed && ended.target_exists && ended.principal == PrincipalState::Active);
    let Missing { ended, elsewhere, .. } = ended.missing.unwrap();
    assert_eq!((ended, elsewhere), (vec![path], vec![]));
    let (pending, _) = given.pending(&[]);
    let (inactive, stranger) = (given.inactive(&[]), given.id());
    for (user, state) in [
        (pending, PrincipalState::Pending),
        (inactive, PrincipalState::Inactive),
        (stranger, PrincipalState::Unknown),
    ] {
        assert_eq!(explain(&given, user, near).principal, state);
    }
    assert!(!explain(&given, user, given.upcoming(1)).target_exists);
}

#[test]
fn an_explanation_names_so_many_roles_and_says_whether_these_are_all() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[]);
    let permission = given.account.catalog().permission("read:clusters").unwrap();
    let principal = Principal::Member(user);
    let missing = |given: &Given| {
        given
            .account
            .explain(principal, permission, &Target::Account, Circumstances::question(given.now))
            .missing
            .unwrap()
    };
    let built_in = missing(&given).grants.len();
    for number in built_in..limits::ROLES_IN_EXPLANATION {
        given.role(&format!("Role {number}"), Level::Account, &["read:clusters"]);
    }
    let all = missing(&given);
    assert_eq!((all.grants.len(), all.grants_complete), (limits::ROLES_IN_EXPLANATION, true));
    given.role("One more", Level::Account, &["read:clusters"]);
    let some = missing(&given);
    assert!(some.grants == all.grants && !some.grants_complete);
}

#[test]
fn an_explanation_looks_at_so_many_custom_roles_and_says_that_there_are_more() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[]);
    let permission = given.account.catalog().permission("read:clusters").unwrap();
    let missing = |given: &Given| {
        let explained = given.account.explain(
            Principal::Member(user),
            permission,
            &Target::Account,
            Circumstances::question(given.now),
        );
        explained.missing.unwrap()
    };
    let built_in = missing(&given);
    assert!(built_in.grants_complete);
    for number in 0..limits::ROLES_FOR_EXPLANATION {
        given.role(&format!("Role {number}"), Level::Account, &["read:users"]);
    }
    assert_eq!(missing(&given), built_in);
    given.role("Helpful", Level::Account, &["read:clusters"]);
    let found = missing(&given);
    assert!(found.grants == built_in.grants && !found.grants_complete);
}

#[test]
fn whom_only_a_policy_keeps_from_it_no_grant_would_help() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[at_account("admin")]);
    let other = given.member(&[]);
    let policy = Policy {
        name: name("Nobody"),
        description: Description::default(),
        text: "forbid(principal, action == Action::\"write:clusters\", resource);".into(),
        enabled: true,
    };
    given.do_it(&Command::CreatePolicy { policy });
    let (id, _) = given.account.policies_after(None).next().unwrap();
    let permission = given.account.catalog().permission("write:clusters").unwrap();
    let explain = |user| {
        given.account.explain(
            Principal::Member(user),
            permission,
            &Target::Account,
            Circumstances::question(given.now),
        )
    };
    let kept = explain(user);
    assert_eq!((kept.allowed, kept.paths.len(), kept.forbids), (false, 1, vec![id]));
    let missing = kept.missing.unwrap();
    assert!(missing.grants.is_empty() && missing.grants_complete);
    // Who has no role lacks one, and the policy is in the way besides.
    let lacks = explain(other);
    assert_eq!((lacks.allowed, lacks.paths.len(), lacks.forbids), (false, 0, vec![id]));
    assert!(!lacks.missing.unwrap().grants.is_empty());
}
