//! Reading the sources in their order and checking what only shows when they are put together.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::Mailbox;
use secrecy::SecretString;

use super::error::{ConfigError, Origin, Problem, did_you_mean};
use super::kind::MAX_VALUE_BYTES;
use super::network::TrustedProxies;
use super::{
    AccountSettings, CatalogSource, Config, InvitationSettings, LimitSettings, LogFormat, LogSettings,
    MailSettings, MailTls, MailTransport, MetricsSettings, PasswordSettings, SessionSettings,
    ShutdownSettings, SignInSettings, file, keys,
};

/// The variable that names the configuration file.
pub const FILE_VARIABLE: &str = "BAILIWICK_CONFIG";

/// The configuration file that is read from the data directory if no other was named.
pub const FILE_NAME: &str = "bailiwick.toml";

/// What the command line says. Flags are texts here, so that a bad one is told like a bad line of the file.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `--config FILE`: the configuration file; it must exist.
    pub config: Option<PathBuf>,
    /// The flags that set a key: its name and the text, such as `("listen", "127.0.0.1:0")` for `--listen`.
    pub flags: Vec<(String, String)>,
    /// Environment variables with our prefix that the command line reads itself and that are no keys.
    pub other_variables: Vec<String>,
}

/// A configuration together with where it came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// The configuration file that was read, if any.
    pub file: Option<PathBuf>,
    /// Every key that somebody set, by its name.
    pub settings: BTreeMap<&'static str, Setting>,
}

/// What somebody set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The text as written; `<secret>` for a secret.
    pub text: String,
    /// Where.
    pub origin: Origin,
}

impl Default for Config {
    fn default() -> Self {
        let mut config = blank();
        for key in keys::KEYS.iter().filter(|key| !key.default.is_empty()) {
            // A default that its own kind refuses would be a mistake in the table; a test applies them all.
            let _ = key.kind.apply(&mut config, key.default, None);
        }
        config.public_url = default_url(config.listen);
        config
    }
}

impl Config {
    /// Reads the configuration from all its sources.
    ///
    /// `environment` is what [`std::env::vars_os`] gives; an empty variable counts as unset.
    ///
    /// # Errors
    /// Everything that is wrong, each with its place and a hint.
    pub fn load(
        options: &Options,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Loaded, ConfigError> {
        let mut problems = Vec::new();
        let variables = variables(options, environment, &mut problems);
        let flags = flags(options, &mut problems);

        let mut loader = Loader { config: Self::default(), settings: BTreeMap::new(), problems };
        let named = options.config.clone().or_else(|| variables.file.clone());
        let named_by = match (&options.config, &variables.file) {
            (Some(_), _) => Origin::Flag("--config".to_owned()),
            (None, Some(_)) => Origin::Environment(FILE_VARIABLE.to_owned()),
            (None, None) => Origin::Default,
        };
        let data = |entries: &[Entry]| {
            entries.iter().find(|entry| entry.key.name == "data").map(|entry| PathBuf::from(&entry.text))
        };
        let path = named.unwrap_or_else(|| {
            data(&flags)
                .or_else(|| data(&variables.entries))
                .unwrap_or_else(|| loader.config.data.clone())
                .join(FILE_NAME)
        });
        let found = loader.read_file(&path, &named_by);
        for entry in variables.entries.iter().chain(&flags) {
            loader.apply(entry, None);
        }
        loader.finish(found.then_some(path))
    }
}

/// One key set by one source.
#[derive(Debug)]
struct Entry {
    key: &'static keys::Key,
    text: String,
    origin: Origin,
}

struct Loader {
    config: Config,
    settings: BTreeMap<&'static str, Setting>,
    problems: Vec<Problem>,
}

impl Loader {
    fn read_file(&mut self, path: &Path, named_by: &Origin) -> bool {
        let is_implicit = *named_by == Origin::Default;
        let text = match read_limited(path, file::MAX_FILE_BYTES) {
            Ok(text) => text,
            Err(error) if is_implicit && error.kind() == std::io::ErrorKind::NotFound => return false,
            Err(error) => {
                self.problems.push(Problem {
                    origin: named_by.clone(),
                    message: format!("`{}` cannot be read: {error}", path.display()),
                    hint: "check the path and who may read it".to_owned(),
                });
                return false;
            }
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_owned);
        let earlier = self.problems.len();
        for file::Entry { key, text, origin } in file::parse(path, &text, &mut self.problems) {
            if is_implicit && key.name == "data" {
                self.problems.push(Problem {
                    origin,
                    message: "`data` cannot be set by the file that was found in the data directory"
                        .to_owned(),
                    hint: "set it by `--data` or `BAILIWICK_DATA`, or name the file by `--config`".to_owned(),
                });
                continue;
            }
            self.apply(&Entry { key, text, origin }, folder.as_deref());
        }
        // From the top of the file to its end, as a person mends it.
        let mut of_file = self.problems.split_off(earlier);
        of_file.sort_by_key(|problem| if let Origin::File { line, .. } = problem.origin { line } else { 0 });
        self.problems.append(&mut of_file);
        true
    }

    fn apply(&mut self, entry: &Entry, folder: Option<&Path>) {
        let Entry { key, text, origin } = entry;
        if text.is_empty() {
            self.problem(origin.clone(), format!("`{}` is empty", key.name), key.kind.hint());
            return;
        }
        match key.kind.apply(&mut self.config, text, folder) {
            Ok(()) => {
                let text = if key.kind.is_secret() { "<secret>".to_owned() } else { text.clone() };
                self.settings.insert(key.name, Setting { text, origin: origin.clone() });
            }
            Err(message) => {
                self.problem(origin.clone(), format!("`{}`: {message}", key.name), key.kind.hint());
            }
        }
    }

    fn problem(&mut self, origin: Origin, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(Problem { origin, message: message.into(), hint: hint.into() });
    }

    fn origin(&self, name: &str) -> Origin {
        self.settings.get(name).map_or(Origin::Default, |setting| setting.origin.clone())
    }

    fn is_set(&self, name: &str) -> bool {
        self.settings.contains_key(name)
    }

    fn finish(mut self, file: Option<PathBuf>) -> Result<Loaded, ConfigError> {
        if !self.is_set("public_url") {
            self.config.public_url = default_url(self.config.listen);
        }
        self.check_mail();
        if self.config.session.idle > self.config.session.absolute {
            self.problem(
                self.origin("session.idle"),
                "`session.idle` is longer than `session.absolute`",
                "a session that ends anyway cannot be idle for longer: lower one or raise the other",
            );
        }
        if self.config.metrics.listen == Some(self.config.listen) && self.config.listen.port() != 0 {
            self.problem(
                self.origin("metrics.listen"),
                "`metrics.listen` and `listen` are the same address",
                "leave `metrics.listen` out to serve the figures by `listen`",
            );
        }
        if self.problems.is_empty() {
            Ok(Loaded { config: self.config, file, settings: self.settings })
        } else {
            Err(ConfigError { problems: self.problems })
        }
    }

    fn check_mail(&mut self) {
        if let Some(path) = self.config.mail.password_file.clone() {
            let origin = self.origin("mail.password_file");
            if self.is_set("mail.password") {
                let message = "both `mail.password` and `mail.password_file` are set";
                self.problem(origin, message, "keep one of them");
            } else {
                match read_limited(&path, MAX_VALUE_BYTES) {
                    Ok(text) => {
                        let text = text.strip_suffix('\n').unwrap_or(&text);
                        let text = text.strip_suffix('\r').unwrap_or(text);
                        self.config.mail.password = Some(SecretString::from(text));
                    }
                    Err(error) => self.problem(
                        origin,
                        format!("`{}` cannot be read: {error}", path.display()),
                        "check the path and who may read it",
                    ),
                }
            }
        }
        let mail = &self.config.mail;
        let has_password = mail.password.is_some() || mail.password_file.is_some();
        if mail.username.is_some() != has_password {
            let origin = self.origin(if has_password { "mail.password" } else { "mail.username" });
            self.problem(
                origin,
                "`mail.username` and a password belong together, and one of them is missing",
                "set `mail.username` and one of `mail.password` and `mail.password_file`, or neither",
            );
        }
        let mail = &self.config.mail;
        if mail.transport != MailTransport::Smtp {
            return;
        }
        let is_local = mail.host.as_deref().is_some_and(is_loopback);
        let (has_host, is_plain) = (mail.host.is_some(), mail.tls == MailTls::None);
        if !has_host {
            let message = "`mail.transport` is `smtp`, but `mail.host` is not set";
            self.problem(
                self.origin("mail.transport"),
                message,
                "set `mail.host` to the name of the SMTP server",
            );
        }
        if !self.is_set("mail.from") {
            let message = "`mail.transport` is `smtp`, but `mail.from` is not set";
            self.problem(
                self.origin("mail.transport"),
                message,
                "set it to an address that the SMTP server accepts",
            );
        }
        if has_host && is_plain && !is_local {
            self.problem(
                self.origin("mail.tls"),
                "`mail.tls` is `none`, but the SMTP server is not on this machine",
                "use `starttls` or `implicit`: mails carry links that let their reader in",
            );
        }
    }
}

struct Variables {
    entries: Vec<Entry>,
    file: Option<PathBuf>,
}

fn variables(
    options: &Options,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    problems: &mut Vec<Problem>,
) -> Variables {
    let mut found = Variables { entries: Vec::new(), file: None };
    for (name, value) in environment {
        let Some(name) = name.to_str().filter(|name| name.starts_with(keys::VARIABLE_PREFIX)) else {
            continue;
        };
        let origin = Origin::Environment(name.to_owned());
        if name == FILE_VARIABLE {
            found.file = Some(PathBuf::from(value)).filter(|path| !path.as_os_str().is_empty());
            continue;
        }
        let Some(key) = keys::KEYS.iter().find(|key| key.variable() == name) else {
            let is_known = options.other_variables.iter().any(|other| other == name);
            if !is_known && !is_service_link(name, &value.to_string_lossy()) {
                let names: Vec<String> = keys::KEYS.iter().map(keys::Key::variable).collect();
                problems.push(Problem {
                    origin,
                    message: format!("unknown variable `{name}`"),
                    hint: did_you_mean(name, names.iter().map(String::as_str)).map_or_else(
                        || "the configuration reference lists the variables; unset this one".to_owned(),
                        |near| format!("did you mean `{near}`?"),
                    ),
                });
            }
            continue;
        };
        match value.into_string() {
            Ok(text) if text.is_empty() => {}
            Ok(text) => found.entries.push(Entry { key, text, origin }),
            Err(_) => problems.push(Problem {
                origin,
                message: format!("the value of `{name}` is not UTF-8"),
                hint: key.kind.hint(),
            }),
        }
    }
    found.entries.sort_by_key(|entry| entry.key.name);
    found
}

/// Kubernetes describes every service of a namespace to its pods by variables. One for a service called
/// `bailiwick` starts with our prefix, and a server must not refuse to start because of it.
fn is_service_link(name: &str, value: &str) -> bool {
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || (name.ends_with("_PORT") && value.contains("://"))
        || (name.contains("_PORT_")
            && ["_TCP", "_UDP", "_SCTP"].iter().any(|protocol| name.contains(protocol)))
}

fn flags(options: &Options, problems: &mut Vec<Problem>) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (name, text) in &options.flags {
        let origin = Origin::Flag(format!("--{}", name.replace(['.', '_'], "-")));
        match keys::find(name) {
            Some(key) => entries.push(Entry { key, text: text.clone(), origin }),
            None => problems.push(Problem {
                origin,
                message: format!("unknown key `{name}`"),
                hint: did_you_mean(name, keys::KEYS.iter().map(|key| key.name)).map_or_else(
                    || "the configuration reference lists the keys".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                ),
            }),
        }
    }
    entries
}

fn read_limited(path: &Path, limit: usize) -> std::io::Result<String> {
    let mut text = String::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX);
    std::fs::File::open(path)?.take(most.saturating_add(1)).read_to_string(&mut text)?;
    if text.len() > limit {
        return Err(std::io::Error::other(format!("it is larger than {limit} bytes")));
    }
    Ok(text)
}

/// Nobody can open a link to `0.0.0.0`, so that the unspecified address is shown as `localhost`.
fn default_url(listen: SocketAddr) -> String {
    if listen.ip().is_unspecified() {
        format!("http://localhost:{}", listen.port())
    } else {
        format!("http://{listen}")
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// What the defaults of the keys are written onto; only the values of keys without a default stay.
fn blank() -> Config {
    Config {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        public_url: String::new(),
        data: PathBuf::new(),
        catalog: CatalogSource::Shipped(String::new()),
        trusted_proxies: TrustedProxies::default(),
        log: LogSettings { level: String::new(), format: LogFormat::Text },
        limits: LimitSettings {
            body_bytes: 0,
            request_timeout: Duration::ZERO,
            json_depth: 0,
            bulk_items: 0,
            page_items: 0,
        },
        mail: MailSettings {
            transport: MailTransport::File,
            host: None,
            port: None,
            tls: MailTls::Starttls,
            username: None,
            password: None,
            password_file: None,
            from: Mailbox::new(None, lettre::Address::new_dangerous("", "")),
            ca_file: None,
        },
        password: PasswordSettings {
            memory_kib: 0,
            iterations: 0,
            parallelism: 0,
            max_concurrent: 0,
            max_waiting: 0,
            min_length: 0,
        },
        sign_in: SignInSettings {
            email_attempts: 0,
            email_interval: Duration::ZERO,
            address_attempts: 0,
            address_interval: Duration::ZERO,
        },
        session: SessionSettings {
            idle: Duration::ZERO,
            absolute: Duration::ZERO,
            link: Duration::ZERO,
            password_reset: Duration::ZERO,
        },
        accounts: AccountSettings { self_service: false },
        invitations: InvitationSettings { mail_interval: Duration::ZERO, account_mails: 0 },
        metrics: MetricsSettings { enabled: false, listen: None },
        shutdown: ShutdownSettings { grace: Duration::ZERO },
    }
}
