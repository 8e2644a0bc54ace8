//! What the commands share that work on a deployment's own files.

use std::fmt::Display;
use std::process::ExitCode;
use std::sync::Arc;

use bailiwick_core::values::Email;
use bailiwick_server::config::Config;
use bailiwick_server::config::error::Origin;
use bailiwick_server::config::load::{Loaded, Options};
use bailiwick_server::server::{StartError, build_service, load_catalog, system_clock};
use bailiwick_server::service::Service;
use bailiwick_server::serving;
use bailiwick_store::{DATABASE_FILE, OpenError, SqliteOptions, SqliteStore, Store};

/// Refused, not found, or something was found to be wrong.
pub const REFUSED: u8 = 1;
/// The command line or the configuration is wrong.
pub const USAGE: u8 = 2;

/// Why a command ends early: what to say, what to do about it, and the exit code.
#[derive(Debug)]
pub struct Stop {
    message: String,
    hint: &'static str,
    code: u8,
}

impl Stop {
    /// An end with an exit code.
    pub fn new(code: u8, message: impl Display, hint: &'static str) -> Self {
        Self { message: message.to_string(), hint, code }
    }

    /// Something that the deployment or its data refuses.
    pub fn refused(message: impl Display, hint: &'static str) -> Self {
        Self::new(REFUSED, message, hint)
    }
}

impl From<StartError> for Stop {
    fn from(error: StartError) -> Self {
        let code = match &error {
            StartError::Catalog(_) | StartError::UnknownCatalog(_) | StartError::CatalogFile { .. } => USAGE,
            _ => REFUSED,
        };
        Self::new(code, &error, error.hint())
    }
}

impl From<OpenError> for Stop {
    fn from(error: OpenError) -> Self {
        StartError::from(error).into()
    }
}

impl From<bailiwick_server::service::Error> for Stop {
    fn from(error: bailiwick_server::service::Error) -> Self {
        let message = match error.detail() {
            Some(detail) => format!("{error} ({detail})"),
            None => error.to_string(),
        };
        Self::refused(message, "check the disk, then run `bailiwick verify`")
    }
}

impl From<bailiwick_store::StoreError> for Stop {
    fn from(error: bailiwick_store::StoreError) -> Self {
        let message = match error.detail() {
            Some(detail) => format!("{error} ({detail})"),
            None => error.to_string(),
        };
        Self::refused(message, "check the path, the permissions and the space on the disk")
    }
}

/// Says why a command ended, on stderr.
pub fn finish(result: Result<ExitCode, Stop>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(stop) => {
            eprintln!("error: {}", stop.message);
            if !stop.hint.is_empty() {
                eprintln!("hint: {}", stop.hint);
            }
            ExitCode::from(stop.code)
        }
    }
}

/// Reads the configuration from its sources.
pub fn load_config(options: &Options) -> Result<Loaded, Stop> {
    Config::load(options, std::env::vars_os()).map_err(|error| Stop::new(USAGE, error, ""))
}

/// The asynchronous runtime of a command.
pub fn runtime() -> Result<tokio::runtime::Runtime, Stop> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Stop::refused(error, "the operating system refused to start threads"))
}

/// An email that an operator wrote.
pub fn email(text: &str) -> Result<Email, Stop> {
    Email::parse(text).map_err(|problem| {
        Stop::new(USAGE, format!("`{text}` {problem}"), "give an address such as `ann@example.com`")
    })
}

/// Refuses a directory without a database, which opening it would make.
pub fn must_exist(loaded: &Loaded) -> Result<(), Stop> {
    let path = loaded.config.data.join(DATABASE_FILE);
    if path.exists() { Ok(()) } else { Err(OpenError::NotFound { path }.into()) }
}

/// A service over the deployment's own database, with or without a server running. Its links lead to the server that runs,
/// whatever the configuration says here, unless a flag says otherwise.
pub fn service_beside(loaded: Loaded) -> Result<Service, Stop> {
    let Loaded { mut config, settings, .. } = loaded;
    let options = SqliteOptions { readers: 1, ..SqliteOptions::new(&config.data) };
    let store = match SqliteStore::open(&options) {
        Err(OpenError::InUse { .. }) => {
            let is_said =
                settings.get("public_url").is_some_and(|setting| matches!(setting.origin, Origin::Flag(_)));
            if !is_said && let Some(url) = serving::url(&config.data) {
                config.public_url = url;
            }
            SqliteStore::open_beside(&options)?
        }
        other => other?,
    };
    service_over(config, Arc::new(store))
}

/// A service over a store that was opened, for work without a listener.
pub fn service_over(config: Config, store: Arc<dyn Store>) -> Result<Service, Stop> {
    let catalog = load_catalog(&config.catalog)?;
    Ok(build_service(Arc::new(config), catalog, store, system_clock())?)
}
