//! Ends: memberships, grants, keys, invitations and offers that end by themselves, and who is told before.

use bailiwick_core::access::{PrincipalState, Target};

use jiff::Timestamp;

use super::prelude::*;

const DAY: i64 = 86_400;

fn end(user: UserId, until: Option<Timestamp>) -> Command {
    Command::SetMemberEnd { user, until }
}

fn last_owner() -> Refusal {
    Refusal::LastHolder { role: built_in("owner"), scope: Scope::Account }
}

#[test]
fn a_membership_ends_at_its_moment_and_the_member_becomes_inactive() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[at_account("editor")]);
    let until = given.later(3_600);
    assert_eq!(
        given.do_it(&end(user, Some(until))),
        [Event::MemberEndChanged { user, before: None, after: Some(until) }]
    );
    assert_eq!(given.account.member_until(user), Some(until));
    given.now = Timestamp::from_microsecond(until.as_microsecond() - 1).unwrap();
    assert!(given.may(user, "write:clusters") && given.may(user, "read:profile"));
    given.now = until;
    assert!(!given.may(user, "write:clusters") && !given.may(user, "read:profile"));
    assert_eq!(given.account.member_status_at(user, until), Some(MemberStatus::Inactive));
    assert_eq!(given.account.may_act(Actor::User(user), until), Err(Refusal::Inactive));
    let permission = given.account.catalog().permission("write:clusters").unwrap();
    let explained = given.account.explain(
        Principal::Member(user),
        permission,
        &Target::Account,
        Circumstances::question(until),
    );
    assert_eq!((explained.allowed, explained.principal), (false, PrincipalState::Inactive));
    assert!(given.account.effective(Principal::Member(user), until).at.is_empty());
    assert_eq!(given.lapse(10), [Event::MemberExpired { user, until, before: MemberStatus::Active }]);
    assert_eq!(given.account.member_status(user), Some(MemberStatus::Inactive));
    assert_eq!(given.account.member_until(user), None);
    assert_eq!(given.lapse(10), []);
    given.do_it(&Command::ActivateMember { user });
    assert!(given.may(user, "write:clusters"));
}

#[test]
fn who_has_ended_and_is_not_recorded_yet_cannot_be_activated_into_nothing() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[]);
    let until = given.later(60);
    given.do_it(&end(user, Some(until)));
    given.pass(60);
    let past = Refusal::Past { field: "until", at: until };
    assert_eq!(given.refused(given.owner, &Command::ActivateMember { user }), past);
    assert_eq!(given.refused(given.owner, &end(user, Some(until))), past);
}

#[test]
fn an_invitation_says_when_the_membership_ends() {
    let mut given = Given::new("bailiwick");
    let until = given.later(3_600);
    let (user, invitation): (UserId, InvitationId) = (given.id(), given.id());
    let people = vec![Invitee { user, invitation }];
    given.do_it(&Command::Invite {
        people,
        grants: vec![],
        groups: vec![],
        member_until: Some(until),
        attributes: Attributes::default(),
    });
    let sent = given.account.invitation(invitation).unwrap().value.clone();
    assert_eq!((sent.member_until, sent.expires_at), (Some(until), Some(until)), "of no use any longer");
    given.when(user, &Command::AcceptInvitation { invitation }).unwrap();
    assert_eq!(given.account.member_until(user), Some(until));
    let people = vec![Invitee { user, invitation: given.id() }];
    let again = Command::Invite {
        people,
        grants: vec![at_account("editor")],
        groups: vec![],
        member_until: Some(until),
        attributes: Attributes::default(),
    };
    assert_eq!(given.refused(given.owner, &again), Refusal::MemberAlready { user });
}

#[test]
fn the_record_names_everything_that_ended_once() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[at_account("viewer")]);
    let brief = given.later(3_600);
    let grant = given.grant(Principal::Member(user), until(at_account("editor"), brief));
    let machine = given.service_account("Machine", &[]);
    let command = given.create_key(machine, Some(brief));
    let Command::CreateKey { key, .. } = command else { unreachable!() };
    given.do_it(&command);
    let (_, invitation) = given.pending(&[]);
    let offer = given.offer(user, false);
    assert_eq!(given.account.next_deadline(), Some(brief));
    assert_eq!(given.lapse(1), []);
    given.pass(3_600);
    let events = given.lapse(1);
    assert!(
        matches!(&events[..], [
        Event::GrantExpired { id, .. },
        Event::KeyExpired { id: ended, holder, until, .. },
    ] if *id == grant && *ended == key && *holder == KeyHolder::ServiceAccount(machine) && *until == brief),
        "{events:?}"
    );
    assert_eq!((given.account.grant(grant), given.account.key(key)), (None, None));
    given.pass(30 * DAY);
    let events = given.lapse(100);
    assert!(
        matches!(&events[..], [
        Event::InvitationExpired { id, .. },
        Event::OwnershipExpired { id: of, .. },
    ] if *id == invitation && *of == offer),
        "{events:?}"
    );
    assert_eq!(given.account.next_deadline(), None);
    let status = given.account.invitation(invitation).unwrap().value.status_at(given.now);
    assert_eq!(status, InvitationStatus::Expired);
    // Sent again, it can expire again.
    given.do_it(&Command::ResendInvitation { invitation });
    given.pass(30 * DAY);
    assert!(matches!(&given.lapse(100)[..], [Event::InvitationExpired { .. }]));
}

#[test]
fn what_stands_in_the_name_of_a_member_ends_with_the_membership() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[at_account("admin")]);
    let until = given.later(DAY);
    given.do_it(&end(user, Some(until)));
    let invite = |user, invitation| Command::Invite {
        people: vec![Invitee { user, invitation }],
        grants: vec![],
        groups: vec![],
        member_until: Some(until),
        attributes: Attributes::default(),
    };
    let invited = given.id();
    let invitation: InvitationId = given.id();
    given.when(user, &invite(invited, invitation)).unwrap();
    given.offer(user, true);
    // Another one vouches for this invitation from now on.
    given.do_it(&Command::ResendInvitation { invitation });
    let other: UserId = given.id();
    let second: InvitationId = given.id();
    given.when(user, &invite(other, second)).unwrap();
    given.now = until;
    let accept = Command::AcceptInvitation { invitation: second };
    assert!(matches!(given.refused(other, &accept), Refusal::Expired { .. } | Refusal::SponsorGone));
    let events = given.lapse(100);
    assert!(
        events.contains(&Event::InvitationRevoked { id: second, reason: EndReason::SponsorGone })
            && events.iter().any(|event| matches!(event, Event::OwnershipWithdrawn { .. }))
            && events.contains(&Event::MemberExpired { user, until, before: MemberStatus::Active }),
        "{events:?}"
    );
}

#[test]
fn holders_are_told_once_and_not_of_what_was_brief() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[]);
    let (soon, late) = (given.later(3 * DAY), given.later(30 * DAY));
    given.grant(Principal::Member(user), until(at_account("viewer"), soon));
    let grant = given.grant(Principal::Member(user), until(at_account("editor"), late));
    given.do_it(&end(user, Some(late)));
    assert_eq!(given.account.next_deadline(), Some(soon), "made for three days: nobody needs to be told");
    given.pass(23 * DAY - 1);
    assert!(matches!(&given.lapse(100)[..], [Event::GrantExpired { .. }]));
    given.pass(1);
    assert_eq!(
        given.lapse(100),
        [
            Event::MemberEnding { user, until: late },
            Event::GrantEnding { id: grant, principal: Principal::Member(user), until: late },
        ]
    );
    assert_eq!((given.lapse(100), given.account.next_deadline()), (vec![], Some(late)));
    // With another end they are told anew.
    let later = given.later(60 * DAY);
    given.do_it(&end(user, Some(later)));
    given.pass(53 * DAY);
    assert!(given.lapse(100).contains(&Event::MemberEnding { user, until: later }));
}

#[test]
fn an_account_says_how_long_before_people_are_told() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[]);
    let notice = |seconds| Command::ChangeSettings {
        settings: Settings { ending_notice_seconds: Some(seconds), ..Settings::default() },
    };
    let longest = 90 * 86_400;
    let refusal = Refusal::SettingOutOfRange { field: "ending_notice_seconds", least: 0, most: longest };
    assert_eq!(given.refused(given.owner, &notice(longest + 1)), refusal);
    let until = given.later(30 * DAY);
    given.do_it(&end(user, Some(until)));
    given.do_it(&notice(86_400));
    given.pass(29 * DAY - 1);
    assert_eq!(given.lapse(100), []);
    given.pass(1);
    assert_eq!(given.lapse(100), [Event::MemberEnding { user, until }]);
    // With none at all, only the end is recorded.
    given.do_it(&notice(0));
    let until = given.later(30 * DAY);
    given.do_it(&end(user, Some(until)));
    assert_eq!(given.account.next_deadline(), Some(until));
    given.pass(30 * DAY);
    assert_eq!(given.lapse(100), [Event::MemberExpired { user, until, before: MemberStatus::Active }]);
}

#[test]
fn after_a_long_pause_nobody_is_told_of_what_is_over() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[]);
    let over = given.later(30 * DAY);
    given.grant(Principal::Member(user), until(at_account("viewer"), over));
    given.pass(400 * DAY);
    for most in [1, 100] {
        let decided = given.account.lapse(given.now, most).unwrap();
        assert!(matches!(&decided.events[..], [Event::GrantExpired { .. }]), "{:?}", decided.events);
    }
    given.lapse(1);
    // A clock that goes back finds nothing to do.
    given.now = over;
    assert_eq!(given.lapse(1), []);
}

#[test]
fn thousands_that_end_at_once_go_in_batches() {
    let mut given = Given::new("bailiwick");
    let until_then = given.later(60);
    let machines: Vec<_> = (0..300)
        .map(|number| {
            given.service_account(&format!("Machine {number}"), &[until(at_account("viewer"), until_then)])
        })
        .collect();
    given.pass(60);
    let first = given.account.lapse(given.now, 128).unwrap();
    assert_eq!(first.events.len(), 128);
    assert_eq!(first.account.next_deadline(), Some(until_then), "there is more");
    assert_eq!(given.lapse(128).len(), machines.len());
}

#[test]
fn rule_2_a_role_that_must_keep_a_holder_does_not_hang_on_a_membership_that_ends() {
    let mut given = Given::new("bailiwick");
    let until = Some(given.later(DAY));
    assert_eq!(given.refused(given.owner, &end(given.owner, until)), last_owner());
    // Another owner whose membership ends does not count.
    let second = given.member(&[]);
    let offer = given.offer(second, true);
    given.when(second, &Command::AcceptOwnership { offer }).unwrap();
    given.do_it(&end(second, until));
    assert_eq!(given.refused(given.owner, &end(given.owner, until)), last_owner());
    let owner = given.owner;
    assert_eq!(given.refused(owner, &Command::Leave), last_owner());
    given.do_it(&end(second, None));
    let project = Scope::Project(given.default_project());
    given.grant(Principal::Member(second), at(built_in("project_admin"), project));
    given.do_it(&end(owner, until));
    given.pass(DAY);
    given.lapse(10);
    assert_eq!(given.refused(second, &Command::Leave), last_owner());
}

#[test]
fn rule_2_ownership_is_not_handed_over_to_a_membership_that_ends() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[]);
    given.offer(user, false);
    let until = given.later(DAY);
    assert_eq!(given.refused(given.owner, &end(user, Some(until))), Refusal::OfferedOwnership);
    let other = given.member(&[]);
    given.do_it(&end(other, Some(until)));
    let offer = Command::OfferOwnership { to: other, keep: false };
    assert_eq!(given.refused(given.owner, &offer), Refusal::SuccessorEnds { until });
}

#[test]
fn rule_2_holds_for_who_has_the_role_through_a_group() {
    let mut given = Given::new("bailiwick");
    let project = given.project("Search");
    let scope = Scope::Project(project);
    let group = given.group("Project admins");
    let user = given.member(&[]);
    given.do_it(&Command::AddToGroup { group, member: Principal::Member(user) });
    let admin = given.account.catalog().rules.project_creator.unwrap();
    let admin = built_in(&given.account.catalog().role_at(admin).unwrap().name.clone());
    given.grant(Principal::Group(group), at(admin.clone(), scope.clone()));
    let own: Vec<GrantId> = given
        .account
        .grants_of(Principal::Member(given.owner))
        .filter(|(_, grant)| grant.value.scope == scope)
        .map(|(id, _)| id)
        .collect();
    for grant in own {
        given.do_it(&Command::RevokeGrant { grant });
    }
    let until = Some(given.later(DAY));
    assert_eq!(given.refused(given.owner, &end(user, until)), Refusal::LastHolder { role: admin, scope });
}
