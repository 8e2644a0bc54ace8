//! Several commands in one commit.

use bailiwick_core::account::Decided;

use super::prelude::*;

impl Given {
    /// The number of the command that is refused, or how many there are if they are refused for what they come to together.
    fn all_by(&self, actor: Actor, commands: &[Command]) -> Result<Decided, (usize, Refusal)> {
        let mut next_id = self.next_id;
        let mut ids = || {
            next_id += 1;
            uuid::Uuid::from_u128(next_id)
        };
        let mut draft = self.account.draft(actor, Circumstances::question(self.now), &mut ids);
        for (place, command) in commands.iter().enumerate() {
            draft.step(command).map_err(|refusal| (place, refusal))?;
        }
        draft.finish().map_err(|refusal| (commands.len(), refusal))
    }

    fn all(&self, user: UserId, commands: &[Command]) -> Result<Decided, (usize, Refusal)> {
        self.all_by(Actor::User(user), commands)
    }
}

fn create_group(text: &str) -> Command {
    Command::CreateGroup { name: name(text), description: Description::default(), external_id: None }
}

fn create_project(text: &str) -> Command {
    Command::CreateProject { name: name(text), description: Description::default(), external_id: None }
}

fn create_role(text: &str, level: Level, permissions: &[&str]) -> Command {
    let permissions = permissions.iter().map(|name| (*name).into()).collect();
    let (name, description) = (role_name(text), Description::default());
    Command::CreateRole { role: RoleSpec { name, description, level, permissions, external_id: None } }
}

#[test]
fn steps_see_what_those_before_them_made_and_are_one_commit() {
    let mut given = Given::new("bailiwick");
    let ada = given.member(&[]);
    let (role, group): (RoleId, GroupId) = (given.upcoming(1), given.upcoming(2));
    let commands = [
        create_role("Readers", Level::Account, &["read:users"]),
        create_group("On call"),
        Command::AddToGroup { group, member: Principal::Member(ada) },
        Command::Grant {
            principal: Principal::Group(group),
            grant: at(RoleRef::Custom(role), Scope::Account),
        },
    ];
    let before = given.account.revision();
    let decided = given.all(given.owner, &commands).unwrap();
    assert_eq!(decided.events.len(), 4);
    assert_eq!(decided.account.revision(), before.next(), "one commit, one revision");
    let revisions = [
        decided.account.role(role).unwrap().revision,
        decided.account.group(group).unwrap().revision,
        decided.account.grants_of(Principal::Group(group)).next().unwrap().1.revision,
    ];
    assert_eq!(revisions, [before.next(); 3]);
    // Replaying the events leads to the same account.
    let mut replayed = given.account.clone();
    replayed.apply(&decided.events);
    assert_eq!(replayed.grants_after(None).count(), decided.account.grants_after(None).count());
    given.accept(decided);
    assert!(given.may(ada, "read:users"));
}

#[test]
fn one_refusal_and_nothing_is_done() {
    let given = Given::new("bailiwick");
    let commands = [create_group("One"), create_group("Two"), create_group("ONE")];
    let (place, refusal) = given.all(given.owner, &commands).unwrap_err();
    assert_eq!((place, refusal), (2, taken("name", "one")));
    assert_eq!(given.all(given.owner, &[]).unwrap_err(), (0, Refusal::Nothing));
}

#[test]
fn a_refused_step_leaves_the_draft_as_it_was() {
    let given = Given::new("bailiwick");
    let mut next = given.next_id;
    let mut ids = || {
        next += 1;
        uuid::Uuid::from_u128(next)
    };
    let mut draft =
        given.account.draft(Actor::User(given.owner), Circumstances::question(given.now), &mut ids);
    assert!(draft.is_empty());
    draft.step(&create_group("One")).unwrap();
    draft.step(&create_group("One")).unwrap_err();
    assert_eq!(draft.account().groups_after(None).filter(|(_, g)| g.value.name.as_str() == "One").count(), 1);
    draft.step(&create_group("Two")).unwrap();
    assert_eq!(draft.finish().unwrap().events.len(), 2);
}

/// A project, and the grant by which the owner is the only one who administers it.
fn administered(given: &mut Given) -> (Scope, GrantId) {
    let scope = Scope::Project(given.project("Search"));
    let mut grants = given.account.grants_of(Principal::Member(given.owner));
    let grant = grants.find(|(_, grant)| grant.value.scope == scope).map(|(id, _)| id);
    (scope, grant.unwrap())
}

#[test]
fn the_last_holder_is_replaced_in_two_steps_in_either_order() {
    let mut given = Given::new("bailiwick");
    let next = given.member(&[]);
    let (scope, grant) = administered(&mut given);
    let role = built_in("project_admin");
    let give = Command::Grant { principal: Principal::Member(next), grant: at(role.clone(), scope.clone()) };
    let take = Command::RevokeGrant { grant };
    let last = Refusal::LastHolder { role: role.clone(), scope };
    assert_eq!(given.refused(given.owner, &take), last);
    for commands in [[give.clone(), take.clone()], [take.clone(), give]] {
        let decided = given.all(given.owner, &commands).unwrap();
        assert!(decided.account.grants_of(Principal::Member(next)).any(|(_, g)| g.value.role == role));
    }
    // The rule holds for what all steps come to.
    let (place, refusal) = given.all(given.owner, &[create_group("On call"), take]).unwrap_err();
    assert_eq!((place, refusal), (2, last));
}

#[test]
fn the_last_holder_through_a_group_is_kept_over_all_steps() {
    let mut given = Given::new("bailiwick");
    let (ada, group) = (given.member(&[]), given.group("Admins of search"));
    let (scope, grant) = administered(&mut given);
    given.do_it(&Command::AddToGroup { group, member: Principal::Member(ada) });
    given.grant(Principal::Group(group), at(built_in("project_admin"), scope));
    let steps = [
        Command::RevokeGrant { grant },
        Command::RemoveFromGroup { group, member: Principal::Member(ada) },
        create_group("Else"),
    ];
    assert!(matches!(given.all(given.owner, &steps), Err((3, Refusal::LastHolder { .. }))));
    assert!(given.all(given.owner, &steps[..1]).is_ok());
}

#[test]
fn a_role_that_is_handed_over_is_not_given_on_the_way_either() {
    let mut given = Given::new("qdrant-cloud");
    let ada = given.member(&[]);
    let give = Command::Grant { principal: Principal::Member(ada), grant: at_account("owner") };
    let (place, refusal) = given.all(given.owner, &[create_group("On call"), give]).unwrap_err();
    assert_eq!((place, refusal), (1, Refusal::HandedOver { role: built_in("owner") }));
}

/// Somebody with permissions over roles and groups, and a role of their own which they may edit.
fn clerk(given: &mut Given) -> UserId {
    given.member_who_may(&["read:users", "write:roles", "write:groups", "write:projects", "write:invites"])
}

#[test]
fn nobody_raises_themselves_by_an_earlier_step() {
    let mut given = Given::new("bailiwick");
    let user = clerk(&mut given);
    let own = given.account.grants_of(Principal::Member(user)).next().unwrap().1.value.role.clone();
    let RoleRef::Custom(own) = own else { panic!("a custom role") };
    let (first, second): (GroupId, GroupId) = (given.upcoming(1), given.upcoming(2));
    let me = Principal::Member(user);
    let admin = at_account("admin");
    for (place, commands) in [
        // Their own role, edited and then used.
        (0, vec![Given::edit_permissions(own, &["read:users", "write:roles", "delete:users"])]),
        // A group of their own that gets more than they hold, then themselves in it.
        (
            1,
            vec![
                create_group("Mine"),
                Command::Grant { principal: Principal::Group(first), grant: admin.clone() },
            ],
        ),
        // A new role with more than they hold, once they were given something.
        (1, vec![create_group("Mine"), create_role("Strong", Level::Account, &["delete:account"])]),
        // A project of their own, and in it more than they hold on the account.
        (
            1,
            vec![
                create_project("Mine"),
                Command::Grant {
                    principal: me,
                    grant: at(built_in("project_admin"), Scope::Project(given.upcoming(1))),
                },
            ],
        ),
        // Two steps that each look harmless.
        (
            2,
            vec![
                create_group("One"),
                create_group("Two"),
                Command::Grant { principal: Principal::Group(second), grant: admin },
            ],
        ),
    ] {
        let (at, refusal) = given.all(user, &commands).unwrap_err();
        assert_eq!(at, place, "{commands:?}: {refusal}");
        assert!(
            matches!(refusal, Refusal::Escalation { .. } | Refusal::Denied { .. }),
            "{commands:?}: {refusal}"
        );
    }
}

#[test]
fn what_was_given_in_an_earlier_step_does_not_count_for_a_later_one() {
    let mut given = Given::new("bailiwick");
    // Who may escalate on one project makes themselves its admin, which counts only once it is recorded.
    let project = given.project("Search");
    let user = given.member(&[at(built_in("project_admin"), Scope::Project(project))]);
    let machine = given.service_account("Machine", &[]);
    let group = given.group("Strong");
    given.grant(Principal::Group(group), at_account("admin"));
    // Put into the strong group by the owner, in one commit with nobody but the owner judged.
    let steps = [Command::AddToGroup { group, member: Principal::Member(user) }];
    assert!(given.all(user, &steps).is_err(), "not by themselves");
    let decided = given.all(given.owner, &steps).unwrap();
    given.accept(decided);
    // Judged at the start, what they lose on the way still counts as held: the order of steps does not matter.
    let grant = Command::Grant { principal: Principal::ServiceAccount(machine), grant: at_account("editor") };
    let leave = Command::RemoveFromGroup { group, member: Principal::Member(user) };
    assert!(given.all(user, &[grant.clone(), leave.clone()]).is_ok());
    assert!(given.all(user, &[leave, grant]).is_ok());
}

#[test]
fn who_is_put_out_on_the_way_does_nothing_more() {
    let mut given = Given::new("bailiwick");
    let ada = given.member(&[at_account("admin")]);
    let (place, _) = given.all(ada, &[Command::Leave, create_group("Late")]).unwrap_err();
    assert_eq!(place, 1);
    let stranger: UserId = given.id();
    let (place, refusal) = given.all(stranger, &[create_group("Mine")]).unwrap_err();
    assert_eq!((place, refusal), (0, unknown("account")));
    let invited = given.pending(&[at_account("admin")]);
    let accept = Command::AcceptInvitation { invitation: invited.1 };
    let (place, refusal) = given.all(invited.0, &[accept, create_group("Mine")]).unwrap_err();
    assert_eq!((place, refusal), (1, Refusal::NotAccepted), "what they are given begins with the commit");
}

#[test]
fn what_is_held_on_the_account_counts_in_what_is_new_below_it() {
    let mut given = Given::new("bailiwick");
    let ada = given.member(&[]);
    let role = given.role("Cluster readers", Level::Resource, &["read:clusters"]);
    let project: ProjectId = given.upcoming(1);
    let all = Scope::AllOf(AllOf { resource_type: "cluster".into(), project: Some(project) }.into());
    let grants = [at(built_in("project_admin"), Scope::Project(project)), at(role.clone(), all)];
    let mut commands = vec![create_project("New")];
    commands.extend(grants.map(|grant| Command::Grant { principal: Principal::Member(ada), grant }));
    given.all(given.owner, &commands).unwrap();
    // Somebody who holds nothing on the account gives nothing in what is new.
    let user = clerk(&mut given);
    let project: ProjectId = given.upcoming(1);
    let grant =
        at(role, Scope::AllOf(AllOf { resource_type: "cluster".into(), project: Some(project) }.into()));
    let commands = [create_project("Newer"), Command::Grant { principal: Principal::Member(user), grant }];
    assert!(matches!(given.all(user, &commands), Err((1, Refusal::Escalation { .. }))));
}
