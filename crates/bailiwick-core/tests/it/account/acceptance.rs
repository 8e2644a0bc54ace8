//! Answers to invitations.

use super::prelude::*;

fn accept(invitation: InvitationId) -> Command {
    Command::AcceptInvitation { invitation }
}

fn decline(invitation: InvitationId) -> Command {
    Command::DeclineInvitation { invitation }
}

#[test]
fn q01_who_accepts_has_the_newcomer_role_and_what_was_promised() {
    let mut given = Given::new("qdrant-cloud");
    let (user, id) = given.pending(&[at_account("admin")]);
    let principal = Principal::Member(user);
    let made = given.made(principal, at_account("admin"));
    let wanted = [
        Event::MemberJoined { user, at: given.now, invitation: Some(id), until: None },
        Event::GrantMade { id: given.upcoming(1), grant: made },
        Event::InvitationAccepted { id, withheld: vec![], withheld_groups: vec![] },
    ];
    assert_eq!(given.when(user, &accept(id)).unwrap(), wanted);
    assert_eq!(given.account.member_status(user), Some(MemberStatus::Active));
    assert!(given.may(user, "read:profile") && given.may(user, "write:invites"));
    let (plain, id) = given.pending(&[]);
    given.when(plain, &accept(id)).unwrap();
    assert!(given.may(plain, "read:profile"));
    assert_eq!(given.account.effective(Principal::Member(plain), given.now).at[0].roles, [built_in("base")]);
}

#[test]
fn q04_the_newcomer_role_is_minimal() {
    let mut given = Given::new("qdrant-cloud");
    let user = given.member(&[]);
    let held = given.account.effective_at(
        Principal::Member(user),
        &bailiwick_core::access::Target::Account,
        given.now,
    );
    assert_eq!(given.account.catalog().permission_names(held).collect::<Vec<_>>(), ["read:profile"]);
}

#[test]
fn q06_only_the_invited_person_answers_and_once() {
    let mut given = Given::new("qdrant-cloud");
    let (user, id) = given.pending(&[]);
    let (other, _) = given.pending(&[]);
    let stranger = given.id();
    let machine = given.machine("Machine", &[at_account("admin")]);
    for command in [accept(id), decline(id)] {
        // For everybody else the invitation does not exist, so that nobody learns whom an account invites.
        for person in [given.owner, other, stranger] {
            assert_eq!(given.refused(person, &command), unknown("invitation"));
        }
        assert_eq!(given.refused_by(machine, &command), Refusal::PeopleOnly);
    }
    assert_eq!(given.when(user, &decline(id)).unwrap(), [Event::InvitationDeclined { id }]);
    assert_eq!(given.account.member_status(user), None);
    for command in [accept(id), decline(id)] {
        let status = InvitationStatus::Declined;
        assert_eq!(given.refused(user, &command), Refusal::NotPending { status });
    }
    given.when(other, &accept(given.account.waiting_invitation(other).unwrap())).unwrap();
    let answered = given.account.invitations_after(None).last().unwrap().0;
    let status = InvitationStatus::Accepted;
    assert_eq!(given.refused(other, &accept(answered)), Refusal::NotPending { status });
}

#[test]
fn an_expired_invitation_is_not_answered() {
    let mut given = Given::new("bailiwick");
    let (user, id) = given.pending(&[]);
    given.pass(48 * 3_600);
    for command in [accept(id), decline(id)] {
        assert_eq!(given.refused(user, &command), Refusal::Expired { at: given.now });
    }
    given.do_it(&Command::ResendInvitation { invitation: id });
    given.when(user, &accept(id)).unwrap();
}

#[test]
fn what_the_sponsor_can_no_longer_give_is_withheld() {
    let mut given = Given::new("bailiwick");
    let sponsor = given.member(&[at_account("admin")]);
    let (user, project) = (given.id(), given.project("Project"));
    let end = given.later(60);
    let promised = [
        at_account("viewer"),
        until(at_account("auditor"), end),
        at(built_in("project_read_only"), Scope::Project(project)),
    ];
    let id = given.invite(sponsor, user, &promised).unwrap();
    let promised = given.account.invitation(id).unwrap().value.grants.clone();
    let keeper = given.role("Inviter", Level::Account, &["write:invites", "read:events"]);
    given.grant(Principal::Member(sponsor), at(keeper, Scope::Account));
    given.do_it(&Command::SetMemberRoles {
        user: sponsor,
        roles: vec![given.account.find_role("inviter").unwrap(), built_in("viewer")],
    });
    given.do_it(&Command::DeleteProject { project });
    given.pass(60);
    let by = ActorRef::User(sponsor);
    let viewer = given.made_by(by, Principal::Member(user), at_account("viewer"));
    let withheld = |role: &str, code: &str| Withheld {
        grant: promised.iter().find(|grant| grant.role == built_in(role)).unwrap().clone(),
        code: code.into(),
    };
    let wanted = [
        Event::MemberJoined { user, at: given.now, invitation: Some(id), until: None },
        Event::GrantMade { id: given.upcoming(1), grant: viewer },
        Event::InvitationAccepted {
            id,
            withheld: vec![withheld("auditor", "in_the_past"), withheld("project_read_only", "not_found")],
            withheld_groups: vec![],
        },
    ];
    assert_eq!(given.when(user, &accept(id)).unwrap(), wanted);
    assert!(!given.may(user, "read:events"));
}

#[test]
fn a_sponsor_who_holds_less_gives_less() {
    let mut given = Given::new("bailiwick");
    let sponsor = given.member(&[at_account("admin")]);
    let user = given.id();
    let id = given.invite(sponsor, user, &[at_account("admin")]).unwrap();
    let inviter = given.role("Inviter", Level::Account, &["write:invites"]);
    given.do_it(&Command::SetMemberRoles { user: sponsor, roles: vec![inviter] });
    let withheld = vec![Withheld { grant: at_account("admin"), code: "escalation".into() }];
    let wanted = [
        Event::MemberJoined { user, at: given.now, invitation: Some(id), until: None },
        Event::InvitationAccepted { id, withheld, withheld_groups: vec![] },
    ];
    assert_eq!(given.when(user, &accept(id)).unwrap(), wanted);
    assert!(!given.may(user, "write:users"));
}

#[test]
fn an_invitation_of_somebody_who_may_no_longer_invite_is_void() {
    let mut given = Given::new("bailiwick");
    let sponsor = given.member(&[at_account("admin")]);
    let user = given.id();
    let id = given.invite(sponsor, user, &[at_account("viewer")]).unwrap();
    given.do_it(&Command::SetMemberRoles { user: sponsor, roles: vec![built_in("viewer")] });
    assert_eq!(given.refused(user, &accept(id)), Refusal::SponsorGone);
    assert_eq!(given.when(user, &decline(id)).unwrap(), [Event::InvitationDeclined { id }]);
}

#[test]
fn where_members_have_one_role_nobody_joins_without_it() {
    let mut given = Given::new("one-role");
    let (first, one) = given.pending(&[at_account("treasurer")]);
    let (second, other) = given.pending(&[at_account("treasurer")]);
    given.when(first, &accept(one)).unwrap();
    // The role has one holder, and without it the second person would have none.
    assert_eq!(given.refused(second, &accept(other)), Refusal::SponsorGone);
    assert_eq!(given.account.member_status(second), Some(MemberStatus::Pending));
}
