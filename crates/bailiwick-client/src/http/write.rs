//! Writes before they are sent.

use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;

use serde::de::DeserializeOwned;

use super::call::Call;
use super::{Client, Error};
use crate::wire::DryRun;

/// A write that is not sent yet. `.await` sends it and gives the answer; [`Write::send`] gives the revision too;
/// [`Write::dry_run`] asks what it would do.
#[derive(Debug)]
#[must_use = "nothing is written until it is awaited or sent"]
pub struct Write<T> {
    client: Client,
    call: Call,
    answer: PhantomData<fn() -> T>,
}

/// The answer to a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<T> {
    /// The answer; `()` where there is none.
    pub value: T,
    /// The account's revision after the write; `None` for what is outside accounts.
    pub revision: Option<u64>,
}

impl<T: DeserializeOwned> Write<T> {
    pub(super) fn new(client: &Client, call: Call) -> Self {
        Self { client: client.clone(), call, answer: PhantomData }
    }

    /// Writes only if the entity is still at this revision, as its `revision` field showed it. Otherwise the server
    /// answers 412 and nothing changes.
    pub fn if_match(mut self, revision: u64) -> Self {
        self.call.if_match = Some(revision);
        self
    }

    /// Makes the write safe to repeat: the server does the first request with this key and repeats its answer to
    /// later ones. 1 to 128 visible ASCII characters, remembered for a day.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.call.idempotency_key = Some(key.into());
        self
    }

    /// Writes.
    ///
    /// # Errors
    /// See [`Error`]. After [`Error::Unreachable`] it is unknown whether the write was done, unless it has an
    /// idempotency key: then send it again.
    pub async fn send(self) -> Result<Written<T>, Error> {
        let (value, revision) = self.client.fetch_at(self.call).await?;
        Ok(Written { value, revision })
    }

    /// Asks what the write would do; nothing is written, whether or not it would be refused.
    ///
    /// # Errors
    /// Those that the write itself would have.
    pub async fn dry_run(self) -> Result<DryRun<T>, Error> {
        Ok(self.dry_run_at().await?.value)
    }

    /// The same with the revision of the account on which it was tried, for [`Write::if_match`] where that is about the
    /// account as a whole.
    ///
    /// # Errors
    /// Those that the write itself would have.
    pub async fn dry_run_at(self) -> Result<Written<DryRun<T>>, Error> {
        let mut call = self.call.only_asks();
        call.set("dry_run", "true".to_owned());
        // A key names one write; what is not written must not take it.
        call.idempotency_key = None;
        let (value, revision) = self.client.fetch_at(call).await?;
        Ok(Written { value, revision })
    }
}

impl<T: DeserializeOwned + Send + 'static> IntoFuture for Write<T> {
    type Output = Result<T, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.client.fetch(self.call).await })
    }
}
