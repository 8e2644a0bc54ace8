//! Ways round a policy that forbids giving in a part of the account: roles and groups reach every place where they are granted, so
//! whoever changes one gives there.

use bailiwick_core::ids::PolicyId;

use super::{create, switch};
use crate::account::prelude::*;

/// What the writer of these tests may do.
const RIGHTS: &[&str] = &[
    "write:groups",
    "delete:groups",
    "write:roles",
    "delete:roles",
    "write:invites",
    "write:clusters",
    "read:clusters",
];

struct Places {
    writer: UserId,
    /// Where a policy forbids.
    kept: ProjectId,
    /// Where none does.
    open: ProjectId,
    role: RoleId,
    other: RoleRef,
}

impl Places {
    fn new(given: &mut Given) -> Self {
        let writer = given.member_who_may(RIGHTS);
        let (kept, open) = (given.project("Kept"), given.project("Open"));
        let role = given.role_id("Clusters", Level::Project, &["read:clusters"]);
        let other = given.role("Others", Level::Project, &["read:clusters"]);
        Self { writer, kept, open, role, other }
    }

    fn role_at(&self, project: ProjectId) -> RoleAtScope {
        at(RoleRef::Custom(self.role), Scope::Project(project))
    }

    fn forbid(&self, given: &mut Given, permission: &str) -> PolicyId {
        given.policy(&format!(
            "forbid(principal == User::\"{}\", action == Action::\"{permission}\", resource in Project::\"{}\");",
            self.writer, self.kept
        ))
    }

    fn allowed(&self, given: &Given, command: &Command) {
        given.decide(Actor::User(self.writer), command).unwrap_or_else(|why| panic!("{command:?}: {why}"));
    }

    fn forbidden(&self, given: &Given, command: &Command) {
        let refusal = given.refused(self.writer, command);
        assert!(matches!(refusal, Refusal::Forbidden { .. }), "{command:?}: {refusal:?}");
        given.decide(Actor::User(given.owner), command).unwrap_or_else(|why| panic!("{command:?}: {why}"));
    }
}

fn renamed(role: RoleId) -> Command {
    Command::EditRole {
        role,
        name: Some(role_name("Renamed")),
        description: None,
        permissions: None,
        external_id: Patch::Keep,
    }
}

#[test]
fn a_role_is_changed_by_those_alone_who_may_give_roles_wherever_it_is_granted() {
    let mut given = Given::new("bailiwick");
    let places = Places::new(&mut given);
    let member = given.member(&[]);
    places.forbid(&mut given, "write:roles");
    let more = Given::edit_permissions(places.role, &["read:clusters", "write:clusters"]);
    let less = Given::edit_permissions(places.role, &["read:users"]);
    let reassigned = Command::DeleteRole { role: places.role, reassign_to: Some(places.other.clone()) };
    // Nobody has it yet, and then in another place alone.
    places.allowed(&given, &more);
    given.grant(Principal::Member(member), places.role_at(places.open));
    for way in [&more, &reassigned] {
        places.allowed(&given, way);
    }
    let grant = given.grant(Principal::Member(member), places.role_at(places.kept));
    for way in [&more, &less, &reassigned] {
        places.forbidden(&given, way);
    }
    // What it is called moves no access.
    places.allowed(&given, &renamed(places.role));
    // A resource in the project is a part of it.
    given.do_it(&Command::RevokeGrant { grant });
    places.allowed(&given, &more);
    let cluster = given.resource("cluster", Some(places.kept), None);
    let role = given.role_id("One cluster", Level::Resource, &["read:clusters"]);
    given.grant(Principal::Member(member), at(RoleRef::Custom(role), Scope::resources([cluster])));
    places.forbidden(&given, &Given::edit_permissions(role, &["read:clusters", "write:clusters"]));
}

#[test]
fn what_has_ended_or_waits_counts_as_it_would_be_given() {
    let mut given = Given::new("bailiwick");
    let places = Places::new(&mut given);
    let member = given.member(&[]);
    places.forbid(&mut given, "write:roles");
    let more = Given::edit_permissions(places.role, &["read:clusters", "write:clusters"]);
    let end = given.later(60);
    given.grant(Principal::Member(member), until(places.role_at(places.kept), end));
    places.forbidden(&given, &more);
    given.pass(61);
    places.allowed(&given, &more);
    let (_, invitation) = given.pending(&[places.role_at(places.kept)]);
    places.forbidden(&given, &more);
    given.do_it(&Command::RevokeInvitation { invitation });
    places.allowed(&given, &more);
}

#[test]
fn a_role_is_deleted_by_those_alone_who_may_delete_roles_wherever_it_is_granted() {
    let mut given = Given::new("bailiwick");
    let places = Places::new(&mut given);
    let member = given.member(&[]);
    places.forbid(&mut given, "delete:roles");
    let reassigned = Command::DeleteRole { role: places.role, reassign_to: Some(places.other.clone()) };
    given.grant(Principal::Member(member), places.role_at(places.open));
    places.allowed(&given, &reassigned);
    given.grant(Principal::Member(member), places.role_at(places.kept));
    places.forbidden(&given, &reassigned);
}

#[test]
fn a_group_is_joined_and_left_by_those_alone_who_may_change_groups_wherever_it_is_granted() {
    let mut given = Given::new("bailiwick");
    let places = Places::new(&mut given);
    let (inside, outside) = (given.member(&[]), given.member(&[]));
    let (group, above, other) = (given.group("Group"), given.group("Above"), given.group("Other"));
    let join = |group, member| Command::AddToGroup { group, member };
    let leave = |group, member| Command::RemoveFromGroup { group, member };
    given.do_it(&join(group, Principal::Member(inside)));
    given.do_it(&join(other, Principal::Member(inside)));
    places.forbid(&mut given, "write:groups");
    places.forbid(&mut given, "delete:groups");
    let ways = [
        join(group, Principal::Member(outside)),
        join(group, Principal::Group(other)),
        leave(group, Principal::Member(inside)),
        Command::DeleteGroup { group },
    ];
    let granted_elsewhere = given.grant(Principal::Group(group), places.role_at(places.open));
    for way in &ways {
        places.allowed(&given, way);
    }
    let grant = given.grant(Principal::Group(group), places.role_at(places.kept));
    for way in &ways {
        places.forbidden(&given, way);
    }
    places.allowed(&given, &join(other, Principal::Member(outside)));
    // A new name lets nobody in.
    places.allowed(
        &given,
        &Command::EditGroup {
            group,
            name: Some(name("Renamed")),
            description: None,
            external_id: Patch::Keep,
        },
    );
    given.do_it(&Command::RevokeGrant { grant });
    given.do_it(&Command::RevokeGrant { grant: granted_elsewhere });
    // Through a group above it.
    given.do_it(&join(above, Principal::Group(group)));
    given.grant(Principal::Group(above), places.role_at(places.kept));
    for way in ways.iter().take(3) {
        places.forbidden(&given, way);
    }
}

fn invite(given: &Given, grants: Vec<RoleAtScope>, groups: Vec<GroupId>) -> Command {
    Command::Invite {
        people: vec![Invitee { user: given.upcoming(1), invitation: given.upcoming(2) }],
        grants,
        groups,
        member_until: None,
        attributes: Attributes::default(),
    }
}

#[test]
fn a_group_is_promised_by_those_alone_who_may_invite_wherever_it_is_granted() {
    let mut given = Given::new("bailiwick");
    let places = Places::new(&mut given);
    let (here, there) = (given.group("Here"), given.group("There"));
    given.grant(Principal::Group(here), places.role_at(places.open));
    given.grant(Principal::Group(there), places.role_at(places.kept));
    let promising = |given: &mut Given, group| {
        let (user, invitation) = (given.id(), given.id());
        let command = Command::Invite {
            people: vec![Invitee { user, invitation }],
            grants: Vec::new(),
            groups: vec![group],
            member_until: None,
            attributes: Attributes::default(),
        };
        given.when(places.writer, &command).unwrap();
        (user, invitation)
    };
    let (theirs, ours) = (promising(&mut given, there), promising(&mut given, here));
    places.forbid(&mut given, "write:invites");
    places.forbidden(&given, &invite(&given, Vec::new(), vec![there]));
    for again in [
        Command::ResendInvitation { invitation: theirs.1 },
        Command::CopyInvitationLink { invitation: theirs.1 },
    ] {
        places.forbidden(&given, &again);
    }
    places.allowed(&given, &invite(&given, Vec::new(), vec![here]));
    places.allowed(&given, &Command::ResendInvitation { invitation: ours.1 });
    // It is asked again at acceptance.
    let accepted = |given: &Given, (user, invitation): (UserId, InvitationId)| {
        let accept = Command::AcceptInvitation { invitation };
        let events = given.decide(Actor::User(user), &accept).unwrap().events;
        match events.last() {
            Some(Event::InvitationAccepted { withheld_groups, .. }) => {
                withheld_groups.iter().map(|withheld| withheld.code.to_string()).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(accepted(&given, theirs), ["forbidden_by_policy"]);
    assert_eq!(accepted(&given, ours), Vec::<String>::new());
}

#[test]
fn an_invitation_without_a_role_is_no_matter_of_a_project() {
    let mut given = Given::new("bailiwick");
    let places = Places::new(&mut given);
    places.forbid(&mut given, "write:invites");
    let (user, invitation) = (given.id(), given.id());
    let plain = Command::Invite {
        people: vec![Invitee { user, invitation }],
        grants: vec![places.role_at(places.open)],
        groups: Vec::new(),
        member_until: None,
        attributes: Attributes::default(),
    };
    given.when(places.writer, &plain).unwrap();
    let accept = Command::AcceptInvitation { invitation };
    given.decide(Actor::User(user), &accept).unwrap();
    let (user, invitation) = (given.id(), given.id());
    let plain = Command::Invite {
        people: vec![Invitee { user, invitation }],
        grants: Vec::new(),
        groups: Vec::new(),
        member_until: None,
        attributes: Attributes::default(),
    };
    given.when(places.writer, &plain).unwrap();
    let accept = Command::AcceptInvitation { invitation };
    given.decide(Actor::User(user), &accept).unwrap_or_else(|why| panic!("{why}"));
    // What forbids it everywhere still does.
    given.policy("forbid(principal is User, action == Action::\"write:invites\", resource);");
    assert_eq!(given.refused(user, &accept), Refusal::SponsorGone);
}

/// Somebody whom a policy permits more than the one who would remove them holds.
#[test]
fn whom_a_policy_permits_more_is_removed_by_those_alone_who_hold_it() {
    let mut given = Given::new("bailiwick");
    let rights = ["write:users", "delete:users", "delete:management_keys"];
    let (weak, strong) =
        (given.member_who_may(&rights), given.member_who_may(&[&rights[..], &["write:clusters"]].concat()));
    let told = given.member_who_may(&[&rights[..], &["read:users", "read:roles", "read:policies"]].concat());
    let other = given.member(&[]);
    let machine = given.service_account("Machine", &[]);
    let until = Some(given.later(1_000));
    let people = [
        Command::RemoveMember { user: other },
        Command::DeactivateMember { user: other },
        Command::SetMemberEnd { user: other, until },
    ];
    let machines = [Command::DeleteServiceAccount { service_account: machine }];
    let ways = || people.iter().chain(&machines);
    let is_hidden = |given: &Given, way: &Command| {
        let refusal = given.refused(weak, way);
        assert!(
            matches!(&refusal, Refusal::Above { what, missing, .. } if what == "this" && missing.0.is_empty()),
            "{way:?}: {refusal:?}"
        );
    };
    let allowed = |given: &Given, user, way: &Command| {
        given.decide(Actor::User(user), way).unwrap_or_else(|why| panic!("{way:?}: {why}"));
    };
    for way in ways() {
        allowed(&given, weak, way);
    }
    // What is permitted everybody alike, or everybody of a kind, is nobody's own.
    let by_department = "permit(principal is User, action == Action::\"write:clusters\", resource) \
                         when { principal has department && principal.department == \"operations\" };";
    for policy in [
        "permit(principal, action == Action::\"write:clusters\", resource);",
        "permit(principal is User, action == Action::\"write:clusters\", resource);",
        "permit(principal is ServiceAccount, action == Action::\"write:clusters\", resource);",
        // Nobody here is of that department.
        by_department,
    ] {
        given.policy(policy);
        for way in ways() {
            allowed(&given, weak, way);
        }
    }
    let of = |user, department: &str| Command::EditMember {
        user,
        external_id: Patch::Keep,
        attributes: [("department".into(), Some(super::text(department)))].into(),
    };
    given.do_it(&of(other, "operations"));
    for way in &people {
        is_hidden(&given, way);
        allowed(&given, strong, way);
    }
    // Who is permitted the same takes nothing that they do not have.
    given.do_it(&of(weak, "operations"));
    for way in &people {
        allowed(&given, weak, way);
    }
    given.do_it(&of(weak, "research"));
    // To take the attribute away is the right of those who edit members, as it is without a policy.
    allowed(&given, weak, &of(other, "research"));
    given.policy(&format!(
        "permit(principal == ServiceAccount::\"{machine}\", action == Action::\"write:clusters\", resource);"
    ));
    for way in &machines {
        is_hidden(&given, way);
        allowed(&given, strong, way);
    }
    // Who may read policies is told which it is.
    let refusal = given.refused(told, &people[0]).to_string();
    let said =
        "what the policy `Policy 3` permits is above what you hold at `account`: you lack `write:clusters`";
    assert_eq!(refusal, said);
}

#[test]
fn a_machine_removes_people_whom_a_policy_permits_what_it_permits_all_people() {
    let mut given = Given::new("bailiwick");
    let role = given.role("Provisioning", Level::Account, &["write:users", "delete:users"]);
    let machine = given.machine("Directory", &[at(role, Scope::Account)]);
    let other = given.member(&[]);
    given.policy("permit(principal is User, action == Action::\"read:clusters\", resource);");
    let remove = Command::RemoveMember { user: other };
    given.decide(machine, &remove).unwrap();
    given.policy(&format!(
        "permit(principal == User::\"{other}\", action == Action::\"read:clusters\", resource);"
    ));
    assert!(matches!(given.refused_by(machine, &remove), Refusal::Above { .. }));
}

#[test]
fn what_a_policy_permits_others_keeps_nobody_from_removing_or_activating_somebody() {
    let mut given = Given::new("bailiwick");
    let steward = given.member_who_may(&["write:users", "delete:users"]);
    let (permitted, other, inactive) = (given.member(&[]), given.member(&[]), given.inactive(&[]));
    let of = |effect: &str, user| {
        format!("{effect}(principal == User::\"{user}\", action == Action::\"write:clusters\", resource);")
    };
    given.policy(&of("permit", permitted));
    given.policy(&of("forbid", steward));
    for way in [Command::RemoveMember { user: other }, Command::ActivateMember { user: inactive }] {
        given.decide(Actor::User(steward), &way).unwrap_or_else(|why| panic!("{way:?}: {why}"));
    }
    let refusal = given.refused(steward, &Command::RemoveMember { user: permitted });
    assert!(matches!(refusal, Refusal::Above { .. }), "{refusal:?}");
}

#[test]
fn nobody_takes_away_at_large_what_a_policy_keeps_from_them_in_a_part() {
    let mut given = Given::new("bailiwick");
    let (admin, project) = (given.member(&[at_account("admin")]), given.project("Production"));
    let other = given.member(&[at_account("editor")]);
    let grant = given.account.grants_of(Principal::Member(other)).next().unwrap().0;
    let group = given.group("Editors");
    given.grant(Principal::Group(group), at_account("editor"));
    given.do_it(&Command::AddToGroup { group, member: Principal::Member(other) });
    let permit = given
        .policy("permit(principal is User, action == Action::\"read:cluster_data\", resource is Cluster);");
    let ways = [
        Command::RevokeGrant { grant },
        Command::DeactivateMember { user: other },
        Command::RemoveMember { user: other },
        Command::SetMemberEnd { user: other, until: Some(given.later(60)) },
        Command::RemoveFromGroup { group, member: Principal::Member(other) },
        Command::DeleteGroup { group },
        Command::DeletePolicy { policy: permit },
        create("Nobody", "forbid(principal, action == Action::\"read:cluster_data\", resource is Cluster);"),
    ];
    let data = |who: &str, condition: &str| {
        format!(
            "forbid({who}, action == Action::\"read:cluster_data\", resource in Project::\"{project}\") {condition};"
        )
    };
    let bound = format!("principal == User::\"{admin}\"");
    // The sequence begins on a Tuesday.
    for (policy, is_above) in [
        (data(&bound, ""), true),
        (data(&bound, "when { context.weekday == 2 }"), true),
        (data(&bound, "when { context.weekday == 7 }"), false),
        (data("principal", ""), false),
    ] {
        let id = given.policy(&policy);
        for way in &ways {
            let decided = given.decide(Actor::User(admin), way);
            let was_above = matches!(decided, Err(Refusal::Above { .. }));
            assert!(
                was_above == is_above && (is_above || decided.is_ok()),
                "{way:?} under {policy}: {decided:?}"
            );
        }
        given.do_it(&switch(id, false));
    }
}
