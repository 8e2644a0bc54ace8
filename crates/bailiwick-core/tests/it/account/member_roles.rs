//! The account-level roles of a member, set as a whole.

use super::prelude::*;

fn set(user: UserId, roles: &[&str]) -> Command {
    Command::SetMemberRoles { user, roles: roles.iter().map(|role| built_in(role)).collect() }
}

#[test]
fn q07_roles_are_added_and_removed_and_their_union_counts() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[at_account("viewer")]);
    let principal = Principal::Member(user);
    let viewer = given.grant_of(principal, &built_in("viewer")).unwrap();
    let events = [
        given.revoked(viewer, EndReason::Asked),
        Event::GrantMade { id: given.upcoming(1), grant: given.made(principal, at_account("auditor")) },
        Event::GrantMade { id: given.upcoming(2), grant: given.made(principal, at_account("billing")) },
    ];
    assert_eq!(given.do_it(&set(user, &["billing", "auditor"])), events);
    assert!(given.may(user, "write:payment_information") && given.may(user, "read:events"));
    assert!(given.may(user, "read:profile"), "everybody keeps the newcomer role");
    let same = Refusal::AlreadySo { what: "the member has these roles" };
    assert_eq!(given.refused(given.owner, &set(user, &["auditor", "billing", "auditor", "member"])), same);
    assert_eq!(given.do_it(&set(user, &[])).len(), 2);
    assert!(given.may(user, "read:profile") && !given.may(user, "read:events"));
}

#[test]
fn a_role_that_had_ended_lasts_again() {
    let mut given = Given::new("bailiwick");
    let end = given.later(60);
    let user = given.member(&[until(at_account("viewer"), end)]);
    let id = given.grant_of(Principal::Member(user), &built_in("viewer")).unwrap();
    let same = Refusal::AlreadySo { what: "the member has these roles" };
    assert_eq!(given.refused(given.owner, &set(user, &["viewer"])), same);
    given.pass(60);
    let extended =
        Event::GrantExtended { id, principal: Principal::Member(user), before: Some(end), after: None };
    assert_eq!(given.do_it(&set(user, &["viewer"])), [extended]);
}

#[test]
fn setting_roles_is_refused() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[at_account("admin")]);
    let nobody = given.member(&[]);
    let granter = given.member_who_may(&["write:roles"]);
    let stranger = given.id();
    let (pending, _) = given.pending(&[]);
    assert_eq!(given.refused(nobody, &set(user, &[])), denied("write:roles"));
    assert_eq!(given.refused(nobody, &set(stranger, &[])), denied("write:roles"));
    assert_eq!(given.refused(given.owner, &set(stranger, &[])), unknown("member"));
    assert_eq!(given.refused(given.owner, &set(pending, &[])), Refusal::MemberPending { user: pending });
    let missing = ["read:deployments", "read:monitoring", "read:explore", "read:alerts"];
    assert_eq!(given.refused(granter, &set(nobody, &["viewer"])), escalation(&missing, Scope::Account));
    assert_eq!(given.refused(given.owner, &set(nobody, &["nothing"])), unknown("role"));
    let handed_over = Refusal::HandedOver { role: built_in("owner") };
    assert_eq!(given.refused(given.owner, &set(nobody, &["owner"])), handed_over);
    let level = Refusal::WrongLevel { role: built_in("project_admin"), level: Level::Project };
    assert_eq!(given.refused(given.owner, &set(nobody, &["project_admin"])), level);
    let last = Refusal::LastHolder { role: built_in("owner"), scope: Scope::Account };
    assert_eq!(given.refused(given.owner, &set(given.owner, &["admin"])), last);
    let many: Vec<RoleRef> = (0..=limits::GRANTS_PER_COMMAND).map(|_| built_in("viewer")).collect();
    let command = Command::SetMemberRoles { user, roles: many };
    assert_eq!(
        given.refused(given.owner, &command),
        too_many("roles in one request", limits::GRANTS_PER_COMMAND)
    );
}

#[test]
fn v01_where_members_have_one_role_another_takes_its_place() {
    let mut given = Given::new("one-role");
    let user = given.member(&[at_account("viewer")]);
    let principal = Principal::Member(user);
    let viewer = given.grant_of(principal, &built_in("viewer")).unwrap();
    let events = [
        given.revoked(viewer, EndReason::Replaced),
        Event::GrantMade { id: given.upcoming(1), grant: given.made(principal, at_account("admin")) },
    ];
    assert_eq!(given.do_it(&Command::Grant { principal, grant: at_account("admin") }), events);
    assert_eq!(given.refused(given.owner, &set(user, &[])), Refusal::OneRole);
    assert_eq!(given.refused(given.owner, &set(user, &["admin", "viewer"])), Refusal::OneRole);
    let admin = given.grant_of(principal, &built_in("admin")).unwrap();
    assert_eq!(given.refused(given.owner, &Command::RevokeGrant { grant: admin }), Refusal::OneRole);
    let events = [
        given.revoked(admin, EndReason::Asked),
        Event::GrantMade { id: given.upcoming(1), grant: given.made(principal, at_account("viewer")) },
    ];
    assert_eq!(given.do_it(&set(user, &["viewer"])), events);
    let stranger = given.id();
    assert_eq!(given.invite(given.owner, stranger, &[]).unwrap_err(), Refusal::OneRole);
}

#[test]
fn a_role_for_one_person_is_not_shared() {
    let mut given = Given::new("one-role");
    let user = given.member(&[at_account("treasurer")]);
    let other = given.member(&[at_account("viewer")]);
    let single = Refusal::SingleHolder { role: built_in("treasurer") };
    assert_eq!(given.refused(given.owner, &set(other, &["treasurer"])), single);
    let group = given.group("Group");
    let grant = Command::Grant { principal: Principal::Group(group), grant: at_account("treasurer") };
    assert_eq!(given.refused(given.owner, &grant), single);
    let last = Refusal::LastHolder { role: built_in("treasurer"), scope: Scope::Account };
    assert_eq!(given.refused(given.owner, &set(user, &["viewer"])), last);
}
