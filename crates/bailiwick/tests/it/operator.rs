//! What the people who run a deployment do on its machine: back it up, prove it, look after it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use bailiwick_store::DATABASE_FILE;
use serde_json::Value;

use crate::support::{Platform, Ran, binary, text};

/// Runs a command that needs no server.
fn run(home: &Path, args: &[&str]) -> Ran {
    Ran::from(&binary(home).args(args).output().unwrap())
}

#[test]
fn a_backup_is_made_while_the_server_writes_and_verifies() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    let home = platform.data.path();
    let data = home.to_str().unwrap();
    let enough = AtomicBool::new(false);
    let before = owner.items(&["project", "list"]).len();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut written = 0;
            while !enough.load(Ordering::Relaxed) {
                owner.json(&["project", "create", &format!("Project {written}")]);
                written += 1;
            }
            written
        });
        for number in 0..5 {
            let file = format!("backup-{number}.sqlite3");
            let ran = run(home, &["backup", "--data", data, &file]);
            assert_eq!((ran.code, ran.stdout.trim()), (0, file.as_str()), "{ran:?}");
            assert_eq!(fs::metadata(home.join(&file)).unwrap().permissions().mode() & 0o077, 0);
            let verified = run(home, &["verify", &file, "--json"]).json();
            assert_eq!((&verified["sound"], &verified["accounts"]), (&true.into(), &1.into()), "{verified}");
            // Nothing is ever written over.
            run(home, &["backup", "--data", data, &file]).refused(1);
        }
        enough.store(true, Ordering::Relaxed);
        let written: usize = writer.join().unwrap();
        assert!(written > 0, "the server wrote meanwhile");
        assert_eq!(owner.items(&["project", "list"]).len(), before + written);
    });
    let serving = run(home, &["verify", "--data", data]);
    assert_eq!(serving.code, 0, "{serving:?}");
}

/// A sound database with a project called `Search`.
fn backup_with_a_project() -> (Platform, std::path::PathBuf) {
    let platform = Platform::start("bailiwick");
    platform.owner().json(&["project", "create", "Search"]);
    let home = platform.data.path();
    let ran = run(home, &["backup", "--data", home.to_str().unwrap(), "sound.sqlite3"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let sound = home.join("sound.sqlite3");
    (platform, sound)
}

#[test]
fn verify_names_what_was_changed_behind_the_servers_back() {
    let (platform, sound) = backup_with_a_project();
    let changes = [
        (
            "a row's body",
            "update entities set body = replace(body, 'Search', 'Sxarch') where kind = 'project'",
            "differs",
        ),
        ("an event's body", "update events set body = replace(body, 'Search', 'Sxarch')", "differs"),
        ("a row's revision", "update entities set revision = 1 where body like '%Search%'", "differs"),
        ("a row gone", "delete from entities where body like '%Search%'", "has events but no row"),
        (
            "a row added",
            "insert into entities select account_id, kind, 'prj_00000000000070008000000000000000', revision, body \
             from entities where body like '%Search%'",
            "has a row but no events",
        ),
        ("an event gone", "delete from events where body like '%Search%'", "without a gap"),
        (
            "an event that is none",
            "update events set body = 'x' || body where body like '%Search%'",
            "cannot be read",
        ),
        ("an account's revision", "update accounts set revision = revision + 1", "without a gap"),
    ];
    for (what, change, expected) in changes {
        let copy = sound.with_file_name("changed.sqlite3");
        fs::copy(&sound, &copy).unwrap();
        let db = rusqlite::Connection::open(&copy).unwrap();
        assert!(db.execute(change, []).unwrap() > 0, "{what}");
        db.close().unwrap();
        let ran = run(platform.data.path(), &["verify", "changed.sqlite3"]);
        assert_eq!(ran.code, 1, "{what}: {ran:?}");
        assert!(ran.stdout.contains(expected), "{what}: {ran:?}");
        assert!(ran.stderr.contains("hint: "), "{what}: {ran:?}");
        let json = run(platform.data.path(), &["verify", "changed.sqlite3", "--json"]);
        let json: Value = serde_json::from_str(&json.stdout).unwrap();
        assert_eq!(json["sound"], false, "{what}: {json}");
    }
}

#[test]
fn verify_finds_a_flipped_byte_of_the_file_and_names_what_is_no_database() {
    let (platform, sound) = backup_with_a_project();
    let bytes = fs::read(&sound).unwrap();
    let places: Vec<usize> =
        bytes.windows(6).enumerate().filter(|(_, six)| six == b"Search").map(|(at, _)| at).collect();
    assert!(places.len() >= 2, "in a row and in an event: {places:?}");
    for place in places {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        fs::write(sound.with_file_name("flipped.sqlite3"), damaged).unwrap();
        let ran = run(platform.data.path(), &["verify", "flipped.sqlite3"]);
        assert_eq!(ran.code, 1, "byte {place}: {ran:?}");
    }
    fs::write(sound.with_file_name("text.sqlite3"), "not a database, but long enough to be one ".repeat(99))
        .unwrap();
    run(platform.data.path(), &["verify", "text.sqlite3"]).refused(1);
    run(platform.data.path(), &["verify", "absent.sqlite3"]).refused(1);
}

/// Every file below a directory with its content and when it was changed, but for the index of the log: each process that
/// reads the database keeps its marks in there, and it is made anew when it is missing.
fn everything(directory: &Path) -> BTreeMap<std::path::PathBuf, (Vec<u8>, SystemTime)> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(everything(&path));
        } else if !path.to_string_lossy().ends_with("-shm") {
            let changed = fs::metadata(&path).unwrap().modified().unwrap();
            files.insert(path.clone(), (fs::read(&path).unwrap(), changed));
        }
    }
    files
}

/// How doctor found something.
fn state<'a>(report: &'a Value, what: &str) -> &'a str {
    let findings = report["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["what"] == what);
    text(finding.unwrap_or_else(|| panic!("nothing about {what}: {report}")), "state")
}

#[test]
fn doctor_looks_at_everything_and_changes_nothing() {
    let mut platform = Platform::start("bailiwick");
    platform.owner().json(&["project", "create", "Search"]);
    let data = platform.data.path().to_owned();
    let home = tempfile::tempdir().unwrap();
    let doctor = || run(home.path(), &["doctor", "--data", data.to_str().unwrap(), "--json"]);
    let served = doctor().json();
    let looked_at = [
        "configuration",
        "catalog",
        "address",
        "mail",
        "directory",
        "files",
        "disk",
        "server",
        "clock",
        "database",
        "log",
        "outbox",
        "integrity",
    ];
    for what in looked_at {
        assert_ne!(state(&served, what), "broken", "{served}");
    }
    assert_eq!((state(&served, "mail"), state(&served, "integrity")), ("look", "well"), "{served}");

    platform.stop();
    let before = everything(&data);
    doctor().json();
    let ran = run(home.path(), &["verify", "--data", data.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let after = everything(&data);
    assert!(before == after, "{:?} became {:?}", before.keys(), after.keys());

    // What is worth a look comes with what to do; nothing is broken yet.
    fs::set_permissions(data.join(DATABASE_FILE), fs::Permissions::from_mode(0o644)).unwrap();
    let ran = run(home.path(), &["doctor", "--data", data.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("LOOK    files") && ran.stdout.contains("hint: run `chmod 600"), "{ran:?}");

    fs::write(data.join(DATABASE_FILE), "no database").unwrap();
    let ran = run(home.path(), &["doctor", "--data", data.to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("BROKEN  database"), "{ran:?}");
}

#[test]
fn bootstrap_and_doctor_know_where_the_running_server_is() {
    let platform = Platform::start("bailiwick");
    let data = platform.data.path().to_str().unwrap();
    let home = tempfile::tempdir().unwrap();
    let args = ["bootstrap", "--data", data, "--email", "ann@example.com", "--account", "Second", "--json"];
    let made = run(home.path(), &args).json();
    assert!(text(&made, "sign_in_link").starts_with(platform.url()), "{made}");
    let report = run(home.path(), &["doctor", "--data", data, "--json"]).json();
    let findings = report["findings"].as_array().unwrap();
    for what in ["address", "server"] {
        let finding = findings.iter().find(|finding| finding["what"] == what).unwrap();
        assert!(text(finding, "detail").contains(platform.url()), "{finding}");
    }
}

/// In this catalog the role with most permissions is the one that every member has, which is granted to nobody.
#[test]
fn bootstrap_makes_a_machine_with_a_role_that_can_be_granted() {
    let home = tempfile::tempdir().unwrap();
    let catalog = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/authzen-certification/catalog.toml");
    let data = home.path().join("data");
    let args = ["--email", "ann@example.com", "--account", "First", "--catalog", catalog, "--json"];
    let made = run(home.path(), &[&["bootstrap", "--data", data.to_str().unwrap()][..], &args].concat());
    let made = made.json();
    assert!(text(&made, "management_key").starts_with("bwk_"), "{made}");
}
