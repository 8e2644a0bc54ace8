//! A client that looks at one account.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::call::Call;
use super::path::Path;
use super::{Client, Listing, Write};

/// The operations on one account and what is in it. Ids in their arguments may be external ids too.
#[derive(Debug, Clone)]
pub struct InAccount {
    pub(super) client: Client,
    account: String,
}

impl InAccount {
    pub(super) fn new(client: Client, account: String) -> Self {
        Self { client, account }
    }

    /// The account, as given.
    pub fn id(&self) -> &str {
        &self.account
    }

    /// The same account as it was: reads and questions are answered from then. A time in RFC 3339, or a revision.
    ///
    /// It takes the permission to read the record. What is changed is changed now in any case, and the record itself, mail
    /// on its way and AuthZEN have no past.
    #[must_use]
    pub fn as_of(mut self, moment: impl Into<String>) -> Self {
        self.client = self.client.as_of(moment.into());
        self
    }

    /// The same account, answered for only from a state at least as new as a revision that a write answered. Otherwise the
    /// server says `revision_ahead`, and the request is worth trying again.
    #[must_use]
    pub fn at_least(mut self, revision: u64) -> Self {
        self.client = self.client.at_least(revision);
        self
    }

    /// The account's own path.
    pub(super) fn own(&self) -> Path {
        Path::api("accounts").id(&self.account)
    }

    /// The path of a collection in it.
    pub(super) fn at(&self, collection: &str) -> Path {
        self.own().then(collection)
    }

    /// The account's path outside `/api/v1`, where AuthZEN's endpoints are.
    pub(super) fn bare(&self) -> Path {
        Path::bare("accounts").id(&self.account)
    }

    pub(super) fn write<T: DeserializeOwned>(&self, call: Call) -> Write<T> {
        Write::new(&self.client, call)
    }

    pub(super) fn list<T: DeserializeOwned>(&self, path: Path, query: &impl Serialize) -> Listing<T> {
        Listing::new(&self.client, path, query)
    }
}
