//! From one catalog to the next: what stands in the way is told at start, and renaming keeps what people hold.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::support::{Platform, Ran, Server, binary, text};

const GRACE: &str = "grace@example.com";

/// The example of the documentation.
const EXAMPLE: &str = include_str!("../../../../examples/managed-postgresql.toml");

fn write(dir: &Path, name: &str, text: &str) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// The next version: two roles, a permission and a resource type are called otherwise, and a role holds more.
fn next() -> String {
    let next = EXAMPLE
        .replace("name = \"dba\"", "name = \"administrator\"")
        .replace("project_creator = \"dba\"", "project_creator = \"administrator\"")
        .replace("name = \"developer\"", "name = \"engineer\"")
        .replace("connect:databases", "use:databases")
        .replace("\"instance\"", "\"server\"")
        .replace("instance.url", "server.url")
        .replace("name = \"on_call\"", "name = \"duty\"");
    assert!(!next.contains("\"dba\"") && next.contains("use:databases"));
    next
}

fn run(dir: &Path, args: &[&str]) -> Ran {
    Ran::from(&binary(dir).args(args).output().unwrap())
}

#[test]
fn a_fifth_cloud_works_from_its_file_alone() {
    let files = tempfile::tempdir().unwrap();
    let catalog = write(files.path(), "managed-postgresql.toml", EXAMPLE);
    let platform = Platform::start(catalog.to_str().unwrap());
    let owner = platform.owner();
    owner.json(&["project", "create", "Shop"]);
    let main = [
        "resource",
        "register",
        "instance",
        "main",
        "--project",
        "Shop",
        "--address",
        "https://main.db.example.com",
    ];
    owner.json(&main);
    owner.json(&["resource", "register", "database", "orders", "--parent", "main"]);
    let dba = platform.join(&owner, GRACE, &["--grant", "dba@project:Shop"]);
    platform.join(&dba, "alan@example.com", &["--grant", "developer@database:orders"]);
    assert_eq!(owner.run(&["check", "alan@example.com", "connect:databases", "database:orders"]).code, 0);
    assert_eq!(owner.run(&["check", "alan@example.com", "write:databases", "database:orders"]).code, 1);
    // An owner makes another one, without an offer; the last one stays.
    owner.json(&["member", "add-role", GRACE, "owner"]);
    dba.json(&["member", "remove-role", "owner@example.com", "owner"]);
    dba.refused(&["member", "remove-role", GRACE, "owner"]);
}

#[test]
fn what_the_next_catalog_does_not_name_keeps_it_from_being_served_until_it_is_renamed() {
    let files = tempfile::tempdir().unwrap();
    let old = write(files.path(), "old.toml", EXAMPLE);
    let new = write(files.path(), "new.toml", &next());
    let (old, new) = (old.to_str().unwrap(), new.to_str().unwrap());
    let mut platform = Platform::start(old);
    let owner = platform.owner();
    owner.json(&["project", "create", "Shop"]);
    owner.json(&["resource", "register", "instance", "main", "--project", "Shop"]);
    owner.json(&["resource", "register", "database", "orders", "--parent", "main"]);
    let grants = ["--grant", "dba@project:Shop", "--grant", "developer@all:instance"];
    platform.join(&owner, GRACE, &grants);
    owner.json(&["role", "create", "Connector", "--permission", "connect:databases"]);
    owner.json(&["member", "add-role", GRACE, "Connector"]);
    owner.json(&["invite", "eve@example.com", "--grant", "dba@project:Shop"]);
    platform.stop();
    let data = platform.data.path().to_owned();
    let dir = data.to_str().unwrap();

    // What differs, before anything is tried.
    let differences = run(files.path(), &["catalog", "diff", "old.toml", "new.toml", "--json"]).json();
    let differences = differences["items"].as_array().unwrap().clone();
    for expected in [
        json!({ "kind": "role", "name": "dba", "change": "removed", "detail": "" }),
        json!({ "kind": "role", "name": "engineer", "change": "added", "detail": "" }),
        json!({ "kind": "permission", "name": "connect:databases", "change": "removed", "detail": "" }),
        json!({ "kind": "group", "name": "on_call", "change": "removed", "detail": "" }),
    ] {
        assert!(differences.contains(&expected), "{expected} {differences:?}");
    }

    // Serving it is refused, and nothing has changed by that.
    let serve = ["serve", "--data", dir, "--listen", "127.0.0.1:0", "--catalog", new];
    let said = run(&data, &serve).refused(1);
    for word in [
        "1 account would lose something",
        "`dba`",
        "`connect:databases`",
        "of type `instance`",
        "`on_call`",
        "the invitation",
        "catalog migrate",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    drop(Server::start(&data, &["--catalog", old]));

    // Half of the renaming is refused whole, and so is one that leads nowhere.
    let migrate =
        ["catalog", "migrate", "--data", dir, "--catalog", new, "--rename", "role:dba=administrator"];
    let said = run(&data, &migrate).refused(1);
    assert!(said.contains("nothing was changed") && !said.contains("`dba`"), "{said}");
    let nowhere = ["catalog", "migrate", "--data", dir, "--catalog", new, "--rename", "role:dba=nobody"];
    run(&data, &nowhere).refused(2);

    let all = [
        "catalog",
        "migrate",
        "--data",
        dir,
        "--catalog",
        new,
        "--json",
        "--rename",
        "role:dba=administrator",
        "--rename",
        "role:developer=engineer",
        "--rename",
        "permission:connect:databases=use:databases",
        "--rename",
        "type:instance=server",
        "--rename",
        "group:on_call=duty",
    ];
    let renamed = run(&data, &all).json();
    assert_eq!(renamed["accounts"], 1, "{renamed}");
    // Events and rows agree, and the new catalog is served with all that was held.
    assert_eq!(run(&data, &["verify", "--data", dir, "--catalog", new]).code, 0);
    let server = Server::start(&data, &["--catalog", new]);
    let owner_at = |args: &[&str]| {
        let mut command = binary(&data);
        command
            .args(args)
            .args(["--url", &server.url])
            .env("BAILIWICK_TOKEN", platform.made("management_key"));
        Ran::from(&command.output().unwrap())
    };
    for (action, target) in
        [("use:databases", "account"), ("write:instances", "server:main"), ("read:metrics", "server:main")]
    {
        let ran = owner_at(&["check", GRACE, action, target]);
        assert_eq!(ran.code, 0, "{action} {target}: {ran:?}");
    }
    let invited = owner_at(&["invitation", "list", "--status", "pending", "--json"]).json();
    assert_eq!(text(&invited["items"][0]["grants"][0], "role"), "administrator", "{invited}");
    // The next start with the same file looks at nothing.
    drop(server);
    drop(Server::start(&data, &["--catalog", new]));
}

#[test]
fn a_catalog_is_not_migrated_under_a_running_server() {
    let platform = Platform::start("qdrant-cloud");
    let dir = platform.data.path().to_str().unwrap();
    let said = run(platform.data.path(), &["catalog", "migrate", "--data", dir, "--catalog", "bailiwick"])
        .refused(1);
    assert!(said.contains("already serves"), "{said}");
}

#[test]
fn a_catalog_file_is_shown_and_described() {
    let files = tempfile::tempdir().unwrap();
    write(files.path(), "mine.toml", EXAMPLE);
    assert_eq!(run(files.path(), &["catalog", "show", "mine.toml"]).stdout, EXAMPLE);
    assert!(run(files.path(), &["catalog", "show", "mine.toml", "--describe"]).stdout.contains("| `dba`"));
    let same = run(files.path(), &["catalog", "diff", "mine.toml", "mine.toml", "--json"]).json();
    assert_eq!(same["items"], json!([]));
    run(files.path(), &["catalog", "diff", "mine.toml", "nothing.toml"]).refused(1);
    run(files.path(), &["catalog", "show", "nothing"]).refused(1);
}
