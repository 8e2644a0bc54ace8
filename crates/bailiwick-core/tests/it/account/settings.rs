//! The account itself, and who may act in it at all.

use super::prelude::*;

fn lifetime(seconds: u64) -> Command {
    Command::ChangeSettings {
        settings: Settings { invitation_lifetime_seconds: Some(seconds), ..Settings::default() },
    }
}

#[test]
fn q14_an_account_is_renamed_by_who_may_write_it() {
    let mut given = Given::new("bailiwick");
    let rename = Command::RenameAccount { name: name("Umbrella") };
    let admin = given.member(&[at_account("admin")]);
    assert_eq!(given.refused(admin, &rename), denied("write:account"));
    assert_eq!(
        given.do_it(&rename),
        [Event::AccountRenamed { before: name("Acme"), after: name("Umbrella") }]
    );
    assert_eq!(given.account.profile().value.name, name("Umbrella"));
    assert_eq!(given.refused(given.owner, &rename), Refusal::Nothing);
}

#[test]
fn settings_stay_within_what_the_catalog_allows() {
    let mut given = Given::new("bailiwick");
    let none = Settings::default();
    let hour = Settings { invitation_lifetime_seconds: Some(3_600), ..Settings::default() };
    assert_eq!(given.do_it(&lifetime(3_600)), [Event::SettingsChanged { before: none, after: hour }]);
    assert_eq!(given.refused(given.owner, &lifetime(3_600)), Refusal::Nothing);
    let (least, most) = (3_600, 30 * 86_400);
    let out = Refusal::SettingOutOfRange { field: "invitation_lifetime_seconds", least, most };
    for wrong in [0, least - 1, most + 1, u64::MAX] {
        assert_eq!(given.refused(given.owner, &lifetime(wrong)), out);
    }
    given.do_it(&lifetime(most));
    let admin = given.member(&[at_account("admin")]);
    assert_eq!(given.refused(admin, &lifetime(7_200)), denied("write:account"));
}

#[test]
fn where_invitations_have_no_end_none_is_set() {
    let given = Given::new("qdrant-cloud");
    let out = Refusal::SettingOutOfRange { field: "invitation_lifetime_seconds", least: 0, most: 0 };
    assert_eq!(given.refused(given.owner, &lifetime(0)), out);
    assert_eq!(given.refused(given.owner, &lifetime(3_600)), out);
}

#[test]
fn q14_an_account_is_deleted_by_its_owner_in_person_and_then_is_gone() {
    let mut given = Given::new("qdrant-cloud");
    let admin = given.member(&[at_account("admin")]);
    assert_eq!(given.refused(admin, &Command::DeleteAccount), denied("delete:account"));
    let eraser = given.role("Eraser", Level::Account, &["delete:account"]);
    let machine = given.machine("Machine", &[at(eraser, Scope::Account)]);
    assert_eq!(given.refused_by(machine, &Command::DeleteAccount), Refusal::PeopleOnly);
    assert!(given.may(given.owner, "read:account"));
    assert_eq!(given.do_it(&Command::DeleteAccount), [Event::AccountDeleted { at: given.now }]);
    assert!(given.account.is_deleted());
    assert!(!given.may(given.owner, "read:account"));
    for actor in [Actor::User(given.owner), Actor::User(admin), machine] {
        assert_eq!(given.refused_by(actor, &Command::Leave), unknown("account"));
        assert_eq!(given.refused_by(actor, &Command::DeleteAccount), unknown("account"));
    }
}

#[test]
fn only_who_is_active_here_acts_here() {
    let mut given = Given::new("bailiwick");
    let (pending, _) = given.pending(&[at_account("admin")]);
    let inactive = given.inactive(&[at_account("admin")]);
    let stranger = given.id();
    let command =
        Command::CreateGroup { name: name("G"), description: Description::default(), external_id: None };
    assert_eq!(given.refused(pending, &command), Refusal::NotAccepted);
    assert_eq!(given.refused(inactive, &command), Refusal::Inactive);
    assert_eq!(given.refused(stranger, &command), unknown("account"));
}

#[test]
fn q15_a_machine_acts_with_a_key_of_its_own_that_lives() {
    let mut given = Given::new("bailiwick");
    let id = given.service_account("One", &[at_account("admin")]);
    let other = given.service_account("Other", &[]);
    let (key, strange) = (given.key(id), given.key(other));
    let brief = given.create_key(id, Some(given.later(60)));
    let Command::CreateKey { key: brief_key, .. } = brief else { unreachable!() };
    given.do_it(&brief);
    let group = |text: &str| Command::CreateGroup {
        name: name(text),
        description: Description::default(),
        external_id: None,
    };
    given.by(Actor::ServiceAccount { id, key }, &group("A")).unwrap();
    given.by(Actor::ServiceAccount { id, key: brief_key }, &group("B")).unwrap();
    assert_eq!(given.refused_by(Actor::ServiceAccount { id, key: strange }, &group("C")), unknown("account"));
    given.pass(60);
    assert_eq!(
        given.refused_by(Actor::ServiceAccount { id, key: brief_key }, &group("C")),
        unknown("account")
    );
    given.do_it(&Command::DeleteKey { key });
    assert_eq!(given.refused_by(Actor::ServiceAccount { id, key }, &group("C")), unknown("account"));
}

#[test]
fn opening_an_account_makes_the_owner_a_default_project_and_the_built_in_groups() {
    let given = Given::new("bailiwick");
    let types: Vec<&str> = given.history[0].iter().map(Event::type_name).collect();
    let mut wanted = vec!["account.opened", "member.joined", "project.created"];
    wanted.extend(["group.created", "grant.made"].repeat(3));
    wanted.extend(["grant.made", "grant.made"]);
    assert_eq!(types, wanted);
    let roles: Vec<RoleRef> = given
        .account
        .grants_of(Principal::Member(given.owner))
        .map(|(_, grant)| grant.value.role.clone())
        .collect();
    assert_eq!(roles, [built_in("owner"), built_in("project_admin")]);
    assert_eq!(
        given.account.find_group("auditors").map(|id| given.account.grants_of(Principal::Group(id)).count()),
        Some(1)
    );
    assert_eq!(given.account.project(given.default_project()).unwrap().value.name, name("default"));
}
