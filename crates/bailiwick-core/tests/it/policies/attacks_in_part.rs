//! Ways round a policy that binds in a part of a scope, or at some moments alone: what it keeps from somebody is not theirs to
//! give, except to those whom it binds alike.

use bailiwick_core::account::Decided;
use bailiwick_core::ids::PolicyId;

use super::{create, edit, switch, text};
use crate::account::prelude::*;

fn is_kept_back(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::KeptBack { .. })
}

fn lifts(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Lifts { .. })
}

/// All that a role with the right to let others in and to write clusters takes.
const RIGHTS: &[&str] = &[
    "write:policies",
    "delete:policies",
    "write:users",
    "write:groups",
    "write:roles",
    "write:invites",
    "write:management_keys",
    "write:clusters",
    "read:clusters",
];

struct Ways {
    writer: UserId,
    clusters: RoleAtScope,
    machine: ServiceAccountId,
    group: GroupId,
}

impl Ways {
    /// Somebody who may give others access to clusters, a machine and a group that have it.
    fn new(given: &mut Given) -> Self {
        let writer = given.member_who_may(RIGHTS);
        let clusters = at(given.role("Clusters", Level::Account, &["write:clusters"]), Scope::Account);
        let machine = given.service_account("Control plane", std::slice::from_ref(&clusters));
        let group = given.group("Operators");
        given.grant(Principal::Group(group), clusters.clone());
        Self { writer, clusters, machine, group }
    }

    fn grant(&self, principal: Principal) -> Command {
        Command::Grant { principal, grant: self.clusters.clone() }
    }

    fn join(&self, user: UserId) -> Command {
        Command::AddToGroup { group: self.group, member: Principal::Member(user) }
    }

    fn make_machine(&self) -> Command {
        Command::CreateServiceAccount {
            name: name("Mine"),
            description: Description::default(),
            external_id: None,
            grants: vec![self.clusters.clone()],
        }
    }

    fn make_key(&self, given: &Given) -> Command {
        Command::CreateKey {
            key: given.upcoming(1),
            holder: KeyHolder::ServiceAccount(self.machine),
            name: name("Mine"),
            secret_hash: SecretHash([7; 32]),
            expires_at: None,
        }
    }

    fn invite(&self, given: &Given, attributes: Attributes) -> Command {
        Command::Invite {
            people: vec![Invitee { user: given.upcoming(1), invitation: given.upcoming(2) }],
            grants: vec![self.clusters.clone()],
            groups: Vec::new(),
            member_until: None,
            attributes,
        }
    }

    /// All of them that make or use a machine.
    fn machines(&self, given: &Given) -> [Command; 3] {
        [self.make_machine(), self.make_key(given), self.grant(Principal::ServiceAccount(self.machine))]
    }

    /// Neither does a machine get what the policy keeps from the writer, nor is the policy theirs to take away.
    fn assert_bound(&self, given: &Given, policy: PolicyId, condition: &str) {
        for way in self.machines(given) {
            assert!(is_kept_back(&given.refused(self.writer, &way)), "{condition}: {way:?}");
        }
        for way in takes_away(policy) {
            assert!(lifts(&given.refused(self.writer, &way)), "{condition}: {way:?}");
        }
    }

    fn allowed(&self, given: &Given, command: &Command) -> Decided {
        given.decide(Actor::User(self.writer), command).unwrap_or_else(|why| panic!("{command:?}: {why}"))
    }
}

fn says(department: &str) -> Attributes {
    let mut attributes = Attributes::default();
    attributes.set("department", text(department));
    attributes
}

fn is_of(user: UserId, department: &str) -> Command {
    Command::EditMember {
        user,
        external_id: Patch::Keep,
        attributes: [("department".into(), Some(text(department)))].into(),
    }
}

fn takes_away(policy: PolicyId) -> [Command; 3] {
    let narrower = "forbid(principal is User, action == Action::\"write:clusters\", resource is Project);";
    [Command::DeletePolicy { policy }, switch(policy, false), edit(policy, narrower)]
}

#[test]
fn a_forbid_of_one_type_is_not_got_round_by_those_whom_it_binds_there() {
    let mut given = Given::new("bailiwick");
    let ways = Ways::new(&mut given);
    let (bound, free) = (given.member(&[]), given.member(&[]));
    let exempt = given.group("Exempt");
    given.do_it(&is_of(free, "operations"));
    // At the account as a whole it forbids nobody anything, and there is no cluster yet.
    let policy = given.policy(&format!(
        "forbid(principal, action == Action::\"write:clusters\", resource is Cluster) \
         when {{ resource has environment && resource.environment == \"production\" }} \
         unless {{ principal in Group::\"{exempt}\" || \
                   principal has department && principal.department == \"operations\" }};"
    ));
    let user = ways.writer;
    let mut lifting = takes_away(policy).to_vec();
    lifting.push(is_of(user, "operations"));
    lifting.push(is_of(bound, "operations"));
    lifting.push(Command::AddToGroup { group: exempt, member: Principal::Member(user) });
    for way in &lifting {
        let refusal = given.refused(user, way);
        assert!(lifts(&refusal) || is_kept_back(&refusal), "{way:?}: {refusal:?}");
    }
    for way in [ways.grant(Principal::Member(free)), ways.join(free), ways.invite(&given, says("operations"))]
    {
        let refusal = given.refused(user, &way);
        assert!(lifts(&refusal) || is_kept_back(&refusal), "{way:?}: {refusal:?}");
    }
    // Those whom it binds alike get no more than the giver has: a machine is bound by this policy too.
    for way in
        [ways.grant(Principal::Member(bound)), ways.join(bound), ways.invite(&given, Attributes::default())]
            .into_iter()
            .chain(ways.machines(&given).into_iter().take(2))
    {
        ways.allowed(&given, &way);
    }
    // Named by itself it is known whether the policy is about it.
    let cluster = given.resource("cluster", None, None);
    let role = given.role("One cluster", Level::Resource, &["write:clusters"]);
    let one =
        Command::Grant { principal: Principal::Member(free), grant: at(role, Scope::resources([cluster])) };
    ways.allowed(&given, &one);
    given.do_it(&Command::EditResource {
        resource: cluster,
        name: None,
        external_id: Patch::Keep,
        url: Patch::Keep,
        attributes: [("environment".into(), Some(text("production")))].into(),
    });
    assert!(is_kept_back(&given.refused(user, &one)));
    // Who is not bound may do all of it.
    given.do_it(&is_of(user, "operations"));
    for way in lifting.iter().take(3).chain(&[ways.grant(Principal::Member(free)), one]) {
        ways.allowed(&given, way);
    }
}

#[test]
fn what_people_are_kept_from_they_do_not_do_by_machine() {
    for condition in [
        "",
        "when { context.weekday == 9 }",
        "when { context.caller == \"person\" }",
        "unless { context has mfa_at && context.time < context.mfa_at.offset(duration(\"15m\")) }",
        "when { resource is Cluster }",
    ] {
        let mut given = Given::new("bailiwick");
        let ways = Ways::new(&mut given);
        let other = given.member(&[]);
        let policy = given.policy(&format!(
            "forbid(principal is User, action == Action::\"write:clusters\", resource is Cluster) {condition};"
        ));
        ways.assert_bound(&given, policy, condition);
        // Other people are bound alike.
        for way in [
            ways.grant(Principal::Member(other)),
            ways.join(other),
            ways.invite(&given, Attributes::default()),
        ] {
            ways.allowed(&given, &way);
        }
    }
}

#[test]
fn conditions_that_ask_how_one_comes_bind_machines_otherwise() {
    let mut given = Given::new("bailiwick");
    let ways = Ways::new(&mut given);
    given.policy(
        "forbid(principal, action == Action::\"write:clusters\", resource) when { context.caller == \"person\" };",
    );
    for way in ways.machines(&given) {
        assert!(is_kept_back(&given.refused(ways.writer, &way)), "{way:?}");
    }
}

#[test]
fn a_policy_for_everybody_at_night_keeps_nobody_from_inviting_and_is_lifted_by_owners_alone() {
    let mut given = Given::new("bailiwick");
    let ways = Ways::new(&mut given);
    let other = given.member(&[]);
    let policy = given.policy(
        "forbid(principal, action in Action::\"write\", resource is Cluster) when { context.weekday == 9 };",
    );
    for way in takes_away(policy) {
        assert!(lifts(&given.refused(ways.writer, &way)), "{way:?}");
        given.decide(Actor::User(given.owner), &way).unwrap();
    }
    let [make, _, grant] = ways.machines(&given);
    for way in [
        make,
        grant,
        ways.grant(Principal::Member(other)),
        ways.join(other),
        ways.invite(&given, Attributes::default()),
    ] {
        match given.decide(Actor::User(ways.writer), &way) {
            Ok(_) | Err(Refusal::AlreadySo { .. }) => {}
            Err(why) => panic!("{way:?}: {why}"),
        }
    }
    // A new name moves no access.
    ways.allowed(
        &given,
        &Command::EditPolicy {
            policy,
            name: Some(name("At night")),
            description: None,
            text: None,
            enabled: None,
        },
    );
}

#[test]
fn a_role_with_more_is_given_by_those_alone_who_are_not_kept_from_it() {
    let mut given = Given::new("bailiwick");
    let ways = Ways::new(&mut given);
    let viewing = given.role_id("Viewing", Level::Account, &["read:clusters"]);
    let viewer = at(RoleRef::Custom(viewing), Scope::Account);
    given.policy("forbid(principal is User, action == Action::\"write:clusters\", resource is Cluster);");
    let more = Command::EditRole {
        role: viewing,
        name: None,
        description: None,
        permissions: Some(vec!["read:clusters".into(), "write:clusters".into()]),
        external_id: Patch::Keep,
    };
    ways.allowed(&given, &more);
    given.grant(Principal::ServiceAccount(ways.machine), viewer);
    assert!(is_kept_back(&given.refused(ways.writer, &more)), "a machine has the role");
}

#[test]
fn whom_a_policy_permits_less_lets_nobody_in_whom_it_permits_more() {
    let mut given = Given::new("bailiwick");
    let writer = given.member_who_may(&["write:invites", "write:users", "read:clusters"]);
    let permit = "permit(principal is User, action == Action::\"delete:clusters\", resource) \
                  unless { principal has department && principal.department == \"outside\" };";
    given.policy(permit);
    let invite = |given: &Given, attributes| Command::Invite {
        people: vec![Invitee { user: given.upcoming(1), invitation: given.upcoming(2) }],
        grants: Vec::new(),
        groups: Vec::new(),
        member_until: None,
        attributes,
    };
    // Who is permitted alike gives nothing.
    given.decide(Actor::User(writer), &invite(&given, Attributes::default())).unwrap();
    given.do_it(&is_of(writer, "outside"));
    let refusal = given.refused(writer, &invite(&given, Attributes::default()));
    assert!(matches!(refusal, Refusal::Escalation { .. }), "{refusal:?}");
    let inactive = given.inactive(&[]);
    let refusal = given.refused(writer, &Command::ActivateMember { user: inactive });
    assert!(matches!(refusal, Refusal::Escalation { .. }), "{refusal:?}");
}

#[test]
fn a_sponsor_who_is_bound_by_now_gives_nothing_that_the_policy_keeps_from_them() {
    let mut given = Given::new("bailiwick");
    let ways = Ways::new(&mut given);
    let user = given.id();
    let invitation = given.id();
    let invite = Command::Invite {
        people: vec![Invitee { user, invitation }],
        grants: vec![ways.clusters.clone()],
        groups: vec![ways.group],
        member_until: None,
        attributes: Attributes::default(),
    };
    given.when(ways.writer, &invite).unwrap();
    given.policy(&format!(
        "forbid(principal == User::\"{}\", action == Action::\"write:clusters\", resource is Cluster);",
        ways.writer
    ));
    let events = given.when(user, &Command::AcceptInvitation { invitation }).unwrap();
    let Some(Event::InvitationAccepted { withheld, withheld_groups, .. }) = events.last() else {
        panic!("{events:?}")
    };
    assert_eq!((withheld.len(), withheld_groups.len()), (1, 1), "{events:?}");
    assert_eq!(withheld.first().unwrap().code, "kept_back_by_policy");
}

#[test]
fn a_refusal_names_the_policy_to_those_who_may_read_it() {
    let mut given = Given::new("bailiwick");
    let reader = given.member(&[at_account("admin")]);
    let blind = given.member_who_may(&["write:groups"]);
    given.do_it(&create(
        "No groups",
        "forbid(principal is User, action == Action::\"write:groups\", resource);",
    ));
    let command =
        Command::CreateGroup { name: name("New"), description: Description::default(), external_id: None };
    let told = |user| given.refused(user, &command).to_string();
    assert_eq!(told(reader), "the policy `No groups` forbids you `write:groups` at `account`");
    assert_eq!(told(blind), "a policy of the account forbids you `write:groups` at `account`");
    let without = given.member(&[]);
    assert_eq!(given.refused(without, &command), denied("write:groups"));
}

/// What fails to evaluate forbids, so that a part that can fail keeps nobody free.
#[test]
fn a_condition_that_can_overflow_binds_whom_it_would_else_leave_free() {
    let overflows = "resource has confidentiality && resource.confidentiality * 4611686018427387904 > 0";
    for condition in [
        format!("when {{ {overflows} && principal has contractor && principal.contractor }}"),
        format!("unless {{ !({overflows}) || principal has department && principal.department == \"research\" }}"),
        format!("when {{ if {overflows} then principal has contractor else principal has contractor }}"),
        "when { context.time.offset(duration(\"9223372036854775807ms\")) > context.time && principal has contractor }"
            .to_owned(),
    ] {
        let mut given = Given::new("bailiwick");
        let ways = Ways::new(&mut given);
        given.do_it(&is_of(ways.writer, "research"));
        let policy = given.policy(&format!(
            "forbid(principal is User, action == Action::\"write:clusters\", resource is Cluster) {condition};"
        ));
        ways.assert_bound(&given, policy, &condition);
    }
}

#[test]
fn what_cannot_fail_leaves_those_free_whom_the_rest_does() {
    for condition in [
        "when { resource has environment && resource.environment == \"production\" && principal has contractor }",
        "unless { context has source_ip && context.source_ip.isInRange(ip(\"10.0.0.0/8\")) || !(principal has contractor) }",
        "when { context.time.toTime() < duration(\"6h\") && principal has contractor }",
    ] {
        let mut given = Given::new("bailiwick");
        let ways = Ways::new(&mut given);
        given.policy(&format!(
            "forbid(principal is User, action == Action::\"write:clusters\", resource is Cluster) {condition};"
        ));
        ways.allowed(&given, &ways.make_machine());
    }
}

#[test]
fn a_link_lets_nobody_in_whom_its_copier_could_not_let_in() {
    let mut given = Given::new("bailiwick");
    let ways = Ways::new(&mut given);
    let (guest, invitation) = given.pending(&[]);
    let copy = Command::CopyInvitationLink { invitation };
    ways.allowed(&given, &copy);
    let of = |effect: &str, user| {
        format!("{effect}(principal == User::\"{user}\", action == Action::\"read:cluster_data\", resource);")
    };
    given.policy(&of("permit", guest));
    for command in [copy, Command::ResendInvitation { invitation }] {
        let refusal = given.refused(ways.writer, &command);
        assert!(matches!(refusal, Refusal::Escalation { .. }), "{refusal:?}");
    }
}

#[test]
fn a_machine_that_may_assert_speaks_for_those_alone_who_could_let_it() {
    let mut given = Given::new("bailiwick");
    let ways = Ways::new(&mut given);
    given.do_it(&Command::EditServiceAccount {
        service_account: ways.machine,
        name: None,
        description: None,
        external_id: Patch::Keep,
        may_assert: Some(vec!["resource.environment".into()]),
    });
    given.policy(
        "forbid(principal, action == Action::\"write:clusters\", resource is Cluster) \
         when { resource has environment && resource.environment == \"production\" };",
    );
    assert!(lifts(&given.refused(ways.writer, &ways.make_key(&given))));
    given.decide(Actor::User(given.owner), &ways.make_key(&given)).unwrap();
}

#[test]
fn a_machine_that_may_assert_is_let_ask_by_those_alone_who_could_let_it_assert() {
    let mut given = Given::new("bailiwick");
    let writer = given.member_who_may(&[RIGHTS, &["delete:roles", "check:access"]].concat());
    let role = |given: &mut Given, text: &str, permissions| given.role(text, Level::Account, permissions);
    let (quiet, other) =
        (role(&mut given, "Quiet", &["read:clusters"]), role(&mut given, "Other", &["read:clusters"]));
    let asks = role(&mut given, "Asks", &["read:clusters", "check:access"]);
    let machine = given.service_account("Gateway", &[at(quiet.clone(), Scope::Account)]);
    let plain = given.service_account("Plain", &[at(other.clone(), Scope::Account)]);
    given.do_it(&Command::EditServiceAccount {
        service_account: machine,
        name: None,
        description: None,
        external_id: Patch::Keep,
        may_assert: Some(vec!["resource.environment".into()]),
    });
    let keeps = |who: &str| format!("forbid({who}, action == Action::\"check:access\", resource);");
    let for_machine = given.policy(&keeps(&format!("principal == ServiceAccount::\"{machine}\"")));
    let for_plain = given.policy(&keeps(&format!("principal == ServiceAccount::\"{plain}\"")));
    let permits = |machine: ServiceAccountId| {
        let to = format!("principal == ServiceAccount::\"{machine}\"");
        create("Asks", &format!("permit({to}, action == Action::\"check:access\", resource);"))
    };
    let custom = |role: &RoleRef| match role {
        RoleRef::Custom(id) => *id,
        RoleRef::BuiltIn(_) => panic!("{role} is built in"),
    };
    let with_asking = |role: &RoleRef| Command::EditRole {
        role: custom(role),
        name: None,
        description: None,
        permissions: Some(vec!["read:clusters".into(), "check:access".into()]),
        external_id: Patch::Keep,
    };
    let reassigned =
        |role: &RoleRef| Command::DeleteRole { role: custom(role), reassign_to: Some(asks.clone()) };
    let granted = |machine| Command::Grant {
        principal: Principal::ServiceAccount(machine),
        grant: at(asks.clone(), Scope::Account),
    };
    let ways = [
        (with_asking(&quiet), with_asking(&other)),
        (reassigned(&quiet), reassigned(&other)),
        (granted(machine), granted(plain)),
        (permits(machine), permits(plain)),
        (Command::DeletePolicy { policy: for_machine }, Command::DeletePolicy { policy: for_plain }),
    ];
    for (way, harmless) in &ways {
        given.decide(Actor::User(writer), way).unwrap();
        given.decide(Actor::User(writer), harmless).unwrap();
    }
    given.policy(
        "forbid(principal is User, action == Action::\"write:clusters\", resource is Cluster) \
         when { resource has environment && resource.environment == \"production\" };",
    );
    for (way, harmless) in ways {
        let refusal = given.refused(writer, &way);
        assert!(lifts(&refusal), "{way:?}: {refusal:?}");
        given.decide(Actor::User(given.owner), &way).unwrap();
        given.decide(Actor::User(writer), &harmless).unwrap();
    }
}

#[test]
fn those_who_are_bound_alike_stay_within_reach() {
    let mut given = Given::new("bailiwick");
    let ways = Ways::new(&mut given);
    let other = given.member(std::slice::from_ref(&ways.clusters));
    let grant = given.account.grants_of(Principal::Member(other)).next().unwrap().0;
    // It binds now: the sequence begins on a Tuesday.
    given.policy(
        "forbid(principal, action == Action::\"write:clusters\", resource) when { context.weekday == 2 };",
    );
    for way in [
        Command::DeactivateMember { user: other },
        Command::RevokeGrant { grant },
        is_of(other, "research"),
        Command::EditServiceAccount {
            service_account: ways.machine,
            name: Some(name("Renamed")),
            description: None,
            external_id: Patch::Keep,
            may_assert: None,
        },
    ] {
        ways.allowed(&given, &way);
    }
    given.policy(&format!(
        "forbid(principal == User::\"{}\", action == Action::\"write:clusters\", resource);",
        ways.writer
    ));
    let refusal = given.refused(ways.writer, &Command::DeactivateMember { user: other });
    assert!(matches!(refusal, Refusal::Above { .. }), "{refusal:?}");
}

#[test]
fn an_invitation_outlives_the_circumstances_in_which_it_was_made() {
    let mut given = Given::new("bailiwick");
    let sponsor = given.member(&[at_account("admin")]);
    let user = given.id();
    let policy = given.policy(
        "forbid(principal is User, action == Action::\"write:invites\", resource) \
         unless { context has source_ip && context.source_ip.isInRange(ip(\"203.0.113.0/24\")) };",
    );
    given.do_it(&switch(policy, false));
    let invitation = given.invite(sponsor, user, &[at_account("viewer")]).unwrap();
    given.do_it(&switch(policy, true));
    let accept = Command::AcceptInvitation { invitation };
    given.decide(Actor::User(user), &accept).unwrap();
    given.do_it(&edit(policy, "forbid(principal is User, action == Action::\"write:invites\", resource);"));
    assert_eq!(given.refused(user, &accept), Refusal::SponsorGone);
}

#[test]
fn what_only_binds_more_takes_nothing_from_anybody() {
    let mut given = Given::new("bailiwick");
    let ways = Ways::new(&mut given);
    let production = "when { resource has environment && resource.environment == \"production\" && \
                      principal has department && principal.department == \"outside\" };";
    given.policy(&format!(
        "forbid(principal is User, action == Action::\"write:clusters\", resource is Cluster) {production}"
    ));
    given.do_it(&is_of(ways.writer, "outside"));
    // A colleague is bound by the same department.
    let register = ResourceSpec {
        resource_type: "cluster".into(),
        name: name("Search"),
        project: None,
        parent: None,
        external_id: None,
        url: None,
        attributes: Attributes::default(),
    };
    ways.allowed(&given, &ways.invite(&given, says("outside")));
    assert!(is_kept_back(&given.refused(ways.writer, &ways.invite(&given, says("research")))));
    // A policy about another place says nothing of what is new here.
    let elsewhere = given.project("Elsewhere");
    given.policy(&format!(
        "forbid(principal is User, action == Action::\"write:clusters\", resource in Project::\"{elsewhere}\") \
         when {{ principal has department && principal.department == \"outside\" }};"
    ));
    ways.allowed(&given, &Command::RegisterResources { resources: vec![register] });
    // While nobody has a role, an edit of it gives nothing.
    let role = given.role_id("Viewing", Level::Account, &["read:clusters"]);
    ways.allowed(
        &given,
        &Command::EditRole {
            role,
            name: None,
            description: None,
            permissions: Some(vec!["write:clusters".into()]),
            external_id: Patch::Keep,
        },
    );
}

#[test]
fn an_external_id_is_not_taken_over_by_deleting_what_bears_it() {
    let mut given = Given::new("bailiwick");
    let user = given.member_who_may(&["read:clusters", "write:clusters", "delete:clusters"]);
    let mut cluster = |text: &str| {
        let resource = given.resource("cluster", None, None);
        given.do_it(&Command::EditResource {
            resource,
            name: None,
            external_id: Patch::Set(external(text)),
            url: Patch::Keep,
            attributes: [].into(),
        });
        resource
    };
    let (theirs, own) = (cluster("c1"), cluster("c2"));
    let called = Command::EditResource {
        resource: own,
        name: None,
        external_id: Patch::Set(external("c1")),
        url: Patch::Keep,
        attributes: [].into(),
    };
    let manager = given.role("Manager", Level::Account, MANAGES_CLUSTERS);
    given.grant(Principal::Member(user), at(manager, Scope::Account));
    given.when(user, &Command::DeleteResource { resource: theirs }).unwrap();
    given.decide(Actor::User(user), &called).unwrap();
    given.grant(Principal::Member(user), at(built_in("cluster_read_only"), Scope::resources([own])));
    let refusal = given.refused(user, &called);
    assert!(matches!(refusal, Refusal::BorneByAnother { .. }), "{refusal:?}");
}
