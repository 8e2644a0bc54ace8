//! Grants: make, change the end, take back.

use super::prelude::*;

fn grant(principal: Principal, grant: RoleAtScope) -> Command {
    Command::Grant { principal, grant }
}

fn all_of(resource_type: &str, project: Option<ProjectId>) -> Scope {
    Scope::AllOf(AllOf { resource_type: resource_type.into(), project }.into())
}

#[test]
fn a_role_is_granted_to_every_kind_of_principal_at_every_kind_of_scope() {
    let mut given = Given::new("bailiwick");
    let project = given.project("Project");
    let cluster = given.resource("cluster", Some(project), None);
    let principals = [
        Principal::Member(given.member(&[])),
        Principal::Group(given.group("Group")),
        Principal::ServiceAccount(given.service_account("Machine", &[])),
        Principal::Member(given.inactive(&[])),
    ];
    let grants = [
        at_account("viewer"),
        at(built_in("project_read_only"), Scope::Project(project)),
        at(built_in("cluster_read_only"), all_of("cluster", None)),
        at(built_in("cluster_read_only"), all_of("cluster", Some(project))),
        until(at(built_in("cluster_read_write"), Scope::resources([cluster])), given.later(60)),
    ];
    for principal in principals {
        for one in &grants {
            let wanted =
                [Event::GrantMade { id: given.upcoming(1), grant: given.made(principal, one.clone()) }];
            assert_eq!(given.do_it(&grant(principal, one.clone())), wanted);
        }
    }
}

#[test]
fn granting_again_changes_the_end() {
    let mut given = Given::new("bailiwick");
    let principal = Principal::Member(given.member(&[]));
    let id = given.grant(principal, at_account("viewer"));
    let so = Refusal::AlreadySo { what: "the role is granted there" };
    assert_eq!(given.refused(given.owner, &grant(principal, at_account("viewer"))), so);
    let end = given.later(60);
    let shorter = grant(principal, until(at_account("viewer"), end));
    assert_eq!(
        given.do_it(&shorter),
        [Event::GrantExtended { id, principal, before: None, after: Some(end) }]
    );
    let longer = grant(principal, at_account("viewer"));
    assert_eq!(
        given.do_it(&longer),
        [Event::GrantExtended { id, principal, before: Some(end), after: None }]
    );
}

#[test]
fn named_resources_are_one_scope_in_any_order() {
    let mut given = Given::new("bailiwick");
    let principal = Principal::Member(given.member(&[]));
    let (a, b) = (given.resource("cluster", None, None), given.resource("cluster", None, None));
    let asked = Scope::Resources([b, a, b].into());
    let stored = at(built_in("cluster_read_only"), Scope::resources([a, b]));
    let wanted = [Event::GrantMade { id: given.upcoming(1), grant: given.made(principal, stored.clone()) }];
    assert_eq!(given.do_it(&grant(principal, at(built_in("cluster_read_only"), asked))), wanted);
    assert_eq!(
        given.refused(given.owner, &grant(principal, stored)),
        Refusal::AlreadySo { what: "the role is granted there" }
    );
}

#[test]
fn granting_is_refused() {
    let mut given = Given::new("bailiwick");
    let (owner, user) = (given.owner, given.member(&[]));
    let principal = Principal::Member(user);
    let (pending, _) = given.pending(&[]);
    let to_nobody = |principal| grant(principal, at_account("viewer"));
    assert_eq!(given.refused(owner, &to_nobody(Principal::Member(given.upcoming(1)))), unknown("member"));
    assert_eq!(given.refused(owner, &to_nobody(Principal::Group(given.upcoming(1)))), unknown("group"));
    let machine = Principal::ServiceAccount(given.upcoming(1));
    assert_eq!(given.refused(owner, &to_nobody(machine)), unknown("service account"));
    let waits = Refusal::MemberPending { user: pending };
    assert_eq!(given.refused(owner, &to_nobody(Principal::Member(pending))), waits);
    let role = |role: &str, scope: Scope| grant(principal, at(built_in(role), scope));
    let project = given.default_project();
    assert_eq!(given.refused(owner, &role("nothing", Scope::Account)), unknown("role"));
    let newcomer = Refusal::NewcomerRole { role: built_in("member") };
    assert_eq!(given.refused(owner, &role("member", Scope::Account)), newcomer);
    let handed_over = Refusal::HandedOver { role: built_in("owner") };
    assert_eq!(given.refused(owner, &role("owner", Scope::Account)), handed_over);
    for (name, scope, level) in [
        ("viewer", Scope::Project(project), Level::Account),
        ("project_admin", Scope::Account, Level::Project),
        ("project_admin", all_of("cluster", None), Level::Project),
        ("cluster_read_only", Scope::Project(project), Level::Resource),
    ] {
        let wrong = Refusal::WrongLevel { role: built_in(name), level };
        assert_eq!(given.refused(owner, &role(name, scope)), wrong);
    }
    let gone = given.upcoming(1);
    assert_eq!(
        given.refused(owner, &role("project_admin", Scope::Project(given.upcoming(1)))),
        unknown("project")
    );
    let scope = all_of("cluster", Some(given.upcoming(1)));
    assert_eq!(given.refused(owner, &role("cluster_read_only", scope)), unknown("project"));
    assert_eq!(
        given.refused(owner, &role("cluster_read_only", Scope::resources([gone]))),
        unknown("resource")
    );
    assert_eq!(given.refused(owner, &role("cluster_read_only", Scope::resources([]))), Refusal::EmptyScope);
    let unknown_type = Refusal::UnknownResourceType { resource_type: "ship".to_owned() };
    assert_eq!(given.refused(owner, &role("cluster_read_only", all_of("ship", None))), unknown_type);
    let many: Vec<ResourceId> = (1..=1_001).map(|number| given.upcoming(number)).collect();
    let limit = too_many("resources in one scope", limits::RESOURCES_PER_SCOPE);
    assert_eq!(given.refused(owner, &role("cluster_read_only", Scope::resources(many))), limit);
    let past = grant(principal, until(at_account("viewer"), given.now));
    assert_eq!(given.refused(owner, &past), Refusal::Past { field: "until", at: given.now });
    assert_eq!(given.refused(user, &role("viewer", Scope::Account)), denied("write:roles"));
}

#[test]
fn z16_a_project_admin_gives_within_the_project() {
    let mut given = Given::new("bailiwick");
    let (project, other) = (given.project("Mine"), given.project("Other"));
    let cluster = given.resource("cluster", Some(project), None);
    let foreign = given.resource("cluster", Some(other), None);
    let admin = given.member(&[at(built_in("project_admin"), Scope::Project(project))]);
    let user = given.member(&[]);
    let give = |role: &str, scope: Scope| grant(Principal::Member(user), at(built_in(role), scope));
    given.when(admin, &give("project_read_write", Scope::Project(project))).unwrap();
    given.when(admin, &give("cluster_read_write", Scope::resources([cluster]))).unwrap();
    given.when(admin, &give("cluster_read_write", all_of("cluster", Some(project)))).unwrap();
    for (role, scope) in [
        ("project_read_write", Scope::Project(other)),
        ("cluster_read_write", Scope::resources([foreign])),
        ("cluster_read_write", Scope::resources([cluster, foreign])),
        ("cluster_read_write", all_of("cluster", Some(other))),
        ("cluster_read_write", all_of("cluster", None)),
        ("admin", Scope::Account),
    ] {
        assert_eq!(given.refused(admin, &give(role, scope.clone())), denied_at("write:roles", scope));
    }
}

#[test]
fn a_grant_is_taken_back() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[at_account("viewer")]);
    let id = given.grant_of(Principal::Member(user), &built_in("viewer")).unwrap();
    let revoke = Command::RevokeGrant { grant: id };
    assert_eq!(given.refused(user, &revoke), denied("write:roles"));
    let wanted = [given.revoked(id, EndReason::Asked)];
    assert_eq!(given.do_it(&revoke), wanted);
    assert!(!given.may(user, "read:alerts"));
    assert_eq!(given.refused(given.owner, &revoke), unknown("grant"));
}

#[test]
fn ownership_is_not_taken_back_by_who_holds_less_nor_by_the_last_owner() {
    let mut given = Given::new("bailiwick");
    let admin = given.member(&[at_account("admin")]);
    let id = given.grant_of(Principal::Member(given.owner), &built_in("owner")).unwrap();
    let revoke = Command::RevokeGrant { grant: id };
    let missing = ["write:account", "delete:account"];
    assert_eq!(given.refused(admin, &revoke), above("Owner", &missing));
    let last = Refusal::LastHolder { role: built_in("owner"), scope: Scope::Account };
    assert_eq!(given.refused(given.owner, &revoke), last);
}

#[test]
fn a_grant_lasts_until_its_end_and_not_a_moment_longer() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[until(at_account("auditor"), given.later(60))]);
    given.pass(59);
    assert!(given.may(user, "read:events"));
    given.pass(1);
    assert!(!given.may(user, "read:events"));
}

#[test]
fn one_principal_has_so_many_grants_at_most() {
    let mut given = Given::new("bailiwick");
    let spec = ResourceSpec {
        resource_type: "cluster".into(),
        name: name("Cluster"),
        project: None,
        parent: None,
        external_id: None,
        url: None,
        attributes: Attributes::default(),
    };
    given.do_it(&Command::RegisterResources { resources: vec![spec; limits::RESOURCES_PER_SCOPE] });
    let all: Vec<ResourceId> = given.account.resources_after(None).map(|(id, _)| id).collect();
    let principal = Principal::Member(given.member(&[]));
    for number in 0..limits::GRANTS_PER_PRINCIPAL / limits::RESOURCES_PER_SCOPE {
        let role = given.role(&format!("Role {number}"), Level::Resource, &["read:clusters"]);
        given.grant(principal, at(role, Scope::resources(all.iter().copied())));
    }
    let refusal = given.refused(given.owner, &grant(principal, at_account("viewer")));
    assert_eq!(refusal, too_many("grants of one principal", limits::GRANTS_PER_PRINCIPAL));
}
