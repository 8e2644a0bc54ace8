//! The vocabulary of the deployment.

use crate::http::call::Call;
use crate::http::path::Path;
use crate::http::{Client, Error};
use crate::wire::Catalog;

impl Client {
    /// The cloud's vocabulary: resource types, permissions, built-in roles and rules.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn catalog(&self) -> Result<Catalog, Error> {
        self.fetch(Call::get(Path::api("catalog"))).await
    }
}
