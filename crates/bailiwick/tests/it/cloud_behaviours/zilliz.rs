//! Organizations, projects, access rows and keys: Z01 to Z16.

use super::*;
use crate::support::Platform;

fn platform() -> (Platform, Person) {
    let platform = Platform::start("zilliz-cloud");
    let owner = platform.owner();
    owner.json(&["project", "create", "Search"]);
    owner.json(&["resource", "register", "cluster", "eu", "--project", "Search"]);
    owner.json(&["resource", "register", "volume", "files", "--project", "Search"]);
    (platform, owner)
}

const ADMIN: &str = "project_admin@project:Search";
const READER: &str = "project_read_only@project:Search";

#[test]
fn z01_z02_z10_project_admins_invite_to_their_project() {
    let (platform, owner) = platform();
    owner.json(&["project", "create", "Other"]);
    let admin = platform.join(&owner, GRACE, &["--grant", ADMIN]);
    let sent = admin.json(&["invite", ALAN, EVE, "--grant", READER]);
    assert_eq!(sent["invitations"].as_array().unwrap().len(), 2);
    admin.refused(&["invite", "new@example.com", "--grant", "project_read_only@project:Other"]);
    admin.refused(&["invite", "new@example.com"]);
    // Resending ends the old link and starts the lifetime anew; who is not in charge may not.
    let plan = admin.run(&["invitation", "resend", EVE, "--dry-run"]);
    assert!(plan.stdout.contains("invitation.resent"), "{plan:?}");
    let said = admin.refused(&["invitation", "resend", EVE]);
    assert!(said.contains("too many invitations were mailed"), "not a moment after the first: {said}");
    let alan = platform.accept(&admin, ALAN);
    alan.refused(&["invitation", "resend", EVE]);
    admin.refused(&["invitation", "resend", ALAN]);
    alan.refused(&["invite", "new@example.com", "--grant", READER]);
    assert_eq!(text(&admin.json(&["invitation", "revoke", EVE]), "status"), "revoked");
}

#[test]
fn z03_z04_z05_z14_access_is_given_in_rows() {
    let (platform, owner) = platform();
    let rows = [
        "--grant",
        "cluster_read_write@all:cluster@project:Search",
        "--grant",
        "volume_read_only@volume:files",
    ];
    let all = platform.join(&owner, GRACE, &rows);
    let today = platform.join(&owner, ALAN, &["--grant", "cluster_read_only@today:cluster@project:Search"]);
    assert_eq!(sees(&all), ["eu", "files"]);
    assert_eq!(sees(&today), ["eu"]);
    owner.json(&["resource", "register", "cluster", "us", "--project", "Search"]);
    assert_eq!(sees(&all), ["eu", "files", "us"]);
    assert_eq!(sees(&today), ["eu"]);
    all.json(&["resource", "edit", "us", "--name", "us-1"]);
    today.refused(&["resource", "edit", "eu", "--name", "eu-1"]);
    // Freezing again is another row with today's list.
    owner.json(&["grant", "create", ALAN, "cluster_read_only", "--scope", "today:cluster"]);
    assert_eq!(sees(&today), ["eu", "us-1"]);
}

#[test]
fn z06_z07_z08_z09_one_invitation_to_the_organization_gives_the_project_too() {
    let (platform, owner) = platform();
    let grace = platform.join(&owner, GRACE, &["--grant", READER]);
    assert_eq!(owner.roles_of(GRACE), ["organization_member", "project_read_only"]);
    assert_eq!(sees(&grace), ["eu", "files"]);
    assert_eq!(owner.items(&["invitation", "list"]).len(), 1);
    let alan = platform.join(&owner, ALAN, &[]);
    assert!(sees(&alan).is_empty());
    let at_once = owner.json(&["invite", ALAN, "--grant", READER]);
    assert_eq!(
        (at_once["invitations"].as_array().unwrap().len(), text(&at_once["members"][0], "email")),
        (0, ALAN)
    );
    assert_eq!(sees(&alan), ["eu", "files"]);
    let settings = owner.json(&["account", "settings"]);
    assert_eq!(settings["effective_invitation_lifetime_seconds"], 48 * 60 * 60);
}

#[test]
fn z11_z12_z13_collaborators_are_removed_and_leave_but_a_project_keeps_an_admin() {
    let (platform, owner) = platform();
    let admin = platform.join(&owner, GRACE, &["--grant", ADMIN]);
    let alan = platform.join(&owner, ALAN, &["--grant", READER]);
    let eve = platform.join(&owner, EVE, &["--grant", READER]);
    admin.json(&["project", "remove-member", "Search", ALAN]);
    assert!(sees(&alan).is_empty());
    assert_eq!(owner.roles_of(ALAN), ["organization_member"]);
    eve.json(&["project", "leave", "Search", "--dry-run"]);
    assert_eq!(sees(&eve), ["eu", "files"]);
    assert_eq!(eve.run(&["project", "leave", "Search"]).code, 0);
    assert!(sees(&eve).is_empty());
    assert_eq!(owner.run(&["project", "leave", "Search"]).code, 0);
    let said = admin.refused(&["project", "leave", "Search"]);
    assert!(said.contains("project_admin"), "{said}");
    owner.refused(&["member", "deactivate", GRACE]);
}

#[test]
fn z15_personal_keys_follow_their_owner_and_customized_ones_outlive_their_maker() {
    let (platform, owner) = platform();
    let admin = platform.join_by_mail(&owner, GRACE, &["--grant", ADMIN]);
    let personal = secret(&admin.json(&["key", "create-personal", "laptop", "--expires", "+90d"]));
    assert_eq!(admin.items(&["key", "list", "--mine"]).len(), 1);
    let machine =
        ["service-account", "create", "ingest", "--grant", "cluster_read_only@all:cluster@project:Search"];
    admin.json(&machine);
    let own = secret(&admin.json(&["key", "create", "ingest", "ingest"]));
    let stranger = platform.stranger();
    let list = |key: &str| stranger.run_with(key, &["resource", "list", "--json"]);
    assert_eq!(list(&personal).json()["items"].as_array().unwrap().len(), 2);
    // It acts for the person, and does not invite as one.
    stranger.run_with(&personal, &["invite", EVE, "--grant", READER]).refused(1);
    // Who made the project is an admin of it too, so that she can go. Her key does not come back with her.
    owner.json(&["member", "deactivate", GRACE]);
    list(&personal).refused(1);
    owner.json(&["member", "activate", GRACE]);
    list(&personal).refused(1);
    assert_eq!(owner.run(&["member", "remove", GRACE, "--confirm-email", GRACE]).code, 0);
    list(&personal).refused(1);
    assert_eq!(list(&own).json()["items"].as_array().unwrap().len(), 1);
}

#[test]
fn z16_a_project_admin_gives_no_more_than_the_project() {
    let (platform, owner) = platform();
    owner.json(&["project", "create", "Other"]);
    let admin = platform.join(&owner, GRACE, &["--grant", ADMIN]);
    platform.join(&owner, ALAN, &["--grant", READER]);
    for (role, scope) in [
        ("project_admin", "project:Other"),
        ("cluster_read_only", "all:cluster"),
        ("control_plane", "account"),
    ] {
        assert_ne!(admin.run(&["grant", "create", ALAN, role, "--scope", scope]).code, 0, "{role} {scope}");
        let grant = format!("{role}@{scope}");
        assert_ne!(admin.run(&["service-account", "create", "key", "--grant", &grant]).code, 0, "{grant}");
    }
}
