//! A real server in a directory of its own, and people who talk to it through the real binary.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_bailiwick");

/// A password that the rules take.
pub const PASSWORD: &str = "plum violin harbor sixteen";
/// The owner of the account that every test starts with.
pub const OWNER: &str = "owner@example.com";
/// The name of that account.
pub const ACCOUNT: &str = "Acme";

/// What a run of the binary led to.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code.
    pub code: i32,
    /// Its answer.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

impl Ran {
    /// Waits for it.
    pub fn from(output: &Output) -> Self {
        Self {
            code: output.status.code().expect("ended by a signal"),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// The answer, which must be JSON and a success.
    #[track_caller]
    pub fn json(self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The same, which must have been refused with this exit code, a hint at the end and nothing on stdout.
    #[track_caller]
    pub fn refused(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        let last = self.stderr.lines().last().unwrap_or_default().trim_start();
        assert!(last.starts_with("hint: "), "{self:?}");
        self.stderr
    }
}

/// The binary without anything of the environment that the tests run in.
pub fn binary(home: &Path) -> Command {
    let mut command = Command::new(BINARY);
    command.env_clear().env("HOME", home).current_dir(home).stdin(Stdio::null());
    command
}

/// A running server, which ends with its value.
pub struct Server {
    process: Child,
    /// Where it is.
    pub url: String,
}

impl Server {
    /// Starts one over a data directory, on a free port.
    pub fn start(data: &Path, flags: &[&str]) -> Self {
        Self::spawn(Self::command(data).args(flags))
    }

    /// What starts one, for more to be added.
    pub fn command(data: &Path) -> Command {
        let mut command = binary(data);
        command.args([
            "serve",
            "--data",
            data.to_str().unwrap(),
            "--listen",
            "127.0.0.1:0",
            "--log-level",
            "error",
        ]);
        // The least that argon2id is allowed here, and nobody is slowed down for signing in often.
        command.env("BAILIWICK_PASSWORD_MEMORY_KIB", "7168");
        command
            .env("BAILIWICK_SIGN_IN_ADDRESS_ATTEMPTS", "1000")
            .env("BAILIWICK_SIGN_IN_EMAIL_ATTEMPTS", "1000");
        command.env("BAILIWICK_ACCOUNTS_SELF_SERVICE", "true");
        command
    }

    /// Starts it; goes on once it has said where it is.
    pub fn spawn(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let url = lines.find_map(|line| Some(line[line.find("http://127.0.0.1:")?..].trim().to_owned()));
        let url = url.expect("the server says where it is");
        // Read to its end, so that the server is never kept from writing.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, url }
    }

    /// Ends it as a power cut would: it can do nothing about it.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A deployment that serves, with one account whose owner has signed in.
pub struct Platform {
    server: Server,
    /// Its data directory.
    pub data: TempDir,
    made: Value,
}

impl Platform {
    /// A deployment with this catalog.
    pub fn start(catalog: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let dir = data.path().to_str().unwrap();
        let bootstrap = [
            "bootstrap",
            "--data",
            dir,
            "--catalog",
            catalog,
            "--email",
            OWNER,
            "--account",
            ACCOUNT,
            "--json",
        ];
        let made = Ran::from(&binary(data.path()).args(bootstrap).output().unwrap()).json();
        let server = Server::start(data.path(), &["--catalog", catalog]);
        Self { server, data, made }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.server.url
    }

    /// Stops the server as if the power was cut, and leaves its data.
    pub fn stop(&mut self) {
        self.server.kill();
    }

    /// A field of what `bootstrap --json` printed.
    pub fn made(&self, field: &str) -> &str {
        self.made[field].as_str().unwrap_or_else(|| panic!("no `{field}` in {}", self.made))
    }

    /// Somebody who has not signed in.
    pub fn stranger(&self) -> Person {
        Person { home: tempfile::tempdir().unwrap(), url: self.server.url.clone() }
    }

    /// The owner, signed in by the link of `bootstrap`.
    pub fn owner(&self) -> Person {
        let owner = self.stranger();
        let link = self.made("sign_in_link");
        owner
            .types(&["login", "--link", link, "--name", "Olga", "--password-stdin", "--json"], PASSWORD)
            .json();
        owner
    }

    /// Somebody new who was invited by the owner and has accepted by the link.
    pub fn join(&self, owner: &Person, email: &str, flags: &[&str]) -> Person {
        owner.json(&[&["invite", email], flags].concat());
        self.accept(owner, email)
    }

    /// The invited person, who accepts by a link that the owner copies, which proves nothing about the email.
    pub fn accept(&self, owner: &Person, email: &str) -> Person {
        let link = owner.json(&["invitation", "link", email]);
        self.follow(text(&link, "link"))
    }

    /// Somebody new who was invited by the owner and has accepted by the mailed link, which proves that the email is theirs.
    pub fn join_by_mail(&self, owner: &Person, email: &str, flags: &[&str]) -> Person {
        owner.json(&[&["invite", email], flags].concat());
        self.follow(&self.mailed_link(owner, email))
    }

    /// Somebody new who accepts by a link.
    fn follow(&self, link: &str) -> Person {
        let person = self.stranger();
        let accept = ["invitation", "accept", "--link", link, "--name", "Newcomer", "--password-stdin"];
        let ran = person.types(&accept, PASSWORD);
        assert_eq!(ran.code, 0, "{ran:?}");
        person
    }

    /// The link in the newest mail to an address, once that has left the outbox.
    pub fn mailed_link(&self, owner: &Person, email: &str) -> String {
        let is_sent = || owner.items(&["delivery", "list"]).iter().all(|mail| text(mail, "to") != email);
        assert!((0..1000).any(|_| is_sent()), "the mail to {email} is not sent");
        let mails =
            std::fs::read_dir(self.data.path().join("mail")).unwrap().map(|mail| mail.unwrap().path());
        let mut mails: Vec<_> = mails.collect();
        // Their names begin with the time and end with an id that grows with it.
        mails.sort();
        let texts = mails.iter().rev().map(|mail| std::fs::read_to_string(mail).unwrap().replace('\r', ""));
        let mail = texts.into_iter().find(|mail| mail.contains(&format!("\nTo: {email}\n"))).unwrap();
        // Quoted-printable text breaks long lines by `=`.
        let mail = mail.replace("=\n", "");
        let link = mail.lines().find(|line| line.starts_with(self.url())).unwrap();
        link.to_owned()
    }
}

/// Somebody with a home directory, and so with a profile.
pub struct Person {
    /// The home directory.
    pub home: TempDir,
    url: String,
}

impl Person {
    /// Runs the binary as this person.
    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::from(&self.command(args).output().unwrap())
    }

    /// The same with a credential from the environment.
    pub fn run_with(&self, token: &str, args: &[&str]) -> Ran {
        Ran::from(&self.command(args).env("BAILIWICK_TOKEN", token).output().unwrap())
    }

    /// The same, and sends lines on stdin.
    pub fn types(&self, args: &[&str], lines: &str) -> Ran {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that is refused before it reads closes the pipe, which its exit code says better.
        let _ = writeln!(child.stdin.take().unwrap(), "{lines}");
        Ran::from(&child.wait_with_output().unwrap())
    }

    /// Runs it with `--json` and gives its answer.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Value {
        self.run(&[args, &["--json"]].concat()).json()
    }

    /// The items of a list.
    #[track_caller]
    pub fn items(&self, args: &[&str]) -> Vec<Value> {
        let list = self.json(args);
        assert_eq!(list["complete"], true, "{list}");
        list["items"].as_array().unwrap().clone()
    }

    /// Runs it; it must be refused with exit code 1.
    #[track_caller]
    pub fn refused(&self, args: &[&str]) -> String {
        self.run(args).refused(1)
    }

    /// The account-level roles of a member, in order.
    #[track_caller]
    pub fn roles_of(&self, member: &str) -> Vec<String> {
        let member = self.json(&["member", "show", member]);
        let mut roles: Vec<String> =
            member["roles"].as_array().unwrap().iter().map(|held| text(held, "role").to_owned()).collect();
        roles.sort();
        roles
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = binary(self.home.path());
        command.args(args).env("BAILIWICK_URL", &self.url);
        command
    }
}

/// A text in an answer.
#[track_caller]
pub fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no text `{field}` in {value}"))
}

/// The values of one field in a list.
#[track_caller]
pub fn texts<'a>(items: &'a [Value], field: &str) -> Vec<&'a str> {
    items.iter().map(|item| text(item, field)).collect()
}
