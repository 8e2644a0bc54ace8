//! Custom roles: create, edit, delete.

use super::prelude::*;

fn spec(text: &str, permissions: &[&str]) -> RoleSpec {
    RoleSpec {
        name: role_name(text),
        description: described("What it is for"),
        level: Level::Account,
        permissions: permissions.iter().map(|name| (*name).into()).collect(),
        external_id: None,
    }
}

fn create(text: &str, permissions: &[&str]) -> Command {
    Command::CreateRole { role: spec(text, permissions) }
}

fn edit(role: RoleId) -> Command {
    Command::EditRole { role, name: None, description: None, permissions: None, external_id: Patch::Keep }
}

fn delete(role: RoleId, reassign_to: Option<RoleRef>) -> Command {
    Command::DeleteRole { role, reassign_to }
}

fn stored(given: &Given, id: RoleId) -> Role {
    given.account.role(id).unwrap().value.clone()
}

#[test]
fn q11_a_role_holds_what_its_permissions_imply() {
    let mut given = Given::new("bailiwick");
    let role = Role {
        name: role_name("Operators"),
        description: described("What it is for"),
        level: Level::Account,
        permissions: vec!["read:clusters".into(), "write:clusters".into()],
        external_id: Some(external("ops")),
    };
    let mut asked = spec("Operators", &["write:clusters"]);
    asked.external_id = Some(external("ops"));
    let wanted = [Event::RoleCreated { id: given.upcoming(1), role }];
    assert_eq!(given.do_it(&Command::CreateRole { role: asked }), wanted);
    let found = ["ops", "Operators", "OPERATORS"].map(|reference| given.account.find_role(reference));
    assert!(found[0].is_some() && found.iter().all(|one| *one == found[0]));
}

#[test]
fn q10_creating_a_role_is_refused() {
    let mut given = Given::new("bailiwick");
    given.do_it(&create("Operators", &["write:clusters"]));
    let owner = given.owner;
    for name in ["operators", "Admin", "Project admin", "project_admin"] {
        assert_eq!(given.refused(owner, &create(name, &["read:clusters"])), taken("name", name));
    }
    assert_eq!(given.refused(owner, &create("Empty", &[])), Refusal::EmptyRole);
    let unknown = Refusal::UnknownPermission { permission: "fly".to_owned() };
    assert_eq!(given.refused(owner, &create("Birds", &["fly"])), unknown);
    let many = vec!["read:clusters"; 257];
    assert_eq!(given.refused(owner, &create("Many", &many)), too_many("permissions in one role", 256));
    let nobody = given.member(&[]);
    assert_eq!(given.refused(nobody, &create("Operators 2", &["read:clusters"])), denied("write:roles"));
    let clerk = given.member_who_may(&["write:roles"]);
    let more = given.refused(clerk, &create("Operators 2", &["write:roles", "write:clusters"]));
    assert_eq!(more, escalation(&["read:clusters", "write:clusters"], Scope::Account));
    let mut named = spec("Operators 2", &["read:clusters"]);
    named.external_id = Some(external("ops"));
    given.do_it(&Command::CreateRole { role: named.clone() });
    named.name = role_name("Operators 3");
    assert_eq!(given.refused(owner, &Command::CreateRole { role: named }), taken("external id", "ops"));
}

#[test]
fn q10_a_role_is_renamed_described_and_edited() {
    let mut given = Given::new("bailiwick");
    let id = given.role_id("Operators", Level::Account, &["write:clusters"]);
    let user = given.member(&[at(RoleRef::Custom(id), Scope::Account)]);
    let before = stored(&given, id);
    let after = Role {
        name: role_name("OPERATORS"),
        description: described("Others"),
        permissions: vec!["read:backups".into(), "write:backups".into()],
        external_id: Some(external("ops")),
        ..before.clone()
    };
    let command = Command::EditRole {
        role: id,
        name: Some(role_name("OPERATORS")),
        description: Some(described("Others")),
        permissions: Some(vec!["write:backups".into()]),
        external_id: Patch::Set(external("ops")),
    };
    assert_eq!(given.do_it(&command), [Event::RoleEdited { id, before, after }]);
    assert!(given.may(user, "read:backups") && !given.may(user, "read:clusters"));
    assert_eq!(given.refused(given.owner, &command), Refusal::Nothing);
}

#[test]
fn editing_a_role_is_refused() {
    let mut given = Given::new("bailiwick");
    let id = given.role_id("Operators", Level::Account, &["write:clusters"]);
    given.role_id("Backups", Level::Account, &["write:backups"]);
    let clerk = given.member_who_may(&["write:roles", "write:clusters"]);
    let nobody = given.member(&[]);
    assert_eq!(given.refused(nobody, &edit(id)), denied("write:roles"));
    assert_eq!(given.refused(clerk, &edit(id)), Refusal::Nothing);
    let missing = given.id();
    assert_eq!(given.refused(clerk, &edit(missing)), unknown("role"));
    let mut rename = edit(id);
    if let Command::EditRole { name, .. } = &mut rename {
        *name = Some(role_name("backups"));
    }
    assert_eq!(given.refused(clerk, &rename), taken("name", "backups"));
    let permissions = |names: &[&str]| Given::edit_permissions(id, names);
    let unknown = Refusal::UnknownPermission { permission: "fly".to_owned() };
    assert_eq!(given.refused(clerk, &permissions(&["fly"])), unknown);
    assert_eq!(given.refused(clerk, &permissions(&[])), Refusal::EmptyRole);
    let more = given.refused(clerk, &permissions(&["write:clusters", "delete:clusters"]));
    assert_eq!(more, escalation(&["delete:clusters"], Scope::Account));
    given.when(clerk, &permissions(&["read:clusters"])).unwrap();
}

#[test]
fn q10_a_role_that_nobody_has_is_deleted() {
    let mut given = Given::new("bailiwick");
    let id = given.role_id("Operators", Level::Account, &["write:clusters"]);
    let nobody = given.member(&[]);
    assert_eq!(given.refused(nobody, &delete(id, None)), denied("delete:roles"));
    let role = stored(&given, id);
    assert_eq!(given.do_it(&delete(id, None)), [Event::RoleDeleted { id, role }]);
    assert_eq!(given.account.find_role("Operators"), None);
    assert_eq!(given.refused(given.owner, &delete(id, None)), unknown("role"));
    given.do_it(&create("Operators", &["write:clusters"]));
}

#[test]
fn a_role_in_use_is_deleted_when_its_holders_get_another() {
    let mut given = Given::new("bailiwick");
    let id = given.role_id("Operators", Level::Account, &["write:clusters"]);
    let role = RoleRef::Custom(id);
    let end = given.later(3_600);
    let user = given.member(&[until(at(role.clone(), Scope::Account), end)]);
    let principal = Principal::Member(user);
    let held = given.grant_of(principal, &role).unwrap();
    let (_, invitation) = given.pending(&[at(role.clone(), Scope::Account)]);
    assert_eq!(
        given.refused(given.owner, &delete(id, None)),
        Refusal::RoleInUse { grants: 1, invitations: 1 }
    );
    let viewer = until(at_account("viewer"), end);
    let wanted = [
        given.revoked(held, EndReason::Replaced),
        Event::GrantMade { id: given.upcoming(1), grant: given.made(principal, viewer) },
        Event::InvitationEdited {
            id: invitation,
            before: vec![at(role, Scope::Account)],
            after: vec![at_account("viewer")],
        },
        Event::RoleDeleted { id, role: stored(&given, id) },
    ];
    assert_eq!(given.do_it(&delete(id, Some(built_in("viewer")))), wanted);
    assert!(given.may(user, "read:alerts") && !given.may(user, "read:clusters"));
}

#[test]
fn whoever_has_the_other_role_keeps_it_for_the_longer_time() {
    let mut given = Given::new("bailiwick");
    let id = given.role_id("Operators", Level::Account, &["write:clusters"]);
    let role = RoleRef::Custom(id);
    let end = given.later(3_600);
    let user = given.member(&[until(at_account("viewer"), end), at(role.clone(), Scope::Account)]);
    let principal = Principal::Member(user);
    let viewer = given.grant_of(principal, &built_in("viewer")).unwrap();
    let held = given.grant_of(principal, &role).unwrap();
    let wanted = [
        given.revoked(held, EndReason::Replaced),
        Event::GrantExtended { id: viewer, principal, before: Some(end), after: None },
        Event::RoleDeleted { id, role: stored(&given, id) },
    ];
    assert_eq!(given.do_it(&delete(id, Some(built_in("viewer")))), wanted);
}

#[test]
fn reassigning_is_refused() {
    let mut given = Given::new("bailiwick");
    let id = given.role_id("Operators", Level::Account, &["write:clusters"]);
    let unused = given.role_id("Unused", Level::Account, &["write:clusters"]);
    given.member(&[at(RoleRef::Custom(id), Scope::Account)]);
    let owner = given.owner;
    let to = |role: RoleRef| delete(id, Some(role));
    assert_eq!(given.refused(owner, &to(RoleRef::Custom(id))), Refusal::Nothing);
    assert_eq!(given.refused(owner, &to(built_in("nothing"))), unknown("role"));
    assert_eq!(given.refused(owner, &delete(unused, Some(built_in("nothing")))), unknown("role"));
    assert_eq!(given.refused(owner, &to(built_in("owner"))), Refusal::HandedOver { role: built_in("owner") });
    assert_eq!(
        given.refused(owner, &to(built_in("member"))),
        Refusal::NewcomerRole { role: built_in("member") }
    );
    let level = Refusal::WrongLevel { role: built_in("project_admin"), level: Level::Project };
    assert_eq!(given.refused(owner, &to(built_in("project_admin"))), level);
    let cleaner = given.member_who_may(&["delete:roles", "write:clusters"]);
    assert_eq!(given.refused(cleaner, &to(built_in("viewer"))), denied("write:roles"));
    let clerk = given.member_who_may(&["delete:roles", "write:roles", "write:clusters"]);
    let missing = ["read:deployments", "read:monitoring", "read:explore", "read:alerts"];
    assert_eq!(given.refused(clerk, &to(built_in("viewer"))), escalation(&missing, Scope::Account));
}

#[test]
fn q09_built_in_roles_have_no_id_to_be_edited_by_and_some_catalogs_have_no_others() {
    let text = include_str!("one_role.toml").replace("custom_roles = true", "custom_roles = false");
    let catalog = std::sync::Arc::new(bailiwick_core::catalog::Catalog::parse("one-role", &text).unwrap());
    let given = Given::with(&catalog, 1);
    assert_eq!(given.refused(given.owner, &create("Mine", &["read:clusters"])), Refusal::NoCustomRoles);
}
