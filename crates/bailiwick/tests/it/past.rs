//! Looking back and trying first, through the command line.

use crate::support::Platform;

const GRACE: &str = "grace@example.com";

#[test]
fn the_account_is_looked_at_as_it_was_by_the_names_of_then() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    platform.join(&owner, GRACE, &["--role", "billing"]);
    let joined = owner.json(&["member", "show", GRACE]);
    let newest = owner.json(&["audit", "list", "--limit", "1"]);
    let then = newest["items"][0]["revision"].as_u64().unwrap();
    owner.json(&["member", "remove", GRACE, "--confirm-email", GRACE]);
    owner.json(&["group", "create", "Newcomers"]);
    let as_of = then.to_string();
    assert_eq!(owner.items(&["member", "list"]).len(), 1);
    assert_eq!(owner.items(&["member", "list", "--as-of", &as_of]).len(), 2);
    assert_eq!(owner.json(&["--as-of", &as_of, "member", "show", GRACE])["id"], joined["id"]);
    assert_eq!(
        owner
            .items(&["group", "list", "--as-of", &as_of])
            .iter()
            .filter(|one| one["name"] == "Newcomers")
            .count(),
        0
    );
    let question = ["check", GRACE, "read:payment_information", "account"];
    assert_eq!(owner.run(&[&question[..], &["--as-of", &as_of]].concat()).code, 0);
    assert_ne!(owner.run(&question).code, 0);
    let why = owner.json(&["explain", GRACE, "read:payment_information", "account", "--as-of", &as_of]);
    assert_eq!(why["paths"][0]["role"]["id"], "billing", "{why}");
    // Too early, not yet, no moment, and a command that has no past.
    for (moment, code) in [("0", 1), ("9000", 1), ("yesterday", 1)] {
        let run = owner.run(&["member", "list", "--as-of", moment]);
        assert_eq!(run.code, code, "{moment}: {}", run.stderr);
        assert!(run.stderr.contains("hint:"), "{}", run.stderr);
    }
    let refused = owner.run(&["group", "create", "Others", "--as-of", &as_of]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("does not look at the past"), "{}", refused.stderr);
}

#[test]
fn a_rehearsal_says_in_names_who_gains_and_loses_what() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    platform.join(&owner, GRACE, &["--role", "billing"]);
    let plan = owner.run(&["member", "remove", GRACE, "--confirm-email", GRACE, "--dry-run"]);
    assert_eq!(plan.code, 0, "{}", plan.stderr);
    assert!(
        plan.stdout.contains("access lost") && plan.stdout.contains("the whole account"),
        "{}",
        plan.stdout
    );
    assert!(plan.stdout.contains("ends:") && plan.stdout.contains("1 member"), "{}", plan.stdout);
    let nothing = owner.run(&["group", "create", "Nobody", "--dry-run"]);
    assert!(nothing.stdout.contains("nobody gains or loses access"), "{}", nothing.stdout);
}
