//! Groups in groups: what reaches through them, what is refused, and what an explanation says.

use bailiwick_core::access::{Path, Target};

use super::prelude::*;

fn put(group: GroupId, inner: GroupId) -> Command {
    Command::AddToGroup { group, member: Principal::Group(inner) }
}

fn take(group: GroupId, inner: GroupId) -> Command {
    Command::RemoveFromGroup { group, member: Principal::Group(inner) }
}

fn add(group: GroupId, user: UserId) -> Command {
    Command::AddToGroup { group, member: Principal::Member(user) }
}

/// So many groups, each in the one before.
fn chain(given: &mut Given, name: &str, count: usize) -> Vec<GroupId> {
    let groups: Vec<GroupId> = (0..count).map(|number| given.group(&format!("{name} {number}"))).collect();
    for pair in groups.windows(2) {
        given.do_it(&put(pair[0], pair[1]));
    }
    groups
}

#[test]
fn members_of_a_group_in_a_group_have_what_the_outer_was_granted() {
    let mut given = Given::new("bailiwick");
    let groups = chain(&mut given, "Group", 3);
    let user = given.member(&[]);
    given.do_it(&add(groups[2], user));
    given.grant(Principal::Group(groups[0]), at_account("auditor"));
    assert!(given.may(user, "read:events"));
    assert_eq!(
        given.refused(given.owner, &put(groups[0], groups[1])),
        Refusal::AlreadySo { what: "the member is in the group" }
    );
    let removed = Event::GroupMemberRemoved { group: groups[0], member: Principal::Group(groups[1]) };
    assert_eq!(given.do_it(&take(groups[0], groups[1])), [removed]);
    assert!(!given.may(user, "read:events"));
    assert_eq!(given.refused(given.owner, &take(groups[0], groups[1])), unknown("group member"));
}

#[test]
fn a_group_is_never_in_itself() {
    let mut given = Given::new("bailiwick");
    let groups = chain(&mut given, "Group", 3);
    for (group, inner) in [(0, 0), (1, 0), (2, 0), (2, 1)] {
        assert_eq!(given.refused(given.owner, &put(groups[group], groups[inner])), Refusal::GroupCycle);
    }
    // Two ways to the same group are no cycle.
    given.do_it(&put(groups[0], groups[2]));
}

#[test]
fn groups_nest_so_deep_and_no_deeper() {
    let mut given = Given::new("bailiwick");
    let upper = chain(&mut given, "Upper", limits::GROUP_DEPTH / 2);
    let lower = chain(&mut given, "Lower", limits::GROUP_DEPTH / 2);
    let more = given.group("More");
    let refusal = too_many("groups in each other, one in the next", limits::GROUP_DEPTH);
    let (above, below) = (upper[upper.len() - 1], lower[0]);
    given.do_it(&put(above, below));
    assert_eq!(given.refused(given.owner, &put(more, upper[0])), refusal);
    assert_eq!(given.refused(given.owner, &put(lower[lower.len() - 1], more)), refusal);
    given.do_it(&put(above, more));
}

#[test]
fn so_many_groups_are_above_one_and_no_more() {
    let mut given = Given::new("bailiwick");
    let (inner, below) = (given.group("Inner"), given.group("Below"));
    given.do_it(&put(inner, below));
    for number in 1..limits::GROUPS_ABOVE_GROUP {
        let group = given.group(&format!("Group {number}"));
        given.do_it(&put(group, inner));
    }
    let one_more = given.group("One more");
    let refusal = too_many("groups above one group", limits::GROUPS_ABOVE_GROUP);
    assert_eq!(given.refused(given.owner, &put(one_more, inner)), refusal, "the one below has one more");
    given.do_it(&take(inner, below));
    given.do_it(&put(one_more, inner));
}

#[test]
fn so_many_groups_are_below_one_and_no_more() {
    let mut given = Given::new("bailiwick");
    let (outer, last) = (given.group("Outer"), given.group("Last"));
    let added: Vec<Event> = (0..limits::GROUPS_BELOW_GROUP)
        .map(|number| {
            let inner = given.group(&format!("Group {number}"));
            Event::GroupMemberAdded { group: outer, member: Principal::Group(inner) }
        })
        .collect();
    given.account.apply(&added);
    let refusal = too_many("groups below one group", limits::GROUPS_BELOW_GROUP);
    assert_eq!(given.refused(given.owner, &put(outer, last)), refusal);
    let outermost = given.group("Outermost");
    assert_eq!(given.refused(given.owner, &put(outermost, outer)), refusal);
}

#[test]
fn groups_that_are_not_there_and_machines_are_in_no_group() {
    let mut given = Given::new("bailiwick");
    let (group, missing): (GroupId, GroupId) = (given.group("Group"), given.id());
    let machine = given.service_account("Machine", &[]);
    let owner = given.owner;
    assert_eq!(given.refused(owner, &put(group, missing)), unknown("group"));
    assert_eq!(given.refused(owner, &put(missing, group)), unknown("group"));
    let member = Principal::ServiceAccount(machine);
    assert_eq!(given.refused(owner, &Command::AddToGroup { group, member }), unknown("member"));
    assert_eq!(given.refused(owner, &Command::RemoveFromGroup { group, member }), unknown("group member"));
}

#[test]
fn deleting_a_group_takes_it_out_of_all_others() {
    let mut given = Given::new("bailiwick");
    let groups = chain(&mut given, "Group", 3);
    let user = given.member(&[]);
    given.do_it(&add(groups[2], user));
    given.grant(Principal::Group(groups[0]), at_account("auditor"));
    let group = given.account.group(groups[1]).unwrap().value.clone();
    let wanted = [
        Event::GroupMemberRemoved { group: groups[1], member: Principal::Group(groups[2]) },
        Event::GroupMemberRemoved { group: groups[0], member: Principal::Group(groups[1]) },
        Event::GroupDeleted { id: groups[1], group },
    ];
    assert_eq!(given.do_it(&Command::DeleteGroup { group: groups[1] }), wanted);
    assert!(!given.may(user, "read:events"));
    assert_eq!(given.account.groups_of(Principal::Group(groups[2])), []);
    assert_eq!(given.account.groups_in(groups[0]).count(), 0);
}

#[test]
fn nobody_gives_through_nested_groups_what_they_do_not_hold() {
    let mut given = Given::new("bailiwick");
    let (outer, middle, own) = (given.group("Outer"), given.group("Middle"), given.group("Own"));
    given.grant(Principal::Group(outer), at_account("admin"));
    given.do_it(&put(outer, middle));
    let clerk = given.member_who_may(&["write:groups", "delete:groups", "write:users"]);
    let user = given.member(&[]);
    given.do_it(&add(own, user));
    let is_escalation = |refusal| matches!(refusal, Refusal::Escalation { .. });
    // Neither group was granted anything itself: what is above them counts.
    assert!(is_escalation(given.refused(clerk, &put(middle, own))));
    assert!(is_escalation(given.refused(clerk, &add(middle, clerk))));
    assert!(is_escalation(given.refused(clerk, &put(outer, own))));
    let external = Patch::Set(external("own"));
    let rename = Command::EditGroup { group: middle, name: None, description: None, external_id: external };
    assert!(matches!(given.refused(clerk, &rename), Refusal::Above { .. }));
    given.do_it(&put(middle, own));
    for command in [
        take(middle, own),
        take(outer, middle),
        Command::RemoveFromGroup { group: own, member: Principal::Member(user) },
        Command::DeleteGroup { group: middle },
        Command::DeleteGroup { group: own },
        Command::DeactivateMember { user },
    ] {
        assert!(matches!(given.refused(clerk, &command), Refusal::Above { .. }), "{command:?}");
    }
    given.do_it(&Command::DeactivateMember { user });
    assert!(is_escalation(given.refused(clerk, &Command::ActivateMember { user })));
}

#[test]
fn the_last_holder_may_be_in_a_nested_group() {
    let mut given = Given::new("bailiwick");
    let groups = chain(&mut given, "Group", 2);
    let (user, project) = (given.member(&[]), given.project("Project"));
    let role = RoleRef::BuiltIn("project_admin".into());
    given.do_it(&add(groups[1], user));
    given.grant(Principal::Group(groups[0]), at(role.clone(), Scope::Project(project)));
    // Whoever made the project held the role, too.
    let creators: Vec<GrantId> = given
        .account
        .grants_of(Principal::Member(given.owner))
        .filter(|(_, grant)| grant.value.scope == Scope::Project(project))
        .map(|(id, _)| id)
        .collect();
    for grant in creators {
        given.do_it(&Command::RevokeGrant { grant });
    }
    let last = Refusal::LastHolder { role, scope: Scope::Project(project) };
    for command in [
        take(groups[0], groups[1]),
        Command::RemoveFromGroup { group: groups[1], member: Principal::Member(user) },
        Command::DeleteGroup { group: groups[1] },
        Command::DeleteGroup { group: groups[0] },
        Command::DeactivateMember { user },
        Command::RemoveMember { user },
    ] {
        assert_eq!(given.refused(given.owner, &command), last, "{command:?}");
    }
    assert_eq!(given.refused(user, &Command::Leave), last);
    let other = given.member(&[]);
    given.do_it(&add(groups[0], other));
    given.do_it(&take(groups[0], groups[1]));
}

#[test]
fn an_explanation_names_the_shortest_way_from_each_own_group() {
    let mut given = Given::new("bailiwick");
    let (top, left, right, low) =
        (given.group("Top"), given.group("Left"), given.group("Right"), given.group("Low"));
    for (group, inner) in [(top, left), (top, right), (left, low), (right, low), (top, low)] {
        given.do_it(&put(group, inner));
    }
    let user = given.member(&[]);
    given.do_it(&add(low, user));
    given.do_it(&add(left, user));
    let grant = given.grant(Principal::Group(top), at_account("auditor"));
    let permission = given.account.catalog().permission("read:events").unwrap();
    let explained = given.account.explain(
        Principal::Member(user),
        permission,
        &Target::Account,
        Circumstances::question(given.now),
    );
    let mut ways: Vec<Vec<GroupId>> = explained.paths.iter().map(|path| path.through.clone()).collect();
    ways.sort();
    let mut wanted = vec![vec![left, top], vec![low, top]];
    wanted.sort();
    assert_eq!(ways, wanted);
    let Path { grant: named, role, scope, until, .. } = explained.paths[0].clone();
    assert_eq!((named, role, scope, until), (Some(grant), built_in("auditor"), Scope::Account, None));
    let explained = given.account.explain(
        Principal::Group(right),
        permission,
        &Target::Account,
        Circumstances::question(given.now),
    );
    assert_eq!(explained.paths[0].through, [top]);
}

#[test]
fn a_no_says_what_is_suspended_and_what_is_promised() {
    let mut given = Given::new("bailiwick");
    let cluster = given.resource("cluster", None, None);
    let one = at(built_in("cluster_read_only"), Scope::resources([cluster]));
    let inactive = given.inactive(std::slice::from_ref(&one));
    let (pending, _) = given.pending(std::slice::from_ref(&one));
    let read = given.account.catalog().permission("read:clusters").unwrap();
    let missing = |user| {
        let explained = given.account.explain(
            Principal::Member(user),
            read,
            &Target::Resource(cluster),
            Circumstances::question(given.now),
        );
        explained.missing.unwrap()
    };
    let (suspended, promised) = (missing(inactive), missing(pending));
    assert_eq!((suspended.suspended.len(), suspended.promised.len()), (1, 0));
    assert_eq!((promised.suspended.len(), promised.promised.len()), (0, 1));
    assert_eq!(promised.promised[0].scope, one.scope);
    assert_eq!(suspended.elsewhere, []);
}
