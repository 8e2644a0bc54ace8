//! Attacks on what the other clouds need: groups in invitations, switching groups on, leaving projects, personal keys, keys of a
//! project, and renaming under another catalog.

use std::sync::Arc;

use bailiwick_core::account::Renames;
use bailiwick_core::catalog::Catalog;
use bailiwick_core::ids::KeyId;

use super::prelude::*;
use crate::policies::{edit, switch};

fn personal(given: &mut Given, user: UserId) -> (KeyId, Command) {
    let key = given.id();
    let (holder, secret_hash) = (KeyHolder::Member(user), SecretHash([9; 32]));
    (key, Command::CreateKey { key, holder, name: name("Mine"), secret_hash, expires_at: None })
}

fn invite(given: &mut Given, groups: &[GroupId]) -> Command {
    let people = vec![Invitee { user: given.id(), invitation: given.id() }];
    Command::Invite {
        people,
        grants: Vec::new(),
        groups: groups.to_vec(),
        member_until: None,
        attributes: Attributes::default(),
    }
}

#[test]
fn a_group_is_promised_by_who_holds_what_it_holds_and_may_invite_everywhere() {
    let mut given = Given::new("bailiwick");
    let admins = given.account.find_group("admins").unwrap();
    let recruiter = given.member_who_may(&["write:invites"]);
    let command = invite(&mut given, &[admins]);
    assert!(matches!(given.refused(recruiter, &command), Refusal::Escalation { .. }));
    // Nor by who may invite to a project only, however much they hold there.
    let project = given.project("Search");
    let local = given.member(&[at(built_in("project_admin"), Scope::Project(project))]);
    assert_eq!(given.refused(local, &command), denied("write:invites"));
    // One that does not exist, or too many.
    let missing = given.id();
    let command = invite(&mut given, &[missing]);
    assert_eq!(given.refused(given.owner, &command), unknown("group"));
    let many: Vec<GroupId> = (0..=limits::GROUPS_PER_MEMBER).map(|_| given.id()).collect();
    let command = invite(&mut given, &many);
    assert!(matches!(given.refused(given.owner, &command), Refusal::LimitReached { .. }));
    // Who takes an invitation over by sending it again vouches for its groups too.
    let command = invite(&mut given, &[admins]);
    let sent = given.do_it(&command);
    let [Event::InvitationSent { id, .. }] = &sent[..] else { panic!("{sent:?}") };
    let resend = Command::ResendInvitation { invitation: *id };
    assert!(matches!(given.refused(recruiter, &resend), Refusal::Escalation { .. }));
    // And who may end invitations in a project only does not end one that leads further.
    let command = Command::RevokeInvitation { invitation: *id };
    assert_eq!(given.refused(local, &command), denied("delete:invites"));
}

#[test]
fn groups_are_switched_on_by_who_holds_what_the_group_holds() {
    let mut given = Given::new("influxdb-cloud-dedicated");
    let on = Command::ChangeSettings { settings: Settings { groups_on: Some(true), ..Settings::default() } };
    // The auditor reads, and may not.
    let auditor = given.member(&[at_account("auditor")]);
    assert_eq!(given.refused(auditor, &on), denied("write:account"));
    let (admin, inactive) =
        (given.account.find_group("admin").unwrap(), given.inactive(&[at_account("member")]));
    given.do_it(&on);
    // An inactive member joins as well and still may do nothing.
    assert!(given.account.is_in_group(admin, Principal::Member(inactive)));
    assert!(!given.may(inactive, "read:clusters"));
    let off =
        Command::ChangeSettings { settings: Settings { groups_on: Some(false), ..Settings::default() } };
    assert_eq!(given.refused(given.owner, &off), Refusal::GroupsStayOn);
}

#[test]
fn who_takes_out_of_a_project_takes_only_what_they_may_take() {
    let mut given = Given::new("bailiwick");
    let (project, other) = (given.project("Search"), given.project("Other"));
    let cluster = given.resource("cluster", Some(project), None);
    let elsewhere = given.resource("cluster", Some(other), None);
    let reader = given.role("Granter", Level::Project, &["write:roles", "read:clusters"]);
    let weak = given.member(&[at(reader, Scope::Project(project))]);
    let strong = given.member(&[at(built_in("project_admin"), Scope::Project(project))]);
    let remove = |user| Command::RemoveFromProject { project, user };
    assert!(matches!(given.refused(weak, &remove(strong)), Refusal::Above { .. }));
    assert_eq!(given.refused(strong, &remove(strong)), Refusal::Yourself);
    // What is named elsewhere stays, and nothing of it is needed to take the rest away.
    let both = given.member(&[at(built_in("cluster_read_only"), Scope::resources([cluster, elsewhere]))]);
    let admin = given.member(&[at(built_in("project_admin"), Scope::Project(project))]);
    let events = given.when(admin, &remove(both)).unwrap();
    assert!(
        matches!(events[..], [Event::GrantNarrowed { resource, .. }] if resource == cluster),
        "{events:?}"
    );
    // What is held in the whole account or through a group is not the project's to take.
    let account_wide = given.member(&[at_account("auditor")]);
    assert!(matches!(given.refused(admin, &remove(account_wide)), Refusal::AlreadySo { .. }));
    // A machine leaves nothing.
    let machine = given.machine("Machine", &[at(built_in("project_read_only"), Scope::Project(project))]);
    assert_eq!(given.refused_by(machine, &Command::LeaveProject { project }), Refusal::PeopleOnly);
    let missing = given.id();
    assert_eq!(given.refused(given.owner, &Command::LeaveProject { project: missing }), unknown("project"));
}

#[test]
fn a_personal_key_is_its_owner_s_alone() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[at_account("admin")]);
    let (_, for_another) = personal(&mut given, user);
    // Not even the owner makes one that acts for somebody else.
    assert_eq!(given.refused(given.owner, &for_another), Refusal::NotYours);
    let (key, own) = personal(&mut given, user);
    given.when(user, &own).unwrap();
    let actor = Actor::PersonalKey { user, key };
    assert_eq!(given.account.may_act(actor, given.now), Ok(()));
    // The key of one person does not act for another, nor for a machine.
    let other = given.member(&[]);
    let unknown_account = Refusal::NotFound { kind: "account" };
    assert_eq!(
        given.account.may_act(Actor::PersonalKey { user: other, key }, given.now),
        Err(unknown_account.clone())
    );
    let machine = given.service_account("Machine", &[]);
    let as_machine = Actor::ServiceAccount { id: machine, key };
    assert_eq!(given.account.may_act(as_machine, given.now), Err(unknown_account.clone()));
    // It ends with its owner's activity, for good, and with the membership.
    given.do_it(&Command::DeactivateMember { user });
    given.do_it(&Command::ActivateMember { user });
    assert_eq!(given.account.may_act(actor, given.now), Err(unknown_account.clone()));
    let (key, own) = personal(&mut given, user);
    given.when(user, &own).unwrap();
    let actor = Actor::PersonalKey { user, key };
    let events = given.do_it(&Command::RemoveMember { user });
    assert!(
        events.iter().any(|event| matches!(event, Event::KeyDeleted { id, .. } if *id == key)),
        "{events:?}"
    );
    assert_eq!(given.account.may_act(actor, given.now), Err(unknown_account));

    // A catalog without such keys has none for anybody, and one that asks for the permission asks for it.
    let mut qdrant = Given::new("qdrant-cloud");
    let owner = qdrant.owner;
    let (_, own) = personal(&mut qdrant, owner);
    assert_eq!(qdrant.refused(qdrant.owner, &own), Refusal::NoPersonalKeys);
    let mut influx = Given::new("influxdb-cloud-dedicated");
    let auditor = influx.member(&[at_account("auditor")]);
    let (_, own) = personal(&mut influx, auditor);
    assert_eq!(influx.refused(auditor, &own), denied("write:management_keys"));
}

#[test]
fn a_member_has_so_many_personal_keys() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[]);
    for _ in 0..limits::KEYS_PER_MEMBER {
        let (_, command) = personal(&mut given, user);
        given.when(user, &command).unwrap();
    }
    let (_, command) = personal(&mut given, user);
    assert!(matches!(given.refused(user, &command), Refusal::LimitReached { .. }));
}

#[test]
fn a_machine_of_one_project_is_not_for_the_admin_of_another() {
    let mut given = Given::new("bailiwick");
    let (project, other) = (given.project("Search"), given.project("Other"));
    let admin = given.member(&[at(built_in("project_admin"), Scope::Project(project))]);
    let reader = |project| at(built_in("project_read_only"), Scope::Project(project));
    let both = given.service_account("Both", &[reader(project), reader(other)]);
    for command in [
        Command::DeleteServiceAccount { service_account: both },
        given.create_key(both, None),
        Command::CreateServiceAccount {
            name: name("Mine"),
            description: Description::default(),
            external_id: None,
            grants: vec![reader(project), reader(other)],
        },
    ] {
        assert!(matches!(given.refused(admin, &command), Refusal::Denied { .. }), "{command:?}");
    }
    let own = given.service_account("Own", &[reader(project)]);
    let key = given.create_key(own, None);
    given.when(admin, &key).unwrap();
    // Once it holds something elsewhere, it is out of the admin's hands.
    given.grant(Principal::ServiceAccount(own), reader(other));
    let another = given.create_key(own, None);
    assert!(matches!(given.refused(admin, &another), Refusal::Denied { .. }));
}

#[test]
fn renaming_leads_to_what_the_next_catalog_names_and_replays() {
    let old = crate::given::catalog("bailiwick");
    let text = Catalog::bundled("bailiwick").unwrap();
    let text = text
        .replace("name = \"viewer\"", "name = \"reader\"")
        .replace("read:explore", "read:query")
        .replace("*:explore", "*:query");
    let new = Arc::new(Catalog::parse("new.toml", &text).unwrap());
    let mut given = Given::with(&old, 1);
    let twice = given.member(&[at_account("viewer")]);
    let role = given.role("Explorer", Level::Account, &["read:explore", "read:alerts"]);
    given.grant(Principal::Member(twice), at(role.clone(), Scope::Account));
    given.pending(&[at_account("viewer")]);
    assert_eq!(given.account.in_the_way_of(&old, Some(&old)), [""; 0]);
    let found = given.account.in_the_way_of(&new, Some(&old));
    assert_eq!(found.len(), 3, "{found:?}");

    let renames = Renames {
        roles: [("viewer".into(), "reader".into())].into(),
        permissions: [("read:explore".into(), "read:query".into())].into(),
        ..Renames::default()
    };
    let mut next = given.next_id;
    let mut ids = || {
        next += 1;
        uuid::Uuid::from_u128(next)
    };
    let events = given.account.renaming_events(&renames, &new, &mut ids);
    given.accept(given.account.record(events));
    assert_eq!(given.account.in_the_way_of(&new, Some(&old)), [""; 0]);
    // Nothing is left to be renamed, so that an interrupted renaming can be begun again.
    assert_eq!(given.account.renaming_events(&renames, &new, &mut ids), []);
    assert_eq!(given.account.policies_changed_by(&renames, &new), [""; 0]);
    // Replayed under the next catalog, everybody holds what they held.
    let replayed = bailiwick_core::account::Account::replay(
        given.account.id(),
        Arc::clone(&new),
        given.history.iter().map(Vec::as_slice),
    );
    let held = replayed.effective(Principal::Member(twice), given.now);
    let names: Vec<&str> = held.at.iter().flat_map(|at| new.permission_names(at.permissions)).collect();
    for wanted in ["read:query", "read:deployments", "read:monitoring", "read:alerts"] {
        assert!(names.contains(&wanted), "{wanted}: {names:?}");
    }
    assert_eq!(replayed.permissions_of(&role), given_permissions(&new, &["read:query", "read:alerts"]));
}

#[test]
fn a_permission_that_is_called_otherwise_stays_named_by_its_policies() {
    let text = Catalog::bundled("bailiwick").unwrap();
    let next = text.replace("read:explore", "query:explore").replace(":alerts", ":alarms");
    let (old, next) =
        (Catalog::parse("old.toml", text).unwrap(), Catalog::parse("next.toml", &next).unwrap());
    let mut given = Given::with(&Arc::new(old), 1);
    let renames = Renames {
        permissions: [
            ("read:explore".into(), "query:explore".into()),
            ("read:alerts".into(), "read:alarms".into()),
        ]
        .into(),
        ..Renames::default()
    };
    given.policy("forbid(principal is User, action == Action::\"read:explore\", resource);");
    given.policy("forbid(principal is User, action, resource);");
    let named = given.policy(
        "forbid(principal is User, action in [Action::\"read\", Action::\"read:explore\"], resource);",
    );
    assert_eq!(given.account.policies_changed_by(&renames, &next), [""; 0]);
    given.do_it(&edit(named, "forbid(principal is User, action in [Action::\"read\"], resource);"));
    let lost = given.account.policies_changed_by(&renames, &next);
    assert!(matches!(&lost[..], [one] if one.contains("`query:explore`")), "{lost:?}");
    given.do_it(&switch(named, false));
    assert_eq!(given.account.policies_changed_by(&renames, &next), [""; 0]);
    // Nor does one come to name what it did not.
    let writes = given.policy("permit(principal is User, action in Action::\"write\", resource);");
    assert_eq!(given.account.policies_changed_by(&renames, &next), [""; 0]);
    let moved = Catalog::parse("moved.toml", &text.replace("read:explore", "write:explore")).unwrap();
    let renames = Renames {
        permissions: [("read:explore".into(), "write:explore".into())].into(),
        ..Renames::default()
    };
    let gained = given.account.policies_changed_by(&renames, &moved);
    assert!(matches!(&gained[..], [one] if one.contains("would name `write:explore`")), "{gained:?}");
    given.do_it(&edit(writes, "permit(principal is User, action == Action::\"write:clusters\", resource);"));
    assert_eq!(given.account.policies_changed_by(&renames, &moved), [""; 0]);
}

/// What a policy names by a verb, from one catalog to the next with nothing renamed.
#[test]
fn what_a_policy_names_by_a_verb_is_looked_at_where_something_that_was_there_may_be_called_otherwise() {
    let text = Catalog::bundled("bailiwick").unwrap();
    let parse =
        |text: &str| Catalog::parse("catalog.toml", text).unwrap_or_else(|errors| panic!("{errors:?}"));
    let old = Arc::new(parse(text));
    let found = |policy: &str, next: &str| {
        let mut given = Given::with(&old, 1);
        let policy = given.policy(policy);
        let next = parse(next);
        let found = given.account.policies_that_change(&old, &next);
        given.do_it(&switch(policy, false));
        assert_eq!(given.account.policies_that_change(&old, &next), [""; 0], "it is switched off");
        found.into_iter().next()
    };
    let reads = "forbid(principal is User, action in Action::\"read\", resource);";
    let says = |found: &Option<String>, what: &str| found.as_ref().is_some_and(|found| found.contains(what));
    let explore = "read:explore";
    let renamed = text.replace(explore, "query:explore");
    assert!(says(&found(reads, &renamed), "would not name `read:explore` any more, by a verb"));
    // It names all there is, or nothing of that.
    for policy in [
        "forbid(principal is User, action, resource);",
        "forbid(principal is User, action in Action::\"delete\", resource);",
        "forbid(principal is User, action in [Action::\"read:clusters\"], resource);",
    ] {
        assert_eq!(found(policy, &renamed), None, "{policy}");
    }
    // The same verb names it under another noun.
    assert_eq!(found(reads, &text.replace(":explore", ":queries")), None);
    // What is only new was nobody's, and what is only gone is nobody's any more.
    let entry = text.lines().find(|line| line.contains("name = \"read:explore\"")).unwrap();
    let added = text.replace(entry, &format!("{entry}\n{}", entry.replace(explore, "read:traces")));
    assert_eq!(found(reads, &added), None);
    assert_eq!(parse(&added).permissions.len(), old.permissions.len() + 1);
    let old_with_traces = Arc::new(parse(&added));
    let mut given = Given::with(&old_with_traces, 1);
    given.policy(reads);
    assert_eq!(given.account.policies_that_change(&old_with_traces, &parse(text)), [""; 0]);
    // A verb that gains what was called otherwise.
    let writes = "permit(principal is User, action in Action::\"write\", resource);";
    assert_eq!(found(writes, &renamed), None);
    let moved = text.replace(explore, "write:explore");
    assert!(says(&found(writes, &moved), "would name `write:explore` too, by a verb"));
    let both = "forbid(principal is User, action in [Action::\"read\", Action::\"write\"], resource);";
    assert_eq!(found(both, &moved), None);
}

#[test]
fn a_verb_that_comes_to_stand_for_one_of_bailiwick_s_own_operations_is_looked_at() {
    let text = Catalog::bundled("bailiwick").unwrap();
    let parse =
        |text: &str| Catalog::parse("catalog.toml", text).unwrap_or_else(|errors| panic!("{errors:?}"));
    let old = Arc::new(parse(text));
    let mut given = Given::with(&old, 1);
    given.policy("forbid(principal is User, action in Action::\"read\", resource);");
    // A new permission, and an operation that asked for another one asks for it.
    let entry = text.lines().find(|line| line.contains("name = \"read:explore\"")).unwrap();
    let added = text.replace(entry, &format!("{entry}\n{}", entry.replace("read:explore", "read:answers")));
    assert_eq!(given.account.policies_that_change(&old, &parse(&added)), [""; 0]);
    let bound = added.replace("check_access = \"check:access\"", "check_access = \"read:answers\"");
    assert_ne!(bound, added);
    let changed = given.account.policies_that_change(&old, &parse(&bound));
    assert!(matches!(&changed[..], [one] if one.contains("would name `read:answers` too")), "{changed:?}");
}

fn given_permissions(catalog: &Catalog, names: &[&str]) -> bailiwick_core::catalog::PermissionSet {
    names.iter().map(|name| catalog.permission(name).unwrap()).collect()
}
