//! Resources: register, edit, delete.

use super::prelude::*;

fn spec(resource_type: &str, parent: Option<ResourceId>) -> ResourceSpec {
    ResourceSpec {
        resource_type: resource_type.into(),
        name: name("Thing"),
        project: None,
        parent,
        external_id: None,
        url: None,
        attributes: Attributes::default(),
    }
}

fn register(resources: &[ResourceSpec]) -> Command {
    Command::RegisterResources { resources: resources.to_vec() }
}

fn wrong_parent(resource_type: &str, expected: &str) -> Refusal {
    Refusal::WrongParent { resource_type: resource_type.to_owned(), expected: expected.to_owned() }
}

fn edit(resource: ResourceId, text: &str, external_id: Patch<ExternalId>) -> Command {
    Command::EditResource {
        resource,
        name: Some(name(text)),
        external_id,
        url: Patch::Keep,
        attributes: [].into(),
    }
}

fn stored(given: &Given, id: ResourceId) -> Resource {
    given.account.resource(id).unwrap().value.clone()
}

#[test]
fn resources_are_registered_below_a_project_or_a_parent() {
    let mut given = Given::new("bailiwick");
    let project = given.project("Project");
    let mut placed = spec("cluster", None);
    placed.project = Some(project);
    placed.external_id = Some(external("c-1"));
    let resource = |of: &str, project, parent, external_id: Option<&str>| Resource {
        resource_type: of.into(),
        name: name("Thing"),
        project,
        parent,
        external_id: external_id.map(external),
        url: None,
        attributes: None,
    };
    let (first, second): (ResourceId, ResourceId) = (given.upcoming(1), given.upcoming(2));
    let wanted = [
        Event::ResourceRegistered { id: first, resource: resource("cluster", project, None, Some("c-1")) },
        Event::ResourceRegistered {
            id: second,
            resource: resource("volume", given.default_project(), None, None),
        },
    ];
    assert_eq!(given.do_it(&register(&[placed, spec("volume", None)])), wanted);
    let id = given.upcoming(1);
    let below = resource("database", project, Some(first), None);
    assert_eq!(
        given.do_it(&register(&[spec("database", Some(first))])),
        [Event::ResourceRegistered { id, resource: below }]
    );
    assert_eq!(given.account.children_of(first).collect::<Vec<_>>(), [id]);
    assert_eq!(given.account.find_resource("c-1"), Some(first));
}

#[test]
fn registering_is_refused_and_then_nothing_is_registered() {
    let mut given = Given::new("bailiwick");
    let owner = given.owner;
    let cluster = given.resource("cluster", None, None);
    let volume = given.resource("volume", None, None);
    let other = given.project("Other");
    let one = |spec: ResourceSpec| register(&[spec]);
    let unknown_type = Refusal::UnknownResourceType { resource_type: "ship".to_owned() };
    assert_eq!(given.refused(owner, &one(spec("ship", None))), unknown_type);
    let nowhere = wrong_parent("database", "a `cluster`");
    assert_eq!(given.refused(owner, &one(spec("database", None))), nowhere);
    assert_eq!(given.refused(owner, &one(spec("database", Some(volume)))), nowhere);
    let elsewhere = ResourceSpec { project: Some(other), ..spec("database", Some(cluster)) };
    assert_eq!(given.refused(owner, &one(elsewhere)), nowhere);
    assert_eq!(
        given.refused(owner, &one(spec("cluster", Some(volume)))),
        wrong_parent("cluster", "a project")
    );
    assert_eq!(given.refused(owner, &one(spec("database", Some(given.upcoming(1))))), unknown("resource"));
    let homeless = ResourceSpec { project: Some(given.upcoming(1)), ..spec("cluster", None) };
    assert_eq!(given.refused(owner, &one(homeless)), unknown("project"));
    let named = ResourceSpec { external_id: Some(external("c-1")), ..spec("cluster", None) };
    assert_eq!(given.refused(owner, &register(&[named.clone(), named.clone()])), taken("external id", "c-1"));
    given.do_it(&one(named.clone()));
    assert_eq!(given.refused(owner, &register(&[spec("cluster", None), named])), taken("external id", "c-1"));
    assert_eq!(given.refused(owner, &register(&[])), Refusal::Nothing);
    let many = vec![spec("cluster", None); limits::RESOURCES_PER_COMMAND + 1];
    let limit = too_many("resources in one request", limits::RESOURCES_PER_COMMAND);
    assert_eq!(given.refused(owner, &register(&many)), limit);
    let nobody = given.member(&[]);
    let scope = Scope::Project(given.default_project());
    assert_eq!(given.refused(nobody, &one(spec("cluster", None))), denied_at("write:clusters", scope));
    let scope = Scope::resources([cluster]);
    assert_eq!(
        given.refused(nobody, &one(spec("database", Some(cluster)))),
        denied_at("write:databases", scope)
    );
}

#[test]
fn who_holds_all_of_a_type_registers_more_of_it() {
    let mut given = Given::new("bailiwick");
    let project = given.default_project();
    let all = Scope::AllOf(AllOf { resource_type: "cluster".into(), project: Some(project) }.into());
    let user = given.member(&[at(built_in("cluster_read_write"), all)]);
    given.when(user, &register(&[spec("cluster", None)])).unwrap();
    let elsewhere = given.project("Other");
    let other = ResourceSpec { project: Some(elsewhere), ..spec("cluster", None) };
    assert_eq!(
        given.refused(user, &register(&[other])),
        denied_at("write:clusters", Scope::Project(elsewhere))
    );
    let named = given.resource("cluster", Some(elsewhere), None);
    let keeper = given.member(&[at(built_in("cluster_read_write"), Scope::resources([named]))]);
    given.when(keeper, &register(&[spec("database", Some(named))])).unwrap();
}

#[test]
fn a_resource_is_edited() {
    let mut given = Given::new("bailiwick");
    let id = given.resource("cluster", None, None);
    let before = stored(&given, id);
    let after = Resource { name: name("Other"), external_id: Some(external("c-1")), ..before.clone() };
    let command = edit(id, "Other", Patch::Set(external("c-1")));
    assert_eq!(given.do_it(&command), [Event::ResourceEdited { id, before, after }]);
    assert_eq!(given.refused(given.owner, &command), Refusal::Nothing);
    let second = given.resource("cluster", None, None);
    let same = edit(second, "Thing", Patch::Set(external("c-1")));
    assert_eq!(given.refused(given.owner, &same), taken("external id", "c-1"));
}

#[test]
fn what_one_may_not_see_does_not_exist() {
    let mut given = Given::new("bailiwick");
    let id = given.resource("cluster", None, None);
    let missing = given.id();
    let nobody = given.member(&[]);
    let reader = given.member(&[at(built_in("cluster_read_only"), Scope::resources([id]))]);
    for (command, permission) in [
        (edit(id, "Other", Patch::Keep), "write:clusters"),
        (Command::DeleteResource { resource: id }, "delete:clusters"),
    ] {
        assert_eq!(given.refused(nobody, &command), unknown("resource"));
        assert_eq!(given.refused(reader, &command), denied_at(permission, Scope::resources([id])));
    }
    for command in [edit(missing, "Other", Patch::Keep), Command::DeleteResource { resource: missing }] {
        assert_eq!(given.refused(given.owner, &command), unknown("resource"));
    }
}

#[test]
fn deleting_a_resource_narrows_or_ends_the_grants_that_name_it() {
    let mut given = Given::new("bailiwick");
    let (a, b) = (given.resource("cluster", None, None), given.resource("cluster", None, None));
    let principal = Principal::Member(given.member(&[]));
    let alone = given.grant(principal, at(built_in("cluster_read_write"), Scope::resources([a])));
    let both = given.grant(principal, at(built_in("cluster_read_only"), Scope::resources([a, b])));
    let resource = stored(&given, a);
    let wanted = [
        given.revoked(alone, EndReason::SubjectGone),
        Event::GrantNarrowed { id: both, principal, resource: a },
        Event::ResourceDeleted { id: a, resource },
    ];
    assert_eq!(given.do_it(&Command::DeleteResource { resource: a }), wanted);
    assert_eq!(given.account.grant(both).unwrap().value.scope, Scope::resources([b]));
}

#[test]
fn a_resource_with_others_below_it_stays() {
    let mut given = Given::new("bailiwick");
    let cluster = given.resource("cluster", None, None);
    let databases =
        [given.resource("database", None, Some(cluster)), given.resource("database", None, Some(cluster))];
    let delete = |resource| Command::DeleteResource { resource };
    assert_eq!(given.refused(given.owner, &delete(cluster)), Refusal::HasChildren { children: 2 });
    for database in databases {
        given.do_it(&delete(database));
    }
    given.do_it(&delete(cluster));
}

#[test]
fn scopes_are_told_in_words() {
    let mut given = Given::new("bailiwick");
    let project = given.project("Production");
    let clusters: Vec<_> = (0..6).map(|_| given.resource("cluster", Some(project), None)).collect();
    let words = |scope: Scope| given.account.scope_words(&scope);
    assert_eq!(words(Scope::Account), "the whole account");
    assert_eq!(words(Scope::Project(project)), "project Production");
    assert_eq!(words(Scope::resources([clusters[1]])), "cluster Thing");
    let many = words(Scope::resources(clusters.iter().copied()));
    assert!(many.ends_with(", 2 more") && many.matches("cluster Thing").count() == 4, "{many}");
}
