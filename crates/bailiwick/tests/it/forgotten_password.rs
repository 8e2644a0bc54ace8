//! A forgotten password on the command line: by mail, and by the operator where no mail arrives.

use std::fs;
use std::path::Path;

use crate::support::{OWNER, PASSWORD, Person, Platform, Ran, Server, binary, text};

const CHOSEN: &str = "ochre kettle nine marble";

fn operator(home: &Path, args: &[&str]) -> Ran {
    Ran::from(&binary(home).args(args).output().unwrap())
}

fn sign_in(person: &Person, password: &str) -> i32 {
    person.types(&["login", OWNER, "--password-stdin"], password).code
}

/// Follows a link to a new password.
fn choose(person: &Person, link: &str) -> Ran {
    person.types(&["login", "--link", link, "--password-stdin", "--json"], CHOSEN)
}

/// The link for a new password in a mail that was written to a file.
fn mailed(platform: &Platform) -> Option<String> {
    let mails = fs::read_dir(platform.data.path().join("mail")).ok()?.map(|mail| mail.unwrap().path());
    let mut texts = mails.filter_map(|mail| fs::read_to_string(mail).ok());
    let mail = texts.find(|mail| mail.contains("Subject: Choose a new password"))?;
    mail.replace('\r', "").lines().find(|line| line.starts_with(platform.url())).map(str::to_owned)
}

#[test]
fn a_link_is_mailed_and_followed() {
    let platform = Platform::start("bailiwick");
    let owner = platform.owner();
    let forgetful = platform.stranger();
    let said = forgetful.types(&["login", OWNER, "--password-stdin"], "another long password").refused(1);
    assert!(said.contains("`bailiwick login EMAIL --forgot`"), "{said}");
    for email in [OWNER, "nobody@example.com"] {
        let ran = forgetful.run(&["login", email, "--forgot"]);
        assert_eq!((ran.code, ran.stderr.contains("if an account uses this address")), (0, true), "{ran:?}");
    }
    let link = (0..1000).find_map(|_| {
        owner.json(&["whoami"]);
        mailed(&platform)
    });
    let link = link.expect("the mail is written");
    assert_eq!(text(&choose(&forgetful, &link).json(), "email"), OWNER);
    assert_eq!(text(&forgetful.json(&["whoami"]), "email"), OWNER);
    owner.refused(&["whoami"]);
    choose(&platform.stranger(), &link).refused(1);
    assert_eq!((sign_in(&owner, PASSWORD), sign_in(&owner, CHOSEN)), (1, 0));
    let types = owner.json(&["audit", "list", "--type", "password."]);
    let types: Vec<&str> = types["items"].as_array().unwrap().iter().map(|one| text(one, "type")).collect();
    assert_eq!(types, ["password.changed", "password.reset_link_made"]);
}

#[test]
fn the_operator_makes_a_link_with_and_without_a_server() {
    let mut platform = Platform::start("bailiwick");
    let owner = platform.owner();
    let data = platform.data.path().to_str().unwrap().to_owned();
    let home = tempfile::tempdir().unwrap();
    let reset = |flags: &[&str]| {
        operator(home.path(), &[&["reset-password", OWNER, "--data", &data, "--json"], flags].concat())
    };
    // The server chose its port itself, and the link leads there all the same.
    let beside = reset(&[]).json();
    let link = text(&beside, "reset_link");
    assert!(link.starts_with(&format!("{}/links/bwl_", platform.url())), "{beside}");
    let said = reset(&["--public-url", "https://access.example.com"]).json();
    assert!(text(&said, "reset_link").starts_with("https://access.example.com/links/"), "{said}");
    choose(&platform.stranger(), link).refused(1);
    operator(home.path(), &["reset-password", "nobody@example.com", "--data", &data]).refused(1);
    operator(home.path(), &["reset-password", "nobody", "--data", &data]).refused(2);
    let mistyped = home.path().join("mistyped");
    let said =
        operator(home.path(), &["reset-password", OWNER, "--data", mistyped.to_str().unwrap()]).refused(1);
    assert!(said.contains("there is no database") && !mistyped.exists(), "{said}");
    let events = owner.json(&["audit", "list", "--type", "password.reset_link_made"]);
    let made = &events["items"][0];
    assert_eq!((text(&made["actor"], "kind"), text(&made["details"], "by")), ("system", "operator"));

    platform.stop();
    let alone = reset(&[]).json();
    let server = Server::start(platform.data.path(), &[]);
    let person = platform.stranger();
    let token = text(&alone, "reset_link").rsplit('/').next().unwrap();
    let args = ["login", "--link", token, "--url", &server.url, "--password-stdin", "--json"];
    assert_eq!(text(&person.types(&args, CHOSEN).json(), "email"), OWNER);
    let shown = operator(home.path(), &["verify", "--data", &data]);
    assert_eq!(shown.code, 0, "{shown:?}");
}

#[test]
fn who_has_no_name_yet_is_asked_for_one() {
    let platform = Platform::start("bailiwick");
    let newcomer = platform.stranger();
    let said = choose(&newcomer, platform.made("sign_in_link")).refused(1);
    assert!(said.contains("what to call you") && said.contains("--name"), "{said}");
    // The link is not used up by that.
    platform.owner();
}
