//! Access as a file, through the command line: export, apply, prune, the importers, and invitations from a table.

use std::path::Path;

use serde_json::Value;

use crate::support::{Person, Platform, text, texts};

const ADA: &str = "ada@example.com";
const GRACE: &str = "grace@example.com";

/// A platform with a cluster and a member, and the owner.
fn platform() -> (Platform, Person) {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    platform.join(&owner, ADA, &[]);
    owner.json(&["resource", "register", "cluster", "search-eu", "--external-id", "c-17"]);
    (platform, owner)
}

fn write(person: &Person, name: &str, content: &str) -> String {
    let path = person.home.path().join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The examples of a language in the page that teaches the format.
fn examples(language: &str) -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/declarative-access.md");
    let page = std::fs::read_to_string(page).unwrap();
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

fn names_of_steps(plan: &Value) -> Vec<String> {
    let steps = plan["steps"].as_array().unwrap();
    steps.iter().map(|step| format!("{} {}", text(step, "action"), text(step, "name"))).collect()
}

#[test]
fn the_documented_file_works_and_an_export_of_it_changes_nothing() {
    let (_platform, owner) = platform();
    let documented = examples("yaml");
    let file = write(&owner, "access.yaml", &documented[0]);
    let dry = owner.run(&["apply", "-f", &file, "--dry-run"]);
    assert_eq!(dry.code, 0, "{dry:?}");
    for line in [
        "  + project Search",
        "  + role Cluster reader",
        "      permissions: read:clusters",
        "  ~ member ada@example.com",
        "  + grant On call has Cluster reader on all clusters in project Search",
        "  + invitation grace@example.com",
        "access:",
    ] {
        assert!(dry.stdout.lines().any(|shown| shown == line), "{line} in\n{}", dry.stdout);
    }
    assert!(dry.stdout.contains("has not accepted the invitation yet"), "{}", dry.stdout);
    assert!(!dry.stdout.contains("prj_"), "new things by their names: {}", dry.stdout);
    assert_eq!(owner.items(&["project", "list", "--q", "Search"]).len(), 0);

    let applied = owner.json(&["apply", "-f", &file]);
    assert!(names_of_steps(&applied).contains(&"create grace@example.com".to_owned()), "{applied}");
    assert_eq!(owner.run(&["check", "employee-17", "read:clusters", "cluster:c-17"]).code, 0);
    let again = owner.run(&["apply", "-f", &file]);
    assert_eq!(
        (again.code, again.stdout.lines().next()),
        (0, Some("nothing to do: the access is as the file says"))
    );

    // An export is the same access: YAML or JSON, applied or pruned, nothing changes.
    let exported = owner.run(&["export"]);
    assert!(exported.stdout.starts_with("# Access of the account acc_"), "{}", exported.stdout);
    assert_eq!(exported.stdout, owner.run(&["export"]).stdout);
    let yaml = write(&owner, "exported.yaml", &exported.stdout);
    let json = write(&owner, "exported.json", &owner.run(&["export", "--json"]).stdout);
    let saved = owner.home.path().join("saved.yaml");
    assert_eq!(owner.run(&["export", "-o", saved.to_str().unwrap()]).code, 0);
    assert_eq!(std::fs::read_to_string(saved).unwrap().trim(), exported.stdout.trim());
    for file in [&yaml, &json] {
        let plan = owner.json(&["apply", "-f", file, "--prune"]);
        assert_eq!(plan["steps"].as_array().unwrap().len(), 0, "{plan}");
    }
    // From stdin too.
    let ran = owner.types(&["apply", "-f", "-", "--dry-run"], "version: 1\ngroups:\n  - name: Late\n");
    assert!(ran.stdout.contains("+ group Late"), "{ran:?}");
}

#[test]
fn what_is_pruned_is_asked_for_or_said_and_ones_own_stays() {
    let (_platform, owner) = platform();
    let file = write(&owner, "access.yaml", &examples("yaml")[0]);
    owner.json(&["apply", "-f", &file]);
    let less =
        write(&owner, "less.yaml", "version: 1\ngroups:\n  - name: On call\n    members: []\ngrants: []\n");
    let refused = owner.run(&["apply", "-f", &less, "--prune"]);
    assert!(refused.code == 2 && refused.stderr.contains("give `--yes`"), "{refused:?}");
    assert!(refused.stdout.contains("  - group Admins"), "the plan is shown all the same: {refused:?}");
    assert_eq!(texts(&owner.items(&["group", "members", "On call"]), "email"), [ADA], "nothing was done");
    let ran = owner.run(&["apply", "-f", &less, "--prune", "--yes"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for line in [
        "  - group member ada@example.com in On call",
        "  - grant control-plane has viewer",
        "  - group Admins",
    ] {
        assert!(ran.stdout.lines().any(|shown| shown == line), "{line} in\n{}", ran.stdout);
    }
    assert!(
        ran.stdout.contains("  = owner@example.com has owner is kept: it is your own access"),
        "{}",
        ran.stdout
    );
    let lost = "  - ada@example.com loses at cluster search-eu: read:clusters";
    assert!(ran.stdout.lines().any(|shown| shown == lost), "{}", ran.stdout);
    assert_eq!(owner.items(&["member", "list"]).len(), 3, "members go only where they are listed");
    owner.json(&["project", "show", "Search"]);
}

#[test]
fn everything_that_is_wrong_is_told_with_path_and_line() {
    let (_platform, owner) = platform();
    let file =
        write(&owner, "wrong.yaml", "version: 1\ngruops: []\ngrants:\n  - member: 1\n    role: viewer\n");
    let told = owner.refused(&["apply", "-f", &file]);
    assert!(told.contains("line 2: gruops: unknown key"), "{told}");
    assert!(told.contains("line 4: grants[0].member: invalid type: integer"), "{told}");
    let content = "version: 1\nroles:\n  - name: Reader\n    level: account\n    permissions: [read:nothing]\n\
                   groups:\n  - name: A\n    members: ['group:B']\n  - name: B\n    members: ['group:A']\n\
                   grants:\n  - member: nobody@example.com\n    role: viewer\n    scope: {project: Nowhere}\n";
    let file = write(&owner, "wrong.yaml", content);
    let told = owner.refused(&["apply", "-f", &file]);
    for line in [
        "line 5: roles[0].permissions[0]: there is no permission `read:nothing`",
        "groups would be in each other: A > B > A",
        "line 12: grants[0].member: `nobody@example.com` is not a member of this account",
        "line 14: grants[0].scope.project: there is no project `Nowhere` in this account",
        "hint: correct these places; nothing was changed",
    ] {
        assert!(told.contains(line), "{line} in\n{told}");
    }
    let later = write(&owner, "later.yaml", "version: 2\n");
    assert!(owner.refused(&["apply", "-f", &later]).contains("reads version 1 only"));
    assert!(owner.refused(&["apply", "-f", "/nowhere/access.yaml"]).contains("cannot read"));
    let many = write(&owner, "many.yaml", &"x".repeat(1024 * 1024 + 1));
    assert!(owner.refused(&["apply", "-f", &many]).contains("more than 1048576 bytes"));
}

#[test]
fn a_member_gives_by_a_file_no_more_than_they_hold() {
    let platform = Platform::start("qdrant-cloud");
    let owner = platform.owner();
    let admin = platform.join(&owner, ADA, &["--role", "admin"]);
    let content =
        "version: 1\nroles:\n  - name: Deleters\n    level: account\n    permissions: [delete:account]\n";
    let file = write(&admin, "access.yaml", content);
    let told = admin.refused(&["apply", "-f", &file]);
    assert!(told.contains("line 3: roles[0]: you cannot give what you do not hold"), "{told}");
}

#[test]
fn a_policy_of_casbin_is_applied() {
    let (_platform, owner) = platform();
    let file = write(&owner, "policy.csv", &examples("csv")[0]);
    let model = "[request_definition]\nr = sub, obj, act\n[role_definition]\ng = _, _\n[matchers]\nm = g(r.sub, p.sub)\n";
    let model = write(&owner, "model.conf", model);
    let printed = owner.run(&["import", "casbin", &file, "--model", &model, "--print", "--invite"]);
    assert!(printed.stdout.contains("- name: editor\n"), "{printed:?}");
    assert!(printed.stdout.contains("  - email: grace@example.com\n"), "{printed:?}");
    let told = owner.refused(&["import", "casbin", &file]);
    assert!(told.contains("`grace@example.com` is not a member of this account"), "{told}");
    owner.json(&["import", "casbin", &file, "--invite"]);
    assert_eq!(owner.run(&["check", ADA, "read:clusters", "cluster:c-17"]).code, 0);
    assert_eq!(owner.run(&["check", ADA, "write:clusters", "cluster:c-17"]).code, 1);
    let again = owner.json(&["import", "casbin", &file, "--invite"]);
    assert_eq!(again["steps"].as_array().unwrap().len(), 0, "{again}");
    // A line without a counterpart holds everything up, unless it is left out.
    let other = write(&owner, "other.csv", "p, reader, boat, read\np, guest, cluster, read\n");
    let told = owner.refused(&["import", "casbin", &other]);
    assert!(told.contains("line 1: `read` on `boat` is no permission here"), "{told}");
    assert_eq!(owner.items(&["group", "list", "--q", "guest"]).len(), 0);
    owner.json(&["import", "casbin", &other, "--skip-unmapped"]);
    assert_eq!(owner.items(&["group", "list", "--q", "guest"]).len(), 1);
}

#[test]
fn tuples_of_openfga_are_applied() {
    let (_platform, owner) = platform();
    owner.json(&["project", "create", "Search"]);
    owner.json(&["role", "create", "Cluster reader", "--level", "resource", "--permission", "read:clusters"]);
    let file = write(&owner, "tuples.json", &examples("json")[0]);
    let told = owner.refused(&["import", "openfga", &file, "--role", "viewer=Cluster reader"]);
    assert!(told.contains("line 4: no role is named for `editor`"), "{told}");
    let roles = ["--role", "viewer=Cluster reader", "--role", "project#editor=project_admin"];
    owner.json(&[&["import", "openfga", &file], &roles[..]].concat());
    assert_eq!(owner.run(&["check", ADA, "read:clusters", "cluster:c-17"]).code, 0);
    assert_eq!(texts(&owner.items(&["group", "members", "search-team"]), "email"), [ADA]);
}

#[test]
fn a_table_of_people_is_applied() {
    let (_platform, owner) = platform();
    owner.json(&["role", "create", "Cluster reader", "--level", "resource", "--permission", "read:clusters"]);
    let file = write(&owner, "people.csv", &examples("csv")[1]);
    let plan = owner.run(&["import", "people", &file, "--dry-run"]);
    assert!(plan.stdout.contains("+ invitation alan@example.com"), "{plan:?}");
    owner.json(&["import", "people", &file]);
    assert_eq!(owner.run(&["check", ADA, "read:clusters", "cluster:c-17"]).code, 0);
    assert_eq!(
        texts(&owner.items(&["invitation", "list", "--status", "pending"]), "email"),
        ["alan@example.com"]
    );
    let wrong = write(&owner, "wrong.csv", "email,role\nada,viewer\n");
    assert!(owner.refused(&["import", "people", &wrong]).contains("line 2: `ada` is not an email address"));
}

#[test]
fn invitations_from_a_table_go_on_after_a_failure_and_can_be_sent_again() {
    let (_platform, owner) = platform();
    let table = "email,role,scope,until\n\
                 grace@example.com,viewer,,\n\
                 ada@example.com,viewer,,\n\
                 alan@example.com,no such role,,\n\
                 nobody,viewer,,\n\
                 edsger@example.com,,,\n\
                 grace@example.com,project_admin,project:default,2027-01-31T12:00:00Z\n";
    let file = write(&owner, "people.csv", table);
    let results = |ran: &Value| -> Vec<(u64, String)> {
        let rows = ran["rows"].as_array().unwrap();
        rows.iter().map(|row| (row["line"].as_u64().unwrap(), text(row, "result").to_owned())).collect()
    };
    let expected = |named: [&str; 6]| -> Vec<(u64, String)> { (2..).zip(named.map(str::to_owned)).collect() };
    let json = |flags: &[&str]| {
        let ran = owner.run(&[&["invite", "--csv", &file, "--json"], flags].concat());
        assert_eq!(ran.code, 1, "{ran:?}");
        serde_json::from_str::<Value>(&ran.stdout).unwrap()
    };
    let first = ["invited", "granted", "failed", "failed", "invited", "invited"];
    let dry = json(&["--dry-run"]);
    assert_eq!(results(&dry), expected(first), "{dry:#}");
    assert_eq!(owner.items(&["invitation", "list", "--status", "pending"]).len(), 0);
    let done = json(&[]);
    assert_eq!(results(&done), expected(first), "{done:#}");
    assert_eq!((&done["invited"], &done["failed"]), (&3.into(), &2.into()));
    let invitation = owner.json(&["invitation", "show", GRACE]);
    assert_eq!(
        invitation["grants"].as_array().unwrap().len(),
        2,
        "both rows are one invitation: {invitation}"
    );
    let again = json(&[]);
    assert_eq!(
        results(&again),
        expected(["unchanged", "unchanged", "failed", "failed", "unchanged", "unchanged"]),
        "{again:#}"
    );
    let table = owner.run(&["invite", "--csv", &file]);
    assert!(table.stdout.contains("an invitation is waiting") && table.stderr.is_empty(), "{table:?}");
    // Nothing but the table is named.
    assert_eq!(owner.run(&["invite", "--csv", &file, GRACE]).code, 2);
    let unknown = write(&owner, "unknown.csv", "mail\nada@example.com\n");
    assert!(owner.refused(&["invite", "--csv", &unknown]).contains("there is no column `mail`"));
    let right = write(&owner, "right.csv", "email\nbarbara@example.com\n");
    assert_eq!(owner.run(&["invite", "--csv", &right]).code, 0);
}

#[test]
fn a_mistake_in_a_policy_is_told_with_its_place_in_the_file() {
    let (_platform, owner) = platform();
    let text = "version: 1\npolicies:\n  - name: Night\n    text: |\n      forbid (\n        principal,\n        \
                acton,\n        resource\n      );\n  - {name: Day, text: 'forbid(principal, acton, resource);'}\n";
    let file = write(&owner, "access.yaml", text);
    let said = owner.refused(&["apply", "-f", &file]);
    assert!(said.contains("line 7: policies[0].text: column 9: "), "{said}");
    assert!(said.contains("line 10: policies[1].text: line 1, column 19: "), "{said}");
    let right = text.replace("acton", "action == Action::\"delete:roles\"");
    let file = write(&owner, "access.yaml", &right);
    let dry = owner.run(&["apply", "-f", &file, "--dry-run"]);
    assert!(
        dry.stdout.contains("  + policy Night") && dry.stdout.contains("text: as in the file"),
        "{dry:?}"
    );
    assert!(dry.stdout.contains("policies counted"), "{dry:?}");
    owner.json(&["apply", "-f", &file]);
    let exported = owner.run(&["export"]).stdout;
    assert!(exported.contains("    text: |\n      forbid (\n        principal,\n"), "{exported}");
    let again = write(&owner, "again.yaml", &exported);
    let plan = owner.json(&["apply", "-f", &again, "--prune"]);
    assert_eq!(plan["steps"].as_array().unwrap().len(), 0, "{plan}");
}
