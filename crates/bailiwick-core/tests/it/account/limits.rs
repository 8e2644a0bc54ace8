//! How many of each an account takes.

use super::prelude::*;

/// The account with so many more events, as if they had been decided.
fn with(given: &mut Given, events: &[Event]) {
    given.account.apply(events);
}

#[test]
fn an_account_takes_so_many_roles_groups_projects_and_service_accounts() {
    let mut given = Given::new("bailiwick");
    let description = Description::default;
    let text = |number: usize| name(&format!("Name {number}"));
    let roles: Vec<Event> = (0..limits::ROLES)
        .map(|number| {
            let role = Role {
                name: role_name(&format!("Role {number}")),
                description: description(),
                level: Level::Account,
                permissions: vec!["read:clusters".into()],
                external_id: None,
            };
            Event::RoleCreated { id: given.id(), role }
        })
        .collect();
    with(&mut given, &roles);
    let groups: Vec<Event> = (given.account.groups_after(None).count()..limits::GROUPS)
        .map(|number| {
            let group = Group { name: text(number), description: description(), external_id: None };
            Event::GroupCreated { id: given.id(), group }
        })
        .collect();
    with(&mut given, &groups);
    let projects: Vec<Event> = (1..limits::PROJECTS)
        .map(|number| {
            let project =
                Project { name: text(number), description: description(), external_id: None, default: false };
            Event::ProjectCreated { id: given.id(), project }
        })
        .collect();
    with(&mut given, &projects);
    let machines: Vec<Event> = (0..limits::SERVICE_ACCOUNTS)
        .map(|number| {
            let service_account = ServiceAccount {
                name: text(number),
                description: description(),
                external_id: None,
                may_assert: vec![],
            };
            Event::ServiceAccountCreated { id: given.id(), service_account }
        })
        .collect();
    with(&mut given, &machines);
    let role = RoleSpec {
        name: role_name("One more"),
        description: description(),
        level: Level::Account,
        permissions: vec!["read:clusters".into()],
        external_id: None,
    };
    let (one, none) = (|| name("One more"), || None);
    for (command, what, most) in [
        (Command::CreateRole { role }, "custom roles", limits::ROLES),
        (
            Command::CreateGroup { name: one(), description: description(), external_id: none() },
            "groups",
            limits::GROUPS,
        ),
        (
            Command::CreateProject { name: one(), description: description(), external_id: none() },
            "projects",
            limits::PROJECTS,
        ),
        (
            Command::CreateServiceAccount {
                name: one(),
                description: description(),
                external_id: none(),
                grants: vec![],
            },
            "service accounts",
            limits::SERVICE_ACCOUNTS,
        ),
    ] {
        assert_eq!(given.refused(given.owner, &command), too_many(what, most));
    }
}
