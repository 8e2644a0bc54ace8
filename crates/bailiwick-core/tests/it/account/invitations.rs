//! Invitations: send, resend, copy the link, revoke.

use super::prelude::*;

fn to(people: &[(UserId, InvitationId)], grants: &[RoleAtScope]) -> Command {
    let invitee =
        |(user, invitation): &(UserId, InvitationId)| Invitee { user: *user, invitation: *invitation };
    Command::Invite {
        people: people.iter().map(invitee).collect(),
        grants: grants.to_vec(),
        groups: Vec::new(),
        member_until: None,
        attributes: Attributes::default(),
    }
}

fn sent(given: &Given, user: UserId, grants: &[RoleAtScope], lives: Option<i64>) -> Invitation {
    Invitation {
        user,
        grants: grants.to_vec(),
        sponsor: given.owner,
        sent_at: given.now,
        expires_at: lives.map(|seconds| given.later(seconds)),
        status: InvitationStatus::Pending,
        groups: vec![],
        member_until: None,
        told: false,
        attributes: None,
    }
}

#[test]
fn q02_people_are_invited_with_roles() {
    let mut given = Given::new("bailiwick");
    let (one, other): (UserId, UserId) = (given.id(), given.id());
    let (first, second): (InvitationId, InvitationId) = (given.id(), given.id());
    let grants = [at_account("auditor"), at_account("viewer")];
    let wanted = [
        Event::InvitationSent { id: first, invitation: sent(&given, one, &grants, Some(48 * 3_600)) },
        Event::InvitationSent { id: second, invitation: sent(&given, other, &grants, Some(48 * 3_600)) },
    ];
    // The newcomer role is everybody's and is not promised; what is named twice is promised once.
    let asked = [at_account("viewer"), at_account("member"), at_account("auditor"), at_account("viewer")];
    assert_eq!(given.do_it(&to(&[(one, first), (other, second)], &asked)), wanted);
    assert_eq!(given.account.member_status(one), Some(MemberStatus::Pending));
    assert_eq!(given.account.waiting_invitation(other), Some(second));
    assert!(!given.may(one, "read:profile"));
}

#[test]
fn an_invitation_lives_as_long_as_the_account_says() {
    let mut given = Given::new("bailiwick");
    given.do_it(&Command::ChangeSettings {
        settings: Settings { invitation_lifetime_seconds: Some(3_600), ..Settings::default() },
    });
    let (user, id) = given.pending(&[]);
    assert_eq!(given.account.invitation(id).unwrap().value, sent(&given, user, &[], Some(3_600)));
    let mut given = Given::new("qdrant-cloud");
    let (user, id) = given.pending(&[]);
    assert_eq!(given.account.invitation(id).unwrap().value, sent(&given, user, &[], None));
}

#[test]
fn z08_who_is_a_member_gets_the_grants_at_once() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[at_account("viewer")]);
    let invitation = given.id();
    let grant = given.made(Principal::Member(user), at_account("auditor"));
    let wanted = [Event::GrantMade { id: given.upcoming(1), grant }];
    let command = to(&[(user, invitation)], &[at_account("viewer"), at_account("auditor")]);
    assert_eq!(given.do_it(&command), wanted);
    assert!(given.account.invitation(invitation).is_none());
    let so = Refusal::AlreadySo { what: "the person is a member and has these roles" };
    assert_eq!(given.refused(given.owner, &command), so);
    assert_eq!(given.refused(given.owner, &to(&[(user, invitation)], &[])), so);
}

#[test]
fn an_expired_invitation_makes_room_for_a_new_one() {
    let mut given = Given::new("bailiwick");
    let (user, old) = given.pending(&[at_account("viewer")]);
    let new = given.id();
    let again = to(&[(user, new)], &[]);
    assert_eq!(given.refused(given.owner, &again), Refusal::AlreadyInvited { user });
    given.pass(48 * 3_600);
    let wanted = [
        Event::InvitationRevoked { id: old, reason: EndReason::Replaced },
        Event::InvitationSent { id: new, invitation: sent(&given, user, &[], Some(48 * 3_600)) },
    ];
    assert_eq!(given.do_it(&again), wanted);
    assert_eq!(given.account.waiting_invitation(user), Some(new));
}

#[test]
fn inviting_is_refused() {
    let mut given = Given::new("bailiwick");
    let (owner, user): (UserId, UserId) = (given.owner, given.id());
    let (id, other): (InvitationId, InvitationId) = (given.id(), given.id());
    let invite = |grants: &[RoleAtScope]| to(&[(user, id)], grants);
    let nobody = given.member(&[]);
    assert_eq!(given.refused(nobody, &invite(&[])), denied("write:invites"));
    assert_eq!(given.refused(nobody, &invite(&[at_account("viewer")])), denied("write:invites"));
    let machine = given.machine("Machine", &[at_account("admin")]);
    assert_eq!(given.refused_by(machine, &invite(&[])), Refusal::PeopleOnly);
    assert_eq!(given.refused(owner, &to(&[], &[])), Refusal::Nothing);
    assert_eq!(given.refused(owner, &to(&[(user, id), (user, other)], &[])), Refusal::InvitedTwice { user });
    let (strange, waiting) = given.pending(&[]);
    assert_eq!(given.refused(owner, &to(&[(user, waiting)], &[])), taken("id", &waiting.to_string()));
    let twice = to(&[(user, id), (given.upcoming(9), id)], &[]);
    assert_eq!(given.refused(owner, &twice), taken("id", &id.to_string()));
    assert_eq!(given.refused(owner, &to(&[(strange, id)], &[])), Refusal::AlreadyInvited { user: strange });
    let inactive = given.inactive(&[]);
    assert_eq!(given.refused(owner, &to(&[(inactive, id)], &[])), Refusal::MemberInactive { user: inactive });
    let handed_over = Refusal::HandedOver { role: built_in("owner") };
    assert_eq!(given.refused(owner, &invite(&[at_account("owner")])), handed_over);
    let level = Refusal::WrongLevel { role: built_in("viewer"), level: Level::Account };
    let misplaced = at(built_in("viewer"), Scope::Project(given.default_project()));
    assert_eq!(given.refused(owner, &invite(&[misplaced])), level);
    let past = until(at_account("viewer"), given.now);
    assert_eq!(given.refused(owner, &invite(&[past])), Refusal::Past { field: "until", at: given.now });
    assert_eq!(given.refused(owner, &invite(&[at_account("nothing")])), unknown("role"));
    let many: Vec<(UserId, InvitationId)> =
        (0..=limits::PEOPLE_PER_INVITATION).map(|_| (given.id(), given.id())).collect();
    assert_eq!(given.refused(owner, &to(&many, &[])), too_many("people in one request", 100));
    let roles = vec![at_account("viewer"); limits::GRANTS_PER_COMMAND + 1];
    assert_eq!(given.refused(owner, &invite(&roles)), too_many("roles in one request", 50));
}

#[test]
fn a_role_for_one_person_is_promised_to_one_person() {
    let mut given = Given::new("one-role");
    let people: Vec<(UserId, InvitationId)> = (0..2).map(|_| (given.id(), given.id())).collect();
    let command = to(&people, &[at_account("treasurer")]);
    assert_eq!(given.refused(given.owner, &command), Refusal::SingleHolder { role: built_in("treasurer") });
}

#[test]
fn q03_an_invitation_promises_no_more_than_the_sponsor_holds() {
    let mut given = Given::new("bailiwick");
    let inviter = given.member_who_may(&["write:invites"]);
    let (user, id): (UserId, InvitationId) = (given.id(), given.id());
    let missing = ["read:deployments", "read:monitoring", "read:explore", "read:alerts"];
    let refusal = given.refused(inviter, &to(&[(user, id)], &[at_account("viewer")]));
    assert_eq!(refusal, escalation(&missing, Scope::Account));
    given.when(inviter, &to(&[(user, id)], &[])).unwrap();
}

#[test]
fn a_member_is_not_promoted_by_who_may_only_invite() {
    let mut given = Given::new("bailiwick");
    let inviter = given.member_who_may(&["write:invites", "read:deployments"]);
    let watcher = given.role("Watcher", Level::Account, &["read:deployments"]);
    let member = given.member(&[]);
    let id = given.id();
    let command = to(&[(member, id)], &[at(watcher, Scope::Account)]);
    assert_eq!(given.refused(inviter, &command), denied("write:roles"));
}

#[test]
fn resending_restarts_the_lifetime_in_the_name_of_who_resends() {
    let mut given = Given::new("bailiwick");
    let (_, id) = given.pending(&[at_account("viewer")]);
    let before = given.account.invitation(id).unwrap().value.expires_at;
    let admin = given.member(&[at_account("admin")]);
    given.pass(72 * 3_600);
    let wanted = Event::InvitationResent {
        id,
        before_sponsor: given.owner,
        sponsor: admin,
        before,
        after: Some(given.later(48 * 3_600)),
    };
    assert_eq!(given.when(admin, &Command::ResendInvitation { invitation: id }).unwrap(), [wanted]);
    let found = &given.account.invitation(id).unwrap().value;
    assert_eq!((found.sponsor, found.status_at(given.now)), (admin, InvitationStatus::Pending));
    // It stands or falls with the new sponsor.
    let events = given.do_it(&Command::RemoveMember { user: admin });
    assert!(events.contains(&Event::InvitationRevoked { id, reason: EndReason::SponsorGone }));
}

#[test]
fn copying_the_link_is_recorded() {
    let mut given = Given::new("bailiwick");
    let (_, id) = given.pending(&[]);
    let copy = Command::CopyInvitationLink { invitation: id };
    assert_eq!(given.do_it(&copy), [Event::InvitationLinkCopied { id }]);
    given.pass(48 * 3_600);
    assert_eq!(given.refused(given.owner, &copy), Refusal::Expired { at: given.now });
}

#[test]
fn q05_an_invitation_is_revoked_before_it_is_accepted() {
    let mut given = Given::new("qdrant-cloud");
    let (user, id) = given.pending(&[]);
    let revoke = Command::RevokeInvitation { invitation: id };
    assert_eq!(given.do_it(&revoke), [Event::InvitationRevoked { id, reason: EndReason::Asked }]);
    assert_eq!(given.account.member_status(user), None);
    let status = InvitationStatus::Revoked;
    assert_eq!(given.refused(given.owner, &revoke), Refusal::NotPending { status });
    let (user, id) = given.pending(&[]);
    given.when(user, &Command::AcceptInvitation { invitation: id }).unwrap();
    let status = InvitationStatus::Accepted;
    let revoke = Command::RevokeInvitation { invitation: id };
    assert_eq!(given.refused(given.owner, &revoke), Refusal::NotPending { status });
}

#[test]
fn resending_copying_and_revoking_are_refused_alike() {
    let mut given = Given::new("bailiwick");
    let project = given.project("Project");
    let scope = Scope::Project(project);
    let promised = at(built_in("project_read_only"), scope.clone());
    let (_, id) = given.pending(std::slice::from_ref(&promised));
    let nobody = given.member(&[]);
    let machine = given.machine("Machine", &[at_account("admin")]);
    let missing: InvitationId = given.id();
    let commands = |invitation| {
        [
            Command::ResendInvitation { invitation },
            Command::CopyInvitationLink { invitation },
            Command::RevokeInvitation { invitation },
        ]
    };
    for (command, permission) in commands(id).iter().zip(["write:invites", "write:invites", "delete:invites"])
    {
        assert_eq!(given.refused(nobody, command), denied_at(permission, scope.clone()));
    }
    for command in &commands(id)[..2] {
        assert_eq!(given.refused_by(machine, command), Refusal::PeopleOnly);
    }
    for command in commands(missing) {
        assert_eq!(given.refused(given.owner, &command), unknown("invitation"));
    }
    // Z10: the project's own admin may do all three.
    let admin = given.member(&[at(built_in("project_admin"), scope)]);
    for command in commands(id) {
        given.when(admin, &command).unwrap();
    }
    for command in commands(id) {
        let status = InvitationStatus::Revoked;
        assert_eq!(given.refused(given.owner, &command), Refusal::NotPending { status });
    }
}
