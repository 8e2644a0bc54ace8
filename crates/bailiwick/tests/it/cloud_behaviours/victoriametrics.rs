//! Three roles, statuses, the user list and the audit log: V01 to V13.

use super::*;
use crate::support::{OWNER, Platform, texts};

fn platform() -> (Platform, Person) {
    let platform = Platform::start("victoriametrics-cloud");
    let owner = platform.owner();
    (platform, owner)
}

#[test]
fn v01_v10_one_role_for_each_user_and_an_edit_changes_it() {
    let (platform, owner) = platform();
    platform.join(&owner, GRACE, &["--name", "Grace", "--role", "viewer"]);
    assert_eq!(owner.roles_of(GRACE), ["viewer"]);
    owner.json(&["member", "set-roles", GRACE, "editor"]);
    assert_eq!(owner.roles_of(GRACE), ["editor"]);
    owner.refused(&["member", "set-roles", GRACE, "editor", "viewer"]);
    owner.refused(&["role", "create", "Our own", "--permission", "read:deployments"]);
    owner.refused(&["member", "set-roles", OWNER, "viewer"]);
    owner.json(&["member", "set-roles", GRACE, "admin"]);
    assert_eq!(owner.roles_of(GRACE), ["admin"]);
}

#[test]
fn v02_v03_v04_roles_stay_in_their_categories() {
    let (platform, owner) = platform();
    owner.json(&["resource", "register", "deployment", "prod"]);
    for (email, role) in [(GRACE, "admin"), (ALAN, "editor"), (EVE, "viewer")] {
        platform.join(&owner, email, &["--name", "Somebody", "--role", role]);
    }
    for (action, expected) in [
        ("read:explore", [true, true, true]),
        ("write:deployments", [true, true, false]),
        ("read:rules", [true, true, false]),
        ("read:events", [true, true, false]),
        ("read:payment_information", [true, false, false]),
        ("write:users", [true, false, false]),
    ] {
        for (email, expected) in [GRACE, ALAN, EVE].into_iter().zip(expected) {
            assert_eq!(may(&owner, email, action, "deployment:prod"), expected, "{email} {action}");
        }
    }
}

#[test]
fn v05_v06_v09_statuses_and_what_the_user_list_shows() {
    let (platform, owner) = platform();
    owner.json(&["invite", GRACE, "--name", "Grace", "--role", "viewer"]);
    let listed = |status: &str| owner.items(&["member", "list", "--status", status]);
    assert_eq!(texts(&listed("pending"), "email"), [GRACE]);
    let grace = platform.accept(&owner, GRACE);
    let shown = owner.json(&["member", "show", GRACE]);
    assert_eq!((text(&shown, "status"), &shown["auth_methods"][0]), ("active", &"password".into()));
    assert!(shown["last_sign_in_at"].is_string(), "{shown}");
    owner.json(&["member", "deactivate", GRACE]);
    assert_eq!(texts(&listed("inactive"), "email"), [GRACE]);
    grace.refused(&["resource", "list"]);
    owner.json(&["member", "activate", GRACE]);
    assert!(texts(&listed("active"), "email").contains(&GRACE));
}

#[test]
fn v07_v08_v12_an_invitation_names_everything_and_lives_a_day() {
    let (_platform, owner) = platform();
    let said = owner.refused(&["invite", GRACE, "--role", "viewer"]);
    assert!(said.contains("name"), "{said}");
    owner.refused(&["invite", GRACE, "--name", "Grace"]);
    owner.refused(&["invite", GRACE, ALAN, "--name", "Both", "--role", "viewer"]);
    let sent = owner.json(&["invite", GRACE, "--name", "Grace", "--role", "viewer"]);
    assert_eq!(text(&sent["invitations"][0], "status"), "pending");
    let plan = owner.run(&["invitation", "resend", GRACE, "--dry-run"]);
    assert!(plan.stdout.contains("invitation.resent"), "{plan:?}");
    let settings = owner.json(&["account", "settings"]);
    assert_eq!(settings["effective_invitation_lifetime_seconds"], 24 * 60 * 60);
}

#[test]
fn v11_deleting_asks_for_the_email() {
    let (platform, owner) = platform();
    platform.join(&owner, GRACE, &["--name", "Grace", "--role", "viewer"]);
    owner.refused(&["member", "remove", GRACE, "--confirm-email", "grace@example.org"]);
    assert_eq!(owner.run(&["member", "remove", GRACE, "--confirm-email", GRACE]).code, 0);
    assert_eq!(texts(&owner.items(&["member", "list"]), "email"), [OWNER]);
    owner.refused(&["member", "activate", GRACE]);
}

#[test]
fn v13_the_audit_log_is_filtered_and_exported() {
    let (_platform, owner) = platform();
    owner.json(&["account", "rename", "Acme Labs"]);
    let found = owner.items(&["audit", "list", "--type", "account.renamed"]);
    assert_eq!(
        (&found[0]["details"]["before"], &found[0]["details"]["after"]),
        (&"Acme".into(), &"Acme Labs".into())
    );
    let export = owner.run(&["audit", "export", "--type", "account.renamed"]);
    assert_eq!(
        (export.code, export.stdout.lines().filter(|line| line.contains("account.renamed")).count()),
        (0, 1)
    );
    assert!(!export.stdout.contains("account.opened"), "{export:?}");
}
