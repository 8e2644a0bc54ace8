//! Mail through a real SMTP server: Python's `aiosmtpd`, started for each test.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use bailiwick_server::config::{Config, MailSettings, MailTls, MailTransport};
use bailiwick_server::delivery::request::{Invitation, MailRequest};
use bailiwick_server::delivery::smtp::SmtpMailer;
use bailiwick_server::delivery::{Mailer as _, Persistence, mailer};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;

use crate::delivery::{invitation, mail};

const LOGIN: &str = "access:velvet octopus";

/// A running server; it stops when this is dropped, because its standard input then ends.
struct Server {
    process: Child,
    output: BufReader<ChildStdout>,
    port: u16,
}

impl Server {
    fn start(python: &Path, arguments: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/smtp_server.py");
        let mut process = Command::new(python)
            .arg(script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        Self { process, output, port: line.trim().parse().expect("the server prints its port") }
    }

    /// The next message that it received.
    fn received(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn settings(&self, tls: MailTls) -> MailSettings {
        let mut settings = Config::default().mail;
        settings.transport = MailTransport::Smtp;
        settings.host = Some("localhost".to_owned());
        settings.port = Some(self.port);
        settings.tls = tls;
        settings.from = crate::delivery::from();
        settings
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// The interpreter that has `aiosmtpd`. Without one the test is left out, except in CI, where it must not be.
fn python() -> Option<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/smtp_environment.sh");
    let output = Command::new("sh").arg(script).arg(env!("CARGO_TARGET_TMPDIR")).output().unwrap();
    if output.status.success() {
        return Some(PathBuf::from(String::from_utf8(output.stdout).unwrap().trim()));
    }
    let reason = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "the SMTP tests need python3 with venv and pip, and the packages of tests/support/requirements.txt:\n{reason}"
    );
    eprintln!("left out: there is no python3 with venv and pip, or no aiosmtpd:\n{reason}");
    None
}

/// A certificate authority, and a certificate that it issued for `localhost`, as files.
struct Certificates {
    folder: TempDir,
}

impl Certificates {
    fn new() -> Self {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["localhost".to_owned()])
            .unwrap()
            .signed_by(&key, &authority)
            .unwrap();
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("authority.pem"), authority.pem()).unwrap();
        std::fs::write(folder.path().join("certificate.pem"), leaf.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), key.serialize_pem()).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn serve(&self, python: &Path, tls: &str, more: &[&str]) -> Server {
        let (certificate, key) = (self.path("certificate.pem"), self.path("key.pem"));
        let mut arguments = vec![
            "--tls",
            tls,
            "--certificate",
            certificate.to_str().unwrap(),
            "--key",
            key.to_str().unwrap(),
        ];
        arguments.extend(more);
        Server::start(python, &arguments)
    }
}

fn request(to: &str) -> MailRequest {
    MailRequest::Invitation(Invitation { to: to.to_owned(), ..invitation() })
}

#[tokio::test]
async fn a_plain_server_on_this_machine_receives_the_mail() {
    let Some(python) = python() else { return };
    let mut server = Server::start(&python, &[]);
    let mailer = SmtpMailer::new(&server.settings(MailTls::None)).unwrap();
    mailer.send(&mail(&request("nora@example.org"))).await.unwrap();
    let received = server.received();
    assert_eq!(received["from"], "access@example.com");
    assert_eq!(received["to"], serde_json::json!(["nora@example.org"]));
    assert_eq!(received["tls"], false);
    let data = received["data"].as_str().unwrap();
    assert!(data.contains("Message-ID: <00000000000000000000000000000007@example.com>"), "{data}");
    // Quoted-printable breaks lines and writes `=` as `=3D`.
    let decoded = data.replace("=\r\n", "").replace("=3D", "=");
    assert!(decoded.contains(crate::delivery::LINK), "{decoded}");

    // The second mail goes over the connection that was kept.
    mailer.send(&mail(&request("second@example.org"))).await.unwrap();
    assert_eq!(server.received()["to"], serde_json::json!(["second@example.org"]));
}

#[tokio::test]
async fn answers_tell_what_passes_from_what_does_not() {
    let Some(python) = python() else { return };
    let mut server = Server::start(&python, &[]);
    let mailer = SmtpMailer::new(&server.settings(MailTls::None)).unwrap();

    let refused = mailer.send(&mail(&request("reject@example.org"))).await.unwrap_err();
    assert_eq!(refused.persistence, Persistence::Permanent);
    assert!(refused.message.contains("no such mailbox"), "{refused}");

    let later = mailer.send(&mail(&request("later@example.org"))).await.unwrap_err();
    assert_eq!(later.persistence, Persistence::Transient);
    assert!(later.message.contains("try again later"), "{later}");

    mailer.send(&mail(&request("nora@example.org"))).await.unwrap();
    assert_eq!(server.received()["to"], serde_json::json!(["nora@example.org"]));
}

#[tokio::test]
async fn a_server_that_is_gone_is_tried_again() {
    let Some(python) = python() else { return };
    let server = Server::start(&python, &[]);
    let settings = server.settings(MailTls::None);
    drop(server);
    let error =
        SmtpMailer::new(&settings).unwrap().send(&mail(&request("nora@example.org"))).await.unwrap_err();
    assert_eq!(error.persistence, Persistence::Transient, "{error}");
}

#[tokio::test]
async fn starttls_and_sign_in_with_a_private_authority() {
    let Some(python) = python() else { return };
    let certificates = Certificates::new();
    let mut server = certificates.serve(&python, "starttls", &["--login", LOGIN]);
    let mut config = Config { mail: server.settings(MailTls::Starttls), ..Config::default() };
    config.mail.ca_file = Some(certificates.path("authority.pem"));
    config.mail.username = Some("access".to_owned());
    config.mail.password = Some(SecretString::from("velvet octopus"));
    mailer(&config).unwrap().send(&mail(&request("nora@example.org"))).await.unwrap();
    let received = server.received();
    assert_eq!((&received["tls"], &received["authenticated"]), (&Value::Bool(true), &Value::Bool(true)));

    // A wrong password is the operator's mistake, and the mail must survive it.
    config.mail.password = Some(SecretString::from("wrong"));
    let error = mailer(&config).unwrap().send(&mail(&request("nora@example.org"))).await.unwrap_err();
    assert_eq!(error.persistence, Persistence::Transient, "{error}");
    assert!(!error.message.contains("wrong"), "{error}");
}

#[tokio::test]
async fn tls_from_the_first_byte() {
    let Some(python) = python() else { return };
    let certificates = Certificates::new();
    let mut server = certificates.serve(&python, "implicit", &[]);
    let mut settings = server.settings(MailTls::Implicit);
    settings.ca_file = Some(certificates.path("authority.pem"));
    SmtpMailer::new(&settings).unwrap().send(&mail(&request("nora@example.org"))).await.unwrap();
    assert_eq!(server.received()["to"], serde_json::json!(["nora@example.org"]));
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_that_cannot_be_trusted() {
    let Some(python) = python() else { return };
    let certificates = Certificates::new();
    let server = certificates.serve(&python, "starttls", &[]);
    let send = async |settings: &MailSettings| {
        SmtpMailer::new(settings).unwrap().send(&mail(&request("nora@example.org"))).await.unwrap_err()
    };

    // The public authorities did not issue its certificate.
    let mut settings = server.settings(MailTls::Starttls);
    let error = send(&settings).await;
    assert!(error.message.contains("certificate"), "{error}");
    // Another private one did not either.
    let others = Certificates::new();
    settings.ca_file = Some(others.path("authority.pem"));
    assert!(send(&settings).await.message.contains("certificate"));
    // It is for another name.
    settings.ca_file = Some(certificates.path("authority.pem"));
    settings.host = Some("127.0.0.1".to_owned());
    assert!(send(&settings).await.message.contains("certificate"));

    // A server without STARTTLS gets nothing, rather than the mail in the clear.
    let plain = Server::start(&python, &[]);
    let error = send(&plain.settings(MailTls::Starttls)).await;
    assert_eq!(error.persistence, Persistence::Transient, "{error}");
    drop((server, plain));
}

#[tokio::test]
async fn an_unusable_authority_file_is_told_at_the_start() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("authority.pem");
    let mut config = Config::default();
    config.mail.transport = MailTransport::Smtp;
    config.mail.host = Some("localhost".to_owned());
    config.mail.ca_file = Some(path.clone());
    let error = mailer(&config).err().unwrap();
    assert!(error.message.contains("cannot be used as `mail.ca_file`"), "{error}");
    std::fs::write(&path, "no certificate").unwrap();
    assert!(mailer(&config).is_err());
}
