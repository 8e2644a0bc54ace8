//! Policies and attributes from the command line.

use crate::support::{Platform, text};

const GRACE: &str = "grace@example.com";
const NIGHT: &str = "forbid(principal is User, action == Action::\"delete:clusters\", resource)\nunless { principal has department && principal.department == \"operations\" };\n";

#[test]
fn a_policy_is_checked_written_switched_and_deleted() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    platform.join(&owner, GRACE, &["--role", "admin", "--attribute", "clearance=3"]);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("night.cedar");
    let path = file.to_str().unwrap();

    std::fs::write(&file, "forbid(principal, action,\n  resorce);").unwrap();
    let checked = owner.run(&["policy", "check", "--file", path]);
    assert_eq!(checked.code, 1, "{checked:?}");
    assert!(checked.stdout.contains("resorce"), "{checked:?}");
    let said = owner.refused(&["policy", "create", "Night", "--file", path]);
    assert!(said.contains("line 2, column 3"), "{said}");

    std::fs::write(&file, NIGHT).unwrap();
    assert_eq!(owner.run(&["policy", "check", "--file", path]).code, 0);
    let made = owner.json(&["policy", "create", "Night", "--file", path]);
    assert_eq!((text(&made, "name"), text(&made, "text")), ("Night", NIGHT));
    let ask = ["check", GRACE, "delete:clusters", "account"];
    assert_eq!(owner.run(&ask).code, 1);
    let said = owner.json(&["explain", GRACE, "delete:clusters", "account"]);
    assert_eq!(text(&said["forbids"][0], "name"), "Night");
    let said = owner.run(&["explain", GRACE, "delete:clusters", "account"]).stdout;
    assert!(
        said.contains(text(&made, "id")) && said.contains("the policy Night forbids it; the role "),
        "{said}"
    );

    let member = owner.json(&[
        "member",
        "edit",
        GRACE,
        "--attribute",
        "department=operations",
        "--attribute",
        "regions=eu, us",
    ]);
    assert_eq!(
        member["attributes"],
        serde_json::json!({ "clearance": 3, "department": "operations", "regions": ["eu", "us"] })
    );
    assert_eq!(owner.run(&ask).code, 0);
    owner.json(&["member", "edit", GRACE, "--attribute", "department="]);
    assert_eq!(owner.run(&ask).code, 1);

    assert_eq!(owner.json(&["policy", "edit", "Night", "--disable"])["enabled"], false);
    assert_eq!(owner.run(&ask).code, 0);
    assert_eq!(owner.items(&["policy", "list"]).len(), 1);
    owner.run(&["policy", "delete", "night"]);
    assert_eq!(owner.items(&["policy", "list"]).len(), 0);
}

#[test]
fn resources_are_described_and_machines_are_let_assert() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    let made =
        owner.json(&["resource", "register", "cluster", "One", "--attribute", "environment=production"]);
    assert_eq!(text(&made["attributes"], "environment"), "production");
    let edited = owner.json(&["resource", "edit", "One", "--attribute", "environment=staging"]);
    assert_eq!(text(&edited["attributes"], "environment"), "staging");
    owner.json(&["service-account", "create", "gateway"]);
    let edited =
        owner.json(&["service-account", "edit", "gateway", "--may-assert", "subject.department,context.ip"]);
    assert_eq!(edited["may_assert"], serde_json::json!(["context.ip", "subject.department"]));
    let said = owner.refused(&["resource", "edit", "One", "--attribute", "environment=prod"]);
    assert!(said.contains("one of `development`"), "{said}");
}

#[test]
fn a_rehearsal_shows_who_gains_and_loses_by_a_policy() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    platform.join(&owner, GRACE, &["--role", "admin"]);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("night.cedar");
    let path = file.to_str().unwrap();
    std::fs::write(&file, NIGHT).unwrap();
    let dry = owner.run(&["policy", "create", "Night", "--file", path, "--dry-run"]);
    assert_eq!(dry.code, 0, "{dry:?}");
    for part in ["access lost", "delete:clusters", "Newcomer", "policies counted, as for a question of now"] {
        assert!(dry.stdout.contains(part), "{part} in\n{}", dry.stdout);
    }
    owner.json(&["policy", "create", "Night", "--file", path]);
    let dry = owner.run(&["policy", "delete", "Night", "--dry-run"]);
    assert!(dry.stdout.contains("access gained") && dry.stdout.contains("Newcomer"), "{dry:?}");
    let dry = owner.run(&["member", "edit", GRACE, "--attribute", "department=operations", "--dry-run"]);
    assert!(dry.stdout.contains("access gained") && dry.stdout.contains("delete:clusters"), "{dry:?}");
}
