//! What an invitation is said to lead to is what its person may do once they have accepted.

use bailiwick_core::access::{Circumstances, Target};
use bailiwick_core::account::Account;
use bailiwick_core::catalog::ResourceTypeIndex;
use bailiwick_core::ids::ResourceId;

use crate::account::prelude::*;

/// What an invitation promises to show, of each type.
fn promised(given: &Given, invitation: InvitationId) -> Vec<ResourceId> {
    let invitation = &given.account.invitation(invitation).unwrap().value;
    let now = Circumstances::question(given.now);
    let of_type = |(number, kind): (u16, &bailiwick_core::catalog::ResourceType)| {
        let of = ResourceTypeIndex(number);
        given.account.promised_resources(invitation, kind.read, of, |_| true, now, usize::MAX).items
    };
    (0..).zip(&given.account.catalog().resource_types).flat_map(of_type).collect()
}

/// What somebody may read, of each type.
fn read(account: &Account, user: UserId, now: Circumstances<'_>) -> Vec<ResourceId> {
    let readable = |kind: &bailiwick_core::catalog::ResourceType| {
        let of_type = account.resources_after(None);
        let of_type = of_type.filter(|(_, found)| found.value.resource_type == kind.name.as_str());
        let may =
            |id: &ResourceId| account.check(Principal::Member(user), kind.read, &Target::Resource(*id), now);
        of_type.map(|(id, _)| id).filter(may).collect::<Vec<_>>()
    };
    account.catalog().resource_types.iter().flat_map(readable).collect()
}

#[test]
fn an_invitation_leads_to_what_is_seen_after_it() {
    let mut given = Given::new("bailiwick");
    let project = given.project("Project");
    let cluster = given.resource("cluster", None, None);
    given.resource("database", None, Some(cluster));
    let other = given.resource("cluster", Some(project), None);
    let database = given.resource("database", None, Some(other));
    given.resource("collection", None, Some(database));
    given.resource("volume", Some(project), None);
    let (inner, outer) = (given.group("Inner"), given.group("Outer"));
    given.do_it(&Command::AddToGroup { group: outer, member: Principal::Group(inner) });
    let names: Vec<String> = given
        .account
        .catalog()
        .all_permissions()
        .iter()
        .map(|one| given.account.catalog().permission_name(one).to_owned())
        .collect();
    let names: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| name.starts_with("read:")).collect();
    let all_of = |of: &str, project| Scope::AllOf(AllOf { resource_type: of.into(), project }.into());
    let mut seen = Vec::new();
    for (number, scope) in [
        Scope::Account,
        Scope::Project(project),
        all_of("cluster", None),
        all_of("cluster", Some(project)),
        all_of("database", None),
        Scope::resources([other]),
        Scope::resources([database, cluster]),
    ]
    .into_iter()
    .enumerate()
    {
        let level = scope.level();
        let role = given.role(&format!("Reader {number}"), level, &names);
        let (user, invitation) = given.pending(&[at(role, scope.clone())]);
        let told = promised(&given, invitation);
        given.when(user, &Command::AcceptInvitation { invitation }).unwrap();
        assert_eq!(told, read(&given.account, user, Circumstances::question(given.now)), "{scope:?}");
        seen.push(told.len());
    }
    assert_eq!(seen, [6, 4, 5, 3, 3, 3, 4]);

    given.grant(Principal::Group(outer), at(built_in("project_read_only"), Scope::Project(project)));
    let user = given.id();
    let invitation = given.id();
    given.do_it(&Command::Invite {
        people: vec![Invitee { user, invitation }],
        grants: Vec::new(),
        groups: vec![inner],
        member_until: None,
        attributes: Attributes::default(),
    });
    let told = promised(&given, invitation);
    given.when(user, &Command::AcceptInvitation { invitation }).unwrap();
    assert_eq!(told, read(&given.account, user, Circumstances::question(given.now)));
    assert!(told.contains(&other) && !told.contains(&cluster));
}

#[test]
fn nothing_is_named_that_a_forbid_hides_from_the_sponsor_and_no_more_than_asked() {
    let mut given = Given::new("bailiwick");
    let clusters = [0; 4].map(|_| given.resource("cluster", None, None));
    let (_, invitation) = given.pending(&[at_account("admin")]);
    assert_eq!(promised(&given, invitation), clusters);
    given.policy(&format!(
        "forbid (principal is User, action == Action::\"read:clusters\", resource == Cluster::\"{}\");",
        clusters[1]
    ));
    assert_eq!(promised(&given, invitation), [clusters[0], clusters[2], clusters[3]]);
    let invited = &given.account.invitation(invitation).unwrap().value;
    let of = given.account.catalog().resource_type("cluster").unwrap();
    let kind = given.account.catalog().resource_type_at(of).unwrap();
    let now = Circumstances::question(given.now);
    let first = given.account.promised_resources(invited, kind.read, of, |id| id != clusters[0], now, 1);
    assert_eq!(first.items, [clusters[2]]);
    assert!(first.next.is_some(), "there is another one");
    let both = given.account.promised_resources(invited, kind.read, of, |id| id != clusters[0], now, 2);
    assert_eq!((both.items, both.next), (vec![clusters[2], clusters[3]], None));
}
