//! Mails as they are written, and the files they go into.

use std::path::Path;

use bailiwick_server::delivery::file::FileMailer;
use bailiwick_server::delivery::message::{Mail, render};
use bailiwick_server::delivery::request::{
    Action, Detail, EmailConfirmation, Invitation, MailRequest, Newcomer, Notice, OwnershipOffer, SecretLink,
};
use bailiwick_server::delivery::{Mailer as _, Persistence};
use jiff::Timestamp;
use lettre::message::Mailbox;
use uuid::Uuid;

pub const LINK: &str = "https://access.example.com/invitations/bwl_0123456789?from=mail&x=1";

pub fn at() -> Timestamp {
    "2026-11-21T11:21:43Z".parse().unwrap()
}

pub fn from() -> Mailbox {
    "Access <access@example.com>".parse().unwrap()
}

pub fn invitation() -> Invitation {
    Invitation {
        to: "nora@example.org".to_owned(),
        account_name: "Acme & Söhne <Test>".to_owned(),
        inviter_name: "Ina Björk".to_owned(),
        roles: vec!["Admin".to_owned(), "Reader".to_owned()],
        note: Some("Welcome!\n\nSee you on Monday.".to_owned()),
        details: vec![
            Detail { label: "Cluster".to_owned(), value: "https://c1.example.com:6333".to_owned() },
            Detail { label: "Region".to_owned(), value: "eu-central".to_owned() },
        ],
        newcomer: Newcomer::New,
        link: SecretLink::new(LINK),
        expires_at: Some("2026-11-23T10:00:00Z".parse().unwrap()),
    }
}

pub fn mail(request: &MailRequest) -> Mail {
    render(request, Uuid::from_u128(7), at()).unwrap()
}

fn raw(mail: &Mail) -> String {
    String::from_utf8(mail.to_message(&from()).unwrap().formatted()).unwrap()
}

/// The header lines, unfolded.
fn headers(raw: &str) -> Vec<String> {
    let (head, _) = raw.split_once("\r\n\r\n").unwrap();
    head.replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
}

#[test]
fn an_invitation_says_who_where_what_until_when_and_what_else() {
    let mail = mail(&MailRequest::Invitation(invitation()));
    assert_eq!(mail.subject, "Ina Björk invites you to Acme & Söhne <Test>");
    assert_eq!(
        mail.text,
        "Ina Björk invites you to Acme & Söhne <Test>\n\n\
         Ina Björk invites nora@example.org to the account Acme & Söhne <Test>.\n\n\
         Your roles would be: Admin, Reader.\n\n\
         > Welcome!\n\n> See you on Monday.\n\n\
         Cluster: https://c1.example.com:6333\nRegion: eu-central\n\n\
         Follow the link to choose a password and to accept or decline:\n\n\
         https://access.example.com/invitations/bwl_0123456789?from=mail&x=1\n\n\
         It works until Monday, 23 November 2026, 10:00 UTC.\n\n\
         If you do nothing, you do not become a member and the invitation lapses.\n\
         If you do not know Ina Björk, ignore this mail.\n\
         The link is meant for you alone: do not pass it on.\n"
    );
    for part in [
        "<strong>Ina Björk</strong>",
        "Acme &#38; Söhne &#60;Test&#62;",
        "Your roles would be: Admin, Reader.",
        "See you on Monday.",
        "href=\"https://access.example.com/invitations/bwl_0123456789?from=mail&#38;x=1\"",
        "choose a password",
        "Monday, 23 November 2026, 10:00 UTC",
        "the invitation lapses",
        "prefers-color-scheme: dark",
    ] {
        assert!(mail.html.contains(part), "{part} is missing in\n{}", mail.html);
    }
    for remote in ["<img", "<script", "@import", "url(", "<link"] {
        assert!(!mail.html.contains(remote), "{remote}");
    }
}

#[test]
fn a_known_person_is_asked_to_sign_in() {
    let bare = Invitation {
        newcomer: Newcomer::Known,
        roles: Vec::new(),
        note: None,
        details: Vec::new(),
        expires_at: None,
        ..invitation()
    };
    let mail = mail(&MailRequest::Invitation(bare));
    assert!(mail.text.contains("Follow the link to sign in and to accept or decline:"), "{}", mail.text);
    assert!(!mail.text.contains("It works until") && !mail.html.contains("It works until"), "{}", mail.text);
    assert!(!mail.text.contains("roles") && !mail.text.contains("\n\n\n"), "{}", mail.text);
}

#[test]
fn the_other_mails_say_what_follows() {
    let link = || SecretLink::new(LINK);
    let confirmation =
        EmailConfirmation { to: "nora@example.org".to_owned(), link: link(), expires_at: at() };
    let mail_ = mail(&MailRequest::EmailConfirmation(confirmation));
    assert_eq!(mail_.subject, "Confirm your email");
    assert!(
        mail_.text.contains(LINK) && mail_.text.contains("without the link nothing happens"),
        "{}",
        mail_.text
    );
    assert!(mail_.text.contains("It works until Saturday, 21 November 2026, 11:21 UTC."), "{}", mail_.text);

    let offer = OwnershipOffer {
        to: "nora@example.org".to_owned(),
        account_name: "Acme".to_owned(),
        owner_name: "Ina".to_owned(),
        link: link(),
        expires_at: None,
    };
    let mail_ = mail(&MailRequest::OwnershipOffer(offer));
    assert_eq!(mail_.subject, "Ina offers you the ownership of Acme");
    assert!(mail_.text.contains("Ina stays the owner") && !mail_.text.contains("until"), "{}", mail_.text);
    assert!(mail_.html.contains("View the offer"), "{}", mail_.html);

    let notice = Notice {
        to: "nora@example.org".to_owned(),
        subject: "Your password was changed".to_owned(),
        paragraphs: vec!["It was changed today.".to_owned(), "Was it not you?".to_owned()],
        action: Some(Action { label: "Sign in".to_owned(), link: link(), expires_at: None }),
    };
    let mail_ = mail(&MailRequest::Notice(notice));
    assert!(
        mail_.text.starts_with(
            "Your password was changed\n\nIt was changed today.\n\nWas it not you?\n\nSign in:\nhttps://"
        ),
        "{}",
        mail_.text
    );
    assert!(mail_.html.contains(">Sign in</a>"), "{}", mail_.html);
}

#[test]
fn a_message_has_the_headers_that_mail_programs_want() {
    let raw = raw(&mail(&MailRequest::Invitation(invitation())));
    let headers = headers(&raw);
    for expected in [
        "From: Access <access@example.com>",
        "To: nora@example.org",
        "Date: Sat, 21 Nov 2026 11:21:43 +0000",
        "Message-ID: <00000000000000000000000000000007@example.com>",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
    ] {
        assert!(headers.iter().any(|header| header == expected), "{expected} is missing in {headers:?}");
    }
    assert!(raw.contains("multipart/alternative"), "{raw}");
    assert!(raw.is_ascii(), "a server without 8BITMIME would refuse it");
    assert!(raw.lines().all(|line| line.len() <= 998), "RFC 5322 section 2.1.1");
}

#[test]
fn the_link_can_be_copied_out_of_the_file() {
    let plain = Invitation {
        account_name: "Acme".to_owned(),
        inviter_name: "Ina".to_owned(),
        link: SecretLink::new(format!("{LINK}{}", "x".repeat(80))),
        ..invitation()
    };
    let raw = raw(&mail(&MailRequest::Invitation(plain)));
    assert!(raw.contains(&format!("\r\n{LINK}{}\r\n", "x".repeat(80))), "{raw}");
    assert!(raw.contains("Content-Transfer-Encoding: 7bit"), "{raw}");
}

#[test]
fn no_name_gets_out_of_its_header() {
    let plain = headers(&raw(&mail(&MailRequest::Invitation(invitation())))).len();
    for name in [
        "Eve\r\nBcc: all@example.com",
        "Eve\nBcc: all@example.com\n\nHello",
        "Eve\r\n\r\n<h1>Hello</h1>",
        "Eve\u{2028}Bcc: all@example.com",
        "Eve\u{0}\u{8}\u{1b}[31m",
        "\u{202e}moc.elpmaxe@lla\u{2066}",
        "=?utf-8?q?=0D=0ABcc:_all@example.com?=",
        &"long ".repeat(100),
        "",
    ] {
        let hostile = Invitation {
            account_name: name.to_owned(),
            inviter_name: name.to_owned(),
            roles: vec![name.to_owned()],
            ..invitation()
        };
        let mail = mail(&MailRequest::Invitation(hostile));
        let raw = raw(&mail);
        let headers = headers(&raw);
        assert_eq!(headers.len(), plain, "{name:?} made {headers:?}");
        assert!(!headers.iter().any(|header| header.to_lowercase().starts_with("bcc")), "{headers:?}");
        assert!(
            !mail.subject.chars().any(|c| c.is_control() || "\u{202e}\u{2066}\u{2028}".contains(c)),
            "{mail:?}"
        );
        assert!(!mail.html.contains("<h1>Hello"), "{}", mail.html);
        assert!(!mail.text.contains(['\u{202e}', '\u{2066}', '\u{0}', '\u{1b}']), "{:?}", mail.text);
    }
}

#[test]
fn addresses_are_ones_that_can_be_written_to() {
    for (email, written) in [
        ("nora@example.org", "nora@example.org"),
        ("nora+tag@EXAMPLE.org", "nora+tag@example.org"),
        ("nora@bücher.example", "nora@xn--bcher-kva.example"),
        ("o'hara@example.org", "o'hara@example.org"),
    ] {
        let mail = mail(&MailRequest::Invitation(Invitation { to: email.to_owned(), ..invitation() }));
        assert_eq!(mail.to.as_ref() as &str, written);
    }
    for email in [
        "",
        "nora",
        "@example.org",
        "nora@",
        "nora@example.org\r\nRCPT TO:<all@example.com>",
        "nora@example.org, all@example.com",
        "Nora <nora@example.org>",
        "nora @example.org",
        "nora@[127.0.0.1]",
        "nora@127.0.0.1",
    ] {
        let request = MailRequest::Invitation(Invitation { to: email.to_owned(), ..invitation() });
        let error = render(&request, Uuid::nil(), at()).unwrap_err();
        assert_eq!(error.persistence, Persistence::Permanent, "{email}");
        assert!(email.is_empty() || !error.message.contains(email), "{error}");
    }
}

#[test]
fn only_web_addresses_are_linked() {
    for link in [
        "javascript:alert(1)",
        "https://x.example/\"onclick=",
        "https://x.example/\r\nX",
        "bwl_1",
        "data:text/html,x",
    ] {
        let request = MailRequest::Invitation(Invitation { link: SecretLink::new(link), ..invitation() });
        let error = render(&request, Uuid::nil(), at()).unwrap_err();
        assert_eq!(error.persistence, Persistence::Permanent, "{link}");
        assert!(!error.message.contains(link), "{error}");
    }
}

#[tokio::test]
async fn a_file_holds_the_mail_and_only_its_owner_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("data/mail");
    let mailer = FileMailer::new(directory.clone(), from());
    let mail = mail(&MailRequest::Invitation(invitation()));
    mailer.send(&mail).await.unwrap();
    mailer.send(&mail).await.unwrap();

    let names: Vec<_> =
        std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["20261121T112143Z-00000000000000000000000000000007.eml"]);
    let text = std::fs::read_to_string(mailer.path(&mail)).unwrap();
    assert!(text.contains("To: nora@example.org\r\n"), "{text}");
    assert_eq!((mode(&directory), mode(&mailer.path(&mail))), (0o700, 0o600));
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("mail");
    std::fs::write(&blocked, "a file where the directory should be").unwrap();
    let mail = mail(&MailRequest::Invitation(invitation()));
    let error = FileMailer::new(blocked, from()).send(&mail).await.unwrap_err();
    assert_eq!(error.persistence, Persistence::Transient);
    assert!(error.message.contains("could not be written"), "{error}");
}
