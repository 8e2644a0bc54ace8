//! The main story: people and their access from a bare machine to the record, through the command line alone.

use serde_json::json;

use crate::support::{Platform, text, texts};

const GRACE: &str = "grace@example.com";

#[test]
fn from_a_bare_machine_to_the_record() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    let key = platform.made("management_key").to_owned();
    let machine = platform.stranger();

    // The control plane registers what there is, with names of its own.
    owner.json(&["project", "create", "Search", "--external-id", "p-1"]);
    std::fs::write(
        machine.home.path().join("clusters.jsonl"),
        "{\"type\": \"cluster\", \"name\": \"search-eu\", \"project\": \"p-1\", \"external_id\": \"c-1\"}\n\
         {\"type\": \"cluster\", \"name\": \"search-us\", \"project\": \"p-1\", \"external_id\": \"c-2\"}\n",
    )
    .unwrap();
    let imported = machine.run_with(&key, &["resource", "import", "clusters.jsonl", "--json"]).json();
    assert_eq!(texts(imported["resources"].as_array().unwrap(), "name"), ["search-eu", "search-us"]);

    // An invitation is tried first: nothing is written.
    let plan = owner.json(&["invite", GRACE, "--dry-run"]);
    assert!(!plan["events"].as_array().unwrap().is_empty(), "{plan}");
    assert_eq!(owner.items(&["invitation", "list"]).len(), 0);
    platform.join(&owner, GRACE, &[]);

    // A role on one cluster, for two days.
    owner.json(&[
        "role",
        "create",
        "Cluster writer",
        "--level",
        "resource",
        "--permission",
        "write:clusters",
    ]);
    let grant =
        ["grant", "create", GRACE, "Cluster writer", "--scope", "cluster:search-eu", "--until", "+48h"];
    let plan = owner.json(&[&grant[..], &["--dry-run"]].concat());
    assert_eq!(plan["access"]["gained"][0]["principals"][0]["email"], GRACE, "{plan}");
    assert_eq!(owner.run(&["check", GRACE, "write:clusters", "cluster:search-eu"]).code, 1);
    let granted = owner.json(&grant);
    assert!(granted["until"].is_string(), "{granted}");

    // "May she?", asked by the owner by name and by the control plane by its own names.
    assert_eq!(owner.run(&["check", GRACE, "write:clusters", "cluster:search-eu"]).code, 0);
    assert_eq!(owner.run(&["check", GRACE, "write:clusters", "cluster:search-us"]).code, 1);
    let user = text(&granted["principal"], "id");
    assert_eq!(machine.run_with(&key, &["check", user, "write:clusters", "cluster:c-1"]).code, 0);
    assert_eq!(machine.run_with(&key, &["check", user, "write:clusters", "cluster:c-2"]).code, 1);
    let why = owner.json(&["explain", GRACE, "write:clusters", "cluster:search-eu"]);
    assert_eq!(why["paths"][0]["grant"], granted["id"], "{why}");
    let why = owner.json(&["explain", GRACE, "write:clusters", "cluster:search-us"]);
    assert_eq!(why["missing"]["elsewhere"][0]["grant"], granted["id"], "{why}");

    // Deactivated, she may nothing at once.
    owner.json(&["member", "deactivate", GRACE]);
    assert_eq!(owner.run(&["check", GRACE, "write:clusters", "cluster:search-eu"]).code, 1);
    owner.json(&["member", "activate", GRACE]);
    owner.json(&["grant", "revoke", text(&granted, "id")]);
    assert_eq!(owner.run(&["check", GRACE, "write:clusters", "cluster:search-eu"]).code, 1);

    // The record says who did what.
    let events = owner.items(&["audit", "list", "--oldest-first"]);
    let types = texts(&events, "type");
    for expected in
        ["account.opened", "invitation.sent", "invitation.accepted", "grant.made", "grant.revoked"]
    {
        assert!(types.contains(&expected), "{expected} in {types:?}");
    }
    let exported = owner.run(&["audit", "export", "--oldest-first"]);
    assert_eq!(exported.stdout.lines().count(), events.len());
    let filtered = owner.items(&["audit", "list", "--type", "grant."]);
    assert!(filtered.iter().all(|event| text(event, "type").starts_with("grant.")), "{filtered:?}");
}

#[test]
fn groups_give_their_roles_to_who_is_in_them() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    platform.join(&owner, GRACE, &[]);
    owner.json(&["resource", "register", "cluster", "eu"]);
    owner.json(&["role", "create", "Cluster reader", "--level", "resource", "--permission", "read:clusters"]);
    owner.json(&["group", "create", "On call"]);
    owner.json(&["grant", "create", "On call", "Cluster reader", "--scope", "all:cluster"]);
    let may = || owner.run(&["check", GRACE, "read:clusters", "cluster:eu"]).code;
    assert_eq!(may(), 1);
    owner.json(&["group", "add", "On call", GRACE]);
    assert_eq!(may(), 0);
    assert_eq!(texts(&owner.items(&["group", "members", "On call"]), "email"), [GRACE]);
    owner.json(&["group", "remove", "On call", GRACE]);
    assert_eq!(may(), 1);
}

#[test]
fn a_repeated_command_with_a_key_is_done_once() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    let create = ["project", "create", "Search", "--idempotency-key", "create-search-1"];
    let (first, second) = (owner.json(&create), owner.json(&create));
    assert_eq!(first, second);
    assert_eq!(owner.items(&["project", "list", "--q", "Search"]).len(), 1);
    assert_eq!(
        owner.items(&["project", "list", "--filter", "name eq \"search\" and not (default eq true)"]).len(),
        1
    );
    // Without the key it is another command, and the name is taken.
    owner.refused(&["project", "create", "Search"]);
}

#[test]
fn a_stale_revision_changes_nothing() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    let project = owner.json(&["project", "create", "Search"]);
    let revision = project["revision"].to_string();
    owner.json(&["project", "edit", "Search", "--description", "first", "--if-revision", &revision]);
    owner.refused(&["project", "edit", "Search", "--description", "second", "--if-revision", &revision]);
    assert_eq!(owner.json(&["project", "show", "Search"])["description"], json!("first"));
}
