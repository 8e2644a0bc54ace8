//! Ownership: offered, withdrawn, accepted, declined.

use super::prelude::*;

fn offer(to: UserId, keep: bool) -> Command {
    Command::OfferOwnership { to, keep }
}

#[test]
fn q13_ownership_is_handed_over_when_it_is_accepted() {
    let mut given = Given::new("qdrant-cloud");
    let (from, to) = (given.owner, given.member(&[]));
    let made =
        Offer { from, to, keep: false, made_at: given.now, expires_at: given.later(limits::OFFER_SECONDS) };
    let id: OfferId = given.upcoming(1);
    assert_eq!(given.do_it(&offer(to, false)), [Event::OwnershipOffered { id, offer: made }]);
    assert!(!given.may(to, "delete:account"));
    let last = Refusal::LastHolder { role: built_in("owner"), scope: Scope::Account };
    assert_eq!(given.refused(from, &Command::Leave), last);
    let owners = given.grant_of(Principal::Member(from), &built_in("owner")).unwrap();
    let wanted = [
        Event::OwnershipAccepted { id, offer: given.offered(id) },
        Event::GrantMade {
            id: given.upcoming(1),
            grant: given.made(Principal::Member(to), at_account("owner")),
        },
        given.revoked(owners, EndReason::Replaced),
        Event::GrantMade {
            id: given.upcoming(2),
            grant: given.made(Principal::Member(from), at_account("admin")),
        },
    ];
    assert_eq!(given.when(to, &Command::AcceptOwnership { offer: id }).unwrap(), wanted);
    assert!(given.may(to, "delete:account") && !given.may(from, "delete:account"));
    assert!(given.may(from, "delete:users"));
    given.when(from, &Command::Leave).unwrap();
}

#[test]
fn an_owner_may_stay_where_there_can_be_several() {
    let mut given = Given::new("bailiwick");
    let to = given.member(&[at_account("viewer")]);
    let id = given.offer(to, true);
    let wanted = [
        Event::OwnershipAccepted { id, offer: given.offered(id) },
        Event::GrantMade {
            id: given.upcoming(1),
            grant: given.made(Principal::Member(to), at_account("owner")),
        },
    ];
    assert_eq!(given.when(to, &Command::AcceptOwnership { offer: id }).unwrap(), wanted);
    assert!(given.may(given.owner, "delete:account") && given.may(to, "delete:account"));
    assert_eq!(
        given.refused(given.owner, &offer(to, true)),
        Refusal::AlreadySo { what: "the member is an owner" }
    );
    let project = at(built_in("project_admin"), Scope::Project(given.default_project()));
    given.grant(Principal::Member(to), project);
    given.when(given.owner, &Command::Leave).unwrap();
}

#[test]
fn where_members_have_one_role_ownership_takes_its_place() {
    let mut given = Given::new("one-role");
    let (from, to) = (given.owner, given.member(&[at_account("viewer")]));
    let id = given.offer(to, false);
    let viewer = given.grant_of(Principal::Member(to), &built_in("viewer")).unwrap();
    let owners = given.grant_of(Principal::Member(from), &built_in("owner")).unwrap();
    let wanted = [
        Event::OwnershipAccepted { id, offer: given.offered(id) },
        given.revoked(viewer, EndReason::Replaced),
        Event::GrantMade {
            id: given.upcoming(1),
            grant: given.made(Principal::Member(to), at_account("owner")),
        },
        given.revoked(owners, EndReason::Replaced),
        Event::GrantMade {
            id: given.upcoming(2),
            grant: given.made(Principal::Member(from), at_account("admin")),
        },
    ];
    assert_eq!(given.when(to, &Command::AcceptOwnership { offer: id }).unwrap(), wanted);
}

#[test]
fn offering_is_refused() {
    let mut given = Given::new("bailiwick");
    let (owner, admin, to) = (given.owner, given.member(&[at_account("admin")]), given.member(&[]));
    let (pending, _) = given.pending(&[]);
    let (inactive, stranger) = (given.inactive(&[]), given.id());
    let missing = ["write:account", "delete:account"];
    assert_eq!(given.refused(admin, &offer(to, true)), above("Owner", &missing));
    assert_eq!(given.refused(owner, &offer(owner, true)), Refusal::Yourself);
    assert_eq!(given.refused(owner, &offer(stranger, true)), unknown("member"));
    assert_eq!(given.refused(owner, &offer(pending, true)), Refusal::MemberPending { user: pending });
    assert_eq!(given.refused(owner, &offer(inactive, true)), Refusal::MemberInactive { user: inactive });
    let machine = given.machine("Machine", &[at_account("admin")]);
    assert_eq!(given.refused_by(machine, &offer(to, true)), Refusal::PeopleOnly);
    given.offer(to, true);
    assert_eq!(given.refused(owner, &offer(admin, true)), Refusal::OfferPending);
    let everything: Vec<String> =
        given.account.catalog().permissions.iter().map(|permission| permission.name.clone()).collect();
    let names: Vec<&str> = everything.iter().map(String::as_str).collect();
    let equal = given.member_who_may(&names);
    assert_eq!(given.refused(equal, &offer(to, true)), Refusal::HandedOver { role: built_in("owner") });
    let mut given = Given::new("qdrant-cloud");
    let to = given.member(&[]);
    assert_eq!(
        given.refused(given.owner, &offer(to, true)),
        Refusal::SingleHolder { role: built_in("owner") }
    );
}

#[test]
fn an_offer_is_withdrawn_by_an_owner_and_declined_by_who_got_it() {
    let mut given = Given::new("bailiwick");
    let (from, to, other) = (given.owner, given.member(&[]), given.member(&[at_account("admin")]));
    let id = given.offer(to, true);
    let withdraw = Command::WithdrawOwnership { offer: id };
    let decline = Command::DeclineOwnership { offer: id };
    assert_eq!(given.refused(other, &withdraw), Refusal::NotYours);
    assert_eq!(given.refused(from, &decline), Refusal::NotYours);
    assert_eq!(given.refused(other, &Command::AcceptOwnership { offer: id }), Refusal::NotYours);
    let machine = given.machine("Machine", &[at_account("admin")]);
    for command in [withdraw.clone(), decline.clone(), Command::AcceptOwnership { offer: id }] {
        assert_eq!(given.refused_by(machine, &command), Refusal::PeopleOnly);
    }
    let withdrawn = Event::OwnershipWithdrawn { id, offer: given.offered(id), reason: EndReason::Asked };
    assert_eq!(given.do_it(&withdraw), [withdrawn]);
    for command in [withdraw, decline, Command::AcceptOwnership { offer: id }] {
        assert_eq!(given.refused(to, &command), unknown("offer of ownership"));
    }
    let id = given.offer(to, true);
    let decline = Command::DeclineOwnership { offer: id };
    let declined = Event::OwnershipDeclined { id, offer: given.offered(id) };
    assert_eq!(given.when(to, &decline).unwrap(), [declined]);
}

#[test]
fn an_offer_stands_for_a_week_and_makes_room_for_another() {
    let mut given = Given::new("bailiwick");
    let (to, other) = (given.member(&[]), given.member(&[]));
    let old = given.offer(to, true);
    given.pass(limits::OFFER_SECONDS);
    assert_eq!(given.refused(to, &Command::AcceptOwnership { offer: old }), Refusal::OfferVoid);
    let withdrawn =
        Event::OwnershipWithdrawn { id: old, offer: given.offered(old), reason: EndReason::Replaced };
    let events = given.do_it(&offer(other, true));
    assert_eq!(events[0], withdrawn);
    assert!(matches!(events[1..], [Event::OwnershipOffered { .. }]));
}

#[test]
fn the_only_owner_does_not_hand_over_to_somebody_whose_membership_ends() {
    let mut given = Given::new("bailiwick");
    let (owner, to, other) = (given.owner, given.member(&[]), given.member(&[]));
    let until = given.later(1_000);
    given.do_it(&Command::SetMemberEnd { user: to, until: Some(until) });
    assert_eq!(given.refused(owner, &offer(to, false)), Refusal::SuccessorEnds { until });
    // Where an owner stays, be it the same or another one, nothing is lost.
    let id = given.offer(to, true);
    given.when(owner, &Command::WithdrawOwnership { offer: id }).unwrap();
    let id = given.offer(other, true);
    given.when(other, &Command::AcceptOwnership { offer: id }).unwrap();
    let id = given.offer(to, false);
    // What changes after the offer is looked at when it is accepted.
    given.when(owner, &Command::DeactivateMember { user: other }).unwrap();
    let refusal = given.refused(to, &Command::AcceptOwnership { offer: id });
    assert_eq!(refusal, Refusal::SuccessorEnds { until });
    given.when(owner, &Command::SetMemberEnd { user: to, until: None }).unwrap();
    given.when(to, &Command::AcceptOwnership { offer: id }).unwrap();
}

#[test]
fn a_membership_gets_no_end_while_what_would_hang_on_it_is_offered() {
    let mut given = Given::new("bailiwick");
    let (owner, to, other) = (given.owner, given.member(&[]), given.member(&[]));
    let admin = given.member(&[at_account("admin")]);
    let end = |user, until| Command::SetMemberEnd { user, until };
    let until = Some(given.later(1_000));
    let id = given.offer(to, false);
    for by in [owner, admin] {
        assert_eq!(given.refused(by, &end(to, until)), Refusal::OfferedOwnership);
        given.decide(Actor::User(by), &end(other, until)).unwrap();
    }
    // An offer that has expired, or was withdrawn, keeps nobody from it.
    let mut later = Given { account: given.account.clone(), history: Vec::new(), ..given };
    later.pass(limits::OFFER_SECONDS);
    let until_later = Some(later.later(1_000));
    later.decide(Actor::User(admin), &end(to, until_later)).unwrap();
    later.pass(-limits::OFFER_SECONDS);
    later.do_it(&Command::WithdrawOwnership { offer: id });
    later.decide(Actor::User(admin), &end(to, until)).unwrap();
    // Nor does one that leaves an owner, or is one of several for good.
    let id = later.offer(to, true);
    later.decide(Actor::User(admin), &end(to, until)).unwrap();
    later.do_it(&Command::WithdrawOwnership { offer: id });
    let id = later.offer(other, true);
    later.when(other, &Command::AcceptOwnership { offer: id }).unwrap();
    let id = later.offer(to, false);
    later.do_it(&end(to, until));
    // The account has an owner for good, so that one more may come whose membership ends.
    later.when(to, &Command::AcceptOwnership { offer: id }).unwrap();
}
