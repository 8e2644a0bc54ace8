//! What nobody can make too heavy to be removed: what a command comes to fits into one transaction of the store.

use std::collections::BTreeSet;

use super::prelude::*;

/// What a store takes in one transaction.
const BYTES: usize = 32 << 20;
const ROWS: usize = 50_000;

/// Decides on what the store must be able to take.
fn assert_fits(given: &Given, actor: UserId, command: &Command) {
    let decided = given.decide(Actor::User(actor), command).unwrap();
    let keys: BTreeSet<_> = decided.events.iter().flat_map(Event::entities).collect();
    let rows: usize =
        keys.iter().filter_map(|key| decided.account.row_body(*key)).map(|body| body.len()).sum();
    let events: usize = decided.events.iter().map(|event| serde_json::to_string(event).unwrap().len()).sum();
    assert!(
        keys.len() <= ROWS && decided.events.len() <= ROWS,
        "{} and {}",
        keys.len(),
        decided.events.len()
    );
    assert!(rows + events <= BYTES, "{rows} and {events}");
}

fn nowhere(given: &mut Given, count: usize) -> Vec<ResourceId> {
    (0..count).map(|_| given.id()).collect()
}

/// So many invitations in somebody's name, as if they had been sent.
fn send(given: &mut Given, sponsor: UserId, count: usize, grants: &[RoleAtScope]) {
    let sent: Vec<Event> = (0..count)
        .map(|_| {
            let invitation = Invitation {
                user: given.id(),
                grants: grants.to_vec(),
                sponsor,
                sent_at: given.now,
                expires_at: None,
                status: InvitationStatus::Pending,
                groups: vec![],
                member_until: None,
                told: false,
                attributes: None,
            };
            Event::InvitationSent { id: given.id(), invitation }
        })
        .collect();
    given.account.apply(&sent);
}

fn sponsor_limit() -> Refusal {
    let what = "waiting invitations in the name of one member, fewer if they promise many resources";
    too_many(what, limits::WAITING_INVITATIONS_OF_SPONSOR)
}

#[test]
fn a_member_with_as_many_invitations_as_possible_is_removed() {
    for wide in [false, true] {
        let mut given = Given::new("bailiwick");
        let admin = given.member(&[at_account("admin")]);
        let grants = if wide {
            vec![at(built_in("cluster_read_only"), Scope::resources(nowhere(&mut given, 1_000)))]
        } else {
            vec![at_account("viewer")]
        };
        let count = if wide { 157 } else { limits::WAITING_INVITATIONS_OF_SPONSOR };
        send(&mut given, admin, count, &grants);
        let more = vec![Invitee { user: given.id(), invitation: given.id() }; 1];
        let invite = Command::Invite {
            people: more,
            grants: vec![at_account("viewer")],
            groups: Vec::new(),
            member_until: None,
            attributes: Attributes::default(),
        };
        if wide {
            given.decide(Actor::User(admin), &invite).unwrap();
            send(&mut given, admin, 1, &grants);
        }
        assert_eq!(given.refused(admin, &invite), sponsor_limit());
        let (_, invitation) = given.pending(&[at_account("viewer")]);
        assert_eq!(given.refused(admin, &Command::ResendInvitation { invitation }), sponsor_limit());
        for command in [Command::DeactivateMember { user: admin }, Command::RemoveMember { user: admin }] {
            assert_fits(&given, given.owner, &command);
        }
        // Inviting members, who get the access at once, adds to nothing that waits.
        let member = given.member(&[]);
        let people = vec![Invitee { user: member, invitation: given.id() }];
        given
            .when(
                admin,
                &Command::Invite {
                    people,
                    grants: vec![at_account("viewer")],
                    groups: Vec::new(),
                    member_until: None,
                    attributes: Attributes::default(),
                },
            )
            .unwrap();
    }
}

#[test]
fn a_resource_that_as_many_grants_as_possible_name_is_deleted() {
    for wide in [false, true] {
        let mut given = Given::new("bailiwick");
        let cluster = given.resource("cluster", None, None);
        let member = Principal::Member(given.member(&[]));
        let scope = |given: &mut Given| {
            let others = if wide { nowhere(given, 999) } else { Vec::new() };
            Scope::resources(others.into_iter().chain([cluster]))
        };
        let count = if wide { 482 } else { limits::GRANTS_NAMING_ONE_RESOURCE };
        let made: Vec<Event> = (0..count)
            .map(|_| {
                let scope = scope(&mut given);
                let principal = Principal::Member(given.id());
                let grant = given.made(principal, at(built_in("cluster_read_only"), scope));
                Event::GrantMade { id: given.id(), grant }
            })
            .collect();
        given.account.apply(&made);
        let grant = at(built_in("cluster_read_only"), Scope::resources([cluster]));
        let what = "grants that name one resource, fewer if they name many others too";
        let limit = too_many(what, limits::GRANTS_NAMING_ONE_RESOURCE);
        let command = Command::Grant { principal: member, grant };
        assert_eq!(given.refused(given.owner, &command), limit);
        assert_fits(&given, given.owner, &Command::DeleteResource { resource: cluster });
        // Taking one away makes room for one.
        let Some(Event::GrantMade { id, .. }) = made.first() else { unreachable!() };
        let revoked = given.revoked(*id, EndReason::Asked);
        given.account.apply(&[revoked]);
        given.do_it(&command);
    }
}

#[test]
fn what_is_too_much_at_once_says_what_to_do() {
    let mut given = Given::new("bailiwick");
    let group = given.group("Everybody");
    let added: Vec<Event> = (0..40_001)
        .map(|_| Event::GroupMemberAdded { group, member: Principal::Member(given.id()) })
        .collect();
    given.account.apply(&added);
    let refusal = given.refused(given.owner, &Command::DeleteGroup { group });
    assert_eq!(refusal, Refusal::TooMuchAtOnce { changes: 40_002 });
    let gone: Vec<Event> = added
        .iter()
        .take(100)
        .map(|event| match event {
            Event::GroupMemberAdded { group, member: Principal::Member(user) } => {
                Event::GroupMemberRemoved { group: *group, member: Principal::Member(*user) }
            }
            other => panic!("{other:?}"),
        })
        .collect();
    given.account.apply(&gone);
    assert_fits(&given, given.owner, &Command::DeleteGroup { group });
}

#[test]
fn a_role_of_many_grants_is_reassigned_in_one_transaction_or_not_at_all() {
    let mut given = Given::new("bailiwick");
    let role = given.role_id("Role", Level::Resource, &["read:clusters"]);
    let cluster = given.resource("cluster", None, None);
    let grants = |given: &mut Given, count| {
        let made: Vec<Event> = (0..count)
            .map(|_| {
                let principal = Principal::ServiceAccount(given.id());
                let scope = Scope::resources([cluster]);
                let grant = given.made(principal, at(RoleRef::Custom(role), scope));
                Event::GrantMade { id: given.id(), grant }
            })
            .collect();
        given.account.apply(&made);
    };
    let reassign = Command::DeleteRole { role, reassign_to: Some(built_in("cluster_read_only")) };
    grants(&mut given, 11_000);
    assert_fits(&given, given.owner, &reassign);
    grants(&mut given, 1_000);
    assert_eq!(given.refused(given.owner, &reassign), Refusal::TooMuchAtOnce { changes: 24_001 });
}

#[test]
fn an_invitation_promises_no_more_than_a_member_can_hold() {
    let mut given = Given::new("bailiwick");
    let clusters: Vec<ResourceId> = (0..501).map(|_| given.resource("cluster", None, None)).collect();
    let scope = |count: usize| Scope::resources(clusters.iter().copied().take(count));
    let grants = |count| {
        vec![at(built_in("cluster_read_only"), scope(500)), at(built_in("cluster_read_write"), scope(count))]
    };
    let user = given.id();
    let limit = too_many("roles and named resources in one invitation", limits::PROMISED_PER_INVITATION);
    assert_eq!(given.invite(given.owner, user, &grants(501)).unwrap_err(), limit);
    let invitation = given.invite(given.owner, user, &grants(500)).unwrap();
    given.when(user, &Command::AcceptInvitation { invitation }).unwrap();
}

/// What older versions have stored is judged again when it is accepted.
#[test]
fn accepting_more_than_a_member_can_hold_is_refused() {
    let mut given = Given::new("bailiwick");
    let cluster = given.resource("cluster", None, None);
    let user = given.id();
    let scope = Scope::resources([cluster]);
    let grants: Vec<RoleAtScope> = (0..=limits::GRANTS_PER_PRINCIPAL)
        .map(|number| {
            let end = given.later(60 + i64::try_from(number).unwrap());
            until(at(built_in("cluster_read_only"), scope.clone()), end)
        })
        .collect();
    let (sponsor, sent_at, status) = (given.owner, given.now, InvitationStatus::Pending);
    let invitation = Invitation {
        user,
        grants,
        sponsor,
        sent_at,
        expires_at: None,
        status,
        groups: vec![],
        member_until: None,
        told: false,
        attributes: None,
    };
    let id: InvitationId = given.id();
    given.account.apply(&[Event::InvitationSent { id, invitation }]);
    let limit = too_many("grants of one principal", limits::GRANTS_PER_PRINCIPAL);
    assert_eq!(given.refused(user, &Command::AcceptInvitation { invitation: id }), limit);
}

#[test]
fn ended_invitations_make_room_for_new_ones_and_waiting_ones_do_not() {
    let mut given = Given::new("bailiwick");
    let (ended_user, ended) = given.pending(&[]);
    given.when(ended_user, &Command::DeclineInvitation { invitation: ended }).unwrap();
    let sponsors = limits::INVITATIONS / limits::WAITING_INVITATIONS_OF_SPONSOR;
    for _ in 0..sponsors {
        let (sponsor, most) = (given.id(), limits::WAITING_INVITATIONS_OF_SPONSOR);
        send(&mut given, sponsor, most, &[]);
    }
    let dropped = given.account.invitations_after(Some(ended)).next().unwrap().0;
    given.account.apply(&[Event::InvitationDeclined { id: dropped }]);
    let forgotten = [ended, dropped].map(|id| Event::InvitationForgotten {
        id,
        invitation: given.account.invitation(id).unwrap().value.clone(),
    });
    // One too many was there already, and one is new: both that have ended are forgotten, the oldest first.
    let people = vec![Invitee { user: given.id(), invitation: given.id() }];
    let sent = given.do_it(&Command::Invite {
        people,
        grants: vec![],
        groups: Vec::new(),
        member_until: None,
        attributes: Attributes::default(),
    });
    assert_eq!(sent[..2], forgotten);
    assert!(given.account.invitation(ended).is_none() && given.account.invitation(dropped).is_none());
    let people = vec![Invitee { user: given.id(), invitation: given.id() }];
    let limit = too_many("waiting invitations", limits::INVITATIONS);
    assert_eq!(
        given.refused(
            given.owner,
            &Command::Invite {
                people,
                grants: vec![],
                groups: Vec::new(),
                member_until: None,
                attributes: Attributes::default()
            }
        ),
        limit
    );
}
