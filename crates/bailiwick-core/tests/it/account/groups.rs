//! Groups: create, edit, delete, and who is in them.

use super::prelude::*;

fn create(text: &str, external_id: Option<&str>) -> Command {
    Command::CreateGroup {
        name: name(text),
        description: described("People"),
        external_id: external_id.map(external),
    }
}

fn edit(group: GroupId, text: &str, external_id: Patch<ExternalId>) -> Command {
    Command::EditGroup { group, name: Some(name(text)), description: None, external_id }
}

#[test]
fn a_group_is_created_and_edited() {
    let mut given = Given::new("bailiwick");
    let id = given.upcoming(1);
    let group =
        Group { name: name("Team"), description: described("People"), external_id: Some(external("team")) };
    assert_eq!(
        given.do_it(&create("Team", Some("team"))),
        [Event::GroupCreated { id, group: group.clone() }]
    );
    let after = Group { name: name("TEAM"), external_id: None, ..group.clone() };
    let command = edit(id, "TEAM", Patch::Clear);
    assert_eq!(given.do_it(&command), [Event::GroupEdited { id, before: group, after }]);
    assert_eq!(given.account.find_group("team"), None);
    assert_eq!(given.refused(given.owner, &command), Refusal::Nothing);
}

#[test]
fn creating_and_editing_are_refused() {
    let mut given = Given::new("bailiwick");
    given.do_it(&create("Team", Some("team")));
    let id = given.group("Other");
    let nobody = given.member(&[]);
    let owner = given.owner;
    assert_eq!(given.refused(nobody, &create("Mine", None)), denied("write:groups"));
    assert_eq!(given.refused(nobody, &edit(id, "Mine", Patch::Keep)), denied("write:groups"));
    assert_eq!(given.refused(owner, &create("team", None)), taken("name", "team"));
    assert_eq!(given.refused(owner, &edit(id, "team", Patch::Keep)), taken("name", "team"));
    assert_eq!(given.refused(owner, &create("Mine", Some("team"))), taken("external id", "team"));
    let named = edit(id, "Other", Patch::Set(external("team")));
    assert_eq!(given.refused(owner, &named), taken("external id", "team"));
    let missing = given.id();
    assert_eq!(given.refused(owner, &edit(missing, "Mine", Patch::Keep)), unknown("group"));
}

#[test]
fn a_group_gives_its_members_what_it_was_granted() {
    let mut given = Given::new("bailiwick");
    let (group, user) = (given.group("Team"), given.member(&[]));
    given.grant(Principal::Group(group), at_account("auditor"));
    let add = Command::AddToGroup { group, member: Principal::Member(user) };
    assert_eq!(given.do_it(&add), [Event::GroupMemberAdded { group, member: Principal::Member(user) }]);
    assert!(given.may(user, "read:events"));
    assert_eq!(given.refused(given.owner, &add), Refusal::AlreadySo { what: "the member is in the group" });
    let remove = Command::RemoveFromGroup { group, member: Principal::Member(user) };
    assert_eq!(given.do_it(&remove), [Event::GroupMemberRemoved { group, member: Principal::Member(user) }]);
    assert!(!given.may(user, "read:events"));
    assert_eq!(given.refused(given.owner, &remove), unknown("group member"));
}

#[test]
fn adding_and_removing_are_refused() {
    let mut given = Given::new("bailiwick");
    let (group, user) = (given.group("Team"), given.member(&[]));
    given.grant(Principal::Group(group), at_account("billing"));
    let clerk = given.member_who_may(&["write:groups"]);
    let owner = given.owner;
    let (pending, _) = given.pending(&[]);
    let inactive = given.inactive(&[]);
    let (stranger, missing): (UserId, GroupId) = (given.id(), given.id());
    let add = |group, user| Command::AddToGroup { group, member: Principal::Member(user) };
    assert_eq!(given.refused(user, &add(group, user)), denied("write:groups"));
    assert_eq!(
        given.refused(user, &Command::RemoveFromGroup { group, member: Principal::Member(user) }),
        denied("write:groups")
    );
    assert_eq!(given.refused(owner, &add(missing, user)), unknown("group"));
    assert_eq!(
        given.refused(owner, &Command::RemoveFromGroup { group: missing, member: Principal::Member(user) }),
        unknown("group")
    );
    assert_eq!(given.refused(owner, &add(group, stranger)), unknown("member"));
    assert_eq!(given.refused(owner, &add(group, pending)), Refusal::MemberPending { user: pending });
    assert_eq!(given.refused(owner, &add(group, inactive)), Refusal::MemberInactive { user: inactive });
    let missing = ["read:payment_information", "write:payment_information", "read:account"];
    assert_eq!(given.refused(clerk, &add(group, user)), escalation(&missing, Scope::Account));
}

#[test]
fn deleting_a_group_takes_its_grants_back() {
    let mut given = Given::new("bailiwick");
    let (id, user) = (given.group("Team"), given.member(&[]));
    let grant = given.grant(Principal::Group(id), at_account("auditor"));
    given.do_it(&Command::AddToGroup { group: id, member: Principal::Member(user) });
    let group = given.account.group(id).unwrap().value.clone();
    assert_eq!(given.refused(user, &Command::DeleteGroup { group: id }), denied("delete:groups"));
    let wanted = [
        given.revoked(grant, EndReason::SubjectGone),
        Event::GroupMemberRemoved { group: id, member: Principal::Member(user) },
        Event::GroupDeleted { id, group },
    ];
    assert_eq!(given.do_it(&Command::DeleteGroup { group: id }), wanted);
    assert!(!given.may(user, "read:events"));
    assert_eq!(given.refused(given.owner, &Command::DeleteGroup { group: id }), unknown("group"));
    given.group("Team");
}

#[test]
fn a_member_is_in_so_many_groups_at_most() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[]);
    for number in 0..limits::GROUPS_PER_MEMBER {
        let group = given.group(&format!("Group {number}"));
        given.do_it(&Command::AddToGroup { group, member: Principal::Member(user) });
    }
    let group = given.group("One more");
    let refusal = given.refused(given.owner, &Command::AddToGroup { group, member: Principal::Member(user) });
    assert_eq!(refusal, too_many("groups of one member", limits::GROUPS_PER_MEMBER));
}
