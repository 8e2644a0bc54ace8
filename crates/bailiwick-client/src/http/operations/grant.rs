//! Grants.

use crate::http::call::Call;
use crate::http::{Error, InAccount, Listing, Write};
use crate::wire::{CreateGrant, Grant, GrantQuery};

impl InAccount {
    /// Who has which role where.
    pub fn list_grants(&self, query: &GrantQuery) -> Listing<Grant> {
        self.list(self.at("grants"), query)
    }

    /// Grants a role. Granting it again at the same scope changes its end.
    pub fn create_grant(&self, grant: &CreateGrant) -> Write<Grant> {
        self.write(Call::post(self.at("grants")).json(grant))
    }

    /// One grant.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get_grant(&self, grant: &str) -> Result<Grant, Error> {
        self.client.fetch(Call::get(self.at("grants").id(grant))).await
    }

    /// Takes a grant back.
    pub fn delete_grant(&self, grant: &str) -> Write<()> {
        self.write(Call::delete(self.at("grants").id(grant)))
    }
}
