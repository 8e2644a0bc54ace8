//! How the command line behaves: exit codes, output, files.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::support::{OWNER, PASSWORD, Person, Platform, Ran, binary, text};

#[test]
fn exit_codes_say_what_happened() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    assert_eq!(owner.run(&["check", OWNER, "delete:account", "account"]).code, 0);
    owner.run(&["member", "show", "nobody"]).refused(1);
    platform.stranger().run(&["whoami"]).refused(1);
    let wrong = platform.stranger().types(&["login", OWNER, "--password-stdin"], "another long password");
    wrong.refused(1);
    for usage in [
        &["member"][..],
        &["member", "shov"],
        &["check", OWNER, "read:clusters", "cluster"],
        &["grant", "create", OWNER, "admin", "--scope", "somewhere"],
        &["grant", "create", OWNER, "admin", "--until", "tomorrow"],
        &["member", "list", "--limit", "0"],
        &["member", "list", "--profile", "no such/profile"],
    ] {
        assert_eq!(owner.run(usage).code, 2, "{usage:?}");
    }
    // A port that nobody listens on.
    let said = owner.run(&["whoami", "--url", "http://127.0.0.1:1"]).refused(3);
    assert!(said.contains("cannot be reached"), "{said}");
}

#[test]
fn a_problem_is_told_with_its_fields_and_the_request() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    let said = owner.refused(&["invite", "grace@example.com", "not-an-address"]);
    assert!(said.starts_with("error: "), "{said}");
    assert!(said.contains("`not-an-address` is not") && said.contains("request: "), "{said}");
}

#[test]
fn a_command_line_that_makes_no_sense_gets_a_hint_too() {
    let home = tempfile::tempdir().unwrap();
    for (args, hint) in [
        (&["member", "shov"][..], "`bailiwick member --help`"),
        (&["member", "show"], "`bailiwick member show --help`"),
        (&["audit", "list", "--limit", "none"], "`bailiwick audit list --help`"),
        (&["frobnicate"], "`bailiwick --help`"),
        (&["bootstrap"], "`bailiwick bootstrap --help`"),
    ] {
        let said = Ran::from(&binary(home.path()).args(args).output().unwrap()).refused(2);
        assert!(said.lines().last().unwrap().contains(hint), "{said}");
    }
    // Without a command there is the whole help, and nothing on stdout all the same.
    let said = Ran::from(&binary(home.path()).output().unwrap()).refused(2);
    assert!(said.contains("service-account"), "{said}");
    let help = Ran::from(&binary(home.path()).args(["grant", "create", "--help"]).output().unwrap());
    assert_eq!((help.code, help.stderr.as_str()), (0, ""), "{help:?}");
    assert!(help.stdout.contains("Example:\n  bailiwick grant create"), "{help:?}");
}

/// The columns of a table, or the first column of a record.
fn columns(ran: &Ran) -> Vec<&str> {
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.stdout.lines().next().unwrap_or_default().split_whitespace().collect()
}

#[test]
fn tables_have_the_fields_of_json() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    owner.json(&["invite", "grace@example.com"]);
    owner.json(&["resource", "register", "cluster", "eu"]);
    owner.json(&["group", "create", "On call"]);
    for noun in
        ["member", "invitation", "role", "group", "grant", "project", "resource", "key", "service-account"]
    {
        let mut fields: Vec<String> = Vec::new();
        for item in owner.items(&[noun, "list"]) {
            fields.extend(item.as_object().unwrap().keys().cloned());
        }
        fields.sort();
        fields.dedup();
        let table = owner.run(&[noun, "list"]);
        let mut shown = columns(&table);
        shown.sort_unstable();
        assert_eq!(shown, fields, "{noun}");
    }
    let record = owner.json(&["member", "show", OWNER]);
    let table = owner.run(&["member", "show", OWNER]);
    let mut shown: Vec<&str> =
        table.stdout.lines().filter_map(|line| line.split_whitespace().next()).collect();
    shown.sort_unstable();
    let mut fields: Vec<&String> = record.as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(shown, fields);
}

#[test]
fn there_are_no_colours_in_a_pipe() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    for args in [&["check", OWNER, "delete:account", "account"][..], &["member", "show", "nobody"]] {
        let ran = owner.run(args);
        assert!(!ran.stdout.contains('\u{1b}') && !ran.stderr.contains('\u{1b}'), "{ran:?}");
    }
    assert!(owner.run(&["check", OWNER, "delete:account", "account"]).stderr.contains("allowed"));
}

#[test]
fn a_list_says_that_it_is_not_complete() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    let some = owner.json(&["role", "list", "--limit", "1"]);
    assert_eq!((some["items"].as_array().unwrap().len(), &some["complete"]), (1, &false.into()));
    let ran = owner.run(&["role", "list", "--limit", "1"]);
    assert!(ran.stderr.contains("there are more"), "{ran:?}");
}

fn credentials(person: &Person) -> std::path::PathBuf {
    person.home.path().join(".config/bailiwick/credentials.toml")
}

#[test]
fn credentials_are_for_their_owner_only() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    let path = credentials(&owner);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let config = fs::read_to_string(owner.home.path().join(".config/bailiwick/config.toml")).unwrap();
    assert!(config.contains(platform.url()) && !config.contains("token"), "{config}");

    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let said = owner.refused(&["whoami"]);
    assert!(said.contains("chmod 600"), "{said}");
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    owner.json(&["whoami"]);
}

/// A server that is not Bailiwick's: answers one request and gives what it was sent, in lower case.
fn eavesdropper() -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
        let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        stream
            .write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .unwrap();
        head.join("\n").to_lowercase()
    });
    (url, heard)
}

#[test]
fn a_credential_goes_to_its_own_server_only() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    let (url, heard) = eavesdropper();
    owner.run(&["whoami", "--url", &url]).refused(3);
    let heard = heard.join().unwrap();
    assert!(heard.starts_with("get /api/v1/me ") && !heard.contains("authorization"), "{heard}");

    // What the environment says is sent where the caller says.
    let (url, heard) = eavesdropper();
    owner.run_with("bws_mine", &["whoami", "--url", &url]).refused(3);
    assert!(heard.join().unwrap().contains("authorization: bearer bws_mine"));
    assert_eq!(text(&owner.json(&["whoami"]), "email"), OWNER);
}

#[test]
fn signing_out_ends_the_session_and_forgets_it() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    let stored = fs::read_to_string(credentials(&owner)).unwrap();
    let token = stored.lines().find_map(|line| line.strip_prefix("token = ")).unwrap().trim_matches('"');
    owner.json(&["logout"]);
    assert!(!fs::read_to_string(credentials(&owner)).unwrap().contains(token));
    owner.run_with(token, &["whoami"]).refused(1);
    owner.refused(&["logout"]);

    let again = owner.types(&["login", OWNER, "--password-stdin", "--json"], PASSWORD).json();
    assert_eq!(text(&again, "email"), OWNER);
    owner.json(&["whoami"]);
}

#[test]
fn profiles_keep_servers_apart() {
    let platform = Platform::start("bailiwick");
    let person = platform.stranger();
    let key = platform.made("management_key");
    person.types(&["login", "--key-stdin", "--profile", "machine"], key);
    assert_eq!(text(&person.json(&["whoami", "--profile", "machine"]), "kind"), "service_account");
    person.run(&["whoami"]).refused(1);
    let without_url = binary(person.home.path()).args(["whoami", "--profile", "machine"]).output().unwrap();
    assert_eq!(without_url.status.code(), Some(0));
    let unknown = binary(person.home.path()).args(["whoami", "--profile", "absent"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn a_link_says_which_server_to_ask_unless_a_profile_does() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    owner.json(&["invite", "grace@example.com", "alan@example.com"]);
    let link_of = |email: &str| text(&owner.json(&["invitation", "link", email]), "link").to_owned();
    let home = tempfile::tempdir().unwrap();
    let accept = |link: &str| {
        let mut command = binary(home.path());
        command.args(["invitation", "accept", "--link", link, "--name", "Grace", "--password-stdin"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _ = writeln!(child.stdin.take().unwrap(), "{PASSWORD}");
        Ran::from(&child.wait_with_output().unwrap())
    };
    let accepted = accept(&link_of("grace@example.com"));
    assert_eq!(accepted.code, 0, "{accepted:?}");
    let me = Ran::from(&binary(home.path()).args(["whoami", "--json"]).output().unwrap()).json();
    assert_eq!((text(&me, "email"), text(&me, "url")), ("grace@example.com", platform.url()));

    // From now on the profile is that server's, and nothing typed for it goes elsewhere.
    let elsewhere = link_of("alan@example.com").replace(platform.url(), "http://127.0.0.1:1");
    let said = accept(&elsewhere).refused(2);
    assert!(said.contains("http://127.0.0.1:1") && said.contains("--profile"), "{said}");
}

#[test]
fn names_that_mean_two_things_are_refused() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    for project in ["One", "Two"] {
        owner.json(&["project", "create", project]);
        owner.json(&["resource", "register", "cluster", "search", "--project", project]);
    }
    let said = owner.refused(&["resource", "show", "search"]);
    assert!(said.contains("more than one"), "{said}");
}

#[test]
fn a_resource_is_of_the_type_that_was_named() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    let made = owner.json(&["resource", "register", "cluster", "search", "--external-id", "search-eu"]);
    let id = made["id"].as_str().unwrap();
    for scope in ["database:search-eu", "nonsense:search-eu", "database:search", &format!("database:{id}")] {
        owner.refused(&["invite", "grace@example.com", "--grant", &format!("cluster_read_only@{scope}")]);
    }
    owner.json(&["invite", "grace@example.com", "--grant", &format!("cluster_read_only@cluster:{id}")]);
}

#[test]
fn catalogs_are_checked_without_a_server() {
    let home = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| binary(home.path()).args(args).output().unwrap();
    let shown = run(&["catalog", "show", "qdrant-cloud"]);
    fs::write(home.path().join("right.toml"), &shown.stdout).unwrap();
    assert_eq!(run(&["catalog", "check", "right.toml"]).status.code(), Some(0));
    fs::write(home.path().join("wrong.toml"), "titel = \"Mine\"\n").unwrap();
    let wrong = run(&["catalog", "check", "right.toml", "wrong.toml"]);
    assert_eq!(wrong.status.code(), Some(1));
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert!(said.contains("wrong.toml:1:1") && said.contains("did you mean `title`?"), "{said}");
    let listed = run(&["catalog", "list", "--json"]);
    assert!(String::from_utf8(listed.stdout).unwrap().contains("\"qdrant-cloud\""));
}

#[test]
fn completions_are_written_for_each_shell() {
    let home = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let output = binary(home.path()).args(["completions", shell]).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8(output.stdout).unwrap().contains("service-account"), "{shell}");
    }
}

#[test]
fn an_explanation_speaks_in_names_and_is_no_failure() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    platform.join(&owner, "grace@example.com", &[]);
    owner.json(&["project", "create", "Search"]);
    owner.json(&["resource", "register", "cluster", "eu", "--project", "Search"]);
    owner.json(&["group", "create", "On call"]);
    owner.json(&["group", "add", "On call", "grace@example.com"]);
    owner.json(&["grant", "create", "On call", "cluster_read_only", "--scope", "all:cluster@project:Search"]);
    let yes = owner.run(&["explain", "grace@example.com", "read:clusters", "cluster:eu"]);
    assert_eq!(yes.code, 0, "{yes:?}");
    for name in ["on cluster eu", "all clusters in project Search", "On call"] {
        assert!(yes.stdout.contains(name), "{name}: {}", yes.stdout);
    }
    assert!(
        !["grp_", "prj_", "res_", "scope_words"].iter().any(|id| yes.stdout.contains(id)),
        "{}",
        yes.stdout
    );
    let json = owner.json(&["explain", "grace@example.com", "read:clusters", "cluster:eu"]);
    assert!(text(&json["paths"][0]["through"][0], "id").starts_with("grp_"), "{json}");
    assert!(text(&json["paths"][0]["scope"]["all_of"], "project").starts_with("prj_"), "{json}");

    let no = owner.run(&["explain", "grace@example.com", "write:clusters", "cluster:eu"]);
    assert_eq!((no.code, no.stdout.contains("may not")), (0, true), "{no:?}");
    let help = owner.run(&["explain", "--help"]);
    assert!(help.stdout.contains("exit code 0 once it is said, be it yes or no"), "{}", help.stdout);
}

#[test]
fn flags_of_the_connection_may_stand_before_the_command() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    let me = owner.run(&["--json", "--url", platform.url(), "whoami"]).json();
    assert_eq!(text(&me, "email"), OWNER);
    owner.run(&["--url", "http://127.0.0.1:1", "member", "list"]).refused(3);
    owner.run(&["--profile=no such/profile", "member", "list"]).refused(2);
    let said = owner.run(&["--json", "member", "shov"]).refused(2);
    assert!(said.contains("`bailiwick member --help`"), "{said}");
    owner.run(&["--profile", "x", "backup", "file"]).refused(2);
}

#[test]
fn an_export_that_cannot_be_written_is_not_asked_for() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    let path = owner.home.path().join("there.jsonl");
    fs::write(&path, "mine").unwrap();
    owner.refused(&["audit", "export", "--output", "there.jsonl"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    assert_eq!(owner.items(&["audit", "list", "--type", "events.exported"]).len(), 0);

    let today = "2026-01-01";
    assert_eq!(owner.run(&["audit", "export", "--from", today, "--output", "new.jsonl"]).code, 0);
    assert!(fs::metadata(owner.home.path().join("new.jsonl")).unwrap().len() > 0);
    assert!(owner.items(&["audit", "list", "--to", today]).is_empty());
    // What the server refuses leaves no file behind.
    platform.stranger().run(&["audit", "export", "--output", "refused.jsonl"]).refused(1);
    let stranger = platform.stranger();
    stranger
        .run_with("bws_nonsense", &["audit", "export", "--account", "acc_x", "--output", "refused.jsonl"])
        .refused(1);
    assert!(!stranger.home.path().join("refused.jsonl").exists());
}

#[test]
fn a_level_is_printed_as_it_is_written() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    let said = owner.refused(&["grant", "create", OWNER, "cluster_read_only"]);
    assert!(said.contains("at the level `resource`"), "{said}");
}

#[test]
fn a_name_that_somebody_else_goes_by_too_names_nobody() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    platform.join(&owner, "grace@example.com", &[]);
    owner.json(&["member", "set-external-id", "grace@example.com", "employee-17"]);
    owner.json(&["group", "create", "employee-17"]);
    let said = owner.refused(&["grant", "create", "employee-17", "admin"]);
    assert!(said.contains("`employee-17` can mean more than one principal"), "{said}");
    // Nor is an external id preferred to the name of another.
    owner.json(&["group", "create", "Editors"]);
    owner.json(&["group", "create", "Others", "--external-id", "Editors"]);
    let said = owner.refused(&["grant", "create", "Editors", "admin"]);
    assert!(said.contains("`Editors` can mean more than one group"), "{said}");
    let granted = owner.json(&["grant", "create", "Others", "viewer"]);
    assert_eq!(text(&granted["principal"], "name"), "Others", "{granted}");
}
