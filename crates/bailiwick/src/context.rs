//! What every command that talks to a server has at hand.

use std::pin::Pin;
use std::process::ExitCode;

use bailiwick_client::wire::{DryRun, MyAccount, PageQuery, Secret};
use bailiwick_client::{Client, ClientBuilder, InAccount, Write, Written};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::cli::{Connection, EditArgs, WriteArgs};
use crate::failure::Failure;
use crate::output::{Output, Shape, one_line};
use crate::profile::{self, Chosen, UrlFrom};

/// How many accounts are looked through for one of a given name.
const ACCOUNTS_MAX: usize = 10_000;

/// What every command that talks to a server has at hand.
#[derive(Debug)]
pub struct Context {
    /// The server, as the caller of the profile.
    pub client: Client,
    /// Where answers go.
    pub output: Output,
    /// The profile in use.
    pub chosen: Chosen,
    /// The moment as of which the account is looked at.
    as_of: Option<String>,
}

impl Context {
    /// Finds the profile and makes the client; connects to nothing yet.
    pub fn new(connection: &Connection) -> Result<Self, Failure> {
        let chosen = profile::choose(
            connection.profile.as_deref(),
            connection.url.as_deref(),
            connection.account.as_deref(),
        )?;
        let client = builder(&chosen.url);
        let client = match &chosen.token {
            Some(token) => client.credential(token.clone()).build()?,
            None => client.build()?,
        };
        Ok(Self { client, output: Output::new(connection.json), chosen, as_of: connection.as_of.clone() })
    }

    /// The server of a link, so that somebody new needs no more than the link. A server that the caller names goes before
    /// it, and a profile keeps to its own.
    pub fn at_link(mut self, link: &str) -> Result<Self, Failure> {
        let Some((origin, _)) = link.split_once("/links/") else { return Ok(self) };
        if self.chosen.url == origin {
            return Ok(self);
        }
        match self.chosen.url_from {
            UrlFrom::Caller => Ok(self),
            UrlFrom::Profile => Err(Failure::usage(
                format!(
                    "the link leads to `{}`, and the profile `{}` is for `{}`",
                    one_line(origin),
                    self.chosen.name,
                    self.chosen.url
                ),
                "say by `--url` which server to ask, or take another `--profile`",
            )),
            UrlFrom::Default => {
                self.client = builder(origin).build()?;
                origin.clone_into(&mut self.chosen.url);
                self.chosen.token = None;
                Ok(self)
            }
        }
    }

    /// The same server, as somebody else.
    pub fn with_credential(&self, token: &Secret) -> Result<Client, Failure> {
        Ok(self.client.with_credential(token)?)
    }

    /// The account to work in, or as it was if that is asked for.
    pub async fn account(&self) -> Result<InAccount, Failure> {
        let account = self.client.account(self.account_id().await?);
        Ok(match &self.as_of {
            Some(moment) => account.as_of(moment),
            None => account,
        })
    }

    /// The id of the account to work in: what was said, the default account, or the only one.
    pub async fn account_id(&self) -> Result<String, Failure> {
        match &self.chosen.account {
            Some(account) => self.find_account(account).await,
            None => match self.client.me().await?.default_account {
                Some(account) => Ok(account),
                None => self.only_account().await,
            },
        }
    }

    async fn only_account(&self) -> Result<String, Failure> {
        let accounts = self.client.list_my_accounts(&PageQuery::default()).page().await?;
        match accounts.items.as_slice() {
            [only] if accounts.complete => Ok(only.id.clone()),
            [] => Err(Failure::refused("you are in no account", "`bailiwick account create NAME` opens one")),
            _ => Err(Failure::usage(
                "which account?",
                "choose one by `bailiwick account use ACCOUNT`, or name it by `--account`",
            )),
        }
    }

    /// The id of an account by id or name.
    pub async fn find_account(&self, given: &str) -> Result<String, Failure> {
        if given.starts_with("acc_") {
            return Ok(given.to_owned());
        }
        Ok(self.my_account(given).await?.id)
    }

    /// One of the caller's accounts, by id or name.
    pub async fn my_account(&self, given: &str) -> Result<MyAccount, Failure> {
        let accounts = self.client.list_my_accounts(&PageQuery::default()).all(ACCOUNTS_MAX).await?.items;
        let mut meant = accounts.into_iter().filter(|account| account.id == given || account.name == given);
        match (meant.next(), meant.next()) {
            (Some(account), None) => Ok(account),
            (Some(_), Some(_)) => Err(Failure::refused(
                format!("you are in several accounts called `{given}`"),
                "name it by its id: `bailiwick account list`",
            )),
            (None, _) => Err(Failure::refused(
                format!("you are in no account `{given}`"),
                "`bailiwick account list` lists yours",
            )),
        }
    }

    /// Writes and prints the answer, or prints what would happen.
    pub async fn write<T>(&self, write: Write<T>, args: &WriteArgs, shape: Shape) -> Result<(), Failure>
    where
        T: Serialize + DeserializeOwned,
    {
        match self.written(write, args).await? {
            Some(written) => self.print(&written, shape),
            None => Ok(()),
        }
    }

    /// Changes what is there and prints the answer, or prints what would happen.
    pub async fn edit<T>(&self, write: Write<T>, args: &EditArgs, shape: Shape) -> Result<(), Failure>
    where
        T: Serialize + DeserializeOwned,
    {
        let write = match args.if_revision {
            Some(revision) => write.if_match(revision),
            None => write,
        };
        self.write(write, &args.write, shape).await
    }

    /// Writes; none, and what would happen is printed, for a dry run.
    pub async fn written<T>(&self, write: Write<T>, args: &WriteArgs) -> Result<Option<Written<T>>, Failure>
    where
        T: Serialize + DeserializeOwned,
    {
        if args.dry_run {
            let plan: DryRun<T> = write.dry_run().await?;
            self.output.dry_run(&plan)?;
            return Ok(None);
        }
        let write = match &args.idempotency_key {
            Some(key) => write.idempotency_key(key),
            None => write,
        };
        Ok(Some(write.send().await?))
    }

    fn print<T: Serialize>(&self, written: &Written<T>, shape: Shape) -> Result<(), Failure> {
        let nothing = serde_json::to_value(&written.value).is_ok_and(|value| value.is_null());
        if nothing { self.done(written.revision) } else { self.output.record(&written.value, shape) }
    }

    /// Says that what has no answer was done.
    pub fn done(&self, revision: Option<u64>) -> Result<(), Failure> {
        let done = match revision {
            Some(revision) => json!({ "done": true, "revision": revision }),
            None => json!({ "done": true }),
        };
        self.output.record(&done, Shape::new(&["done", "revision"]))
    }
}

fn builder(url: &str) -> ClientBuilder {
    Client::builder(url).user_agent(concat!("bailiwick/", env!("CARGO_PKG_VERSION")))
}

/// Runs a command that talks to a server to its end.
pub fn run<F>(connection: &Connection, command: impl FnOnce(Context) -> F) -> ExitCode
where
    F: Future<Output = Result<ExitCode, Failure>>,
{
    // One thread is enough for one request after another.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime
        .map_err(|error| {
            Failure::refused(format!("cannot start: {error}"), "close some programs, then try again")
        })
        .and_then(|runtime| {
            // Behind a pointer, so that the runtime's loop is not compiled once more for each command.
            let command: Pin<Box<dyn Future<Output = _>>> =
                Box::pin(async { command(Context::new(connection)?).await });
            runtime.block_on(command)
        });
    outcome.unwrap_or_else(|failure| failure.report())
}
