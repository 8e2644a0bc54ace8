//! Arguments of the commands that work on a deployment's own files.

use std::path::PathBuf;

use bailiwick_server::config::load::Options;
use clap::Args;

use crate::profile;

/// Where the deployment is.
#[derive(Debug, Clone, Default, Args)]
pub struct DeploymentArgs {
    /// Directory of the database, of written mails and of `bailiwick.toml` [default: ./bailiwick-data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Configuration file [default: `bailiwick.toml` in the data directory, if it is there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl DeploymentArgs {
    /// What the configuration is read with.
    pub fn options(&self) -> Options {
        let data = self.data.as_ref().map(|data| ("data".to_owned(), data.to_string_lossy().into_owned()));
        Options {
            config: self.config.clone(),
            flags: data.into_iter().collect(),
            other_variables: profile::VARIABLES.iter().map(|name| (*name).to_owned()).collect(),
        }
    }
}

/// Arguments of `serve`.
#[derive(Debug, Clone, Default, Args)]
pub struct ServeArgs {
    /// Where the deployment is.
    #[command(flatten)]
    pub deployment: DeploymentArgs,
    /// Address and port to listen on [default: 127.0.0.1:8080]; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Catalog to serve: the name of one that ships with Bailiwick, or a TOML file [default: bailiwick]
    #[arg(long, value_name = "NAME|FILE")]
    pub catalog: Option<String>,
    /// How people and programs reach the server from outside; links in mails start with it
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// What is logged: a level, or directives such as `info,bailiwick_server=debug`
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// How a log event is written: `text` or `json`
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
}

impl ServeArgs {
    /// What the configuration is read with. Flags stay texts, so that a bad one is told like a bad line of the file.
    pub fn options(&self) -> Options {
        let mut options = self.deployment.options();
        let flags = [
            ("listen", &self.listen),
            ("catalog", &self.catalog),
            ("public_url", &self.public_url),
            ("log.level", &self.log_level),
            ("log.format", &self.log_format),
        ];
        let given = flags.into_iter().filter_map(|(key, text)| Some((key.to_owned(), text.clone()?)));
        options.flags.extend(given);
        options
    }
}

/// Where a command finds the deployment for which it makes a link, with or without a server running.
#[derive(Debug, Clone, Args)]
pub struct BesideArgs {
    /// Where the deployment is.
    #[command(flatten)]
    pub deployment: DeploymentArgs,
    /// Catalog of the accounts, if the configuration does not say [default: bailiwick]
    #[arg(long, value_name = "NAME|FILE")]
    pub catalog: Option<String>,
    /// How people reach the server from outside; the link starts with it [default: that of the server that runs, or the
    /// configured one]
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
}

impl BesideArgs {
    /// What the configuration is read with.
    pub fn options(&self) -> Options {
        let mut options = self.deployment.options();
        let flags = [("catalog", &self.catalog), ("public_url", &self.public_url)];
        options
            .flags
            .extend(flags.into_iter().filter_map(|(key, text)| Some((key.to_owned(), text.clone()?))));
        options
    }
}

/// Arguments of `bootstrap`.
#[derive(Debug, Clone, Args)]
pub struct BootstrapArgs {
    /// Where the deployment is.
    #[command(flatten)]
    pub beside: BesideArgs,
    /// Email of the owner; known to be theirs, since you say so
    #[arg(long, value_name = "EMAIL")]
    pub email: String,
    /// Name of the account, 1 to 64 characters
    #[arg(long, value_name = "NAME")]
    pub account: String,
    /// Print JSON for programs
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `reset-password`.
#[derive(Debug, Clone, Args)]
pub struct ResetPasswordArgs {
    /// Where the deployment is.
    #[command(flatten)]
    pub beside: BesideArgs,
    /// Email of the person; whoever gets the link counts as its owner, since you say so
    #[arg(value_name = "EMAIL")]
    pub email: String,
    /// Print JSON for programs
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `backup`.
#[derive(Debug, Clone, Args)]
pub struct BackupArgs {
    /// Where the deployment is.
    #[command(flatten)]
    pub deployment: DeploymentArgs,
    /// File to write; it must not exist yet
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print JSON for programs
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `verify`.
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// Where the deployment is.
    #[command(flatten)]
    pub deployment: DeploymentArgs,
    /// A database file, for instance a backup, in place of the deployment's own
    #[arg(value_name = "FILE", conflicts_with = "data")]
    pub file: Option<PathBuf>,
    /// Catalog of the accounts in it, if the configuration does not say
    #[arg(long, value_name = "NAME|FILE")]
    pub catalog: Option<String>,
    /// Print JSON for programs
    #[arg(long)]
    pub json: bool,
}

impl VerifyArgs {
    /// What the configuration is read with.
    pub fn options(&self) -> Options {
        let mut options = self.deployment.options();
        options.flags.extend(self.catalog.clone().map(|catalog| ("catalog".to_owned(), catalog)));
        options
    }
}

/// Arguments of `doctor`.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// Where the deployment is.
    #[command(flatten)]
    pub deployment: DeploymentArgs,
    /// Print JSON for programs
    #[arg(long)]
    pub json: bool,
}
