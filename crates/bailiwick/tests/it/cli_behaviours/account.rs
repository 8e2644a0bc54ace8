//! Roles, ownership, accounts, keys and what one may do oneself: Q09 to Q15 and Q18.

use serde_json::{Value, json};

use super::{ALAN, GRACE, platform};
use crate::support::{OWNER, PASSWORD, text, texts};

/// What people read for a built-in role.
fn titled(role: &str) -> String {
    role[..1].to_uppercase() + &role[1..]
}

#[test]
fn q09_built_in_roles_cannot_be_changed_and_the_owner_is_one() {
    let platform = platform();
    let owner = platform.owner();
    platform.join(&owner, GRACE, &["--role", "admin"]);
    let roles = owner.items(&["role", "list"]);
    assert_eq!(texts(&roles, "name"), ["Owner", "Admin", "Base"]);
    for role in ["owner", "admin", "base"] {
        owner.refused(&["role", "edit", role, "--name", "Renamed"]);
        owner.refused(&["role", "delete", role, "--confirm", &titled(role)]);
    }
    // One owner: the role is not granted beside the first one, nor by an invitation, nor kept while it is handed over.
    owner.refused(&["member", "add-role", GRACE, "owner"]);
    owner.refused(&["invite", ALAN, "--role", "owner"]);
    owner.refused(&["account", "offer-ownership", GRACE, "--keep"]);
    assert_eq!(owner.items(&["member", "list", "--role", "owner"]).len(), 1);

    // The owner holds everything, an admin all but changing the account, which deleting is too.
    let permissions = owner.items(&["role", "permissions"]);
    let held_by = |role: &str| owner.json(&["role", "show", role])["permissions"].as_array().unwrap().clone();
    let all: Vec<Value> = permissions.iter().map(|permission| permission["name"].clone()).collect();
    assert_eq!(held_by("owner"), all);
    let of_admin: Vec<Value> =
        all.into_iter().filter(|name| *name != "write:account" && *name != "delete:account").collect();
    assert_eq!(held_by("admin"), of_admin);
    assert_eq!(held_by("base"), [json!("read:profile")]);
    assert_eq!(owner.run(&["check", GRACE, "write:account", "account"]).code, 1);
    assert_eq!(owner.run(&["check", GRACE, "read:account", "account"]).code, 0);
    assert_eq!(owner.run(&["check", OWNER, "delete:account", "account"]).code, 0);
}

#[test]
fn q10_custom_roles_are_created_changed_duplicated_and_deleted() {
    let platform = platform();
    let owner = platform.owner();
    let create = |name: &str| owner.run(&["role", "create", name, "--permission", "read:clusters"]);
    assert_eq!(create("Reader").code, 0);
    create("reader").refused(1);
    create("abc").refused(1);
    create(&"x".repeat(65)).refused(1);
    // At least one permission.
    assert_eq!(owner.run(&["role", "create", "Nothing"]).code, 2);
    owner.refused(&["role", "edit", "Reader", "--remove", "read:clusters"]);
    for length in [4, 64] {
        let name = "y".repeat(length);
        assert_eq!(create(&name).code, 0, "{length} characters");
        owner.json(&["role", "delete", &name, "--confirm", &name]);
    }

    let edited = owner.json(&[
        "role",
        "edit",
        "Reader",
        "--name",
        "Viewer",
        "--description",
        "Looks",
        "--add",
        "read:backups",
    ]);
    assert_eq!((text(&edited, "name"), text(&edited, "description")), ("Viewer", "Looks"));
    assert_eq!(edited["permissions"].as_array().unwrap().len(), 2, "{edited}");
    let copy = owner.json(&["role", "duplicate", "Viewer", "Viewer two"]);
    assert_eq!(copy["permissions"], edited["permissions"]);

    // A role in use goes only with a role in its place.
    platform.join(&owner, GRACE, &["--role", "Viewer"]);
    owner.refused(&["role", "delete", "Viewer", "--confirm", "Viewer"]);
    let delete = ["role", "delete", "Viewer", "--reassign-to", "Viewer two"];
    // Deleting asks for a confirmation, which a program gives with the command.
    owner.run(&delete).refused(2);
    owner.refused(&[&delete[..], &["--confirm", "Viewer two"]].concat());
    owner.json(&[&delete[..], &["--confirm", "Viewer"]].concat());
    assert!(owner.roles_of(GRACE).contains(&text(&copy, "id").to_owned()));
    assert_eq!(texts(&owner.items(&["role", "list", "--custom"]), "name"), ["Viewer two"]);
}

#[test]
fn q11_write_brings_read_with_it() {
    let platform = platform();
    let owner = platform.owner();
    let role = owner.json(&["role", "create", "Writer", "--permission", "write:clusters"]);
    assert_eq!(role["permissions"], json!(["read:clusters", "write:clusters"]));
    // While the one is there, the other cannot be taken away.
    owner.refused(&["role", "edit", "Writer", "--remove", "read:clusters"]);
    let role = owner.json(&["role", "show", "Writer"]);
    assert_eq!(role["permissions"], json!(["read:clusters", "write:clusters"]));
}

#[test]
fn q12_permissions_have_sections_and_descriptions_of_their_own() {
    let platform = platform();
    let owner = platform.owner();
    let permissions = owner.items(&["role", "permissions"]);
    let expected = [
        (
            "identity_and_access_management",
            "read:roles write:roles delete:roles read:management_keys write:management_keys delete:management_keys \
             read:invites write:invites delete:invites read:users delete:users",
        ),
        ("cluster_api_keys", "read:api_keys write:api_keys delete:api_keys"),
        // Restoring is for programs only.
        ("cluster_backups", "read:backups write:backups delete:backups restore:backups"),
        ("cluster_clusters", "read:clusters write:clusters delete:clusters"),
        ("cluster_data", "read:cluster_data write:cluster_data"),
        ("cluster_backup_schedules", "read:backup_schedules write:backup_schedules delete:backup_schedules"),
        (
            "hybrid_cloud",
            "read:hybrid_cloud_environments write:hybrid_cloud_environments delete:hybrid_cloud_environments",
        ),
        ("payment_and_billing", "read:payment_information write:payment_information"),
        ("account_management", "read:account write:account delete:account"),
        ("profile", "read:profile"),
    ];
    let expected = expected.iter().flat_map(|(section, names)| names.split(' ').map(|name| (*section, name)));
    let found = permissions.iter().map(|permission| (text(permission, "section"), text(permission, "name")));
    assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    let api_only = permissions.iter().filter(|permission| permission["api_only"] == true);
    assert_eq!(api_only.map(|permission| text(permission, "name")).collect::<Vec<_>>(), ["restore:backups"]);

    let mut descriptions = texts(&permissions, "description");
    descriptions.sort_unstable();
    descriptions.dedup();
    assert_eq!(descriptions.len(), permissions.len(), "each has one of its own");
    assert!(descriptions.iter().all(|description| !description.is_empty()));
}

#[test]
fn q13_ownership_is_offered_and_accepted_and_an_owner_cannot_just_leave() {
    let platform = platform();
    let owner = platform.owner();
    let grace = platform.join(&owner, GRACE, &[]);
    owner.refused(&["account", "leave"]);
    owner.json(&["account", "offer-ownership", GRACE]);
    // Nothing has changed hands yet.
    owner.refused(&["account", "leave"]);
    assert_eq!(owner.run(&["check", GRACE, "delete:account", "account"]).code, 1);

    grace.json(&["account", "accept-ownership"]);
    assert_eq!(grace.roles_of(GRACE), ["base", "owner"]);
    assert_eq!(grace.roles_of(OWNER), ["admin", "base"]);
    owner.json(&["account", "leave"]);
    assert_eq!(texts(&grace.items(&["member", "list"]), "email"), [GRACE]);
}

#[test]
fn q14_accounts_are_renamed_chosen_left_and_deleted() {
    let platform = platform();
    let owner = platform.owner();
    let grace = platform.join_by_mail(&owner, GRACE, &[]);
    assert_eq!(text(&owner.json(&["account", "rename", "Acme Two"]), "name"), "Acme Two");
    let second = owner.json(&["account", "create", "Second"]);
    let second = text(&second, "id");
    owner.json(&["invite", GRACE, "--account", second]);
    let waiting = grace.items(&["invitation", "mine"]);
    grace.json(&["invitation", "accept", text(&waiting[0], "id")]);

    // A user is in several accounts, has a default one and switches.
    assert_eq!(grace.items(&["account", "list"]).len(), 2);
    assert_eq!(text(&grace.json(&["account", "default", "Second"]), "default_account"), second);
    assert_eq!(text(&grace.json(&["whoami"]), "account"), second);
    grace.json(&["account", "use", "Acme Two"]);
    assert_eq!(text(&grace.json(&["whoami"]), "account"), platform.made("account"));

    // She stays signed in to the other account; her profile forgets the one that she leaves.
    let left = grace.run(&["account", "leave"]);
    assert!(left.code == 0 && !left.stderr.contains("bailiwick login"), "{left:?}");
    assert_eq!(texts(&grace.items(&["account", "list"]), "name"), ["Second"]);
    assert_eq!(text(&grace.json(&["whoami"]), "account"), second);
    grace.refused(&["account", "delete", "--account", second, "--confirm", "Second"]);
    owner.refused(&["account", "delete", "--account", second, "--confirm", "Secund"]);
    // Her session ends with the last account.
    let last = grace.run(&["account", "leave", "--account", second]);
    assert!(last.code == 0 && last.stderr.contains("bailiwick login"), "{last:?}");
    owner.json(&["account", "delete", "--account", second, "--confirm", "Second"]);
    assert_eq!(texts(&owner.items(&["account", "list"]), "name"), ["Acme Two"]);
}

#[test]
fn q15_management_keys_are_shown_once_and_act_for_the_account() {
    let platform = platform();
    let owner = platform.owner();
    owner.json(&["service-account", "create", "control-plane", "--role", "admin"]);
    let key = owner.json(&["key", "create", "control-plane", "first"]);
    let (id, secret) = (text(&key, "id"), text(&key, "secret"));
    assert!(secret.starts_with("bwk_"), "a key says what it is");
    let prefix = text(&key, "prefix").trim_end_matches('…');
    assert!(secret.starts_with(prefix) && prefix.len() < secret.len() / 2, "{key}");

    let listed = owner.run(&["key", "list", "--json"]);
    assert!(listed.stdout.contains(id) && listed.stdout.contains(prefix), "{listed:?}");
    assert!(!listed.stdout.contains(secret), "{listed:?}");
    assert!(!owner.run(&["key", "show", id, "--json"]).stdout.contains(secret));
    assert!(!owner.run(&["audit", "export"]).stdout.contains(secret));

    let machine = platform.stranger();
    let me = machine.run_with(secret, &["whoami", "--json"]).json();
    assert_eq!((text(&me, "kind"), text(&me, "name")), ("service_account", "control-plane"));
    assert_eq!(machine.run_with(secret, &["resource", "register", "cluster", "eu"]).code, 0);
    // Only people may invite.
    machine.run_with(secret, &["invite", GRACE]).refused(1);

    owner.json(&["key", "delete", id]);
    machine.run_with(secret, &["whoami"]).refused(1);
}

#[test]
fn q18_callers_list_their_own_permissions() {
    let platform = platform();
    let owner = platform.owner();
    owner.json(&["role", "create", "Cluster reader", "--permission", "read:clusters"]);
    let grace = platform.join(&owner, GRACE, &["--role", "Cluster reader"]);
    let access = grace.json(&["access", "effective"]);
    assert_eq!(text(&access["principal"], "email"), GRACE);
    assert_eq!(access["at"][0]["permissions"], json!(["read:clusters", "read:profile"]), "{access}");
    let on = grace.json(&["access", "effective", "--on", "account"]);
    assert_eq!(on["permissions"], json!(["read:clusters", "read:profile"]), "{on}");
}

#[test]
fn all_other_sessions_end_at_once() {
    let platform = platform();
    let here = platform.owner();
    let others = [platform.stranger(), platform.stranger()];
    for other in &others {
        other.types(&["login", OWNER, "--password-stdin", "--json"], PASSWORD).json();
    }
    assert_eq!(here.items(&["session", "list"]).len(), 3);
    here.json(&["session", "end-others"]);
    assert_eq!(here.items(&["session", "list"]).len(), 1);
    for other in &others {
        other.refused(&["whoami"]);
    }
}
