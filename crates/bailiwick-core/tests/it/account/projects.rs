//! Projects: create, edit, delete.

use super::prelude::*;

fn create(text: &str, external_id: Option<&str>) -> Command {
    Command::CreateProject {
        name: name(text),
        description: described("For tests"),
        external_id: external_id.map(external),
    }
}

fn edit(project: ProjectId, text: &str, external_id: Patch<ExternalId>) -> Command {
    Command::EditProject { project, name: Some(name(text)), description: None, external_id }
}

fn stored(given: &Given, id: ProjectId) -> Project {
    given.account.project(id).unwrap().value.clone()
}

#[test]
fn whoever_creates_a_project_administrates_it() {
    let mut given = Given::new("bailiwick");
    let id: ProjectId = given.upcoming(1);
    let project = Project {
        name: name("Mine"),
        description: described("For tests"),
        external_id: Some(external("mine")),
        default: false,
    };
    let role = at(built_in("project_admin"), Scope::Project(id));
    let wanted = [
        Event::ProjectCreated { id, project },
        Event::GrantMade { id: given.upcoming(2), grant: given.made(Principal::Member(given.owner), role) },
    ];
    assert_eq!(given.do_it(&create("Mine", Some("mine"))), wanted);
    assert_eq!(given.account.find_project("mine"), Some(id));
}

#[test]
fn who_holds_less_creates_a_project_without_administrating_it() {
    let mut given = Given::new("bailiwick");
    let clerk = given.member_who_may(&["write:projects"]);
    let events = given.when(clerk, &create("Mine", None)).unwrap();
    assert!(matches!(events[..], [Event::ProjectCreated { .. }]), "{events:?}");
    let machine = given.machine("Machine", &[at_account("admin")]);
    let events = given.by(machine, &create("Another", None)).unwrap();
    assert!(matches!(events[..], [Event::ProjectCreated { .. }]), "only people lead projects: {events:?}");
}

#[test]
fn a_project_is_edited() {
    let mut given = Given::new("bailiwick");
    let id = given.project("Mine");
    let before = stored(&given, id);
    let after = Project { name: name("MINE"), external_id: Some(external("mine")), ..before.clone() };
    let command = edit(id, "MINE", Patch::Set(external("mine")));
    assert_eq!(given.do_it(&command), [Event::ProjectEdited { id, before, after }]);
    assert_eq!(given.refused(given.owner, &command), Refusal::Nothing);
}

#[test]
fn creating_and_editing_are_refused() {
    let mut given = Given::new("bailiwick");
    given.do_it(&create("First", Some("first")));
    let id = given.project("Mine");
    let (owner, nobody) = (given.owner, given.member(&[]));
    assert_eq!(given.refused(nobody, &create("Other", None)), denied("write:projects"));
    let scope = Scope::Project(id);
    assert_eq!(given.refused(nobody, &edit(id, "Other", Patch::Keep)), denied_at("write:projects", scope));
    assert_eq!(given.refused(owner, &create("FIRST", None)), taken("name", "first"));
    assert_eq!(given.refused(owner, &edit(id, "first", Patch::Keep)), taken("name", "first"));
    assert_eq!(given.refused(owner, &create("Other", Some("first"))), taken("external id", "first"));
    let named = edit(id, "Mine", Patch::Set(external("first")));
    assert_eq!(given.refused(owner, &named), taken("external id", "first"));
    let missing = given.id();
    assert_eq!(given.refused(owner, &edit(missing, "Other", Patch::Keep)), unknown("project"));
}

#[test]
fn deleting_a_project_takes_back_what_was_granted_in_it() {
    let mut given = Given::new("bailiwick");
    let id = given.project("Mine");
    let owners = given.account.grants_after(None).find(|(_, grant)| grant.value.scope == Scope::Project(id));
    let owners = owners.unwrap().0;
    let principal = Principal::Member(given.member(&[]));
    let all = Scope::AllOf(AllOf { resource_type: "cluster".into(), project: Some(id) }.into());
    let grant = given.grant(principal, at(built_in("cluster_read_only"), all));
    let (_, project) = (given.grant(principal, at_account("viewer")), stored(&given, id));
    let wanted = [
        given.revoked(owners, EndReason::SubjectGone),
        given.revoked(grant, EndReason::SubjectGone),
        Event::ProjectDeleted { id, project },
    ];
    assert_eq!(given.do_it(&Command::DeleteProject { project: id }), wanted);
    assert_eq!(given.account.grants_of(principal).count(), 1);
    assert_eq!(given.refused(given.owner, &Command::DeleteProject { project: id }), unknown("project"));
}

#[test]
fn deleting_is_refused() {
    let mut given = Given::new("bailiwick");
    let (project, default) = (given.project("Mine"), given.default_project());
    let (owner, nobody) = (given.owner, given.member(&[]));
    let delete = |project| Command::DeleteProject { project };
    assert_eq!(
        given.refused(nobody, &delete(project)),
        denied_at("delete:projects", Scope::Project(project))
    );
    assert_eq!(given.refused(owner, &delete(default)), Refusal::DefaultProject);
    let resource = given.resource("cluster", Some(project), None);
    assert_eq!(given.refused(owner, &delete(project)), Refusal::ProjectInUse);
    given.do_it(&Command::DeleteResource { resource });
    given.do_it(&delete(project));
}
