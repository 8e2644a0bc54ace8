//! What somebody would try who wants more than they were given.

use super::prelude::*;

/// A person with every permission over people and roles, and nothing else.
fn clerk(given: &mut Given) -> UserId {
    given.member_who_may(&[
        "write:users",
        "delete:users",
        "write:invites",
        "delete:invites",
        "write:roles",
        "delete:roles",
        "write:groups",
        "delete:groups",
        "write:management_keys",
        "delete:management_keys",
        "write:projects",
        "delete:projects",
    ])
}

fn admins(given: &Given) -> GroupId {
    given.account.find_group("admins").unwrap()
}

fn is_above(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Above { .. })
}

fn is_escalation(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Escalation { .. })
}

#[test]
fn through_a_strong_group_or_the_grant_of_a_weak_one() {
    let mut given = Given::new("bailiwick");
    let (user, group) = (clerk(&mut given), admins(&given));
    assert!(is_escalation(
        &given.refused(user, &Command::AddToGroup { group, member: Principal::Member(user) })
    ));
    let own = given.group("Own");
    given.when(user, &Command::AddToGroup { group: own, member: Principal::Member(user) }).unwrap();
    let strong = Command::Grant { principal: Principal::Group(own), grant: at_account("admin") };
    assert!(is_escalation(&given.refused(user, &strong)));
}

#[test]
fn through_editing_or_replacing_the_role_that_one_has() {
    let mut given = Given::new("bailiwick");
    let user = clerk(&mut given);
    let (grant, role) = {
        let (id, grant) = given.account.grants_of(Principal::Member(user)).next().unwrap();
        (id, grant.value.role.clone())
    };
    let RoleRef::Custom(role) = role else { unreachable!() };
    let wider = Given::edit_permissions(role, &["write:roles", "write:users", "delete:account"]);
    assert_eq!(given.refused(user, &wider), escalation(&["delete:account"], Scope::Account));
    let reassign = Command::DeleteRole { role, reassign_to: Some(built_in("admin")) };
    assert!(is_escalation(&given.refused(user, &reassign)));
    // Even that of an ended grant, whose holder would get a live one.
    let end = given.later(60);
    given.do_it(&Command::Grant {
        principal: Principal::Member(user),
        grant: until(at(RoleRef::Custom(role), Scope::Account), end),
    });
    given.pass(60);
    assert_eq!(given.refused(user, &Command::RevokeGrant { grant }), denied("write:roles"));
    given.do_it(&reassign);
    assert!(
        !given.may(user, "write:users") && given.account.grants_of(Principal::Member(user)).next().is_none()
    );
}

#[test]
fn through_activating_a_strong_accomplice() {
    let mut given = Given::new("bailiwick");
    let user = clerk(&mut given);
    let accomplice = given.member(&[]);
    let group = admins(&given);
    given.do_it(&Command::AddToGroup { group, member: Principal::Member(accomplice) });
    given.do_it(&Command::DeactivateMember { user: accomplice });
    assert!(is_escalation(&given.refused(user, &Command::ActivateMember { user: accomplice })));
}

#[test]
fn through_a_key_of_a_strong_machine_or_a_machine_of_ones_own() {
    let mut given = Given::new("bailiwick");
    let user = clerk(&mut given);
    let strong = given.service_account("Strong", &[at_account("admin")]);
    let key = given.create_key(strong, None);
    assert!(is_escalation(&given.refused(user, &key)));
    let machine = Command::CreateServiceAccount {
        name: name("Mine"),
        description: Description::default(),
        external_id: None,
        grants: vec![at_account("admin")],
    };
    assert!(is_escalation(&given.refused(user, &machine)));
}

#[test]
fn through_the_external_id_of_somebody_stronger() {
    let mut given = Given::new("bailiwick");
    let user = clerk(&mut given);
    let (admin, plain) = (given.member(&[at_account("admin")]), given.member(&[]));
    let strong = given.service_account("Strong", &[at_account("admin")]);
    let group = admins(&given);
    // A control plane asks by external id: who bears somebody's name is answered for as that person.
    let mine = || Patch::Set(external("mallory"));
    let (service_account, name, description) = (strong, None, None);
    for command in [
        Command::EditMember { user: admin, external_id: mine(), attributes: [].into() },
        Command::EditServiceAccount {
            service_account,
            name,
            description,
            external_id: mine(),
            may_assert: None,
        },
        Command::EditGroup { group, name: None, description: None, external_id: mine() },
    ] {
        assert!(is_above(&given.refused(user, &command)), "{command:?}");
    }
    given
        .when(user, &Command::EditMember { user: plain, external_id: mine(), attributes: [].into() })
        .unwrap();
}

#[test]
fn through_an_external_id_that_reads_like_somebody_else() {
    let mut given = Given::new("bailiwick");
    let user = clerk(&mut given);
    let group = given.group("Mine");
    let email = || external("ann@example.com");
    let refusal = Refusal::EmailAsExternalId { value: "ann@example.com".to_owned() };
    let description = Description::default;
    for command in [
        Command::EditGroup { group, name: None, description: None, external_id: Patch::Set(email()) },
        Command::CreateGroup { name: name("New"), description: description(), external_id: Some(email()) },
        Command::CreateProject { name: name("New"), description: description(), external_id: Some(email()) },
        Command::CreateServiceAccount {
            name: name("New"),
            description: description(),
            external_id: Some(email()),
            grants: vec![],
        },
    ] {
        assert_eq!(given.refused(user, &command), refusal, "{command:?}");
    }
    // A role is named by id, external id and name alike.
    let deployers = given.role_id("Deployers", Level::Account, &["write:roles"]);
    let role = |text: &str, external_id| Command::CreateRole {
        role: RoleSpec {
            name: role_name(text),
            description: Description::default(),
            level: Level::Account,
            permissions: vec!["write:roles".into()],
            external_id,
        },
    };
    for text in ["Deployers", "deployers", "ＤＥＰＬＯＹＥＲＳ", "admin", "Owner"] {
        let refused = given.refused(user, &role("Other", Some(external(text))));
        assert!(matches!(refused, Refusal::Taken { field: "external id", .. }), "{text}: {refused}");
    }
    given.when(user, &role("Early", Some(external("auditors-to-be")))).unwrap();
    assert_eq!(
        given.refused(given.owner, &role("Auditors-To-Be", None)),
        taken("name", "Auditors-To-Be"),
        "it would catch what is meant for the role of this name"
    );
    // Its own name is no other's.
    let own = Command::EditRole {
        role: deployers,
        name: None,
        description: None,
        permissions: None,
        external_id: Patch::Set(external("deployers")),
    };
    given.do_it(&own);
    assert_eq!(given.account.find_role("DEPLOYERS"), Some(RoleRef::Custom(deployers)));
}

#[test]
fn through_the_external_id_of_another_resource_or_project() {
    let mut given = Given::new("bailiwick");
    let writer = given.role("Writer", Level::Resource, &["write:clusters"]);
    let keeper = given.role("Keeper", Level::Resource, &["write:clusters", "delete:clusters"]);
    let (theirs, mine) = (given.resource("cluster", None, None), given.resource("cluster", None, None));
    let user = given.member(&[at(writer, Scope::resources([theirs])), at(keeper, Scope::resources([mine]))]);
    let edit = |resource, external_id| Command::EditResource {
        resource,
        name: None,
        external_id,
        url: Patch::Keep,
        attributes: [].into(),
    };
    given.do_it(&edit(theirs, Patch::Set(external("production"))));
    // Whatever bears the name is answered for by it, so it would be deleted by who may delete the bearer.
    for taken_away in [Patch::Clear, Patch::Set(external("other"))] {
        assert!(is_above(&given.refused(user, &edit(theirs, taken_away))));
    }
    // Who manages all of it may, and then it is borne by nothing where somebody else may do more.
    let manager = given.role("Manager", Level::Resource, MANAGES_CLUSTERS);
    let managing = given.member(&[at(manager, Scope::resources([theirs]))]);
    given.when(managing, &edit(theirs, Patch::Clear)).unwrap();
    let refusal = given.refused(user, &edit(mine, Patch::Set(external("production"))));
    assert!(matches!(refusal, Refusal::BorneByAnother { .. }), "{refusal:?}");
    given.when(managing, &edit(theirs, Patch::Set(external("production")))).unwrap();
    // A first name takes nothing away from anything.
    given.when(user, &edit(mine, Patch::Set(external("mine")))).unwrap();
    given.do_it(&edit(theirs, Patch::Clear));

    let project = given.project("Theirs");
    let user = given.member_who_may(&["write:projects"]);
    let edit = |external_id| Command::EditProject { project, name: None, description: None, external_id };
    given.when(user, &edit(Patch::Set(external("production")))).unwrap();
    assert!(is_above(&given.refused(user, &edit(Patch::Clear))));
    let admin = given.member(&[at(built_in("project_admin"), Scope::Project(project)), at_account("admin")]);
    given.when(admin, &edit(Patch::Clear)).unwrap();
}

#[test]
fn through_taking_down_what_is_above() {
    let mut given = Given::new("bailiwick");
    let admin = given.member(&[at_account("admin")]);
    let role = given.role_id("Closers", Level::Account, &["read:account", "delete:account"]);
    let closer = at(RoleRef::Custom(role), Scope::Account);
    let own = given.grant(Principal::Member(given.owner), closer.clone());
    let group = given.group("Closers");
    given.grant(Principal::Group(group), closer.clone());
    let user = given.member(&[]);
    given.do_it(&Command::AddToGroup { group, member: Principal::Member(user) });
    let machine = given.service_account("Closer", std::slice::from_ref(&closer));
    let key = given.key(machine);
    let inactive = given.inactive(std::slice::from_ref(&closer));
    let rename = Command::EditRole {
        role,
        name: Some(role_name("Doers")),
        description: None,
        permissions: None,
        external_id: Patch::Keep,
    };
    let edit_group =
        Command::EditGroup { group, name: Some(name("Doers")), description: None, external_id: Patch::Keep };
    let edit_machine = Command::EditServiceAccount {
        service_account: machine,
        name: Some(name("Doer")),
        description: None,
        external_id: Patch::Keep,
        may_assert: None,
    };
    let called = |user| Command::EditMember {
        user,
        external_id: Patch::Set(external("theirs")),
        attributes: [].into(),
    };
    given.do_it(&called(user));
    let unnamed = Command::EditMember { user, external_id: Patch::Clear, attributes: [].into() };
    let wanted = above("Closers", &["delete:account"]);
    for command in [
        rename,
        Given::edit_permissions(role, &["read:account"]),
        Command::DeleteRole { role, reassign_to: Some(built_in("viewer")) },
        Command::RevokeGrant { grant: own },
        edit_group,
        Command::DeleteGroup { group },
        Command::RemoveFromGroup { group, member: Principal::Member(user) },
        edit_machine,
        Command::DeleteServiceAccount { service_account: machine },
        unnamed,
        Command::DeactivateMember { user },
        Command::RemoveMember { user },
        Command::RemoveMember { user: inactive },
    ] {
        assert_eq!(given.refused(admin, &command), wanted, "{command:?}");
        given.decide(Actor::User(given.owner), &command).unwrap();
    }
    assert_eq!(
        given.refused(admin, &Command::SetMemberRoles { user: inactive, roles: vec![] }),
        wanted,
        "setting roles takes the others away"
    );
    // What ends by itself keeps nobody away, and a leaked key or a mistaken invitation never waits.
    let (_, invitation) = given.pending(std::slice::from_ref(&closer));
    given.when(admin, &Command::RevokeInvitation { invitation }).unwrap();
    given.when(admin, &Command::DeleteKey { key }).unwrap();
    let end = given.later(60);
    let ending = given.member(&[until(closer, end)]);
    assert_eq!(given.refused(admin, &Command::RemoveMember { user: ending }), wanted);
    given.pass(60);
    given.when(admin, &Command::RemoveMember { user: ending }).unwrap();
    // Nobody is kept where they are.
    given.when(user, &Command::Leave).unwrap();
}

#[test]
fn through_an_invitation_after_losing_the_right() {
    let mut given = Given::new("bailiwick");
    let sponsor = given.member(&[at_account("admin")]);
    let accomplice = given.id();
    let invitation = given.invite(sponsor, accomplice, &[at_account("admin")]).unwrap();
    let inviter = given.role("Inviter", Level::Account, &["write:invites"]);
    given.do_it(&Command::SetMemberRoles { user: sponsor, roles: vec![inviter] });
    for command in [Command::ResendInvitation { invitation }, Command::CopyInvitationLink { invitation }] {
        assert!(is_escalation(&given.refused(sponsor, &command)));
    }
    given.when(accomplice, &Command::AcceptInvitation { invitation }).unwrap();
    assert!(!given.may(accomplice, "write:users"));
}

#[test]
fn through_a_project_of_ones_own() {
    let mut given = Given::new("bailiwick");
    let user = clerk(&mut given);
    let create =
        Command::CreateProject { name: name("Mine"), description: Description::default(), external_id: None };
    let events = given.when(user, &create).unwrap();
    let [Event::ProjectCreated { id, .. }] = events[..] else { panic!("{events:?}") };
    let principal = Principal::Member(user);
    let grant = at(built_in("project_admin"), Scope::Project(id));
    assert!(is_escalation(&given.refused(user, &Command::Grant { principal, grant })));
}

#[test]
fn through_making_ones_own_time_longer() {
    let mut given = Given::new("bailiwick");
    let end = given.later(3_600);
    let user = given.member(&[until(at_account("admin"), end)]);
    let is_escalation =
        |refusal: &Refusal| matches!(refusal, Refusal::Outlasts { until, .. } if *until == end);
    let principal = Principal::Member(user);
    let grant = |grant| Command::Grant { principal, grant };
    let longer = given.later(7_200);
    assert!(is_escalation(&given.refused(user, &grant(at_account("admin")))));
    assert!(is_escalation(&given.refused(user, &grant(until(at_account("admin"), longer)))));
    let invite = Command::Invite {
        people: vec![Invitee { user: given.upcoming(1), invitation: given.upcoming(2) }],
        grants: vec![at_account("viewer")],
        groups: Vec::new(),
        member_until: None,
        attributes: Attributes::default(),
    };
    assert!(is_escalation(&given.refused(user, &invite)), "a promise would outlast the sponsor's own right");
    let role = RoleSpec {
        name: role_name("Mine"),
        description: Description::default(),
        level: Level::Account,
        permissions: vec!["read:events".into()],
        external_id: None,
    };
    assert!(is_escalation(&given.refused(user, &Command::CreateRole { role })), "a role is for ever");
}

#[test]
fn through_wider_scopes_than_ones_own() {
    let mut given = Given::new("bailiwick");
    let project = given.project("Project");
    let mine = given.resource("cluster", Some(project), None);
    let database = given.resource("database", None, Some(mine));
    let granter =
        given.role("Giver", Level::Resource, &["write:roles", "write:databases", "read:collections"]);
    let user = given.member(&[at(granter.clone(), Scope::resources([mine]))]);
    let reader = given.role("Reader", Level::Resource, &["read:databases"]);
    let principal = Principal::Member(user);
    let all = |of: &str, project| Scope::AllOf(AllOf { resource_type: of.into(), project }.into());
    given
        .when(user, &Command::Grant { principal, grant: at(reader.clone(), Scope::resources([database])) })
        .unwrap();
    let other = given.resource("cluster", Some(project), None);
    for scope in [
        Scope::resources([mine, other]),
        all("database", Some(project)),
        all("cluster", Some(project)),
        all("database", None),
    ] {
        let command = Command::Grant { principal, grant: at(reader.clone(), scope.clone()) };
        assert_eq!(given.refused(user, &command), denied_at("write:roles", scope));
    }
    // All databases of a project are held through all its clusters, not the other way round.
    let below = given.member(&[at(granter, all("database", Some(project)))]);
    let clusters = all("cluster", Some(project));
    let command = Command::Grant { principal, grant: at(reader.clone(), clusters.clone()) };
    assert_eq!(given.refused(below, &command), denied_at("write:roles", clusters));
    let collections = Command::Grant { principal, grant: at(reader, all("collection", Some(project))) };
    given.when(below, &collections).unwrap();
}

#[test]
fn through_an_offer_of_an_owner_who_is_none_any_more() {
    let mut given = Given::new("bailiwick");
    let (first, second) = (given.owner, given.member(&[]));
    let offer = given.offer(second, true);
    given.when(second, &Command::AcceptOwnership { offer }).unwrap();
    let accomplice = given.member(&[]);
    let offer = given.offer(accomplice, false);
    let grant = given.grant_of(Principal::Member(first), &built_in("owner")).unwrap();
    given.when(second, &Command::RevokeGrant { grant }).unwrap();
    assert_eq!(given.refused(accomplice, &Command::AcceptOwnership { offer }), Refusal::OfferVoid);
    // The void offer does not keep the owners from making another.
    given.when(second, &Command::OfferOwnership { to: accomplice, keep: true }).unwrap();
}

#[test]
fn through_ids_of_another_account() {
    let catalog = crate::given::catalog("bailiwick");
    let mut given = Given::with(&catalog, 1);
    let mut other = Given::with(&catalog, 2);
    let role = other.role_id("Theirs", Level::Account, &["read:clusters"]);
    let (group, project) = (other.group("Theirs"), other.project("Theirs"));
    let cluster = other.resource("cluster", None, None);
    let (_, invitation) = other.pending(&[]);
    let machine = other.service_account("Theirs", &[]);
    let key = other.key(machine);
    let user = given.member(&[]);
    let principal = Principal::Member(user);
    let grant = |grant| Command::Grant { principal, grant };
    let no_key = given.create_key(machine, None);
    for (command, kind) in [
        (grant(at(RoleRef::Custom(role), Scope::Account)), "role"),
        (grant(at(built_in("project_read_only"), Scope::Project(project))), "project"),
        (grant(at(built_in("cluster_read_only"), Scope::resources([cluster]))), "resource"),
        (Command::AddToGroup { group, member: Principal::Member(user) }, "group"),
        (Command::DeleteRole { role, reassign_to: None }, "role"),
        (Command::RevokeInvitation { invitation }, "invitation"),
        (Command::DeleteResource { resource: cluster }, "resource"),
        (Command::DeleteServiceAccount { service_account: machine }, "service account"),
        (Command::DeleteKey { key }, "management key"),
        (no_key, "service account"),
        (Command::RemoveMember { user: other.owner }, "member"),
    ] {
        assert_eq!(given.refused(given.owner, &command), unknown(kind), "{command:?}");
    }
    let foreign = Actor::ServiceAccount { id: machine, key };
    assert_eq!(given.refused_by(foreign, &Command::DeleteKey { key }), unknown("account"));
    assert_eq!(given.refused(other.owner, &Command::Leave), unknown("account"));
}

#[test]
fn only_who_may_escalate_gives_what_they_do_not_hold() {
    let mut given = Given::new("one-role");
    let root = given.member(&[at_account("root")]);
    let user = given.member(&[at_account("viewer")]);
    let principal = Principal::Member(user);
    given.when(root, &Command::Grant { principal, grant: at_account("admin") }).unwrap();
    assert!(given.may(user, "write:people"));
    // Nor is anything above them.
    given.when(root, &Command::Grant { principal, grant: at_account("viewer") }).unwrap();
    assert!(!given.may(user, "write:people"));
    // Ownership is handed over by owners all the same.
    let grant = Command::Grant { principal, grant: at_account("owner") };
    assert_eq!(given.refused(root, &grant), Refusal::HandedOver { role: built_in("owner") });
}

/// Whoever's membership ends gives nothing for longer, not even a membership without a role.
#[test]
fn through_making_ones_own_membership_longer() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[at_account("admin")]);
    let (end, longer) = (given.later(3_600), given.later(7_200));
    given.do_it(&Command::SetMemberEnd { user, until: Some(end) });
    let outlasts = |refusal: &Refusal| matches!(refusal, Refusal::Outlasts { until, .. } if *until == end);
    let own = |until| Command::SetMemberEnd { user, until };
    assert!(outlasts(&given.refused(user, &own(None))));
    assert!(outlasts(&given.refused(user, &own(Some(longer)))));
    let principal = Principal::Member(user);
    let grant = |grant| Command::Grant { principal, grant };
    assert!(outlasts(&given.refused(user, &grant(at_account("viewer")))));
    assert!(outlasts(&given.refused(user, &grant(until(at_account("viewer"), longer)))));
    let people = vec![Invitee { user: given.id(), invitation: given.id() }];
    let invite = |member_until| Command::Invite {
        people: people.clone(),
        grants: Vec::new(),
        groups: Vec::new(),
        member_until,
        attributes: Attributes::default(),
    };
    assert!(outlasts(&given.refused(user, &invite(None))), "somebody who outlasts them");
    assert!(outlasts(&given.refused(user, &invite(Some(longer)))));
    let guest = given.member(&[]);
    given.do_it(&Command::SetMemberEnd { user: guest, until: Some(end) });
    assert!(outlasts(&given.refused(user, &Command::SetMemberEnd { user: guest, until: None })));
    let idle = given.inactive(&[]);
    assert!(outlasts(&given.refused(user, &Command::ActivateMember { user: idle })));
    let machine = given.service_account("Machine", &[at_account("viewer")]);
    let key = given.create_key(machine, None);
    assert!(outlasts(&given.refused(user, &key)), "a key that outlasts its maker");
    // What ends no later, they give.
    let brief = given.create_key(machine, Some(end));
    given.decide(Actor::User(user), &brief).unwrap();
    let group = given.group("Viewers");
    given.grant(Principal::Group(group), at_account("viewer"));
    let with_access = Command::Invite {
        people: vec![Invitee { user: given.id(), invitation: given.id() }],
        grants: vec![at_account("viewer")],
        groups: vec![group],
        member_until: Some(end),
        attributes: Attributes::default(),
    };
    given.decide(Actor::User(user), &with_access).unwrap();
    given.when(user, &invite(Some(end))).unwrap();
    given.when(user, &grant(until(at_account("viewer"), end))).unwrap();
    given.do_it(&Command::SetMemberEnd { user: idle, until: Some(end) });
    given.when(user, &Command::ActivateMember { user: idle }).unwrap();
    // Nor does it help to have escalated before.
    given.now = end;
    assert_eq!(given.refused(user, &own(None)), Refusal::Inactive);
}

/// What an ended member promised cannot be taken up any more, before it is recorded that they ended too.
#[test]
fn through_an_invitation_by_who_has_ended() {
    let mut given = Given::new("bailiwick");
    let sponsor = given.member(&[at_account("admin")]);
    let (guest, invitation): (UserId, InvitationId) = (given.id(), given.id());
    let people = vec![Invitee { user: guest, invitation }];
    given
        .when(
            sponsor,
            &Command::Invite {
                people,
                grants: Vec::new(),
                groups: Vec::new(),
                member_until: None,
                attributes: Attributes::default(),
            },
        )
        .unwrap();
    let end = given.later(3_600);
    given.do_it(&Command::SetMemberEnd { user: sponsor, until: Some(end) });
    let accept = Command::AcceptInvitation { invitation };
    assert!(matches!(given.refused(guest, &accept), Refusal::SponsorGone), "it would outlast the sponsor");
    given.now = end;
    assert_eq!(given.refused(guest, &accept), Refusal::SponsorGone);
}

/// Ending somebody above oneself is taking what one does not hold.
#[test]
fn through_ending_the_membership_of_somebody_above() {
    let mut given = Given::new("bailiwick");
    let clerk = given.member_who_may(&["read:users", "write:users"]);
    let admin = given.member(&[at_account("admin")]);
    let until = Some(given.later(3_600));
    let refusal = given.refused(clerk, &Command::SetMemberEnd { user: admin, until });
    assert!(matches!(refusal, Refusal::Above { .. }), "{refusal:?}");
    let stranger: UserId = given.id();
    let unknown = Refusal::NotFound { kind: "member" };
    assert_eq!(given.refused(clerk, &Command::SetMemberEnd { user: stranger, until }), unknown);
}
