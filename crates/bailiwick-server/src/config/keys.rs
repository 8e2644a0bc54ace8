//! Every key, once: its name, kind, default and meaning.

use std::net::SocketAddr;
use std::thread::available_parallelism;
use std::time::Duration;

use lettre::message::Mailbox;
use tracing_subscriber::EnvFilter;
use url::Url;

use super::kind::Kind;
use super::network::{self, TrustedProxies};
use super::{LogFormat, MailTls, MailTransport};

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name in the file, tables separated by dots: `limits.body_bytes`.
    pub name: &'static str,
    /// What its value must be.
    pub kind: Kind,
    /// The value that it has if nobody sets it; empty if it then has none.
    pub default: &'static str,
    /// What it means, in sentences.
    pub meaning: &'static str,
}

impl Key {
    /// The environment variable that sets it: `BAILIWICK_LIMITS_BODY_BYTES`.
    pub fn variable(&self) -> String {
        format!("{VARIABLE_PREFIX}{}", self.name.replace('.', "_").to_ascii_uppercase())
    }
}

/// What the names of all environment variables start with.
pub const VARIABLE_PREFIX: &str = "BAILIWICK_";

/// The key of this name.
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// All keys in the order of the reference.
pub const KEYS: &[Key] = &[
    Key {
        name: "listen",
        kind: Kind::Text {
            form: "an IP address and a port",
            example: "127.0.0.1:8080",
            set: |config, text| {
                config.listen = text.parse().ok()?;
                Some(())
            },
        },
        default: "127.0.0.1:8080",
        meaning: "The address that the server listens on. It speaks HTTP; put a proxy that speaks HTTPS \
                  in front of it before anybody but this machine reaches it.",
    },
    Key {
        name: "public_url",
        kind: Kind::Text {
            form: "an `http` or `https` URL without a path",
            example: "https://access.example.com",
            set: |config, text| {
                config.public_url = origin(text)?;
                Some(())
            },
        },
        default: "",
        meaning: "How people and programs reach the server from outside. Links in mails start with it, \
                  and `https` makes cookies `Secure`. Unset, it is `http://` and the value of `listen`.",
    },
    Key {
        name: "data",
        kind: Kind::Path { set: |config, path| config.data = path },
        default: "./bailiwick-data",
        meaning: "The directory of the database and of written mails. If it holds a `bailiwick.toml` and \
                  no other file was named, that file is read.",
    },
    Key {
        name: "catalog",
        kind: Kind::Catalog { set: |config, catalog| config.catalog = catalog },
        default: "bailiwick",
        meaning: "The catalog to serve: the name of one that ships with the binary, or a file of your \
                  own.",
    },
    Key {
        name: "trusted_proxies",
        kind: Kind::Text {
            form: "a list of at most 64 networks",
            example: "10.0.0.0/8, ::1",
            set: |config, text| {
                config.trusted_proxies = proxies(text)?;
                Some(())
            },
        },
        default: "",
        meaning: "The reverse proxies in front of the server. `X-Forwarded-For` and `X-Forwarded-Proto` \
                  are believed if they come from one of them, and ignored otherwise.",
    },
    Key {
        name: "log.level",
        kind: Kind::Text {
            form: "a level or a list of directives",
            example: "info,bailiwick_server=debug",
            set: |config, text| {
                EnvFilter::try_new(text).ok().filter(|_| !text.trim().is_empty())?;
                text.clone_into(&mut config.log.level);
                Some(())
            },
        },
        default: "info",
        meaning: "What is logged, to standard error: `error`, `warn`, `info`, `debug` or `trace`, or \
                  directives by module.",
    },
    Key {
        name: "log.format",
        kind: Kind::Choice {
            options: &["text", "json"],
            set: |config, text| {
                config.log.format = if text == "json" { LogFormat::Json } else { LogFormat::Text };
            },
        },
        default: "text",
        meaning: "How an event is logged: one line for people, or one JSON object for programs.",
    },
    Key {
        name: "limits.body_bytes",
        kind: Kind::Integer {
            min: 1024,
            max: 64 * 1024 * 1024,
            set: |config, n| config.limits.body_bytes = size(n),
        },
        default: "1048576",
        meaning: "The greatest size of a request body in bytes. A larger one is answered with 413.",
    },
    Key {
        name: "limits.request_timeout",
        kind: Kind::Duration { min: SECOND, max: HOUR, set: |config, d| config.limits.request_timeout = d },
        default: "30s",
        meaning: "How long a request may take. One that takes longer is answered with 503.",
    },
    Key {
        name: "limits.json_depth",
        kind: Kind::Integer { min: 4, max: 127, set: |config, n| config.limits.json_depth = size(n) },
        default: "32",
        meaning: "How deep arrays and objects of a JSON body may nest.",
    },
    Key {
        name: "limits.bulk_items",
        kind: Kind::Integer { min: 1, max: 100_000, set: |config, n| config.limits.bulk_items = size(n) },
        default: "1000",
        meaning: "How many items one bulk request may carry: resources to register, questions of a batch. \
                  A request to invite takes up to 100 emails, whatever this says.",
    },
    Key {
        name: "limits.page_items",
        kind: Kind::Integer { min: 10, max: 10_000, set: |config, n| config.limits.page_items = size(n) },
        default: "1000",
        meaning: "How many items one page of a list may hold. A list that goes on says so and gives a \
                  cursor.",
    },
    Key {
        name: "mail.transport",
        kind: Kind::Choice {
            options: &["file", "smtp"],
            set: |config, text| {
                config.mail.transport =
                    if text == "smtp" { MailTransport::Smtp } else { MailTransport::File };
            },
        },
        default: "file",
        meaning: "How mail leaves: through an SMTP server, or into the directory `mail` of the data \
                  directory, where `.eml` files pile up until somebody removes them. The links in them \
                  are secrets.",
    },
    Key {
        name: "mail.host",
        kind: Kind::Text {
            form: "a host name or IP address",
            example: "smtp.example.com",
            set: |config, text| {
                url::Host::parse(&bracketed(text)).ok()?;
                config.mail.host = Some(text.to_owned());
                Some(())
            },
        },
        default: "",
        meaning: "The SMTP server. Its certificate must carry this name.",
    },
    Key {
        name: "mail.port",
        kind: Kind::Integer {
            min: 1,
            max: 65_535,
            set: |config, n| config.mail.port = u16::try_from(n).ok(),
        },
        default: "",
        meaning: "The port of the SMTP server. Unset, it is 587 for `starttls`, 465 for `implicit` and \
                  25 for `none`.",
    },
    Key {
        name: "mail.tls",
        kind: Kind::Choice {
            options: &["starttls", "implicit", "none"],
            set: |config, text| {
                config.mail.tls = match text {
                    "implicit" => MailTls::Implicit,
                    "none" => MailTls::None,
                    _ => MailTls::Starttls,
                };
            },
        },
        default: "starttls",
        meaning: "How the connection to the SMTP server is protected. `starttls` is demanded, never \
                  skipped; `none` is accepted for a server on this machine only.",
    },
    Key {
        name: "mail.username",
        kind: Kind::Text {
            form: "a text without control characters",
            example: "bailiwick",
            set: |config, text| {
                if text.chars().any(char::is_control) {
                    return None;
                }
                config.mail.username = Some(text.to_owned());
                Some(())
            },
        },
        default: "",
        meaning: "The name to sign in with at the SMTP server. Unset, there is no sign-in.",
    },
    Key {
        name: "mail.password",
        kind: Kind::Secret { set: |config, secret| config.mail.password = Some(secret) },
        default: "",
        meaning: "The password that belongs to `mail.username`. `mail.password_file` keeps it out of the \
                  configuration and of the environment.",
    },
    Key {
        name: "mail.password_file",
        kind: Kind::Path { set: |config, path| config.mail.password_file = Some(path) },
        default: "",
        meaning: "A file that holds the password of the SMTP server, at most 4096 bytes. A line break at \
                  its end is left out.",
    },
    Key {
        name: "mail.from",
        kind: Kind::Text {
            form: "an email address, with or without a name",
            example: "Access <access@example.com>",
            set: |config, text| {
                if text.chars().any(char::is_control) {
                    return None;
                }
                config.mail.from = text.parse::<Mailbox>().ok()?;
                Some(())
            },
        },
        default: "Bailiwick <bailiwick@localhost>",
        meaning: "Who the mails come from. It has to be set for `smtp`.",
    },
    Key {
        name: "mail.ca_file",
        kind: Kind::Path { set: |config, path| config.mail.ca_file = Some(path) },
        default: "",
        meaning: "A PEM file of certificate authorities. The SMTP server's certificate must come from \
                  one of them; the public ones then count no longer.",
    },
    Key {
        name: "password.memory_kib",
        kind: Kind::Integer {
            min: 7168,
            max: 4 * 1024 * 1024,
            set: |config, n| config.password.memory_kib = number(n),
        },
        default: "19456",
        meaning: "The memory of one argon2id hash in KiB. Raising it makes guessing dearer; passwords \
                  are hashed anew at the next sign-in of their owner.",
    },
    Key {
        name: "password.iterations",
        kind: Kind::Integer { min: 1, max: 100, set: |config, n| config.password.iterations = number(n) },
        default: "2",
        meaning: "The passes of argon2id over its memory.",
    },
    Key {
        name: "password.parallelism",
        kind: Kind::Integer { min: 1, max: 16, set: |config, n| config.password.parallelism = number(n) },
        default: "1",
        meaning: "The lanes of argon2id.",
    },
    Key {
        name: "password.max_concurrent",
        kind: Kind::Integer {
            min: 0,
            max: 1024,
            set: |config, n| {
                let cores = available_parallelism().map_or(1, usize::from);
                config.password.max_concurrent = if n == 0 { cores } else { size(n) };
            },
        },
        default: "0",
        meaning: "How many passwords may be hashed at once; 0 stands for the number of processors. This \
                  times `password.memory_kib` is the memory that sign-ins can take.",
    },
    Key {
        name: "password.max_waiting",
        kind: Kind::Integer { min: 1, max: 100_000, set: |config, n| config.password.max_waiting = size(n) },
        default: "64",
        meaning: "How many sign-ins may wait for their turn to hash. More are answered with 503 and \
                  `Retry-After`.",
    },
    Key {
        name: "password.min_length",
        kind: Kind::Integer { min: 15, max: 64, set: |config, n| config.password.min_length = size(n) },
        default: "15",
        meaning: "The fewest characters of a new password. There are no rules about which characters.",
    },
    Key {
        name: "sign_in.email_attempts",
        kind: Kind::Integer { min: 1, max: 1000, set: |config, n| config.sign_in.email_attempts = number(n) },
        default: "5",
        meaning: "How many attempts to sign in with one email from one address may follow each other at \
                  once. Other addresses are not affected, so nobody can lock somebody else out.",
    },
    Key {
        name: "sign_in.email_interval",
        kind: Kind::Duration { min: SECOND, max: DAY, set: |config, d| config.sign_in.email_interval = d },
        default: "1m",
        meaning: "After how long one more of those attempts is allowed.",
    },
    Key {
        name: "sign_in.address_attempts",
        kind: Kind::Integer {
            min: 1,
            max: 100_000,
            set: |config, n| config.sign_in.address_attempts = number(n),
        },
        default: "50",
        meaning: "How many attempts to sign in may follow each other at once from one IPv4 address or \
                  IPv6 /64 network, whatever the email.",
    },
    Key {
        name: "sign_in.address_interval",
        kind: Kind::Duration {
            min: Duration::from_millis(10),
            max: HOUR,
            set: |config, d| config.sign_in.address_interval = d,
        },
        default: "6s",
        meaning: "After how long one more of those attempts is allowed.",
    },
    Key {
        name: "session.idle",
        kind: Kind::Duration {
            min: MINUTE,
            max: DAY.saturating_mul(30),
            set: |config, d| config.session.idle = d,
        },
        default: "12h",
        meaning: "A session that was not used for this long ends.",
    },
    Key {
        name: "session.absolute",
        kind: Kind::Duration {
            min: MINUTE,
            max: DAY.saturating_mul(90),
            set: |config, d| config.session.absolute = d,
        },
        default: "7d",
        meaning: "A session ends this long after the sign-in, used or not.",
    },
    Key {
        name: "session.link",
        kind: Kind::Duration {
            min: MINUTE,
            max: DAY.saturating_mul(7),
            set: |config, d| config.session.link = d,
        },
        default: "24h",
        meaning: "How long a link to set up, to confirm an email or to sign in works. Links work once. \
                  Invitations live as long as the catalog says.",
    },
    Key {
        name: "session.password_reset",
        kind: Kind::Duration { min: MINUTE, max: DAY, set: |config, d| config.session.password_reset = d },
        default: "1h",
        meaning: "How long a link to choose a new password works, whether it was mailed to somebody who \
                  forgot theirs or made by `bailiwick reset-password`. It works once, and a newer one \
                  ends it.",
    },
    Key {
        name: "accounts.self_service",
        kind: Kind::Boolean { set: |config, b| config.accounts.self_service = b },
        default: "false",
        meaning: "Whether any signed-in user may open an account. Otherwise operators do.",
    },
    Key {
        name: "invitations.mail_interval",
        kind: Kind::Duration {
            min: Duration::ZERO,
            max: DAY,
            set: |config, d| config.invitations.mail_interval = d,
        },
        default: "1m",
        meaning: "One invitation is mailed at most once in this time; sending it again earlier is answered \
                  with 429.",
    },
    Key {
        name: "invitations.account_mails",
        kind: Kind::Integer {
            min: 100,
            max: 1_000_000,
            set: |config, n| config.invitations.account_mails = number(n),
        },
        default: "1000",
        meaning: "How many invitations of one account may be mailed at once, and after that in an hour. \
                  More are answered with 429.",
    },
    Key {
        name: "metrics.enabled",
        kind: Kind::Boolean { set: |config, b| config.metrics.enabled = b },
        default: "true",
        meaning: "Whether figures are served at `/metrics` in the text format of Prometheus.",
    },
    Key {
        name: "metrics.listen",
        kind: Kind::Text {
            form: "an IP address and a port",
            example: "127.0.0.1:9090",
            set: |config, text| {
                config.metrics.listen = Some(text.parse::<SocketAddr>().ok()?);
                Some(())
            },
        },
        default: "",
        meaning: "An address of its own for `/metrics`, so that the figures are not public. Unset, they \
                  are served by `listen`.",
    },
    Key {
        name: "shutdown.grace",
        kind: Kind::Duration { min: Duration::ZERO, max: HOUR, set: |config, d| config.shutdown.grace = d },
        default: "20s",
        meaning: "How long requests under way may go on after SIGTERM or SIGINT. Orchestrators often \
                  kill after 30 seconds.",
    },
];

/// Reduces a URL to its origin; everything but a bare origin is refused, since the console and the API live
/// at `/`.
fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    (bare && matches!(url.scheme(), "http" | "https")).then(|| url.origin().ascii_serialization())
}

fn proxies(text: &str) -> Option<TrustedProxies> {
    let networks: Vec<_> = text.split(',').map(|part| network::parse(part.trim())).collect::<Option<_>>()?;
    (networks.len() <= network::MAX_NETWORKS).then(|| TrustedProxies::new(networks))
}

/// `url::Host` wants brackets around IPv6 addresses, people leave them out.
fn bracketed(text: &str) -> String {
    if text.parse::<std::net::Ipv6Addr>().is_ok() { format!("[{text}]") } else { text.to_owned() }
}

/// The limits of the keys are far below what could be cut off here.
fn size(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn number(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
