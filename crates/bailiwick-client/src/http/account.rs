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
