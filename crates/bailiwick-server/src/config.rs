//! What an operator can set: one tree of plain values, read once at start.
//!
//! Sources, each overriding the one before: the defaults, a TOML file, `BAILIWICK_…` variables, flags. Every
//! key is described once, in [`keys`]; the parser, the error messages and `docs/reference/configuration.md`
//! follow from it. An unknown key is an error, because a setting that is silently ignored is worse than a
//! server that does not start.

pub mod duration;
pub mod error;
pub mod file;
pub mod keys;
pub mod kind;
pub mod load;
pub mod network;
pub mod reference;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;
use secrecy::SecretString;

use self::network::TrustedProxies;

/// Everything that an operator can set. [`Config::load`] is the way to get one; `Default` is what an empty
/// configuration gives.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address that the server listens on.
    pub listen: SocketAddr,
    /// The origin by which people and programs reach the server, without a slash at its end; links in mails
    /// start with it.
    pub public_url: String,
    /// The directory of the database, of written mails and of the implicit `bailiwick.toml`.
    pub data: PathBuf,
    /// The catalog to serve.
    pub catalog: CatalogSource,
    /// The peers whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: TrustedProxies,
    /// How the server logs.
    pub log: LogSettings,
    /// The limits on requests.
    pub limits: LimitSettings,
    /// How mail leaves the server.
    pub mail: MailSettings,
    /// What a password must be and how it is hashed.
    pub password: PasswordSettings,
    /// How often somebody may try to sign in.
    pub sign_in: SignInSettings,
    /// How long sessions and links live.
    pub session: SessionSettings,
    /// Who may open accounts.
    pub accounts: AccountSettings,
    /// How many mails invitations send.
    pub invitations: InvitationSettings,
    /// Whether and where figures are served.
    pub metrics: MetricsSettings,
    /// How the server stops.
    pub shutdown: ShutdownSettings,
}

/// Where the catalog comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CatalogSource {
    /// One of the catalogs that ship with the binary, by its name.
    Shipped(String),
    /// A TOML file.
    File(PathBuf),
}

/// The `log.*` keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// Which events are logged: a level, or directives such as `info,bailiwick_server=debug`.
    pub level: String,
    /// How one event is written.
    pub format: LogFormat,
}

/// How one log event is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One line for people.
    Text,
    /// One JSON object for programs.
    Json,
}

/// The `limits.*` keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSettings {
    /// The greatest size of a request body in bytes.
    pub body_bytes: usize,
    /// How long a request may take before it is answered with 503.
    pub request_timeout: Duration,
    /// How deep arrays and objects of a JSON body may nest.
    pub json_depth: usize,
    /// How many items one bulk request may carry.
    pub bulk_items: usize,
    /// How many items one page of a list may hold.
    pub page_items: usize,
}

/// The `mail.*` keys.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// Which way mail leaves.
    pub transport: MailTransport,
    /// The SMTP server's name; present whenever `transport` is [`MailTransport::Smtp`].
    pub host: Option<String>,
    /// The SMTP server's port; [`MailSettings::smtp_port`] knows what its absence means.
    pub port: Option<u16>,
    /// How the connection to the SMTP server is protected.
    pub tls: MailTls,
    /// The name to sign in with at the SMTP server; without it there is no sign-in.
    pub username: Option<String>,
    /// The password that belongs to `username`, from `mail.password` or from the file of
    /// `mail.password_file`.
    pub password: Option<SecretString>,
    /// The file that `password` was read from.
    pub password_file: Option<PathBuf>,
    /// Who the mails come from.
    pub from: Mailbox,
    /// A PEM file of the certificate authorities to trust in place of the public ones.
    pub ca_file: Option<PathBuf>,
}

impl MailSettings {
    /// The port to connect to: the one that was set, or the one that is usual for the kind of protection
    /// (RFC 8314 section 3.3, RFC 6409 section 3.1).
    pub fn smtp_port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            MailTls::Implicit => 465,
            MailTls::Starttls => 587,
            MailTls::None => 25,
        })
    }
}

/// Which way mail leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTransport {
    /// Into files below the data directory, so that a first start needs no mail server.
    File,
    /// Through an SMTP server.
    Smtp,
}

/// How the connection to the SMTP server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// Plain first, then TLS by the `STARTTLS` command, which is demanded and never skipped (RFC 3207).
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// No protection; accepted for loopback hosts only.
    None,
}

/// The `password.*` keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordSettings {
    /// The memory of one argon2id hash in KiB.
    pub memory_kib: u32,
    /// The number of passes over that memory.
    pub iterations: u32,
    /// The number of lanes of one hash.
    pub parallelism: u32,
    /// How many hashes may be computed at once.
    pub max_concurrent: usize,
    /// How many requests may wait for their turn; more are answered with 503.
    pub max_waiting: usize,
    /// The fewest characters (Unicode code points) of a new password.
    pub min_length: usize,
}

/// The `sign_in.*` keys: two token buckets, one per email and address, one per address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInSettings {
    /// Attempts that may follow each other at once for one email from one address.
    pub email_attempts: u32,
    /// How long it takes until one more attempt for that email from that address is allowed.
    pub email_interval: Duration,
    /// Attempts that may follow each other at once from one address, whatever the email.
    pub address_attempts: u32,
    /// How long it takes until one more attempt from that address is allowed.
    pub address_interval: Duration,
}

/// The `session.*` keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionSettings {
    /// A session ends when it was not used for that long.
    pub idle: Duration,
    /// A session ends that long after the sign-in, used or not.
    pub absolute: Duration,
    /// How long a set-up, confirmation or sign-in link works. Invitations follow the catalog.
    pub link: Duration,
    /// How long a link to choose a new password works.
    pub password_reset: Duration,
}

/// The `accounts.*` keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountSettings {
    /// Whether any signed-in user may open an account, or only an operator.
    pub self_service: bool,
}

/// The `invitations.*` keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvitationSettings {
    /// An invitation is mailed at most once in that time.
    pub mail_interval: Duration,
    /// How many invitations of one account may be mailed at once, and after that in an hour.
    pub account_mails: u32,
}

/// The `metrics.*` keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricsSettings {
    /// Whether `/metrics` is served.
    pub enabled: bool,
    /// The address of a listener of its own; without it `/metrics` is served beside everything else.
    pub listen: Option<SocketAddr>,
}

/// The `shutdown.*` keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShutdownSettings {
    /// How long requests that are under way may go on after the signal to stop.
    pub grace: Duration,
}

impl Config {
    /// Whether people reach the server by HTTPS, so that cookies must be `Secure`.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}
