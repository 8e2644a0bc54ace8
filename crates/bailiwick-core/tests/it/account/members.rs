//! Members: edit, activate, deactivate, remove, leave, and their roles.

use super::prelude::*;

fn edit(user: UserId, external_id: Patch<ExternalId>) -> Command {
    Command::EditMember { user, external_id, attributes: [].into() }
}

#[test]
fn a_member_is_edited_by_who_may_write_members() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[]);
    let set = edit(user, Patch::Set(external("ann")));
    let event = Event::MemberEdited { user, before: None, after: Some(external("ann")) };
    assert_eq!(given.do_it(&set), [event]);
    assert_eq!(given.account.find_member("ann"), Some(user));
    assert_eq!(given.refused(given.owner, &set), Refusal::Nothing);
    let other = given.member(&[]);
    assert_eq!(
        given.refused(given.owner, &edit(other, Patch::Set(external("ann")))),
        taken("external id", "ann")
    );
    assert_eq!(given.refused(other, &edit(other, Patch::Set(external("bob")))), denied("write:users"));
    let (pending, _) = given.pending(&[]);
    assert_eq!(
        given.refused(given.owner, &edit(pending, Patch::Clear)),
        Refusal::MemberPending { user: pending }
    );
    let stranger = given.id();
    assert_eq!(given.refused(given.owner, &edit(stranger, Patch::Clear)), unknown("member"));
    let cleared = Event::MemberEdited { user, before: Some(external("ann")), after: None };
    assert_eq!(given.do_it(&edit(user, Patch::Clear)), [cleared]);
    assert_eq!(given.account.find_member("ann"), None);
    given.do_it(&edit(other, Patch::Set(external("ann"))));
}

#[test]
fn deactivating_ends_what_stands_in_the_members_name_and_keeps_the_grants() {
    let mut given = Given::new("bailiwick");
    let admin = given.member(&[at_account("admin")]);
    let guest = given.id();
    let id = given.invite(admin, guest, &[]).unwrap();
    let grants = given.account.grants_of(Principal::Member(admin)).count();
    let events = given.do_it(&Command::DeactivateMember { user: admin });
    let revoked = Event::InvitationRevoked { id, reason: EndReason::SponsorGone };
    assert_eq!(events, [revoked, Event::MemberDeactivated { user: admin }]);
    assert_eq!(given.account.member_status(guest), None);
    assert_eq!(given.account.grants_of(Principal::Member(admin)).count(), grants);
    assert!(!given.may(admin, "read:profile"));
    assert_eq!(
        given.do_it(&Command::ActivateMember { user: admin }),
        [Event::MemberActivated { user: admin }]
    );
    assert!(given.may(admin, "write:users"));
}

#[test]
fn deactivating_the_person_offered_ownership_ends_the_offer() {
    let mut given = Given::new("bailiwick");
    let to = given.member(&[]);
    let id = given.offer(to, true);
    let reason = EndReason::SponsorGone;
    let withdrawn = Event::OwnershipWithdrawn { id, offer: given.offered(id), reason };
    assert_eq!(
        given.do_it(&Command::DeactivateMember { user: to }),
        [withdrawn, Event::MemberDeactivated { user: to }]
    );
}

#[test]
fn deactivating_is_refused() {
    let mut given = Given::new("bailiwick");
    let admin = given.member(&[at_account("admin")]);
    let inactive = given.inactive(&[]);
    let nobody = given.member(&[]);
    let stranger = given.id();
    let (pending, _) = given.pending(&[]);
    let deactivate = |user| Command::DeactivateMember { user };
    assert_eq!(given.refused(nobody, &deactivate(admin)), denied("write:users"));
    assert_eq!(given.refused(admin, &deactivate(admin)), Refusal::Yourself);
    assert_eq!(given.refused(admin, &deactivate(stranger)), unknown("member"));
    assert_eq!(given.refused(admin, &deactivate(pending)), Refusal::MemberPending { user: pending });
    assert_eq!(
        given.refused(admin, &deactivate(inactive)),
        Refusal::AlreadySo { what: "the member is inactive" }
    );
    let missing = ["write:account", "delete:account"];
    assert_eq!(given.refused(admin, &deactivate(given.owner)), above("Owner", &missing));
    let machine = given.machine("Machine", &[at_account("admin")]);
    given.by(machine, &deactivate(nobody)).unwrap();
}

#[test]
fn activating_gives_back_only_what_the_actor_holds() {
    let mut given = Given::new("bailiwick");
    let clerk = given.member_who_may(&["write:users"]);
    let (plain, strong) = (given.inactive(&[]), given.inactive(&[at_account("billing")]));
    let member = given.member(&[]);
    let activate = |user| Command::ActivateMember { user };
    assert_eq!(given.refused(member, &activate(plain)), denied("write:users"));
    assert_eq!(given.when(clerk, &activate(plain)).unwrap(), [Event::MemberActivated { user: plain }]);
    assert_eq!(given.refused(clerk, &activate(plain)), Refusal::AlreadySo { what: "the member is active" });
    let missing = ["read:payment_information", "write:payment_information", "read:account"];
    assert_eq!(given.refused(clerk, &activate(strong)), escalation(&missing, Scope::Account));
    let (pending, _) = given.pending(&[]);
    let stranger = given.id();
    assert_eq!(given.refused(clerk, &activate(pending)), Refusal::MemberPending { user: pending });
    assert_eq!(given.refused(clerk, &activate(stranger)), unknown("member"));
}

#[test]
fn removing_takes_everything_back() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[at_account("admin")]);
    let grant = given.grant_of(Principal::Member(user), &built_in("admin")).unwrap();
    let group = given.group("Group");
    given.do_it(&Command::AddToGroup { group, member: Principal::Member(user) });
    let guest = given.id();
    let invitation = given.invite(user, guest, &[]).unwrap();
    let wanted = [
        Event::InvitationRevoked { id: invitation, reason: EndReason::SponsorGone },
        given.revoked(grant, EndReason::SubjectGone),
        Event::GroupMemberRemoved { group, member: Principal::Member(user) },
        Event::MemberRemoved { user, member: given.membership(user), until: None },
    ];
    assert_eq!(given.do_it(&Command::RemoveMember { user }), wanted);
    assert_eq!(given.account.member_status(user), None);
    // Whoever comes back comes back with nothing.
    let again = given.invite(given.owner, user, &[]).unwrap();
    given.when(user, &Command::AcceptInvitation { invitation: again }).unwrap();
    assert!(!given.may(user, "write:users"));
    assert_eq!(given.account.groups_of(Principal::Member(user)), []);
}

#[test]
fn q08_only_who_has_accepted_is_removed() {
    let mut given = Given::new("qdrant-cloud");
    let admin = given.member(&[at_account("admin")]);
    let nobody = given.member(&[]);
    let (pending, _) = given.pending(&[]);
    let stranger = given.id();
    let remove = |user| Command::RemoveMember { user };
    assert_eq!(given.refused(nobody, &remove(admin)), denied("delete:users"));
    assert_eq!(given.refused(admin, &remove(pending)), Refusal::MemberPending { user: pending });
    assert_eq!(given.refused(admin, &remove(stranger)), unknown("member"));
    assert_eq!(given.refused(admin, &remove(admin)), Refusal::Yourself);
    let missing = ["write:account", "delete:account"];
    assert_eq!(given.refused(admin, &remove(given.owner)), above("Owner", &missing));
    let removed = Event::MemberRemoved { user: nobody, member: given.membership(nobody), until: None };
    assert_eq!(given.when(admin, &remove(nobody)).unwrap(), [removed]);
}

#[test]
fn a_member_leaves_in_person_and_the_last_owner_stays() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[at_account("viewer")]);
    let grant = given.grant_of(Principal::Member(user), &built_in("viewer")).unwrap();
    let left = Event::MemberLeft { user, member: given.membership(user), until: None };
    let wanted = [given.revoked(grant, EndReason::SubjectGone), left];
    assert_eq!(given.when(user, &Command::Leave).unwrap(), wanted);
    assert_eq!(given.refused(user, &Command::Leave), unknown("account"));
    let last = Refusal::LastHolder { role: built_in("owner"), scope: Scope::Account };
    assert_eq!(given.refused(given.owner, &Command::Leave), last);
    let machine = given.machine("Machine", &[]);
    assert_eq!(given.refused_by(machine, &Command::Leave), Refusal::PeopleOnly);
    // Who leaves could be invited again: an inactive member would get around what made them inactive.
    let inactive = given.inactive(&[]);
    assert_eq!(given.refused(inactive, &Command::Leave), Refusal::Inactive);
}

/// What a member, group or service account shows changes with its grants and its members, and so does its revision.
#[test]
fn a_holder_changes_with_its_grants() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[]);
    let group = given.group("Group");
    let machine = given.service_account("Machine", &[]);
    let at_present = |given: &Given, key: EntityKey| {
        assert_eq!(given.account.revision_of(key), Some(given.account.revision()), "{key:?}");
    };
    let (a, b) = (given.resource("cluster", None, None), given.resource("cluster", None, None));
    for principal in [Principal::Member(user), Principal::Group(group), Principal::ServiceAccount(machine)] {
        let key = principal.into();
        let first = given.grant(principal, at_account("viewer"));
        at_present(&given, key);
        given.grant(principal, at_account("editor"));
        let end = given.later(60);
        given.do_it(&Command::Grant { principal, grant: until(at_account("editor"), end) });
        at_present(&given, key);
        given.grant(principal, at(built_in("cluster_read_only"), Scope::resources([a, b])));
        let unrelated = given.member(&[]);
        assert!(given.account.revision_of(key) < Some(given.account.revision()), "{unrelated}");
        // Not the latest of its grants: the others' revisions would not tell.
        given.do_it(&Command::RevokeGrant { grant: first });
        at_present(&given, key);
    }
    given.do_it(&Command::DeleteResource { resource: a });
    at_present(&given, EntityKey::Member(user));
    at_present(&given, EntityKey::Group(group));
    given.do_it(&Command::AddToGroup { group, member: Principal::Member(user) });
    at_present(&given, EntityKey::Group(group));
    given.do_it(&Command::SetMemberRoles { user, roles: vec![] });
    at_present(&given, EntityKey::Member(user));
    given.do_it(&Command::RemoveFromGroup { group, member: Principal::Member(user) });
    at_present(&given, EntityKey::Group(group));
}

#[test]
fn z13_the_only_project_admin_is_not_removed_deactivated_or_demoted() {
    let mut given = Given::new("bailiwick");
    let project = given.project("Project");
    let scope = Scope::Project(project);
    let role = built_in("project_admin");
    let user = given.member(&[at(role.clone(), scope.clone())]);
    let owners = given.account.grants_of(Principal::Member(given.owner));
    let owners: Vec<GrantId> =
        owners.filter(|(_, grant)| grant.value.scope == scope).map(|(id, _)| id).collect();
    given.do_it(&Command::RevokeGrant { grant: owners[0] });
    let grant = given.grant_of(Principal::Member(user), &role).unwrap();
    let last = Refusal::LastHolder { role: role.clone(), scope: scope.clone() };
    let brief = until(at(role.clone(), scope.clone()), given.later(3_600));
    for command in [
        Command::RemoveMember { user },
        Command::DeactivateMember { user },
        Command::RevokeGrant { grant },
        Command::Grant { principal: Principal::Member(user), grant: brief },
    ] {
        assert_eq!(given.refused(given.owner, &command), last, "{command:?}");
    }
    assert_eq!(given.refused(user, &Command::Leave), last);
    // A group holds the role while an active member is in it.
    let group = given.group("Admins of the project");
    given.grant(Principal::Group(group), at(role, scope));
    assert_eq!(given.refused(user, &Command::Leave), last);
    let other = given.member(&[]);
    given.do_it(&Command::AddToGroup { group, member: Principal::Member(other) });
    given.when(user, &Command::Leave).unwrap();
    assert_eq!(
        given.refused(given.owner, &Command::RemoveFromGroup { group, member: Principal::Member(other) }),
        last
    );
    assert_eq!(given.refused(given.owner, &Command::DeleteGroup { group }), last);
    assert_eq!(given.refused(given.owner, &Command::DeactivateMember { user: other }), last);
}
