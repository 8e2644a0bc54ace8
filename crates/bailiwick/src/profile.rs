//! Who calls which server: profiles, and the credentials that belong to them.
//!
//! `~/.config/bailiwick/config.toml` holds what may be read by others: addresses and accounts.
//! `~/.config/bailiwick/credentials.toml` holds the secrets, each bound to the address that it was given by, so that none is
//! ever sent elsewhere.

mod files;

use std::collections::BTreeMap;
use std::path::PathBuf;

use bailiwick_client::wire::Secret;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// Environment variables that the command line reads itself, so that the server's configuration does not refuse them.
pub const VARIABLES: &[&str] =
    &["BAILIWICK_PROFILE", "BAILIWICK_URL", "BAILIWICK_TOKEN", "BAILIWICK_ACCOUNT"];

/// Where a server is unless somebody says otherwise: where `bailiwick serve` listens by default.
pub const DEFAULT_URL: &str = "http://127.0.0.1:8080";

const DEFAULT_PROFILE: &str = "default";
const TOKEN_VARIABLE: &str = "BAILIWICK_TOKEN";
/// The greatest number of characters of a profile's name.
const NAME_MAX_CHARS: usize = 64;

/// What a profile says about a server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The account to work in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// A secret and the server that it is for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    url: String,
    token: Secret,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    profile: BTreeMap<String, Profile>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    #[serde(default)]
    profile: BTreeMap<String, Credential>,
}

/// Who said where the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlFrom {
    /// A flag or the environment.
    Caller,
    /// The profile.
    Profile,
    /// Nobody.
    Default,
}

/// The profile that a command uses, with what overrides it.
#[derive(Debug)]
pub struct Chosen {
    /// The profile's name.
    pub name: String,
    /// Where the server is.
    pub url: String,
    /// Who said so.
    pub url_from: UrlFrom,
    /// The account to work in, if anybody said.
    pub account: Option<String>,
    /// What to call with, if there is anything.
    pub token: Option<Secret>,
}

/// Finds the profile of this name and what overrides it.
///
/// # Errors
/// A name that cannot be one; files that cannot be read, or that others may read too.
pub fn choose(name: Option<&str>, url: Option<&str>, account: Option<&str>) -> Result<Chosen, Failure> {
    let name = checked_name(name.unwrap_or(DEFAULT_PROFILE))?;
    let config: Config = files::read(&config_path()?)?.unwrap_or_default();
    let profile = config.profile.get(&name);
    if profile.is_none() && name != DEFAULT_PROFILE && url.is_none() {
        return Err(Failure::usage(
            format!("there is no profile `{name}`"),
            format!("make it by `bailiwick login --profile {name} --url URL`"),
        ));
    }
    let (url, url_from) = match (url, profile.and_then(|profile| profile.url.as_deref())) {
        (Some(url), _) => (url, UrlFrom::Caller),
        (None, Some(url)) => (url, UrlFrom::Profile),
        (None, None) => (DEFAULT_URL, UrlFrom::Default),
    };
    let url = url.trim_end_matches('/').to_owned();
    let account = account.map(str::to_owned).or_else(|| profile.and_then(|profile| profile.account.clone()));
    let from_environment =
        std::env::var(TOKEN_VARIABLE).ok().filter(|token| !token.is_empty()).map(Secret::new);
    let token = match from_environment {
        Some(token) => Some(token),
        None => stored_token(&name, &url)?,
    };
    Ok(Chosen { name, url, url_from, account, token })
}

/// Remembers a server and what to call it with.
///
/// # Errors
/// Files that cannot be written.
pub fn remember(name: &str, url: &str, token: &Secret) -> Result<(), Failure> {
    let name = checked_name(name)?;
    let mut credentials = read_credentials()?;
    credentials.profile.insert(name.clone(), Credential { url: url.to_owned(), token: token.clone() });
    files::write_private(&credentials_path()?, &credentials)?;
    change_profile(&name, |profile| {
        // An account of another server means nothing here.
        if profile.url.as_deref() != Some(url) {
            profile.account = None;
        }
        profile.url = Some(url.to_owned());
    })
}

/// Forgets what to call a server with; says whether there was anything.
///
/// # Errors
/// Files that cannot be read or written.
pub fn forget(name: &str) -> Result<bool, Failure> {
    let mut credentials = read_credentials()?;
    let known = credentials.profile.remove(name).is_some();
    if known {
        files::write_private(&credentials_path()?, &credentials)?;
    }
    Ok(known)
}

/// Works in this account from now on.
///
/// # Errors
/// Files that cannot be read or written.
pub fn use_account(name: &str, url: &str, account: &str) -> Result<(), Failure> {
    change_profile(name, |profile| {
        profile.url = Some(url.to_owned());
        profile.account = Some(account.to_owned());
    })
}

/// Works no longer in this account, if it did.
///
/// # Errors
/// Files that cannot be read or written.
pub fn leave_account(name: &str, account: &str) -> Result<(), Failure> {
    change_profile(name, |profile| profile.account = profile.account.take().filter(|known| known != account))
}

fn change_profile(name: &str, change: impl FnOnce(&mut Profile)) -> Result<(), Failure> {
    let path = config_path()?;
    let mut config: Config = files::read(&path)?.unwrap_or_default();
    change(config.profile.entry(name.to_owned()).or_default());
    files::write_private(&path, &config)
}

fn stored_token(name: &str, url: &str) -> Result<Option<Secret>, Failure> {
    let credentials = read_credentials()?;
    // A secret goes to the server that gave it, whatever `--url` says.
    Ok(credentials.profile.get(name).filter(|known| known.url == url).map(|known| known.token.clone()))
}

fn read_credentials() -> Result<Credentials, Failure> {
    let path = credentials_path()?;
    files::refuse_shared(&path)?;
    Ok(files::read(&path)?.unwrap_or_default())
}

fn checked_name(name: &str) -> Result<String, Failure> {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    if name.is_empty() || name.len() > NAME_MAX_CHARS || !name.chars().all(is_plain) {
        return Err(Failure::usage(
            format!("`{}` is no name of a profile", crate::output::one_line(name)),
            format!("use 1 to {NAME_MAX_CHARS} letters, digits, `-`, `_` or `.`"),
        ));
    }
    Ok(name.to_owned())
}

fn config_path() -> Result<PathBuf, Failure> {
    Ok(directory()?.join("config.toml"))
}

fn credentials_path() -> Result<PathBuf, Failure> {
    Ok(directory()?.join("credentials.toml"))
}

/// `$XDG_CONFIG_HOME/bailiwick`, or `~/.config/bailiwick`. The XDG base directory specification ignores relative paths.
fn directory() -> Result<PathBuf, Failure> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    variable("XDG_CONFIG_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".config")))
        .map(|config| config.join("bailiwick"))
        .ok_or_else(|| {
            Failure::usage(
                "there is no home directory to keep profiles in",
                "set `HOME` or `XDG_CONFIG_HOME`",
            )
        })
}
