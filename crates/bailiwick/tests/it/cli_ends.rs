//! Ends of memberships and grants, and the report of unused access, through the command line.

use serde_json::json;

use crate::support::{OWNER, Platform, text};

const GRACE: &str = "grace@example.com";

#[test]
fn memberships_end_by_invitation_or_edit() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    let sent = owner.json(&["invite", GRACE, "--member-until", "+30d"]);
    let until = text(&sent["invitations"][0], "member_until").to_owned();
    platform.accept(&owner, GRACE);
    assert_eq!(owner.json(&["member", "show", GRACE])["until"], until.as_str());
    let shown = owner.run(&["member", "show", GRACE]).stdout;
    assert!(shown.contains("until"), "{shown}");

    let edited = owner.json(&["member", "edit", GRACE, "--until", "2099-01-01T00:00:00Z"]);
    assert_eq!(edited["until"], "2099-01-01T00:00:00Z");
    let edited = owner.json(&["member", "edit", GRACE, "--no-until"]);
    assert_eq!(edited.get("until"), None);
    let said = owner.refused(&["member", "edit", OWNER, "--until", "+1d"]);
    assert!(said.contains("nobody would hold the role"), "{said}");
    assert_eq!(owner.run(&["member", "edit", GRACE]).code, 2, "an edit says what to change");

    let settings = owner.json(&["account", "settings", "--ending-notice", "3d"]);
    assert_eq!(settings["effective_ending_notice_seconds"], 3 * 86_400);
    let settings =
        owner.json(&["account", "settings", "--ending-notice", "off", "--invitation-lifetime", "2d"]);
    assert_eq!(
        (&settings["ending_notice_seconds"], &settings["invitation_lifetime_seconds"]),
        (&json!(0), &json!(172_800))
    );
    let settings = owner.json(&["account", "settings", "--ending-notice", "default"]);
    assert_eq!(settings["effective_ending_notice_seconds"], 604_800);
}

#[test]
fn a_running_server_records_an_end_soon_after_it() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    platform.join(&owner, GRACE, &[]);
    let granted = owner.json(&["grant", "create", GRACE, "viewer", "--until", "+1s"]);
    // Far more than a second, each of them a program that starts.
    let recorded = (0..400).find_map(|_| owner.items(&["audit", "list", "--type", "grant.expired"]).pop());
    let recorded = recorded.expect("it is recorded");
    assert_eq!((&recorded["target"]["id"], &recorded["actor"]["kind"]), (&granted["id"], &json!("system")));
    assert_eq!(owner.items(&["grant", "list", "--principal", GRACE]).len(), 0);
}

#[test]
fn the_report_says_since_when_uses_are_known() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    let found = owner.items(&["access", "unused"]);
    let kinds: Vec<&str> = found.iter().map(|item| text(&item["principal"], "kind")).collect();
    assert_eq!(
        (kinds.first(), kinds.last()),
        (Some(&"member"), Some(&"service_account")),
        "who was there before"
    );
    assert!(found.iter().all(|item| item["known_since"].is_string()), "{found:?}");
    assert_eq!(owner.items(&["access", "unused", "--kind", "service-account"]).len(), 1);
    assert_eq!(owner.items(&["access", "unused", OWNER, "--dormant"]).len(), 1);
    let shown = owner.run(&["access", "unused", "--days", "30"]);
    assert_eq!(shown.code, 0);
    let owners = shown.stdout.lines().find(|line| line.contains(OWNER) && line.contains("Owner"));
    assert!(owners.is_some_and(|line| line.contains(" of ") && line.contains(" more")), "{}", shown.stdout);
    assert!(shown.stderr.contains("nothing is known of before"), "{}", shown.stderr);
    let said = owner.refused(&["role", "create", "Smaller", "--as-used-by", OWNER]);
    assert!(said.contains("no smaller role") && said.contains("access unused"), "{said}");
}
