//! What a change does to access, told in as few entries as there are kinds of people concerned.

use bailiwick_core::access::{AccessChange, AccessDifference};
use bailiwick_core::account::AttributeChanges;

use crate::account::prelude::*;

fn rehearse(given: &Given, command: &Command) -> AccessDifference {
    let decided = given.decide(Actor::User(given.owner), command).unwrap();
    AccessDifference::between(&given.account, &decided.account, &decided.events, given.now)
}

/// One line for each entry: how many, what, where.
fn lines(given: &Given, changes: &[AccessChange]) -> Vec<String> {
    let line = |one: &AccessChange| {
        let names: Vec<&str> = given.account.catalog().permission_names(one.permissions).collect();
        let place = match &one.scope {
            Scope::Resources(ids) => format!("{} named", ids.len()),
            other => other.to_string(),
        };
        format!("{}: {} at {place}", one.principals.count, names.join(" "))
    };
    changes.iter().map(line).collect()
}

fn edit(role: &RoleRef, permissions: &[&str]) -> Command {
    let RoleRef::Custom(role) = role else { panic!("built in") };
    let permissions = Some(permissions.iter().map(|one| (*one).into()).collect());
    Command::EditRole { role: *role, name: None, description: None, permissions, external_id: Patch::Keep }
}

#[test]
fn a_role_edit_is_one_entry_however_many_it_concerns_and_the_count_is_exact() {
    let mut given = Given::new("bailiwick");
    let role = given.role("Reader", Level::Account, &["read:clusters", "read:backups"]);
    let group = given.group("Everybody");
    given.grant(Principal::Group(group), at(role.clone(), Scope::Account));
    for _ in 0..40 {
        let user = given.member(&[]);
        given.do_it(&Command::AddToGroup { group, member: Principal::Member(user) });
    }
    given.service_account("ci", &[at(role.clone(), Scope::Account)]);
    let difference = rehearse(&given, &edit(&role, &["read:clusters", "read:api_keys"]));
    assert_eq!(lines(&given, &difference.gained), ["41: read:api_keys at account"]);
    assert_eq!(lines(&given, &difference.lost), ["41: read:backups at account"]);
    assert_eq!(difference.principal_count, 41);
    let principals = &difference.lost[0].principals;
    assert!(!principals.is_complete() && principals.first.len() == limits::FIRST_OF_MANY);
    assert!(principals.first.is_sorted() && difference.is_complete() && difference.ended.is_empty());
}

#[test]
fn who_keeps_a_permission_by_another_way_loses_nothing() {
    let mut given = Given::new("bailiwick");
    let cluster = given.resource("cluster", None, None);
    let role = given.role("Reader", Level::Resource, &["read:clusters"]);
    let here = at(role.clone(), Scope::resources([cluster]));
    let (twice, once) = (given.member(&[at_account("admin"), here.clone()]), given.member(&[here]));
    let difference = rehearse(&given, &edit(&role, &["read:backups"]));
    assert_eq!(lines(&given, &difference.lost), ["1: read:clusters at 1 named"]);
    assert_eq!(difference.lost[0].principals.first, [Principal::Member(once)]);
    assert_eq!(difference.gained.len(), 1, "an admin reads backups already: {twice}");
    // The same name, and nothing else: nobody is concerned.
    let RoleRef::Custom(id) = role else { panic!() };
    let name = Some(role_name("Readers"));
    let rename =
        Command::EditRole { role: id, name, description: None, permissions: None, external_id: Patch::Keep };
    assert!(rehearse(&given, &rename).is_empty());
}

#[test]
fn a_role_that_takes_the_place_of_another_changes_only_what_they_differ_in() {
    let mut given = Given::new("bailiwick");
    let old = given.role("Old role", Level::Account, &["read:clusters", "read:backups"]);
    let new = given.role("New role", Level::Account, &["read:clusters", "read:api_keys"]);
    for _ in 0..3 {
        given.member(&[at(old.clone(), Scope::Account)]);
    }
    let RoleRef::Custom(role) = old else { panic!() };
    let difference = rehearse(&given, &Command::DeleteRole { role, reassign_to: Some(new) });
    assert_eq!(lines(&given, &difference.gained), ["3: read:api_keys at account"]);
    assert_eq!(lines(&given, &difference.lost), ["3: read:backups at account"]);
}

#[test]
fn deleting_a_group_takes_from_its_members_what_they_have_through_it_alone() {
    let mut given = Given::new("bailiwick");
    let project = given.project("Project");
    let group = given.group("Group");
    let role = given.role("Reader", Level::Project, &["read:clusters"]);
    given.grant(Principal::Group(group), at(role.clone(), Scope::Project(project)));
    let (own, plain) = (given.member(&[at(role, Scope::Project(project))]), given.member(&[]));
    for user in [own, plain] {
        given.do_it(&Command::AddToGroup { group, member: Principal::Member(user) });
    }
    let difference = rehearse(&given, &Command::DeleteGroup { group });
    assert_eq!(lines(&given, &difference.lost), [format!("1: read:clusters at {project}")]);
    assert_eq!(difference.lost[0].principals.first, [Principal::Member(plain)]);
    let out = rehearse(&given, &Command::RemoveFromGroup { group, member: Principal::Member(plain) });
    assert_eq!(out.lost, difference.lost);
    assert!(rehearse(&given, &Command::RemoveFromGroup { group, member: Principal::Member(own) }).is_empty());
}

#[test]
fn removing_a_member_names_what_stands_in_their_name_and_deleting_a_machine_its_keys() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[at_account("admin")]);
    let guest = given.id();
    let invitation = given.invite(user, guest, &[]).unwrap();
    for command in [Command::RemoveMember { user }, Command::DeactivateMember { user }] {
        let difference = rehearse(&given, &command);
        let ended: Vec<_> =
            difference.ended.iter().map(|(kind, ended)| (*kind, ended.first.clone())).collect();
        let wanted = [
            ("invitation", vec![EntityKey::Invitation(invitation)]),
            ("member", vec![EntityKey::Member(user)]),
        ];
        assert_eq!(ended, wanted);
        assert_eq!((difference.lost.len(), difference.principal_count), (1, 1));
    }
    let machine = given.service_account("ci", &[at_account("viewer")]);
    let keys = [given.key(machine), given.key(machine)];
    let difference = rehearse(&given, &Command::DeleteServiceAccount { service_account: machine });
    assert_eq!(difference.ended[0].0, "key");
    assert_eq!(difference.ended[0].1.first, keys.map(EntityKey::Key));
    assert_eq!(difference.ended[1].1.first, [EntityKey::ServiceAccount(machine)]);
    assert_eq!(difference.lost[0].principals.first, [Principal::ServiceAccount(machine)]);
}

#[test]
fn a_resource_that_goes_away_is_lost_to_those_who_had_it_by_name() {
    let mut given = Given::new("bailiwick");
    let (one, two) = (given.resource("cluster", None, None), given.resource("cluster", None, None));
    let role = given.role("Reader", Level::Resource, &["read:clusters"]);
    let user = given.member(&[at(role, Scope::resources([one, two]))]);
    let difference = rehearse(&given, &Command::DeleteResource { resource: one });
    assert_eq!(difference.lost.len(), 1);
    assert_eq!(difference.lost[0].scope, Scope::resources([one]));
    assert_eq!(difference.lost[0].principals.first, [Principal::Member(user)]);
    assert_eq!(difference.ended[0].0, "resource");
}

#[test]
fn named_resources_where_the_same_changes_are_one_entry() {
    let mut given = Given::new("bailiwick");
    let clusters: Vec<ResourceId> = (0..5).map(|_| given.resource("cluster", None, None)).collect();
    let role = given.role("Reader", Level::Resource, &["read:clusters"]);
    let scope = Scope::resources(clusters);
    let id = {
        let user = given.member(&[]);
        given.grant(Principal::Member(user), at(role, scope.clone()))
    };
    let difference = rehearse(&given, &Command::RevokeGrant { grant: id });
    assert_eq!(difference.lost.len(), 1);
    assert_eq!(difference.lost[0].scope, scope);
}

/// The events of one cluster and one member more.
fn cluster_and_member(given: &mut Given, events: &mut Vec<Event>, number: usize) -> (ResourceId, UserId) {
    let (id, user) = (given.id(), given.id());
    let resource = Resource {
        resource_type: "cluster".into(),
        name: name(&format!("c{number}")),
        project: given.default_project(),
        parent: None,
        external_id: None,
        url: None,
        attributes: None,
    };
    events.push(Event::ResourceRegistered { id, resource });
    events.push(Event::MemberJoined { user, at: given.now, invitation: None, until: None });
    (id, user)
}

#[test]
fn entries_beyond_the_limit_are_counted() {
    let mut given = Given::new("bailiwick");
    let role = given.role("Reader", Level::Resource, &["read:clusters"]);
    let mut events = Vec::new();
    for number in 0..=limits::ENTRIES_OF_DIFFERENCE {
        let (id, user) = cluster_and_member(&mut given, &mut events, number);
        let grant = given.made(Principal::Member(user), at(role.clone(), Scope::resources([id])));
        events.push(Event::GrantMade { id: given.id(), grant });
    }
    given.account.apply(&events);
    let difference = rehearse(&given, &edit(&role, &["read:backups"]));
    let most = limits::ENTRIES_OF_DIFFERENCE;
    assert_eq!((difference.lost.len(), difference.lost_count), (most, most + 1));
    assert_eq!((difference.principal_count, difference.is_complete()), (most + 1, false));
}

#[test]
fn what_a_group_is_granted_is_gained_by_everybody_in_the_groups_in_it() {
    let mut given = Given::new("bailiwick");
    let (outer, inner) = (given.group("Outer"), given.group("Inner"));
    let role = given.role("Reader", Level::Account, &["read:clusters"]);
    given.grant(Principal::Group(outer), at(role.clone(), Scope::Account));
    let user = given.member(&[]);
    given.do_it(&Command::AddToGroup { group: inner, member: Principal::Member(user) });
    let nest = Command::AddToGroup { group: outer, member: Principal::Group(inner) };
    let difference = rehearse(&given, &nest);
    assert_eq!(lines(&given, &difference.gained), ["1: read:clusters at account"]);
    given.do_it(&nest);
    let edited = rehearse(&given, &edit(&role, &["read:backups"]));
    assert_eq!(lines(&given, &edited.lost), ["1: read:clusters at account"]);
    let out = Command::RemoveFromGroup { group: outer, member: Principal::Group(inner) };
    assert_eq!(rehearse(&given, &out).lost, edited.lost);
    let joins = given.member(&[]);
    let joining = Command::AddToGroup { group: inner, member: Principal::Member(joins) };
    assert_eq!(rehearse(&given, &joining).gained[0].principals.first, [Principal::Member(joins)]);
}

/// A policy with an ordinary name.
fn policy(text: &str) -> Policy {
    let name = name(&format!("Policy {}", text.len()));
    Policy { name, description: Description::default(), text: text.into(), enabled: true }
}

fn said(name: &str, value: &str) -> AttributeChanges {
    [(name.into(), Some(AttributeValue::String(value.into())))].into()
}

fn environment(resource: ResourceId, value: &str) -> Command {
    let (name, external_id, url) = (None, Patch::Keep, Patch::Keep);
    Command::EditResource { resource, name, external_id, url, attributes: said("environment", value) }
}

#[test]
fn a_forbid_tells_who_loses_what_and_its_end_who_gains() {
    let mut given = Given::new("bailiwick");
    let editors: Vec<UserId> = (0..40).map(|_| given.member(&[at_account("editor")])).collect();
    let clusters: Vec<ResourceId> = (0..3).map(|_| given.resource("cluster", None, None)).collect();
    given.do_it(&environment(clusters[1], "production"));
    let text = "forbid(principal, action == Action::\"write:clusters\", resource is Cluster) \
                when { resource has environment && resource.environment == \"production\" };";
    let create = Command::CreatePolicy { policy: policy(text) };
    let difference = rehearse(&given, &create);
    assert!(difference.policies && difference.is_complete());
    assert!(difference.gained.is_empty());
    let [one] = difference.lost.as_slice() else { panic!("{:?}", difference.lost) };
    assert_eq!((&one.scope, one.alone), (&Scope::resources([clusters[1]]), false));
    assert_eq!(
        lines(&given, &difference.lost),
        [format!("{}: write:clusters at 1 named", one.principals.count)]
    );
    // The owner too, whom policies bind here.
    assert_eq!(one.principals.count, editors.len() + 1);
    given.do_it(&create);
    let id = given.account.policies_after(None).next().unwrap().0;
    let disable =
        Command::EditPolicy { policy: id, name: None, description: None, text: None, enabled: Some(false) };
    for command in [Command::DeletePolicy { policy: id }, disable] {
        let back = rehearse(&given, &command);
        assert_eq!((&back.gained, back.lost.len()), (&difference.lost, 0));
    }
    // What is said of a resource decides as well, and so does what is said of nothing else.
    let moved = rehearse(&given, &environment(clusters[0], "production"));
    assert_eq!(moved.lost[0].scope, Scope::resources([clusters[0]]));
    assert_eq!(moved.principal_count, editors.len() + 1);
    assert!(rehearse(&given, &environment(clusters[2], "staging")).is_empty());
}

#[test]
fn an_attribute_or_a_group_that_policies_read_tells_what_its_member_gains_and_loses() {
    let mut given = Given::new("bailiwick");
    let (ann, bob) = (given.member(&[]), given.member(&[]));
    let group = given.group("Night shift");
    let cluster = given.resource("cluster", None, None);
    given.policy(
        "permit(principal is User, action == Action::\"write:clusters\", resource is Cluster) \
         when { principal has department && principal.department == \"production\" };",
    );
    given.policy(&format!(
        "permit(principal in Group::\"{group}\", action == Action::\"delete:clusters\", resource is Cluster);"
    ));
    let edit = |user| Command::EditMember {
        user,
        external_id: Patch::Keep,
        attributes: said("department", "production"),
    };
    let gained = rehearse(&given, &edit(ann)).gained;
    assert_eq!(lines(&given, &gained), ["1: write:clusters at 1 named"]);
    assert_eq!(gained[0].principals.first, [Principal::Member(ann)]);
    assert_eq!(gained[0].scope, Scope::resources([cluster]));
    let join = Command::AddToGroup { group, member: Principal::Member(bob) };
    assert_eq!(lines(&given, &rehearse(&given, &join).gained), ["1: delete:clusters at 1 named"]);
    given.do_it(&edit(ann));
    given.do_it(&join);
    let gone = rehearse(&given, &Command::DeactivateMember { user: ann });
    assert!(lines(&given, &gone.lost).contains(&"1: write:clusters at 1 named".to_owned()), "{gone:?}");
    let out = rehearse(&given, &Command::DeleteGroup { group });
    assert_eq!(out.lost[0].principals.first, [Principal::Member(bob)]);
}

#[test]
fn a_grant_gives_what_no_policy_forbids_and_scopes_say_what_is_meant() {
    let mut given = Given::new("bailiwick");
    let project = given.project("Project");
    for _ in 0..2 {
        given.resource("cluster", Some(project), None);
        given.resource("cluster", None, None);
    }
    given.policy(&format!(
        "forbid(principal, action == Action::\"write:clusters\", resource is Cluster in Project::\"{project}\");"
    ));
    let user = given.member(&[]);
    let role = given.role("Writer", Level::Account, &["write:clusters"]);
    let grant = Command::Grant { principal: Principal::Member(user), grant: at(role, Scope::Account) };
    let difference = rehearse(&given, &grant);
    let of_writing: Vec<_> = difference
        .gained
        .iter()
        .filter(|one| {
            given.account.catalog().permission_names(one.permissions).any(|name| name == "write:clusters")
        })
        .map(|one| (one.scope.clone(), one.alone))
        .collect();
    let default = Scope::Project(given.default_project());
    assert!(of_writing.contains(&(default, false)), "all of the default project: {of_writing:?}");
    assert!(of_writing.contains(&(Scope::Account, true)), "the account alone: {of_writing:?}");
    assert!(of_writing.contains(&(Scope::Project(project), true)), "the project alone: {of_writing:?}");
    assert_eq!(of_writing.len(), 3, "{of_writing:?}");
}

#[test]
fn many_who_are_alike_are_asked_about_once_and_too_much_to_ask_is_said() {
    let mut given = Given::new("bailiwick");
    let mut events = Vec::new();
    for number in 0..2_000 {
        let (_, user) = cluster_and_member(&mut given, &mut events, number);
        let grant = given.made(Principal::Member(user), at_account("editor"));
        events.push(Event::GrantMade { id: given.id(), grant });
    }
    given.account.apply(&events);
    let all = "forbid(principal, action == Action::\"write:clusters\", resource is Cluster);";
    let create = Command::CreatePolicy { policy: policy(all) };
    let difference = rehearse(&given, &create);
    assert!(difference.is_complete(), "four million pairs, two kinds of people and one of clusters");
    assert_eq!(difference.principal_count, 2_001);
    let wanted = Scope::AllOf(AllOf { resource_type: "cluster".into(), project: None }.into());
    assert!(difference.lost.iter().all(|one| one.scope == wanted), "{:?}", difference.lost);
    let create = Command::CreatePolicy {
        policy: policy(
            "forbid(principal is User, action == Action::\"write:clusters\", resource is Cluster) \
             when { principal has clearance && principal.clearance > -1 };",
        ),
    };

    // Nobody is like anybody else, and no cluster like another.
    let mut events = Vec::new();
    let members: Vec<UserId> = given.account.members_after(None).map(|(user, _)| user).collect();
    for (number, user) in members.into_iter().enumerate() {
        let number = AttributeValue::Number(i64::try_from(number).unwrap());
        let after = [("clearance".into(), number)].into_iter().collect();
        events.push(Event::MemberAttributesChanged { user, before: Attributes::default(), after });
    }
    given.account.apply(&events);
    let grants: Vec<Event> = given
        .account
        .resources_after(None)
        .map(|(id, _)| id)
        .collect::<Vec<_>>()
        .into_iter()
        .map(|id| {
            let grant = given.made(
                Principal::Member(given.owner),
                RoleAtScope {
                    role: RoleRef::BuiltIn("viewer".into()),
                    scope: Scope::resources([id]),
                    until: None,
                },
            );
            Event::GrantMade { id: given.id(), grant }
        })
        .collect();
    given.account.apply(&grants);
    let difference = rehearse(&given, &create);
    assert!(difference.unasked && !difference.is_complete());
    let told = difference.principal_count;
    assert!(told > 0 && told < 2_001, "the least there is: {told}");
}
