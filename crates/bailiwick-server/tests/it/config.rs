//! The configuration through all its sources.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bailiwick_server::config::error::Origin;
use bailiwick_server::config::load::{Loaded, Options};
use bailiwick_server::config::{CatalogSource, Config, LogFormat, MailTls, MailTransport, keys, reference};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

struct Setup {
    folder: TempDir,
    options: Options,
    variables: Vec<(OsString, OsString)>,
}

impl Setup {
    /// An empty data directory, so that no file of the machine that runs the tests is read.
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let data = folder.path().to_str().unwrap().to_owned();
        let options = Options { flags: vec![("data".to_owned(), data)], ..Options::default() };
        Self { folder, options, variables: vec![("PATH".into(), "/bin".into())] }
    }

    fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.folder.path().join(name), text).unwrap();
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    fn flag(mut self, name: &str, text: &str) -> Self {
        self.options.flags.push((name.to_owned(), text.to_owned()));
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn load(&self) -> Loaded {
        Config::load(&self.options, self.variables.clone()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// What is wrong, with the folder cut out.
    fn problems(&self) -> Vec<String> {
        let error = Config::load(&self.options, self.variables.clone()).unwrap_err();
        let folder = format!("{}/", self.folder.path().display());
        error.problems.iter().map(|problem| problem.to_string().replace(&folder, "")).collect()
    }
}

#[test]
fn nothing_set_gives_the_defaults() {
    let setup = Setup::new();
    let loaded = setup.load();
    let config = &loaded.config;
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.public_url, "http://127.0.0.1:8080");
    assert!(!config.is_https());
    assert_eq!(config.catalog, CatalogSource::Shipped("bailiwick".to_owned()));
    assert_eq!((config.log.level.as_str(), config.log.format), ("info", LogFormat::Text));
    assert_eq!(config.limits.body_bytes, 1024 * 1024);
    assert_eq!(config.limits.request_timeout, Duration::from_secs(30));
    assert_eq!(
        (config.limits.json_depth, config.limits.bulk_items, config.limits.page_items),
        (32, 1000, 1000)
    );
    assert_eq!((config.mail.transport, config.mail.tls), (MailTransport::File, MailTls::Starttls));
    assert_eq!(
        (config.mail.smtp_port(), config.mail.from.to_string().as_str()),
        (587, "Bailiwick <bailiwick@localhost>")
    );
    assert_eq!(
        (config.password.memory_kib, config.password.iterations, config.password.parallelism),
        (19_456, 2, 1)
    );
    assert!(config.password.max_concurrent >= 1);
    assert_eq!((config.password.max_waiting, config.password.min_length), (64, 15));
    assert_eq!((config.sign_in.email_attempts, config.sign_in.address_attempts), (5, 50));
    assert_eq!(config.session.idle, Duration::from_hours(12));
    assert_eq!(config.session.absolute, Duration::from_hours(24 * 7));
    assert_eq!(config.session.link, Duration::from_hours(24));
    assert!(!config.accounts.self_service);
    assert!(config.metrics.enabled && config.metrics.listen.is_none());
    assert_eq!(config.shutdown.grace, Duration::from_secs(20));
    assert_eq!(loaded.file, None);
    assert_eq!(format!("{:?}", Config::default().limits), format!("{:?}", config.limits));
    assert_eq!(Config::default().data, Path::new("./bailiwick-data"));
}

#[test]
fn every_default_is_a_value_of_its_key() {
    for key in keys::KEYS.iter().filter(|key| !key.default.is_empty()) {
        let mut config = Config::default();
        assert_eq!(key.kind.apply(&mut config, key.default, None), Ok(()), "{}", key.name);
    }
    let mut names: Vec<&str> = keys::KEYS.iter().map(|key| key.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), keys::KEYS.len());
}

#[test]
fn flags_override_variables_and_variables_the_file() {
    let setup = Setup::new()
        .file("bailiwick.toml", "log.level = 'warn'\n[session]\nidle = '1h'\nabsolute = '2h'\nlink = '3h'\n")
        .variable("BAILIWICK_SESSION_IDLE", "30m")
        .variable("BAILIWICK_SESSION_ABSOLUTE", "90m")
        .variable("BAILIWICK_LOG_FORMAT", "")
        .flag("session.idle", "10m");
    let loaded = setup.load();
    assert_eq!(loaded.config.session.idle, Duration::from_mins(10));
    assert_eq!(loaded.config.session.absolute, Duration::from_mins(90));
    assert_eq!(loaded.config.session.link, Duration::from_hours(3));
    assert_eq!(loaded.config.log.format, LogFormat::Text);
    assert_eq!(loaded.file, Some(setup.path("bailiwick.toml")));
    let origin = |name: &str| loaded.settings.get(name).unwrap().origin.clone();
    assert_eq!(origin("session.idle"), Origin::Flag("--session-idle".to_owned()));
    assert_eq!(origin("session.absolute"), Origin::Environment("BAILIWICK_SESSION_ABSOLUTE".to_owned()));
    assert_eq!(origin("session.link"), Origin::File { path: setup.path("bailiwick.toml"), line: 5 });
}

#[test]
fn every_kind_of_value_is_read_from_a_file() {
    let setup = Setup::new()
        .file("smtp-password", "hunter two\r\n")
        .file(
            "bailiwick.toml",
            "listen = '[::1]:9000'\npublic_url = 'https://Access.Example.com/'\ncatalog = 'own/catalog.toml'\n\
             trusted_proxies = ['10.0.0.0/8', '::1']\naccounts.self_service = true\nlimits.body_bytes = 0x10_000\n\
             [mail]\ntransport = 'smtp'\nhost = 'smtp.example.com'\nport = 2525\ntls = 'implicit'\nusername = 'access'\n\
             password_file = 'smtp-password'\nfrom = 'Access <access@example.com>'\n",
        );
    let config = setup.load().config;
    assert_eq!(config.listen.to_string(), "[::1]:9000");
    assert_eq!(config.public_url, "https://access.example.com");
    assert!(config.is_https());
    assert_eq!(config.catalog, CatalogSource::File(setup.path("own/catalog.toml")));
    assert!(config.trusted_proxies.contains("10.9.9.9".parse().unwrap()));
    assert!(!config.trusted_proxies.contains("11.0.0.1".parse().unwrap()));
    assert!(config.accounts.self_service);
    assert_eq!(config.limits.body_bytes, 65_536);
    assert_eq!((config.mail.transport, config.mail.smtp_port()), (MailTransport::Smtp, 2525));
    assert_eq!(config.mail.password.as_ref().unwrap().expose_secret(), "hunter two");
}

#[test]
fn a_named_file_may_be_anywhere_and_must_exist() {
    let setup =
        Setup::new().file("other.toml", "shutdown.grace = '1s'\n").file("bailiwick.toml", "wrong = 1\n");
    let named = setup.path("other.toml").to_str().unwrap().to_owned();
    let setup = setup.variable("BAILIWICK_CONFIG", &named);
    assert_eq!(setup.load().config.shutdown.grace, Duration::from_secs(1));

    let mut setup = Setup::new();
    setup.options.config = Some(setup.path("missing.toml"));
    let problems = setup.problems();
    assert!(problems[0].starts_with("--config: `missing.toml` cannot be read"), "{problems:?}");
    let problems = Setup::new().variable("BAILIWICK_CONFIG", "/nowhere/at/all").problems();
    assert!(problems[0].starts_with("BAILIWICK_CONFIG: `/nowhere/at/all` cannot be read"), "{problems:?}");
}

#[test]
fn all_mistakes_are_told_with_their_place_and_a_hint() {
    let setup = Setup::new()
        .file(
            "bailiwick.toml",
            "body_bytes = 1\n\n[limits]\nbody_byte = 5\nrequest_timeout = 30\njson_depth = 1.5\n[mial]\nhost = 'x'\n[log]\nformat = 'xml'\n",
        )
        .variable("BAILIWICK_LISTN", "127.0.0.1:1")
        .variable("BAILIWICK_SESSION_IDLE", "soon")
        .flag("public_url", "https://example.com/console");
    assert_eq!(
        setup.problems().join("\n"),
        "BAILIWICK_LISTN: unknown variable `BAILIWICK_LISTN`\n  hint: did you mean `BAILIWICK_LISTEN`?\n\
         bailiwick.toml:1: unknown key `body_bytes`\n  hint: did you mean `limits.body_bytes`?\n\
         bailiwick.toml:4: unknown key `limits.body_byte`\n  hint: did you mean `limits.body_bytes`?\n\
         bailiwick.toml:5: `limits.request_timeout`: `30` is not a duration from 1s to 1h\n  \
         hint: write a duration from 1s to 1h, such as `30s`, `48h` or `1h30m`\n\
         bailiwick.toml:6: the value of `limits.json_depth` has the wrong type\n  hint: write a whole number from 4 to 127\n\
         bailiwick.toml:7: unknown key `mial`\n  hint: did you mean `mail`?\n\
         bailiwick.toml:10: `log.format`: `xml` is not one of `text`, `json`\n  hint: write one of `text`, `json`\n\
         BAILIWICK_SESSION_IDLE: `session.idle`: `soon` is not a duration from 1m to 30d\n  \
         hint: write a duration from 1m to 30d, such as `30s`, `48h` or `1h30m`\n\
         --public-url: `public_url`: `https://example.com/console` is not an `http` or `https` URL without a path\n  \
         hint: write an `http` or `https` URL without a path, such as `https://access.example.com`"
    );
}

#[test]
fn a_file_that_is_no_toml_is_told_with_its_line() {
    let problems = Setup::new().file("bailiwick.toml", "listen = '127.0.0.1:1'\nlisten = = 2\n").problems();
    assert!(problems[0].starts_with("bailiwick.toml:2: "), "{problems:?}");
    let problems =
        Setup::new().file("bailiwick.toml", "listen = '127.0.0.1:1'\nlisten = '127.0.0.1:2'\n").problems();
    assert!(problems[0].starts_with("bailiwick.toml:2: duplicate key"), "{problems:?}");
    let problems = Setup::new().file("bailiwick.toml", "limits = 3\n").problems();
    assert_eq!(
        problems,
        ["bailiwick.toml:1: `limits` is a table\n  hint: write its keys below a line `[limits]`"]
    );
}

#[test]
fn what_does_not_go_together_is_refused() {
    let cases: [(&[(&str, &str)], &str); 9] = [
        (&[("mail.transport", "smtp"), ("mail.from", "a@example.com")], "`mail.host` is not set"),
        (&[("mail.transport", "smtp"), ("mail.host", "localhost")], "`mail.from` is not set"),
        (
            &[
                ("mail.transport", "smtp"),
                ("mail.host", "example.com"),
                ("mail.from", "a@example.com"),
                ("mail.tls", "none"),
            ],
            "`mail.tls` is `none`, but the SMTP server is not on this machine",
        ),
        (&[("mail.username", "access")], "belong together"),
        (&[("mail.password", "secret words")], "belong together"),
        (
            &[("mail.username", "a"), ("mail.password", "b"), ("mail.password_file", "c")],
            "both `mail.password` and",
        ),
        (
            &[("mail.username", "a"), ("mail.password_file", "/nowhere/at/all")],
            "`/nowhere/at/all` cannot be read",
        ),
        (
            &[("session.idle", "2d"), ("session.absolute", "1d")],
            "`session.idle` is longer than `session.absolute`",
        ),
        (&[("listen", "127.0.0.1:9"), ("metrics.listen", "127.0.0.1:9")], "are the same address"),
    ];
    for (flags, expected) in cases {
        let setup = flags.iter().fold(Setup::new(), |setup, (name, text)| setup.flag(name, text));
        let problems = setup.problems();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains(expected), "{problems:?}");
        assert!(!problems[0].contains("secret words"), "{problems:?}");
    }
    for host in ["localhost", "127.0.0.1", "::1"] {
        let setup = Setup::new()
            .flag("mail.transport", "smtp")
            .flag("mail.from", "a@example.com")
            .flag("mail.tls", "none")
            .flag("mail.host", host);
        assert_eq!(setup.load().config.mail.smtp_port(), 25);
    }
}

#[test]
fn bad_values_are_refused() {
    for (name, text) in [
        ("listen", "localhost"),
        ("listen", "127.0.0.1:70000"),
        ("public_url", "ftp://example.com"),
        ("public_url", "https://user:password@example.com"),
        ("public_url", "https://example.com?x"),
        ("trusted_proxies", "10.0.0.0/40"),
        ("trusted_proxies", "everyone"),
        ("log.level", "a=b=c"),
        ("limits.body_bytes", "-1"),
        ("limits.body_bytes", "1MiB"),
        ("limits.body_bytes", "67108865"),
        ("mail.host", "smtp example"),
        ("mail.from", "nobody"),
        ("mail.from", "A\r\nBcc: b@example.com <a@example.com>"),
        ("mail.username", "a\nb"),
        ("password.min_length", "8"),
        ("accounts.self_service", "yes"),
        ("listen", ""),
        ("no.such.key", "1"),
    ] {
        assert_eq!(Setup::new().flag(name, text).problems().len(), 1, "{name} = {text}");
    }
    let long = "x".repeat(4097);
    assert!(Setup::new().flag("mail.password", &long).problems()[0].contains("longer than 4096 bytes"));
}

#[test]
fn the_data_directory_is_not_moved_by_a_file_inside_it() {
    let problems = Setup::new().file("bailiwick.toml", "data = '/elsewhere'\n").problems();
    assert!(problems[0].contains("`data` cannot be set by the file"), "{problems:?}");
}

#[test]
fn variables_of_others_do_not_stop_the_start() {
    let mut setup = Setup::new()
        .variable("BAILIWICK_SERVICE_HOST", "10.0.0.7")
        .variable("BAILIWICK_SERVICE_PORT_HTTP", "8080")
        .variable("BAILIWICK_PORT", "tcp://10.0.0.7:8080")
        .variable("BAILIWICK_PORT_8080_TCP_ADDR", "10.0.0.7")
        .variable("BAILIWICK_PROFILE", "work");
    setup.options.other_variables = vec!["BAILIWICK_PROFILE".to_owned()];
    assert_eq!(setup.load().config.listen.port(), 8080);
    let problems = Setup::new().variable("BAILIWICK_PORT", "8080").problems();
    assert!(problems[0].contains("unknown variable `BAILIWICK_PORT`"), "{problems:?}");
}

#[test]
fn secrets_are_not_printed() {
    let setup = Setup::new().flag("mail.username", "access").flag("mail.password", "velvet-octopus");
    let loaded = setup.load();
    assert_eq!(loaded.settings.get("mail.password").unwrap().text, "<secret>");
    assert!(!format!("{loaded:?}").contains("velvet-octopus"));
}

#[test]
fn configuration_reference_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/configuration.md");
    let text = reference::markdown();
    if std::env::var_os("UPDATE").is_some_and(|update| update == "1") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "{} is out of date: run this test with UPDATE=1", path.display());
}
