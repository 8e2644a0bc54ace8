//! A full disk and one that became read-only are told plainly, harm nothing, and are over when the disk is well again.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{ACCOUNT, OWNER, Server, binary, text};

/// A small file system of its own, which only root can have.
struct SmallDisk {
    path: PathBuf,
    _parent: tempfile::TempDir,
}

impl SmallDisk {
    /// None without the right to mount, which is said aloud, and which CI does not accept.
    fn mount() -> Option<Self> {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("disk");
        std::fs::create_dir(&path).unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(&path).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self { path, _parent: parent });
        }
        let is_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        assert!(!is_ci, "mounting a tmpfs needs root, which CI must have");
        eprintln!("SKIPPED disk: mounting a tmpfs needs root");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}

/// A server, asked as the control plane would.
struct Served {
    server: Server,
    made: Value,
    data: PathBuf,
}

impl Served {
    /// Starts one with its data on this disk, and with more in its environment.
    fn start(disk: &Path, environment: &[(&str, &Path)]) -> Self {
        let data = disk.join("data");
        let dir = data.to_str().unwrap();
        let bootstrap = ["bootstrap", "--data", dir, "--email", OWNER, "--account", ACCOUNT, "--json"];
        let made = binary(disk).args(bootstrap).output().unwrap();
        let made = serde_json::from_slice(&made.stdout).unwrap();
        let server = Server::spawn(Server::command(&data).envs(environment.iter().copied()));
        Self { server, made, data }
    }

    fn curl(&self, method: &str, path: &str, body: Option<&Value>) -> (String, Value) {
        let mut command = Command::new("curl");
        command.args(["--silent", "--write-out", "\n%{http_code}", "--request", method]);
        command.args(["--header", &format!("authorization: Bearer {}", text(&self.made, "management_key"))]);
        if let Some(body) = body {
            command.args(["--header", "content-type: application/json", "--data", &body.to_string()]);
        }
        let url = format!("{}/api/v1/accounts/{}{path}", self.server.url, text(&self.made, "account"));
        let output = command.arg(url).output().unwrap();
        let answer = String::from_utf8(output.stdout).unwrap();
        let (body, status) = answer.rsplit_once('\n').unwrap();
        (status.to_owned(), serde_json::from_str(body).unwrap_or_default())
    }

    fn register(&self, name: &str) -> (String, Value) {
        let cluster = json!({ "type": "cluster", "name": name, "external_id": name });
        self.curl("POST", "/resources", Some(&cluster))
    }

    /// Whether a resource can be read.
    fn status_of(&self, name: &str) -> String {
        self.curl("GET", &format!("/resources/{name}"), None).0
    }

    /// A refusal that says what is wrong and what to do.
    #[track_caller]
    fn assert_unavailable(&self, (status, problem): &(String, Value), detail: &str) {
        assert_eq!(status, "503", "{problem}");
        assert_eq!(problem["status"], 503);
        assert!(text(problem, "detail").contains(detail), "{problem}");
        for field in ["code", "hint", "request_id"] {
            assert_ne!(text(problem, field), "", "{problem}");
        }
        assert_eq!(self.status_of("before"), "200", "reading goes on");
    }

    /// What was acknowledged is there, what was refused is not, and the record agrees with the state.
    #[track_caller]
    fn assert_kept(&self, written: &[String], refused: &str) {
        for name in written {
            assert_eq!(self.status_of(name), "200", "{name}");
        }
        assert_eq!(self.status_of(refused), "404", "{refused}");
        let dir = self.data.to_str().unwrap();
        let verified = binary(Path::new("/")).args(["verify", "--data", dir]).output().unwrap();
        assert!(verified.status.success(), "{verified:?}");
    }
}

/// Writes until nothing more fits.
fn fill(path: &Path) {
    let chunk = vec![0_u8; 64 << 10];
    let mut file = std::fs::File::create(path).unwrap();
    while std::io::Write::write_all(&mut file, &chunk).is_ok() {}
}

#[test]
fn a_full_disk_is_a_clear_503_and_passes() {
    let Some(disk) = SmallDisk::mount() else { return };
    let served = Served::start(&disk.path, &[]);
    let mut written = vec!["before".to_owned()];
    assert_eq!(served.register("before").0, "201");

    let ballast = disk.path.join("ballast");
    fill(&ballast);
    // The log may have room left for a few commits.
    let (name, answer) = (0..10_000)
        .find_map(|number| {
            let name = format!("during-{number}");
            let answer = served.register(&name);
            if answer.0 == "201" {
                written.push(name);
                return None;
            }
            Some((name, answer))
        })
        .expect("a full disk refuses at last");
    served.assert_unavailable(&answer, "the disk is full");

    std::fs::remove_file(&ballast).unwrap();
    assert_eq!(served.register("after").0, "201", "there is space again");
    written.push("after".to_owned());
    served.assert_kept(&written, &name);
}

#[test]
fn a_read_only_disk_is_a_clear_503_and_passes() {
    let disk = tempfile::tempdir().unwrap();
    let library = disk.path().join("read_only.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/read_only.c");
    // The compiler that builds SQLite.
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let built = Command::new(compiler).args(["-shared", "-fPIC", source, "-o"]).arg(&library).status();
    assert!(built.unwrap().success());
    let flag = disk.path().join("is-read-only");
    let served = Served::start(disk.path(), &[("LD_PRELOAD", &library), ("READ_ONLY_WHILE", &flag)]);
    assert_eq!(served.register("before").0, "201");

    std::fs::write(&flag, "").unwrap();
    served.assert_unavailable(&served.register("during"), "the disk");
    std::fs::remove_file(&flag).unwrap();
    assert_eq!(served.register("after").0, "201", "the disk can be written again");
    served.assert_kept(&["before".to_owned(), "after".to_owned()], "during");
}
