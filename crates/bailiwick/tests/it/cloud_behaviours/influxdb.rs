//! Groups, invitations with groups, and personal keys: I01 to I05, I07, I08.

use super::*;
use crate::support::Platform;

fn platform() -> (Platform, Person) {
    let platform = Platform::start("influxdb-cloud-dedicated");
    let owner = platform.owner();
    (platform, owner)
}

fn members(owner: &Person, group: &str) -> Vec<String> {
    let listed = owner.items(&["member", "list", "--group", group]);
    let mut emails: Vec<String> = listed.iter().map(|one| text(one, "email").to_owned()).collect();
    emails.sort();
    emails
}

#[test]
fn i01_i02_i04_groups_are_chosen_at_invitation_and_add_up() {
    let (platform, owner) = platform();
    owner.json(&["account", "settings", "--groups-on"]);
    platform.join(&owner, GRACE, &["--group", "Member", "--group", "Auditor"]);
    assert_eq!(owner.roles_of(GRACE), ["auditor", "member"]);
    for (action, expected) in [
        ("write:database_tokens", true),
        ("read:users", true),
        ("write:databases", false),
        ("write:users", false),
    ] {
        assert_eq!(may(&owner, GRACE, action, "account"), expected, "{action}");
    }
    owner.json(&["group", "remove", "Auditor", GRACE]);
    assert!(!may(&owner, GRACE, "read:users", "account"));
}

#[test]
fn i03_existing_users_are_admin_when_groups_are_switched_on() {
    let (platform, owner) = platform();
    platform.join(&owner, GRACE, &["--role", "member"]);
    owner.refused(&["group", "add", "Member", GRACE]);
    owner.refused(&["invite", ALAN, "--group", "Member"]);
    assert!(!may(&owner, GRACE, "write:users", "account"));
    owner.json(&["account", "settings", "--groups-on"]);
    assert_eq!(members(&owner, "Admin"), [GRACE, "owner@example.com"]);
    assert!(may(&owner, GRACE, "write:users", "account"));
    platform.join(&owner, ALAN, &["--group", "Member"]);
    assert!(!may(&owner, ALAN, "write:users", "account"));
}

#[test]
fn i05_the_mail_says_where_to_sign_in_the_account_and_the_cluster() {
    let (platform, owner) = platform();
    let cluster =
        owner.json(&["resource", "register", "cluster", "prod", "--address", "https://prod.example.com"]);
    owner.json(&["account", "settings", "--groups-on"]);
    owner.json(&["invite", GRACE, "--group", "Member"]);
    platform.mailed_link(&owner, GRACE);
    let mails = std::fs::read_dir(platform.data.path().join("mail")).unwrap();
    let mails = mails.map(|mail| std::fs::read_to_string(mail.unwrap().path()).unwrap().replace("=\r\n", ""));
    let mail = mails.into_iter().find(|mail| mail.contains(GRACE)).unwrap();
    for fact in [platform.url(), platform.made("account"), text(&cluster, "id"), "https://prod.example.com"] {
        assert!(mail.contains(fact), "{fact}: {mail}");
    }
}

#[test]
fn i07_who_manages_databases_makes_no_token_for_what_is_in_them() {
    let (platform, owner) = platform();
    owner.json(&["resource", "register", "cluster", "prod"]);
    owner.json(&["resource", "register", "database", "orders", "--parent", "prod"]);
    owner.json(&["account", "settings", "--groups-on"]);
    platform.join(&owner, GRACE, &["--group", "Auditor"]);
    platform.join(&owner, ALAN, &["--group", "Member"]);
    for (who, action, expected) in [
        (GRACE, "read:database_tokens", true),
        (GRACE, "write:database_tokens", false),
        (ALAN, "write:database_tokens", true),
        (ALAN, "write:databases", false),
    ] {
        assert_eq!(may(&owner, who, action, "database:orders"), expected, "{who} {action}");
    }
}

#[test]
fn i08_a_personal_key_holds_what_its_maker_holds_at_the_time() {
    let (platform, owner) = platform();
    owner.json(&["account", "settings", "--groups-on"]);
    let grace = platform.join_by_mail(&owner, GRACE, &["--group", "Admin"]);
    let key = secret(&grace.json(&["key", "create-personal", "script"]));
    let stranger = platform.stranger();
    assert_eq!(stranger.run_with(&key, &["member", "list", "--json"]).code, 0);
    owner.json(&["group", "remove", "Admin", GRACE]);
    stranger.run_with(&key, &["member", "list"]).refused(1);
    // Without the permission to write keys nobody makes one here.
    grace.refused(&["key", "create-personal", "another"]);
}
